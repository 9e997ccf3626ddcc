"""Waiting for many jobs, without doing it: whose turn it is when, and what came of it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Generic, NamedTuple, TypeVar

import attrs

from ._job import Job
from ._observer import new_observer
from ._rate_limiter import RateLimiter, rate_limiter_of
from ._reply import Reply
from ._snapshot import Snapshot
from ._terms import WaitConfig, WaitOptions
from ._wait import Poll, Sleep, Wait
from .errors import SettledError

B = TypeVar("B")

# How many polls of one client are under way at once, unless told otherwise.
CONCURRENCY = 20
# A request and an answer are some thousand bytes: beyond so many jobs of a client, memory counts more than time.
_MANY = 1000


class Turn(NamedTuple, Generic[B]):
    """Poll for a wait, and give it up after so many seconds."""

    wait: Wait[B]
    seconds: float


class Taken(NamedTuple, Generic[B]):
    """What came of a poll: the job's last snapshot if its wait has ended, and whether the next turn is earlier now."""

    end: Snapshot[B] | None = None
    is_earlier: bool = False


class Lane(Generic[B]):
    """The waits of one client, in the order in which they are due; `out` takes the last snapshot of who got no turn.

    Ask `next` whose turn it is, poll, and give `take` what came of it. Several turns may be under way at once.
    """

    def __init__(self, out: Callable[[Snapshot[B]], object]) -> None:
        self._out = out
        self._waits: dict[Job[B], Wait[B]] = {}
        self._waiting: list[Wait[B]] = []

    def add(self, wait: Wait[B]) -> bool:
        """Let a wait have its turns; false if an equal job is waited for already."""
        if wait.job in self._waits:
            return False
        self._waits[wait.job] = wait
        heapq.heappush(self._waiting, wait)
        return True

    def next(self, now: float) -> Turn[B] | Sleep:
        """Whose turn it is, or how long it is nobody's."""
        while self._waiting and self._waiting[0].due <= now:
            wait = self._waiting[0]
            try:
                if wait.is_overdue(now):
                    raise wait.give_up(now)
                step = wait.next(now)
            except SettledError as error:
                heapq.heappop(self._waiting)
                self._out(self._lost(wait, error, now))
                continue
            if isinstance(step, Poll):
                heapq.heappop(self._waiting)
                return Turn(wait, step.seconds)
            heapq.heapreplace(self._waiting, wait)
        return Sleep(self._waiting[0].due - now if self._waiting else math.inf)

    def take(self, wait: Wait[B], brought: Reply | SettledError, now: float) -> Taken[B]:
        """Take what a poll brought."""
        if wait.job not in self._waits:
            return Taken()
        try:
            if isinstance(brought, SettledError):
                wait.failed(brought, now)
            else:
                wait.received(brought, now)
        except SettledError as error:
            return Taken(self._lost(wait, error, now))
        if isinstance(brought, Reply) and brought.reading.outcome is not None:
            del self._waits[wait.job]
            return Taken(wait.snapshot(brought.reading, brought.raw))
        if len(self._waits) > _MANY:
            wait.shrink()
        heapq.heappush(self._waiting, wait)
        return Taken(is_earlier=self._waiting[0] is wait)

    def close(self) -> None:
        """Give up all waits, also those whose turn is under way."""
        for wait in self._waits.values():
            wait.close()
        self._waits.clear()
        self._waiting.clear()

    def _lost(self, wait: Wait[B], error: SettledError, now: float) -> Snapshot[B]:
        del self._waits[wait.job]
        return wait.ended_by(error, now)


class Lanes(Generic[B]):
    """All jobs of one `as_settled`: a lane for each client, by its rate limiter, and how many have not come out yet.

    Each call of `add` begins waits on the same terms, from that moment on.
    """

    def __init__(
        self,
        out: Callable[[Snapshot[B]], object],
        timeout: float | timedelta | None,
        concurrency: int,
        options: WaitOptions[B],
    ) -> None:
        self.unfinished = 0
        self._out = out
        self._terms = WaitConfig(start=0.0, timeout=timeout, concurrency=concurrency, **options)
        self._lanes: dict[RateLimiter, Lane[B]] = {}

    def add(self, jobs: Iterable[Job[B]], now: float) -> list[Lane[B]]:
        """Begin to wait for jobs; returns the lanes that have become longer. TypeError if one is no job."""
        terms = attrs.evolve(self._terms, start=now, observer=new_observer())
        longer: dict[Lane[B], None] = {}
        for job in _checked(jobs):
            limiter = rate_limiter_of(job.client)
            lane = self._lanes.get(limiter) or self._lanes.setdefault(limiter, Lane(self._out))
            if lane.add(Wait(job, terms)):
                self.unfinished += 1
                longer[lane] = None
        return list(longer)

    def close(self) -> None:
        """Give up all waits."""
        for lane in self._lanes.values():
            lane.close()


def _checked(jobs: Iterable[Any]) -> list[Job[Any]]:
    listed = list(jobs)
    for job in listed:
        if not isinstance(job, Job):
            raise TypeError(f"not a job: {job!r}")
    return listed
