"""The CPU time of a poll: with many jobs at once in asyncio, and with one in a thread."""

from __future__ import annotations

import dataclasses
import json

from benchmarks import async_peers, sync_peers
from benchmarks.load import Load
from benchmarks.sides import Figures, Spread, in_turn, measure, progress, ratios
from benchmarks.tables import Table, better, listed

STOCK = "openapi-python-client, stock"
OURS = "settled.aio.wait"
# These take long with many jobs, and differ little from the stock client: all of them use httpx.
_THROUGH_HTTPX = [name for name in async_peers.PEERS if "httpx" in name]
_SETTLED = [name for name in async_peers.PEERS if name.startswith("settled")]

Costs = dict[str, list[float]]
"""Microseconds of CPU time a poll, round by round, of each side."""


def async_costs(url: str, jobs: int, *, rounds: int, quick: bool) -> Costs:
    """What each async side costs with so many jobs at once."""
    loads = {
        1: Load(url, 1, polls=100, interval=0.005, delay=0.005),
        100: Load(url, 100, polls=19, interval=0.02, delay=0.02),
        1000: Load(url, 1000, polls=3, interval=0.02, delay=0.02),
    }
    load = loads[jobs]
    peers = list(async_peers.PEERS)
    once = [] if jobs == 1 else _THROUGH_HTTPX
    # A round of many jobs takes minutes.
    if jobs > 1:
        rounds = min(rounds, 3)
        peers = [name for name in peers if not (quick and name in once)]
    progress(f"  CPU time a poll, at once: {jobs:,}")
    return _costs(in_turn(peers, rounds, lambda peer: followed("async", peer, load), once=once))


def sync_costs(url: str, *, rounds: int) -> Costs:
    """What each sync side costs with one job."""
    load = Load(url, 1, polls=300, interval=0.005, delay=0.005)
    progress("  CPU time a poll, in a thread")
    return _costs(in_turn(sync_peers.PEERS, rounds, lambda peer: followed("sync", peer, load)))


def async_table(costs: dict[str, Costs]) -> Table:
    """CPU time a poll of the async sides, beside the stock client's; `costs` by the number of jobs."""
    peers = list(dict.fromkeys(name for of in costs.values() for name in of))
    table = Table(
        "CPU time per poll in asyncio, as a part of the stock client's in the same round",
        ["", *[_at_once(jobs) for jobs in costs]],
        [[name, *[_cell(of.get(name, []), of[STOCK]) for of in costs.values()]] for name in peers],
    )
    table.words = [_cheaper(_at_once(jobs), of) for jobs, of in costs.items()]
    return table


def _at_once(jobs: str) -> str:
    return "1 job" if jobs == "1" else f"{int(jobs):,} jobs at once"


def sync_table(costs: Costs) -> Table:
    """CPU time a poll of the sync sides, beside the stock client's."""
    return Table(
        "CPU time per poll in a thread, as a part of the stock client's in the same round",
        ["", "1 job"],
        [[name, _cell(of, costs[STOCK])] for name, of in costs.items()],
        [_cheaper(_at_once("1"), costs)],
    )


def failures(url: str, *, quick: bool) -> dict[str, Figures]:
    """How each side copes with a thousand jobs, with its default limits and timeouts."""
    load = Load(url, 1000, polls=4, interval=0.02, delay=0.02)
    sides = _SETTLED if quick else [STOCK, "httpx", "azure-core AsyncLROPoller", "aiohttp", *_SETTLED]
    progress("  failed polls")
    results = in_turn(sides, 1, lambda peer: followed("as_shipped", peer, load))
    return {name: rounds[0] for name, rounds in results.items() if rounds}


def failures_table(results: dict[str, Figures]) -> Table:
    """How many polls failed."""
    return Table(
        "1,000 jobs at once with default limits, a timeout of 5 s and answers that take 20 ms",
        ["", "failed polls", "answered polls", "jobs that ended", "seconds, at most 60"],
        [
            [name, f"{of['failed']:,}", f"{of['polls']:,}", f"{of['completed']:,}", f"{of['seconds']:.1f}"]
            for name, of in results.items()
        ],
        [
            "tenacity, stamina and google-api-core leave HTTP to httpx, and fail as it does.",
            better("Faster", OURS, results[OURS]["seconds"], _others(results, "seconds")),
        ]
        if OURS in results
        else [],
    )


def _others(results: dict[str, Figures], what: str) -> dict[str, float]:
    return {name: float(of[what]) for name, of in results.items() if not name.startswith("settled")}


def followed(work: str, peer: str, load: Load) -> Figures:
    """The figures of a side that follows jobs, in a fresh process."""
    options = dataclasses.asdict(load)
    del options["as_shipped"]
    return measure("side", work, peer, json.dumps(options))


def _costs(results: dict[str, list[Figures]]) -> Costs:
    return {name: [1e6 * figures["cpu"] / figures["polls"] for figures in rounds] for name, rounds in results.items()}


def _cell(costs: list[float], stock: list[float]) -> str:
    ratio = ratios(costs, stock)
    if ratio is None:
        return "\N{EN DASH}"
    return f"{ratio.text()}, {Spread.of(costs).median:,.0f} \N{MICRO SIGN}s"


def _cheaper(when: str, costs: Costs) -> str:
    """Which peers cost less than Settled, in words."""
    medians = {name: Spread.of(rounds).median for name, rounds in costs.items() if rounds}
    texts = []
    for ours in [name for name in medians if name.startswith("settled")]:
        less = [name for name in medians if not name.startswith("settled") and medians[name] < medians[ours]]
        texts.append(f"than `{ours}` {listed(less) if less else 'none of them'}")
    return f"{when}, cheaper: {'; '.join(texts)}."
