"""Cortex XSIAM's BYOS import jobs, the requests that create them, and its queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .._http.error_body import is_list, is_object
from . import _xql
from ._cortex import cortex_error
from ._script import ScriptedJob, States
from ._vendor import Vendor, is_uuid, json_of, new_uuid

if TYPE_CHECKING:
    from ._simulator import Simulator

KIND = "cortex_xsiam.byos_import"

# The states of an import that a request has created.
_USUAL_STATES: States = [("INITIATED", 0.2), ("PROCESSING", 0.5), "COMPLETED"]

# The types of the fields, as `_problems` reads them: a list holds the type of its items, a tuple the words of an enum.
_VULNERABILITY: dict[str, Any] = {
    **dict.fromkeys(("vulnerability_id", "description", "evidence", "raw_output", "scan_name", "protocol"), str),
    **dict.fromkeys(("last_seen", "port"), int),
    "cve_id": [str],
    "confidence": ("Potential", "Confirmed"),
}
_ASSET: dict[str, Any] = {
    **dict.fromkeys(("origin_asset_id", "asset_name", "mac_address", "os_name", "vendor", "product", "version"), str),
    **{name: [str] for name in ("ipv4", "ipv6", "fqdn", "origin_tags")},
    "last_seen": int,
    "vulnerabilities": [_VULNERABILITY],
}
_IMPORT: dict[str, Any] = {"vendor": str, "product": str, "version": str, "assets": [_ASSET]}
_NAMES = {str: "string", int: "integer"}

_ERROR_LOGS = {"COMPLETED_WITH_ERRORS": "3 of 40 assets have no host name", "FAILED": "the report cannot be parsed"}


def _routes(simulator: Simulator) -> list[Route]:
    path = "/public_api/vulnerability-management/v1/external-scans/assets"

    async def import_assets(request: Request) -> Response:
        if (refusal := simulator.gate.refusal(request)) is not None:
            return simulator.note(KIND, "assets", refusal)
        body = await json_of(request)
        if problems := list(_problems(body, _IMPORT, ["body"])):
            return simulator.note(KIND, "assets", JSONResponse({"detail": problems}, 422))
        job = simulator.make(KIND, _USUAL_STATES, None, {})
        assets: list[dict[str, Any]] = body["assets"]
        found = sum(len(asset.get("vulnerabilities", [])) for asset in assets)
        made = {"job_id": job.id, "assets_count": len(assets), "vulnerabilities_count": found}
        return simulator.note(KIND, "assets", JSONResponse(made))

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

    return [
        Route(path, import_assets, methods=["POST"]),
        Route(f"{path}/jobs/{{job_id}}", get_byos_import_job, methods=["GET"]),
    ]


def _problems(value: Any, expected: Any, loc: list[str | int]) -> Iterator[dict[str, Any]]:
    """What is wrong with a value, in the form of the API's 422: one entry for each field."""
    if is_object(expected):
        if not is_object(value):
            yield {"loc": loc, "msg": "Input should be a valid dictionary", "type": "model_attributes_type"}
            return
        # The page does not say which fields are required; without assets there is nothing to import.
        if "assets" in expected and "assets" not in value:
            yield {"loc": [*loc, "assets"], "msg": "Field required", "type": "missing"}
        for name in expected.keys() & value.keys():
            yield from _problems(value[name], expected[name], [*loc, name])
    elif is_list(expected):
        if not is_list(value):
            yield {"loc": loc, "msg": "Input should be a valid list", "type": "list_type"}
        elif not value and loc == ["body", "assets"]:
            yield {"loc": loc, "msg": "List should have at least 1 item after validation", "type": "too_short"}
        else:
            for number, item in enumerate(value):
                yield from _problems(item, expected[0], [*loc, number])
    elif (problem := _problem(value, expected)) is not None:
        yield {"loc": loc, **problem}


def _problem(value: Any, expected: Any) -> dict[str, str] | None:
    """What is wrong with a text, a number or a word."""
    if isinstance(expected, tuple):
        return None if value in expected else {"msg": "Input should be 'Potential' or 'Confirmed'", "type": "enum"}
    if type(value) is not expected:
        return {"msg": f"Input should be a valid {_NAMES[expected]}", "type": f"{_NAMES[expected]}_type"}
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return {"msg": "Input should have at most 64 bits", "type": "int_parsing_size"}
    return None


def _reply(job: ScriptedJob) -> dict[str, Any]:
    began, status = job.script.began[-1]
    return {
        "job_id": job.id,
        "created_timestamp": job.time_of(job.created),
        "job_status": status,
        "last_updated": job.time_of(began),
        "error_log": _ERROR_LOGS.get(status),
    } | job.fields


VENDOR = Vendor(kinds=(KIND, _xql.KINDS[1]), routes=_routes, new_id=new_uuid, error=cortex_error, options=_xql.OPTIONS)
