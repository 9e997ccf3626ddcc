"""OSAPI as its real server answers: what is read from such replies, and that the simulator's have their shape.

The replies themselves are in ../shared, and the tests that need them are skipped without it; their shape is told here.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from settled import Job, Outcome, Part, Progress, errors, osapi
from settled.simulator import Simulator, server_error
from settled.testing import VirtualClock

from _specs import ROOT
from conftest import Answering, WaitFunction

KIND = "osapi.job"
ID = "5e0c6f7a-6a57-4d0e-8f0b-0c9d2b1a7e11"
REPLIES = ROOT.parent / "shared" / "data" / "osapi_replies.json"
needs_replies = pytest.mark.skipif(not REPLIES.is_file(), reason="../shared, which has the real replies, is absent")

# What every reply has once an agent has begun, and what one of the agents' entries has.
FIELDS = {"agent_states", "changed", "created", "id", "operation", "responses", "status", "timeline", "updated_at"}
RESPONSE = {"changed", "hostname", "status"}
EVENT = {"event", "hostname", "message", "timestamp"}
ENDED = {"completed": {"data"}, "failed": {"error"}, "skipped": {"error"}}

WEB_1, WEB_2, WEB_3 = "web-01", "web-02.example.com", "web-03"
DONE = Part("completed", Outcome.SUCCEEDED)


def real(name: str) -> Any:
    """A reply of the real server."""
    return json.loads(REPLIES.read_text())[name]["reply"]


def check_shape(reply: Any, *, agents: int) -> None:
    """Hold a reply about a job that has ended on each of so many agents against the shape of the real server's."""
    status, responses, states = reply["status"], reply["responses"], reply["agent_states"]
    fields = set(FIELDS)
    fields |= {"error"} if status in ("failed", "skipped") else set[str]()
    fields |= {"hostname"} if status != "skipped" else set[str]()
    fields |= {"result"} if status == "completed" and agents == 1 else set[str]()
    assert set(reply) == fields
    assert len(responses) == len(states) == agents
    for key, response in responses.items():
        assert set(response) == RESPONSE | ENDED[response["status"]]
        assert key == re.sub(r"[^A-Za-z0-9_-]", "_", response["hostname"])
        assert response["changed"] in ((True, None) if response["status"] == "completed" else (None,))
    for host, state in states.items():
        assert any(response["hostname"] == host for response in responses.values())
        # What an agent skipped took no time. The error of an earlier run stays.
        timed = {"status"} if state["status"] == "skipped" else {"status", "duration"}
        needed = timed if state["status"] == "completed" else timed | {"error"}
        assert needed <= set(state) <= timed | {"error"}
        assert re.fullmatch(r"(\d+m)?\d+(\.\d+)?(ms|µs|s)", state.get("duration", "0s"))
    for event in reply["timeline"]:
        assert set(event) == EVENT | ({"error"} if event["event"] in ("failed", "skipped") else set[str]())
        assert event["event"] in {"acknowledged", "started", *ENDED}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["timestamp"])
    assert reply["timeline"][0]["event"] == "acknowledged"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reply["created"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z", reply["updated_at"])
    assert set(reply["operation"]) == {"data", "type"}


@needs_replies
@pytest.mark.parametrize(
    ("name", "agents"),
    [
        ("single_failed", 1),
        ("premature_completed", 1),
        ("premature_completed_then", 2),
        ("premature_failed_then", 2),
        ("all_skipped", 2),
        ("all_failed", 2),
        ("clones", 2),
        ("replayed", 3),
    ],
)
def test_shape_of_the_real_replies(name: str, agents: int) -> None:
    """The shape that is told here is that of the real replies."""
    check_shape(real(name), agents=agents)


@pytest.fixture
def ask(sim: Simulator) -> Iterator[Callable[[str], httpx.Response]]:
    """Asks the simulated server for a path below /api."""
    headers = {"authorization": f"Bearer {sim.token}"}
    with httpx.Client(base_url=sim.url, headers=headers) as http:
        yield lambda path: http.get(f"/api{path}")


@pytest.mark.parametrize(
    ("states", "agents"),
    [
        (["completed"], 1),
        (["failed"], 1),
        (["failed", "completed"], 1),
        (["acknowledged", "started", "skipped"], 1),
        ({WEB_1: ["completed"]}, 1),
        ({WEB_1: ["completed"], WEB_2: ["completed"]}, 2),
        ({WEB_1: ["failed"], WEB_2: ["started", "completed"]}, 2),
        ({WEB_1: ["failed"], WEB_2: ["failed"]}, 2),
        ({WEB_1: ["started", "skipped"], WEB_2: ["skipped"]}, 2),
        ({WEB_1: ["failed", "completed"], WEB_2: ["skipped"], WEB_3: ["processing", "failed"]}, 3),
    ],
)
def test_shape_of_the_simulated_replies(
    sim: Simulator, ask: Callable[[str], httpx.Response], clock: VirtualClock, states: Any, agents: int
) -> None:
    """The simulator answers in the real server's shape, however a job ends."""
    job_id = sim.add(KIND, states=states)
    ask(f"/job/{job_id}")
    clock.sleep(60)
    check_shape(ask(f"/job/{job_id}").json(), agents=agents)


def test_simulated_error_bodies(sim: Simulator, ask: Callable[[str], httpx.Response]) -> None:
    """Errors of the server have an `error` alone, and those of the layer in front of it a `message` alone."""
    unknown = "00000000-0000-4000-8000-000000000000"
    bodies = {
        "401 no token": httpx.get(f"{sim.url}/api/job/{unknown}"),
        "401 no JWT": httpx.get(f"{sim.url}/api/job/{unknown}", headers={"authorization": "Bearer x"}),
        "404 job, or NATS away": ask(f"/job/{unknown}"),
        "400 id": ask("/job/no-id"),
        "404 path": ask("/nowhere"),
        "405": httpx.post(f"{sim.url}/api/job/{unknown}"),
    }
    keys = {name: list(answer.json()) for name, answer in bodies.items()}
    by_router = {"400 id", "404 path", "405"}
    assert keys == {name: ["message"] if name in by_router else ["error"] for name in bodies}
    assert [answer.status_code for answer in bodies.values()] == [int(name[:3]) for name in bodies]
    assert "GET" in bodies["405"].headers["allow"]
    if REPLIES.is_file():
        recorded = json.loads(REPLIES.read_text())["error_bodies"]
        assert keys == {name: list(recorded[name]) for name in bodies}


def test_simulated_absence_is_ridden_out(sim: Simulator, wait: WaitFunction) -> None:
    """A simulated 404 is that of a job which the server cannot look up at present."""
    client = osapi.connect(sim.url, token=sim.token)
    end = wait(osapi.job(client, sim.add(KIND, states=[server_error(404, times=2), "completed"])), timeout=900)
    assert (end.outcome, end.polls) == (Outcome.SUCCEEDED, 3)


@pytest.fixture
def job(answering: Answering) -> Iterator[Callable[..., Job[Any]]]:
    """Makes a job that is answered with these real replies, one after the other."""
    with contextlib.ExitStack() as clients:

        def make(*names: str, **options: Any) -> Job[Any]:
            replies = [real(name) | {"id": ID} for name in names]
            client = osapi.connect(answering(*replies), token="t1")
            clients.callback(client.get_httpx_client().close)
            return osapi.job(client, ID, **options)

        yield make


@needs_replies
@pytest.mark.parametrize(
    ("name", "outcome", "progress"),
    [
        ("single_failed", Outcome.FAILED, (1, 1)),
        ("premature_completed", Outcome.SUCCEEDED, (1, 1)),
        ("premature_completed_then", Outcome.SUCCEEDED, (2, 2)),
        ("premature_failed_then", Outcome.PARTIAL, (2, 2)),
        ("all_skipped", Outcome.SKIPPED, (2, 2)),
        ("all_failed", Outcome.FAILED, (2, 2)),
        ("clones", Outcome.SUCCEEDED, (3, 3)),
        ("replayed", Outcome.SUCCEEDED, (3, 3)),
    ],
)
def test_readings(job: Callable[..., Job[Any]], name: str, outcome: Outcome, progress: tuple[int, int]) -> None:
    """Every real reply is read, without and with the number of agents that it tells of, and fits the model."""
    snapshot = job(name).fetch()
    assert (snapshot.outcome, snapshot.progress, snapshot.is_known) == (outcome, Progress(*progress), True)
    assert {part.outcome for part in snapshot.parts.values()} <= {Outcome.SUCCEEDED, Outcome.FAILED, Outcome.SKIPPED}
    assert (snapshot.detail is None) == (outcome is Outcome.SUCCEEDED)
    assert snapshot.body.id is not None
    assert job(name, expected_agents=progress[1]).fetch().outcome is outcome
    assert job(name, expected_agents=progress[1] + 1).fetch().outcome is None


@needs_replies
@pytest.mark.parametrize(
    ("first", "then", "outcome"),
    [
        ("premature_completed", "premature_completed_then", Outcome.SUCCEEDED),
        ("single_failed", "premature_failed_then", Outcome.PARTIAL),
    ],
)
def test_premature_words(
    job: Callable[..., Job[Any]], wait: WaitFunction, first: str, then: str, outcome: Outcome
) -> None:
    """What the server says after the first of two agents ends no wait for two."""
    end = wait(job(first, then, expected_agents=2), timeout=900)
    assert (end.outcome, end.polls, list(end.parts)) == (outcome, 2, [WEB_1, WEB_2])
    assert end.parts[WEB_2] == DONE
    assert end.detail == (f"{WEB_1}: {end.parts[WEB_1].detail}" if outcome is Outcome.PARTIAL else None)


@needs_replies
def test_error_bodies(answering: Answering) -> None:
    """Every error of the real server is raised with its own sentence."""
    recorded = json.loads(REPLIES.read_text())["error_bodies"]
    for name, body in recorded.items():
        status = int(name[:3])
        if status < 400:
            continue
        (text,) = body.values()
        client = osapi.connect(answering(JSONResponse(body, status)), token="t1")
        with client, pytest.raises(errors.ApiError) as raised:
            osapi.job(client, "a").fetch()
        assert (raised.value.status_code, raised.value.message) == (status, " ".join(text.split()))
