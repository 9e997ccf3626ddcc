"""A monotonic clock that goes on when tests freeze time.

freezegun puts functions of its own in the place of `time.monotonic`, wherever it finds it, and time-machine changes the
function itself. A wait under way would never reach its deadline then, and a server in another thread never stop.
Neither touches `clock_gettime` for other clocks than the time of day.
"""

from __future__ import annotations

import functools
import sys
import time

# On macOS `time.monotonic` stands still while the machine sleeps, as this one does.
_CLOCK = getattr(time, "CLOCK_UPTIME_RAW" if sys.platform == "darwin" else "CLOCK_MONOTONIC", None)

# A partial keeps the function that it was given. Windows has no such clocks.
monotonic = functools.partial(time.monotonic) if _CLOCK is None else functools.partial(time.clock_gettime, _CLOCK)
"""Seconds since some fixed moment: those that `time.monotonic` counts unless it was changed."""
