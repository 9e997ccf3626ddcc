"""How a Cortex tenant checks credentials."""

from __future__ import annotations

import hmac
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .._cortex.credentials import signature

# A signature older than this is refused, and so is one that comes a second time.
MAX_AGE_SECONDS = 300


class CortexGate:
    """Tells whether a request carries the key: as it is, or a signature that is right, fresh and new."""

    def __init__(self, key_id: int, key: str) -> None:
        self._key_id = str(key_id)
        self._key = key
        self._nonces: set[str] = set()

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request with wrong credentials; None if they are right."""
        problem = self._problem(request)
        return None if problem is None else cortex_error(401, f"Public API request unauthorized: {problem}")

    def _problem(self, request: Request) -> str | None:
        headers = request.headers
        given = headers.get("authorization", "")
        if headers.get("x-xdr-auth-id") != self._key_id or not given:
            return "no such key"
        nonce, timestamp = headers.get("x-xdr-nonce"), headers.get("x-xdr-timestamp", "")
        if nonce is None:
            return None if hmac.compare_digest(given.encode(), self._key.encode()) else "wrong key"
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp) / 1000) > MAX_AGE_SECONDS:
            return "stale timestamp"
        if nonce in self._nonces or len(nonce) != 64 or not nonce.isalnum():
            return "nonce used before, or not 64 alphanumerics"
        if not hmac.compare_digest(given.encode(), signature(self._key, nonce, timestamp).encode()):
            return "wrong signature"
        self._nonces.add(nonce)
        return None


def cortex_error(status: int, message: str, extra: str | None = None) -> Response:
    """An error as a tenant answers it: in an envelope that the vendor's pages do not show."""
    return JSONResponse({"reply": {"err_code": status, "err_msg": message, "err_extra": extra}}, status)
