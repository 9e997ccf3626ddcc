"""A test kit for code that waits with Settled: no vendor, no network, no real waiting.

It adds two fixtures to pytest:

    def test_an_import(settled_simulator, settled_clock):
        job_id = settled_simulator.add("cortex_xsiam.byos_import", states=[("PROCESSING", 3600), "COMPLETED"])
        with cortex_xsiam.connect_from_env() as client:
            end = settled.wait(cortex_xsiam.byos_import(client, job_id), timeout=7200)
        assert end.outcome is settled.Outcome.SUCCEEDED

`settled_simulator` is a running `settled.simulator.Simulator`; every `connect_from_env` of the test connects to it.
`settled_clock` is a `VirtualClock`: the hour above passes in milliseconds, and in the right order for any number of
waits, in threads and in asyncio. `virtual_time` is the same as a context manager. `settled.testing.strategies` has
vendors' replies for Hypothesis. All of it needs the extra `testing`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import strategies
    from ._virtual import VirtualClock, virtual_time

__all__ = ["VirtualClock", "strategies", "virtual_time"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: pytest imports this package in every run."""
    if name == "strategies":
        return importlib.import_module(f"{__name__}.strategies")
    from .._lazy import lazy

    return lazy(__name__, {"_virtual": ("VirtualClock", "virtual_time")}, extra="testing", needed=["pytest"])(name)


def __dir__() -> list[str]:
    return __all__
