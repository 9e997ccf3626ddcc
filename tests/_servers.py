"""A server on loopback that misbehaves as a test wants it to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

# Unseen by a virtual clock, which would take a thread that has just begun to be at work, and wait for it in real time.
_start = threading.Thread.start


class Server:
    """Listens on loopback, and lets `behave` deal with each connection, in a thread of its own.

    A connection is closed when `behave` returns, or meets an OSError. The `port` stays the same whenever it listens.
    """

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self.port = 0
        self._listening: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """Its address over plain HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_listening(self) -> bool:
        """Whether it takes connections."""
        return self._listening is not None

    def listen(self) -> None:
        """Take connections, from now on or again."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listening.getsockname()[1]
        self._begin(self._accept, self._listening)

    def stop(self) -> None:
        """End all connections, and refuse new ones."""
        with self._lock:
            listening, self._listening = self._listening, None
            connections = list(self._connections)
        for ended in (*connections, listening):
            if ended is not None:
                with contextlib.suppress(OSError):
                    ended.shutdown(socket.SHUT_RDWR)
        if listening is not None:
            listening.close()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                if self._listening is not listening:
                    connection.close()
                    return
                self._connections.add(connection)
            self._begin(self._handle, connection)

    def _handle(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._behave(connection)
        with self._lock:
            self._connections.discard(connection)

    def _begin(self, work: Callable[[socket.socket], None], what: socket.socket) -> None:
        thread = threading.Thread(target=work, args=[what], daemon=True)
        self._threads.append(thread)
        _start(thread)
