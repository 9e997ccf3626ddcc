"""A span for each wait, where OpenTelemetry is in use (the extra `tracing`)."""

from __future__ import annotations

import time
from contextvars import Token
from typing import Any, NamedTuple

from opentelemetry import context, trace
from opentelemetry.util.types import AttributeValue

from .._core.job import Job
from .._core.outcome import Outcome
from .._version import __version__
from ..errors import ApiError


class Origin(NamedTuple):
    """What the spans of waits that begin together have in common: tracer, the caller's context, the moment in ns."""

    tracer: trace.Tracer
    context: context.Context
    time_ns: int

    def span(self, job: Job[Any]) -> WaitSpan:
        """Start the span of a job's wait."""
        span = self.tracer.start_span(
            "settled.wait",
            self.context,
            trace.SpanKind.INTERNAL,
            {"settled.job.ref": job.ref, "settled.job.kind": job.kind.name},
            # Spans are made at the first poll, and a wait may have queued for that.
            start_time=self.time_ns,
        )
        return WaitSpan(span, trace.set_span_in_context(span, self.context))


def origin() -> Origin | None:
    """Where spans that start now belong; None if there is nobody to take them, nor a trace to carry on."""
    tracer = trace.get_tracer("settled", __version__)
    # A provider that was not set up hands out tracers of these two types, whose spans nobody sees.
    is_for_nobody = isinstance(tracer, trace.ProxyTracer | trace.NoOpTracer)
    if is_for_nobody and not trace.get_current_span().get_span_context().is_valid:
        return None
    return Origin(tracer, context.get_current(), time.time_ns())


class WaitSpan:
    """The span of one wait: current within `with`, for as long as a poll is under way."""

    __slots__ = ("_context", "_span", "_token")

    _token: Token[context.Context]

    def __init__(self, span: trace.Span, own_context: context.Context) -> None:
        self._span = span
        self._context = own_context

    def __enter__(self) -> None:
        self._token = context.attach(self._context)

    def __exit__(self, *_: object) -> None:
        context.detach(self._token)

    def polled(self, status: str, polls: int, elapsed: float) -> None:
        """Add the event of a poll that was answered."""
        if self._span.is_recording():
            self._span.add_event("poll", {"settled.status": status, "settled.polls": polls, "settled.elapsed": elapsed})

    def failed(self, error: Exception, polls: int, elapsed: float) -> None:
        """Add the event of a poll that failed."""
        if self._span.is_recording():
            attributes: dict[str, AttributeValue] = {"error.type": _name(error)}
            if isinstance(error, ApiError):
                attributes["http.response.status_code"] = error.status_code
            self._span.add_event("poll failed", {**attributes, "settled.polls": polls, "settled.elapsed": elapsed})

    def end(self, status: str | None, polls: int, outcome: Outcome | None, error: BaseException | None) -> None:
        """End the span, with what the wait came to: an outcome, an error, or neither if it was broken off."""
        span = self._span
        if span.is_recording():
            span.set_attribute("settled.polls", polls)
            if status is not None:
                span.set_attribute("settled.status", status)
            if outcome is not None:
                span.set_attribute("settled.outcome", outcome.value)
            # What is no Exception breaks off from outside: a cancelled task, a closed generator, Ctrl-C.
            if isinstance(error, Exception):
                span.set_attribute("error.type", _name(error))
                span.record_exception(error)
                span.set_status(trace.StatusCode.ERROR, f"{type(error).__name__}: {error}")
        span.end()


def _name(error: Exception) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
