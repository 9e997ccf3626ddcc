"""httpx's clients, with a short way to send a poll."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import httpx


class Signature(httpx.Auth):
    """Credentials that `sign` puts into a request, whatever was answered before."""

    def sign(self, request: httpx.Request) -> None:
        """Put the credentials into the headers of a request."""
        raise NotImplementedError

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request that is sent the usual way."""
        self.sign(request)
        yield request


class PollingClient(httpx.Client):
    """A client which sends polls without the steps of `send` that do nothing for them: a third of a poll's cost."""

    def __init__(self, *, transport: httpx.BaseTransport, **arguments: Any) -> None:
        super().__init__(transport=transport, **arguments)
        self._direct = transport

    def send_poll(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return the answer with its body still to be read."""
        if not _sign(self, request):
            return self.send(request, stream=True)
        return _received(self, request, self._direct.handle_request(request))


class AsyncPollingClient(httpx.AsyncClient):
    """A client for asyncio, as `PollingClient` is one."""

    def __init__(self, *, transport: httpx.AsyncBaseTransport, **arguments: Any) -> None:
        super().__init__(transport=transport, **arguments)
        self._direct = transport

    async def send_poll(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return the answer with its body still to be read."""
        if not _sign(self, request):
            return await self.send(request, stream=True)
        return _received(self, request, await self._direct.handle_async_request(request))


def _sign(client: httpx.Client | httpx.AsyncClient, request: httpx.Request) -> bool:
    """Sign a request if that is all there is to do before it goes out, and nothing after it is answered."""
    auth = client.auth
    if not isinstance(auth, Signature) or client.follow_redirects or any(client.event_hooks.values()):
        return False
    auth.sign(request)
    return True


def _received(
    client: httpx.Client | httpx.AsyncClient, request: httpx.Request, response: httpx.Response
) -> httpx.Response:
    response.request = request
    if "set-cookie" in response.headers:
        client.cookies.extract_cookies(response)
    return response
