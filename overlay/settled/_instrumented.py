"""Connections of our own, where others watch httpx's.

Instrumentation wraps `handle_request` of httpx's own transports, and sees only what goes through these.
"""

from __future__ import annotations

import contextlib
from typing import Any

import httpcore
import httpx

_REQUEST = "settled.request"


class Instrumented(httpx.HTTPTransport):
    """Another transport, made httpx's own by standing in for its pool wherever somebody has wrapped that."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport
        self._pool: Any = _Pool(transport)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, seen by whoever has wrapped httpx's transport by now."""
        if not hasattr(httpx.HTTPTransport.handle_request, "__wrapped__"):
            return self._transport.handle_request(request)
        request.extensions = {**request.extensions, _REQUEST: request}
        return super().handle_request(request)


class AsyncInstrumented(httpx.AsyncHTTPTransport):
    """The same for asyncio."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self._pool: Any = _AsyncPool(transport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, seen by whoever has wrapped httpx's transport by now."""
        if not hasattr(httpx.AsyncHTTPTransport.handle_async_request, "__wrapped__"):
            return await self._transport.handle_async_request(request)
        request.extensions = {**request.extensions, _REQUEST: request}
        return await super().handle_async_request(request)


class _Pool(contextlib.AbstractContextManager["_Pool"]):
    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        return _core(self._transport.handle_request(_taken_out(request)))

    def close(self) -> None:
        self._transport.close()

    def __exit__(self, *_: object) -> None:
        self.close()


class _AsyncPool(contextlib.AbstractAsyncContextManager["_AsyncPool"]):
    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        return _core(await self._transport.handle_async_request(_taken_out(request)))

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _taken_out(request: httpcore.Request) -> httpx.Request:
    extensions: Any = vars(request)["extensions"]  # httpcore declares them without a type
    taken: httpx.Request = extensions.pop(_REQUEST)
    return taken


def _core(response: httpx.Response) -> httpcore.Response:
    extensions: Any = response.extensions
    body: Any = response.stream
    return httpcore.Response(response.status_code, headers=response.headers.raw, content=body, extensions=extensions)
