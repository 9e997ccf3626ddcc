"""The rate limit that all requests of one client share.

Two questions are kept apart.

*May a request go now?* It may if every other one goes at least a `gap` earlier or later. `go` and `reserve` note each
moment that they give out and never give one closer to it, so no second sees more than `max_rate` requests, however late
a caller asks and whatever was planned.

*Whose turn is when?* Time is cut into numbered cells of `spacing` seconds, and a cell is planned for one request: a set
of integers, kept as bits, in which no moment can stand twice. A regular poll takes the first free cell, the last poll
before a deadline the last free one. A pause forbids cells; it moves none.
"""

from __future__ import annotations

import contextlib
import functools
import math
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterable

from .._locks import new_lock, register
from .job import Client
from .validate import described, number

# Requests are planned a little farther apart than the limit asks for: what small delays take away is made up for.
_PLANNED = 1.1
_ALLOWED = 1.01
# Cells are a whole number of these long, so that floats hold the moment at which each one begins, exactly.
_TICK = 2.0**-24
# Without a limit, last polls are planned this far apart or more: slow answers need room there, too.
_UNLIMITED_CELL = 2.0**-12
# Cells whose bits are kept in one integer.
_CHUNK = 2**14
_FULL = (1 << _CHUNK) - 1
# What is farther off than this, thirty years, needs no place in time.
_FOREVER = 1e9
_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


class RateLimiter:
    """Lets the requests of one client go, at most `max_rate` in any second, and none during a pause but last polls.

    Times are seconds of the caller's monotonic clock. Safe to share between threads. `spacing` is how far apart
    requests are planned, `gap` how far apart they are at least, and `answer_seconds` what the latest answer took.

    Raises:
        ValueError: If `max_rate` is no positive number.
    """

    KEY = "settled.rate_limiter"

    def __init__(self, max_rate: float | None = None) -> None:
        rate = math.inf if max_rate is None else number("max_rate", max_rate)
        if max_rate is not None and not 0 < rate < math.inf:
            raise ValueError(f"max_rate must be a positive number of requests a second, not {described(max_rate)}")
        # A second holds whole requests: of 2.5 it must not see three.
        whole = float(math.floor(rate)) if 1 <= rate < math.inf else rate
        self.spacing = math.ceil(min(_PLANNED / whole, _FOREVER) / _TICK) * _TICK
        self.gap = min(_ALLOWED / whole, _FOREVER)
        self.answer_seconds = 0.0
        self.paused_until = -math.inf
        self._restart_seconds = 0.0
        self._restarts = 0
        self._cell = self.spacing or _UNLIMITED_CELL
        # By the number of a chunk: the bits of its cells, one for each that is planned for.
        self._planned: dict[int, int] = {}
        self._tidy_at = -math.inf
        # The garbage collector may close a wait while its thread holds the lock, so giving back must not need it.
        self._returned: deque[float] = deque()
        # Moments at which requests go, those of one gap ago and of the future, in order.
        self._going: list[float] = []
        self.after_fork()
        register(self)

    def after_fork(self) -> None:
        """Renew the lock, which another thread of the parent may have held."""
        self._lock = new_lock()

    def reserve(self, now: float) -> float:
        """Let one request go, outside of any wait; returns the moment until which the caller has to sleep first."""
        with self._lock:
            planned = self._first(now, despite_pause=False)
            if self.spacing:
                self._mark(self._cells(planned))
            moment = self._clear(planned)
            self._note(moment, now)
        return moment

    def go(self, now: float) -> float:
        """Let a planned poll go if that is allowed now, and return `now`; else return the moment to ask again."""
        if not self.gap:
            return now
        with self._lock:
            moment = self._clear(now)
            if moment <= now:
                self._note(now, now)
        return moment

    def plan(self, now: float, *, before: float = math.inf, despite_pause: bool = False) -> float | None:
        """Plan a poll for the first free moment, and return it; None if there is none before `before`."""
        with self._lock:
            moment = self._first(now, despite_pause=despite_pause)
            if moment >= before:
                return None
            if self.spacing:
                self._mark(self._cells(moment))
        return moment

    def plan_last(self, latest: float, now: float, *, concurrency: int) -> float | None:
        """Plan a last poll for the last free moment up to `latest`, and return it; None if there is none after `now`.

        They are planned no closer together than `concurrency` polls at a time are answered.
        """
        if not now < latest < now + _FOREVER:
            return None
        with self._lock:
            self._tidy(now)
            cells, stride = self._cells(latest), self._stride(concurrency)
            aligned = cells[0] - cells[0] % stride
            moment = latest
            # The very moment, if nobody is near. It straddles two cells; a crowd is packed one to a cell.
            if not (self._are_free(cells) and self._are_free((aligned, aligned + stride))):
                cells = (self._last_free(aligned, int(now // self._cell), stride),)
                moment = cells[0] * self._cell
            if moment <= now:
                return None
            self._mark(cells)
        return moment

    def give_back(self, moment: float) -> None:
        """Give back a planned moment that is not used; takes no lock that it would have to wait for."""
        self._returned.append(moment)
        if self._lock.acquire(blocking=False):
            try:
                self._take_back()
            finally:
                self._lock.release()

    def cancel(self, moment: float) -> None:
        """Give back a reserved moment at which nothing goes."""
        with self._lock, contextlib.suppress(ValueError):
            self._going.remove(moment)
        self.give_back(moment)

    def pause(self, now: float, seconds: float) -> None:
        """Let no request but a last poll go for so many seconds; what is planned in that time has to be planned anew.

        Whoever asks in the meantime starts again spread over a tenth of the pause, over 1 s at least and 60 s at most.
        """
        with self._lock:
            if now + seconds > self.paused_until:
                self.paused_until = now + seconds
                self._restart_seconds = min(max(1.0, seconds / 10), 60.0)
                self._restarts = 0

    def _first(self, now: float, *, despite_pause: bool) -> float:
        """The first free moment."""
        self._tidy(now)
        start = now
        if now < self.paused_until and not despite_pause:
            # Steps of the golden ratio spread any number of waits evenly, and the first one is not late.
            start = self.paused_until + self._restarts * _GOLDEN_RATIO % 1.0 * self._restart_seconds
            self._restarts += 1
        if not self.spacing or self._are_free(cells := self._cells(start)):
            return start
        return self._first_free(cells[0] + 1) * self._cell

    def _clear(self, moment: float) -> float:
        """The first moment, not before this one, at a gap's distance from every other that was given out."""
        index = bisect_right(self._going, moment - self.gap)
        while index < len(self._going) and self._going[index] < moment + self.gap:
            moment = max(moment, self._going[index] + self.gap)
            index += 1
        return moment

    def _note(self, moment: float, now: float) -> None:
        if self.gap:
            del self._going[: bisect_right(self._going, now - self.gap)]
            insort(self._going, moment)

    def _mark(self, cells: Iterable[int]) -> None:
        for cell in cells:
            chunk, bit = divmod(cell, _CHUNK)
            self._planned[chunk] = self._planned.get(chunk, 0) | 1 << bit

    def _take_back(self) -> None:
        while self._returned:
            for cell in self._cells(self._returned.popleft()):
                chunk, bit = divmod(cell, _CHUNK)
                if left := self._planned.get(chunk, 0) & ~(1 << bit):
                    self._planned[chunk] = left
                else:
                    self._planned.pop(chunk, None)

    def _tidy(self, now: float) -> None:
        """Forget what was given back, and what is past."""
        if self._returned:
            self._take_back()
        if now >= self._tidy_at:
            chunk = int(now // self._cell) // _CHUNK
            self._tidy_at = (chunk + 1) * _CHUNK * self._cell
            for past in [number for number in self._planned if number < chunk]:
                del self._planned[past]

    def _cells(self, moment: float) -> tuple[int, ...]:
        """The cells that a request at a moment takes: two, unless it is the very beginning of one."""
        number, rest = divmod(moment, self._cell)
        cell = int(number)
        return (cell, cell + 1) if rest else (cell,)

    def _are_free(self, cells: Iterable[int]) -> bool:
        for cell in cells:
            chunk, bit = divmod(cell, _CHUNK)
            if self._planned.get(chunk, 0) >> bit & 1:
                return False
        return True

    def _first_free(self, cell: int) -> int:
        """The first free cell, this one or later."""
        while True:
            chunk, bit = divmod(cell, _CHUNK)
            taken = self._planned.get(chunk, 0)
            if taken != _FULL:
                free = ~taken >> bit
                found = cell + (free & -free).bit_length() - 1
                if found // _CHUNK == chunk:
                    return found
            cell = (chunk + 1) * _CHUNK

    def _last_free(self, cell: int, before: int, stride: int) -> int:
        """The last free cell, this one or earlier, among those that `stride` divides; `before` if all are taken."""
        every = _every(stride)
        while cell > before:
            chunk, bit = divmod(cell, _CHUNK)
            taken = self._planned.get(chunk, 0)
            # Chunks of a crowd are full: they are passed over as fast as can be.
            if taken & every != every:
                free = every & ~taken & (2 << bit) - 1
                if free:
                    return max(chunk * _CHUNK + free.bit_length() - 1, before)
            cell = chunk * _CHUNK - 1
            cell -= cell % stride
        return before

    def _stride(self, concurrency: int) -> int:
        """How many cells last polls are apart: a power of two, so that those planned with another one fit in."""
        return 1 << max(math.ceil(self.answer_seconds / concurrency / self._cell) - 1, 0).bit_length()


@functools.cache
def _every(stride: int) -> int:
    """The bits of a chunk's cells that `stride` divides."""
    return sum(1 << bit for bit in range(0, _CHUNK, stride))


def rate_limiter_of(client: Client) -> RateLimiter:
    """The rate limiter of a client; one without a limit, if the client was not made by a `connect`."""
    limiter: RateLimiter | None = client.extensions.get(RateLimiter.KEY)
    return client.extensions.setdefault(RateLimiter.KEY, RateLimiter()) if limiter is None else limiter
