"""Waiting in steps, in whatever loop, queue or workflow engine runs them.

    wait = machine.begin(job, timeout=900)
    while isinstance(step := machine.advance(wait), machine.Sleep):
        time.sleep(step.seconds)

`advance` polls when a poll is due, and says how long not to ask again; `advance_async` is the same for asyncio.
Between two steps `wait.to_json()` is a small value to keep, from which `Wait.from_json` goes on anywhere.

Who sends the polls otherwise asks the machine itself: `wait.next(now)` answers a `Poll` or a `Sleep`, and is told what
came of a `poll` by `wait.received(reply, now)` or `wait.failed(error, now)`. It never looks at a clock.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, TypeVar, Unpack

import attrs

from . import _clock
from ._given import number
from ._http import poll, poll_async
from ._job import Job
from ._reply import Reply
from ._snapshot import Snapshot
from ._terms import WaitConfig, WaitOptions, known_options
from ._turns import step, step_async
from ._wait import Poll, Sleep, Wait

__all__ = ["Poll", "Sleep", "Wait", "advance", "advance_async", "begin", "poll", "poll_async"]

B = TypeVar("B")

# A turn cannot be handed on: who comes back later has to queue anew, and might do so for ever.
_QUEUE_SECONDS = 10.0


def begin(
    job: Job[B],
    *,
    timeout: float | timedelta | None,
    started: float | None = None,
    **options: Unpack[WaitOptions[B]],
) -> Wait[B]:
    """A wait to be advanced, which began at `started` (seconds since 1970; default now).

    The other arguments are those of `settled.wait`. A wait whose deadline has passed already makes one poll
    nevertheless. Close it, or use it as a context manager, when it is not to be advanced any more here: that gives back
    what it has reserved of the client's rate.

    Raises:
        ValueError: If an argument is out of its range.
    """
    now = _clock.clock.now()
    start = now
    if started is not None:
        if not math.isfinite(number("started", started)):
            raise ValueError(f"started must be seconds since 1970, not {started!r}")
        start = min(now, now - _clock.clock.time_of_day() + float(started))
    config = WaitConfig(start=start, timeout=timeout, **known_options("begin", options, "started"))
    return Wait(job, attrs.evolve(config, is_late=True) if config.deadline < now else config)


def advance(wait: Wait[B]) -> Snapshot[B] | Sleep:
    """Poll if that is due; return the last snapshot if the job has settled, or else how long there is nothing to do.

    It blocks for the poll, and for up to ten seconds for its turn among the polls of the client.

    Raises:
        SettledError: What `settled.wait` raises: WaitTimeout, if the deadline has passed, or why the job cannot be
            followed.
    """
    while _goes_on(wait, done := step(wait)):
        if isinstance(done, Sleep):
            _clock.clock.sleep(done.seconds)
    return done if isinstance(done, Sleep) else wait.snapshot(done.reading, done.raw)


async def advance_async(wait: Wait[B]) -> Snapshot[B] | Sleep:
    """The same for asyncio; `on_poll` may also be a coroutine function."""
    while _goes_on(wait, done := await step_async(wait)):
        if isinstance(done, Sleep):
            await _clock.clock.sleep_async(done.seconds)
    return done if isinstance(done, Sleep) else wait.snapshot(done.reading, done.raw)


def _goes_on(wait: Wait[Any], step: Reply | Sleep) -> bool:
    """Whether the next step is to be awaited here and now."""
    if isinstance(step, Sleep):
        return wait.is_queued and step.seconds <= _QUEUE_SECONDS
    return step.reading.outcome is None
