"""AgileSec's scans, submitted to a shared pool or added one by one, and the callbacks that report their end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ._callbacks import Callback, deliver
from ._faults import Fault
from ._scan_requests import problems_of_create, problems_of_execute, problems_of_submit
from ._scans import ScanPool
from ._script import ScriptedJob, State
from ._vendor import Vendor, json_of

if TYPE_CHECKING:
    from ._simulator import Simulator

KIND = "agilesec.scan"
SENSOR_TYPES = ("GIT Sensor", "Artifactory Sensor")

# The states of a scan once its turn has come, unless a plan says otherwise.
USUAL_STATES: tuple[State | Fault, ...] = (("running", 0.2), "successful")

_MESSAGES = {"queued": "Waits for its turn", "running": "Runs", "successful": "3 findings", "failed": "Gave up"}
_LOOK_SECONDS = 0.02


@attrs.frozen
class Plan:
    """The states of a sensor's scans, the error code in their callbacks, or the refusal of their submits."""

    states: tuple[State | Fault, ...] = USUAL_STATES
    error_code: str | None = None
    refusal: str | None = None


@attrs.frozen
class Platform:
    """What a platform keeps: its pool, sensors and callback endpoints by id, and plans by sensor name."""

    pool: ScanPool
    sensors: dict[str, dict[str, Any]] = attrs.field(factory=dict[str, dict[str, Any]])
    callbacks: dict[str, Callback] = attrs.field(factory=dict[str, Callback])
    plans: dict[str, Plan] = attrs.field(factory=dict[str, Plan])

    async def call_back(self, scan: ScriptedJob, receiver: Callback, simulator: Simulator) -> None:
        """Call a receiver back once a scan has ended, unless the simulator was reset meanwhile."""
        while simulator.agilesec is self:
            if self.pool.has_ended(scan, simulator.clock()):
                await deliver(_callback_payload(scan), receiver)
                break
            # The pool advances only when it is asked, so nobody could report the end.
            await asyncio.sleep(_LOOK_SECONDS)


def new_id() -> str:
    """An id in the form of the platform's database."""
    return secrets.token_hex(12)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)


def _routes(simulator: Simulator) -> list[Route]:
    def unauthorized(request: Request) -> Response | None:
        is_known = request.headers.get("isg-api-token") in (simulator.token, simulator.plain_token)
        return None if is_known else _error(401, "Unauthorized access.")

    def operation(
        path: str, problems: Callable[[Any], Iterator[str]], start: Callable[[Simulator, dict[str, Any]], Response]
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            answer = unauthorized(request)
            if answer is None:
                body = await json_of(request)
                problem = next(problems(body), None)
                answer = start(simulator, body) if problem is None else _error(400, problem)
            return simulator.note(KIND, path.rpartition("/")[2], answer)

        return Route(path, endpoint, methods=["POST"])

    async def get_scan(request: Request) -> Response:
        scan_id: str = request.path_params["scan_id"]
        refusal = unauthorized(request)
        if refusal is not None:
            return simulator.note(KIND, scan_id, refusal)
        simulator.agilesec.pool.advance(simulator.clock())
        return await simulator.answer(KIND, scan_id, _reply, _error(404, "The specified execution id not found."))

    return [
        operation("/v3/scan/create", problems_of_create, _create),
        operation("/v3/scan/execute", problems_of_execute, _execute),
        operation("/v3/scan", problems_of_submit, _create),
        Route("/v3/scan/{scan_id}", get_scan, methods=["GET"]),
    ]


def _create(simulator: Simulator, body: dict[str, Any]) -> Response:
    if body["sensorType"] not in SENSOR_TYPES:
        return _error(404, f"Unknown sensorType: no matching record found for {body['sensorType']}.")
    if "callbackId" in body and body["callbackId"] not in simulator.agilesec.callbacks:
        return _error(404, "callbackId not found.")
    sensor_id = new_id()
    simulator.agilesec.sensors[sensor_id] = body
    return _start(simulator, sensor_id, {"sensorId": sensor_id})


def _execute(simulator: Simulator, body: dict[str, Any]) -> Response:
    if body["sensorId"] not in simulator.agilesec.sensors:
        return _error(404, "The specified execution id not found.")
    return _start(simulator, body["sensorId"], {})


def _start(simulator: Simulator, sensor_id: str, answer: dict[str, Any]) -> Response:
    sensor = simulator.agilesec.sensors[sensor_id]
    plan = simulator.agilesec.plans.get(sensor["sensorName"], Plan())
    if plan.refusal is not None:
        return JSONResponse({"status": "failed", "message": plan.refusal})
    fields = {"sensorId": sensor_id, "labels": sensor.get("labels", []), "error_code": plan.error_code}
    if "callbackId" in sensor:
        fields["callback_id"] = sensor["callbackId"]
    # No duration for the queue: the pool holds the script up until the turn comes.
    scan = simulator.make(KIND, [("queued", 0), *plan.states], None, fields)
    simulator.agilesec.pool.put(scan, sensor.get("priority", "low"), simulator.clock())
    return JSONResponse(answer | {"executionId": scan.id, "status": "successful", "message": "Scan queued"})


def _reply(scan: ScriptedJob) -> dict[str, Any]:
    status = scan.script.word
    ran = next((scan.time_of(moment) for moment, word in scan.script.began if word != "queued"), None)
    scan.fields.setdefault("sensorId", new_id())
    reply: dict[str, Any] = {
        "executionId": scan.id,
        "status": status,
        "message": _MESSAGES.get(status, status),
        "ranBy": "ci@example.com",
        "labels": [],
    }
    return reply | ({"ranAt": ran} if ran else {}) | scan.fields


def _callback_payload(scan: ScriptedJob) -> dict[str, Any]:
    reply = _reply(scan)
    payload = {name: reply[name] for name in ("sensorId", "executionId", "status", "message", "labels")}
    code = scan.options.get("error_code") or "scan-1"
    return payload | ({"errorCode": code} if payload["status"].lower() == "failed" else {})


_OPTIONS = frozenset({"callback_id", "error_code"})
VENDOR = Vendor(kinds=(KIND,), routes=_routes, new_id=new_id, error=_error, options=_OPTIONS)
