"""One poll of a job, when its client's rate allows it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any, TypeVar

from .._core.job import Job, snapshot
from .._core.reply import Reply
from .._core.snapshot import Snapshot
from ..errors import SettledError
from . import clock as _clock
from .pacing import pausing, take_turn, take_turn_async

B = TypeVar("B")


def fetch(job: Job[B]) -> Snapshot[B]:
    """Poll a job once, when the client's rate allows it."""
    from .._http.send import poll

    take_turn(job.client, job.ref)
    with _errors_of_first_poll(job):
        return _snapshot(job, poll(job))


async def fetch_async(job: Job[B]) -> Snapshot[B]:
    """Poll a job once, as `fetch` does."""
    from .._http.send import poll_async

    await take_turn_async(job.client, job.ref)
    with _errors_of_first_poll(job):
        return _snapshot(job, await poll_async(job))


@contextlib.contextmanager
def _errors_of_first_poll(job: Job[Any]) -> Generator[None, None, None]:
    """Obey the pause that an error asks for, and let it ask for the address: no status was read before."""
    try:
        with pausing(job.client):
            yield
    except SettledError as error:
        job.kind.add_address_hint(error)
        raise


def _snapshot(job: Job[B], reply: Reply) -> Snapshot[B]:
    return snapshot(job, reply.reading, reply.raw, polled_at=_clock.clock.time_of_day())
