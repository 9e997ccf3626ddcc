"""What a wait lets others see of it: records of the logger `settled`; a span and metrics if OpenTelemetry is there."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Any

from .._core.job import Job
from .._core.observer import Observer, Span, observe
from .._core.outcome import Outcome
from .._core.text import printable
from ..errors import UnknownStatus, WaitTimeout

if TYPE_CHECKING:
    from .._core.wait import Wait
    from ..errors import SettledError

UNTRACED = contextlib.nullcontext()

_logger = logging.getLogger("settled")
# A vendor may send ever new words: of so many it is enough to have been warned.
_MAX_WARNED = 1000
_MAX_TEXT = 2000
_warned: set[tuple[str, str]] = set()


class Observing(Observer):
    """Logs what waits do, and adds it to their spans."""

    def __init__(self) -> None:
        self._origin = None
        # Who has set tracing up has imported it; to import it for nobody would take longer than many a wait.
        if sys.modules.get("opentelemetry.trace") is not None:
            from . import tracing as _tracing

            self._origin = _tracing.origin()
        self._instruments = None
        if sys.modules.get("opentelemetry.metrics") is not None:
            from . import metrics as _metrics

            self._instruments = _metrics.instruments()

    def begin(self, job: Job[Any]) -> Span | None:
        """Start the span of a wait, if anybody traces."""
        return None if self._origin is None else self._origin.span(job)

    def polled(self, wait: Wait[Any], now: float, outcome: Outcome | None, *, is_change: bool) -> None:
        """Tell of a poll that was answered: in detail, or worth a line if it shows a change."""
        if self._instruments is not None:
            self._instruments.polled(wait.job.kind.name, "answered")
            if outcome is not None:
                self._instruments.ended(wait.job.kind.name, outcome.value, now - wait.config.start)
        level = logging.INFO if is_change or outcome is not None else logging.DEBUG
        if wait.span is not None:
            wait.span.polled(str(wait.status), wait.polls, now - wait.config.start)
        if _logger.isEnabledFor(level):
            text = f"settled, {outcome}:" if outcome is not None else "now" if is_change else "still"
            _log(level, wait, now, f"{text} {wait.status}")

    def failed(self, wait: Wait[Any], now: float, error: SettledError, failures: int) -> None:
        """Tell of a poll that failed, and is repeated."""
        if self._instruments is not None:
            self._instruments.polled(wait.job.kind.name, type(error).__name__)
        if wait.span is not None:
            wait.span.failed(error, wait.polls, now - wait.config.start)
        if _logger.isEnabledFor(logging.WARNING):
            text = f"{_reason(wait, error)}; failed {failures} in a row; polling again"
            _log(logging.WARNING, wait, now, text, error)

    def unlisted(self, wait: Wait[Any], now: float, word: str) -> None:
        """Warn of an undocumented status word, once for each kind of job."""
        seen = wait.job.kind.name, word
        if seen not in _warned and len(_warned) < _MAX_WARNED and _logger.isEnabledFor(logging.WARNING):
            _warned.add(seen)
            _log(logging.WARNING, wait, now, f"undocumented status {word!r}, taken for running")

    def hinted(self, wait: Wait[Any], now: float, hint: str) -> None:
        """Tell of answers that look as if the caller had made a mistake."""
        if _logger.isEnabledFor(logging.WARNING):
            _log(logging.WARNING, wait, now, hint)

    def gave_up(self, wait: Wait[Any], now: float, error: SettledError) -> None:
        """Tell of an error that ends a wait; it is for the caller to say how bad that is."""
        if self._instruments is not None:
            if not isinstance(error, UnknownStatus | WaitTimeout):
                self._instruments.polled(wait.job.kind.name, type(error).__name__)
            self._instruments.ended(wait.job.kind.name, type(error).__name__, now - wait.config.start)
        if _logger.isEnabledFor(logging.INFO):
            _log(logging.INFO, wait, now, f"gave up, {type(error).__name__}: {_reason(wait, error)}", error)


observe(Observing)


def _log(level: int, wait: Wait[Any], now: float, text: str, error: SettledError | None = None) -> None:
    elapsed = now - wait.config.start
    fields = {"job.ref": wait.job.ref, "status": wait.status, "polls": wait.polls, "elapsed": elapsed}
    if error is not None:
        fields["error.type"] = type(error).__name__
    # A collector of logs and traces finds the span of a record by what is current.
    with wait.span or UNTRACED:
        _logger.log(
            level,
            "%s, poll %d, %.1f s: %s",
            wait.job.ref,
            wait.polls,
            elapsed,
            printable(text, _MAX_TEXT),
            extra=fields,
        )


def _reason(wait: Wait[Any], error: SettledError) -> str:
    return str(error).removeprefix(wait.job.ref).lstrip(": ")
