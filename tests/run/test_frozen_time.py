"""Tests that freeze time, as freezegun does, stop neither a wait nor the simulator."""

from __future__ import annotations

import time

import pytest

import settled
from settled import cortex_xsiam, errors
from settled.simulator import Simulator


def test_a_wait_ends_in_frozen_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline of a wait comes although `time.monotonic` stands still, far in its own future."""
    with Simulator() as sim, cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        job = cortex_xsiam.byos_import(client, sim.add("cortex_xsiam.byos_import", states=["PROCESSING"]))
        monkeypatch.setattr(time, "monotonic", lambda: 1.8e9)
        with pytest.raises(errors.WaitTimeout):
            settled.wait(job, timeout=0.2)
        monkeypatch.undo()


def test_the_simulator_stops_after_frozen_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator whose timers were set in frozen time stops when its context ends."""
    with Simulator():
        monkeypatch.setattr(time, "monotonic", lambda: 1.8e9)
        # As long as the server needs to look at the clock.
        time.sleep(0.3)
        monkeypatch.undo()
