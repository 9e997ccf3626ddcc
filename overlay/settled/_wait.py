"""Waiting for one job, without doing it: a state machine that says what to do next and is told what came of it."""

from __future__ import annotations

import functools
import json
import math
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypeVar, Unpack

import httpx

from . import _clock, _observing
from ._http import MAX_POLL_SECONDS, Reply
from ._job import Job, snapshot
from ._outcome import Outcome
from ._pacer import pacer_of
from ._schedule import Schedule
from ._shown import shown
from ._snapshot import Reading, Snapshot
from ._terms import Terms, WaitOptions
from ._timing_json import timing_from_json, timing_to_json
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

if TYPE_CHECKING:
    from ._tracing import WaitSpan

B = TypeVar("B")

# A poll may end this much after the deadline, so that the one sent just before it can still be answered.
GRACE_SECONDS = 0.1
# A moment missed by more than this, or by more than the polls are apart, is reserved anew.
_LATE_SECONDS = 0.05
# What `to_json` tells is of this version.
_VERSION = 1
# Servers ask for pauses of hours, by mistake or by a wrong clock.
MAX_PAUSE_SECONDS = 300.0

_BACK_OFF = Schedule(first=0.5, factor=2, cap=30, jitter=0.25)
_TRANSIENT_STATUS_CODES = frozenset({408, 425, 429})

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
    again, `request` what to send again, `span` what is to be current while a poll is under way.
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
        "span",
        "terms",
    )

    def __init__(self, job: Job[B], terms: Terms[B]) -> None:
        self.job: Job[B] = job
        self.terms: Terms[B] = terms
        self.due: float = terms.start
        self.polls: int = 0
        self.request: httpx.Request | None = None
        self.span: WaitSpan | None = None
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close(error=error)

    def next(self, now: float) -> Poll | Sleep:
        """What to do next, while the job has not settled.

        Raises:
            WaitTimeout: If the deadline has passed, and the last poll was as close to it as the client's rate allows.
        """
        if self.span is None and self.terms.origin is not None:
            self.span = self.terms.origin.span(self.job)
        deadline = self.terms.deadline
        if self._told >= deadline - (GRACE_SECONDS if self._is_last_call else 0.0):
            raise self.give_up(now)
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
        left = math.inf if self.terms.is_late else max(deadline - now, 0.0) + GRACE_SECONDS
        return Poll(min(MAX_POLL_SECONDS, left))

    def received(self, reply: Reply, now: float) -> None:
        """Take a poll's answer.

        Raises:
            UnknownStatus: If nobody listed the status, and the wait is not to go on with such a one.
        """
        reading, elapsed = reply.reading, self._read_at - self.terms.start
        pacer_of(self.job.client).answer_seconds = now - self._asked
        self._failures, self._failure = 0, None
        self.request = reply.request
        was_running, self._content = bool(self._tally), reply.content
        label = _label(reading)
        is_change, self._tally = label != self.status, _counted(self._tally, label)
        self._read_at = now
        _observing.polled(self, now, reading.outcome, is_change=is_change)
        if reading.outcome is None:
            self._meet(reading, now)
            self._go_on(now)
        else:
            self.close(outcome=reading.outcome)
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
            raise self._learnt(error, now)
        _observing.failed(self, now, error, self._failures)
        self._go_on(now, at_least=back_off)

    def shrink(self) -> None:
        """Keep less until the next poll: no request to send again, and of the latest answer only what is special."""
        self.request = None
        if self._content is not None:
            self._content = self.terms.answers.squeezed(self.job.kind.name, self._content)

    @property
    def overdue_at(self) -> float:
        """The moment from which on another poll would be a late one; who had no turn before the deadline gets none."""
        deadline, slot = self.terms.deadline, self._slot
        moment = deadline + _LATE_SECONDS if self.polls else max(deadline, self.terms.start + 2 * GRACE_SECONDS)
        # There is time for a poll whose moment is reserved, nevertheless.
        return moment if slot is None else max(moment, slot + _LATE_SECONDS)

    def is_overdue(self, now: float) -> bool:
        """Whether the deadline has passed so long ago that another poll would be a late one."""
        return now >= self.overdue_at

    def give_up(self, now: float) -> SettledError:
        """The error that ends the wait at its deadline, with all that was learnt."""
        message = f"{self.job.ref} had not settled after {self.terms.timeout:g} s: {self._summary()}"
        timeout = WaitTimeout(message)
        timeout.__cause__ = self._failure
        return self._learnt(timeout, now)

    def close(self, *, outcome: Outcome | None = None, error: BaseException | None = None) -> None:
        """Give back what was reserved for polls that will not be made, and end the span with what ended the wait."""
        self._give_back()
        if self._slot is not None:
            pacer_of(self.job.client).give_back(self._slot)
            self._slot = None
        if self.span is not None:
            self.span.end(self.status, self.polls, outcome, error)
            self.span = None

    def to_json(self, now: float | None = None, time_of_day: float | None = None) -> dict[str, Any]:
        """What `from_json` goes on from, in whatever process: a small value to keep, without the answers.

        Its moments are seconds since 1970. `now` is the moment by the clock that this wait goes by, and `time_of_day`
        the same in seconds since 1970; by default they are read from the clock that settled's own verbs go by.
        """
        terms, to_day = self.terms, _to_time_of_day(now, time_of_day)
        return {
            "version": _VERSION,
            "ref": self.job.ref,
            "started": terms.start + to_day,
            "deadline": None if terms.deadline == math.inf else terms.deadline + to_day,
            "next": self._wanted + to_day,
            "read": self._read_at + to_day,
            "polls": self.polls,
            "failures": self._failures,
            # No object: its names may come back in another order, and the last one is the status.
            "seen": [[status, count] for status, count in self._tally],
            "schedule": timing_to_json(terms.schedule),
            "polls_before": terms.polls_before,
            "unknown": terms.unknown,
            "max_failures": terms.max_failures,
        }

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
        Times are as for `to_json`.

        Raises:
            ValueError: If the state is of another version or job, or malformed.
        """
        if state.get("version") != _VERSION:
            raise ValueError(f"a wait of version {state.get('version')!r}, and not {_VERSION}")
        if state.get("ref") != job.ref:
            raise ValueError(f"a wait for {state.get('ref')!r}, and not for {job.ref}")
        now = _clock.clock.now() if now is None else now
        to_day = _to_time_of_day(now, time_of_day)
        try:
            start, wanted, read = (_seconds(state[name]) - to_day for name in ("started", "next", "read"))
            deadline = math.inf if state["deadline"] is None else _seconds(state["deadline"]) - to_day
            options.setdefault("unknown", state["unknown"])
            options.setdefault("max_failures", _count(state["max_failures"]))
            if "schedule" not in options:
                options["schedule"] = timing_from_json(state["schedule"])
            terms = Terms(
                start=start,
                timeout=max(deadline - start, 0.0),
                polls_before=_count(state["polls_before"]),
                is_late=deadline < now,
                **options,
            )
            wait = cls(job, terms)
            wait.polls, wait._failures = _count(state["polls"]), _count(state["failures"])
            wait._tally = tuple((str(status), _count(count)) for status, count in state["seen"])
        except (AttributeError, LookupError, OverflowError, TypeError) as error:
            raise ValueError(f"not what to_json told: {error!r}") from error
        wait._wanted = wait.due = wanted
        wait._read_at = read
        if wait.polls:
            wait.due = min(wanted, wait._book(now) or deadline)
        return wait

    @property
    def is_queued(self) -> bool:
        """Whether a poll was wanted already, and only waits for its turn among those of the client."""
        return self._slot is not None

    @property
    def status(self) -> str | None:
        """The latest status that was read, of a job of many parts how many have which; None if there was none."""
        return self._tally[-1][0] if self._tally else None

    @property
    def seen(self) -> dict[str, int]:
        """How often each status was read."""
        return dict(self._tally)

    @property
    def last(self) -> Snapshot[B] | None:
        """The snapshot of the latest answer; None if there was none."""
        if self._content is None:
            return None
        try:
            raw = json.loads(self.terms.answers.restored(self.job.kind.name, self._content))
        except RecursionError:
            # Nested as deep as Python can read, with less room for it here than where it was read first.
            return self.snapshot(Reading(self.status, None), None)
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
        despite_pause = is_last and not self.terms.is_late
        # A moment that was reserved despite the pause is not to be put off by it again and again.
        resumed = -math.inf if despite_pause else pacer.paused_until
        if self._slot is None or self._slot < max(resumed, now - max(pacer.spacing, _LATE_SECONDS)):
            grace = GRACE_SECONDS if self.polls else 2 * GRACE_SECONDS
            before = max(now, self.terms.deadline) + grace if is_last else last_call
            if self.terms.is_late:
                before = math.inf
            self._slot = pacer.reserve(now, before=before, despite_pause=despite_pause)
        # Who has made the last call, and found no later moment free, leaves the deadline to others.
        if is_last and (self._slot is None or (self._is_last_call and self._booked is None)):
            raise self.give_up(now)
        return last_call if self._slot is None else self._slot

    def _go_on(self, now: float, *, at_least: float = 0.0) -> None:
        # One moment for both: there may be very many waits.
        self._told = self._asked = now
        self._wanted = now + max(self.terms.interval(self.polls, now - self.terms.start), at_least)
        self.due = min(self._wanted, self._book(now) or self.terms.deadline)

    def _book(self, now: float) -> float | None:
        """Book the moment of the last poll anew, as early before the deadline as answers take."""
        self._give_back()
        pacer = pacer_of(self.job.client)
        latest = self.terms.deadline - pacer.answer_seconds
        if latest < math.inf:
            self._booked = pacer.book(latest, now, concurrency=self.terms.concurrency)
        return self._booked

    def _give_back(self) -> None:
        if self._booked is not None:
            pacer_of(self.job.client).release(self._booked, concurrency=self.terms.concurrency)
            self._booked = None

    def _may_pass(self, error: SettledError, now: float) -> bool:
        if isinstance(error, NotFound):
            return not self._tally and now - self.terms.start < self.job.kind.not_found_grace
        if isinstance(error, ApiError):
            return error.status_code in _TRANSIENT_STATUS_CODES or error.status_code >= 500
        return isinstance(error, MalformedResponse) or (isinstance(error, TransportError) and error.may_pass)

    def _meet(self, reading: Reading, now: float) -> None:
        kind = self.job.kind
        word = kind.unlisted(reading)
        if word is None:
            return
        word = word[:80]
        if self.terms.unknown == "raise":
            raise self._learnt(UnknownStatus(f"{self.job.ref} has the status {word!r}, which nobody listed"), now)
        if (kind.name, word) not in _warned and len(_warned) < 1000:
            _warned.add((kind.name, word))
            _observing.unlisted(self, now, word)

    def _learnt(self, error: SettledError, now: float) -> SettledError:
        error.ref, error.last, error.seen = self.job.ref, self.last, self.seen
        if not isinstance(error, WaitTimeout):
            error.add_note(f"{self.job.ref}: {self._summary()}")
        _observing.gave_up(self, now, error)
        self.close(error=error)
        return error

    def _summary(self) -> str:
        told = "no status was read" if self.status is None else f"the last status was {self.status}"
        counted = ", ".join(f"{count} {status}" for status, count in self._tally)
        return f"{told} ({self.polls} polls{': ' if counted else ''}{counted})"


def _label(reading: Reading | Snapshot[Any]) -> str:
    if reading.status is not None:
        return shown(reading.status, 80)
    words = Counter(shown(part.status, 80) for part in reading.parts.values() if part.status is not None)
    return shown(", ".join(f"{count} {word}" for word, count in sorted(words.items())), 1000) or "none yet"


def _to_time_of_day(now: float | None, time_of_day: float | None) -> float:
    """What turns moments of a wait's clock into seconds since 1970, by addition."""
    clock = _clock.clock
    return (clock.time_of_day() if time_of_day is None else time_of_day) - (clock.now() if now is None else now)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(f"not a moment: {value!r}")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"not a count: {value!r}")
    return value


# Most of many waiting jobs have seen the same: they share what is kept of it.
@functools.lru_cache(maxsize=4096)
def _counted(tally: tuple[tuple[str, int], ...], label: str) -> tuple[tuple[str, int], ...]:
    counts = dict(tally)
    # Put last again: the latest is the wait's status.
    counts[label] = counts.pop(label, 0) + 1
    return tuple(counts.items())
