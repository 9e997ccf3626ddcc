"""AgileSec's callbacks: check the sender's credentials, then parse the body.

A callback is a hint, not a verdict: the wait that it wakes polls the scan.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping

import attrs

from settled_clients.agilesec.models import ScanCallback

from .._core.job import UNREADABLE
from .._core.validate import text
from .._http.credentials import checked_secret
from ..errors import AuthenticationError, MalformedResponse

MAX_CALLBACK_BYTES = 1_000_000
# A documented callback has some ten values and a few labels. Prose has far fewer such characters in a million bytes.
MAX_CALLBACK_VALUES = 50_000


def _token(token: str) -> str:
    # An empty token would accept every request that lacks the header.
    return checked_secret("token", token)


def _header(name: str) -> str:
    if not text("header", name).strip():
        raise ValueError("header must be the name of a header, not empty")
    return name.strip()


@attrs.frozen
class BearerToken:
    """A callback carries `Authorization: Bearer <token>`."""

    token: str = attrs.field(repr=False, converter=_token)

    def expected(self) -> tuple[str, str]:
        """The header and its value."""
        return "authorization", f"Bearer {self.token}"


@attrs.frozen
class ApiToken:
    """A callback carries the token in a header of its own."""

    header: str = attrs.field(converter=_header)
    token: str = attrs.field(repr=False, converter=_token)

    def expected(self) -> tuple[str, str]:
        """The header and its value."""
        return self.header.lower(), self.token


CallbackAuth = BearerToken | ApiToken


def parse_callback(headers: Mapping[str, str], body: bytes, *, auth: CallbackAuth | None) -> ScanCallback:
    """Check the credentials of a callback, and parse it.

    `auth` is what was registered with the endpoint: a BearerToken, an ApiToken, or None for no authentication. The body
    may have a million bytes and some 50,000 values.

    Raises:
        AuthenticationError: If the credentials are wrong; the body is not read then.
        MalformedResponse: If the body is too large, or is not a callback.
    """
    check_credentials(headers, auth)
    if len(body) > MAX_CALLBACK_BYTES:
        raise MalformedResponse(f"a callback of {len(body)} bytes, more than {MAX_CALLBACK_BYTES}")
    if has_too_many_values(body):
        raise MalformedResponse(f"a callback with more than {MAX_CALLBACK_VALUES} values")
    try:
        callback = ScanCallback.from_dict(json.loads(body))
        if not isinstance(callback.execution_id, str) or not callback.execution_id:
            raise ValueError("it names no execution")
    except UNREADABLE as error:
        raise MalformedResponse(f"not a callback of a scan: {error}") from error
    return callback


def has_too_many_values(body: bytes | str) -> bool:
    """Whether decoding a body could take many times the memory of its text, where an empty list takes two bytes."""
    content = body.encode(errors="replace") if isinstance(body, str) else bytes(body)
    return sum(content.count(each) for each in (b",", b":", b"[", b"{")) > MAX_CALLBACK_VALUES


def check_credentials(headers: Mapping[str, str], auth: CallbackAuth | None) -> None:
    """Raise AuthenticationError unless the headers carry the credentials; the comparison takes constant time."""
    if auth is None:
        return
    name, value = auth.expected()
    pairs = getattr(headers, "items", None)
    if pairs is None:
        raise TypeError(f"headers must be a mapping, not a {type(headers).__qualname__}")
    received = next((str(received) for header, received in pairs() if str(header).lower() == name), "")
    # As bytes, because compare_digest refuses text outside ASCII, which a header can hold.
    if not hmac.compare_digest(received.encode(errors="surrogatepass"), value.encode()):
        raise AuthenticationError("wrong credentials", status_code=401, method="POST", path="callback")
