"""Faults, which a test puts between the states of a script: errors, delays and cut connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs


@attrs.frozen
class Fault:
    """The next `times` polls of a job get this instead of its state.

    With a `status`, the reply has that status, `headers` and `body` (None for an error in the vendor's own form);
    without one, it is the job's usual reply. `delay` is how many seconds it takes. `cut` closes the connection before
    the reply, or in the middle of it.
    """

    status: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: str | None = ""
    times: int = 1
    delay: float = 0.0
    cut: Literal["before", "within"] | None = None


def rate_limited(retry_after: float | str | None = None, *, times: int = 1) -> Fault:
    """Reply with 429, and with Retry-After if given: seconds, an HTTP date, a Unix time, or nonsense."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Fault(429, headers, '{"detail": "too many requests"}', times=times)


def server_error(status: int = 500, *, times: int = 1) -> Fault:
    """Reply with a server error, in the vendor's own form."""
    return Fault(status, body=None, times=times)


def bad_gateway(*, times: int = 1) -> Fault:
    """Reply with 502 and the HTML page of a proxy in front of the API."""
    page = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
    return Fault(502, {"Content-Type": "text/html"}, page, times=times)


def dropped(*, times: int = 1) -> Fault:
    """Close the connection without a reply."""
    return Fault(times=times, cut="before")


def slow(seconds: float, *, times: int = 1) -> Fault:
    """Send the usual reply, but only after so many seconds."""
    return Fault(times=times, delay=seconds)


def truncated(*, times: int = 1) -> Fault:
    """Send the usual reply, but close the connection in the middle of its body."""
    return Fault(times=times, cut="within")
