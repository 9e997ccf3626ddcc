"""What a Cortex XDR tenant does with a submit: its rules, its refusals, and the action that it creates.

As on real tenants, an unknown endpoint or a missing parameter is a 500, and a refused action is a 200 with a `status`
of 0. Some operations reply with ids and counts as texts, others with numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeGuard

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .._http.error_body import is_list, is_object
from ._cortex import Data, Refusal, request_data
from ._faults import Fault
from ._script import ScriptedJob, States, scripts

if TYPE_CHECKING:
    from ._simulator import Simulator

ACTION = "cortex_xdr.action"
SCRIPT_EXECUTION = "cortex_xdr.script_execution"

# The endpoint of jobs that name none, and of a tenant for which no test has planned one.
ENDPOINT = "3f9d1c7a5be24c0f8a6e2d4b90c71e58"
USUAL_STATES: tuple[str, ...] = ("PENDING", "IN_PROGRESS", "COMPLETED_SUCCESSFULLY")

_ABORTED: States = (("PENDING_ABORT", 0.2), "ABORTED")
_RUNNING = ("PENDING", "IN_PROGRESS")
_BY_ID = frozenset({"endpoint_id_list"})
_SCANNED_BY = _BY_ID | {
    *("alias", "dist_name", "first_seen", "group_name", "hostname", "ip_list", "isolate", "last_seen", "platform"),
    *("scan_status", "username"),
}
_SYSTEMS = ("windows", "linux", "macos")
_MAX_FILES = 20
_LIBRARY: tuple[dict[str, Any], ...] = tuple(
    {
        "script_id": number,
        "name": name,
        "description": description,
        "modification_date": 1_782_468_000_000,
        "created_by": "Palo Alto Networks",
        "is_high_risk": name.startswith("delete"),
        **{f"{system}_supported": True for system in _SYSTEMS},
        "script_uid": f"{number:032x}",
    }
    for number, (name, description) in enumerate(
        {"list_directories": "Lists the directories of a path", "delete_file": "Deletes a file"}.items(), start=1
    )
)


@attrs.define
class Plan:
    """How the submits of an operation end, if not as usual."""

    refusal: str | None = None
    fault: Fault | None = None
    served: int = 0

    def next_fault(self) -> Fault | None:
        """The fault of the next submit, which uses it up; None if there is none."""
        if self.fault is None or self.served >= self.fault.times:
            return None
        self.served += 1
        return self.fault


@attrs.frozen
class Tenant:
    """What a tenant knows: its endpoints, the plans of tests, and the effects of earlier actions.

    `endpoints` has the states that jobs go through on an endpoint, None for one that the tenant does not have. `plans`
    are by operation. `quarantined` has endpoints by the hash of a file, `scans` the scans that may be aborted.
    """

    endpoints: dict[str, States | None] = attrs.field(factory=dict[str, States | None])
    plans: dict[str, Plan] = attrs.field(factory=dict[str, Plan])
    quarantined: dict[str, list[str]] = attrs.field(factory=dict[str, list[str]])
    scans: list[ScriptedJob] = attrs.field(factory=list[ScriptedJob])

    @property
    def everything(self) -> list[str]:
        """The endpoints of the tenant."""
        return [name for name, states in self.endpoints.items() if states is not None] or [ENDPOINT]

    def knows(self, endpoint: str) -> bool:
        """Whether the tenant has an endpoint: any id will do, unless a plan says otherwise."""
        return self.endpoints.get(endpoint, USUAL_STATES) is not None

    def states(self, endpoint: str) -> States:
        """The states that jobs go through on an endpoint."""
        return self.endpoints.get(endpoint) or USUAL_STATES


@attrs.frozen
class Submit:
    """An operation that creates an action: its path, how it selects endpoints, its checks, its form of reply."""

    path: str
    action: str
    reply: Data
    selected: Callable[[Data, Tenant], list[str]]
    check: Callable[[Data], None] | None = None
    kind: str = ACTION
    most: int | None = None
    not_found: str = "No endpoint was found"

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rpartition("/")[2]

    def create(self, simulator: Simulator, data: Data) -> Response:
        """Create the action, or raise the tenant's Refusal."""
        tenant = simulator.cortex_xdr
        _check_types(data, incident_id=int if self.name == "restore" else str)
        if self.check is not None:
            self.check(data)
        selected = list(dict.fromkeys(self.selected(data, tenant)))
        if self.most is not None and len(selected) > self.most:
            raise Refusal(500, f"Too many endpoints: {len(selected)}, the limit is {self.most}")
        # A tenant acts on the endpoints that it has, and refuses only if it has none of them.
        known = [endpoint for endpoint in selected if tenant.knows(endpoint)]
        if not known:
            raise Refusal(500, self.not_found, f"can't create group action id for {self.action}")
        plan = tenant.plans.get(self.name)
        if plan is not None and plan.refusal is not None:
            return JSONResponse({"reply": {"status": 0, "err_msg": plan.refusal}})
        job = simulator.make(self.kind, {endpoint: tenant.states(endpoint) for endpoint in known}, None, {})
        _record_effects(simulator, self.name, data, job)
        numbers = {"action_id": int(job.id), "endpoints_count": len(known)}
        return JSONResponse(
            {"reply": self.reply | {name: self.reply[name](number) for name, number in numbers.items()}}
        )


def _record_effects(simulator: Simulator, name: str, data: Data, job: ScriptedJob) -> None:
    tenant = simulator.cortex_xdr
    if name == "quarantine":
        tenant.quarantined.setdefault(data["file_hash"].lower(), []).extend(job.parts)
    if name == "scan":
        tenant.scans.append(job)
    if name == "abort_scan":
        now = simulator.clock()
        for scan in tenant.scans:
            for endpoint in scan.parts.keys() & job.parts.keys():
                scan.parts[endpoint].advance(now)
                # An endpoint whose scan has ended keeps its result.
                if scan.parts[endpoint].word in _RUNNING:
                    scan.parts |= scripts({endpoint: _ABORTED}, speed=simulator.speed, now=now)


def _check_types(data: Data, **types: type) -> None:
    for name, expected in types.items():
        if name in data and type(data[name]) is not expected:
            raise Refusal(400, f"{name} must be {expected.__name__}")


def _check_params(data: Data, **types: type) -> None:
    for name in types:
        if name not in data or data[name] in (None, ""):
            # As on real tenants, where a missing parameter is a permanent 500.
            raise Refusal(500, f"{name} param is missing")
    _check_types(data, **types)


def _filters(data: Data, fields: frozenset[str]) -> list[Data]:
    filters = data.get("filters")
    if not is_list(filters):
        raise Refusal(400, "filters must be a list")
    for each in filters:
        if not is_object(each) or each.get("field") not in fields or not isinstance(each.get("operator"), str):
            raise Refusal(400, f"a filter must have a field ({', '.join(sorted(fields))}), an operator and a value")
        value = each.get("value")
        if not (_are_texts(value) or (fields is not _BY_ID and type(value) in (int, str))):
            raise Refusal(400, "the value of a filter must be a list of texts")
        if fields is _BY_ID and (each["operator"].lower() != "in" or not value or not all(value)):
            raise Refusal(400, "the ids of endpoints must be given with the operator in, and not be empty")
    return filters


def _by_filters(data: Data, tenant: Tenant, fields: frozenset[str] = _BY_ID) -> list[str]:
    found: list[str] | None = None
    for each in _filters(data, fields):
        if each["field"] == "endpoint_id_list" and _are_texts(each["value"]):
            found = [name for name in each["value"] if found is None or name in found]
    if found is None and fields is _BY_ID:
        raise Refusal(400, "filters must not be empty")
    # Simulated endpoints have nothing but an id, so other fields do not select. No filter at all selects everything.
    return tenant.everything if found is None else found


def _by_scan_filters(data: Data, tenant: Tenant) -> list[str]:
    return tenant.everything if data.get("filters") == "all" else _by_filters(data, tenant, _SCANNED_BY)


def _by_id_or_filters(data: Data, tenant: Tenant) -> list[str]:
    if "endpoint_id" in data and "filters" in data:
        raise Refusal(500, "endpoint_id and filters cannot be used together")
    _check_types(data, endpoint_id=str)
    return _by_filters(data, tenant) if "filters" in data else [data["endpoint_id"]] if data.get("endpoint_id") else []


def _by_quarantine(data: Data, tenant: Tenant) -> list[str]:
    _check_types(data, endpoint_id=str)
    holders = tenant.quarantined.get(data["file_hash"].lower(), tenant.everything)
    return [data["endpoint_id"]] if "endpoint_id" in data else holders


def _check_hash(data: Data) -> None:
    _check_params(data, file_hash=str)
    if not re.fullmatch("[0-9A-Fa-f]{64}", data["file_hash"]):
        raise Refusal(500, "file_hash must be a SHA-256")


def _check_quarantine(data: Data) -> None:
    _check_hash(data)
    if "file_path" not in data:
        raise Refusal(500, "file_path param is missing")
    _check_types(data, file_path=str)


def _check_files(data: Data) -> None:
    files = data.get("files")
    if not is_object(files) or not files or not all(_are_texts(files.get(name, [])) for name in _SYSTEMS):
        raise Refusal(400, "files must be an object with lists of paths, by windows, linux or macos")
    if sum(len(files.get(name, ())) for name in _SYSTEMS) > _MAX_FILES:
        raise Refusal(500, f"Too many files, the limit is {_MAX_FILES}")


def _check_script(data: Data) -> None:
    _check_params(data, script_uid=str)
    _check_types(data, timeout=int, parameters_values=dict)


def _check_snippet(data: Data) -> None:
    _check_params(data, snippet_code=str)
    _check_types(data, timeout=int)


# Each operation replies in a form of its own: a type says how the id or the count is written.
_ALL_TEXTS: Data = {"action_id": str, "status": "1", "endpoints_count": str}
_TEXT_AND_NUMBER: Data = {"action_id": str, "status": 1, "endpoints_count": str}
_NUMBERS: Data = {"action_id": int, "status": 1, "endpoints_count": int}
_NUMBERS_ALONE: Data = {"action_id": int, "endpoints_count": int}
_ID_AS_TEXT: Data = {"action_id": str, "endpoints_count": int}

SUBMITS = {
    submit.name: submit
    for submit in (
        Submit("endpoints/isolate", "ISOLATE", _ALL_TEXTS, _by_id_or_filters, most=1_000),
        Submit("endpoints/unisolate", "UNISOLATE", _ALL_TEXTS, _by_id_or_filters, most=1_000),
        Submit("endpoints/scan", "SCAN", _NUMBERS_ALONE, _by_scan_filters),
        Submit("endpoints/abort_scan", "ABORT_SCAN", _NUMBERS_ALONE, _by_scan_filters),
        Submit("endpoints/quarantine", "QUARANTINE", _ALL_TEXTS, _by_filters, _check_quarantine, most=1_000),
        Submit(
            "endpoints/restore", "RESTORE", _TEXT_AND_NUMBER, _by_quarantine, _check_hash,
            not_found="No suitable agents found",
        ),
        Submit("endpoints/file_retrieval", "FILES_RETRIEVAL", _ALL_TEXTS, _by_filters, _check_files, most=10),
        Submit("scripts/run_script", "SCRIPT", _NUMBERS, _by_filters, _check_script, SCRIPT_EXECUTION, most=1_000),
        Submit(
            "scripts/run_snippet_code_script", "SCRIPT", _ID_AS_TEXT, _by_filters, _check_snippet, SCRIPT_EXECUTION
        ),
    )
}  # fmt: skip


def routes(simulator: Simulator) -> list[Route]:
    """The routes of the submits, and of the list of scripts."""

    def route(path: str, kind: str, answered: Callable[[Data], Response]) -> Route:
        name = path.rpartition("/")[2]

        async def endpoint(request: Request) -> Response:
            refused = simulator.gate.refusal(request)
            if refused is not None:
                return simulator.note(kind, name, refused)
            plan = simulator.cortex_xdr.plans.get(name)
            fault = None if plan is None else plan.next_fault()
            answer = Response()
            # A fault with a status comes from in front of the tenant; after any other one, the tenant has acted.
            if fault is None or fault.status is None:
                try:
                    answer = answered(await request_data(request))
                except Refusal as refusal:
                    answer = refusal.answer()
            if fault is not None:
                answer = await simulator.spoil(kind, answer, fault)
            return simulator.note(kind, name, answer)

        return Route(f"/public_api/v1/{path}", endpoint, methods=["POST"])

    def creating(submit: Submit) -> Callable[[Data], Response]:
        return lambda data: submit.create(simulator, data)

    return [
        *(route(submit.path, submit.kind, creating(submit)) for submit in SUBMITS.values()),
        route("scripts/get_scripts", SCRIPT_EXECUTION, _scripts),
    ]


def _scripts(data: Data) -> Response:
    filters = _filters(data, frozenset(_LIBRARY[0]) - {"script_id"}) if "filters" in data else []
    found = [script for script in _LIBRARY if all(_matches(script, each) for each in filters)]
    return JSONResponse({"reply": {"total_count": len(found), "result_count": len(found), "scripts": found}})


def _matches(script: Data, condition: Data) -> bool:
    wanted = condition["value"] if is_list(condition["value"]) else [condition["value"]]
    return str(script[condition["field"]]).lower() in [str(each).lower() for each in wanted]


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return is_list(value) and all(isinstance(each, str) for each in value)
