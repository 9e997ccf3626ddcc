"""What a vendor registers with the simulator: its kinds of jobs, its routes, its ids and its errors."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from ._simulator import Simulator


@attrs.frozen
class Vendor:
    """A vendor's kinds of jobs, and its API.

    `error` makes a reply of an HTTP status and a message. `parts` says whether a job can have several endpoints or
    agents. `options` are the fields of `Simulator.add` that do not go into the replies.
    """

    kinds: tuple[str, ...]
    routes: Callable[[Simulator], list[Route]]
    new_id: Callable[[], str]
    error: Callable[[int, str], Response]
    parts: bool = False
    options: frozenset[str] = frozenset()


async def json_of(request: Request) -> Any:
    """The JSON of a request's body; None if it is not JSON."""
    try:
        return await request.json()
    except ValueError:
        return None


def new_uuid() -> str:
    """A UUID as an id."""
    return str(uuid.uuid4())


def is_uuid(text: str) -> bool:
    """Whether an id is a UUID."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
