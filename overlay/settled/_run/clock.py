"""The time that waits go by, and sleep by."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .._monotonic import monotonic

if TYPE_CHECKING:
    import asyncio
    import threading

# Longer sleeps than threads can be given are made of several.
_LONGEST_SECONDS = 3600.0


class Clock:
    """Real time: a monotonic clock, and two ways to sleep.

    A sleep ends at once when its `alarm` is set, and leaves it cleared.
    """

    def now(self) -> float:
        """Seconds since some fixed moment."""
        return monotonic()

    def time_of_day(self) -> float:
        """Seconds since 1970, which other processes and machines count, too."""
        return time.time()

    def sleep(self, seconds: float, alarm: threading.Event | None = None) -> None:
        """Sleep in this thread."""
        seconds = min(seconds, _LONGEST_SECONDS)
        if alarm is None:
            time.sleep(seconds)
        else:
            alarm.wait(seconds)
            alarm.clear()

    async def sleep_async(self, seconds: float, alarm: asyncio.Event | None = None) -> None:
        """Sleep in this task."""
        import asyncio

        seconds = min(seconds, _LONGEST_SECONDS)
        if alarm is None:
            await asyncio.sleep(seconds)
            return
        timer = asyncio.get_running_loop().call_later(seconds, alarm.set)
        try:
            await alarm.wait()
        finally:
            timer.cancel()
            alarm.clear()


# Looked up anew by every wait, so that tests can put virtual time in its place.
clock = Clock()
