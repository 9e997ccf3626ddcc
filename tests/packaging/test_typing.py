"""Types as a consumer sees them: both checkers, strict, against the wheel in an environment that has nothing else."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from _dist import ROOT, RUNNING, run

pytestmark = pytest.mark.slow

CONSUMERS = ROOT / "tests" / "typing"

# What is built upon classes of an extra (starlette's, Airflow's) is known only where they are installed.
NEED_EXTRAS = ("settled.agilesec._callback_app", "settled.agilesec._callback_app.", "settled.airflow.")

# A file, a line of it, and the rule that the line breaks.
Finding = tuple[str, int, str]


def _expected(checker: str) -> set[Finding]:
    """What the comments of the consumers' modules say that a checker ("type" is mypy) must find."""
    return {
        (path.name, number, rule)
        for path in CONSUMERS.glob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for rules in re.findall(rf"# {checker}: ignore\[(.*?)\]", line)
        for rule in rules.split(", ")
    }


@pytest.fixture
def consumers(tmp_path: Path) -> Path:
    """The consumers' modules away from our sources and settings, without what keeps the checkers quiet."""
    folder = tmp_path / "consumers"
    folder.mkdir()
    for path in CONSUMERS.glob("*.py"):
        bare = re.sub(r"  # (type|pyright): ignore.*", "", path.read_text())
        assert not re.search(r"# \S+: ignore", bare)
        (folder / path.name).write_text(bare)
    return folder


def test_mypy_rejects_mistakes_and_nothing_else(consumers: Path, installed: Callable[[str], Path]) -> None:
    """`mypy --strict` finds, in each line that is marked so, what is expected, and no fault in the others."""
    places = ("--python-executable", installed(RUNNING), "--cache-dir", consumers.parent / "cache")
    options = ("--strict", "--config-file=", "--output=json")
    printed = run(sys.executable, "-m", "mypy", *options, *places, *consumers.glob("*.py"), cwd=consumers, code=1)
    findings = [json.loads(line) for line in printed.splitlines()]
    found = {(Path(each["file"]).name, each["line"], each["code"]) for each in findings if each["severity"] == "error"}
    assert found == _expected("type")


def test_pyright_rejects_mistakes_and_nothing_else(consumers: Path, installed: Callable[[str], Path]) -> None:
    """Pyright's strict mode does the same."""
    (consumers / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    options = ("--project", consumers, "--pythonpath", installed(RUNNING), "--outputjson")
    report: dict[str, Any] = json.loads(run(sys.executable, "-m", "pyright", *options, cwd=consumers, code=1))
    found = {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["rule"])
        for each in report["generalDiagnostics"]
    }
    assert report["summary"]["filesAnalyzed"] == len([*CONSUMERS.glob("*.py")])
    assert found == _expected("pyright")


def test_every_mistake_is_one_to_both() -> None:
    """No line is marked for one of the checkers only, but that mypy sees no deprecation of a decorated function."""
    of_pyright = {finding[:2] for finding in _expected("pyright") if finding[2] != "reportDeprecated"}
    assert {finding[:2] for finding in _expected("type")} == of_pyright


@pytest.mark.parametrize("package", ["settled", "settled_clients"])
def test_every_public_type_is_known(package: str, installed: Callable[[str], Path], tmp_path: Path) -> None:
    """All that a consumer can reach says its type, without a checker's having to infer it."""
    options = ("--verifytypes", package, "--ignoreexternal", "--outputjson")
    # This part of pyright asks the first Python on PATH where packages are.
    programs = installed(RUNNING).parent
    code = 1 if package == "settled" else 0  # for what needs extras
    printed = run(sys.executable, "-m", "pyright", *options, cwd=tmp_path, code=code, path=programs)
    report: dict[str, Any] = json.loads(printed)["typeCompleteness"]
    assert Path(report["packageRootDirectory"]).is_relative_to(programs.parent)
    unknown = {symbol["name"] for symbol in report["symbols"] if not symbol["isTypeKnown"]}
    assert not {name for name in unknown if not name.startswith(NEED_EXTRAS)}
    assert len(report["symbols"]) > 100
