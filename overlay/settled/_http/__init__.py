"""One request to one `Reply`: the only place that knows httpx."""

from .._core.reply import Reply

__all__ = ["Reply"]
