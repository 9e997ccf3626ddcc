"""Cortex XSIAM: imports of an external vulnerability scanner's findings (BYOS), and XQL queries.

From the vendor's pages "Submit assets and vulnerabilities from an external scanner", "Poll the status of a BYOS
import job", "Start an XQL query" and the pages beside it.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Unpack, cast

from settled_clients.cortex_xsiam import AuthenticatedClient, api, models
from settled_clients.cortex_xsiam.models import ExternalAsset, ExternalVulnerability
from settled_clients.cortex_xsiam.types import UNSET

from ._core.job import UNREADABLE, Job, JobKind, id_of
from ._core.outcome import Outcome, TerminalStatus
from ._core.snapshot import Reading, Snapshot
from ._core.validate import described, text
from ._cortex.credentials import cortex_arguments, cortex_environment
from ._cortex.xql import XQL_RUNNING, XqlRequests, XqlTerminal, read_query, rows, start_xql
from ._http.connect import ConnectOptions
from ._http.credentials import Secret
from ._http.error_body import message_of
from ._run import fetch
from ._run.operation import asynchronous, asynchronous_iteration, iteration, operation, submit
from ._run.steps import Items, Steps
from .errors import MalformedResponse

__all__ = [
    "KINDS",
    "AuthenticatedClient",
    "ByosImportTerminal",
    "ExternalAsset",
    "ExternalVulnerability",
    "XqlTerminal",
    "byos_import",
    "connect",
    "connect_from_env",
    "import_assets",
    "import_assets_async",
    "start_query",
    "start_query_async",
    "xql_query",
    "xql_rows",
    "xql_rows_async",
]

# The API may answer only minutes after a large upload.
_IMPORT_SECONDS = 300.0


class ByosImportTerminal(TerminalStatus):
    """The status words of a BYOS import job that has settled."""

    COMPLETED = "COMPLETED", Outcome.SUCCEEDED
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS", Outcome.PARTIAL
    FAILED = "FAILED", Outcome.FAILED


def _read(raw: Any) -> Reading:
    status: str = raw["job_status"]
    return Reading(status, ByosImportTerminal.outcome_of(status), detail=message_of(raw.get("error_log")))


def _import_request(job_id: str) -> dict[str, Any]:
    return api.byos_import.get_byos_import_job.request_kwargs(job_id)


def _decode_import(raw: Mapping[str, Any]) -> models.ByosImportJob:
    return models.ByosImportJob.from_dict(raw)


BYOS_IMPORT = JobKind(
    name="cortex_xsiam.byos_import",
    client_class=AuthenticatedClient,
    request=_import_request,
    decode=_decode_import,
    read=_read,
    terminal=ByosImportTerminal,
    running=frozenset({"INITIATED", "PROCESSING"}),
    fetcher=fetch,
    reply_id=operator.itemgetter("job_id"),
)
_XQL = XqlRequests(api, models)


def _rows(snapshot: Snapshot[models.QueryResultsReply], *_: object) -> Iterator[dict[str, Any]]:
    return xql_rows(snapshot)


def _decode_query(raw: Mapping[str, Any]) -> models.QueryResultsReply:
    return models.QueryResultsReply.from_dict(raw)


XQL_QUERY = JobKind(
    name="cortex_xsiam.xql_query",
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
KINDS = (BYOS_IMPORT, XQL_QUERY)


def byos_import(client: AuthenticatedClient, job_id: str) -> Job[models.ByosImportJob]:
    """The BYOS import job that a submit returned as `job_id`.

    Raises:
        ValueError: If `job_id` cannot be an id.
    """
    return Job(BYOS_IMPORT, client, job_id)


@operation
def import_assets(
    client: AuthenticatedClient,
    assets: Iterable[ExternalAsset | Mapping[str, Any]],
    *,
    vendor: str,
    product: str,
    version: str | None = None,
) -> Steps[Job[models.ByosImportJob]]:
    """Import what an external scanner has found, and return the import's job.

    `vendor`, `product` and `version` name the scanner. Each of the `assets` is the generated model or a mapping with
    the same names, such as `origin_asset_id`, `asset_name`, `last_seen` (milliseconds since 1970) and
    `vulnerabilities`. All assets go in one request, which makes one job and may take five minutes. The vendor
    publishes no limit; other clients send about a hundred assets at a time.

    Raises:
        ValueError: If there is no asset, or one that cannot be written as JSON. TypeError: If something is no asset.
        BadRequest: If the API refuses a field; the message says which, and there is no job.
        RateLimited: If the API wants fewer requests: there is no job, and `retry_after` may say when to try again.
        SubmitUnclear: If the job may exist nevertheless: after no reply, a 5xx, or a reply that names no job. Look
            before you import again, because a second import is a second job.
        SettledError: ApiError or TransportError, if there certainly is no job.
    """
    body = models.AssetImport(
        vendor=text("vendor", vendor),
        product=text("product", product),
        version=UNSET if version is None else text("version", version),
        assets=_assets(assets),
    )
    request = api.byos_import.import_assets.request_kwargs(body=body)
    return (yield from submit(client, request, functools.partial(_imported, client), seconds=_IMPORT_SECONDS))


import_assets_async: Final = asynchronous(import_assets)


def _assets(assets: Iterable[ExternalAsset | Mapping[str, Any]]) -> list[ExternalAsset]:
    if isinstance(assets, str | bytes | Mapping | ExternalAsset):
        raise TypeError(f"assets must be an iterable of assets, not {described(assets)}")
    each = [_asset(number, asset) for number, asset in enumerate(assets)]
    if not each:
        raise ValueError("assets must have one asset at least: the API takes no empty import")
    return each


def _asset(number: int, asset: Any) -> ExternalAsset:
    if not isinstance(asset, Mapping | ExternalAsset):
        raise TypeError(f"assets[{number}] must be a mapping or an ExternalAsset, not {described(asset)}")
    try:
        fields = asset.to_dict() if isinstance(asset, ExternalAsset) else cast("Mapping[str, Any]", asset)
        # Models go through `from_dict`, too: a malformed one is then noticed before it is sent.
        return ExternalAsset.from_dict(fields)
    except UNREADABLE as error:
        raise ValueError(f"assets[{number}] does not have the form of an asset: {type(error).__name__}") from error


def _imported(client: AuthenticatedClient, answer: Any) -> Job[models.ByosImportJob]:
    try:
        # Other clients look for the id at the top of the reply, and inside `reply`.
        inner = answer.get("reply")
        return byos_import(client, id_of(answer.get("job_id") or inner["job_id"]))
    except UNREADABLE as error:
        from ._http.redact import without_secrets

        raise MalformedResponse(f"the answer has no job_id: {without_secrets(answer)!r:.200}") from error


@operation
def start_query(
    client: AuthenticatedClient,
    query: str,
    *,
    timeframe: timedelta | tuple[datetime, datetime] | None = None,
    tenants: Iterable[str] = (),
    wait_for_slot: float = 0.0,
) -> Steps[Job[models.QueryResultsReply]]:
    """Start an XQL query, and return its job: arguments and errors are those of `cortex_xdr.start_query`."""
    steps = start_xql(_XQL, XQL_QUERY, client, query, timeframe=timeframe, tenants=tenants, wait_for_slot=wait_for_slot)
    return (yield from steps)


start_query_async: Final = asynchronous(start_query)


def xql_query(client: AuthenticatedClient, query_id: str) -> Job[models.QueryResultsReply]:
    """The query with this id: as `cortex_xdr.xql_query`.

    Raises:
        ValueError: If `query_id` cannot be an id.
    """
    return Job(XQL_QUERY, client, query_id)


@iteration
def xql_rows(
    snapshot: Snapshot[models.QueryResultsReply], client: AuthenticatedClient | None = None
) -> Items[dict[str, Any]]:
    """The rows of a query that has ended: arguments and errors are those of `cortex_xdr.xql_rows`."""
    yield from rows(_XQL, XQL_QUERY, snapshot, client)


xql_rows_async: Final = asynchronous_iteration(xql_rows)


def connect(
    base_url: str, *, key_id: int | str, key: Secret, advanced: bool = False, **options: Unpack[ConnectOptions]
) -> AuthenticatedClient:
    """A client of a tenant. Close it with `with client:` or `async with client:`.

    `base_url` is the tenant's FQDN, with or without `api-` in front, or a whole URL. `advanced` says that the key is
    an advanced one, which signs every request. The options are those of `ConnectOptions`; `max_rate` is 10 requests a
    second by default, the vendor's limit for a tenant.

    Raises:
        ValueError: If the address or the credentials are not valid.
    """
    return AuthenticatedClient(**cortex_arguments(base_url, key_id, key, advanced, options))


def connect_from_env(**options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of the tenant that the environment names.

    The variables are SETTLED_CORTEX_XSIAM_URL, _KEY_ID, _KEY and _KEY_TYPE (standard, the default, or advanced).

    Raises:
        ValueError: If a variable is missing or not valid.
    """
    return connect(**cortex_environment("cortex_xsiam"), **options)


# The generated module imports this name only for type checkers; typing.get_type_hints looks it up there at run time.
vars(sys.modules[ExternalAsset.__module__])["ExternalVulnerability"] = ExternalVulnerability
