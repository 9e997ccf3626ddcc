"""Connections for many polls at once, inside httpx's own transports.

httpx stays the client: event hooks, auth flows, cookies, proxies, and every tool that wraps `Client.send` or
`HTTPTransport.handle_request` work as on any httpx client. Only the pool inside a transport is replaced. httpcore's
own pool looks through all connections and requests whenever a request begins or ends, which costs more than the
requests do when there are hundreds. A stack looks through nothing: the connection that was used last is used next.

A connection carries one request at a time, under a lease that is also the body of the response. It returns to the
stack only if it is surely clean: the response was read to its end, nothing came after it, and no answer of another
request has been seen since the connection was opened.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import threading
import warnings
import weakref
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import httpcore
import httpx

from .. import _locks
from .._monotonic import monotonic
from .connection import AsyncConnection, Connection
from .credentials import Credentials
from .extensions import DEADLINE, HEAD_DEADLINE, MAY_REPEAT, UNSENT, deadline_of_thread

MAX_CONNECTIONS = 100
KEEP_ALIVE_SECONDS = 5.0  # httpx's own default, which its pools have

_CLOSING_SECONDS = 1.0
_TOO_LONG = "all connections that there may be were in use for too long"


def use_stack(
    client: httpx.Client | httpx.AsyncClient,
    direct: httpx.AsyncBaseTransport | None = None,
    *,
    max_connections: int = MAX_CONNECTIONS,
) -> None:
    """Let a client's transports, direct and through proxies, keep their connections in a stack.

    `direct` stands in for the transport that goes through no proxy. httpx has no public names for all that: if its
    private ones are gone, its own pools are used, with one warning.
    """
    if direct is not None and hasattr(client, "_transport"):
        client._transport = direct  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    for transport in _transports(client):
        pool = getattr(transport, "_pool", None)
        if hasattr(pool, "create_connection") and hasattr(pool, "_network_backend"):
            is_async = isinstance(pool, httpcore.AsyncConnectionPool)
            transport._pool = (AsyncStack if is_async else Stack)(pool, max_connections)
        elif transport is not direct:
            warnings.warn("settled does not know this release of httpx, and uses its connection pool", stacklevel=2)


def discard_connections(client: httpx.Client | httpx.AsyncClient) -> None:
    """Use no connection that a client has open for another request; requests under way are not disturbed."""
    for transport in _transports(client):
        getattr(getattr(transport, "_pool", transport), "discard", bool)()


def _transports(client: Any) -> list[Any]:
    found = [getattr(client, "_transport", client), *getattr(client, "_mounts", {}).values()]
    return [transport for transport in found if transport is not None]


class _Lease:
    """One request's hold on a connection, which is also the body of its response."""

    body: Any = ()

    def __init__(self, stack: Any, connection: Any) -> None:
        self.stack = stack
        self.connection: Any = connection

    def begin(self, response: httpcore.Response) -> httpcore.Response:
        """The response, with the lease as its body."""
        self.connection.read_from = _extensions(response).get("network_stream")
        self.body, response.stream = response.stream, self
        return response

    def end(self) -> Any:
        """The connection, for the first caller."""
        connection, self.connection = self.connection, None
        return connection

    def __iter__(self) -> Iterator[bytes]:
        self._check()
        yield from self.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._check()
        async for part in self.body:
            yield part

    def close(self) -> None:
        self.stack.release(self)

    async def aclose(self) -> None:
        await self.stack.release(self)

    def _check(self) -> None:
        if self.connection is None:
            raise httpcore.ReadError("the response was closed before its body was read")


class _Stack:
    """Which connections are idle and which are leased; `pool` makes new ones, direct or through a proxy."""

    connection_type: Any

    def __init__(self, pool: Any, max_connections: int) -> None:
        self._pool = pool
        self._most = max_connections
        self._keep_seconds = getattr(pool, "_keepalive_expiry", None) or math.inf
        self._generation = 0
        self._is_closed = False
        self._renew()
        _locks.register(self)

    def _renew(self) -> None:
        """Forget all connections, and renew what threads share."""
        self._idle: defaultdict[Any, list[Any]] = defaultdict(list)
        # Weak: a lease that an exception from a signal handler took from its owner does not count. Not a WeakSet, whose
        # callbacks are Python code, in which such an exception would be lost.
        self.leases: set[weakref.ref[_Lease]] = set()
        # Entered by itself: an exception from a signal handler can leave a condition locked, which is Python code.
        self._lock = threading.RLock()
        self._freed = threading.Condition(self._lock)

    def after_fork(self) -> None:
        """Forget the connections, which are the parent's; the garbage collector closes them here."""
        self._renew()

    def discard(self) -> None:
        """Use no connection that was opened so far for another request."""
        self._generation += 1

    def connections(self) -> list[Any]:
        """All connections, also the leased ones."""
        leases = filter(None, [lease() for lease in list(self.leases)])
        return [*itertools.chain(*self._idle.values()), *filter(None, [lease.connection for lease in leases])]

    def _lease(self, request: httpcore.Request, *, is_second: bool) -> tuple[_Lease, list[Any]]:
        """A lease of the connection used last, or of a new one; and what has gone stale, to be closed.

        The second time that a request is sent it goes out on a new one: the others may be closed as well.
        """
        if self._is_closed:
            raise httpcore.ConnectError("the client was closed")
        url = request.url
        if url.scheme not in (b"http", b"https"):
            raise httpcore.UnsupportedProtocol(f"neither http nor https: {url.scheme.decode('ascii', 'replace')}")
        stale: list[Any] = []
        idle = self._idle[url.scheme, url.host, url.port]
        while idle and not is_second:
            connection = idle.pop()
            # Expired is also what has something to read, for which nobody has asked.
            if connection.generation == self._generation and not connection.core.has_expired():
                break
            stale.append(connection)
        else:
            connection = self.connection_type(self._pool, url, self._generation)
        lease = _Lease(self, connection)
        self.leases.add(weakref.ref(lease))
        return lease, stale

    def _keep(self, connection: Any) -> list[Any]:
        """Put a connection back if it is clean, and return what is to be closed."""
        if self._is_closed or connection.generation != self._generation or not connection.is_clean():
            return [connection]
        idle, now = self._idle[connection.origin], monotonic()
        stale: list[Any] = []
        while idle and idle[0].idle_since < now - self._keep_seconds:
            stale.append(idle.pop(0))
        connection.idle_since = now
        idle.append(connection)
        return stale


class Stack(_Stack):
    """A stack of connections for threads."""

    connection_type = Connection

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request, and lease its connection until the response is closed."""
        extensions = _extensions(request)
        deadline = extensions.get(DEADLINE) or deadline_of_thread.get()
        if monotonic() >= deadline:
            raise httpcore.PoolTimeout("no time was left to send the request")
        patience = extensions.get("timeout", {}).get("pool")
        end = deadline if patience is None else min(deadline, monotonic() + patience)
        is_second = False
        while True:
            lease = self._acquire(request, end, is_second=is_second)
            connection = lease.connection
            try:
                # Heads of nothing but 1xx, without end, would pass for steps that go on.
                connection.deadline = min(deadline, extensions.get(HEAD_DEADLINE, math.inf))
                response = connection.core.handle_request(request)
                connection.deadline = deadline
                return lease.begin(response)
            except BaseException as error:
                self.release(lease, is_broken=True)
                if not connection.may_repeat(extensions, error):
                    raise
            is_second = True
            if (limiter := extensions[MAY_REPEAT]) is not None:
                Credentials.pacer.sleep(limiter, deadline)

    def _acquire(self, request: httpcore.Request, end: float, *, is_second: bool) -> _Lease:
        with self._lock:
            while len(self.leases) >= self._most and not self._is_closed:
                self.leases = {lease for lease in list(self.leases) if lease() is not None}
                if len(self.leases) < self._most:
                    break
                if (left := end - monotonic()) <= 0:
                    raise httpcore.PoolTimeout(_TOO_LONG)
                # Nobody is woken by a lease that was lost.
                self._freed.wait(min(left, 1.0))
            lease, stale = self._lease(request, is_second=is_second)
        for connection in stale:
            connection.close()
        return lease

    def release(self, lease: _Lease, *, is_broken: bool = False) -> None:
        """End a lease, and keep its connection if it is clean."""
        connection = lease.end()
        stale = [] if connection is None else [connection]
        try:
            if connection is not None and not is_broken:
                lease.body.close()
                with self._lock:
                    stale = self._keep(connection)
        finally:
            with self._lock:
                self.leases.discard(weakref.ref(lease))
                self._freed.notify()
            for old in stale:
                old.close()

    def close(self) -> None:
        """Close all connections; requests under way fail."""
        with self._lock:
            self._is_closed = True
            connections = self.connections()
            self._idle.clear()
            self._freed.notify_all()
        for connection in connections:
            connection.close()

    def after_fork(self) -> None:
        """Forget the connections, which are the parent's: a socket that is closed here stays open there."""
        streams = [connection.stream for connection in self.connections()]
        self._renew()
        for stream in filter(None, streams):
            stream.close()

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStack(_Stack):
    """A stack of connections for the tasks of one event loop."""

    connection_type = AsyncConnection

    def _renew(self) -> None:
        super()._renew()
        self._places = asyncio.Semaphore(self._most)

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request, and lease its connection until the response is closed."""
        extensions = _extensions(request)
        is_second = False
        while True:
            lease, stale = await self._acquire(request, is_second=is_second)
            connection = lease.connection
            try:
                await _close(stale)
                connection.extensions = extensions
                extensions.pop(UNSENT, None)
                return lease.begin(await connection.core.handle_async_request(request))
            except BaseException as error:
                await self.release(lease, is_broken=True)
                if not connection.may_repeat(extensions, error):
                    raise
            is_second = True
            if (limiter := extensions[MAY_REPEAT]) is not None:
                await Credentials.pacer.sleep_async(limiter, extensions.get(DEADLINE, math.inf))

    async def _acquire(self, request: httpcore.Request, *, is_second: bool) -> tuple[_Lease, list[Any]]:
        extensions = _extensions(request)
        extensions[UNSENT] = "a free connection"
        try:
            async with asyncio.timeout(extensions.get("timeout", {}).get("pool")):
                await self._places.acquire()
        except TimeoutError:
            raise httpcore.PoolTimeout(_TOO_LONG) from None
        try:
            return self._lease(request, is_second=is_second)
        except BaseException:
            self._places.release()
            raise

    async def release(self, lease: _Lease, *, is_broken: bool = False) -> None:
        """End a lease, and keep its connection if it is clean."""
        if (connection := lease.end()) is None:
            return
        stale = [connection]
        try:
            if not is_broken:
                await lease.body.aclose()
                stale = self._keep(connection)
        finally:
            self.leases.discard(weakref.ref(lease))
            self._places.release()
            await _close(stale)

    async def aclose(self) -> None:
        """Close all connections; requests under way fail."""
        self._is_closed = True
        connections = self.connections()
        self._idle.clear()
        await _close(connections)

    async def __aenter__(self) -> AsyncStack:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _extensions(message: Any) -> dict[str, Any]:
    extensions: dict[str, Any] = message.extensions  # httpcore declares them without a type
    return extensions


async def _close(connections: list[Any]) -> None:
    # A cancelled task closes its connection all the same, and does not wait long for the other side.
    for connection in connections:
        with anyio.move_on_after(_CLOSING_SECONDS, shield=True):
            await connection.aclose()
