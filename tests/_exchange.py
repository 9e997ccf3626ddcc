"""Servers whose answers tests write byte by byte, and the ways of a client to fetch from them."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

from settled import Job, Snapshot

from _servers import Server

JOB = "550e8400-e29b-41d4-a716-446655440000"
OTHER = "550e8400-e29b-41d4-a716-446655440001"
WAYS = ("sync", "async", "fast")

Head = bytes
Answer = Callable[[Head], bytes]


def reply(body: object, status: str = "200 OK", **headers: str) -> bytes:
    """An HTTP response with a body, which is JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def heads(connection: socket.socket) -> Any:
    """The heads of the requests that come over a connection, until it ends; bodies are read with them."""
    kept = b""
    while True:
        while b"\r\n\r\n" not in kept:
            part = connection.recv(65536)
            if not part:
                return
            kept += part
        head, _, kept = kept.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        while len(kept) < length:
            part = connection.recv(65536)
            if not part:
                return
            kept += part
        kept = kept[length:]
        yield head


def answering(answer: Answer) -> Server:
    """A server that answers each request with the bytes that `answer` makes of its head; none ends the connection."""

    def behave(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for head in heads(connection):
            response = answer(head)
            if not response:
                return
            connection.sendall(response)

    return Server(behave)


def asked_id(head: Head) -> str:
    """The last part of a request's path."""
    return head.split(b" ")[1].rpartition(b"/")[2].decode()


def fetch_all(
    jobs: list[Job[Any]], way: str, *, after: Callable[[], object] = lambda: None
) -> list[Snapshot[Any] | Exception]:
    """What fetching each job brings, one after the other over one client; or the error that came instead.

    `after` is called after each, and may block.
    """

    async def in_a_loop() -> list[Snapshot[Any] | Exception]:
        brought: list[Snapshot[Any] | Exception] = []
        client: Any = jobs[0].client
        async with client:
            for job in jobs:
                brought += await asyncio.gather(job.fetch_async(), return_exceptions=True)
                await asyncio.to_thread(after)
        return brought

    if way != "sync":
        return asyncio.run(in_a_loop())
    brought: list[Snapshot[Any] | Exception] = []
    client: Any = jobs[0].client
    with client:
        for job in jobs:
            try:
                brought.append(job.fetch())
            except Exception as error:
                brought.append(error)
            after()
    return brought
