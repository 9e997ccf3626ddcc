"""The simulator itself: jobs that follow their scripts, behind the vendors' own routes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

import attrs
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .._monotonic import monotonic
from . import _endpoint_actions, _endpoint_files, _xql, agilesec, cortex_xdr, cortex_xsiam, osapi
from ._callbacks import CallbackAuth, callback
from ._cortex import CortexGate
from ._faults import Fault
from ._jwt import signed
from ._scans import ScanPool
from ._script import ScriptedJob, States, has_parts, scripts
from ._server import Cut, Server

VENDORS = (cortex_xsiam.VENDOR, cortex_xdr.VENDOR, agilesec.VENDOR, osapi.VENDOR)

_TOKEN_SECONDS = 86_400


class Asked(NamedTuple):
    """A request that the simulator has answered: when (by its clock), for which job, and with which HTTP status.

    For a request that starts a job, the ref has the last word of the path in place of an id.
    """

    moment: float
    ref: str
    status_code: int


class Simulator:
    """A server on 127.0.0.1, running while its context lasts.

    `speed` makes every script that many times as fast. Cortex accepts `key_id` and `key`. AgileSec and OSAPI accept
    `token`, and the attribute `token`, which is a JWT signed with it. `scan_slots` is how many AgileSec scans run at a
    time. OSAPI answers a submit after `job_timeout` seconds at the latest (of real time, divided by `speed`). `port` 0
    takes any free port. `clock` returns the seconds that scripts go by. `asked` lists the requests that were answered.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        key_id: int = 7,
        key: str = "simulated-key",
        token: str = "simulated-token",  # noqa: S107 - opens nothing but the simulator
        scan_slots: int = 1,
        job_timeout: float = 30.0,
        port: int = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be positive, not {speed!r}")
        if scan_slots < 1:
            raise ValueError(f"scan_slots must be 1 or more, not {scan_slots!r}")
        self.speed = speed
        self.key_id = key_id
        self.key = key
        self.plain_token = token
        self.token: str = signed({"sub": "settled", "exp": int(time.time()) + _TOKEN_SECONDS}, token)
        self.scan_slots = scan_slots
        self.job_timeout = job_timeout
        self.clock = clock
        self.asked: list[Asked] = []
        self.gate: CortexGate = CortexGate(key_id, key)
        self.agilesec: agilesec.Platform = agilesec.Platform(ScanPool(scan_slots))
        self.cortex_xdr: _endpoint_actions.Tenant = _endpoint_actions.Tenant()
        self.queries: dict[str, _xql.QueryPlan] = {}
        self.endpoint_files: _endpoint_files.Sent = _endpoint_files.Sent()
        self.fleet: osapi.Fleet = osapi.Fleet()
        self._jobs: dict[tuple[str, str], ScriptedJob] = {}
        self._epoch: float | None = None
        self._vendors = {kind: vendor for vendor in VENDORS for kind in vendor.kinds}
        routes = [route for vendor in VENDORS for route in vendor.routes(self)]
        self._server = Server(
            Starlette(routes=routes, exception_handlers={HTTPException: _unrouted}), port, self.time_of_day
        )

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

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables that make every `connect_from_env` connect to the simulator."""
        key = {"KEY_ID": str(self.key_id), "KEY": self.key, "KEY_TYPE": "standard"}
        credentials = {
            "CORTEX_XSIAM": key,
            "CORTEX_XDR": key,
            "AGILESEC": {"TOKEN": self.token},
            "OSAPI": {"TOKEN": self.token},
        }
        return {
            f"SETTLED_{vendor}_{name}": value
            for vendor, values in credentials.items()
            for name, value in ({"URL": self.url} | values).items()
        }

    def add(self, kind: str, *, states: States | Mapping[str, States], job_id: str | None = None, **fields: Any) -> str:
        """Add a job of a kind (as in `Job.ref`), and return its id.

        A state is the vendor's word, or the word and how many seconds it lasts (default 0.2); the last one lasts for
        ever. The script starts at once. `states` of an action, a script run or an OSAPI job can also map the names of
        endpoints or agents to each one's own script, and "" as a state says that the vendor does not know it yet.
        `fields` go into the job's replies as they are, but for these: `rows` (XQL: what the query finds, as in
        `plan_query`), `retention` (OSAPI: after so many seconds the job is forgotten), `error` (OSAPI: what an agent
        that fails says, as a text or by agent), `callback_id` and `error_code` (AgileSec).

        Raises:
            ValueError: If there is no such kind or callback, or the script has no state.
            RuntimeError: If the simulator is not running, and the job has a callback.
        """
        return self.make(kind, states, job_id, fields).id

    def plan_scan(
        self,
        sensor_name: str,
        *,
        states: States = agilesec.USUAL_STATES,
        error_code: str | None = None,
        refusal: str | None = None,
    ) -> None:
        """Plan how the AgileSec scans of a sensor go that are submitted from now on.

        Each is queued until its turn comes, and then goes through these states. `error_code` stands in the callback
        of a failed one. With a `refusal`, submits are answered with 200, the status `failed` and this message.

        Raises:
            ValueError: If the script has no state.
        """
        plan = agilesec.Plan(tuple(states), error_code, refusal)
        scripts(plan.states, speed=self.speed, now=0)
        self.agilesec.plans[sensor_name] = plan

    def plan_endpoint(
        self,
        endpoint_id: str,
        *,
        states: States | None = _endpoint_actions.USUAL_STATES,
        output: str | Mapping[str, Any] = "",
        files: _endpoint_files.FileSet | None = None,
    ) -> None:
        """Plan how the Cortex XDR actions and script runs go on an endpoint that are submitted from now on.

        None says that the tenant has no such endpoint; it has every other one, planned or not. Where an action is for
        several endpoints, each goes its own way. `output` is what scripts write there, or fields of their results.
        `files` are what scripts and retrievals bring from there: bytes by path, which come as a ZIP archive, or bytes
        that are sent as they are. Both hold for jobs of `add`, too.

        Raises:
            ValueError: If the script has no state.
        """
        self.endpoint_files.outputs[endpoint_id] = {"standard_output": output} if isinstance(output, str) else output
        if files is not None:
            self.endpoint_files.files[endpoint_id] = files
        if states is not None:
            states = tuple(states) if not isinstance(states, str) else states
            scripts(states, speed=self.speed, now=0)
        self.cortex_xdr.endpoints[endpoint_id] = states

    def plan_submit(self, operation: str, *, refusal: str | None = None, fault: Fault | None = None) -> None:
        """Plan what becomes of the next submits of an operation of Cortex XDR, named as in its path: `isolate`.

        With a `refusal`, they are answered with 200, the status 0 and this message. A `fault` with a status is answered
        before anything is created; any other one, after that. With neither, all is as usual again.

        Raises:
            ValueError: If there is no such operation.
        """
        if operation not in _endpoint_actions.SUBMITS:
            raise ValueError(f"not one of {', '.join(_endpoint_actions.SUBMITS)}: {operation!r}")
        paced = fault and attrs.evolve(fault, delay=fault.delay / self.speed)
        self.cortex_xdr.plans[operation] = _endpoint_actions.Plan(refusal, paced)

    def plan_query(self, query: str, *, rows: _xql.Rows = 3, states: States = _xql.USUAL_STATES, **fields: Any) -> None:
        """Plan how the XQL queries with this text go that are started from now on, and what they find.

        Each goes through these states, and finds these rows, or so many made-up ones. `fields` go into its replies as
        they are, such as `error` of a query that fails.

        Raises:
            ValueError: If the script has no state.
        """
        scripts(states, speed=self.speed, now=0)
        self.queries[query] = _xql.QueryPlan(states, rows, fields)

    def plan_reads(self, operation: str, *faults: Fault) -> None:
        """Say what goes wrong with the next reads of what Cortex XDR's jobs have brought, one fault after the other.

        The operation is named as in its path: `get_script_execution_results`, `get_script_execution_results_files`,
        `file_retrieval_details`, `status` of the quarantine, or `download`.

        Raises:
            ValueError: If there is no such operation.
        """
        if operation not in _endpoint_files.READS:
            raise ValueError(f"not an operation that reads what jobs have brought: {operation!r}")
        self.endpoint_files.faults[operation] = [
            attrs.evolve(fault, delay=fault.delay / self.speed) for fault in faults for _ in range(fault.times)
        ]

    def plan_links(self, *, seconds: float = _endpoint_files.LINK_SECONDS, field: str = "DATA") -> None:
        """Say how long links to files are good for, from now on, and how a script run's reply calls them."""
        self.endpoint_files.link_seconds = seconds / self.speed
        self.endpoint_files.link_field = field

    def register_callback(self, url: str, auth: CallbackAuth = None) -> str:
        """Register an endpoint that is told when an AgileSec scan has ended, and return its id.

        `auth` is None, `("bearer", token)` or `("token", header_name, token)`. An endpoint that cannot be reached is
        told once and in vain.

        Raises:
            ValueError: If the URL cannot be one, or has more than 200 characters.
        """
        callback_id = agilesec.new_id()
        self.agilesec.callbacks[callback_id] = callback(url, auth)
        return callback_id

    def add_agent(self, hostname: str, *, labels: Mapping[str, str] | None = None, state: str = "Ready") -> None:
        """Add an agent to OSAPI's, of which there is one at first, web-01; one of that name is replaced."""
        self.fleet.agents[hostname] = osapi.Agent(hostname, dict(labels or {}), state)

    def plan_command(
        self,
        command: str,
        *,
        states: States | Mapping[str, States] = osapi.USUAL_STATES,
        error: str | None = None,
        answer: Fault | None = None,
    ) -> None:
        """Say how OSAPI's jobs go that run a command, from now on.

        Each agent goes through these states, or through its own ones by host name. `error` is what an agent that fails
        says. The submit is answered with `answer`, although the job was made; without it, as the server does.

        Raises:
            ValueError: If a script has no state.
        """
        by_agent = states if has_parts(states) else {"": states}
        plan = osapi.Plan({name: tuple(each) for name, each in by_agent.items()}, error, answer)
        scripts(plan.states, speed=self.speed, now=0)
        self.fleet.plans[command] = plan

    @property
    def refs(self) -> list[str]:
        """The refs of all jobs there are, those that were submitted as well as those that were added."""
        return [f"{kind}/{job_id}" for kind, job_id in self._jobs]

    def polls(self, job_id: str) -> int:
        """How often a job was polled."""
        return sum(asked.ref.endswith(f"/{job_id}") for asked in self.asked)

    def reset(self) -> None:
        """Forget all jobs, plans, callbacks, agents and requests."""
        self.asked.clear()
        self._jobs.clear()
        self.queries.clear()
        self.cortex_xdr = _endpoint_actions.Tenant()
        self.endpoint_files = _endpoint_files.Sent()
        self._epoch = None
        self.fleet = osapi.Fleet()
        self.agilesec = agilesec.Platform(ScanPool(self.scan_slots))

    def make(
        self, kind: str, states: States | Mapping[str, States], job_id: str | None, fields: dict[str, Any]
    ) -> ScriptedJob:
        """Add a job, as `add` says, and return it."""
        vendor = self._vendors.get(kind)
        if vendor is None:
            raise ValueError(f"not a kind that can be simulated: {kind!r}; the kinds are {', '.join(self._vendors)}")
        if has_parts(states) and not vendor.parts:
            raise ValueError(f"{kind} has no endpoints or agents: states must be a list")
        options = {name: value for name, value in fields.items() if name in vendor.options}
        receiver = self.agilesec.callbacks.get(options.get("callback_id", ""))
        if receiver is None and "callback_id" in options:
            raise ValueError(f"no such callback: {options['callback_id']!r}")
        now = self.clock()
        job = ScriptedJob(
            id=vendor.new_id() if job_id is None else job_id,
            parts=scripts(states, speed=self.speed, now=now),
            fields={name: value for name, value in fields.items() if name not in options},
            options=options,
            created=now,
            epoch=self.time_of_day() - now,
            expires=now + options.get("retention", math.inf) / self.speed,
        )
        self._jobs[kind, job.id] = job
        if receiver is not None:
            self._server.spawn(self.agilesec.call_back(job, receiver, self))
        return job

    def jobs(self, kinds: Collection[str]) -> list[ScriptedJob]:
        """The jobs of some kinds, in the order in which they were added."""
        return [job for (kind, _), job in self._jobs.items() if kind in kinds]

    def job(self, kind: str, job_id: str) -> ScriptedJob | None:
        """A job; None if there is none."""
        return self._jobs.get((kind, job_id))

    def time_of_day(self) -> float:
        """Seconds since 1970, by the simulator's clock since it was first asked."""
        now = self.clock()
        if self._epoch is None:
            self._epoch = time.time() - now
        return self._epoch + now

    def forget(self, kind: str, job_id: str) -> bool:
        """Forget a job; whether there was one."""
        return self._jobs.pop((kind, job_id), None) is not None

    async def answer(
        self, kind: str, job_id: str, reply: Callable[[ScriptedJob], Any], not_found: Response
    ) -> Response:
        """Answer a poll as the job's script says."""
        job = self._jobs.get((kind, job_id))
        now = self.clock()
        if job is None or now >= job.expires:
            return self.note(kind, job_id, not_found)
        fault = job.poll(now)
        made = reply(job)
        answer: Response = made if isinstance(made, Response) else JSONResponse(made)
        return self.note(kind, job_id, answer if fault is None else await self.spoil(kind, answer, fault))

    async def spoil(self, kind: str, answer: Response, fault: Fault) -> Response:
        """What a fault makes of an answer, when it is time."""
        await asyncio.sleep(fault.delay)
        if fault.status is not None:
            body = self._vendors[kind].error(fault.status, "internal error").body if fault.body is None else fault.body
            answer = Response(body, fault.status, {"Content-Type": "application/json"} | dict(fault.headers))
        return answer if fault.cut is None else Cut(answer, within=fault.cut == "within")

    def note(self, kind: str, job_id: str, answer: Response) -> Response:
        """Keep account of an answer, and hand it on."""
        self.asked.append(Asked(self.clock(), f"{kind}/{job_id}", answer.status_code))
        return answer


async def _unrouted(_: Request, error: Any) -> Response:
    # As the router of OSAPI's server answers, the only one that users meet by a wrong address.
    return JSONResponse({"message": error.detail}, error.status_code, error.headers)
