"""Connections of asyncio clients that stay cheap however many requests there are at once."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
import urllib.request
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import httpcore
import httpx

MOST_CONNECTIONS = 100
KEEP_SECONDS = 5.0

_Origin = tuple[str, str, int | None]


class Connections(httpx.AsyncBaseTransport):
    """Sends each request over a connection that nobody else uses, the one used last if any is idle.

    httpcore looks through all connections and requests of a pool whenever a request begins or ends, which costs more
    than the requests do when there are hundreds: here each pool has one connection. `most` connections are open at
    once, for all origins together; further requests wait for one in the order they came, as long as their timeout for
    the pool allows. What was idle for `keep_seconds` is closed. `make` makes a transport of one connection for a URL.
    """

    def __init__(
        self,
        make: Callable[[httpx.URL], httpx.AsyncBaseTransport],
        *,
        most: int = MOST_CONNECTIONS,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self._make = make
        self._keep_seconds = keep_seconds
        self._places = asyncio.Semaphore(most)
        self._idle: defaultdict[_Origin, deque[tuple[float, httpx.AsyncBaseTransport]]] = defaultdict(deque)
        self._lent: set[httpx.AsyncBaseTransport] = set()
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and lend its connection until the answer's body has been read or closed."""
        await self._take_place(request)
        url = request.url
        idle = self._idle[url.scheme, url.host, url.port]
        connection = idle.pop()[1] if idle else self._make(url)
        self._lent.add(connection)

        async def give_back() -> None:
            self._leave_place(connection)
            if self._is_closed:
                await connection.aclose()
                return
            now = time.monotonic()
            idle.append((now, connection))
            while idle[0][0] < now - self._keep_seconds:
                await idle.popleft()[1].aclose()

        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            self._leave_place(connection)
            await connection.aclose()
            raise
        response.stream = _LentBody(response.stream, give_back)
        return response

    async def aclose(self) -> None:
        """Close all connections, also those in use."""
        self._is_closed = True
        connections = [connection for idle in self._idle.values() for _, connection in idle]
        self._idle.clear()
        for connection in (*connections, *self._lent):
            await connection.aclose()

    async def _take_place(self, request: httpx.Request) -> None:
        if self._places.locked():
            try:
                async with asyncio.timeout(request.extensions.get("timeout", {}).get("pool")):
                    await self._places.acquire()
            except TimeoutError:
                raise httpx.PoolTimeout("no connection came free in time", request=request) from None
        else:
            await self._places.acquire()
        if self._is_closed:
            self._places.release()
            raise httpx.ConnectError("the client was closed", request=request)

    def _leave_place(self, connection: httpx.AsyncBaseTransport) -> None:
        self._lent.discard(connection)
        self._places.release()


class _LentBody(httpx.AsyncByteStream):
    """The body of an answer, at whose end the connection is given back."""

    def __init__(self, body: object, give_back: Callable[[], Awaitable[None]]) -> None:
        assert isinstance(body, httpx.AsyncByteStream)  # noqa: S101 - as httpx does: async transports answer such
        self._body = body
        self._give_back = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            yield part

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            await self._give_back()


class _Connection(httpx.AsyncBaseTransport):
    """One connection of httpcore's to one origin, opened when it is needed and again when it has gone stale."""

    def __init__(self, url: httpx.URL, verify: ssl.SSLContext) -> None:
        self._verify = verify
        self._origin = _target(url).origin
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _httpx_errors(request):
            connection = await self._ready()
            answer = await connection.handle_async_request(
                httpcore.Request(
                    request.method,
                    _target(request.url),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        extensions: Any = vars(answer)["extensions"]  # httpcore declares them without a type
        body = _Body(answer.stream, request)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=extensions)

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()

    async def _ready(self) -> httpcore.AsyncHTTPConnection:
        connection = self._connection
        if connection is not None and (connection.is_closed() or connection.has_expired()):
            await connection.aclose()
            connection = None
        if connection is None:
            connection = httpcore.AsyncHTTPConnection(self._origin, self._verify, keepalive_expiry=KEEP_SECONDS)
            self._connection = connection
        return connection


class _Body(httpx.AsyncByteStream):
    """The body of an answer as httpcore reads it, with httpx's errors."""

    def __init__(self, stream: Any, request: httpx.Request) -> None:
        self._stream = stream
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors(self._request):
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _target(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextlib.contextmanager
def _httpx_errors(request: httpx.Request) -> Generator[None, None, None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        # httpx calls each of httpcore's errors by the same name.
        raise getattr(httpx, type(error).__name__)(str(error), request=request) from error


def connections(verify: ssl.SSLContext) -> Connections:
    """Connections by httpcore, through the proxy that the environment names, if any."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_SECONDS)

    def make(url: httpx.URL) -> httpx.AsyncBaseTransport:
        proxy = environment_proxy(url)
        if proxy is None:
            return _Connection(url, verify)
        return httpx.AsyncHTTPTransport(verify=verify, limits=limits, proxy=proxy)

    return Connections(make)


def environment_proxy(url: httpx.URL) -> str | None:
    """The proxy that the environment names for a URL; httpx itself looks for it only where it makes the transport."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
