"""Builds the distributions, and installs the wheel alone into environments that have nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SUPPORTED = tuple(
    version
    for classifier in PROJECT["classifiers"]
    if (version := classifier.removeprefix("Programming Language :: Python :: ")).startswith("3.")
)
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


class Dist(NamedTuple):
    """What `make dist` has built."""

    sdist: Path
    wheel: Path


def run(*command: str | Path, cwd: Path = ROOT, code: int = 0, path: Path | None = None) -> str:
    """Run a command that ends with this exit code, and return its output; `path` is looked up for programs first."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MYPY", "MAKE"))}
    if path is not None:
        environ["PATH"] = f"{path}{os.pathsep}{environ['PATH']}"
    ended = subprocess.run(  # noqa: S603
        [str(word) for word in command], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == code, f"{command}:\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def make_dist(folder: Path) -> Dist:
    """Build sdist and wheel into a folder, with what the tests run in."""
    programs = Path(sys.executable).parent
    run("make", "--old-file=.venv/ready", "dist", f"BIN={programs}", f"DIST={folder}")
    return _built(folder)


def build(source: Path, folder: Path) -> Dist:
    """Build sdist and wheel into a folder, both from the sources themselves."""
    run(sys.executable, "-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", folder, source)
    return _built(folder)


def _built(folder: Path) -> Dist:
    [sdist], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Dist(sdist, wheel)


def interpreter(version: str) -> str:
    """An interpreter of this version, the one that runs or one on PATH or of pyenv; no test without one."""
    candidates = (
        sys.executable if version == RUNNING else None,
        shutil.which(f"python{version}"),
        *(str(path) for path in sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)),
    )
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        # The shims of a version manager are on PATH even for versions that are not in use, and fail.
        completed = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)  # noqa: S603
        if completed.stdout.strip() == version:
            return candidate
    pytest.skip(f"there is no Python {version} here")


def install(wheel: Path, version: str, folder: Path) -> Path:
    """Install a wheel, without extras, and what it requires into a new environment; returns its interpreter.

    What it requires is pinned, by hashes, as everywhere in the tests. Where pip has no index the test is skipped.
    """
    run(interpreter(version), "-I", "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    wanted = folder / "wanted.txt"
    wanted.write_text(f"settled @ {wheel.as_uri()} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "--timeout", "10", "install")
    pinned = (
        "--require-hashes",
        "--constraint",
        ROOT / "scripts" / "requirements" / "constraints.txt",
        "--requirement",
        wanted,
    )
    failed = _failure_of(*pip, "--quiet", "--no-compile", *pinned)
    if failed and "(from versions: none)" in _failure_of(*pip, "--dry-run", "--no-deps", "attrs"):
        pytest.skip("pip has no index here that knows what the wheel requires")
    assert not failed, failed
    return python


def _failure_of(*command: str | Path) -> str:
    ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)  # noqa: S603
    return ended.stderr or ended.stdout if ended.returncode else ""
