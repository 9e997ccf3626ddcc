"""The rate limit that all jobs of a client share."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right

from ._given import number
from ._job import Client

# Polls are spaced by so much more than the rate asks for, lest small delays on the way make too many of them arrive
# within a second.
_MARGIN = 1.1


class Pacer:
    """Spaces the polls of one client evenly, fewer than `max_rate` a second, and holds them all back during a pause.

    Moments for the last polls before deadlines are booked from the deadline backwards, so that many waits with one
    deadline keep to the rate there, too; other polls go round them. Times are seconds of the caller's own monotonic
    clock. Safe to share between threads. `answer_seconds` is what the latest answer took.
    """

    KEY = "settled.pacer"

    def __init__(self, max_rate: float | None = None) -> None:
        rate = math.inf if max_rate is None else number("max_rate", max_rate)
        if max_rate is not None and not 0 < rate < math.inf:
            raise ValueError(f"max_rate must be a positive number of requests a second, or None: {max_rate}")
        self.spacing = _MARGIN / rate
        self.answer_seconds = 0.0
        self.paused_until = -math.inf
        self._free_at = -math.inf
        # The same for what has been put off till after a pause: last polls still go before it.
        self._resumed_free_at = -math.inf
        # Stretches of time that are full of booked polls: their first and last moments, in order, none overlapping.
        self._booked: list[tuple[float, float]] = []
        self._lock = threading.Lock()

    def reserve(self, now: float, *, before: float = math.inf, despite_pause: bool = False) -> float | None:
        """Reserve the next free moment for one poll, and return it; None if there is none before `before`."""
        with self._lock:
            slot = max(now, self._free_at, -math.inf if despite_pause else self.paused_until)
            slot = max(slot, self._free_from(slot))
            index = self._full_at(slot) if self.spacing else len(self._booked)
            while index < len(self._booked) and self._booked[index][0] - self.spacing < slot:
                slot = max(slot, self._booked[index][1] + self.spacing)
                index += 1
            if slot >= before or slot < self._free_from(slot):
                return None
            if now < self.paused_until <= slot:
                self._resumed_free_at = slot + self.spacing
            else:
                self._free_at = slot + self.spacing
        return slot

    def give_back(self, slot: float) -> None:
        """Give a reserved moment back, if none was reserved after it."""
        with self._lock:
            if self._free_at == slot + self.spacing:
                self._free_at = slot
            elif self._resumed_free_at == slot + self.spacing:
                self._resumed_free_at = slot

    def book(self, latest: float, now: float, *, concurrency: int) -> float | None:
        """Book the last free moment up to `latest` for a last poll, and return it; None if there is none from now on.

        No more such polls are booked than `concurrency` at a time can be answered.
        """
        spacing = self._spacing_of(concurrency)
        if spacing == 0:
            return latest if latest > now else None
        with self._lock:
            del self._booked[: self._full_at(now - spacing)]
            slot = latest
            above = bisect_left(self._booked, (slot + spacing,))
            while above and self._booked[above - 1][1] > slot - spacing:
                above -= 1
                slot = self._booked[above][0] - spacing
            if slot <= now or slot < self._free_from(slot):
                return None
            self._fill(above, slot, spacing)
        return slot

    def release(self, slot: float, *, concurrency: int) -> None:
        """Give a booked moment back."""
        spacing = self._spacing_of(concurrency)
        with self._lock:
            index = bisect_right(self._booked, (slot, math.inf)) - 1
            if index >= 0 and slot <= (stretch := self._booked[index])[1]:
                first, last = stretch
                below = [(first, max(first, slot - spacing))] if first < slot - spacing / 2 else []
                above = [(min(last, slot + spacing), last)] if last > slot + spacing / 2 else []
                self._booked[index : index + 1] = below + above

    def use(self, moment: float) -> None:
        """Keep the next polls at their distance from one that goes at a moment, booked before."""
        with self._lock:
            self._free_at = max(self._free_at, moment + self.spacing)

    def pause(self, until: float) -> None:
        """Let no poll but a last one go before `until`; reservations before it have to be made anew."""
        with self._lock:
            self.paused_until = max(self.paused_until, until)

    def _free_from(self, slot: float) -> float:
        """The moment from which on a slot is free, of which there is one before the end of a pause, and one after."""
        is_in_pause = slot + self.spacing <= self.paused_until
        return self._free_at if is_in_pause else max(self._free_at, self._resumed_free_at)

    def _spacing_of(self, concurrency: int) -> float:
        return max(self.spacing, self.answer_seconds / concurrency)

    def _full_at(self, moment: float) -> int:
        """The index of the first stretch that does not end before a moment."""
        index = bisect_left(self._booked, (moment,))
        return index - 1 if index and self._booked[index - 1][1] >= moment - self.spacing else index

    def _fill(self, above: int, slot: float, spacing: float) -> None:
        """Book a moment just below the stretch `above`, and join what leaves no room between."""
        first = last = slot
        start, end = above, above
        if above < len(self._booked) and self._booked[above][0] - slot < 2 * spacing:
            last, end = self._booked[above][1], above + 1
        if above and slot - self._booked[above - 1][1] < 2 * spacing:
            first, start = self._booked[above - 1][0], above - 1
        self._booked[start:end] = [(first, last)]


def pacer_of(client: Client) -> Pacer:
    """The pacer of a client; one without a rate limit, if the client was not made by a `connect`."""
    pacer: Pacer | None = client.extensions.get(Pacer.KEY)
    return client.extensions.setdefault(Pacer.KEY, Pacer()) if pacer is None else pacer
