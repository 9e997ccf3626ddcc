"""Submits whose workers are killed: what the test in the folder above runs."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Context

from settled.airflow import SubmitJobOperator, WaitForJobOperator


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DiesAfterwards(SubmitJobOperator):
    """Its first try is killed when the submit was answered and its ref kept."""

    def execute(self, context: Context) -> str:
        """Submit, and die."""
        ref = super().execute(context)
        if context["ti"].try_number == 1:
            _die()
        return ref


class DiesBetween(SubmitJobOperator):
    """Its first try is killed when the submit was answered, before it has read the answer."""

    def _client(self) -> Any:
        client = super()._client()
        client.get_httpx_client().event_hooks = {"response": [_die]}
        return client


def _scan(name: str) -> dict[str, Any]:
    return {"sensor_type": "GIT Sensor", "sensor_name": name, "sensor_config": {"url": "https://git.invalid/x"}}


with DAG(
    "submits",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    default_args={"retries": 3, "retry_delay": timedelta(seconds=1)},
):
    for submits in (SubmitJobOperator, DiesAfterwards, DiesBetween):
        name = submits.__name__
        submit = submits(task_id=name, submit="agilesec.create_scan", arguments=_scan(name), conn_id="agilesec")
        WaitForJobOperator(task_id=f"{name}_settled", ref=submit.output, conn_id="agilesec", timeout=1800)
