"""OSAPI: jobs that one agent or many carry out.

From the vendor's page "Get job detail" and the server's source. The server computes a job's status from the agents
that have begun so far, so the first agent's end can pass for the job's: `expected_agents` says how many to wait for.

Neither `failed` nor `completed` is final. The server runs a failed job again (30 s later at first, five times at most),
and it may be `completed` then; an agent that joins runs old broadcasts of the last day. A wait ends with what it reads.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from settled_clients.osapi import AuthenticatedClient
from settled_clients.osapi.api.jobs import get_job
from settled_clients.osapi.models import Job as JobDetail

from ._core.job import Job, JobKind
from ._core.outcome import Outcome, TerminalStatus
from ._core.snapshot import Part, Progress, Reading, details_of, progress_of
from ._core.validate import described, number
from ._http.connect import ConnectOptions, client_arguments, token_environment
from ._http.credentials import HeaderToken, Secret
from ._http.error_body import is_list, is_object, message_of
from ._run import fetch

__all__ = ["KINDS", "AuthenticatedClient", "OsapiJobTerminal", "connect", "connect_from_env", "job"]

# An agent that has not ended after 30 s is told to run the job once more; timestamps are in whole seconds.
_REDELIVERY_SECONDS = 29
_MAX_DIGITS = 9


class OsapiJobTerminal(TerminalStatus):
    """The words of a job that has settled, as a whole or on an agent."""

    COMPLETED = "completed", Outcome.SUCCEEDED
    PARTIAL_FAILURE = "partial_failure", Outcome.PARTIAL
    FAILED = "failed", Outcome.FAILED
    SKIPPED = "skipped", Outcome.SKIPPED


def _read(raw: Any, *, agents: int = 0) -> Reading:
    status: str | None = raw.get("status") or None
    responses: Mapping[str, Mapping[str, Any]] = raw.get("responses") or {}
    states: Mapping[str, Mapping[str, Any]] = raw.get("agent_states") or {}
    is_command = _is_command(raw.get("operation"))
    parts = {
        name: _part(response, state, is_command=is_command)
        for name, response, state in _by_host_name(responses, states)
    }
    outcome = OsapiJobTerminal.outcome_of(status)
    progress = _progress(parts, raw.get("timeline"), agents)
    # The server counts only agents that have begun, so the first one's end can pass for the job's, as can its error; a
    # job of one agent may name none at all.
    answered = 1 if progress is None or not parts else max(progress.done, len(responses))
    if answered < agents:
        outcome = None
    return Reading(
        status,
        outcome,
        detail=message_of(raw.get("error"))
        or details_of(parts)
        or (_exit_code(raw.get("result")) if is_command else None),
        progress=progress,
        parts=parts,
    )


def _progress(parts: Mapping[str, Part], timeline: Any, expected: int) -> Progress | None:
    # Machines of one host name share one part: only the timeline tells that there are several.
    progress = progress_of(parts, expected=expected)
    if progress is None:
        return None
    done, begun = _agents_in(timeline)
    return Progress(max(progress.done, done), max(progress.total, begun))


def _agents_in(timeline: Any) -> tuple[int, int]:
    """How many agents a timeline shows to have answered, and how many to have begun.

    Whoever begins under the host name of an agent that has failed, or has taken long, is that agent again: the server
    has told it to. After a short run that did not fail it is another machine of that name.
    """
    # By host name: the runs under way, when each began and whether its agent has answered before; and how many agents
    # may be told to run the job again.
    running: defaultdict[str, list[tuple[float | None, bool]]] = defaultdict(list)
    may_repeat: Counter[str] = Counter()
    begun = answered = 0
    for entry in filter(is_object, timeline if is_list(timeline) else ()):
        host, event, now = str(entry.get("hostname")), entry.get("event"), _moment(entry.get("timestamp"))
        if event == "acknowledged":
            is_again = may_repeat[host] > 0
            may_repeat[host] -= is_again
            begun += not is_again
            running[host].append((now, is_again))
        elif event in ("completed", "skipped", "failed"):
            # Runs that tell of no other agent go first: better wait for too long than for too few.
            runs = sorted(running[host], key=operator.itemgetter(1), reverse=True)
            began, is_again = runs.pop(0) if runs else (None, False)
            running[host] = runs
            answered += not is_again
            may_repeat[host] += event == "failed" or _is_long(began, now)
    return answered, max(begun, answered)


def _is_long(began: float | None, ended: float | None) -> bool:
    return began is not None and ended is not None and ended - began >= _REDELIVERY_SECONDS


def _moment(timestamp: Any) -> float | None:
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except (OverflowError, TypeError, ValueError):
        return None


def _is_command(operation: Any) -> bool:
    return is_object(operation) and str(operation.get("type")).startswith("command.")


def _exit_code(data: Any) -> str | None:
    """What a command's exit code tells, although its job is `completed`; None if that is 0 or not there."""
    code = data.get("exit_code") if is_object(data) else None
    return f"exit code {code}" if isinstance(code, int) and code != 0 else None


def _by_host_name(
    responses: Mapping[str, Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    # Machines that were cloned have the same name: then it tells none of them apart.
    counts = Counter(response.get("hostname") for response in responses.values())
    names = {
        agent: name if (name := response.get("hostname")) and counts[name] == 1 else agent
        for agent, response in responses.items()
    }
    by_name = {names[agent]: response for agent, response in responses.items()}
    states_by_name = {names.get(agent, agent): state for agent, state in states.items()}
    return [(name, by_name.get(name, {}), states_by_name.get(name, {})) for name in {**by_name, **states_by_name}]


def _part(response: Mapping[str, Any], state: Mapping[str, Any], *, is_command: bool) -> Part:
    status = response.get("status") or state.get("status") or None
    outcome = OsapiJobTerminal.outcome_of(status)
    # The server never clears a state's error: once the agent has completed, it is of an earlier run.
    error = response.get("error") or (None if outcome is Outcome.SUCCEEDED else state.get("error"))
    return Part(status, outcome, message_of(error) or (_exit_code(response.get("data")) if is_command else None))


def _agents(said: str) -> int:
    """How many agents a ref says to wait for."""
    if not (said.isascii() and said.isdigit() and len(said) <= _MAX_DIGITS and int(said) >= 1):
        raise ValueError("agents in a ref of osapi.job must be a whole number, 1 or more")
    return int(said)


JOB = JobKind(
    name="osapi.job",
    client_class=AuthenticatedClient,
    request=get_job.request_kwargs,
    decode=JobDetail.from_dict,
    read=_read,
    terminal=OsapiJobTerminal,
    running=frozenset({"submitted", "processing", "acknowledged", "started", "pending", "created", "unprocessed"}),
    fetcher=fetch,
    not_found_grace=60.0,
    not_found_words="job not found",
    address_hint="does the address lack the path /api?",
    reply_id=operator.itemgetter("id"),
    progress_words="agents answered",
    options={"agents": _agents},
)
KINDS = (JOB,)


def job(client: AuthenticatedClient, job_id: str, *, expected_agents: int | None = None) -> Job[JobDetail]:
    """The job with this id, a UUID.

    For a job that many agents carry out, `expected_agents` is how many: the server may say `completed` or `failed`
    after the first of them, and a wait then goes on until so many have answered. The number is in the job's ref, behind
    `?agents=`. The server forgets jobs, after an hour by default.

    Neither `failed` nor `completed` is final. The server runs a failed job again, 30 seconds later at first and five
    times at most, and says `failed` meanwhile; an agent that joins runs completed broadcasts of the last day. A wait
    ends with the first such word: `fetch` the job later to see what became of it.

    Raises:
        ValueError: If `job_id` cannot be an id, or fewer than one agent is expected.
    """
    if expected_agents is None:
        return Job(JOB, client, job_id)
    count = number("expected_agents", expected_agents)
    if not (count >= 1 and count.is_integer()):
        raise ValueError(f"expected_agents must be a whole number, 1 or more, not {described(expected_agents)}")
    return Job(JOB, client, job_id, {"agents": int(count)})


def connect(base_url: str, *, token: Secret, **options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of a server. Close it with `with client:` or `async with client:`.

    `base_url` is where `/job/{id}` begins: `https://host/api` for servers since April 2026, `https://host` before.
    `token` is a JWT. The options are those of `ConnectOptions`; `max_rate` is None by
    default.

    Raises:
        ValueError: If the address or the token is not valid.
    """
    auth = HeaderToken("Authorization", token, prefix="Bearer ")
    return AuthenticatedClient(**client_arguments(base_url, auth, **options))


def connect_from_env(**options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of the server that SETTLED_OSAPI_URL names, with the token SETTLED_OSAPI_TOKEN.

    Raises:
        ValueError: If a variable is missing or not valid.
    """
    return connect(**token_environment("osapi"), **options)
