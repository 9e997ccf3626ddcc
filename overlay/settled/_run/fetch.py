"""Single requests, each sent when the client's rate allows it: one poll of a job, or one submit.

Waits share a client's rate with these, so that `settled status` of sixty jobs or a loop of submits is not refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .._core.failures import MAX_PAUSE_SECONDS
from .._core.job import Client, Job, snapshot
from .._core.rate_limit import rate_limiter_of
from .._core.reply import MAX_POLL_SECONDS, Reply
from .._core.snapshot import Snapshot
from .._http.redact import without_secrets
from .._http.send import poll, poll_async, send
from .._http.transport_errors import NEVER_SENT
from ..errors import (
    ApiError,
    MalformedResponse,
    RateLimited,
    ServerError,
    SettledError,
    SubmitUnclear,
    TransportError,
)
from . import clock as _clock

B = TypeVar("B")
T = TypeVar("T")


def fetch(job: Job[B]) -> Snapshot[B]:
    """Poll a job once, when the client's rate allows it."""
    _clock.clock.sleep(_seconds_to_turn(job.client, job.ref))
    try:
        return _snapshot(job, poll(job))
    except ApiError as error:
        _pause(job.client, error)
        raise


async def fetch_async(job: Job[B]) -> Snapshot[B]:
    """Poll a job once, as `fetch` does."""
    await _clock.clock.sleep_async(_seconds_to_turn(job.client, job.ref))
    try:
        return _snapshot(job, await poll_async(job))
    except ApiError as error:
        _pause(job.client, error)
        raise


def _snapshot(job: Job[B], reply: Reply) -> Snapshot[B]:
    return snapshot(job, reply.reading, reply.raw, polled_at=_clock.clock.time_of_day())


def submit(client: Client, request: dict[str, Any], taken: Callable[[Any], T]) -> T:
    """Send a request that starts a job, once, and return what `taken` makes of its answer's JSON.

    Raises:
        SubmitUnclear: If the job may exist, but no answer says so. SettledError: ApiError or TransportError, if it
            surely does not; what `taken` raises otherwise.
    """
    what = f"{request['method'].upper()} {request['url']}"
    _clock.clock.sleep(_seconds_to_turn(client, what))
    try:
        response = send(client, request, what)
        raw = response.json()
        try:
            return taken(raw)
        except SettledError as error:
            error.args = (response.without_secrets(str(error)),)
            raise
    except (MalformedResponse, ServerError, TransportError) as error:
        if isinstance(error.__cause__, NEVER_SENT):
            raise
        raise SubmitUnclear(
            f"{what}: the job may exist all the same, look before you submit again: {error}",
            without_secrets(request.get("json")),
        ) from error


def _seconds_to_turn(client: Client, what: str) -> float:
    """How long a single request has to wait for the client's rate; RateLimited if that is more than it may take."""
    limiter, now = rate_limiter_of(client), _clock.clock.now()
    moment = limiter.reserve(now)
    seconds = max(moment - now, 0.0)
    if seconds > MAX_POLL_SECONDS:
        limiter.give_back(moment)
        error = RateLimited("the API has asked for a pause", status_code=429)
        error.args = (f"{what}: not sent, the API has asked for a pause of {seconds:,.0f} s more",)
        error.retry_after = seconds
        raise error
    return seconds


def _pause(client: Client, error: ApiError) -> None:
    if error.retry_after is not None:
        rate_limiter_of(client).pause(_clock.clock.now(), min(error.retry_after, MAX_PAUSE_SECONDS))
