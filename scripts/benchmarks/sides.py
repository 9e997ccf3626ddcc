"""Measure several sides in turn, round by round, and summarise the rounds."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks import loopback
from benchmarks.stock import stock_client

Figures = dict[str, Any]
MOST_SECONDS = 600


@dataclass(frozen=True)
class Spread:
    """The median of several rounds, and the extremes."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of some values, of which there is at least one."""
        ordered = sorted(values)
        return cls(statistics.median(ordered), ordered[0], ordered[-1])

    def text(self, form: str = ".2f") -> str:
        """Like `0.31 (0.29-0.33)`."""
        return f"{self.median:{form}} ({self.least:{form}}\N{EN DASH}{self.most:{form}})"


def measure(module: str, *arguments: str, timeout: float = MOST_SECONDS) -> Figures:
    """What a module of this package prints when run with these arguments, in a fresh process on the measured core."""
    figures: Figures = run("-m", f"benchmarks.{module}", *arguments, timeout=timeout)
    return figures


def run(*arguments: str, timeout: float = MOST_SECONDS) -> Any:
    """The JSON that a fresh interpreter with these arguments prints last, on the measured core."""
    core, _ = loopback.cores()
    environment = loopback.environment()
    environment["PYTHONPATH"] += os.pathsep + str(stock_client())
    done = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=timeout,
        check=True,
        preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),
    )
    return json.loads(done.stdout.splitlines()[-1])


def in_turn(
    sides: Iterable[str], rounds: int, figures_of: Callable[[str], Figures], *, once: Iterable[str] = ()
) -> dict[str, list[Figures]]:
    """The figures of each side, round by round; those of `once` in the first round only.

    Every round begins with another side, so that none always follows the same one. A side that this checkout does not
    have has no figures.
    """
    names, first_only = list(sides), set(once)
    results: dict[str, list[Figures]] = {name: [] for name in names}
    missing: set[str] = set()
    for number in range(rounds):
        begin = number % len(names)
        for name in [*names[begin:], *names[:begin]]:
            if name in missing or (number and name in first_only):
                continue
            figures = figures_of(name)
            if "skipped" in figures:
                missing.add(name)
                progress(f"    {name}: not here ({figures['skipped']})")
            else:
                results[name].append(figures)
        progress(f"    round {number + 1} of {rounds}")
    return results


def ratios(these: Iterable[float], those: Iterable[float]) -> Spread | None:
    """What one side's figures are to another's in the same rounds; None if they have no round in common."""
    found = [this / that for this, that in zip(these, those, strict=False)]
    return Spread.of(found) if found else None


def progress(text: str) -> None:
    """Print how far the benchmarks are."""
    print(text, file=sys.stderr, flush=True)
