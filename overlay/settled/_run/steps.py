"""What the definition of an operation yields: the steps that are to be done for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Generic, TypeVar

from .._core.job import Client
from .._core.reply import MAX_POLL_SECONDS

T = TypeVar("T")


class Send:
    """Send a request once, when the client's rate allows it.

    `seconds` bounds connecting, sending and receiving together. The client's own timeouts hold within it, unless
    `is_slow` says that this API answers late. By the moment `end` all is over, the wait for the client's rate, too; if
    that would last beyond `turn_by`, nothing is sent. `what` names the request in errors.
    """

    def __init__(
        self,
        client: Client,
        request: dict[str, Any],
        seconds: float = MAX_POLL_SECONDS,
        *,
        is_slow: bool = False,
        end: float = math.inf,
        turn_by: float = math.inf,
        what: str = "",
    ) -> None:
        self.client = client
        self.request = request
        self.seconds = seconds
        self.is_slow = is_slow
        self.end = end
        self.turn_by = turn_by
        self.what = what or f"{request['method'].upper()} {request['url']}"


class Stream(Send):
    """Send a request once, as `Send` does, and receive the first piece of its answer's body, b"" if it has none.

    `begin` is called with the headers of a success, before that.
    """

    def __init__(
        self,
        client: Client,
        request: dict[str, Any],
        *,
        end: float = math.inf,
        what: str = "",
        begin: Callable[[Mapping[str, str]], object] | None = None,
    ) -> None:
        super().__init__(client, request, end=end, what=what)
        self.begin = begin


class NextPiece:
    """Receive the next piece of the body that the latest `Stream` began, b"" at its end."""


class Pause:
    """Do nothing for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Page(Generic[T]):
    """Yield some items of a list, one after the other, to whoever iterates."""

    def __init__(self, values: Iterable[T]) -> None:
        self.values = values


Step = Send | NextPiece | Pause

Steps = Generator[Step, Any, T]
"""What the definition of an operation returns: its steps, and in the end its result."""

Items = Generator[Step | Page[T], Any, None]
"""What the definition of an iteration returns: its steps, with a `Page` for what it lists."""
