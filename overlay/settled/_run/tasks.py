"""Waiting for many jobs in an asyncio event loop, as `threads` does without one: the workers are tasks.

Batch and division of work are the same. What differs is why there are two pools: a loop needs no lock, a task can be
cancelled in the middle of its poll, callbacks must reach the loop from other threads, and a pool belongs to the loop in
which its first step was made.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self, TypeVar

from .._core.inbox import Inbox
from .._core.job import Job
from .._core.options import WaitOptions
from .._core.queue import Batch, Due
from .._core.snapshot import Snapshot
from .._core.wait import Sleep
from . import clock as _clock
from .step import call_on_poll_async, poll_result_async

B = TypeVar("B")


class AsyncSettling(AsyncIterator[Snapshot[B]]):
    """Jobs as they settle: what `aio.as_settled` returns.

    Iterate to get each job's last snapshot; `add` gives it more jobs. Polling goes on in tasks from the first
    step of the iteration to its end, or until `aclose` (at the latest when the object is no longer used).
    """

    def __init__(
        self,
        jobs: Iterable[Job[B]],
        timeout: float | timedelta | None,
        concurrency: int,
        options: WaitOptions[B],
        wake: Inbox | None = None,
    ) -> None:
        self._pool = _AsyncWorkerPool(Batch[B](timeout, concurrency, options, wake), wake)
        self._pool.add(jobs)

    @property
    def pending(self) -> tuple[str, ...]:
        """The refs of the jobs that have not come out, also after `aclose`."""
        return self._pool.batch.pending

    def add(self, *jobs: Job[B]) -> None:
        """Wait for more jobs, each for `timeout` from now on; RuntimeError if the iteration is over."""
        self._pool.add(jobs)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Snapshot[B]:
        return await self._pool.next()

    async def aclose(self) -> None:
        """End the iteration; nothing is left running but the `on_poll` that calls it."""
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if hasattr(self, "_pool"):
            self._pool.abandon()


class _AsyncWorkerPool(Generic[B]):
    """The tasks that poll for a batch."""

    def __init__(self, batch: Batch[B], wake: Inbox | None) -> None:
        self.batch = batch
        self._wake = wake
        self._unsubscribe: dict[Job[B], Callable[[], None]] = {}
        # Who has it sleeps until the next poll is due, or until the alarm.
        self._turn = asyncio.Lock()
        self._alarm = asyncio.Event()
        # Wakes the consumer.
        self._consumer_alarm = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._context = contextvars.copy_context()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._to_subscribe: list[Job[B]] = []

    def add(self, jobs: Iterable[Job[B]]) -> None:
        new = self.batch.add(jobs, _clock.clock.now(), _clock.clock.time_of_day())
        if self._wake is not None:
            self._to_subscribe += new
        self._alarm.set()
        self._consumer_alarm.set()
        if self._loop is not None:
            self._subscribe(self._loop)
            self._start_worker_if_wanted(self._loop)

    async def next(self) -> Snapshot[B]:
        loop = self._loop = _clock.running_loop()
        while True:
            now = _clock.clock.now()
            if (end := self.batch.pop(now)) is not None:
                if (unsubscribe := self._unsubscribe.pop(end.job, None)) is not None:
                    unsubscribe()
                if self.batch.has_ended:
                    self._consumer_alarm.set()  # for another task that iterates
                return end
            if self.batch.is_done:
                break
            self._subscribe(loop)
            self._start_worker_if_wanted(loop)
            await _clock.clock.sleep_async(self.batch.expires_in(now), self._consumer_alarm)
        await self.aclose()
        raise self.batch.end_of_iteration(StopAsyncIteration)

    async def aclose(self) -> None:
        # A worker cannot wait for itself, nor for others that may be waiting for it.
        is_worker = asyncio.current_task() in self._tasks
        self._close()
        if self._tasks and not is_worker:
            # Not `gather`, which would be cancelled together with them.
            await asyncio.wait(self._tasks)

    def abandon(self) -> None:
        """Close the pool from wherever the garbage collector runs, which may be another thread."""
        self._unsubscribe_all()
        loop = self._loop
        if loop is None or loop.is_closed():
            self.batch.close()
        elif not self.batch.is_closed:
            with contextlib.suppress(RuntimeError):  # it has been closed in the meantime
                loop.call_soon_threadsafe(self._close)

    def _close(self) -> None:
        self.batch.close()
        self._consumer_alarm.set()
        self._unsubscribe_all()
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()

    def _subscribe(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs, self._to_subscribe = self._to_subscribe, []
        for job in jobs:
            if self._wake is not None and job not in self._unsubscribe:
                self._unsubscribe[job] = self._wake.subscribe(job.id, functools.partial(self._call_back, loop, job))

    def _unsubscribe_all(self) -> None:
        while self._unsubscribe:
            self._unsubscribe.popitem()[1]()

    def _call_back(self, loop: asyncio.AbstractEventLoop, job: Job[B]) -> None:
        """Take a callback, in whatever thread it comes."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits any more
            loop.call_soon_threadsafe(self._called_back, job)

    def _called_back(self, job: Job[B]) -> None:
        self.batch.wake(job, _clock.clock.now())
        self._alarm.set()

    def _start_worker_if_wanted(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.batch.wants_worker:
            self.batch.worker_started()
            # Not here: an eager task would begin within this one, and start the next one within itself.
            loop.call_soon(self._start_worker, context=self._context)

    def _start_worker(self) -> None:
        if not self.batch.is_over:
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while (due := await self._next_due()) is not None:
                await self._poll(due)
        except BaseException as error:  # whatever it is, the consumer is to see it
            is_cancelled = isinstance(error, asyncio.CancelledError)
            if not (is_cancelled and self.batch.is_closed):
                self.batch.fail(error)
                self._consumer_alarm.set()
            if is_cancelled:
                raise

    async def _next_due(self) -> Due[B] | None:
        async with self._turn:
            while not self.batch.is_over:
                due = self.batch.next(_clock.clock.now())
                if self.batch.has_ended:
                    self._consumer_alarm.set()
                if not isinstance(due, Sleep):
                    self._start_worker_if_wanted(asyncio.get_running_loop())
                    return due
                await _clock.clock.sleep_async(due.seconds, self._alarm)
        return None

    async def _poll(self, due: Due[B]) -> None:
        wait, on_poll = due.wait, due.wait.config.on_poll
        polled = await poll_result_async(wait, due.seconds)
        result = self.batch.take(wait, polled, _clock.clock.now())
        if on_poll is not None and result.answer is not None:
            await call_on_poll_async(on_poll, result.answer)
        # Not before `on_poll` has returned: who is given the last job ends the iteration.
        if self.batch.release(wait, result.end, _clock.clock.now()):
            self._alarm.set()
        if self.batch.has_ended:
            self._consumer_alarm.set()
