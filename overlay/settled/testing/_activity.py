"""Which threads are at work, so that virtual time must stand still.

Time may pass only when nobody is about to do anything. That cannot be known of threads in general, so it is inferred:
a thread that has just begun, been woken or received a reply is at work, until it sleeps, rests or waits for a reply.
"""

from __future__ import annotations

import math
import threading
from collections import Counter

from .._monotonic import monotonic

# A thread that has just done something and does not sleep is probably about to do more. If nothing comes of it for so
# long (in real time), it is busy with something of its own, and time does not wait for that.
PATIENCE_SECONDS = 0.1


class Worker(threading.Thread):
    """A thread of `as_settled`, which goes on by itself, however slow the machine, except in a callback."""


class ThreadActivity:
    """What is known of each thread, including those that run event loops. The owner's lock guards it."""

    def __init__(self) -> None:
        self._busy_until: dict[threading.Thread, float] = {}
        self._asleep: set[threading.Thread] = set()
        self._in_callback: set[threading.Thread] = set()
        self._requests: Counter[threading.Thread] = Counter()

    def busy(self, thread: threading.Thread) -> None:
        """A thread is at work, or about to begin."""
        goes_on = isinstance(thread, Worker) and thread not in self._in_callback
        self._busy_until[thread] = math.inf if goes_on else monotonic() + PATIENCE_SECONDS

    def resting(self, thread: threading.Thread) -> None:
        """A thread does nothing until another one wakes it."""
        self._busy_until.pop(thread, None)

    def asleep(self, thread: threading.Thread) -> None:
        """A thread sleeps, so its event loop stands still, too."""
        self._asleep.add(thread)

    def awake(self, thread: threading.Thread) -> None:
        """A thread's sleep has ended."""
        self._asleep.discard(thread)
        self.busy(thread)

    def in_callback(self, thread: threading.Thread, *, begins: bool) -> None:
        """A thread begins to run a function of the user's, or ends it."""
        (self._in_callback.add if begins else self._in_callback.discard)(thread)
        self.busy(thread)

    def requesting(self, thread: threading.Thread, change: int) -> None:
        """A thread has sent a request (1), or received the reply (-1)."""
        self._requests[thread] += change
        if not self._requests[thread]:
            del self._requests[thread]
        self.busy(thread)

    def anyone(self) -> bool:
        """Whether any thread is at work."""
        now = monotonic()
        self._busy_until = {
            thread: until for thread, until in self._busy_until.items() if now < until and not _has_ended(thread)
        }
        return any(thread not in self._asleep for thread in (*self._busy_until, *self._requests))


def _has_ended(thread: threading.Thread) -> bool:
    return thread.ident is not None and not thread.is_alive()
