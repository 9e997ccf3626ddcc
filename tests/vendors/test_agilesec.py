"""AgileSec: submitting scans, waiting for them, and the callbacks that tell of their end, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse

import settled
from settled import Job, Outcome, agilesec, errors
from settled.simulator._server import Server
from settled.testing import VirtualClock
from settled_clients.agilesec import AuthenticatedClient
from settled_clients.agilesec.models import Scan, ScanCallback, ScanStatus

from conftest import Answering, WaitFunction

SECRET = "s3cret"
TAKEN = {"sensorId": "s1", "executionId": "e1", "status": "successful", "message": "taken"}
CALLBACK = {
    "sensorId": "s1",
    "executionId": "e1",
    "status": "failed",
    "errorCode": "git-17",
    "labels": [{"team": "blue"}],
}


@pytest.fixture
def client(answering: Answering) -> Iterator[AuthenticatedClient]:
    """A client of the platform whose replies a test writes out."""
    with agilesec.connect(answering.url, token="t1") as connected:
        yield connected


@pytest.fixture
def scan(answering: Answering, client: AuthenticatedClient) -> Callable[..., Job[Any]]:
    """Makes a scan that is answered with these statuses, one after the other."""

    def make(*statuses: Any, **rest: Any) -> Job[Any]:
        answering(*({"executionId": "e1", "status": status} | rest for status in statuses))
        return agilesec.scan(client, "e1")

    return make


@pytest.mark.parametrize(
    ("word", "outcome"),
    [("successful", Outcome.SUCCEEDED), ("failed", Outcome.FAILED), ("Failed", Outcome.FAILED)],
)
def test_settles_with_its_status(
    scan: Callable[..., Job[Any]], wait: WaitFunction, word: str, outcome: Outcome
) -> None:
    """Two words are terminal; every other is of a scan that goes on."""
    end = wait(scan("queued", "running", word, message="by and by"), timeout=900)
    assert (end.status, end.outcome, end.detail, end.polls) == (word, outcome, "by and by", 3)
    assert isinstance(end.body, Scan)


@pytest.mark.parametrize("word", ["queued", "running", "Scanning 7 %"])
def test_every_other_word_is_running(
    scan: Callable[..., Job[Any]], wait: WaitFunction, caplog: pytest.LogCaptureFixture, word: str
) -> None:
    """The vendor lists terminal words only: any other one is known to be running, and no warning is due."""
    read: list[Any] = []
    end = wait(scan(word, "successful"), timeout=900, unknown="raise", on_poll=read.append)
    assert (end.outcome, end.polls) == (Outcome.SUCCEEDED, 2)
    assert (read[0].status, read[0].is_known, read[0].outcome) == (word, True, None)
    assert "WARNING" not in {record.levelname for record in caplog.records}


def test_status_is_asked_with_the_token(scan: Callable[..., Job[Any]], answering: Answering) -> None:
    """The token goes along in the vendor's own header, and the id in the path."""
    assert scan("successful").fetch().is_settled
    request = answering.requests[0]
    assert (request.method, request.url.path) == ("GET", "/v3/scan/e1")
    assert request.headers["isg-api-token"] == "t1"


def test_creating_a_scan(answering: Answering, client: AuthenticatedClient) -> None:
    """`create_scan` sends what it is given under the vendor's names, and returns the scan's job."""
    answering(TAKEN)
    job = agilesec.create_scan(
        client,
        sensor_type="GIT Sensor",
        sensor_name="nightly",
        sensor_config={"url": "https://git.invalid/x", "depth": 3},
        priority="high",
        callback_id="65f0c0ffee0123456789abcd",
        incremental_scan=True,
        auto_resolution_interval=30,
        labels={"team": "blue", "tier": "1"},
    )
    assert job == agilesec.scan(client, "e1")
    assert answering.requests[0].url.path == "/v3/scan/create"
    assert json.loads(answering.bodies[0]) == {
        "sensorType": "GIT Sensor",
        "sensorName": "nightly",
        "sensorConfig": {"url": "https://git.invalid/x", "depth": 3},
        "priority": "high",
        "callbackId": "65f0c0ffee0123456789abcd",
        "incrementalScan": True,
        "autoResolutionInterval": 30,
        "labels": [{"team": "blue"}, {"tier": "1"}],
    }


def test_what_is_not_given_is_left_to_the_server(answering: Answering, client: AuthenticatedClient) -> None:
    """A rule of the server's own is not checked here, and no default of its is sent but the documented false."""
    answering(TAKEN)
    agilesec.create_scan(client, sensor_type="", sensor_name="n", sensor_config={}, labels=[{"a": "1"}])
    assert json.loads(answering.bodies[0]) == {
        "sensorType": "",
        "sensorName": "n",
        "sensorConfig": {},
        "incrementalScan": False,
        "labels": [{"a": "1"}],
    }


@pytest.mark.parametrize("labels", [7, "blue"])
def test_labels_of_another_form(answering: Answering, client: AuthenticatedClient, labels: Any) -> None:
    """What can be no labels is refused, and nothing is sent."""
    answering(TAKEN)
    described = "7" if labels == 7 else "a str"
    with pytest.raises(TypeError, match=f"^labels must be a mapping or a list of mappings, not {described}$"):
        agilesec.create_scan(client, sensor_type="", sensor_name="n", sensor_config={}, labels=labels)
    assert answering.requests == []


def test_executing_a_scan(answering: Answering, client: AuthenticatedClient) -> None:
    """`execute_scan` starts a sensor that is there already."""
    answering({"executionId": "e2", "status": "successful", "message": ""})
    assert agilesec.execute_scan(client, "s1").ref == "agilesec.scan/e2"
    assert answering.requests[0].url.path == "/v3/scan/execute"
    assert json.loads(answering.bodies[0]) == {"sensorId": "s1"}


def test_submitting_the_old_way(answering: Answering, client: AuthenticatedClient) -> None:
    """`submit_scan` still works, warns, and says what to use instead."""
    answering(TAKEN)
    with pytest.warns(DeprecationWarning, match="use create_scan") as warned:
        job = agilesec.submit_scan(  # pyright: ignore[reportDeprecated]
            client, sensor_type="t", sensor_name="n", sensor_config={"a": 1}, priority="low"
        )
    assert len(warned) == 1
    assert job.id == "e1"
    assert answering.requests[0].url.path == "/v3/scan"
    assert json.loads(answering.bodies[0])["priority"] == "low"


def _submit(client: AuthenticatedClient) -> Job[Any]:
    return agilesec.execute_scan(client, "s1")


@pytest.mark.parametrize("word", ["failed", "FAILED"])
def test_submission_that_was_not_taken(answering: Answering, client: AuthenticatedClient, word: str) -> None:
    """A 200 that says `failed` is SubmitFailed, with the vendor's sentence; success means taken, not settled."""
    answering({"status": word, "message": "no free slot"})
    with pytest.raises(errors.SubmitFailed, match="no free slot"):
        _submit(client)


def test_submission_that_was_not_taken_for_no_reason(answering: Answering, client: AuthenticatedClient) -> None:
    """Where the vendor gives no reason, the error says so."""
    answering({"status": "failed"})
    with pytest.raises(errors.SubmitFailed, match="the API did not take the scan: no reason given"):
        _submit(client)


@pytest.mark.parametrize(
    ("config", "message"),
    [({"depth": float("nan")}, "not JSON compliant"), ({"name": "\udc00"}, "written as JSON: UnicodeEncodeError")],
    ids=["NaN", "half a character"],
)
def test_scan_that_is_no_json(answering: Answering, client: AuthenticatedClient, config: Any, message: str) -> None:
    """Settings that JSON cannot hold are a ValueError, and nothing is sent."""
    answering(TAKEN)
    with pytest.raises(ValueError, match=message):
        agilesec.create_scan(client, sensor_type="git", sensor_name="g", sensor_config=config)
    assert answering.requests == []


@pytest.mark.parametrize(
    "answer", [{}, [], None, "ok", {"status": "successful"}, {"executionId": None}, {"executionId": 7}]
)
def test_submission_without_an_id(answering: Answering, client: AuthenticatedClient, answer: Any) -> None:
    """An answer that names no execution leaves unclear whether there is one, and the error shows it."""
    answering(answer)
    with pytest.raises(errors.SubmitUnclear, match="executionId"):
        _submit(client)


@pytest.mark.parametrize(
    ("reply", "error_class"),
    [
        (JSONResponse({"message": "Missing required field: sensorName."}, 400), errors.BadRequest),
        (JSONResponse({"message": "Unauthorized access."}, 401), errors.AuthenticationError),
        (JSONResponse({"message": "callbackId not found."}, 404), errors.NotFound),
        (JSONResponse({"message": "slow down"}, 429), errors.RateLimited),
    ],
)
def test_refused_submission(
    answering: Answering, client: AuthenticatedClient, reply: JSONResponse, error_class: type[errors.ApiError]
) -> None:
    """A submission is refused with the error of its status, and never made a second time."""
    answering(reply)
    with pytest.raises(error_class) as raised:
        _submit(client)
    assert raised.value.message == json.loads(bytes(reply.body))["message"]
    assert (raised.value.method, raised.value.path) == ("POST", "/v3/scan/execute")
    assert len(answering.requests) == 1


def test_connecting_from_the_environment(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment can hold the address and the token."""
    monkeypatch.setenv("SETTLED_AGILESEC_URL", answering({"status": "successful"}))
    monkeypatch.setenv("SETTLED_AGILESEC_TOKEN", "t2")
    with agilesec.connect_from_env() as client:
        assert agilesec.scan(client, "e1").fetch().is_settled
    assert answering.requests[0].headers["isg-api-token"] == "t2"


AUTHS = [
    (None, {}),
    (agilesec.BearerToken("s3cret"), {"Authorization": "Bearer s3cret"}),
    (agilesec.ApiToken("X-Custom-Auth", "s3cret"), {"x-custom-auth": "s3cret"}),
]


@pytest.mark.parametrize(("auth", "headers"), AUTHS)
def test_reading_a_callback(auth: Any, headers: dict[str, str]) -> None:
    """A callback with the right credentials is the vendor's typed model."""
    callback = agilesec.parse_callback(headers, json.dumps(CALLBACK).encode(), auth=auth)
    assert isinstance(callback, ScanCallback)
    assert (callback.execution_id, callback.status, callback.error_code) == ("e1", ScanStatus.FAILED, "git-17")
    assert callback.to_dict() == CALLBACK


@pytest.mark.parametrize("auth", [auth for auth, _ in AUTHS[1:]])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "s3cret"},
        {"Authorization": "Bearer s3cre"},
        {"Authorization": "Bearer wrong", "X-Custom-Auth": "wrong"},
        {"X-Custom-Auth": "Bearer s3cret"},
        {"X-Custom-Auth": "", "Authorization": "\u00fc"},
        {"X-Custom-Auth": "\udc80", "Authorization": "\udc80"},
    ],
)
def test_callback_with_wrong_credentials(auth: Any, headers: dict[str, str]) -> None:
    """Wrong credentials are an AuthenticationError, whatever the body; the error shows no secret."""
    with pytest.raises(errors.AuthenticationError) as raised:
        agilesec.parse_callback(headers, b"no JSON", auth=auth)
    assert "s3cret" not in str(raised.value) + repr(auth)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"{}", b'{"executionId": ""}', b'{"executionId": 7}', b"\xff", b"1" * 10**6 + b"0"]
)
def test_callback_that_is_none(body: bytes) -> None:
    """What is no callback is a MalformedResponse."""
    with pytest.raises(errors.MalformedResponse):
        agilesec.parse_callback({}, body, auth=None)


@pytest.mark.parametrize("make", [agilesec.BearerToken, lambda token: agilesec.ApiToken("X-Auth", token)])
@pytest.mark.parametrize("token", ["", " ", "a\nb"])
def test_impossible_tokens(make: Callable[[str], Any], token: str) -> None:
    """A token that is empty, or that no header can hold, would let anybody in: it is a ValueError."""
    with pytest.raises(ValueError, match="token must be"):
        make(token)


@given(
    st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda it: json.dumps(it).encode())
)
def test_no_body_crashes_the_reader(body: bytes) -> None:
    """Any body is a callback or a MalformedResponse."""
    with contextlib.suppress(errors.MalformedResponse):
        agilesec.parse_callback({}, body, auth=None)


class Receiver:
    """A callback app, served on loopback."""

    def __init__(self, server: Server, app: Any) -> None:
        self.url = f"{server.url}/scans"
        self.inbox = app.inbox

    def post(self, callback: Any = CALLBACK, token: str = SECRET) -> int:
        """Send a callback, and return the HTTP status of the answer."""
        content = callback if isinstance(callback, bytes) else json.dumps(callback).encode()
        return httpx.post(self.url, content=content, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[Server, Any]]:
    app = agilesec.callback_app(auth=agilesec.BearerToken("s3cret"), path="/scans")
    with Server(app) as server:
        yield server, app


@pytest.fixture
def receiver(_served: tuple[Server, Any]) -> Receiver:
    """A callback app with nothing in its inbox."""
    server, app = _served
    app.inbox.__init__()
    return Receiver(server, app)


def test_callbacks_reach_the_inbox(receiver: Receiver) -> None:
    """A callback over real HTTP is kept in the inbox."""
    assert receiver.post() == 204
    assert receiver.inbox.get("e1").to_dict() == CALLBACK
    assert receiver.inbox.get("e2") is None


@pytest.mark.parametrize(
    ("callback", "token", "status_code"),
    [
        (CALLBACK, "wrong", 401),
        (b"no JSON", "wrong", 401),
        (b"no JSON", "s3cret", 400),
        (b"[" * 2_000_000, "s3cret", 413),
    ],
)
def test_refused_callbacks_teach_nothing(receiver: Receiver, callback: Any, token: str, status_code: int) -> None:
    """Wrong credentials, malformed and oversized bodies are refused, and leave no trace."""
    assert receiver.post(callback, token) == status_code
    assert receiver.inbox.get("e1") is None


def test_callbacks_of_very_many_values_are_not_decoded(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """A million bytes of empty lists would take twenty million once decoded: they are answered, logged, and dropped."""
    body = b'{"executionId":"e1","status":"failed","x":[' + b"[]," * 320_000 + b"[]]}"
    tracemalloc.start()
    try:
        with pytest.raises(errors.MalformedResponse, match="more than 50000 values"):
            agilesec.parse_callback({}, body, auth=None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    assert receiver.post(body) == 204
    assert receiver.inbox.get("e1") is None
    assert "was ignored" in caplog.text


def test_callbacks_too_large_for_the_inbox(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """A callback that the inbox does not keep is not said to be taken."""
    # One wide character makes all of a text wide in memory.
    wide = {"message": "x" * 800_000 + "\U0001f600", "more": [{"a": 7} for _ in range(10_000)]}
    assert receiver.post(CALLBACK | wide) == 204
    assert receiver.inbox.get("e1") is None
    assert "agilesec.scan/e1 was ignored" in caplog.text


def test_callbacks_with_long_texts(receiver: Receiver) -> None:
    """A long message with many commas is a callback like any other."""
    message = "warning: a, b, c; " * 5_000
    assert receiver.post(CALLBACK | {"message": message}) == 204
    assert receiver.inbox.get("e1").message == message


@pytest.mark.parametrize(("headers", "status_code"), [({}, 401), ({"Authorization": f"Bearer {SECRET}"}, 204)])
def test_receiver_of_all_paths(headers: dict[str, str], status_code: int) -> None:
    """Callbacks are taken at the root unless a path is given, and only with the credentials."""
    with Server(agilesec.callback_app(auth=agilesec.BearerToken(SECRET))) as server:
        assert httpx.post(f"{server.url}/", json=CALLBACK, headers=headers).status_code == status_code


def _wait_and_call_back(
    scan: Job[Any], receiver: Receiver, callbacks: list[float], **options: Any
) -> tuple[settled.Snapshot[Any], float]:
    timers = [threading.Timer(seconds, receiver.post) for seconds in callbacks]

    async def main() -> settled.Snapshot[Any]:
        async with scan.client:
            return await settled.aio.wait(scan, timeout=20, wake=receiver.inbox, **options)

    for timer in timers:
        timer.start()
    started = time.monotonic()
    end = asyncio.run(main())
    elapsed = time.monotonic() - started
    for timer in timers:
        timer.join()
    return end, elapsed


@pytest.mark.usefixtures("real_time")
def test_a_callback_wakes_the_wait(scan: Callable[..., Job[Any]], receiver: Receiver, answering: Answering) -> None:
    """A wait with an inbox polls seldom, and at once when the callback comes, which is then the snapshot's."""
    end, elapsed = _wait_and_call_back(scan("running", "failed"), receiver, [0.2])
    assert (end.outcome, end.polls, len(answering.requests)) == (Outcome.FAILED, 2, 2)
    assert elapsed < 15
    assert end.callback.error_code == "git-17"
    assert end.callback.labels[0]["team"] == "blue"


@pytest.mark.usefixtures("real_time")
def test_a_callback_is_a_hint(scan: Callable[..., Job[Any]], receiver: Receiver) -> None:
    """The status API has the last word: a scan that it says is running is polled on, now as often as any other."""
    end, elapsed = _wait_and_call_back(scan("running", "running", "running", "successful"), receiver, [0.1, 0.15])
    assert (end.outcome, end.status, end.polls) == (Outcome.SUCCEEDED, "successful", 4)
    assert 0.3 < elapsed < 15


@pytest.mark.usefixtures("real_time")
def test_an_early_callback_is_kept(scan: Callable[..., Job[Any]], receiver: Receiver) -> None:
    """A callback that came before the wait began is the snapshot's all the same."""
    receiver.post()
    end, _ = _wait_and_call_back(scan("failed"), receiver, [])
    assert end.callback.error_code == "git-17"


def test_a_callback_that_never_comes(scan: Callable[..., Job[Any]], receiver: Receiver, clock: VirtualClock) -> None:
    """Without its callback a scan is still polled, only more seldom."""
    start = clock.now()

    async def main() -> settled.Snapshot[Any]:
        job = scan(*["running"] * 9, "successful")
        async with job.client:
            return await settled.aio.wait(job, timeout=None, wake=receiver.inbox)

    end = asyncio.run(main())
    assert (end.outcome, end.callback) == (Outcome.SUCCEEDED, None)
    assert clock.now() - start > 500


def test_an_inbox_forgets_the_oldest(receiver: Receiver) -> None:
    """An inbox keeps ten thousand callbacks, and a wait that has ended leaves nothing of itself in it."""
    for number in range(10_001):
        receiver.inbox.put(str(number), number)
    assert (receiver.inbox.get("0"), receiver.inbox.get("1")) == (None, 1)
    woken: list[int] = []
    unsubscribe = receiver.inbox.subscribe("7", lambda: woken.append(7))
    receiver.inbox.put("7", "news")
    receiver.inbox.put("7", "news")
    unsubscribe()
    receiver.inbox.put("7", "more news")
    assert woken == [7]


def test_the_log_tells_of_callbacks(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """What is taken is logged, what is refused is warned of, and neither shows the credentials or breaks the line."""
    caplog.set_level(logging.INFO, "settled")
    receiver.post()
    receiver.post(CALLBACK | {"executionId": "e1\n2026-01-01 ERROR forged"})
    receiver.post(token="wrong-token")
    receiver.post(b"no JSON")
    logged = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "settled"]
    assert [level for level, _ in logged] == ["INFO", "INFO", "WARNING", "WARNING"]
    for (_, text), message in zip(
        logged, ["agilesec.scan/e1 was accepted", r"\n2026", "with 401", "with 400"], strict=True
    ):
        assert message in text
        assert text.isprintable()
        assert SECRET not in text
        assert "wrong-token" not in text


@pytest.mark.parametrize("is_used", [True, False])
def test_aclose(answering: Answering, is_used: bool) -> None:
    """`aclose` closes what the event loop's waits opened, does nothing if there is nothing, and may be called twice."""
    answering({"status": "successful", "executionId": "e1"})

    async def main() -> bool:
        connected = agilesec.connect(answering.url, token="t1")
        http = connected.get_async_httpx_client() if is_used else None
        if is_used:
            await agilesec.scan(connected, "e1").fetch_async()
        await connected.aclose()
        await connected.aclose()
        return http is None or http.is_closed

    assert asyncio.run(main())
