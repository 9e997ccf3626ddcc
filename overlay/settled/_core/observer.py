"""The events of a wait, for logging and tracing: hooks that do nothing unless an observer is in place.

The machine knows no logging and no tracing. Each `WaitConfig` holds an `Observer`; the module that has the real one
puts it in place with `observe`, as it is imported. Waits that begin together share an observer, so that it looks up
once for all of them who listens. An observer cannot change what a wait does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..errors import SettledError
    from .job import Job
    from .outcome import Outcome
    from .wait import Wait


class Span(AbstractContextManager[None], Protocol):
    """What is current while a poll of a wait is under way."""

    def polled(self, status: str, polls: int, elapsed: float) -> None:
        """A poll was answered."""

    def failed(self, error: Exception, polls: int, elapsed: float) -> None:
        """A poll failed."""

    def end(self, status: str | None, polls: int, outcome: Outcome | None, error: BaseException | None) -> None:
        """End the span with what the wait came to: an outcome, an error, or neither if it was broken off."""


class Observer:
    """Receives the events of waits; this one ignores them."""

    def begin(self, job: Job[Any]) -> Span | None:  # noqa: ARG002 - for those who do observe
        """A wait is about to poll first; returns its span, if there is to be one."""
        return None

    def polled(self, wait: Wait[Any], now: float, outcome: Outcome | None, *, is_change: bool) -> None:
        """A poll was answered."""

    def failed(self, wait: Wait[Any], now: float, error: SettledError, failures: int) -> None:
        """A poll failed, the last of so many failures in a row, and will be repeated."""

    def unlisted(self, wait: Wait[Any], now: float, word: str) -> None:
        """An undocumented status word was read."""

    def hinted(self, wait: Wait[Any], now: float, hint: str) -> None:
        """Answers look as if the caller had made a mistake."""

    def gave_up(self, wait: Wait[Any], now: float, error: SettledError) -> None:
        """An error ends a wait."""


_makers: list[Callable[[], Observer]] = [Observer]


def observe(make: Callable[[], Observer]) -> None:
    """Let `make` provide the observer of waits that begin from now on."""
    _makers[:] = [make]


def new_observer() -> Observer:
    """The observer of waits that begin together now."""
    return _makers[0]()
