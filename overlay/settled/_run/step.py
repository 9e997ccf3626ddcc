"""One step of a wait: its poll, if that is due.

The machine in the core says what to do; here it is done, in a thread or in a task. What differs between the two is only
how a poll is sent and how `on_poll` is called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from .._core.inbox import Inbox
from .._core.job import Job
from .._core.options import WaitConfig, WaitOptions, known_options
from .._core.reply import Reply
from .._core.snapshot import Snapshot
from .._core.wait import Sleep, Wait
from .._http.send import poll, poll_async
from .._observe.logging import UNTRACED
from ..errors import SettledError
from . import clock as _clock

B = TypeVar("B")


def begin(
    job: Job[B],
    verb: str,
    timeout: float | timedelta | None,
    options: WaitOptions[B],
    *own: str,
    inbox: Inbox | None = None,
) -> Wait[B]:
    """A wait that begins now; errors in its options name the `verb` that was called, and its `own` options."""
    clock = _clock.clock
    config = WaitConfig(
        start=clock.now(),
        started_at=clock.time_of_day(),
        timeout=timeout,
        inbox=inbox,
        **known_options(verb, options, *own),
    )
    return Wait(job, config)


def step(machine: Wait[Any]) -> Reply | Sleep:
    """Poll if that is due, until there is an answer, and return it; otherwise say how long there is nothing to do."""
    clock = _clock.clock
    while not isinstance(due := machine.next(clock.now()), Sleep):
        result = poll_result(machine, due.seconds)
        if isinstance(result, SettledError):
            machine.failed(result, clock.now())
            continue
        # The time is read anew: a poll takes a while.
        machine.received(result, clock.now())
        if machine.config.on_poll is not None:
            call_on_poll(machine.config.on_poll, machine.snapshot(result.reading, result.raw))
        return result
    return due


def poll_result(machine: Wait[Any], seconds: float) -> Reply | SettledError:
    """Poll once, with the wait's span as the current one, and return what came of it."""
    try:
        with machine.span or UNTRACED:
            return poll(machine.job, seconds, machine.request)
    except SettledError as error:
        return error


def call_on_poll(on_poll: Callable[[Snapshot[B]], object], snapshot: Snapshot[B]) -> None:
    """Call the `on_poll` of a wait in a thread, where nobody can await what it returns."""
    returned = on_poll(snapshot)
    if inspect.isawaitable(returned):
        # Python would warn, at some later time, that nobody has awaited it.
        if inspect.iscoroutine(returned):
            returned.close()
        raise TypeError("on_poll is a coroutine function, which only the waits of settled.aio await")


async def step_async(machine: Wait[Any]) -> Reply | Sleep:
    """The same for asyncio; `on_poll` may also be a coroutine function."""
    _clock.running_loop()
    clock = _clock.clock
    while not isinstance(due := machine.next(clock.now()), Sleep):
        result = await poll_result_async(machine, due.seconds)
        if isinstance(result, SettledError):
            machine.failed(result, clock.now())
            continue
        machine.received(result, clock.now())
        if machine.config.on_poll is not None:
            await call_on_poll_async(machine.config.on_poll, machine.snapshot(result.reading, result.raw))
        return result
    return due


async def poll_result_async(machine: Wait[Any], seconds: float) -> Reply | SettledError:
    """The same for asyncio."""
    try:
        with machine.span or UNTRACED:
            return await poll_async(machine.job, seconds, machine.request)
    except SettledError as error:
        return error


async def call_on_poll_async(on_poll: Callable[[Snapshot[B]], object], snapshot: Snapshot[B]) -> None:
    """Call the `on_poll` of a wait in an event loop, and await what it returns if that can be awaited."""
    returned = on_poll(snapshot)
    if inspect.isawaitable(returned):
        await returned
