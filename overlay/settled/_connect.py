"""What the `connect` functions of all vendors have in common."""

from __future__ import annotations

import functools
import math
import os
import ssl
from collections.abc import Callable
from typing import Any, TypedDict

import attrs
import httpx

from ._answer import ENCODING, MAX_BODY, MAX_BODY_KEY
from ._given import number, text
from ._instrumented import AsyncInstrumented, Instrumented
from ._polling_client import AsyncPollingClient, PollingClient, Signature
from ._rate_limiter import RateLimiter
from ._version import __version__

Transport = httpx.BaseTransport | httpx.AsyncBaseTransport


class ConnectOptions(TypedDict, total=False):
    """What every `connect` takes besides the address and the credentials.

    `timeout` is how many seconds connecting, sending or receiving may take each (default 30). `max_rate` is how many
    polls a second all jobs of the client may make together (default: the vendor's limit; None for no limit). `verify`
    is an ssl.SSLContext, or the path of a CA bundle. `transport` is any httpx transport, sync, async or both. With
    `fast` asyncio polls go through aiohttp (the extra `fast`), at a fraction of the CPU time. `max_body` is how many
    bytes an answer may have, unpacked (default 16 MiB).
    """

    timeout: float
    max_rate: float | None
    verify: ssl.SSLContext | str
    transport: Transport | None
    fast: bool
    max_body: int


def client_arguments(
    base_url: str,
    auth: Signature,
    *,
    timeout: float = 30.0,
    max_rate: float | None = None,
    verify: ssl.SSLContext | str | None = None,
    transport: Transport | None = None,
    fast: bool = False,
    max_body: int = MAX_BODY,
) -> dict[str, Any]:
    """The arguments that make a generated client reach `base_url` with these credentials and options."""
    if fast and transport is not None:
        raise ValueError("fast=True brings a transport of its own: give it or transport=, not both")
    if not number("max_body", max_body) >= 1:
        raise ValueError(f"max_body must be 1 or more bytes, not {max_body!r}")
    if not 0 < number("timeout", timeout) < math.inf:
        raise ValueError(f"timeout must be a positive number of seconds, not {timeout!r}")
    ssl_context, base_url = _ssl_context(verify), _checked(text("base_url", base_url).strip())
    return {
        "base_url": base_url,
        "headers": {
            "User-Agent": f"settled/{__version__} python-httpx/{httpx.__version__}",
            "Accept-Encoding": ENCODING,
        },
        "timeout": httpx.Timeout(timeout),
        "verify_ssl": ssl_context,
        "httpx_args": {"auth": auth},
        **_makers(None if transport is None else _TwoFaced(transport), ssl_context, base_url, fast),
        "extensions": {RateLimiter.KEY: RateLimiter(max_rate), MAX_BODY_KEY: max_body},
    }


@attrs.frozen
class HeaderToken(Signature):
    """A token that every request carries in a header."""

    header: str
    value: str = attrs.field(repr=False)

    def sign(self, request: httpx.Request) -> None:
        """Put the token into the header of a request."""
        request.headers[self.header] = self.value


def token_environment(vendor: str) -> dict[str, str]:
    """Address and token from `SETTLED_<VENDOR>_URL` and `_TOKEN`."""
    return {"base_url": from_environment(vendor, "URL"), "token": from_environment(vendor, "TOKEN")}


def from_environment(vendor: str, name: str, *, default: str = "") -> str:
    """The environment variable `SETTLED_<VENDOR>_<NAME>`; ValueError names it if it is missing or empty."""
    variable = f"SETTLED_{vendor}_{name}".upper()
    value = os.environ.get(variable, "").strip() or default
    if not value:
        raise ValueError(f"the environment variable {variable} is not set")
    return value


def checked_secret(name: str, secret: str) -> str:
    """A key or token without the blanks around it; ValueError, which does not show it, if no header can hold it."""
    stripped = text(name, secret).strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable():
        raise ValueError(f"{name} must be printable ASCII, and not empty")
    return stripped


def _checked(base_url: str) -> str:
    try:
        url = httpx.URL(base_url if "://" in base_url else f"https://{base_url}")
        host = url.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"not the address of an API: {error}") from None
    is_address = url.scheme in ("http", "https") and host and not any(map(str.isspace, base_url))
    if not is_address or url.userinfo or url.query or url.fragment:
        raise ValueError(f"not the address of an API (https://host, perhaps with a path): {url!r}")
    return str(url).rstrip("/")


def _makers(transport: _TwoFaced | None, ssl_context: ssl.SSLContext, base_url: str, fast: bool) -> dict[str, Any]:
    """What makes the httpx clients of a generated client."""
    fast_connections: Callable[[ssl.SSLContext, str], httpx.AsyncBaseTransport] | None = None
    if fast:
        from ._fast import fast_connections

    def make(**arguments: Any) -> PollingClient:
        from ._connections import Connections

        return PollingClient(transport=transport or Instrumented(Connections(ssl_context)), **arguments)

    def make_async(**arguments: Any) -> AsyncPollingClient:
        from ._connections import AsyncConnections

        own = fast_connections(ssl_context, base_url) if fast_connections else AsyncConnections(ssl_context)
        return AsyncPollingClient(transport=transport or AsyncInstrumented(own), **arguments)

    return {"make_httpx_client": make, "make_async_httpx_client": make_async}


def _ssl_context(verify: ssl.SSLContext | str | None) -> ssl.SSLContext:
    return verify if isinstance(verify, ssl.SSLContext) else _shared_ssl_context(verify)


@functools.cache
def _shared_ssl_context(ca_bundle: str | None) -> ssl.SSLContext:
    # Making one takes some 50 ms, and every client of a process can use the same.
    if ca_bundle is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=text("verify", ca_bundle))
    except OSError as error:
        raise ValueError(f"verify is no CA bundle that can be read: {ca_bundle!r}: {error}") from error


class _TwoFaced(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport, sync, async or both, which says so where what it is not is needed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(self._transport, httpx.BaseTransport):
            raise TypeError(f"this client was connected with a transport that is only async: {self._transport!r}")
        return self._transport.handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(self._transport, httpx.AsyncBaseTransport):
            raise TypeError(f"this client was connected with a transport that is only sync: {self._transport!r}")
        return await self._transport.handle_async_request(request)

    def close(self) -> None:
        if isinstance(self._transport, httpx.BaseTransport):
            self._transport.close()

    async def aclose(self) -> None:
        if isinstance(self._transport, httpx.AsyncBaseTransport):
            await self._transport.aclose()
