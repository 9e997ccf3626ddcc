"""A vendor's response to a request: its body within bounds, the JSON in it, or the error it stands for.

The body is read once and through httpx: from the response's own raw stream or, where a hook or an auth flow has read
it already, from what they left in `content`. How much it may be is counted while it is unpacked, because a few bytes
of gzip can stand for gigabytes.
"""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from .._core.job import UNREADABLE, Client
from .._core.text import printable
from .._monotonic import monotonic
from ..errors import ApiError, AuthenticationError, MalformedResponse, api_error_class
from .credentials import hint_of, secrets_of, without_credentials
from .error_body import beginning, error_body, is_html
from .limits import ENCODING, MAX_BODY, MAX_BODY_KEY
from .retry_after import asked_pause

_MAX_REASON = 500
# In the order of preference: the vendor's own, a load balancer's, a trace's.
_REQUEST_ID_HEADERS = (
    *("x-request-id", "request-id", "x-correlation-id", "correlation-id", "x-amzn-requestid", "x-amz-request-id"),
    *("x-ms-request-id", "x-amzn-trace-id", "x-trace-id", "x-cloud-trace-context", "cf-ray", "traceparent"),
)
_MAX_REQUEST_ID = 100

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# No Content, Reset Content, Partial Content.
_WITHOUT_ALL = frozenset({204, 205, 206})
# What hides a secret from a search in bytes: an escape of a letter or sign of ASCII, as some encoders of JSON write for
# "+" and "=", or UTF-16 and UTF-32.
_ESCAPED = re.compile(rb"\\u00[2-7]")
_OTHER_UNICODE = re.compile(rb"\xff\xfe|\xfe\xff|.{0,3}\0", re.DOTALL)
# Up to so many bytes every answer is searched for secrets in odd forms, and beyond that what an error quotes.
_SMALL = 16 * 1024
# Beyond this, an error quotes from the beginning alone: to search four megabytes takes seconds.
_LARGE = 64 * 1024
_PARTS_AT_ONCE = 100
# The largest piece of a body that is handed on at a time.
PIECE = 64 * 1024


class Response:
    """A response whose body was read within the client's bounds: make one with `read` or `read_async`."""

    def __init__(self, client: Client, response: httpx.Response, content: bytes) -> None:
        if (b"\\u00" in content and _ESCAPED.search(content)) or _OTHER_UNICODE.match(content):
            content = _decoded(content)
        # Here, before anything is read of it or cut, and not wherever a part of it may leave.
        for secret in secrets_of(client, response.request):
            if (form := secret.encode()) in content:
                content = content.replace(form, b"[secret]")
        self.content = content
        self.headers = response.headers
        self.is_error = response.is_error
        self._client = client
        self._response = response
        if len(content) <= _SMALL and (b"\\" in content or b"%" in content or b"&" in content):
            self.content = self._searched()

    def json(self) -> Any:
        """The JSON of a successful response.

        Raises:
            ApiError: If the response is an error.
            MalformedResponse: If it is no JSON.
        """
        if not self._response.is_success:
            raise self.api_error()
        try:
            return json.loads(self.content)
        except UNREADABLE as error:
            message = error_body(self._searched()).message
            malformed = _malformed(self._response, f"without JSON: {message!r}")
            malformed.request_id = _request_id(self._response, self._client)
            malformed.is_html = is_html(self.content)
            raise malformed from error

    def location_id(self) -> str:
        """The last part of the path that the Location of a successful response leads to.

        Raises:
            ApiError: If the response is an error.
            MalformedResponse: If it has no Location.
        """
        if not self._response.is_success:
            raise self.api_error()
        location: str = self.headers.get("location", "")
        name = ""
        with contextlib.suppress(ValueError):  # such as half an IPv6 address
            name = unquote(urlsplit(location).path.rstrip("/").rpartition("/")[2])
        if not name:
            raise _malformed(self._response, "without a Location")
        return name

    def api_error(self, message: str = "") -> ApiError:
        """The error that the response stands for."""
        response, found = self._response, error_body(self._searched())
        error = api_error_class(response.status_code)(
            self._line(message or found.message or response.reason_phrase) or "no message",
            status_code=response.status_code,
            code=self._line(found.code) if found.code else None,
            extra=self._line(found.extra) if found.extra else None,
            method=response.request.method,
            path=response.request.url.path,
            request_id=_request_id(response, self._client),
        )
        error.retry_after = asked_pause(response.headers)
        error.is_empty = not self.content.strip()
        if isinstance(error, AuthenticationError) and (hint := hint_of(self._client)):
            error.args = (f"{error}; {hint}", *error.args[1:])
        return error

    def _searched(self) -> bytes:
        """The content as an error may quote it: without the credentials in odd forms, too."""
        content = self.content if len(self.content) <= _LARGE else beginning(self.content)
        return self.without_secrets(content.decode("latin-1")).encode("latin-1", "replace")

    def _line(self, text: str) -> str:
        # A vendor's text that breaks lines or moves the cursor could forge records in a log.
        return printable(self.without_secrets(text), _MAX_REASON)

    def without_secrets(self, text: str) -> str:
        """A text without the credentials that the client has sent, with this request or before."""
        return without_credentials(text, self._client, self._response.request)


def read(client: Client, response: httpx.Response, end: float) -> Response:
    """Read a body until the moment `end`.

    Raises:
        MalformedResponse: If it is larger than the client's `max_body`, or cannot be unpacked.
        httpx.ReadTimeout: If it is not complete in time.
    """
    body = _Body(client, response)
    for part in parts_of(response):
        body.add(part)
        if monotonic() > end:
            raise httpx.ReadTimeout("the response was not complete in time", request=response.request)
    return Response(client, response, body.complete())


async def read_async(client: Client, response: httpx.Response) -> Response:
    """Read a body as `read` does; the caller bounds the time."""
    body = _Body(client, response)
    async for part in parts_of_async(response):
        body.add(part)
    return Response(client, response, body.complete())


def parts_of(response: httpx.Response) -> Iterator[bytes]:
    """The bytes of a body as they come in, packed; or all of it, unpacked, if a hook or an auth flow has read it."""
    yield from [kept_content(response)] if _is_read(response) else response.iter_raw()


async def parts_of_async(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes of a body, as in `parts_of`."""
    import asyncio

    if _is_read(response):
        yield kept_content(response)
        return
    count = 0
    async for part in response.aiter_raw():
        yield part
        count += 1
        if count % _PARTS_AT_ONCE == 0:
            # Tiny ones that are there already would keep the loop from all else, and from the deadline.
            await asyncio.sleep(0)


def _is_read(response: httpx.Response) -> bool:
    return response.is_stream_consumed or response.is_closed


def kept_content(response: httpx.Response) -> bytes:
    """What a hook or an auth flow has read of a body and kept; b"" of an error, whose status tells enough."""
    try:
        return response.content
    except httpx.ResponseNotRead:
        if response.is_success:
            raise
        return b""


def _decoded(content: bytes) -> bytes:
    """JSON in ASCII, with as few escapes as can be; other content as it is."""
    try:
        return json.dumps(json.loads(content)).encode()
    except UNREADABLE:
        return content


class Gunzip:
    """Unpacks gzip as it comes in, in pieces of bounded size, whatever its bytes stand for; zlib.error if it is none.

    `is_complete` tells whether it may end here.
    """

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW)
        self.is_complete = True

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """What the next bytes stand for."""
        while part:
            if self._unpacker.eof:
                # One member after another is one body; zeros may follow the last one.
                if not (part := part.lstrip(b"\0")):
                    return
                self._unpacker = zlib.decompressobj(_GZIP_WINDOW)
            piece = self._unpacker.decompress(part, PIECE)
            self.is_complete = self._unpacker.eof
            if piece:
                yield piece
            part = self._unpacker.unconsumed_tail or self._unpacker.unused_data


class Unpacker:
    """Unpacks the body of a response as it comes in, in pieces of bounded size."""

    def __init__(self, client: Client, response: httpx.Response) -> None:
        # What was read before, by a hook or an auth flow, httpx has unpacked.
        encoding = "" if response.is_stream_consumed else response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", ENCODING):
            encoding = without_credentials(response.headers["content-encoding"], client, response.request)
            raise _malformed(response, f"in an encoding that it was not asked for, {encoding[:40]!r}")
        self._gzip = Gunzip() if encoding == ENCODING else None
        self._response = response

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """What the next bytes stand for."""
        if self._gzip is None:
            yield from (part[start : start + PIECE] for start in range(0, len(part), PIECE))
            return
        try:
            yield from self._gzip.pieces(part)
        except zlib.error as error:
            raise _malformed(self._response, f"with what cannot be unpacked: {error}") from error

    def check_complete(self) -> None:
        """Raise MalformedResponse if nothing more comes, and there should."""
        if self._gzip is not None and not self._gzip.is_complete:
            raise _malformed(self._response, "with gzip that was cut short")


def check_whole(response: httpx.Response) -> None:
    """Refuse a success that brings a part of what was asked for, or nothing of it, with a MalformedResponse."""
    if response.status_code in _WITHOUT_ALL:
        raise _malformed(response, f"({response.reason_phrase}) instead of all")


class _Body:
    """A body as it comes in, unpacked, and counted before and after that."""

    def __init__(self, client: Client, response: httpx.Response) -> None:
        self._unpacker = Unpacker(client, response)
        self._most: int = client.extensions.get(MAX_BODY_KEY, MAX_BODY)
        self._response = response
        self._parts: list[bytes] = []
        self._size = self._packed_size = 0

    def add(self, part: bytes) -> None:
        """Take the next bytes that came."""
        self._packed_size += len(part)
        # A body that unpacks to next to nothing could go on for ever.
        if self._packed_size > self._most:
            raise self._too_large()
        for piece in self._unpacker.pieces(part):
            self._parts.append(piece)
            self._size += len(piece)
            if self._size > self._most:
                raise self._too_large()

    def complete(self) -> bytes:
        """The whole body, once nothing more comes."""
        self._unpacker.check_complete()
        return b"".join(self._parts)

    def _too_large(self) -> MalformedResponse:
        return _malformed(self._response, f"with more than {self._most:,} bytes, which is the client's max_body")


def _request_id(response: httpx.Response, client: Client) -> str | None:
    """By what a vendor's support finds the request; None if the response does not say."""
    found: str | None = next((response.headers[name] for name in _REQUEST_ID_HEADERS if name in response.headers), None)
    if not found:
        return None
    return printable(without_credentials(found, client, response.request), _MAX_REQUEST_ID)


def _malformed(response: httpx.Response, how: str) -> MalformedResponse:
    request = response.request
    return MalformedResponse(f"{request.method} {request.url.path} answered {response.status_code} {how}")
