"""The time that waits go by, and sleep by."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from .._monotonic import monotonic

if TYPE_CHECKING:
    import asyncio
    import threading

# Longer sleeps than threads can be given are made of several.
_LONGEST_SECONDS = 3600.0
# Two running clocks are never so far apart: one of them is frozen.
_MAX_DRIFT_SECONDS = 60.0


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

        loop = running_loop()
        seconds, alarm = min(seconds, _LONGEST_SECONDS), alarm or asyncio.Event()
        timer = _thread_timer(loop, seconds, alarm) if _is_frozen(loop) else loop.call_later(seconds, alarm.set)
        try:
            await alarm.wait()
        finally:
            timer.cancel()
            alarm.clear()


def running_loop() -> asyncio.AbstractEventLoop:
    """The event loop of asyncio that runs in this thread; RuntimeError if there is none, as under trio."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "settled.aio needs a running event loop of asyncio; under trio, run the verbs of settled in a thread, as "
            "in trio.to_thread.run_sync"
        ) from None


def _is_frozen(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a test has frozen the clock that this loop's timers go by; a loop may also have one of its own."""
    now = monotonic()
    return abs(time.monotonic() - now) > _MAX_DRIFT_SECONDS and abs(loop.time() - now) > _MAX_DRIFT_SECONDS


def _thread_timer(loop: asyncio.AbstractEventLoop, seconds: float, alarm: asyncio.Event) -> threading.Timer:
    """Set an alarm of a loop from a thread, which sleeps in real time."""
    import threading

    def ring() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(alarm.set)

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    return timer


# Looked up anew by every wait, so that tests can put virtual time in its place.
clock = Clock()
