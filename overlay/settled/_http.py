"""One poll of a job over HTTP: send what the kind asks for, and make a reading or an error of what comes back."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple

import httpx

from ._error_body import error_body
from ._job import UNREADABLE, Client, Job
from ._retry_after import retry_after
from ._snapshot import Reading, Refused
from .errors import ApiError, MalformedResponse, TransportError, api_error_class

# Credentials travel in these; a server that quotes one back must not get it into an error message.
_SECRET_HEADERS = ("authorization", "isg-api-token", "x-xdr-nonce")

# No single poll takes longer, so that a reply that trickles in cannot hold a wait without a deadline for ever.
MAX_POLL_SECONDS = 60.0


class Reply(NamedTuple):
    """What one poll brought: the reading, the JSON it was read from, its bytes, and the request to send again."""

    reading: Reading
    raw: Any
    content: bytes
    request: httpx.Request


def poll(job: Job[Any], seconds: float = MAX_POLL_SECONDS, again: httpx.Request | None = None) -> Reply:
    """Ask how a job is doing, taking no longer than `seconds` for connecting, sending and receiving together.

    `again` is the request of an earlier poll of the job, if there was one.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse.
    """
    http = job.client.get_httpx_client()
    request = _prepared(http, job, again)
    limits = _TimeLeft(http.timeout.as_dict(), time.monotonic() + seconds)
    request.extensions = {"timeout": limits, "trace": _make_punctual}
    with _transport_errors(job):
        response = http.send(request)
    return _reply(job, request, response)


async def poll_async(job: Job[Any], seconds: float = MAX_POLL_SECONDS, again: httpx.Request | None = None) -> Reply:
    """Ask how a job is doing, as `poll` does."""
    import asyncio

    http = job.client.get_async_httpx_client()
    request = _prepared(http, job, again)
    # To wait for a connection is no failure of the vendor's; `seconds` bounds that, too.
    request.extensions = {"timeout": {**http.timeout.as_dict(), "pool": None}}
    with _transport_errors(job):
        async with asyncio.timeout(seconds):
            response = await http.send(request)
    return _reply(job, request, response)


def _prepared(http: httpx.Client | httpx.AsyncClient, job: Job[Any], again: httpx.Request | None) -> httpx.Request:
    # Cookies that a server has set since belong into the request.
    return http.build_request(**job.kind.request(job.id)) if again is None or http.cookies else again


def submit(client: Client, request: dict[str, Any]) -> Any:
    """Send a request once, and return the JSON of its answer.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse.
    """
    http = client.get_httpx_client()
    with _transport_errors(f"{request['method'].upper()} {request['url']}"):
        response = http.send(http.build_request(**request))
    return _json(response)


def _reply(job: Job[Any], request: httpx.Request, response: httpx.Response) -> Reply:
    raw = _json(response)
    try:
        return Reply(job.kind.reading(raw), raw, response.content, request)
    except Refused as refused:
        raise _api_error(response, str(refused)) from None


def _json(response: httpx.Response) -> Any:
    if not response.is_success:
        raise _api_error(response)
    try:
        return response.json()
    except UNREADABLE as error:
        found = error_body(response.content)
        raise MalformedResponse(
            f"{response.request.method} {response.request.url.path} answered {response.status_code} without JSON: "
            f"{_without_secrets(found.message, response.request)!r}"
        ) from error


def _api_error(response: httpx.Response, message: str = "") -> ApiError:
    found = error_body(response.content)
    error = api_error_class(response.status_code)(
        _without_secrets(message or found.message, response.request) or response.reason_phrase or "no message",
        status_code=response.status_code,
        code=found.code,
        extra=_without_secrets(found.extra, response.request) if found.extra else None,
        method=response.request.method,
        path=response.request.url.path,
    )
    error.retry_after = retry_after(response.headers.get("retry-after"), time.time())
    return error


def _without_secrets(message: str, request: httpx.Request) -> str:
    for header in _SECRET_HEADERS:
        for secret in request.headers.get(header, "").removeprefix("Bearer ").split():
            # A shorter one is no secret, but may well be part of an ordinary word.
            if len(secret) >= 8:
                message = message.replace(secret, "[secret]")
    return message


@contextlib.contextmanager
def _transport_errors(what: str | Job[Any]) -> Generator[None, None, None]:
    try:
        yield
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        told = what if isinstance(what, str) else what.ref
        if isinstance(error, TimeoutError):
            raise TransportError(f"{told}: no complete answer came in time") from error
        failure = TransportError(f"{told}: {type(error).__name__}: {error}".rstrip(": "))
        failure.may_pass = not _is_lasting(error)
        raise failure from error


def _is_lasting(error: BaseException | None) -> bool:
    # httpx raises a refused certificate as a ConnectError, like a refused connection.
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            return True
        error = error.__cause__ or error.__context__
    return False


class _Until(float):
    """Seconds left when it was made, which knows the moment they end."""

    moment: float


class _TimeLeft(dict[str, float | None]):
    """httpx's timeouts for one request, which shrink as its deadline draws near: each phase asks when it begins."""

    def __init__(self, timeouts: Mapping[str, float | None], moment: float) -> None:
        super().__init__(timeouts)
        self._moment = moment

    def get(self, phase: str, default: Any = None, /) -> Any:
        left = max(self._moment - time.monotonic(), 0.001)
        limit = super().get(phase, default)
        until = _Until(left if limit is None else min(left, limit))
        until.moment = self._moment
        return until


def _make_punctual(event: str, info: Mapping[str, Any]) -> None:
    """Let a new connection's reads end with the request's deadline, however many there are.

    A phase asks for its time once: a server that sends a byte now and then would get as much again with each.
    """
    if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
        stream = info["return_value"]
        stream.read = _punctual(stream.read)


def _punctual(read: Callable[..., bytes]) -> Callable[..., bytes]:
    def read_until(max_bytes: int, timeout: float | None = None) -> bytes:
        if isinstance(timeout, _Until):
            timeout = min(timeout, max(timeout.moment - time.monotonic(), 0.001))
        return read(max_bytes, timeout)

    return read_until
