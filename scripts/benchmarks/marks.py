"""The project's own marks, and whether they were reached."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from benchmarks import imports, polls, waiting
from benchmarks.sides import ratios
from benchmarks.tables import Table

AZURE_SYNC = "azure-core LROPoller"


class Mark(NamedTuple):
    """A figure, and what it should not exceed, or fall short of if `at_least`; None if it was not measured."""

    what: str
    figure: float | None
    limit: float
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether it was reached."""
        if self.figure is None:
            return "not measured"
        within = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        return "reached" if within else "**not reached**"


def table(results: dict[str, Any]) -> Table:
    """All marks."""
    rows = [
        [
            mark.what,
            f"{'at least' if mark.at_least else 'at most'} {mark.limit:,g}",
            "" if mark.figure is None else f"{mark.figure:,.3g}" if mark.figure < 1000 else f"{mark.figure:,.0f}",
            mark.verdict,
        ]
        for mark in marks(results)
    ]
    return Table("Marks", ["", "mark", "median of this run", ""], [row for row in rows if row[3] != "not measured"])


def marks(results: dict[str, Any]) -> Iterator[Mark]:
    """The table of marks, with what was measured."""
    yield from _polls(results)
    yield from _waiting(results.get("waiting", {}))
    yield from _schedules(results.get("schedules", {}))
    times = results.get("imports", {})
    yield Mark(
        "`import settled` / `import httpx`", _ratio(times.get(imports.OURS, []), times.get(imports.HTTPX, [])), 1.15
    )
    yield Mark(
        "`from settled import osapi` / `import httpx`",
        _ratio(times.get(imports.VENDOR, []), times.get(imports.HTTPX, [])),
        1.6,
    )
    yield Mark("second connect with its httpx.Client, ms", _median(times.get(imports.CONNECT, [])), 5)


def _polls(results: dict[str, Any]) -> Iterator[Mark]:
    for side in ("settled.aio.wait", "settled.aio.as_settled"):
        for jobs, default in (("1", 0.70), ("100", 0.14), ("1000", 0.14)):
            costs = results.get("async", {}).get(jobs, {})
            ours, theirs = costs.get(side, []), costs.get(f"{side}, fast", [])
            stock, azure = costs.get(polls.STOCK, []), costs.get(waiting.AZURE, [])
            yield Mark(f"{side} / stock, {int(jobs):,} at once", _ratio(ours, stock), default)
            yield Mark(f"{side} / azure-core, {int(jobs):,} at once", _ratio(ours, azure), 1)
            yield Mark(f"{side}, fast / azure-core, {int(jobs):,} at once", _ratio(theirs, azure), 0.70)
    costs = results.get("sync", {})
    for other, limit in ((polls.STOCK, 0.92), ("requests", 0.75), (AZURE_SYNC, 0.65)):
        yield Mark(f"settled.wait / {other}", _ratio(costs.get("settled.wait", []), costs.get(other, [])), limit)
    failed = [of["failed"] for name, of in results.get("failures", {}).items() if name.startswith("settled")]
    yield Mark("polls of Settled that failed, 1,000 at once", max(failed, default=None), 0)


def _waiting(results: dict[str, Any]) -> Iterator[Mark]:
    ours, azure = results.get(waiting.OURS, {}), results.get(waiting.AZURE, {})
    many = ours.get("100000", {}).get("bytes")
    theirs = azure.get("10000", {}).get("bytes")
    yield Mark("bytes of a waiting job, 100,000", many, 600)
    yield Mark("bytes of a waiting job / azure-core's", many / theirs if many and theirs else None, 0.2)
    for jobs, limit in (("10000", 5), ("100000", 10)):
        late = ours.get(jobs, {}).get("p99")
        yield Mark(f"polls late by, 99th percentile, {int(jobs):,} jobs, ms", late and 1e3 * late, limit)


def _schedules(results: dict[str, Any]) -> Iterator[Mark]:
    rows = {name: figures for name, *figures in results.get("table", [])}
    ours, google = rows.get("Settled's default"), rows.get("google-api-core")
    both = (ours, google) if ours and google else None
    yield Mark("default schedule / google's, requests", both and both[0][0] / both[1][0], 0.5)
    yield Mark("default schedule / google's, delay as a part of the duration", both and both[0][2] / both[1][2], 0.35)
    fewer = list(results.get("fewer", {}).values())
    yield Mark("Learned, times fewer requests than google's, least", min(fewer, default=None), 1.4, at_least=True)
    yield Mark("Learned, times fewer requests than google's, median", _median(fewer), 1.8, at_least=True)


def _ratio(these: list[float], those: list[float]) -> float | None:
    ratio = ratios(these, those)
    return None if ratio is None else ratio.median


def _median(figures: list[float]) -> float | None:
    return median(figures) if figures else None
