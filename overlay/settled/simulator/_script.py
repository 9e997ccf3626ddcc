"""A job's life as a script: states that last a while, and faults in between.

A script has no timer. It is advanced when a request comes, and then passes through every state that is due by that
moment; a fault holds it up until its polls are used up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard, cast

import attrs

from ._faults import Fault

# How long a state without a duration lasts.
DEFAULT_SECONDS = 0.2

# The vendor's word, or the word and its duration in seconds.
State = str | tuple[str, float]

States = Iterable[State | Fault]


@attrs.define(eq=False)
class Script:
    """The states of a job, or of one of its endpoints or agents, and how far it has come.

    `began` has the states so far, each with the moment it began. The current step is number `at`, it began at `since`,
    and, if it is a fault, it has spoilt `served` polls.
    """

    steps: list[tuple[str, float] | Fault]
    since: float
    began: list[tuple[float, str]]
    at: int = 0
    served: int = 0

    @property
    def word(self) -> str:
        """The current state."""
        return self.began[-1][1]

    def advance(self, now: float) -> Fault | None:
        """Move on to the step that is current now; return it if it is a fault that is not used up."""
        while True:
            step = self.steps[self.at]
            is_last = self.at == len(self.steps) - 1
            if isinstance(step, Fault):
                if self.served < step.times:
                    return step
                if is_last:
                    return None
                self._go_on(now)
            elif is_last or now < self.since + step[1]:
                return None
            else:
                self._go_on(self.since + step[1])

    def _go_on(self, moment: float) -> None:
        # The first state counts as begun from the start, even if faults come before it.
        is_begun = any(isinstance(step, tuple) for step in self.steps[: self.at + 1])
        self.at += 1
        self.served = 0
        self.since = moment
        step = self.steps[self.at]
        if isinstance(step, tuple) and is_begun:
            self.began.append((moment, step[0]))


@attrs.define(eq=False)
class ScriptedJob:
    """A job of the simulator: its scripts by endpoint or agent ("" if it has none), and other fields of its replies.

    `created` and `expires` are moments of the simulator's clock, which `epoch` turns into the time of day.
    """

    id: str
    parts: dict[str, Script]
    fields: dict[str, Any]
    options: dict[str, Any]
    created: float
    epoch: float
    expires: float = math.inf

    @property
    def script(self) -> Script:
        """The script of a job that has no parts."""
        return self.parts[""]

    def advance(self, now: float) -> None:
        """Advance all scripts."""
        for part in self.parts.values():
            part.advance(now)

    def poll(self, now: float) -> Fault | None:
        """Advance all scripts; the first fault that is due is returned, and each of them uses up one poll."""
        faults: list[Fault] = []
        for part in self.parts.values():
            fault = part.advance(now)
            if fault is not None:
                part.served += 1
                faults.append(fault)
        return faults[0] if faults else None

    def time_of(self, moment: float) -> str:
        """The time of day at a moment of the simulator's clock, in ISO form."""
        return datetime.fromtimestamp(self.epoch + moment, UTC).isoformat().replace("+00:00", "Z")


def has_parts(states: States | Mapping[str, States]) -> TypeGuard[Mapping[str, States]]:
    """Whether states are given by endpoint or agent."""
    return isinstance(states, Mapping)


def scripts(states: States | Mapping[str, States], *, speed: float, now: float) -> dict[str, Script]:
    """Scripts that start now and run `speed` times as fast as written; ValueError if a script has no state."""
    parts: dict[str, Any] = dict(states) if has_parts(states) else {"": states}
    if not parts:
        raise ValueError("a job needs at least one state")
    return {name: _script(each, speed, now) for name, each in parts.items()}


def checked(states: States) -> tuple[State | Fault, ...]:
    """The states of a plan, to be gone through any number of times.

    Raises:
        ValueError: If they make no script. So a bad plan fails the test that wrote it, and not a later request.
    """
    kept = states if isinstance(states, str) else tuple(states)
    _script(kept, 1.0, 0.0)
    return cast("tuple[State | Fault, ...]", kept)


def _script(states: States, speed: float, now: float) -> Script:
    if isinstance(states, str):
        raise ValueError(f"states must be a list, not the text {states!r}")  # noqa: TRY004 - as any other bad script
    steps: list[tuple[str, float] | Fault] = []
    for state in states:
        if isinstance(state, Fault):
            steps.append(attrs.evolve(state, delay=state.delay / speed))
        else:
            word, seconds = (state, DEFAULT_SECONDS) if isinstance(state, str) else state
            if not seconds >= 0:
                raise ValueError(f"a state cannot last {seconds!r} seconds")
            steps.append((word, seconds / speed))
    first = next((step[0] for step in steps if isinstance(step, tuple)), None)
    if first is None:
        raise ValueError("a job needs at least one state")
    return Script(steps, now, [(now, first)])
