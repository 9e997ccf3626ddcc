"""What a wait lets others see of it: records of the logger `settled`, and a span where OpenTelemetry is in use."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Any

from ._outcome import Outcome

if TYPE_CHECKING:
    from ._tracing import Origin
    from ._wait import Wait
    from .errors import SettledError

UNTRACED = contextlib.nullcontext()

_logger = logging.getLogger("settled")


def origin() -> Origin | None:
    """Where the spans of waits that begin now belong; None if there are to be none."""
    # Who has set tracing up has imported it; to import it for nobody would take longer than many a wait.
    if sys.modules.get("opentelemetry.trace") is None:
        return None
    from . import _tracing

    return _tracing.origin()


def polled(wait: Wait[Any], now: float, outcome: Outcome | None, *, is_change: bool) -> None:
    """Tell of a poll that was answered: in detail, or worth a line if it shows a change."""
    level = logging.INFO if is_change or outcome is not None else logging.DEBUG
    if wait.span is not None:
        wait.span.polled(str(wait.status), wait.polls, now - wait.terms.start)
    if _logger.isEnabledFor(level):
        told = f"settled, {outcome}:" if outcome is not None else "now" if is_change else "still"
        _log(level, wait, now, f"{told} {wait.status}")


def failed(wait: Wait[Any], now: float, error: SettledError, failures: int) -> None:
    """Tell of a poll that failed, and is ridden out."""
    if wait.span is not None:
        wait.span.failed(error, wait.polls, now - wait.terms.start)
    if _logger.isEnabledFor(logging.WARNING):
        told = f"{_reason(wait, error)}; failed {failures} in a row; polling again"
        _log(logging.WARNING, wait, now, told, error)


def unlisted(wait: Wait[Any], now: float, word: str) -> None:
    """Tell of a status word that nobody listed."""
    if _logger.isEnabledFor(logging.WARNING):
        _log(logging.WARNING, wait, now, f"a status nobody listed, {word!r}; it is taken for running")


def gave_up(wait: Wait[Any], now: float, error: SettledError) -> None:
    """Tell of an error that ends a wait; it is for the caller to say how bad that is."""
    if _logger.isEnabledFor(logging.INFO):
        _log(logging.INFO, wait, now, f"gave up, {type(error).__name__}: {_reason(wait, error)}", error)


def _log(level: int, wait: Wait[Any], now: float, told: str, error: SettledError | None = None) -> None:
    elapsed = now - wait.terms.start
    fields = {"job.ref": wait.job.ref, "status": wait.status, "polls": wait.polls, "elapsed": elapsed}
    if error is not None:
        fields["error.type"] = type(error).__name__
    # Whoever collects logs with traces finds the span of a record by what is current.
    with wait.span or UNTRACED:
        _logger.log(level, "%s, poll %d, %.1f s: %s", wait.job.ref, wait.polls, elapsed, told, extra=fields)


def _reason(wait: Wait[Any], error: SettledError) -> str:
    return str(error).removeprefix(wait.job.ref).lstrip(": ")
