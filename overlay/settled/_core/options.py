"""The configuration of a wait: what its caller asks of it, checked.

`WaitOptions` is what callers and their type checkers see: the keyword arguments that all waiting verbs share.
`WaitConfig` is what the machine sees: the same, checked and completed, and the moment from which times count. It does
not change, so a hundred thousand waits that begin together share one. A bad argument is refused by the verb that was
called, and not by a poll an hour later.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Generic, Literal, TypedDict, TypeVar, get_args

import attrs

from .inbox import Inbox
from .job import Job
from .kept_answers import KeptAnswers
from .observer import Observer, new_observer
from .schedule import Schedule, Timing
from .snapshot import Snapshot
from .validate import described, number

B = TypeVar("B")
Unknown = Literal["wait", "raise"]

# A callback may never come, so the job is polled all the same, but seldom.
_UNTIL_CALLED_BACK = Schedule(first=15, factor=1.5, cap=300)
_BY_DEFAULT = Schedule()
# Longer than most outages of vendors last.
PATIENCE_SECONDS = 1800.0

_CALLABLES = {
    "schedule": "a settled.Schedule, or a function of (polls, elapsed) that answers the seconds until the next poll",
    "on_poll": "a function of a snapshot",
}


class WaitOptions(TypedDict, Generic[B], total=False):
    """What every waiting verb takes besides the job and its timeout.

    Attributes:
        schedule: When to poll next: a `Schedule`, a `Learned`, or a function of the polls made and the seconds gone by.
        on_poll: A function that is called with every snapshot.
        unknown: What to do about an undocumented status word: "wait" takes it for running and warns once, "raise"
            raises UnknownStatus.
        patience: Seconds for which polls may fail without an answer in between; then the last failure ends the wait.
            Never past the deadline, and at most 120 before any status was read.
    """

    schedule: Timing | None
    on_poll: Callable[[Snapshot[B]], object] | None
    unknown: Unknown
    patience: float


def known_options(verb: str, options: WaitOptions[B], *own: str) -> WaitOptions[B]:
    """The options as they are; TypeError, which names the verb and lists its options, if there is another one.

    `own` are those that the verb has besides.
    """
    known = WaitOptions.__annotations__
    for name in options:
        if name not in known:
            raise TypeError(f"{verb} has no option {name[:80]!r}; its options are {', '.join((*known, *own))}")
    return options


def _callable(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    # A class such as Schedule itself can be called, but makes no number of seconds.
    is_class = isinstance(value, type) and attribute.name == "schedule"
    if value is not None and (is_class or not callable(value)):
        what = _CALLABLES[attribute.name]
        raise TypeError(f"{attribute.name} must be {what}, not {described(value)}")


def seconds(timeout: float | timedelta | None) -> float:
    """A timeout in seconds, infinite if there is none; ValueError if it is negative or no number."""
    if timeout is None:
        return math.inf
    if isinstance(timeout, str):
        raise TypeError("timeout must be seconds, a timedelta or None, not a str")
    duration = timeout.total_seconds() if isinstance(timeout, timedelta) else number("timeout", timeout)
    if not duration >= 0:
        raise ValueError(f"timeout must be seconds, a timedelta or None, and not negative: {described(timeout)}")
    return duration


def _patience(value: float) -> float:
    """Seconds, 0 or more, perhaps infinite; ValueError if they are negative or no number."""
    if not number("patience", value) >= 0:
        raise ValueError(f"patience must be a number of seconds, and not negative: {described(value)}")
    return float(value)


def at_least_one(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    """Refuse what is less than 1, with a ValueError that names the argument."""
    if not number(attribute.name, value) >= 1:
        raise ValueError(f"{attribute.name} must be 1 or more, not {described(value)}")


def _inbox(_: object, _attribute: attrs.Attribute[Any], value: Any) -> None:
    # A callback app, which has the inbox, is the likely mistake.
    if value is not None and not isinstance(value, Inbox):
        raise TypeError(f"wake must be an inbox, as in wake=app.inbox, not {described(value)}")


def _known(_: object, attribute: attrs.Attribute[Unknown], value: Unknown) -> None:
    if value not in get_args(Unknown):
        # A text is not shown: it may be a secret, in the wrong place.
        shown = "another text" if value and type(value) is str else described(value)
        raise ValueError(f"{attribute.name} must be 'wait' or 'raise', not {shown}")


@attrs.frozen(kw_only=True)
class WaitConfig(Generic[B]):
    """What many waits that begin at the same moment can share.

    `concurrency` is how many polls of one client can be under way at once. Waits that went on only after their
    deadline are late: they make one poll nevertheless. `started_at` is `start` in seconds since 1970.
    """

    start: float
    timeout: float = attrs.field(converter=seconds)
    schedule: Timing | None = attrs.field(default=None, validator=_callable)
    on_poll: Callable[[Snapshot[B]], object] | None = attrs.field(default=None, validator=_callable)
    unknown: Unknown = attrs.field(default="wait", validator=_known)
    patience: float = attrs.field(default=PATIENCE_SECONDS, converter=_patience)
    inbox: Inbox | None = attrs.field(default=None, validator=_inbox)
    concurrency: int = attrs.field(default=100, validator=at_least_one)
    callback: Any = None
    polls_before: int = 0
    is_late: bool = False
    started_at: float | None = attrs.field(default=None, eq=False)
    answers: KeptAnswers = attrs.field(factory=KeptAnswers, eq=False, repr=False)
    observer: Observer = attrs.field(factory=new_observer, eq=False, repr=False)

    @property
    def deadline(self) -> float:
        """The moment by which the waits are to end."""
        return self.start + self.timeout

    def interval(self, polls: int, elapsed: float) -> float:
        """How many seconds after a poll the next one is wanted; ValueError if the schedule answers nonsense."""
        schedule = self.schedule
        if schedule is None:
            schedule = _BY_DEFAULT if self.inbox is None else _UNTIL_CALLED_BACK
        interval = number("what the schedule answered", schedule(polls - self.polls_before, elapsed))
        if not interval >= 0:
            raise ValueError(f"the schedule answered {described(interval)}, which is no number of seconds to wait")
        return interval

    def learn(self, after: float, before: float) -> None:
        """Let the schedule learn, if it can, that a job still ran `after` seconds, and had settled `before` seconds."""
        learn = getattr(self.schedule, "learn", None)
        if learn is not None:
            learn(after, before)

    def latest_callback(self, job: Job[B]) -> Any | None:
        """What the vendor has sent about a job by itself; None if nothing, or if nobody asked for it."""
        return None if self.inbox is None else self.inbox.get(job.id)

    def called_back(self, callback: Any, polls: int) -> WaitConfig[B]:
        """The configuration from a callback on: as often as without callbacks, if no schedule was asked for."""
        if self.schedule is not None:
            return attrs.evolve(self, callback=callback)
        return attrs.evolve(self, callback=callback, schedule=_BY_DEFAULT, polls_before=polls)
