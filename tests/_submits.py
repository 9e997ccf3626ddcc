"""Arguments for every public submit, so that whatever holds for all of them is tested with all of them.

They go by the names of parameters, which the vendors' modules share. A submit with a required parameter of another name
needs a value for it here; what a submit needs at the simulated vendor, `prepare` puts there.
"""

from __future__ import annotations

from typing import Any

from settled._arguments import parameters
from settled._vendors import submits
from settled.simulator import Simulator

SENSOR_ID = "0123456789abcdef01234567"
JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
VALUES: dict[str, Any] = {
    "args": ["-a"],
    "assets": [{"origin_asset_id": "a-1", "asset_name": "build-01", "last_seen": 1_760_000_000_000}],
    "code": "print('hello')",
    "command": "uptime",
    "endpoint_ids": ["3f9d1c7a5be24c0f8a6e2d4b90c71e58"],
    "job_id": JOB_ID,
    "path": "C:\\temp\\tool.exe",
    "product": "scanner",
    "query": "dataset = xdr_data | limit 3",
    "script_uid": "f8a9c0de4b5e4f6fa1b2c3d4e5f60718",
    "sensor_config": {"url": "https://git.invalid/app"},
    "sensor_id": SENSOR_ID,
    "sensor_name": "nightly",
    "sensor_type": "GIT Sensor",
    "sha256": "ab" * 32,
    "target": "_any",
    "vendor": "acme",
    "windows": ["C:\\temp\\log.txt"],
}
# Optional by their types, and yet one of several must be given.
NEEDED = {"cortex_xdr.retrieve_files": ("windows",)}


def arguments_of(name: str) -> dict[str, Any]:
    """What a submit is given, as JSON values: no more than it needs."""
    needed = [each.name for each in parameters(submits()[name]) if each.is_required]
    return {each: VALUES[each] for each in (*needed, *NEEDED.get(name, ()))}


def prepare(sim: Simulator) -> None:
    """Put there what a submit refers to."""
    sim.agilesec.sensors[SENSOR_ID] = {each: VALUES[each] for each in ("sensor_type", "sensor_config")} | {
        "sensorName": "nightly"
    }
    sim.add("osapi.job", states=["failed"], job_id=JOB_ID)
