"""Waiting for many jobs in threads.

The threads are a pool of equals. One of them sleeps until a poll is due, leaves sleeping to the next one, and polls; if
no other is idle, it starts one more. Whoever iterates sleeps until a job has ended, or until one must be given up
because no thread had time for it. A thread whose poll is under way when the iteration ends is abandoned: it is a daemon
thread, and its answer is ignored.
"""

from __future__ import annotations

import contextlib
import contextvars
import sys
import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self, TypeVar

from .. import _locks
from .._core.job import Client, Job
from .._core.options import WaitOptions
from .._core.queue import Batch, Due, job_list
from .._core.snapshot import Snapshot
from .._monotonic import monotonic
from ..errors import SettledError
from . import clock as _clock
from .step import call_on_poll, poll_result

B = TypeVar("B")

# How long a consumer that leaves waits for polls under way to end in an orderly way.
_LEAVING_SECONDS = 0.5


class Settling(Iterator[Snapshot[B]]):
    """Jobs as they settle: what `as_settled` returns.

    Iterate to get each job's last snapshot; `add` gives it more jobs, from any thread. Polling goes on in threads
    from the first step of the iteration to its end, or until `close` (at the latest when the object is no longer used).
    """

    def __init__(
        self, jobs: Iterable[Job[B]], timeout: float | timedelta | None, concurrency: int, options: WaitOptions[B]
    ) -> None:
        self._pool = _WorkerPool(Batch[B](timeout, concurrency, options))
        self._pool.add(jobs)

    @property
    def pending(self) -> tuple[str, ...]:
        """The refs of the jobs that have not come out, also after `close`."""
        return self._pool.pending()

    def add(self, *jobs: Job[B]) -> None:
        """Wait for more jobs, each for `timeout` from now on; RuntimeError if the iteration is over."""
        self._pool.add(jobs)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Snapshot[B]:
        return self._pool.next()

    def close(self) -> None:
        """End the iteration, and abandon the polls that are still under way half a second later."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # At the interpreter's end a thread may have been stopped for good with the lock in its hands.
        if hasattr(self, "_pool") and not sys.is_finalizing():
            self.close()


class _WorkerPool(Generic[B]):
    """The threads that poll for a batch.

    They hold the pool and never the `Settling`, so that this is collected, and closes the pool, once nobody has it.
    """

    def __init__(self, batch: Batch[B]) -> None:
        self._batch = batch
        self._context = contextvars.copy_context()
        self._is_running = False
        self._renew()
        _locks.register(self)

    def _renew(self) -> None:
        # Guards the batch and all else here; what takes time is done without it.
        self._lock = threading.RLock()
        # Who has it sleeps until the next poll is due, or until the alarm.
        self._turn = threading.Lock()
        self._alarm = threading.Event()
        self._on_poll_lock = threading.Lock()
        # Wakes the consumer.
        self._consumer_alarm = threading.Event()
        self._workers: list[threading.Thread] = []

    def after_fork(self) -> None:
        """End the iteration in the child, which has none of the threads, but may have a lock that one of them held."""
        has_workers = bool(self._workers)
        self._renew()
        if has_workers:
            self._batch.fail(RuntimeError("as_settled was begun before this process was forked: begin another one"))

    def pending(self) -> tuple[str, ...]:
        with self._lock:
            return self._batch.pending

    def add(self, jobs: Iterable[Job[B]]) -> None:
        jobs = job_list(jobs)
        with self._lock:
            for client in {job.client for job in self._batch.add(jobs, _clock.clock.now(), _clock.clock.time_of_day())}:
                _make_http_client(client)
            self._alarm.set()
            self._consumer_alarm.set()
            if self._is_running:
                self._start_worker_if_wanted()

    def next(self) -> Snapshot[B]:
        while True:
            with self._lock:
                self._is_running = True
                now = _clock.clock.now()
                if (end := self._batch.pop(now)) is not None:
                    if self._batch.has_ended:
                        self._consumer_alarm.set()  # for another thread that iterates
                    return end
                if self._batch.is_done:
                    break
                self._start_worker_if_wanted()
                seconds = self._batch.expires_in(now)
            if self._workers:
                _clock.clock.sleep(seconds, self._consumer_alarm)
            else:
                self._work_here(seconds)
        self.close()
        raise self._batch.end_of_iteration(StopIteration)

    def close(self) -> None:
        with self._lock:
            self._batch.close()
        self._alarm.set()
        self._consumer_alarm.set()
        if threading.current_thread() in self._workers:
            return
        until = monotonic() + _LEAVING_SECONDS
        for thread in self._workers:
            # An exception from a signal handler may have come before its start.
            if thread.is_alive():
                thread.join(max(until - monotonic(), 0.0))

    def _start_worker_if_wanted(self) -> None:
        if not self._batch.wants_worker:
            return
        # Each thread has a copy of its own, as no two can be in one context at once.
        work = self._context.copy().run
        thread = threading.Thread(target=work, args=(self._work,), name="settled", daemon=True)
        self._workers.append(thread)
        self._batch.worker_started()
        try:
            thread.start()
        except BaseException as error:
            # No more threads can be had, so those that there are, or else the consumer, do the work; or a signal
            # handler has raised.
            if not thread.is_alive():
                self._workers.remove(thread)
                self._batch.worker_ended()
            if not isinstance(error, RuntimeError):
                raise

    def _work(self) -> None:
        try:
            while (due := self._next_due()) is not None:
                self._poll(due)
        except BaseException as error:  # whatever it is, the consumer is to see it
            self._fail(error)

    def _work_here(self, seconds: float) -> None:
        """Do what there is to do for up to so many seconds, in the thread that iterates."""
        try:
            with self._lock:
                self._batch.worker_started()
                due = self._batch.next(_clock.clock.now())
            if isinstance(due, Due):
                self._poll(due)
            elif not self._batch.has_ended:
                _clock.clock.sleep(min(due.seconds, seconds), self._consumer_alarm)
        except BaseException as error:
            self._fail(error)
        finally:
            with self._lock:
                self._batch.worker_ended()

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._batch.fail(error)
        self._consumer_alarm.set()

    def _next_due(self) -> Due[B] | None:
        with self._turn:
            while True:
                with self._lock:
                    if self._batch.is_over:
                        return None
                    due = self._batch.next(_clock.clock.now())
                    if self._batch.has_ended:
                        self._consumer_alarm.set()
                    if isinstance(due, Due):
                        self._start_worker_if_wanted()
                        return due
                _clock.clock.sleep(due.seconds, self._alarm)

    def _poll(self, due: Due[B]) -> None:
        wait, on_poll = due.wait, due.wait.config.on_poll
        polled = poll_result(wait, due.seconds)
        with self._lock:
            result = self._batch.take(wait, polled, _clock.clock.now())
        if on_poll is not None and result.answer is not None:
            with self._on_poll_lock:
                if not self._batch.is_over:
                    call_on_poll(on_poll, result.answer)
        # Not before `on_poll` has returned: who is given the last job ends the iteration.
        with self._lock:
            if self._batch.release(wait, result.end, _clock.clock.now()):
                self._alarm.set()
        if self._batch.has_ended:
            self._consumer_alarm.set()


def _make_http_client(client: Client) -> None:
    """Make the httpx client here, lest several threads make one each."""
    # Each poll meets what goes wrong again, and knows whose job it ends.
    with contextlib.suppress(SettledError, TypeError):
        client.get_httpx_client()
