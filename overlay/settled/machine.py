"""Waiting in steps, in whatever loop, queue or workflow engine runs them.

    wait = machine.begin(job, timeout=900)
    while isinstance(step := machine.advance(wait), machine.Sleep):
        time.sleep(step.seconds)

`advance` polls when a poll is due, and says how long not to ask again; `advance_async` is the same for asyncio.
Between two steps `wait.to_json()` is a small value to keep, from which `Wait.from_json` goes on anywhere.

Who sends the polls otherwise asks the machine itself: `wait.next(now)` answers a `Poll` or a `Sleep`, and
`wait.received(reply, now)` or `wait.failed(error, now)` takes what came of a `poll`. It never looks at a clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self, TypeVar, Unpack

import attrs

from ._core import wait as _core
from ._core.job import Job
from ._core.options import WaitConfig, WaitOptions, known_options
from ._core.reply import Reply
from ._core.snapshot import Snapshot
from ._core.validate import described, number
from ._core.wait import Poll, Sleep
from ._core.wait_json import Now, wait_from_json, wait_to_json
from ._http import poll, poll_async
from ._run import clock as _clock
from ._run.step import step, step_async

__all__ = ["Poll", "Sleep", "Wait", "advance", "advance_async", "begin", "poll", "poll_async"]

B = TypeVar("B")

# A turn cannot be handed on: who comes back later has to queue anew, and might do so for ever.
_QUEUE_SECONDS = 10.0


class Wait(_core.Wait[B]):
    """A wait that can be kept between two steps, and goes on in another process."""

    __slots__ = ()

    def to_json(self, now: float | None = None, time_of_day: float | None = None) -> dict[str, Any]:
        """What `from_json` goes on from, in whatever process: a small value to keep, without the answers.

        Its moments are seconds since 1970. `now` is the moment by the clock that this wait goes by, and `time_of_day`
        the same in seconds since 1970; by default they are read from the clock that settled's own verbs go by.
        """
        return wait_to_json(self, _now(now, time_of_day))

    @classmethod
    def from_json(
        cls,
        state: Mapping[str, Any],
        job: Job[B],
        now: float | None = None,
        time_of_day: float | None = None,
        **options: Unpack[WaitOptions[B]],
    ) -> Self:
        """The wait whose `to_json` was given, for the same job: it keeps its deadline, its polls and its tally.

        A wait whose deadline has passed meanwhile makes one poll nevertheless. The options are those of `WaitOptions`,
        and replace what the wait began with; `on_poll`, and a schedule that is a function, have to be given anew.
        Times are as for `to_json`. If the clock was set back in between, the time that has passed is taken for none,
        and the wait polls now.

        Raises:
            ValueError: If the state is of another version or job, or malformed.
        """
        return wait_from_json(cls, state, job, _now(now, time_of_day), options)


def _now(moment: float | None, time_of_day: float | None) -> Now:
    clock = _clock.clock
    moment = clock.now() if moment is None else moment
    return Now(moment, (clock.time_of_day() if time_of_day is None else time_of_day) - moment)


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
            raise ValueError(f"started must be seconds since 1970, not {described(started)}")
        start = min(now, now - _clock.clock.time_of_day() + float(started))
    started_at = _clock.clock.time_of_day() - now + start
    config = WaitConfig(
        start=start, started_at=started_at, timeout=timeout, **known_options("begin", options, "started")
    )
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
