"""Submit jobs to the embedded simulator, and wait for them: `python -m settled.demo` (extras `cli` and `simulator`).

It follows them as `settled wait` does: with a live table on a terminal, with a line for each change elsewhere. It ends
with the jobs' results, what happened to each job, and what to do next. Every failure is staged, and announced first.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

try:
    from rich.console import Console
    from rich.text import Text

    from settled.cli._journal import Journal
    from settled.cli._show import Board, Lines
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        f"settled.demo needs {_error.name}: pip install 'settled[cli,simulator]'", name=_error.name
    ) from _error

from settled import Job, Outcome, Schedule, agilesec, cortex_xdr, cortex_xsiam, errors, osapi
from settled._results import results_of
from settled.simulator import Simulator, bad_gateway, dropped, rate_limited, server_error

DEADLINE_SECONDS = 8.0

# Much faster than any real vendor allows: a demo should take seconds.
_SCHEDULE = Schedule(first=0.2, factor=1.3, cap=1)
_STAGED = (
    "polls of the scan `nightly` get a 429, a 500, a proxy's 502, an undocumented status, and a dropped connection",
    "the scan `legacy` fails",
    "an administrator aborts the action on the endpoint `kiosk`",
    "the endpoint `van` is offline, so that wait ends at its deadline",
    "the tenant refuses a scan of endpoints",
    "the reply to a quarantine request is lost",
)
_NEXT: Mapping[Outcome | None, str] = {
    Outcome.SUCCEEDED: "nothing to do",
    Outcome.PARTIAL: "submit again for the parts that did not succeed",
}

Submit = Callable[[], Job[Any]]


def stage(vendors: Simulator) -> None:
    """Script how the jobs that the demo submits will end."""
    vendors.plan_scan(
        "nightly",
        states=[
            ("running", 1),
            rate_limited(retry_after=1),
            server_error(),
            bad_gateway(),
            ("reindexing", 0.5),
            dropped(),
            "successful",
        ],
    )
    vendors.plan_scan("legacy", states=[("running", 1), "failed"])
    done = "COMPLETED_SUCCESSFULLY"
    vendors.plan_endpoint("laptop", states=["PENDING", ("IN_PROGRESS", 1), done], output="sshd is running")
    vendors.plan_endpoint(
        "build-server",
        states=[("PENDING", 1), ("IN_PROGRESS", 2), done],
        output="sshd is stopped",
        files={"var/log/auth.log": b"accepted publickey for root"},
    )
    vendors.plan_endpoint("kiosk", states=[("PENDING", 2), ("PENDING_ABORT", 1), "ABORTED"])
    vendors.plan_endpoint("van", states=["PENDING"])
    vendors.plan_submit("scan", refusal="no scans during maintenance")
    vendors.plan_submit("quarantine", fault=dropped())


def submits(vendors: Simulator) -> dict[str, Submit]:
    """The submits, by the code that a user would write; all jobs of a vendor share one client."""
    xdr = cortex_xdr.connect(vendors.url, key_id=vendors.key_id, key=vendors.key, advanced=True)
    xsiam = cortex_xsiam.connect(vendors.url, key_id=vendors.key_id, key=vendors.key)
    platform = agilesec.connect(vendors.url, token=vendors.token)
    server = osapi.connect(vendors.url, token=vendors.token)
    scan = functools.partial(
        agilesec.create_scan, platform, sensor_type="GIT Sensor", sensor_config={"url": "https://git.example/app"}
    )
    pair, code = ["laptop", "build-server"], "print(status('sshd'))"
    quarantine = functools.partial(cortex_xdr.quarantine_file, xdr, pair, path="C:\\x.exe", sha256="ab" * 32)
    asset = {"origin_asset_id": "a-1", "asset_name": "build-server", "last_seen": 1_790_000_000_000}
    query = "dataset = xdr_data | limit 3"
    return {
        "cortex_xsiam.import_assets(..., [asset], vendor='acme', product='scanner')": lambda: (
            cortex_xsiam.import_assets(xsiam, [asset], vendor="acme", product="scanner")
        ),
        f"cortex_xsiam.start_query(..., {query!r})": lambda: cortex_xsiam.start_query(xsiam, query),
        "osapi.run_command(..., '_any', 'uptime')": lambda: osapi.run_command(server, "_any", "uptime"),
        "agilesec.create_scan(..., sensor_name='nightly')": lambda: scan(sensor_name="nightly"),
        "agilesec.create_scan(..., sensor_name='legacy')": lambda: scan(sensor_name="legacy"),
        "cortex_xdr.isolate(..., ['laptop', 'kiosk'])": lambda: cortex_xdr.isolate(xdr, ["laptop", "kiosk"]),
        f"cortex_xdr.run_snippet(..., {code!r}, {pair})": lambda: cortex_xdr.run_snippet(xdr, code, pair),
        "cortex_xdr.run_snippet(..., ['van'])": lambda: cortex_xdr.run_snippet(xdr, code, ["van"]),
        "cortex_xdr.retrieve_files(..., ['build-server'], linux=['/var/log/auth.log'])": lambda: (
            cortex_xdr.retrieve_files(xdr, ["build-server"], linux=["/var/log/auth.log"])
        ),
        f"cortex_xdr.scan_endpoints(..., {pair})": lambda: cortex_xdr.scan_endpoints(xdr, pair),
        f"cortex_xdr.quarantine_file(..., {pair}, ...)": quarantine,
    }


def start_jobs(vendors: Simulator) -> list[Job[Any]]:
    """Submit everything, and return the jobs that exist afterwards."""
    stage(vendors)
    # Both failures are staged; `settled simulate` needs only the jobs.
    jobs: list[Job[Any]] = []
    for submit in submits(vendors).values():
        with contextlib.suppress(errors.SubmitFailed, errors.SubmitUnclear):
            jobs.append(submit())
    return jobs


def advice_on(journal: Journal) -> Iterator[tuple[str, str]]:
    """What happened to each job, and what to do next."""
    for history in journal.histories.values():
        end, ref = history.latest, history.job.ref
        if end.error is not None:
            yield f"{type(end.error).__name__}: {ref}", f"it still runs; wait on: settled wait {ref} --timeout 15m"
            continue
        detail = f": {end.detail}" if end.detail else ""
        if end.outcome is Outcome.PARTIAL:
            detail = ": " + ", ".join(f"{name} {part.status}" for name, part in end.parts.items())
        step = "find the cause, fix it, and submit again"
        yield f"{end.outcome}: {ref}{detail}", _NEXT.get(end.outcome, step)


def submit_all(vendors: Simulator, console: Console) -> tuple[list[Job[Any]], list[tuple[str, str]]]:
    """Submit everything, and print each result; return the jobs, and advice on the submits that failed."""
    jobs: list[Job[Any]] = []
    advice: list[tuple[str, str]] = []
    for text, submit in submits(vendors).items():
        try:
            jobs.append(submit())
        except (errors.SubmitFailed, errors.SubmitUnclear) as error:
            is_unclear = isinstance(error, errors.SubmitUnclear)
            result = f"{type(error).__name__}: {error}"
            step = (
                "check whether the job exists before you submit again"
                if is_unclear
                else "submit again when the maintenance is over"
            )
            advice.append((f"{type(error).__name__}: {text}", step))
        else:
            result = jobs[-1].ref
        console.print(Text(f"  {text}\n    -> {result}"))
    return jobs, advice


def print_results(jobs: list[Job[Any]], console: Console) -> None:
    """Print the results of the settled jobs that have any."""
    with tempfile.TemporaryDirectory() as folder:
        for job in jobs:
            # Some kinds have no results, some jobs have not settled, and some actions produced none.
            with contextlib.suppress(errors.SettledError, ValueError):
                for each in results_of(job, folder=Path(folder) / job.id):
                    text = f"{each.name}, {each.stat().st_size} bytes" if isinstance(each, Path) else _brief(each)
                    console.print(Text(f"  {job.ref}\n    {text}"))


def _brief(value: dict[str, Any]) -> str:
    """A row unchanged; of a script's results, each endpoint and its output."""
    if "results" not in value:
        return json.dumps(value)
    return ", ".join(f"{each['endpoint_id']}: {each['standard_output']}" for each in value["results"])


def main() -> None:
    """Run the demo."""
    console = Console(highlight=False, soft_wrap=True)
    # Two slots, so that one slow scan does not hold up the other.
    with Simulator(scan_slots=2) as vendors:
        stage(vendors)
        console.print("These failures are staged:")
        for each in _STAGED:
            console.print(Text(f"  - {each}"))
        console.print(f"\nSubmitting to simulated vendors at {vendors.url}:")
        jobs, advice = submit_all(vendors, console)
        console.print(f"\nWaiting for {len(jobs)} jobs, {DEADLINE_SECONDS:.0f} s at most:")
        with Board(console) if console.is_terminal else Lines() as watcher:
            journal = Journal(jobs, watcher)
            asyncio.run(journal.follow(DEADLINE_SECONDS, _SCHEDULE))
        console.print("\nResults:")
        print_results(jobs, console)
        for client in {job.client for job in jobs}:
            client.close()
    console.print("\nWhat happened, and what to do next:")
    for event, step in (*advice_on(journal), *advice):
        console.print(Text(f"  {event}\n    {step}"))
    console.print(
        "\nThe simulated vendors are gone, and their jobs with them. To go on:\n"
        "  settled simulate  serves them again, for this command and for your own code\n"
        "  settled submit --help  lists all that can be submitted\n"
        "  settled doctor  checks your own settings",
    )


if __name__ == "__main__":
    main()
