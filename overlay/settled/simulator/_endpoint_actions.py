"""What a Cortex XDR tenant does with a submit: its rules, its refusals, and the action that comes of it.

A tenant answers a mistake that only it can see (an endpoint that it has not, a parameter that is missing) with 500, and
refuses an action with 200 and a `status` of 0. Ids and counts are texts in some replies, and numbers in others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeGuard

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ._cortex import cortex_error
from ._faults import Fault
from ._script import ScriptedJob, States, scripts

if TYPE_CHECKING:
    from ._simulator import Simulator

ACTION = "cortex_xdr.action"
SCRIPT_EXECUTION = "cortex_xdr.script_execution"

# An endpoint that nobody has planned, or of a tenant of which nobody has named one.
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
_MOST_FILES = 20
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


class Refusal(Exception):
    """What a tenant answers instead of an action."""

    def __init__(self, status: int, message: str, extra: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.extra = extra

    def answer(self) -> Response:
        """The answer, in the tenant's own form."""
        return cortex_error(self.status, str(self), self.extra)


@attrs.define
class Plan:
    """What becomes of the submits of an operation."""

    refusal: str | None = None
    fault: Fault | None = None
    served: int = 0

    def next_fault(self) -> Fault | None:
        """The fault of the next submit, used up by that; None if it has none."""
        if self.fault is None or self.served >= self.fault.times:
            return None
        self.served += 1
        return self.fault


@attrs.frozen
class Tenant:
    """What a tenant knows: how jobs go on its endpoints (None: not there), plans by operation, and what has been done.

    `quarantined` has the endpoints by the hash of a file, `scans` the scans that may be stopped.
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
        """Whether an endpoint is there, as every one is that was not planned away."""
        return self.endpoints.get(endpoint, USUAL_STATES) is not None

    def states(self, endpoint: str) -> States:
        """How jobs go on an endpoint."""
        return self.endpoints.get(endpoint) or USUAL_STATES


Data = dict[str, Any]


@attrs.frozen
class Submit:
    """An operation that creates an action: where it is, whom it acts on, and the form of its reply."""

    path: str
    action: str
    reply: Callable[[int, int], Data]
    selected: Callable[[Data, Tenant], list[str]]
    check: Callable[[Data], None] | None = None
    kind: str = ACTION
    most: int | None = None
    nobody: str = "No endpoint was found"

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rpartition("/")[2]

    def create(self, simulator: Simulator, data: Data) -> Response:
        """Create the action, or raise what the tenant refuses it with."""
        tenant = simulator.cortex_xdr
        _typed(data, incident_id=int if self.name == "restore" else str)
        if self.check is not None:
            self.check(data)
        selected = list(dict.fromkeys(self.selected(data, tenant)))
        if self.most is not None and len(selected) > self.most:
            raise Refusal(500, f"Too many endpoints: {len(selected)}, the limit is {self.most}")
        known = [endpoint for endpoint in selected if tenant.knows(endpoint)]
        if not known:
            raise Refusal(500, self.nobody, f"can't create group action id for {self.action}")
        plan = tenant.plans.get(self.name)
        if plan is not None and plan.refusal is not None:
            return JSONResponse({"reply": {"status": 0, "err_msg": plan.refusal}})
        job = simulator.make(self.kind, {endpoint: tenant.states(endpoint) for endpoint in known}, None, {})
        _remember(simulator, self.name, data, job)
        return JSONResponse({"reply": self.reply(int(job.id), len(known))})


def _remember(simulator: Simulator, name: str, data: Data, job: ScriptedJob) -> None:
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
                if scan.parts[endpoint].word in _RUNNING:
                    scan.parts |= scripts({endpoint: _ABORTED}, speed=simulator.speed, now=now)


def _typed(data: Data, **types: type) -> None:
    for name, expected in types.items():
        if name in data and type(data[name]) is not expected:
            raise Refusal(400, f"{name} must be {expected.__name__}")


def _needs(data: Data, **types: type) -> None:
    for name in types:
        if name not in data or data[name] in (None, ""):
            raise Refusal(500, f"{name} param is missing")
    _typed(data, **types)


def _filters(data: Data, fields: frozenset[str]) -> list[Data]:
    filters = data.get("filters")
    if not _is_list(filters):
        raise Refusal(400, "filters must be a list")
    for each in filters:
        if not _is_object(each) or each.get("field") not in fields or not isinstance(each.get("operator"), str):
            raise Refusal(400, f"a filter must have a field ({', '.join(sorted(fields))}), an operator and a value")
        value = each.get("value")
        if not (_are_texts(value) or (fields is not _BY_ID and type(value) in (int, str))):
            raise Refusal(400, "the value of a filter must be a list of texts")
        if fields is _BY_ID and (each["operator"].lower() != "in" or not value or not all(value)):
            raise Refusal(400, "the ids of endpoints must be given with the operator in, and not be empty")
    return filters


def _of_filters(data: Data, tenant: Tenant, fields: frozenset[str] = _BY_ID) -> list[str]:
    found: list[str] | None = None
    for each in _filters(data, fields):
        if each["field"] == "endpoint_id_list" and _are_texts(each["value"]):
            found = [name for name in each["value"] if found is None or name in found]
    if found is None and fields is _BY_ID:
        raise Refusal(400, "filters must not be empty")
    # What other fields hold, no endpoint of a simulator has; and no filter at all selects everything.
    return tenant.everything if found is None else found


def _scanned(data: Data, tenant: Tenant) -> list[str]:
    return tenant.everything if data.get("filters") == "all" else _of_filters(data, tenant, _SCANNED_BY)


def _isolated(data: Data, tenant: Tenant) -> list[str]:
    if "endpoint_id" in data and "filters" in data:
        raise Refusal(500, "endpoint_id and filters cannot be used together")
    _typed(data, endpoint_id=str)
    return _of_filters(data, tenant) if "filters" in data else [data["endpoint_id"]] if data.get("endpoint_id") else []


def _restored(data: Data, tenant: Tenant) -> list[str]:
    _typed(data, endpoint_id=str)
    holders = tenant.quarantined.get(data["file_hash"].lower(), tenant.everything)
    return [data["endpoint_id"]] if "endpoint_id" in data else holders


def _is_hash(data: Data) -> None:
    _needs(data, file_hash=str)
    if not re.fullmatch("[0-9A-Fa-f]{64}", data["file_hash"]):
        raise Refusal(500, "file_hash must be a SHA-256")


def _is_quarantine(data: Data) -> None:
    _is_hash(data)
    if "file_path" not in data:
        raise Refusal(500, "file_path param is missing")
    _typed(data, file_path=str)


def _has_files(data: Data) -> None:
    files = data.get("files")
    if not _is_object(files) or not files or not all(_are_texts(files.get(name, [])) for name in _SYSTEMS):
        raise Refusal(400, "files must be an object with lists of paths, by windows, linux or macos")
    if sum(len(files.get(name, ())) for name in _SYSTEMS) > _MOST_FILES:
        raise Refusal(500, f"Too many files, the limit is {_MOST_FILES}")


def _is_script(data: Data) -> None:
    _needs(data, script_uid=str)
    _typed(data, timeout=int, parameters_values=dict)


def _is_snippet(data: Data) -> None:
    _needs(data, snippet_code=str)
    _typed(data, timeout=int)


def _texts(action_id: int, count: int) -> Data:
    return {"action_id": str(action_id), "status": "1", "endpoints_count": str(count)}


def _text_and_number(action_id: int, count: int) -> Data:
    return {"action_id": str(action_id), "status": 1, "endpoints_count": str(count)}


def _numbers(action_id: int, count: int) -> Data:
    return {"action_id": action_id, "status": 1, "endpoints_count": count}


def _numbers_alone(action_id: int, count: int) -> Data:
    return {"action_id": action_id, "endpoints_count": count}


def _id_as_text(action_id: int, count: int) -> Data:
    return {"action_id": str(action_id), "endpoints_count": count}


SUBMITS = {
    submit.name: submit
    for submit in (
        Submit("endpoints/isolate", "ISOLATE", _texts, _isolated, most=1_000),
        Submit("endpoints/unisolate", "UNISOLATE", _texts, _isolated, most=1_000),
        Submit("endpoints/scan", "SCAN", _numbers_alone, _scanned),
        Submit("endpoints/abort_scan", "ABORT_SCAN", _numbers_alone, _scanned),
        Submit("endpoints/quarantine", "QUARANTINE", _texts, _of_filters, _is_quarantine, most=1_000),
        Submit(
            "endpoints/restore", "RESTORE", _text_and_number, _restored, _is_hash, nobody="No suitable agents found"
        ),
        Submit("endpoints/file_retrieval", "FILES_RETRIEVAL", _texts, _of_filters, _has_files, most=10),
        Submit("scripts/run_script", "SCRIPT", _numbers, _of_filters, _is_script, SCRIPT_EXECUTION, most=1_000),
        Submit(
            "scripts/run_snippet_code_script", "SCRIPT", _id_as_text, _of_filters, _is_snippet, SCRIPT_EXECUTION
        ),
    )
}  # fmt: skip


def routes(simulator: Simulator) -> list[Route]:
    """Where the submits and the library of scripts are."""

    def route(path: str, kind: str, answered: Callable[[Data], Response]) -> Route:
        name = path.rpartition("/")[2]

        async def endpoint(request: Request) -> Response:
            refused = simulator.gate.refusal(request)
            if refused is not None:
                return simulator.note(kind, name, refused)
            plan = simulator.cortex_xdr.plans.get(name)
            fault = None if plan is None else plan.next_fault()
            answer = Response()
            # A fault with a status stands before the tenant, any other one behind it.
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


async def request_data(request: Request) -> Data:
    """The `request_data` of a request's JSON; raises Refusal if there is none."""
    try:
        body: Any = await request.json()
    except ValueError:
        raise Refusal(400, "the request is no JSON") from None
    data = body.get("request_data") if _is_object(body) else None
    if not _is_object(data):
        raise Refusal(400, "request_data must be an object")
    return data


def _scripts(data: Data) -> Response:
    filters = _filters(data, frozenset(_LIBRARY[0]) - {"script_id"}) if "filters" in data else []
    found = [script for script in _LIBRARY if all(_matches(script, each) for each in filters)]
    return JSONResponse({"reply": {"total_count": len(found), "result_count": len(found), "scripts": found}})


def _matches(script: Data, condition: Data) -> bool:
    wanted = condition["value"] if _is_list(condition["value"]) else [condition["value"]]
    return str(script[condition["field"]]).lower() in [str(each).lower() for each in wanted]


def _is_object(value: Any) -> TypeGuard[Data]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return _is_list(value) and all(isinstance(each, str) for each in value)
