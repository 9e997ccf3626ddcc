"""The site's Temporal activity, in the environment that Temporal has for tests of activities."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from settled.simulator import Simulator

from _shown import shown

pytestmark = pytest.mark.airflow


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulator in real time, which the environment names."""
    with Simulator() as running:
        for name, value in running.environ.items():
            monkeypatch.setenv(name, value)
        yield running


def test_heartbeats_keep_the_wait(vendor: Simulator) -> None:
    """The next attempt goes on from the last heartbeat of one that was broken off: polls and deadline are kept."""
    example: dict[str, Any] = {}
    exec(shown("tests/airflow/test_temporal.py"), example)  # noqa: S102 - our own page
    job_id = vendor.add("cortex_xsiam.byos_import", states=[("PROCESSING", 1.5), "COMPLETED"])
    ref = f"cortex_xsiam.byos_import/{job_id}"
    beats: list[dict[str, Any]] = []

    async def attempts() -> str:
        first = ActivityEnvironment()
        first.on_heartbeat = beats.append
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(first.run(example["follow"], ref, 60.0), timeout=0.7)
        second = ActivityEnvironment()
        second.info = dataclasses.replace(second.info, heartbeat_details=[beats[-1]])
        second.on_heartbeat = beats.append
        outcome: str = await second.run(example["follow"], ref, 60.0)
        await example["client"].get_async_httpx_client().aclose()
        return outcome

    assert asyncio.run(attempts()) == "SUCCEEDED"
    assert {beat["polls"] for beat in beats} == set(range(1, vendor.polls(job_id)))
    assert max(beat["deadline"] for beat in beats) - min(beat["deadline"] for beat in beats) < 0.1
