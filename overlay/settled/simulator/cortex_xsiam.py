"""Cortex XSIAM's BYOS import jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ._cortex import cortex_error
from ._script import ScriptedJob
from ._vendor import Vendor, is_uuid, new_uuid

if TYPE_CHECKING:
    from ._simulator import Simulator

KIND = "cortex_xsiam.byos_import"

_ERROR_LOGS = {"COMPLETED_WITH_ERRORS": "3 of 40 assets have no host name", "FAILED": "the report cannot be parsed"}


def _routes(simulator: Simulator) -> list[Route]:
    path = "/public_api/vulnerability-management/v1/external-scans/assets/jobs/{job_id}"

    async def get_byos_import_job(request: Request) -> Response:
        job_id: str = request.path_params["job_id"]
        refusal = simulator.gate.refusal(request)
        if refusal is None and not is_uuid(job_id):
            problem = {"loc": ["path", "job_id"], "msg": "Input should be a valid UUID", "type": "uuid_parsing"}
            refusal = JSONResponse({"detail": [problem]}, 422)
        if refusal is not None:
            return simulator.note(KIND, job_id, refusal)
        not_found = JSONResponse({"detail": f"Job with id '{job_id}' not found"}, 404)
        return await simulator.answer(KIND, job_id, _reply, not_found)

    return [Route(path, get_byos_import_job, methods=["GET"])]


def _reply(job: ScriptedJob) -> dict[str, Any]:
    began, status = job.script.began[-1]
    return {
        "job_id": job.id,
        "created_timestamp": job.time_of(job.created),
        "job_status": status,
        "last_updated": job.time_of(began),
        "error_log": _ERROR_LOGS.get(status),
    } | job.fields


VENDOR = Vendor(kinds=(KIND,), routes=_routes, new_id=new_uuid, error=cortex_error)
