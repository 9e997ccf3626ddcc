"""Arguments for every public submit, so that whatever holds for all of them is tested with all of them.

They go by the names of parameters, which the vendors' modules share, or else by their types. What a submit needs at the
simulated vendor, `prepare` puts there.
"""

from __future__ import annotations

from typing import Any

from settled._arguments import parameters
from settled._vendors import submits
from settled.simulator import Simulator
from settled.simulator._simulator import VENDORS

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
PLAIN: dict[Any, Any] = {str: "17", int: 17, float: 1.5, bool: True}
# Optional by their types, and yet one of several must be given.
NEEDED = {"cortex_xdr.retrieve_files": ("windows",)}


def arguments_of(name: str) -> dict[str, Any]:
    """What a submit is given, as JSON values: no more than it needs."""
    needed = {each.name: each.hint for each in parameters(submits()[name]) if each.is_required}
    values = {each: VALUES[each] if each in VALUES else PLAIN[hint] for each, hint in needed.items()}
    return values | {each: VALUES[each] for each in NEEDED.get(name, ())}


def simulated_vendors() -> set[str]:
    """The vendors that the simulator has; a vendor that was just begun is not one of them."""
    return {kind.partition(".")[0] for vendor in VENDORS for kind in vendor.kinds}


def simulated() -> list[str]:
    """The submits of the vendors that the simulator has."""
    return [name for name in submits() if name.partition(".")[0] in simulated_vendors()]


def prepare(sim: Simulator) -> None:
    """Put there what a submit refers to."""
    sim.agilesec.sensors[SENSOR_ID] = {each: VALUES[each] for each in ("sensor_type", "sensor_config")} | {
        "sensorName": "nightly"
    }
    sim.add("osapi.job", states=["failed"], job_id=JOB_ID)
