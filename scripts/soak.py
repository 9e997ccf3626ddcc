"""Wait for thousands of jobs, with all that can go wrong on the way, and count what comes of it: `make soak`.

Half of the jobs are waited for by `settled.as_settled`, then half by `settled.aio.as_settled`, at a simulator in a
process of its own, over HTTP. Each must come out once, as its script ends; memory, sockets, threads and tasks must be
back where they began; and no client may poll more often than its rate, as the simulator counts it. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import gc
import importlib
import logging
import math
import multiprocessing
import os
import random
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from starlette.responses import Response

import settled
from settled import Job, Outcome, Snapshot, aio, simulator
from settled.simulator import bad_gateway, dropped, rate_limited, server_error, slow, truncated

VENDORS = ("agilesec", "cortex_xdr", "cortex_xsiam", "osapi")
# Polls a second of each client.
RATE = 30.0
# A job whose polls fail for this share of its timeout is given up; no script has so many faults in a row.
PATIENCE = 0.25
# How much of the memory that a half had at its beginning it may keep.
MOST_GROWTH = 0.02

_XDR_ENDS = {
    "COMPLETED_SUCCESSFULLY": Outcome.SUCCEEDED,
    "FAILED": Outcome.FAILED,
    "TIMEOUT": Outcome.TIMED_OUT,
    "ABORTED": Outcome.CANCELLED,
}
ENDS: dict[str, dict[str, Outcome]] = {
    "agilesec.scan": {"successful": Outcome.SUCCEEDED, "failed": Outcome.FAILED},
    "cortex_xdr.action": _XDR_ENDS,
    "cortex_xdr.script_execution": _XDR_ENDS,
    "cortex_xsiam.byos_import": {
        "COMPLETED": Outcome.SUCCEEDED,
        "COMPLETED_WITH_ERRORS": Outcome.PARTIAL,
        "FAILED": Outcome.FAILED,
    },
    "osapi.job": {"completed": Outcome.SUCCEEDED, "failed": Outcome.FAILED, "skipped": Outcome.SKIPPED},
}
RUNNING = {
    "agilesec": ("queued", "running"),
    "cortex_xdr": ("PENDING", "IN_PROGRESS"),
    "cortex_xsiam": ("INITIATED", "PROCESSING"),
    "osapi": ("acknowledged", "started"),
}
FAULTS: list[Callable[[], simulator.Fault]] = [
    dropped,
    truncated,
    server_error,
    bad_gateway,
    lambda: server_error(503),
    lambda: slow(0.3),
]


class Order(NamedTuple):
    """So many jobs to be made by chance, waited for so many seconds."""

    seed: int
    number: int
    seconds: float


class Planned(NamedTuple):
    """A job, and how it is to end: the name of its outcome, or of the error that says why it cannot be followed."""

    ref: str
    end: str


class Figures(NamedTuple):
    """What the simulator counts: polls, the most of a client within a second, and by how much its threads were late.

    A late thread finds polls together that came one after the other.
    """

    polls: int
    most: int
    late: float


class CountingSimulator(simulator.Simulator):
    """A simulator that keeps account of when each poll arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[str, list[float]] = {}

    async def answer(self, kind: str, job_id: str, reply: Callable[[Any], Any], not_found: Response) -> Response:
        """Answer a poll."""
        self.arrived.setdefault(kind.partition(".")[0], []).append(time.monotonic())
        self.asked.clear()
        return await super().answer(kind, job_id, reply, not_found)

    def plan(self, chance: random.Random, seconds: float) -> Planned:
        """Add a job that will have ended early enough within so many seconds, or has another fate."""
        vendor = chance.choice(VENDORS)
        kind = chance.choice([kind for kind in ENDS if kind.startswith(vendor)])
        running = RUNNING[vendor]
        fate = chance.random()
        if fate < 0.01:
            broken = self.add(kind, states=[(running[0], 0.1), server_error(times=10**9), running[1]])
            return Planned(f"{kind}/{broken}", "ServerError")
        if fate < 0.03:
            return Planned(f"{kind}/{self.add(kind, states=[(running[0], seconds / 2), running[1]])}", "WaitTimeout")
        if fate < 0.05 and not kind.startswith("cortex_xdr"):
            return Planned(f"{kind}/{self._vendors[kind].new_id()}", "NotFound")
        word = chance.choice([*ENDS[kind]])
        lasting = chance.uniform(0, 0.4 * seconds)
        states: list[simulator.State | simulator.Fault] = []
        for part in (0.4, 0.6):
            states.append((running[len(states) > 0], lasting * part))
            if chance.random() < 0.5:
                states.append(chance.choice(FAULTS)())
        if chance.random() < 0.005:
            states.append(rate_limited(retry_after=1))
        return Planned(f"{kind}/{self.add(kind, states=[*states, word])}", str(ENDS[kind][word]))


class Lateness(threading.Thread):
    """Measures by how many seconds a thread of this process is late, at worst."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.worst = 0.0
        self.start()

    def run(self) -> None:
        """Sleep and look, again and again."""
        while True:
            due = time.monotonic() + 0.01
            time.sleep(0.01)
            self.worst = max(self.worst, time.monotonic() - due)


def most_within(seconds: float, moments: list[float]) -> int:
    """The most moments that any window of so many seconds has."""
    most = 0
    window: deque[float] = deque()
    for moment in sorted(moments):
        window.append(moment)
        while window and window[0] <= moment - seconds:
            window.popleft()
        most = max(most, len(window))
    return most


def serve(orders: Connection) -> None:
    """Run the simulator: it makes the jobs of each Order, and tells the figures for each None."""
    late = Lateness()
    with CountingSimulator() as sim:
        orders.send((sim.url, sim.environ))
        while True:
            try:
                order: Order | None = orders.recv()
            except EOFError:
                return
            if order is None:
                polls = sum(map(len, sim.arrived.values()))
                most = max(most_within(1.0, moments) for moments in sim.arrived.values())
                orders.send(Figures(polls, most, late.worst))
            else:
                chance = random.Random(order.seed)  # noqa: S311 - the same jobs again
                sim.reset()
                sim.arrived = {}
                late.worst = 0.0
                orders.send([sim.plan(chance, order.seconds) for _ in range(order.number)])


class Held(NamedTuple):
    """What this process holds: Python's memory blocks, resident megabytes, sockets, threads."""

    blocks: int
    megabytes: float
    sockets: int
    threads: int


def held() -> Held:
    """What is held now, when all that nobody needs has been given back."""
    for _ in range(3):
        gc.collect()
    # What a cache holds is bounded, and no leak.
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            each.cache_clear()
    folder = Path("/proc/self/fd")
    sockets = 0
    for descriptor in folder.iterdir() if folder.exists() else ():
        with contextlib.suppress(OSError):
            sockets += str(descriptor.readlink()).startswith("socket:")
    return Held(sys.getallocatedblocks(), _resident(), sockets, threading.active_count())


def _resident() -> float:
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        return math.nan
    return int(statistics.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many jobs have come out: a bar where there is rich and a screen, else a line now and then."""
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
    except ModuleNotFoundError:
        is_screen = False
    else:
        is_screen = sys.stdout.isatty()
    if is_screen:
        with Progress("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        if time.monotonic() - told >= 15 or done == total:
            told = time.monotonic()
            print(f"{what}: {done} of {total}", flush=True)

    yield tell


class Soak:
    """One half: clients, the jobs that were planned, and how they came out."""

    def __init__(self, environment: dict[str, str], planned: list[Planned], timeout: float) -> None:
        self.planned = dict(planned)
        self.ends: Counter[Planned] = Counter()
        self.tasks_left = 0
        self.options: dict[str, Any] = {"timeout": timeout, "patience": PATIENCE * timeout}
        os.environ.update(environment)
        self.clients: dict[str, Any] = {
            vendor: importlib.import_module(f"settled.{vendor}").connect_from_env(max_rate=RATE) for vendor in VENDORS
        }

    def jobs(self) -> Iterator[Job[Any]]:
        """The jobs."""
        return (settled.from_ref(ref, self.clients[ref.partition(".")[0]]) for ref in self.planned)

    def take(self, end: Snapshot[Any], tell: Callable[[int], None]) -> None:
        """Take note of how a job came out."""
        name = type(end.error).__name__ if end.error is not None else str(end.outcome)
        self.ends[Planned(end.job.ref, name)] += 1
        tell(self.ends.total())

    def run(self, tell: Callable[[int], None]) -> None:
        """Wait for all jobs in threads."""
        with contextlib.ExitStack() as clients:
            for client in self.clients.values():
                clients.enter_context(client)
            for end in settled.as_settled(self.jobs(), **self.options):
                self.take(end, tell)

    def run_in_a_loop(self, tell: Callable[[int], None]) -> None:
        """Wait for all jobs in asyncio."""

        async def main() -> None:
            async with contextlib.AsyncExitStack() as clients:
                for client in self.clients.values():
                    await clients.enter_async_context(client)
                async for end in aio.as_settled(self.jobs(), **self.options):
                    self.take(end, tell)
            # What was cancelled needs a turn to end.
            await asyncio.sleep(0)
            self.tasks_left = len(asyncio.all_tasks()) - 1

        asyncio.run(main())

    def violations(self) -> list[str]:
        """What is wrong with the ends."""
        came = Counter[str]()
        for end, times in self.ends.items():
            came[end.ref] += times
        missing = self.planned.keys() - came.keys()
        twice = [ref for ref, times in came.items() if times > 1]
        wrong = [
            f"{end.ref} ended as {end.end}, not {self.planned.get(end.ref)}"
            for end in self.ends
            if self.planned.get(end.ref) != end.end
        ]
        return [
            *(f"{ref} never ended" for ref in sorted(missing)[:5]),
            *(f"{ref} ended {came[ref]} times" for ref in twice[:5]),
            *wrong[:5],
        ]


def soak(name: str, orders: Connection, environment: dict[str, str], order: Order) -> tuple[list[str], list[str]]:
    """Run one half; returns its column of the table, and what is wrong."""
    before = held()
    LATENESS.worst = 0.0
    orders.send(order)
    half = Soak(environment, orders.recv(), order.seconds)
    started = time.monotonic()
    with progress(name, order.number) as tell:
        HALVES[name](half, tell)
    elapsed, late = time.monotonic() - started, LATENESS.worst
    peak = _resident()
    orders.send(None)
    figures: Figures = orders.recv()
    wrong = half.violations()
    outcomes = Counter(end.end for end in half.ends)
    came, tasks_left = half.ends.total(), half.tasks_left
    del half
    after = held()
    if figures.most > RATE:
        wrong.append(f"{figures.most} polls of a client within a second, more than {RATE:g}")
    if after.blocks > before.blocks * (1 + MOST_GROWTH):
        wrong.append(f"{after.blocks - before.blocks} memory blocks were not freed")
    if after.sockets > before.sockets or after.threads > before.threads or tasks_left:
        wrong.append(f"left behind: from {before} to {after}, {tasks_left} tasks")
    column = [
        *(name, f"{order.number:,}", f"{came:,}", f"{elapsed:.0f} s"),
        ", ".join(f"{count:,} {end}" for end, count in outcomes.most_common()),
        f"{figures.polls:,} ({figures.polls / order.number:.1f} a job, {figures.polls / elapsed:.0f} a second)",
        f"{figures.most} of {RATE:g}",
        f"{before.blocks:,} -> {after.blocks:,}",
        f"{before.megabytes:.0f} -> {peak:.0f} -> {after.megabytes:.0f} MB",
        f"{before.sockets} -> {after.sockets}",
        f"{before.threads} -> {after.threads}",
        str(tasks_left),
        f"{1000 * late:.0f} ms here, {1000 * figures.late:.0f} ms there",
    ]
    return column, [f"{name}: {each}" for each in wrong]


ROWS = (
    *("", "jobs", "came out", "took", "as", "polls", "most of a client within a second", "memory blocks"),
    *("resident at first, at the end, after", "sockets", "threads", "tasks left", "threads woke late by, at worst"),
)
HALVES: dict[str, Callable[[Soak, Callable[[int], None]], None]] = {
    "as_settled": Soak.run,
    "aio.as_settled": Soak.run_in_a_loop,
}
LATENESS: Lateness


def main() -> int:
    """Run both halves, and print the figures; 1 if something is wrong."""
    global LATENESS  # noqa: PLW0603 - a thread for the whole run, which importing the module must not start
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to run (default 10)")
    parser.add_argument("--jobs", type=int, help="how many jobs (default: a thousand a minute)")
    parser.add_argument("--seed", type=int, default=1, help="other jobs and faults")
    options = parser.parse_args()
    number = round((options.jobs or 1000 * options.minutes) / 2)
    seconds = 30 * options.minutes
    # Each failed poll is a warning, and there are thousands of them.
    logging.getLogger("settled").setLevel(logging.ERROR)
    LATENESS = Lateness()
    spawn = multiprocessing.get_context("spawn")
    orders, other_end = spawn.Pipe()
    vendors = spawn.Process(target=serve, args=[other_end], daemon=True)
    vendors.start()
    other_end.close()
    _, environment = orders.recv()
    columns, wrong = [], []
    # What is imported or kept once for all is there after a short run of both.
    for name in HALVES:
        soak(name, orders, environment, Order(0, 100, 5))
    for name in HALVES:
        column, violations = soak(name, orders, environment, Order(options.seed, number, seconds))
        columns.append(column)
        wrong += violations
    orders.close()
    vendors.join()
    width = max(map(len, ROWS))
    for row, *cells in zip(ROWS, *columns, strict=True):
        print(f"{row:{width}}  {'  |  '.join(cells)}")
    print("\n".join(wrong) if wrong else "all checks passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
