"""What one poll brings, however it was sent.

The core does no I/O: it takes the result of a poll as a value, a `Reply` or the SettledError that came instead. Which
HTTP library sends polls, and whether in threads or in tasks, is the drivers' business. So the machine can be tested
without a network and without time, and whoever has another way to send polls can drive it (`settled.machine`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .snapshot import Reading

# No single poll takes longer, so that a reply that trickles in cannot hold a wait without a deadline for ever.
MAX_POLL_SECONDS = 60.0


class Reply(NamedTuple):
    """What one poll brought: the reading, the JSON it was read from, its bytes, and the request to send again.

    The request is whatever the driver has prepared; the machine keeps it for the next poll, and never looks inside.
    """

    reading: Reading
    raw: Any
    content: bytes
    request: Any
