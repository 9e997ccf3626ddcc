"""One request to one reply: the only place that knows httpx."""

from .send import MAX_POLL_SECONDS, Reply, poll, poll_async, submit

__all__ = ["MAX_POLL_SECONDS", "Reply", "poll", "poll_async", "submit"]
