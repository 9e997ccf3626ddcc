"""A wait as a small JSON value: what any process can go on from, whatever its clocks say.

Moments are kept as seconds since 1970, because monotonic clocks mean nothing elsewhere. `kept` is when the value was
made: if that is in the future of whoever takes it up, the clock was set back, and all moments move along with it.
"""

# The other half of `Wait`, which knows what it keeps.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from .failures import FailureRun
from .job import Job
from .options import PATIENCE_SECONDS, WaitConfig, WaitOptions, known_options
from .timing_json import timing_from_json, timing_to_json
from .validate import described

if TYPE_CHECKING:
    from .wait import Wait

B = TypeVar("B")
W = TypeVar("W", bound="Wait[Any]")

# Version 1 counted failures (`max_failures`) instead of seconds; it also said neither when it was kept nor the status.
_VERSION = 2
_READABLE = (1, _VERSION)
# Clocks of two machines are never quite the same, and one machine's is corrected now and then.
_CLOCK_ERROR_SECONDS = 1.0


class Now(NamedTuple):
    """The present moment by a wait's clock, and what turns such moments into seconds since 1970, by addition."""

    moment: float
    to_day: float


def wait_to_json(wait: Wait[Any], now: Now) -> dict[str, Any]:
    """The value that keeps a wait."""
    to_day = now.to_day
    config, failing = wait.config, wait._failing
    return {
        "version": _VERSION,
        "ref": wait.job.ref,
        "kept": now.moment + to_day,
        "started": config.start + to_day,
        "deadline": _or_none(config.deadline, to_day),
        "next": wait._wanted + to_day,
        "read": wait._read_at + to_day,
        "polls": wait.polls,
        "failures": 0 if failing is None else failing.count,
        "failing_since": None if failing is None else failing.since + to_day,
        "not_found_since": None
        if failing is None or failing.not_found_since is None
        else failing.not_found_since + to_day,
        "status": wait.status,
        # No object: its names may come back in another order.
        "seen": [[label, count] for label, count in wait._tally],
        "schedule": timing_to_json(config.schedule),
        "polls_before": config.polls_before,
        "unknown": config.unknown,
        "patience": _or_none(config.patience),
    }


def wait_from_json(wait_class: type[W], state: Any, job: Job[B], now: Now, options: WaitOptions[B]) -> W:
    """The wait that the value was made of.

    Raises:
        ValueError: If the value is of another version or job, or malformed.
        TypeError: If there is no such option.
    """
    known_options("from_json", options)
    if not isinstance(state, Mapping):
        raise ValueError(f"not what to_json returned: a {type(state).__qualname__}")  # noqa: TRY004 - as for all of it
    state = cast("Mapping[str, Any]", state)
    if state.get("version") not in _READABLE:
        raise ValueError(f"a wait of version {described(state.get('version'))}, and not {_VERSION}")
    if state.get("ref") != job.ref:
        raise ValueError(f"a wait for another job, and not for {job.ref}")
    try:
        return _restored(wait_class, _upgraded(state, now), job, now, options)
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError) as error:
        raise ValueError(f"not what to_json returned: {error!r:.200}") from error


def _restored(wait_class: type[W], state: Mapping[str, Any], job: Job[B], at: Now, options: WaitOptions[B]) -> W:
    now, to_day = at
    kept = _seconds(state["kept"]) - to_day
    # A monotonic clock may have begun after the wait, so its moments here may well be negative.
    back = kept - now if kept > now + _CLOCK_ERROR_SECONDS else 0.0

    def moment(name: str) -> float:
        return _seconds(state[name]) - to_day - back

    def moment_or_none(name: str) -> float | None:
        return None if state[name] is None else min(moment(name), now)

    start, read = min(moment("started"), now), min(moment("read"), now)
    deadline = math.inf if state["deadline"] is None else moment("deadline")
    options.setdefault("unknown", state["unknown"])
    options.setdefault("patience", math.inf if state["patience"] is None else _seconds(state["patience"]))
    if "schedule" not in options:
        options["schedule"] = timing_from_json(state["schedule"])
    config = WaitConfig(
        start=start,
        timeout=max(deadline - start, 0.0),
        polls_before=_count(state["polls_before"]),
        is_late=deadline < now,
        started_at=start + to_day,
        **options,
    )
    wait = wait_class(job, config)
    wait.polls, failures = _count(state["polls"]), _count(state["failures"])
    since, not_found_since = moment_or_none("failing_since"), moment_or_none("not_found_since")
    if failures and since is not None:
        wait._failing = FailureRun(since, failures, not_found_since=not_found_since)
    wait.status = None if state["status"] is None else str(state["status"])
    wait._tally = tuple((str(label), _count(count)) for label, count in state["seen"])
    wait._read_at = read
    # How long it was to sleep when it was kept is as long as it may sleep now. A late wait makes its only poll at once.
    polls_now = back or config.is_late
    wait._wanted = wait.due = now if polls_now else min(moment("next"), now + max(moment("next") - kept, 0.0))
    if wait.polls:
        wait.rebook(now)
    return wait


def _upgraded(state: Mapping[str, Any], now: Now) -> Mapping[str, Any]:
    """The value as the present version has it."""
    if state["version"] == _VERSION:
        return state
    seen = state["seen"]
    return {
        **state,
        "kept": state["read"],
        # Patience with failures that version 1 has counted begins anew.
        "failing_since": now.moment + now.to_day if state["failures"] else None,
        "not_found_since": None,
        "status": seen[-1][0] if seen else None,
        "patience": PATIENCE_SECONDS,
    }


def _or_none(seconds: float, to_day: float = 0.0) -> float | None:
    return None if seconds == math.inf else seconds + to_day


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(f"not a moment: {described(value)}")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"not a count: {described(value)}")
    return value
