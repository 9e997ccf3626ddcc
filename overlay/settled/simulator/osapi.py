"""OSAPI's jobs, for one agent or broadcast to many.

A job fails and is run again, as the real server does it, with a script: `["failed", "completed"]`. The agent's state
keeps the error of the earlier run then.
"""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import _jwt
from ._script import Script, ScriptedJob
from ._vendor import Vendor, is_uuid, new_uuid

if TYPE_CHECKING:
    from ._simulator import Simulator

KIND = "osapi.job"

# What the server replaces in the keys of `responses`.
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
# The agent of a job that was added without naming one.
_AGENT = "web-01"

_ENDED = ("completed", "failed", "skipped")
# The words that the timeline tells of, each with what it calls them.
_EVENTS = {"processing": "started"} | {word: word for word in ("acknowledged", "started", *_ENDED)}
_RESULT = {"changed": True, "duration_ms": 1, "exit_code": 0, "stderr": "", "stdout": ""}
_ERRORS = {"failed": "exit status 1", "skipped": "not supported by this host"}


def _error(status: int, message: str) -> Response:
    # The real server leaves out the documented details and code.
    return JSONResponse({"error": message}, status)


def _fault(status: int, message: str) -> Response:
    # The server says the same of a job that it cannot look up at present.
    return _error(status, "job not found" if status == 404 else message)


def _routes(simulator: Simulator) -> list[Route]:
    async def get_job(request: Request) -> Response:
        job_id: str = request.path_params["job_id"]
        refusal = _unauthorized(simulator, request)
        if refusal is None and not is_uuid(job_id):
            # Of another form than the documented one: a layer in front of the operation reads the path.
            refusal = JSONResponse({"message": f"Invalid format for parameter id: {job_id!r} is no UUID"}, 400)
        if refusal is not None:
            return simulator.note(KIND, job_id, refusal)
        return await simulator.answer(KIND, job_id, _reply, _error(404, f"job not found: {job_id}"))

    return [Route(f"{prefix}/job/{{job_id}}", get_job, methods=["GET"]) for prefix in ("", "/api")]


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
        "operation": {"type": "command.exec.execute", "data": {"command": "uptime"}},
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
    """What an agent reports: each of its runs is acknowledged and started, though the script may leave that out."""
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
    """What the server makes of its agents' words: it knows of no agent that has not yet begun."""
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
    # What is skipped takes no time, and an end without a start is one that followed at once.
    is_timed = word in ("completed", "failed")
    duration = f"{round(ended - (ended if began is None else began), 3):g}s" if is_timed else None
    # The server never clears the error of an earlier run.
    failures = [failure for _, each in script.began if (failure := _failure(job, name, each)) is not None]
    return _without_blanks(
        {"status": _EVENTS.get(word, word), "error": failures[-1] if failures else None, "duration": duration}
    )


def _failure(job: ScriptedJob, name: str, word: str) -> str | None:
    """What an agent says of its failure; None if it has not failed."""
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
