"""Two hundred waits, one mapped task for each kind of job: what the test in the folder above runs."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG

from settled.airflow import WaitForJobOperator, WaitForJobSensor

# The refs by kind, as whoever started the jobs left them.
REFS = json.loads(Path(os.environ["MANY_WAITS_REFS"]).read_text())

# A busy scheduler fails a task that is resumed before it has noticed the deferral, which happens if the job had ended
# already; a retry puts that right.
RETRIES = {"retries": 3, "retry_delay": timedelta(seconds=1)}

with DAG(
    "many_waits",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_tasks=64,
    default_args=RETRIES,
):
    for kind, refs in REFS.items():
        vendor, _, job = kind.partition(".")
        waits = WaitForJobSensor if job == "scan" else WaitForJobOperator
        waits.partial(task_id=f"{vendor}-{job}", conn_id=vendor, timeout=1800).expand(ref=refs)
