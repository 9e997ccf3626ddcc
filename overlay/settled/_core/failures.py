"""Polls of one wait that failed in a row: which failures may pass, how long to back off, when patience ends.

What counts is for how long no poll was answered, not how many failed: five failures are nothing if they took two
seconds. A failure may pass if the same request can succeed later: no connection, 408, 425, 429, 5xx, a reply that
cannot be read. Any other, such as a 401, ends the wait at once. There is less patience before any status was read,
since a wrong address is likelier then than an outage.
"""

from __future__ import annotations

import attrs

from ..errors import ApiError, MalformedResponse, NotFound, RateLimited, SettledError, TransportError
from .schedule import Schedule

# Servers ask for pauses of many hours, by mistake or by a wrong clock. This is the longest one that is obeyed.
MAX_PAUSE_SECONDS = 3600.0
# Until a status was read, a wrong address is more likely than an outage.
MAX_PATIENCE_UNREAD_SECONDS = 120.0
# A name that no server knows is most likely a typo; a name server may be away for a moment, though.
MAX_UNKNOWN_HOST_TRIES = 5

_BACK_OFF = Schedule(first=0.5, factor=2, cap=30, jitter=0.25)
_TRANSIENT_STATUS_CODES = frozenset({408, 425, 429})


@attrs.define
class FailureRun:
    """Failures without an answer in between, the first of them at `since`.

    `not_found_since` is the moment of the first 404 of those that came last.
    """

    since: float
    count: int = 0
    latest: SettledError | None = None
    not_found_since: float | None = None
    is_host_known: bool = False

    def add(self, error: SettledError, now: float) -> float:
        """Count one more failure; returns the seconds before which not to poll again."""
        self.count += 1
        self.latest = error
        if not isinstance(error, NotFound):
            self.not_found_since = None
        elif self.not_found_since is None:
            self.not_found_since = now
        self.is_host_known = self.is_host_known or not _is_unknown_host(error)
        return _BACK_OFF(self.count, 0.0)

    def may_pass(self, now: float, *, patience: float, not_found_grace: float, was_read: bool) -> bool:
        """Whether to poll again after the latest failure, in a wait that has or has not read a status."""
        if now - self.since >= (patience if was_read else min(patience, MAX_PATIENCE_UNREAD_SECONDS)):
            return False
        error = self.latest
        if self.not_found_since is not None:
            return now - self.not_found_since < not_found_grace
        if isinstance(error, ApiError):
            return error.status_code in _TRANSIENT_STATUS_CODES or error.status_code >= 500
        if isinstance(error, TransportError) and _is_unknown_host(error):
            return was_read or self.is_host_known or self.count < MAX_UNKNOWN_HOST_TRIES
        return isinstance(error, MalformedResponse) or (isinstance(error, TransportError) and error.may_pass)


def asked_to_pause(error: SettledError, back_off: float) -> float | None:
    """How many seconds an error asks all jobs of a client to pause; None if it asks for none."""
    seconds = error.retry_after if isinstance(error, ApiError) else None
    if seconds is None:
        return back_off if isinstance(error, RateLimited) else None
    return min(seconds, MAX_PAUSE_SECONDS)


def _is_unknown_host(error: SettledError) -> bool:
    return isinstance(error, TransportError) and error.is_unknown_host
