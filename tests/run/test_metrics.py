"""The metrics of waits, with OpenTelemetry's own SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import settled
from settled import cortex_xsiam, errors
from settled.simulator import Simulator, server_error

from conftest import KIND, WaitFunction

Points = dict[str, dict[str, Any]]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    """Reads what is counted meanwhile."""
    reading = InMemoryMetricReader()
    provider = MeterProvider([reading])
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    yield reading
    provider.shutdown()


def _points(reader: InMemoryMetricReader) -> Points:
    """By the name of the metric and the result: counts, or the sum of what was recorded."""
    found: Points = {}
    data: Any = reader.get_metrics_data()
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        for point in metric.data.data_points:
            assert point.attributes["settled.job.kind"] == KIND
            value = point.value if hasattr(point, "value") else point.sum
            found.setdefault(metric.name, {})[point.attributes["settled.result"]] = value
    return found


def test_polls_and_waits_are_counted(reader: InMemoryMetricReader, wait: WaitFunction, sim: Simulator) -> None:
    """Polls are counted by their result, waits by their outcome or error, with the seconds that they took."""
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        for job_id in (
            sim.add(KIND, states=["PROCESSING", server_error(), "COMPLETED"]),
            sim.add(KIND, states=["FAILED"]),
        ):
            wait(cortex_xsiam.byos_import(client, job_id), timeout=900)
        endless = cortex_xsiam.byos_import(client, sim.add(KIND, states=["PROCESSING"]))
        with pytest.raises(errors.WaitTimeout):
            wait(endless, timeout=30)
    points = _points(reader)
    assert points["settled.waits"] == {"SUCCEEDED": 1, "FAILED": 1, "WaitTimeout": 1}
    assert points["settled.polls"]["ServerError"] == 1
    assert points["settled.polls"]["answered"] >= 4
    assert points["settled.wait.duration"]["WaitTimeout"] >= 30
    assert settled.Outcome.SUCCEEDED.value in points["settled.wait.duration"]
