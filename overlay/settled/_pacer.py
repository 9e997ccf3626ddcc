"""The rate limit that all jobs of a client share."""

from __future__ import annotations

import math
import threading

from ._job import Client


class Pacer:
    """Spaces the requests of one client evenly, `max_rate` a second at most, and holds them all back during a pause.

    Times are seconds of the caller's own monotonic clock. Safe to share between threads.
    """

    KEY = "settled.pacer"

    def __init__(self, max_rate: float | None = None) -> None:
        if max_rate is not None and not 0 < max_rate < math.inf:
            raise ValueError(f"max_rate must be a positive number of requests a second, or None: {max_rate}")
        self._spacing = 0.0 if max_rate is None else 1 / max_rate
        self._free_at = -math.inf
        self._lock = threading.Lock()
        self.paused_until = -math.inf

    def reserve(self, now: float) -> float:
        """Reserve the next free moment for one request, and return it."""
        with self._lock:
            slot = max(now, self._free_at)
            self._free_at = slot + self._spacing
        return slot

    def pause(self, until: float) -> None:
        """Let no request go before `until`; reservations before it have to be made anew."""
        with self._lock:
            self.paused_until = max(self.paused_until, until)
            self._free_at = max(self._free_at, until)


def pacer_of(client: Client) -> Pacer:
    """The pacer of a client; one without a rate limit, if the client was not made by a `connect`."""
    pacer: Pacer = client.extensions.setdefault(Pacer.KEY, Pacer())
    return pacer
