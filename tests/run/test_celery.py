"""The site's Celery tasks, in a worker of their own with the broker that Celery has in memory."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from settled import Schedule, machine
from settled.simulator import Simulator, server_error

from _shown import shown
from conftest import KIND

celery = pytest.importorskip("celery")

# Celery waits in real time, so jobs are short and polls frequent.
OFTEN = Schedule(first=0.05, factor=1, cap=1, jitter=0)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Simulator]:
    """A simulator in real time, which the environment names."""
    with Simulator() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environ.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def imports(vendor: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The page's module, and a worker that runs its tasks."""
    from celery.contrib.testing.worker import start_worker

    path = tmp_path_factory.mktemp("celery") / "imports.py"
    path.write_text(shown("tests/run/test_celery.py"))
    spec = importlib.util.spec_from_file_location("imports", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.app.conf.broker_transport_options = {"polling_interval": 0.02}
    with module.client, start_worker(module.app, pool="solo", perform_ping_check=False):
        yield module
    module.app.close()


def _start(imports: ModuleType, job_id: str, *, timeout: float = 60) -> Any:
    job = imports.cortex_xsiam.byos_import(imports.client, job_id)
    return imports.follow.delay(machine.begin(job, timeout=timeout, schedule=OFTEN).to_json())


def test_jobs_are_followed(imports: ModuleType, vendor: Simulator) -> None:
    """Each task ends as its job did, after as many retries as there were pauses; faults on the way are ridden out."""
    lives: list[tuple[list[Any], str]] = [
        (["INITIATED", ("PROCESSING", 0.5), "COMPLETED"], "SUCCEEDED"),
        ([("PROCESSING", 0.3), server_error(), "FAILED"], "FAILED"),
        (["COMPLETED_WITH_ERRORS"], "PARTIAL"),
    ]
    ids = [vendor.add(KIND, states=states) for states, _ in lives]
    results = [_start(imports, job_id) for job_id in ids]
    assert [result.get(timeout=60) for result in results] == [outcome for _, outcome in lives]
    assert vendor.polls(ids[0]) >= 3
    assert vendor.polls(ids[2]) == 1


def test_its_own_deadline(imports: ModuleType, vendor: Simulator) -> None:
    """The deadline is kept across the retries, and the task fails with the error that a wait would have raised."""
    result = _start(imports, vendor.add(KIND, states=["PROCESSING"]), timeout=0.4)
    with pytest.raises(Exception, match=r"still PROCESSING after 0\.4 s") as raised:
        result.get(timeout=60)
    assert type(raised.value).__name__ == "WaitTimeout"


def test_starts_as_shown(imports: ModuleType, vendor: Simulator) -> None:
    """What the page starts a wait with does."""
    assert imports.start(vendor.add(KIND, states=["COMPLETED"])).get(timeout=60) == "SUCCEEDED"
