"""A real HTTP server on loopback that speaks the vendors' APIs as their pages say, with jobs that follow a script.

    from settled import cortex_xsiam, simulator

    with simulator.Simulator() as sim:
        job_id = sim.add("cortex_xsiam.byos_import", states=["INITIATED", ("PROCESSING", 1.5), "COMPLETED"])
        client = cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key)

Needs the extra `simulator` (starlette, uvicorn).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._lazy import lazy

if TYPE_CHECKING:
    from ._faults import Fault, bad_gateway, dropped, rate_limited, server_error, slow, truncated
    from ._script import State
    from ._simulator import Asked, Simulator

__all__ = [
    "Asked",
    "Fault",
    "Simulator",
    "State",
    "bad_gateway",
    "dropped",
    "rate_limited",
    "server_error",
    "slow",
    "truncated",
]

_HOMES = {
    "_faults": ("Fault", "bad_gateway", "dropped", "rate_limited", "server_error", "slow", "truncated"),
    "_script": ("State",),
    "_simulator": ("Asked", "Simulator"),
}
_NEEDED = ("starlette", "uvicorn")

# The module itself can be imported without its extra.
__getattr__: Callable[[str], Any] = lazy(__name__, _HOMES, extra="simulator", needed=_NEEDED)


def __dir__() -> list[str]:
    # help() and others get every name listed here, so list none that cannot be imported.
    return __all__ if all(map(_is_there, _NEEDED)) else []


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
