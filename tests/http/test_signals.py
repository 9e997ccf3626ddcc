"""Exceptions of signal handlers amid a request: whatever the handler is, they are the caller's."""

from __future__ import annotations

import functools
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

import settled
from settled import osapi

from _exchange import JOB


class TimeIsUp(Exception):
    """What a worker's time limit raises."""


def _raise(*_: object) -> None:
    raise TimeIsUp


class _Limit:
    """A time limit, whose instances and methods can be handlers."""

    def __call__(self, *_: object) -> None:
        raise TimeIsUp

    def end(self, number: int, _: object) -> None:
        raise TimeIsUp(number)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers here")
@pytest.mark.parametrize(
    "handler",
    [_raise, functools.partial(_raise, 1), _Limit(), _Limit().end],
    ids=["function", "partial", "object", "method"],
)
def test_kinds_of_handlers(handler: Callable[..., Any]) -> None:
    """A function, a partial, an object and a method: what they raise is not taken for a failure of the network."""
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            client = osapi.connect(f"http://127.0.0.1:{silent.getsockname()[1]}", token="t")
            with pytest.raises(TimeIsUp):
                settled.wait(osapi.job(client, JOB), timeout=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
