"""Proof by mutation: changes planted in copies of the real specs and tables are found, and rightly classed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from _planted import Edit, only, planted
from _specs import SPECS
from findings import BUMPS, CLASSES
from spec_changes import compare, compare_specs

pytestmark = pytest.mark.slow

Json = dict[str, Any]


@dataclass(frozen=True)
class Plant:
    """A change, and what has to be found of it: class, where, bump and operation; nothing else may be found."""

    vendor: str
    name: str
    edit: Edit | tuple[str, str]
    found: tuple[str, ...]  # "class where", for each finding
    bump: str
    operation: str = ""

    def __str__(self) -> str:
        return f"{self.vendor}: {self.name}"


def model(name: str, edit: Edit) -> Edit:
    """An edit of a named schema."""
    return lambda spec: edit(spec["components"]["schemas"][name])


def fields(name: str, edit: Edit) -> Edit:
    """An edit of the fields of a named schema."""
    return model(name, lambda schema: edit(schema["properties"]))


def call(path: str, method: str, edit: Edit, group: str = "paths") -> Edit:
    """An edit of an operation."""
    return lambda spec: edit(spec[group][path][method])


def put(key: str, value: Any) -> Edit:
    """Put a value where there may be another."""
    return lambda node: node.update({key: value})


def drop(key: str) -> Edit:
    """Take a value away."""
    return lambda node: node.pop(key)


def rename(old: str, new: str) -> Edit:
    """Give a value another name, at the same place."""

    def edit(node: Json) -> None:
        items = [(new if key == old else key, value) for key, value in node.items()]
        node.clear()
        node.update(items)

    return edit


def require(name: str) -> Edit:
    """Make a field required."""
    return lambda schema: schema.update(required=[*schema.get("required", []), name])


def unrequire(name: str) -> Edit:
    """Make a field optional."""
    return lambda schema: schema["required"].remove(name)


def word(name: str, *, add: str = "", remove: str = "") -> Edit:
    """Add or remove a word of an enum."""

    def edit(schema: Json) -> None:
        schema["enum"] = [each for each in schema["enum"] if each != remove] + ([add] if add else [])

    return model(name, edit)


def rename_model(old: str, new: str) -> Edit:
    """Give a named schema another name, and refer to it by that."""

    def edit(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("$ref") == f"#/components/schemas/{old}":
                node["$ref"] = f"#/components/schemas/{new}"
            if old in node.get("schemas", {}):
                rename(old, new)(node["schemas"])
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            edit(child)

    return edit


def ref(name: str) -> Json:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def both(*edits: Edit) -> Edit:
    """Several edits as one."""

    def edit(node: Json) -> None:
        for each in edits:
            each(node)

    return edit


JOBS = "/public_api/vulnerability-management/v1/external-scans/assets/jobs/{job_id}"
ACTIONS = "/public_api/v1/actions/get_action_status"
SCRIPTS = "/public_api/v1/scripts/get_script_execution_status"
STRING, NEW = {"type": "string", "description": "New."}, "2027-01-31"
X, D, A, J = "cortex_xsiam", "cortex_xdr", "agilesec", "osapi"
BREAKING, MAJOR, ADDITIVE, MINOR = "breaking", "major", "additive", "minor"


def job(edit: Edit) -> Edit:
    """An edit of XSIAM's operation."""
    return call(JOBS, "get", edit)


def osapi(edit: Edit) -> Edit:
    """An edit of OSAPI's operation."""
    return call("/job/{id}", "get", edit)


def argument(key: str, value: Any) -> Edit:
    """An edit of an operation's first argument."""
    return lambda operation: operation["parameters"][0].update({key: value})


def new_argument(required: bool) -> Edit:
    """One more argument of an operation."""
    more = {"name": "verbose", "in": "query", "required": required, "schema": {"type": "boolean"}}
    return lambda operation: operation.setdefault("parameters", []).append(more)


def response(code: str, edit: Edit) -> Edit:
    """An edit of a response of an operation."""
    return lambda operation: edit(operation["responses"][code])


def content(edit: Edit) -> Edit:
    """An edit of the JSON of a response or request."""
    return lambda body: edit(body["content"]["application/json"])


def request(edit: Edit) -> Edit:
    """An edit of an operation's request body."""
    return lambda operation: edit(operation["requestBody"])


def read_again(operation: Json) -> None:
    """Say that the page was read on another day."""
    operation["x-source"]["read"] = NEW


CREATE, SCAN = "/v3/scan/create", "/v3/scan/{executionId}"
LAST = '    FAILED = "FAILED", Outcome.FAILED\n'
COPY = {"operationId": "list_copies", "tags": ["jobs"], "responses": {"200": {"description": "Jobs."}}}
PLANTS = [
    # Operations
    Plant(A, "operation removed", lambda spec: spec["paths"].pop("/v3/scan"),
        ("breaking operation",), MAJOR, "submit_scan"),
    Plant(J, "operation added", lambda spec: spec["paths"].update({"/copies": {"get": COPY}}),
        ("additive operation",), MINOR, "list_copies"),
    Plant(X, "operation renamed", job(put("operationId", "read_import")),
        ("breaking operation",), MAJOR, "get_byos_import_job"),
    Plant(D, "operation moved to another path", lambda spec: rename(ACTIONS, "/v2/status")(spec["paths"]),
        ("breaking call",), MAJOR, "get_action_status"),
    Plant(J, "operation moved to another method", lambda spec: rename("get", "post")(spec["paths"]["/job/{id}"]),
        ("breaking call",), MAJOR, "get_job"),
    Plant(A, "operation moved to another tag", call(CREATE, "post", put("tags", ["sensors"])),
        ("breaking tag",), MAJOR, "create_scan"),
    Plant(A, "operation deprecated", call(CREATE, "post", put("deprecated", True)),
        ("additive deprecated",), MINOR, "create_scan"),
    Plant(A, "operation no longer deprecated", call("/v3/scan", "post", drop("deprecated")),
        ("additive deprecated",), MINOR, "submit_scan"),
    Plant(J, "summary re-worded", osapi(put("summary", "Read a job")), ("additive summary",), "patch", "get_job"),
    Plant(X, "page has another title", job(lambda each: each["x-source"].update(title="BYOS")),
        ("additive source",), "patch", "get_byos_import_job"),
    Plant(A, "webhook removed", drop("webhooks"), ("breaking operation",), MAJOR, "receive_scan_callback"),
    # Arguments
    Plant(X, "argument renamed", job(argument("name", "id")),
        ("breaking parameter job_id",), MAJOR, "get_byos_import_job"),
    Plant(J, "argument moved to the query", osapi(argument("in", "query")),
        ("breaking parameter id in",), MAJOR, "get_job"),
    Plant(A, "argument retyped", call(SCAN, "get", argument("schema", {"type": "integer"})),
        ("breaking parameter executionId",), MAJOR, "get_scan"),
    Plant(D, "required argument added", call(SCRIPTS, "post", new_argument(True)),
        ("breaking parameter verbose",), MAJOR, "get_script_execution_status"),
    Plant(J, "optional argument added", osapi(new_argument(False)),
        ("additive parameter verbose",), MINOR, "get_job"),
    Plant(J, "argument removed", osapi(put("parameters", [])), ("breaking parameter id",), MAJOR, "get_job"),
    Plant(X, "argument re-worded", job(argument("description", "The id.")),
        ("additive parameter job_id description",), "patch"),
    # Requests
    Plant(A, "request field removed", fields("CreateScanRequest", drop("callbackId")),
        ("breaking CreateScanRequest.callbackId",), MAJOR, "create_scan"),
    Plant(A, "request field renamed", fields("CreateScanRequest", rename("callbackId", "hookId")),
        ("breaking CreateScanRequest.callbackId",), MAJOR, "create_scan"),
    Plant(A, "request field retyped",
        fields("CreateScanRequest", lambda all_: all_["autoResolutionInterval"].update(type="string")),
        ("breaking CreateScanRequest.autoResolutionInterval",), MAJOR),
    Plant(D, "request type narrowed",
        fields("ActionStatusQuery", lambda all_: all_["group_action_id"].update(enum=[1, 2], type="integer")),
        ("breaking ActionStatusQuery.group_action_id",), MAJOR, "get_action_status"),
    Plant(D, "request type widened",
        fields("ActionStatusQuery", lambda all_: all_["group_action_id"].update(type=["integer", "string"])),
        ("additive ActionStatusQuery.group_action_id",), MINOR),
    Plant(A, "request field made required", model("CreateScanRequest", require("priority")),
        ("breaking CreateScanRequest.priority required",), MAJOR, "create_scan"),
    Plant(D, "request field made optional", model("ScriptExecutionStatusQuery", unrequire("action_id")),
        ("additive ScriptExecutionStatusQuery.action_id required",), MINOR),
    Plant(A, "required request field added",
        model("ExecuteScanRequest", both(require("mode"), lambda schema: schema["properties"].update(mode=STRING))),
        ("breaking ExecuteScanRequest.mode",), MAJOR, "execute_scan"),
    Plant(A, "optional request field added", fields("ExecuteScanRequest", put("mode", STRING)),
        ("additive ExecuteScanRequest.mode",), MINOR, "execute_scan"),
    Plant(A, "limit of a request field added",
        fields("CreateScanRequest", lambda all_: all_["sensorName"].update(maxLength=40)),
        ("breaking CreateScanRequest.sensorName maxLength",), MAJOR),
    Plant(A, "limit of a request field lifted",
        fields("SubmitScanRequest", lambda all_: all_["callbackId"].pop("pattern")),
        ("additive SubmitScanRequest.callbackId pattern",), MINOR, "submit_scan"),
    Plant(A, "default of a request field changed",
        fields("CreateScanRequest", lambda all_: all_["incrementalScan"].update(default=True)),
        ("breaking CreateScanRequest.incrementalScan default",), MAJOR),
    Plant(A, "request opened to other fields", model("CreateScanRequest", drop("additionalProperties")),
        ("additive CreateScanRequest.*",), MINOR),
    Plant(A, "request closed to other fields", model("ExecuteScanRequest", put("additionalProperties", False)),
        ("breaking ExecuteScanRequest.*",), MAJOR),
    Plant(D, "request body made optional", call(ACTIONS, "post", request(put("required", False))),
        ("additive request body required",), MINOR),
    Plant(D, "request body removed", call(ACTIONS, "post", drop("requestBody")),
        ("breaking request body",), MAJOR, "get_action_status"),
    Plant(D, "request example re-worded",
        call(ACTIONS, "post", request(content(put("example", {"request_data": {"group_action_id": 1}})))),
        ("additive request body example",), "patch"),
    # Responses
    Plant(D, "response removed", call(ACTIONS, "post", lambda each: each["responses"].pop("402")),
        ("additive response 402",), MINOR, "get_action_status"),
    Plant(X, "response added", job(lambda each: each["responses"].update({"429": {"description": "Slower."}})),
        ("additive response 429",), MINOR),
    Plant(J, "response re-worded", osapi(response("404", put("description", "Gone."))),
        ("additive response 404 description",), "patch"),
    Plant(X, "response of another model", job(response("404", content(put("schema", ref("ValidationFailed"))))),
        ("breaking response 404",), MAJOR),
    Plant(A, "response of another media type",
        call(CREATE, "post", response("400", lambda each: rename("application/json", "text/plain")(each["content"]))),
        ("breaking response 400", "additive response 400 text/plain"), MAJOR),
    Plant(X, "response field removed", fields("ByosImportJob", drop("last_updated")),
        ("breaking ByosImportJob.last_updated",), MAJOR, "get_byos_import_job"),
    Plant(J, "response field renamed", fields("AgentState", rename("duration", "took")),
        ("breaking AgentState.duration",), MAJOR, "get_job"),
    Plant(X, "response field retyped", fields("ByosImportJob", lambda all_: all_["created_timestamp"].pop("format")),
        ("breaking ByosImportJob.created_timestamp",), MAJOR),
    Plant(X, "response type narrowed", fields("ByosImportJob", lambda all_: all_["error_log"].update(type="string")),
        ("breaking ByosImportJob.error_log",), MAJOR),
    Plant(J, "response field made nullable",
        fields("Job", lambda all_: all_["error"].update(type=["string", "null"])),
        ("breaking Job.error",), MAJOR, "get_job"),
    Plant(J, "response type widened",
        fields("VendorError", lambda all_: all_["code"].update(type=["integer", "string"])),
        ("breaking VendorError.code",), MAJOR),
    Plant(X, "response field no longer guaranteed", model("ByosImportJob", unrequire("job_status")),
        ("breaking ByosImportJob.job_status required",), MAJOR),
    Plant(J, "response field guaranteed", model("Job", require("id")), ("breaking Job.id required",), MAJOR),
    Plant(A, "response field added", fields("Scan", put("duration", STRING)),
        ("additive Scan.duration",), MINOR, "get_scan"),
    Plant(D, "response field within allOf added",
        lambda spec: spec["components"]["schemas"]["VendorError"]["allOf"][1]["properties"].update(hint=STRING),
        ("additive VendorError.hint",), MINOR),
    Plant(D, "response field of another model", fields("ActionStatusReply", put("reply", ref("ScriptExecution"))),
        ("breaking ActionStatusReply.reply",), MAJOR),
    Plant(D, "values of a map retyped", model("EndpointErrors", put("additionalProperties", {"type": "string"})),
        ("breaking EndpointErrors.*",), MAJOR),
    Plant(D, "union of a map widened",
        model("EndpointStatuses", lambda schema: schema["additionalProperties"]["anyOf"].append({"type": "integer"})),
        ("breaking EndpointStatuses.*",), MAJOR),
    Plant(X, "items of a list retyped", fields("ValidationProblem", lambda all_: all_["loc"]["items"]["anyOf"].pop()),
        ("breaking ValidationProblem.loc[]",), MAJOR),
    Plant(A, "field moved to another model",
        both(fields("Scan", drop("ranBy")), fields("ScanCallback", put("ranBy", STRING))),
        ("breaking Scan.ranBy", "additive ScanCallback.ranBy"), MAJOR),
    Plant(D, "field re-worded",
        fields("ScriptExecution", lambda all_: all_["error_message"].update(description="Why.")),
        ("additive ScriptExecution.error_message description",), "patch"),
    Plant(A, "example added",
        call(SCAN, "get", response("200", content(lambda each: each["examples"].update(q={"value": {}})))),
        ("additive response 200 example q",), "patch"),
    Plant(A, "callback field added", fields("ScanCallback", put("sentAt", STRING)),
        ("additive ScanCallback.sentAt",), MINOR, "receive_scan_callback"),
    Plant(A, "callback field no longer text",
        fields("ScanCallback", lambda all_: all_["errorCode"].update(type=["string", "integer"])),
        ("breaking ScanCallback.errorCode",), MAJOR),
    # Models and words
    Plant(A, "model renamed", rename_model("ScanSubmission", "Submission"),
        ("breaking ScanSubmission",), MAJOR, "execute_scan"),
    Plant(J, "model added", lambda spec: spec["components"]["schemas"].update(Unused={"type": "object"}),
        ("additive Unused",), MINOR),
    Plant(X, "enum word removed", word("ByosImportJobStatus", remove="FAILED"),
        ("breaking ByosImportJobStatus.FAILED",), MAJOR, "get_byos_import_job"),
    Plant(A, "enum word of requests removed", word("ScanPriority", remove="low"),
        ("breaking ScanPriority.low",), MAJOR, "create_scan, submit_scan"),
    Plant(A, "enum word of requests added", word("ScanPriority", add="urgent"),
        ("additive ScanPriority.urgent",), MINOR, "create_scan, submit_scan"),
    Plant(J, "enum word re-cased", word("TimelineEvent", remove="retried", add="RETRIED"),
        ("breaking TimelineEvent.retried", "additive TimelineEvent.RETRIED"), MAJOR),
    Plant(J, "word that is no status added", word("TimelineEvent", add="paused"),
        ("additive TimelineEvent.paused",), MINOR),
    Plant(D, "status word known to the tables added", word("ActionStatus", add="CANCELED"),
        ("additive ActionStatus.CANCELED",), MINOR, "get_action_status"),
    # Signing in, and the document itself
    Plant(J, "another header to sign in with",
        lambda spec: spec["components"]["securitySchemes"]["bearer"].update(scheme="basic"),
        ("breaking way to sign in bearer scheme",), MAJOR),
    Plant(X, "a way to sign in removed", job(lambda each: each["security"].pop()), ("breaking security",), MAJOR),
    Plant(A, "a way to sign in added",
        call(SCAN, "get", lambda each: each["security"].append({"callbackToken": []})),
        ("additive security",), MINOR),
    Plant(D, "servers changed", lambda spec: spec["servers"].pop(), ("additive servers",), "patch"),
    # Undecided
    Plant(X, "status word added", word("ByosImportJobStatus", add="CANCELLED"),
        ("undecided ByosImportJobStatus.CANCELLED",), MINOR, "get_byos_import_job"),
    Plant(A, "status word of scans added", word("ScanStatus", add="queued"),
        ("undecided ScanStatus.queued",), MINOR, "get_scan"),
    Plant(J, "status word of jobs added", word("JobStatus", add="paused"),
        ("undecided JobStatus.paused",), MINOR, "get_job"),
    Plant(D, "status word of two kinds added", word("ActionStatus", add="PAUSED"),
        ("undecided ActionStatus.PAUSED",) * 2, MINOR),
    Plant(X, "page read again", job(read_again), ("undecided x-source.read",), "none", "get_byos_import_job"),
    Plant(A, "page read again for a webhook", call("scanFinished", "post", read_again, "webhooks"),
        ("undecided x-source.read",), "none", "receive_scan_callback"),
    Plant(J, "page read again, and something changed", osapi(both(read_again, put("summary", "Read a job"))),
        ("additive summary",), "patch"),
    # Terminal sets
    Plant(X, "terminal word added",
        (LAST, f'{LAST}    LOST = "LOST", Outcome.FAILED\n'),
        ("terminal-set cortex_xsiam.py: ByosImportTerminal.LOST",), MAJOR, "get_byos_import_job"),
    Plant(J, "terminal word removed", ('    SKIPPED = "skipped", Outcome.SKIPPED\n', ""),
        ("terminal-set osapi.py: OsapiJobTerminal.skipped",), MAJOR, "get_job"),
    Plant(J, "outcome changed", ("Outcome.SKIPPED", "Outcome.SUCCEEDED"),
        ("terminal-set osapi.py: OsapiJobTerminal.skipped",), MAJOR),
    Plant(D, "outcome of two kinds changed", ('"EXPIRED", Outcome.TIMED_OUT', '"EXPIRED", Outcome.FAILED'),
        ("terminal-set cortex_xdr.py: ActionTerminal.EXPIRED",
            "terminal-set cortex_xdr.py: ScriptTerminal.EXPIRED"), MAJOR),
    Plant(X, "word moved from running to settled",
        (LAST, f'{LAST}    INITIATED = "INITIATED", Outcome.FAILED\n'),
        ("terminal-set cortex_xsiam.py: ByosImportTerminal.INITIATED",), MAJOR),
    Plant(D, "running word removed", (', "PENDING_ABORT"})', "})"),
        ("terminal-set cortex_xdr.py: ActionTerminal.PENDING_ABORT",
            "terminal-set cortex_xdr.py: ScriptTerminal.PENDING_ABORT"), MAJOR),
    Plant(A, "running word added", ("running=frozenset()", 'running=frozenset({"queued"})'),
        ("terminal-set agilesec/__init__.py: ScanTerminal.queued",), MAJOR, "get_scan"),
    Plant(A, "terminal word re-cased", ('SUCCESSFUL = "successful"', 'SUCCESSFUL = "Successful"'),
        ("terminal-set agilesec/__init__.py: ScanTerminal.successful",
            "terminal-set agilesec/__init__.py: ScanTerminal.Successful"), MAJOR),
    Plant(J, "kind of job renamed", ('name="osapi.job"', 'name="osapi.task"'),
        ("terminal-set osapi.py: osapi.job",
            "additive osapi.py: osapi.task"), MAJOR),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def table() -> Any:
    """Print what was planted and what was found, for `pytest -s`."""
    rows: list[str] = []
    yield rows
    print(f"\n\n{len(rows)} changes planted, each found:\n" + "\n".join(rows))


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_planted_change_is_found(plant: Plant, table: list[str]) -> None:
    """A planted change is found, is of the right class, and is all that is found."""
    findings = planted(plant.vendor, plant.edit)
    assert Counter(
        f"{finding.kind} {finding.where.removeprefix('overlay/settled/')}" for finding in findings
    ) == Counter(plant.found)
    assert max((finding.bump for finding in findings), key=BUMPS.index) == plant.bump
    assert {finding.vendor for finding in findings} == {plant.vendor}
    operations = {name for finding in findings for name in (finding.operation or "").split(", ")}
    assert not plant.operation or set(plant.operation.split(", ")) <= operations
    table.append(f"{plant!s:<55}  {'; '.join(plant.found)}")


@pytest.mark.parametrize("vendor", [path.stem for path in SPECS])
def test_unchanged_copy_has_no_findings(vendor: str) -> None:
    """A copy that says the same, in another order too, is no change."""
    old, new = only(vendor), only(vendor)
    new.specs[vendor] = backwards(new.specs[vendor])
    assert old == new
    assert [*compare(old, new), *compare_specs(vendor, old.specs[vendor], new.specs[vendor])] == []


def backwards(node: Any) -> Any:
    """A document with the keys of its mappings in the reverse order."""
    if isinstance(node, dict):
        return {key: backwards(value) for key, value in reversed(node.items())}
    return [backwards(each) for each in node] if isinstance(node, list) else node


def test_plants_are_of_every_class_and_vendor() -> None:
    """At least 40 different changes, some of each class for each of at least four vendors."""
    seen = {(plant.vendor, found.split(" ")[0]) for plant in PLANTS for found in plant.found}
    assert len({str(plant) for plant in PLANTS}) == len(PLANTS) >= 40
    vendors = {plant.vendor for plant in PLANTS}
    assert len(vendors) >= 4
    assert seen == {(vendor, kind) for vendor in vendors for kind in CLASSES}
