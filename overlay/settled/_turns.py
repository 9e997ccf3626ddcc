"""One turn of a wait: its poll, if that is due."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from . import _clock
from ._http import poll, poll_async
from ._observing import UNTRACED
from ._reply import Reply
from ._snapshot import Snapshot
from ._wait import Sleep, Wait
from .errors import SettledError

B = TypeVar("B")


def turn(machine: Wait[Any]) -> Reply | Sleep:
    """Poll if that is due, until there is an answer, and return it; otherwise say how long there is nothing to do."""
    clock = _clock.clock
    while not isinstance(step := machine.next(clock.now()), Sleep):
        try:
            with machine.span or UNTRACED:
                reply = poll(machine.job, step.seconds, machine.request)
        except SettledError as error:
            machine.failed(error, clock.now())
            continue
        machine.received(reply, clock.now())
        if machine.config.on_poll is not None:
            tell(machine.config.on_poll, machine.snapshot(reply.reading, reply.raw))
        return reply
    return step


def tell(on_poll: Callable[[Snapshot[B]], object], snapshot: Snapshot[B]) -> None:
    """Call the `on_poll` of a wait in a thread, where nobody can await what it answers."""
    told = on_poll(snapshot)
    if inspect.isawaitable(told):
        if inspect.iscoroutine(told):
            told.close()
        raise TypeError("on_poll is a coroutine function, which only the waits of settled.aio await")


async def turn_async(machine: Wait[Any]) -> Reply | Sleep:
    """The same for asyncio; `on_poll` may also be a coroutine function."""
    clock = _clock.clock
    while not isinstance(step := machine.next(clock.now()), Sleep):
        try:
            with machine.span or UNTRACED:
                reply = await poll_async(machine.job, step.seconds, machine.request)
        except SettledError as error:
            machine.failed(error, clock.now())
            continue
        machine.received(reply, clock.now())
        if machine.config.on_poll is not None:
            await tell_async(machine.config.on_poll, machine.snapshot(reply.reading, reply.raw))
        return reply
    return step


async def tell_async(on_poll: Callable[[Snapshot[B]], object], snapshot: Snapshot[B]) -> None:
    """Call the `on_poll` of a wait in an event loop, and await it if it is a coroutine function."""
    told = on_poll(snapshot)
    if inspect.isawaitable(told):
        await told
