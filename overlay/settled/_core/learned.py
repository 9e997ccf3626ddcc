"""A schedule that learns how long the jobs of one kind take.

The hazard is the chance that a job which still runs ends now. Polls as dense as its square root notice ends soonest for
their number (Keller, "Optimum Checking Schedules for Systems Subject to Random Failure", 1974), hence the one idea:

    polls per second = max(c * sqrt(hazard), watch * those of the default schedule at its most frequent)

`c` follows from the delay, or the number of requests, that was asked for. The second term looks out for jobs that
suddenly take less time. The hazard is that of the last durations, each smoothed as widely as its neighbours are far.
Time is counted in ticks, which are mean intervals of the default schedule: as these grow with the time gone by, until
they reach their cap, that is a logarithm of time, and what is known of short jobs and of long ones looks alike.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Self

from .._locks import new_lock, register
from .schedule import Schedule, Timing
from .validate import described, number

# So many durations tell most of what there is to learn, and old ones go, so that slow change is followed.
_KEPT = 24
# Fewer durations tell too little; so many in a row that are all beyond those before are no chance.
_ENOUGH = 5
# How widely a duration is smoothed, in distances to its neighbour: less than one, so that clusters stay apart. From 0.8
# to 1 the requests that are saved hardly change.
_SMOOTHING = 0.9
# Jobs ten times as long as usual cost at most half as many polls again as by default: a tenth less, for chance.
_MOST = 1.4

_DEFAULT = Schedule()
# When the ticks of a wait come, in seconds: until well after the default's intervals have reached their cap.
_MOMENTS = [0.0, *accumulate(Schedule(jitter=0)(n, 0) * (1 - _DEFAULT.jitter / 2) for n in range(1, 61))]


class Learned:
    """Polls when a job is likely to end, judging by the last 24 jobs of its kind: `schedule=Learned(delay=5)`.

    `delay` is the mean number of seconds from a job's end to the poll that notices it, or `requests` is the mean number
    of polls that a job may cost; `jitter` is the share of an interval that is left to chance. Use one instance for
    all jobs of one kind, in any threads and tasks. Until five jobs are known it is the default schedule.

    `watch` is how closely to look out for jobs that suddenly take less time: at least so many times as often as the
    default schedule polls at its most frequent. By default, jobs that take a tenth of the time are noticed three to
    twelve times as late as with the default schedule; with 0.5 half as late again, with 0.67 about as soon. So close a
    watch saves requests only for jobs of a quarter of an hour and more. At most half of `requests` are spent on it.

    Jobs that suddenly take ten times as long cost at most half as many polls again as by the default schedule; a
    `delay` that would take more is not kept.

    Raises:
        ValueError: Unless either `delay` or `requests` is given, positive and finite, 0 <= jitter < 1, and
            0 < watch <= 1.
    """

    def __init__(
        self, *, delay: float | None = None, requests: float | None = None, jitter: float = 0.1, watch: float = 0.08
    ) -> None:
        wishes = {"delay": delay, "requests": requests}
        known = {name: number(name, wish) for name, wish in wishes.items() if wish is not None}
        if len(known) != 1 or not 0 < min(known.values()) < math.inf:
            raise ValueError("give either delay or requests, and a positive number")
        if not 0 <= number("jitter", jitter) < 1:
            raise ValueError(f"jitter must be 0 or more, and less than 1: {described(jitter)}")
        if not 0 < number("watch", watch) <= 1:
            raise ValueError(f"watch must be more than 0, and at most 1: {described(watch)}")
        self._settings: dict[str, Any] = wishes | known | {"jitter": float(jitter), "watch": float(watch)}
        self._durations: deque[float] = deque(maxlen=_KEPT)
        self._unplanned = 0
        self._plan: Timing | None = None
        self.after_fork()
        register(self)

    def after_fork(self) -> None:
        """Renew the lock, which another thread of the parent may have held."""
        self._lock = new_lock()

    def __repr__(self) -> str:
        wish = next(f"{name}={wish:g}" for name, wish in self._settings.items() if wish is not None)
        return f"<Learned: {wish}, {len(self._durations)} durations>"

    @classmethod
    def from_durations(
        cls,
        durations: Iterable[float],
        *,
        delay: float | None = None,
        requests: float | None = None,
        jitter: float = 0.1,
        watch: float = 0.08,
    ) -> Self:
        """A schedule that knows how many seconds earlier jobs took, the oldest first.

        Raises:
            ValueError: If a duration is negative or not finite, or an argument is out of its range.
        """
        learned = cls(delay=delay, requests=requests, jitter=jitter, watch=watch)
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
            raise ValueError(f"no duration lies between {described(after)} and {described(before)} seconds")
        # A fixed moment of the interval would make jobs that one poll noticed look as if they all took the same time.
        duration = random.uniform(after, before)  # noqa: S311 - chance, not secrecy
        with self._lock:
            self._durations.append(duration)
            self._unplanned += 1
            known = list(self._durations)
            old, new = known[:-_ENOUGH], known[-_ENOUGH:]
            has_changed = len(old) >= _ENOUGH and (max(new) < min(old) or min(new) > max(old))
            if has_changed:
                self._durations = deque(new, maxlen=_KEPT)
            # A plan takes as long as hundreds of polls, so not every job is worth a new one.
            if has_changed or self._unplanned >= _ENOUGH:
                self._unplanned, self._plan = 0, None

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same schedule of; durations are in seconds."""
        with self._lock:
            return {"version": 1, **self._settings, "durations": list(self._durations)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The schedule whose `to_json` was given.

        Raises:
            ValueError: If the state is of another version, or malformed.
        """
        try:
            if state.get("version") != 1:
                raise ValueError(f"a Learned of version {described(state.get('version'))}, and not 1")
            durations = [float(duration + 0) for duration in state["durations"]]
            settings = {name: state[name] for name in ("delay", "requests", "jitter")}
            # Before there was `watch`, a state said whether to be `wary`, which was about as close a watch.
            if "watch" in state or state.get("wary"):
                settings["watch"] = state.get("watch", 0.5)
            learned = cls.from_durations(durations, **settings)
        except (AttributeError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"not what to_json returned: {error!r}") from error
        learned._durations = deque(durations, maxlen=_KEPT)
        return learned

    def _renewed(self) -> Timing:
        with self._lock:
            is_known = len(self._durations) >= _ENOUGH
            plan: Timing = _plan_of(sorted(self._durations), **self._settings) if is_known else _DEFAULT
            self._plan = plan
        return plan


class _Plan(NamedTuple):
    """How many polls to make by when, in seconds."""

    moments: list[float]
    polls: list[float]
    jitter: float

    def __call__(self, polls: int, elapsed: float, /) -> float:
        chance = random.random()  # noqa: S311 - chance, not secrecy
        # The first interval is all chance, or jobs that were started together would be polled together.
        step = chance if polls <= 1 and self.jitter else 1 + self.jitter * (chance - 0.5)
        due = _between(elapsed, self.moments, self.polls) + step
        interval = _between(due, self.polls, self.moments) - elapsed
        # However short the jobs are, polls are never closer than the default schedule's first ones.
        return max(interval, _DEFAULT.first * (1 - _DEFAULT.jitter))


def _plan_of(known: list[float], delay: float | None, requests: float | None, watch: float, jitter: float) -> _Plan:
    ticks, ended = _smoothed([_ticks(duration) for duration in known])
    # Of each cell from one tick to the next: its length, and the shares of jobs that end in it and that still run.
    lengths = [b - a for a, b in pairwise(ticks)]
    seconds = [b - a for a, b in pairwise(map(_seconds, ticks))]
    ending = [max(after - before, 0.0) for before, after in pairwise(ended)]
    running = [1 - (before + after) / 2 for before, after in pairwise(ended)]

    # A wait begins with a poll and ends with one that comes after the job's end, whatever the plan.
    budget = math.inf if requests is None else max(requests - 2, 0.0)
    # At its most frequent the default schedule makes more than one poll a tick.
    peak = (1 - _DEFAULT.jitter / 2) / (1 - _DEFAULT.jitter)
    least = min(peak * watch, budget / 2 / _product(running, lengths))
    watching = [least * length for length in lengths]
    lost = [share * length for share, length in zip(ending, seconds, strict=True)]
    best = [math.sqrt(time / share) for time, share in zip(lost, running, strict=True)]
    last, longest = ticks[-1], _ticks(10 * sum(known) / len(known))
    most = _MOST * longest - max(longest - last, 0.0)
    tail = (1 - ended[-1]) * (_seconds(last + 1) - _seconds(last))

    def counts(c: float) -> list[float]:
        return list(map(max, [c * count for count in best], watching))

    def suffices(polls: list[float]) -> bool:
        if sum(polls) >= most or _product(running, polls) >= budget:
            return True
        # An end is noticed half an interval later, on average.
        return delay is not None and (_product(lost, [1 / count for count in polls]) + tail) / 2 <= delay

    # The least c that suffices, as a power of e: each step halves what is unknown of it.
    low, high = -15.0, 15.0
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (low, middle) if suffices(counts(math.exp(middle))) else (middle, high)
    # After the longest duration the default schedule goes on, with a poll a tick.
    ticks, polls = [*ticks, last + 1], list(accumulate([*counts(math.exp(low)), 1.0], initial=0.0))
    # Between two whole ticks seconds are in proportion to them, so a plan by seconds has all that a poll must look up.
    points = sorted({*ticks, *range(len(_MOMENTS))})
    return _Plan([_seconds(tick) for tick in points], [_between(tick, ticks, polls) for tick in points], jitter)


def _smoothed(ends: list[float]) -> tuple[list[float], list[float]]:
    """Ticks from 0 until after the last of the sorted ends, and the share of jobs that have ended by each."""
    neighbour = len(ends) // 4 + 1
    # Ends that are all alike tell the next one no closer than their number allows.
    widths = [max(_SMOOTHING * sorted(abs(end - other) for other in ends)[neighbour], 1 / len(ends)) for end in ends]
    bells = list(zip(ends, widths, strict=True))
    last = ends[-1] + widths[-1]
    edges = {end + side * width for end, width in bells for side in (-3, -1, 1)}
    ticks = [0.0, *sorted(edge for edge in edges if 0 < edge < last), last]

    def share_ended(tick: float) -> float:
        # This curve is as good as the normal distribution's, and quicker. Half a job more never ends.
        return sum([0.5 + 0.5 * math.tanh(0.85 * (tick - end) / width) for end, width in bells]) / (len(ends) + 0.5)

    return ticks, [0.0, *(share_ended(tick) for tick in ticks[1:])]


def _product(these: list[float], those: list[float]) -> float:
    return sum([a * b for a, b in zip(these, those, strict=True)])


def _ticks(elapsed: float) -> float:
    return _between(elapsed, _MOMENTS, range(len(_MOMENTS)))


def _seconds(ticks: float) -> float:
    return _between(ticks, range(len(_MOMENTS)), _MOMENTS)


def _between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The y of an x, on straight lines from one point to the next; the last line goes on."""
    i = min(bisect_right(xs, x), len(xs) - 1)
    return ys[i - 1] + (x - xs[i - 1]) / (xs[i] - xs[i - 1]) * (ys[i] - ys[i - 1])
