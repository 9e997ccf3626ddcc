"""A schedule that learns how long the jobs of one kind take."""

from __future__ import annotations

import math
import random
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Self

from ._given import number
from ._schedule import Schedule, Timing

_VERSION = 1
_KEPT = 24
# Fewer durations tell too little; so many in a row that are all beyond those before are no chance.
_ENOUGH = 5
_LEAST_INTERVAL = 0.1

# Where hardly a job was seen to end, a plan makes this share of the default schedule's polls.
_WARY = 0.8
# It makes at most so many times the default schedule's polls for jobs ten times as long as usual.
_MOST = 1.48
# Sooner than jobs were seen to end, it polls for a mean delay of at most so many times the one that was asked for, ...
_PATIENCE = 1.8
# ... at least so many times, ...
_SENTINELS = 2.5
# ... or, if requests were asked for, with at most this share of them; ...
_WATCHING = 0.85
# ... and that from this part of the shortest duration on.
_REACH = 1 / 20
# How many jobs are taken to run on and on: polls in the last stretch of a plan are wasted on these.
_ENDLESS = 0.08
# A plan fits the durations that it was made from better than those to come.
_MARGIN = 0.92

_DEFAULT = Schedule()
# Between two polls of this one a tick passes: what is tuned in ticks does not change with the default's jitter.
_TICKING = Schedule(jitter=0.25)
_GROWTH = math.log(_TICKING.factor)
_UNIT = _TICKING.first * (1 - _TICKING.jitter / 2) / (_TICKING.factor - 1)
_CAP = _TICKING.cap * (1 - _TICKING.jitter / 2)
_CAPPED_FROM = _UNIT * (_TICKING.cap / _TICKING.first - 1)
_CAPPED_FROM_TICK = math.log(_TICKING.cap / _TICKING.first) / _GROWTH
_FOREVER = 1e15


class Learned:
    """Polls when a job is likely to end, as the last 24 jobs of its kind tell: `schedule=Learned(delay=5)`.

    `delay` is the mean number of seconds from a job's end to the poll that notices it, or `requests` is the mean number
    of polls that a job may cost; `jitter` is the share of an interval that is left to chance. One instance is for all
    jobs of one kind, in whatever threads and tasks. Until five jobs are known it is the default schedule.

    Polls are as dense as the square root of the hazard, which is the chance that a job still running ends now: no
    other density notices the ends as soon with as few polls (Keller, "Optimum Checking Schedules for Systems Subject
    to Random Failure", 1974, after Barlow, Hunter and Proschan, "Optimum Checking Procedures", 1963).

    Some polls watch for change. Jobs that suddenly take a tenth of the time are noticed within about twice `delay`, or
    about half as late again as by the default schedule; with `requests`, if these are about what the default schedule
    makes, they are so too. Jobs that take ten times as long cost at most half as many polls again as by the default
    schedule; a `delay` that would take more is not kept. With `wary` the polls for a `delay` watch so closely that also
    jobs that take a tenth of the time are noticed at most half as late again as by the default schedule; that pays for
    jobs of ten minutes and more, and costs most of what there is to save for jobs of a minute.

    Raises:
        ValueError: Unless either `delay` or `requests` is given, positive and finite, and 0 <= jitter < 1; or if it is
            to be wary without a `delay`.
    """

    def __init__(
        self, *, delay: float | None = None, requests: float | None = None, jitter: float = 0.1, wary: bool = False
    ) -> None:
        wish = number("delay", delay) if requests is None and delay is not None else None
        wish = wish if requests is None else number("requests", requests)
        if (delay is None) == (requests is None) or wish is None or not 0 < wish < math.inf:
            raise ValueError(f"give either delay or requests, a positive number: {delay=}, {requests=}")
        if not 0 <= number("jitter", jitter) < 1:
            raise ValueError(f"jitter must be 0 or more, and less than 1: {jitter!r}")
        if wary and delay is None:
            raise ValueError("to be wary takes more requests at times, so give a delay instead")
        self._delay = delay
        self._requests = requests
        self._jitter = jitter
        self._wary = bool(wary)
        self._durations: deque[float] = deque(maxlen=_KEPT)
        self._news = 0
        self._plan: Timing | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        wish = f"requests={self._requests}" if self._delay is None else f"delay={self._delay}"
        return f"<Learned: {wish}, {len(self._durations)} durations>"

    @classmethod
    def from_durations(
        cls,
        durations: Iterable[float],
        *,
        delay: float | None = None,
        requests: float | None = None,
        jitter: float = 0.1,
        wary: bool = False,
    ) -> Self:
        """A schedule that knows how many seconds earlier jobs took, the oldest first.

        Raises:
            ValueError: If a duration is negative or not finite, or an argument is out of its range.
        """
        learned = cls(delay=delay, requests=requests, jitter=jitter, wary=wary)
        known = [number("a duration", duration) for duration in durations]
        if not all(0 <= duration < math.inf for duration in known):
            raise ValueError("a duration is a finite number of seconds, and not negative")
        # If they came sorted, the latest jobs would look as if they took longer than all before.
        learned._durations.extend(random.sample(known[-_KEPT:], len(known[-_KEPT:])))
        return learned

    def __call__(self, polls: int, elapsed: float, /) -> float:
        """Seconds until the next poll, after so many polls and seconds."""
        return (self._plan or self._renewed())(polls, elapsed)

    def learn(self, after: float, before: float) -> None:
        """Take a job's duration: more than `after` seconds, and `before` seconds at most.

        Raises:
            ValueError: Unless 0 <= after <= before, both finite.
        """
        if not 0 <= number("after", after) <= number("before", before) < math.inf:
            raise ValueError(f"no duration lies between {after!r} and {before!r} seconds")
        # A fixed moment of the interval would make jobs that one poll noticed look as if they all took the same time.
        duration = random.uniform(after, before)  # noqa: S311 - chance, not secrecy
        with self._lock:
            self._durations.append(duration)
            self._news += 1
            known = list(self._durations)
            old, new = known[:-_ENOUGH], known[-_ENOUGH:]
            has_changed = len(old) >= _ENOUGH and (max(new) < min(old) or min(new) > max(old))
            if has_changed:
                self._durations = deque(new, maxlen=_KEPT)
            # A plan takes as long as hundreds of polls, so not every job is worth a new one.
            if has_changed or self._news >= _ENOUGH:
                self._news = 0
                self._plan = None

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same schedule of; durations are in seconds."""
        with self._lock:
            return {
                "version": _VERSION,
                "delay": self._delay,
                "requests": self._requests,
                "jitter": self._jitter,
                "wary": self._wary,
                "durations": list(self._durations),
            }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The schedule whose `to_json` was given.

        Raises:
            ValueError: If the state is of another version, or malformed.
        """
        try:
            if state.get("version") != _VERSION:
                raise ValueError(f"a Learned of version {state.get('version')!r}, and not {_VERSION}")
            durations = [float(duration + 0) for duration in state["durations"]]
            settings = {name: state[name] for name in ("delay", "requests", "jitter")}
            learned = cls.from_durations(durations, **settings, wary=state.get("wary", False))
        except (AttributeError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"not what to_json told: {error!r}") from error
        learned._durations = deque(durations, maxlen=_KEPT)
        return learned

    def _renewed(self) -> Timing:
        with self._lock:
            plan: Timing = _DEFAULT
            if len(self._durations) >= _ENOUGH:
                sentinels = math.inf if self._wary else _SENTINELS
                plan = _planned(sorted(self._durations), self._delay, self._requests, self._jitter, sentinels)
            self._plan = plan
        return plan


class _Plan(NamedTuple):
    """How many polls to make by when, in ticks: the default schedule lets almost one pass between two polls."""

    ticks: list[float]
    polls: list[float]
    jitter: float

    def __call__(self, polls: int, elapsed: float, /) -> float:
        chance = random.random()  # noqa: S311 - chance, not secrecy
        # The first interval is all chance, or jobs that were started together would be polled together.
        step = chance if polls <= 1 and self.jitter else 1 + self.jitter * (chance - 0.5)
        due = _between(_ticks(elapsed), self.ticks, self.polls) + step
        return max(_seconds(_between(due, self.polls, self.ticks)) - elapsed, _LEAST_INTERVAL)


class _Stretch(NamedTuple):
    """A part of a wait: its length in ticks and in seconds, the share of jobs that end in it, and that still run."""

    ticks: float
    seconds: float
    ending: float
    running: float


def _planned(
    durations: list[float], delay: float | None, requests: float | None, jitter: float, sentinels: float
) -> _Plan:
    ends = [_ticks(duration) for duration in durations]
    # Each job stands for others that end as much earlier or later as its neighbours do.
    neighbour = len(ends) // 4 + 1
    bells = [(end, max(0.9 * sorted(abs(end - other) for other in ends)[neighbour], 0.1)) for end in ends]
    lowest = max(min(end - 3 * width for end, width in bells), 0.0)
    highest = max(end + 3 * width for end, width in bells)
    first = min(lowest, _ticks(durations[0] * _REACH))
    ticks = sorted(
        {first, lowest, highest}.union(max(end + side * width, lowest) for end, width in bells for side in (-1, 1))
    )
    ended = [0.0, *(_share_ended(tick, bells) for tick in ticks[1:])]
    stretches = [
        _Stretch(b - a, _seconds(b) - _seconds(a), max(after - before, 0.0), 1 - (before + after) / 2)
        for (a, b), (before, after) in zip(pairwise(ticks), pairwise(ended), strict=True)
    ]

    exposed = sum([stretch.running * stretch.ticks for stretch in stretches])
    budget = 0.0 if requests is None else max(requests - 2, 0.0)

    def least(stretch: _Stretch) -> float:
        wary = _WARY * stretch.ticks
        if stretch.running * len(ends) < 1:
            return wary
        if delay is None:
            return min(wary, _WATCHING * budget * stretch.ticks / exposed)
        return min(wary, max(stretch.seconds / (2 * _PATIENCE * delay), sentinels * stretch.ticks / exposed))

    def lack(polls: list[float]) -> float:
        pairs = zip(stretches, polls, strict=True)
        if delay is None:
            return budget / sum([stretch.running * count for stretch, count in pairs])
        return sum([stretch.ending * stretch.seconds / 2 / count for stretch, count in pairs]) / (_MARGIN * delay)

    leasts = [least(stretch) for stretch in stretches]
    best = [math.sqrt(stretch.ending * stretch.seconds / (stretch.running + _ENDLESS)) for stretch in stretches]
    polls, scale = leasts, 1.0
    for _ in range(12):
        polls = [max(count, scale * other) for count, other in zip(leasts, best, strict=True)]
        scale *= lack(polls)
    tenfold = _ticks(10 * sum(durations) / len(durations))
    most = _MOST * tenfold - _WARY * max(tenfold - highest, 0.0)
    spare, wanted = max(most - sum(leasts), 0.0), sum(polls) - sum(leasts)
    if wanted > spare:
        polls = [count + spare / wanted * (other - count) for count, other in zip(leasts, polls, strict=True)]
    counts = accumulate([0.0, *polls, _WARY * _FOREVER], initial=0.0)
    return _Plan([0.0, *ticks, highest + _FOREVER], list(counts), jitter)


def _share_ended(tick: float, bells: list[tuple[float, float]]) -> float:
    return sum([1 / (1 + math.exp(min(1.7 * (end - tick) / width, 99.0))) for end, width in bells]) / len(bells)


def _between(x: float, xs: list[float], ys: list[float]) -> float:
    i = bisect_right(xs, x)
    return ys[i - 1] + (x - xs[i - 1]) / (xs[i] - xs[i - 1]) * (ys[i] - ys[i - 1])


def _ticks(elapsed: float) -> float:
    if elapsed < _CAPPED_FROM:
        return math.log1p(elapsed / _UNIT) / _GROWTH
    return _CAPPED_FROM_TICK + (elapsed - _CAPPED_FROM) / _CAP


def _seconds(ticks: float) -> float:
    if ticks < _CAPPED_FROM_TICK:
        return _UNIT * math.expm1(ticks * _GROWTH)
    return _CAPPED_FROM + (ticks - _CAPPED_FROM_TICK) * _CAP
