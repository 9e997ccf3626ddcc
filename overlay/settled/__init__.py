"""Settled: know when a vendor's job has settled, how it ended and why.

    from settled import cortex_xsiam
    import settled

    client = cortex_xsiam.connect("acme.xdr.eu.paloaltonetworks.com", key_id=7, key=KEY)
    job = cortex_xsiam.byos_import(client, job_id)
    end = settled.wait(job, timeout=900)
    end.raise_for_outcome()

`wait` blocks until a job has settled, `watch` yields every change on the way; `settled.aio` has the same verbs for
asyncio. Errors are in `settled.errors`.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from . import errors
from ._job import Job, JobKind, from_ref
from ._outcome import Outcome, TerminalStatus
from ._schedule import Schedule
from ._snapshot import Part, Progress, Snapshot
from ._sync import wait, watch
from ._terms import WaitOptions
from ._version import __version__

if TYPE_CHECKING:
    from . import agilesec, aio, cortex_xdr, cortex_xsiam, osapi, simulator

__all__ = [
    "Job",
    "JobKind",
    "Outcome",
    "Part",
    "Progress",
    "Schedule",
    "Snapshot",
    "TerminalStatus",
    "WaitOptions",
    "__version__",
    "agilesec",
    "aio",
    "cortex_xdr",
    "cortex_xsiam",
    "errors",
    "from_ref",
    "osapi",
    "simulator",
    "wait",
    "watch",
]


def __getattr__(name: str) -> ModuleType:
    """Import a vendor's module, or any other public one, when it is first asked for."""
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
