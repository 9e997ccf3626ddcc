"""Settled: know when a vendor's job has settled, how it ended and why.

    from settled import cortex_xsiam
    import settled

    client = cortex_xsiam.connect("acme.xdr.eu.paloaltonetworks.com", key_id=7, key=KEY)
    job = cortex_xsiam.byos_import(client, job_id)
    end = settled.wait(job, timeout=900)
    end.raise_for_outcome()

Waiting, for as long as the caller says (`timeout` is required):

- `wait` blocks until a job has settled, and returns its last snapshot, whatever the outcome;
- `watch` yields every change on the way;
- `as_settled` waits for many jobs and yields each one as it settles; its `Settling` takes more on the way;
- `WaitOptions` lists what all of them take besides, as `ConnectOptions` does for every `connect`;
- `settled.aio` has the same verbs for asyncio.

Jobs, and what is known of them:

- `cortex_xsiam`, `cortex_xdr`, `agilesec` and `osapi` each connect to a vendor, start its jobs and read their results;
- `Job` is one of them, whose `ref` resumes a wait anywhere through `from_ref`; `JobKind` is its kind, and `Client` is
  any vendor's client;
- `Snapshot` is one reading of a job: the vendor's word, the `Outcome`, how far it is (`Progress`), each endpoint or
  agent (`Part`), and the vendor's own typed model; `TerminalStatus` is the base of the enums of words that end a job;
- `settled.errors` has all errors, drawn as a tree.

When to poll: `Schedule` grows its intervals, `Learned` learns how long jobs take. Without a vendor: `simulator`, and
`settled.testing` for pytest. In other loops, queues and workflow engines: `settled.machine`.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import agilesec, aio, cortex_xdr, cortex_xsiam, errors, osapi, simulator
    from ._core.job import Client, Job, JobKind
    from ._core.learned import Learned
    from ._core.options import WaitOptions
    from ._core.outcome import Outcome, TerminalStatus
    from ._core.schedule import Schedule
    from ._core.snapshot import Part, Progress, Snapshot
    from ._http.connect import ConnectOptions
    from ._refs import from_ref
    from ._run.sync import as_settled, wait, watch
    from ._run.threads import Settling

__all__ = [
    "Client",
    "ConnectOptions",
    "Job",
    "JobKind",
    "Learned",
    "Outcome",
    "Part",
    "Progress",
    "Schedule",
    "Settling",
    "Snapshot",
    "TerminalStatus",
    "WaitOptions",
    "__version__",
    "agilesec",
    "aio",
    "as_settled",
    "cortex_xdr",
    "cortex_xsiam",
    "errors",
    "from_ref",
    "osapi",
    "simulator",
    "wait",
    "watch",
]

_HOMES = {
    "_core.job": ("Client", "Job", "JobKind"),
    "_core.learned": ("Learned",),
    "_core.options": ("WaitOptions",),
    "_core.outcome": ("Outcome", "TerminalStatus"),
    "_core.schedule": ("Schedule",),
    "_core.snapshot": ("Part", "Progress", "Snapshot"),
    "_http.connect": ("ConnectOptions",),
    "_refs": ("from_ref",),
    "_run.sync": ("as_settled", "wait", "watch"),
    "_run.threads": ("Settling",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name, or a vendor's module, when it is first asked for: whoever imports one pays for no other."""
    if name in _HOME_OF:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value
    if not name.startswith("_"):
        if name == "errors" and f"{__name__}._core.snapshot" not in sys.modules:
            importlib.import_module(f"{__name__}._core.job")  # it completes their type hints
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
