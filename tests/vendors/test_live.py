"""The live tests work: they pass against the embedded simulator, and are skipped where no server is named."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from settled.simulator import Simulator

from _specs import ROOT


def _run(**environment: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("SETTLED_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "tests/live", "-rs", "-q", "-p", "no:cacheprovider", "--color=no"],
        cwd=ROOT,
        env=bare | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_against_the_simulator() -> None:
    """With a server and a job all of them run, and pass, but those that need agents which run commands."""
    with Simulator() as sim:
        job_id = sim.add("osapi.job", states=[("processing", 2.5), "completed"])
        run = _run(
            SETTLED_LIVE_OSAPI_URL=f"{sim.url}/api",
            SETTLED_LIVE_OSAPI_TOKEN=sim.token,
            SETTLED_LIVE_OSAPI_JOB=job_id,
            SETTLED_LIVE_OSAPI_SECONDS="3",
        )
    assert run.returncode == 0, run.stdout
    assert re.search(r"^\d+ passed, \d+ skipped in", run.stdout, re.MULTILINE), run.stdout


@pytest.mark.slow
def test_without_a_server() -> None:
    """Without one all are skipped, and it is said why."""
    run = _run()
    assert "SETTLED_LIVE_OSAPI_URL and SETTLED_LIVE_OSAPI_TOKEN are not set" in run.stdout
    assert re.search(r"^\d+ skipped in", run.stdout, re.MULTILINE), run.stdout
