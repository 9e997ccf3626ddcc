"""What one poll of a job has shown.

A `Reading` is what a kind of job reads from a reply: the few words that a wait needs, and what a person wants to see on
the way. A `Snapshot` is a reading together with its job, the reply's JSON, and when it came. The reply becomes the
vendor's typed model only when somebody asks for `body`, because most polls are looked at by nobody. That a job has
failed is an answer and no error: only `raise_for_outcome` makes one of it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypeVar

import attrs

from ..errors import JobCancelled, JobFailed, JobPartial, JobSkipped, JobTimedOut, OutcomeError, SettledError
from .outcome import Outcome
from .text import encodable, printable

if TYPE_CHECKING:
    from .job import Job

B_co = TypeVar("B_co", covariant=True)


class Progress(NamedTuple):
    """How far a job of many endpoints or agents has come: `done` of `total` have settled."""

    done: int
    total: int


class _Part(NamedTuple):
    status: str | None
    outcome: Outcome | None
    detail: str | None = None


class Part(_Part):
    """How one endpoint or agent of a job is doing: the vendor's word, the outcome (None while running), the detail."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __new__(cls, *fields: Any, **named: Any) -> Self:
            # attrs.asdict makes the tuples within a mapping anew of one list each.
            is_copied = len(fields) == 1 and not named and isinstance(fields[0], list)
            return super().__new__(cls, *(fields[0] if is_copied else fields), **named)


class Refused(Exception):
    """A reply that says, with an HTTP status of success, that the API cannot tell about the job."""


@attrs.frozen
class Reading:
    """What a job kind reads from a reply: the few words a wait needs, and what a person wants to see on the way."""

    status: str | None
    outcome: Outcome | None
    detail: str | None = None
    progress: Progress | None = None
    parts: Mapping[str, Part] = attrs.field(factory=dict["str", "Part"])


def of_parts(parts: Mapping[str, Part]) -> Reading:
    """The reading of a job that is what its parts are: outcome, progress, and what went wrong where."""
    return Reading(
        None, Outcome.of_all(part.outcome for part in parts.values()), details_of(parts), progress_of(parts), parts
    )


def details_of(parts: Mapping[str, Part]) -> str | None:
    """What the parts tell, each under its name; None if they tell nothing."""
    return "; ".join(f"{encodable(name)}: {part.detail}" for name, part in parts.items() if part.detail) or None


def progress_of(parts: Mapping[str, Part], *, expected: int = 0) -> Progress | None:
    """How many of the parts have settled, of as many as there are or are expected; None if there are none."""
    total = max(len(parts), expected)
    return Progress(sum(part.outcome is not None for part in parts.values()), total) if total else None


@attrs.frozen
class Snapshot(Generic[B_co]):
    """One reading of a job, as it was when it was polled.

    `status` is the vendor's word, verbatim, or None where the reply has no single word; `outcome` is None while the
    job runs. `progress`, `parts` (by endpoint or agent) and `detail` (the vendor's message or error log) are there
    where the vendor tells them. `raw` is the reply's JSON. `polls` and `elapsed` (seconds) count from the start of
    the wait. `callback` is what the vendor sent by itself, to a wait with an inbox for it. `error` says why a job
    could not be followed, and is None otherwise. `polled_at` is the time of day of the answer.

    It can be copied, pickled and made a mapping of (`to_dict`): none of these takes the client and its secrets along.
    """

    job: Job[B_co]
    status: str | None = None
    outcome: Outcome | None = None
    is_known: bool = True
    progress: Progress | None = None
    parts: Mapping[str, Part] = attrs.field(factory=dict["str", "Part"])
    detail: str | None = None
    raw: Any = attrs.field(default=None, repr=False)
    polls: int = 1
    elapsed: float = 0.0
    callback: Any = None
    error: SettledError | None = None
    polled_at: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the job has ended, well or badly."""
        return self.outcome is not None

    @functools.cached_property
    def body(self) -> B_co:
        """The reply as the vendor's typed model, decoded when it is first asked for.

        Raises:
            MalformedResponse: If the reply does not fit the model; `raw` still has all of it.
        """
        if self.error is not None:
            raise self.error
        return self.job.kind.body(self.raw)

    def raise_for_outcome(self) -> Self:
        """Return this snapshot if the job succeeded, and raise otherwise.

        Raises:
            OutcomeError: JobFailed, JobPartial, JobCancelled, JobTimedOut or JobSkipped, as the job ended; a plain
                OutcomeError if it has not settled.
            SettledError: `error`, if the job could not be followed.
        """
        if self.error is not None:
            raise self.error
        if self.outcome is not Outcome.SUCCEEDED:
            raise outcome_error(self)
        return self

    def to_dict(self) -> dict[str, Any]:
        """The snapshot as a small JSON value, without the vendor's reply and without secrets.

        Its keys are ref, status, outcome, settled, progress, parts, detail, polls, elapsed (seconds), time (of day, in
        ISO 8601) and error, which tells the type and the message of what ended the wait, and is None otherwise.
        """
        error = self.error
        return {
            "ref": self.job.ref,
            "status": self.status,
            "outcome": None if self.outcome is None else self.outcome.value,
            "settled": self.is_settled,
            "progress": self.progress and self.progress._asdict(),
            "parts": {
                name: {**part._asdict(), "outcome": part.outcome and part.outcome.value}
                for name, part in self.parts.items()
            },
            "detail": self.detail,
            "polls": self.polls,
            "elapsed": round(self.elapsed, 3),
            "time": None if self.polled_at is None else self.polled_at.isoformat(timespec="milliseconds"),
            "error": None if error is None else {"type": type(error).__name__, "message": str(error)},
        }


_BY_OUTCOME: Mapping[Outcome | None, type[OutcomeError]] = {
    Outcome.PARTIAL: JobPartial,
    Outcome.FAILED: JobFailed,
    Outcome.CANCELLED: JobCancelled,
    Outcome.TIMED_OUT: JobTimedOut,
    Outcome.SKIPPED: JobSkipped,
}


def outcome_error(snapshot: Snapshot[Any]) -> OutcomeError:
    """The error that a snapshot of a job that did not succeed stands for."""
    ended = "has not settled yet" if snapshot.outcome is None else f"ended {snapshot.outcome}"
    words = "; its status is" if snapshot.outcome is None else " with status"
    status = "" if snapshot.status is None else f"{words} {printable(snapshot.status, 80)}"
    detail = "" if snapshot.detail is None else f": {printable(' '.join(snapshot.detail.split()), 500)}"
    return _BY_OUTCOME.get(snapshot.outcome, OutcomeError)(f"{snapshot.job.ref} {ended}{status}{detail}", snapshot)
