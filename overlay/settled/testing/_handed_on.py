"""What threads wait for each other with, so that time knows whom it need not wait for."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    from ._virtual import VirtualClock

T = TypeVar("T")


@attrs.define(eq=False)
class _Taker(Generic[T]):
    """A thread that waits, and what it has been handed."""

    thread: threading.Thread = attrs.field(factory=threading.current_thread)
    given: threading.Event = attrs.field(factory=threading.Event)
    items: list[T] = attrs.field(factory=list[T])


class HandedOn(Generic[T]):
    """A queue whose takers rest, and are at work again from the moment that something is put in for them."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._items: deque[T] = deque()
        self._takers: deque[_Taker[T]] = deque()

    def put(self, item: T) -> None:
        """Hand an item to whoever waits longest, or keep it for who will ask next."""
        with self._clock.lock:
            if not self._takers:
                self._items.append(item)
                return
            taker = self._takers.popleft()
            taker.items.append(item)
            self._clock.attendance.busy(taker.thread)
            taker.given.set()

    def get(self) -> T:
        """Take an item, and wait until there is one."""
        with self._clock.lock:
            if self._items:
                return self._items.popleft()
            taker = _Taker[T]()
            self._takers.append(taker)
            self._clock.rest()
        try:
            taker.given.wait()
        except BaseException:
            with self._clock.lock:
                if taker in self._takers:
                    self._takers.remove(taker)
                else:
                    self.put(taker.items.pop())
            raise
        return taker.items.pop()


class Turn:
    """A lock whose takers rest in the same way."""

    def __init__(self, clock: VirtualClock) -> None:
        self._token = HandedOn[None](clock)
        self._token.put(None)

    def __enter__(self) -> None:
        self._token.get()

    def __exit__(self, *_: object) -> None:
        self._token.put(None)
