"""Waiting for many jobs in threads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self, TypeVar

from . import _clock
from ._http import poll
from ._job import Job
from ._lanes import Lane, Lanes, Turn
from ._observing import UNTRACED
from ._reply import Reply
from ._snapshot import Snapshot
from ._terms import WaitOptions
from ._turns import tell
from ._wait import Sleep
from .errors import SettledError

B = TypeVar("B")


class Settling(Iterator[Snapshot[B]]):
    """Jobs as they settle: what `as_settled` returns.

    Iterate to be given each job's last snapshot; `add` gives it more jobs, from any thread. Polling goes on in threads
    from the first step of the iteration to its end, or until `close` (at the latest when the object is no longer used).
    """

    def __init__(
        self,
        jobs: Iterable[Job[B]],
        timeout: float | timedelta | None,
        concurrency: int,
        options: WaitOptions[B],
    ) -> None:
        self._crew = _Crew[B](timeout, concurrency, options)
        self._crew.add(jobs)

    def add(self, *jobs: Job[B]) -> None:
        """Wait for more jobs, each for `timeout` from now on; RuntimeError if the iteration is over."""
        self._crew.add(jobs)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Snapshot[B]:
        return self._crew.next()

    def close(self) -> None:
        """End the iteration; returns when the polls under way have ended, and nothing is left running."""
        self._crew.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_crew"):
            self.close()


class _Crew(Generic[B]):
    """The threads that poll.

    Of each lane's workers one at a time has the turn: it sleeps until a poll is due, leaves the turn to another, and
    polls.
    """

    def __init__(self, timeout: float | timedelta | None, concurrency: int, options: WaitOptions[B]) -> None:
        self._came_out: queue.SimpleQueue[Snapshot[B] | Exception | None] = queue.SimpleQueue()
        self._lanes = Lanes[B](self._came_out.put, timeout, concurrency, options)
        self._concurrency = concurrency
        self._places: dict[Lane[B], _Place] = {}
        # Guards all of the crew's state and its lanes'; what takes time is done without it.
        self._lock = threading.RLock()
        self._telling = threading.Lock()
        self._is_running = False
        self._is_over = False

    def add(self, jobs: Iterable[Job[B]]) -> None:
        jobs = list(jobs)
        with self._lock:
            if self._is_over:
                raise RuntimeError("the iteration is over: as_settled takes no more jobs")
            longer = self._lanes.add(jobs, _clock.clock.now())
            # Made here, lest several threads make one each.
            for client in {job.client for job in jobs}:
                client.get_httpx_client()
            for lane in longer:
                place = self._places.setdefault(lane, _Place())
                place.alarm.set()
                if self._is_running and not place.workers:
                    self._hire(lane, place)

    def next(self) -> Snapshot[B]:
        with self._lock:
            if not self._is_running and not self._is_over:
                self._is_running = True
                for lane, place in self._places.items():
                    self._hire(lane, place)
            is_last = self._is_over or not self._lanes.unfinished
        came_out = None if is_last else self._came_out.get()
        if isinstance(came_out, Snapshot):
            with self._lock:
                self._lanes.unfinished -= 1
            return came_out
        self.close()
        raise StopIteration if came_out is None else came_out

    def close(self) -> None:
        with self._lock:
            self._is_over = True
            self._lanes.close()
            for place in self._places.values():
                place.alarm.set()
        # Whoever waits for the next job in another thread is to see that there is none.
        self._came_out.put(None)
        workers = [thread for place in self._places.values() for thread in place.workers]
        if threading.current_thread() not in workers:
            for thread in workers:
                thread.join()

    def _hire(self, lane: Lane[B], place: _Place) -> None:
        place.at_rest += 1
        thread = threading.Thread(target=self._work, args=(lane, place), name="settled", daemon=True)
        place.workers.append(thread)
        thread.start()

    def _work(self, lane: Lane[B], place: _Place) -> None:
        try:
            while True:
                with place.turn:
                    turn = self._next_turn(lane, place)
                if turn is None:
                    return
                with self._lock:
                    place.at_rest -= 1
                    if not place.at_rest and len(place.workers) < self._concurrency:
                        self._hire(lane, place)
                self._poll(lane, turn, place)
                with self._lock:
                    place.at_rest += 1
        except Exception as error:  # whoever iterates is to see it
            self._came_out.put(error)

    def _next_turn(self, lane: Lane[B], place: _Place) -> Turn[B] | None:
        while True:
            with self._lock:
                if self._is_over:
                    return None
                turn = lane.next(_clock.clock.now())
            if not isinstance(turn, Sleep):
                return turn
            _clock.clock.sleep(turn.seconds, place.alarm)

    def _poll(self, lane: Lane[B], turn: Turn[B], place: _Place) -> None:
        wait, on_poll = turn.wait, turn.wait.config.on_poll
        brought: Reply | SettledError
        try:
            with wait.span or UNTRACED:
                brought = poll(wait.job, turn.seconds, wait.request)
        except SettledError as error:
            brought = error
        with self._lock:
            taken = lane.take(wait, brought, _clock.clock.now())
            if taken.is_earlier:
                place.alarm.set()
            told = wait.snapshot(brought.reading, brought.raw) if on_poll and isinstance(brought, Reply) else None
        if on_poll is not None and told is not None:
            with self._telling:
                tell(on_poll, told)
        # Not before `on_poll` has returned: who is given the last job ends the iteration.
        if taken.end is not None:
            self._came_out.put(taken.end)


class _Place:
    """Where the workers of a lane meet."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.alarm = threading.Event()
        self.workers: list[threading.Thread] = []
        self.at_rest = 0
