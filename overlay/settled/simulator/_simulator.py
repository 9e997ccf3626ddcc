"""The simulator itself: jobs that follow scripts, behind the routes of every vendor.

A test adds jobs and makes plans from its own thread, while the server replies from another one. Each vendor registers
itself as a `Vendor`; what they share, jobs and faults and the list of requests, is here.
"""

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
from ._script import ScriptedJob, States, checked, has_parts, scripts
from ._server import Cut, Server

VENDORS = (cortex_xsiam.VENDOR, cortex_xdr.VENDOR, agilesec.VENDOR, osapi.VENDOR)

_TOKEN_SECONDS = 86_400


class Asked(NamedTuple):
    """A request that the simulator has replied to: when (by its clock), for which job, with which HTTP status.

    The ref of a request that starts a job has the last word of the path in place of an id.
    """

    moment: float
    ref: str
    status_code: int


class Simulator:
    """A server on 127.0.0.1, running while its context lasts.

    `speed` makes every script that many times as fast. Cortex accepts `key_id` and `key`. AgileSec and OSAPI accept the
    argument `token`, and the attribute `token`, which is a JWT signed with it. `scan_slots` is how many AgileSec scans
    run at a time. OSAPI replies to a submit after `job_timeout` seconds at the latest (of real time, divided by
    `speed`). `port` 0 takes any free port. `clock` returns the seconds that scripts go by. `asked` lists the requests
    that had a reply.
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
        # OSAPI checks a signature, AgileSec compares texts: each takes either form.
        self.plain_token = token
        self.token: str = signed({"sub": "settled", "exp": int(time.time()) + _TOKEN_SECONDS}, token)
        self.scan_slots = scan_slots
        self.job_timeout = job_timeout
        self.clock = clock
        self.asked: list[Asked] = []
        self.gate: CortexGate = CortexGate(key_id, key)
        self.reset()
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
        """The address to connect to, the same for every vendor."""
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

        A state is the vendor's word, or the word and its duration in seconds (default 0.2); the last state never ends.
        The script starts at once. For an action, a script run or an OSAPI job, `states` can also map endpoints or
        agents to scripts of their own; the state "" means that the vendor does not know the endpoint or agent yet.

        `fields` go into the job's replies as they are, except these: `rows` (XQL: what the query finds, as in
        `plan_query`), `retention` (OSAPI: the seconds after which the job is forgotten), `error` (OSAPI: the error of
        an agent that fails, as a text or by agent), `callback_id` and `error_code` (AgileSec).

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
        """Plan the AgileSec scans of a sensor that are submitted from now on.

        Each is queued until its turn comes, and then goes through these states. `error_code` goes into the callback of
        a failed scan. With a `refusal`, the reply to a submit is a 200 with the status `failed` and this message.

        Raises:
            ValueError: If the script has no state.
        """
        self.agilesec.plans[sensor_name] = agilesec.Plan(checked(states), error_code, refusal)

    def plan_endpoint(
        self,
        endpoint_id: str,
        *,
        states: States | None = _endpoint_actions.USUAL_STATES,
        output: str | Mapping[str, Any] = "",
        files: _endpoint_files.FileSet | None = None,
    ) -> None:
        """Plan the Cortex XDR actions and script runs on an endpoint that are submitted from now on.

        With None as `states`, the tenant has no such endpoint; it has every other one, planned or not. An action on
        several endpoints goes through each one's own states. `output` is what scripts write there, or fields of their
        results. `files` are what scripts and retrievals bring from there: bytes by path, sent as a ZIP archive, or
        bytes that are sent as they are. Both also apply to jobs of `add`.

        Raises:
            ValueError: If the script has no state.
        """
        planned = None if states is None else checked(states)
        self.endpoint_files.outputs[endpoint_id] = {"standard_output": output} if isinstance(output, str) else output
        if files is not None:
            self.endpoint_files.files[endpoint_id] = files
        self.cortex_xdr.endpoints[endpoint_id] = planned

    def plan_submit(self, operation: str, *, refusal: str | None = None, fault: Fault | None = None) -> None:
        """Plan the next submits of a Cortex XDR operation, named as in its path, such as `isolate`.

        With a `refusal`, the reply is a 200 with the status 0 and this message. A `fault` with a status replaces the
        submit, so nothing is created; any other fault spoils the reply after the action was created. With neither,
        submits work as usual again.

        Raises:
            ValueError: If there is no such operation.
        """
        if operation not in _endpoint_actions.SUBMITS:
            raise ValueError(f"not one of {', '.join(_endpoint_actions.SUBMITS)}: {operation!r}")
        paced = fault and attrs.evolve(fault, delay=fault.delay / self.speed)
        self.cortex_xdr.plans[operation] = _endpoint_actions.Plan(refusal, paced)

    def plan_query(self, query: str, *, rows: _xql.Rows = 3, states: States = _xql.USUAL_STATES, **fields: Any) -> None:
        """Plan the XQL queries with this text that are started from now on.

        Each goes through these states, and finds these rows, or so many made-up ones. `fields` go into its replies as
        they are, such as the `error` of a query that fails.

        Raises:
            ValueError: If the script has no state.
        """
        self.queries[query] = _xql.QueryPlan(checked(states), rows, fields)

    def plan_reads(self, operation: str, *faults: Fault) -> None:
        """Plan the faults of the next reads of what Cortex XDR's jobs have brought, one after the other.

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
        """Plan how long new links to files are valid, and the name of the field that has them for a script run."""
        self.endpoint_files.link_seconds = seconds / self.speed
        self.endpoint_files.link_field = field

    def register_callback(self, url: str, auth: CallbackAuth = None) -> str:
        """Register an endpoint for callbacks about AgileSec scans that have ended, and return its id.

        `auth` is None, `("bearer", token)` or `("token", header_name, token)`. Each callback is sent once, even if the
        endpoint cannot be reached.

        Raises:
            ValueError: If the URL is not valid, or has more than 200 characters.
        """
        callback_id = agilesec.new_id()
        self.agilesec.callbacks[callback_id] = callback(url, auth)
        return callback_id

    def add_agent(self, hostname: str, *, labels: Mapping[str, str] | None = None, state: str = "Ready") -> None:
        """Add an OSAPI agent, or replace the one of that name; at first there is one, web-01."""
        self.fleet.agents[hostname] = osapi.Agent(hostname, dict(labels or {}), state)

    def plan_command(
        self,
        command: str,
        *,
        states: States | Mapping[str, States] = osapi.USUAL_STATES,
        error: str | None = None,
        answer: Fault | None = None,
    ) -> None:
        """Plan the OSAPI jobs that run a command from now on.

        Each agent goes through these states, or through its own ones by host name. `error` is the error of an agent
        that fails. `answer` replaces or spoils the reply to the submit, although the job was created.

        Raises:
            ValueError: If a script has no state.
        """
        by_agent = states if has_parts(states) else {"": states}
        plan = {name: checked(each) for name, each in by_agent.items()}
        if not plan:
            raise ValueError("a job needs at least one state")
        self.fleet.plans[command] = osapi.Plan(plan, error, answer)

    @property
    def refs(self) -> list[str]:
        """The refs of all jobs, both submitted and added."""
        return [f"{kind}/{job_id}" for kind, job_id in self._jobs]

    def polls(self, job_id: str) -> int:
        """How often a job was polled."""
        return sum(asked.ref.endswith(f"/{job_id}") for asked in self.asked)

    def reset(self) -> None:
        """Forget all jobs, plans, callbacks, agents and requests."""
        self.asked.clear()
        self.agilesec: agilesec.Platform = agilesec.Platform(ScanPool(self.scan_slots))
        self.cortex_xdr: _endpoint_actions.Tenant = _endpoint_actions.Tenant()
        self.queries: dict[str, _xql.QueryPlan] = {}
        self.endpoint_files: _endpoint_files.EndpointFiles = _endpoint_files.EndpointFiles()
        self.fleet: osapi.Fleet = osapi.Fleet()
        self._jobs: dict[tuple[str, str], ScriptedJob] = {}
        # Set when first asked, because the clock may be replaced before.
        self._epoch: float | None = None

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
        """The reply to a poll, as the job's script has it."""
        job = self._jobs.get((kind, job_id))
        now = self.clock()
        if job is None or now >= job.expires:
            return self.note(kind, job_id, not_found)
        # The reply is made in any case: a fault without a status spoils it, and does not replace it.
        fault = job.poll(now)
        made = reply(job)
        answer: Response = made if isinstance(made, Response) else JSONResponse(made)
        return self.note(kind, job_id, answer if fault is None else await self.spoil(kind, answer, fault))

    async def spoil(self, kind: str, answer: Response, fault: Fault) -> Response:
        """A reply as a fault changes it, after the fault's delay."""
        # In real time, also under a virtual clock: a slow reply is the network's.
        await asyncio.sleep(fault.delay)
        if fault.status is not None:
            body = self._vendors[kind].error(fault.status, "internal error").body if fault.body is None else fault.body
            answer = Response(body, fault.status, {"Content-Type": "application/json"} | dict(fault.headers))
        return answer if fault.cut is None else Cut(answer, within=fault.cut == "within")

    def note(self, kind: str, job_id: str, answer: Response) -> Response:
        """Add a reply to `asked`, and return it."""
        self.asked.append(Asked(self.clock(), f"{kind}/{job_id}", answer.status_code))
        return answer


async def _unrouted(_: Request, error: Any) -> Response:
    # The form of OSAPI's router: its users are the ones who meet a 404 by a wrong address, without the path /api.
    return JSONResponse({"message": error.detail}, error.status_code, error.headers)
