"""One request of ours over HTTP, from its turn in the client's rate to a reading or an error.

Every request goes through `httpx.Client.send`, like any request of an httpx user: hooks, auth flows, mocks and tracing
see it. The response's body is read within a deadline and a size; its JSON is checked to be the asked job's own, because
a proxy or a server that is out of step would otherwise settle a job with another one's answer.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import httpx

from .._core.job import Client, Job
from .._core.rate_limit import RateLimiter
from .._core.reply import MAX_POLL_SECONDS, Reply
from .._core.snapshot import Refused
from .._monotonic import monotonic
from ..errors import MalformedResponse, TransportError
from .extensions import DEADLINE, MAY_REPEAT, UNSENT, deadline_of_thread
from .response import Response, read, read_async
from .transport_errors import transport_errors

T = TypeVar("T")


def poll(job: Job[Any], seconds: float = MAX_POLL_SECONDS, again: httpx.Request | None = None) -> Reply:
    """Ask how a job is doing, taking no longer than `seconds` for connecting, sending and receiving together.

    `again` is the request of an earlier poll of the job, if there was one.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse.
    """
    http = http_client(job.client.get_httpx_client, job.ref)
    with transport_errors(job.ref, job.client):
        request = _poll_request(http, job, again)
        response = _exchange(job.client, http, request, seconds, may_repeat=True)
    return _reply(job, http, request, response)


async def poll_async(job: Job[Any], seconds: float = MAX_POLL_SECONDS, again: httpx.Request | None = None) -> Reply:
    """Ask how a job is doing, as `poll` does."""
    http = http_client(job.client.get_async_httpx_client, job.ref)
    with transport_errors(job.ref, job.client):
        request = _poll_request(http, job, again)
        response = await _exchange_async(job.client, http, request, seconds, may_repeat=True)
    return _reply(job, http, request, response)


def send(
    client: Client, request: dict[str, Any], what: str, seconds: float = MAX_POLL_SECONDS, *, is_slow: bool = False
) -> Response:
    """Send one request of any kind and read its response, successful or not; `what` names it in errors.

    It takes no longer than `seconds`. Within them the client's timeouts hold, unless `is_slow` says that the API may
    take all that time for its answer.

    Raises:
        SettledError: TransportError or MalformedResponse.
    """
    http = http_client(client.get_httpx_client, what)
    with transport_errors(what, client):
        return _exchange(client, http, http.build_request(**request), seconds, is_slow=is_slow)


async def send_async(
    client: Client, request: dict[str, Any], what: str, seconds: float = MAX_POLL_SECONDS, *, is_slow: bool = False
) -> Response:
    """Send one request of any kind, as `send` does."""
    http = http_client(client.get_async_httpx_client, what)
    with transport_errors(what, client):
        return await _exchange_async(client, http, http.build_request(**request), seconds, is_slow=is_slow)


def http_client(make: Callable[[], T], what: str) -> T:
    """The httpx client of a generated client, which may be made only now and meet proxy settings that cannot work."""
    try:
        return make()
    except TransportError as error:
        error.args = (f"{what}: {error}",)
        raise


def _exchange(
    client: Client,
    http: httpx.Client,
    request: httpx.Request,
    seconds: float,
    *,
    is_slow: bool = False,
    may_repeat: bool = False,
) -> Response:
    end = monotonic() + seconds
    # A transport that was given to `connect` does not know the deadline.
    timeouts = {
        step: seconds if timeout is None else min(timeout, seconds)
        for step, timeout in _timeouts(http, seconds, is_slow=is_slow).items()
    }
    request.extensions = {"timeout": timeouts, DEADLINE: end, **_repetition(client, may_repeat)}
    with bounded(end):
        received = http.send(request, stream=True)
    try:
        return read(client, received, end)
    finally:
        received.close()


@contextlib.contextmanager
def bounded(end: float) -> Generator[None, None, None]:
    """Let requests that an auth flow sends in this thread end by the moment `end`, too."""
    token = deadline_of_thread.set(end)
    try:
        yield
    finally:
        deadline_of_thread.reset(token)


async def _exchange_async(
    client: Client,
    http: httpx.AsyncClient,
    request: httpx.Request,
    seconds: float,
    *,
    is_slow: bool = False,
    may_repeat: bool = False,
) -> Response:
    import asyncio

    # To wait for a connection is no failure of the vendor's; `seconds` bounds that, too.
    timeouts = {**_timeouts(http, seconds, is_slow=is_slow), "pool": None}
    end = monotonic() + seconds
    request.extensions = {"timeout": timeouts, DEADLINE: end, **_repetition(client, may_repeat)}
    try:
        async with asyncio.timeout(seconds):
            received = await http.send(request, stream=True)
            try:
                return await read_async(client, received)
            finally:
                await received.aclose()
    except TimeoutError as error:
        if missing := request.extensions.get(UNSENT):
            raise httpx.PoolTimeout(f"not sent: {missing} did not come in time", request=request) from error
        raise


def _repetition(client: Client, may_repeat: bool) -> dict[str, Any]:
    return {MAY_REPEAT: client.extensions.get(RateLimiter.KEY)} if may_repeat else {}


def _timeouts(http: httpx.Client | httpx.AsyncClient, seconds: float, *, is_slow: bool) -> dict[str, float | None]:
    timeouts = http.timeout.as_dict()
    return {**timeouts, "read": seconds} if is_slow else timeouts


def _poll_request(http: httpx.Client | httpx.AsyncClient, job: Job[Any], again: httpx.Request | None) -> httpx.Request:
    # Cookies that a server has set since belong into the request.
    if again is not None and not http.cookies:
        return again
    try:
        return http.build_request(**job.kind.request(job.id))
    except UnicodeError:
        # httpx takes cookies that it cannot send.
        http.cookies.clear()
        return http.build_request(**job.kind.request(job.id))


def _reply(job: Job[Any], http: httpx.Client | httpx.AsyncClient, request: httpx.Request, response: Response) -> Reply:
    raw = response.json()
    if (other := _other_id(job, raw)) is not None:
        from .pool import discard_connections

        discard_connections(http)
        raise MalformedResponse(f"{job.ref}: the answer is another job's, {other[:80]!r}")
    try:
        return Reply(job.reading(raw), raw, response.content, request)
    except Refused as refused:
        raise response.api_error(str(refused)) from None


def _other_id(job: Job[Any], raw: Any) -> str | None:
    """The id that a reply names, if it is another job's; None if it names this job's or none."""
    named, asked = job.kind.id_in(raw), job.kind.named_id(job.id)
    if named is None or named == "" or str(named) == asked:
        return None
    try:
        # A server may spell a UUID in another way than the caller.
        return None if uuid.UUID(str(named)) == uuid.UUID(asked) else str(named)
    except ValueError:
        return str(named)
