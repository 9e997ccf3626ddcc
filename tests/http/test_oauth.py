"""Tokens that a client fetches with its id and secret: when, how often, through what, and what is told if it fails."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import attrs
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import settled
from settled import Job, Outcome, Snapshot, errors, osapi
from settled._core.reply import MAX_POLL_SECONDS
from settled._http import oauth
from settled._http import response as _response
from settled._http.connect import client_arguments
from settled._http.oauth import OAuthClientCredentials
from settled._http.stream import stream
from settled._monotonic import monotonic
from settled._run import operation as _operation
from settled._run.operation import asynchronous, operation, submit
from settled._run.steps import Steps
from settled.simulator._server import Server
from settled.testing import VirtualClock
from settled_clients.osapi import AuthenticatedClient

from _exchange import JOB, WAYS, fetch_all

CLIENT_ID, SECRET = "app-17", "client-secret-0123456789"
DONE = {"id": JOB, "status": "completed"}


@attrs.define
class Issuer:
    """A vendor that issues tokens, and tells of a job to whoever has one that it has not `revoked`."""

    url: str = ""
    expires_in: Any = 900
    failure: Response | None = None
    failing: float = math.inf
    silent: bool = False
    bodies: list[bytes] = attrs.field(factory=list[bytes])
    types: list[str] = attrs.field(factory=list[str])
    seen: list[str] = attrs.field(factory=list[str])
    revoked: set[str] = attrs.field(factory=set[str])

    async def issue(self, request: Request) -> Response:
        """A new token."""
        self.bodies.append(await request.body())
        self.types.append(request.headers["content-type"])
        if self.silent:
            await asyncio.sleep(30)
        # Long enough for whoever else needs a token to ask as well.
        await asyncio.sleep(0.05)
        if self.failure is not None and len(self.bodies) <= self.failing:
            return self.failure
        return JSONResponse({"access_token": self.token(len(self.bodies)), "expires_in": self.expires_in})

    def token(self, number: int) -> str:
        """The token that is issued so many-th."""
        return f"issued-token-{number:010}"

    async def tell(self, request: Request) -> Response:
        """How the job is doing."""
        self.seen.append(request.headers["authorization"].removeprefix("Bearer "))
        if self.seen[-1] in self.revoked:
            return JSONResponse({"error": f"{self.seen[-1]} has expired, {SECRET}"}, 401)
        return JSONResponse(DONE)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Such a vendor on loopback."""
    vendor = Issuer()
    routes = [
        Route("/oauth/token", vendor.issue, methods=["POST"]),
        Route("/{path:path}", vendor.tell, methods=["GET", "POST"]),
    ]
    with Server(Starlette(routes=routes)) as server:
        vendor.url = server.url
        yield vendor


def connect(url: str, *, as_json: bool = False, path: str = "/oauth/token", **options: Any) -> AuthenticatedClient:
    """A client with an id and a secret."""
    auth = OAuthClientCredentials(path, CLIENT_ID, SECRET, as_json=as_json)
    return AuthenticatedClient(**client_arguments(url, auth, **options))


def job(url: str, way: str = "sync", **options: Any) -> Job[Any]:
    """A job, reached with an id and a secret."""
    return osapi.job(connect(url, fast=way == "fast", **options), JOB)


@pytest.mark.parametrize("way", WAYS)
def test_fetched_once(issuer: Issuer, way: str) -> None:
    """The first request fetches a token, and the others use it."""
    brought = fetch_all([job(issuer.url, way)] * 3, way)
    assert [end.outcome for end in brought if isinstance(end, Snapshot)] == [Outcome.SUCCEEDED] * 3
    assert issuer.seen == [issuer.token(1)] * 3
    assert parse_qs(issuer.bodies[0].decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT_ID],
        "client_secret": [SECRET],
    }
    assert len(issuer.bodies) == 1


def test_as_json(issuer: Issuer) -> None:
    """Some vendors want JSON; the address of the token may be a whole URL."""
    client = connect(f"{issuer.url}/elsewhere", as_json=True, path=f"{issuer.url}/oauth/token")
    fetch_all([osapi.job(client, JOB)], "sync")
    assert issuer.types == ["application/json"]
    assert issuer.seen == [issuer.token(1)]


@pytest.mark.parametrize("way", WAYS)
def test_renewed_before_it_expires(issuer: Issuer, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute before its end a token is replaced, so that no request goes with one that has expired."""
    client = connect(issuer.url, fast=way == "fast")
    one = osapi.job(client, JOB)
    moments = iter([0.0, 869.0, 871.0])

    def advance() -> None:
        later = next(moments)
        monkeypatch.setattr(oauth, "monotonic", lambda: monotonic() + later)

    async def in_a_loop() -> None:
        async with client:
            for _ in range(3):
                advance()
                await one.fetch_async()

    if way == "sync":
        with client:
            for _ in range(3):
                advance()
                one.fetch()
    else:
        asyncio.run(in_a_loop())
    assert issuer.seen == [issuer.token(number) for number in (1, 1, 2)]


@pytest.mark.parametrize("expires_in", [None, "no number", -1, float("nan"), []])
def test_life_that_is_not_told(expires_in: Any) -> None:
    """A token whose life is not told is used until it is refused."""
    assert oauth._seconds(expires_in) == float("inf")


@pytest.mark.parametrize("way", WAYS)
def test_refused(issuer: Issuer, way: str) -> None:
    """After a 401 one more token is fetched, and the request is sent once more; a second 401 shows no secret."""
    issuer.revoked.add(issuer.token(1))
    (brought,) = fetch_all([job(issuer.url, way)], way)
    assert isinstance(brought, Snapshot)
    assert issuer.seen == [issuer.token(1), issuer.token(2)]
    issuer.revoked |= {issuer.token(number) for number in (3, 4)}
    (refused,) = fetch_all([job(issuer.url, way)], way)
    assert isinstance(refused, errors.AuthenticationError)
    assert issuer.seen[2:] == [issuer.token(3), issuer.token(4)]
    assert SECRET not in str(refused)
    assert "issued-token" not in str(refused)


def test_one_fetch_for_all(issuer: Issuer) -> None:
    """Threads and event loops of one client wait for one fetch, at first and when the token is refused."""
    issuer.revoked.add(issuer.token(1))
    client = connect(issuer.url)
    ends: list[Any] = []
    together = threading.Barrier(6)

    def in_a_thread() -> None:
        together.wait(10)
        ends.append(osapi.job(client, JOB).fetch())

    def in_a_loop() -> None:
        async def main() -> None:
            together.wait(10)
            jobs = [osapi.job(client, JOB)] * 5
            ends.extend(await asyncio.gather(*(each.fetch_async() for each in jobs)))
            await client.get_async_httpx_client().aclose()

        asyncio.run(main())

    threads = [threading.Thread(target=target) for target in [in_a_thread, in_a_loop] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert [end.outcome for end in ends] == [Outcome.SUCCEEDED] * 18
    assert len(issuer.bodies) == 2


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        (
            JSONResponse({"error": "invalid_client", "error_description": SECRET}, 401),
            errors.AuthenticationError,
            "401",
        ),
        (JSONResponse({"error": "slow down"}, 429, {"Retry-After": "7"}), errors.RateLimited, "slow down"),
        (JSONResponse({"message": "down"}, 503), errors.TransportError, "no token from /oauth/token: .* 503: down"),
        (JSONResponse({}, 404), errors.TransportError, "no token from /oauth/token: .* 404"),
        (PlainTextResponse("access_token=issued-token-0"), errors.TransportError, "the answer has no access_token"),
        (JSONResponse(["issued-token-0"]), errors.TransportError, "the answer has no access_token"),
        (JSONResponse({"access_token": "issued\ntoken"}), errors.TransportError, "the answer has no access_token"),
    ],
    ids=lambda value: str(getattr(value, "status_code", "")),
)
@pytest.mark.parametrize("way", WAYS)
def test_no_token(issuer: Issuer, failure: Response, error: type[Exception], message: str, way: str) -> None:
    """What the vendor answers instead of a token is told as one of our errors, without secrets."""
    issuer.failure = failure
    (failed,) = fetch_all([job(issuer.url, way)], way)
    with pytest.raises(error, match=message):
        raise failed  # type: ignore[misc]
    assert SECRET not in str(failed)
    assert "issued" not in str(failed)
    assert issuer.seen == []


def test_waiting_for_a_fetch_that_fails(issuer: Issuer) -> None:
    """Everybody who waits for a fetch is told how it failed, and the vendor is not asked again for each."""
    issuer.failure = JSONResponse({"message": "down"}, 503)

    async def main() -> list[Any]:
        async with connect(issuer.url) as client:
            jobs = [osapi.job(client, JOB)] * 10
            return await asyncio.gather(*(each.fetch_async() for each in jobs), return_exceptions=True)

    failures = asyncio.run(main())
    assert [str(failure) for failure in failures] == [str(failures[0])] * 10
    assert len({id(failure) for failure in failures}) == 10
    assert len(issuer.bodies) == 1


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.usefixtures("clock")
def test_a_wait_goes_on(issuer: Issuer, way: str) -> None:
    """A token endpoint that is away for a while does not end a wait."""
    issuer.failure, issuer.failing = JSONResponse({"message": "down"}, 503), 3
    one = job(issuer.url)

    async def in_a_loop() -> Snapshot[Any]:
        async with one.client:
            return await settled.aio.wait(one, timeout=3600)

    if way == "sync":
        with one.client:
            end = settled.wait(one, timeout=3600)
    else:
        end = asyncio.run(in_a_loop())
    assert end.outcome is Outcome.SUCCEEDED
    assert len(issuer.bodies) == 4


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_silent_endpoint_keeps_deadlines(issuer: Issuer, way: str) -> None:
    """Whoever needs a token that does not come is told in time, and so is whoever waits for that fetch."""
    issuer.silent = True
    one = job(issuer.url, timeout=0.3)
    failures: list[Any] = []
    if way == "sync":

        def fetch() -> None:
            with pytest.raises(errors.TransportError) as raised:
                one.fetch()
            failures.append(raised.value)

        threads = [threading.Thread(target=fetch) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.client.get_httpx_client().close()
    else:

        async def main() -> None:
            async with one.client:
                failures.extend(await asyncio.gather(*(one.fetch_async() for _ in range(2)), return_exceptions=True))

        asyncio.run(main())
    assert [type(failure) for failure in failures] == [errors.TransportError] * 2
    assert all(failure.is_unsent for failure in failures)


def test_a_submit_without_a_token_is_sure(issuer: Issuer) -> None:
    """A submit that never got a token was not sent: that is no unclear submit, whatever went wrong."""

    @operation
    def start(client: AuthenticatedClient) -> Steps[str]:
        return (yield from submit(client, {"method": "post", "url": "/jobs", "json": {}}, str))

    issuer.failure = JSONResponse({}, 503)
    with connect(issuer.url, timeout=0.3) as client:
        for silent in (False, True):
            issuer.silent = silent
            with pytest.raises(errors.TransportError, match="POST /jobs: ") as raised:
                start(client)
            assert raised.value.is_unsent
    assert issuer.seen == []


class Trickle(Response):
    """Sends a blank now and then, and never a token."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client has gone."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        with contextlib.suppress(OSError):
            while True:
                await send({"type": "http.response.body", "body": b" ", "more_body": True})
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("waiting", [False, True], ids=["own fetch", "another's fetch"])
@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_submit_without_time_for_a_token_is_sure(
    issuer: Issuer, way: str, waiting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint that trickles until the submit's time is over has kept it from being sent."""
    monkeypatch.setattr(_operation, "MAX_POLL_SECONDS", 0.5)
    issuer.failure = Trickle()

    @operation
    def start(client: AuthenticatedClient) -> Steps[str]:
        return (yield from submit(client, {"method": "post", "url": "/jobs", "json": {}}, str))

    async def in_a_loop() -> list[Any]:
        async with connect(issuer.url) as client:
            calls = [asynchronous(start)(client) for _ in range(1 + waiting)]
            return list(await asyncio.gather(*calls, return_exceptions=True))

    def here() -> list[Any]:
        with connect(issuer.url) as client, ThreadPoolExecutor(2) as pool:
            return [call.exception() for call in [pool.submit(start, client) for _ in range(1 + waiting)]]

    for error in here() if way == "sync" else asyncio.run(in_a_loop()):
        assert isinstance(error, errors.TransportError), repr(error)
        assert (error.is_unsent, error.may_pass) == (True, True)
        assert str(error).startswith("POST /jobs: ")
    assert issuer.seen == []


def test_a_token_that_comes_at_the_very_end(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint's last byte that comes when the time has just passed is too late for the submit to be sent."""

    @operation
    def start(client: AuthenticatedClient) -> Steps[str]:
        return (yield from submit(client, {"method": "post", "url": "/jobs", "json": {}}, str))

    monkeypatch.setattr(_response, "monotonic", lambda: monotonic() + MAX_POLL_SECONDS)
    with connect(issuer.url) as client, pytest.raises(errors.TransportError, match="not complete in time") as raised:
        start(client)
    assert raised.value.is_unsent
    assert (len(issuer.bodies), issuer.seen) == (1, [])


@pytest.mark.parametrize("answer", ["no gzip", "too large", "a token in a form"])
def test_a_submit_after_an_odd_answer_is_sure(issuer: Issuer, answer: str) -> None:
    """Whatever the token's endpoint answers, nothing was sent; a token in a form of its own is not told."""

    @operation
    def start(client: AuthenticatedClient) -> Steps[str]:
        return (yield from submit(client, {"method": "post", "url": "/jobs", "json": {}}, str))

    issuer.failure = {
        "no gzip": PlainTextResponse("no gzip", headers={"Content-Encoding": "gzip"}),
        "too large": PlainTextResponse("x" * 2000),
        "a token in a form": PlainTextResponse("access_token=f0a1b2c3d4e5&scope=all"),
    }[answer]

    def here() -> None:
        with connect(issuer.url, max_body=1000) as client:
            start(client)

    async def in_a_loop() -> None:
        async with connect(issuer.url, max_body=1000) as client:
            await asynchronous(start)(client)

    for submitted in (here, lambda: asyncio.run(in_a_loop())):
        with pytest.raises(errors.TransportError, match="the answer has no access_token") as raised:
            submitted()
        assert raised.value.is_unsent
        assert "f0a1b2c3d4e5" not in "".join(traceback.format_exception(raised.value))
    assert issuer.seen == []


def test_through_the_clients_own_transport(issuer: Issuer) -> None:
    """The token is fetched through the client's transport and hooks, like every other request."""
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, request.headers["user-agent"].partition("/")[0]))
        token = {"access_token": "token-of-a-mock", "expires_in": 60}
        return httpx.Response(200, json=token if request.url.path == "/oauth/token" else DONE)

    (end,) = fetch_all([job("https://vendor.invalid", transport=httpx.MockTransport(answer))], "sync")
    assert isinstance(end, Snapshot)
    assert asked == [("/oauth/token", "settled"), (f"/job/{JOB}", "settled")]


def test_a_stream_that_waits_for_anothers_fetch(issuer: Issuer) -> None:
    """A stream without a time limit waits for a token that another thread fetches, like any request."""
    request = {"method": "GET", "url": f"/job/{JOB}"}
    with connect(issuer.url) as client, ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda _: b"".join(stream(client, request, "a stream")), range(2)))
    assert [json.loads(body) for body in both] == [DONE] * 2
    assert len(issuer.bodies) == 1


@pytest.mark.parametrize("way", WAYS)
def test_keeps_to_the_rate(issuer: Issuer, clock: VirtualClock, way: str) -> None:
    """The request for a token, and the one that is sent once more, take their places in the client's rate."""
    issuer.revoked.add(issuer.token(1))
    started = clock.now()
    client = connect(issuer.url, fast=way == "fast", max_rate=0.5)
    fetch_all([osapi.job(client, JOB)], way)
    assert len(issuer.bodies) + len(issuer.seen) == 4
    assert clock.now() - started >= 6


@pytest.mark.parametrize(("client_id", "secret", "message"), [("", SECRET, "client_id"), ("a", "", "client_secret")])
def test_what_cannot_be_right(client_id: str, secret: str, message: str) -> None:
    """An empty id or secret is refused at once, by its name."""
    with pytest.raises(ValueError, match=f"^{message} "):
        OAuthClientCredentials("/oauth/token", client_id, secret)
