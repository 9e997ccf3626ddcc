"""How a wait is left before its end: nothing stays behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import settled
from settled import Snapshot, cortex_xsiam
from settled.simulator import Simulator, slow

from _servers import Server
from conftest import Jobs


def _open_sockets() -> int:
    return sum("socket:" in str(_target(link)) for link in Path("/proc/self/fd").iterdir())


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


@pytest.mark.parametrize("states", [["PROCESSING"], [slow(5), "PROCESSING"]], ids=["asleep", "amid a request"])
@pytest.mark.usefixtures("real_time")
def test_cancelling_the_task(jobs: Jobs, sim: Simulator, states: list[Any]) -> None:
    """A cancelled wait raises CancelledError at once and leaves no task and no socket behind."""
    job = jobs(*states)
    before = _open_sockets()

    async def main() -> None:
        async with job.client:
            task = asyncio.create_task(settled.aio.wait(job, timeout=None))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    _until(lambda: _open_sockets() <= before)


@pytest.mark.parametrize("states", [["PROCESSING"], [slow(5), "PROCESSING"]], ids=["asleep", "amid a request"])
@pytest.mark.usefixtures("real_time")
def test_keyboard_interrupt(sim: Simulator, states: list[Any]) -> None:
    """Ctrl-C comes out of a wait at once, and leaves no thread and no socket behind."""
    threads, sockets = set(threading.enumerate()), _open_sockets()
    timer = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT])
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        job = cortex_xsiam.byos_import(client, sim.add("cortex_xsiam.byos_import", states=states))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            settled.wait(job, timeout=None)
        timer.join()
    assert set(threading.enumerate()) <= threads
    _until(lambda: _open_sockets() <= sockets)


def _silent() -> Server:
    def say_nothing(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    return Server(say_nothing)


def _interrupt(_: Any) -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("leave", "error"),
    [(_interrupt, KeyboardInterrupt), (settled.Settling.close, StopIteration)],
    ids=["Ctrl-C", "close"],
)
@pytest.mark.usefixtures("real_time")
def test_leaving_a_silent_server(caplog: pytest.LogCaptureFixture, leave: Any, error: type[BaseException]) -> None:
    """Whoever leaves `as_settled` does not wait for the polls under way, of which nothing is heard any more."""
    seen: list[Snapshot[Any]] = []
    caplog.set_level(logging.DEBUG, "settled")
    with _silent() as server, cortex_xsiam.connect(server.url, key_id=7, key="k", max_rate=None) as client:
        jobs = [cortex_xsiam.byos_import(client, str(number)) for number in range(3)]
        settling = settled.as_settled(jobs, timeout=None, on_poll=seen.append)
        timer = threading.Timer(0.2, leave, [settling])
        timer.start()
        with pytest.raises(error):
            next(settling)
        began = time.monotonic()
        settling.close()
        timer.join()
        assert time.monotonic() - began < 30
        left = [thread for thread in threading.enumerate() if thread.name == "settled"]
        assert all(thread.daemon for thread in left)
        assert len(settling.pending) == 3
        server.stop()
        for thread in left:
            thread.join(5)
            assert not thread.is_alive()
    assert seen == []
    assert caplog.records == []


def test_the_interpreter_exits() -> None:
    """A program that Ctrl-C ends amid `as_settled` is gone soon, though its server is silent."""
    program = """
import sys, settled
from settled import cortex_xsiam
client = cortex_xsiam.connect(sys.argv[1], key_id=7, key="k")
with client, settled.as_settled([cortex_xsiam.byos_import(client, "7")], timeout=None) as ends:
    print("begun", flush=True)
    list(ends)
"""
    with _silent() as server:
        arguments = [sys.executable, "-c", program, server.url]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=8)
    assert stderr.splitlines()[-1] == b"KeyboardInterrupt"


def test_leaving_a_watch(jobs: Jobs, sim: Simulator) -> None:
    """Whoever stops watching stops the polling."""
    job = jobs(("INITIATED", 1), ("PROCESSING", 10), "COMPLETED")
    for snapshot in settled.watch(job, timeout=900):
        if snapshot.status == "PROCESSING":
            break
    polls = sim.polls(job.id)
    assert job.fetch().status == "PROCESSING"
    assert sim.polls(job.id) == polls + 1


def test_watch_yields_each_change(jobs: Jobs) -> None:
    """A watch tells each change once, the last one settled."""
    job = jobs(("INITIATED", 20), ("PROCESSING", 20), "FAILED")
    snapshots = list(settled.watch(job, timeout=900))
    assert [snapshot.status for snapshot in snapshots] == ["INITIATED", "PROCESSING", "FAILED"]
    assert snapshots[-1].is_settled
    assert snapshots[-1].polls > 3


def test_async_watch_yields_each_change(jobs: Jobs) -> None:
    """An async watch tells the same."""
    job = jobs(("INITIATED", 20), ("PROCESSING", 20), "FAILED")
    polled: list[str | None] = []

    async def note(snapshot: Snapshot[Any]) -> None:
        await asyncio.sleep(0)
        polled.append(snapshot.status)

    async def main() -> list[str | None]:
        async with job.client:
            return [snapshot.status async for snapshot in settled.aio.watch(job, timeout=900, on_poll=note)]

    assert asyncio.run(main()) == ["INITIATED", "PROCESSING", "FAILED"]
    assert len(polled) > 3


def test_watch_checks_its_arguments_at_once(jobs: Jobs) -> None:
    """A bad argument of a watch is an error before anything is asked of the iterator."""
    with pytest.raises(ValueError, match="timeout"):
        settled.watch(jobs("COMPLETED"), timeout=-1)


def test_fetching_once(jobs: Jobs) -> None:
    """`fetch` and `fetch_async` are one poll each."""
    job = jobs(("PROCESSING", 5), "COMPLETED")

    async def main() -> Snapshot[Any]:
        async with job.client:
            return await job.fetch_async()

    assert job.fetch().status == asyncio.run(main()).status == "PROCESSING"
    assert not job.fetch().is_settled
    with pytest.raises(settled.errors.OutcomeError, match="has not settled yet"):
        job.fetch().raise_for_outcome()


def test_one_client_serves_several_event_loops(jobs: Jobs) -> None:
    """A client may be used in one event loop after the other, without being closed in between."""
    job = jobs("COMPLETED")

    async def main() -> Snapshot[Any]:
        end = await settled.aio.wait(job, timeout=900)
        await job.client.get_async_httpx_client().aclose()
        return end

    assert asyncio.run(main()).is_settled
    assert asyncio.run(main()).is_settled


def _until(holds: Any) -> None:
    # The server's side of a connection is in this process too, and closes a moment later.
    for _ in range(200):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("still not so after 2 s")


class _TimeIsUp(Exception):
    """What a worker's time limit raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers here")
@pytest.mark.parametrize("error", [TimeoutError("mine"), ConnectionResetError("mine"), _TimeIsUp("mine")], ids=repr)
@pytest.mark.usefixtures("real_time")
def test_exceptions_of_signal_handlers(jobs: Jobs, error: Exception) -> None:
    """What a signal handler raises amid a request reaches the caller, and is not taken for a failure of the network."""

    def time_is_up(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, time_is_up)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(type(error)) as raised:
            settled.wait(jobs(slow(5), "COMPLETED"), timeout=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert raised.value is error


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.usefixtures("real_time")
def test_leaving_in_a_forked_child(jobs: Jobs) -> None:
    """A child neither waits for a lock that a thread of its parent holds, nor for that thread's polls."""
    is_busy, go_on = threading.Event(), threading.Event()

    def schedule(_polls: int, _elapsed: float) -> float:
        is_busy.set()
        go_on.wait(60)
        return 0.0

    ends = settled.as_settled([jobs("PROCESSING", slow(1), "COMPLETED")], timeout=60, schedule=schedule)
    brought: list[Snapshot[Any]] = []
    consumer = threading.Thread(target=lambda: brought.extend(ends), daemon=True)
    consumer.start()
    assert is_busy.wait(30)
    if not (child := os.fork()):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10)
        code = 1
        try:
            next(ends)
        except RuntimeError as error:
            code = 0 if "forked" in str(error) and len(ends.pending) == 1 else 2
            ends.close()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    go_on.set()
    consumer.join(60)
    assert os.waitstatus_to_exitcode(status) == 0
    assert [end.outcome for end in brought] == [settled.Outcome.SUCCEEDED]
