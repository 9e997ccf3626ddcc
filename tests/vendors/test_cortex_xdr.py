"""Cortex XDR: what is read from the replies about actions and script runs, over real HTTP."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import JSONResponse

import settled
from settled import Job, Outcome, Part, Progress, cortex_xdr, cortex_xsiam, errors
from settled_clients.cortex_xdr import AuthenticatedClient
from settled_clients.cortex_xdr.models import ActionStatus, ScriptExecutionReply

from conftest import Answering, WaitFunction

BIG = 2**63 - 25
COUNTERS = [
    "pending",
    "canceled",
    "in_progress",
    "timeout",
    "failed",
    "completed_successfully",
    "pending_abort",
    "aborted",
    "expired",
]


def _client(url: str) -> AuthenticatedClient:
    return cortex_xdr.connect(url, key_id=7, key="k", max_rate=None)


@pytest.fixture
def action(answering: Answering) -> Callable[..., Job[Any]]:
    """Makes an action that is answered with these maps of endpoints, one after the other."""
    return lambda *maps, **rest: cortex_xdr.action(
        _client(answering(*({"reply": {"data": words} | rest} for words in maps))), 4711
    )


@pytest.fixture
def run(answering: Answering) -> Callable[..., Job[Any]]:
    """Makes a script run that is answered with these replies, one after the other."""
    return lambda *replies: cortex_xdr.script_execution(
        _client(answering(*({"reply": reply} for reply in replies))), 17
    )


@pytest.mark.parametrize("group_action_id", ["a1", "1.5", "-1", "\N{ARABIC-INDIC DIGIT THREE}"])
def test_ids_of_actions_are_numbers(group_action_id: str) -> None:
    """What is no whole number is refused, and nothing is sent."""
    message = "^group_action_id must be a whole number: digits, and nothing else$"
    with pytest.raises(ValueError, match=message):
        cortex_xdr.action(_client("https://nowhere.invalid"), group_action_id)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (["COMPLETED_SUCCESSFULLY"], Outcome.SUCCEEDED),
        (["COMPLETED_PARTIAL"], Outcome.PARTIAL),
        (["FAILED"], Outcome.FAILED),
        (["CANCELLED"], Outcome.CANCELLED),
        (["CANCELED", "ABORTED"], Outcome.CANCELLED),
        (["TIMEOUT", "EXPIRED"], Outcome.TIMED_OUT),
        (["completed_successfully", "COMPLETED_SUCCESSFULLY"], Outcome.SUCCEEDED),
        (["COMPLETED_SUCCESSFULLY", "FAILED"], Outcome.PARTIAL),
        (["COMPLETED_PARTIAL", "ABORTED"], Outcome.PARTIAL),
        (["FAILED", "ABORTED"], Outcome.FAILED),
        (["EXPIRED", "CANCELLED"], Outcome.FAILED),
    ],
)
def test_action_settles_as_its_endpoints_do(
    action: Callable[..., Job[Any]], wait: WaitFunction, words: list[str], outcome: Outcome
) -> None:
    """One outcome if all endpoints agree, PARTIAL if any succeeded, FAILED otherwise."""
    end = wait(action(dict(zip("abc", words, strict=False))), timeout=900, unknown="raise")
    assert (end.outcome, end.status, end.is_known) == (outcome, None, True)
    assert [part.status for part in end.parts.values()] == words
    assert end.progress == Progress(len(words), len(words))


@pytest.mark.parametrize(
    "not_yet",
    [
        {},
        None,
        {"a": None},
        {"a": ""},
        {"a": "COMPLETED_SUCCESSFULLY", "b": "PENDING"},
        {"a": "FAILED", "b": "IN_PROGRESS"},
        {"a": "FAILED", "b": "PENDING_ABORT"},
        {"a": "FAILED", "b": None},
        {"a": "FAILED", "b": "REBOOTING"},
    ],
)
def test_action_is_not_done_yet(action: Callable[..., Job[Any]], wait: WaitFunction, not_yet: Any) -> None:
    """An action goes on until there are endpoints and each has a terminal word."""
    end = wait(action(not_yet, not_yet, {"a": "FAILED"}), timeout=900)
    assert (end.outcome, end.polls) == (Outcome.FAILED, 3)


@pytest.mark.parametrize("reply", [{}, {"reply": None}, {"reply": {}}])
def test_action_without_data(answering: Answering, wait: WaitFunction, reply: Any) -> None:
    """A reply without data says that the endpoints are not known yet."""
    done = {"reply": {"data": {"a": "COMPLETED_SUCCESSFULLY"}}}
    read: list[Any] = []
    end = wait(cortex_xdr.action(_client(answering(reply, done)), 1), timeout=900, on_poll=read.append)
    assert (end.outcome, end.polls) == (Outcome.SUCCEEDED, 2)
    assert [snapshot.progress for snapshot in read] == [None, Progress(1, 1)]


def test_action_tells_each_endpoint(action: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """`parts` has the word, the outcome and the reason of each endpoint, `detail` the reasons, `progress` the count."""
    snapshots: list[Any] = []
    words = {"a": "COMPLETED_SUCCESSFULLY", "b": "FAILED", "c": "PENDING"}
    reasons = {"b": {"errorText": "", "message": "disk is locked"}, "zz": "not asked for"}
    with pytest.raises(errors.WaitTimeout) as raised:
        wait(action(words, errorReasons=reasons), timeout=1, on_poll=snapshots.append)
    assert dict(snapshots[0].parts) == {
        "a": Part("COMPLETED_SUCCESSFULLY", Outcome.SUCCEEDED, None),
        "b": Part("FAILED", Outcome.FAILED, "disk is locked"),
        "c": Part("PENDING", None, None),
    }
    assert snapshots[0].progress == Progress(2, 3)
    assert snapshots[0].detail == "b: disk is locked; zz: not asked for"
    assert "2 of 3 endpoints settled after 1 s; still PENDING: c (" in str(raised.value)
    assert set(raised.value.seen) == {"2 of 3 settled"}


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        ({"errorDescription": "no such file", "errorData": None, "terminated_by": None}, "no such file"),
        ({"errorText": "no such file", "errorData": "{}"}, "no such file"),
        ({"errorText": "", "errorData": '{"errorText": "no such file", "errorCode": -22}'}, "no such file"),
        ({"errorText": "no such file", "errorData": '{"errorText": "no such file"}'}, "no such file"),
        ({"errorText": "refused", "errorDescription": "no such file"}, "refused; no such file"),
        ({"errorData": "no such file"}, "no such file"),
        ({"errorData": {"errorDescription": "no such file"}}, "no such file"),
        ({"errorData": '{"code": -22}'}, '{"code":-22}'),
        ({"errorData": "[" * 100_000}, "[" * 100_000),
        ({"missing_files": ["a.exe", "b.exe"], "bucket": "b"}, "missing files: a.exe; b.exe"),
        ({"terminated_by": "admin"}, '{"terminated_by":"admin"}'),
        ({"errorText": "", "errorDescription": None, "errorData": "{}", "missing_files": []}, None),
        ("no such file", "no such file"),
    ],
)
def test_reasons_of_an_endpoint(
    action: Callable[..., Job[Any]], wait: WaitFunction, reason: Any, detail: str | None
) -> None:
    """Why an action failed on an endpoint is told, in whichever of its fields the tenant says so."""
    end = wait(action({"a": "FAILED"}, errorReasons={"a": reason}), timeout=5)
    assert end.parts["a"].detail == detail
    assert end.detail == (detail and f"a: {detail}")


@pytest.mark.parametrize(
    ("reasons", "detail"),
    [
        ({"b": {"errorText": "no such file"}}, "b: no such file"),
        ({"a": None, "b": {"errorText": "no such file"}}, "b: no such file"),
        ([{"endpoint": "a", "errorText": "no such file"}], '[{"endpoint":"a","errorText":"no such file"}]'),
        ("no such file", "no such file"),
        ([], None),
    ],
)
def test_reasons_of_no_endpoint(
    action: Callable[..., Job[Any]], wait: WaitFunction, reasons: Any, detail: str | None
) -> None:
    """Reasons that stand under no endpoint of the action, or in another form, are told and hide no status."""
    end = wait(action({"a": "FAILED"}, errorReasons=reasons), timeout=5)
    assert (end.outcome, end.detail, list(end.parts)) == (Outcome.FAILED, detail, ["a"])


@pytest.mark.parametrize("reply", [{}, None])
def test_action_whose_endpoints_never_come(
    action: Callable[..., Job[Any]], wait: WaitFunction, caplog: pytest.LogCaptureFixture, reply: Any
) -> None:
    """An id that is no action's is answered without endpoints for ever: the log says so once, and the deadline."""
    hint = "the tenant names no endpoint for this action; is it the `group_action_id`?"
    with pytest.raises(errors.WaitTimeout, match=re.escape(hint)):
        wait(action(reply), timeout=60)
    warned = [
        record.getMessage()
        for record in caplog.records
        if hint in record.getMessage() and record.levelname == "WARNING"
    ]
    assert len(warned) == 1
    assert "poll 3," in warned[0]
    caplog.clear()
    wait(action(reply, reply, {"a": "FAILED"}), timeout=60)
    assert hint not in caplog.text


def test_action_counts_its_words(action: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """What was seen stays short, whatever words the endpoints have, and says if they have none."""
    long = {str(number): f"{number:02}" * 50 for number in range(40)}
    with pytest.raises(errors.WaitTimeout) as raised:
        wait(action({}, {"a": "X" * 200}, long), timeout=1)
    none, cut, many = raised.value.seen
    assert none == "none yet"
    assert cut == f"1 {'X' * 80}\N{HORIZONTAL ELLIPSIS}"
    assert many == "0 of 40 settled"


def test_action_body_is_typed(action: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """The body is the vendor's model, its words an enum that keeps those it does not list."""
    end = wait(action({"a": "FAILED", "b": "CANCELED"}), timeout=900)
    words = end.body.reply.data.additional_properties
    assert words["a"] is ActionStatus.FAILED
    assert words["b"].value == "CANCELED"


@pytest.mark.parametrize("rest", [{}, {"data": None}, {"data": {}}])
def test_error_within_a_success(answering: Answering, wait: WaitFunction, rest: dict[str, Any]) -> None:
    """A 200 that holds an error instead of data ends the wait with the vendor's sentence."""
    url = answering({"reply": {"err_code": 500, "err_msg": "no such action", "err_extra": None} | rest})
    with pytest.raises(errors.ApiError, match="no such action") as raised:
        wait(cortex_xdr.action(_client(url), 1), timeout=900)
    assert (raised.value.status_code, raised.value.code) == (200, "500")


def test_error_beside_data(action: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """What the endpoints are told to do counts, whatever message there is beside it."""
    assert wait(action({"a": "FAILED"}, err_msg="one endpoint is offline"), timeout=900).outcome is Outcome.FAILED


@pytest.mark.parametrize("action_id", [BIG, str(BIG)])
def test_action_id_is_sent_as_an_integer(answering: Answering, action_id: int | str) -> None:
    """The id of an action is an integer in the request, with all its 64 bits."""
    url = answering({"reply": {"data": {"a": "FAILED"}}})
    with _client(url) as client:
        job = cortex_xdr.action(client, action_id)
        job.fetch()
    assert json.loads(answering.bodies[0]) == {"request_data": {"group_action_id": BIG}}
    assert job.ref == f"cortex_xdr.action/{BIG}"
    assert answering.requests[0].url.path == "/public_api/v1/actions/get_action_status"


@pytest.mark.parametrize("action_id", [BIG, str(BIG)])
def test_script_id_is_sent_as_text(answering: Answering, action_id: int | str) -> None:
    """The id of a script run is text in the request, whatever it was given as."""
    url = answering({"reply": {"general_status": "FAILED"}})
    with _client(url) as client:
        assert cortex_xdr.script_execution(client, action_id).fetch().is_settled
    assert json.loads(answering.bodies[0]) == {"request_data": {"action_id": str(BIG)}}
    assert answering.requests[0].url.path == "/public_api/v1/scripts/get_script_execution_status"


@pytest.mark.parametrize("action_id", ["", "seven", "7.5", "0x7", "-7", 7.5, None, True, "\u0667"])
def test_action_id_that_is_no_number(answering: Answering, action_id: Any) -> None:
    """An id that is no whole number is a ValueError before any request, also in a ref."""
    client = _client(answering({}))
    with pytest.raises(ValueError, match=r"group_action_id|not an id"):
        cortex_xdr.action(client, action_id)
    with pytest.raises(ValueError, match=r"group_action_id|not an id"):
        settled.from_ref(f"cortex_xdr.action/{action_id}", client)
    assert answering.requests == []


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("COMPLETED_SUCCESSFULLY", Outcome.SUCCEEDED),
        ("COMPLETED_PARTIAL", Outcome.PARTIAL),
        ("FAILED", Outcome.FAILED),
        ("CANCELED", Outcome.CANCELLED),
        ("CANCELLED", Outcome.CANCELLED),
        ("ABORTED", Outcome.CANCELLED),
        ("TIMEOUT", Outcome.TIMED_OUT),
        ("Expired", Outcome.TIMED_OUT),
    ],
)
def test_general_status_decides(run: Callable[..., Job[Any]], wait: WaitFunction, word: str, outcome: Outcome) -> None:
    """A terminal `general_status` settles a run, whatever the counters say."""
    end = wait(run({"general_status": word, "endpoints_pending": 3}), timeout=900)
    assert (end.status, end.outcome, end.progress) == (word, outcome, Progress(0, 3))


@pytest.mark.parametrize(
    ("counters", "outcome"),
    [
        ({"completed_successfully": 2}, Outcome.SUCCEEDED),
        ({"completed_successfully": "2", "pending": "0"}, Outcome.SUCCEEDED),
        ({"completed_successfully": 2, "pending": None}, Outcome.SUCCEEDED),
        ({"completed_successfully": 1, "failed": 1}, Outcome.PARTIAL),
        ({"failed": 2}, Outcome.FAILED),
        ({"canceled": 1, "aborted": 1}, Outcome.CANCELLED),
        ({"timeout": 1, "expired": 1}, Outcome.TIMED_OUT),
        ({"failed": 1, "expired": 1}, Outcome.FAILED),
    ],
)
@pytest.mark.parametrize("status", [{}, {"general_status": None}, {"general_status": "IN_PROGRESS"}])
def test_counters_decide_otherwise(
    run: Callable[..., Job[Any]], wait: WaitFunction, counters: dict[str, Any], outcome: Outcome, status: dict[str, Any]
) -> None:
    """Without a terminal status a run settles when some endpoints are counted and none goes on."""
    reply = status | {f"endpoints_{word}": counters.get(word, 0) for word in COUNTERS}
    end = wait(run(reply), timeout=900)
    assert end.outcome is outcome
    total = sum(int(count or 0) for count in counters.values())
    assert end.progress == Progress(total, total)


def test_counters_settle_a_run_of_an_unknown_status(run: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """A status nobody listed does not keep a run from settling by its counters, even where it would be an error."""
    end = wait(run({"general_status": "WRAPPED_UP", "endpoints_failed": 1}), timeout=900, unknown="raise")
    assert (end.status, end.is_known, end.outcome) == ("WRAPPED_UP", False, Outcome.FAILED)


@pytest.mark.parametrize("running", ["pending", "in_progress", "pending_abort"])
def test_run_is_not_done_yet(run: Callable[..., Job[Any]], wait: WaitFunction, running: str) -> None:
    """A run goes on while any endpoint does, and while none is counted."""
    going = {"general_status": "PENDING", "endpoints_failed": 3, f"endpoints_{running}": "1"}
    nothing = {"general_status": "PENDING"} | {f"endpoints_{word}": 0 for word in COUNTERS}
    snapshots: list[Any] = []
    end = wait(run(nothing, going, {"general_status": "FAILED"}), timeout=900, on_poll=snapshots.append)
    assert (end.outcome, end.polls) == (Outcome.FAILED, 3)
    assert [snapshot.progress for snapshot in snapshots] == [None, Progress(3, 4), None]


def test_run_that_does_not_exist(run: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """A 200 with an error message and no status is an ApiError with that text, not a run that goes on."""
    with pytest.raises(errors.ApiError, match="action 17 does not exist") as raised:
        wait(run({"error_message": "action 17 does not exist"}), timeout=900)
    assert raised.value.status_code == 200
    assert raised.value.ref == "cortex_xdr.script_execution/17"


def test_run_that_is_refused(run: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """The message may also have the name that it has in other replies."""
    with pytest.raises(errors.ApiError, match="no such run"):
        wait(run({"err_msg": "no such run"}), timeout=900)


def test_counts_of_endpoints(run: Callable[..., Job[Any]]) -> None:
    """A count may be large, but not so large that it cannot be one of endpoints."""
    most = {"general_status": "FAILED", "endpoints_failed": 10**9}
    job = run(most, {**most, "endpoints_failed": 10**9 + 1})
    with job.client:
        assert job.fetch().progress == Progress(10**9, 10**9)
        message = "read: ValueError: a count of fewer or more endpoints than there can be$"
        with pytest.raises(errors.MalformedResponse, match=message):
            job.fetch()


def test_counts_of_a_status_that_nobody_listed(run: Callable[..., Job[Any]]) -> None:
    """Endpoints of a new status count as going on."""
    job = run({"general_status": "PENDING", "endpoints_hibernating": 2, "endpoints_failed": 1})
    with job.client:
        assert job.fetch().progress == Progress(1, 3)


def test_counts_of_no_endpoint(run: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """A new field whose name is like a counter's does not end a wait, nor does less than no endpoint settle a run."""
    going = {"general_status": "PENDING", "endpoints_pending": -1, "endpoints_failed": 1}
    done = {"general_status": "FAILED", "endpoints_failed": 1, "endpoints_ids": ["a"], "endpoints_group": "kiosks"}
    end = wait(run(going, done), timeout=900)
    assert (end.status, end.outcome, end.progress, end.polls) == ("FAILED", Outcome.FAILED, Progress(1, 1), 2)


def test_empty_error_message_is_none(run: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """An empty error message says nothing; one beside a status is the detail."""
    end = wait(
        run(
            {"error_message": "", "endpoints_pending": 1},
            {"general_status": "FAILED", "error_message": "no permission on one endpoint"},
        ),
        timeout=900,
    )
    assert (end.outcome, end.detail, end.polls) == (Outcome.FAILED, "no permission on one endpoint", 2)
    assert isinstance(end.body, ScriptExecutionReply)


@pytest.mark.parametrize("reply", [None, [], "x", {"reply": None}, {"reply": {"endpoints_failed": "many"}}])
def test_unreadable_reply_of_a_run(answering: Answering, wait: WaitFunction, reply: Any) -> None:
    """A reply that is none is ridden out like other trouble."""
    done = {"reply": {"general_status": "FAILED"}}
    end = wait(cortex_xdr.script_execution(_client(answering(reply, done)), 1), timeout=900)
    assert end.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("status_code", "error_class"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthenticationError),
        (402, errors.LicenseRequired),
        (403, errors.PermissionDenied),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_refusals(
    answering: Answering, wait: WaitFunction, status_code: int, error_class: type[errors.ApiError], wrapped: bool
) -> None:
    """Each documented refusal has its error, wrapped in `reply` or not, the code as a number or as text."""
    body: dict[str, Any] = {
        "err_code": status_code if wrapped else str(status_code),
        "err_msg": "no",
        "err_extra": None,
    }
    url = answering(JSONResponse({"reply": body} if wrapped else body, status_code))
    with pytest.raises(error_class) as raised:
        wait(cortex_xdr.action(_client(url), 1), timeout=900)
    assert (raised.value.message, raised.value.code, raised.value.method) == ("no", str(status_code), "POST")


@pytest.mark.parametrize("advanced", [{}, {"advanced": False}, {"advanced": True}])
def test_keys(answering: Answering, advanced: dict[str, Any]) -> None:
    """A standard key, which is the default, is sent as it is, and an advanced one is not."""
    url = answering({"reply": {"general_status": "FAILED"}})
    with cortex_xdr.connect(url, key_id=7, key="k1", **advanced) as client:
        cortex_xdr.script_execution(client, 1).fetch()
    assert (answering.requests[0].headers["authorization"] == "k1") is not advanced.get("advanced", False)


def test_connecting_from_the_environment(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment can hold the address and the credentials."""
    monkeypatch.setenv("SETTLED_CORTEX_XDR_URL", answering({"reply": {"general_status": "FAILED"}}))
    monkeypatch.setenv("SETTLED_CORTEX_XDR_KEY_ID", "7")
    monkeypatch.setenv("SETTLED_CORTEX_XDR_KEY", "k1")
    with cortex_xdr.connect_from_env() as client:
        assert cortex_xdr.script_execution(client, 1).fetch().is_settled
    assert answering.requests[0].headers["authorization"] == "k1"


@pytest.mark.parametrize("vendor", [cortex_xdr, cortex_xsiam])
@pytest.mark.parametrize(
    ("advanced", "hint"), [(False, "an Advanced key needs"), (True, "a Standard key goes without")]
)
def test_refused_credentials(answering: Answering, vendor: Any, advanced: bool, hint: str) -> None:
    """Cortex cannot tell a wrong kind of key from a wrong key: the error names the other kind, and who can tell."""
    url = answering(JSONResponse({"reply": {"err_code": 401, "err_msg": "unauthorized"}}, 401))
    make = cortex_xdr.action if vendor is cortex_xdr else cortex_xsiam.byos_import
    client = vendor.connect(url, key_id=7, key="k", advanced=advanced)
    with client, pytest.raises(errors.AuthenticationError) as raised:
        make(client, "4711").fetch()
    assert raised.value.message == "unauthorized"
    assert str(raised.value).endswith(f"unauthorized; {hint} advanced=True; `settled doctor` tells which it is")


def test_to_dict_has_all_fields() -> None:
    """Progress, parts, detail, the time of day in milliseconds and the error are there; what is unknown is None."""
    job = cortex_xdr.action(cortex_xdr.connect("tenant.example", key_id=7, key="a-key-of-this-test"), 1)
    snapshot = settled.Snapshot(
        job,
        status="PENDING",
        progress=settled.Progress(1, 2),
        parts={"van": settled.Part("PENDING", None, "offline")},
        detail="offline",
        error=errors.WaitTimeout("too late"),
        polls=3,
        elapsed=1.23456,
        polled_at=datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.UTC),
    )
    assert snapshot.to_dict() == {
        "ref": "cortex_xdr.action/1",
        "status": "PENDING",
        "outcome": None,
        "settled": False,
        "progress": {"done": 1, "total": 2},
        "parts": {"van": {"status": "PENDING", "outcome": None, "detail": "offline"}},
        "detail": "offline",
        "polls": 3,
        "elapsed": 1.235,
        "time": "2026-01-02T03:04:05.678+00:00",
        "error": {"type": "WaitTimeout", "message": "too late"},
    }
    unknown = settled.Snapshot(job, outcome=settled.Outcome.FAILED).to_dict()
    assert [name for name, value in unknown.items() if value is None] == [
        "status",
        "progress",
        "detail",
        "time",
        "error",
    ]
    assert (unknown["outcome"], unknown["settled"]) == ("FAILED", True)
