"""Callbacks of a vendor, kept for the waits that they concern.

A callback only says that it is worth to poll now: it can be late, lost or forged, so the poll decides. It may also come
before its wait begins, and is kept until then. But a sender can send any number of callbacks, for jobs that nobody
knows. So what is kept for waits to come is bounded in number and in bytes, and makes room for what comes later; the
callback of a job that is waited for stays.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .._locks import new_rlock, register

MAX_CALLBACKS = 10_000
# As they are in memory, where JSON may take twenty times its length.
MAX_BYTES = 4 * 2**20

_Wakers = tuple[Callable[[], object], ...]


class Inbox:
    """The latest callback of each job, which wakes the waits for it. Safe to share between threads.

    A callback that comes before its wait begins is kept until ten thousand others, or 4 MiB of them, have come. One
    that takes more than 4 MiB alone is ignored.
    """

    def __init__(self) -> None:
        # Of jobs that are waited for; and of others with their sizes, the oldest first.
        self._subscribed: dict[str, Any] = {}
        self._early: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._early_bytes = 0
        self._wakers: dict[str, _Wakers] = {}
        self.after_fork()
        register(self)

    def after_fork(self) -> None:
        """Renew the lock, which another thread of the parent may have held."""
        # Re-entrant, because the garbage collector may end a wait within any of these methods.
        self._lock = new_rlock()

    def put(self, job_id: str, callback: Any) -> bool:
        """Keep a job's callback, and wake its waits; false if it is too large for that.

        The same callback a second time wakes nobody.
        """
        size = _bytes_of(callback)
        if size > MAX_BYTES:
            return False
        with self._lock:
            wakers = self._wakers.get(job_id, ()) if self.get(job_id) != callback else ()
            if job_id in self._wakers:
                self._subscribed[job_id] = callback
            else:
                self._keep(job_id, callback, size)
        for wake in wakers:
            wake()
        return True

    def get(self, job_id: str) -> Any | None:
        """A job's latest callback; None if there was none."""
        with self._lock:
            early, _ = self._early.get(job_id, (None, 0))
            return self._subscribed.get(job_id, early)

    def subscribe(self, job_id: str, wake: Callable[[], object]) -> Callable[[], None]:
        """Call `wake`, from whatever thread, when a job's callback comes; returns what ends that."""
        with self._lock:
            self._wakers[job_id] = (*self._wakers.get(job_id, ()), wake)
            if job_id in self._early:
                callback, _ = self._early[job_id]
                self._forget(job_id)
                self._subscribed[job_id] = callback

        def unsubscribe() -> None:
            with self._lock:
                left = tuple(other for other in self._wakers.get(job_id, ()) if other is not wake)
                if left:
                    self._wakers[job_id] = left
                    return
                self._wakers.pop(job_id, None)
                if job_id in self._subscribed:
                    callback = self._subscribed.pop(job_id)
                    self._keep(job_id, callback, _bytes_of(callback))

        return unsubscribe

    def _keep(self, job_id: str, callback: Any, size: int) -> None:
        """Keep a callback that nobody waits for, as the latest of those."""
        self._forget(job_id)
        self._early[job_id] = callback, size
        self._early_bytes += size
        while len(self._early) > MAX_CALLBACKS or self._early_bytes > MAX_BYTES:
            _, (_, oldest) = self._early.popitem(last=False)
            self._early_bytes -= oldest

    def _forget(self, job_id: str) -> None:
        self._subscribed.pop(job_id, None)
        _, size = self._early.pop(job_id, (None, 0))
        self._early_bytes -= size


def _bytes_of(value: Any) -> int:
    """How much memory a value takes, JSON or a model made of it; more than is kept is not counted any further."""
    size, left = 0, [value]
    while left and size <= MAX_BYTES:
        each = left.pop()
        size += sys.getsizeof(each)
        if isinstance(each, dict):
            left += [*each, *each.values()]
        elif isinstance(each, list | tuple):
            left += each
        else:
            left += [getattr(each, field.name, None) for field in getattr(each, "__attrs_attrs__", ())]
    return size
