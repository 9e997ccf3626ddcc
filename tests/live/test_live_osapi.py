"""OSAPI's whole story against a real server, which these environment variables name; without them nothing is run.

SETTLED_LIVE_OSAPI_URL and SETTLED_LIVE_OSAPI_TOKEN are those of `osapi.connect`, SETTLED_LIVE_OSAPI_JOB is the id of a
job that has settled, or will within SETTLED_LIVE_OSAPI_SECONDS (default 60). Nothing is changed on the server, unless
SETTLED_LIVE_OSAPI_TARGET names agents (a target, such as _any or _all) that may run `true`, `sleep` and the like.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

import settled
from settled import Job, Outcome, aio, errors, osapi
from settled_clients.osapi import AuthenticatedClient
from settled_clients.osapi.api.agents import list_agents
from settled_clients.osapi.api.jobs import delete_job
from settled_clients.osapi.models import Job as JobDetail

from conftest import WaitFunction

URL = os.environ.get("SETTLED_LIVE_OSAPI_URL", "")
TOKEN = os.environ.get("SETTLED_LIVE_OSAPI_TOKEN", "")
JOB = os.environ.get("SETTLED_LIVE_OSAPI_JOB", "")
TARGET = os.environ.get("SETTLED_LIVE_OSAPI_TARGET", "")
SECONDS = float(os.environ.get("SETTLED_LIVE_OSAPI_SECONDS", "60"))

pytestmark = pytest.mark.skipif(
    not (URL and TOKEN), reason="SETTLED_LIVE_OSAPI_URL and SETTLED_LIVE_OSAPI_TOKEN are not set"
)
needs_target = pytest.mark.skipif(not TARGET, reason="SETTLED_LIVE_OSAPI_TARGET is not set")
needs_job = pytest.mark.skipif(not JOB, reason="SETTLED_LIVE_OSAPI_JOB is not set")


@pytest.fixture
def client() -> Iterator[AuthenticatedClient]:
    """A client of the server."""
    with osapi.connect(URL, token=TOKEN) as connected:
        yield connected


@pytest.fixture
def job(client: AuthenticatedClient) -> Job[JobDetail]:
    """The job that was named."""
    return osapi.job(client, JOB)


@pytest.fixture
def unknown(client: AuthenticatedClient) -> Job[JobDetail]:
    """A job that nobody has submitted."""
    return osapi.job(client, str(uuid.uuid4()))


def _is_not_found(error: errors.SettledError | None) -> bool:
    # For some seconds a wait takes the job for one that is still to come.
    return isinstance(error, errors.NotFound) or isinstance(error and error.__cause__, errors.NotFound)


@needs_job
def test_fetch(job: Job[JobDetail]) -> None:
    """A job is read: its status is a documented word, its body the typed model."""
    snapshot = job.fetch()
    assert snapshot.is_known
    assert snapshot.status
    assert snapshot.raw["id"].lower() == JOB.lower()
    assert snapshot.body.status == snapshot.status


@needs_job
def test_wait(job: Job[JobDetail], wait: WaitFunction) -> None:
    """A wait ends with the job's outcome."""
    end = wait(job, timeout=SECONDS)
    assert end.outcome is settled.osapi.OsapiJobTerminal.outcome_of(end.status)
    assert end.is_settled


@needs_job
def test_resume(job: Job[JobDetail], client: AuthenticatedClient, wait: WaitFunction) -> None:
    """A ref is enough to come to the same end."""
    resumed: Job[Any] = settled.from_ref(job.ref, client)
    assert wait(resumed, timeout=SECONDS).outcome is wait(job, timeout=SECONDS).outcome


@needs_job
def test_watch(job: Job[JobDetail]) -> None:
    """The last of the changes is the end."""
    changes = list(settled.watch(job, timeout=SECONDS))
    assert [change.is_settled for change in changes] == [False] * (len(changes) - 1) + [True]


@needs_job
def test_many_jobs(job: Job[JobDetail], unknown: Job[JobDetail]) -> None:
    """Of two jobs each comes out once: the one with its outcome, the other with the error that says why."""
    ends = {end.job: end for end in settled.as_settled([job, unknown], timeout=SECONDS)}
    assert ends[job].is_settled
    assert _is_not_found(ends[unknown].error)


@needs_job
def test_many_jobs_in_a_loop(job: Job[JobDetail], unknown: Job[JobDetail]) -> None:
    """In asyncio, too."""

    async def main() -> dict[Job[JobDetail], settled.Snapshot[JobDetail]]:
        async with job.client:
            return {end.job: end async for end in aio.as_settled([job, unknown], timeout=SECONDS)}

    ends = asyncio.run(main())
    assert ends[job].is_settled
    assert _is_not_found(ends[unknown].error)


def test_unknown_job(unknown: Job[JobDetail]) -> None:
    """A job that nobody knows is NotFound, with the server's sentence."""
    with pytest.raises(errors.NotFound) as raised:
        unknown.fetch()
    assert raised.value.message
    assert raised.value.path.endswith(f"/job/{unknown.id}")


def test_unknown_job_may_still_come(unknown: Job[JobDetail], wait: WaitFunction) -> None:
    """A wait gives it some time to appear."""
    with pytest.raises(errors.WaitTimeout) as raised:
        wait(unknown, timeout=1)
    assert isinstance(raised.value.__cause__, errors.NotFound)


@pytest.mark.parametrize(
    "token", ["wrong-token-of-the-live-tests", f"{TOKEN[:-4]}AAAA"], ids=["no JWT", "bad signature"]
)
def test_wrong_token(token: str, wait: WaitFunction) -> None:
    """A token that the server does not accept ends a wait at once, and is not shown."""
    with osapi.connect(URL, token=token or "x") as client, pytest.raises(errors.AuthenticationError) as raised:
        wait(osapi.job(client, JOB or str(uuid.uuid4())), timeout=SECONDS)
    assert token not in str(raised.value) + repr(raised.value)


def test_malformed_id(client: AuthenticatedClient, wait: WaitFunction) -> None:
    """An id that is none is a bad request."""
    with pytest.raises(errors.BadRequest, match="id"):
        wait(osapi.job(client, "no-id"), timeout=SECONDS)


@needs_job
def test_path_prefixes() -> None:
    """The server has its jobs under the root or under /api, and where they are not says so with a clear error."""
    root = URL.rstrip("/").removesuffix("/api")
    found: list[str] = []
    messages: list[str] = []
    for prefix in ("", "/api"):
        with osapi.connect(root + prefix, token=TOKEN) as client:
            try:
                found.append(osapi.job(client, JOB).fetch().raw["id"])
            except (errors.ApiError, errors.MalformedResponse) as error:
                messages.append(str(error))
    assert all(f"/job/{JOB}" in each for each in messages)
    assert found
    assert {each.lower() for each in found} == {JOB.lower()}


def test_list_jobs(client: AuthenticatedClient) -> None:
    """Each job is listed once, and in a list of its status alone."""
    ids = [item.id for item in osapi.list_jobs(client)]
    assert len(ids) == len(set(ids))
    completed = [(item.id, item.status) for item in osapi.list_jobs(client, status="completed")]
    assert {status for _, status in completed} <= {"completed"}


def test_list_agents(client: AuthenticatedClient) -> None:
    """Agents are read by the generated model, and have no field that it does not know."""
    listed: Any = list_agents.sync(client=client)
    assert listed.total == len(listed.agents)
    assert {name for agent in listed.agents for name in agent.additional_properties} == set()


@needs_target
@pytest.mark.parametrize("args", [[], ["-c", "exit 3"]], ids=["nothing", "arguments"])
def test_run_command(client: AuthenticatedClient, wait: WaitFunction, args: list[str]) -> None:
    """A command is a job, which is completed whatever its exit code, and goes from its ref to the same end."""
    submitted = osapi.run_command(client, TARGET, "sh" if args else "true", args, cwd="/", timeout=20)
    assert submitted.ref.startswith(f"osapi.job/{submitted.id}?agents=")
    end = wait(settled.from_ref(submitted.ref, client), timeout=SECONDS)
    assert end.outcome is Outcome.SUCCEEDED
    assert ("exit code 3" in str(end.detail)) == bool(args)


@needs_target
def test_slow_command(client: AuthenticatedClient, wait: WaitFunction) -> None:
    """A job that the server does not wait for is found in its list."""
    marker = uuid.uuid4().hex
    submitted = osapi.run_shell(client, TARGET, f"sleep 33; echo {marker}", timeout=60)
    end = wait(submitted, timeout=SECONDS + 60)
    assert end.outcome is Outcome.SUCCEEDED
    assert marker in str(end.raw)


@needs_target
def test_failed_command(client: AuthenticatedClient) -> None:
    """A program that is not there is a job that has failed."""
    end = settled.wait(osapi.run_command(client, TARGET, f"/no/such/{uuid.uuid4().hex}"), timeout=SECONDS)
    assert end.outcome is Outcome.FAILED
    assert "no such file" in str(end.detail)


@needs_target
def test_retry_job(client: AuthenticatedClient, wait: WaitFunction) -> None:
    """A retry is another job, which does the same; a job that is deleted can be retried no more."""
    old = osapi.run_command(client, TARGET, "true")
    new = osapi.retry_job(client, old.id)
    end = wait(new, timeout=SECONDS)
    assert new.id != old.id
    assert end.outcome is Outcome.SUCCEEDED
    with osapi.connect(URL, token=TOKEN) as again:
        assert delete_job.sync_detailed(old.id, client=again).status_code == 204
        with pytest.raises(errors.NotFound, match="job not found"):
            osapi.retry_job(again, old.id)


@needs_target
def test_submits_in_a_loop(client: AuthenticatedClient) -> None:
    """In asyncio, too."""

    async def main() -> None:
        async with client:
            submitted = await osapi.run_shell_async(client, TARGET, "true | true")
            new = await osapi.retry_job_async(client, submitted.id)
            assert (await aio.wait(new, timeout=SECONDS)).outcome is Outcome.SUCCEEDED
            listed = [item.id async for item in osapi.list_jobs_async(client)]
            assert {submitted.id, new.id} <= set(listed)

    asyncio.run(main())


def test_unknown_target(client: AuthenticatedClient) -> None:
    """A target that no agent is makes no job."""
    with pytest.raises(errors.BadRequest, match="not found"):
        osapi.run_command(client, f"no-agent-{uuid.uuid4().hex}", "true")
