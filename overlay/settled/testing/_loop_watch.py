"""Detecting that an event loop has nothing left to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ._activity import PATIENCE_SECONDS

# In each iteration, a loop runs all callbacks that are ready. So many iterations let a result travel through tasks,
# groups and queues to the task that goes on with it.
_ROUNDS = 20


class LoopWatch:
    """Calls `idle` some iterations after the latest `begin`, and again a little later while it returns false."""

    def __init__(self, loop: asyncio.AbstractEventLoop, idle: Callable[[], bool]) -> None:
        self._loop = loop
        self._idle = idle
        self._rounds = 0
        self._later: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Count again from the start: something has happened in the loop."""
        is_counting, self._rounds = self._rounds > 0, _ROUNDS
        if not is_counting:
            self._loop.call_soon(self._next_round)

    def _next_round(self) -> None:
        self._rounds -= 1
        if self._rounds:
            self._loop.call_soon(self._next_round)
        else:
            self._ask()

    def _ask(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self._later = None
        if not self._rounds and not self._idle():
            self._later = self._loop.call_later(PATIENCE_SECONDS, self._ask)
