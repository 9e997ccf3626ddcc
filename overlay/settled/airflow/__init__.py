"""Submits and waits as tasks of Apache Airflow 3.

    from settled.airflow import SubmitJobOperator, WaitForJobOperator

    submit = SubmitJobOperator(
        task_id="scan", submit="agilesec.execute_scan", arguments={"sensor_id": "{{ params.id }}"}, conn_id="platform"
    )
    WaitForJobOperator(task_id="scanned", ref=submit.output, conn_id="platform", timeout=3600)

A submit is made at most once in a run of its DAG. Waits are deferred: they outlive workers and triggerers, and take
none of them up.

Connections are of the types `settled_cortex_xsiam`, `settled_cortex_xdr`, `settled_agilesec` and `settled_osapi`. Needs
the extra `airflow`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._lazy import lazy

if TYPE_CHECKING:
    from ._hooks import AgilesecHook, CortexXdrHook, CortexXsiamHook, OsapiHook, SettledHook
    from ._operators import FAIL_ON, WaitForJobOperator, WaitForJobSensor
    from ._provider import get_provider_info
    from ._submit import SubmitJobOperator
    from ._trigger import SettledTrigger

__all__ = [
    "FAIL_ON",
    "AgilesecHook",
    "CortexXdrHook",
    "CortexXsiamHook",
    "OsapiHook",
    "SettledHook",
    "SettledTrigger",
    "SubmitJobOperator",
    "WaitForJobOperator",
    "WaitForJobSensor",
    "get_provider_info",
]

_HOMES = {
    "_hooks": ("AgilesecHook", "CortexXdrHook", "CortexXsiamHook", "OsapiHook", "SettledHook"),
    "_operators": ("FAIL_ON", "WaitForJobOperator", "WaitForJobSensor"),
    "_provider": ("get_provider_info",),
    "_submit": ("SubmitJobOperator",),
    "_trigger": ("SettledTrigger",),
}

# Every process of Airflow asks for the provider's info, so nothing else is imported before it is asked for.
__getattr__: Callable[[str], Any] = lazy(__name__, _HOMES, extra="airflow", needed=("airflow",))


def __dir__() -> list[str]:
    return __all__
