"""XQL queries of a Cortex tenant: four at a time, their rows in a reply or, beyond a thousand, in a stream."""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .._http.error_body import is_list, is_object
from ._cortex import Data, Refusal, cortex_error, request_data
from ._script import ScriptedJob, States

if TYPE_CHECKING:
    from ._simulator import Simulator

# How many rows to make up, or the rows themselves.
Rows = int | Sequence[Mapping[str, Any]]

USUAL_STATES: States = [("PENDING", 0.5), "SUCCESS"]
OPTIONS = frozenset({"rows", "query"})

# Both products have the same paths, so the simulated tenant serves either; a query that it starts is of the first kind.
KINDS = ("cortex_xdr.xql_query", "cortex_xsiam.xql_query")

# How many queries run at a time, and how many rows a reply holds.
_SLOTS = 4
_MAX_ROWS = 1000
# A blocking request for results looks every so many seconds, so many times.
_BLOCK_SECONDS, _BLOCKS = 0.05, 200
_CHUNK_ROWS = 200
_COST = 0.0031
_QUOTA = 1825.0
_SUCCEEDED = ("SUCCESS", "PARTIAL_SUCCESS")
_RUNNING = ("PENDING", "RUNNING")


@attrs.frozen
class QueryPlan:
    """How a query goes, what it finds, and what else its replies tell."""

    states: States = USUAL_STATES
    rows: Rows = 3
    fields: Mapping[str, Any] = attrs.field(factory=dict[str, Any])


def xql_routes(simulator: Simulator) -> list[Route]:
    """The routes of queries."""

    def route(name: str, endpoint: Callable[[Simulator, Data], Awaitable[Response]]) -> Route:
        async def answer(request: Request) -> Response:
            refused = simulator.gate.refusal(request)
            if refused is None:
                try:
                    return await endpoint(simulator, await request_data(request))
                except Refusal as refusal:
                    refused = refusal.answer()
            return simulator.note(KINDS[0], name, refused)

        return Route(f"/public_api/v1/xql/{name}", answer, methods=["POST"])

    return [
        route("start_xql_query", _start),
        route("get_query_results", _results),
        route("get_query_results_stream", _stream),
        route("get_quota", _quota),
    ]


async def _start(simulator: Simulator, data: Data) -> Response:
    if (problem := _problem_of_start(data)) is not None:
        raise Refusal(400, problem)
    if len(_running(simulator)) >= _SLOTS:
        raise Refusal(500, "The tenant has reached max allowed amount of parallel running queries")
    query: str = data["query"]
    plan = simulator.queries.get(query, QueryPlan())
    query_id = f"{secrets.token_hex(7)}_{secrets.randbelow(9000) + 1000}_inv"
    simulator.make(KINDS[0], plan.states, query_id, {"rows": plan.rows, "query": query, **plan.fields})
    return simulator.note(KINDS[0], "start_xql_query", JSONResponse({"reply": query_id}))


def _problem_of_start(data: dict[str, Any]) -> str | None:
    query, tenants = data.get("query"), data.get("tenants", [])
    if not isinstance(query, str):
        return "query must be a string"
    if not (is_list(tenants) and all(isinstance(tenant, str) for tenant in tenants)):
        return "tenants must be a list of strings"
    timeframe = data.get("timeframe", {"relativeTime": 0})
    names = next((names for names in (("from", "to"), ("relativeTime",)) if _has_numbers(timeframe, names)), None)
    return "timeframe must have from and to, or relativeTime, in milliseconds" if names is None else None


def _has_numbers(value: Any, names: Iterable[str]) -> bool:
    if not is_object(value):
        return False
    found = [value.get(name) for name in names]
    return all(type(each) is int and -(2**63) <= each < 2**63 for each in found)


async def _results(simulator: Simulator, data: Data) -> Response:
    query_id, limit, is_blocking = data.get("query_id"), data.get("limit"), data.get("pending_flag", True) is False
    problem = None
    if not isinstance(query_id, str):
        problem = "query_id must be a string"
    elif limit is not None and type(limit) is not int:
        problem = "limit must be an integer"
    elif type(data.get("pending_flag", True)) is not bool:
        problem = "pending_flag must be a boolean"
    elif data.get("format", "json") not in ("json", "csv"):
        problem = "format must be json or csv"
    if problem is not None:
        return simulator.note(KINDS[0], str(query_id), cortex_error(400, problem))
    # As the API does it with pending_flag false; Settled itself never asks so.
    if is_blocking:
        for _ in range(_BLOCKS):
            if query_id not in {job.id for job in _running(simulator)}:
                break
            await asyncio.sleep(_BLOCK_SECONDS)
    return await _answer(simulator, str(query_id), functools.partial(_reply, limit=limit))


def _reply(job: ScriptedJob, *, limit: int | None) -> dict[str, Any]:
    status, fields = _word(job), dict(job.fields)
    if status.upper() not in _SUCCEEDED:
        if status.upper() == "FAIL":
            fields = {"error": "the query cannot be run"} | fields
        return {"reply": {"status": status} | fields}
    rows = job.options.get("rows", 0)
    count = rows if isinstance(rows, int) else len(rows)
    results: dict[str, Any] = {"stream_id": f"{job.id}_stream"}
    if count <= _MAX_ROWS or (limit is not None and limit <= _MAX_ROWS):
        most = min(count, _MAX_ROWS if limit is None else max(limit, 0))
        results = {"data": [_row(rows, number) for number in range(most)]}
    found = {"number_of_results": count, "query_cost": {"1402": _COST}, "remaining_quota": _QUOTA, "results": results}
    return {"reply": {"status": status} | found | fields}


async def _stream(simulator: Simulator, data: Data) -> Response:
    stream_id, is_gzipped = data.get("stream_id"), data.get("is_gzip_compressed", False)
    if not isinstance(stream_id, str) or type(is_gzipped) is not bool:
        raise Refusal(400, "stream_id must be a string, and is_gzip_compressed a boolean")
    return await _answer(
        simulator, stream_id.removesuffix("_stream"), functools.partial(_streamed, is_gzipped=is_gzipped)
    )


def _streamed(job: ScriptedJob, *, is_gzipped: bool) -> Response:
    chunks = _chunks(job.options.get("rows", 0))
    return StreamingResponse(_gzipped(chunks) if is_gzipped else chunks, media_type="application/octet-stream")


def _chunks(rows: Rows) -> Iterator[bytes]:
    """The lines of a stream, a few rows at a time, which are not made before they are sent."""
    count = rows if isinstance(rows, int) else len(rows)
    for start in range(0, count, _CHUNK_ROWS):
        numbers = range(start, min(start + _CHUNK_ROWS, count))
        yield b"".join(json.dumps(_row(rows, number)).encode() + b"\n" for number in numbers)


def _gzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for chunk in chunks:
        # Flushed, so that a client can read these rows before the next chunk exists.
        yield packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _row(rows: Rows, number: int) -> Mapping[str, Any]:
    return {"event_id": f"E{number:07}", "event_type": "NETWORK"} if isinstance(rows, int) else rows[number]


async def _quota(simulator: Simulator, _: Data) -> Response:
    running, now = _running(simulator), simulator.clock()
    queries = {
        job.id: {"xql": job.options.get("query", ""), "duration": round(now - job.created, 3)} for job in running
    }
    quota = {
        "license_quota": _QUOTA,
        "used_quota": _COST * len(simulator.jobs(KINDS)),
        "total_daily_running_queries": len(simulator.jobs(KINDS)),
        "current_concurrent_active_queries": queries,
        "current_concurrent_active_queries_count": len(running),
    }
    return simulator.note(KINDS[0], "get_quota", JSONResponse({"reply": quota}))


async def _answer(simulator: Simulator, query_id: str, reply: Callable[[ScriptedJob], Any]) -> Response:
    kind = next((kind for kind in KINDS if query_id in {job.id for job in simulator.jobs([kind])}), KINDS[0])
    return await simulator.answer(kind, query_id, reply, cortex_error(400, f"the query {query_id} is not known"))


def _running(simulator: Simulator) -> list[ScriptedJob]:
    """The queries that run at present."""
    now, jobs = simulator.clock(), simulator.jobs(KINDS)
    for job in jobs:
        job.advance(now)
    return [job for job in jobs if _word(job).upper() in _RUNNING]


def _word(job: ScriptedJob) -> str:
    return next(iter(job.parts.values())).word
