"""A vendor's answer to a request: its body within bounds, the JSON in it, or the error it stands for."""

from __future__ import annotations

import json
import math
import time
import zlib
from typing import Any

import httpx

from ._error_body import error_body
from ._job import UNREADABLE, Client
from ._retry_after import asked_pause
from .errors import ApiError, MalformedResponse, api_error_class

MAX_BODY = 16 * 2**20
MAX_BODY_KEY = "settled.max_body"

# What a client asks for: others can make very much of a few bytes, before anybody can count it; also gzip of gzip.
ENCODING = "gzip"
_GZIP = 16 + zlib.MAX_WBITS

# Credentials travel in these; a server that quotes one back must not get it into an error message.
_SECRET_HEADERS = ("authorization", "isg-api-token", "x-xdr-nonce")


class Answer:
    """An answer whose body comes in parts: `add` each of `parts`, then ask for its `json`.

    `end` is the moment by which the body has to be complete.
    """

    def __init__(self, client: Client, response: httpx.Response, end: float = math.inf) -> None:
        self._response = response
        self._most: int = client.extensions.get(MAX_BODY_KEY, MAX_BODY)
        self._end = end
        self._unpack: Any = None
        self._parts: list[bytes] = []
        self._size = 0

    def parts(self) -> Any:
        """What the body is to be read from: an iterable, or an async one for an async client's answer."""
        encoding = self._response.headers.get("content-encoding", "identity")
        if encoding.strip().lower() == ENCODING:
            self._unpack = zlib.decompressobj(_GZIP)
        elif encoding.strip().lower() not in ("", "identity"):
            raise self._malformed(f"in an encoding that it was not asked for, {encoding[:40]!r}")
        return self._response.stream

    def add(self, part: bytes) -> None:
        """Take a part of the body; MalformedResponse if it is too much, httpx.ReadTimeout if it comes too late."""
        if self._unpack is not None:
            try:
                # One byte too much is enough to know.
                part = self._unpack.decompress(part, self._most - self._size + 1)
            except zlib.error as error:
                raise self._malformed(f"with what cannot be unpacked: {error}") from error
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._most:
            raise self._malformed(f"with more than {self._most:,} bytes, which is the client's max_body")
        if time.monotonic() > self._end:
            raise httpx.ReadTimeout("the answer did not end in time")

    @property
    def content(self) -> bytes:
        """The body."""
        return b"".join(self._parts)

    def json(self) -> Any:
        """The JSON of a successful answer.

        Raises:
            ApiError: If the answer is an error.
            MalformedResponse: If it is no JSON.
        """
        if not self._response.is_success:
            raise self.api_error()
        content = self.content
        try:
            return json.loads(content)
        except UNREADABLE as error:
            told = self.without_secrets(error_body(content).message)
            raise self._malformed(f"without JSON: {told!r}") from error

    def api_error(self, message: str = "") -> ApiError:
        """The error that the answer stands for."""
        response, found = self._response, error_body(self.content)
        error = api_error_class(response.status_code)(
            self.without_secrets(message or found.message) or response.reason_phrase or "no message",
            status_code=response.status_code,
            code=found.code,
            extra=self.without_secrets(found.extra) if found.extra else None,
            method=response.request.method,
            path=response.request.url.path,
        )
        error.retry_after = asked_pause(response.headers)
        return error

    def without_secrets(self, message: str) -> str:
        """A text without the credentials that the request went with."""
        for header in _SECRET_HEADERS:
            for secret in self._response.request.headers.get(header, "").removeprefix("Bearer ").split():
                # A shorter one is no secret, but may well be part of an ordinary word.
                if len(secret) >= 8:
                    message = message.replace(secret, "[secret]")
        return message

    def _malformed(self, how: str) -> MalformedResponse:
        request = self._response.request
        return MalformedResponse(f"{request.method} {request.url.path} answered {self._response.status_code} {how}")
