"""Reading the Retry-After header, and HTTP's dates.

RFC 9110 allows a number of seconds and a date in three forms: `Sun, 06 Nov 1994 08:49:37 GMT`, the obsolete
`Sunday, 06-Nov-94 08:49:37 GMT`, and asctime's `Sun Nov  6 08:49:37 1994`. All are UTC, with and without a zone.
"""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

# A number this large is no delay but a Unix time: one tenant sent one as Retry-After.
_UNIX_TIMES = 1e8
# A comma between two values, and not the one behind the name of a day.
_BETWEEN = re.compile(r",(?!\s*\d\d?[ -][a-z])", re.IGNORECASE)


def asked_pause(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer with these headers asks to wait; None if it asks for none."""
    # A date is one by the clock of the server, whatever ours says.
    now = unix_time(headers.get("date"))
    return retry_after(headers.get("retry-after"), time.time() if now is None else now)


def retry_after(value: str | None, now: float) -> float | None:
    """The seconds that a Retry-After header asks to wait: given as seconds, as an HTTP date, or as a Unix time.

    `now` is the Unix time of the answer. None if there is no header, or it is nonsense, or its moment has passed.
    """
    # A proxy may have added a header of its own: httpx joins them by commas, and the longest pause is obeyed.
    pauses = [_seconds(each, now) for each in _BETWEEN.split(value or "")]
    return max((seconds for seconds in pauses if 0 <= seconds < math.inf), default=None)


def _seconds(value: str, now: float) -> float:
    """The seconds that one value asks to wait; infinite if it is nonsense."""
    try:
        number = float(value)
    except ValueError:
        moment = unix_time(value)
        return math.inf if moment is None else moment - now
    return number - now if number >= _UNIX_TIMES else number


def unix_time(date: str | None) -> float | None:
    """The Unix time of an HTTP date; None if there is none, or it is nonsense."""
    try:
        # Python takes a date without a zone, or with "-0000", for local time.
        parsed = None if date is None else email.utils.parsedate_tz(date)
        if parsed is None:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)  # 60 is a leap second
        return moment.timestamp() - (parsed[9] or 0)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
