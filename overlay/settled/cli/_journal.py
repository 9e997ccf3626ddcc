"""The history of a wait: each poll's status, failed polls and pauses, for the output and the report.

A `Journal` records what happens to jobs, and passes it to a `Watcher`, which prints it. Neither influences the wait.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

import attrs
import httpx

from .. import aio
from .._core.failures import MAX_PAUSE_SECONDS
from .._core.job import Client, Job
from .._core.outcome import Outcome
from .._core.schedule import Timing
from .._core.snapshot import Snapshot
from .._http.retry_after import asked_pause
from .._run import clock as _clock
from ..errors import SettledError, WaitTimeout

SOME_FAILED, USAGE, PARTLY, API_PROBLEM, NOT_TAKEN, UNCLEAR, DEADLINE = 1, 2, 3, 4, 5, 6, 124


class Answer(NamedTuple):
    """A successful poll: its time (seconds since the wait began), the status or progress, and those of its parts."""

    moment: float
    label: str
    parts: Mapping[str, str]


class Failure(NamedTuple):
    """A failed poll: its time and the reason."""

    moment: float
    why: str


class Pause(NamedTuple):
    """A pause that a vendor asked a client for: its time and its length in seconds."""

    client: Client
    moment: float
    seconds: float


@attrs.define
class History:
    """A job's history: the latest snapshot (the last one if `has_ended`), and the one before the latest change."""

    job: Job[Any]
    latest: Snapshot[Any]
    before: Snapshot[Any]
    answers: list[Answer] = attrs.field(factory=list[Answer])
    failures: list[Failure] = attrs.field(factory=list[Failure])
    has_ended: bool = False

    @property
    def seconds(self) -> float:
        """For how many seconds the job was followed."""
        return max(
            self.latest.elapsed,
            *(answer.moment for answer in self.answers),
            *(fail.moment for fail in self.failures),
            0.0,
        )


class Watcher:
    """Receives what happens to jobs, while its context lasts; this base class ignores it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def began(self, journal: Journal) -> None:
        """Jobs are going to be followed."""

    def changed(self, history: History) -> None:
        """A job that goes on has changed."""

    def failed(self, history: History) -> None:
        """A poll has failed, and will be repeated."""

    def ended(self, history: History) -> None:
        """A job has settled, or cannot be followed any longer."""

    def warned(self, message: str) -> None:
        """Something is odd."""


class Journal:
    """The histories of jobs, by ref."""

    def __init__(self, jobs: Iterable[Job[Any]], watcher: Watcher) -> None:
        nothing = {job: Snapshot(job, polls=0) for job in jobs}
        self.histories: dict[str, History] = {job.ref: History(job, unseen, unseen) for job, unseen in nothing.items()}
        self.pauses: list[Pause] = []
        self.began: float = _clock.clock.now()
        self._watcher = watcher
        watcher.began(self)

    @property
    def exit_code(self) -> int:
        """The exit code of the worst job; a job that is still running counts as 0."""
        codes = {_code(history.latest) for history in self.histories.values()}
        return next((code for code in (API_PROBLEM, DEADLINE, SOME_FAILED, PARTLY) if code in codes), 0)

    @property
    def unfinished(self) -> list[str]:
        """The refs of the jobs whose wait can be resumed: they are still running, or their deadline has passed."""
        return [
            ref
            for ref, history in self.histories.items()
            if not history.has_ended or isinstance(history.latest.error, WaitTimeout)
        ]

    @property
    def elapsed(self) -> float:
        """Seconds since the wait began."""
        return _clock.clock.now() - self.began

    async def follow(self, timeout: float | None, schedule: Timing | None = None) -> None:
        """Follow all jobs to their ends, or for so many seconds, and close their clients."""
        jobs = [history.job for history in self.histories.values()]
        self.began = _clock.clock.now()
        async with contextlib.AsyncExitStack() as stack:
            for client in {job.client for job in jobs}:
                stack.push_async_callback(client.aclose)
                # Settled retries after a pause by itself, so only a hook sees that a vendor asked for one.
                client.get_async_httpx_client().event_hooks = {"response": [self._pauses(client)]}
            stack.enter_context(log_to(self._log))
            settling = aio.as_settled(jobs, timeout=timeout, schedule=schedule, on_poll=self._polled)
            async for end in await stack.enter_async_context(settling):
                self._ended(end)

    def poll_once(self) -> None:
        """Poll each job once, and close the clients."""
        with contextlib.ExitStack() as stack, log_to(self._log):
            for history in self.histories.values():
                stack.callback(history.job.client.close)
                try:
                    self._polled(history.job.fetch())
                except SettledError as error:
                    self._ended(Snapshot(history.job, error=error))
                if history.latest.is_settled:
                    self._ended(history.latest)

    def _polled(self, snapshot: Snapshot[Any]) -> None:
        history = self.histories[snapshot.job.ref]
        parts = {name: part.status or "none yet" for name, part in snapshot.parts.items()}
        progress = f"{snapshot.progress.done} of {snapshot.progress.total} settled" if snapshot.progress else "none yet"
        history.answers.append(Answer(snapshot.elapsed, snapshot.status or progress, parts))
        # A status may stay the same while a part of the job changes.
        is_new = not history.answers[1:] or _state(history.latest) != _state(snapshot)
        history.before, history.latest = history.latest if is_new else history.before, snapshot
        if is_new and not snapshot.is_settled:
            self._watcher.changed(history)

    def _log(self, record: logging.LogRecord) -> None:
        fields = vars(record)
        # The warning of a failed poll carries these fields; its last argument is the reason.
        match record.args:
            case (*_, str() as message) if "error.type" in fields:
                history = self.histories[fields["job.ref"]]
                history.failures.append(Failure(fields["elapsed"], message))
                self._watcher.failed(history)
            case _:
                self._watcher.warned(record.getMessage())

    def _pauses(self, client: Client) -> Callable[[httpx.Response], Awaitable[None]]:
        """A response hook that records the pauses that a vendor asks a client for."""

        async def on_response(response: httpx.Response) -> None:
            pause = asked_pause(response.headers)
            if pause is not None and not response.is_success:
                self.pauses.append(Pause(client, self.elapsed, min(pause, MAX_PAUSE_SECONDS)))

        return on_response

    def _ended(self, end: Snapshot[Any]) -> None:
        history = self.histories[end.job.ref]
        history.latest, history.has_ended = end, True
        if end.error is not None and not isinstance(end.error, WaitTimeout):
            history.failures.append(Failure(self.elapsed, str(end.error)))
        self._watcher.ended(history)


def label(snapshot: Snapshot[Any]) -> str:
    """A job's status; without one, how many of its parts have which status."""
    if snapshot.status is not None:
        return snapshot.status
    words = Counter(part.status or "none yet" for part in snapshot.parts.values())
    return ", ".join(f"{count} {word}" for word, count in sorted(words.items())) or "none yet"


def _code(snapshot: Snapshot[Any]) -> int:
    if snapshot.error is not None:
        return DEADLINE if isinstance(snapshot.error, WaitTimeout) else API_PROBLEM
    return {None: 0, Outcome.SUCCEEDED: 0, Outcome.PARTIAL: PARTLY}.get(snapshot.outcome, SOME_FAILED)


def _state(snapshot: Snapshot[Any]) -> tuple[Any, ...]:
    return snapshot.status, snapshot.outcome, snapshot.progress, snapshot.parts, snapshot.detail


@contextlib.contextmanager
def log_to(take: Callable[[logging.LogRecord], None]) -> Generator[None]:
    """Pass the library's warnings, such as failed polls, to a function, and to no other handler."""
    logger, handler = logging.getLogger("settled"), _Handler(take)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    # Changes come by on_poll already.
    logger.setLevel(logging.WARNING)
    # A root handler would print each warning a second time.
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


class _Handler(logging.Handler):
    def __init__(self, take: Callable[[logging.LogRecord], None]) -> None:
        super().__init__()
        self._take = take

    def emit(self, record: logging.LogRecord) -> None:
        self._take(record)
