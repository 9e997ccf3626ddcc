"""Cortex XDR: what a submit sends, and the job or the error that comes of it, over real HTTP."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest
from _replies import json_values, text_of
from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator
from starlette.responses import JSONResponse, Response

import settled
from settled import Job, Outcome, cortex_xdr, cortex_xsiam, errors
from settled._cortex.submits import PERMANENT_REFUSALS
from settled.simulator import Fault, Simulator, bad_gateway, dropped, rate_limited, server_error, truncated
from settled_clients.cortex_xdr import AuthenticatedClient
from settled_clients.cortex_xdr.api.scripts import get_scripts
from settled_clients.cortex_xdr.models import ScriptSelection, ScriptsReply, ScriptsRequest

from _specs import documents, resolved
from conftest import Answering

A = "3f9d1c7a5be24c0f8a6e2d4b90c71e58"
B = "b04e7d2296aa4f13bd58c1e0f7a3926c"
HASH = "Ab" * 32
NO_HASH = "^sha256 must be 64 hexadecimal digits$"
KEY = "key-of-the-cortex-submit-tests"
DOCUMENT = documents()["cortex_xdr"]


def by_id(*ids: str) -> list[Any]:
    """The filter that selects endpoints."""
    return [{"field": "endpoint_id_list", "operator": "in", "value": list(ids)}]


@attrs.frozen
class Submit:
    """A submit with its usual arguments, and what it sends then."""

    name: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    path: str
    sent: dict[str, Any]

    def __str__(self) -> str:
        return self.name

    @property
    def operation(self) -> str:
        """What the simulator calls it."""
        return self.path.rpartition("/")[2]

    @property
    def kind(self) -> str:
        """The kind of job that it returns."""
        return "cortex_xdr.script_execution" if "/scripts/" in self.path else "cortex_xdr.action"


V1 = "/public_api/v1"
SUBMITS = (
    Submit("isolate", ([A],), {}, f"{V1}/endpoints/isolate", {"endpoint_id": A}),
    Submit("unisolate", ([A],), {}, f"{V1}/endpoints/unisolate", {"endpoint_id": A}),
    Submit("scan_endpoints", ([A, B],), {}, f"{V1}/endpoints/scan", {"filters": by_id(A, B)}),
    Submit("scan_all_endpoints", (), {}, f"{V1}/endpoints/scan", {"filters": "all"}),
    Submit("abort_scan", ([A],), {}, f"{V1}/endpoints/abort_scan", {"filters": by_id(A)}),
    Submit(
        "quarantine_file",
        ([A],),
        {"path": "C:\\x.exe", "sha256": HASH},
        f"{V1}/endpoints/quarantine",
        {"filters": by_id(A), "file_path": "C:\\x.exe", "file_hash": HASH},
    ),
    Submit("restore_file", (HASH,), {}, f"{V1}/endpoints/restore", {"file_hash": HASH}),
    Submit(
        "retrieve_files",
        ([A],),
        {"linux": ["/var/log/syslog"]},
        f"{V1}/endpoints/file_retrieval",
        {"filters": by_id(A), "files": {"linux": ["/var/log/syslog"]}},
    ),
    Submit("run_script", ("u1", [A]), {}, f"{V1}/scripts/run_script", {"script_uid": "u1", "filters": by_id(A)}),
    Submit(
        "run_snippet",
        ("print(7)", [A]),
        {},
        f"{V1}/scripts/run_snippet_code_script",
        {"snippet_code": "print(7)", "filters": by_id(A)},
    ),
)
SELECTING = [submit for submit in SUBMITS if submit.name not in ("scan_all_endpoints", "restore_file")]

Call = Callable[..., Any]
every_submit = pytest.mark.parametrize("submit", SUBMITS, ids=str)
every_selection = pytest.mark.parametrize("submit", SELECTING, ids=str)


def _here(name: str, client: Any, *arguments: Any, **keywords: Any) -> Any:
    with client:
        return getattr(cortex_xdr, name)(client, *arguments, **keywords)


def _in_a_loop(name: str, client: Any, *arguments: Any, **keywords: Any) -> Any:
    async def main() -> Any:
        async with client:
            return await getattr(cortex_xdr, f"{name}_async")(client, *arguments, **keywords)

    return asyncio.run(main())


@pytest.fixture(params=[_here, _in_a_loop], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Both ways to submit; for what the twins could do differently, because both run the same generator."""
    function: Call = request.param
    return function


def connect(url: str, **options: Any) -> AuthenticatedClient:
    """A client without a limit to its rate."""
    return cortex_xdr.connect(url, key_id=7, key=KEY, max_rate=None, **options)


@pytest.fixture
def tenant(sim: Simulator) -> Iterator[AuthenticatedClient]:
    """A client of the simulated tenant."""
    with cortex_xdr.connect(sim.url, key_id=sim.key_id, key=sim.key, max_rate=None) as client:
        yield client


def fresh(sim: Simulator) -> AuthenticatedClient:
    """Another client of the simulated tenant, to be closed by the call."""
    return cortex_xdr.connect(sim.url, key_id=sim.key_id, key=sim.key, max_rate=None)


def schema_of(path: str, part: str) -> Any:
    """The schema of a request, or of the response with a code."""
    operation = DOCUMENT["paths"][path]["post"]
    holder = operation["requestBody"] if part == "request" else operation["responses"][part]
    return resolved(DOCUMENT, holder)["content"]["application/json"]["schema"]


def faults(schema: Any, value: Any) -> list[str]:
    """What a schema finds wrong with a value."""
    validator = OAS31Validator(schema | {"components": DOCUMENT["components"]})
    return [error.message for error in validator.iter_errors(value)]


# What is sent, and what comes of it.


@every_submit
def test_a_submit_becomes_a_job_that_settles(sim: Simulator, call: Call, submit: Submit) -> None:
    """Each submit is taken by the tenant, and its job goes on to its end there."""
    job = call(submit.name, fresh(sim), *submit.arguments, **submit.keywords)
    assert (job.kind.name, sim.polls(submit.operation)) == (submit.kind, 1)
    with fresh(sim) as client:
        end = settled.wait(settled.from_ref(job.ref, client), timeout=600, unknown="raise")
    assert end.outcome is Outcome.SUCCEEDED
    assert end.polls > 1


@every_submit
def test_what_is_on_the_wire(answering: Answering, submit: Submit) -> None:
    """One POST with the documented body, and nothing in it that was not given."""
    answering({"reply": {"action_id": 2**53 + 1, "status": 1, "endpoints_count": 1}})
    job = _here(submit.name, connect(answering.url), *submit.arguments, **submit.keywords)
    assert job.ref == f"{submit.kind}/{2**53 + 1}"
    (request,) = answering.requests
    assert (request.method, request.url.path) == ("POST", submit.path)
    assert request.headers["content-type"] == "application/json"
    assert (request.headers["x-xdr-auth-id"], request.headers["authorization"]) == ("7", KEY)
    body = json.loads(answering.bodies[0])
    assert body == {"request_data": submit.sent}
    assert faults(schema_of(submit.path, "request"), body) == []


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "sent"),
    [
        ("isolate", ([A, B],), {"incident_id": 42}, {"filters": by_id(A, B), "incident_id": "42"}),
        ("isolate", ((each for each in (A, B)),), {}, {"filters": by_id(A, B)}),
        ("unisolate", ({A: 1},), {"incident_id": "case 7"}, {"endpoint_id": A, "incident_id": "case 7"}),
        ("isolate", ({A},), {"incident_id": ""}, {"endpoint_id": A}),
        ("scan_endpoints", (frozenset([A]),), {"incident_id": 1}, {"filters": by_id(A), "incident_id": "1"}),
        ("restore_file", (HASH,), {"endpoint_id": A}, {"file_hash": HASH, "endpoint_id": A}),
        (
            "retrieve_files",
            ([A],),
            {"windows": ("C:\\a", "C:\\b"), "linux": [], "macos": iter(["/c"])},
            {"filters": by_id(A), "files": {"windows": ["C:\\a", "C:\\b"], "macos": ["/c"]}},
        ),
        (
            "run_script",
            ("u1", [A, B]),
            {"parameters": {"path": "/x", "depth": 2, "all": True}, "timeout": 30},
            {
                "script_uid": "u1",
                "filters": by_id(A, B),
                "parameters_values": {"path": "/x", "depth": 2, "all": True},
                "timeout": 30,
            },
        ),
        ("run_script", ("u1", [A]), {"parameters": {}}, {"script_uid": "u1", "filters": by_id(A)}),
        ("run_snippet", ("x", [A]), {"timeout": 1}, {"snippet_code": "x", "filters": by_id(A), "timeout": 1}),
    ],
)
def test_options_on_the_wire(
    answering: Answering, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any], sent: dict[str, Any]
) -> None:
    """Every option goes under the vendor's name, in the vendor's type; what is None or empty does not go."""
    answering({"reply": {"action_id": "7"}})
    with connect(answering.url) as client:
        getattr(cortex_xdr, name)(client, *arguments, **keywords)
    body = json.loads(answering.bodies[0])
    assert body == {"request_data": sent}
    path = next(submit.path for submit in SUBMITS if submit.name == name)
    assert faults(schema_of(path, "request"), body) == []


@pytest.mark.parametrize("action_id", [4711, "4711"])
@pytest.mark.parametrize("status", [{}, {"status": 1}, {"status": "1"}])
def test_ids_are_numbers_or_texts(answering: Answering, action_id: Any, status: dict[str, Any]) -> None:
    """The id comes as either, with a status or without, and is sent in the form that the status operation wants."""
    answering({"reply": {"action_id": action_id} | status}, {"reply": {"data": {A: "FAILED"}}})
    job = _here("isolate", connect(answering.url), [A])
    with connect(answering.url) as client:
        assert cortex_xdr.action(client, job.id).fetch().outcome is Outcome.FAILED
    assert json.loads(answering.bodies[1]) == {"request_data": {"group_action_id": 4711}}


def test_a_thousand_endpoints_go_at_once(sim: Simulator, tenant: AuthenticatedClient) -> None:
    """The largest selection is one request, and one job."""
    ids = [f"{number:032x}" for number in range(1_000)]
    snapshot = cortex_xdr.isolate(tenant, ids).fetch()
    assert (len(snapshot.parts), len(sim.asked)) == (1_000, 2)


def test_endpoints_go_their_own_ways(sim: Simulator, tenant: AuthenticatedClient) -> None:
    """A test says how jobs go on an endpoint, before they are submitted."""
    sim.plan_endpoint(A, states=["PENDING", ("IN_PROGRESS", 60), "FAILED"])
    sim.plan_endpoint(B, states=None)
    end = settled.wait(cortex_xdr.isolate(tenant, [A, B, "c" * 32]), timeout=600)
    assert {name: part.status for name, part in end.parts.items()} == {A: "FAILED", "c" * 32: "COMPLETED_SUCCESSFULLY"}
    assert end.outcome is Outcome.PARTIAL
    run = settled.wait(cortex_xdr.run_snippet(tenant, "print(7)", [A]), timeout=600)
    assert (run.outcome, run.status) == (Outcome.FAILED, "FAILED")


def test_all_endpoints_are_scanned(sim: Simulator, tenant: AuthenticatedClient) -> None:
    """`scan_all_endpoints` is the only way to a job of every endpoint."""
    sim.plan_endpoint(A)
    sim.plan_endpoint(B)
    assert {*cortex_xdr.scan_all_endpoints(tenant).fetch().parts} == {A, B}
    assert {*cortex_xdr.scan_endpoints(tenant, [B]).fetch().parts} == {B}


def test_stopping_a_scan_is_an_action_of_its_own(sim: Simulator, tenant: AuthenticatedClient) -> None:
    """The scan's own job ends as cancelled on the endpoints that were named; the job of the stopping succeeds."""
    for endpoint in (A, B):
        sim.plan_endpoint(endpoint, states=["PENDING", ("IN_PROGRESS", 60), "COMPLETED_SUCCESSFULLY"])
    scan = cortex_xdr.scan_endpoints(tenant, [A, B])
    sim.plan_endpoint(A)
    stop = cortex_xdr.abort_scan(tenant, [A])
    assert stop != scan
    assert settled.wait(stop, timeout=600).outcome is Outcome.SUCCEEDED
    words = {name: part.status for name, part in settled.wait(scan, timeout=600).parts.items()}
    assert words == {A: "ABORTED", B: "COMPLETED_SUCCESSFULLY"}


def test_a_file_is_restored_where_it_was_put_away(tenant: AuthenticatedClient) -> None:
    """Without an endpoint a file is restored on all that hold it."""
    cortex_xdr.quarantine_file(tenant, [A, B], path="/x", sha256=HASH)
    assert {*cortex_xdr.restore_file(tenant, HASH.lower()).fetch().parts} == {A, B}
    assert {*cortex_xdr.restore_file(tenant, HASH, endpoint_id=B).fetch().parts} == {B}


def test_the_library_is_a_generated_operation(tenant: AuthenticatedClient) -> None:
    """The generated client lists the scripts, and what it lists can be run."""
    found = get_scripts.sync(client=tenant, body=ScriptsRequest(request_data=ScriptSelection()))
    assert isinstance(found, ScriptsReply)
    reply = found.to_dict()["reply"]
    assert reply["total_count"] == len(reply["scripts"]) > 0
    job = cortex_xdr.run_script(tenant, reply["scripts"][0]["script_uid"], [A], parameters={"path": "/"})
    assert settled.wait(job, timeout=600).outcome is Outcome.SUCCEEDED


# What is refused before anything is sent.

BAD_SELECTIONS: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing": ([], ValueError, "endpoint_ids must name at least one, and is empty"),
    "an empty generator": (iter(()), ValueError, "is empty"),
    "one id": (A, TypeError, "endpoint_ids must be a list or another iterable of str, not a str"),
    "the word all": ("all", TypeError, "not a str"),
    "bytes": (A.encode(), TypeError, "not a bytes"),
    "None": (None, TypeError, "not None"),
    "a number": (7, TypeError, "not 7"),
    "a number in it": ([A, 7], TypeError, "each of endpoint_ids must be a str, not a int"),
    "a blank in it": ([A, " "], ValueError, "each of endpoint_ids must not be empty"),
    "the lines of a file": ([f"{A}\n", B], ValueError, "each of endpoint_ids must be an id, without blanks"),
    "an escape sequence in it": ([f"{A}\x1b[31m"], ValueError, "or other control characters"),
    "no end": (itertools.repeat(A), ValueError, r"endpoint_ids must have no more than [\d,]+ items"),
}


@pytest.mark.parametrize(("selection", "error", "message"), BAD_SELECTIONS.values(), ids=BAD_SELECTIONS)
def test_a_selection_names_endpoints(
    answering: Answering, call: Call, selection: Any, error: type[Exception], message: str
) -> None:
    """An empty selection, or a text in place of one, never reaches the tenant, which might take it for everything."""
    client = connect(answering({}))
    with pytest.raises(error, match=message):
        call("isolate", client, selection)
    assert answering.requests == []


def test_a_selection_without_an_end(answering: Answering) -> None:
    """Where the API says nothing of how many it takes, a million is enough."""
    with pytest.raises(ValueError, match=r"^endpoint_ids must have no more than 1,000,000 items$"):
        _here("scan_endpoints", connect(answering({})), itertools.repeat(A))
    assert answering.requests == []


@every_selection
def test_every_selection_is_checked(answering: Answering, submit: Submit) -> None:
    """Each submit that selects endpoints refuses an empty selection, and a text in place of one."""
    for selection, error, message in (BAD_SELECTIONS["nothing"], BAD_SELECTIONS["the word all"]):
        client = connect(answering({}))
        with pytest.raises(error, match=message):
            _here(submit.name, client, *submit.arguments[:-1], selection, **submit.keywords)
    assert answering.requests == []


@pytest.mark.parametrize(
    ("name", "most", "before"),
    [
        ("isolate", 1_000, ()),
        ("unisolate", 1_000, ()),
        ("quarantine_file", 1_000, ()),
        ("retrieve_files", 10, ()),
        ("run_script", 1_000, ("u1",)),
    ],
)
def test_a_selection_is_never_split(answering: Answering, name: str, most: int, before: Any) -> None:
    """More endpoints than the API takes at once are refused as a whole; as many as it takes are not."""
    keywords = next(submit.keywords for submit in SUBMITS if submit.name == name)
    client = connect(answering({"reply": {"action_id": 1}}))
    refusal = f"endpoint_ids must have no more than {most:,} items, which is the most that the API takes at once$"
    with pytest.raises(ValueError, match=refusal):
        _here(name, client, *before, map(str, range(1, most + 2)), **keywords)
    assert answering.requests == []
    _here(name, connect(answering.url), *before, map(str, range(1, most + 1)), **keywords)
    assert len(answering.requests) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "error", "message"),
    [
        ("quarantine_file", ([A],), {"path": "/x", "sha256": "ab" * 31}, ValueError, NO_HASH),
        ("quarantine_file", ([A],), {"path": "/x", "sha256": "xy" * 32}, ValueError, NO_HASH),
        ("quarantine_file", ([A],), {"path": "/x", "sha256": HASH + "\n"}, ValueError, NO_HASH),
        ("quarantine_file", ([A],), {"path": "/x", "sha256": bytes(32)}, TypeError, "sha256 must be a str"),
        ("quarantine_file", ([A],), {"path": " ", "sha256": HASH}, ValueError, "path must not be empty"),
        ("quarantine_file", ([A],), {"path": ["/x"], "sha256": HASH}, TypeError, "path must be a str"),
        ("restore_file", ("",), {}, ValueError, NO_HASH),
        ("restore_file", (HASH,), {"endpoint_id": ""}, ValueError, "endpoint_id must not be empty"),
        ("retrieve_files", ([A],), {}, ValueError, "must have from 1 to 20 paths together"),
        ("retrieve_files", ([A],), {"linux": "/etc/passwd"}, TypeError, "linux must be a list or another iterable"),
        ("retrieve_files", ([A],), {"macos": [""]}, ValueError, "each of macos must not be empty"),
        ("retrieve_files", ([A],), {"linux": ["/x"] * 21}, ValueError, "linux must have no more than 20 items"),
        (
            "retrieve_files",
            ([A],),
            {"linux": ["/x"] * 10, "macos": ["/x"] * 11},
            ValueError,
            "must have from 1 to 20 paths together",
        ),
        ("run_script", ("", [A]), {}, ValueError, "script_uid must not be empty"),
        ("run_script", (7, [A]), {}, TypeError, "script_uid must be a str"),
        ("run_script", ("u\n", [A]), {}, ValueError, "script_uid must be an id"),
        ("restore_file", (HASH,), {"endpoint_id": f" {A}"}, ValueError, "endpoint_id must be an id"),
        ("run_script", ("u", [A]), {"timeout": 0}, ValueError, "timeout must be 1 second or more, not 0"),
        ("run_script", ("u", [A]), {"timeout": 1.5}, TypeError, "timeout must be a whole number of seconds, not 1.5"),
        ("run_script", ("u", [A]), {"timeout": True}, TypeError, "timeout must be a whole number"),
        ("run_script", ("u", [A]), {"parameters": ["x"]}, TypeError, "parameters must be a mapping, not a list"),
        ("run_script", ("u", [A]), {"parameters": {"x": float("nan")}}, ValueError, "not JSON compliant"),
        ("run_script", ("u", [A]), {"parameters": {"x": object()}}, TypeError, "not JSON serializable"),
        ("run_snippet", ("\n", [A]), {}, ValueError, "code must not be empty"),
        ("run_snippet", ("x", [A]), {"timeout": -1}, ValueError, "timeout must be 1 second or more"),
        ("isolate", ([A],), {"incident_id": True}, TypeError, "incident_id must be an int or a str, not True"),
        ("isolate", ([A],), {"incident_id": 7.5}, TypeError, "incident_id must be an int or a str, not 7.5"),
    ],
)
def test_arguments_that_cannot_be_right(
    answering: Answering,
    name: str,
    *,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """What no tenant would take is refused here, with a message that names the argument."""
    client = connect(answering({"reply": {"action_id": 1}}))
    with pytest.raises(error, match=message) as raised:
        _here(name, client, *arguments, **keywords)
    assert answering.requests == []
    assert len(str(raised.value)) <= 300


@every_submit
def test_another_vendor_s_client(answering: Answering, submit: Submit) -> None:
    """Nothing is sent with a client of another product, whose API would take it, too."""
    other = cortex_xsiam.connect(answering({"reply": {"action_id": 1}}), key_id=7, key=KEY)
    with pytest.raises(TypeError, match="needs a client of cortex_xdr"):
        _here(submit.name, other, *submit.arguments, **submit.keywords)
    assert answering.requests == []


# What the tenant refuses.


@every_submit
def test_a_refusal_with_200(sim: Simulator, submit: Submit) -> None:
    """A status of 0 is a refusal, whatever the HTTP status, and its text is the error's."""
    sim.plan_submit(submit.operation, refusal="The endpoint is being upgraded")
    with pytest.raises(errors.SubmitFailed, match=r"^the API did not take the action: The endpoint is being upgraded$"):
        _here(submit.name, fresh(sim), *submit.arguments, **submit.keywords)
    assert sim.polls(submit.operation) == 1


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 0},
        {"status": "0"},
        {"status": 0, "action_id": 4711},
        {"status": "0", "action_id": None, "endpoints_count": "0"},
    ],
)
def test_a_refusal_without_a_reason(answering: Answering, reply: dict[str, Any]) -> None:
    """A refusal counts more than an id beside it, and may have no reason."""
    with pytest.raises(errors.SubmitFailed, match="the API did not take the action: no reason given"):
        _here("isolate", connect(answering({"reply": reply})), [A])


@pytest.mark.parametrize("submit", [each for each in SUBMITS if each.name != "scan_all_endpoints"], ids=str)
def test_a_500_that_is_for_good(sim: Simulator, submit: Submit) -> None:
    """A tenant that has none of the endpoints says so with 500: nothing was created, and that is sure."""
    for endpoint in (A, B):
        sim.plan_endpoint(endpoint, states=None)
    keywords = submit.keywords | ({"endpoint_id": A} if submit.name == "restore_file" else {})
    with pytest.raises(errors.SubmitFailed, match=r"answered 500: No (suitable agents|endpoint) .*found") as raised:
        _here(submit.name, fresh(sim), *submit.arguments, **keywords)
    assert isinstance(raised.value.__cause__, errors.ServerError)
    assert sim.polls(submit.operation) == 1


@pytest.mark.parametrize(
    "message",
    [
        "group_action_id param is missing",
        "file_hash param is missing",
        "script_uid param is missing",
        "No endpoint was found for creating the requested action",
        "can't create group action id for ISOLATE",
        "An error occurred: No suitable agents found",
        "no identity threat",
    ],
)
@pytest.mark.parametrize("field", ["err_msg", "err_extra"])
def test_messages_of_refusals_for_good(answering: Answering, message: str, field: str) -> None:
    """Each message that is known to be for good is recognized, in any letter case, in either field of an error."""
    error = {"err_code": 500, "err_msg": "An error occurred", "err_extra": None} | {field: message}
    with pytest.raises(errors.SubmitFailed) as raised:
        _here("isolate", connect(answering(JSONResponse({"reply": error}, 500))), [A])
    assert message in str(raised.value)
    assert any(each.casefold() in message.casefold() for each in PERMANENT_REFUSALS)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthenticationError),
        (402, errors.LicenseRequired),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (422, errors.BadRequest),
        (429, errors.RateLimited),
    ],
)
def test_a_refusal_with_4xx(sim: Simulator, status: int, error: type[errors.ApiError]) -> None:
    """A 4xx is the error of its class, and nothing is sent again."""
    sim.plan_submit("isolate", fault=Fault(status, body=None, times=2))
    with pytest.raises(error, match="internal error") as raised:
        _here("isolate", fresh(sim), [A])
    assert (raised.value.status_code, sim.polls("isolate")) == (status, 1)


def test_a_long_refusal(answering: Answering) -> None:
    """A reason of many lines is told on one, and cut."""
    with pytest.raises(errors.SubmitFailed, match="did not take the action: no way") as raised:
        _here("isolate", connect(answering({"reply": {"status": 0, "err_msg": "no\nway " * 500}})), [A])
    assert len(str(raised.value)) <= 300


def test_a_renewed_key_is_tried_once_more(answering: Answering, call: Call) -> None:
    """Only a 401 with another key is worth a second request, and the same one is sent again."""
    keys = iter(["old-key-of-a-tenant", "new-key-of-a-tenant", "newest-key-of-a-tenant"])
    answering(JSONResponse({"reply": {"err_msg": "expired"}}, 401), {"reply": {"action_id": 7, "status": 1}})
    client = cortex_xdr.connect(answering.url, key_id=7, key=lambda: next(keys), max_rate=None)
    assert call("isolate", client, [A]).id == "7"
    assert answering.bodies[0] == answering.bodies[1]
    sent = [request.headers["authorization"] for request in answering.requests]
    assert sent == ["old-key-of-a-tenant", "new-key-of-a-tenant"]


# What nobody can tell.

UNCLEAR: dict[str, Fault] = {
    "cut before the answer": dropped(),
    "cut within the answer": truncated(),
    "500": server_error(),
    "503": server_error(503),
    "a proxy's 502": bad_gateway(),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_unclear(sim: Simulator, call: Call, fault: Fault) -> None:
    """A lost answer, and a 5xx that nobody knows, leave unclear what became of a submit; it is not sent again."""
    sim.plan_submit("isolate", fault=attrs.evolve(fault, times=5))
    with pytest.raises(errors.SubmitUnclear, match="the job may exist all the same") as raised:
        call("isolate", fresh(sim), [A])
    assert raised.value.sent == {"request_data": {"endpoint_id": A}}
    assert sim.polls("isolate") == 1
    assert len(str(raised.value).splitlines()) == 1


@every_submit
def test_an_unclear_submit_tells_what_was_sent(sim: Simulator, submit: Submit) -> None:
    """The error of each submit names its path, and has what was sent."""
    sim.plan_submit(submit.operation, fault=attrs.evolve(dropped(), times=5))
    with pytest.raises(errors.SubmitUnclear, match=f"POST {submit.path}: the job may exist all the same") as raised:
        _here(submit.name, fresh(sim), *submit.arguments, **submit.keywords)
    assert raised.value.sent == {"request_data": submit.sent}
    assert sim.polls(submit.operation) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        None,
        "ok",
        {"reply": None},
        {"reply": "7"},
        {"reply": {}},
        {"reply": {"status": 1}},
        {"reply": {"action_id": None, "status": 1}},
        {"reply": {"action_id": True}},
        {"reply": {"action_id": 7.5}},
        {"reply": {"action_id": ""}},
        {"reply": {"action_id": "seven"}},
        {"reply": {"action_id": [7]}},
        {"reply": {"err_code": 500, "err_msg": "An error occurred"}},
    ],
)
def test_an_answer_that_names_no_action(answering: Answering, answer: Any) -> None:
    """An answer without a usable id leaves unclear whether there is an action, and is shown."""
    with pytest.raises(errors.SubmitUnclear, match="has no action_id") as raised:
        _here("isolate", connect(answering(answer)), [A])
    assert isinstance(raised.value.__cause__, errors.MalformedResponse)


def test_what_the_answer_shows(answering: Answering) -> None:
    """An answer that names no action is shown without the secrets in it, also one that is no object."""
    for answer, shown in (({"reply": {"password": "hunter2"}}, "'password': '[secret]'"), (["seven"], "['seven']")):
        with pytest.raises(errors.SubmitUnclear) as raised:
            _here("isolate", connect(answering(answer)), [A])
        assert shown in str(raised.value)
        assert "hunter2" not in str(raised.value)


@given(json_values(), st.booleans())
def test_any_answer_is_a_job_or_an_error(answer: Any, is_wrapped: bool) -> None:
    """Whatever JSON comes: a job with a usable id, a refusal, or an unclear submit; each in one short line."""
    content = text_of({"reply": answer} if is_wrapped else answer).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with connect("tenant.invalid", transport=transport) as client:
        try:
            assert cortex_xdr.isolate(client, [A]).id.isdecimal()
        except (errors.SubmitFailed, errors.SubmitUnclear) as error:
            message = str(error)
            assert len(message.splitlines()) == 1
            assert len(message) < 700


def test_an_answer_without_an_envelope(answering: Answering) -> None:
    """The pages show replies without `reply` around them, and such ones are read, too."""
    assert _here("isolate", connect(answering({"action_id": "7", "status": "1"})), [A]).id == "7"
    with pytest.raises(errors.SubmitFailed):
        _here("isolate", connect(answering({"status": "0"})), [A])


def test_nobody_there(call: Call) -> None:
    """Where no connection was made, nothing was sent: a TransportError, and no unclear submit."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    with pytest.raises(errors.TransportError, match="connection refused"):
        call("isolate", connect(f"http://127.0.0.1:{port}"), [A])


def test_secrets_stay_in(answering: Answering) -> None:
    """Neither the key nor a script's secrets are in what an error says or carries."""
    secret = "hunter2-of-the-script"
    answering(Response(f"{KEY} is tired", 503))
    with pytest.raises(errors.SubmitUnclear) as raised:
        _here("run_script", connect(answering.url), "u1", [A], parameters={"password": secret, "depth": 1})
    assert raised.value.sent["request_data"]["parameters_values"] == {"password": "[secret]", "depth": 1}
    text = f"{raised.value!r} {raised.value.__cause__!r} {raised.value.sent}"
    assert "[secret] is tired" in text
    assert KEY not in text
    assert secret not in text
    assert secret.encode() in answering.bodies[0]


def test_every_submit_has_a_twin() -> None:
    """The twins take the same arguments, and are coroutine functions."""
    for submit in SUBMITS:
        twin = getattr(cortex_xdr, f"{submit.name}_async")
        assert inspect.iscoroutinefunction(twin)
        assert inspect.signature(twin) == inspect.signature(getattr(cortex_xdr, submit.name))
        assert {submit.name, f"{submit.name}_async"} <= {*cortex_xdr.__all__}


# The simulated tenant by itself.


def _post(sim: Simulator, path: str, data: Any, key: str | None = None) -> httpx.Response:
    headers = {"x-xdr-auth-id": str(sim.key_id), "Authorization": key or sim.key}
    return httpx.post(f"{sim.url}{V1}/{path}", json={"request_data": data}, headers=headers)


@every_submit
def test_replies_are_what_the_spec_says(sim: Simulator, submit: Submit) -> None:
    """The tenant answers a submit in the vendor's mix of texts and numbers, a refusal and an error in its own form."""
    path = submit.path.removeprefix(f"{V1}/")
    taken = _post(sim, path, submit.sent)
    assert taken.status_code == 200
    assert faults(schema_of(submit.path, "200"), taken.json()) == []
    sim.plan_submit(submit.operation, refusal="no")
    assert faults(schema_of(submit.path, "200"), _post(sim, path, submit.sent).json()) == []
    for response in (_post(sim, path, submit.sent, key="wrong"), _post(sim, path, 7)):
        assert faults(schema_of(submit.path, str(response.status_code)), response.json()) == []


@pytest.mark.parametrize(
    ("path", "data", "types"),
    [
        ("endpoints/isolate", {"endpoint_id": A}, (str, str, str)),
        ("endpoints/scan", {"filters": "all"}, (int, type(None), int)),
        ("endpoints/restore", {"file_hash": HASH}, (str, int, str)),
        ("scripts/run_script", {"script_uid": "u", "filters": by_id(A)}, (int, int, int)),
        ("scripts/run_snippet_code_script", {"snippet_code": "x", "filters": by_id(A)}, (str, type(None), int)),
    ],
)
def test_texts_and_numbers_are_mixed(sim: Simulator, path: str, data: Any, types: tuple[type, ...]) -> None:
    """Each operation has types of its own for the id, the status and the count."""
    reply = _post(sim, path, data).json()["reply"]
    assert tuple(type(reply.get(name)) for name in ("action_id", "status", "endpoints_count")) == types


@pytest.mark.parametrize(
    ("path", "data", "status", "message"),
    [
        ("endpoints/isolate", {}, 500, "No endpoint was found"),
        ("endpoints/isolate", {"endpoint_id": A, "filters": by_id(A)}, 500, "cannot be used together"),
        ("endpoints/isolate", {"filters": []}, 400, "filters must not be empty"),
        ("endpoints/isolate", {"filters": "all"}, 400, "filters must be a list"),
        ("endpoints/isolate", {"filters": by_id(*map(str, range(1_001)))}, 500, "the limit is 1000"),
        ("endpoints/isolate", {"endpoint_id": A, "incident_id": 7}, 400, "incident_id must be str"),
        ("endpoints/isolate", {"filters": [{"field": "alias", "operator": "in", "value": ["x"]}]}, 400, "a field"),
        ("endpoints/quarantine", {"filters": by_id(A), "file_path": "/x"}, 500, "file_hash param is missing"),
        ("endpoints/quarantine", {"filters": by_id(A), "file_hash": HASH}, 500, "file_path param is missing"),
        ("endpoints/quarantine", {"filters": by_id(A), "file_hash": "7", "file_path": "/x"}, 500, "a SHA-256"),
        ("endpoints/restore", {}, 500, "file_hash param is missing"),
        ("endpoints/file_retrieval", {"filters": by_id(A), "files": {}}, 400, "files must be an object"),
        (
            "endpoints/file_retrieval",
            {"filters": by_id(A), "files": {"linux": ["/x"] * 21}},
            500,
            "the limit is 20",
        ),
        (
            "endpoints/file_retrieval",
            {"filters": by_id(*map(str, range(11))), "files": {"linux": ["/x"]}},
            500,
            "the limit is 10",
        ),
        ("scripts/run_script", {"filters": by_id(A)}, 500, "script_uid param is missing"),
        ("scripts/run_script", {"script_uid": "u", "filters": by_id(A), "timeout": "1"}, 400, "timeout must be int"),
        ("scripts/run_snippet_code_script", {"filters": by_id(A)}, 500, "snippet_code param is missing"),
    ],
)
def test_rules_of_the_tenant(sim: Simulator, path: str, data: Any, status: int, message: str) -> None:
    """What the vendor refuses, the simulated tenant does, too."""
    response = _post(sim, path, data)
    assert response.status_code == status
    assert message in response.json()["reply"]["err_msg"]


def test_an_empty_filter_scans_everything(sim: Simulator) -> None:
    """The tenant takes no filter for every endpoint, which is why a submit refuses to send none."""
    sim.plan_endpoint(A)
    sim.plan_endpoint(B)
    assert _post(sim, "endpoints/scan", {"filters": []}).json()["reply"]["endpoints_count"] == 2


def test_the_library_is_filtered(sim: Simulator) -> None:
    """Scripts are selected by their properties, truth values as texts."""
    risky = [{"field": "is_high_risk", "operator": "in", "value": ["true"]}]
    found = _post(sim, "scripts/get_scripts", {"filters": risky}).json()["reply"]
    assert [script["name"] for script in found["scripts"]] == ["delete_file"]
    assert found["total_count"] == 1


def test_an_answer_that_is_lost_leaves_an_action(sim: Simulator, tenant: AuthenticatedClient) -> None:
    """A tenant that cannot answer has acted all the same; one behind a proxy that refuses has not."""
    for fault in (dropped(), bad_gateway()):
        sim.plan_submit("quarantine", fault=fault)
        endpoint = A if fault.status is None else B
        with pytest.raises(errors.SubmitUnclear):
            cortex_xdr.quarantine_file(tenant, [endpoint], path="/x", sha256=HASH)
    assert {*cortex_xdr.restore_file(tenant, HASH).fetch().parts} == {A}


def test_plans_of_what_is_not_there(sim: Simulator) -> None:
    """Only operations that create actions can be planned, and only scripts with a state."""
    with pytest.raises(ValueError, match=r"not one of isolate, .*: 'get_scripts'"):
        sim.plan_submit("get_scripts", refusal="no")
    with pytest.raises(ValueError, match="at least one state"):
        sim.plan_endpoint(A, states=[])
    with pytest.raises(ValueError, match="must be a list"):
        sim.plan_endpoint(A, states="FAILED")


def test_plans_end(sim: Simulator, tenant: AuthenticatedClient) -> None:
    """A fault is over after its times, a refusal with the next plan, and everything with a reset."""
    sim.plan_submit("isolate", fault=rate_limited(times=1))
    with pytest.raises(errors.RateLimited):
        cortex_xdr.isolate(tenant, [A])
    assert isinstance(cortex_xdr.isolate(tenant, [A]), Job)
    sim.plan_submit("isolate", refusal="no")
    with pytest.raises(errors.SubmitFailed):
        cortex_xdr.isolate(tenant, [A])
    sim.plan_submit("isolate")
    assert isinstance(cortex_xdr.isolate(tenant, [A]), Job)
    sim.plan_endpoint(A, states=None)
    sim.reset()
    assert isinstance(cortex_xdr.isolate(tenant, [A]), Job)
