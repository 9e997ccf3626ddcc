"""Locks, and what a forked child must not share with its parent.

A child has the parent's memory but none of its threads: a lock that one of them held stays locked for ever, and two
processes that read from one connection get each other's answers. Objects with either register here.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol

__all__ = ["Forkable", "new_lock", "new_rlock", "register"]

# The core decides without threads; it only guards its state with these.
new_lock, new_rlock = threading.Lock, threading.RLock


class Forkable(Protocol):
    """Something with locks or connections."""

    def after_fork(self) -> None:
        """Renew, in the child, what must not be shared."""
        ...


# Not a WeakSet, whose callbacks are Python code: an exception from a signal handler would be lost in them.
_registered: set[weakref.ref[Forkable]] = set()
_TIDIED_EVERY = 100


def register(forkable: Forkable) -> None:
    """Call `after_fork` of an object in each forked child, as long as the object lives."""
    _registered.add(weakref.ref(forkable))
    if len(_registered) % _TIDIED_EVERY == 0:
        for dead in [each for each in list(_registered) if each() is None]:
            _registered.discard(dead)


def _after_fork() -> None:
    for forkable in filter(None, [each() for each in list(_registered)]):
        forkable.after_fork()


# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
