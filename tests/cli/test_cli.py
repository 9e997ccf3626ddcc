"""The `settled` command: what it prints, how it ends, and where it reads from."""

from __future__ import annotations

import fcntl
import importlib
import io
import json
import logging
import os
import pty
import shlex
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from settled import cortex_xsiam
from settled.cli._duration import Duration
from settled.cli._journal import Journal, Watcher
from settled.cli._show import Board
from settled.simulator import Simulator, dropped, rate_limited, server_error

from _cli import PROGRAM, Command
from _specs import SPECS
from conftest import KIND


@pytest.fixture
def run(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, with the simulator's settings in the environment, and virtual time in this process."""
    monkeypatch.delenv("SETTLED_CONFIG", raising=False)
    return Command(sim)


@pytest.fixture
def in_real_time(run: Command) -> Command:
    """The command, for processes of its own, which know no virtual time."""
    run.sim.clock = time.monotonic
    return run


def _ref(sim: Simulator, *states: Any, **fields: Any) -> str:
    return f"{KIND}/{sim.add(KIND, states=states, **fields)}"


def _objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize(
    ("ends", "code"),
    [
        (["COMPLETED", "COMPLETED"], 0),
        (["COMPLETED", "FAILED"], 1),
        (["COMPLETED", "COMPLETED_WITH_ERRORS"], 3),
        (["COMPLETED_WITH_ERRORS", "FAILED"], 1),
        (["COMPLETED", "PROCESSING", "FAILED"], 124),
        (["COMPLETED", "PROCESSING", None], 4),
    ],
    ids=["succeeded", "failed", "partly", "failed and partly", "deadline", "no such job"],
)
def test_exit_codes(run: Command, ends: list[str | None], code: int) -> None:
    """The exit code tells the worst that has happened."""
    refs = [f"{KIND}/no-such-job" if end is None else _ref(run.sim, ("INITIATED", 30), end) for end in ends]
    assert run("wait", "--timeout", "15m", "--json", *refs).exit_code == code
    assert run("wait", "--timeout", "15m", "--quiet", *refs).exit_code == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["wait", f"{KIND}/1"],
        ["wait", f"{KIND}/1", "--timeout", "soon"],
        ["wait", "--timeout", "15m"],
        ["wait", "kiln.firing/1", "--timeout", "15m"],
        ["wait", "cortex_xdr.action/not-a-number", "--timeout", "15m"],
        ["wait", f"{KIND}/", "--timeout", "15m"],
        ["wait", f"{KIND}/1", "--timeout", "15m", "--report", "no/such/directory/page.html"],
        ["status", "nonsense"],
        ["settle"],
    ],
    ids=" ".join,
)
def test_wrong_usage(run: Command, arguments: list[str]) -> None:
    """Wrong usage ends with 2 and says what is wrong, and nothing is asked of a vendor."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error" in result.stderr
    assert run.sim.asked == []


def test_refused_credentials(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key, or none, ends with 4."""
    ref = _ref(run.sim, "COMPLETED")
    monkeypatch.setenv("SETTLED_CORTEX_XSIAM_KEY", "Very-Secret-Wrong-Key")
    for command in ("wait", "watch"):
        refused = run(command, "--timeout", "15m", ref)
        assert refused.exit_code == 4
        assert "answered 401" in refused.output
        assert "Very-Secret-Wrong-Key" not in refused.output
    assert run("status", ref).exit_code == 4
    monkeypatch.delenv("SETTLED_CORTEX_XSIAM_KEY")
    missing = run("wait", "--timeout", "15m", ref)
    assert missing.exit_code == 4
    assert "SETTLED_CORTEX_XSIAM_KEY is not set" in missing.stderr


def test_lines(run: Command) -> None:
    """Where there is no terminal, each change, each failed poll and each end is a line."""
    ref = _ref(
        run.sim,
        ("INITIATED", 30),
        server_error(),
        dropped(times=2),  # a poll whose kept connection is closed goes out again on a new one
        ("PROCESSING", 30),
        "FAILED",
        error_log="disk\nfull\x1b[2J",
    )
    result = run("wait", "--timeout", "15m", ref)
    assert result.exit_code == 1
    lines = [line[12:] for line in result.stdout.splitlines()]
    assert lines[0] == f"{ref}  INITIATED: disk full\ufffd[2J"
    assert lines[1].startswith(f"{ref}  GET ")
    assert lines[1].endswith("answered 500: internal error; failed 1 in a row; polling again")
    assert "RemoteProtocolError" in lines[2]
    assert lines[3:] == [f"{ref}  PROCESSING: disk full\ufffd[2J", f"{ref}  FAILED -> FAILED: disk full\ufffd[2J"]


def test_lines_of_parts(run: Command) -> None:
    """Each change of an endpoint is a line, too."""
    states = {"laptop": [("PENDING", 30), "COMPLETED_SUCCESSFULLY"], "kiosk": ["ABORTED"]}
    ref = f"cortex_xdr.action/{run.sim.add('cortex_xdr.action', states=states)}"
    result = run("watch", ref)
    assert result.exit_code == 3
    assert [line[12:] for line in result.stdout.splitlines()] == [
        f"{ref}  1 ABORTED, 1 PENDING (1/2 settled)",
        f"{ref}  laptop: PENDING",
        f"{ref}  kiosk: ABORTED",
        f"{ref}  1 ABORTED, 1 COMPLETED_SUCCESSFULLY (2/2 settled) -> PARTIAL",
        f"{ref}  laptop: COMPLETED_SUCCESSFULLY",
    ]


def test_json_lines(run: Command) -> None:
    """With --json each change and each end is an object, each job's end once, equal refs as one."""
    failing = _ref(run.sim, ("INITIATED", 30), ("PROCESSING", 30), "FAILED", error_log="disk full")
    stuck = _ref(run.sim, "PROCESSING")
    result = run("wait", "--timeout", "15m", "--json", failing, stuck, failing)
    objects = _objects(result.stdout)
    changes = [(each["status"], each["outcome"], each["settled"]) for each in objects if each["ref"] == failing]
    assert changes == [("INITIATED", None, False), ("PROCESSING", None, False), ("FAILED", "FAILED", True)]
    change, end = (each for each in objects if each["ref"] == stuck)
    assert (change["error"], end["error"]["type"]) == (None, "WaitTimeout")
    keys = {"ref", "status", "outcome", "settled", "progress", "parts", "detail", "polls", "elapsed", "time", "error"}
    assert all(set(each) == keys for each in objects)
    assert all(each["polls"] > 0 for each in objects)


def test_json_of_parts(run: Command) -> None:
    """Progress and parts are in the objects."""
    states = {"web-01": ["completed"], "web-02": ["failed"]}
    job_id = run.sim.add("osapi.job", states=states, error="no space left")
    (end,) = _objects(run("watch", "--json", f"osapi.job/{job_id}").stdout)
    assert end["progress"] == {"done": 2, "total": 2}
    assert end["parts"]["web-02"] == {"status": "failed", "outcome": "FAILED", "detail": "no space left"}


def test_quiet(run: Command) -> None:
    """With --quiet only what went wrong is told, on standard error."""
    good, bad = _ref(run.sim, "COMPLETED"), _ref(run.sim, "REINDEXING", "FAILED", error_log="disk full")
    assert run("wait", "--timeout", "15m", "--quiet", good).output == ""
    result = run("wait", "--timeout", "15m", "--quiet", good, bad)
    assert (result.stdout, result.stderr) == ("", f"{bad} ended FAILED with status FAILED: disk full\n")


def test_warnings(run: Command) -> None:
    """A warning of an undocumented status goes to standard error, and the library's logger is as it was before."""
    logger = logging.getLogger("settled")
    before = (logger.level, logger.propagate, list(logger.handlers))
    result = run("wait", "--timeout", "15m", "--json", _ref(run.sim, "REINDEXING", "COMPLETED"))
    assert "'REINDEXING', taken for running" in result.stderr
    assert result.exit_code == 0
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


@pytest.mark.parametrize("dash", [[], ["-"]], ids=["piped", "dash"])
def test_refs_from_standard_input(run: Command, dash: list[str]) -> None:
    """Refs are read from standard input, one a line, if there are none, or where - stands."""
    refs = [_ref(run.sim, "COMPLETED") for _ in range(3)]
    result = run("wait", "--timeout", "15m", "--json", *dash, stdin=f"{refs[0]}\n\n{refs[1]}\n  {refs[2]}\n{refs[0]}\n")
    assert {each["ref"] for each in _objects(result.stdout)} == set(refs)
    assert result.exit_code == 0


def test_resume(run: Command) -> None:
    """After the deadline the refs that have not settled are told, with their options, as a command that goes on."""
    done, stuck = _ref(run.sim, "COMPLETED"), _ref(run.sim, "PROCESSING")
    broadcast = f"osapi.job/{run.sim.add('osapi.job', states={'web-01': ['completed']})}"
    result = run("wait", "--timeout", "1m30s", "--quiet", "--expected-agents", "2", done, stuck, broadcast)
    assert result.exit_code == 124
    assert result.stderr.endswith(f"settled wait --timeout 1m30s \\\n  {stuck} \\\n  '{broadcast}?agents=2'\n")
    assert done not in result.stderr


def test_expected_agents(run: Command) -> None:
    """With --expected-agents a job that says `completed` after its first agent goes on."""
    job_id = run.sim.add("osapi.job", states={"web-01": ["completed"], "web-02": ["", ("started", 30), "failed"]})
    assert run("status", f"osapi.job/{job_id}").exit_code == 0
    assert run("wait", "--timeout", "15m", "--expected-agents", "2", f"osapi.job/{job_id}").exit_code == 3


def test_expected_agents_in_a_ref(run: Command) -> None:
    """So many agents are awaited as the ref of a job says; --expected-agents goes before that."""
    ref = f"osapi.job/{run.sim.add('osapi.job', states={'web-01': ['completed'], 'web-02': [('', 60), 'completed']})}"
    result = run("wait", "--timeout", "5s", "--json", f"{ref}?agents=2")
    assert (result.exit_code, _objects(result.stdout)[-1]["ref"]) == (124, f"{ref}?agents=2")
    result = run("wait", "--timeout", "5s", "--json", "--expected-agents", "1", f"{ref}?agents=2", ref)
    assert (result.exit_code, [each["ref"] for each in _objects(result.stdout)]) == (0, [f"{ref}?agents=1"])


def test_bad_option_in_a_ref(run: Command) -> None:
    """A ref with what is no option of its kind is told by its number, and what is allowed."""
    job_id = run.sim.add("osapi.job", states=["completed"])
    result = run("status", f"osapi.job/{job_id}", f"osapi.job/{job_id}?agent=2")
    assert result.exit_code == 2
    assert "number 2 of 2" in result.stderr
    assert "agents=<value>" in result.stderr


def test_status(run: Command) -> None:
    """`status` asks once; its exit code is 0 for a job that goes on, and that of `wait` for one that has settled."""
    running, failed = _ref(run.sim, ("PROCESSING", 60), "COMPLETED"), _ref(run.sim, "FAILED")
    result = run("status", "--json", running)
    assert (result.exit_code, _objects(result.stdout)[0]["settled"]) == (0, False)
    assert len(run.sim.asked) == 1
    result = run("status", running, failed)
    assert result.exit_code == 1
    assert f"{running}  PROCESSING" in result.stdout
    assert f"{failed}  FAILED -> FAILED" in result.stdout


def test_kinds(run: Command) -> None:
    """`kinds` lists all kinds of jobs with their words, in at most 80 columns."""
    listed = run("kinds")
    assert listed.exit_code == 0
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert "COMPLETED_WITH_ERRORS (PARTIAL)" in " ".join(listed.stdout.split())
    names = [each["kind"] for each in _objects(run("kinds", "--json").stdout)]
    assert names == [kind.name for path in SPECS for kind in importlib.import_module(f"settled.{path.stem}").KINDS]


@pytest.mark.parametrize(
    "command", ["", "submit", "wait", "watch", "status", "results", "kinds", "simulate", "demo", "doctor"]
)
def test_help_at_80_columns(run: Command, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Help fits into 80 columns, with nothing cut off, and tells the exit codes."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(*command.split(), "--help")
    assert shown.exit_code == 0
    assert 40 < max(map(len, shown.stdout.splitlines())) <= 80
    assert "..." not in shown.stdout.replace("REF...", "").replace("VENDOR...", "").replace("[ARGS]...", "")
    if not command:
        for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "124 ", "130 "):
            assert f" {code}" in " " + " ".join(shown.stdout.partition("Exit codes:")[2].split())


def test_pipes(in_real_time: Command) -> None:
    """In a process of its own the command reads a pipe, prints JSON Lines, and ends with the right code."""
    refs = [_ref(in_real_time.sim, "INITIATED", "COMPLETED"), _ref(in_real_time.sim, "COMPLETED_WITH_ERRORS")]
    run = in_real_time.process("wait", "--timeout", "30", "--json", stdin="\n".join(refs))
    assert (run.returncode, run.stderr) == (3, "")
    assert {each["outcome"] for each in _objects(run.stdout) if each["settled"]} == {"SUCCEEDED", "PARTIAL"}


@pytest.mark.parametrize("command", [["wait", "--timeout", "15m"], ["watch"]], ids=["wait", "watch"])
def test_interrupted(in_real_time: Command, tmp_path: Path, command: list[str]) -> None:
    """Ctrl-C ends with 130, tells the refs to resume with, and the report is written all the same."""
    done, stuck = _ref(in_real_time.sim, "COMPLETED"), _ref(in_real_time.sim, "PROCESSING")
    page = tmp_path / "page.html"
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with in_real_time.start(*command, done, stuck, "--report", str(page), **pipes) as process:
        assert process.stdout is not None
        while not {done, stuck} <= {each.ref for each in in_real_time.sim.asked}:
            time.sleep(0.02)
        assert process.stdout.readline()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "not settled: 1 of 2 jobs; resume with" in stderr
    assert stderr.endswith(f"\\\n  {stuck}\n")
    assert "Traceback" not in stdout + stderr
    assert stuck in page.read_text(encoding="utf-8")


def test_table_on_a_terminal(run: Command) -> None:
    """On a terminal a table shows each job, its endpoints, polls and outcome as they change."""
    sim, moment = run.sim, 0.0
    sim.clock = lambda: moment
    states = {"laptop": [("IN_PROGRESS", 30), "COMPLETED_SUCCESSFULLY"], "kiosk": ["FAILED"]}
    action = f"cortex_xdr.action/{sim.add('cortex_xdr.action', states=states)}"
    bumpy = _ref(sim, rate_limited(retry_after=0.2), "PROCESSING", "COMPLETED")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 120, 0, 0))
    with run.start("wait", "-t", "60", action, bumpy, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
            if b"IN_PROGRESS" in shown:
                moment += 60
    os.close(ours)
    text = shown.decode()
    run.check(text)
    assert process.returncode == 3
    for word in (action, "laptop", "IN_PROGRESS", "COMPLETED_SUCCESSFULLY", "1/2", "2/2", "running", "PARTIAL"):
        assert word in text
    assert "2 jobs: 1 PARTIAL, 1 SUCCEEDED" in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # what Linux answers when nobody has the other end open
        return b""


def test_without_its_extra() -> None:
    """Without typer the command names the extra that is missing."""
    program = f"import sys; sys.modules['typer'] = None\n{PROGRAM}"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 2
    assert run.stderr == "the settled command needs typer: pip install 'settled[cli]'\n"


@pytest.mark.parametrize("missing", ["rich", "typer"])
def test_demo_without_its_extra(missing: str) -> None:
    """The demo as a module names its extras, too."""
    program = f"import sys; sys.modules['{missing}'] = None\nimport settled.demo"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    told = run.stderr.splitlines()[-1]
    assert told.startswith(f"ModuleNotFoundError: settled.demo needs {missing}")
    assert told.endswith(": pip install 'settled[cli,simulator]'")


@pytest.mark.parametrize("command", ["simulate", "demo"])
def test_without_the_simulator(command: str) -> None:
    """Without its extra, the simulator's commands name it."""
    program = f"import sys; sys.modules['uvicorn'] = None\n{PROGRAM}"
    run = subprocess.run([sys.executable, "-c", program, command], capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 2
    assert run.stderr == "settled: settled.simulator needs uvicorn: pip install 'settled[simulator]'\n"


def test_import_brings_no_command() -> None:
    """`import settled` imports nothing of the command."""
    program = "import sys, settled; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert not {"settled.cli", "typer", "rich"} & set(run.stdout.split())


def test_as_a_module(in_real_time: Command) -> None:
    """`python -m settled` is the command."""
    run = subprocess.run([sys.executable, "-m", "settled", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == in_real_time.process("--version").stdout


@pytest.mark.slow
def test_simulate(in_real_time: Command) -> None:
    """`simulate` tells the settings and refs that a wait in another shell needs, and serves until it is interrupted."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with in_real_time.start("simulate", "--speed", "20", **pipes) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1].startswith("export") or lines[-1].endswith("\\"):
            lines.append(process.stdout.readline().rstrip("\n"))
        exports = [line.removeprefix("export ").replace("'", "").split("=", 1) for line in lines if "export" in line]
        refs = [ref for line in lines if line.startswith("  ") for ref in shlex.split(line.rstrip("\\"))]
        waited = in_real_time.process("wait", "-t", "4", "--json", *refs, **dict(exports))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert waited.returncode == 124
    ends = [each for each in _objects(waited.stdout) if each["settled"]]
    assert {each["outcome"] for each in ends} == {"SUCCEEDED", "PARTIAL", "FAILED"}


@pytest.mark.parametrize(
    ("words", "position", "completed"),
    [
        ("settled wa", 1, {"wait", "watch"}),
        ("settled watch os", 2, {"osapi.job/"}),
        ("settled doctor agile", 2, {"agilesec"}),
        ("settled submit agilesec.e", 2, {"agilesec.execute_scan"}),
        ("settled results cortex_xdr.a", 2, {"cortex_xdr.action/"}),
    ],
    ids=["command", "ref", "vendor", "submit", "ref of results"],
)
def test_completion(
    run: Command, monkeypatch: pytest.MonkeyPatch, words: str, position: int, completed: set[str]
) -> None:
    """The shell completes commands, the kinds of refs, and vendors."""
    asked = {"_SETTLED_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    assert set(run().stdout.split()) == completed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172_800), ("0", 0), ("1.5h", 5400), ("none", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    """Durations are read as people write them."""
    assert Duration.parse(text).seconds == seconds


@pytest.mark.parametrize("text", ["", "-5", "5 m", "30m1h", "1.2.3", "m", "1e3", "inf", "nan", "\u0665"])
def test_no_durations(text: str) -> None:
    """What is no duration is a ValueError that says what would be one."""
    with pytest.raises(ValueError, match=r"duration"):
        Duration.parse(text)


@pytest.mark.slow
def test_simulate_a_command(in_real_time: Command) -> None:
    """A command behind `--` reaches the simulator and its jobs; its exit code is the result, as a shell tells it."""
    follow = 'echo "$SETTLED_SIMULATED_REFS" | "$0" -m settled wait --timeout 4 --json; exit 7'
    run = in_real_time.process(
        "simulate", "--speed", "50", "--", "sh", "-c", follow, sys.executable, SETTLED_CONFIG="x"
    )
    assert run.returncode == 7, run.stderr
    assert {each["outcome"] for each in _objects(run.stdout) if each["settled"]} >= {"SUCCEEDED", "FAILED"}
    assert in_real_time.process("simulate", "--", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM
    missing = in_real_time.process("simulate", "--", "no-such-command")
    assert (missing.returncode, "no-such-command" in missing.stderr) == (2, True)


def test_a_port_in_use_is_named(in_real_time: Command) -> None:
    """`simulate` on a port that is taken says which, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = in_real_time.process("simulate", "--port", str(port))
    assert run.returncode == 2
    assert f"port {port} of 127.0.0.1 is in use: take another one, or 0 for any that is free" in run.stderr


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_live_table_tells_long_ids_apart(sim: Simulator, width: int) -> None:
    """Ids too long for the screen lose their middle while a table is live, and are told in full at the end."""
    ids = [f"aaaaaaaa-0000-4000-8000-00000000000{number}-{'x' * 60}-{number}" for number in range(3)]
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        journal = Journal([cortex_xsiam.byos_import(client, job_id) for job_id in ids], Watcher())
    console = Console(width=width, height=40, file=io.StringIO(), force_terminal=True, color_system=None)
    board = Board(console)
    board.began(journal)
    console.print(board)
    rows = [line for line in console.file.getvalue().splitlines() if line.startswith("cortex")]  # type: ignore[attr-defined]
    assert [row.split()[0][-2:] for row in rows] == ["-0", "-1", "-2"]
    assert all(len(row) <= width and "…" in row.split()[0] for row in rows)
