"""Running the command, in this process and in its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import attrs
from typer.testing import CliRunner, Result

from settled.cli._app import app
from settled.simulator import Simulator

# As the installed command; a shell may have begun the tests with SIGINT ignored.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[0] = "settled"
from settled.cli import main
main()
"""


@attrs.frozen
class Command:
    """Runs the command against a simulator, and sees to it that no key is ever shown."""

    sim: Simulator

    def __call__(self, *arguments: str, stdin: str = "") -> Result:
        """Run the command in this process, with the environment's variables as they are."""
        result = CliRunner().invoke(app, list(arguments), input=stdin, prog_name="settled")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        self.check(result.output)
        return result

    def process(self, *arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own."""
        run = subprocess.run(  # noqa: S603
            [sys.executable, "-c", PROGRAM, *arguments],
            env=self.environ({"COLUMNS": "80"} | environ),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.check(run.stdout + run.stderr)
        return run

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start the command in a process of its own."""
        return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], env=self.environ({}), text=True, **options)  # noqa: S603

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """The environment of a process that reaches the simulator."""
        return {**os.environ, "TERM": "xterm", **self.sim.environ, **more}

    def check(self, output: str) -> None:
        """See to it that what was printed shows neither key nor token."""
        assert self.sim.key not in output
        assert self.sim.token not in output
