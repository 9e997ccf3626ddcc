"""The verbs of `settled` for asyncio, with the same names, arguments and results.

Each verb also takes `wake`, an inbox of callbacks: a callback ends the sleep before the next poll, which confirms what
it reports.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Generator, Iterable
from datetime import timedelta
from typing import Any, TypeVar, Unpack

from ._core.inbox import Inbox
from ._core.job import Job
from ._core.options import WaitOptions
from ._core.queue import CONCURRENCY
from ._core.reply import Reply
from ._core.snapshot import Reading, Snapshot
from ._core.wait import Sleep, Wait
from ._run import clock as _clock
from ._run.step import begin, step_async
from ._run.tasks import AsyncSettling

__all__ = ["AsyncSettling", "as_settled", "wait", "watch"]

B = TypeVar("B")


async def wait(
    job: Job[B], *, timeout: float | timedelta | None, wake: Inbox | None = None, **options: Unpack[WaitOptions[B]]
) -> Snapshot[B]:
    """Wait until a job has settled, as `settled.wait` does; `on_poll` may also be a coroutine function.

    `wake` is an inbox for a vendor's callbacks, such as that of `agilesec.callback_app`. The job is polled as soon as
    its callback arrives, and only rarely before. The callback itself is the snapshot's `callback`.
    """
    machine = begin(job, "wait", timeout, options, "wake", inbox=wake)
    with machine, _alarm_for(job, wake) as alarm:
        while (reply := await _poll_when_due(machine, alarm)).reading.outcome is None:
            pass
    return machine.snapshot(reply.reading, reply.raw)


def watch(
    job: Job[B], *, timeout: float | timedelta | None, wake: Inbox | None = None, **options: Unpack[WaitOptions[B]]
) -> AsyncGenerator[Snapshot[B], None]:
    """Yield a snapshot for each change of a job, the last one settled, as `settled.watch` does.

    `wake` is as in `wait`.
    """
    return _changes(begin(job, "watch", timeout, options, "wake", inbox=wake), wake)


def as_settled(
    jobs: Iterable[Job[B]],
    *,
    timeout: float | timedelta | None,
    concurrency: int = CONCURRENCY,
    wake: Inbox | None = None,
    **options: Unpack[WaitOptions[B]],
) -> AsyncSettling[B]:
    """Wait for many jobs, and yield the last snapshot of each as it settles, as `settled.as_settled` does.

    `on_poll` may also be a coroutine function. Each job is polled as soon as its callback arrives in `wake`, as
    in `wait`.
    """
    return AsyncSettling(jobs, timeout, concurrency, options, wake)


async def _changes(machine: Wait[B], wake: Inbox | None) -> AsyncGenerator[Snapshot[B], None]:
    reading: Reading | None = None
    with machine, _alarm_for(machine.job, wake) as alarm:
        while reading is None or reading.outcome is None:
            reply = await _poll_when_due(machine, alarm)
            # Readings compare by value: only a change is worth a snapshot.
            if reply.reading != reading:
                reading = reply.reading
                yield machine.snapshot(reading, reply.raw)


async def _poll_when_due(machine: Wait[Any], alarm: asyncio.Event | None) -> Reply:
    while isinstance(done := await step_async(machine), Sleep):
        await _clock.clock.sleep_async(done.seconds, alarm)
    return done


@contextlib.contextmanager
def _alarm_for(job: Job[Any], inbox: Inbox | None) -> Generator[asyncio.Event | None, None, None]:
    """An event that is set when a callback of the job arrives in the inbox; None if there is no inbox."""
    if inbox is None:
        yield None
        return
    alarm, loop = asyncio.Event(), _clock.running_loop()
    # A callback may arrive in another thread, where an event of asyncio must not be set.
    unsubscribe = inbox.subscribe(job.id, functools.partial(loop.call_soon_threadsafe, alarm.set))
    try:
        yield alarm
    finally:
        unsubscribe()
