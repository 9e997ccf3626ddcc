"""Waiting in this thread: `wait` and `watch` for one job, `as_settled` for many."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import timedelta
from typing import Any, TypeVar, Unpack

from .._core.job import Job
from .._core.options import WaitOptions
from .._core.queue import CONCURRENCY
from .._core.reply import Reply
from .._core.snapshot import Reading, Snapshot
from .._core.wait import Sleep, Wait
from . import clock as _clock
from .step import begin, step
from .threads import Settling

B = TypeVar("B")


def wait(job: Job[B], *, timeout: float | timedelta | None, **options: Unpack[WaitOptions[B]]) -> Snapshot[B]:
    """Wait until a job has settled and return its last snapshot, whatever the outcome.

    `timeout` is in seconds, or a timedelta, or an explicit None for no deadline: the call ends within 0.3 s of it,
    after one last poll. The options are those of `WaitOptions`: `schedule`, `on_poll`, `unknown`, `patience`.

    Failures that may pass (no connection, no answer in time, 408, 425, 429, 5xx, a reply that cannot be read) are
    retried with back-off, until they have lasted for `patience` seconds (default 1800; 120 before any status was read).
    Every job of the client obeys a Retry-After, for an hour at most.

    Raises:
        WaitTimeout: If the job has not settled by the deadline.
        SettledError: ApiError, TransportError, MalformedResponse or UnknownStatus, if the job cannot be followed; what
            was learnt until then is in the error's `ref`, `last` and `seen`.
    """
    with begin(job, "wait", timeout, options) as machine:
        while (reply := _poll_when_due(machine)).reading.outcome is None:
            pass
    return machine.snapshot(reply.reading, reply.raw)


def watch(
    job: Job[B], *, timeout: float | timedelta | None, **options: Unpack[WaitOptions[B]]
) -> Generator[Snapshot[B], None, None]:
    """Yield a snapshot for every change of a job, the last one settled; arguments and errors are those of `wait`."""
    return _changes(begin(job, "watch", timeout, options))


def as_settled(
    jobs: Iterable[Job[B]],
    *,
    timeout: float | timedelta | None,
    concurrency: int = CONCURRENCY,
    **options: Unpack[WaitOptions[B]],
) -> Settling[B]:
    """Wait for many jobs, of any vendors, and yield each one's last snapshot as soon as it has settled.

    Each job comes out once (equal ones are one): settled, or with the `error` that says why it could not be followed:
    WaitTimeout when `timeout` (for each job from when it was given) has passed, or what `wait` would raise. Up to
    `concurrency` polls of each client are under way at once (default 20); the client's `max_rate` spreads them, and
    intervals grow where it is too low for all. `add` gives it more jobs; the options are those of `wait`, `on_poll` is
    called from other threads, by one at a time.

        with settled.as_settled(jobs, timeout=3600) as ends:
            for end in ends:
                print(end.job.ref, end.outcome or end.error)

    Raises:
        ValueError: If an argument is out of its range.
        TypeError: If something among the jobs is none.
    """
    return Settling(jobs, timeout, concurrency, options)


def _changes(machine: Wait[B]) -> Generator[Snapshot[B], None, None]:
    reading: Reading | None = None
    # Also when the consumer leaves early: what was planned of the client's rate is given back.
    with machine:
        while reading is None or reading.outcome is None:
            reply = _poll_when_due(machine)
            if reply.reading != reading:
                reading = reply.reading
                yield machine.snapshot(reading, reply.raw)


def _poll_when_due(machine: Wait[Any]) -> Reply:
    while isinstance(done := step(machine), Sleep):
        _clock.clock.sleep(done.seconds)
    return done
