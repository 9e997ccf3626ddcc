"""OSAPI's jobs, for one agent or broadcast to many, added by a test or submitted as commands.

The real server runs a failed job again: the states `["failed", "completed"]` simulate that, and the agent's state then
keeps the error of the earlier run. The server replies to a submit when the agents have ended, or after its time limit.
"""

from __future__ import annotations

import asyncio
import operator
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .._http.error_body import is_list, is_object
from .._monotonic import monotonic
from . import _jwt
from ._faults import Fault
from ._script import Script, ScriptedJob, State
from ._vendor import Vendor, is_uuid, json_of, new_uuid

if TYPE_CHECKING:
    from ._simulator import Simulator

KIND = "osapi.job"

# What the server replaces in the keys of `responses`.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
# The agent of a job that was added without naming one.
_AGENT = "web-01"

_ENDED = ("completed", "failed", "skipped")
# The words that appear in the timeline, each with its name there.
_EVENTS = {"processing": "started"} | {word: word for word in ("acknowledged", "started", *_ENDED)}
_OPERATION = {"type": "command.exec.execute", "data": {"command": "uptime"}}
_RESULT = {"changed": True, "duration_ms": 1, "exit_code": 0, "stderr": "", "stdout": ""}
_ERRORS = {"failed": "exit status 1", "skipped": "not supported by this host"}

# The states of a command without a plan. It ends at once, so that its submit returns under virtual time, too.
USUAL_STATES: tuple[State | Fault, ...] = (("acknowledged", 0), ("started", 0), "completed")

_LISTED = ("submitted", "processing", "completed", "failed", "partial_failure")
_LOOK_SECONDS = 0.01
_MAX_PAGE = 100
# How long a command may run, by default and at most.
_AGENT_SECONDS = 30
_MAX_AGENT_SECONDS = 300
_LABEL = re.compile(r"[A-Za-z0-9_-]+:[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@attrs.frozen
class Plan:
    """The states of a command's jobs by agent (under "" those of any other), and what replies say of them."""

    states: Mapping[str, tuple[State | Fault, ...]]
    error: str | None = None
    answer: Fault | None = None


@attrs.frozen
class Agent:
    """An agent: its host, its labels, whether it takes jobs, and its machine's id."""

    hostname: str
    labels: dict[str, str] = attrs.field(factory=dict[str, str])
    state: str = "Ready"
    machine_id: str = attrs.field(factory=lambda: uuid.uuid4().hex)


@attrs.frozen
class Fleet:
    """What a server knows besides its jobs: its agents by host name, and plans by command."""

    agents: dict[str, Agent] = attrs.field(factory=lambda: {_AGENT: Agent(_AGENT, {"group": "web.dev"})})
    plans: dict[str, Plan] = attrs.field(factory=dict[str, Plan])

    def agents_for(self, target: str) -> list[str]:
        """The hosts whose agents a target is for."""
        if target not in ("_any", "_all") and ":" not in target:
            return [each.hostname for each in self.agents.values() if target in (each.hostname, each.machine_id)]
        key, _, value = target.partition(":")
        hosts = [
            agent.hostname
            for agent in self.agents.values()
            if agent.state == "Ready"
            if target in ("_any", "_all") or f"{agent.labels.get(key, '')}.".startswith(f"{value}.")
        ]
        return hosts[:1] if target == "_any" else hosts


def _error(status: int, message: str) -> Response:
    # The real server leaves out the documented details and code.
    return JSONResponse({"error": message}, status)


def _fault(status: int, message: str) -> Response:
    # The server also replies "job not found" when it cannot look a job up at present.
    return _error(status, "job not found" if status == 404 else message)


def _routes(simulator: Simulator) -> list[Route]:
    def guarded(answer: Callable[[Request], Awaitable[Response]], *, notes: bool = True) -> Callable[[Request], Any]:
        """An operation that first checks the token, and the form of the id in the path, if there is one."""

        async def operation(request: Request) -> Response:
            job_id: str | None = request.path_params.get("job_id")
            refusal = _unauthorized(simulator, request)
            if refusal is None and job_id is not None and not is_uuid(job_id):
                # This error has another form than the documented one: it comes from the router, which reads the path.
                refusal = JSONResponse({"message": f"Invalid format for parameter id: {job_id!r} is no UUID"}, 400)
            result = await answer(request) if refusal is None else refusal
            what = job_id or request.url.path.rpartition("/")[2]
            return simulator.note(KIND, what, result) if notes or refusal is not None else result

        return operation

    async def get_or_delete_job(request: Request) -> Response:
        job_id: str = request.path_params["job_id"]
        if request.method != "DELETE":
            return await simulator.answer(KIND, job_id, _reply, _unknown(job_id))
        deleted = Response(status_code=204) if simulator.forget(KIND, job_id) else _unknown(job_id)
        return simulator.note(KIND, job_id, deleted)

    async def retry_job(request: Request) -> Response:
        body: Any = await json_of(request) if await request.body() else {}
        target: Any = body.get("target_hostname", "_any") if is_object(body) else None
        job_id: str = request.path_params["job_id"]
        old = next((job for job in _jobs(simulator) if job.id == job_id), None)
        if old is None:
            return _unknown(job_id)
        problem = "the body is not an object" if target is None else _problem_of_target(simulator.fleet, target)
        if problem is not None:
            return _error(400, problem)
        # A retry takes a host name literally, and no agent has such a machine id: none takes the job.
        reached = "" if target in simulator.fleet.agents else str(target)
        new = _make(simulator, reached, old.fields.get("operation", _OPERATION))
        answer = {"job_id": new.id, "status": "created", "revision": len(_jobs(simulator))}
        plan = _plan(simulator, new.fields["operation"])
        made = JSONResponse(answer | {"timestamp": _timestamp(new, new.created)}, 201)
        return made if plan.answer is None else await simulator.spoil(KIND, made, plan.answer)

    async def list_jobs(request: Request) -> Response:
        asked = {"limit": "10", "offset": "0"} | dict(request.query_params)
        status, limit, offset = asked.get("status"), asked["limit"], asked["offset"]
        if not (limit.isdecimal() and 1 <= int(limit) <= _MAX_PAGE and offset.isdecimal()):
            return _error(400, "Field validation for 'Limit' or 'Offset' failed")
        if status is not None and status not in _LISTED:
            return _error(400, f"Field validation for 'Status' failed on the 'oneof' tag: {status!r:.80}")
        replies = [_reply(job) for job in sorted(_jobs(simulator), key=lambda job: job.id, reverse=True)]
        matching = [reply for reply in replies if status is None or reply.get("status", "submitted") == status]
        page = matching[int(offset) : int(offset) + int(limit)]
        hidden = ("responses", "agent_states", "timeline")
        return JSONResponse(
            {
                "total_items": len(matching),
                "status_counts": {word: sum(each.get("status") == word for each in replies) for word in _LISTED}
                if replies
                else None,
                "items": [{name: each[name] for name in each if name not in hidden} for each in page],
            }
        )

    async def list_agents(_: Request) -> Response:
        fields = [
            {"machine_id": agent.machine_id, "hostname": agent.hostname, "status": "Ready"}
            | {"state": agent.state, "labels": agent.labels}
            for agent in simulator.fleet.agents.values()
        ]
        return JSONResponse({"agents": [_without_blanks(each) for each in fields], "total": len(fields)})

    async def run_command(request: Request) -> Response:
        target: str = request.path_params["target"]
        way = request.url.path.rpartition("/")[2]
        body: Any = await json_of(request) if await request.body() else {}
        problem = _problem_of_target(simulator.fleet, target) or _problem_of_command(body, way)
        if problem is not None:
            return _error(400, problem)
        data = _without_blanks({name: body.get(name) for name in ("command", "args", "cwd", "timeout")})
        job = _make(simulator, target, {"type": f"command.{way}.execute", "data": data})
        plan = _plan(simulator, job.fields["operation"])
        if plan.answer is None:
            return await _submit_response(simulator, job, target)
        return await simulator.spoil(KIND, _submitted(job), plan.answer)

    return [
        Route(f"{prefix}{path}", guarded(answer, notes=answer is not get_or_delete_job), methods=methods.split())
        for prefix in ("", "/api")
        for methods, path, answer in (
            ("GET", "/job", list_jobs),
            ("GET DELETE", "/job/{job_id}", get_or_delete_job),
            ("POST", "/job/{job_id}/retry", retry_job),
            ("POST", "/node/{target}/command/exec", run_command),
            ("POST", "/node/{target}/command/shell", run_command),
            ("GET", "/agent", list_agents),
        )
    ]


def _jobs(simulator: Simulator) -> list[ScriptedJob]:
    """The jobs that are not forgotten, as they are now."""
    now = simulator.clock()
    jobs = [job for job in simulator.jobs((KIND,)) if now < job.expires]
    for job in jobs:
        job.advance(now)
    return jobs


def _unknown(job_id: str) -> Response:
    return _error(404, f"job not found: {job_id}")


def _problem_of_target(fleet: Fleet, target: Any) -> str | None:
    if target in ("_any", "_all"):
        return None
    is_target = isinstance(target, str) and (":" not in target or _LABEL.fullmatch(target) is not None)
    return None if is_target and fleet.agents_for(target) else f"target agent {target!r:.80} not found"


def _problem_of_command(body: Any, way: str) -> str | None:
    """What the server finds wrong with the body of a submit."""
    if not is_object(body):
        return "the body is not an object"
    args: Any = body.get("args", [])
    timeout: Any = body.get("timeout", _AGENT_SECONDS)
    if not (isinstance(body.get("command"), str) and body["command"]):
        return "Field validation for 'Command' failed on the 'required' tag"
    if way == "exec" and not (is_list(args) and all(isinstance(each, str) for each in args)):
        return "Field validation for 'Args' failed"
    if not isinstance(body.get("cwd", ""), str):
        return "Field validation for 'Cwd' failed"
    if not (type(timeout) is int and 1 <= timeout <= _MAX_AGENT_SECONDS):
        return "Field validation for 'Timeout' failed on the 'min' or 'max' tag"
    return None


def _plan(simulator: Simulator, operation: dict[str, Any]) -> Plan:
    return simulator.fleet.plans.get(operation.get("data", {}).get("command"), Plan({"": USUAL_STATES}))


def _make(simulator: Simulator, target: str, operation: dict[str, Any]) -> ScriptedJob:
    plan = _plan(simulator, operation)
    states = {
        host: plan.states.get(host, plan.states.get("", USUAL_STATES)) for host in simulator.fleet.agents_for(target)
    }
    fields: dict[str, Any] = {"operation": operation} | ({} if plan.error is None else {"error": plan.error})
    # A job that no agent takes stays where it is.
    return simulator.make(KIND, states or ["submitted"], None, fields)


async def _submit_response(simulator: Simulator, job: ScriptedJob, target: str) -> Response:
    """The reply to a submit, once the agents have ended or the server's time limit is over."""
    end = monotonic() + simulator.job_timeout / simulator.speed
    while True:
        job.advance(simulator.clock())
        is_ended = "" not in job.parts and all(script.word in _ENDED for script in job.parts.values())
        if is_ended or monotonic() >= end:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    answered = [script.word for script in job.parts.values() if script.word in _ENDED]
    if target == "_all" or ":" in target:
        if answered:
            return _submitted(job)
        return _error(
            500,
            "failed to collect broadcast responses: timeout waiting for broadcast responses: no agents responded",
        )
    if not answered:
        return _error(500, "failed to publish and wait: timeout waiting for job response: context deadline exceeded")
    if answered == ["failed"]:
        return _error(500, f"job failed: {_reply(job)['error']}")
    return _submitted(job)


def _submitted(job: ScriptedJob) -> Response:
    """The reply with the job's id and each agent's result; an agent that has not ended counts as failed."""
    results: list[dict[str, Any]] = []
    for name, script in job.parts.items() if "" not in job.parts else ():
        if script.word == "completed":
            results.append({"hostname": name, "status": "ok"} | _RESULT)
        elif script.word in _ENDED:
            results.append({"hostname": name, "status": script.word, "error": _failure(job, name, script.word)})
        else:
            results.append({"hostname": name, "status": "failed", "error": "timeout: agent did not respond"})
    return JSONResponse({"job_id": job.id, "results": results}, 202)


def _unauthorized(simulator: Simulator, request: Request) -> Response | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return _error(401, "Bearer token required")
    if token == simulator.plain_token:
        return None
    problem = _jwt.problem(token, simulator.plain_token, time.time())
    return None if problem is None else _error(401, f"Invalid token: {problem}")


def _reply(job: ScriptedJob) -> dict[str, Any]:
    is_broadcast = "" not in job.parts
    # Until an agent has taken a job, the status is the server's own.
    agents = {
        name or _AGENT: script
        for name, script in job.parts.items()
        if (script.word if is_broadcast else script.word in _EVENTS)
    }
    ended = {name: script for name, script in agents.items() if script.word in _ENDED}
    last = max(ended, key=lambda name: ended[name].began[-1][0], default="")
    status = _overall([script.word for script in agents.values()]) if is_broadcast else job.script.word
    reply: dict[str, Any] = {
        "id": job.id,
        "status": status,
        "created": _timestamp(job, job.created),
        "operation": _OPERATION,
        "error": _failure(job, last, status) if last else None,
        "hostname": None if status == "skipped" else last,
        "updated_at": _timestamp(
            job, max([job.created, *(script.began[-1][0] for script in agents.values())]), digits=9
        ),
        "timeline": _timeline(job, agents),
        "responses": {_UNSAFE.sub("_", name): _response(job, name, script) for name, script in ended.items()},
        "agent_states": {name: _state(job, name, script) for name, script in agents.items()},
    }
    if status == "completed" and len(ended) == 1:
        reply["result"] = _RESULT
    is_changed = any(script.word == "completed" for script in ended.values())
    return _without_blanks(reply) | {"changed": is_changed or None} | job.fields


def _timeline(job: ScriptedJob, agents: dict[str, Script]) -> list[dict[str, Any]]:
    events = [(moment, name, word) for name, script in agents.items() for moment, word in _events(script)]
    return [
        _without_blanks(
            {
                "timestamp": _timestamp(job, moment),
                "event": word,
                "hostname": name,
                "message": f"{word} by {name}",
                "error": _failure(job, name, word),
            }
        )
        for moment, name, word in sorted(events, key=operator.itemgetter(0))
    ]


def _events(script: Script) -> Iterator[tuple[float, str]]:
    """An agent's events: each run is acknowledged and started first, even if the script leaves that out."""
    reported: set[str] = set()
    for moment, word in script.began:
        event = _EVENTS.get(word)
        if event is None:
            continue
        before = {"acknowledged": (), "started": ("acknowledged",)}.get(event, ("acknowledged", "started"))
        for each in (*before, event):
            if each not in reported:
                reported.add(each)
                yield moment, each
        if event in _ENDED:
            reported.clear()


def _overall(words: list[str]) -> str:
    """The job's status, which the server computes from the agents that have begun; it knows of no others."""
    if not words:
        return "submitted"
    if any(word not in _ENDED for word in words):
        return "processing"
    if "failed" in words:
        return "partial_failure" if "completed" in words else "failed"
    return "completed" if "completed" in words else "skipped"


def _response(job: ScriptedJob, name: str, script: Script) -> dict[str, Any]:
    response: dict[str, Any] = {"status": script.word, "hostname": name, "error": _failure(job, name, script.word)}
    if script.word == "completed":
        response["data"] = _RESULT
    return _without_blanks(response) | {"changed": True if script.word == "completed" else None}


def _state(job: ScriptedJob, name: str, script: Script) -> dict[str, Any]:
    began = next((moment for moment, word in script.began if _EVENTS.get(word) == "started"), None)
    ended, word = script.began[-1]
    # A skipped run has no duration; an end without a start followed the start at once.
    is_timed = word in ("completed", "failed")
    duration = f"{round(ended - (ended if began is None else began), 3):g}s" if is_timed else None
    # The server never clears the error of an earlier run.
    failures = [failure for _, each in script.began if (failure := _failure(job, name, each)) is not None]
    return _without_blanks(
        {"status": _EVENTS.get(word, word), "error": failures[-1] if failures else None, "duration": duration}
    )


def _failure(job: ScriptedJob, name: str, word: str) -> str | None:
    """An agent's error for a word of its script; None if that is not a failure."""
    if word not in _ERRORS:
        return None
    own: Any = job.options.get("error", {})
    text: str = own if isinstance(own, str) else own.get(name, _ERRORS[word])
    return text


def _timestamp(job: ScriptedJob, moment: float, *, digits: int = 0) -> str:
    """The time of day as the server writes it: in whole seconds, or with so many digits of a second."""
    seconds, nanoseconds = divmod(int((job.epoch + moment) * 1e9), 10**9)
    fraction = f".{nanoseconds:09d}"[: digits + 1] if digits else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _without_blanks(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}


_OPTIONS = frozenset({"error", "retention"})
VENDOR = Vendor(kinds=(KIND,), routes=_routes, new_id=new_uuid, error=_fault, parts=True, options=_OPTIONS)
