"""Credentials and addresses, as Cortex XDR and Cortex XSIAM share them."""

from __future__ import annotations

import hashlib
import os
import secrets
import string
import time
from typing import TYPE_CHECKING, Any

from .._core.validate import text
from .._http.connect import ConnectOptions, client_arguments, from_environment
from .._http.credentials import Credentials, Secret

if TYPE_CHECKING:
    import httpx

# Requests a second for each tenant, as the vendor states.
VENDOR_RATE = 10.0

_ALPHANUMERIC = string.ascii_letters + string.digits


class CortexKey(Credentials):
    """An API key of a Cortex tenant: a standard one is sent as it is, an advanced one signs each request anew."""

    def __init__(self, key_id: int, key: Secret, *, advanced: bool = False) -> None:
        super().__init__("key", key)
        self.key_id = key_id
        self.advanced = advanced
        # The API cannot tell a wrong kind of key from a wrong key.
        which = "a Standard key goes without advanced=True" if advanced else "an Advanced key needs advanced=True"
        self.hint = f"{which}; `settled doctor` tells which it is"

    def sign(self, request: httpx.Request, secret: str) -> None:
        """Put the credentials into the headers of a request."""
        request.headers["x-xdr-auth-id"] = str(self.key_id)
        if self.advanced:
            nonce = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(64))
            timestamp = str(time.time_ns() // 1_000_000)
            request.headers["x-xdr-nonce"] = nonce
            request.headers["x-xdr-timestamp"] = timestamp
            request.headers["Authorization"] = signature(secret, nonce, timestamp)
        else:
            request.headers["Authorization"] = secret


def signature(key: str, nonce: str, timestamp: str) -> str:
    """What an advanced key answers for a nonce and a time in milliseconds."""
    return hashlib.sha256(f"{key}{nonce}{timestamp}".encode()).hexdigest()


def cortex_arguments(
    base_url: str, key_id: int | str, key: Secret, advanced: bool, options: ConnectOptions
) -> dict[str, Any]:
    """The arguments that make a generated client a client of a Cortex tenant."""
    # What was given is not shown: it may be the key, in the wrong place.
    if isinstance(key_id, bool) or not str(key_id).strip().isdecimal():
        raise ValueError("key_id must be the number of an API key: digits, and nothing else")
    auth = CortexKey(int(key_id), key, advanced=advanced)
    with_rate: ConnectOptions = {"max_rate": VENDOR_RATE, **options}
    return client_arguments(_api_url(text("base_url", base_url).strip()), auth, **with_rate)


def cortex_environment(vendor: str) -> dict[str, Any]:
    """Address and credentials from `SETTLED_<VENDOR>_URL`, `_KEY_ID`, `_KEY` and `_KEY_TYPE` (standard or advanced)."""
    variable = f"SETTLED_{vendor}_KEY_TYPE".upper()
    key_type = os.environ.get(variable, "").strip().lower() or "standard"
    if key_type not in ("standard", "advanced"):
        raise ValueError(f"{variable} must be standard or advanced")
    arguments = from_environment(vendor, base_url="URL", key_id="KEY_ID", key="KEY")
    return {**arguments, "advanced": key_type == "advanced"}


def _api_url(base_url: str) -> str:
    is_bare_fqdn = base_url and "://" not in base_url and not base_url.startswith("api-")
    return f"api-{base_url}" if is_bare_fqdn else base_url
