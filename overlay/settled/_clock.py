"""The time that waits go by, and sleep by."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class Clock:
    """Real time: a monotonic clock, and two ways to sleep."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep in this thread."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float, *, unless: asyncio.Event | None = None) -> None:
        """Sleep in this task, but no longer than until an event."""
        import asyncio

        if unless is None:
            await asyncio.sleep(seconds)
        else:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await unless.wait()


# Looked up anew by every wait, so that tests can put virtual time in its place.
clock = Clock()
