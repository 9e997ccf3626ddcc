"""Compare Settled with the libraries that could replace it, and print the figures as Markdown tables.

The sides of a comparison run in turn against the same loopback server. Nothing is asserted: a table of marks shows
which were reached.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import charts, imports, loopback, marks, polls, profiles, report, timing, waiting
from benchmarks.tables import Table

NAMES = ("polls", "sync", "failures", "waiting", "profiles", "imports", "schedules")


def measure(names: list[str], *, rounds: int, quick: bool) -> dict[str, Any]:
    """The figures for the named tables."""
    results: dict[str, Any] = {}
    with loopback.running() as url:
        if "polls" in names:
            results["async"] = {
                str(jobs): polls.async_costs(url, jobs, rounds=rounds, quick=quick) for jobs in (1, 100, 1000)
            }
        if "sync" in names:
            results["sync"] = polls.sync_costs(url, rounds=rounds)
        if "failures" in names:
            results["failures"] = polls.failures(url, quick=quick)
        if "profiles" in names:
            results["profiles"] = profiles.measure_profiles(url)
    if "waiting" in names:
        results["waiting"] = waiting.measure_waits(quick=quick)
    if "imports" in names:
        results["imports"] = imports.measure_imports(rounds=rounds, quick=quick)
    if "schedules" in names:
        results["schedules"] = timing.simulate()
    return results


def tables(results: dict[str, Any]) -> list[Table]:
    """The tables for all figures, the marks first."""
    makers: dict[str, list[Callable[[Any], Table]]] = {
        "async": [polls.async_table],
        "sync": [polls.sync_table],
        "failures": [polls.failures_table],
        "profiles": [profiles.table],
        "waiting": [waiting.table],
        "imports": [imports.table],
        "schedules": [timing.schedule_table, timing.learned_table],
    }
    return [
        marks.table(results),
        *[make(results[name]) for name, of in makers.items() if name in results for make in of],
    ]


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, whether marks are reached or not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"which to make (default: all): {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, help="how often each side runs (default: 5, or 1 if quick)")
    parser.add_argument("--quick", action="store_true", help="leave out what takes long")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument(
        "--write", action="store_true", help="write the tables into the page about benchmarks, and the pictures"
    )
    options = parser.parse_args(argv)
    if unknown := set(options.tables) - set(NAMES):
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    # Tables of two runs would stand side by side as if they could be compared.
    if options.write and options.tables:
        parser.error("--write is for all tables: it replaces what the page has of them")
    # Before the measuring, which takes long.
    if options.write:
        try:
            report.check()
        except ValueError as error:
            parser.error(str(error))
    rounds = options.rounds or (1 if options.quick else 5)
    results = measure(options.tables or list(NAMES), rounds=rounds, quick=options.quick)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = report.headed(tables(results), _command(options))
    if options.write:
        charts.write(results)
        report.write(text)
    else:
        print(text)
    return 0


def _command(options: argparse.Namespace) -> str:
    arguments = [*options.tables, *(["--quick"] if options.quick else [])]
    arguments += [f"--rounds {options.rounds}"] if options.rounds else []
    return " ".join(["python scripts/bench.py", *arguments]) if arguments else "make bench"


if __name__ == "__main__":
    sys.exit(main())
