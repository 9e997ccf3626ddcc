"""A fake vendor without a network: it replies at once, sets when each job is polled next, and measures the lateness."""

from __future__ import annotations

import random
import time

from benchmarks.server import job_body


class Fake:
    """Jobs that are polled every `period` seconds, spread evenly over that time from their first poll on.

    With `keeps_time` it keeps the moment when each job is due, and how late polls came.
    """

    def __init__(self, period: float, *, keeps_time: bool) -> None:
        self.status = b"completed"
        self.waiting = 0
        self.polls = 0
        self.late: list[tuple[float, float]] = []
        self._period = period
        self._keeps_time = keeps_time
        self._due: dict[str, float] = {}
        self._random = random.Random(2024)  # noqa: S311 - chance, not secrecy
        self._asked: str | None = None

    def answer(self, job_id: str) -> bytes:
        """The reply to a poll."""
        self.polls += 1
        self._asked = job_id
        if self._keeps_time and job_id in self._due:
            due = self._due[job_id]
            self.late.append((due, time.monotonic() - due))
        return job_body(job_id.encode(), self.status)

    def interval(self, job_id: str) -> float:
        """Seconds until a job is to be polled again."""
        self._asked = None
        if not self._keeps_time:
            self.waiting += 1
            return self._period
        now = time.monotonic()
        if job_id in self._due:
            # From when it was due, not from when it was polled: jobs that were late together would be due together.
            due = max(self._due[job_id] + self._period, now)
        else:
            self.waiting += 1
            due = now + self._random.uniform(0, self._period)
        self._due[job_id] = due
        return due - now

    @property
    def is_behind(self) -> bool:
        """Whether any of the latest polls came late."""
        return not self.late or max(late for _, late in self.late[-100:]) > 0.05

    def due_between(self, begin: float, end: float) -> int:
        """How many jobs were due within a period, and have not been polled since."""
        return sum(begin <= due < end for due in self._due.values())

    def interval_of_the_answered(self, _polls: int, _elapsed: float) -> float:
        """The interval as a `schedule=`, which is called right after a reply, without the job."""
        if self._asked is None:
            raise RuntimeError("two intervals were asked for after one answer")
        return self.interval(self._asked)
