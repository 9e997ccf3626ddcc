"""What Cortex XDR's endpoints send back: the output of scripts, and files, behind links that expire.

A link names another host than the simulator's, as it does behind a proxy: a client can follow only its path.
"""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .._http.error_body import is_list, is_object
from ._cortex import Data, Refusal, cortex_error, request_data
from ._endpoint_actions import ACTION, ENDPOINT, SCRIPT_EXECUTION
from ._faults import Fault
from ._script import ScriptedJob

if TYPE_CHECKING:
    from ._simulator import Simulator

LINK_SECONDS = 600.0
READS = frozenset(
    {"get_script_execution_results", "get_script_execution_results_files", "file_retrieval_details"}
    | {"download", "status"}
)
_HOST = "https://api-simulated.xdr.invalid"
_NOT_BEGUN = ("", "PENDING")
_RUNNING = (*_NOT_BEGUN, "IN_PROGRESS", "PENDING_ABORT")

# Bytes by path, sent as a ZIP archive; or what is sent as it is.
FileSet = Mapping[str, bytes] | bytes


@attrs.define
class EndpointFiles:
    """What endpoints send back, by endpoint; the faults of reading it, by operation; and the links by their token."""

    outputs: dict[str, Mapping[str, Any]] = attrs.field(factory=dict[str, Mapping[str, Any]])
    files: dict[str, FileSet] = attrs.field(factory=dict[str, FileSet])
    faults: dict[str, list[Fault]] = attrs.field(factory=dict[str, list[Fault]])
    links: dict[str, tuple[str, float]] = attrs.field(factory=dict[str, tuple[str, float]])
    link_seconds: float = LINK_SECONDS
    link_field: str = "DATA"

    def link(self, endpoint: str, now: float) -> str:
        """A link to the files of an endpoint."""
        token = secrets.token_hex(8)
        self.links[token] = endpoint, now + self.link_seconds
        return f"{_HOST}/public_api/v1/download/{token}"


def routes(simulator: Simulator) -> list[Route]:
    """The routes of the reads."""

    def read(
        path: str, kind: str, answered: Callable[[Request], Awaitable[Response]], *methods: str, name: str = ""
    ) -> Route:
        name = name or path.rpartition("/")[2]

        async def endpoint(request: Request) -> Response:
            answer = simulator.gate.refusal(request)
            if answer is None:
                try:
                    answer = await answered(request)
                except Refusal as refusal:
                    answer = refusal.answer()
            faults = simulator.endpoint_files.faults.get(name)
            if faults:
                answer = await simulator.spoil(kind, answer, faults.pop(0))
            return simulator.note(kind, name, answer)

        return Route(f"/public_api/v1/{path}", endpoint, methods=list(methods or ("POST",)))

    async def results(request: Request) -> Response:
        data = await request_data(request)
        job = simulator.job(SCRIPT_EXECUTION, _text(data, "action_id"))
        # As on real tenants, the reply about an unknown run is a 200.
        if job is None:
            return JSONResponse({"reply": {"error_message": "there is no such action", "results": []}})
        return JSONResponse({"reply": _results(simulator, job)})

    async def script_files(request: Request) -> Response:
        data = await request_data(request)
        job, endpoint = simulator.job(SCRIPT_EXECUTION, _text(data, "action_id")), _text(data, "endpoint_id")
        word = _words(simulator, job).get(endpoint, "") if job else ""
        return JSONResponse({"reply": {simulator.endpoint_files.link_field: _link(simulator, endpoint, word)}})

    async def retrieved_files(request: Request) -> Response:
        job = simulator.job(ACTION, _text(await request_data(request), "group_action_id"))
        words = _words(simulator, job) if job else {}
        links = {endpoint: _link(simulator, endpoint, word) for endpoint, word in words.items()}
        # An endpoint without files is left out.
        return JSONResponse({"reply": {"data": {endpoint: link for endpoint, link in links.items() if link}}})

    async def download(request: Request) -> Response:
        endpoint, expires = simulator.endpoint_files.links.get(request.path_params["token"], ("", 0.0))
        if simulator.clock() >= expires:
            return cortex_error(403, "the link has expired")
        headers = {"Content-Disposition": f'attachment; filename="{endpoint}.zip"'}
        return Response(_packed(simulator.endpoint_files.files[endpoint]), 200, headers, "application/zip")

    async def quarantine(request: Request) -> Response:
        files = (await request_data(request)).get("files")
        if not is_list(files):
            raise Refusal(400, "files must be a list")
        return JSONResponse({"reply": [_quarantine(simulator, each) for each in files]})

    return [
        read("scripts/get_script_execution_results", SCRIPT_EXECUTION, results),
        read("scripts/get_script_execution_results_files", SCRIPT_EXECUTION, script_files),
        read("actions/file_retrieval_details", ACTION, retrieved_files),
        read("quarantine/status", ACTION, quarantine),
        read("download/{token}", ACTION, download, "GET", "POST", name="download"),
    ]


def _text(data: Data, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise Refusal(400, f"{name} must be str")
    return value


def _words(simulator: Simulator, job: ScriptedJob) -> dict[str, str]:
    job.advance(simulator.clock())
    return {name or ENDPOINT: script.word for name, script in job.parts.items()}


def _results(simulator: Simulator, job: ScriptedJob) -> dict[str, Any]:
    """The results of the endpoints that have begun; those that have not ended have no output yet."""
    begun = {name: word for name, word in _words(simulator, job).items() if word not in _NOT_BEGUN}
    return {
        "script_name": "simulated",
        "script_description": "",
        "script_parameters": [],
        "date_created": job.time_of(job.created)[:19].replace("T", " "),
        "scope": f"{len(job.parts)} endpoints",
        "error_message": "",
        "results": [_result(simulator, number, name, word) for number, (name, word) in enumerate(begun.items(), 1)],
    }


def _result(simulator: Simulator, number: int, endpoint: str, word: str) -> dict[str, Any]:
    sent, has_ended = simulator.endpoint_files, word not in _RUNNING
    files: FileSet = sent.files.get(endpoint, b"") if has_ended else b""
    return {
        "endpoint_name": f"host-{number}",
        "endpoint_ip_address": [f"192.0.2.{number % 256}"],
        "endpoint_status": "STATUS_010_CONNECTED",
        "domain": "",
        "endpoint_id": endpoint,
        "execution_status": word,
        "standard_output": "",
        "retrieved_files": int(bool(files)) if isinstance(files, bytes) else len(files),
        # Real tenants count nothing in a text.
        "failed_files": 0 if files else "0",
        "retention_date": None,
    } | (dict(sent.outputs.get(endpoint, {})) if has_ended else {})


def _link(simulator: Simulator, endpoint: str, word: str) -> str | None:
    sent = simulator.endpoint_files
    is_there = endpoint in sent.files and word not in _RUNNING
    return sent.link(endpoint, simulator.clock()) if is_there else None


def _packed(files: FileSet) -> bytes:
    if isinstance(files, bytes):
        return files
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


def _quarantine(simulator: Simulator, file: Any) -> Data:
    if not is_object(file):
        raise Refusal(400, "a file must be an object")
    asked: Data = {name: _text(file, name) for name in ("endpoint_id", "file_path", "file_hash")}
    holders = simulator.cortex_xdr.quarantined.get(asked["file_hash"].lower(), [])
    return asked | {"status": asked["endpoint_id"] in holders}
