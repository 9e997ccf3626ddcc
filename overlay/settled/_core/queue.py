"""Waiting for many jobs, without doing it: which poll is due, whether it takes another worker, and what came out.

A `Batch` is the state of one `as_settled`. It does no I/O, starts nothing, and reads no clock. A worker (a thread or a
task) asks `next` for a poll that is due, does it, gives `take` what came of it, and then `release`s the wait. Whoever
iterates calls `pop`, which also gives up the jobs that no worker had time for. So a silent server, which keeps all
workers waiting, cannot make the others late.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Generic, NamedTuple, TypeVar

import attrs

from ..errors import SettledError
from .inbox import Inbox
from .job import Job, check_job
from .observer import new_observer
from .options import WaitConfig, WaitOptions, known_options
from .rate_limit import RateLimiter, rate_limiter_of
from .reply import Reply
from .snapshot import Snapshot
from .validate import described
from .wait import GRACE_SECONDS, Poll, Sleep, Wait

B = TypeVar("B")

# How many polls of one client are under way at once by default.
CONCURRENCY = 20
# A request and an answer are some thousand bytes: beyond so many jobs of a client, memory counts more than time.
_MANY = 1000
_MANY_OVERDUE = 100
# A poll ends `GRACE_SECONDS` after the deadline; one that has not is not waited for (a name server is silent, too).
_ABANDONED_SECONDS = 2.5 * GRACE_SECONDS


class Due(NamedTuple, Generic[B]):
    """Poll for a wait now, and give the poll up after so many seconds."""

    wait: Wait[B]
    seconds: float


class PollResult(NamedTuple, Generic[B]):
    """What came of a poll: the snapshot for `on_poll`, and the job's last one if its wait has ended."""

    answer: Snapshot[B] | None = None
    end: Snapshot[B] | None = None


class Batch(Generic[B]):
    """All jobs of one `as_settled`, of whatever clients; each call of `add` begins waits from that moment on.

    Of each client no more than `concurrency` polls are under way at once. Threads that share a batch need a lock.
    """

    def __init__(
        self, timeout: float | timedelta | None, concurrency: int, options: WaitOptions[B], inbox: Inbox | None = None
    ) -> None:
        self.is_closed = False
        self.error: BaseException | None = None
        self._config = WaitConfig(
            start=0.0,
            timeout=timeout,
            concurrency=concurrency,
            inbox=inbox,
            **known_options("as_settled", options, "concurrency"),
        )
        # The jobs that have not come out; None in place of the wait if it has ended.
        self._waits: dict[Job[B], Wait[B] | None] = {}
        self._ended: deque[Snapshot[B]] = deque()
        self._waiting: list[Wait[B]] = []
        self._under_way: set[Wait[B]] = set()
        self._woken: set[Wait[B]] = set()
        self._clients: dict[RateLimiter, _Client[B]] = {}
        # In order, as all waits have the same timeout.
        self._by_deadline: deque[Wait[B]] = deque()
        self._late: list[tuple[float, Wait[B]]] = []
        self._workers = self._idle = 0

    @property
    def pending(self) -> tuple[str, ...]:
        """The refs of the jobs that have not come out."""
        return tuple(job.ref for job in self._waits)

    @property
    def is_over(self) -> bool:
        """Whether there is no more work to be done."""
        return self.is_closed or self.error is not None

    @property
    def is_done(self) -> bool:
        """Whether nothing more comes out."""
        return self.is_over or not self._waits

    @property
    def has_ended(self) -> bool:
        """Whether a job can come out."""
        return bool(self._ended)

    def add(self, jobs: Iterable[Job[B]], now: float, time_of_day: float | None = None) -> list[Job[B]]:
        """Begin to wait for jobs, and return those that are new.

        Raises:
            TypeError: If one is no job.
            RuntimeError: If the batch is closed.
        """
        if self.is_over:
            raise RuntimeError("the iteration is over: as_settled takes no more jobs")
        config = attrs.evolve(self._config, start=now, started_at=time_of_day, observer=new_observer())
        # A set would lose the order.
        new = [job for job in dict.fromkeys(job_list(jobs)) if job not in self._waits]
        for job in new:
            wait = self._waits[job] = Wait(job, config)
            heapq.heappush(self._waiting, wait)
            self._client(wait)
            if config.deadline < math.inf:
                self._by_deadline.append(wait)
        if len(self._by_deadline) > 2 * len(self._waits) + _MANY:
            self._by_deadline = deque(filter(self._is_open, self._by_deadline))
        return new

    def close(self) -> None:
        """Give up all waits, also those whose poll is under way; `pending` goes on to name them."""
        self.is_closed = True
        for wait in self._waits.values():
            if wait is not None:
                wait.close()
        self._waiting.clear()
        self._clients.clear()

    # What workers ask for and report.

    @property
    def wants_worker(self) -> bool:
        """Whether one more worker would find something to do: no other is idle, and another poll may be under way."""
        enough = self._config.concurrency * len(self._clients)
        return not self.is_over and self._idle <= 0 and self._workers < enough and bool(self._waiting)

    def worker_started(self) -> None:
        """Count one more worker, as idle."""
        self._workers += 1
        self._idle += 1

    def worker_ended(self) -> None:
        """Count one idle worker less."""
        self._workers -= 1
        self._idle -= 1

    def next(self, now: float) -> Due[B] | Sleep:
        """The poll that is due, which keeps its worker busy until `release`; or how long there is none."""
        overdue = 0
        while self._waiting and self._waiting[0].due <= now:
            wait = heapq.heappop(self._waiting)
            client = self._client(wait)
            if wait.is_overdue(now):
                # The consumer gives it up, or has done so already; very many are sorted out at once.
                if (overdue := overdue + 1) == _MANY_OVERDUE:
                    self._waiting = [other for other in self._waiting if not other.is_overdue(now)]
                    heapq.heapify(self._waiting)
                self._unpark(client)
                continue
            if client.polls >= self._config.concurrency:
                heapq.heappush(client.parked, wait)
                continue
            try:
                step = wait.next(now)
            except SettledError as error:
                self._waits[wait.job] = None
                self._ended.append(wait.ended_by(error, now))
                self._unpark(client)
                continue
            if isinstance(step, Poll):
                client.polls += 1
                self._under_way.add(wait)
                self._idle -= 1
                return Due(wait, step.seconds)
            heapq.heappush(self._waiting, wait)
            self._unpark(client)
        return Sleep(self._waiting[0].due - now if self._waiting else math.inf)

    def take(self, wait: Wait[B], result: Reply | SettledError, now: float) -> PollResult[B]:
        """Take what a poll brought; nothing comes of it if the wait has been given up in the meantime."""
        if self.is_closed or not self._is_open(wait):
            return PollResult()
        try:
            if isinstance(result, SettledError):
                wait.failed(result, now)
                return PollResult()
            wait.received(result, now)
        except SettledError as error:
            answer = self._answer(wait, result) if isinstance(result, Reply) else None
            self._waits[wait.job] = None
            return PollResult(answer, wait.ended_by(error, now))
        if result.reading.outcome is None:
            return PollResult(self._answer(wait, result))
        # From here on it does not matter how long `on_poll` takes.
        self._waits[wait.job] = None
        return PollResult(self._answer(wait, result), wait.snapshot(result.reading, result.raw))

    def release(self, wait: Wait[B], end: Snapshot[B] | None, now: float) -> bool:
        """Let a wait go on after a poll, or come out, and its worker be idle; whether another poll is earlier now."""
        self._under_way.discard(wait)
        self._idle += 1
        if self.is_closed:
            return False
        first = self._waiting[0] if self._waiting else None
        client = self._client(wait)
        client.polls -= 1
        self._unpark(client)
        if end is not None:
            self._ended.append(end)
        elif self._is_open(wait):
            if wait in self._woken:
                self._woken.discard(wait)
                wait.due = now
            if wait.is_overdue(now):
                self._waits[wait.job] = None
                self._ended.append(wait.ended_by(wait.give_up(now), now))
                return False
            if len(self._waits) > _MANY:
                wait.shrink()
            heapq.heappush(self._waiting, wait)
        return bool(self._waiting) and self._waiting[0] is not first

    def fail(self, error: BaseException) -> None:
        """Take what has ended a worker, for the consumer; the first such error counts."""
        if self.error is None:
            self.error = _raisable(error)

    def end_of_iteration(self, stop: type[Exception]) -> BaseException:
        """What ends the iteration: once what has ended a worker, and `stop` otherwise."""
        error, self.error = self.error, None
        return stop() if error is None else error

    def wake(self, job: Job[B], now: float) -> None:
        """Let a job be polled now, as its callback has come."""
        wait = self._waits.get(job)
        if wait is None or self.is_closed:
            return
        if wait in self._under_way:
            self._woken.add(wait)
        elif wait.due > now:
            wait.due = now
            heapq.heapify(self._waiting)

    # What the consumer asks for.

    def pop(self, now: float) -> Snapshot[B] | None:
        """The last snapshot of the next job to come out; None if there is none yet."""
        if self.is_closed:
            return None
        if self._ended:
            end = self._ended.popleft()
            del self._waits[end.job]
            return end
        wait = None if self.is_over else self._overdue(now)
        if wait is None:
            return None
        del self._waits[wait.job]
        return wait.ended_by(wait.give_up(now), now)

    def expires_in(self, now: float) -> float:
        """In how many seconds to call `pop` again, even if no worker reports anything."""
        moments = [self._by_deadline[0].config.deadline] if self._by_deadline else []
        moments += [self._late[0][0]] if self._late else []
        return max(min(moments, default=math.inf) - now, 0.0)

    def _overdue(self, now: float) -> Wait[B] | None:
        """A wait whose deadline has passed and that no worker polls; None if there is none."""
        while self._by_deadline and self._by_deadline[0].config.deadline <= now:
            if self._is_overdue(wait := self._by_deadline.popleft(), now):
                return wait
        while self._late and self._late[0][0] <= now:
            if self._is_overdue(wait := heapq.heappop(self._late)[1], now):
                return wait
        return None

    def _is_overdue(self, wait: Wait[B], now: float) -> bool:
        """Whether to give a wait up now; if that may be necessary later, it is looked at again then."""
        if not self._is_open(wait):
            return False
        moment = wait.config.deadline + _ABANDONED_SECONDS if wait in self._under_way else wait.overdue_at
        if moment > now:
            heapq.heappush(self._late, (moment, wait))
        return moment <= now

    def _answer(self, wait: Wait[B], reply: Reply) -> Snapshot[B] | None:
        return None if wait.config.on_poll is None else wait.snapshot(reply.reading, reply.raw)

    def _unpark(self, client: _Client[B]) -> None:
        if client.parked and client.polls < self._config.concurrency:
            heapq.heappush(self._waiting, heapq.heappop(client.parked))

    def _is_open(self, wait: Wait[B]) -> bool:
        return self._waits.get(wait.job) is wait

    def _client(self, wait: Wait[B]) -> _Client[B]:
        limiter = rate_limiter_of(wait.job.client)
        return self._clients.get(limiter) or self._clients.setdefault(limiter, _Client())


class _Client(Generic[B]):
    """How many polls of a client are under way, and the waits that are due but have to wait for one of them."""

    __slots__ = ("parked", "polls")

    def __init__(self) -> None:
        self.polls = 0
        self.parked: list[Wait[B]] = []


def job_list(jobs: Iterable[Any]) -> list[Job[Any]]:
    """The jobs as a list; TypeError if they are none, or one alone."""
    if isinstance(jobs, Job):
        raise TypeError(f"jobs must be an iterable of jobs, not one job: {jobs.ref:.80}")
    # A text may be a secret, in the wrong place.
    if isinstance(jobs, str) or not isinstance(jobs, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"jobs must be an iterable of jobs, not {described(jobs)}")
    found = list(jobs)
    for job in found:
        check_job(job)
    return found


def _raisable(error: BaseException) -> BaseException:
    # The consumer would take these for the end of the iteration, as Python says of generators (PEP 479).
    if not isinstance(error, StopIteration | StopAsyncIteration):
        return error
    raised = RuntimeError(f"on_poll or the schedule raised {type(error).__name__}")
    raised.__cause__ = error
    return raised
