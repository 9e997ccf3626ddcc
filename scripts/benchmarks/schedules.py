"""What schedules cost, and how late they notice an end: a seeded simulation, without clock or network."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import NormalDist, fmean, median
from typing import Any, NamedTuple

from settled import Schedule
from settled._core.learned import Learned
from settled._core.schedule import Timing

SEED = 2024
KNOWN = 20

Distribution = Callable[[], float]
"""Draws the duration of one more job, in seconds."""


class Row(NamedTuple):
    """A schedule's means: requests a job, seconds of delay, and delay as a share of the duration."""

    schedule: str
    requests: float
    delay: float
    overshoot: float


class Saving(NamedTuple):
    """What the polls of one kind of job cost: a schedule that has learnt, at the mean delay that google's has."""

    kind: str
    google: Row
    learned: Row
    default: Row

    @property
    def ratio(self) -> float:
        """How many times the requests google's schedule makes."""
        return self.google.requests / self.learned.requests


class Drift(NamedTuple):
    """What happens when all jobs of a kind take `factor` times as long as those that a schedule has learnt from.

    `after` is right after the change, `recovered` when twenty of the new jobs have been learnt from, `default` what the
    default schedule makes of them. `before` tells of the jobs before the change, for what the schedule was to be like.
    """

    kind: str
    factor: float
    before: Row
    after: Row
    recovered: Row
    default: Row


class Waited(NamedTuple):
    """One simulated wait: its requests, seconds of delay, and when the job was last seen running and first settled."""

    requests: int
    delay: float
    after: float
    before: float


def google(polls: int, _elapsed: float, /) -> float:
    """google.api_core.future.polling.DEFAULT_POLLING, as google.api_core.retry.exponential_sleep_generator reads it."""
    return random.uniform(0.0, min(1.5 ** min(polls - 1, 99), 20.0))  # noqa: S311 - chance, not secrecy


def stamina(polls: int, _elapsed: float, /) -> float:
    """stamina.retry with its default waits."""
    return min(5.0, 0.1 * 2.0 ** min(polls - 1, 99) + random.uniform(0.0, 1.0))  # noqa: S311 - chance, not secrecy


def every(seconds: float) -> Timing:
    """A constant interval."""
    return Schedule(first=seconds, factor=1, cap=seconds, jitter=0)


SCHEDULES: dict[str, Timing] = {
    "Settled's default": Schedule(),
    "google-api-core": google,
    "every 5 s": every(5),
    "every 15 s (botocore's EC2 waiters)": every(15),
    "every 30 s (azure-core)": every(30),
    "x1.5 from 1 s, at most 60 s": Schedule(first=1, factor=1.5, cap=60, jitter=0),
    "x2 from 1 s, at most 60 s (tenacity's wait_exponential)": Schedule(first=1, factor=2, cap=60, jitter=0),
    "stamina": stamina,
}


def lognormal(median: float, sigma: float) -> Distribution:
    """Jobs that take `median` seconds, e**sigma times more or less."""
    return lambda: random.lognormvariate(math.log(median), sigma)


def either(first: Distribution, share: float, second: Distribution) -> Distribution:
    """A mix of two kinds of job; the share of the first is `share`."""
    return lambda: first() if random.betavariate(1, 1) < share else second()


MIXED_MEDIANS = (3, 30, 300, 3000)
MIXED_SIGMA = 0.65

DISTRIBUTIONS: dict[str, Distribution] = {
    "lognormal, median 30 s, sigma 0.5": lognormal(30, 0.5),
    "lognormal, median 120 s, sigma 0.4": lognormal(120, 0.4),
    "lognormal, median 600 s, sigma 0.3": lognormal(600, 0.3),
    "lognormal, median 3,000 s, sigma 0.3": lognormal(3000, 0.3),
    "gamma, shape 4, median 60 s": lambda: random.gammavariate(4, 60 / 3.672),
    "gamma, shape 6, median 900 s": lambda: random.gammavariate(6, 900 / 5.670),
    "Weibull, shape 3, median 1,000 s": lambda: random.weibullvariate(1000 / math.log(2) ** (1 / 3), 3),
    "uniform, 200 to 600 s": lambda: 200 + 400 * random.betavariate(1, 1),
    "two sorts, of 45 s and of 900 s": either(lognormal(45, 0.3), 0.4, lognormal(900, 0.3)),
    "240 s, and then exponential of 60 s": lambda: 240 + random.expovariate(1 / 60),
}
# The wider the durations spread, the less there is to learn; of exponential ones, nothing.
WIDE: dict[str, Distribution] = {
    "lognormal, median 300 s, sigma 0.6": lognormal(300, 0.6),
    "Weibull, shape 2, median 200 s": lambda: random.weibullvariate(200 / math.log(2) ** 0.5, 2),
    "exponential, median 200 s": lambda: random.expovariate(math.log(2) / 200),
}


def waited(schedule: Timing, duration: float) -> Waited:
    """Wait for one job: a poll at once, and then by the schedule, until one finds that the job has ended."""
    polls, after, before = 1, 0.0, 0.0
    while before < duration:
        after = before
        before += schedule(polls, before)
        polls += 1
    return Waited(polls, before - duration, after, before)


def row(name: str, waits: Iterable[tuple[Timing, float]]) -> Row:
    """The means of waits, each given as a schedule and its job's duration."""
    results = [(waited(schedule, duration), duration) for schedule, duration in waits]
    requests = fmean(result.requests for result, _ in results)
    delay = fmean(result.delay for result, _ in results)
    return Row(name, requests, delay, fmean(result.delay / duration for result, duration in results))


def schedule_table(seed: int = SEED, *, jobs: int = 300) -> list[Row]:
    """Every schedule, for so many jobs of each kind of the mixed-median set, spread evenly over its distribution."""
    random.seed(seed)
    quantiles = [NormalDist(sigma=MIXED_SIGMA).inv_cdf((i + 0.5) / jobs) for i in range(jobs)]
    durations = [middle * math.exp(quantile) for middle in MIXED_MEDIANS for quantile in quantiles]
    return [row(name, ((schedule, duration) for duration in durations)) for name, schedule in SCHEDULES.items()]


def single_distributions(seed: int = SEED, *, histories: int = 50, jobs: int = 20) -> list[Saving]:
    """The distributions, and then the wide ones: so many histories of twenty durations, so many jobs after each."""
    random.seed(seed)
    return [_saving(kind, distribution, histories, jobs) for kind, distribution in (DISTRIBUTIONS | WIDE).items()]


def drifts(
    seed: int = SEED, *, factor: float, by_requests: bool = False, watch: float | None = None, histories: int = 10
) -> list[Drift]:
    """Each distribution, its jobs suddenly `factor` times as long, after so many histories of twenty durations.

    The schedules were to notice ends as late as google's on the mean, or, `by_requests`, to make as many requests as
    the default one; `watch` is how closely they watch for such a change, if not as usual.
    """
    random.seed(seed)
    return [
        _drift(kind, distribution, factor, histories, by_requests=by_requests, watch=watch)
        for kind, distribution in DISTRIBUTIONS.items()
    ]


def learning(distribution: Distribution, delay: float, seed: int = SEED, *, jobs: int = 600) -> list[Waited]:
    """The waits of one schedule that begins with nothing and learns from each of them, in their order."""
    random.seed(seed)
    learned = Learned(delay=delay)
    return list(_taught(learned, distribution, jobs))


def delay_curve(seed: int = SEED, *, histories: int = 20, jobs: int = 5) -> list[Row]:
    """Points for a picture, of the mixed-median set: every schedule, and what has learnt at several delays.

    The delays are parts of the median duration, the same for each kind.
    """
    rows = schedule_table(seed, jobs=histories * jobs)
    for share in (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3):
        random.seed(seed)
        rows.append(row(f"Learned, delay {share:.0%} of the median", _mixed(share, histories, jobs)))
    return rows


def _history(distribution: Distribution) -> list[float]:
    return [distribution() for _ in range(KNOWN)]


def _taught(learned: Learned, distribution: Distribution, jobs: int) -> Iterator[Waited]:
    for _ in range(jobs):
        wait = waited(learned, distribution())
        learned.learn(wait.after, wait.before)
        yield wait


def _mixed(share: float, histories: int, jobs: int) -> Iterator[tuple[Timing, float]]:
    for middle in MIXED_MEDIANS:
        distribution = lognormal(middle, MIXED_SIGMA)
        for _ in range(histories):
            history = _history(distribution)
            learned = Learned.from_durations(history, delay=share * median(history))
            yield from ((learned, distribution()) for _ in range(jobs))


def _saving(kind: str, distribution: Distribution, histories: int, jobs: int) -> Saving:
    durations = [distribution() for _ in range(histories * jobs)]
    theirs = row("google-api-core", ((google, duration) for duration in durations))
    default = row("Settled's default", ((Schedule(), duration) for duration in durations))
    each = [Learned.from_durations(_history(distribution), delay=theirs.delay) for _ in range(histories)]
    learned = row("Learned", zip(each * jobs, durations, strict=True))
    return Saving(kind, theirs, learned, default)


def _drift(
    kind: str, distribution: Distribution, factor: float, histories: int, *, by_requests: bool, watch: float | None
) -> Drift:
    def changed() -> float:
        return factor * distribution()

    name, model = ("Settled's default", Schedule()) if by_requests else ("google-api-core", google)
    before = row(name, ((model, distribution()) for _ in range(500)))
    wish = {"requests": before.requests} if by_requests else {"delay": before.delay}
    wish |= {} if watch is None else {"watch": watch}
    each = [Learned.from_durations(_history(distribution), **wish) for _ in range(histories)]
    durations = [changed() for _ in each * 40]
    default = row("Settled's default", ((Schedule(), duration) for duration in durations))
    after = row("Learned", zip(each * 40, durations, strict=True))
    for learned in each:
        for _ in _taught(learned, changed, KNOWN):
            pass
    # Such waits may take thousands of polls, so fewer of them have to do.
    recovered = row("Learned", zip(each * 8, durations, strict=False))
    return Drift(kind, factor, before, after, recovered, default)


_MODELS: dict[str, dict[str, Any]] = {
    "As late as google-api-core": {},
    "As late as google-api-core, watch=0.67": {"watch": 0.67},
    "As many requests as the default schedule": {"by_requests": True},
}


def _print(title: str, columns: str, lines: Iterable[tuple[str, Sequence[float]]]) -> None:
    print(f"\n{title}\n{'':56}" + "".join(f"{column:>12}" for column in columns.split(", ")))
    for name, figures in lines:
        print(f"{name:56}" + "".join(f"{figure:12.3g}" for figure in figures))


def _changes(drift: Drift) -> tuple[float, ...]:
    before, after, recovered, default = drift[2:]
    return (
        after.requests / default.requests,
        after.overshoot / default.overshoot,
        after.delay / before.delay,
        recovered.requests / before.requests,
        recovered.delay / before.delay,
    )


def main() -> None:
    """Print all tables."""
    _print(
        "The mixed-median set", "requests, delay, overshoot", ((found.schedule, found[1:]) for found in delay_curve())
    )
    _print(
        "As late as google-api-core, after 20 jobs",
        "google's, Learned's, times fewer, their delay, its delay, default's",
        (
            (
                kind,
                (theirs.requests, its.requests, theirs.requests / its.requests, theirs.delay, its.delay, ours.requests),
            )
            for kind, theirs, its, ours in single_distributions()
        ),
    )
    for factor in (0.1, 10.0):
        for model, options in _MODELS.items():
            _print(
                f"{model}, and suddenly jobs take {factor:g} times as long",
                "/ default's, overshoot, delay, recovered, its delay",
                ((drift.kind, _changes(drift)) for drift in drifts(factor=factor, **options)),
            )


if __name__ == "__main__":
    main()
