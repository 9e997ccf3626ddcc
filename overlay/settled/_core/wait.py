"""Waiting for one job, without doing it: a state machine that says what to do next, and takes what came of it.

    next ──> Sleep ──> next                    nothing to do until `due`
    next ──> Poll ──> received ──> next        the job runs on
                          └──────> settled     the reading has an outcome
             Poll ──> failed ────> next        it may pass: back off
                          └──────> error       it will not pass, or patience has ended
    next ──> WaitTimeout                       the deadline, after a last poll

A wait has up to two moments planned with its client's rate limiter: the next regular poll, once it is wanted (`_slot`),
and the last one before the deadline (`_booked`). It gives back what it does not use.
"""

from __future__ import annotations

import json
import math
from typing import Any, Generic, NamedTuple, Self, TypeVar

import attrs

from ..errors import SettledError, UnknownStatus, WaitTimeout
from .failures import FailureRun, asked_to_pause
from .job import Job, check_job, snapshot
from .messages import POLLS_WITHOUT_PARTS, deadline_message, summary
from .observer import Span
from .options import WaitConfig
from .outcome import Outcome
from .rate_limit import RateLimiter, rate_limiter_of
from .reply import MAX_POLL_SECONDS, Reply
from .snapshot import Reading, Snapshot
from .tally import NONE, Tally, counted, label_of, status_of

B = TypeVar("B")

# A poll may end this much after the deadline, so that the one sent just before it can still be answered.
GRACE_SECONDS = 0.1
# A moment missed by more than this, or by more than the polls are apart, is planned anew.
_LATE_SECONDS = 0.05


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
    again, `request` what to send again, `span` what is to be current while a poll is under way. `status` is the latest
    status that was read, of a job of many parts how many have which, and None if there was none.
    """

    __slots__ = (
        "_booked",
        "_content",
        "_failing",
        "_is_last_call",
        "_polled_at",
        "_read_at",
        "_result_at",
        "_slot",
        "_tally",
        "_wanted",
        "config",
        "due",
        "job",
        "polls",
        "request",
        "span",
        "status",
    )

    def __init__(self, job: Job[B], config: WaitConfig[B]) -> None:
        check_job(job)
        self.job: Job[B] = job
        self.config: WaitConfig[B] = config
        self.due: float = config.start
        self.polls: int = 0
        self.request: Any = None
        self.span: Span | None = None
        self.status: str | None = None
        self._wanted = config.start
        self._slot: float | None = None
        self._booked: float | None = None
        self._polled_at = config.start
        self._is_last_call = False
        self._result_at = -math.inf
        self._failing: FailureRun | None = None
        self._content: bytes | None = None
        self._read_at = config.start
        self._tally: Tally = ()

    def __lt__(self, other: Wait[Any]) -> bool:
        return self.due < other.due

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.close(error=error)

    def next(self, now: float) -> Poll | Sleep:
        """What to do next, while the job has not settled.

        Raises:
            WaitTimeout: If the deadline has passed, and the last poll was as close to it as the client's rate allows.
        """
        if self.span is None:
            self.span = self.config.observer.begin(self.job)
        deadline = self.config.deadline
        if self._result_at >= deadline - (GRACE_SECONDS if self._is_last_call else 0.0):
            raise self.give_up(now)
        if (callback := self.config.latest_callback(self.job)) != self.config.callback:
            self.config = self.config.called_back(callback, self.polls)
            self._wanted = now
        last_call = self._last_call
        moment = self._moment(now, last_call)
        if moment <= now:
            moment = self._limiter.go(now)
        if now < moment:
            if now >= last_call and moment >= self._latest_end(now):
                raise self.give_up(now)
            self.due = moment if now >= last_call else min(moment, last_call)
            return Sleep(self.due - now)
        self._is_last_call = now >= last_call
        self._slot, self._polled_at = None, now
        self.polls += 1
        left = math.inf if self.config.is_late else max(deadline - now, 0.0) + GRACE_SECONDS
        return Poll(min(MAX_POLL_SECONDS, left))

    def received(self, reply: Reply, now: float) -> None:
        """Take a poll's answer.

        Raises:
            UnknownStatus: If the status is undocumented, and the wait's `unknown` is "raise".
        """
        reading, elapsed = reply.reading, self._read_at - self.config.start
        self._limiter.answer_seconds = now - self._polled_at
        self._failing, self.request = None, reply.request
        was_running, self._content = bool(self._tally), reply.content
        before, self.status = self.status, status_of(reading)
        self._tally = counted(self._tally, label_of(reading, self.status))
        self._read_at = now
        self.config.observer.polled(self, now, reading.outcome, is_change=self.status != before)
        if reading.outcome is None:
            self._check_status(reading, now)
            self._go_on(now)
        else:
            self.close(outcome=reading.outcome)
            if was_running:
                self.config.learn(elapsed, now - self.config.start)

    def failed(self, error: SettledError, now: float) -> None:
        """Take a poll's failure.

        Raises:
            SettledError: The error itself, if it will not pass by itself, or polls have failed for too long.
        """
        failing = self._failing = self._failing or FailureRun(since=now)
        kind = self.job.kind
        back_off = failing.add(error, now)
        pause = asked_to_pause(error, back_off)
        if pause is not None:
            self._limiter.pause(now, pause)
        if not self._tally:
            kind.add_address_hint(error)
            if kind.is_wrong_address(error):
                raise self._fail(error, now)
        patience, grace = self.config.patience, kind.not_found_grace
        if not failing.may_pass(now, patience=patience, not_found_grace=grace, was_read=bool(self._tally)):
            raise self._fail(error, now)
        self.config.observer.failed(self, now, error, failing.count)
        self._go_on(now, at_least=back_off)

    def shrink(self) -> None:
        """Keep less until the next poll: no request to send again, and of the latest answer only what is special."""
        self.request = None
        if self._content is not None:
            self._content = self.config.answers.compress(self.job.kind.name, self._content)

    @property
    def overdue_at(self) -> float:
        """The moment from which on another poll would be a late one; who had no turn before the deadline gets none."""
        deadline, slot = self.config.deadline, self._slot
        moment = deadline + _LATE_SECONDS if self.polls else max(deadline, self.config.start + 2 * GRACE_SECONDS)
        # There is time for a poll whose moment is reserved, nevertheless.
        return moment if slot is None else max(moment, slot + _LATE_SECONDS)

    def is_overdue(self, now: float) -> bool:
        """Whether the deadline has passed so long ago that another poll would be a late one."""
        return now >= self.overdue_at

    def give_up(self, now: float) -> SettledError:
        """The error that ends the wait at its deadline, with all that was learnt."""
        failure = None if self._failing is None else self._failing.latest
        timeout = WaitTimeout(deadline_message(self, failure))
        timeout.__cause__ = failure
        return self._fail(timeout, now)

    def close(self, *, outcome: Outcome | None = None, error: BaseException | None = None) -> None:
        """Give back what was planned for polls that will not be made, and end the span with what ended the wait."""
        self._book(None)
        self._plan(None)
        if self.span is not None:
            self.span.end(self.status, self.polls, outcome, error)
            self.span = None

    @property
    def is_queued(self) -> bool:
        """Whether a poll was wanted already, and only waits for its turn among those of the client."""
        return self._slot is not None

    @property
    def seen(self) -> dict[str, int]:
        """How often each status was read; of more than 20 different ones, the later ones as "other"."""
        return dict(self._tally)

    @property
    def last(self) -> Snapshot[B] | None:
        """The snapshot of the latest answer; None if there was none."""
        if self._content is None:
            return None
        try:
            raw = json.loads(self.config.answers.restore(self.job.kind.name, self._content))
        except RecursionError:
            # Nested as deep as Python can read, with less room for it here than where it was read first.
            return self.snapshot(Reading(self.status, None), None)
        return self.snapshot(self.job.reading(raw), raw)

    def snapshot(self, reading: Reading, raw: Any) -> Snapshot[B]:
        """The snapshot that the latest answer makes."""
        started_at = self.config.started_at
        return snapshot(
            self.job,
            reading,
            raw,
            polls=self.polls - (0 if self._failing is None else self._failing.count),
            elapsed=self._read_at - self.config.start,
            polled_at=None if started_at is None else started_at + self._read_at - self.config.start,
            callback=self.config.latest_callback(self.job),
        )

    def ended_by(self, error: SettledError, now: float) -> Snapshot[B]:
        """The last snapshot of a wait that an error has ended, with the error in it."""
        # The snapshot names the job already, and a note does so where the error is raised.
        error.args = (str(error).removeprefix(f"{self.job.ref}: "), *error.args[1:])
        if isinstance(error, WaitTimeout):
            error.add_note(self.job.ref)
        last, polls, elapsed = self.last, self.polls, now - self.config.start
        if last is None:
            # Very many of these are made at once, when a server is silent.
            return Snapshot(self.job, error=error, polls=polls, elapsed=elapsed)
        return attrs.evolve(last, error=error, polls=polls, elapsed=elapsed)

    @property
    def _limiter(self) -> RateLimiter:
        return rate_limiter_of(self.job.client)

    @property
    def _last_call(self) -> float:
        """When the last poll is due at the latest; for a wait that is late anyway, no moment is the last."""
        if self.config.is_late:
            return math.inf
        return self.config.deadline if self._booked is None else self._booked

    def _latest_end(self, now: float) -> float:
        """Before when a last poll has to go; the only poll of a wait has a little longer."""
        return max(now, self.config.deadline) + (GRACE_SECONDS if self.polls else 2 * GRACE_SECONDS)

    def _moment(self, now: float, last_call: float) -> float:
        """The moment of the next poll, or of the next time to ask."""
        if now < min(self._wanted, last_call):
            return min(self._wanted, last_call)
        limiter = self._limiter
        in_time = now - max(limiter.spacing, _LATE_SECONDS)
        if now < last_call:
            if self._slot is None or self._slot < max(limiter.paused_until, in_time):
                self._plan(None)
                self._plan(limiter.plan(now, before=last_call))
            return last_call if self._slot is None else self._slot
        if self._booked is not None and self._booked >= in_time:
            # Jobs that have settled in the meantime may have left a later moment free.
            later = self._plan_last(now)
            if later is not None:
                self._book(later)
            return later or now
        # Who has made the last call, and found no later moment free, leaves the deadline to others.
        if self._is_last_call and self._booked is None:
            raise self.give_up(now)
        # A moment that was planned despite a pause is not to be put off by it again and again.
        if self._slot is None or self._slot < in_time:
            self._plan(None)
            self._plan(limiter.plan(now, before=self._latest_end(now), despite_pause=True))
        if self._slot is None:
            raise self.give_up(now)
        return self._slot

    def _go_on(self, now: float, *, at_least: float = 0.0) -> None:
        # One moment for both: there may be very many waits.
        self._result_at = self._polled_at = now
        self._wanted = now + max(self.config.interval(self.polls, now - self.config.start), at_least)
        self.rebook(now)

    def rebook(self, now: float) -> None:
        """Plan the last poll anew, as early before the deadline as answers take, and say when the next one is due."""
        self._book(None)
        self._book(self._plan_last(now))
        self.due = min(self._wanted, self._booked or self.config.deadline)

    def _plan_last(self, now: float) -> float | None:
        latest = self.config.deadline - self._limiter.answer_seconds
        return self._limiter.plan_last(latest, now, concurrency=self.config.concurrency)

    def _book(self, moment: float | None) -> None:
        if self._booked is not None:
            self._limiter.give_back(self._booked)
        self._booked = moment

    def _plan(self, moment: float | None) -> None:
        if self._slot is not None:
            self._limiter.give_back(self._slot)
        self._slot = moment

    def _check_status(self, reading: Reading, now: float) -> None:
        kind = self.job.kind
        if kind.no_parts_hint and not reading.parts and dict(self._tally).get(NONE) == POLLS_WITHOUT_PARTS:
            self.config.observer.hinted(self, now, kind.no_parts_hint)
        word = kind.unlisted(reading)
        if word is None:
            return
        if self.config.unknown == "raise":
            raise self._fail(UnknownStatus(f"{self.job.ref}: undocumented status {word[:80]!r}"), now)
        self.config.observer.unlisted(self, now, word[:80])

    def _fail(self, error: SettledError, now: float) -> SettledError:
        error.ref, error.last, error.seen = self.job.ref, self.last, self.seen
        if not isinstance(error, WaitTimeout):
            error.add_note(f"{self.job.ref}: {summary(self.status, self.polls)}")
        self.config.observer.gave_up(self, now, error)
        self.close(error=error)
        return error
