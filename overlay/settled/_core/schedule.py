"""When to poll next.

A schedule is any function of the polls made and the seconds gone by. Intervals in proportion to the time gone by notice
an end late by the same share of a job's duration, whether that is seconds or hours, and the number of polls grows only
with its logarithm. A cap bounds the delay for jobs that take very long. A part of each interval is left to chance, or
else jobs that were started together would be polled in step for ever.
"""

from __future__ import annotations

import random
from typing import Protocol

import attrs

from .validate import number


class Timing(Protocol):
    """What may be given as `schedule=`: a function of the polls made and the seconds gone by since the wait began.

    If it has a method `learn(after, before)`, waits tell it when a job settled that they had seen running: it still ran
    `after` seconds into the wait, and had settled `before` seconds into it.
    """

    def __call__(self, polls: int, elapsed: float, /) -> float:
        """Seconds until the next poll."""
        ...


@attrs.frozen
class Schedule:
    """Intervals that grow: `first` seconds, each `factor` times the one before, never more than `cap` seconds.

    `jitter` is the share of an interval that is left to chance, so that many jobs do not poll in step: an interval of
    10 s with jitter 0.5 takes between 5 and 10 s. The default waits about a tenth of the time that has gone by.

    Raises:
        ValueError: If a number is out of its range: 0 < first <= cap, factor >= 1, 0 <= jitter < 1.
    """

    first: float = 0.5
    factor: float = 1.1
    cap: float = 60.0
    jitter: float = 0.5

    def __attrs_post_init__(self) -> None:
        first, factor, cap, jitter = (number(name, value) for name, value in attrs.asdict(self).items())
        if not (0 < first <= cap < float("inf") and 1 <= factor < float("inf") and 0 <= jitter < 1):
            raise ValueError(f"out of range (0 < first <= cap, factor >= 1, 0 <= jitter < 1): {self!s:.200}")

    def __call__(self, polls: int, _elapsed: float, /) -> float:
        """Seconds until the next poll, after so many polls."""
        interval = self.first
        try:
            interval *= float(self.factor) ** max(polls - 1, 0)
        except OverflowError:
            interval = self.cap
        return min(interval, self.cap) * (1 - self.jitter * random.random())  # noqa: S311 - chance, not secrecy
