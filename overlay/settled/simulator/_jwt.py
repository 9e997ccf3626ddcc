"""JSON Web Tokens with HMAC-SHA256: just what the simulator needs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any


def signed(claims: Mapping[str, Any], secret: str) -> str:
    """A token with these claims."""
    content = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{content}.{_signature(content, secret)}"


def problem(token: str, secret: str, now: float) -> str | None:
    """What is wrong with a token at a Unix time: its form, its signature or its age; None if nothing is."""
    content, _, signature = token.rpartition(".")
    if content.count(".") != 1:
        return "the token is not a JWT"
    if not hmac.compare_digest(signature.encode(), _signature(content, secret).encode()):
        return "the token's signature is wrong"
    expires = _decoded(content.partition(".")[2]).get("exp")
    return None if isinstance(expires, int | float) and now < expires else "the token has expired"


def _signature(content: str, secret: str) -> str:
    return _base64(hmac.digest(secret.encode(), content.encode(), hashlib.sha256))


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _decoded(text: str) -> dict[str, Any]:
    # JWTs leave out the padding of Base64, which the decoder needs.
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return value


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
