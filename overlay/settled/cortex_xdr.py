"""Cortex XDR: actions on endpoints, and runs of scripts on them.

From the vendor's pages "Get Action Status" and "Get Script Execution Status". Which words are terminal, and the words
of a script run, are what the vendor's own clients and users' reports show: the pages do not say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Unpack

import attrs

from settled_clients.cortex_xdr import AuthenticatedClient
from settled_clients.cortex_xdr.api.actions import get_action_status
from settled_clients.cortex_xdr.api.scripts import get_script_execution_status
from settled_clients.cortex_xdr.models import (
    ActionStatusQuery,
    ActionStatusReply,
    ActionStatusRequest,
    ScriptExecutionReply,
    ScriptExecutionStatusQuery,
    ScriptExecutionStatusRequest,
)

from ._core.job import Job, JobKind
from ._core.outcome import Outcome, TerminalStatus
from ._core.snapshot import Part, Progress, Reading, Refused, details_of, of_parts
from ._core.text import truncate
from ._cortex.credentials import cortex_arguments, cortex_environment
from ._http.connect import ConnectOptions
from ._http.credentials import Secret
from ._http.error_body import is_object, message_of, sentence
from ._run import fetch

__all__ = [
    "KINDS",
    "ActionTerminal",
    "AuthenticatedClient",
    "ScriptTerminal",
    "action",
    "connect",
    "connect_from_env",
    "script_execution",
]

# Longer numbers of JSON cannot even be written out.
_MOST_ENDPOINTS = 10**9
_RUNNING = frozenset({"PENDING", "IN_PROGRESS", "PENDING_ABORT"})


class ActionTerminal(TerminalStatus):
    """The words of an action that has settled on an endpoint."""

    COMPLETED_SUCCESSFULLY = "COMPLETED_SUCCESSFULLY", Outcome.SUCCEEDED
    COMPLETED_PARTIAL = "COMPLETED_PARTIAL", Outcome.PARTIAL
    FAILED = "FAILED", Outcome.FAILED
    CANCELLED = "CANCELLED", Outcome.CANCELLED
    CANCELED = "CANCELED", Outcome.CANCELLED
    ABORTED = "ABORTED", Outcome.CANCELLED
    TIMEOUT = "TIMEOUT", Outcome.TIMED_OUT
    EXPIRED = "EXPIRED", Outcome.TIMED_OUT


class ScriptTerminal(TerminalStatus):
    """The words of a script run that has settled, and of its counters."""

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
    if "data" not in reply and reply.get("err_msg"):
        raise Refused(truncate(sentence(reply["err_msg"])))
    words: Mapping[str, str | None] = reply.get("data") or {}
    reasons = reply.get("errorReasons")
    by_endpoint = reasons if is_object(reasons) else {}
    parts = {endpoint: _part(word or None, by_endpoint.get(endpoint)) for endpoint, word in words.items()}
    # A reason of no endpoint that is named, or in a form of its own, is told all the same.
    others = {endpoint: _part(None, reason) for endpoint, reason in by_endpoint.items() if endpoint not in parts}
    detail = details_of(parts | others) or (None if is_object(reasons) else message_of(reasons))
    return attrs.evolve(of_parts(parts), detail=detail)


def _part(word: str | None, reason: Any) -> Part:
    return Part(word, ActionTerminal.outcome_of(word), _reason(reason))


def _reason(reason: Any) -> str | None:
    """Why an action failed on an endpoint, from whichever of the documented and undocumented fields say so."""
    if not is_object(reason):
        return message_of(reason)
    missing = message_of(reason.get("missing_files"))
    texts = (
        message_of(reason.get("errorText")),
        message_of(reason.get("errorDescription")),
        _error_data(reason.get("errorData")),
        missing and f"missing files: {missing}",
    )
    # The same sentence often stands in two of the fields.
    return "; ".join(dict.fromkeys(filter(None, texts))) or message_of(_without_error_data(reason))


def _error_data(data: Any) -> str | None:
    """What `errorData` tells, which is JSON in a text for some actions, and a plain text for others."""
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return message_of(data)
    # One level is enough: what is nested deeper is shown as it is.
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
    counters = {
        name.removeprefix("endpoints_"): _count(count) for name, count in reply.items() if name.startswith("endpoints_")
    }
    outcomes = {word: ScriptTerminal.outcome_of(word) for word, count in counters.items() if count > 0}
    done = sum(counters[word] for word, outcome in outcomes.items() if outcome is not None)
    total = sum(counters[word] for word in outcomes)
    return Reading(
        status,
        ScriptTerminal.outcome_of(status) or Outcome.of_all(outcomes.values()),
        detail=message,
        progress=Progress(done, total) if total else None,
    )


def _count(value: Any) -> int:
    count = int(value or 0)
    if count > _MOST_ENDPOINTS:
        raise ValueError("a count of more endpoints than there are")
    return count


def _action_request(group_action_id: str) -> dict[str, Any]:
    if not (group_action_id.isascii() and group_action_id.isdecimal()):
        raise ValueError("group_action_id must be a whole number: digits, and nothing else")
    query = ActionStatusQuery(group_action_id=int(group_action_id))
    return get_action_status.request_kwargs(body=ActionStatusRequest(request_data=query))


def _script_request(action_id: str) -> dict[str, Any]:
    query = ScriptExecutionStatusQuery(action_id=action_id)
    return get_script_execution_status.request_kwargs(body=ScriptExecutionStatusRequest(request_data=query))


ACTION = JobKind(
    name="cortex_xdr.action",
    client_class=AuthenticatedClient,
    request=_action_request,
    decode=ActionStatusReply.from_dict,
    read=_read_action,
    terminal=ActionTerminal,
    running=_RUNNING,
    fetcher=fetch,
    progress_words="endpoints settled",
    no_parts_hint="the tenant names no endpoint for this action; is it the `group_action_id`?",
)
SCRIPT_EXECUTION = JobKind(
    name="cortex_xdr.script_execution",
    client_class=AuthenticatedClient,
    request=_script_request,
    decode=ScriptExecutionReply.from_dict,
    read=_read_script,
    terminal=ScriptTerminal,
    running=_RUNNING,
    fetcher=fetch,
    progress_words="endpoints settled",
)
KINDS = (ACTION, SCRIPT_EXECUTION)


def action(client: AuthenticatedClient, group_action_id: int | str) -> Job[ActionStatusReply]:
    """The action that a request answered with `action_id`; this API asks for it as `group_action_id`.

    Its snapshots have no `status` of their own: `parts` has the word of each endpoint. An endpoint that is offline
    stays PENDING for days, so only a deadline ends such a wait.

    Raises:
        ValueError: If the id is no whole number.
    """
    return Job(ACTION, client, str(group_action_id))


def script_execution(client: AuthenticatedClient, action_id: int | str) -> Job[ScriptExecutionReply]:
    """The run of a script that a request answered with `action_id`.

    Raises:
        ValueError: If `action_id` cannot be an id.
    """
    return Job(SCRIPT_EXECUTION, client, str(action_id))


def connect(
    base_url: str, *, key_id: int | str, key: Secret, advanced: bool = False, **options: Unpack[ConnectOptions]
) -> AuthenticatedClient:
    """A client of a tenant, with the arguments that `cortex_xsiam.connect` takes.

    Raises:
        ValueError: If the address or the credentials cannot be such.
    """
    return AuthenticatedClient(**cortex_arguments(base_url, key_id, key, advanced, options))


def connect_from_env(**options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of the tenant that the environment names.

    The variables are SETTLED_CORTEX_XDR_URL, _KEY_ID, _KEY and _KEY_TYPE (standard, the default, or advanced).

    Raises:
        ValueError: If a variable is missing or cannot be right.
    """
    return connect(**cortex_environment("cortex_xdr"), **options)
