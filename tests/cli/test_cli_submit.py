"""`settled submit` and `settled results`: what they print, and how they end."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import attrs
import pytest
from starlette.responses import JSONResponse

from settled import agilesec, cortex_xsiam, errors
from settled._vendors import submits
from settled.simulator import Simulator

import _submits
from _cli import Command
from conftest import KIND, Answering

PASSWORD = "password-of-the-sensor"
SCAN = {
    "sensor_type": "GIT Sensor",
    "sensor_name": "nightly",
    "sensor_config": {"url": f"https://ci:{PASSWORD}@git.invalid/x"},
}
CREATE = "agilesec.create_scan"


@pytest.fixture
def run(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, with the simulator's settings in the environment, and virtual time in this process."""
    monkeypatch.delenv("SETTLED_CONFIG", raising=False)
    for name, value in sim.environ.items():
        monkeypatch.setenv(name, value)
    return Command(sim)


@pytest.fixture
def at(run: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sends AgileSec's requests to another address."""
    return lambda url: monkeypatch.setenv("SETTLED_AGILESEC_URL", url)


@pytest.mark.filterwarnings("ignore:POST /v3/scan is removed")
@pytest.mark.parametrize("name", _submits.simulated())
def test_submit_and_wait(run: Command, name: str) -> None:
    """Every submit of a simulated vendor can be made with its arguments as JSON, and its ref be waited for."""
    _submits.prepare(run.sim)
    submitted = run("submit", name, stdin=json.dumps(_submits.arguments_of(name)))
    assert (submitted.exit_code, submitted.stderr) == (0, "")
    [ref] = submitted.stdout.splitlines()
    job_id = ref.rpartition("/")[2].partition("?")[0]
    assert job_id in {each.rpartition("/")[2] for each in run.sim.refs}
    waited = run("wait", "-", "--timeout", "15m", "--json", stdin=submitted.stdout)
    assert waited.exit_code == 0
    assert json.loads(waited.stdout.splitlines()[-1])["ref"] == ref


def test_pipe(run: Command, tmp_path: Path) -> None:
    """A file's arguments are submitted and waited for in one line of a shell."""
    run.sim.clock = time.monotonic
    (tmp_path / "body.json").write_bytes(json.dumps(SCAN).encode("utf-16"))
    submitting = run.start("submit", CREATE, str(tmp_path / "body.json"), stdout=subprocess.PIPE)
    with submitting, run.start("wait", "-", "-t", "1m", "-q", stdin=submitting.stdout) as waiting:
        assert (waiting.wait(), submitting.wait()) == (0, 0)


def test_json(run: Command) -> None:
    """With --json the ref is a member of an object, whose error is null."""
    output = json.loads(run("submit", CREATE, "--json", stdin=json.dumps(SCAN)).stdout)
    assert output == {"ref": run.sim.refs[0], "error": None}


def test_settings_from_a_file(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings file serves submits, too."""
    for name in run.sim.environ:
        monkeypatch.delenv(name)
    assert run("submit", CREATE, stdin=json.dumps(SCAN)).exit_code == 4
    settings = tmp_path / "settled.toml"
    settings.write_text(f'[agilesec]\nbase_url = "{run.sim.url}"\ntoken = "{run.sim.token}"\n')
    settings.chmod(0o600)
    monkeypatch.setenv("SETTLED_CONFIG", str(settings))
    assert run("submit", CREATE, stdin=json.dumps(SCAN)).exit_code == 0


def test_help_lists_all(run: Command) -> None:
    """The help lists every submit that there is, with its arguments, in 80 columns."""
    output = run("submit", "--help").stdout
    lines = output.splitlines()
    assert {line.strip() for line in lines} >= submits().keys()
    assert max(map(len, lines)) <= 80
    at = lines.index(f"  {CREATE}")
    assert lines[at + 1].strip().startswith("sensor_type, sensor_name, sensor_config, [priority]")
    assert "Deprecated: POST /v3/scan is removed" in output


WRONG = {
    "unknown": ("agilesec.creat_scan", "{}", r"not the name of a submit; did you mean agilesec.create_scan?"),
    "no name": ("kiln", "{}", "not the name of a submit; `settled submit --help` lists what there is"),
    "a twin": ("agilesec.execute_scan_async", "{}", "did you mean agilesec.execute_scan?"),
    "a job": ("agilesec.scan", "{}", "not the name of a submit"),
    "empty": (CREATE, " \n", 'standard input is empty: it must hold the arguments as JSON, as {"sensor_type": ...'),
    "bad JSON": (CREATE, '{"sensor_type": }', "is not JSON: Expecting value at line 1, column 17"),
    "deep JSON": (CREATE, "[" * 100_000, "nested too deeply"),
    "a list": (CREATE, "[1]", "must be a JSON object, as"),
    "twice": (CREATE, '{"sensor_type": "a", "sensor_type": "b"}', "a name occurs twice"),
    "missing": (CREATE, '{"sensor_type": "a"}', "missing: sensor_name, sensor_config; there are sensor_type"),
    "unknown argument": (CREATE, json.dumps({**SCAN, "sensor": 1}), "'sensor' is unknown; there are sensor_type"),
    "no string": (CREATE, json.dumps({**SCAN, "sensor_name": 7}), "sensor_name must be a string, not a whole number"),
    "no object": (CREATE, json.dumps({**SCAN, "sensor_config": []}), "must be an object, not an empty list"),
    "no such word": (CREATE, json.dumps({**SCAN, "priority": "top"}), 'must be "low" or "medium" or "high"'),
    "no boolean": (CREATE, json.dumps({**SCAN, "incremental_scan": 1}), "must be true or false, not a whole number"),
    "no whole number": (CREATE, json.dumps({**SCAN, "auto_resolution_interval": True}), "must be a whole number"),
    "within": (CREATE, json.dumps({**SCAN, "labels": {"team": 5}}), "labels.team must be a string"),
    "no number": (CREATE, json.dumps({**SCAN, "sensor_config": {"depth": float("nan")}}), "not JSON compliant"),
}


@pytest.mark.parametrize(("name", "text", "excerpt"), WRONG.values(), ids=WRONG)
def test_wrong_usage(run: Command, name: str, text: str, excerpt: str) -> None:
    """Whatever is wrong with a name or with arguments ends with 2 and says what to do, and nothing is sent."""
    result = run("submit", name, stdin=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert excerpt in result.stderr
    [message] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(message) < 320
    assert PASSWORD not in message
    assert run.sim.asked == []


@pytest.mark.parametrize(
    ("content", "message"), [(None, "No such file"), (b"\xff\x00", "not UTF-8"), (b"", "is empty")]
)
def test_bad_files(run: Command, tmp_path: Path, content: bytes | None, message: str) -> None:
    """A file that is not there, is no text or is empty is told so."""
    file = tmp_path / "body.json"
    if content is not None:
        file.write_bytes(content)
    result = run("submit", CREATE, str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_not_taken(run: Command) -> None:
    """A job that the API did not take ends with 5."""
    run.sim.plan_scan("nightly", refusal="no licence left")
    result = run("submit", CREATE, stdin=json.dumps(SCAN))
    assert (result.exit_code, result.stdout) == (5, "")
    assert "no licence left" in result.stderr
    output = json.loads(run("submit", CREATE, "--json", stdin=json.dumps(SCAN)).stdout)
    assert (output["ref"], output["error"]["type"]) == (None, "SubmitFailed")
    assert "candidates" not in output


def test_refused(run: Command) -> None:
    """A request that the API refuses ends with 4."""
    result = run("submit", "agilesec.execute_scan", stdin='{"sensor_id": "nobody"}')
    assert (result.exit_code, result.stdout) == (4, "")
    assert "answered 404" in result.stderr


def test_unclear(run: Command, answering: Answering, at: Callable[[str], None]) -> None:
    """Where nobody knows whether there is a job the command ends with 6, and says to look; no secret is shown."""
    at(answering(JSONResponse({"message": "down"}, 502)))
    result = run("submit", CREATE, stdin=json.dumps(SCAN))
    assert (result.exit_code, result.stdout) == (6, "")
    assert "the job may exist all the same" in result.stderr
    assert "submit again only if it is not there" in result.stderr
    assert len(answering.requests) == 1
    shown = run("submit", CREATE, "--json", stdin=json.dumps(SCAN)).stdout
    output = json.loads(shown)
    assert (output["ref"], output["error"]["type"], output["candidates"]) == (None, "SubmitUnclear", [])
    assert output["sent"]["sensorName"] == "nightly"
    assert PASSWORD not in shown + result.output


def _stand_in(monkeypatch: pytest.MonkeyPatch, raised: BaseException) -> None:
    """Have `agilesec.execute_scan` raise something."""

    def execute_scan(*_: Any, **__: Any) -> NoReturn:
        raise raised

    monkeypatch.setattr(agilesec, "execute_scan", functools.wraps(agilesec.execute_scan)(execute_scan))


def test_candidates(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs that an unclear submit may have started are listed, with how to tell which it is."""
    _stand_in(monkeypatch, errors.SubmitUnclear("no answer came", {}, ["agilesec.scan/1", "agilesec.scan/2"]))
    result = run("submit", "agilesec.execute_scan", stdin='{"sensor_id": "a"}')
    assert (result.exit_code, result.stdout) == (6, "")
    assert [line.split()[-1] for line in result.stderr.splitlines()[1:3]] == ["agilesec.scan/1", "agilesec.scan/2"]
    assert "`settled status REF` shows each" in result.stderr
    output = json.loads(run("submit", "agilesec.execute_scan", "--json", stdin='{"sensor_id": "a"}').stdout)
    assert output["candidates"] == ["agilesec.scan/1", "agilesec.scan/2"]
    assert "Submit again only if none is yours" in output["advice"]


def test_interrupted(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever interrupts a submit is told that the job may exist."""
    _stand_in(monkeypatch, KeyboardInterrupt())
    result = run("submit", "agilesec.execute_scan", stdin='{"sensor_id": "a"}')
    assert (result.exit_code, result.stdout) == (130, "")
    assert "the job may exist all the same" in result.stderr
    known = KeyboardInterrupt()
    known.add_note("the job was submitted: agilesec.scan/e1")
    _stand_in(monkeypatch, known)
    result = run("submit", "agilesec.execute_scan", stdin='{"sensor_id": "a"}')
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines()[0] == "settled: interrupted: the job was submitted: agilesec.scan/e1"


def test_nobody_reads_the_ref(run: Command) -> None:
    """A ref that standard output does not take is on standard error: the job is there."""
    run.sim.clock = time.monotonic
    reading, writing = os.pipe()
    os.close(reading)
    submitting = run.start("submit", CREATE, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, stderr = submitting.communicate(json.dumps(SCAN), timeout=60)
    assert submitting.returncode == 128 + signal.SIGPIPE
    assert run.sim.refs[0] in stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_reader_that_does_not_read(run: Command, number: int, code: int) -> None:
    """A command that is ended while its reader is stuck ends at once, and tells the ref on standard error."""
    run.sim.clock = time.monotonic
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    submitting = run.start("submit", CREATE, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert submitting.stdin is not None
    submitting.stdin.write(json.dumps(SCAN))
    submitting.stdin.close()
    submitting.stdin = None
    while not run.sim.refs:
        time.sleep(0.01)
    time.sleep(0.5)
    submitting.send_signal(number)
    try:
        _, stderr = submitting.communicate(timeout=20)
    finally:
        submitting.kill()
        os.close(reading)
    assert submitting.returncode == code
    assert run.sim.refs[0] in stderr


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Gives imports results of their own."""

    def give(read: Callable[..., Any]) -> None:
        monkeypatch.setattr(cortex_xsiam, "KINDS", (attrs.evolve(cortex_xsiam.BYOS_IMPORT, results=read),))

    return give


def test_results(run: Command, results: Any, tmp_path: Path) -> None:
    """Values are JSON lines, files are printed as their paths; each request for them is bounded."""
    passed: list[Any] = []

    def read(*arguments: Any) -> list[Any]:
        passed.append(arguments[1:])
        return [{"row": 1}, {"row": "\N{SNOWMAN}"}, Path("a.zip")]

    results(read)
    ref = f"{KIND}/{run.sim.add(KIND, states=['FAILED'])}"
    result = run("results", ref, "--to", str(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == '{"row": 1}\n{"row": "\\u2603"}\na.zip\n'
    last = run("results", ref, "--timeout", "2m", "--json").stdout.splitlines()[-1]
    assert json.loads(last) == {"file": "a.zip"}
    assert passed == [(tmp_path, 60.0, False), (None, 120.0, False)]


def test_no_results(run: Command, results: Any) -> None:
    """A kind without results and a folder that is missing end with 2, a job that goes on with 124, trouble with 4."""

    def down(*_: Any) -> NoReturn:
        raise errors.ServerError("down", status_code=500)

    done, running = (f"{KIND}/{run.sim.add(KIND, states=[word])}" for word in ("COMPLETED", "PROCESSING"))
    none = run("results", done)
    assert none.exit_code == 2
    assert "has no results besides what its status tells" in none.stderr
    results(down)
    early = run("results", running)
    assert (early.exit_code, early.stderr) == (
        124,
        f"settled: {running} has not settled yet; its status is PROCESSING\n",
    )
    assert run("results", done).exit_code == 4
    assert "give one REF" in run("results", "-", stdin=f"{done}\n{running}").stderr


def test_submit_needs_an_argument_file_on_a_terminal(run: Command) -> None:
    """Where nothing is piped in, the command says so instead of waiting for it."""
    program = f"import sys; sys.stdin.isatty = lambda: True; sys.argv = ['settled', 'submit', '{CREATE}']"
    script = f"{program}\nfrom settled.cli import main\nmain()"
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert completed.returncode == 2
    assert "give a FILE, or pipe the arguments into standard input" in completed.stderr


@pytest.mark.parametrize("vendor", ["cortex_xdr", "cortex_xsiam"])
def test_results_of_queries(run: Command, vendor: str) -> None:
    """The rows of a query are JSON lines, however many; of a query that failed the command says why, with 1."""
    run.sim.plan_query("dataset = many", rows=1200)
    run.sim.plan_query("dataset = none", states=["FAIL"], error="no such dataset")
    refs = {
        each: run("submit", f"{vendor}.start_query", stdin=json.dumps({"query": f"dataset = {each}"})).stdout.strip()
        for each in ("many", "none")
    }
    assert run("wait", *refs.values(), "--timeout", "15m", "-q").exit_code == 1
    rows = run("results", refs["many"]).stdout.splitlines()
    assert len(rows) == 1200
    assert all(isinstance(json.loads(row), dict) for row in rows)
    failed = run("results", refs["none"])
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "no such dataset" in failed.stderr


def test_results_of_endpoints(run: Command, tmp_path: Path) -> None:
    """What a script has put out is an object, what it and an action have fetched are files in the folder."""
    run.sim.plan_endpoint("laptop", output="sshd is running", files={"var/log/auth.log": b"accepted"})
    scripts = {"endpoint_ids": ["laptop"], "code": "print(1)"}
    script = run("submit", "cortex_xdr.run_snippet", stdin=json.dumps(scripts)).stdout.strip()
    files = {"endpoint_ids": ["laptop"], "linux": ["/var/log/auth.log"]}
    action = run("submit", "cortex_xdr.retrieve_files", stdin=json.dumps(files)).stdout.strip()
    assert run("wait", script, action, "--timeout", "15m", "-q").exit_code == 0

    lines = run("results", script, "--to", str(tmp_path / "script")).stdout.splitlines()
    assert json.loads(lines[0])["results"][0]["standard_output"] == "sshd is running"
    assert Path(lines[1]).read_bytes() == b"accepted"
    assert "name a folder" in run("results", action).stderr
    [path] = run("results", action, "--to", str(tmp_path / "action")).stdout.splitlines()
    assert Path(path).read_bytes() == b"accepted"
    Path(path).write_bytes(b"older")
    again = run("results", action, "--to", str(tmp_path / "action"))
    assert again.exit_code == 2
    assert "--to another folder, or --overwrite" in again.stderr
    assert Path(path).read_bytes() == b"older"
    for ref, folder, written in ((action, "action", path), (script, "script", lines[1])):
        Path(written).write_bytes(b"older")
        once_more = run("results", ref, "--to", str(tmp_path / folder), "--overwrite")
        assert (once_more.exit_code, once_more.stdout.splitlines()[-1]) == (0, written)
        assert Path(written).read_bytes() == b"accepted"


def test_results_of_agents(run: Command) -> None:
    """What each agent has answered is an object."""
    states = {"web-01": ["completed"], "web-02": ["completed"]}
    lines = run("results", f"osapi.job/{run.sim.add('osapi.job', states=states)}").stdout.splitlines()
    assert [json.loads(line)["hostname"] for line in lines] == ["web-01", "web-02"]
