"""The loopback server from outside: start it on a core of its own, reset it, and read its figures."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

SCRIPTS = Path(__file__).resolve().parent.parent


class Stats(TypedDict):
    """Polls answered since the reset, jobs that were said to be completed, and all CPU seconds the server has used."""

    answered: int
    completed: int
    cpu: float


def cores() -> tuple[int | None, int | None]:
    """The cores for the measured side and for the server; None where there are not two to choose from."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def environment() -> dict[str, str]:
    """The environment in which a subprocess finds this package, and no proxy."""
    paths = [str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run the server in its own process, and yield its URL."""
    _, core = cores()
    command = [sys.executable, "-m", "benchmarks.server", *([] if core is None else [str(core)])]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment()) as process:  # noqa: S603 - ours
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def reset(url: str, *, polls: int, delay: float) -> Stats:
    """Reset the server: each job is processing for so many polls, and each reply takes so many seconds."""
    return _ask(url, "POST", f"/reset?polls={polls}&delay={delay}")


def stats(url: str) -> Stats:
    """The figures of the server since the reset."""
    return _ask(url, "GET", "/stats")


def _ask(url: str, method: str, target: str) -> Stats:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    with contextlib.closing(connection):
        connection.request(method, target)
        stats: Stats = json.load(connection.getresponse())
    return stats
