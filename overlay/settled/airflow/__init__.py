"""Waits as deferred tasks of Apache Airflow 3: they outlive workers and triggerers, and take none of them up.

    from settled.airflow import WaitForJobOperator

    WaitForJobOperator(task_id="import", ref="cortex_xsiam.byos_import/{{ params.id }}", conn_id="tenant", timeout=900)

Connections are of the types `settled_cortex_xsiam`, `settled_cortex_xdr`, `settled_agilesec` and `settled_osapi`. Needs
the extra `airflow`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._lazy import imported

if TYPE_CHECKING:
    from ._hooks import AgilesecHook, CortexXdrHook, CortexXsiamHook, OsapiHook, SettledHook
    from ._operators import FAIL_ON, WaitForJobOperator, WaitForJobSensor
    from ._provider import get_provider_info
    from ._trigger import SettledTrigger

__all__ = [
    "FAIL_ON",
    "AgilesecHook",
    "CortexXdrHook",
    "CortexXsiamHook",
    "OsapiHook",
    "SettledHook",
    "SettledTrigger",
    "WaitForJobOperator",
    "WaitForJobSensor",
    "get_provider_info",
]

_HOMES = {
    "_hooks": ("AgilesecHook", "CortexXdrHook", "CortexXsiamHook", "OsapiHook", "SettledHook"),
    "_operators": ("FAIL_ON", "WaitForJobOperator", "WaitForJobSensor"),
    "_provider": ("get_provider_info",),
    "_trigger": ("SettledTrigger",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: every process of Airflow asks for the provider's info."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return imported(__name__, _HOME_OF[name], name, extra="airflow", needed=("airflow",))


def __dir__() -> list[str]:
    return __all__
