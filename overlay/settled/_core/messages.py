"""What is said of a wait that ends without its job: in one line of 300 characters at most.

Whoever is woken by such a line asks three things: how far the job was, which of its parts are still open, and whether
the API had answered at all. It says that much; the rest is in the error's `last` and `seen`. Names and words come from
vendors, so each of them is cut by itself: a long one must not push the others out of the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import MAX_MESSAGE, SettledError
from .snapshot import Snapshot
from .text import printable, truncate

if TYPE_CHECKING:
    from .wait import Wait

# A job may well have no parts at first; from this poll on it is worth a word.
POLLS_WITHOUT_PARTS = 3

_MAX_REF = 110
_MAX_NAMED = 4
_MAX_NAME = 24


def deadline_message(wait: Wait[Any], failure: SettledError | None) -> str:
    """What a wait has not reached by its deadline: how far the job is, who is still open, why the last poll failed."""
    state = "no status was read" if wait.status is None else _state(wait.last, wait.status, wait.config.timeout)
    text = f"{truncate(wait.job.ref, _MAX_REF)}: {state} ({_polls(wait.polls)})"
    if failure is not None:
        reason = str(failure).removeprefix(wait.job.ref).lstrip(": ")
        text = f"{text}; last failure: {' '.join(reason.split())}"
    return truncate(printable(text, 2 * MAX_MESSAGE), MAX_MESSAGE - 1)


def summary(status: str | None, polls: int) -> str:
    """What was read until an error ended a wait."""
    read = "no status was read" if status is None else f"the last status was {printable(status, _MAX_NAME * 4)}"
    return f"{read} ({_polls(polls)})"


def _in_words(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 10**6 else f"{seconds:.0f} s"  # and not 1.2096e+06


def _polls(number: int) -> str:
    return "1 poll" if number == 1 else f"{number} polls"


def _state(last: Snapshot[Any] | None, status: str, seconds: float) -> str:
    progress = None if last is None else last.progress
    if last is not None and last.status is None and not last.parts:
        hint = last.job.kind.no_parts_hint if last.polls >= POLLS_WITHOUT_PARTS else None
        what = "status of any part" if last.job.kind.no_parts_hint else "status"
        return f"no {what} was read after {_in_words(seconds)}{f'; {hint}' if hint else ''}"
    if last is None or progress is None or (progress.total == 1 and last.status is not None):
        return f"still {truncate(status, _MAX_NAME * 4)} after {_in_words(seconds)}"
    text = f"{progress.done} of {progress.total} {last.job.kind.progress_words} after {_in_words(seconds)}"
    still = _still(last)
    return f"{text}; still {still}" if still else text


def _still(last: Snapshot[Any]) -> str:
    """The parts that have not settled, by their status; the job's own status if none of its parts is known."""
    names: dict[str, list[str]] = {}
    settled = sum(part.outcome is not None for part in last.parts.values())
    room = _MAX_NAMED
    for name, part in last.parts.items():
        if part.outcome is None and room:
            room -= 1
            names.setdefault(truncate(part.status or "unknown", _MAX_NAME), []).append(_name(name))
    if not names:
        is_running = last.status is not None and last.job.kind.terminal.outcome_of(last.status) is None
        return truncate(last.status or "", _MAX_NAME) if is_running else ""
    text = "; ".join(f"{word}: {', '.join(of)}" for word, of in names.items())
    more = len(last.parts) - settled - sum(map(len, names.values()))
    return f"{text} and {more} more" if more else text


def _name(name: str) -> str:
    return truncate(" ".join(name.split()), _MAX_NAME)
