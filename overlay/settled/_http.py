"""One poll of a job over HTTP: send what the kind asks for, and make a reading or an error of what comes back."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import httpx

from ._answer import Answer
from ._connections import TimeLeft
from ._job import Client, Job
from ._polling_client import AsyncPollingClient, PollingClient
from ._redacted import without_secrets
from ._reply import MAX_POLL_SECONDS, Reply
from ._snapshot import Refused
from .errors import MalformedResponse, ServerError, SettledError, SubmitUnclear, TransportError

T = TypeVar("T")

# What these end has not reached the server.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def poll(job: Job[Any], seconds: float = MAX_POLL_SECONDS, again: httpx.Request | None = None) -> Reply:
    """Ask how a job is doing, taking no longer than `seconds` for connecting, sending and receiving together.

    `again` is the request of an earlier poll of the job, if there was one.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse.
    """
    http = job.client.get_httpx_client()
    request = _prepared(http, job, again)
    with _transport_errors(job):
        answer = _exchange(job.client, request, seconds)
    return _reply(job, request, answer)


async def poll_async(job: Job[Any], seconds: float = MAX_POLL_SECONDS, again: httpx.Request | None = None) -> Reply:
    """Ask how a job is doing, as `poll` does."""
    import asyncio

    http = job.client.get_async_httpx_client()
    request = _prepared(http, job, again)
    # To wait for a connection is no failure of the vendor's; `seconds` bounds that, too.
    request.extensions = {"timeout": {**http.timeout.as_dict(), "pool": None}}
    with _transport_errors(job):
        async with asyncio.timeout(seconds):
            if isinstance(http, AsyncPollingClient):
                response = await http.send_poll(request)
            else:
                response = await http.send(request, stream=True)
            answer = Answer(job.client, response)
            try:
                async for part in answer.parts():
                    answer.add(part)
            finally:
                await response.aclose()
    return _reply(job, request, answer)


def _exchange(client: Client, request: httpx.Request, seconds: float) -> Answer:
    http, end = client.get_httpx_client(), time.monotonic() + seconds
    request.extensions = {"timeout": TimeLeft(http.timeout.as_dict(), end)}
    response = http.send_poll(request) if isinstance(http, PollingClient) else http.send(request, stream=True)
    answer = Answer(client, response, end)
    try:
        for part in answer.parts():
            answer.add(part)
    finally:
        response.close()
    return answer


def _prepared(http: httpx.Client | httpx.AsyncClient, job: Job[Any], again: httpx.Request | None) -> httpx.Request:
    # Cookies that a server has set since belong into the request.
    if again is not None and not http.cookies:
        return again
    try:
        return http.build_request(**job.kind.request(job.id))
    except UnicodeError:
        # httpx takes cookies that it cannot send.
        http.cookies.clear()
        return http.build_request(**job.kind.request(job.id))


def submit(client: Client, request: dict[str, Any], taken: Callable[[Any], T]) -> T:
    """Send a request that starts a job, once, and return what `taken` makes of its answer's JSON.

    Raises:
        SubmitUnclear: If the job may exist, but no answer says so. SettledError: ApiError or TransportError, if it
            surely does not; what `taken` raises otherwise.
    """
    what = f"{request['method'].upper()} {request['url']}"
    try:
        with _transport_errors(what):
            answer = _exchange(client, client.get_httpx_client().build_request(**request), MAX_POLL_SECONDS)
        raw = answer.json()
        try:
            return taken(raw)
        except SettledError as error:
            error.args = (answer.without_secrets(str(error)),)
            raise
    except (MalformedResponse, ServerError, TransportError) as error:
        if isinstance(error.__cause__, _NEVER_SENT):
            raise
        raise SubmitUnclear(
            f"{what}: the job may exist all the same, look before you submit again: {error}",
            without_secrets(request.get("json")),
        ) from error


def _reply(job: Job[Any], request: httpx.Request, answer: Answer) -> Reply:
    raw = answer.json()
    try:
        return Reply(job.kind.reading(raw), raw, answer.content, request)
    except Refused as refused:
        raise answer.api_error(str(refused)) from None


@contextlib.contextmanager
def _transport_errors(what: str | Job[Any]) -> Generator[None, None, None]:
    try:
        yield
    except (TimeoutError, UnicodeError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
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
