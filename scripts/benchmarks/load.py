"""The load, which is the same for all measured sides."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJiZW5jaCJ9.c2lnbmF0dXJl"  # noqa: S105 - a made-up JWT of the usual form
TIMEOUT = 600.0


@dataclass(frozen=True)
class Load:
    """A number of concurrent jobs, each processing for `polls` polls that are `interval` seconds apart.

    With `as_shipped` clients keep their default limits and a timeout of 5 s; otherwise both are out of the way.
    With `profiled` a profiler looks on, which costs time itself.
    """

    url: str
    jobs: int
    polls: int
    interval: float
    delay: float
    as_shipped: bool = False
    profiled: bool = False

    @property
    def seconds(self) -> float:
        """The timeout of a request."""
        return 5.0 if self.as_shipped else TIMEOUT

    @property
    def headers(self) -> dict[str, str]:
        """The credentials."""
        return {"Authorization": f"Bearer {TOKEN}"}

    def ids(self) -> list[str]:
        """Ids of new jobs."""
        return [str(uuid.uuid4()) for _ in range(self.jobs)]


class Running(Exception):
    """The job is still running: for libraries that retry only exceptions."""
