"""What scripts/regenerate/new_api.py writes, against the type checker."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import generate
import new_api

ROOT = Path(__file__).resolve().parents[2]


def test_scaffold_type_checks(tmp_path: Path) -> None:
    """A new vendor's module and its test pass mypy as they are written."""
    for name in ("specs", "overlay", "scripts", "generated", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert new_api.main(["oven_works", "--root", str(tmp_path)]) == 0
    client = tmp_path / "generated" / "settled_clients" / "oven_works"
    generate.generate_client(
        tmp_path / "specs" / "oven_works.yaml", tmp_path / "scripts" / "regenerate" / "templates", client
    )
    command = [sys.executable, "-m", "mypy", "overlay/settled/oven_works.py", "tests/vendors/test_oven_works.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout
