"""Virtual time: waits take no real time, and everything happens in the order in which it would.

The clock keeps its sleepers in a heap. Whenever a thread or task goes to sleep and nobody is at work (see `_activity`),
time jumps to the moment of the first sleeper, which is woken. A request keeps time from passing until its reply has
come, because the network takes real time.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import heapq
import importlib
import itertools
import math
import threading
import time
from collections.abc import Callable, Generator
from types import ModuleType, SimpleNamespace
from typing import Any

import attrs
import httpx
import pytest

from .._run import clock as _clock
from ._activity import PATIENCE_SECONDS, ThreadActivity, Worker
from ._fair_lock import FairLock
from ._loop_watch import LoopWatch

_START = 1000.0

# For how many requests of the current task or thread time stands still.
_requests_under_way: contextvars.ContextVar[int] = contextvars.ContextVar("requests", default=0)


@attrs.define(order=True)
class _Sleeper:
    """A thread or task that sleeps until a moment, or until its alarm is set."""

    due: float
    number: int
    thread: threading.Thread = attrs.field(order=False)
    wake: Callable[[], object] = attrs.field(order=False)
    alarm: threading.Event | asyncio.Event | None = attrs.field(order=False)
    is_in_loop: bool = attrs.field(order=False)
    is_awake: bool = attrs.field(default=False, order=False)


class VirtualClock(_clock.Clock):
    """Time that stands still while code is at work, and then jumps to the moment at which the next sleeper is due.

    It counts seconds from an arbitrary start. A thread or task is at work if it has just begun or been woken, or waits
    for the reply to a request. `slept` lists the seconds of each sleep, in the order in which they began.
    """

    def __init__(self) -> None:
        self.slept: list[float] = []
        # Re-entrant, because the garbage collector may end an `as_settled` at any point.
        self.lock: threading.RLock = threading.RLock()
        self.activity: ThreadActivity = ThreadActivity()
        self._moment = _START
        self._epoch = time.time() - _START
        self._numbers = itertools.count()
        self._sleepers: list[_Sleeper] = []
        self._alarmed: dict[int, _Sleeper] = {}
        self._watches: dict[asyncio.AbstractEventLoop, LoopWatch] = {}

    def __repr__(self) -> str:
        return f"<VirtualClock: {self._moment - _START:g} s gone by>"

    def now(self) -> float:
        """The current moment, in seconds since an arbitrary one."""
        return self._moment

    def time_of_day(self) -> float:
        """Seconds since 1970: the real time at which the clock was made, plus the virtual time since."""
        return self._epoch + self._moment

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass; sleepers in other threads that are due meanwhile are woken.

        Raises:
            ValueError: If `seconds` is negative, infinite or no number.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"time cannot advance by {seconds!r} seconds")
        self.sleep(seconds)

    def sleep(self, seconds: float, alarm: threading.Event | None = None) -> None:
        """Sleep in this thread until so many seconds have passed, or until the alarm is set, which is left cleared."""
        woken = threading.Event() if alarm is None else alarm
        with self._asleep(seconds, woken.set, alarm):
            # The thread that was to let time pass may be gone by now, so try again from time to time.
            while not woken.is_set():
                self._pass()
                woken.wait(PATIENCE_SECONDS)

    async def sleep_async(self, seconds: float, alarm: asyncio.Event | None = None) -> None:
        """Sleep in this task, as `sleep` does in a thread."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event() if alarm is None else alarm
        with (
            self._asleep(seconds, functools.partial(loop.call_soon_threadsafe, woken.set), alarm, loop),
            self._interrupted(_requests_under_way.get()),
        ):
            await woken.wait()

    def rest(self) -> bool:
        """Say that this thread waits for another one; returns whether nobody is at work, so that time could pass."""
        with self.lock:
            self.activity.resting(threading.current_thread())
            return self._pass()

    @contextlib.contextmanager
    def at_work(self, *, until_done: bool = True) -> Generator[None, None, None]:
        """Let time stand still while this thread, or a task of its loop, does something.

        Unless that ends by itself (`until_done`), it could wait for time to pass: then time stands still only as it
        begins and as it ends.
        """
        thread, loop, change = threading.current_thread(), _running_loop(), int(until_done)
        with self.lock:
            self.activity.requesting(thread, change)
        outer = _requests_under_way.set(_requests_under_way.get() + change)
        try:
            yield
        finally:
            _requests_under_way.reset(outer)
            with self.lock:
                self.activity.requesting(thread, -change)
            if loop is not None:
                self.watch(loop)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say that something has happened in a loop, which is at work until it has nothing left to do."""
        # The garbage collector may finish a generator only after its loop is closed.
        if loop.is_closed():
            return
        with self.lock:
            self.activity.busy(threading.current_thread())
            watch = self._watches.get(loop) or self._watches.setdefault(loop, LoopWatch(loop, self.rest))
        watch.begin()

    @contextlib.contextmanager
    def _interrupted(self, requests: int) -> Generator[None, None, None]:
        """Let time pass although this task has requests under way, amid which it sleeps."""
        thread = threading.current_thread()
        with self.lock:
            self.activity.requesting(thread, -requests)
        try:
            yield
        finally:
            with self.lock:
                self.activity.requesting(thread, requests)

    @contextlib.contextmanager
    def _asleep(
        self,
        seconds: float,
        wake: Callable[[], object],
        alarm: threading.Event | asyncio.Event | None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> Generator[None, None, None]:
        thread = threading.current_thread()
        with self.lock:
            self.slept.append(seconds)
            number = next(self._numbers)
            sleeper = _Sleeper(self._moment + seconds, number, thread, wake, alarm, is_in_loop=loop is not None)
            if sleeper.due < math.inf:
                heapq.heappush(self._sleepers, sleeper)
            if alarm is not None:
                self._alarmed[number] = sleeper
            if loop is None:
                self.activity.asleep(thread)
        try:
            if loop is not None:
                self.watch(loop)
            yield
        finally:
            with self.lock:
                self._awaken(sleeper)
                if alarm is not None:
                    alarm.clear()
            if loop is not None:
                self.watch(loop)

    def _awaken(self, sleeper: _Sleeper) -> None:
        sleeper.is_awake = True
        self._alarmed.pop(sleeper.number, None)
        if sleeper.is_in_loop:
            self.activity.busy(sleeper.thread)
        else:
            self.activity.awake(sleeper.thread)

    def _pass(self) -> bool:
        """Let time pass until the next sleeper is due; false if time must stand still."""
        with self.lock:
            for sleeper in list(self._alarmed.values()):
                if sleeper.alarm is not None and sleeper.alarm.is_set():
                    self._awaken(sleeper)
            if self.activity.anyone():
                return False
            while self._sleepers and self._sleepers[0].is_awake:
                heapq.heappop(self._sleepers)
            if self._sleepers:
                self._moment = max(self._moment, self._sleepers[0].due)
            while self._sleepers and self._sleepers[0].due <= self._moment:
                sleeper = heapq.heappop(self._sleepers)
                if not sleeper.is_awake:
                    self._awaken(sleeper)
                    # A loop that is closed by now has left its sleepers behind.
                    with contextlib.suppress(RuntimeError):
                        sleeper.wake()
            return True


@contextlib.contextmanager
def virtual_time() -> Generator[VirtualClock, None, None]:
    """Let every wait go by virtual time while the context lasts, as the fixture `settled_clock` does for a test."""
    with pytest.MonkeyPatch.context() as patch:
        yield put_in(patch)


def put_in(patch: pytest.MonkeyPatch) -> VirtualClock:
    """A virtual clock that every wait goes by until `patch` is undone."""
    clock = VirtualClock()
    patch.setattr(_clock, "clock", clock)
    _hold_for_requests(patch, clock)
    _hold_for_threads(patch, clock)
    # The threads of an `as_settled` wait for each other with these.
    settling = importlib.import_module("settled._run.threads")
    replaced = {**vars(threading), "Lock": functools.partial(FairLock, clock), "Thread": Worker}
    patch.setattr(settling, "threading", SimpleNamespace(**replaced))
    _hold_for_workers(patch, clock, settling)
    return clock


def _hold_for_requests(patch: pytest.MonkeyPatch, clock: VirtualClock) -> None:
    http = importlib.import_module("settled._http.send")
    transport_errors = getattr(http, "transport_errors")  # noqa: B009 - it is that module's own
    send, send_async = httpx.Client.send, httpx.AsyncClient.send

    @contextlib.contextmanager
    def held_exchange(*about: Any) -> Generator[None, None, None]:
        with clock.at_work(), transport_errors(*about):
            yield

    @functools.wraps(send)
    def held(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        with clock.at_work(until_done=_is_ours(request)):
            return send(self, request, **options)

    @functools.wraps(send_async)
    async def held_async(self: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
        with clock.at_work(until_done=_is_ours(request)):
            return await send_async(self, request, **options)

    # The first covers polls and submits with all of their bodies, the others every other use of a client.
    patch.setattr(http, "transport_errors", held_exchange)
    patch.setattr(httpx.Client, "send", held)
    patch.setattr(httpx.AsyncClient, "send", held_async)


def _hold_for_threads(patch: pytest.MonkeyPatch, clock: VirtualClock) -> None:
    start = threading.Thread.start

    @functools.wraps(start)
    def held(self: threading.Thread) -> None:
        # The new thread counts as at work at once; so does this one, which may start more.
        with clock.at_work(until_done=False):
            with clock.lock:
                clock.activity.busy(self)
            start(self)

    patch.setattr(threading.Thread, "start", held)


def _hold_for_workers(patch: pytest.MonkeyPatch, clock: VirtualClock, settling: ModuleType) -> None:
    call_on_poll = settling.call_on_poll

    @functools.wraps(call_on_poll)
    def called(*arguments: Any) -> None:
        # It may wait in real time, for something that happens only as virtual time passes.
        with clock.lock:
            clock.activity.in_callback(threading.current_thread(), begins=True)
        try:
            call_on_poll(*arguments)
        finally:
            with clock.lock:
                clock.activity.in_callback(threading.current_thread(), begins=False)

    patch.setattr(settling, "call_on_poll", called)


def _is_ours(request: httpx.Request) -> bool:
    # The server of another client may wait before it replies: its request must not keep time from passing.
    agent: str = request.headers.get("user-agent", "")
    return agent.startswith("settled/")


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
