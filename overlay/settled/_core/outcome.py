"""How a job ended, and the vendors' words for it.

Each vendor has words of its own for a job that has ended. A kind of job lists them in an enum, a `TerminalStatus`, each
with the `Outcome` that it stands for, so that callers need to know six outcomes and no words. A word that is not listed
is taken for running: one that a vendor adds can make a wait end late, at its deadline, but never too early. Letter case
does not count.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self


class Outcome(StrEnum):
    """How a job ended, in the same words for every vendor."""

    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    SKIPPED = "SKIPPED"

    @classmethod
    def of_all(cls, outcomes: Iterable[Outcome | None]) -> Outcome | None:
        """The outcome of a job of many parts: None until there are some and all have settled.

        Then it is theirs if all agree, PARTIAL if any succeeded, wholly or partly, and FAILED otherwise.
        """
        seen = set(outcomes)
        if not seen or None in seen:
            return None
        if len(seen) == 1:
            return seen.pop()
        return cls.PARTIAL if seen & {cls.SUCCEEDED, cls.PARTIAL} else cls.FAILED


class TerminalStatus(StrEnum):
    """The base of the terminal-state enums: a vendor's words for a job that has settled, each with its outcome."""

    outcome: Outcome

    # Variadic, because type checkers take `Terminal("WORD")` for a call of this, though it only looks a member up.
    def __new__(cls, word: str, *outcome: Outcome) -> Self:
        member = str.__new__(cls, word)
        member._value_ = word
        (member.outcome,) = outcome
        return member

    @classmethod
    def outcome_of(cls, word: str | None) -> Outcome | None:
        """The outcome of a status word, in any letter case and with blanks around it; None if it is not terminal."""
        return None if word is None else _outcomes(cls).get(word.strip().casefold())


@functools.cache
def _outcomes(terminal: type[TerminalStatus]) -> Mapping[str, Outcome]:
    return {member.value.casefold(): member.outcome for member in terminal}
