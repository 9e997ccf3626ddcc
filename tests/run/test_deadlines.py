"""Deadlines against servers that do not play along, over real sockets and in real time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

import settled
from settled import Job, Snapshot, cortex_xsiam, errors

from _servers import Server
from conftest import WaitFunction

TIMEOUT = 0.4
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
BODY = b'{"job_status": "PROCESSING", "job_id": "7", "error_log": "none"}'
REPLY = HEAD % len(BODY) + BODY


def _say_nothing(connection: socket.socket) -> None:
    connection.recv(65536)
    while connection.recv(1):
        pass


def _drip(connection: socket.socket) -> None:
    connection.recv(65536)
    for byte in REPLY:
        connection.sendall(bytes([byte]))
        time.sleep(TIMEOUT * 0.9)


def _stall_in_the_body(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(REPLY[:-40])
    time.sleep(TIMEOUT * 0.9)
    connection.sendall(REPLY[-40:-20])
    while connection.recv(1):
        pass


def _settle(jobs: list[Job[Any]]) -> list[Snapshot[Any]]:
    with settled.as_settled(jobs, timeout=TIMEOUT) as ends:
        return list(ends)


def _settle_in_a_loop(jobs: list[Job[Any]]) -> list[Snapshot[Any]]:
    async def main() -> list[Snapshot[Any]]:
        async with jobs[0].client, settled.aio.as_settled(jobs, timeout=TIMEOUT) as ends:
            return [end async for end in ends]

    return asyncio.run(main())


@pytest.mark.parametrize("behave", [_say_nothing, _drip, _stall_in_the_body])
def test_ends_in_time(behave: Callable[[socket.socket], None], wait: WaitFunction) -> None:
    """A server that is silent, drips or stalls cannot hold a wait beyond its deadline."""
    with Server(behave) as server, cortex_xsiam.connect(server.url, key_id=7, key="k") as client:
        started = time.monotonic()
        with pytest.raises(errors.WaitTimeout) as raised:
            wait(cortex_xsiam.byos_import(client, "7"), timeout=TIMEOUT)
        took = time.monotonic() - started
    assert isinstance(raised.value.__cause__, errors.TransportError)
    # The whole of what drips would take three minutes, and silence as long as the longest poll, which is one.
    assert TIMEOUT <= took < 30


@pytest.mark.parametrize("settle", [_settle, _settle_in_a_loop])
def test_many_jobs_end_in_time(settle: Callable[[list[Job[Any]]], list[Snapshot[Any]]]) -> None:
    """A silent server makes nobody late: who had no turn by the deadline comes out then, and says so."""
    with Server(_say_nothing) as server, cortex_xsiam.connect(server.url, key_id=7, key="k", max_rate=None) as client:
        ends = settle([cortex_xsiam.byos_import(client, str(number)) for number in range(500)])
    assert len(ends) == 500
    assert all(isinstance(end.error, errors.WaitTimeout) for end in ends)
    never = [end for end in ends if end.polls == 0]
    assert len(never) >= 400
    assert all("no status was read (0 polls)" in str(end.error) for end in never)
    assert max(end.elapsed for end in ends) < 30


def test_keeps_polling_after_a_slow_answer(wait: WaitFunction) -> None:
    """A connection that was read with one poll's deadline serves the next poll by that one's own."""
    answers = iter([0.1, 0.3, 0.3])

    def answer(connection: socket.socket) -> None:
        for delay in answers:
            if not connection.recv(65536):
                return
            time.sleep(delay)
            body = b'{"job_status": "PROCESSING"}' if delay < 0.3 else b'{"job_status": "COMPLETED"}'
            connection.sendall(HEAD % len(body) + body)

    with Server(answer) as server, cortex_xsiam.connect(server.url, key_id=7, key="k") as client:
        job = cortex_xsiam.byos_import(client, "7")
        with pytest.raises(errors.WaitTimeout):
            wait(job, timeout=0.11, schedule=lambda *_: 0.005)
        assert wait(job, timeout=60).is_settled


def test_nobody_listens(wait: WaitFunction) -> None:
    """A refused connection is ridden out until the deadline, and named as the cause."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    client = cortex_xsiam.connect(f"http://127.0.0.1:{port}", key_id=7, key="k")
    with client, pytest.raises(errors.WaitTimeout) as raised:
        wait(cortex_xsiam.byos_import(client, "7"), timeout=TIMEOUT)
    assert "onnect" in str(raised.value.__cause__)
