"""A single request's share of its client's rate.

Waits share a client's rate with these, so that `settled status` of sixty jobs or a loop of submits is not refused.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator

from .._core.job import Client
from .._core.rate_limit import RateLimiter, rate_limiter_of
from .._core.reply import MAX_POLL_SECONDS
from .._http.credentials import Credentials
from .._monotonic import monotonic
from ..errors import ApiError, RateLimited
from . import clock as _clock


def take_turn(client: Client, what: str, end: float = math.inf) -> None:
    """Sleep in this thread until the client's rate lets a single request go; raises what `_turn` does."""
    with _turn(client, what, end) as seconds:
        _clock.clock.sleep(seconds)


async def take_turn_async(client: Client, what: str, end: float = math.inf) -> None:
    """Sleep in this task, as `take_turn` does."""
    with _turn(client, what, end) as seconds:
        await _clock.clock.sleep_async(seconds)


@contextlib.contextmanager
def _turn(client: Client, what: str, end: float = math.inf) -> Generator[float, None, None]:
    """How long a single request has to wait for the client's rate; whoever does not wait so long gives up its turn.

    Raises:
        RateLimited: If that is more than a request may take, or lasts beyond the moment `end`.
    """
    limiter, now = rate_limiter_of(client), _clock.clock.now()
    # Reserved before anybody sleeps, so that those who ask later are given later moments.
    moment = limiter.reserve(now)
    seconds = max(moment - now, 0.0)
    if seconds > min(MAX_POLL_SECONDS, max(end - now, 0.0)):
        limiter.cancel(moment)
        raise _held_back(limiter, now, seconds, f"{what}: not sent")
    try:
        yield seconds
    except BaseException:
        limiter.cancel(moment)
        raise


def _held_back(limiter: RateLimiter, now: float, seconds: float, what: str) -> RateLimited:
    """The same error as of a server that refuses: callers who handle one handle the other."""
    reason, length = "the API has asked for a pause", f"of {seconds:,.0f} s more"
    if now >= limiter.paused_until:
        reason, length = "the client's max_rate allows it only", f"in {seconds:,.0f} s"
    error = RateLimited(reason, status_code=429)
    error.args = (f"{what}, {reason} {length}",)
    error.retry_after = seconds
    error.is_unsent = True
    return error


class _Pacer:
    """Sleeps until a request may be sent once more: with a renewed secret, or on another connection."""

    def sleep(self, limiter: RateLimiter, end: float) -> None:
        while seconds := self._seconds(limiter, end):
            _clock.clock.sleep(seconds)

    async def sleep_async(self, limiter: RateLimiter, end: float) -> None:
        while seconds := self._seconds(limiter, end):
            await _clock.clock.sleep_async(seconds)

    def _seconds(self, limiter: RateLimiter, end: float) -> float:
        now = _clock.clock.now()
        # Nothing is reserved: such requests are rare, and must not wait behind all that is planned.
        seconds = limiter.go(now) - now
        # The end of a request is real time, also where waits go by virtual time.
        if seconds > end - monotonic():
            raise _held_back(limiter, now, seconds, "not sent again")
        return seconds


Credentials.pacer = _Pacer()


def pause(client: Client, error: ApiError) -> None:
    """Let all of a client's requests pause for as long as an answer asks."""
    from .._core.failures import MAX_PAUSE_SECONDS

    if error.retry_after is not None:
        rate_limiter_of(client).pause(_clock.clock.now(), min(error.retry_after, MAX_PAUSE_SECONDS))


@contextlib.contextmanager
def pausing(client: Client) -> Generator[None, None, None]:
    """Let all of a client's requests pause if an error that passes through asks for it."""
    try:
        yield
    except ApiError as error:
        pause(client, error)
        raise
