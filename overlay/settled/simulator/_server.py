"""A server for an ASGI app on the loopback interface, in a thread of its own.

It is uvicorn with two changes: faults can close a connection, and tests that freeze time do not stop its event loop.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .._monotonic import monotonic

_NOT_RUNNING = "the server is not running: use it as a context manager"

_transports: dict[tuple[str, int], asyncio.Transport] = {}


class _Protocol(H11Protocol):
    """uvicorn's protocol, which remembers its connections, so that a fault can close one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _transports[transport.get_extra_info("peername")] = transport
        self._peer = transport.get_extra_info("peername")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        _transports.pop(self._peer, None)


class Cut(Response):
    """A response that closes the connection before it, or in the middle of its body."""

    def __init__(self, answer: Response, *, within: bool) -> None:
        super().__init__()
        self._answer = answer
        self._within = within

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the part before the cut, if any, and close the connection."""
        transport = _transports[tuple(scope["client"])]
        if not self._within:
            transport.abort()
        else:
            status, headers = self._answer.status_code, self._answer.raw_headers
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": await self._half(), "more_body": True})
            transport.close()

    async def _half(self) -> bytes:
        """Half of a body; of a stream, which may be long, only the first part."""
        if isinstance(self._answer, StreamingResponse):
            first = await anext(aiter(self._answer.body_iterator), b"")
            return first.encode() if isinstance(first, str) else bytes(first)
        body = bytes(self._answer.body)
        return body[: len(body) // 2]


def _dated(app: ASGIApp, now: Callable[[], float]) -> ASGIApp:
    """The app with a Date header in each of its responses."""

    async def dated(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(now(), usegmt=True).encode()
                message = {**message, "headers": [(b"date", date), *message["headers"]]}
            await send(message)

        await app(scope, receive, send_dated)

    return dated


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose timers go on where a test freezes the standard library's clocks."""

    def time(self) -> float:
        """The moment, for timers."""
        return monotonic()


class Server:
    """Serves an ASGI app while the context lasts; `now` gives the time in Date headers, by default the real one."""

    def __init__(self, app: ASGIApp, port: int = 0, now: Callable[[], float] | None = None) -> None:
        self._port = port
        served = app if now is None else _dated(app, now)
        config = uvicorn.Config(
            served, http=_Protocol, ws="none", lifespan="off", log_level="critical", access_log=False
        )
        config.date_header = now is None
        # Do not wait for the replies that faults delay.
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        # Named, because asyncio sets TCP_NODELAY only on sockets whose protocol is IPPROTO_TCP.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", self._port))
            self._socket.listen()
        except OSError as error:
            self._socket.close()
            self._socket = None
            reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be taken ({error.strerror})"
            remedy = "take another one, or 0 for any that is free"
            raise OSError(error.errno, f"port {self._port} of 127.0.0.1 {reason}: {remedy}") from None
        self._thread = threading.Thread(target=self._run, args=[self._socket], name="settled-simulator", daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()

    def _run(self, listening: socket.socket) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._serve(listening))

    async def _serve(self, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[listening])

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the server's event loop, until it ends or the server stops; callable from any thread."""
        if self._loop is None or self._loop.is_closed():
            work.close()
            raise RuntimeError(_NOT_RUNNING)
        asyncio.run_coroutine_threadsafe(work, self._loop)

    @property
    def url(self) -> str:
        """The address of the app."""
        if self._socket is None:
            raise RuntimeError(_NOT_RUNNING)
        address: tuple[str, Any] = self._socket.getsockname()
        return f"http://127.0.0.1:{address[1]}"
