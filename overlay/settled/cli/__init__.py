"""The `settled` command: wait for jobs from a shell (the extra `cli`: typer, rich)."""

from __future__ import annotations

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
    except KeyboardInterrupt:
        # The imports take up to a second, in which nothing has been done that could be lost.
        sys.exit(130)
    from ._process import guard_streams, interrupt_on_signals

    guard_streams()
    interrupt_on_signals()
    app()
