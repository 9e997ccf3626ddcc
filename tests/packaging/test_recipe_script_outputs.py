"""The recipe `script_outputs.py` does what it says, against the simulated tenant."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from settled.simulator import Simulator

from _specs import ROOT


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch, sim: Simulator) -> ModuleType:
    """The recipe, with the simulator's address and credentials in the environment."""
    monkeypatch.syspath_prepend(ROOT / "scripts" / "docs" / "recipes")
    for name, value in sim.environ.items():
        monkeypatch.setenv(name, value)
    return importlib.import_module("script_outputs")


def test_many_endpoints(recipe: ModuleType, sim: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 200 endpoints the output is kept; one that fails, and one that is offline, are named with the reason."""
    endpoints = [f"{number:032x}" for number in range(200)]
    for endpoint in endpoints[2:]:
        sim.plan_endpoint(endpoint, output=f"I am {endpoint}\n")
    failing, offline, sending = endpoints[:3]
    sim.plan_endpoint(failing, states=["IN_PROGRESS", "FAILED"], output="Traceback\n")
    sim.plan_endpoint(offline, states=["PENDING"])
    sim.plan_endpoint(sending, output="sent", files={"logs/a.log": b"a log"})
    code, folder = tmp_path / "code.py", tmp_path / "out"
    code.write_text("print('I am', name)")
    assert recipe.main(str(code), str(folder), *endpoints) == 1
    assert capsys.readouterr().out == f"{failing}: FAILED\n{offline}: it has not run the script\n"
    assert len(list(folder.glob("*.txt"))) == 199
    assert (folder / f"{endpoints[-1]}.txt").read_text() == f"I am {endpoints[-1]}\n"
    assert (folder / f"{failing}.txt").read_text() == "Traceback\n"
    assert (folder / sending / "logs" / "a.log").read_bytes() == b"a log"
    assert recipe.main(str(code), str(tmp_path / "again"), *endpoints[2:]) == 0


def test_hostile_files(recipe: ModuleType, sim: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An endpoint whose files cannot be taken is named with the reason, and the others' output is there."""
    sim.plan_endpoint("a", output="1", files=b"PK\x03\x04")
    sim.plan_endpoint("b", output="2")
    code, folder = tmp_path / "code.py", tmp_path / "out"
    code.write_text("print(1)")
    assert recipe.main(str(code), str(folder), "a", "b") == 1
    assert "a: cortex_xdr.script_execution/" in capsys.readouterr().out
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {"a.txt", "b.txt"}
