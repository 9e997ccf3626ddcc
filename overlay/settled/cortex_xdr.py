"""Cortex XDR: actions on endpoints, script runs, what both bring back, and XQL queries.

A submit creates an action or a script run and returns its job. It is sent once, because a second one would act twice:

    job = cortex_xdr.isolate(client, ["3f9d1c7a5be24c0f8a6e2d4b90c71e58"])
    end = settled.wait(job, timeout=3600)

An argument that cannot be right is a ValueError or TypeError, and nothing is sent. Each submit raises `SubmitFailed` if
the tenant says that it did not take it, in a 200 or in a 500 that is known to be permanent; `SubmitUnclear` if the
action may exist but no reply names it; ApiError or TransportError if there certainly is no action. The asyncio twin of
`X` is `X_async`.

From the vendor's pages "Get Action Status", "Get Script Execution Status", "Start an XQL Query" and those beside them.
The pages do not say which words are terminal, nor list the words of a script run: these come from the vendor's own
clients and from users' reports.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Unpack

import attrs

from settled_clients.cortex_xdr import AuthenticatedClient, api, models
from settled_clients.cortex_xdr.types import UNSET, Unset

from ._core.job import UNREADABLE, Job, JobKind, check_job
from ._core.outcome import Outcome, TerminalStatus
from ._core.snapshot import Part, Progress, Reading, Refused, Snapshot, details_of, of_parts
from ._core.text import truncate
from ._core.validate import described, nonempty, text
from ._cortex.credentials import cortex_arguments, cortex_environment
from ._cortex.submits import Strings, identifier, selection, start, strings, whole_seconds
from ._cortex.xql import XQL_RUNNING, XqlRequests, XqlTerminal, read_query, rows, start_xql
from ._http.connect import ConnectOptions
from ._http.credentials import Secret
from ._http.error_body import is_object, message_of, sentence
from ._run import fetch
from ._run.operation import (
    READ_SECONDS,
    asynchronous,
    asynchronous_iteration,
    deadline,
    iteration,
    operation,
    read,
)
from ._run.steps import Items, Steps
from .errors import MalformedResponse

if TYPE_CHECKING:
    from ._http.response import Response

__all__ = [
    "KINDS",
    "ActionTerminal",
    "AuthenticatedClient",
    "ScriptTerminal",
    "XqlTerminal",
    "abort_scan",
    "abort_scan_async",
    "action",
    "connect",
    "connect_from_env",
    "download_retrieved_files",
    "download_retrieved_files_async",
    "download_script_files",
    "download_script_files_async",
    "isolate",
    "isolate_async",
    "quarantine_file",
    "quarantine_file_async",
    "restore_file",
    "restore_file_async",
    "retrieve_files",
    "retrieve_files_async",
    "run_script",
    "run_script_async",
    "run_snippet",
    "run_snippet_async",
    "scan_all_endpoints",
    "scan_all_endpoints_async",
    "scan_endpoints",
    "scan_endpoints_async",
    "script_execution",
    "script_results",
    "script_results_async",
    "start_query",
    "start_query_async",
    "unisolate",
    "unisolate_async",
    "xql_query",
    "xql_rows",
    "xql_rows_async",
]

# JSON numbers have no limit, and Python refuses to print an int of many thousand digits.
_MAX_COUNT = 10**9
# What the API takes in one request, where a page says so.
_MAX_ENDPOINTS = 1_000
_MAX_RETRIEVAL_ENDPOINTS = 10
_MAX_RETRIEVAL_FILES = 20
# What a download may have, packed and unpacked.
_MAX_BYTES = 2**30
_RUNNING = frozenset({"PENDING", "IN_PROGRESS", "PENDING_ABORT"})


class ActionTerminal(TerminalStatus):
    """The status words of an action that has settled on an endpoint."""

    COMPLETED_SUCCESSFULLY = "COMPLETED_SUCCESSFULLY", Outcome.SUCCEEDED
    COMPLETED_PARTIAL = "COMPLETED_PARTIAL", Outcome.PARTIAL
    FAILED = "FAILED", Outcome.FAILED
    # Clients know both spellings.
    CANCELLED = "CANCELLED", Outcome.CANCELLED
    CANCELED = "CANCELED", Outcome.CANCELLED
    ABORTED = "ABORTED", Outcome.CANCELLED
    TIMEOUT = "TIMEOUT", Outcome.TIMED_OUT
    EXPIRED = "EXPIRED", Outcome.TIMED_OUT


class ScriptTerminal(TerminalStatus):
    """The status words of a settled script run, which are also those of its counters."""

    COMPLETED_SUCCESSFULLY = "COMPLETED_SUCCESSFULLY", Outcome.SUCCEEDED
    COMPLETED_PARTIAL = "COMPLETED_PARTIAL", Outcome.PARTIAL
    FAILED = "FAILED", Outcome.FAILED
    CANCELED = "CANCELED", Outcome.CANCELLED
    CANCELLED = "CANCELLED", Outcome.CANCELLED
    ABORTED = "ABORTED", Outcome.CANCELLED
    TIMEOUT = "TIMEOUT", Outcome.TIMED_OUT
    EXPIRED = "EXPIRED", Outcome.TIMED_OUT


def _read_action(raw: Any) -> Reading:
    reply: Mapping[str, Any] = raw.get("reply") or {}
    words: Mapping[str, str | None] = reply.get("data") or {}
    if not words and (refusal := sentence(reply.get("err_msg"))):
        raise Refused(truncate(refusal))
    reasons = reply.get("errorReasons")
    by_endpoint = reasons if is_object(reasons) else {}
    parts = {endpoint: _part(word or None, by_endpoint.get(endpoint)) for endpoint, word in words.items()}
    # A reason for an endpoint that `data` does not name, or in another form, is still worth showing.
    others = {endpoint: _part(None, reason) for endpoint, reason in by_endpoint.items() if endpoint not in parts}
    detail = details_of(parts | others) or (None if is_object(reasons) else message_of(reasons))
    # The API gives an action no status of its own, so its outcome is that of its endpoints together.
    return attrs.evolve(of_parts(parts), detail=detail)


def _part(word: str | None, reason: Any) -> Part:
    return Part(word, ActionTerminal.outcome_of(word), _reason(reason))


def _reason(reason: Any) -> str | None:
    """Why an action failed on an endpoint, from the documented and undocumented fields that can say so."""
    if not is_object(reason):
        return message_of(reason)
    missing = message_of(reason.get("missing_files"))
    texts = (
        message_of(reason.get("errorText")),
        message_of(reason.get("errorDescription")),
        _error_data(reason.get("errorData")),
        missing and f"missing files: {missing}",
    )
    # Two of the fields often hold the same sentence.
    return "; ".join(dict.fromkeys(filter(None, texts))) or message_of(_without_error_data(reason))


def _error_data(data: Any) -> str | None:
    """What `errorData` says: a text, which holds JSON for some actions and a plain sentence for others."""
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return message_of(data)
    # One level is enough: anything nested deeper is shown as it is.
    if is_object(data) and ("errorText" in data or "errorDescription" in data):
        return _reason(_without_error_data(data))
    return message_of(data)


def _without_error_data(reason: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reason.items() if name != "errorData"}


def _read_script(raw: Any) -> Reading:
    reply: Mapping[str, Any] = raw["reply"]
    status: str | None = reply.get("general_status") or None
    message = message_of(reply.get("error_message") or reply.get("err_msg"))
    if status is None and message is not None:
        raise Refused(truncate(message))
    # Fields such as `endpoints_completed_successfully`: how many endpoints have which status.
    counters = {
        word: _count(count)
        for name, count in reply.items()
        # A new field of such a name may count nothing.
        if (word := name.removeprefix("endpoints_")) != name and (type(count) is int or SCRIPT_EXECUTION.knows(word))
    }
    outcomes = {word: ScriptTerminal.outcome_of(word) for word, count in counters.items() if count > 0}
    done = sum(counters[word] for word, outcome in outcomes.items() if outcome is not None)
    total = sum(counters[word] for word in outcomes)
    return Reading(
        status,
        # A run whose status is unknown has settled all the same once every endpoint that is counted has.
        ScriptTerminal.outcome_of(status) or Outcome.of_all(outcomes.values()),
        detail=message,
        progress=Progress(done, total) if total else None,
    )


def _count(value: Any) -> int:
    count = int(value or 0)
    if not 0 <= count <= _MAX_COUNT:
        raise ValueError("a count of fewer or more endpoints than there can be")
    return count


def _action_request(group_action_id: str) -> dict[str, Any]:
    if not (group_action_id.isascii() and group_action_id.isdecimal()):
        raise ValueError("group_action_id must be a whole number: digits, and nothing else")
    # The API takes an integer here and a text in `_script_request`, although these are the same ids.
    query = models.ActionStatusQuery(group_action_id=int(group_action_id))
    return api.actions.get_action_status.request_kwargs(body=models.ActionStatusRequest(request_data=query))


def _script_request(action_id: str) -> dict[str, Any]:
    query = models.ScriptExecutionStatusQuery(action_id=action_id)
    return api.scripts.get_script_execution_status.request_kwargs(
        body=models.ScriptExecutionStatusRequest(request_data=query)
    )


def _retrieved_files(
    snapshot: Snapshot[models.ActionStatusReply], folder: Path | None, timeout: float | None, overwrite: bool
) -> Iterator[Path]:
    if folder is None:
        raise ValueError("the results of an action are files: name a folder for them")
    yield from download_retrieved_files(snapshot.job, folder, timeout=timeout, overwrite=overwrite)


def _script_output(
    snapshot: Snapshot[models.ScriptExecutionReply], folder: Path | None, timeout: float | None, overwrite: bool
) -> Iterator[Any]:
    """A script run's results, then the paths of the files it fetched, which go into a folder for each endpoint."""
    from ._cortex.archives import safe_name

    found = script_results(snapshot.job, timeout=timeout)
    yield found.to_dict()
    if folder is not None:
        # Tenants mix numbers and texts in such counts.
        for endpoint in (str(each.endpoint_id) for each in found.results if str(each.retrieved_files or 0) != "0"):
            target = folder / safe_name(endpoint)
            yield from download_script_files(snapshot.job, endpoint, target, timeout=timeout, overwrite=overwrite)


def _decode_action(raw: Mapping[str, Any]) -> models.ActionStatusReply:
    return models.ActionStatusReply.from_dict(raw)


ACTION = JobKind(
    name="cortex_xdr.action",
    client_class=AuthenticatedClient,
    request=_action_request,
    decode=_decode_action,
    read=_read_action,
    terminal=ActionTerminal,
    running=_RUNNING,
    fetcher=fetch,
    progress_words="endpoints settled",
    no_parts_hint="the tenant names no endpoint for this action; is it the `group_action_id`?",
    results=_retrieved_files,
)


def _decode_script(raw: Mapping[str, Any]) -> models.ScriptExecutionReply:
    return models.ScriptExecutionReply.from_dict(raw)


SCRIPT_EXECUTION = JobKind(
    name="cortex_xdr.script_execution",
    client_class=AuthenticatedClient,
    request=_script_request,
    decode=_decode_script,
    read=_read_script,
    terminal=ScriptTerminal,
    running=_RUNNING,
    fetcher=fetch,
    progress_words="endpoints settled",
    results=_script_output,
)
_XQL = XqlRequests(api, models)


def _rows(snapshot: Snapshot[models.QueryResultsReply], *_: object) -> Iterator[dict[str, Any]]:
    return xql_rows(snapshot)


def _decode_query(raw: Mapping[str, Any]) -> models.QueryResultsReply:
    return models.QueryResultsReply.from_dict(raw)


XQL_QUERY = JobKind(
    name="cortex_xdr.xql_query",
    client_class=AuthenticatedClient,
    request=_XQL.poll,
    decode=_decode_query,
    read=read_query,
    terminal=XqlTerminal,
    running=XQL_RUNNING,
    fetcher=fetch,
    results_at=("reply", "results", "data"),
    results=_rows,
)
KINDS = (ACTION, SCRIPT_EXECUTION, XQL_QUERY)


def action(client: AuthenticatedClient, group_action_id: int | str) -> Job[models.ActionStatusReply]:
    """The action that a request returned as `action_id`; to poll it, the API calls the same id `group_action_id`.

    Its snapshots have no `status`: `parts` has that of each endpoint. An endpoint that is offline stays PENDING for
    days, so only a deadline ends such a wait.

    Raises:
        ValueError: If the id is no whole number.
    """
    return Job(ACTION, client, str(group_action_id))


def script_execution(client: AuthenticatedClient, action_id: int | str) -> Job[models.ScriptExecutionReply]:
    """The script run that a request returned as `action_id`.

    Raises:
        ValueError: If `action_id` cannot be an id.
    """
    return Job(SCRIPT_EXECUTION, client, str(action_id))


@operation
def isolate(
    client: AuthenticatedClient, endpoint_ids: Strings, *, incident_id: int | str | None = None
) -> Steps[Job[models.ActionStatusReply]]:
    """Isolate endpoints from the network, and return the action; at most 1,000 endpoints.

    `incident_id` links the action to a case. From the vendor's page "Isolate Endpoints".
    """
    body = _isolation(endpoint_ids, incident_id)
    return (yield from start(ACTION, client, api.actions.isolate.request_kwargs(body=body)))


@operation
def unisolate(
    client: AuthenticatedClient, endpoint_ids: Strings, *, incident_id: int | str | None = None
) -> Steps[Job[models.ActionStatusReply]]:
    """Reconnect isolated endpoints to the network, and return the action; at most 1,000 endpoints.

    From the vendor's page "Unisolate Endpoints".
    """
    body = _isolation(endpoint_ids, incident_id)
    return (yield from start(ACTION, client, api.actions.unisolate.request_kwargs(body=body)))


@operation
def scan_endpoints(
    client: AuthenticatedClient, endpoint_ids: Strings, *, incident_id: int | str | None = None
) -> Steps[Job[models.ActionStatusReply]]:
    """Scan endpoints for malware, and return the action; the vendor documents no limit.

    An empty selection is a ValueError, because the API would scan every endpoint of the tenant: that is
    `scan_all_endpoints`. From the vendor's page "Scan Endpoints".
    """
    selected = models.ScanSelection(filters=_scan_filters(endpoint_ids), incident_id=_incident(incident_id))
    return (
        yield from start(
            ACTION, client, api.actions.scan.request_kwargs(body=models.ScanRequest(request_data=selected))
        )
    )


@operation
def scan_all_endpoints(client: AuthenticatedClient) -> Steps[Job[models.ActionStatusReply]]:
    """Scan every endpoint of the tenant for malware, and return the action.

    From the vendor's page "Scan Endpoints".
    """
    body = models.ScanRequest(request_data=models.ScanSelection(filters=models.AllEndpoints.ALL))
    return (yield from start(ACTION, client, api.actions.scan.request_kwargs(body=body)))


@operation
def abort_scan(client: AuthenticatedClient, endpoint_ids: Strings) -> Steps[Job[models.ActionStatusReply]]:
    """Abort the scans that are pending or in progress on endpoints, and return the action that does so.

    The API selects scans by endpoint, so every scan of these endpoints ends. The returned job is an action of its own:
    its success means that the abort worked. How the scan ended is in the scan's job. From the vendor's page "Cancel
    Scan Endpoints".
    """
    body = models.ScanRequest(request_data=models.ScanSelection(filters=_scan_filters(endpoint_ids)))
    return (yield from start(ACTION, client, api.actions.abort_scan.request_kwargs(body=body)))


@operation
def quarantine_file(
    client: AuthenticatedClient, endpoint_ids: Strings, *, path: str, sha256: str
) -> Steps[Job[models.ActionStatusReply]]:
    """Quarantine a file on endpoints, and return the action; at most 1,000 endpoints.

    `path` must not be a symbolic link. The action can succeed although the file was not found: the generated operation
    `get_quarantine_status` tells. From the vendor's page "Quarantine Files".
    """
    quarantined = models.Quarantine(
        filters=_filters(selection("endpoint_ids", endpoint_ids, most=_MAX_ENDPOINTS)),
        file_path=nonempty("path", path),
        file_hash=_sha256(sha256),
    )
    body = models.QuarantineRequest(request_data=quarantined)
    return (yield from start(ACTION, client, api.actions.quarantine.request_kwargs(body=body)))


@operation
def restore_file(
    client: AuthenticatedClient, sha256: str, *, endpoint_id: str | None = None
) -> Steps[Job[models.ActionStatusReply]]:
    """Restore a quarantined file, on one endpoint or on all that hold it, and return the action.

    The vendor documents a maximum result set of 100. From the vendor's page "Restore File".
    """
    endpoint = UNSET if endpoint_id is None else identifier("endpoint_id", endpoint_id)
    body = models.RestoreRequest(request_data=models.Restore(file_hash=_sha256(sha256), endpoint_id=endpoint))
    return (yield from start(ACTION, client, api.actions.restore.request_kwargs(body=body)))


@operation
def retrieve_files(
    client: AuthenticatedClient,
    endpoint_ids: Strings,
    *,
    windows: Strings = (),
    linux: Strings = (),
    macos: Strings = (),
) -> Steps[Job[models.ActionStatusReply]]:
    """Retrieve files from endpoints, and return the action; at most 10 endpoints and 20 files.

    The paths are given by operating system; at least one is needed. From the vendor's page "Retrieve File".
    """
    paths = {
        name: strings(name, each, most=_MAX_RETRIEVAL_FILES)
        for name, each in (("windows", windows), ("linux", linux), ("macos", macos))
    }
    if not 1 <= sum(map(len, paths.values())) <= _MAX_RETRIEVAL_FILES:
        raise ValueError(f"windows, linux and macos must have from 1 to {_MAX_RETRIEVAL_FILES} paths together")
    files = models.FilePaths(**{name: each for name, each in paths.items() if each})
    endpoints = _filters(selection("endpoint_ids", endpoint_ids, most=_MAX_RETRIEVAL_ENDPOINTS))
    body = models.FileRetrievalRequest(request_data=models.FileRetrieval(filters=endpoints, files=files))
    return (yield from start(ACTION, client, api.actions.file_retrieval.request_kwargs(body=body)))


@operation
def run_script(
    client: AuthenticatedClient,
    script_uid: str,
    endpoint_ids: Strings,
    *,
    parameters: Mapping[str, Any] | None = None,
    timeout: int | None = None,
) -> Steps[Job[models.ScriptExecutionReply]]:
    """Run a script of the tenant's library on endpoints, and return the run; at most 1,000 endpoints.

    The generated operation `get_scripts` lists the library with the `script_uid` of each script. `parameters` maps the
    names of the script's parameters to values. An endpoint ends the script after `timeout` seconds (600 by default);
    how long to wait for the run is up to `settled.wait`. From the vendor's page "Run Script".
    """
    script = models.ScriptRun(
        script_uid=identifier("script_uid", script_uid),
        filters=_filters(selection("endpoint_ids", endpoint_ids, most=_MAX_ENDPOINTS)),
        parameters_values=_parameters(parameters),
        timeout=UNSET if timeout is None else whole_seconds("timeout", timeout),
    )
    body = models.ScriptRunRequest(request_data=script)
    return (yield from start(SCRIPT_EXECUTION, client, api.scripts.run_script.request_kwargs(body=body)))


@operation
def run_snippet(
    client: AuthenticatedClient, code: str, endpoint_ids: Strings, *, timeout: int | None = None
) -> Steps[Job[models.ScriptExecutionReply]]:
    """Run Python code on endpoints, and return the run; the vendor documents no limit.

    The code is sent as it is. The API also takes Base64, so it may decode code that happens to be valid Base64.
    `timeout` is as for `run_script`. From the vendor's page "Run Snippet Code Script".
    """
    snippet = models.SnippetRun(
        snippet_code=nonempty("code", code),
        filters=_filters(selection("endpoint_ids", endpoint_ids)),
        timeout=UNSET if timeout is None else whole_seconds("timeout", timeout),
    )
    body = models.SnippetRunRequest(request_data=snippet)
    return (yield from start(SCRIPT_EXECUTION, client, api.scripts.run_snippet_code_script.request_kwargs(body=body)))


@operation
def script_results(
    job: Job[models.ScriptExecutionReply], *, timeout: float | timedelta | None = READ_SECONDS
) -> Steps[models.ScriptResults]:
    """What a script run has output on each endpoint so far, as the generated model of `reply`.

    Each of its `results` has an `endpoint_id`, an `execution_status` and a `standard_output`. What the script's entry
    point returned is `result["_return_value"]`; outputs that the script names are under their names. While the run
    goes on, `results` has the endpoints that have begun. Transient errors are retried, for `timeout` seconds in all.
    From the vendor's page "Get Script Execution Results".

    Raises:
        TypeError: If the job is no script run.
        SettledError: ApiError (with 200, if the API does not know the run), TransportError or MalformedResponse.
    """
    _check(job, SCRIPT_EXECUTION, "script_results")
    body = models.ScriptResultsRequest(request_data=models.ScriptResultsQuery(action_id=job.id))
    request = api.scripts.get_script_execution_results.request_kwargs(body=body)
    response = yield from read(job.client, request, deadline(timeout))
    reply = _reply(job, response)
    # The API tells of a run that it does not know in a 200.
    if not reply.get("results") and (message := message_of(reply.get("error_message") or reply.get("err_msg"))):
        raise response.api_error(truncate(message))
    try:
        # The model needs `results`; a reply may lack them as long as no endpoint has begun.
        return models.ScriptResults.from_dict({**reply, "results": reply.get("results") or []})
    except UNREADABLE as error:
        raise MalformedResponse(f"{job.ref}: the results do not fit the model: {error!r:.100}") from error


@operation
def download_script_files(
    job: Job[models.ScriptExecutionReply],
    endpoint_id: str,
    folder: str | os.PathLike[str],
    *,
    timeout: float | timedelta | None = READ_SECONDS,
    max_bytes: int = _MAX_BYTES,
    overwrite: bool = False,
) -> Steps[list[Path]]:
    """Download the files that a script run has fetched from an endpoint into a folder, and return their paths.

    The tenant sends a ZIP archive. Its files are written below the folder, whatever paths the archive has; names that
    would clash get a number. Anything that is no archive, or is encrypted, is kept as one file. The folder is created
    if needed. Files appear in it once all of them are complete; after an error it is as it was. An existing file is a
    FileExistsError, unless `overwrite` allows to replace it. A reply without content is no file: the vendor sends an
    archive, which has a place for an empty file.

    Transient errors are retried, and an expired link is requested anew, all within `timeout` seconds. `max_bytes`
    bounds both what is received and what is written (default 1 GiB). The vendor keeps the files until the result's
    `retention_date`. From the vendor's page "Get Script Execution Result Files".

    Raises:
        TypeError: If the job is no script run.
        ValueError: If the folder is a file, or another argument cannot be right.
        FileExistsError: If one of the files exists already; none is written then.
        MalformedResponse: If there is more than `max_bytes`, or the archive is corrupt or contradicts itself.
        SettledError: ApiError (with 200, if there are no files) or TransportError.
    """
    from ._cortex.downloads import Download

    _check(job, SCRIPT_EXECUTION, "download_script_files")
    query = models.ScriptFilesQuery(action_id=job.id, endpoint_id=text("endpoint_id", endpoint_id))
    request = api.scripts.get_script_execution_results_files.request_kwargs(
        body=models.ScriptFilesRequest(request_data=query)
    )
    end = deadline(timeout)

    def ask() -> Steps[Mapping[str, str]]:
        response = yield from read(job.client, request, end)
        reply = _reply(job, response)
        # The page has `data`, tenants send `DATA`.
        link = reply.get("DATA") or reply.get("data")
        if not link:
            raise response.api_error(_no_files(reply, "this endpoint has no files: has the script fetched any?"))
        return {endpoint_id: link}

    download = Download(job, ask, folder, end, max_bytes, overwrite)
    return (yield from download.of_endpoint(endpoint_id))


@operation
def download_retrieved_files(
    job: Job[models.ActionStatusReply],
    folder: str | os.PathLike[str],
    *,
    timeout: float | timedelta | None = READ_SECONDS,
    max_bytes: int = _MAX_BYTES,
    overwrite: bool = False,
) -> Steps[list[Path]]:
    """Download the files that an action has retrieved into a folder, and return their paths.

    The files of each endpoint go into a subfolder named by its id, because endpoints have files of the same name. They
    appear once all files of that endpoint are complete. An endpoint without files gets no subfolder. One refused
    archive does not stop the others: the error is raised in the end. Everything else is as in `download_script_files`;
    `timeout` and `max_bytes` bound the whole call. From the vendor's page "File Retrieval Details".

    Raises:
        TypeError: If the job is no action.
        ValueError: If the folder is a file, or another argument cannot be right.
        FileExistsError: If a file of an endpoint exists already; none of that endpoint is written then.
        MalformedResponse: If there is more than `max_bytes`, or an archive is corrupt or contradicts itself.
        SettledError: ApiError (with 200, if no endpoint has files) or TransportError.
    """
    from ._cortex.downloads import Download

    _check(job, ACTION, "download_retrieved_files")
    body = models.RetrievedFilesRequest(request_data=models.RetrievedFilesQuery(group_action_id=job.id))
    request = api.actions.get_file_retrieval_details.request_kwargs(body=body)
    end = deadline(timeout)

    def ask() -> Steps[Mapping[str, str]]:
        response = yield from read(job.client, request, end)
        reply = _reply(job, response)
        links = reply.get("data") or reply.get("DATA")
        found = {endpoint: link for endpoint, link in links.items() if link} if is_object(links) else {}
        if not found:
            raise response.api_error(_no_files(reply, "no endpoint has files: has the action ended, and fetched any?"))
        return found

    download = Download(job, ask, folder, end, max_bytes, overwrite)
    return (yield from download.of_all_endpoints())


isolate_async: Final = asynchronous(isolate)
unisolate_async: Final = asynchronous(unisolate)
scan_endpoints_async: Final = asynchronous(scan_endpoints)
scan_all_endpoints_async: Final = asynchronous(scan_all_endpoints)
abort_scan_async: Final = asynchronous(abort_scan)
quarantine_file_async: Final = asynchronous(quarantine_file)
restore_file_async: Final = asynchronous(restore_file)
retrieve_files_async: Final = asynchronous(retrieve_files)
run_script_async: Final = asynchronous(run_script)
run_snippet_async: Final = asynchronous(run_snippet)
script_results_async: Final = asynchronous(script_results)
download_script_files_async: Final = asynchronous(download_script_files)
download_retrieved_files_async: Final = asynchronous(download_retrieved_files)


def _isolation(endpoint_ids: Strings, incident_id: int | str | None) -> models.IsolationRequest:
    found, incident = selection("endpoint_ids", endpoint_ids, most=_MAX_ENDPOINTS), _incident(incident_id)
    # The page takes one endpoint by its id and several by a filter; both together are an error.
    selected: dict[str, Any] = {"endpoint_id": found[0]} if len(found) == 1 else {"filters": _filters(found)}
    return models.IsolationRequest(request_data=models.Isolation(**selected, incident_id=incident))


def _filters(endpoint_ids: list[str]) -> list[models.EndpointIdFilter]:
    field, within = models.EndpointIdFilterField.ENDPOINT_ID_LIST, models.EndpointIdFilterOperator.IN
    return [models.EndpointIdFilter(field=field, operator=within, value=endpoint_ids)]


def _scan_filters(endpoint_ids: Strings) -> list[models.ScanFilter]:
    found = selection("endpoint_ids", endpoint_ids)
    # The scan operations have a filter of their own, because they select by more than the id.
    return [models.ScanFilter(field=models.ScanFilterField.ENDPOINT_ID_LIST, operator="in", value=found)]


def _incident(incident_id: int | str | None) -> str | Unset:
    if isinstance(incident_id, bool) or not isinstance(incident_id, int | str | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"incident_id must be an int or a str, not {described(incident_id)}")
    # These operations take the id of a case as a text.
    return UNSET if incident_id is None or incident_id == "" else str(incident_id)


def _parameters(parameters: Mapping[str, Any] | None) -> models.ScriptParameters | Unset:
    if parameters is not None and not isinstance(parameters, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"parameters must be a mapping, not {described(parameters)}")
    return models.ScriptParameters.from_dict(parameters) if parameters else UNSET


def _sha256(value: str) -> str:
    if not re.fullmatch("[0-9A-Fa-f]{64}", text("sha256", value)):
        raise ValueError("sha256 must be 64 hexadecimal digits")
    return value


def _check(job: Any, kind: JobKind[Any], function: str) -> None:
    check_job(job)
    if job.kind.name != kind.name:
        raise TypeError(f"{function} takes a job of kind {kind}, not {job.kind}")


def _reply(job: Job[Any], response: Response) -> Mapping[str, Any]:
    raw = response.json()
    reply = raw.get("reply") if is_object(raw) else None
    if not is_object(reply):
        raise MalformedResponse(f"{job.ref}: the answer has no reply that can be read")
    return reply


def _no_files(reply: Mapping[str, Any], otherwise: str) -> str:
    return truncate(message_of(reply.get("error_message") or reply.get("err_msg")) or otherwise)


@operation
def start_query(
    client: AuthenticatedClient,
    query: str,
    *,
    timeframe: timedelta | tuple[datetime, datetime] | None = None,
    tenants: Iterable[str] = (),
    wait_for_slot: float = 0.0,
) -> Steps[Job[models.QueryResultsReply]]:
    """Start an XQL query, and return its job.

    `timeframe` is the period to search: a timedelta that ends now, or a pair of datetimes with time zones, its begin
    and end. If it is None, the API searches the last 24 hours. `tenants` are the ids of tenants to search, for a parent
    that manages others. A tenant runs four queries at a time and refuses a fifth: `wait_for_slot` is for how many
    seconds to try again.

    Raises:
        ValueError, TypeError: If an argument cannot be right.
        SubmitFailed: If too many queries run, the day's quota is used up, or the query is not valid XQL.
        SubmitUnclear: If the query may run nevertheless: after no reply, or a 5xx. `candidates` are the refs of the
            running queries with the same text.
        SettledError: ApiError or TransportError, if there certainly is no query.
    """
    steps = start_xql(_XQL, XQL_QUERY, client, query, timeframe=timeframe, tenants=tenants, wait_for_slot=wait_for_slot)
    return (yield from steps)


start_query_async: Final = asynchronous(start_query)


def xql_query(client: AuthenticatedClient, query_id: str) -> Job[models.QueryResultsReply]:
    """The query with the id that its start returned; the console's Query Center shows it as the execution id.

    Its body has the number of results, what the query cost, and the quota that is left. A poll brings at most ten rows;
    `xql_rows` reads all of them.

    Raises:
        ValueError: If `query_id` cannot be an id.
    """
    return Job(XQL_QUERY, client, query_id)


@iteration
def xql_rows(
    snapshot: Snapshot[models.QueryResultsReply], client: AuthenticatedClient | None = None
) -> Items[dict[str, Any]]:
    """The rows of a query that has ended, one by one; only a few are in memory at a time.

        end = settled.wait(cortex_xdr.start_query(client, "dataset = xdr_data | limit 5000"), timeout=600)
        for row in cortex_xdr.xql_rows(end):
            print(row["event_type"])

    A snapshot holds at most ten rows. More are requested when the first one is read: as one reply, or beyond 1,000 as
    a stream. They do not become part of the snapshot, of its `to_dict` or of a log. `client` is for a snapshot that was
    pickled, which has none. A row may be as large as the client's `max_body` (4 MiB) as JSON.

    Raises:
        TypeError: If this is no snapshot of such a query. ValueError: If it has no client and needs one.
        OutcomeError: If the query has not succeeded, wholly or in part; `snapshot.error`, if the wait ended with one.
        SettledError: While rows are read: ApiError, TransportError or MalformedResponse. The rows so far are right, but
            incomplete; a short result is never taken for a whole one.
    """
    yield from rows(_XQL, XQL_QUERY, snapshot, client)


xql_rows_async: Final = asynchronous_iteration(xql_rows)


def connect(
    base_url: str, *, key_id: int | str, key: Secret, advanced: bool = False, **options: Unpack[ConnectOptions]
) -> AuthenticatedClient:
    """A client of a tenant, with the arguments that `cortex_xsiam.connect` takes.

    Raises:
        ValueError: If the address or the credentials are not valid.
    """
    return AuthenticatedClient(**cortex_arguments(base_url, key_id, key, advanced, options))


def connect_from_env(**options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of the tenant that the environment names.

    The variables are SETTLED_CORTEX_XDR_URL, _KEY_ID, _KEY and _KEY_TYPE (standard, the default, or advanced).

    Raises:
        ValueError: If a variable is missing or not valid.
    """
    return connect(**cortex_environment("cortex_xdr"), **options)
