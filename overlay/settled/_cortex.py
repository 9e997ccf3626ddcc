"""Credentials and addresses, as Cortex XDR and Cortex XSIAM share them."""

from __future__ import annotations

import hashlib
import secrets
import string
import time
from typing import Any

import attrs
import httpx

from ._connect import ConnectOptions, checked_secret, client_arguments, from_environment
from ._given import text
from ._polling_client import Signature

# Requests a second for each tenant, as the vendor states.
VENDOR_RATE = 10.0

_ALPHANUMERIC = string.ascii_letters + string.digits


@attrs.frozen
class CortexKey(Signature):
    """An API key of a Cortex tenant: a standard one is sent as it is, an advanced one signs each request anew."""

    key_id: int
    key: str = attrs.field(repr=False)
    advanced: bool = False

    def sign(self, request: httpx.Request) -> None:
        """Put the credentials into the headers of a request."""
        request.headers["x-xdr-auth-id"] = str(self.key_id)
        if self.advanced:
            nonce = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(64))
            timestamp = str(time.time_ns() // 1_000_000)
            request.headers["x-xdr-nonce"] = nonce
            request.headers["x-xdr-timestamp"] = timestamp
            request.headers["Authorization"] = signature(self.key, nonce, timestamp)
        else:
            request.headers["Authorization"] = self.key


def signature(key: str, nonce: str, timestamp: str) -> str:
    """What an advanced key answers for a nonce and a time in milliseconds."""
    return hashlib.sha256(f"{key}{nonce}{timestamp}".encode()).hexdigest()


def cortex_arguments(
    base_url: str, key_id: int | str, key: str, advanced: bool, options: ConnectOptions
) -> dict[str, Any]:
    """The arguments that make a generated client a client of a Cortex tenant."""
    if isinstance(key_id, bool) or not str(key_id).strip().isdecimal():
        raise ValueError(f"key_id must be the number of an API key, not {key_id!r}")
    auth = CortexKey(int(key_id), checked_secret("key", key), advanced)
    with_rate: ConnectOptions = {"max_rate": VENDOR_RATE, **options}
    return client_arguments(_api_url(text("base_url", base_url).strip()), auth, **with_rate)


def cortex_environment(vendor: str) -> dict[str, Any]:
    """Address and credentials from `SETTLED_<VENDOR>_URL`, `_KEY_ID`, `_KEY` and `_KEY_TYPE` (standard or advanced)."""
    key_type = from_environment(vendor, "KEY_TYPE", default="standard").lower()
    if key_type not in ("standard", "advanced"):
        raise ValueError(f"SETTLED_{vendor.upper()}_KEY_TYPE must be standard or advanced, not {key_type!r}")
    return {
        "base_url": from_environment(vendor, "URL"),
        "key_id": from_environment(vendor, "KEY_ID"),
        "key": from_environment(vendor, "KEY"),
        "advanced": key_type == "advanced",
    }


def _api_url(base_url: str) -> str:
    is_bare_fqdn = base_url and "://" not in base_url and not base_url.startswith("api-")
    return f"api-{base_url}" if is_bare_fqdn else base_url
