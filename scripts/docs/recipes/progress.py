"""Wait for all jobs whose refs stand in a file, whichever vendors they are of, with a progress bar.

python progress.py refs.txt
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.progress import track  # the extra `cli` brings it

import settled
from settled import agilesec, cortex_xdr, cortex_xsiam, osapi

CONNECT: dict[str, Callable[[], settled.Client]] = {
    "agilesec": agilesec.connect_from_env,
    "cortex_xdr": cortex_xdr.connect_from_env,
    "cortex_xsiam": cortex_xsiam.connect_from_env,
    "osapi": osapi.connect_from_env,
}


def wait_for(refs: list[str], timeout: float) -> Counter[str]:
    """Wait for jobs, print those that did not succeed, and count how they ended."""
    ends = Counter[str]()
    with contextlib.ExitStack() as stack:
        # One client per vendor: its jobs share the tenant's rate.
        clients = {vendor: CONNECT[vendor]() for vendor in {ref.partition(".")[0] for ref in refs}}
        for client in clients.values():
            stack.enter_context(client)
        jobs = {settled.from_ref(ref, clients[ref.partition(".")[0]]) for ref in refs}
        settling = stack.enter_context(settled.as_settled(jobs, timeout=timeout))
        for end in track(settling, description="settled", total=len(jobs)):
            ends[end.outcome or type(end.error).__name__] += 1
            if end.outcome is not settled.Outcome.SUCCEEDED:
                print(end.job.ref, end.error or end.detail or end.outcome)
    return ends


if __name__ == "__main__":
    for name, count in wait_for(Path(sys.argv[1]).read_text().split(), timeout=3600).most_common():
        print(f"{count:6} {name}")
