"""Virtual time: waits take no real time, and everything happens in the order in which it would."""

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

# Of the present task, or thread: how many of its requests time stands still for.
_requests_under_way: contextvars.ContextVar[int] = contextvars.ContextVar("requests", default=0)


@attrs.define(order=True)
class _Sleeper:
    """Somebody who sleeps until a moment, or until an alarm of its own goes off."""

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
    for the answer to a request. `slept` lists the seconds of each sleep, in the order in which they began.
    """

    def __init__(self) -> None:
        self.slept: list[float] = []
        # Re-entrant, as the garbage collector may end an `as_settled` at any point.
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
        """The present moment, in seconds since some fixed one."""
        return self._moment

    def time_of_day(self) -> float:
        """Seconds since 1970, as if virtual time had begun when the clock was made."""
        return self._epoch + self._moment

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass; waits in other threads have their turns on the way.

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
            # Who was to let time pass may do so no more, so look again now and then.
            while not woken.is_set():
                self._pass()
                woken.wait(PATIENCE_SECONDS)

    async def sleep_async(self, seconds: float, alarm: asyncio.Event | None = None) -> None:
        """Sleep in this task, likewise."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event() if alarm is None else alarm
        with (
            self._asleep(seconds, functools.partial(loop.call_soon_threadsafe, woken.set), alarm, loop),
            self._interrupted(_requests_under_way.get()),
        ):
            await woken.wait()

    def rest(self) -> bool:
        """Say that this thread waits for somebody else; whether time could pass, if anybody sleeps."""
        with self.lock:
            self.activity.resting(threading.current_thread())
            return self._pass()

    @contextlib.contextmanager
    def at_work(self, *, until_done: bool = True) -> Generator[None, None, None]:
        """Let time stand still while this thread, or a task of its loop, does something.

        Unless it is known to end by itself, time stands still only as it begins and ends.
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
        """Say that something has happened in a loop, which is at work until nothing more happens in it."""
        # What was left behind in a loop may be cleared away after its end.
        if loop.is_closed():
            return
        with self.lock:
            self.activity.busy(threading.current_thread())
            watch = self._watches.get(loop) or self._watches.setdefault(loop, LoopWatch(loop, self.rest))
        watch.begin()

    @contextlib.contextmanager
    def _interrupted(self, requests: int) -> Generator[None, None, None]:
        """Let time pass although this task, which sleeps amid them, has requests under way."""
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
        """Let time pass until somebody is due; false if it must stand still."""
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

    # Polls and submits, with all of their answers, and what else a client is used for.
    patch.setattr(http, "transport_errors", held_exchange)
    patch.setattr(httpx.Client, "send", held)
    patch.setattr(httpx.AsyncClient, "send", held_async)


def _hold_for_threads(patch: pytest.MonkeyPatch, clock: VirtualClock) -> None:
    start = threading.Thread.start

    @functools.wraps(start)
    def held(self: threading.Thread) -> None:
        # It may be about to wait, and its starter may start more.
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
    # Another client may be answered by somebody who waits: its request lasts until time has passed.
    agent: str = request.headers.get("user-agent", "")
    return agent.startswith("settled/")


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
