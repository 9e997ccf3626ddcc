"""A consumer's code, which is only type-checked (mypy --strict, pyright strict), never run."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import settled
from settled import (
    Job,
    Learned,
    Outcome,
    Part,
    Progress,
    Schedule,
    Settling,
    Snapshot,
    WaitOptions,
    agilesec,
    aio,
    cortex_xdr,
    cortex_xsiam,
    errors,
    machine,
    osapi,
)
from settled.aio import AsyncSettling
from settled_clients.agilesec.models import Scan, ScanCallback
from settled_clients.cortex_xdr.models import ActionStatusReply, QueryResultsReply, ScriptExecutionReply, ScriptResults
from settled_clients.cortex_xsiam import AuthenticatedClient
from settled_clients.cortex_xsiam.models import ByosImportJob, ByosImportJobStatus
from settled_clients.osapi.models import Job as JobDetail
from settled_clients.osapi.types import Unset


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
    assert_type(cortex_xsiam.ByosImportTerminal("FAILED").outcome, Outcome)
    assert_type(end.error, errors.SettledError | None)
    changes = settled.watch(job, timeout=timedelta(minutes=5), schedule=Schedule(first=1), unknown="raise")
    assert_type(changes, Generator[Snapshot[ByosImportJob], None, None])
    assert_type(job.fetch(), Snapshot[ByosImportJob])
    assert_type(settled.from_ref("cortex_xsiam.byos_import/7", client), Job[Any])


def with_options(job: Job[ByosImportJob]) -> None:
    """The options are typed, and `on_poll` knows the body."""

    def note(snapshot: Snapshot[ByosImportJob]) -> None:
        assert_type(snapshot.body, ByosImportJob)

    settled.wait(job, timeout=None, on_poll=note, schedule=lambda polls, elapsed: elapsed / 10, patience=300)


async def asynchronous(job: Job[ByosImportJob]) -> None:
    """The async verbs keep it too."""
    assert_type(await aio.wait(job, timeout=900), Snapshot[ByosImportJob])
    assert_type(aio.watch(job, timeout=900), AsyncGenerator[Snapshot[ByosImportJob], None])
    assert_type(await job.fetch_async(), Snapshot[ByosImportJob])


def every_vendor() -> None:
    """Each vendor's jobs know their body."""
    xdr = cortex_xdr.connect("tenant.invalid", key_id="7", key="k")
    assert_type(cortex_xdr.action(xdr, 7), Job[ActionStatusReply])
    assert_type(cortex_xdr.script_execution(xdr, "7"), Job[ScriptExecutionReply])
    platform = agilesec.connect("platform.invalid", token="t", max_rate=None)
    scan = agilesec.create_scan(
        platform, sensor_type="t", sensor_name="n", sensor_config={"a": 1}, priority="high", labels={"team": "blue"}
    )
    assert_type(scan, Job[Scan])
    assert_type(agilesec.execute_scan(platform, "s1"), Job[Scan])
    assert_type(agilesec.parse_callback({}, b"", auth=agilesec.ApiToken("X-Auth", "t")), ScanCallback)
    server = osapi.connect("server.invalid/api", token="t")
    assert_type(osapi.job(server, "7", expected_agents=3), Job[JobDetail])
    assert_type(osapi.run_command(server, "_any", "ls", ["-l"], cwd="/", timeout=60), Job[JobDetail])
    assert_type(osapi.run_shell(server, "_all", "ls | wc"), Job[JobDetail])
    assert_type(osapi.retry_job(server, "7", target="web-01"), Job[JobDetail])
    assert_type([item.id for item in osapi.list_jobs(server, status="failed")], list[str | Unset])


async def submits_in_a_loop(server: osapi.AuthenticatedClient) -> None:
    """The twins for asyncio have the same types."""
    assert_type(await osapi.run_command_async(server, "_any", "ls", ("-l",)), Job[JobDetail])
    assert_type(await osapi.run_shell_async(server, "_all", "ls | wc"), Job[JobDetail])
    assert_type(await osapi.retry_job_async(server, "7"), Job[JobDetail])
    assert_type([item async for item in osapi.list_jobs_async(server)], list[JobDetail])


def submits(client: cortex_xdr.AuthenticatedClient, ids: Sequence[str], some: set[str]) -> None:
    """A submit takes any iterable of ids that is no text, and its job knows its body."""
    assert_type(cortex_xdr.isolate(client, ids, incident_id=7), Job[ActionStatusReply])
    assert_type(cortex_xdr.unisolate(client, some, incident_id="7"), Job[ActionStatusReply])
    assert_type(cortex_xdr.scan_endpoints(client, (each for each in ids)), Job[ActionStatusReply])
    assert_type(cortex_xdr.scan_all_endpoints(client), Job[ActionStatusReply])
    assert_type(cortex_xdr.abort_scan(client, {"a": 1}.keys()), Job[ActionStatusReply])
    assert_type(cortex_xdr.quarantine_file(client, ("a", "b"), path="/x", sha256="7"), Job[ActionStatusReply])
    assert_type(cortex_xdr.restore_file(client, "7", endpoint_id="a"), Job[ActionStatusReply])
    assert_type(cortex_xdr.retrieve_files(client, map(str, ids), linux=["/x"]), Job[ActionStatusReply])
    assert_type(cortex_xdr.run_script(client, "u", {"a": 1}, parameters={"x": 1}), Job[ScriptExecutionReply])
    assert_type(cortex_xdr.run_snippet(client, "x", frozenset(some), timeout=60), Job[ScriptExecutionReply])


async def async_submits(client: cortex_xdr.AuthenticatedClient, ids: list[str]) -> None:
    """Their twins are awaited."""
    assert_type(await cortex_xdr.isolate_async(client, ids), Job[ActionStatusReply])
    assert_type(await cortex_xdr.run_script_async(client, "u", ids, timeout=60), Job[ScriptExecutionReply])


def results(run: Job[ScriptExecutionReply], action: Job[ActionStatusReply], folder: Path) -> None:
    """What jobs have brought: the generated model of the results, and paths."""
    found = cortex_xdr.script_results(run, timeout=timedelta(minutes=1))
    assert_type(found, ScriptResults)
    assert_type(found.results[0].endpoint_id, str)
    assert_type(cortex_xdr.download_script_files(run, "a", folder, timeout=None, max_bytes=7), list[Path])
    assert_type(cortex_xdr.download_retrieved_files(action, "folder", overwrite=True), list[Path])


async def async_results(run: Job[ScriptExecutionReply], action: Job[ActionStatusReply], folder: Path) -> None:
    """Their twins are awaited."""
    assert_type(await cortex_xdr.script_results_async(run, timeout=5), ScriptResults)
    assert_type(await cortex_xdr.download_script_files_async(run, "a", folder), list[Path])
    assert_type(await cortex_xdr.download_retrieved_files_async(action, folder), list[Path])


async def woken(scan: Job[Scan]) -> None:
    """An inbox wakes an async wait."""
    app = agilesec.callback_app(auth=agilesec.BearerToken("t"))
    assert_type(await aio.wait(scan, timeout=900, wake=app.inbox), Snapshot[Scan])


def mixed(job: Job[ByosImportJob]) -> None:
    """A job of one kind is a job of any kind."""
    jobs: list[Job[object]] = [job]
    assert_type(jobs[0].fetch().body, object)


def many(jobs: list[Job[ByosImportJob]], scans: tuple[Job[Scan], ...]) -> None:
    """Many jobs of a kind keep the body's type; a mix still tells how each ended."""
    with settled.as_settled(jobs, timeout=3600, concurrency=50) as ends:
        assert_type(ends, Settling[ByosImportJob])
        ends.add(*jobs)
        for end in ends:
            assert_type(end, Snapshot[ByosImportJob])
    for settled_one in settled.as_settled([*jobs, *scans], timeout=timedelta(hours=1), on_poll=any_kind):
        assert_type(settled_one.outcome, Outcome | None)
        assert_type(settled_one.error, errors.SettledError | None)
        assert_type(settled_one.job.ref, str)


def of_many_vendors(imports: Job[ByosImportJob], scans: list[Job[Scan]], server: osapi.AuthenticatedClient) -> None:
    """Jobs of several vendors make a list, annotated or not, and no wait for it needs a cast."""
    mix: list[Job[Any]] = [imports, *scans]
    mix.append(osapi.job(server, "7"))
    with settled.as_settled(mix, timeout=3600) as ends:
        assert_type(ends, Settling[Any])
        ends.add(imports, settled.from_ref("osapi.job/8", server))
        for end in ends:
            assert_type(end, Snapshot[Any])
            end.raise_for_outcome()
    bare = [imports, scans[0]]
    for each in settled.as_settled(bare, timeout=3600):
        assert_type(each.outcome, Outcome | None)
        if isinstance(each.body, Scan):
            assert_type(each.body, Scan)
    outcomes = {each.job.ref: each.outcome for each in settled.as_settled([*bare, *mix], timeout=3600)}
    assert_type(outcomes, dict[str, Outcome | None])


def any_kind(snapshot: Snapshot[object]) -> None:
    """What takes any snapshot will do for one of any kind."""
    assert_type(snapshot.progress, Progress | None)
    assert_type(snapshot.parts, Mapping[str, Part])
    if snapshot.progress is not None:
        assert_type(snapshot.progress.done, int)
    assert_type([part.outcome for part in snapshot.parts.values()], list[Outcome | None])


async def many_in_a_loop(jobs: list[Job[Scan]], mix: Sequence[Job[Scan] | Job[JobDetail]]) -> None:
    """In asyncio, too; and `on_poll` may be a coroutine function there."""

    async def note(snapshot: Snapshot[object]) -> None:
        assert_type(snapshot.status, str | None)

    async with aio.as_settled(jobs, timeout=3600, on_poll=note) as ends:
        assert_type(ends, AsyncSettling[Scan])
        async for end in ends:
            assert_type(end.body, Scan)
    anything: list[Job[Any]] = [*jobs, *mix]
    async for any_one in aio.as_settled(anything, timeout=3600):
        assert_type(any_one, Snapshot[Any])
    async for settled_one in aio.as_settled(mix, timeout=3600):
        assert_type(settled_one.outcome, Outcome | None)


def on_the_way(job: Job[ByosImportJob]) -> None:
    """A schedule that learns is one, options can be passed on, and an error that ends a wait has what was learnt."""
    imports = Learned(delay=5)
    options: WaitOptions[ByosImportJob] = {"schedule": imports, "patience": 300}
    try:
        settled.wait(job, timeout=900, **options).raise_for_outcome()
    except errors.WaitTimeout as late:
        assert_type(late.ref, str | None)
        assert_type(late.last, Snapshot[Any] | None)
        assert_type(late.seen, Mapping[str, int])
    except errors.OutcomeError as bad:
        assert_type(bad.snapshot, Snapshot[Any])
    except errors.RateLimited as limited:
        assert_type(limited.retry_after, float | None)
    except errors.ApiError as refused:
        assert_type(refused.status_code, int)


def imports(client: AuthenticatedClient) -> None:
    """Assets are models or mappings, and an import is a job of its kind."""
    asset = cortex_xsiam.ExternalAsset(origin_asset_id="a")
    assert_type(
        cortex_xsiam.import_assets(client, [asset, {"origin_asset_id": "b"}], vendor="v", product="p"),
        Job[ByosImportJob],
    )


async def queries(client: cortex_xdr.AuthenticatedClient) -> None:
    """Queries take a time to look at in either form, and give rows to `for` and to `async for`."""
    job = cortex_xdr.start_query(client, "dataset = xdr_data", timeframe=timedelta(days=1), wait_for_slot=60)
    assert_type(job, Job[QueryResultsReply])
    period = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    another = await cortex_xdr.start_query_async(client, "dataset = xdr_data", timeframe=period)
    assert_type(another, Job[QueryResultsReply])
    end = settled.wait(job, timeout=600)
    assert_type(cortex_xdr.xql_rows(end), Iterator[dict[str, Any]])
    assert_type(cortex_xdr.xql_rows_async(end, client=client), AsyncIterator[dict[str, Any]])
    assert_type(cortex_xdr.XqlTerminal("FAIL").outcome, Outcome)
    for row in cortex_xdr.xql_rows(end):
        print(row["event_type"])
    async for row in cortex_xdr.xql_rows_async(end):
        print(row["event_type"])


def resumed(job: Job[ByosImportJob], state: dict[str, Any]) -> None:
    """A wait that was kept is of its job's type again."""
    again = machine.Wait.from_json(state, job, patience=60)
    assert_type(again, machine.Wait[ByosImportJob])
    step = machine.advance(again)
    assert_type(step, Snapshot[ByosImportJob] | machine.Sleep)
