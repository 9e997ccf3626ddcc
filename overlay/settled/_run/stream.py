"""One answer in pieces, when its client's rate allows it, asked for again while nothing of it has come."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator
from typing import Any

from .._core.job import Client
from .._http import stream as _stream
from ..errors import ApiError, SettledError
from . import clock as _clock
from .operation import Retries, deadline
from .pacing import pause, take_turn, take_turn_async

RETRY_SECONDS = 60.0


def stream(client: Client, request: dict[str, Any], what: str) -> Generator[bytes, None, None]:
    """Send a request that changes nothing, and yield the body of its answer in pieces.

    Failures that may pass are met by another request for up to a minute. Once a piece has come, a failure is raised:
    whoever has it would be given it a second time.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse.
    """
    retries = Retries(deadline(RETRY_SECONDS))
    while True:
        take_turn(client, what)
        pieces = _stream.stream(client, request, what)
        try:
            first = next(pieces, b"")
        except SettledError as error:
            _clock.clock.sleep(_seconds_after(client, error, retries))
        else:
            break
    with contextlib.closing(pieces):
        yield first
        yield from pieces


async def stream_async(client: Client, request: dict[str, Any], what: str) -> AsyncGenerator[bytes, None]:
    """Send a request that changes nothing, and yield the body of its answer in pieces, as `stream` does."""
    retries = Retries(deadline(RETRY_SECONDS))
    while True:
        await take_turn_async(client, what)
        pieces = _stream.stream_async(client, request, what)
        try:
            first = await anext(pieces, b"")
        except SettledError as error:
            await _clock.clock.sleep_async(_seconds_after(client, error, retries))
        else:
            break
    async with contextlib.aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
            # Pieces that are there already would keep the loop from all else.
            await _clock.clock.sleep_async(0)


def _seconds_after(client: Client, error: SettledError, retries: Retries) -> float:
    if isinstance(error, ApiError):
        pause(client, error)
    return retries.pause_after(error).seconds
