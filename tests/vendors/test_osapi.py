"""OSAPI: what is read from the replies about jobs, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from settled import Job, Outcome, Part, Progress, Snapshot, errors, osapi
from settled.testing import VirtualClock
from settled_clients.osapi.models import JobStatus

from conftest import Answering, WaitFunction

ID = "5e0c6f7a-6a57-4d0e-8f0b-0c9d2b1a7e11"


@pytest.fixture
def job(answering: Answering) -> Callable[..., Job[Any]]:
    """Makes a job that is answered with these replies, one after the other."""
    return lambda *replies, **options: osapi.job(osapi.connect(answering(*replies), token="t1"), ID, **options)


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("completed", Outcome.SUCCEEDED),
        ("partial_failure", Outcome.PARTIAL),
        ("failed", Outcome.FAILED),
        ("skipped", Outcome.SKIPPED),
        ("Completed", Outcome.SUCCEEDED),
    ],
)
def test_settles_with_its_status(job: Callable[..., Job[Any]], wait: WaitFunction, word: str, outcome: Outcome) -> None:
    """A terminal status settles a job of one agent."""
    end = wait(job({"id": ID, "status": word}), timeout=900, unknown="raise")
    assert (end.status, end.outcome, end.progress) == (word, outcome, None)


@pytest.mark.parametrize(
    "word", ["submitted", "processing", "acknowledged", "started", "pending", "created", "unprocessed", "", None]
)
def test_goes_on(job: Callable[..., Job[Any]], wait: WaitFunction, word: str | None) -> None:
    """Every other documented word, or none, is of a job that goes on."""
    end = wait(job({"status": word}, {}, {"status": "completed"}), timeout=900, unknown="raise")
    assert (end.outcome, end.polls) == (Outcome.SUCCEEDED, 3)


def _agents(**words: str) -> dict[str, Any]:
    return {name: {"status": word, "hostname": name} for name, word in words.items()}


@pytest.mark.parametrize("told", [None, [], "unknown", 5])
def test_agents_of_whom_nothing_is_told(job: Callable[..., Job[Any]], wait: WaitFunction, told: Any) -> None:
    """The status counts whatever a reply has in the place of an agent's response or state."""
    reply = {"status": "failed", "responses": {"web1": told}, "agent_states": {"web2": told}}
    end = wait(job(reply), timeout=900)
    assert (end.outcome, end.parts) == (Outcome.FAILED, {"web1": Part(None, None), "web2": Part(None, None)})
    assert wait(job(reply | {"responses": told, "agent_states": told}), timeout=900).outcome is Outcome.FAILED
    named = wait(
        job({"status": "failed", "responses": {"web1": {"hostname": told or 7, "error": "no disk"}}}), timeout=9
    )
    assert named.detail == f"{told or 7}: no disk"


def test_premature_completed(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """With `expected_agents` a job that says `completed` too early goes on until so many agents have answered."""
    snapshots: list[Any] = []
    end = wait(
        job(
            {"status": "processing"},
            {"status": "completed", "responses": _agents(a="completed")},
            {"status": "processing", "responses": _agents(a="completed"), "agent_states": _agents(b="started")},
            {"status": "completed", "responses": _agents(a="completed", b="completed")},
            {"status": "partial_failure", "responses": _agents(a="completed", b="completed", c="failed")},
            expected_agents=3,
        ),
        timeout=900,
        on_poll=snapshots.append,
    )
    assert (end.outcome, end.polls) == (Outcome.PARTIAL, 5)
    assert [snapshot.progress for snapshot in snapshots] == [Progress(done, 3) for done in (0, 1, 1, 2, 3)]
    assert snapshots[1].status == "completed"
    assert snapshots[1].outcome is None


def test_single_agent_that_is_not_named(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """A job of one agent has been answered by it, though the reply names no agent."""
    assert wait(job({"status": "completed", "hostname": "a"}, expected_agents=1), timeout=900).polls == 1


def test_several_agents_that_are_not_named(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """A job of two agents has been answered by one at most, if the reply names no agent."""
    done = {"status": "completed", "responses": _agents(a="completed", b="completed")}
    assert wait(job({"status": "completed", "hostname": "a"}, done, expected_agents=2), timeout=900).polls == 2


def test_completed_is_taken_as_it_is_otherwise(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """Without `expected_agents` the server's word stands."""
    assert wait(job({"status": "completed", "responses": _agents(a="completed")}), timeout=900).polls == 1


@pytest.mark.parametrize("word", ["failed", "skipped"])
def test_premature_failure(job: Callable[..., Job[Any]], wait: WaitFunction, word: str) -> None:
    """With `expected_agents` the first agent's failure is not the job's, though the job has an error then."""
    first = {"status": word, "hostname": "a", "error": "no such file"}
    end = wait(
        job(
            {"status": word, "error": "no such file", "responses": {"a": first}, "agent_states": {"a": first}},
            {"status": "partial_failure", "responses": {"a": first} | _agents(b="completed")},
            expected_agents=2,
        ),
        timeout=900,
    )
    assert (end.outcome, end.polls, end.detail) == (Outcome.PARTIAL, 2, "a: no such file")


def test_failure_without_any_agent(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """Agents that are expected are waited for, whatever the error of the job says; the deadline's error counts them."""
    with pytest.raises(errors.WaitTimeout, match="0 of 3 agents answered") as raised:
        wait(job({"status": "failed", "error": "no agents match"}, expected_agents=3), timeout=60)
    assert raised.value.last is not None
    assert raised.value.last.detail == "no agents match"


def _timeline(*entries: str) -> list[dict[str, str]]:
    """Events as `host event`."""
    return [{"hostname": host, "event": event} for host, event in (entry.split() for entry in entries)]


def test_machines_of_one_host_name(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """Two machines of one name share a response: the timeline tells when both are done."""
    begun = ["a acknowledged", "b acknowledged", "a acknowledged", "a started", "a started", "b started"]
    reply = {"status": "completed", "responses": _agents(a="completed", b="completed")}
    early = reply | {"timeline": _timeline(*begun, "a completed", "b completed")}
    late = reply | {"timeline": _timeline(*begun, "a completed", "b completed", "a completed")}
    snapshots: list[Any] = []
    end = wait(job(early, late, expected_agents=3), timeout=900, unknown="raise", on_poll=snapshots.append)
    assert (end.outcome, end.polls) == (Outcome.SUCCEEDED, 2)
    assert [snapshot.progress for snapshot in snapshots] == [Progress(2, 3), Progress(3, 3)]


def test_another_run_of_an_agent_is_no_other_agent(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """An agent that was told to try again after a failure counts once, however often it ran."""
    again = _timeline("a acknowledged", "a failed", "a acknowledged", "a failed", "a acknowledged", "a completed")
    states = {"a": {"status": "completed", "error": "no such file"}}
    first = {"status": "completed", "responses": _agents(a="completed"), "agent_states": states, "timeline": again}
    both = first | {"responses": _agents(a="completed", b="completed")}
    end = wait(job(first, both, expected_agents=2), timeout=900)
    assert (end.polls, end.progress, end.detail) == (2, Progress(2, 2), None)


def _at(*entries: str) -> list[dict[str, str]]:
    """Events as `second host event`."""
    return [
        {"timestamp": f"2026-03-02T09:{int(second) // 60:02}:{int(second) % 60:02}Z", "hostname": host, "event": event}
        for second, host, event in (entry.split() for entry in entries)
    ]


@pytest.mark.parametrize(
    ("entries", "progress"),
    [
        # The server has an agent that took longer than 30 s run the job again, at once after its end.
        (("0 a acknowledged", "45 a completed", "45 a acknowledged"), (1, 2)),
        (("0 a acknowledged", "45 a completed", "45 a acknowledged", "90 a completed"), (1, 2)),
        (("0 a acknowledged", "0 a failed", "30 a acknowledged", "30 a failed"), (1, 2)),
        (("0 a acknowledged", "0 a failed", "30 a acknowledged", "75 a completed", "75 a acknowledged"), (1, 2)),
        # After a short run it is a machine of the same name that was busy.
        (("0 a acknowledged", "1 a completed", "60 a acknowledged"), (1, 2)),
        (("0 a acknowledged", "1 a completed", "60 a acknowledged", "61 a completed"), (2, 2)),
        (("0 a acknowledged", "1 a acknowledged", "60 a completed", "61 a completed"), (2, 2)),
        # One of two has failed, and tries again while the other one goes on.
        (("0 a acknowledged", "0 a acknowledged", "1 a failed", "31 a acknowledged", "31 a failed"), (1, 2)),
    ],
)
def test_who_has_answered(answering: Answering, entries: tuple[str, ...], progress: tuple[int, int]) -> None:
    """Who runs a job again has not answered for others, and machines of one name have each answered for themselves."""
    reply = {"status": "completed", "responses": _agents(a="completed"), "timeline": _at(*entries)}
    with osapi.connect(answering(reply), token="t1") as client:
        snapshot = osapi.job(client, ID, expected_agents=2).fetch()
    assert (snapshot.progress, snapshot.is_settled) == (Progress(*progress), progress == (2, 2))


@pytest.mark.parametrize(
    ("entries", "progress"),
    [
        (("0 a acknowledged", "0 b acknowledged", "1 a failed", "31 b acknowledged"), (1, 3)),
        (("0 a acknowledged", "0 a failed", "30 a acknowledged", "31 a acknowledged"), (1, 2)),
        (("0 a acknowledged", "1 a skipped", "2 a acknowledged", "3 a completed"), (2, 2)),
        # One that runs it again is taken for the one that has ended, not another machine of its name.
        (("0 a acknowledged", "0 a failed", "30 a acknowledged", "40 a acknowledged", "41 a completed"), (1, 2)),
        (("0 a completed", "1 a completed"), (2, 2)),
        (
            (
                "0 a acknowledged",
                "0 a acknowledged",
                "1 a failed",
                "1 a failed",
                "31 a acknowledged",
                "31 a acknowledged",
            ),
            (2, 2),
        ),
        (("0 a acknowledged", "29 a completed", "29 a acknowledged"), (1, 1)),
    ],
)
def test_how_many_have_begun(answering: Answering, entries: tuple[str, ...], progress: tuple[int, int]) -> None:
    """Where nobody says how many agents there are, the timeline tells how many have begun, and how many have ended."""
    reply = {"status": "completed", "responses": _agents(a="completed"), "timeline": _at(*entries)}
    with osapi.connect(answering(reply), token="t1") as client:
        assert osapi.job(client, ID).fetch().progress == Progress(*progress)


@pytest.mark.parametrize("status", [5, ["completed"], {"is": "completed"}, True, ""])
@pytest.mark.parametrize("of", ["responses", "agent_states"])
def test_an_agents_status_of_another_form(answering: Answering, of: str, status: Any) -> None:
    """What is no word says nothing of an agent, and does not hide the job's own status."""
    reply = {"id": ID, "status": "completed", "responses": {"m1": {}}} | {of: {"m1": {"status": status}}}
    with osapi.connect(answering(reply), token="t1") as client:
        end = osapi.job(client, ID).fetch()
    assert (end.status, end.parts["m1"].status) == ("completed", None)


def test_agents_without_a_host_name(answering: Answering) -> None:
    """A part is named by its agent if that has no host name."""
    reply = {"status": "completed", "responses": {"m1": {"status": "completed"}, "m2": {"status": "failed"}}}
    with osapi.connect(answering(reply), token="t1") as client:
        assert set(osapi.job(client, ID).fetch().parts) == {"m1", "m2"}


@pytest.mark.parametrize("timeline", [None, {}, "x", [None], [7], [{}], [{"event": ["completed"]}]])
def test_odd_timelines(job: Callable[..., Job[Any]], wait: WaitFunction, timeline: Any) -> None:
    """A timeline of another form than documented does not hide the status."""
    reply = {"status": "completed", "responses": _agents(a="completed"), "timeline": timeline}
    assert wait(job(reply, expected_agents=1), timeout=900).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("operation", "code", "detail"),
    [
        ("command.exec.execute", 3, "exit code 3"),
        ("command.shell.execute", -9, "exit code -9"),
        ("command.exec.execute", 0, None),
        ("command.exec.execute", None, None),
        ("node.disk.get", 3, None),
    ],
)
def test_exit_codes(
    job: Callable[..., Job[Any]], wait: WaitFunction, operation: str, code: int | None, detail: str | None
) -> None:
    """A command that ended with another code than 0 is completed, and the detail tells the code."""
    reply: dict[str, Any] = {"status": "completed", "operation": {"type": operation}, "result": {"exit_code": code}}
    assert wait(job(reply), timeout=900).detail == detail
    reply["responses"] = {"a": {"status": "completed", "hostname": "a", "data": {"exit_code": code}}}
    end = wait(job(reply), timeout=900)
    assert end.outcome is Outcome.SUCCEEDED
    assert end.detail == (detail and f"a: {detail}")
    assert end.parts["a"].detail == detail


@pytest.mark.parametrize("number", [0, -1])
def test_expected_agents_is_positive(job: Callable[..., Job[Any]], number: int) -> None:
    """Fewer than one agent cannot be expected."""
    with pytest.raises(ValueError, match="expected_agents"):
        job({}, expected_agents=number)


def test_parts_are_joined_by_host_name(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """What an agent answered and where it stands are one part, under its real host name."""
    end = wait(
        job(
            {
                "status": "partial_failure",
                "responses": {
                    "web_01": {"hostname": "web-01", "status": "completed", "data": {"x": 1}},
                    "web_02": {"hostname": "web-02", "status": "failed", "error": "disk is full"},
                },
                "agent_states": {
                    "web_01": {"status": "completed", "duration": "1s"},
                    "web-02": {"status": "failed", "error": "exit code 1"},
                    "db": {"status": "skipped", "error": "not this system"},
                },
            }
        ),
        timeout=900,
    )
    assert dict(end.parts) == {
        "web-01": Part("completed", Outcome.SUCCEEDED, None),
        "web-02": Part("failed", Outcome.FAILED, "disk is full"),
        "db": Part("skipped", Outcome.SKIPPED, "not this system"),
    }
    assert end.detail == "web-02: disk is full; db: not this system"
    with pytest.raises(errors.JobPartial, match="web-02: disk is full"):
        end.raise_for_outcome()


def test_body_is_typed(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """The body is the vendor's model, with `changed` null and times of nine digits."""
    reply = {
        "id": ID,
        "status": "completed",
        "changed": None,
        "created": "2026-03-02T09:30:00.123456789Z",
        "result": [1],
    }
    end = wait(job(reply), timeout=900)
    assert end.body.status is JobStatus.COMPLETED
    assert (end.body.changed, end.body.result) == (None, [1])
    assert end.body.created.microsecond == 123456


def test_grace_for_a_job_just_submitted(job: Callable[..., Job[Any]], wait: WaitFunction, clock: VirtualClock) -> None:
    """A job that is not found for less than a minute is ridden out, at any time of the wait."""
    missing = JSONResponse({"error": f"job not found: {ID}"}, 404)
    assert wait(job(missing, missing, {"status": "completed"}), timeout=900).outcome is Outcome.SUCCEEDED
    start = clock.now()
    with pytest.raises(errors.NotFound, match="job not found"):
        wait(job(missing), timeout=900)
    assert 60 <= clock.now() - start < 120
    running = {"status": "processing"}
    assert wait(job(running, missing, missing, running, missing, {"status": "completed"}), timeout=900).is_settled
    start = clock.now()
    with pytest.raises(errors.NotFound) as raised:
        wait(job(running, missing), timeout=900)
    assert 60 <= clock.now() - start < 120
    assert raised.value.seen == {"processing": 1}


def test_deadline_while_the_job_is_not_found(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """A deadline before the minute is over is a WaitTimeout that names the 404."""
    missing = JSONResponse({"error": f"job not found: {ID}"}, 404)
    with pytest.raises(errors.WaitTimeout, match="answered 404: job not found"):
        wait(job({"status": "processing"}, missing), timeout=20)


def test_fetch_of_a_job_that_is_not_found(answering: Answering) -> None:
    """A single fetch rides nothing out."""
    missing = JSONResponse({"error": f"job not found: {ID}"}, 404)
    with osapi.connect(answering(missing), token="t1") as client, pytest.raises(errors.NotFound, match="job not found"):
        osapi.job(client, ID).fetch()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (JSONResponse({"message": "Not Found"}, 404), errors.NotFound),
        (HTMLResponse("<!DOCTYPE html><title>OSAPI</title>"), errors.MalformedResponse),
    ],
)
def test_address_without_the_path(
    job: Callable[..., Job[Any]], wait: WaitFunction, answer: Any, error: type[errors.SettledError]
) -> None:
    """What answers on another path than the API's ends a wait at the first poll, with a word about the path."""
    with pytest.raises(error, match="/api") as raised:
        wait(job(answer, {"status": "completed"}), timeout=900)
    assert raised.value.seen == {}
    assert "(1 poll)" in raised.value.__notes__[0]


@pytest.mark.parametrize("answer", [JSONResponse({"message": "Not Found"}, 404), HTMLResponse("<!DOCTYPE html>")])
def test_fetch_at_an_address_without_the_path(answering: Answering, answer: Any) -> None:
    """A single fetch has the same word about the path."""

    async def fetch_async() -> None:
        async with osapi.connect(answering.url, token="t1") as client:
            await osapi.job(client, ID).fetch_async()

    with osapi.connect(answering(answer), token="t1") as client, pytest.raises(errors.SettledError, match="/api"):
        osapi.job(client, ID).fetch()
    with pytest.raises(errors.SettledError, match="/api"):
        asyncio.run(fetch_async())


def test_not_found_without_a_body(job: Callable[..., Job[Any]], wait: WaitFunction, clock: VirtualClock) -> None:
    """A 404 without a body may be a proxy's or the API's own: it has the job's grace, and the word about the path."""
    empty = Response(status_code=404)
    assert wait(job(empty, empty, {"status": "completed"}), timeout=900).is_settled
    start = clock.now()
    with pytest.raises(errors.NotFound, match="/api"):
        wait(job(empty), timeout=900)
    assert 60 <= clock.now() - start < 120
    with pytest.raises(errors.WaitTimeout, match="/api"):
        wait(job(empty), timeout=20)
    with pytest.raises(errors.NotFound) as raised:
        wait(job({"status": "processing"}, empty), timeout=900)
    assert "/api" not in str(raised.value)


def test_web_page_between_readings(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """Once a status was read the address is right, and a web page is an outage."""
    page = HTMLResponse("<html>maintenance</html>", 200)
    assert wait(job({"status": "processing"}, page, {"status": "completed"}), timeout=900).is_settled


@pytest.mark.parametrize("prefix", ["", "/api", "/proxy/api/"])
def test_path_prefix(answering: Answering, prefix: str) -> None:
    """The base URL may carry a prefix, and the token goes along as a bearer."""
    with osapi.connect(answering({"status": "completed"}) + prefix, token=" t1\n") as client:
        assert osapi.job(client, ID).fetch().is_settled
    assert answering.requests[0].url.path == f"{prefix.rstrip('/')}/job/{ID}"
    assert answering.requests[0].headers["authorization"] == "Bearer t1"


def test_malformed_id(job: Callable[..., Job[Any]], wait: WaitFunction) -> None:
    """The 400 for a malformed id has a body of its own, and its sentence is found."""
    with pytest.raises(errors.BadRequest, match="Invalid format for parameter id"):
        wait(job(JSONResponse({"message": "Invalid format for parameter id: x"}, 400)), timeout=900)


def test_connecting_from_the_environment(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment can hold the address and the token; a missing one is named."""
    monkeypatch.setenv("SETTLED_OSAPI_URL", answering({"status": "completed"}))
    with pytest.raises(ValueError, match="SETTLED_OSAPI_TOKEN is not set"):
        osapi.connect_from_env()
    monkeypatch.setenv("SETTLED_OSAPI_TOKEN", "t1")
    with osapi.connect_from_env() as client:
        assert osapi.job(client, ID).fetch().is_settled


def test_token_is_not_shown() -> None:
    """Neither a client nor its credentials show the token."""
    client = osapi.connect("host.invalid", token="very-secret")
    auth = client.get_httpx_client().auth
    assert "very-secret" not in repr(client) + repr(auth)
    assert str(client.get_httpx_client().base_url) == "https://host.invalid"


@pytest.mark.parametrize("responses", [None, {}, [], ["x"], "x"], ids=str)
def test_results_of_a_job_without_agents(responses: Any) -> None:
    """The result of a job that names no agent, or names them in another form, is the job's own."""
    client = osapi.connect("https://nowhere.invalid", token="t1")
    raw = {"status": "completed", "responses": responses, "result": {"exit_code": 0}}
    snapshot = Snapshot(osapi.job(client, "7"), status="completed", raw=raw)
    assert osapi.JOB.results is not None
    assert list(osapi.JOB.results(snapshot, None, None, False)) == [{"exit_code": 0}]


def test_results_of_agents(answering: Answering) -> None:
    """The results of a job are what each agent has answered."""
    responses = _agents(a="completed", b="failed")
    with osapi.connect(answering({"status": "completed", "responses": responses}), token="t1") as client:
        end = osapi.job(client, ID).fetch()
    assert osapi.JOB.results is not None
    assert list(osapi.JOB.results(end, None, None, False)) == list(responses.values())
