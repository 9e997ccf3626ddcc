"""Waiting for one job, without doing it: a state machine that says what to do next and is told what came of it."""

from __future__ import annotations

import functools
import json
import logging
import math
from collections import Counter
from typing import Any, Generic, NamedTuple, TypeVar

import httpx

from ._http import MAX_POLL_SECONDS, Reply
from ._job import Job, snapshot
from ._pacer import pacer_of
from ._schedule import Schedule
from ._snapshot import Reading, Snapshot
from ._terms import Terms
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

# A poll may end this much after the deadline, so that the one sent just before it can still be answered.
GRACE_SECONDS = 0.1
# A moment missed by more than this, or by more than the polls are apart, is reserved anew.
_LATE_SECONDS = 0.05
# Servers ask for pauses of hours, by mistake or by a wrong clock.
MAX_PAUSE_SECONDS = 300.0

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


class Wait(Generic[B]):
    """The state of one wait, as little as there can be: a hundred thousand of them may be waiting.

    Ask `next` what to do, and do it; tell what a poll brought with `received` or `failed`; ask again. All times are
    seconds of one monotonic clock, which the caller reads. `due` is the moment before which `next` need not be asked
    again, `request` what to send again.
    """

    __slots__ = (
        "_asked",
        "_booked",
        "_content",
        "_failure",
        "_failures",
        "_is_last_call",
        "_read_at",
        "_slot",
        "_tally",
        "_told",
        "_wanted",
        "due",
        "job",
        "polls",
        "request",
        "terms",
    )

    def __init__(self, job: Job[B], terms: Terms[B]) -> None:
        self.job = job
        self.terms = terms
        self.due = terms.start
        self.polls: int = 0
        self.request: httpx.Request | None = None
        self._wanted = terms.start
        self._slot: float | None = None
        self._booked: float | None = None
        self._asked = terms.start
        self._is_last_call = False
        self._told = -math.inf
        self._failures = 0
        self._failure: SettledError | None = None
        self._content: bytes | None = None
        self._read_at = terms.start
        self._tally: tuple[tuple[str, int], ...] = ()

    def __lt__(self, other: Wait[Any]) -> bool:
        return self.due < other.due

    def next(self, now: float) -> Poll | Sleep:
        """What to do next, while the job has not settled.

        Raises:
            WaitTimeout: If the deadline has passed, and the last poll was as close to it as the client's rate allows.
        """
        deadline = self.terms.deadline
        if self._told >= deadline - (GRACE_SECONDS if self._is_last_call else 0.0):
            raise self.give_up()
        if (callback := self.terms.latest_callback(self.job)) != self.terms.callback:
            self.terms = self.terms.called_back(callback, self.polls)
            self._wanted = now
        last_call = deadline if self._booked is None else self._booked
        moment = self._moment(now, last_call)
        if now < moment:
            self.due = moment
            return Sleep(moment - now)
        self._is_last_call = now >= last_call
        self._slot = None
        self._asked = now
        self.polls += 1
        return Poll(min(MAX_POLL_SECONDS, max(deadline - now, 0.0) + GRACE_SECONDS))

    def received(self, reply: Reply, now: float) -> None:
        """Take a poll's answer.

        Raises:
            UnknownStatus: If nobody listed the status, and the wait is not to go on with such a one.
        """
        reading, elapsed = reply.reading, self._read_at - self.terms.start
        pacer_of(self.job.client).answer_seconds = now - self._asked
        self._failures, self._failure = 0, None
        self.request = reply.request
        was_running, self._content = self._content is not None, reply.content
        self._tally = _counted(self._tally, _label(reading))
        self._read_at = now
        if reading.outcome is None:
            self._meet(reading)
            self._go_on(now)
        else:
            self.close()
            if was_running:
                self.terms.learn(elapsed, now - self.terms.start)

    def failed(self, error: SettledError, now: float) -> None:
        """Take a poll's failure.

        Raises:
            SettledError: The error itself, if it will not pass by itself, or was one too many in a row.
        """
        self._failures += 1
        self._failure = error
        back_off = _BACK_OFF(self._failures, 0.0)
        retry_after = error.retry_after if isinstance(error, ApiError) else None
        if retry_after is not None or isinstance(error, RateLimited):
            pause = min(back_off if retry_after is None else retry_after, MAX_PAUSE_SECONDS)
            pacer_of(self.job.client).pause(now + pause)
        if not self._may_pass(error, now) or self._failures >= self.terms.max_failures:
            raise self._learnt(error)
        self._go_on(now, at_least=back_off)
        _logger.debug("%s: %s; polling again", self.job.ref, error)

    def shrink(self) -> None:
        """Keep less until the next poll: no request to send again, and of the latest answer only what is special."""
        self.request = None
        if self._content is not None:
            self._content = self.terms.answers.squeezed(self.job.kind.name, self._content)

    def is_overdue(self, now: float) -> bool:
        """Whether the deadline has passed so long ago that another poll would be a late one."""
        return self.polls > 0 and now > self.terms.deadline + 2 * GRACE_SECONDS

    def give_up(self) -> SettledError:
        """The error that ends the wait at its deadline, with all that was learnt."""
        message = f"{self.job.ref} had not settled after {self.terms.timeout:g} s: {self._summary()}"
        error = self._learnt(WaitTimeout(message))
        error.__cause__ = self._failure
        return error

    def close(self) -> None:
        """Give back what was booked for a poll that will not be made."""
        if self._booked is not None:
            pacer_of(self.job.client).release(self._booked, concurrency=self.terms.concurrency)
            self._booked = None

    @property
    def seen(self) -> dict[str, int]:
        """How often each status was read."""
        return dict(self._tally)

    @property
    def last(self) -> Snapshot[B] | None:
        """The snapshot of the latest answer; None if there was none."""
        if self._content is None:
            return None
        raw = json.loads(self.terms.answers.restored(self.job.kind.name, self._content))
        return self.snapshot(self.job.kind.reading(raw), raw)

    def snapshot(self, reading: Reading, raw: Any) -> Snapshot[B]:
        """The snapshot that the latest answer makes."""
        return snapshot(
            self.job,
            reading,
            raw,
            polls=self.polls - self._failures,
            elapsed=self._read_at - self.terms.start,
            callback=self.terms.latest_callback(self.job),
        )

    def _moment(self, now: float, last_call: float) -> float:
        """The moment of the next poll, or of the next time to ask."""
        if now < min(self._wanted, last_call):
            return min(self._wanted, last_call)
        pacer = pacer_of(self.job.client)
        if self._booked is not None and last_call <= now <= last_call + _LATE_SECONDS:
            # Jobs that have settled in the meantime may have left a later moment free.
            later = self._book(now)
            if later is None:
                pacer.use(now)
            return later or now
        is_last = now >= last_call
        if self._slot is None or self._slot < max(pacer.paused_until, now - max(pacer.spacing, _LATE_SECONDS)):
            grace = GRACE_SECONDS if self.polls else 2 * GRACE_SECONDS
            before = max(now, self.terms.deadline) + grace if is_last else last_call
            self._slot = pacer.reserve(now, before=before, despite_pause=is_last)
        # Who has made the last call, and found no later moment free, leaves the deadline to others.
        if is_last and (self._slot is None or (self._is_last_call and self._booked is None)):
            raise self.give_up()
        return last_call if self._slot is None else self._slot

    def _go_on(self, now: float, *, at_least: float = 0.0) -> None:
        # One moment for both: there may be very many waits.
        self._told = self._asked = now
        self._wanted = now + max(self.terms.interval(self.polls, now - self.terms.start), at_least)
        self.due = min(self._wanted, self._book(now) or self.terms.deadline)

    def _book(self, now: float) -> float | None:
        """Book the moment of the last poll anew, as early before the deadline as answers take."""
        self.close()
        pacer = pacer_of(self.job.client)
        latest = self.terms.deadline - pacer.answer_seconds
        if latest < math.inf:
            self._booked = pacer.book(latest, now, concurrency=self.terms.concurrency)
        return self._booked

    def _may_pass(self, error: SettledError, now: float) -> bool:
        if isinstance(error, NotFound):
            return self._content is None and now - self.terms.start < self.job.kind.not_found_grace
        if isinstance(error, ApiError):
            return error.status_code in _TRANSIENT_STATUS_CODES or error.status_code >= 500
        return isinstance(error, MalformedResponse) or (isinstance(error, TransportError) and error.may_pass)

    def _meet(self, reading: Reading) -> None:
        kind = self.job.kind
        word = kind.unlisted(reading)
        if word is None:
            return
        word = word[:80]
        if self.terms.unknown == "raise":
            raise self._learnt(UnknownStatus(f"{self.job.ref} has the status {word!r}, which nobody listed"))
        if (kind.name, word) not in _warned and len(_warned) < 1000:
            _warned.add((kind.name, word))
            _logger.warning("%s: a status nobody listed, %r; it is taken for running", kind.name, word)

    def _learnt(self, error: SettledError) -> SettledError:
        self.close()
        error.ref, error.last, error.seen = self.job.ref, self.last, self.seen
        if not isinstance(error, WaitTimeout):
            error.add_note(f"{self.job.ref}: {self._summary()}")
        return error

    def _summary(self) -> str:
        last = self.last
        told = "no status was read" if last is None else f"the last status was {_label(last)}"
        counted = ", ".join(f"{count} {status}" for status, count in self._tally)
        return f"{told} ({self.polls} polls{': ' if counted else ''}{counted})"


def _label(reading: Reading | Snapshot[Any]) -> str:
    if reading.status is not None:
        return reading.status
    words = Counter(part.status for part in reading.parts.values() if part.status is not None)
    return ", ".join(f"{count} {word}" for word, count in sorted(words.items())) or "none yet"


# Most of many waiting jobs have seen the same: they share what is kept of it.
@functools.lru_cache(maxsize=4096)
def _counted(tally: tuple[tuple[str, int], ...], label: str) -> tuple[tuple[str, int], ...]:
    counts = dict(tally)
    counts[label] = counts.get(label, 0) + 1
    return tuple(counts.items())
