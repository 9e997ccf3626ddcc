"""A submit is sent once: where nobody can tell what became of it, the error says so, and carries what was sent."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from settled import Job, agilesec, cortex_xdr, errors
from settled._core.rate_limit import rate_limiter_of
from settled._http.redact import secrets_in, without_secrets
from settled._run import clock as _clock
from settled.simulator._server import Cut
from settled_clients.agilesec import AuthenticatedClient

from _exchange import WAYS, heads, reply
from _servers import Server
from conftest import Answering

TOKEN = "agilesec-token-of-the-submit-tests"
PASSWORD = "sensor-password-of-the-submit-tests"
TAKEN = {"sensorId": "s1", "executionId": "e1", "status": "successful", "message": "taken"}


class Silent(Response):
    """Takes a request, and never answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the client has had enough."""
        while (await receive())["type"] != "http.disconnect":
            pass


def _create(client: AuthenticatedClient) -> Job[Any]:
    return agilesec.create_scan(
        client,
        sensor_type="GIT Sensor",
        sensor_name="nightly",
        sensor_config={"url": f"https://ci:{PASSWORD}@git.invalid/x", "password": PASSWORD, "depth": 3},
        labels={"team": "blue"},
    )


def _execute(client: AuthenticatedClient) -> Job[Any]:
    return agilesec.execute_scan(client, "s1")


def _submit_the_old_way(client: AuthenticatedClient) -> Job[Any]:
    with pytest.warns(DeprecationWarning, match="use create_scan"):
        return agilesec.submit_scan(  # pyright: ignore[reportDeprecated]
            client, sensor_type="t", sensor_name="n", sensor_config={}
        )


Submit = Callable[[AuthenticatedClient], Job[Any]]
SUBMITS: dict[Submit, Any] = {
    _create: {
        "sensorType": "GIT Sensor",
        "sensorName": "nightly",
        "sensorConfig": {"url": "https://[secret]@git.invalid/x", "password": "[secret]", "depth": 3},
        "incrementalScan": False,
        "labels": [{"team": "blue"}],
    },
    _execute: {"sensorId": "s1"},
    _submit_the_old_way: {"sensorType": "t", "sensorName": "n", "sensorConfig": {}},
}


@pytest.fixture(params=SUBMITS, ids=lambda submit: submit.__name__.strip("_"))
def submit(request: pytest.FixtureRequest) -> Submit:
    """All ways to submit, one after the other."""
    function: Submit = request.param
    return function


def text_of(error: BaseException | None) -> str:
    """All that an error and its causes show: tracebacks, reprs and attributes."""
    text = ""
    while error is not None:
        text += "".join(traceback.format_exception(error)) + repr(error)
        text += str(vars(error)) if isinstance(error, errors.SettledError) else ""
        error = error.__cause__ or error.__context__
    return text


UNCLEAR: dict[str, tuple[Any, type[errors.SettledError]]] = {
    "no answer in time": (Silent(), errors.TransportError),
    "cut before the answer": (Cut(JSONResponse(TAKEN), within=False), errors.TransportError),
    "cut within the answer": (Cut(JSONResponse(TAKEN), within=True), errors.TransportError),
    "500": (JSONResponse({"message": "down"}, 500), errors.ServerError),
    "503 that says when": (JSONResponse({"message": "down"}, 503, {"Retry-After": "1"}), errors.ServerError),
    "a proxy's 504": (Response("<title>Gateway Timeout</title>", 504), errors.ServerError),
    "no JSON": (Response("<html>OK</html>"), errors.MalformedResponse),
    "half a JSON": (Response('{"executionId": "e'), errors.MalformedResponse),
    "bytes that are no gzip": (Response(b"no gzip", headers={"Content-Encoding": "gzip"}), errors.MalformedResponse),
    "nothing at all": (Response(status_code=204), errors.MalformedResponse),
    "no id": ({"status": "successful"}, errors.MalformedResponse),
    "an id that is none": (TAKEN | {"executionId": ""}, errors.MalformedResponse),
    "a list": ([TAKEN], errors.MalformedResponse),
}


@pytest.mark.parametrize(("reply", "cause"), UNCLEAR.values(), ids=UNCLEAR)
def test_unclear(answering: Answering, submit: Submit, reply: Any, cause: type[errors.SettledError]) -> None:
    """Whoever cannot know whether the job was taken is told so, with what was sent, and nothing is sent again."""
    with (
        agilesec.connect(answering(reply), token=TOKEN, timeout=0.3) as client,
        pytest.raises(errors.SubmitUnclear, match=r"POST /v3/scan.*: the job may exist all the same") as raised,
    ):
        submit(client)
    assert len(answering.requests) == 1
    assert type(raised.value.__cause__) is cause
    assert raised.value.sent == SUBMITS[submit]
    text = text_of(raised.value)
    assert TOKEN not in text
    assert PASSWORD not in text


@pytest.mark.parametrize(
    ("reply", "error_class"),
    [
        (JSONResponse({"message": "no"}, 400), errors.BadRequest),
        (JSONResponse({"message": "no"}, 401), errors.AuthenticationError),
        (JSONResponse({"message": "no"}, 403), errors.PermissionDenied),
        (JSONResponse({"message": "no"}, 429), errors.RateLimited),
        (Response("no", 302, {"Location": "/login"}), errors.ApiError),
        ({"status": "failed", "message": "no"}, errors.SubmitFailed),
    ],
)
def test_refused(answering: Answering, submit: Submit, reply: Any, error_class: type[errors.SettledError]) -> None:
    """An API that says no has not taken the job: the error is its own, and nothing is sent again."""
    with agilesec.connect(answering(reply), token=TOKEN) as client, pytest.raises(error_class, match="no"):
        submit(client)
    assert len(answering.requests) == 1


def test_nobody_there(submit: Submit) -> None:
    """A connection that is refused has carried nothing: a plain TransportError."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    with (
        agilesec.connect(f"http://127.0.0.1:{port}", token=TOKEN) as client,
        pytest.raises(errors.TransportError, match=rf"connection refused by 127\.0\.0\.1:{port}"),
    ):
        submit(client)


def test_no_tls(answering: Answering, submit: Submit) -> None:
    """Nor has one that was never made safe: the server's side of TLS was missing."""
    address = answering(TAKEN).replace("http:", "https:")
    with agilesec.connect(address, token=TOKEN) as client, pytest.raises(errors.TransportError, match=r"127\.0\.0\.1"):
        submit(client)
    assert answering.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        {"status": "failed", "message": f"{TOKEN} may not do this"},
        {"token": TOKEN, "seen": TOKEN, "sensorConfig": {"password": PASSWORD}},
        Response(f"<html>{TOKEN}</html>"),
        JSONResponse({"message": f"bad {TOKEN}"}, 403),
    ],
)
def test_quoted_secrets(answering: Answering, submit: Submit, reply: Any) -> None:
    """A server that quotes what it was sent gets no secret into the error."""
    with agilesec.connect(answering(reply), token=TOKEN) as client, pytest.raises(errors.SettledError) as raised:
        submit(client)
    text = text_of(raised.value)
    assert "[secret]" in text
    assert TOKEN not in text
    assert PASSWORD not in text


def _execute_in(way: str, url: str) -> Job[Any]:
    """Start a scan by a client of its own, in one of the ways to do so."""

    async def in_a_loop() -> Job[Any]:
        async with agilesec.connect(url, token=TOKEN, timeout=5, fast=way == "fast") as client:
            return await agilesec.execute_scan_async(client, "s1")

    if way != "sync":
        return asyncio.run(in_a_loop())
    with agilesec.connect(url, token=TOKEN, timeout=5) as client:
        return _execute(client)


def _reset(connection: socket.socket) -> None:
    # Closed so, a socket sends RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# What a server does with a connection over which a submit has come; it is closed then.
LOST: dict[str, Callable[[socket.socket], object]] = {
    "closed": lambda connection: None,
    "reset": _reset,
    "closed within the head": lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-"),
    "closed within the body": lambda connection: connection.sendall(reply(TAKEN)[:-5]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lose", LOST.values(), ids=LOST)
def test_a_connection_that_is_lost(clock: object, way: str, lose: Callable[[socket.socket], object]) -> None:
    """A request that has arrived is never said to be unsent, whatever becomes of its connection, and comes once."""
    arrived: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        arrived.append(next(heads(connection)))
        lose(connection)

    with Server(behave) as server, pytest.raises(errors.SubmitUnclear) as raised:
        _execute_in(way, server.url)
    assert len(arrived) == 1
    assert isinstance(raised.value.__cause__, errors.TransportError)
    assert not raised.value.__cause__.is_unsent
    assert "RawResponseMessage" not in str(raised.value)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_there_in_any_way(clock: object, way: str) -> None:
    """A connection that is refused has carried nothing, whoever was to make it."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    with pytest.raises(errors.TransportError) as raised:
        _execute_in(way, f"http://127.0.0.1:{port}")
    assert raised.value.is_unsent


@pytest.mark.parametrize("fail", [httpx.ConnectError("down"), None], ids=["raised", "met"])
def test_a_hook_that_fails(answering: Answering, fail: httpx.ConnectError | None) -> None:
    """A hook that sees the answer, and fails to connect to somewhere else, does not make the submit one unsent."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]

    def report(_: httpx.Response) -> None:
        if fail is not None:
            raise fail
        httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)

    with agilesec.connect(answering(TAKEN), token=TOKEN) as client:
        client.get_httpx_client().event_hooks["response"].append(report)
        with pytest.raises(errors.SubmitUnclear):
            _execute(client)
    assert len(answering.requests) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", ["000 No", "101 Switching Protocols", "303 See Other", "304 Not Modified", "600 No"])
def test_a_status_that_refuses_nothing(clock: object, way: str, status: str) -> None:
    """A status that is neither a refusal nor leads to another address does not say that there is no job."""

    def behave(connection: socket.socket) -> None:
        next(heads(connection))
        connection.sendall(reply(TAKEN, status, Location="/v3/scan/e1", Upgrade="x", Connection="upgrade"))

    with Server(behave) as server, pytest.raises(errors.SubmitUnclear):
        _execute_in(way, server.url)


def test_a_refusal_that_quotes_the_request(answering: Answering) -> None:
    """Words by which a 500 refuses for good count for nothing if the request had them."""
    code = "if 'script_uid param is missing' in text: retry()"
    refusal = JSONResponse({"reply": {"err_code": 500, "err_msg": f"gateway timeout for {json.dumps(code)}"}}, 500)
    with cortex_xdr.connect(answering(refusal), key_id=1, key=TOKEN) as client, pytest.raises(errors.SubmitUnclear):
        cortex_xdr.run_snippet(client, code, ["e1"])


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse({"message": f"cannot log in as ci:{PASSWORD}"}, 400, {"X-Request-Id": PASSWORD}),
        JSONResponse({"message": "no", "details": f"tried {PASSWORD}", "code": PASSWORD}, 422),
        JSONResponse({"message": f"no login with {PASSWORD}"}, 500),
        {"status": "failed", "message": f"cannot log in with {PASSWORD}"},
        [{"said": f"tried {PASSWORD}"}],
        Response(f"<p>{PASSWORD}</p>"),
        Response(f'{{"said": "{PASSWORD}'),
    ],
    ids=["refused", "in other fields", "a 500", "refused with 200", "no job", "a web page", "half a JSON"],
)
def test_secrets_of_the_request(answering: Answering, answer: Any) -> None:
    """A server that quotes a sensor's password without its name gets it into no error."""
    with agilesec.connect(answering(answer), token=TOKEN) as client, pytest.raises(errors.SettledError) as raised:
        _create(client)
    text = text_of(raised.value)
    assert "[secret]" in text
    assert PASSWORD not in text
    assert PASSWORD not in str(getattr(raised.value.__cause__, "doc", ""))


@pytest.mark.parametrize("length", range(0, 600, 7))
def test_a_secret_that_is_cut(answering: Answering, length: int) -> None:
    """Wherever a message is cut, no part of a password is left before it."""
    refusal = JSONResponse({"message": f"{'-' * length}{PASSWORD}{'-' * 600}"}, 500)
    with agilesec.connect(answering(refusal), token=TOKEN) as client, pytest.raises(errors.SubmitUnclear) as raised:
        _create(client)
    text = text_of(raised.value)
    assert PASSWORD[:8] not in text
    assert PASSWORD[-8:] not in text


@pytest.mark.parametrize(
    ("sent", "secrets"),
    [
        ({"password": "hunter2", "name": "nightly"}, {"hunter2"}),
        ({"url": "https://ci:hunter2@git/x"}, {"ci:hunter2"}),
        ({"args": ["--token", "abcdef", "--password=hunter2", "-v"]}, {"abcdef", "hunter2"}),
        ({"code": 'login(user="ci", password="hunter2", token="abcdef")'}, {"hunter2", "abcdef"}),
        ({"config": '{"password":"hunter2"}', "pin": 7}, {"hunter2"}),
        ({"credentials": {"user": "admin", "codes": [123456, True, None]}}, {"admin", "123456"}),
        ({"name": "password", "value": "hunter2"}, {"hunter2"}),
        ({"password": "abc", "token": ""}, set()),
        (None, set()),
    ],
)
def test_which_secrets_are_sent(sent: Any, secrets: set[str]) -> None:
    """They are what is not kept of a request, but for what is too short."""
    assert secrets_in(sent) == secrets


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (
            {"apiKey": "k", "accessToken": "t", "name": "n"},
            {"apiKey": "[secret]", "accessToken": "[secret]", "name": "n"},
        ),
        ({"Authorization": ["Basic x"], "token": ""}, {"Authorization": "[secret]", "token": ""}),
        ([{"credentials": {"user": "u"}}, 7, None, True], [{"credentials": "[secret]"}, 7, None, True]),
        ({"url": "ssh://git@h/x"}, {"url": "ssh://[secret]@h/x"}),
        ({"url": "https://h/x@y?to=a@b"}, {"url": "https://h/x@y?to=a@b"}),
    ],
)
def test_what_is_kept(sent: Any, kept: Any) -> None:
    """What was sent is kept but for what its names call secret, and the user and password of a URL."""
    assert without_secrets(sent) == kept


def test_a_message_fits(answering: Answering) -> None:
    """However much the vendor has to say, and in whatever form, a message is one line of 300 characters."""
    answers = [
        {"status": "failed", "message": "no\n\x1b[31m" * 400},
        JSONResponse({"message": "down " * 400}, 500),
        {"status": "\n" * 2000},
    ]
    for answer in answers:
        with agilesec.connect(answering(answer), token=TOKEN) as client, pytest.raises(errors.SettledError) as raised:
            _execute(client)
        assert isinstance(raised.value, errors.SubmitFailed | errors.SubmitUnclear)
        assert len(str(raised.value)) <= 300
        assert str(raised.value).isprintable()


@pytest.mark.parametrize("status_code", [429, 503])
def test_a_pause_that_is_asked_for(answering: Answering, status_code: int) -> None:
    """All requests of a client obey the Retry-After of a submit, too."""
    answer = JSONResponse({"message": "slow down"}, status_code, {"Retry-After": "600"})
    with agilesec.connect(answering(answer), token=TOKEN) as client:
        with pytest.raises(errors.SettledError):
            _execute(client)
        with pytest.raises(errors.RateLimited, match="not sent, the API has asked for a pause"):
            _execute(client)
    assert len(answering.requests) == 1


def test_a_cancelled_submit_gives_up_its_turn(answering: Answering) -> None:
    """A submit that is cancelled while it waits for the client's rate delays no other."""

    async def main() -> None:
        async with agilesec.connect(answering(TAKEN), token=TOKEN, max_rate=0.1) as client:
            limiter = rate_limiter_of(client)
            now = _clock.clock.now()
            limiter.reserve(now)
            waiting = asyncio.create_task(agilesec.execute_scan_async(client, "s1"))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert limiter.reserve(now) <= now + 2 * limiter.spacing

    asyncio.run(main())
    assert answering.requests == []


def test_what_cannot_be_encoded_is_not_shown() -> None:
    """The error of a body that is no JSON holds nothing of the body, nor does anything behind it."""
    with (
        agilesec.connect("http://127.0.0.1:9", token=TOKEN) as client,
        pytest.raises(ValueError, match="JSON") as raised,
    ):
        agilesec.create_scan(client, sensor_type="t", sensor_name="n", sensor_config={"password": f"{PASSWORD}\udc80"})
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
