"""The command as a process: signals that end it, and standard streams that may fail.

A wait must not be lost because a reader has closed the pipe or a disk is full, and a signal must give the command time
to print how to resume.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

BROKEN_PIPE = 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 141

_received: list[int] = []


def interrupt_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does, unless the parent process ignores them."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def interrupted_code() -> int:
    """The exit code of a command that was interrupted: 128 and the signal's number, as in a shell."""
    return 128 + (_received[0] if _received else signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    # While its loop runs, asyncio has its own handler, which cancels the tasks.
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)


def exit_code_of(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command in this environment, and return its exit code as a shell does.

    Raises:
        OSError: If it cannot be started. KeyboardInterrupt: If this process was interrupted; the command has ended.
    """
    with subprocess.Popen(command, env=environ) as process:  # noqa: S603 - the user's own command
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            raise
    return 128 - code if code < 0 else code


class _Output(io.FileIO):
    """A standard stream whose reader may leave and whose disk may be full, without ending the command."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.failure: OSError | None = None
        self.is_needed = False

    def write(self, data: Any) -> int:
        """Write; after the first failure, discard."""
        size = len(memoryview(data))
        if self.failure is None:
            try:
                return super().write(data) or 0
            except OSError as error:
                self.failure = error
                if self.is_needed:
                    raise
            except KeyboardInterrupt:
                # Its reader is alive and does not read: what is left would wait for it again when the process ends.
                self.failure = BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
                raise
        return size


_outputs: dict[int, _Output] = {}


def guard_streams() -> None:
    """Replace standard output and error by streams whose failures, or absence, do not end the command."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # or a connection would get this descriptor
    if sys.stdin is None:
        sys.stdin = io.StringIO()
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, io.TextIOWrapper):
            continue
        encoding = "utf-8" if stream is None else stream.encoding
        output = _outputs[descriptor] = _Output(descriptor)
        # With "strict", a vendor's message would end the command on a terminal that cannot show it.
        guarded = io.TextIOWrapper(io.BufferedWriter(output), encoding, "backslashreplace", line_buffering=True)
        setattr(sys, name, guarded)


def need_output() -> None:
    """End the command when its output cannot be written: the output is all it is for."""
    if 1 in _outputs:
        _outputs[1].is_needed = True


def output_failure() -> str | None:
    """Why standard output could not be written; None if it could, or if its reader has left."""
    failure = _outputs[1].failure if 1 in _outputs else None
    return None if failure is None or failure.errno == errno.EPIPE else failure.strerror
