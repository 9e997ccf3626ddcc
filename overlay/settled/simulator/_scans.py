"""The pool of AgileSec's scans, which run in the order of their priority, a few at a time.

Time passes only when somebody asks: `advance` then replays, one after the other, each end and the start it made room
for, so that the result is the same however seldom the pool is asked.
"""

from __future__ import annotations

import heapq
import itertools
import math

from ._script import ScriptedJob

RANKS = {"high": 0, "medium": 1, "low": 2}

_ENDED = ("successful", "failed")


class ScanPool:
    """The scans that wait, most urgent and then oldest first, and those that run."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._numbers = itertools.count()
        self._waiting: list[tuple[int, int, ScriptedJob]] = []
        self._running: list[ScriptedJob] = []

    def put(self, scan: ScriptedJob, priority: str, now: float) -> None:
        """Queue a scan: it stays in its first state until its turn comes."""
        # No state ends before its turn comes: then `_start_next` sets the moment.
        scan.script.since = math.inf
        self.advance(now)
        heapq.heappush(self._waiting, (RANKS[priority], next(self._numbers), scan))
        if len(self._running) < self._slots:
            self._start_next(now)

    def advance(self, now: float) -> None:
        """Let scans end and others start in their place, each at its own moment, until now."""
        while self._running:
            first = min(self._running, key=lambda scan: _end_of(scan, now))
            if _end_of(first, now) == math.inf:
                return
            self._running.remove(first)
            if self._waiting:
                self._start_next(_end_of(first, now))

    def has_ended(self, scan: ScriptedJob, now: float) -> bool:
        """Whether a scan has ended; it need not be one of the pool."""
        self.advance(now)
        return _end_of(scan, now) < math.inf

    def _start_next(self, moment: float) -> None:
        _, _, scan = heapq.heappop(self._waiting)
        scan.script.since = moment
        self._running.append(scan)


def _end_of(scan: ScriptedJob, now: float) -> float:
    """When a scan has ended; infinity if it has not."""
    scan.script.advance(now)
    moment, word = scan.script.began[-1]
    return moment if word.lower() in _ENDED else math.inf
