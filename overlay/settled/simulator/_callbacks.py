"""Callbacks to receivers that are told how an AgileSec scan has ended."""

from __future__ import annotations

import functools
import logging
import ssl
from collections.abc import Mapping
from typing import Any, Literal

import attrs
import httpx

CallbackAuth = tuple[Literal["bearer"], str] | tuple[Literal["token"], str, str] | None

_log = logging.getLogger("settled.simulator")

# Loading the CA certificates takes longer than everything else about a callback.
_ssl_context = functools.cache(ssl.create_default_context)


@attrs.frozen
class Callback:
    """A registered endpoint: its URL, and the headers with the credentials it expects."""

    url: str
    headers: Mapping[str, str] = attrs.field(repr=False)


def callback(url: str, auth: CallbackAuth) -> Callback:
    """A registered endpoint; ValueError if the URL or the credentials are not valid."""
    if not url.startswith(("http://", "https://")) or len(url) > 200:
        raise ValueError(f"not the URL of a callback endpoint, of 200 characters at most: {url!r}")
    match auth:
        case None:
            return Callback(url, {})
        case ("bearer", token):
            return Callback(url, {"Authorization": f"Bearer {token}"})
        case ("token", header, token):
            return Callback(url, {header: token})
        case _:
            raise ValueError('auth must be None, ("bearer", token) or ("token", header name, token)')


async def deliver(payload: dict[str, Any], receiver: Callback) -> None:
    """Post a callback once; a receiver that cannot be reached is only logged."""
    # A receiver is usually on this machine, where a proxy of the environment cannot reach it.
    async with httpx.AsyncClient(verify=_ssl_context(), trust_env=False) as http:
        try:
            await http.post(receiver.url, json=payload, headers=receiver.headers)
        except httpx.HTTPError as error:
            _log.warning("no callback for the scan %s: %r", payload["executionId"], error)
