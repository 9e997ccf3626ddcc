"""A copy of the project in which a new vendor's API is begun, and what is checked of it there."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from _specs import ROOT

sys.path.append(str(ROOT / "scripts" / "regenerate"))
new_api = importlib.import_module("new_api")

# Operations and models, with the attrs that most of them need, are a large part of what importing a vendor costs.
LOADED = """
import importlib, sys
name = sys.argv[1]
importlib.import_module(f"settled.{name}")
generated = tuple(f"settled_clients.{name}.{part}." for part in ("api", "models"))
early = [each for each in sys.modules if each.startswith(generated)]
print("imported too early:", *(early or ["nothing"]))
"""


def copied(folder: Path) -> Path:
    """A copy of the project, with what Python has compiled already."""
    for name in ("specs", "overlay", "scripts", "generated", "tests"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    return folder


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A Python process that takes the packages of a copy for its own."""
    sources = os.pathsep.join(str(folder / name) for name in ("overlay", "generated"))
    return subprocess.Popen(  # noqa: S603 - the command is ours
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": sources},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(*processes: subprocess.Popen[str]) -> list[str]:
    """What processes wrote, once all have ended, and well."""
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    for process, output in zip(processes, outputs, strict=True):
        assert process.returncode == 0, output
    return outputs


def check(folder: Path, name: str, generate: ModuleType) -> None:
    """Generate a new vendor's client, and hold types, style, its own tests and those of all vendors against it.

    Its module must import no operation and no model before it needs one.
    """
    client = folder / "generated" / "settled_clients" / name
    generate.generate_client(folder / "specs" / f"{name}.yaml", folder / "scripts" / "regenerate" / "templates", client)
    module, tests = f"overlay/settled/{name}.py", f"tests/vendors/test_{name}.py"
    of_all = [
        *("tests/core/test_kinds.py", "tests/regeneration/test_examples.py", "tests/regeneration/test_specs.py"),
        *("tests/packaging/test_layout.py", "tests/packaging/test_docs.py"),
        *("tests/vendors/test_arguments.py", "tests/cli/test_demo.py"),
    ]
    chosen = f"{name} or is_checked or every_spec or no_circles or try_the_command"
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    processes = [
        started(folder, *pytest, tests, *of_all, "-k", chosen),
        # Beside the copies, for the next one: what they have in common need not be looked at again.
        started(folder, "-m", "mypy", "--cache-dir", str(folder.parent / "mypy"), module, tests),
        started(folder, "-m", "ruff", "check", module, tests, "tests/core/test_kinds.py"),
        started(folder, "-m", "ruff", "format", "--check", module, tests, "tests/core/test_kinds.py"),
        started(folder, "-c", LOADED, name),
    ]
    words = (" passed", "Success", "passed", "formatted", "imported too early: nothing")
    for word, output in zip(words, ended(*processes), strict=True):
        assert word in output
