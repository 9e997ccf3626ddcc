"""The simulator itself: jobs that follow their scripts, behind the vendors' own routes."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Iterable
from types import ModuleType, TracebackType
from typing import Any, NamedTuple, Self

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from ._faults import Fault
from ._script import ScriptedJob, State, script
from ._server import Cut, Server

VENDORS = ("cortex_xsiam",)


class Asked(NamedTuple):
    """A request that the simulator has answered: when (by its clock), for which job, and with which HTTP status."""

    moment: float
    ref: str
    status_code: int


class Simulator:
    """A server on 127.0.0.1, running while its context lasts.

    `speed` makes every script that many times as fast. `key_id`, `key` are the credentials it accepts. `port` 0 takes
    any free one. `clock` answers the seconds that scripts go by. `asked` lists what it has answered.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        key_id: int = 7,
        key: str = "simulated-key",
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be positive, not {speed!r}")
        self.speed = speed
        self.key_id = key_id
        self.key = key
        self.clock = clock
        self.asked: list[Asked] = []
        self._jobs: dict[tuple[str, str], ScriptedJob] = {}
        self._vendors: dict[str, ModuleType] = {
            vendor: importlib.import_module(f".{vendor}", __package__) for vendor in VENDORS
        }
        routes = [route for vendor in self._vendors.values() for route in vendor.routes(self)]
        self._server = Server(Starlette(routes=routes), port)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.__exit__(exc_type, exc, traceback)

    @property
    def url(self) -> str:
        """The address to connect to, for every vendor the same."""
        return self._server.url

    def add(self, kind: str, *, states: Iterable[State | Fault], job_id: str | None = None, **fields: Any) -> str:
        """Add a job of a kind (as in `Job.ref`), and return its id.

        A state is the vendor's word, or the word and how many seconds it lasts (default 0.2); the last one lasts for
        ever. The script starts at once. `fields` go into the job's replies as they are.

        Raises:
            ValueError: If there is no such kind, or the script has no state.
        """
        vendor = self._vendors.get(kind.partition(".")[0])
        if vendor is None or kind not in vendor.KINDS:
            raise ValueError(f"not a kind that can be simulated: {kind!r}")
        new_id: str = vendor.new_id() if job_id is None else job_id
        self._jobs[kind, new_id] = ScriptedJob(new_id, fields, script(states, self.speed), self.clock())
        return new_id

    def polls(self, job_id: str) -> int:
        """How often a job was asked for."""
        return sum(asked.ref.endswith(f"/{job_id}") for asked in self.asked)

    async def answer(
        self, kind: str, job_id: str, reply: Callable[[ScriptedJob], Any], not_found: Callable[[str], Response]
    ) -> Response:
        """Answer a poll as the job's script says."""
        job = self._jobs.get((kind, job_id))
        if job is None:
            return self.note(kind, job_id, not_found(job_id))
        fault = job.poll(self.clock())
        answer: Response = JSONResponse(reply(job))
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.status is not None:
                headers = {"Content-Type": "application/json"} | dict(fault.headers)
                answer = Response(fault.body, fault.status, headers)
            if fault.cut is not None:
                answer = Cut(answer, within=fault.cut == "within")
        return self.note(kind, job_id, answer)

    def note(self, kind: str, job_id: str, answer: Response) -> Response:
        """Keep account of an answer, and hand it on."""
        self.asked.append(Asked(self.clock(), f"{kind}/{job_id}", answer.status_code))
        return answer
