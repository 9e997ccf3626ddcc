"""Secrets that expire: a callable is asked again when the API refuses the last one, and nothing shows either."""

from __future__ import annotations

import asyncio
import base64
import itertools
import socket
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

import settled
from settled import Job, Outcome, Snapshot, agilesec, cortex_xdr, osapi
from settled._http import pool
from settled._http.connect import client_arguments
from settled._http.credentials import Basic
from settled._run import operation as _operation
from settled.errors import AuthenticationError, RateLimited, SubmitFailed, SubmitUnclear, TransportError, WaitTimeout
from settled.testing import VirtualClock
from settled_clients.osapi import AuthenticatedClient

from _exchange import JOB, WAYS, answering, fetch_all, reply

FIRST, SECOND = "first-token-0123456789", "second-token-0123456789"
DONE = reply({"id": JOB, "status": "completed"})


class Vault:
    """Hands tokens out, and counts how often it is asked; one that it has `revoked` is refused by the server."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.asked = 0
        self.revoked: set[str] = set()
        self.seen: list[str] = []

    def __call__(self) -> str:
        """The next token, or the last one again."""
        self.asked += 1
        return self.tokens[min(self.asked, len(self.tokens)) - 1]

    async def later(self) -> str:
        """The same, awaited."""
        await asyncio.sleep(0)
        return self()

    def answer(self, head: bytes) -> bytes:
        """Refuse the revoked tokens, quoting them."""
        token = head.partition(b"Bearer ")[2].split(b"\r\n")[0].decode()
        self.seen.append(token)
        if token in self.revoked:
            return reply({"error": f"token {token} has expired, as {FIRST} has"}, "401 Unauthorized")
        return DONE


def _job(url: str, token: Any, way: str = "sync") -> Job[Any]:
    return osapi.job(osapi.connect(url, token=token, fast=way == "fast"), JOB)


@pytest.mark.parametrize("way", WAYS)
def test_renewed(way: str) -> None:
    """After a 401 the callable is asked once more, and the request is sent once more."""
    vault = Vault(FIRST, SECOND)
    vault.revoked.add(FIRST)
    with answering(vault.answer) as server:
        brought = fetch_all([_job(server.url, vault, way)] * 2, way)
    assert [end.outcome for end in brought if isinstance(end, Snapshot)] == [Outcome.SUCCEEDED] * 2
    assert vault.seen == [FIRST, SECOND, SECOND]
    assert vault.asked == 2


@pytest.mark.parametrize("way", WAYS)
def test_refused_again(way: str) -> None:
    """A second 401 is an AuthenticationError, in which neither token stands."""
    vault = Vault(FIRST, SECOND)
    vault.revoked |= {FIRST, SECOND}
    with answering(vault.answer) as server:
        (refused,) = fetch_all([_job(server.url, vault, way)], way)
    assert isinstance(refused, AuthenticationError)
    assert vault.seen == [FIRST, SECOND]
    assert FIRST not in str(refused)
    assert SECOND not in str(refused)


def test_a_text_is_not_asked() -> None:
    """A token that is a text is sent once."""
    vault = Vault()
    vault.revoked.add(FIRST)
    with answering(vault.answer) as server:
        (refused,) = fetch_all([_job(server.url, FIRST)], "sync")
    assert isinstance(refused, AuthenticationError)
    assert vault.seen == [FIRST]


def test_once_for_all_threads() -> None:
    """Waits that were refused with the same token renew it once, in threads."""
    vault = Vault(FIRST, SECOND)
    vault.revoked.add(FIRST)
    both = threading.Barrier(8)

    def answer(head: bytes) -> bytes:
        response = vault.answer(head)
        if b"401" in response[:20]:
            both.wait(10)
        return response

    with answering(answer) as server:
        job = _job(server.url, vault)
        ends: list[Any] = []
        threads = [threading.Thread(target=lambda: ends.append(job.fetch().outcome)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        job.client.get_httpx_client().close()
    assert ends == [Outcome.SUCCEEDED] * 8
    assert vault.asked == 2


@pytest.mark.parametrize("fast", [False, True])
def test_once_for_all_tasks(fast: bool) -> None:
    """The same in asyncio, where the callable may be awaitable."""
    vault = Vault(FIRST, SECOND)
    vault.revoked.add(FIRST)

    async def main(url: str) -> list[Snapshot[Any]]:
        async with osapi.connect(url, token=vault.later, fast=fast) as client:
            return await asyncio.gather(*(settled.aio.wait(osapi.job(client, JOB), timeout=10) for _ in range(8)))

    with answering(vault.answer) as server:
        ends = asyncio.run(main(server.url))
    assert [end.polls for end in ends] == [1] * 8
    assert vault.asked == 2


def test_awaitable_in_a_thread() -> None:
    """A coroutine function is of no use to a thread, which says so at once."""
    with answering(lambda _: DONE) as server:
        (failed,) = fetch_all([_job(server.url, Vault(FIRST).later)], "sync")
    assert isinstance(failed, TransportError)
    assert not failed.may_pass
    assert "asyncio" in str(failed)


@pytest.mark.parametrize("way", WAYS)
def test_a_vault_that_fails(way: str) -> None:
    """What the callable raises is the cause of a TransportError that may pass, and its text is not shown."""

    def ask() -> str:
        raise OSError(f"the vault is sealed, {FIRST}")

    with answering(lambda _: DONE) as server:
        (failed,) = fetch_all([_job(server.url, ask, way)], way)
    assert isinstance(failed, TransportError)
    assert failed.may_pass
    assert str(failed).startswith(f"osapi.job/{JOB}: ")
    assert FIRST not in str(failed)


@pytest.mark.parametrize("nonsense", [None, 7, "", "line\nbreak", b"bytes"])
def test_nonsense(nonsense: Any) -> None:
    """What no header can hold ends a wait at once, and is not shown."""
    with answering(lambda _: DONE) as server:
        (failed,) = fetch_all([_job(server.url, lambda: nonsense)], "sync")
    assert isinstance(failed, TransportError)
    assert not failed.may_pass
    assert "line" not in str(failed)


def test_every_vendor_takes_a_callable() -> None:
    """Keys and tokens of all vendors can be callables."""
    seen: list[bytes] = []

    def answer(head: bytes) -> bytes:
        seen.append(head)
        return reply({"status": "successful", "reply": {"data": {"a": "FAILED"}}})

    with answering(answer) as server:
        key = cortex_xdr.connect(server.url, key_id=7, key=lambda: FIRST)
        token = agilesec.connect(server.url, token=lambda: FIRST)
        fetch_all([cortex_xdr.action(key, "7")], "sync")
        fetch_all([agilesec.scan(token, "e1")], "sync")
    assert f"authorization: {FIRST}".encode() in seen[0].lower()
    assert f"isg-api-token: {FIRST}".encode() in seen[1].lower()


def test_submits_renew_as_well() -> None:
    """A submit that was refused with 401 is sent again with a new token, because it surely was not taken."""
    vault = Vault(FIRST, SECOND)
    seen: list[bytes] = []

    def answer(head: bytes) -> bytes:
        seen.append(head)
        if len(seen) == 1:
            return reply({"message": "no"}, "401 Unauthorized")
        return reply({"status": "failed", "message": f"{SECOND} may not"})

    with (
        answering(answer) as server,
        agilesec.connect(server.url, token=vault) as client,
        pytest.raises(SubmitFailed) as raised,
    ):
        agilesec.execute_scan(client, "s1")
    assert len(seen) == 2
    assert SECOND not in str(raised.value)


@pytest.mark.parametrize("way", WAYS)
def test_renewals_keep_to_the_rate(clock: VirtualClock, way: str) -> None:
    """The request that is sent once more takes its own place in the client's rate."""
    vault = Vault(FIRST, SECOND)
    vault.revoked.add(FIRST)
    moments: list[float] = []

    def answer(head: bytes) -> bytes:
        moments.append(clock.now())
        return vault.answer(head)

    with answering(answer) as server:
        client = osapi.connect(server.url, token=vault, fast=way == "fast", max_rate=0.5)
        fetch_all([osapi.job(client, JOB)] * 3, way)
    assert vault.seen == [FIRST, SECOND, SECOND, SECOND]
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(moments))


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_renewal_that_the_rate_does_not_let_go_in_time(clock: VirtualClock, way: str) -> None:
    """The request is not sent once more after its time, and says when it could be."""
    vault = Vault(FIRST, SECOND)
    vault.revoked.add(FIRST)
    with answering(vault.answer) as server:
        (failed,) = fetch_all([osapi.job(osapi.connect(server.url, token=vault, max_rate=0.01), JOB)], way)
    assert isinstance(failed, RateLimited)
    assert "not sent again" in str(failed)
    assert failed.retry_after == pytest.approx(100, abs=2)
    assert vault.seen == [FIRST]
    assert not any(clock.slept)


def _sealed_vault() -> str:
    raise OSError("the vault is sealed")


def _slow_vault() -> str:
    time.sleep(0.2)
    return FIRST


@pytest.mark.parametrize(
    ("ask", "message"), [(_sealed_vault, "no credentials"), (_slow_vault, "no time was left to send the request")]
)
def test_a_submit_without_a_token_is_sure(
    ask: Callable[[], str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A submit that got no token, or none in time, was not sent: a TransportError, and no SubmitUnclear."""
    monkeypatch.setattr(_operation, "MAX_POLL_SECONDS", 0.1)
    with (
        answering(lambda _: DONE) as server,
        agilesec.connect(server.url, token=ask) as client,
        pytest.raises(TransportError, match=message) as raised,
    ):
        agilesec.execute_scan(client, "s1")
    assert raised.value.is_unsent


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_submit_without_time_for_a_token_is_sure(is_refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor was one sent whose token did not come in time; one that was refused before has started nothing, either."""
    monkeypatch.setattr(_operation, "MAX_POLL_SECONDS", 0.3)
    asked: list[int] = []

    async def ask() -> str:
        asked.append(1)
        if len(asked) > is_refused:
            await asyncio.sleep(30)
        return FIRST

    async def main(url: str) -> None:
        async with agilesec.connect(url, token=ask) as client:
            await agilesec.execute_scan_async(client, "s1")

    with (
        answering(lambda _: reply({"message": "no"}, "401 Unauthorized")) as server,
        pytest.raises(TransportError, match="not sent: credentials did not come in time") as raised,
    ):
        asyncio.run(main(server.url))
    assert raised.value.is_unsent


def test_a_submit_without_time_for_a_connection_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A submit that waited for a connection until its time was over was not sent; the one that had it may be."""
    monkeypatch.setattr(pool.use_stack, "__kwdefaults__", {"max_connections": 1})
    has_come, is_over = threading.Event(), threading.Event()

    def answer(_: bytes) -> bytes:
        has_come.set()
        is_over.wait(60)
        return b""

    async def main(url: str) -> None:
        async with agilesec.connect(url, token=FIRST) as client:
            first = asyncio.create_task(agilesec.execute_scan_async(client, "s1"))
            await asyncio.to_thread(has_come.wait, 60)
            monkeypatch.setattr(_operation, "MAX_POLL_SECONDS", 0.1)
            match = "not sent: a free connection did not come in time"
            with pytest.raises(TransportError, match=match) as raised:
                await agilesec.execute_scan_async(client, "s1")
            assert raised.value.is_unsent
            is_over.set()
            with pytest.raises(SubmitUnclear):
                await first

    with answering(answer) as server:
        asyncio.run(main(server.url))


@pytest.mark.parametrize("way", WAYS)
def test_basic(way: str) -> None:
    """A user's name and password go along with each request; a password can be renewed, and is not shown."""
    vault, seen = Vault(FIRST, SECOND), list[str]()

    def answer(head: bytes) -> bytes:
        seen.append(base64.b64decode(head.partition(b"Basic ")[2].split(b"\r\n")[0]).decode())
        return reply({"error": f"no, {SECOND}"}, "401 Unauthorized")

    with answering(answer) as server:
        auth = Basic("robot", vault)
        client = AuthenticatedClient(**client_arguments(server.url, auth, fast=way == "fast"))
        (refused,) = fetch_all([osapi.job(client, JOB)], way)
    assert seen == [f"robot:{FIRST}", f"robot:{SECOND}"]
    assert SECOND not in str(refused)


@pytest.mark.parametrize("username", ["", "a:b"])
def test_a_username_that_cannot_be_one(username: str) -> None:
    """A name with a colon would give away a part of itself as password."""
    with pytest.raises(ValueError, match=r"^username "):
        Basic(username, "p")


class _ReadsBodies(httpx.Auth):
    """Credentials that look for a challenge in the body."""

    requires_response_body = True

    def auth_flow(self, request: httpx.Request) -> Any:
        response = yield request
        if response.json().get("challenge"):
            request.headers["X-Answer"] = response.json()["challenge"]
            yield request


@pytest.mark.parametrize("way", WAYS)
def test_any_auth(way: str) -> None:
    """A client's `auth` can be any of httpx's, also one that reads bodies."""

    def answer(head: bytes) -> bytes:
        return DONE if b"x-answer: 17" in head.lower() else reply({"challenge": "17"})

    with answering(answer) as server:
        job = _job(server.url, FIRST, way)

        async def in_a_loop() -> Snapshot[Any]:
            async with job.client:
                job.client.get_async_httpx_client().auth = _ReadsBodies()
                return await job.fetch_async()

        if way == "sync":
            with job.client:
                job.client.get_httpx_client().auth = _ReadsBodies()
                end = job.fetch()
        else:
            end = asyncio.run(in_a_loop())
    assert end.outcome is Outcome.SUCCEEDED


class _TokenFirst(httpx.Auth):
    """Somebody's own flow, which fetches a token before each request."""

    def __init__(self, token_url: str) -> None:
        self.token_url = token_url

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        response = yield httpx.Request("POST", self.token_url)
        request.headers["Authorization"] = response.text
        yield request


def test_a_silent_token_server() -> None:
    """A request that somebody's auth flow sends before a poll ends by the wait's deadline, too."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        answering(lambda _: DONE) as server,
        osapi.connect(server.url, token=FIRST) as client,
    ):
        client.get_httpx_client().auth = _TokenFirst(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(WaitTimeout) as raised:
            settled.wait(osapi.job(client, JOB), timeout=0.3)
    assert isinstance(raised.value.__cause__, TransportError)


def test_a_wait_while_another_thread_asks() -> None:
    """A wait ends by its deadline, also while a token that another thread has asked for is long in coming."""
    is_asked, is_over = threading.Event(), threading.Event()

    def ask() -> str:
        is_asked.set()
        is_over.wait(60)
        return FIRST

    with (
        answering(lambda _: DONE) as server,
        osapi.connect(server.url, token=ask) as client,
        ThreadPoolExecutor(1) as other,
    ):
        first = other.submit(osapi.job(client, JOB).fetch)
        assert is_asked.wait(60)
        with pytest.raises(WaitTimeout, match="credentials did not come in time"):
            settled.wait(osapi.job(client, JOB), timeout=0.2)
        is_over.set()
        assert first.result().is_settled


def test_a_token_that_needs_itself() -> None:
    """A callable that asks the very client which waits for it ends in time."""
    with answering(lambda _: DONE) as server:
        client = osapi.connect(server.url, token=lambda: settled.wait(osapi.job(client, JOB), timeout=0.2).status or "")
        with pytest.raises(TransportError, match="no credentials"):
            osapi.job(client, JOB).fetch()
