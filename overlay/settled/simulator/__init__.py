"""A real HTTP server on loopback that speaks the vendors' APIs as their pages say, with jobs that follow a script.

    from settled import cortex_xsiam, simulator

    with simulator.Simulator() as sim:
        job_id = sim.add("cortex_xsiam.byos_import", states=["INITIATED", ("PROCESSING", 1.5), "COMPLETED"])
        client = cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key)

Needs the extra `simulator` (starlette, uvicorn).
"""

from __future__ import annotations

try:
    from ._faults import Fault, bad_gateway, dropped, rate_limited, server_error, slow, truncated
    from ._script import State
    from ._simulator import Asked, Simulator
except ModuleNotFoundError as _error:
    if _error.name not in ("starlette", "uvicorn"):
        raise
    raise ModuleNotFoundError(
        f"settled.simulator needs {_error.name}: pip install 'settled[simulator]'", name=_error.name
    ) from _error

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
