"""One request to one reply: the only place that knows httpx."""

from .._core.reply import MAX_POLL_SECONDS, Reply
from .send import poll, poll_async

__all__ = ["MAX_POLL_SECONDS", "Reply", "poll", "poll_async"]
