"""The client that the generator makes of our spec with its own templates."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parent.parent.parent / "specs" / "osapi.yaml"


def stock_client() -> Path:
    """The folder that holds the package `stock_osapi`, generated unless it is newer than the spec."""
    folder = Path(sys.prefix, "stock")
    package = folder / "stock_osapi"
    made = package / "client.py"
    if not made.exists() or made.stat().st_mtime < SPEC.stat().st_mtime:
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta=none", "--overwrite"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        subprocess.run(  # noqa: S603 - the command is ours
            [*command, f"--path={SPEC}", f"--output-path={package}"],
            env=os.environ | {"PATH": path},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return folder
