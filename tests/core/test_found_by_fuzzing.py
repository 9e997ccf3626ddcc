"""Each of these once ended in an error that is none of ours, or in a wrong answer; the fuzzing found it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

import settled
from settled import (
    Job,
    JobKind,
    Learned,
    Part,
    Progress,
    Schedule,
    Snapshot,
    agilesec,
    cortex_xdr,
    cortex_xsiam,
    errors,
    osapi,
)
from settled._core.rate_limit import RateLimiter
from settled.cortex_xsiam import BYOS_IMPORT
from settled.testing import VirtualClock
from settled_clients.osapi import AuthenticatedClient

KEY = "not-a-real-key-0123456789"
LONE = "\ud800"


def fetch(kind: JobKind[Any], reply: Any) -> Snapshot[Any]:
    """A snapshot of a job of a kind, of which this JSON is told."""
    client: Any = kind.client_class(  # type: ignore[call-arg]
        "https://t.invalid",
        httpx_args={"transport": httpx.MockTransport(lambda request: httpx.Response(200, text=json.dumps(reply)))},
    )
    with client:
        return Job(kind, client, "7").fetch()


@pytest.fixture
def client() -> AuthenticatedClient:
    """A client that is never asked for anything."""
    return osapi.connect("t.invalid", token=KEY)


@pytest.mark.parametrize(
    ("kind", "reply", "detail"),
    [
        (cortex_xsiam.KINDS[0], {"job_status": "FAILED", "error_log": {"message": "no column"}}, "no column"),
        (cortex_xsiam.KINDS[0], {"job_status": "FAILED", "error_log": ["a", {"error": "b"}]}, "a; b"),
        (agilesec.KINDS[0], {"status": "failed", "message": {"detail": 5}}, "5"),
        (cortex_xdr.KINDS[1], {"reply": {"general_status": "FAILED", "error_message": {"err_msg": "x"}}}, "x"),
        (osapi.KINDS[0], {"status": "failed", "error": {"message": "no agents"}}, "no agents"),
        (osapi.KINDS[0], {"status": "failed", "responses": {"a": {"error": ["x", "y"]}}}, "a: x; y"),
        (cortex_xsiam.KINDS[0], {"job_status": "FAILED", "error_log": {}}, None),
    ],
)
def test_detail_is_text(kind: JobKind[Any], reply: Any, detail: str | None) -> None:
    """What went wrong is told as text, also where it comes as a list or an object."""
    snapshot = fetch(kind, reply)
    assert snapshot.detail == detail
    with pytest.raises(errors.OutcomeError):
        snapshot.raise_for_outcome()


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        (cortex_xsiam.KINDS[0], {"job_status": LONE, "error_log": f"a{LONE}"}),
        (agilesec.KINDS[0], {"status": f"failed{LONE}", "message": LONE}),
        (osapi.KINDS[0], {"status": "failed", "responses": {LONE: {"error": LONE}}}),
        (cortex_xdr.KINDS[0], {"reply": {"data": {LONE: "FAILED"}, "errorReasons": {LONE: {"message": LONE}}}}),
    ],
)
def test_texts_can_be_printed(kind: JobKind[Any], reply: Any) -> None:
    """Lone surrogates of a reply do not make a text that no terminal takes."""
    snapshot = fetch(kind, reply)
    assert (snapshot.detail or "").encode()
    with pytest.raises(errors.OutcomeError) as raised:
        snapshot.raise_for_outcome()
    assert str(raised.value).encode()


def test_error_bodies_can_be_printed() -> None:
    """The same for what the body of an error says."""
    with pytest.raises(errors.ApiError) as raised:
        fetch(cortex_xdr.KINDS[0], {"reply": {"err_msg": f"no {LONE}", "err_code": LONE}})
    assert str(raised.value).encode()


def test_refusals_are_short() -> None:
    """However long the sentence is with which the API refuses, the error's text has only its beginning."""
    for reply in ({"err_msg": ["x" * 10_000] * 10}, {"error_message": "x" * 10_000}):
        kind = cortex_xdr.KINDS[0] if "err_msg" in reply else cortex_xdr.KINDS[1]
        with pytest.raises(errors.ApiError) as raised:
            fetch(kind, {"reply": reply})
        assert len(str(raised.value)) < 1000


def test_long_words_make_short_errors() -> None:
    """A status word of any length does not blow up errors and the tally."""
    snapshot = fetch(BYOS_IMPORT, {"job_status": "W" * 100_000})
    assert snapshot.status == "W" * 100_000
    with pytest.raises(errors.OutcomeError) as raised:
        snapshot.raise_for_outcome()
    assert len(str(raised.value)) < 1000


def test_counts_that_cannot_be_written() -> None:
    """Counters whose sum Python refuses to write are no counters."""
    counters = "".join(f', "endpoints_{word}": {"9" * 4300}' for word in ("pending", "failed"))
    text = '{"reply": {"general_status": "PENDING"' + counters + "}}"
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=text))
    with cortex_xdr.connect("t.invalid", key_id=7, key=KEY, transport=transport) as connected:
        job = cortex_xdr.script_execution(connected, 12)
        with pytest.raises(errors.MalformedResponse):
            job.fetch()


def test_agents_of_one_host_name_are_told_apart() -> None:
    """Two agents whose machines have the same name are two parts, under the agents' own names."""
    agents = {"a": {"hostname": "web", "status": "completed"}, "b": {"hostname": "web", "status": "failed"}}
    snapshot = fetch(osapi.KINDS[0], {"status": "partial_failure", "responses": agents, "agent_states": {"a": {}}})
    assert {name: part.status for name, part in snapshot.parts.items()} == {"a": "completed", "b": "failed"}
    assert snapshot.progress == Progress(2, 2)
    assert isinstance(snapshot.parts["a"], Part)


@pytest.mark.parametrize("ref", ["__init__.x/1", "__pycache__.x/1", "_job.x/1", "settled.osapi.job/1"])
def test_refs_name_only_vendors(client: AuthenticatedClient, ref: str) -> None:
    """What lies beside the vendors' clients is no vendor."""
    with pytest.raises(ValueError, match="not a ref"):
        settled.from_ref(ref, client)


@pytest.mark.parametrize("ref", [None, 7, b"osapi.job/7"])
def test_refs_are_text(client: AuthenticatedClient, ref: Any) -> None:
    """Anything else is a TypeError."""
    with pytest.raises(TypeError, match="ref must be a str"):
        settled.from_ref(ref, client)


@pytest.mark.parametrize("make", [osapi.job, agilesec.scan, cortex_xdr.script_execution, cortex_xsiam.byos_import])
@pytest.mark.parametrize("other", [None, "client", object()])
def test_jobs_need_a_client(make: Callable[..., Any], other: Any) -> None:
    """What is no client is refused where the job is made, and not where it is polled."""
    with pytest.raises(TypeError, match="needs a client of"):
        make(other, "7")


def test_ids_have_an_end(client: AuthenticatedClient) -> None:
    """An id that no URL can hold is refused where the job is made."""
    assert osapi.job(client, "x" * 1000).id
    with pytest.raises(ValueError, match="not an id"):
        osapi.job(client, "x" * 1001)


@pytest.mark.parametrize("number", ["2", [], Decimal("NaN")])
def test_expected_agents_are_counted(client: AuthenticatedClient, number: Any) -> None:
    """So many agents are a number."""
    with pytest.raises((TypeError, ValueError), match=r"expected_agents|float"):
        osapi.job(client, "7", expected_agents=number)


@pytest.mark.parametrize("timeout", [10**400, Decimal("sNaN"), float("nan")], ids=["huge", "sNaN", "nan"])
def test_timeouts_that_are_no_seconds(client: AuthenticatedClient, timeout: Any) -> None:
    """A number that no float can hold is a ValueError."""
    with pytest.raises(ValueError, match=r"timeout|NaN"):
        settled.wait(osapi.job(client, "7"), timeout=timeout)


def test_failures_are_counted(client: AuthenticatedClient) -> None:
    """A number that compares with nothing would let a wait fail for ever."""
    with pytest.raises(ValueError, match="patience"):
        settled.wait(osapi.job(client, "7"), timeout=1, patience=float("nan"))


@pytest.mark.parametrize("big", [10**400, Decimal(10) ** 400], ids=["int", "Decimal"])
def test_numbers_beyond_floats(big: Any) -> None:
    """Wherever a number is taken, one too large is a ValueError, not an OverflowError later on."""
    makers: list[Callable[[], object]] = [
        lambda: Schedule(cap=big),
        lambda: Learned(delay=big),
        lambda: Learned.from_durations([big], delay=1),
        lambda: Learned(delay=1).learn(0, big),
        lambda: RateLimiter(big),
    ]
    for make in makers:
        with pytest.raises(ValueError, match=r"too large|positive|range|finite|between"):
            make()


@pytest.mark.parametrize("state", [None, 7, [], "x"])
def test_learned_of_no_json(state: Any) -> None:
    """What is no state at all is a ValueError, too."""
    with pytest.raises(ValueError, match="not what to_json returned"):
        Learned.from_json(state)


@pytest.mark.parametrize("labels", [None, 5, "a"])
def test_labels_that_are_none(labels: Any) -> None:
    """Labels are a mapping or a list of such."""
    with agilesec.connect("t.invalid", token=KEY) as connected, pytest.raises(TypeError, match="labels"):
        agilesec.create_scan(connected, sensor_type="s", sensor_name="n", sensor_config={}, labels=labels)


@pytest.mark.parametrize("config", [{"a": LONE}, json.loads('{"a":' * 800 + "1" + "}" * 800)])
def test_scans_that_cannot_be_written(config: Any) -> None:
    """Settings that cannot be sent are refused before anything is."""
    deep: Any = {"a": 1}
    for _ in range(3000):
        deep = {"a": deep}
    with agilesec.connect("t.invalid", token=KEY, transport=httpx.MockTransport(_gone)) as connected:
        for settings in (config, deep):
            with pytest.raises((ValueError, errors.SubmitUnclear)) as raised:
                agilesec.create_scan(connected, sensor_type="s", sensor_name="n", sensor_config=settings)
            assert type(raised.value) in (ValueError, errors.SubmitUnclear)


def _gone(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone", request=request)


def test_deep_answer_to_a_submit() -> None:
    """An answer nested so deep that it cannot be shown is a malformed one all the same."""
    handler = httpx.MockTransport(lambda request: httpx.Response(200, text="[" * 900 + "]" * 900))
    with (
        agilesec.connect("t.invalid", token=KEY, transport=handler) as connected,
        pytest.raises(errors.SubmitUnclear),
    ):
        agilesec.execute_scan(connected, "7")


def test_answers_as_deep_as_can_be_read(clock: VirtualClock) -> None:
    """What can just be read where a poll is made, and not where a wait ends, is no RecursionError there."""
    texts = ['{"status": "processing", "result": ' + "[" * depth + "]" * depth + "}" for depth in range(850, 1000)]
    polled: list[str] = []
    handler = httpx.MockTransport(lambda request: httpx.Response(200, text=polled[-1]))
    with osapi.connect("t.invalid", token=KEY, transport=handler) as connected:
        job = osapi.job(connected, "7")
        for text in texts:
            polled.append(text)
            with pytest.raises(errors.WaitTimeout) as raised:
                settled.wait(job, timeout=0)
            assert raised.value.last is None or raised.value.last.status == "processing"
            with settled.as_settled([job], timeout=0) as ends:
                assert [type(end.error) for end in ends] == [errors.WaitTimeout]


@pytest.mark.parametrize("header", [None, 7, b"x-token", ""])
def test_header_names_are_text(header: Any) -> None:
    """A header's name that is none would never be found."""
    with pytest.raises((TypeError, ValueError), match="header"):
        agilesec.ApiToken(header, KEY)


def test_headers_of_a_callback() -> None:
    """Headers that are no mapping are a TypeError, values that are no text wrong credentials."""
    auth = agilesec.BearerToken(KEY)
    with pytest.raises(TypeError, match="headers"):
        agilesec.parse_callback(None, b"{}", auth=auth)  # type: ignore[arg-type]
    with pytest.raises(errors.AuthenticationError):
        agilesec.parse_callback({"Authorization": 7}, b"{}", auth=auth)  # type: ignore[dict-item]


def test_deadline_during_a_pause(clock: VirtualClock) -> None:
    """A last poll that has to stand back for another during a pause is made, and not put off again and again."""
    codes = iter([503])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(next(codes, 200), headers={"Retry-After": "100"}, json={"status": "processing"})

    with osapi.connect("t.invalid", token=KEY, max_rate=10, transport=httpx.MockTransport(answer)) as connected:
        with pytest.raises(errors.ServerError):
            settled.wait(osapi.job(connected, "7"), timeout=None, patience=0)
        start = clock.now()
        with pytest.raises(errors.WaitTimeout) as raised:
            settled.wait(osapi.job(connected, "7"), timeout=0)
    assert clock.now() - start < 0.2
    assert raised.value.seen == {"processing": 1}


@pytest.mark.parametrize("cookie", ["a=\u00fc", "\x80"])
def test_cookies_that_cannot_be_sent(cookie: str) -> None:
    """A cookie that httpx takes, and cannot send again, does not break the next poll."""
    headers = [(b"Set-Cookie", cookie.encode())]
    handler = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, json={"status": "completed"}))
    with osapi.connect("t.invalid", token=KEY, transport=handler) as connected:
        for _ in range(2):
            assert osapi.job(connected, "7").fetch().is_settled


@pytest.mark.parametrize(
    "bad", [{"base_url": None}, {"token": None}, {"token": 7}, {"verify": 7}, {"timeout": "x"}, {"max_body": "x"}]
)
def test_connect_names_what_is_of_a_wrong_type(bad: dict[str, Any]) -> None:
    """Wrong types are refused where a client is made."""
    with pytest.raises(TypeError):
        osapi.connect(**{"base_url": "t.invalid", "token": KEY, **bad})


@pytest.mark.parametrize(
    "bad", [{"timeout": -1}, {"timeout": 0}, {"timeout": float("nan")}, {"verify": "/no/such/file"}, {"max_body": 0}]
)
def test_connect_refuses_what_cannot_be_meant(bad: dict[str, Any]) -> None:
    """So are values that would only fail at the first request; a missing CA bundle is a ValueError, too."""
    with pytest.raises(ValueError, match=r"timeout|verify|max_body"):
        osapi.connect("t.invalid", token=KEY, **bad)


def test_connect_refuses_hosts_that_cannot_be_decoded() -> None:
    """A host name that only looks like an international one is a plain ValueError."""
    with pytest.raises(ValueError, match="not the address of an API") as raised:
        osapi.connect("https://xn--a", token=KEY)
    assert type(raised.value) is ValueError
