"""One side that waits for very many jobs, alone in a fresh process, which prints its figures as a line of JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks import waiting_peers
from benchmarks.fake import Fake

_MOST_CATCHING_UP = 60.0

# Without a reference, the garbage collector could take a task.
_followed: list[asyncio.Future[Any]] = []


async def weigh(peer: str, *, jobs: int) -> dict[str, Any]:
    """The bytes that exist because so many jobs are waited for, each polled once or more."""
    fake = Fake(3600.0, keeps_time=False)
    run = await _warmed_up(peer, fake)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    await _begin(run, fake, jobs)
    # The loop throws the cancelled timers of polls away when it turns; the fake answers so fast that it has not yet.
    await asyncio.sleep(0.1)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return {"bytes": (after - before) / jobs}


async def time_polls(peer: str, *, jobs: int, period: float, seconds: float) -> dict[str, Any]:
    """How late the polls of so many jobs are, and how busy they keep the process, for some seconds."""
    fake = Fake(period, keeps_time=True)
    run = await _warmed_up(peer, fake)
    await _begin(run, fake, jobs)
    # First catch up with the polls that came due during the first round.
    caught_up_by = time.monotonic() + _MOST_CATCHING_UP
    while fake.is_behind and time.monotonic() < caught_up_by:
        await asyncio.sleep(0.5)
    begin, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    busy = (time.process_time() - cpu) / (time.monotonic() - begin)
    # What is due at the end may come late.
    await asyncio.sleep(1.0)
    lates = sorted(late for due, late in fake.late if begin <= due < begin + seconds)
    figures = {"p50": lates[len(lates) // 2], "p99": lates[len(lates) * 99 // 100], "polls": len(lates), "busy": busy}
    return figures | {"missed": fake.due_between(begin, begin + seconds)}


async def _warmed_up(peer: str, fake: Fake) -> waiting_peers.Run:
    run = waiting_peers.PEERS[peer](fake)
    await run([str(uuid.uuid4())])
    fake.status, fake.polls = b"processing", 0
    return run


async def _begin(run: waiting_peers.Run, fake: Fake, jobs: int) -> None:
    """Follow so many jobs from now on, and return when all of them have been polled and wait."""
    _followed.append(asyncio.ensure_future(run([str(uuid.uuid4()) for _ in range(jobs)])))
    while fake.waiting < jobs:
        if _followed[-1].done():
            _followed[-1].result()
        await asyncio.sleep(0.1)


_WORK: dict[str, Callable[..., Coroutine[Any, Any, dict[str, Any]]]] = {"weigh": weigh, "time": time_polls}


def main() -> None:
    """Run the measurement that the command line names, with the arguments that follow as JSON."""
    name, peer, load = sys.argv[1:]
    try:
        figures = asyncio.new_event_loop().run_until_complete(_WORK[name](peer, **json.loads(load)))
    except AttributeError as error:
        if not peer.startswith("settled"):
            raise
        figures = {"skipped": f"{type(error).__name__}: {error}"}
    print(json.dumps(figures), flush=True)
    os._exit(0)  # to cancel a hundred thousand tasks takes longer than all else


if __name__ == "__main__":
    main()
