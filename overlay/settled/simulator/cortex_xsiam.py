"""Cortex XSIAM's BYOS import jobs."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ._cortex import CortexGate
from ._script import ScriptedJob

if TYPE_CHECKING:
    from ._simulator import Simulator

KINDS = ("cortex_xsiam.byos_import",)

_ERROR_LOGS = {"COMPLETED_WITH_ERRORS": "3 of 40 assets have no host name", "FAILED": "the report cannot be parsed"}


def new_id() -> str:
    """An id for a new job."""
    return str(uuid.uuid4())


def routes(simulator: Simulator) -> list[Route]:
    """The API's routes."""
    gate = CortexGate(simulator.key_id, simulator.key)
    path = "/public_api/vulnerability-management/v1/external-scans/assets/jobs/{job_id}"

    async def get_byos_import_job(request: Request) -> Response:
        job_id: str = request.path_params["job_id"]
        refusal = gate.refusal(request) or _invalid_id(job_id)
        if refusal is not None:
            return simulator.note(KINDS[0], job_id, refusal)
        return await simulator.answer(KINDS[0], job_id, _reply, _not_found)

    return [Route(path, get_byos_import_job, methods=["GET"])]


def _reply(job: ScriptedJob) -> dict[str, Any]:
    now = datetime.fromtimestamp(time.time(), UTC).isoformat().replace("+00:00", "Z")
    job.fields.setdefault("created_timestamp", now)
    return {
        "job_id": job.id,
        "job_status": job.status,
        "last_updated": now,
        "error_log": _ERROR_LOGS.get(job.status),
    } | job.fields


def _not_found(job_id: str) -> Response:
    return JSONResponse({"detail": f"Job with id '{job_id}' not found"}, 404)


def _invalid_id(job_id: str) -> Response | None:
    try:
        uuid.UUID(job_id)
    except ValueError:
        problem = {"loc": ["path", "job_id"], "msg": "Input should be a valid UUID", "type": "uuid_parsing"}
        return JSONResponse({"detail": [problem]}, 422)
    return None
