"""One poll of a job, when its client's rate allows it."""

from __future__ import annotations

from typing import TypeVar

from .._core.job import Job, snapshot
from .._core.reply import Reply
from .._core.snapshot import Snapshot
from .._http.send import poll, poll_async
from ..errors import ApiError, SettledError
from . import clock as _clock
from .pacing import pause, take_turn, take_turn_async

B = TypeVar("B")


def fetch(job: Job[B]) -> Snapshot[B]:
    """Poll a job once, when the client's rate allows it."""
    take_turn(job.client, job.ref)
    try:
        return _snapshot(job, poll(job))
    except SettledError as error:
        _failed(job, error)
        raise


async def fetch_async(job: Job[B]) -> Snapshot[B]:
    """Poll a job once, as `fetch` does."""
    await take_turn_async(job.client, job.ref)
    try:
        return _snapshot(job, await poll_async(job))
    except SettledError as error:
        _failed(job, error)
        raise


def _failed(job: Job[B], error: SettledError) -> None:
    if isinstance(error, ApiError):
        pause(job.client, error)
    # No status was read before: this is the job's only poll.
    job.kind.add_address_hint(error)


def _snapshot(job: Job[B], reply: Reply) -> Snapshot[B]:
    return snapshot(job, reply.reading, reply.raw, polled_at=_clock.clock.time_of_day())
