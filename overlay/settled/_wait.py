"""Waiting for one job, without doing it: a state machine that says what to do next and is told what came of it."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, Literal, NamedTuple, TypedDict, TypeVar

from ._http import MAX_POLL_SECONDS, Reply
from ._inbox import Inbox
from ._job import Job, snapshot
from ._pacer import pacer_of
from ._schedule import Schedule, Timing
from ._snapshot import Reading, Snapshot
from .errors import (
    ApiError,
    MalformedResponse,
    NotFound,
    RateLimited,
    SettledError,
    TransportError,
    UnknownStatus,
    WaitTimeout,
)

B = TypeVar("B")
Unknown = Literal["wait", "raise"]

# A poll may end this much after the deadline, so that the one sent just before it can still be answered.
GRACE_SECONDS = 0.1
# Servers ask for pauses of hours, by mistake or by a wrong clock.
MAX_PAUSE_SECONDS = 300.0

# A callback may never come, so the job is polled all the same, but seldom.
_UNTIL_CALLED_BACK = Schedule(first=15, factor=1.5, cap=300)
_BACK_OFF = Schedule(first=0.5, factor=2, cap=30, jitter=0.25)
_TRANSIENT_STATUS_CODES = frozenset({408, 425, 429})

_logger = logging.getLogger("settled")
_warned: set[tuple[str, str]] = set()


class Poll(NamedTuple):
    """Poll now, and give it up after so many seconds."""

    seconds: float


class Sleep(NamedTuple):
    """Do nothing for so many seconds."""

    seconds: float


class WaitOptions(TypedDict, Generic[B], total=False):
    """What every waiting verb takes besides the job and its timeout.

    `schedule` says when to poll next (default: `Schedule()`). `on_poll` is called with every snapshot. A status word
    that nobody listed is taken for running, with one warning, or raised as UnknownStatus if `unknown` is "raise".
    After `max_failures` failed polls in a row (default 10) the last failure is raised.
    """

    schedule: Timing | None
    on_poll: Callable[[Snapshot[B]], object] | None
    unknown: Unknown
    max_failures: int


class Wait(Generic[B]):
    """The state of one wait.

    Ask `next` what to do, and do it; tell what a poll brought with `received` or `failed`; ask again. All times are
    seconds of one monotonic clock, which the caller reads. `changed` tells whether the latest snapshot is any different
    from the one before.
    """

    def __init__(
        self,
        job: Job[B],
        *,
        now: float,
        timeout: float | timedelta | None,
        schedule: Timing | None = None,
        on_poll: Callable[[Snapshot[B]], object] | None = None,
        unknown: Unknown = "wait",
        max_failures: int = 10,
        wake: Inbox | None = None,
    ) -> None:
        if unknown not in ("wait", "raise"):
            raise ValueError(f"unknown must be 'wait' or 'raise', not {unknown!r}")
        if max_failures < 1:
            raise ValueError(f"max_failures must be 1 or more, not {max_failures!r}")
        self.job = job
        self.on_poll = on_poll
        self.changed = False
        self.last: Snapshot[B] | None = None
        self.polls = 0
        self.seen: Counter[str] = Counter()
        self._timeout = _seconds(timeout)
        self._schedule = schedule or (Schedule() if wake is None else _UNTIL_CALLED_BACK)
        self._wake = wake
        self._polls_before_waking = 0
        self._unknown = unknown
        self._max_failures = max_failures
        self._pacer = pacer_of(job.client)
        self._start = now
        self._deadline = now + self._timeout
        self._due = now
        self._slot: float | None = None
        self._asked = now
        self._told = -math.inf
        self._answer_time = 0.0
        self._asked_for_the_last_time = False
        self._reading: Reading | None = None
        self._failures = 0
        self._failure: SettledError | None = None

    def next(self, now: float) -> Poll | Sleep:
        """What to do next, while the job has not settled.

        Raises:
            WaitTimeout: If the deadline has passed, and one last poll was made.
        """
        if self._is_over():
            raise self._learnt(WaitTimeout(self._timeout_message())) from self._failure
        # The last poll leaves as early as the answers take, to be answered by the deadline.
        last_call = self._deadline - self._answer_time
        due = min(self._due, last_call)
        if now < due:
            return Sleep(due - now)
        if self._slot is None or self._slot < self._pacer.paused_until:
            self._slot = self._pacer.reserve(now)
        slot = min(self._slot, last_call)
        if now < slot:
            return Sleep(slot - now)
        self._slot = None
        self._asked = now
        self._asked_for_the_last_time = now >= last_call
        self.polls += 1
        return Poll(min(MAX_POLL_SECONDS, max(self._deadline - now, 0.0) + GRACE_SECONDS))

    def received(self, reply: Reply, now: float) -> Snapshot[B]:
        """Take a poll's answer.

        Raises:
            UnknownStatus: If nobody listed the status, and the wait is not to go on with such a one.
        """
        self._told = now
        self._answer_time = now - self._asked
        self._failures, self._failure = 0, None
        self.changed = self._reading != reply.reading
        self._reading = reply.reading
        elapsed = now - self._start
        callback = None if self._wake is None else self._wake.get(self.job.id)
        self.last = snapshot(self.job, reply.reading, reply.raw, polls=self.polls, elapsed=elapsed, callback=callback)
        self.seen.update([_label(reply.reading)])
        if not self.last.is_settled:
            if not self.last.is_known:
                self._meet_unknown(self.last)
            self._due = now + self._interval(now)
        return self.last

    def woken(self, now: float) -> None:
        """Take a callback: the job is worth a poll at once, and from now on as often as without callbacks."""
        if self._schedule is _UNTIL_CALLED_BACK:
            self._schedule = Schedule()
            self._polls_before_waking = self.polls
        self._due = now

    def failed(self, error: SettledError, now: float) -> None:
        """Take a poll's failure.

        Raises:
            SettledError: The error itself, if it will not pass by itself, or was one too many in a row.
        """
        self._told = now
        self._failures += 1
        self._failure = error
        back_off = _BACK_OFF(self._failures, 0.0)
        retry_after = error.retry_after if isinstance(error, ApiError) else None
        if retry_after is not None or isinstance(error, RateLimited):
            self._pacer.pause(now + min(back_off if retry_after is None else retry_after, MAX_PAUSE_SECONDS))
        if not self._may_pass(error, now) or self._failures >= self._max_failures:
            raise self._learnt(error)
        self._due = now + max(self._interval(now), back_off)
        _logger.debug("%s: %s; polling again", self.job.ref, error)

    def _is_over(self) -> bool:
        grace = GRACE_SECONDS if self._asked_for_the_last_time else 0.0
        return self._told >= self._deadline - grace

    def _may_pass(self, error: SettledError, now: float) -> bool:
        if isinstance(error, NotFound):
            return self.last is None and now - self._start < self.job.kind.not_found_grace
        if isinstance(error, ApiError):
            return error.status_code in _TRANSIENT_STATUS_CODES or error.status_code >= 500
        return isinstance(error, MalformedResponse) or (isinstance(error, TransportError) and error.may_pass)

    def _interval(self, now: float) -> float:
        interval = self._schedule(self.polls - self._polls_before_waking, now - self._start)
        if not interval >= 0:
            raise ValueError(f"the schedule answered {interval!r}, which is no number of seconds to wait")
        return interval

    def _meet_unknown(self, snapshot: Snapshot[B]) -> None:
        kind = self.job.kind
        words = [snapshot.status, *(part.status for part in snapshot.parts.values())]
        unknown = next(word for word in words if word is not None and not kind.knows(word))[:80]
        if self._unknown == "raise":
            raise self._learnt(UnknownStatus(f"{self.job.ref} has the status {unknown!r}, which nobody listed"))
        if (kind.name, unknown) not in _warned and len(_warned) < 1000:
            _warned.add((kind.name, unknown))
            _logger.warning("%s: a status nobody listed, %r; it is taken for running", kind.name, unknown)

    def _learnt(self, error: SettledError) -> SettledError:
        error.ref, error.last, error.seen = self.job.ref, self.last, dict(self.seen)
        if not isinstance(error, WaitTimeout):
            error.add_note(f"{self.job.ref}: {self._tally()}")
        return error

    def _timeout_message(self) -> str:
        return f"{self.job.ref} had not settled after {self._timeout:g} s: {self._tally()}"

    def _tally(self) -> str:
        last = "no status was read" if self._reading is None else f"the last status was {_label(self._reading)}"
        counted = ", ".join(f"{count} {status}" for status, count in self.seen.items())
        return f"{last} ({self.polls} polls{': ' if counted else ''}{counted})"


def _label(reading: Reading) -> str:
    if reading.status is not None:
        return reading.status
    return ", ".join(f"{count} {word}" for word, count in sorted(reading.words.items())) or "none yet"


def _seconds(timeout: float | timedelta | None) -> float:
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else math.inf if timeout is None else timeout
    if not seconds >= 0:
        raise ValueError(f"timeout must be seconds, a timedelta or None, and not negative: {timeout!r}")
    return float(seconds)
