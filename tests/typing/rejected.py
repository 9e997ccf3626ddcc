"""A consumer's mistakes, each of which mypy and pyright must reject, for the reason that its comment expects.

The comments also keep `make types` quiet; an ignore that is not needed is an error there.
"""
# mypy: enable-error-code="deprecated"
# What pyright does not know because of a mistake is no mistake of its own:
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

import settled
from settled import Job, Outcome, Snapshot, agilesec, aio, cortex_xdr, cortex_xsiam, osapi
from settled_clients import cortex_xsiam as generated
from settled_clients.agilesec.models import Scan
from settled_clients.cortex_xsiam.models import ByosImportJob


def of_another_kind(snapshot: Snapshot[Scan]) -> None:
    """Takes the snapshots of scans."""


def of_a_word(status: str) -> None:
    """Takes a word."""


xsiam = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
xdr = cortex_xdr.connect("tenant.invalid", key_id=7, key="k")
platform = agilesec.connect("platform.invalid", token="t")
server = osapi.connect("server.invalid", token="t")
job = cortex_xsiam.byos_import(xsiam, "7")
end = job.fetch()
action = cortex_xdr.action(xdr, 7)
scan = agilesec.scan(platform, "7")

# How long, and how.
settled.wait(job)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.watch(job)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.as_settled([job])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(job, 900)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(job, timeout="900")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, unknown="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(job, timeout=1, max_failure=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(job, timeout=1, schedule=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, schedule=len)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(xsiam, timeout=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.as_settled(job, timeout=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.as_settled([xsiam], timeout=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.Schedule(start=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

# Who is told.
settled.wait(job, timeout=1, on_poll=of_another_kind)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, on_poll=of_a_word)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, on_poll=lambda: None)  # type: ignore[arg-type, misc]  # pyright: ignore[reportArgumentType]

# Whose id, and whose client.
cortex_xsiam.byos_import(xsiam, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.byos_import(generated.Client("x"), "7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.byos_import(xdr, "7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.action(xsiam, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.action(xdr, 7.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.script_execution(platform, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
agilesec.scan(server, "7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
agilesec.scan(platform, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
osapi.job(platform, "7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
osapi.run_command(platform, "_any", "ls")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
osapi.run_command(server, "_any", "ls", [7])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
osapi.run_shell(server, "_any", "ls", timeout="9")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
osapi.retry_job(server, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
osapi.list_jobs_async(server, status=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
osapi.job(server, "7", expected_agents="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# With which credentials and options.
cortex_xsiam.connect("tenant.invalid", key="k")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.connect("tenant.invalid", token="t")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
osapi.connect("server.invalid")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
osapi.connect("server.invalid", token="t", max_rat=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
osapi.connect("server.invalid", token="t", max_rate="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# What of which kind of job.
run = cortex_xdr.script_execution(xdr, 7)
cortex_xdr.script_results(action)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.script_results(run, timeout="60")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.download_script_files(run, "folder")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.download_script_files(run, "a", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.download_retrieved_files(run, "folder")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# What is in a body of which kind.
print(end.body.no_such_field)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
log: str = settled.wait(action, timeout=1).body.error_log  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
other: Snapshot[Scan] = settled.wait(job, timeout=1)  # type: ignore[arg-type]  # pyright: ignore[reportAssignmentType]
another: Job[Scan] = job  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
word: str = end.status  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
outcome: Outcome = end.outcome  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
end.outcome = Outcome.FAILED  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
done = end.progress.done  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]

# What a submit takes.
agilesec.create_scan(platform, sensor_type="t")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
agilesec.create_scan(
    platform,
    sensor_type="t",
    sensor_name="n",
    sensor_config={},
    priority="urgent",  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
)
agilesec.submit_scan(platform, sensor_type="t", sensor_name="n", sensor_config={})  # pyright: ignore[reportDeprecated]

# Whom a submit acts on, and with whose client.
cortex_xdr.isolate(xsiam, ["a"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.isolate(xdr)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.isolate(xdr, "a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.isolate(xdr, [7])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
cortex_xdr.unisolate(platform, ["a"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.scan_endpoints(xdr)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.scan_endpoints(xdr, "all")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.scan_all_endpoints(xdr, ["a"])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.abort_scan(xdr, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.quarantine_file(xdr, ["a"], path="/x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.restore_file(xdr, b"7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.retrieve_files(xdr, ["a"], linux="/x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.run_script(xdr, "u")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.run_script(xdr, "u", ["a"], timeout=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.run_snippet(server, "x", ["a"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# What is imported and asked for.
cortex_xsiam.import_assets(xsiam, "a", vendor="v", product="p")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.import_assets(xsiam, [{}], vendor="v")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cortex_xdr.start_query(xsiam, "q")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.start_query(xdr, "q", timeframe=86400)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.xql_rows(cortex_xsiam.xql_query(xsiam, "7"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# What belongs to asyncio, and what does not.
unawaited: Snapshot[ByosImportJob] = aio.wait(job, timeout=1)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
print(aio.wait(job, timeout=1).outcome)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
for snapshot in aio.watch(job, timeout=1):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
    print(snapshot)
for snapshot in aio.as_settled([job], timeout=1):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
    print(snapshot)


async def mixed_up() -> None:
    """In asyncio only what can be awaited is."""
    await cortex_xdr.isolate(xdr, ["a"])  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await cortex_xdr.isolate_async(xdr, "a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await settled.wait(job, timeout=1)  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    async for snapshot in settled.watch(job, timeout=1):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        print(snapshot)
    async with settled.as_settled([job], timeout=1) as ends:  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        print(ends)
    await aio.wait(job, timeout=1, wake="inbox")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
