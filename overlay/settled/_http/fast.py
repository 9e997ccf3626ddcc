"""Connections of asyncio clients by aiohttp, at a fraction of the cost (the extra `fast`).

aiohttp's errors, and the frames of their tracebacks, hold the request with its credentials: none leaves this module.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx

from .pool import KEEP_ALIVE_SECONDS, MAX_CONNECTIONS
from .transport_errors import error_chain

try:
    import aiohttp
    from httpx_aiohttp import AiohttpTransport
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"connect(fast=True) needs its extra: pip install 'settled[fast]' ({error})") from error

# As much as httpx's own connections take.
_HEADER_BYTES = 100 * 1024


class FastTransport(AiohttpTransport):
    """aiohttp's connections behind httpx's interface, with httpx's errors."""

    def __init__(self, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify, client=self._session)
        # A session that was discarded lasts as long as its last request.
        self._under_way: Counter[aiohttp.ClientSession] = Counter()

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=MAX_CONNECTIONS, keepalive_timeout=KEEP_ALIVE_SECONDS, ssl=self.ssl_context
        )
        # aiohttp itself would ask the environment in another thread, and read .netrc, at each request.
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
        )

    def discard(self) -> None:
        """Use no connection that was opened so far for another request."""
        self.client = self._session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        await self._close([each for each, count in self._under_way.items() if each is not self.client and not count])
        self.client = session = self.client if isinstance(self.client, aiohttp.ClientSession) else self._session()
        self._under_way[session] += 1
        try:
            response = await super().handle_async_request(request)
        except Exception as error:
            failure = _translated(error)
        except BaseException:
            self.done(session)
            raise
        else:
            response.stream = _Body(self, session, response.stream)
            return response
        self.done(session)
        # Not while handling it: aiohttp's error would come along as the context.
        raise failure

    def done(self, session: aiohttp.ClientSession) -> None:
        """End a request."""
        self._under_way[session] -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        await self._close(list(self._under_way))

    async def _close(self, sessions: list[aiohttp.ClientSession]) -> None:
        # Before anything is awaited: other requests close what was discarded, too.
        for session in sessions:
            del self._under_way[session]
        for session in sessions:
            await session.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, transport: FastTransport, session: aiohttp.ClientSession, stream: Any) -> None:
        self._transport = transport
        self._session = session
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        failure = None
        try:
            async for part in self._stream:
                yield part
        except Exception as error:
            failure = _translated(error)
        if failure is not None:
            raise failure

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._transport.done(self._session)


class _NotSentError(aiohttp.ServerDisconnectedError):
    """A connection was given up before anything of the request was written."""


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        # Bytes that came while the connection was idle belong to no request.
        if conn.protocol is not None and conn.protocol.should_close:
            conn.close()
            raise _NotSentError("the server sent something that was not asked for")
        return await super().send(conn)


# Of the errors about connections, those of a request that was not written; only new aiohttp knows the last one.
_NOT_SENT = (_NotSentError, aiohttp.ClientConnectorError, getattr(aiohttp, "ConnectionTimeoutError", _NotSentError))


def _translated(error: Exception) -> Exception:
    """An error of httpx with the same text and, if the operating system had one, its error as the cause."""
    message, theirs = str(error), error.__cause__
    if isinstance(theirs, aiohttp.ServerDisconnectedError) and not isinstance(theirs.message, str):
        message = "the server closed the connection within its answer"
    if isinstance(error, httpx.ConnectTimeout) and not isinstance(theirs, _NOT_SENT):
        # httpx-aiohttp takes any lost connection for one that was never made, though the request may have arrived.
        failure: Exception = httpx.ReadError(message)
    elif isinstance(error, httpx.HTTPError):
        failure = type(error)(message)
    elif isinstance(error, TimeoutError):
        failure = httpx.ReadTimeout(message)
    else:
        failure = httpx.ReadError(f"{type(error).__name__}: {message}")
    cause = error_chain(error)[-1]
    if isinstance(cause, OSError) and not isinstance(cause, aiohttp.ClientError):
        cause.__context__ = cause.__cause__ = None
        failure.__cause__ = cause.with_traceback(None)
    return failure
