"""XQL queries of both Cortex products: started, waited for, and their rows read, in threads and in asyncio."""

from __future__ import annotations

import asyncio
import gzip
import json
import pickle
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

import settled
from settled import Job, Outcome, Snapshot, aio, cortex_xdr, cortex_xsiam, errors
from settled._core.rate_limit import rate_limiter_of
from settled._cortex import xql
from settled._http import stream as _stream
from settled._run import operation
from settled.simulator import Simulator, server_error, truncated
from settled.simulator._server import Cut
from settled.testing import VirtualClock

from _exchange import heads
from _servers import Server
from _specs import load_script
from conftest import Answering

KEY = "the-key-of-the-query-tests"
QUERY = "dataset = xdr_data | fields event_id, event_type"
REFUSAL = "The tenant has reached max allowed amount of parallel running queries"

Scenario = Callable[["Face"], Coroutine[Any, Any, Any]]


class Face:
    """A product's functions, of threads or of asyncio, in the form of the latter."""

    def __init__(self, vendor: Any, client: Any, *, is_sync: bool) -> None:
        self.vendor, self.client, self.is_sync = vendor, client, is_sync

    async def start(self, query: str = QUERY, **options: Any) -> Job[Any]:
        """Start a query."""
        if self.is_sync:
            started: Job[Any] = self.vendor.start_query(self.client, query, **options)
            return started
        started = await self.vendor.start_query_async(self.client, query, **options)
        return started  # noqa: RET504 - a type for mypy

    async def wait(self, job: Job[Any]) -> Snapshot[Any]:
        """Wait for a query."""
        return settled.wait(job, timeout=3600) if self.is_sync else await aio.wait(job, timeout=3600)

    async def rows(self, snapshot: Snapshot[Any], client: Any = None) -> list[dict[str, Any]]:
        """All rows of a query."""
        seen: list[dict[str, Any]] = []
        await self.each_row(snapshot, seen.append, client)
        return seen

    async def each_row(self, snapshot: Snapshot[Any], take: Callable[[Any], object], client: Any = None) -> None:
        """Hand on each row of a query."""
        if self.is_sync:
            for row in self.vendor.xql_rows(snapshot, client):
                take(row)
        else:
            async for row in self.vendor.xql_rows_async(snapshot, client):
                take(row)


# Both products and both forms, but not each with each: what a product adds is its generated requests and models.
@pytest.fixture(params=[(cortex_xdr, "sync"), (cortex_xsiam, "async")], ids=["xdr-sync", "xsiam-async"])
def product_and_form(request: pytest.FixtureRequest) -> tuple[Any, str]:
    """A product, and whether to use it in a thread or in an event loop."""
    both: tuple[Any, str] = request.param
    return both


@pytest.fixture
def vendor(product_and_form: tuple[Any, str]) -> Any:
    """The product."""
    return product_and_form[0]


@pytest.fixture
def run(product_and_form: tuple[Any, str]) -> Callable[..., Any]:
    """Plays a scenario with a client of an address, in a thread or in an event loop."""

    def play(url: str, scenario: Scenario, **options: Any) -> Any:
        vendor, form = product_and_form
        client = vendor.connect(url, **{"key_id": 7, "key": KEY, "max_rate": None} | options)
        face = Face(vendor, client, is_sync=form == "sync")
        if face.is_sync:
            with client:
                try:
                    scenario(face).send(None)
                except StopIteration as end:
                    return end.value
                raise AssertionError("a scenario of threads awaits nothing")

        async def main() -> Any:
            async with client:
                return await scenario(face)

        return asyncio.run(main())

    return play


@pytest.fixture
def tenant(run: Callable[..., Any], sim: Simulator) -> Callable[[Scenario], Any]:
    """Plays a scenario with a client of the simulator."""
    return lambda scenario: run(sim.url, scenario, key_id=sim.key_id, key=sim.key)


Play = Callable[[Scenario], Any]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 1000, 1001, 5000])
def test_a_query_and_its_rows(tenant: Play, sim: Simulator, vendor: ModuleType, count: int) -> None:
    """All rows come, however many there are: with the poll, in one answer, or from a stream."""
    sim.plan_query(QUERY, rows=count, states=["PENDING", "SUCCESS"])

    async def scenario(face: Face) -> None:
        job = await face.start()
        end = await face.wait(settled.from_ref(job.ref, face.client))
        assert job.ref == f"{vendor.__name__.removeprefix('settled.')}.xql_query/{job.id}"
        assert (end.status, end.outcome, end.detail) == ("SUCCESS", Outcome.SUCCEEDED, None)
        assert end.body.reply.number_of_results == count
        assert end.body.reply.remaining_quota > 0
        assert end.body.reply.query_cost.to_dict() == {"1402": 0.0031}
        polled = len(sim.asked)
        found = await face.rows(end)
        assert [row["event_id"] for row in found] == [f"E{number:07}" for number in range(count)]
        assert len(sim.asked) - polled == (0 if count < 10 else 1 if count <= 1000 else 2)

    tenant(scenario)


def test_a_poll_is_small(tenant: Play, sim: Simulator) -> None:
    """However many rows there are, a poll brings ten, and what is kept or shown of a query has none."""
    rows = [{"event_id": f"row-of-{number}", "text": "x" * 50_000} for number in range(900)]
    sim.plan_query(QUERY, rows=rows)

    async def scenario(face: Face) -> None:
        end = await face.wait(await face.start())
        assert len(end.raw["reply"]["results"]["data"]) == 10
        assert "row-of" not in json.dumps(end.to_dict()) + repr(end) + str(end)
        kept = end.job.kind.without_results(end.raw)
        assert "row-of" not in json.dumps(kept)
        assert kept["reply"]["number_of_results"] == 900
        # Forty megabytes, which no other answer may have.
        assert await face.rows(end) == rows

    tenant(scenario)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCESS", Outcome.SUCCEEDED),
        ("success", Outcome.SUCCEEDED),
        ("PARTIAL_SUCCESS", Outcome.PARTIAL),
        ("FAIL", Outcome.FAILED),
        ("Fail", Outcome.FAILED),
        ("ERROR", Outcome.FAILED),
        ("CANCELED", Outcome.CANCELLED),
        ("CANCELLED", Outcome.CANCELLED),
        ("TIMEOUT", Outcome.TIMED_OUT),
        ("PENDING", None),
        ("running", None),
    ],
)
def test_words(tenant: Play, sim: Simulator, status: str, outcome: Outcome | None) -> None:
    """Each word that the vendor or its clients know has its outcome, in any letter case."""

    async def scenario(face: Face) -> None:
        query_id = sim.add(face.vendor.XQL_QUERY.name, states=[status], rows=2)
        job = face.vendor.xql_query(face.client, query_id)
        end = job.fetch() if face.is_sync else await job.fetch_async()
        assert (end.status, end.outcome, end.is_known) == (status, outcome, True)
        if outcome in (Outcome.SUCCEEDED, Outcome.PARTIAL):
            assert len(await face.rows(end)) == 2
        else:
            with pytest.raises(errors.OutcomeError, match=query_id):
                await face.rows(end)

    tenant(scenario)


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"error": "no such dataset"}, "no such dataset"),
        ({"error": None, "error_message": "no such dataset"}, "no such dataset"),
        (
            {"error": {"line": 1, "column": 19, "message": "no viable alternative at input '|alter2'"}},
            "line 1, column 19: no viable alternative at input '|alter2'",
        ),
        ({"error": '{"line": 1, "column": 19, "message": "unexpected"}'}, "line 1, column 19: unexpected"),
        # Half a character, which JSON can hold and no terminal or file takes.
        ({"error": '{"line": 1, "column": 19, "message": "at \\ud800"}'}, "line 1, column 19: at ?"),
    ],
)
def test_why_a_query_failed(tenant: Play, sim: Simulator, fields: dict[str, Any], detail: str) -> None:
    """The reason is the detail, in whatever field and form it comes."""
    sim.plan_query(QUERY, states=["FAIL"], **fields)

    async def scenario(face: Face) -> None:
        end = await face.wait(await face.start())
        assert (end.outcome, end.detail) == (Outcome.FAILED, detail)

    tenant(scenario)


def test_an_error_instead_of_a_status(run: Callable[..., Any], answering: Answering) -> None:
    """A reply with an error and no status is a refusal, whatever its HTTP status is."""

    async def scenario(face: Face) -> None:
        job = face.vendor.xql_query(face.client, "q1")
        with pytest.raises(errors.ApiError, match="no such query"):
            _ = job.fetch() if face.is_sync else await job.fetch_async()

    run(answering({"reply": {"err_code": 500, "err_msg": "no such query"}}), scenario)


NOON = datetime(2026, 3, 2, 12, 0, 0, 500, tzinfo=UTC)
# Clocks are put back from three to two that night, so this moment comes twice: the second time is an hour later.
AUTUMN = datetime(2026, 10, 25, 2, 10, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, {}),
        ({"tenants": ["t1", "t2"]}, {"tenants": ["t1", "t2"]}),
        ({"tenants": ("t1",)}, {"tenants": ["t1"]}),
        ({"timeframe": timedelta(days=7)}, {"timeframe": {"relativeTime": 604_800_000}}),
        ({"timeframe": timedelta(microseconds=1)}, {"timeframe": {"relativeTime": 1}}),
        (
            {"timeframe": (NOON, NOON.astimezone(timezone(timedelta(hours=5))) + timedelta(hours=1))},
            {"timeframe": {"from": 1772452800000, "to": 1772456400000}},
        ),
        (
            {"timeframe": (AUTUMN + timedelta(minutes=10), AUTUMN.replace(fold=1))},
            {"timeframe": {"from": 1792887600000, "to": 1792890600000}},
        ),
    ],
)
def test_what_is_sent(run: Callable[..., Any], answering: Answering, options: Any, sent: dict[str, Any]) -> None:
    """The time to look at is in milliseconds on the wire, and what is not given is not sent."""

    async def scenario(face: Face) -> None:
        assert (await face.start(**options)).id == "q1"

    run(answering({"reply": "q1"}), scenario)
    assert json.loads(answering.bodies[0]) == {"request_data": {"query": QUERY} | sent}


@pytest.mark.parametrize(
    ("options", "error_class", "message"),
    [
        ({"query": ""}, ValueError, "query must not be empty"),
        ({"query": None}, TypeError, "query must be a str"),
        ({"tenants": "t1"}, TypeError, "tenants must be an iterable of tenant ids, not a str"),
        ({"tenants": [7]}, TypeError, "a tenant's id must be a str"),
        ({"wait_for_slot": -1}, ValueError, "wait_for_slot must be a number of seconds"),
        ({"wait_for_slot": float("nan")}, ValueError, "wait_for_slot must be a number of seconds"),
        ({"wait_for_slot": "30"}, TypeError, "wait_for_slot must be a number"),
        ({"timeframe": timedelta(0)}, ValueError, "positive timedelta"),
        ({"timeframe": 86400}, TypeError, "timeframe must be a timedelta or a pair of datetimes"),
        ({"timeframe": (NOON,)}, TypeError, "a pair of datetimes: from when, and until when"),
        ({"timeframe": (NOON, NOON)}, ValueError, "begin before it ends"),
        ({"timeframe": (NOON, NOON + timedelta(microseconds=1))}, ValueError, "begin before it ends"),
        ({"timeframe": (AUTUMN.replace(fold=1), AUTUMN + timedelta(minutes=10))}, ValueError, "begin before it ends"),
        ({"timeframe": (NOON.replace(tzinfo=None), NOON)}, ValueError, "time zone"),
        ({"timeframe": ("2026-03-02", "2026-03-03")}, TypeError, "pair of datetimes"),
    ],
)
def test_bad_arguments(
    run: Callable[..., Any], answering: Answering, options: Any, error_class: type[Exception], message: str
) -> None:
    """What can be no query is refused before anything is sent."""

    async def scenario(face: Face) -> None:
        with pytest.raises(error_class, match=message):
            await face.start(**options)

    run(answering({"reply": "q1"}), scenario)
    assert answering.requests == []


@pytest.mark.parametrize("reply", ["q1", {"execution_id": "q1"}, {"query_id": "q1"}, {"execution_id": 71}, 71])
def test_forms_of_the_id(run: Callable[..., Any], answering: Answering, reply: Any) -> None:
    """The id is text, or within an object under one of two names."""

    async def scenario(face: Face) -> None:
        assert (await face.start()).id in ("q1", "71")

    run(answering({"reply": reply}), scenario)


def test_a_fifth_query(tenant: Play, sim: Simulator, clock: VirtualClock) -> None:
    """A tenant runs four queries; a fifth is refused at once, or waits for one to end."""
    sim.plan_query(QUERY, states=[("PENDING", 60.0), "SUCCESS"])

    async def scenario(face: Face) -> None:
        for _ in range(4):
            await face.start()
        before, asked = clock.now(), len(sim.asked)
        with pytest.raises(errors.SubmitFailed, match=f"wait_for_slot= would wait.*{REFUSAL}"):
            await face.start()
        assert clock.now() == before
        with pytest.raises(errors.SubmitFailed, match=f"for 20 s.*{REFUSAL}") as raised:
            await face.start(wait_for_slot=20)
        assert clock.now() - before == pytest.approx(20, abs=0.5)
        # Paced: not as often as the tenant allows.
        assert 3 <= len(sim.asked) - asked <= 12
        assert len(str(raised.value)) <= 300
        job = await face.start(wait_for_slot=120)
        assert 60 <= clock.now() - before <= 80
        assert (await face.wait(job)).outcome is Outcome.SUCCEEDED

    tenant(scenario)
    assert sum(asked.status_code == 200 and asked.ref.endswith("start_xql_query") for asked in sim.asked) == 5


@pytest.mark.parametrize("status_code", [429, 500])
@pytest.mark.parametrize("pause", [30, 3600])
def test_a_refusal_that_asks_for_a_pause(
    run: Callable[..., Any], answering: Answering, clock: VirtualClock, status_code: int, pause: int
) -> None:
    """A pause that the API asks for is obeyed within wait_for_slot, and ends it where it would last longer."""
    refusal = JSONResponse({"reply": {"err_msg": REFUSAL}}, status_code, {"Retry-After": str(pause)})
    url = answering(refusal)

    async def scenario(face: Face) -> None:
        before = clock.now()
        with pytest.raises(errors.SubmitFailed, match=REFUSAL):
            await face.start(wait_for_slot=pause - 1)
        assert clock.now() == before

    run(url, scenario)
    assert len(answering.requests) == 1
    url = answering(refusal, {"reply": "q1"})

    async def patient(face: Face) -> None:
        before = clock.now()
        assert (await face.start(wait_for_slot=pause)).id == "q1"
        assert clock.now() - before == pytest.approx(pause, abs=0.5)

    run(url, patient)
    assert len(answering.requests) == 2


class Doing(JSONResponse):
    """A refusal at whose sending something happens."""

    def __init__(self, do: Callable[[], object]) -> None:
        super().__init__({"reply": {"err_msg": REFUSAL}}, 500)
        self.do = do

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do it, and refuse."""
        self.do()
        await super().__call__(scope, receive, send)


def test_a_crowd_that_takes_the_turns(run: Callable[..., Any], answering: Answering, clock: VirtualClock) -> None:
    """A query that gets no turn within wait_for_slot, because others have them all, is not started after that."""

    async def scenario(face: Face) -> None:
        limiter, before = rate_limiter_of(face.client), clock.now()
        answering(Doing(lambda: [limiter.plan(clock.now()) for _ in range(40)]), {"reply": "q1"})
        with pytest.raises(errors.SubmitFailed, match=f"for 20 s.*{REFUSAL}"):
            await face.start(wait_for_slot=20)
        assert clock.now() - before == pytest.approx(20, abs=0.5)

    run(answering({}), scenario, max_rate=1)
    assert len(answering.requests) == 1


def test_a_pause_that_others_are_asked_for(run: Callable[..., Any], answering: Answering, clock: VirtualClock) -> None:
    """A pause that begins while a query waits for its slot, and ends in time, does not end that wait."""

    async def scenario(face: Face) -> None:
        limiter, before = rate_limiter_of(face.client), clock.now()

        def pause_later() -> None:
            clock.sleep(1)
            limiter.pause(clock.now(), 600)

        answering(Doing(threading.Thread(target=pause_later).start), {"reply": "q1"})
        assert (await face.start(wait_for_slot=900)).id == "q1"
        # Not in the minute after the pause over which others begin again.
        assert clock.now() - before == pytest.approx(601, abs=5)

    run(answering({}), scenario)
    assert len(answering.requests) == 2


@pytest.mark.parametrize("status_code", [400, 429, 500])
@pytest.mark.parametrize(
    "words", [REFUSAL, REFUSAL.upper(), "Maximum allowed number of parallel running queries has been reached"]
)
def test_forms_of_that_refusal(run: Callable[..., Any], answering: Answering, status_code: int, words: str) -> None:
    """It is known by its text, whatever the status, and in the other wording that clients know."""
    refusal = JSONResponse({"reply": {"err_code": status_code, "err_msg": words}}, status_code)
    url = answering(refusal, refusal, {"reply": "q1"})

    async def scenario(face: Face) -> None:
        assert (await face.start(wait_for_slot=60)).id == "q1"

    run(url, scenario)
    assert len(answering.requests) == 3


@pytest.mark.parametrize(
    ("reply", "error_class"),
    [
        (JSONResponse({"reply": {"err_msg": "query usage exceeded max daily quota"}}, 500), errors.SubmitFailed),
        (
            JSONResponse(
                {"reply": {"err_msg": "syntax", "err_extra": {"message": "no viable alternative at input '|x'"}}}, 500
            ),
            errors.SubmitFailed,
        ),
        ({"reply": {"err_msg": {"line": 1, "column": 3, "message": "unexpected"}}}, errors.SubmitFailed),
        (JSONResponse({"reply": {"err_msg": "no"}}, 400), errors.BadRequest),
        (JSONResponse({"reply": {"err_msg": "no"}}, 402), errors.LicenseRequired),
        (JSONResponse({"reply": {"err_msg": "no"}}, 403), errors.PermissionDenied),
    ],
)
def test_other_refusals(
    run: Callable[..., Any], answering: Answering, reply: Any, error_class: type[Exception]
) -> None:
    """A query that is refused for good is not started again, however long there is to wait for a slot."""

    async def scenario(face: Face) -> None:
        with pytest.raises(error_class):
            await face.start(wait_for_slot=600)

    run(answering(reply), scenario)
    assert len(answering.requests) == 1


@pytest.mark.parametrize("way_out", ["lost", "no id", "no id at all", "500"])
def test_unclear(run: Callable[..., Any], answering: Answering, way_out: str) -> None:
    """Where a start may have come through, the queries with the same text that run are its candidates."""
    lost = {
        "lost": Cut(JSONResponse({"reply": "q1"}), within=False),
        "no id": {"reply": None},
        "no id at all": {"reply": {"execution_id": {"a": 1}}},
        "500": JSONResponse({"reply": {"err_msg": "internal error"}}, 500),
    }[way_out]
    running = {
        **{odd: {"xql": QUERY} for odd in ("", "..", "a\nb")},
        "q0": None,
        "q1": {"xql": QUERY, "duration": 1},
        "q2": {"xql": "dataset = other", "duration": 2},
    }
    quota = {"reply": {"current_concurrent_active_queries": running}}

    async def scenario(face: Face) -> None:
        with pytest.raises(errors.SubmitUnclear, match="may exist all the same") as raised:
            await face.start()
        assert raised.value.candidates == (f"{face.vendor.XQL_QUERY.name}/q1",)
        assert raised.value.sent == {"request_data": {"query": QUERY}}

    run(answering(lost, quota), scenario)
    assert len(answering.requests) == 2


def test_unclear_without_a_quota(run: Callable[..., Any], answering: Answering) -> None:
    """If nobody tells which queries run, there are no candidates, and the error is the same."""

    async def scenario(face: Face) -> None:
        with pytest.raises(errors.SubmitUnclear) as raised:
            await face.start()
        assert raised.value.candidates == ()

    run(answering(JSONResponse({"reply": {"err_msg": "internal error"}}, 500)), scenario)


@pytest.mark.parametrize("count", [3, 700, 3000])
def test_a_pickled_snapshot(tenant: Play, sim: Simulator, count: int) -> None:
    """What a snapshot lacks after unpickling is its client, which is needed where rows are to be asked for."""
    sim.plan_query(QUERY, rows=count)

    async def scenario(face: Face) -> None:
        end = pickle.loads(pickle.dumps(await face.wait(await face.start())))  # noqa: S301
        if count == 3:
            assert len(await face.rows(end)) == 3
        else:
            with pytest.raises(ValueError, match="pass client="):
                await face.rows(end)
        assert len(await face.rows(end, face.client)) == count
        end = pickle.loads(pickle.dumps(end))  # noqa: S301
        assert end.job.kind is face.vendor.XQL_QUERY

    tenant(scenario)


def test_what_has_no_rows(tenant: Play, sim: Simulator, vendor: Any) -> None:
    """Rows are of a query of the same product that has ended, and of nothing else."""

    async def scenario(face: Face) -> None:
        other = cortex_xsiam if vendor is cortex_xdr else cortex_xdr
        end = await face.wait(await face.start())
        for given in (None, "q1", end.job, Snapshot(other.xql_query(_client(other), "q1"), outcome=Outcome.SUCCEEDED)):
            with pytest.raises(TypeError, match="not a snapshot of a"):
                await face.rows(given)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="needs a client of"):
            await face.rows(end, _client(other))
        lost = Snapshot(end.job, error=errors.TransportError("gone"))
        with pytest.raises(errors.TransportError, match="gone"):
            await face.rows(lost)

    tenant(scenario)


def _client(vendor: Any) -> Any:
    return vendor.connect("https://tenant.invalid", key_id=7, key=KEY)


def test_trouble_before_the_first_row(tenant: Play, sim: Simulator) -> None:
    """A failure before any row has come is met by asking again."""
    sim.plan_query(QUERY, rows=2000, states=["SUCCESS", server_error(503, times=2)])

    async def scenario(face: Face) -> None:
        end = await face.wait(await face.start())
        assert len(await face.rows(end)) == 2000

    tenant(scenario)


def test_a_stream_cut_by_the_simulator(tenant: Play, sim: Simulator, clock: VirtualClock) -> None:
    """A stream whose connection ends is an error after the rows that came; to read it again is up to the caller."""
    sim.plan_query(QUERY, rows=3000, states=["SUCCESS", truncated()])
    seen: list[Any] = []

    async def scenario(face: Face) -> None:
        end = await face.wait(await face.start())
        # The answer that names the stream takes the place of the poll.
        job = end.job
        whole = {"reply": {**end.raw["reply"], "results": {"stream_id": f"{job.id}_stream"}}}
        clock.advance(1)
        with pytest.raises(errors.TransportError, match=job.ref):
            await face.each_row(settled.Snapshot(job, outcome=Outcome.SUCCEEDED, raw=whole), seen.append)
        assert 0 < len(seen) < 3000
        assert len(await face.rows(end)) == 3000

    tenant(scenario)


def _lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


ROWS = [{"number": number} for number in range(1500)]
PACKED = gzip.compress(_lines(*ROWS))
GZIP = {"Content-Encoding": "gzip"}


def _ended(face: Face, count: int | None = len(ROWS)) -> Snapshot[Any]:
    raw = {"reply": {"status": "SUCCESS", "number_of_results": count, "results": {"stream_id": "s1"}}}
    return Snapshot(face.vendor.xql_query(face.client, "q1"), outcome=Outcome.SUCCEEDED, raw=raw)


@pytest.mark.parametrize(
    "stream",
    [
        Response(PACKED),
        Response(PACKED, headers=GZIP),
        Response(gzip.compress(PACKED), headers=GZIP),
        Response(_lines(*ROWS)),
        Response(_lines(*ROWS).rstrip()),
        Response(b"\n\r\n" + _lines(*ROWS).replace(b"\n", b"\r\n") + b"\n"),
        Response(gzip.compress(_lines(*ROWS[:700])) + gzip.compress(_lines(*ROWS[700:]))),
    ],
    ids=["packed", "encoded", "both", "plain", "no last line end", "other line ends", "members"],
)
def test_forms_of_a_stream(run: Callable[..., Any], answering: Answering, stream: Response) -> None:
    """Rows come packed within the body, by an encoding of HTTP, by both or by none."""

    async def scenario(face: Face) -> None:
        assert await face.rows(_ended(face)) == ROWS

    run(answering(stream), scenario)
    assert json.loads(answering.bodies[0]) == {"request_data": {"stream_id": "s1", "is_gzip_compressed": True}}


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (Response(PACKED[:-8]), "cut short"),
        (Response(PACKED[: len(PACKED) // 2]), "cut short"),
        (Response(PACKED[:200] + b"\0" * 100 + PACKED[300:]), "cannot be unpacked"),
        (Response(_lines(*ROWS)[:-7]), "after 1,499 rows, the stream has a line that is no JSON"),
        (Response(_lines(*ROWS[:-1])), "ended too early: 1,500 rows were announced"),
        (Response(_lines(*ROWS[:3], [1])), "after 3 rows, the stream has a line that is no JSON object"),
        (Response(b""), "ended too early"),
        (Response(_lines({"reply": {"err_code": 500, "err_msg": f"gone: {KEY}"}})), r"is an error: gone: \[secret\]$"),
        (Response(_lines({"text": "x" * 6000})), "a line of more than 5,000 bytes"),
    ],
)
def test_broken_streams(run: Callable[..., Any], answering: Answering, stream: Response, message: str) -> None:
    """A stream that is cut, damaged or no stream of rows is an error, never a short result."""

    async def scenario(face: Face) -> None:
        with pytest.raises(errors.MalformedResponse, match=message) as raised:
            await face.rows(_ended(face))
        assert raised.value.args[0].startswith(f"{face.vendor.XQL_QUERY.name}/q1: ")

    # A small bound shows that nothing larger is held.
    run(answering(stream), scenario, max_body=5000)


def test_an_endless_line(run: Callable[..., Any]) -> None:
    """A line that never ends is given up after `max_body` bytes, and the connection with it."""
    noticed = threading.Event()

    def endless(connection: socket.socket) -> None:
        for _ in heads(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while True:
                    connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            except OSError:
                noticed.set()
                raise

    async def scenario(face: Face) -> None:
        tracemalloc.start()
        try:
            with pytest.raises(errors.MalformedResponse, match="a line of more than 4,194,304 bytes"):
                await face.rows(_ended(face))
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()

    with Server(endless) as server:
        run(server.url, scenario)
    assert noticed.wait(10)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


def test_endless_blank_lines(run: Callable[..., Any]) -> None:
    """Blank lines without an end hold no row: more than `max_body` of them end the reading."""

    def endless(connection: socket.socket) -> None:
        for _ in heads(connection):
            connection.sendall(CHUNKED + b"\r\n")
            while True:
                connection.sendall(b"1000\r\n" + b"\n" * 0x1000 + b"\r\n")

    async def scenario(face: Face) -> None:
        with pytest.raises(errors.MalformedResponse, match="more than 50,000 bytes of blank lines"):
            await face.rows(_ended(face))

    with Server(endless) as server:
        run(server.url, scenario, max_body=50_000)


@pytest.mark.parametrize(
    ("head", "piece"),
    [(b"", b"\n"), (b"", b'{"a":'), (b"", gzip.compress(b"")), (b"Content-Encoding: gzip\r\n", gzip.compress(b""))],
    ids=["blank lines", "an unfinished line", "gzip of nothing", "gzip of nothing, by HTTP"],
)
def test_a_stream_that_trickles(
    run: Callable[..., Any], head: bytes, piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that goes on and brings no row is given up after a while, whatever it is that comes."""
    monkeypatch.setattr(xql, "_ROW_SECONDS", 0.5)
    monkeypatch.setattr(_stream, "IDLE_SECONDS", 0.5)
    # Where nothing has come at all, the stream is asked for again.
    monkeypatch.setattr(operation, "READ_SECONDS", 0.5)

    def trickle(connection: socket.socket) -> None:
        for _ in heads(connection):
            connection.sendall(CHUNKED + head + b"\r\n")
            for _ in range(3000):
                time.sleep(0.02)
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))

    async def scenario(face: Face) -> None:
        began = time.monotonic()
        with pytest.raises(errors.TransportError, match="q1: "):
            await face.rows(_ended(face))
        assert time.monotonic() - began < 30

    with Server(trickle) as server:
        run(server.url, scenario)


@pytest.mark.parametrize(
    "reply",
    [
        {"status": "SUCCESS", "results": {}},
        {"status": "SUCCESS", "results": {"data": "rows"}},
        {"status": "SUCCESS", "results": {"data": [1]}},
        {"status": "SUCCESS", "number_of_results": 5, "results": {"data": [{}]}},
        {"status": "SUCCESS", "results": {"stream_id": 7}},
        None,
    ],
)
def test_answers_without_rows(run: Callable[..., Any], answering: Answering, reply: Any) -> None:
    """An answer that should have rows, and has none or too few, is an error."""

    async def scenario(face: Face) -> None:
        with pytest.raises(errors.MalformedResponse, match="no rows that can be read"):
            await face.rows(Snapshot(face.vendor.xql_query(face.client, "q1"), outcome=Outcome.SUCCEEDED))

    run(answering({"reply": reply}), scenario)


@pytest.mark.parametrize("status_code", [200, 201])
def test_an_error_instead_of_rows(run: Callable[..., Any], answering: Answering, status_code: int) -> None:
    """What the API says instead of rows, with an HTTP status of success, is told, without secrets."""

    async def scenario(face: Face) -> None:
        with pytest.raises(errors.MalformedResponse, match=r"rows that can be read: expired for \[secret\]$"):
            await face.rows(Snapshot(face.vendor.xql_query(face.client, "q1"), outcome=Outcome.SUCCEEDED))

    run(answering(JSONResponse({"reply": {"err_msg": f"expired for {KEY}"}}, status_code)), scenario)


@pytest.mark.parametrize("count", [0, "0", None])
def test_rows_that_are_there_count(run: Callable[..., Any], answering: Answering, count: Any) -> None:
    """A number of results that says less than there is hides no row; where both say none, there is none."""
    one = {"reply": {"status": "SUCCESS", "number_of_results": count, "results": {"data": [{"a": 1}]}}}
    none = {"reply": {"status": "SUCCESS", "number_of_results": count, "results": {"data": []}}}

    async def scenario(face: Face) -> None:
        for reply, rows in ((one, [{"a": 1}]), (none, [])):
            answering(reply)
            end = await face.wait(face.vendor.xql_query(face.client, "q1"))
            assert await face.rows(end) == rows

    run(answering(one), scenario)


def test_rows_that_nobody_reads_on(vendor: Any) -> None:
    """An iterator that is left in the middle gives its connection back, and another event loop can go on."""
    closed = 0

    class Body(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                yield _lines(*ROWS)

        async def aclose(self) -> None:
            nonlocal closed
            closed += 1

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Body()))
    client = vendor.connect("https://tenant.invalid", key_id=7, key=KEY, transport=transport, max_rate=None)

    async def first_row() -> Any:
        async for row in vendor.xql_rows_async(_ended(Face(vendor, client, is_sync=False))):
            return row
        return None

    for _ in range(2):
        assert asyncio.run(first_row()) == ROWS[0]
    assert closed == 2


def test_an_answer_with_more_rows_than_a_poll(run: Callable[..., Any], answering: Answering) -> None:
    """An API that brings all rows at once is taken at its word."""
    reply = {"reply": {"status": "SUCCESS", "results": {"data": ROWS}}}

    async def scenario(face: Face) -> None:
        end = await face.wait(face.vendor.xql_query(face.client, "q1"))
        assert await face.rows(end) == ROWS

    run(answering(reply), scenario)


@pytest.mark.parametrize("vendor", [cortex_xdr, cortex_xsiam])
def test_all_results_of_a_query_are_its_rows(vendor: Any, answering: Answering) -> None:
    """What a kind has as the results of a query is its rows."""
    url = answering({"reply": {"status": "SUCCESS", "results": {"data": ROWS}}})
    with vendor.connect(url, key_id=7, key=KEY, max_rate=None) as client:
        end = vendor.xql_query(client, "q1").fetch()
        assert list(end.job.kind.results(end, None, 5.0, False)) == ROWS


@pytest.mark.parametrize("way", ["sync", "async"])
def test_memory_of_a_long_stream(way: str, sim: Simulator) -> None:
    """Twenty thousand rows take no more memory than two thousand."""
    most: dict[int, int] = {}
    for count in (2_000, 20_000):
        query_id = sim.add("cortex_xdr.xql_query", states=["SUCCESS"], rows=count)
        client = cortex_xdr.connect(sim.url, key_id=sim.key_id, key=sim.key)
        tracemalloc.start()
        try:
            if way == "sync":
                with client:
                    seen = sum(1 for _ in cortex_xdr.xql_rows(cortex_xdr.xql_query(client, query_id).fetch()))
            else:
                seen = asyncio.run(_counted(client, query_id))
            most[count] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert seen == count
    assert most[20_000] < most[2_000] + 2**20


async def _counted(client: Any, query_id: str) -> int:
    async with client:
        end = await cortex_xdr.xql_query(client, query_id).fetch_async()
        count = 0
        async for _ in cortex_xdr.xql_rows_async(end):
            count += 1
        return count


def test_rows_go_by_the_rate(sim: Simulator, clock: VirtualClock) -> None:
    """The requests for rows take their turns in the client's rate, like polls."""
    query_id = sim.add("cortex_xdr.xql_query", states=["SUCCESS"], rows=1001)
    before = clock.now()
    with cortex_xdr.connect(sim.url, key_id=sim.key_id, key=sim.key, max_rate=0.1) as client:
        end = cortex_xdr.xql_query(client, query_id).fetch()
        assert len(list(cortex_xdr.xql_rows(end))) == 1001
    assert clock.now() - before >= 20


def test_quota(sim: Simulator) -> None:
    """The simulator tells of the queries that run."""
    sim.plan_query(QUERY, states=[("PENDING", 60.0), "SUCCESS"])
    with cortex_xdr.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        job = cortex_xdr.start_query(client, QUERY)
        answer = client.get_httpx_client().post("/public_api/v1/xql/get_quota", json={"request_data": {}}).json()
    assert answer["reply"]["current_concurrent_active_queries_count"] == 1
    assert answer["reply"]["current_concurrent_active_queries"][job.id]["xql"] == QUERY


def test_blocking_results() -> None:
    """Asked without the pending flag, the simulator answers when the query has ended."""
    with Simulator() as sim, cortex_xdr.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        query_id = sim.add("cortex_xdr.xql_query", states=[("PENDING", 0.2), "SUCCESS"], rows=1)
        data = {"query_id": query_id, "pending_flag": False}
        answer = client.get_httpx_client().post("/public_api/v1/xql/get_query_results", json={"request_data": data})
    assert answer.json()["reply"]["status"] == "SUCCESS"


def test_recipe(sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe writes all rows of a query into a file, and leaves none that looks whole if they do not all come."""
    recipe, target = load_script("docs/recipes/xql_to_csv.py"), tmp_path / "events.csv"
    for name, value in sim.environ.items():
        monkeypatch.setenv(name, value)
    sim.plan_query(QUERY, rows=5000)
    assert recipe.main(QUERY, str(target)) == 5000
    header, *lines = target.read_text(encoding="utf-8").splitlines()
    assert header == "event_id,event_type"
    assert lines == [f"E{number:07},NETWORK" for number in range(5000)]
    target.unlink()
    sim.plan_query(QUERY, rows=5000, number_of_results=5001)
    with pytest.raises(errors.MalformedResponse, match="ended too early"):
        recipe.main(QUERY, str(target))
    assert not target.exists()
    sim.plan_query(QUERY, states=["FAIL"])
    with pytest.raises(errors.JobFailed):
        recipe.main(QUERY, str(target))
