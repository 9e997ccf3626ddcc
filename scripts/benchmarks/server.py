"""A loopback server that answers polls of OSAPI jobs as cheaply as asyncio can: run with `python -m benchmarks.server`.

`POST /reset?polls=K&delay=SECONDS` begins anew: each job is processing for K polls and completed from then on, and
every answer takes that long. `GET /stats` tells how many polls were answered, and the CPU time the server has used.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from urllib.parse import parse_qs, urlsplit

_BODY = {
    "id": "",
    "status": "",
    "created": "2026-05-11T07:15:02Z",
    "operation": {"type": "file.deploy", "data": {"path": "/etc/motd"}},
    "changed": None,
    "hostname": "web-01",
    "updated_at": "2026-05-11T07:15:04.120358Z",
    "timeline": [
        {
            "timestamp": "2026-05-11T07:15:02Z",
            "event": "submitted",
            "hostname": "_api",
            "message": "Put into the queue",
        },
        {"timestamp": "2026-05-11T07:15:03Z", "event": "acknowledged", "hostname": "web-01", "message": "Taken"},
        {"timestamp": "2026-05-11T07:15:03Z", "event": "started", "hostname": "web-01", "message": "Started"},
    ],
}
# Made once: the parts that differ between replies are joined to them as bytes.
_BEFORE_ID, _BEFORE_STATUS, _AFTER_STATUS = json.dumps(_BODY).replace('""', "\0").encode().split(b"\0")


def job_body(job_id: bytes, status: bytes) -> bytes:
    """The JSON of one job."""
    return b'%s"%s"%s"%s"%s' % (_BEFORE_ID, job_id, _BEFORE_STATUS, status, _AFTER_STATUS)


class State:
    """What all connections of the server share."""

    def __init__(self) -> None:
        self.reset(polls=10, delay=0.02)

    def reset(self, *, polls: int, delay: float) -> None:
        """Forget all jobs."""
        self.polls, self.delay = polls, delay
        self.seen: Counter[bytes] = Counter()
        self.answered = 0

    def answer(self, job_id: bytes) -> bytes:
        """The reply to a poll."""
        self.seen[job_id] += 1
        self.answered += 1
        return _response(job_body(job_id, b"completed" if self.seen[job_id] > self.polls else b"processing"))

    def control(self, target: str) -> bytes:
        """The reply to anything else."""
        parts = urlsplit(target)
        if parts.path == "/reset":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.reset(polls=int(query["polls"]), delay=float(query["delay"]))
        completed = sum(polls > self.polls for polls in self.seen.values())
        counts = {"answered": self.answered, "completed": completed, "cpu": time.process_time()}
        return _response(json.dumps(counts).encode())


class Connection(asyncio.Protocol):
    """One kept-alive connection, whose requests have no body."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a server's connections are such
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        """Reply to each complete request."""
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            request, self._unread = self._unread[:end], self._unread[end + 4 :]
            _, target, _ = request.split(b" ", 2)
            if target.startswith(b"/job/"):
                self._loop.call_later(self._state.delay, self._write, target[5:])
            else:
                self._transport.write(self._state.control(target.decode()))

    def _write(self, job_id: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._state.answer(job_id))


def _response(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


async def serve(core: int | None) -> None:
    """Serve until standard input ends, after telling the port on standard output."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    loop, state = asyncio.get_running_loop(), State()
    server = await loop.create_server(lambda: Connection(state), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if sys.argv[1:] else None))
