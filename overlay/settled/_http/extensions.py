"""The request extensions of settled: what a request tells auth flows and connections on its way through httpx.

httpx hands a request's `extensions` on to whatever sends it, and leaves alone those it does not know. `UNSENT` is
written on the way, too: whoever gives up a request looks there for what it was waiting for.
"""

from __future__ import annotations

import contextvars
import math

DEADLINE = "settled.deadline"
"""The moment by which a response has to be complete; all requests of settled have it."""

deadline_of_thread: contextvars.ContextVar[float] = contextvars.ContextVar("deadline_of_thread", default=math.inf)
"""The same, while a thread sends such a request: for those that an auth flow sends before, which have no extensions."""

HEAD_DEADLINE = "settled.head_deadline"
"""The moment by which the head of a sync response has to be there."""

UNSENT = "settled.unsent"
"""What a request waits for, as long as it surely has not been sent, or was refused."""

MAY_REPEAT = "settled.may_repeat"
"""The client's rate limiter, in a request that changes nothing, so that it may be sent twice."""

FOR_CREDENTIALS = "settled.for_credentials"
"""Marks a request that fetches what another one is to be signed with."""
