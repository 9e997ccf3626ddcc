"""The simulated vendors, asked by plain HTTP: each keeps its own rules, and answers as its spec says."""

from __future__ import annotations

import hashlib
import itertools
import queue
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import attrs
import httpx
import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from settled import Outcome, Progress, agilesec, cortex_xdr, cortex_xsiam, osapi
from settled.simulator import Fault, Simulator, bad_gateway, dropped, rate_limited, server_error, slow, truncated
from settled.simulator._jwt import signed
from settled.simulator._server import Server
from settled.testing import VirtualClock

from _specs import documents

DOCUMENTS = documents()
STATUS_SCHEMAS = ("ByosImportJobStatus", "ActionStatus", "ScanStatus", "JobStatus")
PATHS = {
    "cortex_xsiam.byos_import": "/public_api/vulnerability-management/v1/external-scans/assets/jobs/",
    "cortex_xdr.action": "/public_api/v1/actions/get_action_status",
    "cortex_xdr.script_execution": "/public_api/v1/scripts/get_script_execution_status",
    "agilesec.scan": "/v3/scan/",
    "osapi.job": "/job/",
}
LAST_WORDS = {
    "cortex_xsiam.byos_import": "COMPLETED",
    "cortex_xdr.action": "FAILED",
    "cortex_xdr.script_execution": "ABORTED",
    "agilesec.scan": "successful",
    "osapi.job": "skipped",
}
NO_JOB = "00000000-0000-4000-8000-000000000000"
SCAN = {"sensorType": "GIT Sensor", "sensorName": "billing", "sensorConfig": {"url": "https://git.invalid/billing"}}

every_kind = pytest.mark.parametrize("kind", PATHS)


def valid(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether a value is what a schema says, but for status words, which need not be documented."""
    schemas = {
        name: {"type": "string"} if name in STATUS_SCHEMAS else each
        for name, each in document["components"]["schemas"].items()
    }
    validator = OAS31Validator(schema | {"components": {"schemas": schemas}}, format_checker=oas31_format_checker)
    assert [error.message for error in validator.iter_errors(value)] == []
    return True


def conform(response: httpx.Response) -> None:
    """Hold a reply against its vendor's spec."""
    response.read()
    method, path = response.request.method.lower(), response.request.url.path.removeprefix("/api")
    document, operation = next(
        (document, operations[method])
        for document in DOCUMENTS.values()
        for template, operations in document["paths"].items()
        if method in operations and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    )
    documented = operation["responses"].get(str(response.status_code))
    if documented is None:
        assert response.status_code in (401, 500)
    else:
        assert valid(response.json(), documented["content"]["application/json"]["schema"], document)


@attrs.frozen
class Vendors:
    """Asks the simulated vendors."""

    sim: Simulator
    http: httpx.Client

    def headers(self, kind: str) -> dict[str, str]:
        """The credentials that a kind's vendor expects."""
        if kind.startswith("cortex"):
            return {"x-xdr-auth-id": str(self.sim.key_id), "authorization": self.sim.key}
        if kind.startswith("agilesec"):
            return {"isg-api-token": self.sim.token}
        return {"authorization": f"Bearer {self.sim.token}"}

    def ask(self, kind: str, job_id: str, *, headers: dict[str, str] | None = None, prefix: str = "") -> httpx.Response:
        """Ask how a job is doing."""
        headers = self.headers(kind) if headers is None else headers
        if not kind.startswith("cortex_xdr"):
            return self.http.get(f"{prefix}{PATHS[kind]}{job_id}", headers=headers)
        query: dict[str, Any] = {"action_id": job_id}
        if kind == "cortex_xdr.action":
            query = {"group_action_id": int(job_id)}
        return self.http.post(PATHS[kind], json={"request_data": query}, headers=headers)

    def post(self, path: str, body: Any) -> httpx.Response:
        """Have AgileSec start a scan."""
        return self.http.post(path, json=body, headers=self.headers("agilesec"))

    def start(self, **fields: Any) -> str:
        """Have AgileSec start a scan, and return its execution id."""
        answer = self.post("/v3/scan/create", SCAN | fields)
        assert answer.status_code == 200, answer.text
        execution_id: str = answer.json()["executionId"]
        return execution_id

    def status(self, kind: str, job_id: str) -> Any:
        """A job's status word, or words."""
        reply = self.ask(kind, job_id).json()
        if kind == "cortex_xdr.action":
            return reply["reply"]["data"]
        if kind == "cortex_xdr.script_execution":
            return reply["reply"]["general_status"]
        return reply["job_status"] if kind.startswith("cortex") else reply.get("status")


@pytest.fixture(scope="module")
def checked(running_simulator: Simulator) -> Iterator[httpx.Client]:
    """A client that holds every reply against the specs."""
    with httpx.Client(base_url=running_simulator.url, event_hooks={"response": [conform]}) as http:
        yield http


@pytest.fixture(scope="module")
def unchecked(running_simulator: Simulator) -> Iterator[httpx.Client]:
    """A client that takes every reply."""
    with httpx.Client(base_url=running_simulator.url) as http:
        yield http


@pytest.fixture
def fresh(sim: Simulator) -> Simulator:
    """The simulator, which has forgotten what earlier tests did."""
    sim.reset()
    return sim


@pytest.fixture
def vendors(fresh: Simulator, checked: httpx.Client) -> Vendors:
    """The simulated vendors, every reply of which is held against the specs."""
    return Vendors(fresh, checked)


@pytest.fixture
def faulty(fresh: Simulator, unchecked: httpx.Client) -> Vendors:
    """The simulated vendors, whose replies may be anything."""
    return Vendors(fresh, unchecked)


# All vendors


@every_kind
def test_a_job_follows_its_script(vendors: Vendors, clock: VirtualClock, kind: str) -> None:
    """Each state lasts as long as it is said to, the last one for ever."""
    last = LAST_WORDS[kind]
    job_id = vendors.sim.add(kind, states=[("first", 10), "second", last])
    seen = []
    for seconds in (0, 9.75, 0.25, 0.25, 1e6):
        clock.sleep(seconds)
        word = vendors.status(kind, job_id)
        seen.append(next(iter(word.values())) if isinstance(word, dict) else word)
    assert seen == ["first", "first", "second", last, last]
    assert [(asked.ref, asked.status_code) for asked in vendors.sim.asked] == [(f"{kind}/{job_id}", 200)] * 5
    assert vendors.sim.asked[-1].moment == clock.now()
    assert vendors.sim.polls(job_id) == 5


@every_kind
def test_ids_can_be_chosen(vendors: Vendors, kind: str) -> None:
    """A job has the id it was given, or one of the vendor's form."""
    chosen = "4711" if kind.startswith("cortex_xdr") else NO_JOB
    assert vendors.sim.add(kind, states=["x"], job_id=chosen) == chosen
    form = {"cortex_xdr": r"\d{16,19}", "agilesec": r"[0-9a-f]{24}"}.get(kind.partition(".")[0], r"[0-9a-f-]{36}")
    new_id = vendors.sim.add(kind, states=["x"])
    assert re.fullmatch(form, new_id)
    assert vendors.status(kind, chosen) == vendors.status(kind, new_id)


@every_kind
@pytest.mark.parametrize(
    ("fault", "status_code", "text"),
    [
        (rate_limited(7), 429, "too many requests"),
        (server_error(503), 503, "internal error"),
        (bad_gateway(), 502, "<html>"),
        (Fault(404), 404, ""),
        (Fault(200, body='{"reply": {"data": null}}'), 200, "null"),
        (slow(0.01), 200, "first"),
        (dropped(), None, ""),
        (truncated(), None, ""),
    ],
)
def test_faults(faulty: Vendors, kind: str, fault: Fault, status_code: int | None, text: str) -> None:
    """A fault takes the place of as many replies as it says, whatever the kind."""
    job_id = faulty.sim.add(kind, states=[attrs.evolve(fault, times=2), ("first", 10), LAST_WORDS[kind]])
    for _ in range(2):
        if status_code is None:
            with pytest.raises(httpx.RemoteProtocolError):
                faulty.ask(kind, job_id)
        else:
            answer = faulty.ask(kind, job_id)
            assert (answer.status_code, text in answer.text) == (status_code, True)
            assert answer.headers.get("retry-after") == fault.headers.get("Retry-After")
    assert "first" in faulty.ask(kind, job_id).text


@every_kind
def test_server_errors_have_the_vendors_form(vendors: Vendors, kind: str) -> None:
    """A server in trouble answers as its own errors look."""
    body = vendors.ask(kind, vendors.sim.add(kind, states=[server_error(), "x"])).json()
    forms: dict[str, dict[str, Any]] = {
        "agilesec.scan": {"message": "internal error"},
        "osapi.job": {"error": "internal error"},
    }
    assert body == forms.get(kind, {"reply": {"err_code": 500, "err_msg": "internal error", "err_extra": None}})


@pytest.mark.parametrize("kind", ["cortex_xdr.action", "cortex_xdr.script_execution", "osapi.job"])
def test_a_fault_in_one_part_hits_the_whole_poll(faulty: Vendors, kind: str) -> None:
    """The endpoints or agents of a job are asked for together, so a fault of one is a fault of all."""
    job_id = faulty.sim.add(kind, states={"a": [LAST_WORDS[kind]], "b": [server_error(503, times=2), LAST_WORDS[kind]]})
    assert [faulty.ask(kind, job_id).status_code for _ in range(3)] == [503, 503, 200]


def test_fields_go_into_the_replies(vendors: Vendors) -> None:
    """Whatever else a job is added with stands in its replies."""
    job_id = vendors.sim.add("cortex_xsiam.byos_import", states=["FAILED"], error_log="no such column", shard=7)
    reply = vendors.ask("cortex_xsiam.byos_import", job_id).json()
    assert (reply["error_log"], reply["shard"]) == ("no such column", 7)
    reasons = {"a": {"errorText": "offline"}}
    job_id = vendors.sim.add("cortex_xdr.action", states={"a": ["FAILED"]}, errorReasons=reasons)
    reply = vendors.ask("cortex_xdr.action", job_id).json()["reply"]
    assert reply == {"data": {"a": "FAILED"}, "errorReasons": reasons}
    job_id = vendors.sim.add("agilesec.scan", states=["failed"], message="no space", labels=[{"team": "billing"}])
    reply = vendors.ask("agilesec.scan", job_id).json()
    assert (reply["message"], reply["labels"]) == ("no space", [{"team": "billing"}])
    job_id = vendors.sim.add("osapi.job", states=["completed"], result=[1, 2], changed=False)
    reply = vendors.ask("osapi.job", job_id).json()
    assert (reply["result"], reply["changed"]) == ([1, 2], False)


@pytest.mark.parametrize(
    ("kind", "arguments", "problem"),
    [
        ("cortex_xdr.script", {"states": ["x"]}, "not a kind"),
        ("jira.issue", {"states": ["x"]}, "not a kind"),
        ("osapi.job", {"states": []}, "at least one state"),
        ("osapi.job", {"states": {}}, "at least one state"),
        ("osapi.job", {"states": {"a": ["x"], "b": [dropped()]}}, "at least one state"),
        ("osapi.job", {"states": "completed"}, "must be a list"),
        ("osapi.job", {"states": {"a": "completed"}}, "must be a list"),
        ("osapi.job", {"states": [("x", -1)]}, "cannot last"),
        ("agilesec.scan", {"states": {"a": ["x"]}}, "no endpoints or agents"),
        ("cortex_xsiam.byos_import", {"states": {"a": ["x"]}}, "no endpoints or agents"),
        ("agilesec.scan", {"states": ["x"], "callback_id": "0" * 24}, "no such callback"),
    ],
)
def test_jobs_that_cannot_be(sim: Simulator, kind: str, arguments: dict[str, Any], problem: str) -> None:
    """A job that no vendor could have is a ValueError."""
    with pytest.raises(ValueError, match=problem):
        sim.add(kind, **arguments)


@pytest.mark.parametrize("arguments", [{"speed": 0}, {"speed": float("nan")}, {"scan_slots": 0}])
def test_simulators_that_cannot_be(arguments: dict[str, Any]) -> None:
    """What no simulator could work with is a ValueError."""
    with pytest.raises(ValueError, match="must be"):
        Simulator(**arguments)


def test_needs_to_run() -> None:
    """Before it runs, the simulator has no address, and nobody to call back."""
    idle = Simulator()
    callback_id = idle.register_callback("http://127.0.0.1:9/")
    with pytest.raises(RuntimeError, match="not running"):
        _ = idle.url
    with pytest.raises(RuntimeError, match="not running"):
        idle.add("agilesec.scan", states=["successful"], callback_id=callback_id)


def test_environ(fresh: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the simulator's variables in the environment, every vendor's client connects to it."""
    for name, value in fresh.environ.items():
        monkeypatch.setenv(name, value)
    ids = {kind: fresh.add(kind, states=[word]) for kind, word in LAST_WORDS.items()}
    with cortex_xsiam.connect_from_env() as client:
        assert cortex_xsiam.byos_import(client, ids["cortex_xsiam.byos_import"]).fetch().is_settled
    with cortex_xdr.connect_from_env() as client:
        assert cortex_xdr.action(client, ids["cortex_xdr.action"]).fetch().is_settled
        assert cortex_xdr.script_execution(client, ids["cortex_xdr.script_execution"]).fetch().is_settled
    with agilesec.connect_from_env() as client:
        assert agilesec.scan(client, ids["agilesec.scan"]).fetch().is_settled
    with osapi.connect_from_env() as client:
        assert osapi.job(client, ids["osapi.job"]).fetch().is_settled


def test_reset(vendors: Vendors) -> None:
    """After a reset the simulator knows nothing of what was before."""
    callback_id = vendors.sim.register_callback("http://127.0.0.1:9/")
    vendors.sim.plan_scan("billing", refusal="no")
    job_id = vendors.sim.add("osapi.job", states=["completed"])
    vendors.sim.reset()
    assert vendors.ask("osapi.job", job_id).status_code == 404
    assert len(vendors.sim.asked) == 1
    assert vendors.start()
    assert vendors.post("/v3/scan/create", SCAN | {"callbackId": callback_id}).status_code == 404


# Credentials

CORTEX = ["cortex_xsiam.byos_import", "cortex_xdr.action", "cortex_xdr.script_execution"]


def signed_headers(sim: Simulator, *, nonce: str = "", age: float = 0, key: str = "") -> dict[str, str]:
    """The headers of an advanced key."""
    nonce = nonce or hashlib.sha256(str(time.perf_counter_ns()).encode()).hexdigest()
    timestamp = str(int((time.time() - age) * 1000))
    signature = hashlib.sha256(f"{key or sim.key}{nonce}{timestamp}".encode()).hexdigest()
    return {
        "x-xdr-auth-id": str(sim.key_id),
        "x-xdr-nonce": nonce,
        "x-xdr-timestamp": timestamp,
        "authorization": signature,
    }


@pytest.mark.parametrize("kind", CORTEX)
@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        (lambda sim: {}, "no such key"),
        (lambda sim: {"x-xdr-auth-id": "8", "authorization": sim.key}, "no such key"),
        (lambda sim: {"x-xdr-auth-id": "7", "authorization": "other"}, "wrong key"),
        (lambda sim: {"x-xdr-auth-id": "7", "authorization": b"\xe9"}, "wrong key"),
        (lambda sim: signed_headers(sim, key="other"), "wrong signature"),
        (lambda sim: signed_headers(sim, age=3600), "stale timestamp"),
        (lambda sim: signed_headers(sim, age=-3600), "stale timestamp"),
        (lambda sim: signed_headers(sim, nonce="short"), "64 alphanumerics"),
    ],
)
def test_cortex_refuses(
    vendors: Vendors, kind: str, headers: Callable[[Simulator], dict[str, str]], problem: str
) -> None:
    """A tenant refuses a key that is missing or wrong, and a signature that is wrong or stale."""
    job_id = vendors.sim.add(kind, states=["x"], job_id="4711")
    answer = vendors.ask(kind, job_id, headers=headers(vendors.sim))
    assert answer.status_code == 401
    assert problem in answer.json()["reply"]["err_msg"]
    assert vendors.sim.polls(job_id) == 1


@pytest.mark.parametrize("kind", CORTEX)
def test_cortex_accepts_a_signature_once(vendors: Vendors, kind: str) -> None:
    """A signed request is accepted, and refused when it comes a second time, whatever it asks for."""
    headers = signed_headers(vendors.sim)
    assert vendors.ask(kind, vendors.sim.add(kind, states=["x"]), headers=headers).status_code == 200
    for other in CORTEX:
        again = vendors.ask(other, vendors.sim.add(other, states=["x"]), headers=headers)
        assert again.status_code == 401
        assert "used before" in again.json()["reply"]["err_msg"]


@pytest.mark.parametrize("token", [None, "", "other", "simulated-token ."])
def test_agilesec_refuses(vendors: Vendors, token: str | None) -> None:
    """Without a right token every operation answers 401."""
    headers = {} if token is None else {"isg-api-token": token}
    scan_id = vendors.sim.add("agilesec.scan", states=["x"])
    answers = [vendors.ask("agilesec.scan", scan_id, headers=headers)]
    answers += [
        vendors.http.post(f"/v3/scan{path}", json=SCAN, headers=headers) for path in ("", "/create", "/execute")
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert [answer.json() for answer in answers] == [{"message": "Unauthorized access."}] * 4


@pytest.mark.parametrize(
    ("authorization", "problem"),
    [
        (None, "required"),
        ("", "required"),
        ("Basic c2V0dGxlZA==", "required"),
        ("Bearer other", "not a JWT"),
        ("Bearer a.b.c", "signature"),
        (f"Bearer {signed({'exp': 4e9}, 'other')}", "signature"),
        (f"Bearer {signed({'exp': 1}, 'simulated-token')}", "expired"),
        (f"Bearer {signed({}, 'simulated-token')}", "expired"),
    ],
)
def test_osapi_refuses(vendors: Vendors, authorization: str | None, problem: str) -> None:
    """A token that is missing, expired, or signed by somebody else is refused in the documented form."""
    headers = {} if authorization is None else {"authorization": authorization}
    job_id = vendors.sim.add("osapi.job", states=["x"])
    answer = vendors.ask("osapi.job", job_id, headers=headers)
    body = answer.json()
    assert (answer.status_code, list(body)) == (401, ["error"])
    assert problem in body["error"]
    assert vendors.sim.polls(job_id) == 1


def test_both_tokens_are_accepted(vendors: Vendors) -> None:
    """AgileSec and OSAPI accept the plain token and the JWT that is signed with it."""
    job_id, scan_id = vendors.sim.add("osapi.job", states=["x"]), vendors.sim.add("agilesec.scan", states=["x"])
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", vendors.sim.token)
    for token in ("simulated-token", vendors.sim.token):
        assert vendors.ask("osapi.job", job_id, headers={"authorization": f"Bearer {token}"}).is_success
        assert vendors.ask("agilesec.scan", scan_id, headers={"isg-api-token": token}).is_success
    fresh_token = signed({"exp": time.time() + 60}, "simulated-token")
    assert vendors.ask("osapi.job", job_id, headers={"authorization": f"bearer {fresh_token}"}).is_success


# Cortex XSIAM


def test_xsiam_ids(vendors: Vendors) -> None:
    """An id that is not a UUID is answered with 422, one that is unknown with 404."""
    assert vendors.ask("cortex_xsiam.byos_import", "seven").status_code == 422
    assert vendors.ask("cortex_xsiam.byos_import", NO_JOB).json() == {"detail": f"Job with id '{NO_JOB}' not found"}


def test_xsiam_timestamps(vendors: Vendors, clock: VirtualClock) -> None:
    """A job's creation stays, and its last update is when its present state began."""
    job_id = vendors.sim.add("cortex_xsiam.byos_import", states=[("INITIATED", 60), "COMPLETED"])
    first = vendors.ask("cortex_xsiam.byos_import", job_id).json()
    clock.sleep(90)
    second = vendors.ask("cortex_xsiam.byos_import", job_id).json()
    assert first["last_updated"] == first["created_timestamp"] == second["created_timestamp"]
    moments = [datetime.fromisoformat(second[name]) for name in ("created_timestamp", "last_updated")]
    assert (moments[1] - moments[0]).total_seconds() == pytest.approx(60, abs=0.01)


# Cortex XDR

ACTION, SCRIPT = "cortex_xdr.action", "cortex_xdr.script_execution"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (ACTION, b""),
        (ACTION, b"{"),
        (ACTION, b"\xff"),
        (ACTION, b"7"),
        (ACTION, b"[]"),
        (ACTION, b"{}"),
        (ACTION, b'{"request_data": []}'),
        (ACTION, b'{"request_data": {}}'),
        (ACTION, b'{"request_data": {"action_id": 7}}'),
        (ACTION, b'{"request_data": {"group_action_id": "7"}}'),
        (ACTION, b'{"request_data": {"group_action_id": 7.0}}'),
        (ACTION, b'{"request_data": {"group_action_id": true}}'),
        (ACTION, b'{"request_data": {"group_action_id": null}}'),
        (SCRIPT, b"{"),
        (SCRIPT, b'{"request_data": {"group_action_id": 7}}'),
        (SCRIPT, b'{"request_data": {"action_id": 7}}'),
    ],
)
def test_xdr_reads_the_request(vendors: Vendors, kind: str, body: bytes) -> None:
    """What is no JSON, and an id that is missing or not of its type, is answered with 400."""
    answer = vendors.http.post(PATHS[kind], content=body, headers=vendors.headers(kind))
    reply = answer.json()["reply"]
    assert (answer.status_code, reply["err_code"], reply["err_extra"]) == (400, 400, None)
    assert reply["err_msg"]


def test_xdr_endpoints_finish_one_by_one(vendors: Vendors, clock: VirtualClock) -> None:
    """Each endpoint has its own pace: one ends, one is aborted, and one that is offline stays pending."""
    action_id = vendors.sim.add(
        ACTION,
        states={
            "a": [("PENDING", 5), ("IN_PROGRESS", 10), "COMPLETED_SUCCESSFULLY"],
            "b": [("PENDING", 10), ("PENDING_ABORT", 10), "ABORTED"],
            "c": ["PENDING"],
        },
    )
    seen = []
    for _ in range(5):
        seen.append(" ".join(vendors.status(ACTION, action_id).values()))
        clock.sleep(5)
    assert seen == [
        "PENDING PENDING PENDING",
        "IN_PROGRESS PENDING PENDING",
        "IN_PROGRESS PENDING_ABORT PENDING",
        "COMPLETED_SUCCESSFULLY PENDING_ABORT PENDING",
        "COMPLETED_SUCCESSFULLY ABORTED PENDING",
    ]


def test_xdr_endpoints_that_are_not_known_yet(vendors: Vendors, clock: VirtualClock) -> None:
    """An endpoint whose state is empty is not in the reply yet."""
    states = {"a": [("", 5), "PENDING"], "b": [("", 10), "PENDING"]}
    ids = {kind: vendors.sim.add(kind, states=states) for kind in (ACTION, SCRIPT)}
    seen = []
    for _ in range(3):
        script = vendors.ask(SCRIPT, ids[SCRIPT]).json()["reply"]
        seen.append((vendors.status(ACTION, ids[ACTION]), script["general_status"], script["endpoints_pending"]))
        clock.sleep(5)
    assert seen == [
        ({}, "PENDING", 0),
        ({"a": "PENDING"}, "PENDING", 1),
        ({"a": "PENDING", "b": "PENDING"}, "PENDING", 2),
    ]


def test_xdr_unknown_ids(vendors: Vendors) -> None:
    """An unknown action has no endpoints; an unknown script run is an error message without a status."""
    assert vendors.ask(ACTION, "4711").json() == {"reply": {"data": {}}}
    assert vendors.ask(SCRIPT, "4711").json() == {"reply": {"error_message": "there is no such action"}}


@pytest.mark.parametrize(
    ("words", "general_status"),
    [
        ("PENDING PENDING", "PENDING"),
        ("PENDING IN_PROGRESS", "IN_PROGRESS"),
        ("PENDING COMPLETED_SUCCESSFULLY", "IN_PROGRESS"),
        ("ABORTED PENDING_ABORT", "PENDING_ABORT"),
        ("STAGING FAILED", "IN_PROGRESS"),
        ("COMPLETED_SUCCESSFULLY COMPLETED_SUCCESSFULLY", "COMPLETED_SUCCESSFULLY"),
        ("COMPLETED_SUCCESSFULLY FAILED", "COMPLETED_PARTIAL"),
        ("FAILED TIMEOUT EXPIRED", "FAILED"),
        ("CANCELLED CANCELED", "CANCELED"),
    ],
)
def test_xdr_script_counts_its_endpoints(vendors: Vendors, words: str, general_status: str) -> None:
    """A script run has one status for all endpoints, and counts them by their words."""
    states = {f"endpoint-{number}": [word] for number, word in enumerate(words.split())}
    reply = vendors.ask(SCRIPT, vendors.sim.add(SCRIPT, states=states)).json()["reply"]
    counters = {name: count for name, count in reply.items() if name.startswith("endpoints_")}
    assert (reply["general_status"], reply["error_message"], len(counters)) == (general_status, "", 9)
    for word in set(words.replace("CANCELLED", "CANCELED").split()) - {"STAGING"}:
        assert counters[f"endpoints_{word.lower()}"] == words.replace("CANCELLED", "CANCELED").split().count(word)
    assert sum(counters.values()) == len(words.replace("STAGING", "").split())


# AgileSec


def without(field: str) -> dict[str, Any]:
    """The body of a submit that lacks a field."""
    return {name: value for name, value in SCAN.items() if name != field}


WRONG_IN_BOTH: list[tuple[Any, str]] = [
    ({}, "Missing required field: sensorName."),
    (without("sensorName"), "Missing required field: sensorName."),
    (without("sensorType") | {"sensorName": 7}, "Missing required field: sensorType."),
    (without("sensorConfig") | {"other": 1}, "Missing required field: sensorConfig."),
    (SCAN | {"sensorName": 7, "sensorType": 7}, "Invalid type for sensorName: expected string."),
    (SCAN | {"sensorType": None}, "Invalid type for sensorType: expected string."),
    (SCAN | {"sensorConfig": [], "priority": 7}, "Invalid type for sensorConfig: expected object."),
    (SCAN | {"labels": {"a": "b"}}, "Invalid type for labels: expected array of single key/value objects."),
    (SCAN | {"labels": [{"a": "1", "b": "2"}]}, "Invalid type for labels: expected array of single key/value objects."),
    (SCAN | {"other": 1}, "Unexpected field 'other' found in request body."),
    ([SCAN], "Validation Failed."),
]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        *WRONG_IN_BOTH,
        (SCAN | {"incrementalScan": "yes"}, "Invalid type for incrementalScan: expected boolean."),
        (SCAN | {"autoResolutionInterval": True}, "Invalid type for autoResolutionInterval: expected integer."),
        (SCAN | {"callbackId": 7}, "Invalid type for callbackId: expected string."),
        (SCAN | {"other": 1, "priority": "urgent"}, "Unexpected field 'other' found in request body."),
        (
            SCAN | {"priority": "urgent"},
            "Invalid type or value for priority: expected string ['low', 'medium', 'high'].",
        ),
        (SCAN | {"priority": []}, "Invalid type or value for priority: expected string ['low', 'medium', 'high']."),
        (SCAN | {"sensorConfig": {"url": "billing"}}, "Invalid input for sensorConfig."),
    ],
)
def test_agilesec_create_validates(vendors: Vendors, body: Any, message: str) -> None:
    """What is wrong with a new scan is answered with 400 and the page's message, the page's first if there are more."""
    answer = vendors.post("/v3/scan/create", body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        *WRONG_IN_BOTH,
        (SCAN | {"incrementalScan": True}, "Unexpected field 'incrementalScan' found in request body."),
        (
            SCAN | {"callbackId": "c1", "priority": 7},
            "Invalid format for callbackId: expected a 24-hex-character ObjectId.",
        ),
        (
            SCAN | {"priority": "HIGH", "other": 1},
            "Invalid type or value for priority: expected one of ['low', 'medium', 'high'].",
        ),
    ],
)
def test_agilesec_submit_validates(vendors: Vendors, body: Any, message: str) -> None:
    """The deprecated operation has messages and an order of its own."""
    answer = vendors.post("/v3/scan", body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize("body", [{}, {"sensorId": 7}, [], None])
def test_agilesec_execute_validates(vendors: Vendors, body: Any) -> None:
    """A sensor has to be named."""
    answer = vendors.post("/v3/scan/execute", body)
    assert (answer.status_code, answer.json()["message"]) == (400, "sensorId is required")


def test_agilesec_request_that_is_no_json(vendors: Vendors) -> None:
    """A body that cannot be read is answered with 400."""
    answer = vendors.http.post("/v3/scan/create", content=b"{", headers=vendors.headers("agilesec"))
    assert (answer.status_code, answer.json()["message"]) == (400, "Validation Failed.")


def test_agilesec_not_found(vendors: Vendors) -> None:
    """A type of sensor, a callback, a sensor or an execution that does not exist is answered with 404."""
    callback_id = "0" * 24
    for path in ("/v3/scan", "/v3/scan/create"):
        answer = vendors.post(path, SCAN | {"sensorType": "GTI Sensor", "callbackId": callback_id})
        message = "Unknown sensorType: no matching record found for GTI Sensor."
        assert (answer.status_code, answer.json()["message"]) == (404, message)
        answer = vendors.post(path, SCAN | {"callbackId": callback_id})
        assert (answer.status_code, answer.json()["message"]) == (404, "callbackId not found.")
    for answer in (vendors.post("/v3/scan/execute", {"sensorId": "s1"}), vendors.ask("agilesec.scan", "e1")):
        assert (answer.status_code, answer.json()["message"]) == (404, "The specified execution id not found.")


@pytest.mark.parametrize("path", ["/v3/scan", "/v3/scan/create"])
def test_agilesec_submission(vendors: Vendors, path: str, clock: VirtualClock) -> None:
    """A submit is answered with the ids of sensor and run; the scan then runs and succeeds by itself."""
    labels = [{"team": "billing"}, {"stage": "test"}]
    answer = vendors.post(path, SCAN | {"labels": labels, "priority": "high"}).json()
    assert answer["status"] == "successful"
    scan = vendors.ask("agilesec.scan", answer["executionId"]).json()
    assert (scan["status"], scan["sensorId"], scan["labels"]) == ("running", answer["sensorId"], labels)
    clock.sleep(0.2)
    assert vendors.status("agilesec.scan", answer["executionId"]) == "successful"
    assert vendors.sim.polls(answer["executionId"]) == 2
    assert vendors.sim.asked[0].ref == f"agilesec.scan/{path.rpartition('/')[2]}"


def test_agilesec_executes_a_sensor_again(vendors: Vendors, clock: VirtualClock) -> None:
    """Every run of a sensor has an id of its own, and the labels of the sensor."""
    sensor_id = vendors.post("/v3/scan/create", SCAN | {"labels": [{"team": "billing"}]}).json()["sensorId"]
    answers = [vendors.post("/v3/scan/execute", {"sensorId": sensor_id}).json() for _ in range(2)]
    assert [sorted(answer) for answer in answers] == [["executionId", "message", "status"]] * 2
    clock.sleep(1)
    scans = [vendors.ask("agilesec.scan", answer["executionId"]).json() for answer in answers]
    assert len({scan["executionId"] for scan in scans}) == 2
    assert [(scan["sensorId"], scan["labels"], scan["status"]) for scan in scans] == [
        (sensor_id, [{"team": "billing"}], "successful")
    ] * 2


def test_agilesec_runs_scans_by_priority(vendors: Vendors, clock: VirtualClock) -> None:
    """One scan runs at a time: the most urgent of those that wait, and the one that came first among equals."""
    vendors.sim.plan_scan("billing", states=[("running", 10), "successful"])
    priorities = ["low", None, "medium", "high", "low", "high"]
    ids = [vendors.start(**({"priority": priority} if priority else {})) for priority in priorities]
    order = []
    for _ in priorities:
        words = [vendors.status("agilesec.scan", scan_id) for scan_id in ids]
        order.append(words.index("running"))
        assert words.count("running") == 1
        assert words.count("successful") == len(order) - 1
        clock.sleep(10)
    assert order == [0, 3, 5, 2, 1, 4]
    assert [vendors.status("agilesec.scan", scan_id) for scan_id in ids] == ["successful"] * 6


def test_agilesec_pool_moves_on_by_itself(vendors: Vendors, clock: VirtualClock) -> None:
    """A scan starts when the one before it ended, though nobody asked in between."""
    vendors.sim.plan_scan("billing", states=[("running", 10), "failed"])
    ids = [vendors.start() for _ in range(4)]
    clock.sleep(35)
    scans = [vendors.ask("agilesec.scan", scan_id).json() for scan_id in ids]
    assert [scan["status"] for scan in scans] == ["failed", "failed", "failed", "running"]
    ran_at = [datetime.fromisoformat(scan["ranAt"]) for scan in scans]
    gaps = [(after - before).total_seconds() for before, after in itertools.pairwise(ran_at)]
    assert gaps == pytest.approx([10, 10, 10], abs=1)


def test_agilesec_scan_that_waits(vendors: Vendors) -> None:
    """A scan that waits has an undocumented status, and did not run at any time."""
    vendors.sim.plan_scan("billing", states=["running"])
    vendors.start()
    scan = vendors.ask("agilesec.scan", vendors.start(priority="high")).json()
    assert (scan["status"], "ranAt" in scan) == ("queued", False)


def test_agilesec_plan_with_faults(faulty: Vendors, clock: VirtualClock) -> None:
    """A planned scan can have faults, which wait until its turn has come."""
    faulty.sim.plan_scan("billing", states=[server_error(503), ("running", 5), "failed"])
    ids = [faulty.start(), faulty.start()]
    assert [faulty.ask("agilesec.scan", scan_id).status_code for scan_id in ids] == [503, 200]
    assert [faulty.status("agilesec.scan", scan_id) for scan_id in ids] == ["running", "queued"]
    clock.sleep(5)
    assert [faulty.ask("agilesec.scan", scan_id).status_code for scan_id in ids] == [200, 503]


def test_agilesec_refuses_a_submission(vendors: Vendors) -> None:
    """A scan that is not taken on is answered with 200 and the status failed."""
    vendors.sim.plan_scan("billing", refusal="the sensor is busy")
    for path in ("/v3/scan", "/v3/scan/create"):
        answer = vendors.post(path, SCAN)
        assert (answer.status_code, answer.json()) == (200, {"status": "failed", "message": "the sensor is busy"})
    with pytest.raises(ValueError, match="at least one state"):
        vendors.sim.plan_scan("billing", states=[])


@pytest.mark.parametrize(
    "plan",
    [
        lambda sim, states: sim.plan_scan("billing", states=states),
        lambda sim, states: sim.plan_endpoint("laptop", states=states),
        lambda sim, states: sim.plan_query("dataset = x", states=states),
        lambda sim, states: sim.plan_command("ls", states=states),
        lambda sim, states: sim.plan_command("ls", states={"web-01": states}),
    ],
    ids=["scan", "endpoint", "query", "command", "agent"],
)
def test_a_plan_that_makes_no_script(vendors: Vendors, plan: Callable[[Simulator, Any], None]) -> None:
    """A text in place of a list, no state, and a duration below zero are refused where the plan is made."""
    wrong: dict[str, Any] = {"must be a list": "running", "at least one state": [], "cannot last": [("running", -1)]}
    for reason, states in wrong.items():
        with pytest.raises(ValueError, match=reason):
            plan(vendors.sim, states)


def test_a_plan_serves_every_job(vendors: Vendors) -> None:
    """States that can be iterated over only once serve any number of queries."""
    vendors.sim.plan_query("dataset = x", states=iter(["RUNNING", "SUCCESS"]))
    with cortex_xdr.connect(vendors.sim.url, key_id=vendors.sim.key_id, key=vendors.sim.key) as client:
        for _ in range(2):
            assert cortex_xdr.start_query(client, "dataset = x").fetch().status == "RUNNING"


def test_agilesec_slots(clock: VirtualClock) -> None:
    """More slots run more scans at a time, each slot free as soon as its scan has ended."""
    with Simulator(scan_slots=2, clock=clock.now) as sim, httpx.Client(base_url=sim.url) as http:
        vendors = Vendors(sim, http)
        ids = []
        for name, seconds in (("a", 10), ("b", 30), ("c", 10), ("d", 10)):
            sim.plan_scan(name, states=[("running", seconds), "successful"])
            ids.append(vendors.start(sensorName=name))
        seen = []
        for seconds in (0, 15, 10):
            clock.sleep(seconds)
            seen.append(" ".join(vendors.status("agilesec.scan", scan_id) for scan_id in ids))
    assert seen == [
        "running running queued queued",
        "successful running running queued",
        "successful running successful running",
    ]


# Callbacks


@attrs.frozen
class Receiver:
    """A receiver of callbacks: where it is, and what it was told."""

    url: str
    received: queue.Queue[tuple[dict[str, str], Any]]

    def next(self) -> tuple[dict[str, str], Any]:
        """The headers and the payload of the next callback."""
        return self.received.get(timeout=10)


@pytest.fixture(scope="module")
def receiving() -> Iterator[Receiver]:
    """A receiver of callbacks for all tests."""
    received: queue.Queue[tuple[dict[str, str], Any]] = queue.Queue()

    async def receive(request: Request) -> Response:
        received.put((dict(request.headers), await request.json()))
        return Response(status_code=204)

    with Server(Starlette(routes=[Route("/callback", receive, methods=["POST"])])) as server:
        yield Receiver(f"{server.url}/callback", received)


@pytest.fixture
def receiver(receiving: Receiver) -> Iterator[Receiver]:
    """A receiver of callbacks that has been told nothing, and in the end nothing more than was asked for."""
    yield receiving
    assert receiving.received.empty()


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (None, None),
        (("bearer", "t1"), ("authorization", "Bearer t1")),
        (("token", "X-Custom-Auth", "t2"), ("x-custom-auth", "t2")),
    ],
)
def test_callback_credentials(
    vendors: Vendors, clock: VirtualClock, receiver: Receiver, auth: Any, header: tuple[str, str] | None
) -> None:
    """A callback carries the credentials that were registered with its endpoint, and says how the scan ended."""
    callback_id = vendors.sim.register_callback(receiver.url, auth)
    assert re.fullmatch("[0-9a-f]{24}", callback_id)
    scan_id = vendors.start(callbackId=callback_id, labels=[{"team": "billing"}])
    clock.sleep(0.2)
    headers, payload = receiver.next()
    sent = {name: value for name, value in headers.items() if name in ("authorization", "x-custom-auth")}
    assert sent == ({} if header is None else dict([header]))
    scan = vendors.ask("agilesec.scan", scan_id).json()
    assert payload == {name: scan[name] for name in ("sensorId", "executionId", "status", "message", "labels")}
    assert (payload["status"], payload["labels"]) == ("successful", [{"team": "billing"}])
    assert valid(payload, {"$ref": "#/components/schemas/ScanCallback"}, DOCUMENTS["agilesec"])


@pytest.mark.parametrize(("code", "status"), [("git-1042", "git-1042"), (None, "scan-1")])
def test_callback_of_a_failed_scan(
    vendors: Vendors, clock: VirtualClock, receiver: Receiver, code: str | None, status: str
) -> None:
    """Only a failed scan's callback has an error code, which the status operation does not tell."""
    callback_id = vendors.sim.register_callback(receiver.url)
    vendors.sim.plan_scan("billing", states=[("running", 5), "failed"], error_code=code)
    scan_id = vendors.start(callbackId=callback_id)
    clock.sleep(5)
    _, payload = receiver.next()
    assert (payload["executionId"], payload["status"], payload["errorCode"]) == (scan_id, "failed", status)
    assert "errorCode" not in vendors.ask("agilesec.scan", scan_id).json()
    assert valid(payload, {"$ref": "#/components/schemas/ScanCallback"}, DOCUMENTS["agilesec"])


def test_callbacks_come_in_the_order_of_the_scans(vendors: Vendors, clock: VirtualClock, receiver: Receiver) -> None:
    """Every run of a sensor is told of, when it ends."""
    callback_id = vendors.sim.register_callback(receiver.url)
    vendors.sim.plan_scan("billing", states=[("running", 5), "successful"])
    first = vendors.post("/v3/scan/create", SCAN | {"callbackId": callback_id}).json()
    second = vendors.post("/v3/scan/execute", {"sensorId": first["sensorId"]}).json()
    for answer in (first, second):
        clock.sleep(5)
        _, payload = receiver.next()
        assert (payload["executionId"], payload["sensorId"]) == (answer["executionId"], first["sensorId"])


def test_callback_of_a_scripted_scan(fresh: Simulator, clock: VirtualClock, receiver: Receiver) -> None:
    """A scan that was added with a callback id is told of as well, in any letter case, and not before it has ended."""
    callback_id = fresh.register_callback(receiver.url)
    scan_id = fresh.add(
        "agilesec.scan", states=["queued", ("running", 5), "Failed"], callback_id=callback_id, error_code="git-7"
    )
    time.sleep(0.03)
    assert receiver.received.empty()
    clock.sleep(10)
    _, payload = receiver.next()
    assert (payload["executionId"], payload["status"], payload["errorCode"]) == (scan_id, "Failed", "git-7")


def test_callback_in_real_time(receiver: Receiver) -> None:
    """By the real clock a callback comes without anybody asking."""
    with Simulator(speed=20) as sim, httpx.Client(base_url=sim.url) as http:
        callback_id = sim.register_callback(receiver.url)
        scan_id = Vendors(sim, http).start(callbackId=callback_id)
        assert receiver.next()[1]["executionId"] == scan_id


def test_callback_to_nobody(fresh: Simulator, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """A receiver that is not there is told in vain, with a line in the log, and no other one suffers."""
    dead = fresh.register_callback("http://127.0.0.1:9/", ("bearer", "very-secret"))
    scan_id = fresh.add("agilesec.scan", states=["failed"], callback_id=dead)
    deadline = time.monotonic() + 60
    while not caplog.records and time.monotonic() < deadline:
        time.sleep(0.01)
    fresh.add("agilesec.scan", states=["failed"], callback_id=fresh.register_callback(receiver.url))
    assert receiver.next()
    assert f"no callback for the scan {scan_id}" in caplog.text
    assert "very-secret" not in caplog.text + repr(fresh.agilesec.callbacks)


def test_forgotten_scans_call_nobody(fresh: Simulator, clock: VirtualClock, receiver: Receiver) -> None:
    """What is outstanding ends with a reset."""
    callback_id = fresh.register_callback(receiver.url)
    fresh.add("agilesec.scan", states=[("running", 5), "failed"], callback_id=callback_id)
    fresh.reset()
    clock.sleep(5)
    time.sleep(0.05)


def test_outstanding_callbacks_end_with_the_simulator(receiver: Receiver) -> None:
    """A simulator can stop while a callback is outstanding."""
    with Simulator() as sim:
        callback_id = sim.register_callback(receiver.url)
        sim.add("agilesec.scan", states=["running"], callback_id=callback_id)
    with pytest.raises(RuntimeError, match="not running"):
        sim.add("agilesec.scan", states=["running"], callback_id=callback_id)


@pytest.mark.parametrize(
    ("url", "auth"),
    [
        ("127.0.0.1:9", None),
        ("ftp://127.0.0.1/", None),
        (f"http://127.0.0.1/{'x' * 200}", None),
        ("http://127.0.0.1:9/", "t1"),
        ("http://127.0.0.1:9/", ("basic", "t1")),
        ("http://127.0.0.1:9/", ("token", "t1")),
    ],
)
def test_callbacks_that_cannot_be(sim: Simulator, url: str, auth: Any) -> None:
    """An endpoint that no platform would register is a ValueError."""
    with pytest.raises(ValueError, match=r"callback endpoint|auth must be"):
        sim.register_callback(url, auth)


# OSAPI

JOB = "osapi.job"


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_osapi_paths(vendors: Vendors, prefix: str) -> None:
    """A job is found under the path of either generation of servers; ids are unknown or malformed under both."""
    job_id = vendors.sim.add(JOB, states=["completed"])
    assert vendors.ask(JOB, job_id, prefix=prefix).json()["id"] == job_id
    answer = vendors.ask(JOB, NO_JOB, prefix=prefix)
    assert (answer.status_code, answer.json()) == (404, {"error": f"job not found: {NO_JOB}"})
    answer = vendors.ask(JOB, "seven", prefix=prefix)
    assert (answer.status_code, list(answer.json())) == (400, ["message"])


def test_osapi_job_of_one_agent(vendors: Vendors, clock: VirtualClock) -> None:
    """A job for one agent tells of that agent; what is not known is left out, but for `changed`."""
    job_id = vendors.sim.add(JOB, states=[("", 1), ("submitted", 1), ("processing", 1), "completed"])
    replies = []
    for _ in range(4):
        replies.append(vendors.ask(JOB, job_id).json())
        clock.sleep(1)
    assert [reply.get("status") for reply in replies] == [None, "submitted", "processing", "completed"]
    assert [reply["changed"] for reply in replies] == [None, None, None, True]
    assert sorted(replies[0]) == ["changed", "created", "id", "operation", "updated_at"]
    added = ["agent_states", "hostname", "responses", "result", "status", "timeline"]
    assert sorted(replies[3].keys() - replies[0].keys()) == added
    events = [(entry["event"], entry["hostname"]) for entry in replies[3]["timeline"]]
    assert events == [("acknowledged", "web-01"), ("started", "web-01"), ("completed", "web-01")]
    response = {"status": "completed", "hostname": "web-01", "changed": True, "data": replies[3]["result"]}
    assert replies[3]["responses"] == {"web-01": response}
    assert replies[3]["agent_states"] == {"web-01": {"status": "completed", "duration": "1s"}}


def test_osapi_runs_a_failed_job_again(vendors: Vendors, clock: VirtualClock) -> None:
    """A job that has failed is run again: it is completed then, and the state keeps the error of the earlier run."""
    job_id = vendors.sim.add(JOB, states=[("failed", 30), "completed"], error="no space left")
    assert vendors.ask(JOB, job_id).json()["error"] == "no space left"
    clock.sleep(31)
    job = vendors.ask(JOB, job_id).json()
    assert (job["status"], "error" in job, "error" in job["responses"]["web-01"]) == ("completed", False, False)
    assert job["agent_states"]["web-01"]["error"] == "no space left"
    run = ["acknowledged", "started"]
    assert [entry["event"] for entry in job["timeline"]] == [*run, "failed", *run, "completed"]
    with osapi.connect(vendors.sim.url, token=vendors.sim.token) as client:
        end = osapi.job(client, job_id, expected_agents=1).fetch()
    assert (end.outcome, end.detail, end.progress) == (Outcome.SUCCEEDED, None, Progress(1, 1))


def test_osapi_keys_of_responses(vendors: Vendors) -> None:
    """Responses are keyed by a form of the host name, states by the name itself: they make one part."""
    job_id = vendors.sim.add(JOB, states={"web-01": ["skipped"], "web-02.example.com": ["skipped"]})
    job = vendors.ask(JOB, job_id).json()
    assert sorted(job["responses"]) == ["web-01", "web-02_example_com"]
    assert sorted(job["agent_states"]) == ["web-01", "web-02.example.com"]
    assert ("hostname" in job, {entry["event"] for entry in job["timeline"]}) == (
        False,
        {"acknowledged", "started", "skipped"},
    )
    with osapi.connect(vendors.sim.url, token=vendors.sim.token) as client:
        assert sorted(osapi.job(client, job_id).fetch().parts) == ["web-01", "web-02.example.com"]


def test_osapi_failed_job(vendors: Vendors, clock: VirtualClock) -> None:
    """A job that failed says why, where one agent was to do it and where all of them failed."""
    single = vendors.ask(JOB, vendors.sim.add(JOB, states=["failed"], error="no space left")).json()
    assert (single["error"], single["changed"], "result" in single) == ("no space left", None, False)
    states = {"a": [("started", 5), "failed"], "b": ["failed"]}
    job_id = vendors.sim.add(JOB, states=states, error={"b": "no space left"})
    clock.sleep(5)
    job = vendors.ask(JOB, job_id).json()
    assert (job["status"], job["error"], job["hostname"]) == ("failed", "exit status 1", "a")
    assert job["responses"]["b"] == {"status": "failed", "hostname": "b", "error": "no space left", "changed": None}
    assert job["agent_states"]["b"] == {"status": "failed", "error": "no space left", "duration": "0s"}
    assert [entry["error"] for entry in job["timeline"] if "error" in entry] == ["no space left", "exit status 1"]


def test_osapi_broadcast_says_completed_too_early(vendors: Vendors, clock: VirtualClock) -> None:
    """The server counts the agents that have begun: a job is completed, goes on, and ends as a partial failure."""
    job_id = vendors.sim.add(
        JOB,
        states={
            "web-01": [("", 1), ("acknowledged", 1), ("started", 1), "completed"],
            "web-02": [("", 4), ("started", 1.5), "failed"],
        },
        error="no space left",
    )
    replies = []
    for _ in range(7):
        replies.append(vendors.ask(JOB, job_id).json())
        clock.sleep(1)
    assert [reply["status"] for reply in replies] == [
        "submitted",
        "processing",
        "processing",
        "completed",
        "processing",
        "processing",
        "partial_failure",
    ]
    assert [len(reply.get("agent_states", {})) for reply in replies] == [0, 1, 1, 1, 2, 2, 2]
    assert [len(reply.get("responses", {})) for reply in replies] == [0, 0, 0, 1, 1, 1, 2]
    end = replies[-1]
    assert "error" not in end
    assert "result" not in end
    failed = {"status": "failed", "hostname": "web-02", "error": "no space left", "changed": None}
    assert end["responses"]["web-02"] == failed
    assert end["agent_states"] == {
        "web-01": {"status": "completed", "duration": "1s"},
        "web-02": {"status": "failed", "error": "no space left", "duration": "1.5s"},
    }
    assert [entry["event"] for entry in end["timeline"]] == [
        "acknowledged",
        "started",
        "completed",
        "acknowledged",
        "started",
        "failed",
    ]
    assert [entry["timestamp"] for entry in end["timeline"]] == sorted(entry["timestamp"] for entry in end["timeline"])


@pytest.mark.parametrize(
    ("words", "status", "changed"),
    [
        ("completed completed", "completed", True),
        ("completed skipped", "completed", True),
        ("completed failed", "partial_failure", True),
        ("failed failed", "failed", None),
        ("failed skipped", "failed", None),
        ("skipped skipped", "skipped", None),
        ("completed started", "processing", True),
        ("completed acknowledged", "processing", True),
    ],
)
def test_osapi_status_of_a_broadcast(vendors: Vendors, words: str, status: str, changed: bool | None) -> None:
    """A broadcast job's status is made of those of its agents."""
    states = {f"web-{number}": [word] for number, word in enumerate(words.split())}
    reply = vendors.ask(JOB, vendors.sim.add(JOB, states=states)).json()
    assert (reply["status"], reply["changed"]) == (status, changed)
    assert ("error" in reply) == (status in ("failed", "skipped"))


def test_osapi_timestamps(vendors: Vendors) -> None:
    """Times are RFC 3339 in whole seconds, but for the latest change, which has nine digits of a second."""
    reply = vendors.ask(JOB, vendors.sim.add(JOB, states=["completed"])).json()
    stamps = [reply["updated_at"], reply["created"], *(entry["timestamp"] for entry in reply["timeline"])]
    for stamp, fraction in zip(stamps, [r"\.\d{9}", *[""] * (len(stamps) - 1)], strict=True):
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d{fraction}Z", stamp)
        assert abs(datetime.fromisoformat(stamp[:19] + "+00:00").timestamp() - time.time()) < 60


def test_osapi_forgets_a_job(vendors: Vendors, clock: VirtualClock) -> None:
    """After its retention a job is not found any more."""
    job_id = vendors.sim.add(JOB, states=["completed"], retention=3600)
    kept = vendors.sim.add(JOB, states=["completed"])
    clock.sleep(3599)
    assert "retention" not in vendors.ask(JOB, job_id).json()
    clock.sleep(1)
    assert [vendors.ask(JOB, asked).status_code for asked in (job_id, kept)] == [404, 200]
