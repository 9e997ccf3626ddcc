"""Cortex XDR's actions and script runs, each of which has one script of states for each endpoint, and its queries."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import _endpoint_actions, _endpoint_files, _xql
from ._cortex import Refusal, cortex_error, request_data
from ._endpoint_actions import ACTION, ENDPOINT, SCRIPT_EXECUTION
from ._script import ScriptedJob
from ._vendor import Vendor

if TYPE_CHECKING:
    from ._simulator import Simulator

# The words that a script run has counters for, and the words that end it on an endpoint.
_COUNTED = (
    "PENDING",
    "CANCELED",
    "IN_PROGRESS",
    "TIMEOUT",
    "FAILED",
    "COMPLETED_SUCCESSFULLY",
    "PENDING_ABORT",
    "ABORTED",
    "EXPIRED",
)
_ENDED = {*_COUNTED, "CANCELLED", "COMPLETED_PARTIAL"} - {"PENDING", "IN_PROGRESS", "PENDING_ABORT"}


def _new_id() -> str:
    # Above 2**53, so that a client that reads ids as floating-point numbers gets them wrong.
    return str(2**53 + secrets.randbelow(2**63 - 2**53))


def _routes(simulator: Simulator) -> list[Route]:
    def lookup(
        path: str, kind: str, *, field: str, of: type, reply: Callable[[ScriptedJob], Any], unknown: dict[str, Any]
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            job_id = ""
            refused = None
            try:
                data = await request_data(request)
                job_id = str(data.get(field, ""))
                if type(data.get(field)) is not of:
                    raise Refusal(400, f"{field} must be {of.__name__}: {job_id}")  # noqa: TRY301 - one form for all
            except Refusal as refusal:
                refused = refusal.answer()
            refused = simulator.gate.refusal(request) or refused
            if refused is not None:
                return simulator.note(kind, job_id, refused)
            return await simulator.answer(kind, job_id, reply, JSONResponse({"reply": unknown}))

        return Route(path, endpoint, methods=["POST"])

    return [
        *_endpoint_actions.routes(simulator),
        *_endpoint_files.routes(simulator),
        lookup(
            "/public_api/v1/actions/get_action_status",
            ACTION,
            field="group_action_id",
            of=int,
            reply=_action_reply,
            unknown={"data": {}},
        ),
        lookup(
            "/public_api/v1/scripts/get_script_execution_status",
            SCRIPT_EXECUTION,
            field="action_id",
            of=str,
            reply=_script_reply,
            unknown={"error_message": "there is no such action"},
        ),
        *_xql.xql_routes(simulator),
    ]


def _words(job: ScriptedJob) -> dict[str, str]:
    return {name or ENDPOINT: script.word for name, script in job.parts.items() if script.word}


def _action_reply(job: ScriptedJob) -> dict[str, Any]:
    return {"reply": {"data": _words(job)} | job.fields}


def _script_reply(job: ScriptedJob) -> dict[str, Any]:
    # The counter is spelt with one L, whatever the endpoint says.
    words = [word.replace("CANCELLED", "CANCELED") for word in _words(job).values()]
    counters = {f"endpoints_{word.lower()}": words.count(word) for word in _COUNTED}
    return {"reply": {"general_status": _general_status(set(words)), "error_message": ""} | counters | job.fields}


def _general_status(words: set[str]) -> str:
    if len(words) <= 1:
        return next(iter(words), "PENDING")
    running = words - _ENDED
    if running:
        return "PENDING_ABORT" if running == {"PENDING_ABORT"} else "IN_PROGRESS"
    return "COMPLETED_PARTIAL" if words & {"COMPLETED_SUCCESSFULLY", "COMPLETED_PARTIAL"} else "FAILED"


VENDOR = Vendor(
    kinds=(ACTION, SCRIPT_EXECUTION, _xql.KINDS[0]),
    routes=_routes,
    new_id=_new_id,
    error=cortex_error,
    parts=True,
    options=_xql.OPTIONS,
)
