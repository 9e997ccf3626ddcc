"""Schedules as small JSON values, for waits that are kept.

A `Schedule` is kept as its numbers, a `Learned` as what it has learnt. A function cannot be kept. That it was one can,
so whoever resumes the wait is asked to give it again, and does not poll by the default schedule without knowing it.
"""

from __future__ import annotations

from typing import Any

import attrs

from .schedule import Schedule, Timing


def timing_to_json(schedule: Timing | None) -> Any:
    """A `Schedule`, a `Learned` or None as JSON; of another function, only that it was one."""
    if schedule is None:
        return None
    if isinstance(schedule, Schedule):
        return {"Schedule": attrs.asdict(schedule)}
    from .learned import Learned

    return {"Learned": schedule.to_json()} if isinstance(schedule, Learned) else "function"


def timing_from_json(state: Any) -> Timing | None:
    """The schedule that `timing_to_json` was given.

    Raises:
        ValueError: If it was a function, or the state is malformed.
    """
    if state is None:
        return None
    if state == "function":
        raise ValueError("the schedule was a function, which JSON cannot hold: give it anew, as schedule=")
    try:
        ((name, value),) = state.items()
        if name == "Schedule":
            return Schedule(**value)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"not what to_json returned of a schedule: {type(error).__name__}") from error
    if name != "Learned":
        raise ValueError("not what to_json returned of a schedule")
    from .learned import Learned

    return Learned.from_json(value)
