"""The pytest fixtures, which an entry point registers; they import nothing before a test uses one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..simulator import Simulator
    from ._virtual import VirtualClock

__all__ = ["settled_clock", "settled_simulator"]


def _now() -> float:
    from .._run import clock as _clock

    return _clock.clock.now()


@pytest.fixture
def settled_clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """Virtual time for every wait of a test, and for the scripts of the simulator."""
    from ._virtual import put_in

    return put_in(monkeypatch)


@pytest.fixture(scope="session")
def _settled_server() -> Iterator[Simulator]:
    from ..simulator import Simulator

    with Simulator() as running:
        yield running


@pytest.fixture
def settled_simulator(_settled_server: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A running simulator without jobs, to which every `connect_from_env` of the test connects.

    Its scripts go by the same clock as waits: the real one, or the virtual one if the test uses `settled_clock`.
    """
    for name, value in _settled_server.environ.items():
        monkeypatch.setenv(name, value)
    # One server serves the whole session, because starting it takes longer than most tests.
    _settled_server.clock = _now
    _settled_server.speed = 1.0
    _settled_server.scan_slots = 1
    _settled_server.job_timeout = 30.0
    _settled_server.reset()
    return _settled_server
