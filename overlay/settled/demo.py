"""Wait for a few jobs of the embedded simulator: `python -m settled.demo` (extras `cli` and `simulator`).

On a terminal a table follows the jobs; elsewhere each change is a line. A table of the outcomes ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.logging import RichHandler
from rich.table import Table
from rich.text import Text

from settled import Job, Outcome, Schedule, Snapshot, agilesec, aio, cortex_xdr, cortex_xsiam, errors, osapi
from settled.simulator import Simulator, bad_gateway, dropped, rate_limited, server_error

DEADLINE_SECONDS = 6.5

_COLOURS = {Outcome.SUCCEEDED: "green", Outcome.PARTIAL: "yellow", None: "cyan"}


def start_jobs(vendors: Simulator) -> list[Job[Any]]:
    """Jobs of all five systems at the simulated vendors, each of another fate."""
    xsiam = cortex_xsiam.connect(vendors.url, key_id=vendors.key_id, key=vendors.key, advanced=True)
    xdr = cortex_xdr.connect(vendors.url, key_id=vendors.key_id, key=vendors.key)
    platform = agilesec.connect(vendors.url, token=vendors.token)
    server = osapi.connect(vendors.url, token=vendors.token)

    succeeds = vendors.add("cortex_xsiam.byos_import", states=["INITIATED", ("PROCESSING", 2.5), "COMPLETED"])
    in_part = vendors.add("cortex_xsiam.byos_import", states=["INITIATED", ("PROCESSING", 4), "COMPLETED_WITH_ERRORS"])
    fails = vendors.add("cortex_xsiam.byos_import", states=[("INITIATED", 1), ("PROCESSING", 1), "FAILED"])
    bumpy = vendors.add(
        "cortex_xsiam.byos_import",
        states=[
            ("INITIATED", 0.5),
            rate_limited(retry_after=1),
            server_error(),
            bad_gateway(),
            ("REINDEXING", 0.5),
            dropped(),
            "COMPLETED",
        ],
    )
    action = vendors.add(
        "cortex_xdr.action",
        states={
            "laptop": ["PENDING", ("IN_PROGRESS", 1), "COMPLETED_SUCCESSFULLY"],
            "build-server": [("PENDING", 1), ("IN_PROGRESS", 2), "COMPLETED_SUCCESSFULLY"],
            "kiosk": [("PENDING", 2), ("PENDING_ABORT", 1), "ABORTED"],
        },
        errorReasons={"kiosk": "aborted by the operator"},
    )
    offline = vendors.add(
        "cortex_xdr.script_execution", states={"laptop": ["COMPLETED_SUCCESSFULLY"], "van": ["PENDING"]}
    )
    broadcast = vendors.add(
        "osapi.job",
        states={
            "web-01": ["acknowledged", ("started", 0.5), "completed"],
            "web-02": [("acknowledged", 2), ("started", 1), "completed"],
        },
    )
    vendors.plan_scan("nightly", states=[("running", 2), "successful"])
    scan = agilesec.create_scan(
        platform, sensor_type="GIT Sensor", sensor_name="nightly", sensor_config={"url": "https://git.example/app"}
    )
    return [
        *(cortex_xsiam.byos_import(xsiam, job_id) for job_id in (succeeds, in_part, fails, bumpy)),
        cortex_xdr.action(xdr, action),
        cortex_xdr.script_execution(xdr, offline),
        scan,
        osapi.job(server, broadcast, expected_agents=2),
    ]


class Board:
    """What is known of each job, shown as it changes."""

    def __init__(self, console: Console, jobs: list[Job[Any]]) -> None:
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
            self._console.print(f"{snapshot.elapsed:5.1f} s  {snapshot.job.ref}  {_status(snapshot)}{outcome}")

    def give_up(self, job: Job[Any], error: errors.SettledError) -> None:
        """Take the error that ended a job's wait."""
        self._errors[job.ref] = error
        if not self._console.is_terminal:
            self._console.print(f"         {error}")

    def print_details(self) -> None:
        """Print what the vendors said, and the refs that resume the waits which had to end."""
        for job in self._jobs:
            error, snapshot = self._errors.get(job.ref), self._snapshots.get(job.ref)
            detail = "resume with this ref" if error else snapshot.detail if snapshot else None
            self._console.print(f"{job.ref}{f'  {detail}' if detail else ''}", style="dim")

    def __rich__(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in ("job", "status", "outcome", "polls", "s"):
            table.add_column(heading, justify="right" if heading in ("polls", "s") else "left", no_wrap=True)
        for job in self._jobs:
            table.add_row(str(job.kind), *self._row(job.ref))
        return table

    def _row(self, ref: str) -> tuple[str | Text, ...]:
        snapshot, error = self._snapshots.get(ref), self._errors.get(ref)
        if error is not None:
            outcome = Text(type(error).__name__, style="red")
        elif snapshot is not None:
            outcome = Text(str(snapshot.outcome or "running"), style=_COLOURS.get(snapshot.outcome, "red"))
        else:
            outcome = Text("")
        if snapshot is None:
            return ("", outcome)
        return (_status(snapshot), outcome, str(snapshot.polls), f"{snapshot.elapsed:.1f}")


def _status(snapshot: Snapshot[Any]) -> str:
    if snapshot.status is None and snapshot.progress is not None:
        return f"{snapshot.progress.done} of {snapshot.progress.total} settled"
    return snapshot.status or ""


async def follow(job: Job[Any], board: Board) -> None:
    """Follow one job to its end, and keep the board informed."""
    schedule = Schedule(first=0.2, factor=1.3, cap=1)
    try:
        async for snapshot in aio.watch(job, timeout=DEADLINE_SECONDS, schedule=schedule, on_poll=board.update):
            board.tell(snapshot)
    except errors.SettledError as error:
        board.give_up(job, error)


async def follow_all(jobs: list[Job[Any]], board: Board) -> None:
    """Follow all jobs side by side, and close their clients."""
    async with contextlib.AsyncExitStack() as clients:
        for client in {id(job.client): job.client for job in jobs}.values():
            clients.push_async_callback(client.get_async_httpx_client().aclose)
        await asyncio.gather(*(follow(job, board) for job in jobs))


def main() -> None:
    """Run the demo."""
    console = Console(highlight=False, soft_wrap=True)
    logging.basicConfig(
        level=logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=console, show_time=False, show_path=False)],
    )
    with Simulator() as vendors:
        jobs = start_jobs(vendors)
        console.print(f"Waiting for {len(jobs)} jobs of simulated vendors at {vendors.url}\n")
        board = Board(console, jobs)
        with Live(board, console=console, auto_refresh=console.is_terminal, refresh_per_second=10):
            asyncio.run(follow_all(jobs, board))
        console.print()
        board.print_details()


if __name__ == "__main__":
    main()
