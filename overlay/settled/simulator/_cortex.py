"""How a Cortex tenant checks credentials."""

from __future__ import annotations

import hmac
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .._cortex import signature

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
        if problem is None:
            return None
        return JSONResponse({"reply": {"err_code": "401", "err_msg": problem, "err_extra": None}}, 401)

    def _problem(self, request: Request) -> str | None:
        headers = request.headers
        given = headers.get("authorization", "")
        if headers.get("x-xdr-auth-id") != self._key_id or not given:
            return "Public API request unauthorized: no such key"
        nonce, timestamp = headers.get("x-xdr-nonce"), headers.get("x-xdr-timestamp", "")
        if nonce is None:
            return None if hmac.compare_digest(given, self._key) else "Public API request unauthorized: wrong key"
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp) / 1000) > MAX_AGE_SECONDS:
            return "Public API request unauthorized: stale timestamp"
        if nonce in self._nonces or len(nonce) != 64 or not nonce.isalnum():
            return "Public API request unauthorized: nonce used before, or not 64 alphanumerics"
        if not hmac.compare_digest(given, signature(self._key, nonce, timestamp)):
            return "Public API request unauthorized: wrong signature"
        self._nonces.add(nonce)
        return None
