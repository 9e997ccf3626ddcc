"""A job's life as a script: states that last a while, and faults in between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from ._faults import Fault

# How long a state lasts that was given without a duration.
DEFAULT_SECONDS = 0.2

# The vendor's word, or the word and how many seconds it lasts.
State = str | tuple[str, float]


@attrs.define
class ScriptedJob:
    """A job of the simulator: where it is in its script, and what else its replies tell."""

    id: str
    fields: dict[str, Any]
    steps: list[tuple[str, float] | Fault]
    entered: float
    at: int = 0
    served: int = 0
    status: str = ""

    def poll(self, now: float) -> Fault | None:
        """Move on to where the script is now; `status` is then up to date, and a fault is returned if one is due."""
        while True:
            step = self.steps[self.at]
            is_last = self.at == len(self.steps) - 1
            if isinstance(step, Fault):
                if self.served < step.times:
                    self.served += 1
                    return step
                if is_last:
                    return None
                self._move_on(now)
                continue
            self.status, seconds = step
            if is_last or now < self.entered + seconds:
                return None
            self._move_on(self.entered + seconds)

    def _move_on(self, moment: float) -> None:
        self.at += 1
        self.served = 0
        self.entered = moment


def script(states: Iterable[State | Fault], speed: float) -> list[tuple[str, float] | Fault]:
    """The steps of a script, `speed` times as fast as written; ValueError if no job can follow it."""
    steps: list[tuple[str, float] | Fault] = []
    for state in states:
        if isinstance(state, Fault):
            steps.append(attrs.evolve(state, delay=state.delay / speed))
        else:
            word, seconds = (state, DEFAULT_SECONDS) if isinstance(state, str) else state
            steps.append((word, seconds / speed))
    if not any(isinstance(step, tuple) for step in steps):
        raise ValueError("a job needs at least one state")
    return steps
