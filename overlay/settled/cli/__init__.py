"""The `settled` command: wait for jobs from a shell (the extra `cli`: typer, rich)."""

from __future__ import annotations

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command, and end the process with one of the exit codes that `settled --help` lists."""
    try:
        from ._app import app
    except ModuleNotFoundError as error:
        if error.name not in ("rich", "typer"):
            raise
        print(f"the settled command needs {error.name}: pip install 'settled[cli]'", file=sys.stderr)
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):
        # A vendor's message is not to end the command on a terminal that cannot show all of it.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
