"""XQL queries, which Cortex XDR and Cortex XSIAM run in the same way, as jobs.

From the vendor's pages "Start an XQL Query", "Get XQL Query Results", "Get XQL Query Results Stream" and "Get XQL Query
Quota". A tenant runs four queries of the API at a time. What a query has found is not part of its status: a poll asks
for ten rows at most, so that it stays small, and whoever wants all rows reads them once, when the query has ended.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .._core.job import DETACHED, UNREADABLE, Client, Job, JobKind, id_of
from .._core.outcome import Outcome, TerminalStatus
from .._core.rate_limit import rate_limiter_of
from .._core.snapshot import Reading, Refused, Snapshot, outcome_error
from .._core.text import encodable, printable, truncate
from .._core.validate import described, nonempty, number, text
from .._http.credentials import without_credentials
from .._http.error_body import is_list, is_object, message_of, sentence
from .._http.limits import MAX_BODY, MAX_BODY_KEY
from .._run import clock as _clock
from .._run.operation import deadline, noting, read, stream, submit
from .._run.steps import Items, NextPiece, Page, Pause, Steps
from ..errors import (
    ApiError,
    MalformedResponse,
    RateLimited,
    SettledError,
    SubmitFailed,
    SubmitUnclear,
    TransportError,
)

if TYPE_CHECKING:
    from .._http.response import Gunzip, Response

B = TypeVar("B")
Timeframe = timedelta | tuple[datetime, datetime]

# What a count or a top ten answers comes with the poll.
POLL_ROWS = 10
# An answer of a thousand rows may be so many times as large as another answer.
_MAX_BODIES = 16
# So long an answer may go on without another row.
_ROW_SECONDS = 300.0

# Asking again whether there is room costs a request of the tenant's ten a second.
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 2.0, 1.5, 15.0
_QUOTA_SECONDS = 10.0

# In what form the vendor's own integrations meet the refusal of a fifth query.
_NO_SLOT = (
    "reached max allowed amount of parallel running queries",
    "maximum allowed number of parallel running queries has been reached",
)
# Refusals for good that come with a 500, from the vendor's page and from a user's report.
_PERMANENT = ("no viable alternative at input", "exceeded max daily quota")

# How gzip begins, and no JSON.
_GZIP = b"\x1f"


class XqlTerminal(TerminalStatus):
    """The words of a query that has ended; the last five are not in the vendor's pages, but clients know them."""

    SUCCESS = "SUCCESS", Outcome.SUCCEEDED
    FAIL = "FAIL", Outcome.FAILED
    PARTIAL_SUCCESS = "PARTIAL_SUCCESS", Outcome.PARTIAL
    CANCELLED = "CANCELLED", Outcome.CANCELLED
    CANCELED = "CANCELED", Outcome.CANCELLED
    TIMEOUT = "TIMEOUT", Outcome.TIMED_OUT
    ERROR = "ERROR", Outcome.FAILED


XQL_RUNNING = frozenset({"PENDING", "RUNNING"})


def read_query(raw: Any) -> Reading:
    """Read where a query stands; why it failed is in one field or another, as text or as a place in the query."""
    reply: Mapping[str, Any] = raw["reply"]
    message = next(
        filter(None, map(_failure, (reply.get(name) for name in ("error", "error_message", "err_msg")))), None
    )
    if not reply.get("status") and message is not None:
        raise Refused(truncate(message))
    status: str = reply["status"]
    return Reading(status, XqlTerminal.outcome_of(status), detail=message)


def _failure(value: Any) -> str | None:
    if isinstance(value, str):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value)
    if is_object(value) and "line" in value and "message" in value:
        return encodable(f"line {value['line']}, column {value.get('column')}: {sentence(value['message'])}")
    return message_of(value)


class XqlRequests:
    """The requests of a product's generated client, whose packages of operations and of models these are."""

    def __init__(self, api: Any, models: Any) -> None:
        self._api = api
        self._models = models

    def start(self, **fields: Any) -> dict[str, Any]:
        """Start a query."""
        body = self._models.StartQueryRequest.from_dict({"request_data": fields})
        return _request(self._api.xql.start_xql_query, body)

    def poll(self, query_id: str) -> dict[str, Any]:
        """Where a query stands, at once, with a few of its rows."""
        return self._results(query_id=query_id, pending_flag=True, limit=POLL_ROWS, format="json")

    def rows(self, query_id: str) -> dict[str, Any]:
        """A query's rows, or the stream that has them."""
        return self._results(query_id=query_id, pending_flag=True, format="json")

    def stream(self, stream_id: str) -> dict[str, Any]:
        """The rows of a stream, packed."""
        fields = {"stream_id": stream_id, "is_gzip_compressed": True}
        body = self._models.QueryStreamRequest.from_dict({"request_data": fields})
        return _request(self._api.xql.get_query_results_stream, body)

    def quota(self) -> dict[str, Any]:
        """What the tenant may still search, and the queries that run."""
        return _request(self._api.xql.get_quota, self._models.QuotaRequest.from_dict({"request_data": {}}))

    def _results(self, **fields: Any) -> dict[str, Any]:
        body = self._models.QueryResultsRequest.from_dict({"request_data": fields})
        return _request(self._api.xql.get_query_results, body)


def _request(operation: Any, body: Any) -> dict[str, Any]:
    request: dict[str, Any] = operation.request_kwargs(body=body)
    return request


def start_xql(
    requests: XqlRequests,
    kind: JobKind[B],
    client: Client,
    query: str,
    *,
    timeframe: Timeframe | None,
    tenants: Iterable[str],
    wait_for_slot: float,
) -> Steps[Job[B]]:
    """Start a query, as soon as there is room for it, and return its job; see a product's `start_query`."""
    fields: dict[str, Any] = {"query": nonempty("query", query), "tenants": _tenants(tenants)}
    if timeframe is not None:
        fields["timeframe"] = _timeframe(timeframe)
    request = requests.start(**{name: value for name, value in fields.items() if value})
    if not number("wait_for_slot", wait_for_slot) >= 0:
        raise ValueError(f"wait_for_slot must be a number of seconds, 0 or more, not {described(wait_for_slot)}")
    end, pause = deadline(wait_for_slot), _FIRST_PAUSE
    refusal: SettledError | None = None
    while True:
        try:
            turn_by, started = math.inf if refusal is None else end, functools.partial(_started, kind, client)
            return (yield from submit(client, request, started, permanent=_REFUSALS, turn_by=turn_by))
        except (ApiError, SubmitFailed) as error:
            if _is_no_slot(error):
                refusal = error
            # Other requests of the client may have taken the turn, or made all of them pause.
            elif refusal is None or not isinstance(error, RateLimited) or not error.is_unsent:
                raise
            now, limiter = deadline(0), rate_limiter_of(client)
            # A pause that the API has asked for may last longer.
            turn = max(min(now + pause, end), limiter.paused_until, now + limiter.spacing)
            if now >= end or turn > end:
                tried = f"for {wait_for_slot:,.0f} s" if wait_for_slot else "and wait_for_slot= would wait for another"
                raise SubmitFailed(
                    f"the API did not take the query, {tried}: {truncate(str(refusal), 160)}"
                ) from refusal
            yield Pause(turn - now)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)
        except SubmitUnclear as error:
            with noting(error.__str__):
                error.candidates = yield from _running(requests, kind, client, query)
            raise


_REFUSALS = _NO_SLOT + _PERMANENT


def _is_no_slot(error: SettledError) -> bool:
    message = str(error).casefold()
    return any(words in message for words in _NO_SLOT)


def _started(kind: JobKind[B], client: Client, answer: Any) -> Job[B]:
    try:
        reply = answer["reply"]
        if found := (reply.get("execution_id") or reply.get("query_id")) if is_object(reply) else reply:
            return Job(kind, client, id_of(found))
        if is_object(reply) and (message := _failure(reply.get("err_msg"))):
            raise SubmitFailed(f"the API did not take the query: {truncate(message)}")
        raise LookupError("execution_id")
    except UNREADABLE as error:
        from .._http.redact import without_secrets

        raise MalformedResponse(f"the answer names no query: {without_secrets(answer)!r:.200}") from error


def _running(requests: XqlRequests, kind: JobKind[Any], client: Client, query: str) -> Steps[tuple[str, ...]]:
    """The refs of the queries with this text that run at present; none if the API does not tell."""
    refs: list[str] = []
    with contextlib.suppress(SettledError, *UNREADABLE):
        response: Response = yield from read(client, requests.quota(), deadline(_QUOTA_SECONDS))
        running: Any = response.json()["reply"]["current_concurrent_active_queries"] or {}
        for query_id, each in running.items():
            with contextlib.suppress(*UNREADABLE):
                if each["xql"] == query:
                    refs.append(Job(kind, client, query_id).ref)
    return tuple(refs)


def _tenants(tenants: Iterable[str]) -> list[str]:
    if isinstance(tenants, str | bytes):
        raise TypeError(f"tenants must be an iterable of tenant ids, not {described(tenants)}")
    return [text("a tenant's id", tenant) for tenant in tenants]


def _timeframe(timeframe: Timeframe) -> dict[str, int]:
    given: Any = timeframe
    if isinstance(given, timedelta):
        if not given > timedelta(0):
            raise ValueError(f"timeframe must be a positive timedelta, for the time just past, not {described(given)}")
        return {"relativeTime": max(given // timedelta(milliseconds=1), 1)}
    if not isinstance(given, tuple | list):
        raise TypeError(f"timeframe must be a timedelta or a pair of datetimes, not {described(given)}")
    moments: list[Any] = list(given)  # pyright: ignore[reportUnknownArgumentType]
    if len(moments) != 2 or not all(isinstance(moment, datetime) for moment in moments):
        raise TypeError("timeframe must be a timedelta, or a pair of datetimes: from when, and until when")
    if any(moment.utcoffset() is None for moment in moments):
        raise ValueError("timeframe must have datetimes with a time zone, such as datetime.now(UTC)")
    first, last = ((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1) for moment in moments)
    # Two moments of one time zone would be compared by their clocks, which are put back once a year.
    if not first < last:
        raise ValueError("timeframe must begin before it ends, by a millisecond at least")
    return {"from": first, "to": last}


def rows(
    requests: XqlRequests, kind: JobKind[B], snapshot: Snapshot[B], client: Client | None
) -> Items[dict[str, Any]]:
    """The rows of a query that has ended; see a product's `xql_rows`."""
    job, found = _job(kind, snapshot, client), None
    with contextlib.suppress(*UNREADABLE):
        found = _found(snapshot.raw["reply"], POLL_ROWS)
    if job.client is DETACHED and (found is None or found.stream_id is not None):
        raise ValueError(f"{job.ref}: a pickled snapshot has no client to read the rows with: pass client=")
    if found is None:
        found = yield from _requested_rows(requests, job)
    yield Page(found.rows)
    if found.stream_id is None:
        return
    request, lines = requests.stream(found.stream_id), _Lines(job, found.expected)
    piece = yield from _streamed(job, request)
    while piece:
        yield Page(lines.take(piece))
        piece = yield NextPiece()
    yield Page(lines.finish())


def _job(kind: JobKind[B], snapshot: Snapshot[B], client: Client | None) -> Job[B]:
    if not isinstance(snapshot, Snapshot) or snapshot.job.kind.name != kind.name:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"not a snapshot of a {kind.name}, but {described(snapshot)}")
    if snapshot.error is not None or snapshot.outcome not in (Outcome.SUCCEEDED, Outcome.PARTIAL):
        raise snapshot.error or outcome_error(snapshot)
    return snapshot.job if client is None else Job(kind, client, snapshot.job.id)


class _Found(NamedTuple):
    """What an answer has of a query's rows: all of them, or the id of the stream that has them, and their number."""

    rows: list[dict[str, Any]]
    stream_id: str | None = None
    expected: int = 0


def _found(reply: Mapping[str, Any], most: float = math.inf) -> _Found:
    """Read an answer: it has all rows, unless it has as many as were asked for, or names a stream."""
    number_of_results = reply.get("number_of_results")
    results: Mapping[str, Any] = reply.get("results") or {}
    count = int(number_of_results or 0)
    if number_of_results is not None and count == 0 and not any(results.values()):
        return _Found([])
    if stream_id := results.get("stream_id"):
        return _Found([], text("stream_id", stream_id), count)
    found = results["data"]
    if not (is_list(found) and all(map(is_object, found))):
        raise TypeError("rows that are no objects")
    if not count <= len(found) < most:
        raise LookupError("rows that were announced")
    return _Found(found)


def _requested_rows(requests: XqlRequests, job: Job[Any]) -> Steps[_Found]:
    """Ask for all rows; the answer is one JSON value, of bounded size."""
    parts: list[bytes] = []
    left = most = _MAX_BODIES * _max_body(job)
    piece: bytes = yield from _streamed(job, requests.rows(job.id))
    began = _clock.clock.now()
    while piece:
        _check_wait(job, began)
        parts.append(piece)
        if (left := left - len(piece)) < 0:
            raise MalformedResponse(f"{job.ref}: the rows have more than {most:,} bytes, 16 times max_body")
        piece = yield NextPiece()
    reply = None
    try:
        reply = json.loads(b"".join(parts))["reply"]
        return _found(reply)
    except UNREADABLE as error:
        quoted = _quoted(job, sentence(reply)) if is_object(reply) and "results" not in reply else ""
        raise MalformedResponse(f"{job.ref}: the answer has no rows that can be read{quoted}") from error


def _streamed(job: Job[Any], request: dict[str, Any]) -> Steps[bytes]:
    # What takes time begins when the first row is asked for, which may be long after `rows` was called.
    yield Pause(0.0)
    return (yield from stream(job.client, request, job.ref))


def _check_wait(job: Job[Any], since: float) -> None:
    if _clock.clock.now() - since > _ROW_SECONDS:
        raise TransportError(f"{job.ref}: no row came for {_ROW_SECONDS:g} s, though the answer went on")


class _Lines:
    """The rows of a stream: one JSON object a line, of which only the line that has begun is held."""

    def __init__(self, job: Job[Any], expected: int) -> None:
        self._job = job
        self._expected = expected
        self._most = _max_body(job)
        self._begun: list[bytes] = []
        self._size = 0
        self._blank_size = 0
        self._count = 0
        self._gzip: Gunzip | None = None
        self._is_first = True
        # Since when the answer has brought no row; while the caller has one, nobody waits.
        self._waiting_since = math.inf

    def take(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """Take the next bytes, packed or not, and yield the rows in them."""
        self._waiting_since = min(self._waiting_since, _clock.clock.now())
        _check_wait(self._job, self._waiting_since)
        for row in self._rows_in(piece):
            yield row
            self._waiting_since = _clock.clock.now()

    def _rows_in(self, piece: bytes) -> Iterator[dict[str, Any]]:
        if self._is_first and piece:
            # What was asked for as gzip comes as such, within an encoding of HTTP or without one.
            from .._http.response import Gunzip

            self._is_first = False
            self._gzip = Gunzip() if piece.startswith(_GZIP) else None
        if self._gzip is None:
            yield from self._lines(piece)
            return
        try:
            for unpacked in self._gzip.pieces(piece):
                yield from self._lines(unpacked)
        except zlib.error as error:
            raise self._malformed("cannot be unpacked") from error

    def finish(self) -> list[dict[str, Any]]:
        """Take the end of the stream, and return the row of a line without an end."""
        if self._gzip is not None and not self._gzip.is_complete:
            raise self._malformed("was cut short")
        left = [*self._row(b"".join(self._begun))]
        if self._count < self._expected:
            raise self._malformed(f"has ended too early: {self._expected:,} rows were announced")
        return left

    def _lines(self, piece: bytes) -> Iterator[dict[str, Any]]:
        first, *others = piece.split(b"\n")
        self._begun.append(first)
        self._size += len(first)
        if others:
            line = b"".join(self._begun)
            self._begun, self._size = [others[-1]], len(others[-1])
            for each in (line, *others[:-1]):
                yield from self._row(each)
        self._check(self._size)

    def _check(self, size: int) -> None:
        if size > self._most:
            raise self._malformed(f"has a line of more than {self._most:,} bytes, which is the client's max_body")

    def _row(self, line: bytes) -> Iterator[dict[str, Any]]:
        self._check(len(line))
        if not line.strip():
            # Blank lines hold nothing, and may go on for ever.
            self._blank_size += len(line) + 1
            if self._blank_size > self._most:
                raise self._malformed(f"has more than {self._most:,} bytes of blank lines, the client's max_body")
            return
        self._blank_size = 0
        try:
            row = json.loads(line)
        except UNREADABLE as error:
            raise self._malformed("has a line that is no JSON") from error
        if not is_object(row):
            raise self._malformed("has a line that is no JSON object")
        if not self._count and list(row) == ["reply"] and is_object(row["reply"]) and (message := sentence(row)):
            raise self._malformed(f"is an error{_quoted(self._job, message)}")
        self._count += 1
        yield row

    def _malformed(self, how: str) -> MalformedResponse:
        return MalformedResponse(f"{self._job.ref}: after {self._count:,} rows, the stream {how}")


def _quoted(job: Job[Any], message: str) -> str:
    return f": {printable(without_credentials(message, job.client), 150)}" if message else ""


def _max_body(job: Job[Any]) -> int:
    most: int = MAX_BODY if job.client is DETACHED else job.client.extensions.get(MAX_BODY_KEY, MAX_BODY)
    return most
