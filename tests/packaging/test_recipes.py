"""The recipes on the site do what they say: real programs, run against the simulator."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from settled.simulator import Simulator

from _specs import ROOT

RECIPES = ROOT / "scripts" / "docs" / "recipes"
PAGES = ROOT / "scripts" / "docs" / "pages"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a recipe by its name."""
    monkeypatch.syspath_prepend(RECIPES)

    def imported(name: str) -> ModuleType:
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return imported


def _started(*arguments: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    """A recipe in a process of its own."""
    return subprocess.Popen(  # noqa: S603 - the command is ours
        [sys.executable, *arguments],
        cwd=RECIPES,
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.py")), ids=lambda path: path.stem)
def test_a_page_shows_it(path: Path) -> None:
    """Each recipe is included in a page of the site, and uses no private name and no cast."""
    include = f'--8<-- "scripts/docs/recipes/{path.name}"'
    assert any(include in page.read_text(encoding="utf-8") for page in PAGES.rglob("*.md"))
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"settled\w*(\.\w+)*\._|import _|\bcast\b|type: ignore|pyright:", text)


def test_isolate(tmp_path: Path) -> None:
    """The tests of isolate.py pass as their reader would run them."""
    for name in ("isolate.py", "test_isolate.py"):
        shutil.copy(RECIPES / name, tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_isolate.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout + run.stderr


def test_progress(recipe: Any, sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    """Fifty jobs of all vendors are counted by how they ended, and those that did not succeed are printed."""
    lives: dict[str, Any] = {
        "cortex_xsiam.byos_import": [("PROCESSING", 30), "COMPLETED"],
        "cortex_xdr.action": {"a": [("PENDING", 60), "COMPLETED_SUCCESSFULLY"], "b": ["FAILED"]},
        "cortex_xdr.script_execution": [("IN_PROGRESS", 90), "FAILED"],
        "agilesec.scan": [("running", 600), "successful"],
        "osapi.job": [("processing", 20), "completed"],
    }
    refs = [f"{kind}/{sim.add(kind, states=states)}" for kind, states in [*lives.items()] * 10]
    ends = recipe("progress").wait_for([*refs, refs[0]], timeout=3600)
    assert ends == Counter(SUCCEEDED=30, PARTIAL=10, FAILED=10)
    assert len(re.findall(r"^cortex_xdr\.", capsys.readouterr().out, re.MULTILINE)) == 20


REPOSITORIES = [f"app-{number}" for number in range(6)]


@pytest.mark.parametrize("lines", [2, 12, *(pytest.param(lines, marks=pytest.mark.slow) for lines in (1, 5, 14))])
def test_nightly_survives_a_kill(lines: int, tmp_path: Path) -> None:
    """Killed after so many steps and started again, the script ends all scans, and submits none twice."""
    journal = tmp_path / "journal"
    with Simulator(scan_slots=9) as sim:
        for repository in REPOSITORIES:
            sim.plan_scan(repository, states=[("running", 1.0), "successful"])
        with _started("nightly.py", str(journal), *REPOSITORIES, environ=sim.environ) as process:
            while process.poll() is None and _steps(journal) < lines:
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
        with journal.open("a") as file:
            file.write('{"repository": "app-')  # a line that was cut off
        with _started("nightly.py", str(journal), *REPOSITORIES, environ=sim.environ) as again:
            printed, _ = again.communicate(timeout=60)
        submits = sum(asked.ref == "agilesec.scan/create" for asked in sim.asked)
    steps = [json.loads(line) for line in journal.read_text().splitlines()]
    ended = {step["repository"] for step in steps if step.get("end") == "SUCCEEDED"}
    unclear = set(re.findall(r"^(.+): look whether", printed, re.MULTILINE))
    assert ended | unclear == {*REPOSITORIES}
    assert len(unclear) <= 1
    assert len(ended) <= submits <= len(REPOSITORIES)
    assert again.returncode == (1 if unclear else 0), printed


def _steps(journal: Path) -> int:
    return journal.read_text().count("\n") if journal.exists() else 0


def test_service() -> None:
    """A scan that is started over HTTP ends by its callback, long before the next poll would have been."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with Simulator() as sim:
        token = "not-a-real-token-0123456789"
        sim.plan_scan("shop", states=[("running", 0.5), "failed"], error_code="E42")
        environ = sim.environ | {
            "CALLBACK_TOKEN": token,
            "CALLBACK_ID": sim.register_callback(f"{url}/callbacks/scans", ("bearer", token)),
        }
        arguments = ["uvicorn", "service:service", "--port", str(port), "--log-level", "warning"]
        with _started("-m", *arguments, environ=environ) as process, httpx.Client(base_url=url) as client:
            try:
                _until_it_answers(client)
                scan_id = client.post("/scans/shop").raise_for_status().json()["id"]
                began = time.monotonic()
                while (end := client.get(f"/scans/{scan_id}").json())["outcome"] is None:
                    assert time.monotonic() - began < 60
                    time.sleep(0.02)
                assert client.get("/scans/other").status_code == 404
            finally:
                process.terminate()
                print(process.communicate(timeout=30)[0])
        polls = sim.polls(scan_id)
    assert (end["ref"], end["outcome"]) == (f"agilesec.scan/{scan_id}", "FAILED")
    assert polls <= 3


def _until_it_answers(client: httpx.Client) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            client.get("/scans/none")
            return
        time.sleep(0.05)
    raise AssertionError("the service does not answer")
