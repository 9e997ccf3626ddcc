"""What users get wrong most often: each message says what is wrong, and what to do instead."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

import settled
from settled import agilesec, cortex_xdr, cortex_xsiam, errors, machine, osapi
from settled.simulator import Simulator

xsiam: Any = cortex_xsiam.connect("h.example", key_id=7, key="k")
xdr: Any = cortex_xdr.connect("h.example", key_id=7, key="k")
platform: Any = agilesec.connect("h.example", token="t")
job: Any = cortex_xsiam.byos_import(xsiam, "7")
wait: Any = settled.wait
new_scan: Any = agilesec.create_scan


async def _wait_with_an_app() -> None:
    app: Any = agilesec.callback_app(auth=None)
    await settled.aio.wait(job, timeout=1, wake=app)


async def _wait_for_many_with_an_app() -> None:
    app: Any = agilesec.callback_app(auth=None)
    async with settled.aio.as_settled([job], timeout=1, wake=app):
        pass


def _without_await() -> None:
    coroutine: Any = cortex_xdr.isolate_async(xdr, ["laptop"])
    try:
        wait(coroutine, timeout=1)
    finally:
        coroutine.close()


MISTAKES: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "a ref as an id": (
        lambda: cortex_xsiam.byos_import(xsiam, job.ref),
        ValueError,
        "not an id of a cortex_xsiam.byos_import job: it is a whole ref, which settled.from_ref(ref, client) takes",
    ),
    "a schedule without its brackets": (
        lambda: wait(job, timeout=1, schedule=settled.Schedule),
        TypeError,
        "schedule must be a settled.Schedule, or a function of (polls, elapsed) that answers the seconds until the "
        "next poll, not a type",
    ),
    "no await": (_without_await, TypeError, "not a job, but a coroutine: await it first"),
    "a duration as a text": (
        lambda: wait(job, timeout="15m"),
        TypeError,
        "timeout must be seconds, a timedelta or None, not a str",
    ),
    "another word for unknown": (
        lambda: wait(job, timeout=1, unknown="error"),
        ValueError,
        "unknown must be 'wait' or 'raise', not another text",
    ),
    "an app for its inbox": (
        lambda: asyncio.run(_wait_with_an_app()),
        TypeError,
        "wake must be an inbox, as in wake=app.inbox, not a CallbackApp",
    ),
    "an app for its inbox, many jobs": (
        lambda: asyncio.run(_wait_for_many_with_an_app()),
        TypeError,
        "wake must be an inbox, as in wake=app.inbox, not a CallbackApp",
    ),
    "the header for the token": (
        lambda: osapi.connect("h.example", token="Bearer eyJ0eXAi"),
        ValueError,
        "token must be the token alone, without the word Bearer in front",
    ),
    "a missing argument of a scan": (
        lambda: new_scan(platform, sensor_name="n", sensor_config={}),
        TypeError,
        "create_scan() missing 1 required positional argument: 'sensor_type'",
    ),
    "a misspelt argument of a scan": (
        lambda: new_scan(platform, sensor_typ="t", sensor_name="n", sensor_config={}),
        TypeError,
        "create_scan() got an unexpected keyword argument 'sensor_typ'",
    ),
    "no vendor in a simulated kind": (
        lambda: Simulator().add("byos_import", states=["COMPLETED"]),
        ValueError,
        "not a kind that can be simulated: 'byos_import'; the kinds are cortex_xsiam.byos_import, ",
    ),
    "no submit of the simulator": (
        lambda: Simulator().plan_submit("isolates", refusal="no"),
        ValueError,
        "not one of isolate, ",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_explained(call: Callable[[], object], kind: type[Exception], message: str) -> None:
    """The error comes at once, without a request, and its text says all."""
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert len(str(raised.value)) <= 300


def test_a_job_that_runs_has_not_settled() -> None:
    """`raise_for_outcome` on a running job says so, and names the status."""
    with Simulator() as sim, cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        running = cortex_xsiam.byos_import(client, sim.add("cortex_xsiam.byos_import", states=["PROCESSING"]))
        with pytest.raises(errors.OutcomeError, match=r"has not settled yet; its status is PROCESSING$"):
            running.fetch().raise_for_outcome()


@pytest.mark.parametrize(
    "verb",
    [
        lambda: settled.aio.wait(job, timeout=1),
        lambda: anext(settled.aio.watch(job, timeout=1)),
        lambda: anext(settled.aio.as_settled([job], timeout=1)),
        job.fetch_async,
        lambda: machine.advance_async(machine.begin(job, timeout=1)),
    ],
    ids=["wait", "watch", "as_settled", "fetch", "advance"],
)
def test_another_event_loop_than_asyncios(verb: Callable[[], Any]) -> None:
    """Where no loop of asyncio runs, as under trio, a coroutine says that it needs one."""
    with pytest.raises(RuntimeError, match=r"needs a running event loop of asyncio; under trio, .*to_thread\.run_sync"):
        verb().__await__().send(None)


def test_https_where_plain_http_is_spoken() -> None:
    """The message says that nobody speaks TLS there, and not how OpenSSL puts it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with osapi.connect(f"https://{address}", token="t") as client, pytest.raises(errors.TransportError) as raised:
            osapi.job(client, "7").fetch()
        thread.join(timeout=5)
    assert f"no TLS is spoken there; if that is right, the address begins with http:// ({address})" in str(raised.value)


def test_http_where_https_is_meant(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever connects without TLS to another machine is warned; the own machine is none."""
    with caplog.at_level(logging.WARNING, "settled"):
        cortex_xdr.connect("http://127.0.0.1:1", key_id=7, key="k")
        cortex_xdr.connect("http://localhost:1", key_id=7, key="k")
        assert caplog.messages == []
        cortex_xdr.connect("http://h.example", key_id=7, key="k")
    [message] = caplog.messages
    assert message.endswith("h.example is reached without TLS, so anyone on the network path can read the credentials")
