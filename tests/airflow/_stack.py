"""A small Airflow of its own: metadata in SQLite, a scheduler that runs tasks itself, a triggerer, all on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

# What a whole run may take, and how often its state is looked at.
PATIENCE_SECONDS = 600
_LOOK_SECONDS = 0.5

_COMMANDS = {
    # The part of the server that tasks report to.
    "api-server": ("--apps", "execution", "--host", "127.0.0.1", "--workers", "1", "--port"),
    "scheduler": ("--skip-serve-logs",),
    "triggerer": ("--skip-serve-logs",),
}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@attrs.define
class Stack:
    """Airflow in a directory: `start` and `kill` a part, run commands, read what the tasks have come to."""

    home: Path
    dags: Path
    environment: Mapping[str, str]
    port: int = attrs.field(factory=_free_port)
    _processes: dict[str, subprocess.Popen[bytes]] = attrs.field(factory=dict[str, "subprocess.Popen[bytes]"])

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every process: its own settings, and no other Airflow's."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        return inherited | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.port}/execution/",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            # A triggerer that is silent for so long is dead, and another takes its triggers.
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
            **self.environment,
        }

    @property
    def database(self) -> Path:
        """The file of the metadata."""
        return self.home / "airflow.db"

    def run(self, *arguments: str) -> None:
        """Run a command of Airflow's to its end; CalledProcessError if it fails."""
        with self._log("commands") as log:
            subprocess.run(_airflow(*arguments), env=self.environ, stdout=log, stderr=log, check=True)  # noqa: S603

    def start(self, part: str) -> None:
        """Start a part of Airflow, in a process group of its own."""
        arguments = _COMMANDS[part] + ((str(self.port),) if part == "api-server" else ())
        with self._log(part) as log:
            self._processes[part] = subprocess.Popen(  # noqa: S603
                _airflow(part, *arguments), env=self.environ, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, part: str) -> None:
        """Kill a part, with all processes that it has started."""
        process = self._processes.pop(part)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        """Kill what is still there."""
        for part in list(self._processes):
            self.kill(part)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until something is the case; AssertionError, with the ends of the logs, if a part dies or it is late."""
        began = time.monotonic()
        while not condition():
            dead = [part for part, process in self._processes.items() if process.poll() is not None]
            assert not dead, f"{what}: {dead} died\n{self._ends_of_logs()}"
            assert time.monotonic() - began < PATIENCE_SECONDS, f"{what}: too late\n{self._ends_of_logs()}"
            time.sleep(_LOOK_SECONDS)

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the metadata says."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()

    def results(self, dag_id: str, key: str = "return_value") -> dict[tuple[str, int], tuple[str, Any]]:
        """State and XCom of each task of a DAG, by its id and its place among those of the same id."""
        rows = self.query(
            "select task.task_id, task.map_index, task.state, xcom.value from task_instance task left join xcom "
            "on xcom.dag_id = task.dag_id and xcom.task_id = task.task_id and xcom.map_index = task.map_index "
            "and xcom.key = ? where task.dag_id = ?",
            (key, dag_id),
        )
        return {(task, index): (state, value and json.loads(value)) for task, index, state, value in rows}

    def task_logs(self) -> str:
        """All that tasks and triggers have logged."""
        return "\n".join(path.read_text() for path in sorted(self.home.glob("logs/dag_id=*/**/*.log*")))

    def all_logs(self) -> str:
        """All that was logged anywhere."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.home.rglob("*.log*")))

    @contextlib.contextmanager
    def _log(self, name: str) -> Iterator[Any]:
        with (self.home / f"{name}.log").open("ab") as log:
            yield log

    def _ends_of_logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-2000:]}" for path in sorted(self.home.glob("*.log")))


@contextlib.contextmanager
def stack(home: Path, dags: Path, environment: Mapping[str, str]) -> Iterator[Stack]:
    """An Airflow with fresh metadata, of which nothing runs yet, and nothing is left running."""
    keys = {
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
    }
    made = Stack(home, dags, {**keys, **environment})
    # Nothing is to be left running, either, when the test itself is ended.
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        made.run("db", "migrate")
        yield made
    finally:
        made.kill_all()
        signal.signal(signal.SIGTERM, before)


def _airflow(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]
