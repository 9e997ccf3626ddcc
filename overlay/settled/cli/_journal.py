"""What a wait has seen of its jobs, kept for those who look at it."""

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
from .._core.snapshot import Snapshot
from .._http.retry_after import asked_pause
from .._run import clock as _clock
from ..errors import SettledError, WaitTimeout

SOME_FAILED, USAGE, PARTLY, API_PROBLEM, NOT_TAKEN, UNCLEAR, DEADLINE = 1, 2, 3, 4, 5, 6, 124


class Sight(NamedTuple):
    """What a poll saw: when (seconds since the wait began), the job's word, or how many parts are done, and theirs."""

    moment: float
    label: str
    parts: Mapping[str, str]


class Failure(NamedTuple):
    """A poll that failed: when, and why."""

    moment: float
    why: str


class Pause(NamedTuple):
    """A pause that a vendor has asked a client for: when, and of how many seconds."""

    client: Client
    moment: float
    seconds: float


@attrs.define
class Life:
    """A job as far as it was followed: the latest snapshot, its end if `has_ended`, and the one that differed."""

    job: Job[Any]
    latest: Snapshot[Any]
    before: Snapshot[Any]
    sights: list[Sight] = attrs.field(factory=list[Sight])
    failures: list[Failure] = attrs.field(factory=list[Failure])
    has_ended: bool = False

    @property
    def seconds(self) -> float:
        """How long the wait has seen it."""
        return max(
            self.latest.elapsed, *(sight.moment for sight in self.sights), *(fail.moment for fail in self.failures), 0.0
        )


class Watcher:
    """Who is told what happens to jobs, while its context lasts; this one does nothing with it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def began(self, journal: Journal) -> None:
        """Jobs are going to be followed."""

    def changed(self, life: Life) -> None:
        """A job that goes on has changed."""

    def failed(self, life: Life) -> None:
        """A poll has failed, and will be repeated."""

    def ended(self, life: Life) -> None:
        """A job has settled, or cannot be followed any longer."""

    def warned(self, message: str) -> None:
        """Something is odd."""


class Journal:
    """The lives of jobs, by their refs."""

    def __init__(self, jobs: Iterable[Job[Any]], watcher: Watcher) -> None:
        nothing = {job: Snapshot(job, polls=0) for job in jobs}
        self.lives = {job.ref: Life(job, unseen, unseen) for job, unseen in nothing.items()}
        self.pauses: list[Pause] = []
        self.began = _clock.clock.now()
        self._watcher = watcher
        watcher.began(self)

    @property
    def exit_code(self) -> int:
        """The exit code that the jobs make: that of the worst; 0 for one that goes on."""
        codes = {_code(life.latest) for life in self.lives.values()}
        return next((code for code in (API_PROBLEM, DEADLINE, SOME_FAILED, PARTLY) if code in codes), 0)

    @property
    def unfinished(self) -> list[str]:
        """The refs of the jobs that have not settled, though nothing is wrong with them."""
        return [
            ref for ref, life in self.lives.items() if not life.has_ended or isinstance(life.latest.error, WaitTimeout)
        ]

    @property
    def elapsed(self) -> float:
        """Seconds since the wait began."""
        return _clock.clock.now() - self.began

    async def follow(self, timeout: float | None) -> None:
        """Follow all jobs to their ends, or for so many seconds, and close their clients."""
        jobs = [life.job for life in self.lives.values()]
        self.began = _clock.clock.now()
        async with contextlib.AsyncExitStack() as stack:
            for client in {id(job.client): job.client for job in jobs}.values():
                http = client.get_async_httpx_client()
                stack.push_async_callback(http.aclose)
                http.event_hooks = {"response": [self._pauses(client)]}
            stack.enter_context(log_to(self._log))
            ends = await stack.enter_async_context(aio.as_settled(jobs, timeout=timeout, on_poll=self._polled))
            async for end in ends:
                self._ended(end)

    def ask(self) -> None:
        """Ask once how each job is doing, and close their clients."""
        with contextlib.ExitStack() as stack, log_to(self._log):
            for life in self.lives.values():
                stack.callback(life.job.client.get_httpx_client().close)
                try:
                    self._polled(life.job.fetch())
                except SettledError as error:
                    self._ended(Snapshot(life.job, error=error))
                if life.latest.is_settled:
                    self._ended(life.latest)

    def _polled(self, snapshot: Snapshot[Any]) -> None:
        life = self.lives[snapshot.job.ref]
        parts = {name: part.status or "none yet" for name, part in snapshot.parts.items()}
        progress = f"{snapshot.progress.done} of {snapshot.progress.total} settled" if snapshot.progress else "none yet"
        life.sights.append(Sight(snapshot.elapsed, snapshot.status or progress, parts))
        is_new = not life.sights[1:] or _essence(life.latest) != _essence(snapshot)
        life.before, life.latest = life.latest if is_new else life.before, snapshot
        if is_new and not snapshot.is_settled:
            self._watcher.changed(life)

    def _log(self, record: logging.LogRecord) -> None:
        fields = vars(record)
        match record.args:
            case (*_, str() as message) if "error.type" in fields:
                life = self.lives[fields["job.ref"]]
                life.failures.append(Failure(fields["elapsed"], message))
                self._watcher.failed(life)
            case _:
                self._watcher.warned(record.getMessage())

    def _pauses(self, client: Client) -> Callable[[httpx.Response], Awaitable[None]]:
        """What takes the pauses that a vendor asks for, for all jobs of a client."""

        async def answered(response: httpx.Response) -> None:
            pause = asked_pause(response.headers)
            if pause is not None and not response.is_success:
                self.pauses.append(Pause(client, self.elapsed, min(pause, MAX_PAUSE_SECONDS)))

        return answered

    def _ended(self, end: Snapshot[Any]) -> None:
        life = self.lives[end.job.ref]
        life.latest, life.has_ended = end, True
        if end.error is not None and not isinstance(end.error, WaitTimeout):
            life.failures.append(Failure(self.elapsed, str(end.error)))
        self._watcher.ended(life)


def label(snapshot: Snapshot[Any]) -> str:
    """A job's status, or what stands for it if it has none: how many of its parts have which."""
    if snapshot.status is not None:
        return snapshot.status
    words = Counter(part.status or "none yet" for part in snapshot.parts.values())
    return ", ".join(f"{count} {word}" for word, count in sorted(words.items())) or "none yet"


def _code(snapshot: Snapshot[Any]) -> int:
    if snapshot.error is not None:
        return DEADLINE if isinstance(snapshot.error, WaitTimeout) else API_PROBLEM
    return {None: 0, Outcome.SUCCEEDED: 0, Outcome.PARTIAL: PARTLY}.get(snapshot.outcome, SOME_FAILED)


def _essence(snapshot: Snapshot[Any]) -> tuple[Any, ...]:
    return snapshot.status, snapshot.outcome, snapshot.progress, snapshot.parts, snapshot.detail


@contextlib.contextmanager
def log_to(take: Callable[[logging.LogRecord], None]) -> Generator[None]:
    """Take what the library warns of, polls that failed among it, instead of having it written somewhere."""
    logger, handler = logging.getLogger("settled"), _Handler(take)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
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
