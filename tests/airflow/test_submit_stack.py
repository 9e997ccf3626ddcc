"""Submits in a real Airflow, whose workers are killed before and after they know what became of them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from settled.simulator import Simulator

from _stack import stack

pytestmark = pytest.mark.airflow


def test_no_job_is_submitted_twice(tmp_path: Path) -> None:
    """A task that died after its submit returns the job there is, one that died within fails, none submits again."""
    dags = tmp_path / "dags"
    dags.mkdir()
    shutil.copy(Path(__file__).parent / "dags" / "submits.py", dags)
    with Simulator(scan_slots=3) as sim, stack(tmp_path, dags, {}) as airflow:
        connections = tmp_path / "connections.json"
        platform = {"conn_type": "settled_agilesec", "host": sim.url, "password": sim.token}
        connections.write_text(json.dumps({"agilesec": platform}))
        airflow.run("connections", "import", str(connections))
        airflow.run("dags", "reserialize")
        for part in ("api-server", "scheduler", "triggerer"):
            airflow.start(part)
        airflow.run("dags", "trigger", "submits", "--run-id", "test")
        over = "select count(*) from dag_run where state in ('success', 'failed')"
        airflow.until(lambda: airflow.query(over) == [(1,)], "the run is over")

        results = {task: result for (task, _), result in airflow.results("submits").items()}
        tries = dict(airflow.query("select task_id, try_number from task_instance where dag_id = 'submits'"))
        created = Counter(sensor["sensorName"] for sensor in sim.agilesec.sensors.values())
        logs = airflow.task_logs()
        assert sim.token not in airflow.all_logs()

    assert created == {"SubmitJobOperator": 1, "DiesAfterwards": 1, "DiesBetween": 1}
    for name in ("SubmitJobOperator", "DiesAfterwards"):
        state, ref = results[name]
        assert state == "success"
        assert ref.startswith("agilesec.scan/")
        state, end = results[f"{name}_settled"]
        assert (state, end["ref"], end["outcome"]) == ("success", ref, "SUCCEEDED")
    assert results["DiesBetween"] == ("failed", None)
    assert results["DiesBetween_settled"] == ("upstream_failed", None)
    assert {name: tries[name] for name in created} == {"SubmitJobOperator": 1, "DiesAfterwards": 2, "DiesBetween": 2}
    assert "was submitted by an earlier try" in logs
    assert "may have created a job; look for it" in logs
