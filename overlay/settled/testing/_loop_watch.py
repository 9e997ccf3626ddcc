"""Seeing that an event loop has nothing left to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ._activity import PATIENCE_SECONDS

# A loop runs everything that is ready before it comes round again. So many quiet rounds let what has ended pass on its
# result through tasks, groups and queues to the task that goes on with it.
_ROUNDS = 20


class LoopWatch:
    """Calls `idle` when a loop has come round often enough since the latest `begin`, and again later if it is false."""

    def __init__(self, loop: asyncio.AbstractEventLoop, idle: Callable[[], bool]) -> None:
        self._loop = loop
        self._idle = idle
        self._rounds = 0
        self._later: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Count anew: something has happened in the loop."""
        is_counting, self._rounds = self._rounds > 0, _ROUNDS
        if not is_counting:
            self._loop.call_soon(self._come_round)

    def _come_round(self) -> None:
        self._rounds -= 1
        if self._rounds:
            self._loop.call_soon(self._come_round)
        else:
            self._ask()

    def _ask(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self._later = None
        if not self._rounds and not self._idle():
            self._later = self._loop.call_later(PATIENCE_SECONDS, self._ask)
