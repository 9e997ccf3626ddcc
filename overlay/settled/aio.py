"""The same verbs as `settled` itself, with the same arguments, for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any, TypeVar, Unpack

from . import _clock
from ._inbox import Inbox
from ._job import Job
from ._lanes import CONCURRENCY
from ._reply import Reply
from ._settling_async import AsyncSettling
from ._snapshot import Reading, Snapshot
from ._terms import WaitConfig, WaitOptions
from ._turns import turn_async
from ._wait import Sleep, Wait

__all__ = ["AsyncSettling", "as_settled", "wait", "watch"]

B = TypeVar("B")


async def wait(
    job: Job[B], *, timeout: float | timedelta | None, wake: Inbox | None = None, **options: Unpack[WaitOptions[B]]
) -> Snapshot[B]:
    """Wait until a job has settled, as `settled.wait` does; `on_poll` may also be a coroutine function.

    `wake` is an inbox that a vendor's callbacks come into, as `agilesec.callback_app` has one: when the job's arrives
    it is polled at once, and until then only seldom. The callback itself is the snapshot's `callback`.
    """
    machine = Wait(job, WaitConfig(start=_clock.clock.now(), timeout=timeout, inbox=wake, **options))
    with contextlib.ExitStack() as stack:
        stack.enter_context(machine)
        alarm = None
        if wake is not None:
            alarm, loop = asyncio.Event(), asyncio.get_running_loop()
            stack.callback(wake.subscribe(job.id, functools.partial(loop.call_soon_threadsafe, alarm.set)))
        while (reply := await _poll_when_due(machine, alarm)).reading.outcome is None:
            pass
    return machine.snapshot(reply.reading, reply.raw)


def watch(
    job: Job[B], *, timeout: float | timedelta | None, **options: Unpack[WaitOptions[B]]
) -> AsyncIterator[Snapshot[B]]:
    """Yield a snapshot for every change of a job, the last one settled, as `settled.watch` does."""
    return _changes(Wait(job, WaitConfig(start=_clock.clock.now(), timeout=timeout, **options)))


def as_settled(
    jobs: Iterable[Job[B]],
    *,
    timeout: float | timedelta | None,
    concurrency: int = CONCURRENCY,
    **options: Unpack[WaitOptions[B]],
) -> AsyncSettling[B]:
    """Wait for many jobs, and yield each one's last snapshot as it settles, as `settled.as_settled` does."""
    return AsyncSettling(jobs, timeout, concurrency, options)


async def _changes(machine: Wait[B]) -> AsyncIterator[Snapshot[B]]:
    reading: Reading | None = None
    with machine:
        while reading is None or reading.outcome is None:
            reply = await _poll_when_due(machine)
            if reply.reading != reading:
                reading = reply.reading
                yield machine.snapshot(reading, reply.raw)


async def _poll_when_due(machine: Wait[Any], alarm: asyncio.Event | None = None) -> Reply:
    while isinstance(step := await turn_async(machine), Sleep):
        await _clock.clock.sleep_async(step.seconds, alarm)
    return step
