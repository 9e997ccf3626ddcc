"""The body of one answer, in pieces: for what is too large to be held, such as a file or a hundred thousand rows.

The pieces come while the answer does, and no more than one is held at a time, however much a few bytes of gzip stand
for. An answer that ends too early is an error, so whoever has seen the last piece has seen all. What the consumer of
the pieces raises passes through: only the steps over the network end in a TransportError.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from typing import Any

import httpx

from .._core.job import Client
from .._core.reply import MAX_POLL_SECONDS
from .._monotonic import monotonic
from .extensions import DEADLINE, HEAD_DEADLINE
from .response import Unpacker, check_whole, parts_of, parts_of_async, read, read_async
from .send import bounded, http_client
from .transport_errors import transport_errors

# So long the answer may go on with what holds nothing, such as gzip of no bytes.
IDLE_SECONDS = 300.0


def stream(
    client: Client,
    request: dict[str, Any],
    what: str,
    seconds: float = math.inf,
    begin: Callable[[Mapping[str, str]], object] | None = None,
) -> Generator[bytes, None, None]:
    """Send one request, and yield the body of its answer in pieces of at most 64 KiB, unpacked.

    `what` names the request in errors. The client's read timeout bounds each step, a minute (or that timeout, if it is
    longer) bounds all until the body begins, and `seconds` bounds the whole, the consumer's time included. `begin` is
    called with the headers of a success, before the first piece. The connection is closed with the generator.

    Raises:
        SettledError: ApiError if the answer is no success, MalformedResponse if its body is not all or cannot be
            unpacked, and TransportError if it is cut short or late.
    """
    http, now = http_client(client.get_httpx_client, what), monotonic()
    end = now + seconds
    with transport_errors(what, client):
        built = http.build_request(**request)
        head_end = now + _head_seconds(http)
        built.extensions = {"timeout": http.timeout.as_dict(), DEADLINE: end, HEAD_DEADLINE: head_end}
        with bounded(min(end, head_end)):
            received = http.send(built, stream=True)
    try:
        if not received.is_success:
            with transport_errors(what, client):
                refusal = read(client, received, min(end, monotonic() + MAX_POLL_SECONDS))
            raise refusal.api_error()
        unpacker = _unpacker(client, received, begin)
        parts = parts_of(received)
        idle_until = monotonic() + IDLE_SECONDS
        while True:
            with transport_errors(what, client):
                part = next(parts, None)
                if monotonic() > min(end, idle_until):
                    raise httpx.ReadTimeout("the response was not complete in time", request=received.request)
            if part is None:
                break
            for piece in unpacker.pieces(part):
                yield piece
                idle_until = monotonic() + IDLE_SECONDS
        unpacker.check_complete()
    finally:
        with transport_errors(what, client):
            received.close()


async def stream_async(
    client: Client,
    request: dict[str, Any],
    what: str,
    seconds: float = math.inf,
    begin: Callable[[Mapping[str, str]], object] | None = None,
) -> AsyncGenerator[bytes, None]:
    """Send one request, and yield the body of its answer as `stream` does.

    A consumer that may stop early closes it: `async with contextlib.aclosing(...)`.
    """
    import asyncio

    http = http_client(client.get_async_httpx_client, what)
    now = asyncio.get_running_loop().time
    end = now() + seconds
    with transport_errors(what, client):
        built = http.build_request(**request)
        # To wait for a connection is no failure of the vendor's.
        built.extensions = {"timeout": {**http.timeout.as_dict(), "pool": None}, DEADLINE: monotonic() + seconds}
        async with asyncio.timeout(min(seconds, _head_seconds(http))):
            received = await http.send(built, stream=True)
    try:
        if not received.is_success:
            with transport_errors(what, client):
                async with asyncio.timeout_at(min(end, now() + MAX_POLL_SECONDS)):
                    refusal = await read_async(client, received)
            raise refusal.api_error()
        unpacker = _unpacker(client, received, begin)
        parts = parts_of_async(received)
        idle_until = now() + IDLE_SECONDS
        while True:
            # For each step alone: a consumer's own time limit or cancellation must not end within it.
            with transport_errors(what, client):
                async with asyncio.timeout_at(min(end, idle_until)):
                    part = await anext(parts, None)
            if part is None:
                break
            for piece in unpacker.pieces(part):
                yield piece
                idle_until = now() + IDLE_SECONDS
        unpacker.check_complete()
    finally:
        with transport_errors(what, client):
            await received.aclose()


def _unpacker(
    client: Client, received: httpx.Response, begin: Callable[[Mapping[str, str]], object] | None
) -> Unpacker:
    """What unpacks the body of a success, which its consumer is told of first."""
    check_whole(received)
    unpacker = Unpacker(client, received)
    if begin is not None:
        begin(received.headers)
    return unpacker


def _head_seconds(http: httpx.Client | httpx.AsyncClient) -> float:
    return max(http.timeout.read or 0.0, MAX_POLL_SECONDS)
