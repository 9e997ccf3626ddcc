"""Counters of polls and waits, and a histogram of how long waits took, where OpenTelemetry's metrics are in use."""

from __future__ import annotations

import functools
from typing import NamedTuple

from opentelemetry import metrics

from .._version import __version__


class Instruments(NamedTuple):
    """What is counted: polls by their result, waits by what they came to, the seconds that they took."""

    polls: metrics.Counter
    waits: metrics.Counter
    seconds: metrics.Histogram

    def polled(self, kind: str, result: str) -> None:
        """Count a poll, whose result is `answered` or the name of an error."""
        self.polls.add(1, {"settled.job.kind": kind, "settled.result": result})

    def ended(self, kind: str, result: str, elapsed: float) -> None:
        """Count a wait of so many seconds, whose result is an outcome or the name of an error."""
        attributes = {"settled.job.kind": kind, "settled.result": result}
        self.waits.add(1, attributes)
        self.seconds.record(elapsed, attributes)


def instruments() -> Instruments:
    """The instruments of the program's provider of meters."""
    return _instruments_of(metrics.get_meter_provider())


# Instruments of one name are to be made once; a program that changes its provider, as tests do, needs new ones.
@functools.lru_cache(maxsize=1)
def _instruments_of(provider: metrics.MeterProvider) -> Instruments:
    meter = provider.get_meter("settled", __version__)
    return Instruments(
        meter.create_counter("settled.polls", "{poll}", "Polls of jobs, by kind of job and result"),
        meter.create_counter("settled.waits", "{wait}", "Waits that ended, by kind of job and outcome or error"),
        meter.create_histogram("settled.wait.duration", "s", "How long waits took"),
    )
