"""OSAPI: jobs that one agent or many carry out.

The server computes a job's status from the agents that have begun so far. So the job can seem to have ended when the
first agent has: `expected_agents` says how many to wait for.

Neither `failed` nor `completed` is final. The server runs a failed job again (after 30 s at first, five times at most),
and an agent that joins runs the broadcasts of the last day. A wait ends with the first such word that it reads.

The server replies to a submit when the job has run, or after its own time limit (30 s by default). The reply has no id
if the job takes longer, or fails on its only agent: then the job is looked up in the list of jobs.

From the vendor's page "Get job detail" and the server's source.
"""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Unpack, cast

from settled_clients.osapi import AuthenticatedClient, api, models
from settled_clients.osapi.types import UNSET

from ._core.job import UNREADABLE, Job, JobKind
from ._core.outcome import Outcome, TerminalStatus
from ._core.snapshot import Part, Progress, Reading, Snapshot, details_of, progress_of
from ._core.validate import described, nonempty, number, text
from ._http.connect import ConnectOptions, client_arguments, token_environment
from ._http.credentials import HeaderToken, Secret
from ._http.error_body import is_list, is_object, message_of
from ._http.retry_after import unix_time
from ._run import clock as _clock
from ._run import fetch
from ._run.operation import (
    READ_SECONDS,
    asynchronous,
    asynchronous_iteration,
    deadline,
    iteration,
    noting,
    operation,
    read,
    submit,
)
from ._run.steps import Items, Page, Pause, Steps
from .errors import MalformedResponse, ServerError, SettledError, SubmitUnclear

__all__ = [
    "KINDS",
    "AuthenticatedClient",
    "OsapiJobTerminal",
    "connect",
    "connect_from_env",
    "job",
    "list_jobs",
    "list_jobs_async",
    "retry_job",
    "retry_job_async",
    "run_command",
    "run_command_async",
    "run_shell",
    "run_shell_async",
]

# An agent that has not ended after 30 s is told to run the job once more; timestamps are in whole seconds.
_REDELIVERY_SECONDS = 29
_MAX_DIGITS = 9

# The server replies to a submit after 30 s at the latest, unless it was configured to take longer.
_ANSWER_SECONDS = 60.0
_LOOK_SECONDS = 10.0
_LOOK_PAUSE = 1.0
_PAGE = 100
_MOST_REPEATED = 3
_MOST_NOTED = 4
# The server tells times in whole seconds: a job can seem to be older or younger by as much.
_CLOCK_SECONDS = 2.0
# The key under which a client remembers its recent submits.
_SUBMITS = "osapi.submits"
_MAX_COMMAND_SECONDS = 300
# A 500 with one of these is about a job that exists: it takes longer than the server waits, or has failed.
_SAYS_THERE_IS_A_JOB = ("timeout waiting for", "job failed:")
# Agents in these states are not counted for broadcasts; they take no jobs.
_ABSENT = ("Cordoned", "Draining", "Pending")


class OsapiJobTerminal(TerminalStatus):
    """The status words of a settled job, as a whole or on an agent."""

    COMPLETED = "completed", Outcome.SUCCEEDED
    PARTIAL_FAILURE = "partial_failure", Outcome.PARTIAL
    FAILED = "failed", Outcome.FAILED
    SKIPPED = "skipped", Outcome.SKIPPED


def _read(raw: Any, *, agents: int = 0) -> Reading:
    status: str | None = raw.get("status") or None
    responses, states = _by_agent(raw.get("responses")), _by_agent(raw.get("agent_states"))
    is_command = _is_command(raw.get("operation"))
    parts = {
        name: _part(response, state, is_command=is_command)
        for name, response, state in _by_host_name(responses, states)
    }
    outcome = OsapiJobTerminal.outcome_of(status)
    progress = _progress(parts, raw.get("timeline"), agents)
    # The server counts only agents that have begun, so the first one's end can pass for the job's, as can its error; a
    # job of one agent may name none at all.
    answered = 1 if progress is None or not parts else max(progress.done, sum(map(bool, responses.values())))
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


def _by_agent(value: Any) -> dict[str, dict[str, Any]]:
    """What a reply tells of each agent: nothing where it is null or in another form, as the status still counts."""
    return {agent: fields if is_object(fields) else {} for agent, fields in value.items()} if is_object(value) else {}


def _progress(parts: Mapping[str, Part], timeline: Any, expected: int) -> Progress | None:
    # Machines of one host name share one part: only the timeline tells that there are several.
    progress = progress_of(parts, expected=expected)
    if progress is None:
        return None
    done, begun = _agents_in(timeline)
    return Progress(max(progress.done, done), max(progress.total, begun))


def _agents_in(timeline: Any) -> tuple[int, int]:
    """How many agents have ended and how many have begun, by a job's timeline.

    Several machines can have one host name, and one agent can run a job several times. A run that begins after a failed
    or a long one of the same name is a repetition, because the server delivers such jobs again. After a short run that
    did not fail, it is another machine.
    """
    # By host name: the current runs, each with its begin and whether it is a repetition; and how many agents may repeat
    # the job.
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
            # Assume that a repetition has ended, if there is one: better wait for too long than for too few.
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
        moment = datetime.fromisoformat(timestamp)
        # Without a zone it would be taken for local time.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, TypeError, ValueError):
        return None


def _is_command(operation: Any) -> bool:
    return is_object(operation) and str(operation.get("type")).startswith("command.")


def _exit_code(data: Any) -> str | None:
    """A command's exit code in words, None if it is 0 or absent; the job is `completed` whatever it is."""
    code = data.get("exit_code") if is_object(data) else None
    return f"exit code {code}" if isinstance(code, int) and code != 0 else None


def _by_host_name(
    responses: Mapping[str, Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    # Cloned machines share a host name; then each part is named by its agent instead.
    counts = Counter(str(response.get("hostname") or "") for response in responses.values())
    names = {
        agent: name if (name := str(response.get("hostname") or "")) and counts[name] == 1 else agent
        for agent, response in responses.items()
    }
    by_name = {names[agent]: response for agent, response in responses.items()}
    states_by_name = {names.get(agent, agent): state for agent, state in states.items()}
    return [(name, by_name.get(name, {}), states_by_name.get(name, {})) for name in {**by_name, **states_by_name}]


def _part(response: Mapping[str, Any], state: Mapping[str, Any], *, is_command: bool) -> Part:
    words = (response.get("status"), state.get("status"))
    # In another form it is none, as the job's own status still counts.
    status = next((word for word in words if word and isinstance(word, str)), None)
    outcome = OsapiJobTerminal.outcome_of(status)
    # The server never clears the error of a state: after a success, it is that of an earlier run.
    error = response.get("error") or (None if outcome is Outcome.SUCCEEDED else state.get("error"))
    return Part(status, outcome, message_of(error) or (_exit_code(response.get("data")) if is_command else None))


def _agents(value: str) -> int:
    """The number of agents in a ref's option."""
    if not (value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS and int(value) >= 1):
        raise ValueError("agents in a ref of osapi.job must be a whole number, 1 or more")
    return int(value)


def _answers(snapshot: Snapshot[models.Job], *_: object) -> Iterator[Any]:
    """The response of each agent, or the result of a job that names no agent; the job itself has them."""
    responses, result = (snapshot.raw.get(name) for name in ("responses", "result"))
    yield from responses.values() if responses and is_object(responses) else filter(None, [result])


def _request(job_id: str) -> dict[str, Any]:
    return api.jobs.get_job.request_kwargs(job_id)


def _decode(raw: Mapping[str, Any]) -> models.Job:
    return models.Job.from_dict(raw)


JOB = JobKind(
    name="osapi.job",
    client_class=AuthenticatedClient,
    request=_request,
    decode=_decode,
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
    results=_answers,
)
KINDS = (JOB,)


def job(client: AuthenticatedClient, job_id: str, *, expected_agents: int | None = None) -> Job[models.Job]:
    """The job with this id, a UUID.

    `expected_agents` is how many agents carry the job out. The server may say `completed` or `failed` after the first
    of them; a wait then goes on until so many have ended. The number is part of the job's ref, as `?agents=`. The
    server forgets jobs, after an hour by default.

    Neither `failed` nor `completed` is final. The server runs a failed job again, after 30 seconds at first and five
    times at most, and says `failed` meanwhile; an agent that joins runs completed broadcasts of the last day. A wait
    ends with the first such word: `fetch` the job later to see whether it has changed.

    Raises:
        ValueError: If `job_id` cannot be an id, or fewer than one agent is expected.
    """
    if expected_agents is None:
        return Job(JOB, client, job_id)
    count = number("expected_agents", expected_agents)
    if not (count >= 1 and count.is_integer()):
        raise ValueError(f"expected_agents must be a whole number, 1 or more, not {described(expected_agents)}")
    return Job(JOB, client, job_id, {"agents": int(count)})


@operation
def run_command(
    client: AuthenticatedClient,
    target: str,
    command: str,
    args: Iterable[str] = (),
    *,
    cwd: str | None = None,
    timeout: float | None = None,
) -> Steps[Job[models.Job]]:
    """Run a program with arguments, without a shell, and return its job.

    `target` is an agent's host name or machine id, `_any` for any one agent, `_all` for every agent, or `key:value` for
    those with a label. `cwd` is the working directory. The agent ends the program after `timeout` seconds (1 to 300, by
    default 30).

    The job's `expected_agents` is 1. For `_all` and a label it is the number of agents in the reply, or else of those
    that the server lists; if it lists none, it is not set. The call returns when the server replies: when the job has
    run, or after 30 seconds, unless the server was configured to take longer. A job is `completed` whatever the
    program's exit code is. Neither the end of a wait nor deleting the job stops the program.

    Raises:
        TypeError, ValueError: If an argument cannot be right; nothing was sent.
        SubmitUnclear: If the job may exist, but no reply has its id, and the list of jobs has none or several that it
            could be: `candidates`. The request is sent only once.
        SettledError: ApiError or TransportError, if there certainly is no job.
    """
    if isinstance(cast("Any", args), str | bytes):
        raise TypeError(f"args must be an iterable of str, not {described(args)}: ['-l', '/tmp']")
    body = models.ExecRequest(
        nonempty("command", command),
        args=[text("each of args", each) for each in args] or UNSET,
        cwd=_directory(cwd) or UNSET,
        timeout=_seconds(timeout) or UNSET,
    )
    request = api.commands.exec_command.request_kwargs(_target(target), body=body)
    return (yield from _run(client, target, "command.exec.execute", request))


@operation
def run_shell(
    client: AuthenticatedClient, target: str, command: str, *, cwd: str | None = None, timeout: float | None = None
) -> Steps[Job[models.Job]]:
    """Run a line of shell with `/bin/sh -c`, and return its job; everything else is as in `run_command`."""
    body = models.ShellRequest(
        nonempty("command", command), cwd=_directory(cwd) or UNSET, timeout=_seconds(timeout) or UNSET
    )
    request = api.commands.shell_command.request_kwargs(_target(target), body=body)
    return (yield from _run(client, target, "command.shell.execute", request))


@operation
def retry_job(client: AuthenticatedClient, job_id: str, *, target: str | None = None) -> Steps[Job[models.Job]]:
    """Submit the operation of a job again, and return the new job, which has an id of its own.

    The old job stays as it is, and is not waited for. The new one does not go to the target of the old one: `target` is
    as in `run_command`, and `_any` by default. Name an agent by its machine id: servers of August 2026 accept a host
    name, but then no agent takes the job. The server itself runs a failed job again, so a retry may do the work twice.
    The server replies at once.

    Raises:
        NotFound: If the server does not know the job, or no longer.
        SettledError: As `run_command`.
    """
    job(client, job_id)
    body = UNSET if target is None else models.RetryRequest(target_hostname=_target(target))
    request = api.jobs.retry_job.request_kwargs(job_id, body=body)
    sent = _Submit(target or "_any", {"retry": job_id}, retried=job_id)
    with sent.remembered_by(client):
        try:
            sent.job_id, _ = yield from submit(client, request, functools.partial(_answer, client))
        except SubmitUnclear as unclear:
            return (yield from _found(client, sent, unclear))
        return (yield from _submitted(client, sent, sent.job_id))


@iteration
def list_jobs(client: AuthenticatedClient, *, status: str | None = None) -> Items[models.Job]:
    """The jobs that the server still knows: an iterator, which reads page after page.

    They come in the order of their ids, which means nothing (seen on a server of August 2026, although its source says
    newest first). `status` is submitted, processing, completed, failed or partial_failure. Each job comes once, even if
    others are submitted meanwhile; a job that the server forgets meanwhile can make the list skip another one. An item
    has neither the job's agents nor its target; `job(client, item.id).fetch()` has the agents. Transient errors of a
    page are retried, for 60 seconds at most.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse, the last one that came; MalformedResponse also if
            the server repeats its pages instead of coming to an end.
    """
    listed = None if status is None else models.ListedStatus(status)
    pages = _Pages()
    while pages.has_more:
        page = yield from _page(client, pages.offset, deadline(READ_SECONDS), listed)
        yield Page(map(JOB.body, pages.new_items(page)))


run_command_async: Final = asynchronous(run_command)
run_shell_async: Final = asynchronous(run_shell)
retry_job_async: Final = asynchronous(retry_job)
list_jobs_async: Final = asynchronous_iteration(list_jobs)


def _now() -> float:
    return _clock.clock.now()


class _Submit:
    """A submit, as its client remembers it: target, content, begin and end by the clock of waits, and the job's id.

    The id is None while the job may exist but is not known, and "" if there is no job. `retried` is the id of the job
    whose operation is submitted again.
    """

    def __init__(self, target: str, what: Mapping[str, Any], retried: str = "") -> None:
        self.target = target
        self.what = what
        self.retried = retried
        self.start = _now()
        self.end = math.inf
        self.job_id: str | None = None

    @property
    def is_broadcast(self) -> bool:
        return self.target == "_all" or ":" in self.target

    @contextlib.contextmanager
    def remembered_by(self, client: AuthenticatedClient) -> Generator[None, None, None]:
        """Let the client remember the submit while it lasts, and as long as others could take its job for theirs."""
        known: list[_Submit] = client.extensions.setdefault(_SUBMITS, [])
        known.append(self)
        for each in list(known):
            if each.end < self.start - _LOOK_SECONDS:
                # Another thread may have been faster.
                with contextlib.suppress(ValueError):
                    known.remove(each)
        try:
            yield
        except SettledError as error:
            if not isinstance(error, SubmitUnclear):
                self.job_id = ""
            raise
        finally:
            self.end = _now()

    def look_alikes(self, client: AuthenticatedClient, ended: float) -> list[_Submit]:
        """The client's other submits whose jobs look like this one's: of the same content, at about the same time."""
        known: list[_Submit] = list(client.extensions[_SUBMITS])
        same = [each for each in known if each is not self and (each.target, each.what) == (self.target, self.what)]
        first, last = self.start - _CLOCK_SECONDS, ended + _CLOCK_SECONDS
        return [each for each in same if each.end > first and each.start < last]


class _Page(NamedTuple):
    """A page of the list of jobs: its items, how many there are in all, and the server's time (since 1970)."""

    items: list[dict[str, Any]]
    total: int | None
    date: float | None


class _Pages:
    """The progress of reading the list of jobs, which may change meanwhile: each job comes once."""

    def __init__(self) -> None:
        self.offset = 0
        self.has_more = True
        self._seen: set[str] = set()
        self._repeated = 0

    def new_items(self, page: _Page) -> Iterator[dict[str, Any]]:
        """The jobs of the next page that are new; MalformedResponse if page after page has none."""
        new = {key: item for item in page.items if (key := str(item.get("id"))) not in self._seen}
        self._seen.update(new)
        yield from new.values()
        self.offset += _PAGE
        # Jobs that were submitted meanwhile can move a whole page of old ones on.
        self.has_more = bool(page.items) and (bool(new) if page.total is None else self.offset < page.total)
        self._repeated = 0 if new else self._repeated + 1
        if self.has_more and self._repeated == _MOST_REPEATED:
            raise MalformedResponse(
                f"GET /job has no end: after {len(self._seen):,} jobs, {_MOST_REPEATED} pages had none but these"
            )


def _run(client: AuthenticatedClient, target: str, type_: str, request: dict[str, Any]) -> Steps[Job[models.Job]]:
    sent = _Submit(target, {"type": type_, "data": request["json"]})
    with sent.remembered_by(client):
        try:
            sent.job_id, results = yield from submit(
                client, request, functools.partial(_answer, client), seconds=_ANSWER_SECONDS
            )
        except SubmitUnclear as unclear:
            return (yield from _found(client, sent, unclear, sent.what))
        return (yield from _submitted(client, sent, sent.job_id, results))


def _answer(client: AuthenticatedClient, raw: Any) -> tuple[str, int]:
    """The job's id in the reply to a submit, and the number of agents with a result there."""
    try:
        results = raw.get("results")
        return job(client, raw["job_id"]).id, len(results) if is_list(results) else 0
    except UNREADABLE as error:
        from ._http.redact import without_secrets

        raise MalformedResponse(f"the answer has no job_id: {without_secrets(raw)!r:.200}") from error


def _submitted(client: AuthenticatedClient, sent: _Submit, job_id: str, results: int = 0) -> Steps[Job[models.Job]]:
    """The job with the id of a reply; an interruption while its agents are looked up does not lose the id."""
    with noting(lambda: f"the job was submitted: {job(client, job_id).ref}"):
        return job(client, job_id, expected_agents=(yield from _expected(client, sent, results)))


def _expected(client: AuthenticatedClient, sent: _Submit, results: int = 0) -> Steps[int | None]:
    """How many agents a submit is for, by its reply or by the list of agents; None if neither says."""
    if not sent.is_broadcast:
        return 1
    return results or len((yield from _targeted_agents(client, sent)) or ()) or None


def _targeted_agents(client: AuthenticatedClient, sent: _Submit) -> Steps[list[dict[str, Any]] | None]:
    """The agents that a submit is for, of those that take jobs; None if the list cannot be read."""
    try:
        response = yield from read(client, api.agents.list_agents.request_kwargs(), deadline(_LOOK_SECONDS))
        listed: list[dict[str, Any]] = response.json()["agents"]
        agents = [agent for agent in listed if agent.get("state") not in _ABSENT]
        key, _, value = sent.target.partition(":")
        if sent.target == "_all":
            return agents
        if not sent.is_broadcast:
            return [agent for agent in agents if sent.target in (agent.get("hostname"), agent.get("machine_id"))]
        return [agent for agent in agents if _has_label(agent.get("labels"), key, value)]
    except (SettledError, *UNREADABLE):
        return None


def _has_label(labels: Any, key: str, value: str) -> bool:
    # The value of a target may be a prefix of an agent's, up to a dot.
    return is_object(labels) and f"{labels.get(key, '')}.".startswith(f"{value}.")


def _found(
    client: AuthenticatedClient, sent: _Submit, unclear: SubmitUnclear, operation: Mapping[str, Any] | None = None
) -> Steps[Job[models.Job]]:
    """The job of an unclear submit, from the list of jobs; raises `unclear`, with candidates, if it is not certain."""
    ended = _now()
    cause = unclear.__cause__
    jobs: list[Job[models.Job]] = []
    is_complete = False
    with noting(lambda: f"{unclear} ({', '.join(each.ref for each in jobs[:_MOST_NOTED]) or 'no candidate yet'})"):
        try:
            if operation is None:
                # A new job does what the old one was to do.
                old = yield from read(client, api.jobs.get_job.request_kwargs(sent.retried), ended + _LOOK_SECONDS)
                operation = cast("Mapping[str, Any]", old.json()["operation"])
            yield from _look_up(client, sent, operation, ended, jobs)
            is_complete = True
        except (SettledError, *UNREADABLE) as error:
            unclear.add_note(f"the list of jobs could not be read: {type(error).__name__}: {error}"[:300])
        agents = (yield from _expected(client, sent)) if jobs else None
    others = sent.look_alikes(client, ended)
    taken = {each.job_id for each in others}
    jobs = [job(client, each.id, expected_agents=agents) for each in jobs if each.id not in taken]
    has_job = not isinstance(cause, ServerError) or any(each in cause.message for each in _SAYS_THERE_IS_A_JOB)
    # A submit of the same whose job is not known either may have made it.
    if is_complete and has_job and len(jobs) == 1 and all(each.job_id is not None for each in others):
        sent.job_id = jobs[0].id
        return jobs[0]
    unclear.candidates = tuple(each.ref for each in jobs)
    raise unclear from cause


def _look_up(
    client: AuthenticatedClient,
    sent: _Submit,
    operation: Mapping[str, Any],
    ended: float,
    found: list[Job[models.Job]],
) -> Steps[None]:
    """Add to `found` the jobs that a submit can have made: of its operation and target, and created while it lasted.

    `found` keeps the jobs of earlier pages if a later one cannot be read.
    """
    end = ended + _LOOK_SECONDS
    hosts: list[Any] | None = None
    if sent.target not in ("_any", "_all"):
        agents = yield from _targeted_agents(client, sent)
        hosts = [agent.get("hostname") for agent in agents] if agents else None
    while True:
        pages = _Pages()
        while pages.has_more:
            page = yield from _page(client, pages.offset, end)
            if page.date is None:
                raise MalformedResponse("GET /job answered without a Date that can be read")
            # By the server's clock, which tells whole seconds: a job is created up to one later than it says.
            now = _now()
            first, last = page.date - (now - sent.start) - 1, page.date - (now - ended) + 2
            for item in pages.new_items(page):
                created = _moment(item.get("created"))
                if created is None or not first < created <= last or not _is_same(item.get("operation"), operation):
                    continue
                # An item names the host that has answered last, and no target.
                if hosts is None or item.get("hostname") is None or item["hostname"] in hosts:
                    with contextlib.suppress(*UNREADABLE):
                        found.append(job(client, item["id"]))
        found[:] = [each for each in found if each.id != sent.retried]
        if found or _now() + _LOOK_PAUSE >= end:
            return
        yield Pause(_LOOK_PAUSE)


def _page(
    client: AuthenticatedClient, offset: int, end: float, status: models.ListedStatus | None = None
) -> Steps[_Page]:
    request = api.jobs.list_jobs.request_kwargs(status=UNSET if status is None else status, limit=_PAGE, offset=offset)
    response = yield from read(client, request, end)
    raw = response.json()
    items: Any = (raw.get("items") or []) if is_object(raw) else None
    if not is_list(items):
        from ._http.redact import without_secrets

        raise MalformedResponse(f"GET /job answered with no list of jobs: {without_secrets(raw)!r:.200}")
    total = raw["total_items"] if isinstance(raw.get("total_items"), int) else None
    return _Page([item for item in items if is_object(item)], total, unix_time(response.headers.get("date")))


def _is_same(listed: Any, operation: Mapping[str, Any]) -> bool:
    """Whether a listed job's operation is this one; the server leaves out empty fields."""
    if not is_object(listed) or listed.get("type") != operation.get("type"):
        return False
    return _without_blanks(listed.get("data")) == _without_blanks(operation.get("data"))


def _without_blanks(data: Any) -> dict[str, Any]:
    fields = data if is_object(data) else {}
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, 0)}


def _target(target: str) -> str:
    if not text("target", target).strip() or target in {".", ".."} or not target.isprintable():
        raise ValueError("target must be a host name, a machine id, _any, _all, or a label as key:value")
    return target


def _directory(cwd: str | None) -> str:
    return "" if cwd is None else text("cwd", cwd)


def _seconds(timeout: float | None) -> int:
    if timeout is None:
        return 0
    seconds = number("timeout", timeout)
    if not (1 <= seconds <= _MAX_COMMAND_SECONDS and seconds.is_integer()):
        raise ValueError(f"timeout must be whole seconds, 1 to 300, not {described(timeout)}")
    return int(seconds)


def connect(base_url: str, *, token: Secret, **options: Unpack[ConnectOptions]) -> AuthenticatedClient:
    """A client of a server. Close it with `with client:` or `async with client:`.

    `base_url` is where `/job/{id}` begins: `https://host/api` for servers since April 2026, `https://host` before.
    `token` is a JWT. The options are those of `ConnectOptions`; `max_rate` is None by default.

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
