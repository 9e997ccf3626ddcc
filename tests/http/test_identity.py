"""A job is told its own answer: replies that name another one are refused, and so is what nobody asked for."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import threading
import time
from typing import Any

import httpx
import pytest

import settled
from settled import Job, Outcome, Snapshot, agilesec, cortex_xdr, cortex_xsiam, osapi
from settled.errors import MalformedResponse, NotFound, PermissionDenied, ServerError, TransportError

from _exchange import JOB, OTHER, WAYS, answering, asked_id, fetch_all, heads, reply
from _servers import Server

KEY = "not-a-real-key-0123456789"


def _imports(url: str, way: str, *ids: str) -> list[Job[Any]]:
    client = cortex_xsiam.connect(url, key_id=7, key=KEY, max_rate=None, fast=way == "fast")
    return [cortex_xsiam.byos_import(client, job_id) for job_id in ids]


@pytest.mark.parametrize("way", WAYS)
def test_another_jobs_answer(way: str) -> None:
    """A reply that names another job is a MalformedResponse that says so, and its connection is not used again."""
    opened: list[socket.socket] = []
    answers = iter(["b", "a"])

    def behave(connection: socket.socket) -> None:
        opened.append(connection)
        for _ in heads(connection):
            connection.sendall(reply({"job_id": next(answers), "job_status": "COMPLETED"}))

    with Server(behave) as server:
        (job,) = _imports(server.url, way, "a")
        refused, taken = fetch_all([job, job], way)
    assert isinstance(refused, MalformedResponse)
    assert "another job's" in str(refused)
    assert isinstance(taken, Snapshot)
    assert taken.outcome is Outcome.SUCCEEDED
    assert len(opened) == 2


@pytest.mark.parametrize("way", ["async", "fast"])
def test_another_jobs_answer_among_many(way: str) -> None:
    """Connections that are given up while other requests begin disturb none of those."""
    numbers = itertools.count(1)

    def answer(head: bytes) -> bytes:
        return reply({"job_id": "x" if next(numbers) % 5 == 0 else asked_id(head), "job_status": "COMPLETED"})

    async def fetch(job: Job[Any], limit: asyncio.Semaphore) -> Any:
        async with limit:
            try:
                return await job.fetch_async()
            except MalformedResponse:
                return None

    async def fetch_all_of_them() -> list[Any]:
        limit = asyncio.Semaphore(50)
        async with jobs[0].client:
            return await asyncio.gather(*(fetch(job, limit) for job in jobs))

    with answering(answer) as server:
        jobs = _imports(server.url, way, *map(str, range(200)))
        brought = asyncio.run(fetch_all_of_them())
    assert brought.count(None) == 40


@pytest.mark.parametrize(
    ("connect", "named", "is_taken"),
    [
        (lambda url: osapi.job(osapi.connect(url, token=KEY), JOB), JOB.upper().replace("-", ""), True),
        (lambda url: osapi.job(osapi.connect(url, token=KEY), JOB), OTHER, False),
        (lambda url: osapi.job(osapi.connect(url, token=KEY), JOB), "", True),
        (lambda url: osapi.job(osapi.connect(url, token=KEY), JOB), None, True),
        (lambda url: agilesec.scan(agilesec.connect(url, token=KEY), "e1"), "e1", True),
        (lambda url: agilesec.scan(agilesec.connect(url, token=KEY), "e1"), "e2", False),
        (lambda url: cortex_xsiam.byos_import(cortex_xsiam.connect(url, key_id=7, key=KEY), "12"), 12, True),
        (lambda url: cortex_xsiam.byos_import(cortex_xsiam.connect(url, key_id=7, key=KEY), "12"), 13, False),
    ],
)
def test_ids(connect: Any, named: object, is_taken: bool) -> None:
    """Ids are compared as text, and as UUIDs if both are; a reply that names none is taken."""
    body = {"id": named, "executionId": named, "job_id": named, "status": "completed", "job_status": "COMPLETED"}
    with answering(lambda _: reply(body)) as server:
        (brought,) = fetch_all([connect(server.url)], "sync")
    assert isinstance(brought, Snapshot if is_taken else MalformedResponse)


def test_a_wait_polls_again() -> None:
    """A wait goes on after another job's answer, and ends with its own."""
    answers = iter([OTHER, JOB])
    with (
        answering(lambda _: reply({"id": next(answers), "status": "completed"})) as server,
        osapi.connect(server.url, token=KEY) as client,
    ):
        assert settled.wait(osapi.job(client, JOB), timeout=10).raw["id"] == JOB


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("delay", [0.0, 0.02])
def test_surplus(way: str, delay: float) -> None:
    """An answer too many on a kept connection is nobody's: the connection is closed. XDR's replies name no job."""

    def behave(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, _ in enumerate(heads(connection)):
            word = "PENDING" if opened else "FAILED"
            response = reply({"reply": {"data": {"endpoint": word}}})
            surplus = reply({"reply": {"data": {"endpoint": "COMPLETED_SUCCESSFULLY"}}})
            if number or opened:
                connection.sendall(reply({"reply": {"data": {"endpoint": "FAILED"}}}))
                continue
            opened.append(1)
            connection.sendall(response if delay else response + surplus)
            time.sleep(delay)
            if delay:
                connection.sendall(surplus)
            came.set()

    opened: list[int] = []
    came = threading.Event()
    with Server(behave) as server:
        client = cortex_xdr.connect(server.url, key_id=7, key=KEY, max_rate=None, fast=way == "fast")
        # However slow the machine, the surplus has come before the next request.
        first, second = fetch_all([cortex_xdr.action(client, "7")] * 2, way, after=lambda: came.wait(60))
    assert came.is_set()
    assert isinstance(first, Snapshot)
    assert not isinstance(second, Snapshot) or second.outcome is Outcome.FAILED


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_hook_that_reads(way: str) -> None:
    """A hook that reads the body leaves it to the poll, and each job is told its own."""

    async def read(response: httpx.Response) -> None:
        await response.aread()

    def answer(head: bytes) -> bytes:
        return reply({"job_id": asked_id(head), "job_status": "FAILED" if asked_id(head) == "a" else "COMPLETED"})

    with answering(answer) as server:
        jobs = _imports(server.url, way, "a", "b", "c")
        client: Any = jobs[0].client
        if way == "sync":
            client.get_httpx_client().event_hooks = {"response": [lambda response: response.read()]}
        else:
            client.get_async_httpx_client().event_hooks = {"response": [read]}
        brought = fetch_all(jobs, way)
    assert [end.outcome for end in brought if isinstance(end, Snapshot)] == ["FAILED", "SUCCEEDED", "SUCCEEDED"]


def test_a_hook_that_reads_too_much() -> None:
    """What a hook has read is bounded by `max_body`, too."""
    with answering(lambda _: reply(b" " * 2000)) as server:
        client = cortex_xsiam.connect(server.url, key_id=7, key=KEY, max_body=1000)
        client.get_httpx_client().event_hooks = {"response": [lambda response: response.read()]}
        (brought,) = fetch_all([cortex_xsiam.byos_import(client, "a")], "sync")
    assert isinstance(brought, MalformedResponse)
    assert "max_body" in str(brought)


def test_a_hook_that_keeps_nothing() -> None:
    """A hook that consumes the body without keeping it is told of in an error of ours."""

    def consume(response: httpx.Response) -> None:
        assert list(response.iter_raw())

    with answering(lambda _: reply({"job_id": "a", "job_status": "COMPLETED"})) as server:
        (job,) = _imports(server.url, "sync", "a")
        job.client.get_httpx_client().event_hooks = {"response": [consume]}
        (brought,) = fetch_all([job], "sync")
    assert isinstance(brought, TransportError)
    assert "a hook or an auth flow" in str(brought)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("status", "keeps"), [("404 Not Found", True), ("403 Forbidden", False)])
def test_a_hook_that_refuses_errors(way: str, status: str, keeps: bool) -> None:
    """What a hook refuses with `raise_for_status` is the ApiError of that status; the key is not shown."""

    def refuse(response: httpx.Response) -> None:
        if keeps:
            response.read()
        response.raise_for_status()

    async def refuse_async(response: httpx.Response) -> None:
        if keeps:
            await response.aread()
        response.raise_for_status()

    with answering(lambda _: reply({"err_msg": "a word of its own"}, status)) as server:
        (job,) = _imports(server.url, way, "a")
        client: Any = job.client
        if way == "sync":
            client.get_httpx_client().event_hooks = {"response": [refuse]}
        else:
            client.get_async_httpx_client().event_hooks = {"response": [refuse_async]}
        (brought,) = fetch_all([job], way)
    assert isinstance(brought, NotFound if keeps else PermissionDenied)
    assert ("a word of its own" in str(brought)) is keeps
    cause: Any = brought.__cause__
    assert isinstance(cause, httpx.HTTPStatusError)
    assert KEY not in str([*cause.request.headers.values(), *cause.response.request.headers.values()])


def test_a_hook_that_takes_an_errors_body() -> None:
    """The status of an error tells enough if a hook has taken the body and not kept it."""

    def log(response: httpx.Response) -> None:
        if response.is_error:
            assert list(response.iter_lines())

    with answering(lambda _: reply({"err_msg": "no"}, "503 Service Unavailable", Retry_After="7")) as server:
        (job,) = _imports(server.url, "sync", "a")
        job.client.get_httpx_client().event_hooks = {"response": [log]}
        (brought,) = fetch_all([job], "sync")
    assert isinstance(brought, ServerError)
    assert brought.retry_after == 7


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("through_a_proxy", [False, True])
def test_fork(monkeypatch: pytest.MonkeyPatch, through_a_proxy: bool) -> None:
    """A child uses none of its parent's connections, and the parent's stay open."""
    opened: list[int] = []

    def behave(connection: socket.socket) -> None:
        opened.append(1)
        for head in heads(connection):
            connection.sendall(reply({"job_id": asked_id(head), "job_status": "COMPLETED"}))

    with Server(behave) as server:
        if through_a_proxy:
            monkeypatch.setenv("http_proxy", server.url)
        (job,) = _imports("http://far.invalid" if through_a_proxy else server.url, "sync", "a")
        job.fetch()
        reader, writer = os.pipe()
        if not (child := os.fork()):
            outcome = b"x"
            try:
                outcome = str(job.fetch().outcome).encode()
            finally:
                os.write(writer, outcome)
                os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reader, 100) == b"SUCCEEDED"
        job.fetch()
        job.client.get_httpx_client().close()
        os.close(reader)
        os.close(writer)
    assert len(opened) == 2
