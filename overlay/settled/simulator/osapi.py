"""OSAPI's jobs, for one agent or broadcast to many."""

from __future__ import annotations

import operator
import time
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

# The agent of a job that was added without naming one.
_AGENT = "web-01"

_ENDED = ("completed", "failed", "skipped")
# The words that the timeline tells of, each with what it calls them.
_EVENTS = {"processing": "started"} | {word: word for word in ("acknowledged", "started", "completed", "failed")}
_RESULT = {"exit_code": 0}
_ERRORS = {"failed": "exit status 1", "skipped": "not supported by this host"}


def _error(status: int, message: str, details: str = "") -> Response:
    return JSONResponse(_without_blanks({"error": message, "details": details, "code": status}), status)


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
        return _error(401, "Unauthorized", "a bearer token is required")
    if token == simulator.plain_token:
        return None
    problem = _jwt.problem(token, simulator.plain_token, time.time())
    return None if problem is None else _error(401, "Unauthorized", problem)


def _reply(job: ScriptedJob) -> dict[str, Any]:
    is_broadcast = "" not in job.parts
    agents = {name or _AGENT: script for name, script in job.parts.items() if script.word}
    ended = {name: script for name, script in agents.items() if script.word in _ENDED}
    last = max(ended, key=lambda name: ended[name].began[-1][0], default="")
    status = _overall([script.word for script in agents.values()]) if is_broadcast else job.script.word
    timeline = _timeline(job, agents)
    reply: dict[str, Any] = {
        "id": job.id,
        "status": status,
        "created": timeline[0]["timestamp"],
        "operation": {"type": "command.exec.execute", "data": {"command": "uptime"}},
        "error": _failure(job, last, status) if last else None,
        "hostname": last,
        "updated_at": timeline[-1]["timestamp"],
        "timeline": timeline,
    }
    if is_broadcast:
        reply["responses"] = {name: _response(job, name, script) for name, script in ended.items()}
        reply["agent_states"] = {name: _state(job, name, script) for name, script in agents.items()}
    elif status == "completed":
        reply["result"] = _RESULT
    is_changed = any(script.word == "completed" for script in ended.values())
    return _without_blanks(reply) | {"changed": is_changed or None} | job.fields


def _timeline(job: ScriptedJob, agents: dict[str, Script]) -> list[dict[str, Any]]:
    events = [(job.created, "_api", "submitted")]
    for name, script in agents.items():
        events += [(moment, name, word) for moment, word in script.began if word in _EVENTS]
    return [
        _without_blanks(
            {
                "timestamp": _timestamp(job, moment),
                "event": _EVENTS.get(word, word),
                "hostname": name,
                "message": f"{word} by {name}",
                "error": _failure(job, name, word),
            }
        )
        for moment, name, word in sorted(events, key=operator.itemgetter(0))
    ]


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
        response |= {"data": _RESULT, "changed": True}
    return _without_blanks(response)


def _state(job: ScriptedJob, name: str, script: Script) -> dict[str, Any]:
    started = next((moment for moment, word in script.began if _EVENTS.get(word) == "started"), None)
    ended, word = script.began[-1]
    duration = f"{round(ended - started, 3):g}s" if started is not None and word in _ENDED else None
    return _without_blanks({"status": word, "error": _failure(job, name, word), "duration": duration})


def _failure(job: ScriptedJob, name: str, word: str) -> str | None:
    """What an agent says of its failure; None if it has not failed."""
    if word not in _ERRORS:
        return None
    own: Any = job.options.get("error", {})
    text: str = own if isinstance(own, str) else own.get(name, _ERRORS[word])
    return text


def _timestamp(job: ScriptedJob, moment: float) -> str:
    """The time of day as the server writes it, with nine digits of a second."""
    seconds, nanoseconds = divmod(int((job.epoch + moment) * 1e9), 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def _without_blanks(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}


_OPTIONS = frozenset({"error", "retention"})
VENDOR = Vendor(kinds=(KIND,), routes=_routes, new_id=new_uuid, error=_error, parts=True, options=_OPTIONS)
