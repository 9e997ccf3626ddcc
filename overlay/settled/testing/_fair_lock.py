"""A lock that tells virtual time which threads wait for it, and which one goes on."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from ._virtual import VirtualClock


@attrs.define(eq=False)
class _Waiter:
    """A thread that waits for a lock, and the event that says it has it."""

    thread: threading.Thread = attrs.field(factory=threading.current_thread)
    has_lock: threading.Event = attrs.field(factory=threading.Event)


class FairLock:
    """A lock that goes to its waiters in turn. They rest while they wait, and are at work once they have it.

    With an ordinary lock there would be a moment in which the thread that gets it seems to rest, and time would pass.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._is_taken = False
        self._waiters: deque[_Waiter] = deque()

    def __enter__(self) -> None:
        with self._clock.lock:
            if not self._is_taken:
                self._is_taken = True
                return
            waiter = _Waiter()
            self._waiters.append(waiter)
            self._clock.rest()
        try:
            waiter.has_lock.wait()
        except BaseException:
            # Interrupted: leave the queue, or pass the lock on if it has just arrived.
            with self._clock.lock:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                else:
                    self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with self._clock.lock:
            if not self._waiters:
                self._is_taken = False
                return
            waiter = self._waiters.popleft()
            self._clock.activity.busy(waiter.thread)
            waiter.has_lock.set()
