"""One connection of httpcore, and the network below it.

httpcore speaks HTTP over a stream that a network opens for it. Here each connection is its own network, which adds what
httpcore lacks. httpcore bounds each step alone, so a server that sends a byte now and then gets as much time with each:
in threads every step ends by the request's deadline, as in asyncio the whole task does. And httpcore forgets a stream
whose TLS handshake was cancelled: the network remembers it, and closes it.
"""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
from typing import Any

import httpcore

from .._monotonic import monotonic
from .extensions import MAY_REPEAT, UNSENT
from .transport_errors import address_in_errors

# What a connection brings that the server closes just when a request goes out on it.
_LOST = (httpcore.ReadError, httpcore.RemoteProtocolError, httpcore.WriteError)
_PIECE = 16 * 1024


class _Connection:
    """A connection of httpcore, `core`, which a pool of httpcore's makes, direct or through a proxy."""

    idle_since = 0.0
    stream: Any = None
    # What the last response was read from; TLS may stand between this and `stream`.
    read_from: Any = None

    def __init__(self, pool: Any, url: httpcore.URL, generation: int) -> None:
        self.origin = url.scheme, url.host, url.port
        self.generation = generation
        pool._network_backend = self
        self.core = pool.create_connection(url.origin)

    def may_repeat(self, extensions: dict[str, Any], error: BaseException) -> bool:
        """Whether a request failed only because the server has closed a kept connection, and may be sent again."""
        return bool(self.idle_since) and MAY_REPEAT in extensions and isinstance(error, _LOST)

    def is_clean(self) -> bool:
        """Whether nothing is left of the last response, and nothing came after it."""
        core = self.core
        if not core.is_idle():
            return False
        while (inner := getattr(core, "_connection", None)) is not None:
            core = inner
        # If httpcore renames it, a connection is used once: slow, and never wrong.
        state = getattr(core, "_h11_state", None)
        if state is None or state.trailing_data[0]:
            return False
        if self.origin[0] == b"http" or self.read_from is None:
            return True
        # TLS in asyncio reads ahead into a buffer that neither h11 nor the socket shows.
        tls = self.read_from.get_extra_info("ssl_object")
        if not isinstance(tls, ssl.SSLObject):
            return True
        try:
            tls.read(1)
        except ssl.SSLError as error:
            return isinstance(error, ssl.SSLWantReadError)
        return False


class Connection(_Connection, httpcore.SyncBackend):
    """A connection for threads, where whatever takes time ends by `deadline`."""

    deadline = math.inf

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *args: Any, **named: Any) -> Any:
        with address_in_errors(host, port):
            *others, last = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            if (timeout := self.clamp(timeout, httpcore.ConnectTimeout)) is not None:
                # A name with several addresses would take so long for each.
                timeout /= len(others) + 1
            for address in others:
                with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                    return self._open(address[-1], timeout, *args, **named)
            return self._open(last[-1], timeout, *args, **named)

    def _open(self, address: Any, *args: Any, **named: Any) -> Any:
        host, port = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
        self.stream = _Stream(super().connect_tcp(host, int(port), *args, **named), self.clamp)
        return self.stream

    def clamp(self, timeout: float | None, late: type[Exception] = httpcore.ReadTimeout) -> float | None:
        """A timeout, or what is left until the deadline; raises `late` if nothing is."""
        if self.deadline == math.inf:
            return timeout
        if (left := self.deadline - monotonic()) <= 0:
            raise late("the response was not complete in time")
        return left if timeout is None else min(left, timeout)

    def close(self) -> None:
        """Close what was opened, also in the middle of a handshake, or of a read in another thread."""
        if self.stream is not None:
            # It wakes who reads there, as closing alone does not.
            with contextlib.suppress(OSError):
                self.stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            self.stream.close()


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, clamp: Any) -> None:
        self._stream, self._clamp = stream, clamp

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clamp(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # A server that reads slowly would get so long for whatever it takes at a time.
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], self._clamp(timeout))

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Any:
        timeout = self._clamp(timeout, httpcore.ConnectTimeout)
        self._stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


class AsyncConnection(_Connection, httpcore.AsyncNetworkBackend):
    """A connection for the tasks of one event loop."""

    extensions: dict[str, Any]

    async def connect_tcp(self, host: str, port: int, *args: Any, **named: Any) -> Any:
        network: Any = httpcore.AnyIOBackend()  # declared as what needs an extra, which httpx always brings
        self.extensions[UNSENT] = "a connection"
        with address_in_errors(host, port):
            self.stream = await network.connect_tcp(host, port, *args, **named)
        self.extensions.pop(UNSENT, None)
        return self.stream

    async def aclose(self) -> None:
        """Close what was opened, also in the middle of a handshake."""
        if self.stream is not None:
            await self.stream.aclose()
