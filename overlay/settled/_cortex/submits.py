"""Submits to a Cortex tenant: what is checked before one is sent, and what its answer says.

A tenant answers a permanent mistake with 500 as often as with 4xx, and a refusal even with 200: `PERMANENT_REFUSALS`
are the messages by which a 500 is known to have created nothing, and `status` 0 is the refusal within a 200. Ids come
as text or as numbers, whatever the pages say.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, TypeVar

from .._core.job import UNREADABLE, Client, Job, JobKind, id_of
from .._core.text import printable
from .._core.validate import described, nonempty
from .._http.error_body import sentence
from .._run.operation import submit
from .._run.steps import Steps
from ..errors import MalformedResponse, SubmitFailed

B = TypeVar("B")

_MAX_REASON = 250
# An iterator without an end ends here, where the API has no limit that is known.
_MOST_EVER = 1_000_000

# Parts of the messages of 500s that were met on tenants, none of which created an action.
PERMANENT_REFUSALS = (
    "param is missing",  # group_action_id, file_hash, script_uid
    "No endpoint was found",
    "create group action id for",  # can't create group action id for ISOLATE, SCAN or FILES_RETRIEVAL
    "No suitable agents found",
    "No identity threat",  # the tenant has no license for the module
)


class _Collection(Protocol):
    def __contains__(self, value: object, /) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...


# A str is an iterable of texts, too. Type checkers tell it by `in`, which takes nothing but a str there.
Strings: TypeAlias = _Collection | Iterator[str]
"""Several texts in a list, a set, a generator and so on; a single str is none."""


def strings(name: str, values: Strings, *, most: int | None = None) -> list[str]:
    """The texts of an argument, in their order.

    Raises:
        TypeError: If it is a single text, or one of them is none.
        ValueError: If one of them is empty, or there are more than `most`, or without that more than a million.
    """
    if isinstance(values, str | bytes | bytearray) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} must be a list or another iterable of str, not {described(values)}")
    limit = _MOST_EVER if most is None else most
    found = list(itertools.islice(values, limit + 1))
    for value in found:
        nonempty(f"each of {name}", value)
    if len(found) > limit:
        why = "" if most is None else ", which is the most that the API takes at once"
        raise ValueError(f"{name} must have no more than {limit:,} items{why}")
    return found


def selection(name: str, values: Strings, *, most: int | None = None) -> list[str]:
    """Ids, as `strings` returns texts; ValueError, too, if there is none: an empty selection never means everything."""
    found = strings(name, values, most=most)
    for value in found:
        identifier(f"each of {name}", value)
    if not found:
        raise ValueError(f"{name} must name at least one, and is empty")
    return found


def identifier(name: str, value: str) -> str:
    """An id; TypeError or ValueError if it can be none.

    The API passes over an id that it does not know if it knows another one: of the lines of a file, each with its line
    break, it would take the last one alone.
    """
    if nonempty(name, value) != value.strip() or not value.isprintable():
        raise ValueError(f"{name} must be an id, without blanks around it, line breaks or other control characters")
    return value


def whole_seconds(name: str, value: int) -> int:
    """A number of seconds as the API takes it: whole, and more than none."""
    if isinstance(value, bool) or not isinstance(value, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a whole number of seconds, not {described(value)}")
    if value <= 0:
        raise ValueError(f"{name} must be 1 second or more, not {described(value)}")
    return value


def start(kind: JobKind[B], client: Client, request: dict[str, Any]) -> Steps[Job[B]]:
    """Send a request that creates an action, once, and return the action's job.

    Raises:
        TypeError: If the client is another vendor's.
        SubmitFailed: If the API did not take the action, by a `status` of 0 or by a 500 that is known to be for good.
        SubmitUnclear: If the action may exist, but no answer names it.
        SettledError: ApiError or TransportError, if there surely is no action.
    """
    # Nothing may reach another vendor's API: any job of the kind refuses its client.
    Job(kind, client, "0")
    return (yield from submit(client, request, functools.partial(_created, kind, client), permanent=PERMANENT_REFUSALS))


def _created(kind: JobKind[B], client: Client, answer: Any) -> Job[B]:
    try:
        reply = answer.get("reply", answer)
        if reply.get("status") in (0, "0"):
            reason = printable(" ".join(sentence(reply).split()), _MAX_REASON)
            raise SubmitFailed(f"the API did not take the action: {reason or 'no reason given'}")
        return Job(kind, client, id_of(reply["action_id"]))
    except UNREADABLE as error:
        from .._http.redact import without_secrets

        raise MalformedResponse(f"the answer has no action_id: {without_secrets(answer)!r:.120}") from error
