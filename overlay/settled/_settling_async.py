"""Waiting for many jobs in an asyncio event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self, TypeVar

from . import _clock
from ._http import poll_async
from ._job import Job
from ._lanes import Lane, Lanes, Turn
from ._observing import UNTRACED
from ._reply import Reply
from ._snapshot import Snapshot
from ._terms import WaitOptions
from ._turns import tell_async
from ._wait import Sleep
from .errors import SettledError

B = TypeVar("B")


class AsyncSettling(AsyncIterator[Snapshot[B]]):
    """Jobs as they settle: what `aio.as_settled` returns.

    Iterate to be given each job's last snapshot; `add` gives it more jobs. Polling goes on in tasks from the first
    step of the iteration to its end, or until `aclose` (at the latest when the object is no longer used).
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

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Snapshot[B]:
        return await self._crew.next()

    async def aclose(self) -> None:
        """End the iteration; nothing is left running."""
        await self._crew.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if hasattr(self, "_crew"):
            self._crew.cancel()


class _Crew(Generic[B]):
    """The tasks that poll.

    Of each lane's workers one at a time has the turn: it sleeps until a poll is due, leaves the turn to another, and
    polls.
    """

    def __init__(self, timeout: float | timedelta | None, concurrency: int, options: WaitOptions[B]) -> None:
        self._came_out: deque[Snapshot[B] | BaseException] = deque()
        self._news = asyncio.Event()
        self._lanes = Lanes[B](self._put, timeout, concurrency, options)
        self._concurrency = concurrency
        self._places: dict[Lane[B], _Place] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_running = False
        self._is_over = False

    def add(self, jobs: Iterable[Job[B]]) -> None:
        if self._is_over:
            raise RuntimeError("the iteration is over: as_settled takes no more jobs")
        for lane in self._lanes.add(jobs, _clock.clock.now()):
            place = self._places.setdefault(lane, _Place())
            place.alarm.set()
            if self._is_running and not place.workers:
                self._hire(lane, place)

    async def next(self) -> Snapshot[B]:
        if not self._is_running and not self._is_over:
            self._is_running = True
            for lane, place in self._places.items():
                self._hire(lane, place)
        while not self._came_out:
            if self._is_over or not self._lanes.unfinished:
                await self.aclose()
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        self._lanes.unfinished -= 1
        snapshot = self._came_out.popleft()
        if isinstance(snapshot, BaseException):
            await self.aclose()
            raise snapshot
        return snapshot

    async def aclose(self) -> None:
        tasks = list(self._tasks)
        self.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cancel(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._news.set()
            self._lanes.close()
            for task in self._tasks:
                if not task.get_loop().is_closed():
                    task.cancel()

    def _put(self, came_out: Snapshot[B] | BaseException) -> None:
        self._came_out.append(came_out)
        self._news.set()

    def _hire(self, lane: Lane[B], place: _Place) -> None:
        place.workers += 1
        place.at_rest += 1
        task = asyncio.create_task(self._work(lane, place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: Lane[B], place: _Place) -> None:
        try:
            while True:
                async with place.turn:
                    turn = await self._next_turn(lane, place)
                place.at_rest -= 1
                if not place.at_rest and place.workers < self._concurrency:
                    self._hire(lane, place)
                await self._poll(lane, turn, place)
                place.at_rest += 1
        except Exception as error:  # whoever iterates is to see it
            self._put(error)

    async def _next_turn(self, lane: Lane[B], place: _Place) -> Turn[B]:
        while isinstance(turn := lane.next(_clock.clock.now()), Sleep):
            await _clock.clock.sleep_async(turn.seconds, place.alarm)
        return turn

    async def _poll(self, lane: Lane[B], turn: Turn[B], place: _Place) -> None:
        wait = turn.wait
        brought: Reply | SettledError
        try:
            with wait.span or UNTRACED:
                brought = await poll_async(wait.job, turn.seconds, wait.request)
        except SettledError as error:
            brought = error
        taken = lane.take(wait, brought, _clock.clock.now())
        if taken.is_earlier:
            place.alarm.set()
        if wait.config.on_poll is not None and isinstance(brought, Reply):
            await tell_async(wait.config.on_poll, wait.snapshot(brought.reading, brought.raw))
        # Not before `on_poll` has returned: who is given the last job ends the iteration.
        if taken.end is not None:
            self._put(taken.end)


class _Place:
    """Where the workers of a lane meet."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.alarm = asyncio.Event()
        self.workers = 0
        self.at_rest = 0
