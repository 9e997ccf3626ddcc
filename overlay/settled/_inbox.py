"""Callbacks of a vendor, kept for the waits that they concern."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

_MAX_KEPT = 10_000


class Inbox:
    """The latest callback of each job, which wakes whoever waits for it. Safe to share between threads.

    A callback that comes before its wait begins is kept for it, until ten thousand others have come.
    """

    def __init__(self) -> None:
        self._callbacks: OrderedDict[str, Any] = OrderedDict()
        self._wakers: dict[str, set[Callable[[], object]]] = {}
        self._lock = threading.Lock()

    def put(self, job_id: str, callback: Any) -> None:
        """Keep a job's callback, and wake its waits; the same callback a second time wakes nobody."""
        with self._lock:
            is_news = self._callbacks.get(job_id) != callback
            self._callbacks[job_id] = callback
            self._callbacks.move_to_end(job_id)
            if len(self._callbacks) > _MAX_KEPT:
                self._callbacks.popitem(last=False)
            wakers = list(self._wakers.get(job_id, ())) if is_news else []
        for wake in wakers:
            wake()

    def get(self, job_id: str) -> Any | None:
        """A job's latest callback; None if there was none."""
        with self._lock:
            return self._callbacks.get(job_id)

    def subscribe(self, job_id: str, wake: Callable[[], object]) -> Callable[[], None]:
        """Call `wake`, from whatever thread, when a job's callback comes; returns what ends that."""
        with self._lock:
            self._wakers.setdefault(job_id, set()).add(wake)

        def unsubscribe() -> None:
            with self._lock:
                wakers = self._wakers.get(job_id, set())
                wakers.discard(wake)
                if not wakers:
                    self._wakers.pop(job_id, None)

        return unsubscribe
