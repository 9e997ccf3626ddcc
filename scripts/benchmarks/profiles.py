"""Where the CPU time of a poll goes, by package, as cProfile tells.

The profiler makes each call dearer, so the figures tell shares. What a poll costs is in the other tables.
"""

from __future__ import annotations

import dataclasses

from benchmarks import packages, polls
from benchmarks.load import Load
from benchmarks.sides import progress
from benchmarks.tables import Table

_JOBS = 100
_SYNC = ("requests", "settled.wait")
_ASYNC = ("azure-core AsyncLROPoller", "settled.aio.wait", "settled.aio.as_settled", "settled.aio.wait, fast")

Profiles = dict[str, dict[str, float]]
"""Microseconds of CPU time a poll in each package, of each side."""


def measure_profiles(url: str) -> Profiles:
    """The profile of each side, of one job in a thread and of many in asyncio."""
    progress("  profiles")
    one = Load(url, 1, polls=300, interval=0.005, delay=0.005, profiled=True)
    many = dataclasses.replace(one, jobs=_JOBS, polls=19, interval=0.02, delay=0.02)
    sides = [("sync", peer, one) for peer in _SYNC] + [("async", peer, many) for peer in _ASYNC]
    results: Profiles = {}
    for work, peer, load in sides:
        figures = polls.followed(work, peer, load)
        if "skipped" not in figures:
            results[peer] = {name: 1e6 * seconds / figures["polls"] for name, seconds in figures["packages"].items()}
    return results


def table(profiles: Profiles) -> Table:
    """The share of each package."""
    rows = [[name, *[_share(of, name) for of in profiles.values()]] for name in packages.NAMES]
    return Table(
        f"Where the CPU time of a poll goes, of one job in a thread and of {_JOBS} jobs in asyncio, with a profiler on",
        ["", *profiles],
        [*rows, ["all, \N{MICRO SIGN}s", *[f"{sum(of.values()):,.0f}" for of in profiles.values()]]],
    )


def _share(of: dict[str, float], name: str) -> str:
    return f"{of[name] / sum(of.values()):.0%}" if name in of else ""
