"""The same verbs as `settled` itself, with the same arguments, for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TypeVar, Unpack

from . import _clock
from ._http import poll_async
from ._inbox import Inbox
from ._job import Job
from ._snapshot import Snapshot
from ._wait import Sleep, Wait, WaitOptions
from .errors import SettledError

__all__ = ["wait", "watch"]

B = TypeVar("B")


async def wait(
    job: Job[B], *, timeout: float | timedelta | None, wake: Inbox | None = None, **options: Unpack[WaitOptions[B]]
) -> Snapshot[B]:
    """Wait until a job has settled, as `settled.wait` does; `on_poll` may also be a coroutine function.

    `wake` is an inbox that a vendor's callbacks come into, as `agilesec.callback_app` has one: when the job's arrives
    it is polled at once, and until then only seldom. The callback itself is the snapshot's `callback`.
    """
    machine = Wait(job, now=_clock.clock.now(), timeout=timeout, wake=wake, **options)
    called_back = asyncio.Event()
    with contextlib.ExitStack() as stack:
        if wake is not None:
            loop = asyncio.get_running_loop()
            stack.callback(wake.subscribe(job.id, lambda: loop.call_soon_threadsafe(called_back.set)))
        while not (snapshot := await _poll_when_due(machine, called_back)).is_settled:
            pass
    return snapshot


def watch(
    job: Job[B], *, timeout: float | timedelta | None, **options: Unpack[WaitOptions[B]]
) -> AsyncIterator[Snapshot[B]]:
    """Yield a snapshot for every change of a job, the last one settled, as `settled.watch` does."""
    return _changes(Wait(job, now=_clock.clock.now(), timeout=timeout, **options))


async def _changes(machine: Wait[B]) -> AsyncIterator[Snapshot[B]]:
    settled = False
    while not settled:
        snapshot = await _poll_when_due(machine)
        settled = snapshot.is_settled
        if machine.changed:
            yield snapshot


async def _poll_when_due(machine: Wait[B], called_back: asyncio.Event | None = None) -> Snapshot[B]:
    clock = _clock.clock
    while True:
        step = machine.next(clock.now())
        if isinstance(step, Sleep):
            await clock.sleep_async(step.seconds, unless=called_back)
            if called_back is not None and called_back.is_set():
                called_back.clear()
                machine.woken(clock.now())
            continue
        try:
            reply = await poll_async(machine.job, step.seconds)
        except SettledError as error:
            machine.failed(error, clock.now())
            continue
        snapshot = machine.received(reply, clock.now())
        if machine.on_poll is not None and inspect.isawaitable(told := machine.on_poll(snapshot)):
            await told
        return snapshot
