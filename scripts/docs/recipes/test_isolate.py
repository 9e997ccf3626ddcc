"""Tests of isolate.py, which take milliseconds and reach no tenant.

pytest test_isolate.py
"""

from __future__ import annotations

import pytest
from isolate import main

from settled.errors import SubmitFailed
from settled.simulator import Simulator, rate_limited
from settled.testing import VirtualClock


def test_all_are_isolated(
    settled_simulator: Simulator, settled_clock: VirtualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program waits for the slowest endpoint, survives a 429, and prints nothing."""
    settled_simulator.plan_endpoint(
        "laptop", states=[("PENDING", 600), rate_limited(30), ("IN_PROGRESS", 60), "COMPLETED_SUCCESSFULLY"]
    )
    began = settled_clock.now()
    assert main(["laptop", "desk"]) == 0
    assert settled_clock.now() - began >= 660
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("settled_clock")
def test_failures_are_reported(settled_simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    """Each endpoint that is not isolated is named, also one that is offline until the deadline."""
    settled_simulator.plan_endpoint("kiosk", states=["PENDING", "FAILED"])
    settled_simulator.plan_endpoint("van", states=["PENDING"])
    assert main(["laptop", "kiosk", "van"]) == 1
    assert capsys.readouterr().out.splitlines() == ["kiosk: FAILED", "van: still PENDING"]


def test_an_unknown_endpoint(settled_simulator: Simulator) -> None:
    """The tenant refuses an endpoint that it does not have."""
    settled_simulator.plan_endpoint("ghost", states=None)
    with pytest.raises(SubmitFailed, match="No endpoint was found"):
        main(["ghost"])
