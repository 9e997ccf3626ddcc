"""OSAPI's submits and its list of jobs, over HTTP to the simulator, for threads and for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

import settled
from settled import Job, Outcome, errors, osapi
from settled._run import clock as _clock
from settled.simulator import Fault, Simulator, State, bad_gateway, dropped, server_error, truncated
from settled.simulator._server import Cut
from settled.testing import VirtualClock
from settled_clients.osapi import AuthenticatedClient
from settled_clients.osapi.api.agents import list_agents
from settled_clients.osapi.api.jobs import delete_job

from _exchange import answering as answering_bytes
from _exchange import reply
from _servers import Server
from conftest import Answering

JOB = "1d6f3c0e-8b7a-4f52-a1c9-5e2b9f0d7c34"
NEW = "8a3d5b1f-2c6e-4d70-9f4b-c0a1e2d3f4a5"
TOKEN = "osapi-token-of-the-submit-tests"
NO_TARGET = "^target must be a host name, a machine id, _any, _all, or a label as key:value$"
SLOW: list[State | Fault] = [("acknowledged", 0.0), ("started", 40.0), "completed"]

Call = Callable[..., Any]


def _here(name: str, client: AuthenticatedClient, *args: Any, **kwargs: Any) -> Any:
    result = getattr(osapi, name)(client, *args, **kwargs)
    return list(result) if name == "list_jobs" else result


def _in_a_loop(name: str, client: AuthenticatedClient, *args: Any, **kwargs: Any) -> Any:
    async def main() -> Any:
        async with client:
            result = getattr(osapi, f"{name}_async")(client, *args, **kwargs)
            return [each async for each in result] if name == "list_jobs" else await result

    return asyncio.run(main())


@pytest.fixture(params=[_here, _in_a_loop], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Both ways to call a function of the vendor's module, by its name."""
    way: Call = request.param
    return way


@pytest.fixture
def server(sim: Simulator) -> Simulator:
    """A server with two agents, which waits next to no time for them."""
    sim.job_timeout = 0.05
    sim.add_agent("web-02", labels={"group": "web.prod"})
    return sim


@pytest.fixture
def client(server: Simulator) -> Iterator[AuthenticatedClient]:
    """A client of the server."""
    with osapi.connect(server.url, token=server.token) as connected:
        yield connected


def _ids(sim: Simulator) -> list[str]:
    return [job.id for job in sim.jobs(("osapi.job",))]


def _operation(job: Job[Any]) -> Any:
    return job.fetch().raw["operation"]


@pytest.mark.parametrize(
    ("target", "agents"), [("web-02", 1), ("_any", 1), ("_all", 2), ("group:web", 2), ("group:web.prod", 1)]
)
@pytest.mark.parametrize("name", ["run_command", "run_shell"])
def test_submits(call: Call, client: AuthenticatedClient, name: str, target: str, agents: int) -> None:
    """A command is a job of as many agents as the server's answer has results."""
    job = call(name, client, target, "uptime")
    assert job.ref == f"osapi.job/{job.id}?agents={agents}"
    assert _operation(job)["type"] == f"command.{'exec' if name == 'run_command' else 'shell'}.execute"
    assert settled.wait(job, timeout=60).outcome is Outcome.SUCCEEDED


def test_what_is_sent(call: Call, answering: Answering) -> None:
    """The body has what was given, and nothing that is None or empty."""
    answers = {"job_id": JOB, "results": []}
    with osapi.connect(answering(answers), token=TOKEN) as client:
        call("run_command", client, "web/01", "ls", ("-l", "/etc"), cwd="/", timeout=300)
        call("run_command", client, "_any", "ls", iter([]), cwd="", timeout=None)
        call("run_shell", client, "_any", "ls | wc", cwd="/", timeout=1)
        call("retry_job", client, JOB, target="web-02")
        call("retry_job", client, JOB)
    assert [json.loads(body or "null") for body in answering.bodies] == [
        {"command": "ls", "args": ["-l", "/etc"], "cwd": "/", "timeout": 300},
        {"command": "ls"},
        {"command": "ls | wc", "cwd": "/", "timeout": 1},
        {"target_hostname": "web-02"},
        None,
    ]
    assert answering.requests[0].scope["raw_path"] == b"/node/web%2F01/command/exec"


BAD: dict[str, tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = {
    "args in one text": (("_any", "ls", "-l /tmp"), {}, TypeError, "args must be an iterable of str, not a str"),
    "args in bytes": (("_any", "ls", b"-l"), {}, TypeError, "args must be an iterable of str, not a bytes"),
    "an argument of another type": (("_any", "ls", [1]), {}, TypeError, "each of args must be a str"),
    "no command": (("_any", " "), {}, ValueError, "command must not be empty"),
    "a command in a list": (("_any", ["ls"]), {}, TypeError, "command must be a str"),
    "no target": (("", "ls"), {}, ValueError, NO_TARGET),
    "a folder as the target": ((".", "ls"), {}, ValueError, NO_TARGET),
    "a path as the target": (("..", "ls"), {}, ValueError, NO_TARGET),
    "a target of another type": ((7, "ls"), {}, TypeError, "target must be a str"),
    "too short": (("_any", "ls"), {"timeout": 0}, ValueError, "timeout must be whole seconds, 1 to 300, not 0"),
    "too long": (("_any", "ls"), {"timeout": 301}, ValueError, "1 to 300, not 301"),
    "half a second": (("_any", "ls"), {"timeout": 1.5}, ValueError, "1 to 300, not 1.5"),
    "no number": (("_any", "ls"), {"timeout": "9"}, TypeError, "timeout must be a number"),
    "a directory of another type": (("_any", "ls"), {"cwd": 7}, TypeError, "cwd must be a str"),
    "a lone surrogate": (("_any", "ls \udc80"), {}, ValueError, "cannot be written as JSON"),
}


@pytest.mark.parametrize(("args", "kwargs", "refused"), [(*bad[:2], bad[2:]) for bad in BAD.values()], ids=BAD)
def test_bad_arguments(call: Call, answering: Answering, args: Any, kwargs: Any, refused: tuple[Any, str]) -> None:
    """What cannot be right is refused, and nothing is sent."""
    with osapi.connect(answering({}), token=TOKEN) as client, pytest.raises(refused[0], match=refused[1]):
        call("run_command", client, *args, **kwargs)
    assert answering.requests == []


def test_the_server_refuses(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """A 4xx is its ApiError: there is no job, and nothing is looked up."""
    with pytest.raises(errors.BadRequest, match="'nobody' not found"):
        call("run_command", client, "nobody", "ls")
    with pytest.raises(errors.NotFound, match=f"job not found: {JOB}"):
        call("retry_job", client, JOB)
    assert [asked.status_code for asked in server.asked] == [400, 404]


def test_a_slow_job(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """A job that takes longer than the server waits is found in the list, and was submitted once."""
    server.plan_command("slow", states=SLOW)
    job = call("run_command", client, "web-02", "slow", ["-v"], cwd="/", timeout=60)
    assert [job.id] == _ids(server)
    assert job.ref.endswith("?agents=1")
    assert job.fetch().outcome is None
    assert settled.wait(job, timeout=60).outcome is Outcome.SUCCEEDED


def test_a_failed_job(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """A job that fails on its only agent is a job: its wait tells the failure."""
    server.plan_command("bad", states=["failed"], error="no such file")
    job = call("run_shell", client, "_any", "bad")
    end = settled.wait(job, timeout=60)
    assert (end.outcome, end.detail) == (Outcome.FAILED, "no such file")


def test_a_broadcast_that_nobody_answers(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """As many agents as take jobs are expected where none has answered in time."""
    server.plan_command("slow", states=SLOW)
    server.add_agent("web-03", state="Draining")
    for target, agents in (("_all", 2), ("group:web.prod", 1)):
        job = call("run_command", client, target, "slow")
        assert job.ref.endswith(f"?agents={agents}")
        assert settled.wait(job, timeout=60).outcome is Outcome.SUCCEEDED


def test_a_broadcast_whose_answer_tells(call: Call, answering: Answering) -> None:
    """As many agents are expected as the answer has results, also where the list of agents cannot be read."""
    with osapi.connect(answering({"job_id": JOB, "results": [{}, {}, {}]}), token="t-for-this-test") as client:
        assert call("run_command", client, "_all", "ls").ref == f"osapi.job/{JOB}?agents=3"


def test_agents_that_answer_too_late(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """The answer lists agents that were too late, too: the wait is for them as well."""
    server.plan_command("mixed", states={"web-01": ["completed"], "web-02": SLOW})
    job = call("run_command", client, "_all", "mixed")
    assert job.ref.endswith("?agents=2")
    end = settled.wait(job, timeout=60)
    assert (end.outcome, end.polls > 1) == (Outcome.SUCCEEDED, True)


@pytest.mark.parametrize("fault", [dropped(), truncated(), Fault(202, body="{}"), Fault(202, body="no JSON")])
@pytest.mark.parametrize("name", ["run_command", "run_shell", "retry_job"])
def test_a_lost_answer(call: Call, client: AuthenticatedClient, server: Simulator, name: str, fault: Fault) -> None:
    """A job whose answer is lost, or has no id, is the one in the list that was created meanwhile."""
    old = osapi.run_command(client, "_all", "ls")
    osapi.run_command(client, "_all", "other")
    _clock.clock.sleep(5)
    server.plan_command("ls", answer=fault)
    before = set(_ids(server))
    args = (old.id,) if name == "retry_job" else ("_all", "ls")
    job = call(name, client, *args, **({"target": "_all"} if name == "retry_job" else {}))
    assert {job.id} == set(_ids(server)) - before
    assert job.ref.endswith("?agents=2")


def test_two_that_it_can_be(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """Of two jobs that the submit can have made, neither is taken: both are the candidates."""
    server.plan_command("ls", answer=dropped())
    with osapi.connect(server.url, token=server.token) as somebody_else:
        found = {osapi.run_command(somebody_else, "_all", "ls").ref}
    with pytest.raises(errors.SubmitUnclear, match="the job may exist all the same") as raised:
        call("run_command", client, "_all", "ls")
    assert len(raised.value.candidates) == 2
    assert found < set(raised.value.candidates)
    assert raised.value.sent == {"command": "ls"}


@pytest.mark.parametrize("fault", [server_error(), server_error(503), bad_gateway()])
def test_another_5xx(call: Call, client: AuthenticatedClient, server: Simulator, fault: Fault) -> None:
    """A 5xx that tells of no job is unclear, with what the job may be."""
    server.plan_command("ls", answer=fault)
    with pytest.raises(errors.SubmitUnclear) as raised:
        call("run_command", client, "web-01", "ls")
    assert raised.value.candidates == (f"osapi.job/{_ids(server)[0]}?agents=1",)
    assert isinstance(raised.value.__cause__, errors.ServerError)


def _listing(*items: dict[str, Any]) -> dict[str, Any]:
    """A page of the list; where an item has a number as `created`, it is so many seconds from the server's now."""
    zone = timezone(timedelta(hours=1))
    now = datetime.now(zone).replace(microsecond=0)
    # Copies: other tests, at other times, have the same items.
    listed = [dict(item) for item in items]
    for item in listed:
        if isinstance(seconds := item.get("created"), int):
            item["created"] = (now + timedelta(seconds=seconds)).isoformat()
    return {"total_items": len(items), "items": listed}


def _pages(*items: dict[str, Any]) -> list[dict[str, Any]]:
    """The pages of a list."""
    whole = _listing(*items)
    return [whole | {"items": whole["items"][at : at + 100]} for at in range(0, len(items), 100)]


def _item(job_id: Any, created: Any, command: str = "ls", **fields: Any) -> dict[str, Any]:
    data = {"command": command}
    return {"id": job_id, "created": created, "operation": {"type": EXECUTE, "data": data}, **fields}


EXECUTE = "command.exec.execute"
BLANKS: dict[str, Any] = {"args": [], "cwd": "", "timeout": 0, "env": {}, "user": None}
TIMEOUT = {"error": "failed to publish and wait: timeout waiting for job response: context deadline exceeded"}
NOW, TOO_OLD, LATER = 0, -60, 60


def _taken(job_id: str) -> JSONResponse:
    return JSONResponse({"job_id": job_id, "results": [{"hostname": "web-01", "status": "ok"}]}, 202)


@pytest.mark.parametrize(("listed", "found"), [([NEW], None), ([NEW, JOB], JOB)], ids=["of another submit", "its own"])
def test_a_job_that_another_submit_has_made(
    call: Call, answering: Answering, listed: list[str], found: str | None
) -> None:
    """A job that an earlier submit of the same has made is never taken for that of a later one."""
    items = [_item(each, NOW) for each in listed]
    with osapi.connect(answering(_taken(NEW), JSONResponse(TIMEOUT, 500), _listing(*items)), token=TOKEN) as client:
        assert osapi.run_command(client, "_any", "ls").id == NEW
        if found is None:
            with pytest.raises(errors.SubmitUnclear) as raised:
                call("run_command", client, "_any", "ls")
            assert raised.value.candidates == ()
        else:
            assert call("run_command", client, "_any", "ls").id == found


def test_a_submit_after_one_that_was_refused(answering: Answering) -> None:
    """A submit that was surely refused has made no job, so the one that is found is that of the next."""
    url = answering(JSONResponse({}, 403), JSONResponse(TIMEOUT, 500), _listing(_item(NEW, NOW)))
    with osapi.connect(url, token=TOKEN) as client:
        with pytest.raises(errors.PermissionDenied):
            osapi.run_command(client, "_any", "ls")
        assert osapi.run_command(client, "_any", "ls").id == NEW


def test_a_submit_after_one_whose_job_was_found(answering: Answering) -> None:
    """The job that was found for an unclear submit is that one's, and never that of the next."""
    lost = JSONResponse(TIMEOUT, 500)
    url = answering(lost, _listing(_item(NEW, NOW)), lost, _listing(_item(NEW, NOW), _item(JOB, NOW)))
    with osapi.connect(url, token=TOKEN) as client:
        assert [osapi.run_command(client, "_any", "ls").id for _ in range(2)] == [NEW, JOB]


def test_a_submit_some_seconds_after_one_that_stayed_unclear(answering: Answering, clock: VirtualClock) -> None:
    """A job that was created later than a submit is not that one's, though nobody knows that one's."""
    lost, denied = JSONResponse(TIMEOUT, 500), JSONResponse({"error": "Insufficient permissions"}, 403)
    with osapi.connect(answering(lost, denied, lost, _listing(_item(NEW, NOW))), token=TOKEN) as client:
        with pytest.raises(errors.SubmitUnclear):
            osapi.run_command(client, "_any", "ls")
        clock.sleep(6)
        assert osapi.run_command(client, "_any", "ls").id == NEW


def test_a_broadcast_is_looked_up_by_its_operation(call: Call, answering: Answering) -> None:
    """A job for all agents is found, whatever host has answered last; how many there are is asked for then."""
    agents = {"agents": [{"hostname": name} for name in ("web-01", "web-02")]}
    listed = _listing(_item(NEW, NOW, hostname="web-09"))
    with osapi.connect(answering(JSONResponse(TIMEOUT, 500), listed, agents), token=TOKEN) as client:
        assert call("run_command", client, "_all", "ls").ref == f"osapi.job/{NEW}?agents=2"
    assert [request.url.path for request in answering.requests[1:]] == ["/job", "/agent"]


@pytest.mark.parametrize("target", ["web-01", "path:c:/x"])
def test_a_job_of_one_host(call: Call, answering: Answering, target: str) -> None:
    """Of jobs that are alike, a submit's is the one of a host that its target selects."""
    agents = {"agents": [{"hostname": "web-09"}, {"hostname": "web-01", "labels": {"path": "c:/x"}}]}
    listed = _listing(_item(JOB, NOW, hostname="web-09"), _item(NEW, NOW, hostname="web-01"))
    with osapi.connect(answering(JSONResponse(TIMEOUT, 500), agents, listed, agents), token=TOKEN) as client:
        assert call("run_command", client, target, "ls").ref == f"osapi.job/{NEW}?agents=1"


def test_agents_that_may_not_be_listed(call: Call, answering: Answering) -> None:
    """Where nobody tells which host a machine id is of, a job is found by its operation alone."""
    denied = JSONResponse({"error": "Insufficient permissions"}, 403)
    listed = _listing(_item(NEW, NOW, hostname="web-09"))
    with osapi.connect(answering(JSONResponse(TIMEOUT, 500), denied, listed), token=TOKEN) as client:
        assert call("run_command", client, "m1", "ls").id == NEW


def test_each_page_is_asked_for(call: Call, answering: Answering) -> None:
    """The list is read page by page, as far as it goes."""
    old = [_item(f"{number:08}{JOB[8:]}", TOO_OLD) for number in range(100)]
    with osapi.connect(answering(JSONResponse(TIMEOUT, 500), *_pages(*old, _item(NEW, NOW))), token=TOKEN) as client:
        assert call("run_command", client, "_any", "ls").id == NEW
    assert [request.query_params.get("offset") for request in answering.requests] == [None, "0", "100"]


def test_an_answer_without_an_id_is_quoted(call: Call, answering: Answering) -> None:
    """What the server answered instead is in the cause."""
    denied = JSONResponse({"error": "Insufficient permissions"}, 403)
    with (
        osapi.connect(answering({"task": 1}, denied), token=TOKEN) as client,
        pytest.raises(errors.SubmitUnclear) as raised,
    ):
        call("run_command", client, "_any", "ls")
    assert str(raised.value.__cause__).endswith("the answer has no job_id: {'task': 1}")


def test_two_submits_at_the_same_moment(answering: Answering) -> None:
    """Of two equal submits whose answers were lost, neither is told the one job that is found."""
    url = answering(*[JSONResponse(TIMEOUT, 500)] * 2, _listing(_item(NEW, NOW)))

    async def main() -> list[Any]:
        async with osapi.connect(url, token=TOKEN) as client:
            both = [osapi.run_command_async(client, "_any", "ls") for _ in range(2)]
            ended: list[Any] = await asyncio.gather(*both, return_exceptions=True)
            return ended

    for error in asyncio.run(main()):
        assert isinstance(error, errors.SubmitUnclear)
        assert error.candidates == (f"osapi.job/{NEW}?agents=1",)


def test_submits_of_other_things_at_the_same_moment(answering: Answering) -> None:
    """What else a client submits at the same time keeps no job from being found."""
    listed = _listing(_item(NEW, NOW), _item(JOB, NOW, "df"))
    url = answering(*[JSONResponse(TIMEOUT, 500)] * 2, listed)

    async def main() -> list[Job[Any]]:
        async with osapi.connect(url, token=TOKEN) as client:
            both = [osapi.run_command_async(client, "_any", command) for command in ("ls", "df")]
            jobs: list[Job[Any]] = await asyncio.gather(*both)
            return jobs

    assert [job.id for job in asyncio.run(main())] == [NEW, JOB]


@pytest.mark.parametrize("target", ["_any", "_all"])
def test_nothing_to_be_found(call: Call, answering: Answering, clock: VirtualClock, target: str) -> None:
    """The list is looked at for ten seconds at most; then the submit is unclear, without candidates."""
    before = clock.now()
    url = answering(JSONResponse(TIMEOUT, 500), _listing(_item(JOB, TOO_OLD)))
    with osapi.connect(url, token=TOKEN) as client, pytest.raises(errors.SubmitUnclear) as raised:
        call("run_command", client, target, "ls")
    assert raised.value.candidates == ()
    assert {request.url.path for request in answering.requests[1:]} == {"/job"}
    assert 8 <= clock.now() - before <= 10
    assert [request.method for request in answering.requests].count("POST") == 1


def test_a_list_that_cannot_be_read(call: Call, answering: Answering) -> None:
    """Who may not read the list learns that besides, and what was sent."""
    url = answering(JSONResponse(TIMEOUT, 500), JSONResponse({"error": "Insufficient permissions"}, 403))
    with osapi.connect(url, token=TOKEN) as client, pytest.raises(errors.SubmitUnclear) as raised:
        call("run_command", client, "_any", "ls")
    assert raised.value.candidates == ()
    assert raised.value.__notes__[0].startswith("the list of jobs could not be read: PermissionDenied: ")
    assert "Insufficient permissions" in raised.value.__notes__[0]
    assert [request.method for request in answering.requests] == ["POST", "GET"]


def test_no_connection(call: Call) -> None:
    """Where no connection was made, there is no job, and nothing to look for."""
    with osapi.connect("http://127.0.0.1:9", token=TOKEN) as client, pytest.raises(errors.TransportError):
        call("run_command", client, "_any", "ls")


def test_a_renewed_token(call: Call, server: Simulator) -> None:
    """A submit is sent again after a 401 with a renewed token, and makes one job."""
    tokens = iter(["an-old-token-of-the-tests", server.token])
    with osapi.connect(server.url, token=lambda: next(tokens)) as client:
        job = call("run_command", client, "_any", "ls")
    assert [job.id] == _ids(server)
    assert [asked.status_code for asked in server.asked] == [401, 202]


def test_retries(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """A retry is a new job that does the same, for any agent unless its target is given; the old one stays."""
    old = osapi.run_command(client, "_all", "ls", ["-l"])
    for target, agents in ((None, 1), ("web-02", 1), ("_all", 2), ("group:web", 2)):
        new = call("retry_job", client, old.id, target=target)
        # A host name reaches no agent, as it is with the server.
        assert (new.fetch().status == "completed") == (target != "web-02")
        assert new.ref == f"osapi.job/{new.id}?agents={agents}"
        assert new.id != old.id
        assert _operation(new) == _operation(old)
    assert len(_ids(server)) == 5


def test_agents_that_are_not_listed(call: Call, answering: Answering) -> None:
    """If the server does not say how many agents there are, the job has no such number."""
    url = answering({"job_id": NEW, "status": "created"}, JSONResponse({"error": "Insufficient permissions"}, 403))
    with osapi.connect(url, token=TOKEN) as client:
        assert call("retry_job", client, JOB, target="_all").ref == f"osapi.job/{NEW}"


def test_lists_all_pages(call: Call, client: AuthenticatedClient, server: Simulator) -> None:
    """Every job comes once, and the list can be narrowed to a status."""
    assert call("list_jobs", client) == []
    server.asked.clear()
    done = [server.add("osapi.job", states=["completed"]) for _ in range(230)]
    running = server.add("osapi.job", states=["processing"])
    assert sorted(item.id for item in call("list_jobs", client)) == sorted([running, *done])
    assert len(server.asked) == 3
    assert [(item.id, item.status) for item in call("list_jobs", client, status="processing")] == [
        (running, "processing")
    ]
    with pytest.raises(errors.BadRequest, match="Status"):
        call("list_jobs", client, status="skipped")


def test_jobs_that_come_meanwhile(client: AuthenticatedClient, server: Simulator) -> None:
    """Jobs that are submitted while the list is read move others on to the next page: each still comes once."""
    old = [server.add("osapi.job", states=["completed"]) for _ in range(150)]
    listed = osapi.list_jobs(client)
    ids = [next(listed).id]
    for _ in range(30):
        server.add("osapi.job", states=["completed"])
    ids += [item.id for item in listed]
    assert len(ids) == len(set(ids))
    assert set(old) <= set(ids)


def test_nothing_is_read_ahead(client: AuthenticatedClient, server: Simulator) -> None:
    """An iterator reads a page when its first job is wanted, and checks its arguments at once."""
    for _ in range(150):
        server.add("osapi.job", states=["completed"])
    listed = osapi.list_jobs(client)
    assert server.asked == []
    next(listed)
    assert len(server.asked) == 1
    with pytest.raises(ValueError, match="7"):
        osapi.list_jobs(client, status=7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "page",
    [[], {"items": 7}, "text", Response("<html>", 200), {"items": [{"created": 7, "id": JOB}], "total_items": 1}],
)
def test_odd_lists(call: Call, answering: Answering, page: Any) -> None:
    """A list that is none is a MalformedResponse."""
    with osapi.connect(answering(page), token=TOKEN) as client, pytest.raises(errors.MalformedResponse) as raised:
        call("list_jobs", client)
    if page == {"items": 7}:
        assert str(raised.value).endswith("GET /job answered with no list of jobs: {'items': 7}")


def test_reads_are_repeated(call: Call, answering: Answering) -> None:
    """A page that fails for a moment is asked for again."""
    page = {"items": [{"id": JOB, "status": "completed"}]}
    url = answering(JSONResponse({"error": "nats: timeout"}, 500), page, {"items": []})
    with osapi.connect(url, token=TOKEN) as client:
        assert [item.id for item in call("list_jobs", client)] == [JOB]


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([_item(NEW, NOW), _item(JOB, TOO_OLD)], NEW),
        ([_item(JOB, LATER), _item(NEW, NOW)], NEW),
        ([_item(f"{number:08}{JOB[8:]}", TOO_OLD) for number in range(100)] + [_item(NEW, NOW)], NEW),
        ([_item(JOB, NOW, "other"), _item(NEW, NOW)], NEW),
        ([_item(JOB, NOW, hostname="web-09"), _item(NEW, NOW, hostname="web-01")], NEW),
        ([_item(NEW, NOW), {"id": JOB}, {"created": NOW}, _item(JOB, "yesterday")], NEW),
        ([_item(NEW, NOW), {"id": JOB, "created": NOW, "operation": "ls"}], NEW),
        ([_item(NEW, NOW), {"id": JOB, "created": NOW, "operation": {"type": EXECUTE, "data": "ls"}}], NEW),
        ([{"id": NEW, "created": NOW, "operation": {"type": EXECUTE, "data": BLANKS | {"command": "ls"}}}], NEW),
        ([_item(NEW, NOW), _item(JOB, NOW)], None),
    ],
    ids=[
        "an older one",
        "a later one",
        "a page of old ones",
        "another command",
        "another host",
        "odd ones",
        "no operation",
        "no data",
        "blanks",
        "two",
    ],
)
def test_which_job_it_is(call: Call, answering: Answering, items: list[Any], found: str | None) -> None:
    """The job is of the same operation and host, and was created during the call by the server's own Date."""
    agents = {"agents": [{"hostname": "web-01", "machine_id": "m1", "status": "Ready"}], "total": 1}
    with osapi.connect(answering(JSONResponse(TIMEOUT, 500), agents, *_pages(*items)), token=TOKEN) as client:
        if found is None:
            with pytest.raises(errors.SubmitUnclear) as raised:
                call("run_command", client, "m1", "ls")
            assert raised.value.candidates == (f"osapi.job/{NEW}?agents=1", f"osapi.job/{JOB}?agents=1")
        else:
            assert call("run_command", client, "m1", "ls").id == found
    assert [request.method for request in answering.requests].count("POST") == 1


def test_cut_while_it_is_looked_up(call: Call, answering: Answering) -> None:
    """A look-up that fails for a moment is repeated."""
    cut = Cut(JSONResponse({}), within=False)
    with osapi.connect(answering(cut, cut, _listing(_item(NEW, NOW))), token=TOKEN) as client:
        assert call("run_command", client, "_any", "ls").id == NEW


def test_deleting_and_listing_agents(client: AuthenticatedClient, server: Simulator) -> None:
    """What needs no more than the generated operation is served, too."""
    job = osapi.run_command(client, "_any", "ls")
    assert delete_job.sync_detailed(job.id, client=client).status_code == 204
    with pytest.raises(errors.NotFound):
        job.fetch()
    listed: Any = list_agents.sync(client=client)
    assert [agent.hostname for agent in listed.agents] == ["web-01", "web-02"]
    assert server.polls(job.id) >= 1


@pytest.mark.parametrize("job_id", [["x"], {"x": 1}])
def test_items_with_ids_that_are_none(call: Call, answering: Answering, job_id: Any) -> None:
    """A job of a list whose id is none of ours ends the list with an error of the package, if with any."""
    page = {"items": [{"id": job_id, "status": "completed"}], "total_items": 1}
    with osapi.connect(answering(page), token=TOKEN) as client, contextlib.suppress(errors.MalformedResponse):
        assert len(call("list_jobs", client)) == 1


AGENTS: dict[str, Any] = {"agents": [{"hostname": "web-01", "machine_id": "m1", "status": "Ready"}], "total": 1}
OLD = [_item(f"{number:08}{JOB[8:]}", TOO_OLD) for number in range(99)]


def _replies(*replies: bytes) -> Server:
    """A server that answers with these bytes, and with nothing that it was not told to send, such as a Date."""
    left = iter(replies)
    return answering_bytes(lambda _: next(left))


UNANSWERED = reply(TIMEOUT, "500 Internal Server Error")


@pytest.mark.parametrize(
    "later",
    [reply({"error": "not now"}, "403 Forbidden"), reply([]), reply({}, Date="?")],
    ids=["403", "no list", "no Date"],
)
def test_what_earlier_pages_had(call: Call, later: bytes, clock: VirtualClock) -> None:
    """A later page that cannot be read loses no candidate of an earlier one, and none is taken for the job."""
    date = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT"
    first = reply(_listing(_item(NEW, NOW), *OLD) | {"total_items": 150}, Date=date)
    with (
        _replies(UNANSWERED, first, *[later] * 20) as server,
        osapi.connect(server.url, token=TOKEN) as client,
        pytest.raises(errors.SubmitUnclear) as raised,
    ):
        call("run_command", client, "_any", "ls")
    assert raised.value.candidates == (f"osapi.job/{NEW}?agents=1",)
    assert "the list of jobs could not be read" in raised.value.__notes__[0]


@pytest.mark.parametrize("odd", [["web-01"], {"name": "web-01"}, 7])
def test_odd_host_names(call: Call, answering: Answering, odd: Any) -> None:
    """A host name that is no text, of an agent or of a job, is nobody's, and keeps no job from being found."""
    agents = {"agents": [*AGENTS["agents"], {"hostname": odd, "machine_id": "m1"}]}
    items = [_item(JOB, NOW, hostname=[odd]), _item(["x"], NOW), _item(NEW, NOW, hostname="web-01")]
    with osapi.connect(answering(JSONResponse(TIMEOUT, 500), agents, _listing(*items)), token=TOKEN) as client:
        assert call("run_command", client, "m1", "ls").id == NEW


@pytest.mark.parametrize(("zone", "of_created"), [("", "Z"), (" -0000", "Z"), (" GMT", "")])
def test_a_date_without_a_zone(
    call: Call, zone: str, of_created: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """A Date, or a time in the list, that names no zone is UTC, wherever the client is."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    request.addfinalizer(time.tzset)
    request.addfinalizer(monkeypatch.undo)
    now = datetime.now(UTC)
    listed = _listing(_item(NEW, f"{now:%Y-%m-%dT%H:%M:%S}{of_created}"))
    date = f"{now:%a, %d %b %Y %H:%M:%S}{zone}"
    with (
        _replies(UNANSWERED, *[reply(listed, Date=date)] * 20) as server,
        osapi.connect(server.url, token=TOKEN) as client,
    ):
        assert call("run_command", client, "_any", "ls").id == NEW


@pytest.mark.parametrize(("total", "requests"), [(100, 1), (None, 3)])
def test_lists_end_where_the_server_says(call: Call, answering: Answering, total: int | None, requests: int) -> None:
    """A page that reaches the total is the last one; without a total, one that has nothing new is."""
    pages = [OLD, [_item(NEW, NOW)], []] if total is None else [OLD]
    each = [_listing(*items) | {"total_items": total} for items in pages]
    with osapi.connect(answering(*each), token=TOKEN) as client:
        assert len(call("list_jobs", client)) == sum(map(len, pages))
    assert len(answering.requests) == requests


@pytest.mark.parametrize(("created", "is_found"), [(-1, False), (0, True), (22, True), (23, False)])
def test_when_a_job_was_created(
    call: Call, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, created: int, is_found: bool
) -> None:
    """A job is the submit's if it was created while that lasted, to a second by the server's clock, and one besides."""
    begin, start, answers_took = datetime.now(UTC).replace(microsecond=0), clock.now(), [0.0]
    # Virtual time stands still while a request is under way.
    monkeypatch.setattr(osapi, "_now", lambda: clock.now() + sum(answers_took))

    def answer(head: bytes) -> bytes:
        if head.startswith(b"POST"):
            answers_took.append(20.0)
            return UNANSWERED
        answers_took.append(4.0)
        date = begin + timedelta(seconds=clock.now() + sum(answers_took) - start)
        listed = _listing(_item(NEW, (begin + timedelta(seconds=created)).isoformat()))
        return reply(listed, Date=f"{date:%a, %d %b %Y %H:%M:%S} GMT")

    with answering_bytes(answer) as server, osapi.connect(server.url, token=TOKEN) as client:
        if is_found:
            assert call("run_command", client, "_any", "ls").id == NEW
        else:
            with pytest.raises(errors.SubmitUnclear) as raised:
                call("run_command", client, "_any", "ls")
            assert raised.value.candidates == ()


@pytest.mark.parametrize("date", ["Thu, 26 Nov", "2026", "?", "Thu, 99 Nov 2026 10:00:00 GMT"])
def test_odd_dates(call: Call, date: str) -> None:
    """Where the server's Date cannot be read, nobody can tell which job it is, and the error says so."""
    with (
        _replies(UNANSWERED, reply(_listing(_item(NEW, NOW)), Date=date)) as server,
        osapi.connect(server.url, token=TOKEN) as client,
        pytest.raises(errors.SubmitUnclear) as raised,
    ):
        call("run_command", client, "_any", "ls")
    assert raised.value.candidates == ()
    assert ": GET /job answered without a Date that can be read" in raised.value.__notes__[0]


def test_a_list_without_an_end(call: Call, answering: Answering) -> None:
    """A server that sends one page again and again, and a total that is never reached, is not asked for ever."""
    endless = {"total_items": 10**12}
    with osapi.connect(answering(_listing(*OLD, _item(NEW, NOW)) | endless), token=TOKEN) as client:
        with pytest.raises(errors.MalformedResponse, match="GET /job has no end: after 100 jobs, 3 pages had none"):
            call("list_jobs", client)
        assert len(answering.requests) == 4
    url = answering(JSONResponse(TIMEOUT, 500), _listing(*OLD, _item(NEW, NOW)) | endless)
    with osapi.connect(url, token=TOKEN) as client, pytest.raises(errors.SubmitUnclear) as raised:
        call("run_command", client, "_any", "ls")
    assert raised.value.candidates == (f"osapi.job/{NEW}?agents=1",)


class Silent(Response):
    """Takes a request, and never answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the client has had enough."""
        while (await receive())["type"] != "http.disconnect":
            pass


class Interrupting(Silent):
    """Interrupts the process that waits for it, and answers nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the signal of Ctrl-C."""
        os.kill(os.getpid(), signal.SIGINT)
        await super().__call__(scope, receive, send)


def _notes(error: BaseException | None) -> list[str]:
    notes: list[str] = []
    while error is not None:
        notes += getattr(error, "__notes__", [])
        error = error.__cause__ or error.__context__
    return notes


@pytest.mark.parametrize("how", ["run_command", "retry_job"])
def test_interrupted_after_the_answer(answering: Answering, how: str) -> None:
    """Whoever interrupts the look-up of the agents, when the id has come, is told the id."""
    args = {"run_command": ("_all", "ls"), "retry_job": (JOB,)}[how]
    keywords = {"run_command": {}, "retry_job": {"target": "_all"}}[how]
    url = answering({"job_id": NEW}, Interrupting())
    with osapi.connect(url, token=TOKEN) as client, pytest.raises(KeyboardInterrupt) as raised:
        getattr(osapi, how)(client, *args, **keywords)
    assert _notes(raised.value) == [f"the job was submitted: osapi.job/{NEW}"]


def test_cancelled_after_the_answer(answering: Answering) -> None:
    """A cancellation, or a time limit of the caller's own, says it as well."""

    async def main(url: str) -> None:
        async with osapi.connect(url, token=TOKEN) as client, asyncio.timeout(0.5):
            await osapi.run_command_async(client, "_all", "ls")

    with pytest.raises(TimeoutError) as raised:
        asyncio.run(main(answering({"job_id": NEW}, Silent())))
    assert _notes(raised.value) == [f"the job was submitted: osapi.job/{NEW}"]


def test_interrupted_while_it_is_looked_up(answering: Answering) -> None:
    """Whoever interrupts the look-up of an unclear submit learns that the job may exist, and what was found."""
    first = _listing(_item(NEW, NOW), *OLD) | {"total_items": 150}
    url = answering(JSONResponse(TIMEOUT, 500), first, Interrupting())
    with osapi.connect(url, token=TOKEN) as client, pytest.raises(KeyboardInterrupt) as raised:
        osapi.run_command(client, "_any", "ls")
    [note] = _notes(raised.value)
    assert "the job may exist all the same" in note
    assert note.endswith(f"(osapi.job/{NEW})")


@pytest.mark.parametrize(
    ("found", "told"),
    [([], "no candidate yet"), ([NEW, JOB], f"osapi.job/{NEW}, osapi.job/{JOB}")],
    ids=["none", "two"],
)
def test_what_was_found_before_an_interruption(answering: Answering, found: list[str], told: str) -> None:
    """The note names each candidate of the pages that were read, or says that there is none yet."""
    first = _listing(*[_item(each, NOW) for each in found], *OLD) | {"total_items": 150}
    url = answering(JSONResponse(TIMEOUT, 500), first, Interrupting())
    with osapi.connect(url, token=TOKEN) as client, pytest.raises(KeyboardInterrupt) as raised:
        osapi.run_command(client, "_any", "ls")
    [note] = _notes(raised.value)
    assert note.endswith(f" ({told})")
