"""Connections that stay cheap however many requests there are at once, and keep to a request's deadline."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import ssl
import threading
import time
import urllib.request
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any, Generic, TypeVar

import httpcore
import httpx

MOST_CONNECTIONS = 100
KEEP_SECONDS = 5.0

C = TypeVar("C", bound="_ToOrigin")
_Origin = tuple[str, str, int | None]


class TimeLeft(dict[str, float | None]):
    """httpx's timeouts for one request, which shrink as its deadline, `moment`, draws near.

    Who takes them for mere timeouts asks for each phase's when the phase begins, and is told what is left by then.
    """

    def __init__(self, timeouts: Mapping[str, float | None], moment: float) -> None:
        super().__init__(timeouts)
        self.moment = moment

    def get(self, phase: str, default: Any = None, /) -> float:
        """The seconds that a phase may take if it begins now."""
        return _clamped(super().get(phase, default), self.moment)


def _clamped(limit: float | None, moment: float) -> float:
    left = max(moment - time.monotonic(), 0.001)
    return left if limit is None else min(left, limit)


class Connections(httpx.BaseTransport):
    """Sends each request over a connection that nobody else uses, the one used last if any is idle.

    httpcore looks through all connections and requests of a pool whenever a request begins or ends, which costs more
    than the requests do when there are hundreds: here nothing is looked through. `most` connections are open at once,
    for all origins together; further requests wait for one, as long as their timeout for the pool allows. What was
    idle for `keep_seconds` is closed. Proxies are those that the environment names.
    """

    def __init__(
        self, verify: ssl.SSLContext, *, most: int = MOST_CONNECTIONS, keep_seconds: float = KEEP_SECONDS
    ) -> None:
        self._shelf = _Shelf(functools.partial(_Connection, verify), keep_seconds)
        self._places = threading.Semaphore(most)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and lend its connection until the answer's body has been read or closed."""
        if not self._places.acquire(timeout=_timeouts(request).get("pool")):
            raise _no_place(request)
        connection = None
        try:
            connection = self._shelf.lend(request)
            with _httpx_errors(request):
                answer = connection.send(request)
        except BaseException:
            self._places.release()
            if connection is not None:
                self._shelf.lose(connection)
                connection.close()
            raise

        def give_back() -> None:
            self._places.release()
            for stale in self._shelf.take_back(request, connection):
                stale.close()

        return _response(answer, _Body(answer.stream, request, give_back))

    def close(self) -> None:
        """Close all connections, also those in use."""
        for connection in self._shelf.close():
            connection.close()


class AsyncConnections(httpx.AsyncBaseTransport):
    """Connections for asyncio, with the arguments and ways of `Connections`."""

    def __init__(
        self, verify: ssl.SSLContext, *, most: int = MOST_CONNECTIONS, keep_seconds: float = KEEP_SECONDS
    ) -> None:
        self._shelf = _Shelf(functools.partial(_AsyncConnection, verify), keep_seconds)
        self._places = asyncio.Semaphore(most)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and lend its connection until the answer's body has been read or closed."""
        if self._places.locked():
            await self._wait_for_place(request)
        else:
            await self._places.acquire()
        connection = None
        try:
            connection = self._shelf.lend(request)
            with _httpx_errors(request):
                answer = await connection.send(request)
        except BaseException:
            self._places.release()
            if connection is not None:
                self._shelf.lose(connection)
                await connection.aclose()
            raise

        async def give_back() -> None:
            self._places.release()
            for stale in self._shelf.take_back(request, connection):
                await stale.aclose()

        return _response(answer, _AsyncBody(answer.stream, request, give_back))

    async def aclose(self) -> None:
        """Close all connections, also those in use."""
        for connection in self._shelf.close():
            await connection.aclose()

    async def _wait_for_place(self, request: httpx.Request) -> None:
        try:
            async with asyncio.timeout(_timeouts(request).get("pool")):
                await self._places.acquire()
        except TimeoutError:
            raise _no_place(request) from None


class _Shelf(Generic[C]):
    """Which connections are idle, and which are lent; what it answers to be closed is the caller's to close."""

    def __init__(self, make: Callable[[httpx.URL], C], keep_seconds: float) -> None:
        self._make = make
        self._keep_seconds = keep_seconds
        self._idle: defaultdict[_Origin, deque[tuple[float, C]]] = defaultdict(deque)
        self._lent: set[C] = set()
        self._is_closed = False
        self._lock = threading.Lock()

    def lend(self, request: httpx.Request) -> C:
        """The connection to the request's origin that was used last, or a new one."""
        with self._lock:
            if self._is_closed:
                raise httpx.ConnectError("the client was closed", request=request)
            if request.url.scheme not in ("http", "https"):
                raise httpx.UnsupportedProtocol(f"neither http nor https: {request.url.scheme}", request=request)
            idle = self._idle[_origin(request)]
            connection = idle.pop()[1] if idle else self._make(request.url)
            self._lent.add(connection)
        return connection

    def lose(self, connection: C) -> None:
        """Forget a connection that is of no more use."""
        with self._lock:
            self._lent.discard(connection)

    def take_back(self, request: httpx.Request, connection: C) -> list[C]:
        """Keep a connection for the next request, and answer those that have been idle for too long."""
        stale: list[C] = []
        with self._lock:
            self._lent.discard(connection)
            # Who is cancelled while an answer ends leaves its connection in the middle of it.
            if self._is_closed or not connection.is_idle():
                return [connection]
            now = time.monotonic()
            idle = self._idle[_origin(request)]
            idle.append((now, connection))
            while idle[0][0] < now - self._keep_seconds:
                stale.append(idle.popleft()[1])
        return stale

    def close(self) -> list[C]:
        """Lend nothing any more, and answer all connections."""
        with self._lock:
            self._is_closed = True
            idle = [connection for kept in self._idle.values() for _, connection in kept]
            self._idle.clear()
            return [*idle, *self._lent]


class _ToOrigin:
    """What connections to one origin have in common."""

    _core: Any = None

    def is_idle(self) -> bool:
        """Whether the next request can be sent."""
        cores = getattr(self._core, "connections", [self._core])
        return all(core.is_idle() for core in cores)


class _Connection(_ToOrigin):
    """A connection to one origin, opened when it is needed and again when it has gone stale."""

    def __init__(self, verify: ssl.SSLContext, url: httpx.URL) -> None:
        self._network = _PunctualNetwork()
        self._make: Callable[..., httpcore.HTTPConnection | httpcore.ConnectionPool] = _maker(
            httpcore.HTTPConnection, httpcore.HTTPProxy, httpcore.SOCKSProxy, verify, url
        )

    def send(self, request: httpx.Request) -> httpcore.Response:
        core: httpcore.HTTPConnection | httpcore.ConnectionPool | None = self._core
        timeouts = _timeouts(request)
        if isinstance(core, httpcore.HTTPConnection) and (core.is_closed() or core.has_expired()):
            core.close()
            core = None
        if core is None:
            core = self._core = self._make(network_backend=self._network)
        self._network.moment = timeouts.moment if isinstance(timeouts, TimeLeft) else math.inf
        return core.handle_request(_core_request(request, {"timeout": {**timeouts}}))

    def close(self) -> None:
        if self._core is not None:
            self._core.close()


class _AsyncConnection(_ToOrigin):
    """A connection as `_Connection` is one, for asyncio; whoever sends a request bounds its time himself."""

    def __init__(self, verify: ssl.SSLContext, url: httpx.URL) -> None:
        self._network = _RememberingNetwork()
        connection, proxy, socks = httpcore.AsyncHTTPConnection, httpcore.AsyncHTTPProxy, httpcore.AsyncSOCKSProxy
        self._make: Callable[..., httpcore.AsyncHTTPConnection | httpcore.AsyncConnectionPool] = _maker(
            connection, proxy, socks, verify, url
        )

    async def send(self, request: httpx.Request) -> httpcore.Response:
        core: httpcore.AsyncHTTPConnection | httpcore.AsyncConnectionPool | None = self._core
        if isinstance(core, httpcore.AsyncHTTPConnection) and (core.is_closed() or core.has_expired()):
            await core.aclose()
            core = None
        if core is None:
            core = self._core = self._make(network_backend=self._network)
        return await core.handle_async_request(_core_request(request, request.extensions))

    async def aclose(self) -> None:
        if self._core is not None:
            await self._core.aclose()
        if self._network.stream is not None:
            await self._network.stream.aclose()


def _maker(connection: Any, http_proxy: Any, socks_proxy: Any, verify: ssl.SSLContext, url: httpx.URL) -> Any:
    """What makes one connection to a URL's origin, through the proxy that the environment names, if any."""
    address = environment_proxy(url)
    if address is None:
        return functools.partial(connection, _core_url(url).origin, verify, keepalive_expiry=KEEP_SECONDS)
    proxy = httpx.Proxy(address)
    only_one = {"max_connections": 1, "max_keepalive_connections": 1, "keepalive_expiry": KEEP_SECONDS}
    arguments = {"proxy_url": _core_url(proxy.url), "proxy_auth": proxy.raw_auth, "ssl_context": verify, **only_one}
    if proxy.url.scheme.startswith("socks"):
        return functools.partial(socks_proxy, **arguments)
    return functools.partial(http_proxy, proxy_headers=proxy.headers.raw, **arguments)


class _PunctualNetwork(httpcore.SyncBackend):
    """Lets whatever takes time on a connection end by a moment, however many steps it is made of.

    A phase's timeout is for each of its reads: a server that sends a byte now and then would get as much with each.
    """

    moment = math.inf

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *args: Any, **named: Any) -> Any:
        return _PunctualStream(super().connect_tcp(host, port, self.clamped(timeout), *args, **named), self)

    def clamped(self, timeout: float | None) -> float | None:
        return timeout if self.moment == math.inf else _clamped(timeout, self.moment)


class _PunctualStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, network: _PunctualNetwork) -> None:
        self._stream = stream
        self._clamped = network.clamped
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        # What never runs dry needs no timeout of its own: early hints without end, for one.
        if time.monotonic() > self._network.moment:
            raise httpcore.ReadTimeout("the answer did not end in time")
        return self._stream.read(max_bytes, self._clamped(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # The end of a request without a body is nothing to write.
        if buffer:
            self._stream.write(buffer, self._clamped(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._clamped(timeout))
        return _PunctualStream(secured, self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


class _RememberingNetwork(httpcore.AsyncNetworkBackend):
    """Remembers the stream that was opened last: httpcore leaves it open where a TLS handshake on it is cancelled."""

    def __init__(self) -> None:
        self._network: Any = httpcore.AnyIOBackend()  # declared as what needs an extra, which httpx always brings
        self.stream: httpcore.AsyncNetworkStream | None = None

    async def connect_tcp(self, *args: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        stream: httpcore.AsyncNetworkStream = await self._network.connect_tcp(*args, **named)
        self.stream = stream
        return stream


class _Body(httpx.SyncByteStream):
    """The body of an answer, with httpx's errors, at whose end the connection is given back."""

    def __init__(self, stream: Any, request: httpx.Request, give_back: Callable[[], None]) -> None:
        self._stream = stream
        self._request = request
        self._give_back = give_back

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors(self._request):
            yield from self._stream

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._give_back()


class _AsyncBody(httpx.AsyncByteStream):
    """The body of an answer as `_Body` is one, for asyncio."""

    def __init__(self, stream: Any, request: httpx.Request, give_back: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._request = request
        self._give_back = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors(self._request):
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            await self._give_back()


def _origin(request: httpx.Request) -> _Origin:
    url = request.url
    return url.scheme, url.host, url.port


def _timeouts(request: httpx.Request) -> Mapping[str, float | None]:
    timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
    return timeouts


def _no_place(request: httpx.Request) -> httpx.PoolTimeout:
    return httpx.PoolTimeout("no connection came free in time", request=request)


def _core_request(request: httpx.Request, extensions: Any) -> httpcore.Request:
    return httpcore.Request(
        request.method,
        _core_url(request.url),
        headers=request.headers.raw,
        content=request.stream if _has_body(request) else _NOTHING,
        extensions=extensions,
    )


def _has_body(request: httpx.Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


class _Nothing:
    """The body of a request that has none: httpx's is one empty part, which costs as much to send as another."""

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        return
        yield b""


_NOTHING = _Nothing()


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _response(answer: httpcore.Response, body: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
    extensions: Any = vars(answer)["extensions"]  # httpcore declares them without a type
    return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=extensions)


@contextlib.contextmanager
def _httpx_errors(request: httpx.Request) -> Generator[None, None, None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, httpcore.TimeoutException) as error:
        # httpx calls each of httpcore's errors by the same name.
        raise getattr(httpx, type(error).__name__)(str(error), request=request) from error


def environment_proxy(url: httpx.URL) -> str | None:
    """The proxy that the environment names for a URL; httpx itself looks for it only where it makes the transport."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
