"""How a wait is left before its end: nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import settled
from settled import Snapshot, cortex_xsiam
from settled.simulator import Simulator, slow

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
        async with job.client:  # type: ignore[attr-defined]
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
    told = list(settled.watch(job, timeout=900))
    assert [snapshot.status for snapshot in told] == ["INITIATED", "PROCESSING", "FAILED"]
    assert told[-1].is_settled
    assert told[-1].polls > 3


def test_async_watch_yields_each_change(jobs: Jobs) -> None:
    """An async watch tells the same."""
    job = jobs(("INITIATED", 20), ("PROCESSING", 20), "FAILED")
    polled: list[str | None] = []

    async def note(snapshot: Snapshot[Any]) -> None:
        await asyncio.sleep(0)
        polled.append(snapshot.status)

    async def main() -> list[str | None]:
        async with job.client:  # type: ignore[attr-defined]
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
        async with job.client:  # type: ignore[attr-defined]
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
