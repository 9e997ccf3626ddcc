"""A soak test: wait for thousands of jobs with every kind of fault, and check that nothing leaks (`make soak`).

`settled.as_settled` waits for half of the jobs, then `settled.aio.as_settled` for the other half, over HTTP at a
simulator in a process of its own. Each job must end once, and as scripted; memory, sockets, threads and tasks must be
back where they began; and no client may poll more often than its rate, as the simulator counts. The exit code is 1 if
one of these fails.
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
# The max_rate of each client, in polls a second.
RATE = 30.0
# The share of the timeout after which failing polls end a wait; no script has faults for so long.
PATIENCE = 0.25
# By which share the memory of a half may grow.
MAX_GROWTH = 0.02

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
    """How many random jobs to make, from which seed, and for how many seconds they are waited for."""

    seed: int
    number: int
    seconds: float


class Planned(NamedTuple):
    """A job, and how it must end: with the name of an outcome, or of the error that ends its wait."""

    ref: str
    end: str


class Figures(NamedTuple):
    """What the simulator counts: polls, the most by a client within a second, and how late its threads woke.

    A thread that wakes late counts polls as simultaneous that came one after the other.
    """

    polls: int
    most: int
    late: float


class CountingSimulator(simulator.Simulator):
    """A simulator that records when each poll arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[str, list[float]] = {}

    async def answer(self, kind: str, job_id: str, reply: Callable[[Any], Any], not_found: Response) -> Response:
        """Record a poll, and reply to it."""
        self.arrived.setdefault(kind.partition(".")[0], []).append(time.monotonic())
        self.asked.clear()
        return await super().answer(kind, job_id, reply, not_found)

    def plan(self, chance: random.Random, seconds: float) -> Planned:
        """Add a random job: most end well within so many seconds, some fail, time out or do not exist."""
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
    """Measures how late a thread of this process wakes, at worst, in seconds."""

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
    """The most moments in any window of so many seconds."""
    most = 0
    window: deque[float] = deque()
    for moment in sorted(moments):
        window.append(moment)
        while window and window[0] <= moment - seconds:
            window.popleft()
        most = max(most, len(window))
    return most


def serve(orders: Connection) -> None:
    """Run the simulator: for each Order it makes jobs, for each None it sends the figures."""
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
    """What is held now, after a garbage collection."""
    for _ in range(3):
        gc.collect()
    # Caches are bounded, so what they hold is no leak.
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
    """Show how many jobs have ended: a bar on a terminal if rich is installed, else a line now and then."""
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
    printed_at = time.monotonic()

    def tell(done: int) -> None:
        nonlocal printed_at
        if time.monotonic() - printed_at >= 15 or done == total:
            printed_at = time.monotonic()
            print(f"{what}: {done} of {total}", flush=True)

    yield tell


class Soak:
    """One half: clients, the planned jobs, and how they ended."""

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
        """Record how a job ended."""
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
            # Cancelled tasks need one iteration of the loop to end.
            await asyncio.sleep(0)
            self.tasks_left = len(asyncio.all_tasks()) - 1

        asyncio.run(main())

    def violations(self) -> list[str]:
        """The jobs that never ended, ended twice, or not as planned: five of each at most."""
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
    """Run one half; return its column of the table, and its violations."""
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
    if after.blocks > before.blocks * (1 + MAX_GROWTH):
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
    """Run both halves, and print the figures; the exit code is 1 if anything is wrong."""
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
    # A short run of both first, so that imports and caches do not count as growth.
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
