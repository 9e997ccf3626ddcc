"""Waiting in steps, for any loop, queue or workflow engine.

    wait = machine.begin(job, timeout=900)
    while isinstance(step := machine.advance(wait), machine.Sleep):
        time.sleep(step.seconds)

`advance` polls if a poll is due, and otherwise returns how long to sleep; `advance_async` does the same for asyncio.
Between two steps, `wait.to_json()` returns a small value to store, and `Wait.from_json` resumes from it in any process.

To send the polls yourself, drive the state machine: `wait.next(now)` returns a `Poll` or a `Sleep`, and
`wait.received(reply, now)` or `wait.failed(error, now)` takes the result of a `poll`. The machine never reads a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar, Unpack, cast

import attrs

from ._core import wait as _core
from ._core.job import Job
from ._core.options import WaitConfig, WaitOptions, known_options
from ._core.reply import Reply
from ._core.snapshot import Snapshot
from ._core.validate import described, number
from ._core.wait import Poll, Sleep
from ._core.wait_json import Now, wait_from_json, wait_to_json
from ._http.send import poll, poll_async
from ._run import clock as _clock
from ._run.step import step, step_async

__all__ = ["Poll", "Sleep", "Wait", "advance", "advance_async", "begin", "poll", "poll_async"]

B = TypeVar("B")
C = TypeVar("C")

# A place in the client's queue cannot be saved: a caller that left at once might queue anew for ever.
_QUEUE_SECONDS = 10.0


class Wait(_core.Wait[B]):
    """A wait that can be saved between two steps, and resumed in another process."""

    __slots__ = ()

    def to_json(self, now: float | None = None, time_of_day: float | None = None) -> dict[str, Any]:
        """Return a small JSON value, without replies, from which `from_json` resumes in any process.

        Its times are seconds since 1970. `now` is the current time on the clock that drives this wait, and
        `time_of_day` the same moment in seconds since 1970; by default, both come from Settled's own clock.
        """
        return wait_to_json(self, _now(now, time_of_day))

    @classmethod
    def from_json(
        cls,
        state: Mapping[str, Any],
        job: Job[C],
        now: float | None = None,
        time_of_day: float | None = None,
        **options: Unpack[WaitOptions[C]],
    ) -> Wait[C]:
        """Resume the wait that `to_json` saved, for the same job, with its deadline, polls and tally.

        A wait whose deadline has passed meanwhile still makes one poll. The options are those of `WaitOptions`, and
        replace those that the wait began with; pass `on_poll`, and a schedule that is a function, again. Times are as
        for `to_json`. If the clock was set back in between, no time counts as passed, and the wait polls now.

        Raises:
            ValueError: If the state is malformed, or of another version or job.
        """
        # The type of the wait is the job's, so that nobody has to write it twice.
        return wait_from_json(cast("type[Wait[C]]", cls), state, job, _now(now, time_of_day), options)


def _now(moment: float | None, time_of_day: float | None) -> Now:
    clock = _clock.clock
    moment = clock.now() if moment is None else moment
    return Now(moment, (clock.time_of_day() if time_of_day is None else time_of_day) - moment)


def begin(
    job: Job[B], *, timeout: float | timedelta | None, started: float | None = None, **options: Unpack[WaitOptions[B]]
) -> Wait[B]:
    """Begin a wait for `advance`; `started` is when it began (seconds since 1970; default now).

    The other arguments are those of `settled.wait`. A wait whose deadline has passed already still makes one poll.
    Close the wait, or use it as a context manager, when this process stops advancing it: that releases what it has
    reserved of the client's rate.

    Raises:
        ValueError: If an argument is out of its range.
    """
    now = _clock.clock.now()
    start = now
    if started is not None:
        if not math.isfinite(number("started", started)):
            raise ValueError(f"started must be seconds since 1970, not {described(started)}")
        # A clock that was set back must not move the start into the future.
        start = min(now, now - _clock.clock.time_of_day() + float(started))
    started_at = _clock.clock.time_of_day() - now + start
    config = WaitConfig(
        start=start, started_at=started_at, timeout=timeout, **known_options("begin", options, "started")
    )
    # A late wait may make one poll: the job may have settled while nobody polled it.
    return Wait(job, attrs.evolve(config, is_late=True) if config.deadline < now else config)


def advance(wait: Wait[B]) -> Snapshot[B] | Sleep:
    """Poll if a poll is due; return the last snapshot if the job has settled, or else how long to sleep.

    Blocks for the poll, and for up to ten seconds for its turn in the client's queue.

    Raises:
        SettledError: As `settled.wait` does: WaitTimeout after the deadline, or the reason why the job cannot be
            followed.
    """
    while _continues(wait, done := step(wait)):
        if isinstance(done, Sleep):
            _clock.clock.sleep(done.seconds)
    return done if isinstance(done, Sleep) else wait.snapshot(done.reading, done.raw)


async def advance_async(wait: Wait[B]) -> Snapshot[B] | Sleep:
    """Do as `advance` does, for asyncio; `on_poll` may also be a coroutine function."""
    while _continues(wait, done := await step_async(wait)):
        if isinstance(done, Sleep):
            await _clock.clock.sleep_async(done.seconds)
    return done if isinstance(done, Sleep) else wait.snapshot(done.reading, done.raw)


def _continues(wait: Wait[Any], step: Reply | Sleep) -> bool:
    """Whether to take the next step here, before returning to the caller."""
    if isinstance(step, Sleep):
        return wait.is_queued and step.seconds <= _QUEUE_SECONDS
    return step.reading.outcome is None
