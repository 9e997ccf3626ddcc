"""A consumer's code, which is only type-checked (mypy --strict, pyright strict), never run."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, assert_type

import settled
from settled import Job, Outcome, Schedule, Snapshot, aio, cortex_xsiam, errors
from settled_clients.cortex_xsiam import AuthenticatedClient
from settled_clients.cortex_xsiam.models import ByosImportJob, ByosImportJobStatus


def sync() -> None:
    """The sync verbs keep the body's type."""
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k", advanced=True, max_rate=5, timeout=10)
    assert_type(client, AuthenticatedClient)
    job = cortex_xsiam.byos_import(client, "7")
    assert_type(job, Job[ByosImportJob])
    end = settled.wait(job, timeout=900)
    assert_type(end, Snapshot[ByosImportJob])
    assert_type(end.body, ByosImportJob)
    assert_type(end.body.job_status, ByosImportJobStatus)
    assert_type(end.raise_for_outcome(), Snapshot[ByosImportJob])
    assert_type(end.outcome, Outcome | None)
    assert_type(end.error, errors.SettledError | None)
    changes = settled.watch(job, timeout=timedelta(minutes=5), schedule=Schedule(first=1), unknown="raise")
    assert_type(changes, Iterator[Snapshot[ByosImportJob]])
    assert_type(job.fetch(), Snapshot[ByosImportJob])
    assert_type(settled.from_ref("cortex_xsiam.byos_import/7", client), Job[Any])


def with_options(job: Job[ByosImportJob]) -> None:
    """The options are typed, and `on_poll` knows the body."""

    def note(snapshot: Snapshot[ByosImportJob]) -> None:
        assert_type(snapshot.body, ByosImportJob)

    settled.wait(job, timeout=None, on_poll=note, schedule=lambda polls, elapsed: elapsed / 10, max_failures=3)


async def asynchronous(job: Job[ByosImportJob]) -> None:
    """The async verbs keep it too."""
    assert_type(await aio.wait(job, timeout=900), Snapshot[ByosImportJob])
    assert_type(aio.watch(job, timeout=900), AsyncIterator[Snapshot[ByosImportJob]])
    assert_type(await job.fetch_async(), Snapshot[ByosImportJob])


def mixed(job: Job[ByosImportJob]) -> None:
    """A job of one kind is a job of any kind."""
    jobs: list[Job[object]] = [job]
    assert_type(jobs[0].fetch().body, object)
