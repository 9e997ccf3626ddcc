"""AgileSec: submit scans, wait for them, and receive the callbacks that report their end.

A scan is one execution of a sensor; its job id is the `executionId`. From the vendor's page "Scan API".
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Required, TypedDict, TypeVar, Unpack

from settled_clients.agilesec import AuthenticatedClient, api, models
from settled_clients.agilesec.models import Label, ScanCallback

from .._core.inbox import Inbox
from .._core.job import UNREADABLE, Job, JobKind
from .._core.outcome import Outcome, TerminalStatus
from .._core.snapshot import Reading
from .._core.text import truncate
from .._core.validate import described
from .._http.connect import ConnectOptions, client_arguments, token_environment
from .._http.credentials import HeaderToken, Secret
from .._http.error_body import message_of
from .._run import fetch
from .._run.operation import asynchronous, operation, submit
from .._run.steps import Steps
from ..errors import MalformedResponse, SubmitFailed
from ._callback_app import CallbackApp
from ._callbacks import ApiToken, BearerToken, CallbackAuth, parse_callback

if sys.version_info >= (3, 13):
    from warnings import deprecated
else:
    from typing_extensions import deprecated

__all__ = [
    "KINDS",
    "ApiToken",
    "AuthenticatedClient",
    "BearerToken",
    "CallbackApp",
    "Inbox",
    "NewScan",
    "ScanCallback",
    "ScanTerminal",
    "SubmittedScan",
    "callback_app",
    "connect",
    "connect_from_env",
    "create_scan",
    "create_scan_async",
    "execute_scan",
    "execute_scan_async",
    "parse_callback",
    "scan",
    "submit_scan",
    "submit_scan_async",
]

Body = TypeVar("Body", "models.CreateScanRequest", "models.SubmitScanRequest")

_SUBMIT_SCAN_DEPRECATED = "POST /v3/scan is removed in version 3.6 of the platform: use create_scan"


class ScanTerminal(TerminalStatus):
    """The status words of a settled scan; any other word means that the scan is still running."""

    SUCCESSFUL = "successful", Outcome.SUCCEEDED
    FAILED = "failed", Outcome.FAILED


def _read(raw: Any) -> Reading:
    status: str = raw["status"]
    return Reading(status, ScanTerminal.outcome_of(status), detail=message_of(raw.get("message")))


def _request(job_id: str) -> dict[str, Any]:
    return api.scans.get_scan.request_kwargs(job_id)


def _decode(raw: Mapping[str, Any]) -> models.Scan:
    return models.Scan.from_dict(raw)


SCAN = JobKind(
    name="agilesec.scan",
    client_class=AuthenticatedClient,
    request=_request,
    decode=_decode,
    read=_read,
    terminal=ScanTerminal,
    # The page does not list all running words, so every word that is not terminal counts as running.
    running=frozenset(),
    fetcher=fetch,
    reply_id=operator.itemgetter("executionId"),
)
KINDS = (SCAN,)


class SubmittedScan(TypedDict, total=False):
    """The arguments of `submit_scan`.

    Attributes:
        sensor_type: The sensor's type, as the platform names it.
        sensor_name: A name of your own for the sensor.
        sensor_config: The sensor's settings, as its guide describes them.
        priority: "low" unless given.
        callback_id: The id of a registered callback endpoint.
        labels: Names and values that are returned with the results.
    """

    sensor_type: Required[str]
    sensor_name: Required[str]
    sensor_config: Required[Mapping[str, Any]]
    priority: Literal["low", "medium", "high"]
    callback_id: str
    labels: Mapping[str, str] | list[dict[str, str]]


class NewScan(SubmittedScan, total=False):
    """The arguments of `create_scan`: those of `SubmittedScan`, and these.

    Attributes:
        incremental_scan: Whether to scan only what is new.
        auto_resolution_interval: Days after which findings are resolved.
    """

    incremental_scan: bool
    auto_resolution_interval: int


def scan(client: AuthenticatedClient, execution_id: str) -> Job[models.Scan]:
    """The job of a scan, by the `executionId` that its submit returned.

    Raises:
        ValueError: If `execution_id` cannot be an id.
    """
    return Job(SCAN, client, execution_id)


@operation
def create_scan(client: AuthenticatedClient, **new: Unpack[NewScan]) -> Steps[Job[models.Scan]]:
    """Create a sensor, start a scan with it, and return the scan's job; the arguments are those of `NewScan`.

    Raises:
        SubmitFailed: If the API did not take the scan, by a `status` of failed in a reply with 200.
        SubmitUnclear: If the scan may exist nevertheless: after no reply, a 5xx, or a reply that names no scan. The
            request is sent only once.
        SettledError: ApiError or TransportError, if there certainly is no scan.
    """
    request = api.scans.create_scan.request_kwargs(body=_body(models.CreateScanRequest, new, "create_scan"))
    return (yield from submit(client, request, functools.partial(_job_of, client)))


@operation
def execute_scan(client: AuthenticatedClient, sensor_id: str) -> Steps[Job[models.Scan]]:
    """Start a scan with an existing sensor, and return its job; raises what `create_scan` does."""
    request = api.scans.execute_scan.request_kwargs(body=models.ExecuteScanRequest(sensor_id=sensor_id))
    return (yield from submit(client, request, functools.partial(_job_of, client)))


@deprecated(_SUBMIT_SCAN_DEPRECATED)
@operation
def submit_scan(client: AuthenticatedClient, **submitted: Unpack[SubmittedScan]) -> Steps[Job[models.Scan]]:
    """Start a scan with the deprecated operation, and return its job; raises what `create_scan` does."""
    request = api.scans.submit_scan.request_kwargs(body=_body(models.SubmitScanRequest, submitted, "submit_scan"))
    return (yield from submit(client, request, functools.partial(_job_of, client)))


create_scan_async: Final = asynchronous(create_scan)
execute_scan_async: Final = asynchronous(execute_scan)
submit_scan_async: Final = asynchronous(submit_scan)  # pyright: ignore[reportDeprecated]


def _body(model: Callable[..., Body], scan: SubmittedScan, verb: str) -> Body:
    converters: dict[str, Callable[[Any], Any]] = {
        "sensor_config": models.SensorConfig.from_dict,
        "priority": models.ScanPriority,
        "labels": _labels,
    }
    fields = {name: converters[name](value) if name in converters else value for name, value in scan.items()}
    try:
        return model(**fields)
    except TypeError as error:  # an argument that is missing or unknown
        raise TypeError(str(error).replace(f"{model.__name__}.__init__()", f"{verb}()")) from None


def _labels(labels: Mapping[str, str] | list[dict[str, str]]) -> list[Label]:
    # The API takes only a list of objects with one label each; a mapping is easier to write.
    try:
        each = labels if isinstance(labels, list) else [{name: value} for name, value in labels.items()]
    except AttributeError:
        raise TypeError(f"labels must be a mapping or a list of mappings, not {described(labels)}") from None
    return [Label.from_dict(label) for label in each]


def _job_of(client: AuthenticatedClient, reply: Any) -> Job[models.Scan]:
    try:
        # A 200 says only that the request was read; `status` says whether there is a scan.
        if ScanTerminal.outcome_of(reply.get("status")) is Outcome.FAILED:
            raise SubmitFailed(
                f"the API did not take the scan: {truncate(message_of(reply.get('message')) or 'no reason given')}"
            )
        return scan(client, reply["executionId"])
    except UNREADABLE as error:
        from .._http.redact import without_secrets

        raise MalformedResponse(f"the reply has no executionId: {without_secrets(reply)!r:.200}") from error


def callback_app(*, auth: CallbackAuth | None, path: str = "/") -> CallbackApp:
    """An ASGI app that receives the platform's callbacks at `path`; its `inbox` wakes a wait.

        app = agilesec.callback_app(auth=agilesec.BearerToken(token))
        end = await settled.aio.wait(job, timeout=3600, wake=app.inbox)

    Any ASGI server can run it, and any ASGI framework can mount it. Wrong credentials get a 401 and nothing else. The
    logger `settled` logs each callback that is accepted, and warns of each that is refused.
    """
    return CallbackApp(auth, path)


def connect(base_url: str, *, token: Secret, **options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of a platform. Close it with `with client:` or `async with client:`.

    `base_url` is where `/v3/scan` begins. The options are those of `ConnectOptions`; `max_rate` is None by default.

    Raises:
        ValueError: If the address or the token is not valid.
    """
    auth = HeaderToken("isg-api-token", token)
    return AuthenticatedClient(**client_arguments(base_url, auth, **options))


def connect_from_env(**options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of the platform that SETTLED_AGILESEC_URL names, with the token SETTLED_AGILESEC_TOKEN.

    Raises:
        ValueError: If a variable is missing or not valid.
    """
    return connect(**token_environment("agilesec"), **options)


# The generated module imports this name only for type checkers; typing.get_type_hints looks it up there at run time.
vars(sys.modules[ScanCallback.__module__])["Label"] = Label
