"""What both Cortex products do with a request: check its credentials, read its `request_data`, or refuse it.

A standard key comes as it is. An advanced key comes as a signature of a nonce and a time, and is good only once and for
a few minutes. The vendor's pages show errors without the `reply` that tenants put around them.
"""

from __future__ import annotations

import hmac
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .._cortex.credentials import signature
from .._http.error_body import is_object

Data = dict[str, Any]

# A signature older than this is refused, and so is one that comes a second time.
MAX_AGE_SECONDS = 300


class Refusal(Exception):
    """What a tenant replies when it does not do as it was asked."""

    def __init__(self, status: int, message: str, extra: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.extra = extra

    def answer(self) -> Response:
        """The reply, in the tenant's own form."""
        return cortex_error(self.status, str(self), self.extra)


class CortexGate:
    """Checks the credentials of requests: the key itself, or a signature that is right, fresh and not yet used."""

    def __init__(self, key_id: int, key: str) -> None:
        self._key_id = str(key_id)
        self._key = key
        self._nonces: set[str] = set()

    def refusal(self, request: Request) -> Response | None:
        """The reply to a request with wrong credentials; None if they are right."""
        problem = self._problem(request)
        return None if problem is None else cortex_error(401, f"Public API request unauthorized: {problem}")

    def _problem(self, request: Request) -> str | None:
        headers = request.headers
        credentials = headers.get("authorization", "")
        if headers.get("x-xdr-auth-id") != self._key_id or not credentials:
            return "no such key"
        nonce, timestamp = headers.get("x-xdr-nonce"), headers.get("x-xdr-timestamp", "")
        # A standard key has no nonce.
        if nonce is None:
            return None if hmac.compare_digest(credentials.encode(), self._key.encode()) else "wrong key"
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp) / 1000) > MAX_AGE_SECONDS:
            return "stale timestamp"
        # A request that somebody has recorded must not be good a second time.
        if nonce in self._nonces or len(nonce) != 64 or not nonce.isalnum():
            return "nonce used before, or not 64 alphanumerics"
        if not hmac.compare_digest(credentials.encode(), signature(self._key, nonce, timestamp).encode()):
            return "wrong signature"
        self._nonces.add(nonce)
        return None


async def request_data(request: Request) -> Data:
    """The `request_data` of a request's JSON; raises Refusal if there is none."""
    try:
        body: Any = await request.json()
    except ValueError:
        raise Refusal(400, "the request is not JSON") from None
    data = body.get("request_data") if is_object(body) else None
    if not is_object(data):
        raise Refusal(400, "request_data must be an object")
    return data


def cortex_error(status: int, message: str, extra: str | None = None) -> Response:
    """An error in the form that tenants reply with, wrapped in `reply`."""
    return JSONResponse({"reply": {"err_code": status, "err_msg": message, "err_extra": extra}}, status)
