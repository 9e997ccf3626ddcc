"""Processes that wait are killed at any moment, and others resume from refs: nothing is lost, nothing done twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from settled.simulator import Simulator, bad_gateway, dropped, server_error, truncated

import _submits
import _waiting_process

pytestmark = pytest.mark.slow

PROGRAM = Path(_waiting_process.__file__)
MOST_DEATHS = 5
SECONDS_A_LOOK = 0.02
# No more than a tenant runs queries at a time.
SUBMITS_EACH = 4
_KILLED = -signal.SIGKILL

# The scans to submit, and the jobs that are there already, each with how it goes and how it ends.
SCANS: dict[str, tuple[list[Any], str]] = {
    f"scan-{number}": ([("running", 0.3 * number), word], outcome)
    for number, (word, outcome) in enumerate([("successful", "SUCCEEDED"), ("failed", "FAILED")] * 4)
}
JOBS: list[tuple[str, Any, str]] = [
    ("cortex_xsiam.byos_import", [("INITIATED", 1), dropped(), ("PROCESSING", 1), "COMPLETED"], "SUCCEEDED"),
    ("cortex_xsiam.byos_import", [("PROCESSING", 2), server_error(times=2), "COMPLETED_WITH_ERRORS"], "PARTIAL"),
    (
        "cortex_xdr.action",
        {"a": [("PENDING", 1), "COMPLETED_SUCCESSFULLY"], "b": [("PENDING", 3), "FAILED"]},
        "PARTIAL",
    ),
    ("cortex_xdr.script_execution", {"a": [("PENDING", 1), "TIMEOUT"]}, "TIMED_OUT"),
    ("osapi.job", [("processing", 1), truncated(), ("processing", 1), "completed"], "SUCCEEDED"),
    ("osapi.job", [("processing", 2), bad_gateway(), "skipped"], "SKIPPED"),
]


@attrs.define
class Fate:
    """The simulator's clock, which goes on whenever it is looked at, and kills a process at its appointed look."""

    looks: int = 0
    due: int = 0
    process: int | None = None
    lock: Any = attrs.field(factory=threading.Lock)

    def __call__(self) -> float:
        """The time, perhaps that of a process's death: between a request's arrival and its answer."""
        with self.lock:
            self.looks += 1
            if self.process is not None and self.looks >= self.due:
                os.kill(self.process, signal.SIGKILL)
                self.process = None
            return self.looks * SECONDS_A_LOOK

    def live(self, arguments: list[Any], environment: dict[str, str], looks: int | None) -> tuple[int, list[list[str]]]:
        """Run the program until it ends, or for so many looks; returns its exit code and what it told."""
        with subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, str(PROGRAM), json.dumps(arguments)],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            if looks is not None:
                with self.lock:
                    self.due, self.process = self.looks + looks, process.pid
            # The last line may be half a line only: a process that was killed has told nothing then.
            lines = process.stdout.read().splitlines(keepends=True)
            with self.lock:
                self.process = None
            return process.wait(), [json.loads(line) for line in lines if line.endswith("\n")]


# What is to be submitted under a name of the test's own: the function's name, and its arguments.
Submit = tuple[str, dict[str, Any]]


@attrs.define
class Journal:
    """What outlives the processes: what was to be submitted, the refs of jobs, and how they ended."""

    submits: dict[str, Submit]
    refs: dict[str, str]
    intended: list[str] = attrs.field(factory=list[str])
    ended: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])

    def note(self, lines: list[list[str]]) -> None:
        """Keep what a process told."""
        for what, *words in lines:
            if what == "submitting":
                self.intended.extend(words)
            elif what == "submitted":
                self.refs[words[1]] = words[0]
            else:
                self.ended.append((words[0], words[1]))

    def left(self) -> tuple[list[tuple[str, str, dict[str, Any]]], list[str]]:
        """The submits that nobody has begun, and the refs of the jobs whose end nobody has told."""
        ended = dict(self.ended)
        submits_left = [(name, *each) for name, each in self.submits.items() if name not in self.intended]
        return submits_left, [ref for ref in self.refs if ref not in ended]

    def work_off(self, fate: Fate, environment: dict[str, str], verb: str, chance: random.Random, most: int) -> int:
        """Start one process after the other until one has done all that was left; returns how many were killed."""
        deaths, exit_code = 0, _KILLED
        while exit_code == _KILLED:
            looks = chance.randint(1, most) if deaths < MOST_DEATHS else None
            exit_code, lines = fate.live([verb, *self.left()], environment, looks)
            self.note(lines)
            deaths += exit_code == _KILLED
        assert exit_code == 0
        assert self.left() == ([], [])
        return deaths


def _ids(refs: Iterable[str]) -> set[str]:
    """The ids in refs: kinds that vendors share have a name for each, and options stand behind some ids."""
    return {ref.rpartition("/")[2].partition("?")[0] for ref in refs}


def _scan(name: str) -> Submit:
    return "agilesec.create_scan", {**_submits.arguments_of("agilesec.create_scan"), "sensor_name": name}


@pytest.mark.parametrize(("verb", "seed"), [*zip(_waiting_process.VERBS, (1, 2, 4), strict=True)])
def test_killed_at_any_moment(verb: str, seed: int) -> None:
    """Whenever a process is killed, the next one goes on: the same outcomes, each told once, and no second submit."""
    fate = Fate()
    with Simulator(scan_slots=len(SCANS), clock=fate) as sim:
        refs = [f"{kind}/{sim.add(kind, states=states)}" for kind, states, _ in JOBS]
        for name, (states, _) in SCANS.items():
            sim.plan_scan(name, states=states)
        journal = Journal({name: _scan(name) for name in SCANS}, dict(zip(refs, refs, strict=True)))
        chance = random.Random(seed)  # noqa: S311 - the same moments in every run
        deaths = journal.work_off(fate, sim.environ, verb, chance, most=60)
        created = Counter(sensor["sensorName"] for sensor in sim.agilesec.sensors.values())
        asked = sum(asked.ref == "agilesec.scan/create" for asked in sim.asked)

    assert deaths >= 3
    outcomes = dict(zip(refs, (outcome for _, _, outcome in JOBS), strict=True))
    outcomes |= {name: outcome for name, (_, outcome) in SCANS.items()}
    assert Counter(ref for ref, _ in journal.ended) == dict.fromkeys(journal.refs, 1)
    assert all(outcome == outcomes[journal.refs[ref]] for ref, outcome in journal.ended)
    # Where a process died between the submit and its answer, the scan may exist or not, and is not submitted again.
    assert asked == created.total() == len(created)
    assert SCANS.keys() & journal.refs.values() <= created.keys() <= set(journal.intended) == SCANS.keys()


@pytest.mark.parametrize("name", _submits.simulated())
def test_no_submit_is_made_twice(name: str) -> None:
    """Whenever a process is killed that submits, each job it has told of is there, and none that it has not begun."""
    fate = Fate()
    with Simulator(scan_slots=SUBMITS_EACH, clock=fate) as sim:
        _submits.prepare(sim)
        before = _ids(sim.refs)
        intended = {f"{name} {number}": (name, _submits.arguments_of(name)) for number in range(SUBMITS_EACH)}
        journal = Journal(intended, {})
        chance = random.Random(name)  # noqa: S311 - the same moments in every run
        # So few looks are over before all is submitted.
        deaths = journal.work_off(fate, sim.environ, "as_settled", chance, most=2 * SUBMITS_EACH)
        made = _ids(sim.refs) - before

    assert deaths >= 1
    assert len(set(journal.intended)) == len(journal.intended)
    assert _ids(journal.refs) <= made
    # A process that was killed may have submitted one job that it could tell nobody of.
    assert len(journal.refs) <= len(made) <= min(len(journal.refs) + deaths, len(journal.intended))
    assert Counter(ref for ref, _ in journal.ended) == dict.fromkeys(journal.refs, 1)
