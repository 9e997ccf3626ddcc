"""Two hundred deferred waits in a real Airflow, whose triggerer is killed in the middle."""

from __future__ import annotations

import json
import re
import shutil
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from settled.simulator import Simulator

from _shown import shown
from _stack import Stack, stack

pytestmark = pytest.mark.airflow

Say = Callable[[str], None]

# Longer than any test runs: whoever waits for it waits until the clock is put forward.
_LONG = 7200.0
_EACH = 40
_CORTEX_RATE, _OTHER_RATE = 10, 20
_ENDED = ("success", "failed", "skipped")

# For each kind, the vendor's words of a job that runs and of jobs that have ended, and the state that makes of a task.
_LIVES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "cortex_xsiam.byos_import": (
        "PROCESSING",
        [("COMPLETED", "success"), ("COMPLETED_WITH_ERRORS", "failed"), ("FAILED", "failed")],
    ),
    "cortex_xdr.action": ("IN_PROGRESS", [("COMPLETED_SUCCESSFULLY", "success"), ("ABORTED", "failed")]),
    "cortex_xdr.script_execution": ("IN_PROGRESS", [("COMPLETED_SUCCESSFULLY", "success"), ("TIMEOUT", "failed")]),
    "agilesec.scan": ("running", [("successful", "success"), ("failed", "failed")]),
    "osapi.job": (
        "started",
        [("completed", "success"), ("failed", "failed"), ("skipped", "skipped")],
    ),
}


class JumpingClock:
    """Real time, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.jumped_at = float("inf")

    def __call__(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic() + self.ahead

    def jump(self, seconds: float) -> None:
        """Put the clock forward."""
        self.jumped_at = self()
        self.ahead += seconds

    def real(self, moment: float) -> float:
        """The real moment at which this clock showed another."""
        return moment if moment <= self.jumped_at else moment - self.ahead


@attrs.frozen
class Expected:
    """A job, and how its task must end; `is_early` if that is before the triggerer is killed."""

    ref: str
    state: str
    is_early: bool


def _jobs(sim: Simulator) -> dict[str, list[Expected]]:
    """Jobs of all five kinds, one in four of which ends at once."""
    jobs: dict[str, list[Expected]] = {}
    for kind, (running, ends) in _LIVES.items():
        for number in range(_EACH):
            word, state = ends[number % len(ends)]
            is_early = number % 4 == 0
            job_id = sim.add(kind, states=[(running, 1.0 if is_early else _LONG), word])
            jobs.setdefault(kind, []).append(Expected(f"{kind}/{job_id}", state, is_early))
    return jobs


def _connections(sim: Simulator) -> dict[str, Any]:
    cortex = {"host": sim.url, "login": str(sim.key_id), "password": sim.key}
    other = {"host": sim.url, "password": sim.token, "extra": json.dumps({"max_rate": _OTHER_RATE})}
    return {
        "tenant": {"conn_type": "settled_cortex_xsiam", **cortex},
        "cortex_xsiam": {"conn_type": "settled_cortex_xsiam", **cortex, "extra": '{"advanced": true}'},
        "cortex_xdr": {"conn_type": "settled_cortex_xdr", **cortex},
        "agilesec": {"conn_type": "settled_agilesec", **other},
        "osapi": {"conn_type": "settled_osapi", **other},
    }


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Prints a figure where whoever runs the test sees it."""

    def print_through(figure: str) -> None:
        with capsys.disabled():
            print(f"\n{figure}", end="")

    return print_through


@pytest.fixture
def clock() -> JumpingClock:
    """The time that the simulated vendors go by."""
    return JumpingClock()


@pytest.fixture
def sim(clock: JumpingClock) -> Iterator[Simulator]:
    """The vendors."""
    with Simulator(clock=clock) as running:
        yield running


@pytest.fixture
def jobs(sim: Simulator) -> dict[str, list[Expected]]:
    """The jobs that are waited for, by kind."""
    return _jobs(sim)


@pytest.fixture
def airflow(sim: Simulator, jobs: dict[str, list[Expected]], tmp_path: Path) -> Iterator[Stack]:
    """An Airflow that knows the vendors' connections, and where the refs are."""
    refs = tmp_path / "refs.json"
    refs.write_text(json.dumps({kind: [job.ref for job in each] for kind, each in jobs.items()}))
    connections = tmp_path / "connections.json"
    connections.write_text(json.dumps(_connections(sim)))
    dags = tmp_path / "dags"
    shutil.copytree(Path(__file__).parent / "dags", dags)
    (dags / "imports.py").write_text(shown("tests/airflow/test_many_waits.py"))
    with stack(tmp_path, dags, {"MANY_WAITS_REFS": str(refs)}) as made:
        made.run("connections", "import", str(connections))
        made.run("dags", "reserialize")
        yield made


def test_waits_survive_the_triggerer(
    airflow: Stack, sim: Simulator, clock: JumpingClock, jobs: dict[str, list[Expected]], say: Say
) -> None:
    """Every task ends as its job did, though the triggerer is killed and the jobs end while there is none."""
    all_jobs = [job for each in jobs.values() for job in each]
    early = {job.ref for job in all_jobs if job.is_early}
    began = time.monotonic()
    for part in ("api-server", "scheduler", "triggerer"):
        airflow.start(part)
    airflow.run("dags", "trigger", "many_waits", "--run-id", "test")

    airflow.until(lambda: len({asked.ref for asked in sim.asked}) == len(all_jobs), "every job is polled")
    airflow.until(lambda: _ended(airflow) >= len(early), "the jobs that end at once are done")
    airflow.kill("triggerer")
    kept = airflow.results("many_waits", "settled_wait")
    before = len(sim.asked)
    say(f"{time.monotonic() - began:.0f} s: killed the triggerer after {before} polls, {len(early)} tasks had ended")

    clock.jump(_LONG)
    airflow.start("triggerer")
    airflow.until(lambda: _ended(airflow) == len(all_jobs), "all tasks have ended")
    say(f"{time.monotonic() - began:.0f} s: all tasks had ended after {len(sim.asked)} polls")

    _assert_ends(airflow, jobs, say)
    _assert_resumed(airflow, sim, kept, jobs, before)
    _assert_within_budget(sim, clock, say)
    _assert_no_secrets(airflow, sim)
    _assert_logged(airflow, jobs)


def _ended(airflow: Stack) -> int:
    counts = airflow.query("select state, count(*) from task_instance where dag_id = 'many_waits' group by state")
    return sum(count for state, count in counts if state in _ENDED)


def _key(kind: str, index: int) -> tuple[str, int]:
    return kind.replace(".", "-"), index


def _assert_ends(airflow: Stack, jobs: dict[str, list[Expected]], say: Say) -> None:
    """Every task's state is what the rule makes of the outcome, and its XCom is the last snapshot."""
    results = airflow.results("many_waits")
    for kind, each in jobs.items():
        for index, job in enumerate(each):
            state, value = results[_key(kind, index)]
            assert (job.ref, state) == (job.ref, job.state)
            assert (value["ref"], value["settled"], value["error"]) == (job.ref, True, None)
            assert value["raw"] is not None
    say(f"states: {dict(Counter(state for state, _ in results.values()))}")
    assert len(results) == sum(map(len, jobs.values()))


def _assert_resumed(
    airflow: Stack, sim: Simulator, kept: dict[tuple[str, int], Any], jobs: dict[str, list[Expected]], before: int
) -> None:
    """Waits that the killed triggerer had begun went on from what it had kept: polls and seconds count from there."""
    results = airflow.results("many_waits")
    since = Counter(asked.ref for asked in sim.asked[before:])
    for kind, each in jobs.items():
        for index, job in enumerate(each):
            if job.is_early:
                continue
            state, value = kept[_key(kind, index)][1], results[_key(kind, index)][1]
            assert value["polls"] == state["polls"] + since[job.ref]
            assert value["polls"] > since[job.ref] > 0
            assert value["elapsed"] > state["read"] - state["started"]


def _assert_within_budget(sim: Simulator, clock: JumpingClock, say: Say) -> None:
    """In no ten seconds was a tenant asked more often than its rate allows; each second depends on the machine, too."""
    for rate, is_theirs in ((_CORTEX_RATE, True), (_OTHER_RATE, False)):
        moments = sorted(clock.real(asked.moment) for asked in sim.asked if asked.ref.startswith("cortex") is is_theirs)
        most = {seconds: _most(moments, seconds) for seconds in (1, 10)}
        took = moments[-1] - moments[0]
        say(
            f"{'Cortex' if is_theirs else 'others'}, {rate} a second: {len(moments)} polls in {took:.0f} s, "
            f"at most {most[1]} in one second and {most[10]} in ten"
        )
        assert most[10] <= 10 * rate
    assert Counter(asked.status_code for asked in sim.asked) == {200: len(sim.asked)}


def _most(moments: list[float], seconds: float) -> int:
    """How many of some moments, in order, lie within so many seconds at most."""
    return max(bisect_left(moments, moment + seconds) - index for index, moment in enumerate(moments))


def _assert_logged(airflow: Stack, jobs: dict[str, list[Expected]]) -> None:
    """The tasks' logs tell of polls with and without a change."""
    logs = airflow.task_logs()
    for kind, each in jobs.items():
        running = _LIVES[kind][0]
        assert f"still {running}" in logs
        assert all(job.ref in logs for job in each)


def _assert_no_secrets(airflow: Stack, sim: Simulator) -> None:
    """No log of any process, and no trigger in the metadata, shows a key or token."""
    text = airflow.all_logs()
    assert sim.key not in text
    assert sim.token not in text


def test_example_of_the_site(airflow: Stack, sim: Simulator) -> None:
    """The site's DAG runs as it is shown, from the refs to the report."""
    ids = re.findall(r'"([0-9a-f-]{36})"', shown("tests/airflow/test_many_waits.py"))
    refs = [f"cortex_xsiam.byos_import/{job_id}" for job_id in ids]
    sim.add("cortex_xsiam.byos_import", states=["PROCESSING", "COMPLETED"], job_id=ids[0])
    sim.add("cortex_xsiam.byos_import", states=["COMPLETED_WITH_ERRORS"], job_id=ids[1], error_log="row 3 is no asset")
    for part in ("api-server", "scheduler", "triggerer"):
        airflow.start(part)
    airflow.run("dags", "trigger", "imports", "--run-id", "test")
    over = "select count(*) from dag_run where state in ('success', 'failed')"
    airflow.until(lambda: airflow.query(over) == [(1,)], "the run is over")
    assert airflow.results("imports")["report", -1] == (
        "success",
        {refs[0]: "SUCCEEDED", refs[1]: "row 3 is no asset"},
    )
