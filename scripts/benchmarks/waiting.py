"""The cost of waiting itself: memory, and how late polls are, with very many jobs and no network."""

from __future__ import annotations

import json
import statistics
from typing import Any

from benchmarks.sides import Figures, in_turn, measure, progress
from benchmarks.tables import Table, better
from benchmarks.waiting_peers import PEERS

OURS = "settled.aio.as_settled"
AZURE = "azure-core AsyncLROPoller"
# Polls a second of all jobs together; with many more, a process would do nothing else.
_RATE = 500

Waits = dict[str, dict[str, Figures]]
"""What was measured of each side with so many jobs, the number being a text as JSON has it."""


def measure_waits(*, quick: bool) -> Waits:
    """Bytes and lateness of each side, at each number of jobs."""
    results: Waits = {name: {} for name in PEERS}
    rounds = 1 if quick else 3
    for jobs in (10_000,) if quick else (10_000, 100_000):
        progress(f"  {jobs:,} waiting jobs")
        # Tracing the allocations of so many jobs takes minutes; the peers need the same for each job, however many.
        weighed = list(PEERS) if jobs == 10_000 else [OURS]
        timed = [name for name in PEERS if jobs == 10_000 or name != "settled.aio.wait"]
        load = {"jobs": jobs, "period": jobs / _RATE, "seconds": 5.0 if quick else 20.0}
        bytes_of = in_turn(weighed, 1, lambda peer, jobs=jobs: _of("weigh", peer, {"jobs": jobs}))  # type: ignore[misc]
        # Peers that are far off, or slow, are measured once.
        once = [name for name in timed if name != OURS]
        times_of = in_turn(timed, rounds, lambda peer, load=load: _of("time", peer, load), once=once)  # type: ignore[misc]
        for name in PEERS:
            found = [*bytes_of.get(name, []), *times_of.get(name, [])]
            if found:
                results[name][str(jobs)] = _medians(found)
    return results


def table(waits: Waits) -> Table:
    """Bytes of a waiting job, and how late its polls are."""
    sizes = list(dict.fromkeys(jobs for of in waits.values() for jobs in of))
    columns = [
        [f"{int(jobs):,} jobs: bytes each", "polls late by, median", "99th percentile", "busy"] for jobs in sizes
    ]
    made = Table(
        f"Waiting for very many jobs, {_RATE} polls a second of a vendor that answers at once",
        ["", *[column for of in columns for column in of]],
        [[name, *[cell for jobs in sizes for cell in _cells(of.get(jobs, {}))]] for name, of in waits.items() if of],
    )
    for jobs in sizes:
        ours = waits[OURS].get(jobs, {})
        others = {name: of.get(jobs, {}) for name, of in waits.items() if not name.startswith("settled")}
        for what, word in (("bytes", "Smaller"), ("p99", "More punctual (99th percentile)")):
            found = {name: figures[what] for name, figures in others.items() if what in figures}
            if what in ours and found:
                made.words.append(f"{int(jobs):,} jobs: {better(word, OURS, ours[what], found)}")
    made.words.append(
        "Bytes are traced at 10,000 jobs for all, and at 100,000 for Settled only, which has fixed costs to share out; "
        "the others need the same for each job."
    )
    return made


def _medians(rounds: list[Figures]) -> Figures:
    names = dict.fromkeys(name for figures in rounds for name in figures)
    return {name: statistics.median(figures[name] for figures in rounds if name in figures) for name in names}


def _of(work: str, peer: str, load: dict[str, Any]) -> Figures:
    return measure("waiters", work, peer, json.dumps(load), timeout=1200)


def _cells(figures: Figures) -> list[str]:
    bytes_each = f"{figures['bytes']:,.0f}" if "bytes" in figures else "\N{EN DASH}"
    if "p99" not in figures:
        return [bytes_each, *["\N{EN DASH}"] * 3]
    unfinished = f", {figures['missed']} not made" if figures["missed"] else ""
    return [
        bytes_each,
        f"{1e3 * figures['p50']:.1f} ms",
        f"{1e3 * figures['p99']:.1f} ms{unfinished}",
        f"{figures['busy']:.0%}",
    ]
