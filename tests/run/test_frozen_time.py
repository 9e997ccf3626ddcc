"""Tests that freeze time, with freezegun or time-machine, stop neither a wait nor the simulator nor pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FREEZERS = {
    "freezegun": "freezegun.freeze_time('2026-01-01')",
    "freezegun, asyncio real": "freezegun.freeze_time('2026-01-01', real_asyncio=True)",
    "freezegun, ticking": "freezegun.freeze_time('2026-01-01', tick=True)",
    "time-machine": "time_machine.travel('2026-01-01', tick=False)",
    "time-machine, ticking": "time_machine.travel('2026-01-01', tick=True)",
}

TESTS = """
import asyncio
import time

import freezegun
import pytest
import time_machine

import settled
from settled import cortex_xsiam, errors
from settled.simulator import Simulator

KIND = "cortex_xsiam.byos_import"


@pytest.fixture
def frozen():
    with FREEZER:
        yield


@pytest.fixture
def sim():
    with Simulator() as running:
        yield running


def job(sim, client, *states):
    return cortex_xsiam.byos_import(client, sim.add(KIND, states=states))


def connect(sim):
    return cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key)


def test_a_wait_settles_and_another_gives_up(sim, frozen):
    with connect(sim) as client:
        assert settled.wait(job(sim, client, ("PROCESSING", 0.3), "COMPLETED"), timeout=60).polls >= 2
        with pytest.raises(errors.WaitTimeout):
            settled.wait(job(sim, client, "PROCESSING"), timeout=0.3)


def test_many(sim, frozen):
    with connect(sim) as client:
        jobs = [job(sim, client, ("PROCESSING", 0.3), "COMPLETED") for _ in range(3)]
        assert [end.status for end in settled.as_settled(jobs, timeout=60)] == ["COMPLETED"] * 3
        (end,) = settled.as_settled([job(sim, client, "PROCESSING")], timeout=0.3)
        assert isinstance(end.error, errors.WaitTimeout)


def test_in_asyncio(sim, frozen):
    async def main():
        async with connect(sim) as client:
            end = await settled.aio.wait(job(sim, client, ("PROCESSING", 0.3), "COMPLETED"), timeout=60)
            assert end.polls >= 2
            with pytest.raises(errors.WaitTimeout):
                await settled.aio.wait(job(sim, client, "PROCESSING"), timeout=0.3)
            jobs = [job(sim, client, ("PROCESSING", 0.3), "COMPLETED") for _ in range(3)]
            assert [end.status async for end in settled.aio.as_settled(jobs, timeout=60)] == ["COMPLETED"] * 3
            (end,) = [end async for end in settled.aio.as_settled([job(sim, client, "PROCESSING")], timeout=0.3)]
            assert isinstance(end.error, errors.WaitTimeout)

    asyncio.run(main())


def test_frozen_amid_a_wait(sim):
    async def main():
        async with connect(sim) as client:
            waiting = asyncio.create_task(settled.aio.wait(job(sim, client, "PROCESSING"), timeout=1))
            await asyncio.sleep(0.1)
            with FREEZER:
                with pytest.raises(errors.WaitTimeout):
                    await waiting

    asyncio.run(main())


def test_the_simulator_starts_and_stops(frozen):
    with Simulator() as sim, connect(sim) as client:
        assert job(sim, client, "COMPLETED").fetch().is_settled


def test_virtual_time(settled_simulator, settled_clock, frozen):
    with connect(settled_simulator) as client:
        end = settled.wait(job(settled_simulator, client, ("PROCESSING", 3000), "COMPLETED"), timeout=3600)
        assert 3000 <= end.elapsed <= 3600
"""


@pytest.mark.parametrize(
    "freezer",
    [
        pytest.param(freezer, id=name, marks=[] if name in ("freezegun", "time-machine") else pytest.mark.slow)
        for name, freezer in FREEZERS.items()
    ],
)
def test_tests_that_freeze_time(freezer: str, tmp_path: Path) -> None:
    """Waits of every kind end at their moments, the simulator stops, and pytest exits."""
    (tmp_path / "test_frozen.py").write_text(TESTS.replace("FREEZER", freezer))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "60", "test_frozen.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=150)  # noqa: S603
    assert run.returncode == 0, run.stdout + run.stderr
