"""The command among other programs: signals, pipes whose reader leaves, full disks, odd files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from settled import cli, simulator

import _cli

pytestmark = pytest.mark.slow

KIND = "cortex_xsiam.byos_import"


@pytest.fixture
def run(settled_simulator: simulator.Simulator) -> _cli.Command:
    """The command, against a simulator in real time."""
    return _cli.Command(settled_simulator)


def ref(run: _cli.Command, *states: str) -> str:
    """A job that goes through these states."""
    return f"{KIND}/{run.sim.add(KIND, states=list(states))}"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_signals_end_a_wait_in_good_order(run: _cli.Command, tmp_path: Path, number: int, code: int) -> None:
    """The refs to resume with are told and the report is written, whatever asked the command to end."""
    job, report = ref(run, "PROCESSING"), tmp_path / "report.html"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    process = run.start("wait", "-t", "60", "--report", str(report), job, **pipes)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, job in stderr) == (code, True)
    assert job in report.read_text()


@pytest.mark.parametrize("full", ["stdout", "report"])
def test_a_full_disk_costs_neither_refs_nor_code(run: _cli.Command, full: str) -> None:
    """What cannot be written is told, and the wait ends as it would have."""
    job = ref(run, "PROCESSING")
    options = ["--report", "/dev/full"] if full == "report" else []
    with Path("/dev/full").open("w") as disk:
        pipes = {"stdout": disk, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        process = run.start("wait", "-t", "1", *options, job, **pipes)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 124
    assert "No space left" in stderr
    assert job in stderr


def test_watching_ends_with_a_full_disk_and_tells_what_is_open(run: _cli.Command, tmp_path: Path) -> None:
    """The cause is told once, with the command to resume, and the report is written."""
    job, report = ref(run, "PROCESSING"), tmp_path / "report.html"
    with Path("/dev/full").open("w") as disk:
        pipes = {"stdout": disk, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        process = run.start("watch", "--report", str(report), job, **pipes)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 2
    assert stderr.splitlines() == [
        "settled: standard output could not be written: No space left on device",
        "not settled: 1 of 1 job; resume with",
        "settled watch --timeout none \\",
        f"  {job}",
    ]
    assert job in report.read_text()


@pytest.mark.parametrize(("command", "codes"), [("wait", {0}), ("watch", {141}), ("status", {0, 141})])
def test_a_reader_that_leaves(run: _cli.Command, tmp_path: Path, command: str, codes: set[int]) -> None:
    """Nothing is said of it, and a report is written; the exit code is the work's, or that of a broken pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    report = tmp_path / "report.html"
    options = ["-t", "30", "--report", str(report)] if command != "status" else []
    process = run.start(
        command, *options, ref(run, "COMPLETED"), stdout=writer, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    os.close(writer)
    _, errors = process.communicate(timeout=30)
    assert process.returncode in codes
    assert errors == ""
    assert command == "status" or KIND in report.read_text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lists_of_refs_from_other_systems(run: _cli.Command, encoding: str) -> None:
    """Byte order marks, CRLF, comments and empty lines are no part of a ref."""
    job = ref(run, "COMPLETED")
    listed = f"# nightly\r\n\r\n{job}  # the first\r\n\ufeff# a file that was joined to it\r\n".encode(encoding)
    process = subprocess.run(
        [sys.executable, "-m", "settled", "status"],
        input=listed,
        env=run.environ({}),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert job.encode() in process.stdout


def test_a_list_of_refs_that_is_no_text(run: _cli.Command) -> None:
    """Bytes that are not UTF-8 are wrong usage, told in a line and without a traceback."""
    command = [sys.executable, "-m", "settled", "status"]
    process = subprocess.run(  # noqa: S603 - this command
        command, input=b"\xe9", env=run.environ({}), capture_output=True, check=False, timeout=60
    )
    assert process.returncode == 2
    assert b"Invalid value: standard input is not UTF-8 text" in process.stderr
    assert b"Traceback" not in process.stderr


def test_closed_streams(run: _cli.Command) -> None:
    """A command whose standard streams are closed does its work all the same."""
    command = f'exec {sys.executable} -m settled wait -t 30 "{ref(run, "COMPLETED")}" <&- >&- 2>&-'
    process = subprocess.run(["sh", "-c", command], env=run.environ({}), check=False, timeout=60)  # noqa: S603, S607
    assert process.returncode == 0


def test_ctrl_c_while_the_command_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during the imports ends the command with 130, and no traceback."""

    def interrupt(name: str, *_: object) -> None:
        if name == "settled.cli._app":
            raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "settled.cli._app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=interrupt), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
