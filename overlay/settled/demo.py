"""Wait for a few jobs of the embedded simulator: `python -m settled.demo` (extras `cli` and `simulator`).

On a terminal a table follows the jobs; elsewhere each change is a line. A table of the outcomes ends it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.logging import RichHandler
from rich.table import Table
from rich.text import Text

from settled import Job, Outcome, Schedule, Snapshot, aio, cortex_xsiam, errors
from settled.simulator import Fault, Simulator, State, bad_gateway, dropped, rate_limited, server_error

DEADLINE_SECONDS = 6.5

# What happens to each job, as a script for the simulator.
FATES: dict[str, list[State | Fault]] = {
    "succeeds": [("INITIATED", 1), ("PROCESSING", 2.5), "COMPLETED"],
    "in part": [("INITIATED", 0.5), ("PROCESSING", 4), "COMPLETED_WITH_ERRORS"],
    "fails": [("INITIATED", 1), ("PROCESSING", 1), "FAILED"],
    "bumpy": [
        ("INITIATED", 0.5),
        rate_limited(retry_after=1),
        server_error(),
        ("PROCESSING", 0.5),
        bad_gateway(),
        ("REINDEXING", 0.5),
        dropped(),
        "COMPLETED",
    ],
    "too slow": [("INITIATED", 1), "PROCESSING"],
}

_COLOURS = {Outcome.SUCCEEDED: "green", Outcome.PARTIAL: "yellow", None: "cyan"}


class Board:
    """What is known of each job, shown as it changes."""

    def __init__(self, console: Console, jobs: dict[str, Job[Any]]) -> None:
        self._console = console
        self._jobs = jobs
        self._snapshots: dict[str, Snapshot[Any]] = {}
        self._errors: dict[str, errors.SettledError] = {}

    def update(self, snapshot: Snapshot[Any]) -> None:
        """Take a job's latest snapshot."""
        self._snapshots[snapshot.job.ref] = snapshot

    def tell(self, snapshot: Snapshot[Any]) -> None:
        """Say that a job has changed, where the table cannot show it."""
        if not self._console.is_terminal:
            outcome = f" -> {snapshot.outcome}" if snapshot.is_settled else ""
            self._console.print(
                f"{snapshot.elapsed:5.1f} s  {snapshot.job.ref}  {snapshot.status}{outcome}", soft_wrap=True
            )

    def give_up(self, job: Job[Any], error: errors.SettledError) -> None:
        """Take the error that ended a job's wait."""
        self._errors[job.ref] = error
        if not self._console.is_terminal:
            self._console.print(f"         {error}", soft_wrap=True)

    def __rich__(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in ("fate", "status", "outcome", "polls", "seconds", "detail"):
            is_number = heading in ("polls", "seconds")
            table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
        for fate, job in self._jobs.items():
            table.add_row(fate, *self._row(job.ref))
        return table

    def _row(self, ref: str) -> tuple[str | Text, ...]:
        snapshot, error = self._snapshots.get(ref), self._errors.get(ref)
        if snapshot is None:
            return ("", "", "", "", "" if error is None else str(error))
        outcome = Text(str(snapshot.outcome or "running"), style=_COLOURS.get(snapshot.outcome, "red"))
        detail = snapshot.detail or ""
        if error is not None:
            outcome, detail = Text(type(error).__name__, style="red"), "its ref resumes the wait"
        return (snapshot.status or "", outcome, str(snapshot.polls), f"{snapshot.elapsed:.1f}", detail)


async def follow(job: Job[Any], board: Board) -> None:
    """Follow one job to its end, and keep the board informed."""
    schedule = Schedule(first=0.2, factor=1.3, cap=1)
    try:
        async for snapshot in aio.watch(job, timeout=DEADLINE_SECONDS, schedule=schedule, on_poll=board.update):
            board.tell(snapshot)
    except errors.SettledError as error:
        board.give_up(job, error)


async def run(console: Console) -> None:
    """Simulate a vendor, wait for its jobs side by side, and show how they ended."""
    with Simulator() as vendor:
        client = cortex_xsiam.connect(vendor.url, key_id=vendor.key_id, key=vendor.key, advanced=True)
        jobs = {
            fate: cortex_xsiam.byos_import(client, vendor.add("cortex_xsiam.byos_import", states=states))
            for fate, states in FATES.items()
        }
        board = Board(console, jobs)
        console.print(
            f"Waiting for {len(jobs)} BYOS import jobs of a simulated Cortex XSIAM at {vendor.url}\n", soft_wrap=True
        )
        async with client:
            with Live(Group(board), console=console, auto_refresh=console.is_terminal, refresh_per_second=10):
                await asyncio.gather(*(follow(job, board) for job in jobs.values()))
        console.print()
        for fate, job in jobs.items():
            console.print(f"  {job.ref}  {fate}", style="dim", soft_wrap=True)


def main() -> None:
    """Run the demo."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120
    handler = RichHandler(console=console, show_time=False, show_path=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    asyncio.run(run(console))


if __name__ == "__main__":
    main()
