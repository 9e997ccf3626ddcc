"""Cortex XSIAM: imports of an external vulnerability scanner's findings (BYOS).

From the vendor's page "Poll the status of a BYOS import job".
"""

from __future__ import annotations

import operator
from typing import Any, Unpack

from settled_clients.cortex_xsiam import AuthenticatedClient
from settled_clients.cortex_xsiam.api.byos_import import get_byos_import_job
from settled_clients.cortex_xsiam.models import ByosImportJob

from ._core.job import Job, JobKind
from ._core.outcome import Outcome, TerminalStatus
from ._core.snapshot import Reading
from ._cortex.credentials import cortex_arguments, cortex_environment
from ._http.connect import ConnectOptions
from ._http.credentials import Secret
from ._http.error_body import message_of
from ._run import fetch

__all__ = ["KINDS", "AuthenticatedClient", "ByosImportTerminal", "byos_import", "connect", "connect_from_env"]


class ByosImportTerminal(TerminalStatus):
    """The words of a BYOS import job that has settled."""

    COMPLETED = "COMPLETED", Outcome.SUCCEEDED
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS", Outcome.PARTIAL
    FAILED = "FAILED", Outcome.FAILED


def _read(raw: Any) -> Reading:
    status: str = raw["job_status"]
    return Reading(status, ByosImportTerminal.outcome_of(status), detail=message_of(raw.get("error_log")))


BYOS_IMPORT = JobKind(
    name="cortex_xsiam.byos_import",
    client_class=AuthenticatedClient,
    request=get_byos_import_job.request_kwargs,
    decode=ByosImportJob.from_dict,
    read=_read,
    terminal=ByosImportTerminal,
    running=frozenset({"INITIATED", "PROCESSING"}),
    fetcher=fetch,
    reply_id=operator.itemgetter("job_id"),
)
KINDS = (BYOS_IMPORT,)


def byos_import(client: AuthenticatedClient, job_id: str) -> Job[ByosImportJob]:
    """The BYOS import job that a submit answered with `job_id`.

    Raises:
        ValueError: If `job_id` cannot be an id.
    """
    return Job(BYOS_IMPORT, client, job_id)


def connect(
    base_url: str, *, key_id: int | str, key: Secret, advanced: bool = False, **options: Unpack[ConnectOptions]
) -> AuthenticatedClient:
    """A client of a tenant, to be closed with `with client:` (or `async with`) when it is no longer needed.

    `base_url` is the tenant's FQDN, with or without `api-` in front, or a whole URL. `advanced` tells that the key is
    an advanced one, which signs every request. The options are those of `ConnectOptions`: `timeout`, `max_rate`
    (default 10 a second, the vendor's limit for a tenant), `verify`, `transport`.

    Raises:
        ValueError: If the address or the credentials cannot be such.
    """
    return AuthenticatedClient(**cortex_arguments(base_url, key_id, key, advanced, options))


def connect_from_env(**options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of the tenant that the environment names.

    The variables are SETTLED_CORTEX_XSIAM_URL, _KEY_ID, _KEY and _KEY_TYPE (standard, the default, or advanced).

    Raises:
        ValueError: If a variable is missing or cannot be right.
    """
    return connect(**cortex_environment("cortex_xsiam"), **options)
