"""Cortex XDR: what scripts put out, and the files that jobs bring, over real HTTP to the simulator."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import inspect
import io
import os
import pickle
import shutil
import stat
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from settled import Job, cortex_xdr, errors
from settled._cortex import downloads
from settled._cortex.archives import safe_name
from settled.simulator import Simulator, bad_gateway, dropped, rate_limited, server_error, slow, truncated
from settled.testing import VirtualClock
from settled_clients.cortex_xdr import AuthenticatedClient
from settled_clients.cortex_xdr.api.actions import get_quarantine_status
from settled_clients.cortex_xdr.models import (
    QuarantineCandidate,
    QuarantineStatusQuery,
    QuarantineStatusReply,
    QuarantineStatusRequest,
)

from conftest import Answering

A = "3f9d1c7a5be24c0f8a6e2d4b90c71e58"
B = "b04e7d2296aa4f13bd58c1e0f7a3926c"
DONE = ("COMPLETED_SUCCESSFULLY",)
SCRIPT, ACTION = "cortex_xdr.script_execution", "cortex_xdr.action"
MOST_ENTRIES = 10_000

Call = Callable[..., Any]
Connect = Callable[..., AuthenticatedClient]
MakeJob = Callable[..., Job[Any]]


@pytest.fixture
def connected(sim: Simulator) -> Iterator[Connect]:
    """Makes clients of the simulated tenant, or of another address, without a rate limit."""
    with contextlib.ExitStack() as clients:

        def connect(url: str = sim.url, **options: Any) -> AuthenticatedClient:
            options = {"max_rate": None} | options
            return clients.enter_context(cortex_xdr.connect(url, key_id=sim.key_id, key=sim.key, **options))

        yield connect


@pytest.fixture
def client(connected: Connect) -> AuthenticatedClient:
    """A client of the simulated tenant, without a rate limit."""
    return connected()


@pytest.fixture
def make_job(answering: Answering, connected: Connect) -> MakeJob:
    """Makes a script run of a tenant that answers with these replies, one after the other."""
    return lambda *replies: cortex_xdr.script_execution(connected(answering(*replies)), 1)


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Calls a function with a job, or its twin in an event loop; the job's client is closed after that."""

    def here(function: str, job: Job[Any], *args: Any, **keywords: Any) -> Any:
        with job.client:
            return getattr(cortex_xdr, function)(job, *args, **keywords)

    def in_a_loop(function: str, job: Job[Any], *args: Any, **keywords: Any) -> Any:
        async def main() -> Any:
            async with job.client:
                return await getattr(cortex_xdr, f"{function}_async")(job, *args, **keywords)

        return asyncio.run(main())

    return here if request.param == "sync" else in_a_loop


@pytest.fixture
def script(sim: Simulator, client: AuthenticatedClient) -> MakeJob:
    """Makes a script run that is over on an endpoint, which has brought these files."""

    def make(files: Mapping[str, bytes] | bytes | None = None, *, states: Any = DONE) -> Job[Any]:
        sim.plan_endpoint(A, files=files)
        return cortex_xdr.script_execution(client, sim.add(SCRIPT, states={A: states}))

    return make


@pytest.fixture
def retrieval(sim: Simulator, client: AuthenticatedClient) -> MakeJob:
    """Makes an action that has retrieved these files, by endpoint."""

    def make(**files: Mapping[str, bytes] | bytes | None) -> Job[Any]:
        for endpoint, each in files.items():
            sim.plan_endpoint(endpoint, files=each)
        return cortex_xdr.action(client, sim.add(ACTION, states=dict.fromkeys(files, DONE)))

    return make


def asked(sim: Simulator, operation: str) -> list[int]:
    """The HTTP statuses that the requests of an operation were answered with."""
    return [each.status_code for each in sim.asked if each.ref.endswith(f"/{operation}")]


def inside(folder: Path) -> dict[str, bytes]:
    """All files of a folder by path, hidden ones and empty folders (as nothing) too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"(folder)"
        for path in folder.rglob("*")
        if path.is_file() or not any(path.iterdir())
    }


def packed(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    """An archive with these entries, as they are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate name", UserWarning)
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    """An entry that Unix takes for something else than a file."""
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (mode | 0o777) << 16
    return entry


# The results of a script run.


def test_results(sim: Simulator, client: AuthenticatedClient, call: Call) -> None:
    """Each endpoint's output is there under its id, with what the script returned and named itself."""
    sim.plan_endpoint(A, output={"standard_output": "sshd\n", "_return_value": ["sshd"], "services": 2})
    sim.plan_endpoint(B, output="no such command")
    job = cortex_xdr.script_execution(client, sim.add(SCRIPT, states={A: DONE, B: ["FAILED"]}))
    reply = call("script_results", job)
    first, second = reply.results
    assert (first.endpoint_id, first.standard_output, first.execution_status) == (A, "sshd\n", DONE[0])
    assert first["_return_value"] == ["sshd"]
    assert first.additional_properties == {"_return_value": ["sshd"], "services": 2}
    assert (second.endpoint_id, second.standard_output, second.execution_status) == (B, "no such command", "FAILED")
    assert reply.script_name == "simulated"


def test_partial_results(sim: Simulator, clock: VirtualClock, call: Call, connected: Connect) -> None:
    """While a run goes on, there are the results of the endpoints that have begun."""
    sim.plan_endpoint(A, output="done")
    states = {A: [("PENDING", 10), ("IN_PROGRESS", 10), DONE[0]], B: ["PENDING"]}
    job_id = sim.add(SCRIPT, states=states)
    found: list[list[tuple[str, str]]] = []
    for _ in range(3):
        fresh = connected()
        results = call("script_results", cortex_xdr.script_execution(fresh, job_id)).results
        found.append([(each.endpoint_id, each.standard_output) for each in results])
        clock.advance(10)
    assert found == [[], [(A, "")], [(A, "done")]]


def test_unknown_run(client: AuthenticatedClient, call: Call) -> None:
    """A run that the API does not know is an error with the API's own words, though it answers 200."""
    with pytest.raises(errors.ApiError, match="there is no such action") as raised:
        call("script_results", cortex_xdr.script_execution(client, 4712))
    assert raised.value.status_code == 200


@pytest.mark.parametrize(
    "reply",
    [
        {"reply": None},
        {"reply": []},
        {"reply": {"results": 7}},
        {"reply": {"results": [7]}},
        {"reply": {"results": [{"endpoint_name": "x"}]}},
        [],
        7,
    ],
    ids=str,
)
def test_malformed_results(make_job: MakeJob, call: Call, reply: Any) -> None:
    """Results of another form are an error of ours."""
    job = make_job(reply)
    with pytest.raises(errors.MalformedResponse):
        call("script_results", job)


@pytest.mark.parametrize("results", [{}, {"results": None}, {"results": []}], ids=str)
def test_no_results_yet(make_job: MakeJob, call: Call, results: dict[str, Any]) -> None:
    """A reply without results has an empty list of them."""
    job = make_job({"reply": {"script_name": "x"} | results})
    assert call("script_results", job).results == []


def test_failures_that_pass(sim: Simulator, script: MakeJob, clock: VirtualClock, call: Call) -> None:
    """429 and 5xx, dropped connections and cut answers are ridden out, each after a pause."""
    sim.plan_reads("get_script_execution_results", rate_limited(7), bad_gateway(times=2), dropped(), truncated())
    began = clock.now()
    assert call("script_results", script()).results
    assert asked(sim, "get_script_execution_results") == [429, 502, 502, 200, 200, 200]
    assert clock.now() - began >= 7


def test_failures_that_last(sim: Simulator, script: MakeJob, clock: VirtualClock, call: Call) -> None:
    """The last failure is raised when the time is over, which no pause exceeds."""
    sim.plan_reads("get_script_execution_results", server_error(503, times=1000))
    began = clock.now()
    with pytest.raises(errors.ServerError):
        call("script_results", script(), timeout=20)
    assert clock.now() - began <= 20
    assert len(asked(sim, "get_script_execution_results")) > 2


def test_refusals_at_once(sim: Simulator, script: MakeJob, tmp_path: Path, call: Call, connected: Connect) -> None:
    """A 403 is not asked for a second time."""
    sim.plan_reads("get_script_execution_results", server_error(403))
    with pytest.raises(errors.PermissionDenied):
        call("script_results", job := script({"a": b"1"}))
    assert asked(sim, "get_script_execution_results") == [403]
    sim.plan_reads("get_script_execution_results_files", server_error(403))
    fresh = connected()
    with pytest.raises(errors.PermissionDenied):
        call("download_script_files", cortex_xdr.script_execution(fresh, job.id), A, tmp_path)
    assert asked(sim, "get_script_execution_results_files") == [403]
    assert inside(tmp_path) == {}


def test_turn_that_comes_too_late(sim: Simulator, clock: VirtualClock, call: Call, connected: Connect) -> None:
    """The time holds for the wait for the client's rate, too; nothing is sent then, and the client does not pause."""
    client = connected(max_rate=0.1)
    job = cortex_xdr.script_execution(client, sim.add(SCRIPT, states={A: DONE}))
    cortex_xdr.script_results(job)
    began = clock.now()
    with pytest.raises(errors.RateLimited, match="the client's max_rate allows it only in 1"):
        call("script_results", job, timeout=5)
    assert clock.now() == began
    assert asked(sim, "get_script_execution_results") == [200]


# What jobs are taken.


@pytest.mark.parametrize("function", ["script_results", "download_script_files", "download_retrieved_files"])
def test_jobs_of_another_kind(sim: Simulator, client: AuthenticatedClient, call: Call, function: str) -> None:
    """A job of the wrong kind is a TypeError that names both, and nothing is sent."""
    args = {"script_results": (), "download_script_files": (A, "x"), "download_retrieved_files": ("x",)}[function]
    job: Job[Any] = cortex_xdr.action(client, 1)
    if function == "download_retrieved_files":
        job = cortex_xdr.script_execution(client, 1)
    with pytest.raises(TypeError, match=rf"{function} takes a job of kind cortex_xdr\.\w+, not cortex_xdr\.\w+"):
        call(function, job, *args)
    for value in ("cortex_xdr.action/1", None):
        with pytest.raises(TypeError, match="not a job"):
            getattr(cortex_xdr, function)(value, *args)
    assert sim.asked == []


def test_detached_jobs(client: AuthenticatedClient) -> None:
    """A job that was pickled says how to get a client."""
    job = pickle.loads(pickle.dumps(cortex_xdr.script_execution(client, 1)))  # noqa: S301 - made here
    with pytest.raises(ValueError, match=r"settled\.from_ref\(job\.ref, client\)"):
        cortex_xdr.script_results(job)


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"timeout": -1}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"timeout": "60"}, TypeError),
        ({"max_bytes": 0}, ValueError),
        ({"max_bytes": "1"}, TypeError),
    ],
    ids=str,
)
def test_bad_arguments(sim: Simulator, script: MakeJob, tmp_path: Path, keywords: Any, error: type[Exception]) -> None:
    """An argument that cannot be right is refused before anything is sent."""
    with pytest.raises(error):
        cortex_xdr.download_script_files(script({"a": b"1"}), A, tmp_path, **keywords)
    assert sim.asked == []


def test_bad_folders(sim: Simulator, script: MakeJob, tmp_path: Path) -> None:
    """A file in the folder's place is a ValueError, and what is no path or no id a TypeError, before all else."""
    (tmp_path / "file").write_text("mine")
    job = script({"a": b"1"})
    with pytest.raises(ValueError, match="no folder but a file"):
        cortex_xdr.download_script_files(job, A, tmp_path / "file")
    with pytest.raises(TypeError):
        cortex_xdr.download_script_files(job, A, 7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="endpoint_id must be a str"):
        cortex_xdr.download_script_files(job, 7, tmp_path)  # type: ignore[arg-type]
    assert sim.asked == []


# Files.


@pytest.mark.parametrize("field", ["DATA", "data"])
def test_script_files(sim: Simulator, script: MakeJob, tmp_path: Path, call: Call, field: str) -> None:
    """The files of an archive are written below the folder, which is made, and their paths returned."""
    sim.plan_links(field=field)
    files = {"out/log.txt": b"a log", "empty": b"", "out/deep/er": bytes(700_000)}
    paths = call("download_script_files", script(files), A, tmp_path / "new" / "folder")
    assert paths == [tmp_path / "new" / "folder" / name for name in files]
    assert inside(tmp_path / "new" / "folder") == files


def test_retrieved_files(sim: Simulator, retrieval: MakeJob, tmp_path: Path, call: Call) -> None:
    """Each endpoint that has files gets a folder of its own; one that has none is left out."""
    paths = call("download_retrieved_files", retrieval(a={"x": b"1"}, b={"x": b"2"}, c=None), str(tmp_path))
    assert paths == [tmp_path / "a" / "x", tmp_path / "b" / "x"]
    assert inside(tmp_path) == {"a/x": b"1", "b/x": b"2"}
    assert asked(sim, "file_retrieval_details") == [200]


def results_of(job: Job[Any], folder: Path | None, timeout: float | None = 5, *, overwrite: bool = False) -> list[Any]:
    """All that a kind has as the results of a job, whichever it is."""
    assert job.kind.results is not None
    return list(job.kind.results(job.fetch(), folder, timeout, overwrite))


def test_all_results_of_a_script(sim: Simulator, client: AuthenticatedClient, tmp_path: Path) -> None:
    """What a script has put out comes first, then the files of each endpoint that has some, in a folder of its own."""
    sim.plan_endpoint("../a", output="hello", files={"x": b"1"})
    sim.plan_endpoint("b", output="bye")
    job = cortex_xdr.script_execution(client, sim.add(SCRIPT, states={"../a": DONE, "b": DONE}))
    [output] = results_of(job, None)
    assert {each["endpoint_id"]: each["standard_output"] for each in output["results"]} == {"../a": "hello", "b": "bye"}
    again, path = results_of(job, tmp_path)
    assert again == output
    assert path.parent.parent == tmp_path
    assert path.read_bytes() == b"1"
    path.write_bytes(b"older")
    with pytest.raises(FileExistsError):
        results_of(job, tmp_path)
    assert results_of(job, tmp_path, overwrite=True) == [output, path]
    assert path.read_bytes() == b"1"


@pytest.mark.parametrize(("count", "asks"), [(1, True), ("1", True), (0, False), ("0", False), (None, False)])
def test_counts_of_files(make_job: MakeJob, tmp_path: Path, count: Any, asks: bool) -> None:
    """Files are asked for where an endpoint has any, whether the tenant counts in numbers or in texts."""
    one = {"endpoint_id": 17, "standard_output": "", "retrieved_files": count}
    job = make_job(
        {"reply": {"general_status": "COMPLETED_SUCCESSFULLY"}}, {"reply": {"results": [one]}}, {"reply": {}}
    )
    if asks:
        with pytest.raises(errors.SettledError):
            results_of(job, tmp_path)
    else:
        assert len(results_of(job, tmp_path)) == 1


def test_all_results_of_an_action(retrieval: MakeJob, tmp_path: Path) -> None:
    """The results of an action are files, so it needs a folder for them."""
    job = retrieval(a={"x": b"1"})
    with pytest.raises(ValueError, match=r"^the results of an action are files: name a folder for them$"):
        results_of(job, None)
    [path] = results_of(job, tmp_path)
    path.write_bytes(b"older")
    with pytest.raises(FileExistsError):
        results_of(job, tmp_path)
    assert results_of(job, tmp_path, overwrite=True) == [path]
    assert path.read_bytes() == b"1"


@pytest.mark.parametrize("kind", [ACTION, SCRIPT])
def test_results_have_a_time_limit(sim: Simulator, client: AuthenticatedClient, kind: str, tmp_path: Path) -> None:
    """The limit holds for each request for results."""
    sim.plan_endpoint(A, files={"x": b"1"})
    job_id = sim.add(kind, states={A: DONE})
    job = cortex_xdr.action(client, job_id) if kind == ACTION else cortex_xdr.script_execution(client, job_id)
    with pytest.raises(ValueError, match="timeout"):
        results_of(job, tmp_path, -1.0)


def test_no_files(script: MakeJob, retrieval: MakeJob, tmp_path: Path, call: Call) -> None:
    """Where there are no files, an error says so, and no folder is made."""
    for function, job, args in (
        ("download_script_files", script(), (A,)),
        ("download_retrieved_files", retrieval(a=None), ()),
    ):
        with pytest.raises(errors.ApiError, match=r"has (no )?files") as raised:
            call(function, job, *args, tmp_path / "new")
        assert raised.value.status_code == 200
    assert inside(tmp_path) == {}


@pytest.mark.parametrize("name", ["error_message", "err_msg"])
def test_why_there_are_no_files(
    name: str, answering: Answering, connected: Connect, tmp_path: Path, call: Call
) -> None:
    """What the tenant says of files that are not there stands in the error."""
    client = connected(answering({"reply": {name: "the files are gone"}}))
    for function, args in (
        ("download_script_files", (cortex_xdr.script_execution(client, "1"), A)),
        ("download_retrieved_files", (cortex_xdr.action(client, 1),)),
    ):
        with pytest.raises(errors.ApiError, match="the files are gone"):
            call(function, *args, tmp_path)


def test_files_that_are_there(script: MakeJob, tmp_path: Path) -> None:
    """A file that is there already stays as it is, and nothing new comes beside it, unless it may be replaced."""
    (tmp_path / "b").write_bytes(b"mine")
    job = script({"a": b"1", "b": b"2"})
    with pytest.raises(FileExistsError, match=r"b is there already; overwrite=True replaces"):
        cortex_xdr.download_script_files(job, A, tmp_path)
    assert inside(tmp_path) == {"b": b"mine"}
    cortex_xdr.download_script_files(job, A, tmp_path, overwrite=True)
    assert inside(tmp_path) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_and_folders_of_one_name(script: MakeJob, tmp_path: Path, overwrite: bool) -> None:
    """A file never takes a folder's place, or a folder a file's, and nothing else is written then."""
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "folder").mkdir()
    for name in ("file/x", "file/x/y", "folder"):
        with pytest.raises(FileExistsError, match="is there already"):
            cortex_xdr.download_script_files(script({"a": b"1", name: b"2"}), A, tmp_path, overwrite=overwrite)
    assert inside(tmp_path) == {"file": b"mine", "folder": b"(folder)"}


def test_two_downloads_at_once(script: MakeJob, tmp_path: Path) -> None:
    """Of two downloads into one folder, one finds the other's file and leaves it."""
    job = script({"a": b"1" * 100_000})

    async def main() -> list[list[Path] | BaseException]:
        async with job.client:
            both = [cortex_xdr.download_script_files_async(job, A, tmp_path) for _ in range(2)]
            return await asyncio.gather(*both, return_exceptions=True)

    first, second = sorted(asyncio.run(main()), key=lambda each: isinstance(each, Exception))
    assert first == [tmp_path / "a"]
    assert isinstance(second, FileExistsError)
    assert inside(tmp_path) == {"a": b"1" * 100_000}


def test_links_within_the_folder(script: MakeJob, tmp_path: Path) -> None:
    """A symbolic link in the folder does not lead the files out of it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "out").symlink_to(tmp_path / "outside")
    for overwrite in (False, True):
        with pytest.raises(ValueError, match="a link in the folder leads out of it"):
            cortex_xdr.download_script_files(script({"out/a/b": b"1"}), A, tmp_path / "folder", overwrite=overwrite)
    assert inside(tmp_path / "outside") == {}


# Links.


def test_link_that_expires(sim: Simulator, script: MakeJob, tmp_path: Path, clock: VirtualClock, call: Call) -> None:
    """A link that has expired, while the download was retried, is asked for anew."""
    sim.plan_links(seconds=3)
    sim.plan_reads("download", rate_limited(10))
    assert call("download_script_files", script({"a": b"1"}), A, tmp_path)
    assert asked(sim, "download") == [429, 403, 200]
    assert asked(sim, "get_script_execution_results_files") == [200, 200]


def test_link_that_is_always_refused(sim: Simulator, script: MakeJob, tmp_path: Path, call: Call) -> None:
    """A new link that is refused, too, is the end; the error does not show the link."""
    sim.plan_links(seconds=0)
    with pytest.raises(errors.PermissionDenied, match="the link has expired") as raised:
        call("download_script_files", script({"a": b"1"}), A, tmp_path)
    assert asked(sim, "download") == [403, 403]
    assert inside(tmp_path) == {}
    for token in sim.endpoint_files.links:
        assert token not in str(raised.value) + raised.value.path


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://elsewhere.invalid/public_api/v1/download/t1", "/public_api/v1/download/t1"),
        ("https://download/t1?sig=a%2Fb&x=1", "/public_api/v1/download/t1?sig=a%2Fb&x=1"),
        ("download/t1/t2=", "/public_api/v1/download/t1/t2="),
        ("//elsewhere.invalid/x/download/t1#part", "/public_api/v1/download/t1"),
    ],
)
def test_the_path_of_a_link_counts(  # noqa: PLR0917 - pytest gives them by name
    answering: Answering, make_job: MakeJob, tmp_path: Path, call: Call, link: str, path: str
) -> None:
    """Whatever host a link names, it is read from the client's own address, with the credentials."""
    job = make_job({"reply": {"data": link}}, Response(packed(("a", b"1")), media_type="application/zip"))
    call("download_script_files", job, A, tmp_path)
    request = answering.requests[1]
    assert request.url.path + (f"?{request.url.query}" if request.url.query else "") == path
    assert request.headers["authorization"] == "simulated-key"


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.invalid/x",
        "https://elsewhere.invalid/download/../../users",
        "download/%2e%2e/users",
        "download/..\\users",
        "download/a\nHost: x",
        7,
        {"a": 1},
    ],
)
def test_links_that_lead_elsewhere(
    answering: Answering, make_job: MakeJob, tmp_path: Path, call: Call, link: Any
) -> None:
    """A link without the path of a download is refused, and nothing is sent."""
    job = make_job({"reply": {"DATA": link}})
    with pytest.raises(errors.MalformedResponse, match="leads to no download"):
        call("download_script_files", job, A, tmp_path)
    assert len(answering.requests) == 1
    assert inside(tmp_path) == {}


def test_redirects_are_not_followed(make_job: MakeJob, tmp_path: Path, call: Call) -> None:
    """The key does not travel with a redirect."""
    away = Response(status_code=302, headers={"Location": "http://127.0.0.1:9/x"})
    job = make_job({"reply": {"data": "download/1"}}, away)
    with pytest.raises(errors.ApiError) as raised:
        call("download_script_files", job, A, tmp_path)
    assert raised.value.status_code == 302


def test_a_tenant_that_wants_post(answering: Answering, make_job: MakeJob, tmp_path: Path, call: Call) -> None:
    """Where GET is not allowed, the archive is read as the vendor's page says, with POST."""
    refusal, archive = JSONResponse({}, 405), Response(packed(("a", b"1")))
    job = make_job({"reply": {"DATA": "download/1"}}, refusal, archive)
    assert call("download_script_files", job, A, tmp_path)
    assert [request.method for request in answering.requests] == ["POST", "GET", "POST"]


# Downloads that go wrong.


def test_downloads_that_fail_and_pass(
    sim: Simulator, script: MakeJob, tmp_path: Path, clock: VirtualClock, call: Call
) -> None:
    """429, 5xx, dropped connections and streams cut in the middle are ridden out, and one file comes of it."""
    sim.plan_reads("get_script_execution_results_files", server_error(503))
    sim.plan_reads("download", rate_limited(3), truncated(), bad_gateway(), dropped(), truncated())
    content = bytes(range(256)) * 4000
    assert call("download_script_files", script({"a": content}), A, tmp_path)
    assert inside(tmp_path) == {"a": content}
    assert len(asked(sim, "download")) == 6


def test_stream_cut_in_the_middle(
    sim: Simulator, script: MakeJob, retrieval: MakeJob, tmp_path: Path, call: Call
) -> None:
    """Of a stream that is always cut, nothing is left in the folder."""
    sim.plan_reads("download", truncated(times=1000))
    files = {"a": bytes(300_000)}
    for function, job, args in (
        ("download_script_files", script(files), (A,)),
        ("download_retrieved_files", retrieval(a=files), ()),
    ):
        with pytest.raises(errors.TransportError) as raised:
            call(function, job, *args, tmp_path, timeout=10)
        assert inside(tmp_path) == {}
        assert len(str(raised.value)) <= 300


def test_silent_server(sim: Simulator, script: MakeJob, tmp_path: Path, real_time: None, call: Call) -> None:
    """The time bounds the whole call, also where the server says nothing."""
    sim.plan_reads("download", slow(2, times=100))
    with pytest.raises(errors.TransportError):
        call("download_script_files", script({"a": b"1"}), A, tmp_path, timeout=0.3)
    assert inside(tmp_path) == {}


@pytest.mark.parametrize("content", [b"1" * 5001, bytes(5001)], ids=["packed", "unpacked"])
def test_too_large_files(script: MakeJob, tmp_path: Path, call: Call, content: bytes) -> None:
    """What has more bytes than allowed, as it comes or unpacked, is refused at once, and nothing is left of it."""
    files = content if content[:1] == b"1" else {"a": content}
    with pytest.raises(errors.MalformedResponse, match="more bytes than max_bytes"):
        call("download_script_files", script(files), A, tmp_path, max_bytes=5000)
    assert inside(tmp_path) == {}


def test_too_large_files_are_not_asked_for_again(sim: Simulator, script: MakeJob, tmp_path: Path) -> None:
    """It is of no use to receive again what was too large."""
    with pytest.raises(errors.MalformedResponse):
        cortex_xdr.download_script_files(script(b"1" * 100_000), A, tmp_path, max_bytes=5000)
    assert asked(sim, "download") == [200]
    default = inspect.signature(cortex_xdr.download_script_files).parameters["max_bytes"].default
    assert default == 2**30


def test_size_of_the_whole_call(retrieval: MakeJob, tmp_path: Path, call: Call) -> None:
    """The size bounds all endpoints together; what was complete before stays."""
    job = retrieval(a={"x": bytes(3000)}, b={"x": bytes(3000)})
    with pytest.raises(
        errors.MalformedResponse,
        match=r"^cortex_xdr\.action/\d+: the files of endpoint b: more bytes than max_bytes allows",
    ):
        call("download_retrieved_files", job, tmp_path, max_bytes=5000)
    assert list(inside(tmp_path)) == ["a/x"]


def test_web_pages(answering: Answering, make_job: MakeJob, tmp_path: Path, clock: VirtualClock, call: Call) -> None:
    """A proxy's page instead of an archive may pass, and is an error if it does not."""
    page = Response("<html>log in</html>", media_type="text/html")
    job = make_job({"reply": {"DATA": "download/1"}}, page)
    with pytest.raises(errors.MalformedResponse, match="a web page came") as raised:
        call("download_script_files", job, A, tmp_path, timeout=20)
    assert raised.value.is_html
    assert len(answering.requests) > 3
    assert inside(tmp_path) == {}


def test_cancelled_download(sim: Simulator, script: MakeJob, tmp_path: Path) -> None:
    """A download that is cancelled leaves nothing behind."""
    sim.plan_reads("download", slow(5))
    job = script({"a": b"1"})

    async def main() -> None:
        async with job.client:
            task = asyncio.ensure_future(cortex_xdr.download_script_files_async(job, A, tmp_path))
            while not inside(tmp_path):
                await asyncio.sleep(0.01)
            task.cancel()
            await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert inside(tmp_path) == {}


def test_new_folders_without_a_file(make_job: MakeJob, tmp_path: Path, call: Call) -> None:
    """No folder that was made for files stays if none came."""
    job = make_job({"reply": {"DATA": "download/1"}}, JSONResponse({}, 403))
    with pytest.raises(errors.PermissionDenied):
        call("download_script_files", job, A, tmp_path / "new" / "in" / "new")
    assert inside(tmp_path) == {}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("function", ["link", "write"])
def test_full_disk(  # noqa: PLR0917 - pytest gives them by name
    script: MakeJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    failure: BaseException,
    overwrite: bool,
) -> None:
    """A disk that is full is the error of the operating system; like Ctrl-C it leaves nothing, at whatever step."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"mine")
    count = 0

    def fail(*args: Any, **_: Any) -> Any:
        nonlocal count
        count += 1
        if count >= 3:
            raise failure
        return place(*args)

    place: Any = shutil.copyfile if function == "link" else downloads._Body.write
    ways = ((os, "link"), (Path, "rename"), (Path, "replace"))
    for owner, name in ways if function == "link" else ((downloads._Body, "write"),):
        monkeypatch.setattr(owner, name, fail)
    job = script({"out/a": os.urandom(100_000), "new/deep/b": os.urandom(100_000), "new/c": b"3"})
    with pytest.raises(type(failure)) as raised:
        cortex_xdr.download_script_files(job, A, tmp_path, overwrite=overwrite)
    assert raised.value is failure
    assert inside(tmp_path) == {"out/mine": b"mine"}


@pytest.mark.parametrize("way", ["links", "no links"])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_what_was_replaced_comes_back(
    script: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, way: str
) -> None:
    """After a failure with overwrite=True the folder is as it was, the files that were replaced already included."""
    before = {"a": b"mine", "deep/b": b"mine, too", "z": b"the last"}
    for name, content in before.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to("z")
    replace = Path.replace

    def fail_in_the_end(source: Path, target: Path) -> Path:
        if target.name == "z" and source.parent.name != "replaced":
            raise failure
        return replace(source, target)

    def no_links(*_: Any, **__: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "replace", fail_in_the_end)
    if way == "no links":
        monkeypatch.setattr(os, "link", no_links)
    job = script({"a": b"1", "deep/b": b"2", "link": b"3", "new/c": b"4", "z": b"5"})
    with pytest.raises(type(failure)) as raised:
        cortex_xdr.download_script_files(job, A, tmp_path, overwrite=True)
    assert raised.value is failure
    assert inside(tmp_path) == before | {"link": b"the last"}
    assert (tmp_path / "link").is_symlink()


def test_an_empty_answer(make_job: MakeJob, tmp_path: Path, clock: VirtualClock, call: Call) -> None:
    """An answer without content is no file, as an archive has some; it is asked for again, in case that it passes."""
    job = make_job({"reply": {"DATA": "download/1"}}, Response(b""), Response(packed(("empty", b""))))
    call("download_script_files", job, A, tmp_path / "1")
    assert inside(tmp_path) == {"1/empty": b""}
    job = make_job({"reply": {"DATA": "download/1"}}, Response(b""))
    with pytest.raises(errors.MalformedResponse, match="an empty answer came instead of files"):
        call("download_script_files", job, A, tmp_path / "2", timeout=20)
    assert inside(tmp_path) == {"1/empty": b""}


def test_json_instead_of_files(make_job: MakeJob, tmp_path: Path, clock: VirtualClock, call: Call) -> None:
    """An error with the HTTP status of success is no file."""
    job = make_job({"reply": {"DATA": "download/1"}}, {"reply": {"err_msg": "no such file"}})
    with pytest.raises(errors.MalformedResponse, match="JSON came instead of files"):
        call("download_script_files", job, A, tmp_path, timeout=20)
    assert inside(tmp_path) == {}


def test_tokens_in_refusals(make_job: MakeJob, tmp_path: Path, call: Call) -> None:
    """A refusal that quotes what is behind the link shows none of it."""
    told_of = JSONResponse({"reply": {"err_msg": "no t0ken-of-a-link", "err_extra": "for sig+nature/1"}}, 400)
    link = {"reply": {"DATA": "download/t0ken-of-a-link?sig=sig%2Bnature%2F1"}}
    job = make_job(link, told_of, link)
    with pytest.raises(errors.BadRequest, match="no …") as raised:
        call("download_script_files", job, A, tmp_path)
    assert not any(token in repr(vars(raised.value)) + str(raised.value) for token in ("t0ken", "nature"))


# Archives and names.

HOSTILE = {
    "above": packed(("../above", b"x")),
    "above, in the middle": packed(("ok", b"1"), ("a/../../above", b"x")),
    "above, as Windows writes it": packed(("..\\above", b"x")),
    "above, in signs that nobody can read": packed(("../" + "\x01" * 90, b"x")),
    "above, with blanks": packed((".. /above", b"x")),
    "a symbolic link": packed((special("link", stat.S_IFLNK), b"/etc/passwd")),
    "a link, and a file behind it": packed((special("d", stat.S_IFLNK), b"/tmp"), ("d/x", b"x")),
    "a device": packed((special("null", stat.S_IFCHR), b"")),
    "a pipe": packed((special("pipe", stat.S_IFIFO), b"")),
    "a file and a folder": packed(("a", b"1"), ("a/b", b"2")),
    "a folder and a file": packed(("a/b", b"2"), ("a", b"1")),
    "too deep": packed(("/".join("a" * 40), b"x")),
    "too long": packed(("/".join(["a" * 100] * 12), b"x")),
    "many entries": packed(*((f"{number}", b"") for number in range(MOST_ENTRIES + 1))),
    "cut": packed(("a", bytes(1000)))[:-30],
    "only a beginning": b"PK\x03\x04",
    "wrong checksum": packed(("a", b"some text")).replace(
        struct.pack("<I", zlib.crc32(b"some text")),
        b"\x01\x02\x03\x04",
    ),
    "a list that lies": packed(("a", b"1"))[:-10] + struct.pack("<IIH", 2**31, 2**31, 0),
    "a NUL": packed(("a?b", b"x")).replace(b"a?b", b"a\0b"),
}


@pytest.mark.parametrize("archive", HOSTILE.values(), ids=HOSTILE)
def test_hostile_archives(script: MakeJob, tmp_path: Path, call: Call, archive: bytes) -> None:
    """An archive that no honest sender makes is refused as a whole: nothing is within the folder, or outside."""
    folder = tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    with pytest.raises(errors.MalformedResponse) as raised:
        call("download_script_files", script(archive), A, folder)
    assert inside(tmp_path) == {"in/side": b"(folder)"}
    assert len(str(raised.value)) <= 300


def test_bombs(script: MakeJob, tmp_path: Path) -> None:
    """What an archive unpacks to is counted, whatever it says of itself."""
    bomb = packed(("a", bytes(50 * 2**20)))
    size = struct.pack("<I", 50 * 2**20)
    assert bomb.count(size) == 2
    with pytest.raises(errors.MalformedResponse, match="more bytes than max_bytes"):
        cortex_xdr.download_script_files(script(bomb), A, tmp_path, max_bytes=2**20)
    with pytest.raises(errors.MalformedResponse, match="cannot be read"):
        cortex_xdr.download_script_files(script(bomb.replace(size, struct.pack("<I", 5))), A, tmp_path)
    assert inside(tmp_path) == {}


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["/etc/passwd"], ["etc/passwd"]),
        (["C:\\Users\\ann\\x.exe", "d:/x"], ["C/Users/ann/x.exe", "d/x"]),
        (["\\\\server\\share\\x"], ["server/share/x"]),
        (["a", "a", "A"], ["a", "a (2)", "A (3)"]),
        (["x.txt", "X.TXT", "x (2).txt"], ["x.txt", "X (2).TXT", "x (2) (2).txt"]),
        (["e\u0301", "\u00e9"], ["e\u0301", "\u00e9 (2)"]),
        (["CON", "nul.txt", "a:b", "x|y*?", "tail. "], ["_CON", "_nul.txt", "a_b", "x_y__", "tail"]),
        (["a\x1b[31m", "\u202egpj.exe"], ["a_[31m", "_gpj.exe"]),
        (["a" * 300 + ".log"], ["a" * 196 + ".log"]),
        (["folder/", "folder/x", "./y"], ["folder/x", "y"]),
    ],
    ids=str,
)
def test_names(script: MakeJob, tmp_path: Path, call: Call, names: list[str], written: list[str]) -> None:
    """A name is only ever a path below the folder that every file system takes, and each file keeps its content."""
    archive = packed(*((name, str(number).encode()) for number, name in enumerate(names)))
    paths = call("download_script_files", script(archive), A, tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == written
    contents = [str(number).encode() for number, name in enumerate(names) if not name.endswith("/")]
    assert [path.read_bytes() for path in paths] == contents
    assert len(inside(tmp_path)) == len(written)


def test_what_is_no_archive(script: MakeJob, tmp_path: Path, call: Call) -> None:
    """What is no archive, or cannot be opened because it is encrypted, is kept as one file under the sent name."""
    assert call("download_script_files", script(b"just a text"), A, tmp_path / "1") == [tmp_path / "1" / f"{A}.zip"]
    assert inside(tmp_path / "1") == {f"{A}.zip": b"just a text"}


def test_encrypted_archives(sim: Simulator, script: MakeJob, tmp_path: Path) -> None:
    """An archive that needs a password is kept as it is."""
    archive = bytearray(packed(("a", b"1")))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    [path] = cortex_xdr.download_script_files(script(bytes(archive)), A, tmp_path)
    assert path.read_bytes() == bytes(archive)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="../../evil"', "evil"),
        ("attachment; filename=..\\..\\evil.zip", "evil.zip"),
        ("attachment; filename*=utf-8''%2e%2e%2fevil", "evil"),
        ('attachment; filename=".."', "_"),
        ("attachment", A),
        (";;;=", A),
        # What the email package cannot read, at least in some versions of Python; from the first, 3.14 has "b".
        ("attachment; filename*=a; filename*0=b", "b" if sys.version_info >= (3, 14) else A),
        ("attachment; filename*=idna''x", A),
        (f"attachment; filename*{'9' * 5000}*=x", A),
    ],
)
def test_names_in_headers(make_job: MakeJob, tmp_path: Path, call: Call, header: str, name: str) -> None:
    """The name that an answer gives to what is no archive is that of one file in the folder."""
    content = Response(b"text", headers={"Content-Disposition": header})
    job = make_job({"reply": {"DATA": "download/1"}}, content)
    call("download_script_files", job, A, tmp_path / "folder")
    assert inside(tmp_path) == {f"folder/{name}": b"text"}


def test_hostile_endpoint_ids(answering: Answering, connected: Connect, tmp_path: Path, call: Call) -> None:
    """An endpoint's id leads out of the folder no more than any other name."""
    links = {"reply": {"data": {"../out": "download/1", "/etc": "download/2", "..": "download/3"}}}
    client = connected(answering(links, Response(packed(("a", b"1")))))
    call("download_retrieved_files", cortex_xdr.action(client, 1), tmp_path / "folder")
    assert set(inside(tmp_path)) == {"folder/.._out/a", "folder/_etc/a", "folder/_/a"}


def test_refusal_after_a_hostile_endpoint(sim: Simulator, retrieval: MakeJob, tmp_path: Path, call: Call) -> None:
    """A refusal ends the call at once, and tells what went wrong, and well, before."""
    job = retrieval(a={"x": b"1"}, b=packed(("../x", b"")), c={"x": b"3"}, d={"x": b"4"})
    sim.plan_reads("download", slow(0), slow(0), server_error(403, times=2))
    with pytest.raises(errors.PermissionDenied, match=r"files of endpoint c: GET .*download/… answered 403") as raised:
        call("download_retrieved_files", job, tmp_path)
    assert inside(tmp_path) == {"a/x": b"1"}
    [other, written] = raised.value.__notes__
    assert "endpoint b" in other
    assert written == "files of other endpoints that were written: 1"


def test_one_hostile_endpoint(retrieval: MakeJob, tmp_path: Path, call: Call) -> None:
    """An endpoint that sends a hostile archive keeps no other one's files from coming, and is told in the end."""
    job = retrieval(a={"x": b"1"}, b=packed(("../x", b"")), c={"x": b"3"}, d=b"PK\x03\x04")
    with pytest.raises(errors.MalformedResponse, match="endpoint b: the archive has") as raised:
        call("download_retrieved_files", job, tmp_path)
    assert inside(tmp_path) == {"a/x": b"1", "c/x": b"3"}
    [other, written] = raised.value.__notes__
    assert "endpoint d" in other
    assert written == "files of other endpoints that were written: 2"
    assert copy.copy(raised.value).__notes__ == raised.value.__notes__


@pytest.mark.parametrize("text", ["", ".", "..", "/", "a/b", "\\", "CON.x", " ", "\0", "\ud800", "ä" * 200])
def test_safe_names(text: str, tmp_path: Path) -> None:
    """Any text makes the name of one file."""
    (tmp_path / safe_name(text)).write_bytes(b"x")
    assert [path.name for path in tmp_path.iterdir()] == [safe_name(text)]


# What else is read.


def test_quarantine_status(sim: Simulator, client: AuthenticatedClient) -> None:
    """The generated operation says which files are in quarantine, as a list."""
    cortex_xdr.quarantine_file(client, [A], path="/x", sha256="ab" * 32)
    files = [QuarantineCandidate(endpoint_id=endpoint, file_path="/x", file_hash="ab" * 32) for endpoint in (A, B)]
    body = QuarantineStatusRequest(request_data=QuarantineStatusQuery(files=files))
    with client:
        reply = get_quarantine_status.sync(client=client, body=body)
    assert isinstance(reply, QuarantineStatusReply)
    assert reply.reply
    assert [(each.endpoint_id, each.status) for each in reply.reply] == [(A, True), (B, False)]


def test_hooks_see_downloads(script: MakeJob, tmp_path: Path) -> None:
    """A hook of the httpx client sees each request, and one that reads the body does no harm."""
    job, seen = script({"a": b"1"}), list[str]()

    def hook(response: httpx.Response) -> None:
        seen.append(response.request.method)
        response.read()

    job.client.get_httpx_client().event_hooks = {"response": [hook]}
    cortex_xdr.download_script_files(job, A, tmp_path)
    assert seen == ["POST", "GET"]
    assert inside(tmp_path) == {"a": b"1"}


def test_interrupt_within_the_cleaning(script: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while what is left over is removed ends the call when it is removed."""
    remove = shutil.rmtree
    interrupts = [KeyboardInterrupt()]

    def removing(*args: Any, **options: Any) -> None:
        for interrupt in interrupts:
            interrupts.clear()
            raise interrupt
        remove(*args, **options)

    monkeypatch.setattr(shutil, "rmtree", removing)
    with pytest.raises(KeyboardInterrupt):
        cortex_xdr.download_script_files(script({"a": b"1"}), A, tmp_path)
    assert interrupts == []
    assert list(tmp_path.glob(".settled-*")) == []


def test_loop_that_goes_on(script: MakeJob, tmp_path: Path, real_time: None) -> None:
    """While much is received and unpacked, the event loop has its turns."""
    job, turns = script({"a": bytes(20 * 2**20)}), 0

    async def main() -> None:
        nonlocal turns
        async with job.client:
            task = asyncio.ensure_future(cortex_xdr.download_script_files_async(job, A, tmp_path))
            while not task.done():
                await asyncio.sleep(0)
                turns += 1
            await task

    asyncio.run(main())
    assert turns >= 80
