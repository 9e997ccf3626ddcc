"""Trigger, operator, sensor, hooks and connection types, each by itself."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import pkgutil
import re
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NoReturn

import attrs
import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk import Connection
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRuntimeError,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from airflow.sdk.execution_time.comms import ErrorResponse
from airflow.sdk.execution_time.context import NEVER_EXPIRE
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

import settled_clients
from settled import Learned, Outcome, Schedule, agilesec, cortex_xsiam
from settled.airflow import (
    FAIL_ON,
    CortexXsiamHook,
    SettledHook,
    SettledTrigger,
    SubmitJobOperator,
    WaitForJobOperator,
    WaitForJobSensor,
    get_provider_info,
)
from settled.airflow._connections import recipe
from settled.airflow._values import portable
from settled.errors import ServerError, SubmitUnclear
from settled.simulator import Simulator, bad_gateway
from settled_clients.agilesec import AuthenticatedClient

from _exchange import answering, reply
from _shown import shown

pytestmark = pytest.mark.airflow

KIND = "cortex_xsiam.byos_import"
OFTEN = Schedule(first=0.05, factor=1, cap=1, jitter=0)
VENDORS = sorted(module.name for module in pkgutil.iter_modules(settled_clients.__path__) if module.ispkg)

Connect = Callable[..., str]


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    """The vendors, in real time."""
    with Simulator() as running:
        yield running


@pytest.fixture
def connect(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Adds an Airflow connection to the simulated tenant."""

    def add(conn_id: str = "tenant", conn_type: str = "settled_cortex_xsiam", **extra: Any) -> str:
        password = sim.token if conn_type == "settled_agilesec" else sim.key
        settings = {"conn_type": conn_type, "host": sim.url, "login": str(sim.key_id), "password": password}
        described = json.dumps(settings | {"extra": json.dumps(extra)})
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", described)
        return conn_id

    return add


def fired(*triggers: SettledTrigger) -> list[dict[str, Any]]:
    """The payloads of the events that triggers fire, all running in one loop."""

    async def event(trigger: SettledTrigger) -> dict[str, Any]:
        [payload] = [event.payload async for event in trigger.run()]
        found: dict[str, Any] = payload
        return found

    async def main() -> list[dict[str, Any]]:
        return await asyncio.gather(*map(event, triggers))

    return asyncio.run(main())


class Instance:
    """A task instance's XComs."""

    def __init__(self) -> None:
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.xcoms[key] = value


def test_airflow_knows_the_connection_types() -> None:
    """Every vendor has a connection type that Airflow finds, with a hook of the same type and fields for its form."""
    manager = ProvidersManager()
    assert "settled" in manager.providers
    for vendor in VENDORS:
        hook = ProvidersManagerTaskRuntime().hooks[f"settled_{vendor}"]
        assert hook is not None
        assert hook.connection_type == f"settled_{vendor}"
        assert hook.hook_class_name.startswith("settled.airflow.")
        assert manager.field_behaviours[f"settled_{vendor}"]["relabeling"]["password"] in ("Key", "Token")
        assert f"extra__settled_{vendor}__max_rate" in manager.connection_form_widgets
    assert {each["connection-type"] for each in get_provider_info()["connection-types"]} == {
        f"settled_{vendor}" for vendor in VENDORS
    }


def test_event_is_the_last_snapshot(sim: Simulator, connect: Connect) -> None:
    """The trigger rides out faults, and its event tells how the job ended, in JSON."""
    job_id = sim.add(KIND, states=["INITIATED", bad_gateway(), "FAILED"], error_log="row 3 is no asset")
    [end] = fired(SettledTrigger(f"{KIND}/{job_id}", connect(), timeout=60, schedule=OFTEN))
    assert (end["ref"], end["status"], end["outcome"]) == (f"{KIND}/{job_id}", "FAILED", "FAILED")
    assert (end["detail"], end["error"], end["settled"]) == ("row 3 is no asset", None, True)
    assert end["raw"]["error_log"] == "row 3 is no asset"
    assert end["polls"] == sim.polls(job_id)
    assert json.loads(json.dumps(end, allow_nan=False)) == end


def test_event_of_a_wait_that_failed(sim: Simulator, connect: Connect) -> None:
    """If the job cannot be followed the event says why, with what was read last."""
    job_id = sim.add(KIND, states=["PROCESSING"])
    late, lost = fired(
        SettledTrigger(f"{KIND}/{job_id}", connect(), timeout=0.3, schedule=OFTEN),
        SettledTrigger(f"{KIND}/{uuid.uuid4()}", connect(), timeout=60, schedule=OFTEN),
    )
    assert (late["error"]["type"], late["status"], late["settled"]) == ("WaitTimeout", "PROCESSING", False)
    assert (lost["error"]["type"], lost["status"], lost["raw"]) == ("NotFound", None, None)


@pytest.mark.parametrize("schedule", [None, OFTEN, Learned.from_durations(range(1, 9), delay=5)])
def test_serialised_trigger(sim: Simulator, schedule: Any) -> None:
    """A trigger is serialised to plain values that make the same one, none of them a secret."""
    trigger = SettledTrigger("osapi.job/1", "server", timeout=timedelta(minutes=1), schedule=schedule, patience=300)
    path, arguments = trigger.serialize()
    assert path == "settled.airflow.SettledTrigger"
    assert arguments["timeout"] == 60
    again = SettledTrigger(**json.loads(json.dumps(arguments)))
    assert again.serialize() == trigger.serialize()
    assert set(arguments) == {
        *("ref", "conn_id", "timeout", "schedule", "unknown", "patience", "started", "state"),
    }


def test_a_function_is_no_schedule_of_a_trigger() -> None:
    """What cannot be kept is refused at once."""
    with pytest.raises(ValueError, match="function"):
        SettledTrigger("osapi.job/1", "server", timeout=60, schedule=lambda _polls, _elapsed: 1.0)


def test_goes_on_from_its_state(sim: Simulator, connect: Connect) -> None:
    """A trigger that is serialised while it runs goes on with its polls, and its deadline counts from its start."""
    job_id = sim.add(KIND, states=[("PROCESSING", 1.0), "COMPLETED"])
    trigger = SettledTrigger(f"{KIND}/{job_id}", connect(), timeout=60, schedule=OFTEN)

    async def broken_off() -> dict[str, Any]:
        running = asyncio.ensure_future(anext(trigger.run()))
        while sim.polls(job_id) < 3:
            await asyncio.sleep(0.01)
        arguments = trigger.serialize()[1]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return arguments

    arguments = asyncio.run(broken_off())
    assert sim.key not in json.dumps(arguments)
    [end] = fired(SettledTrigger(**json.loads(json.dumps(arguments))))
    assert end["polls"] == sim.polls(job_id)
    assert end["elapsed"] > arguments["state"]["read"] - arguments["started"]


def test_late_triggers_poll_once(sim: Simulator, connect: Connect) -> None:
    """Jobs that ended while no triggerer was there are found so, though their deadlines have passed."""
    ids = [sim.add(KIND, states=[word]) for word in ("COMPLETED", "PROCESSING")]
    arguments: dict[str, Any] = {"timeout": 60, "started": time.time() - 3600}
    done, late = fired(*(SettledTrigger(f"{KIND}/{job_id}", connect(), **arguments) for job_id in ids))
    assert (done["outcome"], done["error"]) == ("SUCCEEDED", None)
    assert late["error"]["type"] == "WaitTimeout"
    assert [sim.polls(job_id) for job_id in ids] == [1, 1]


def test_triggers_share_the_rate_of_a_tenant(sim: Simulator, connect: Connect) -> None:
    """Triggers with connections of their own to one tenant keep to its rate together, one loop after the other."""
    ids = [sim.add(KIND, states=["COMPLETED"]) for _ in range(12)]
    began = len(sim.asked)
    for half in (ids[:6], ids[6:]):
        fired(
            *(
                SettledTrigger(f"{KIND}/{job_id}", connect(f"tenant{number % 2}"), timeout=60)
                for number, job_id in enumerate(half)
            )
        )
    moments = [asked.moment for asked in sim.asked[began:]]
    assert len(moments) == 12
    assert moments[-1] - moments[0] > 1.1


def test_a_thousand_triggers(sim: Simulator, connect: Connect) -> None:
    """A thousand triggers in one loop all fire, through one client's connections."""
    ids = [sim.add(KIND, states=["COMPLETED"]) for _ in range(1000)]
    conn_id = connect(max_rate=100_000)
    ends = fired(*(SettledTrigger(f"{KIND}/{job_id}", conn_id, timeout=300) for job_id in ids))
    assert [end["outcome"] for end in ends] == ["SUCCEEDED"] * 1000


def deferred(task: WaitForJobOperator, instance: Instance) -> SettledTrigger:
    """The trigger that a task is deferred with."""
    with pytest.raises(TaskDeferred) as raised:
        task.execute({"ti": instance})
    trigger = raised.value.trigger
    assert isinstance(trigger, SettledTrigger)
    assert raised.value.method_name == "execute_complete"
    return trigger


@pytest.mark.parametrize("task_class", [WaitForJobOperator, WaitForJobSensor])
def test_task_from_end_to_end(sim: Simulator, connect: Connect, task_class: type[WaitForJobOperator]) -> None:
    """A task is deferred with its wait in an XCom, and returns the last snapshot when it is resumed."""
    job_id = sim.add(KIND, states=["PROCESSING", "COMPLETED"])
    task = task_class(task_id="wait", ref=f"{KIND}/{job_id}", conn_id=connect(), timeout=60, schedule=OFTEN)
    instance = Instance()
    trigger = deferred(task, instance)
    assert instance.xcoms["settled_wait"]["ref"] == f"{KIND}/{job_id}"
    [event] = fired(trigger)
    assert task.resume_execution("execute_complete", {"event": event}, {"ti": instance}) == event
    assert event["outcome"] == "SUCCEEDED"


def event_of(outcome: str | None, error: str | None = None) -> dict[str, Any]:
    """An event of a job that ended so."""
    failure = None if error is None else {"type": error, "message": "why"}
    return {"ref": "r", "outcome": outcome, "error": failure, "elapsed": 1.0, "polls": 2, "detail": "what"}


def task(task_class: type[WaitForJobOperator] = WaitForJobOperator, **arguments: Any) -> WaitForJobOperator:
    """A task that is not part of a DAG."""
    return task_class(**{"task_id": "wait", "ref": "osapi.job/1", "conn_id": "c", "timeout": 60, **arguments})


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("fail_on", [FAIL_ON, (), ("SKIPPED", Outcome.FAILED)], ids=["default", "nothing", "some"])
def test_rule(outcome: Outcome, fail_on: Any) -> None:
    """What is in `fail_on` fails without retries, SKIPPED else skips, all else succeeds; the snapshot is kept."""
    instance, event = Instance(), event_of(outcome.value)
    complete = task(fail_on=fail_on).execute_complete
    if outcome in {Outcome(each) for each in fail_on}:
        with pytest.raises(AirflowFailException, match=f"ended {outcome} after"):
            complete({"ti": instance}, event)
    elif outcome is Outcome.SKIPPED:
        with pytest.raises(AirflowSkipException, match="what"):
            complete({"ti": instance}, event)
    else:
        assert complete({"ti": instance}, event) == event
        assert not instance.xcoms
        return
    assert instance.xcoms == {"return_value": event}


@pytest.mark.parametrize(
    ("task_class", "error", "raised"),
    [
        (WaitForJobOperator, "WaitTimeout", AirflowException),
        (WaitForJobOperator, "ServerError", AirflowException),
        (WaitForJobSensor, "WaitTimeout", AirflowSensorTimeout),
        (WaitForJobSensor, "ServerError", AirflowException),
    ],
)
def test_waits_that_fail(task_class: type[WaitForJobOperator], error: str, raised: type[Exception]) -> None:
    """A wait that could not be ended fails the task so that Airflow retries it, but for a sensor's deadline."""
    with pytest.raises(AirflowException, match="why") as found:
        task(task_class).execute_complete({"ti": Instance()}, event_of(None, error))
    assert type(found.value) is raised


@pytest.mark.parametrize("event", [event_of("FAILED"), event_of(None, "WaitTimeout")])
def test_soft_fail(event: dict[str, Any]) -> None:
    """A sensor with `soft_fail` is skipped where it would have failed."""
    sensor = task(WaitForJobSensor, soft_fail=True)
    with pytest.raises(AirflowSkipException):
        sensor.resume_execution("execute_complete", {"event": event}, {"ti": Instance()})


def test_bad_arguments(connect: Connect) -> None:
    """What is wrong with a task is said when it is made, or before it is deferred."""
    with pytest.raises(ValueError, match="LOST"):
        task(fail_on=["LOST"])
    with pytest.raises(ValueError, match="timeout"):
        deferred(task(timeout=-1, conn_id=connect()), Instance())
    with pytest.raises(ValueError, match="not a ref"):
        deferred(task(ref="cortex_xsiam.nothing/1", conn_id=connect()), Instance())
    with pytest.raises(TypeError, match=r"osapi\.job needs a client"):
        deferred(task(ref="osapi.job/1", conn_id=connect()), Instance())


def test_templates() -> None:
    """What names a job, a submit or a connection can be templates."""
    waits = {"ref", "conn_id", "results"}
    assert set(WaitForJobOperator.template_fields) == waits == set(WaitForJobSensor.template_fields)
    assert set(SubmitJobOperator.template_fields) == {"submit", "arguments", "conn_id"}


class Store:
    """A task's state store, which outlives its tries; `fails_at` is the number of the write that fails."""

    def __init__(self, fails_at: int = 0) -> None:
        self.values: dict[str, str] = {}
        self.writes: list[Any] = []
        self.fails_at = fails_at

    def get(self, key: str) -> Any:
        """What is kept."""
        return json.loads(self.values.get(key, "null"))

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Keep a value for ever."""
        assert retention is NEVER_EXPIRE
        self.writes.append(value)
        if len(self.writes) == self.fails_at:
            raise AirflowRuntimeError(ErrorResponse(detail={"message": "the API server is away"}))
        self.values[key] = json.dumps(value)

    def delete(self, key: str) -> None:
        """Forget a value."""
        del self.values[key]


SCAN = {"sensor_type": "GIT Sensor", "sensor_config": {"url": "https://git.invalid/x"}}


def submitting(connect: Connect, sim: Simulator, name: str, **changes: Any) -> SubmitJobOperator:
    """A task that submits a scan, with the vendor's token."""
    conn_id = connect("platform", "settled_agilesec")
    arguments = {**SCAN, "sensor_name": name}
    return SubmitJobOperator(
        **{"task_id": "submit", "submit": "agilesec.create_scan", "arguments": arguments, "conn_id": conn_id, **changes}
    )


def created(sim: Simulator, name: str) -> int:
    """How many sensors of this name there are."""
    return sum(sensor["sensorName"] == name for sensor in sim.agilesec.sensors.values())


def test_submits_once(sim: Simulator, connect: Connect) -> None:
    """The first try submits and keeps the ref, all others return it and ask nobody."""
    task, store = submitting(connect, sim, "once"), Store()
    ref = task.execute({"task_state_store": store})
    assert ref.startswith("agilesec.scan/")
    assert [each["ref"] for each in store.writes] == [None, ref]
    asked = len(sim.asked)
    assert task.execute({"task_state_store": store}) == ref
    assert (created(sim, "once"), len(sim.asked)) == (1, asked)


def test_a_sure_refusal_is_submitted_again(sim: Simulator, connect: Connect) -> None:
    """Where there surely is no job the task fails so that Airflow retries it, and the next try submits."""
    sim.plan_scan("refused", refusal="no licence left")
    task, store = submitting(connect, sim, "refused"), Store()
    with pytest.raises(AirflowException, match=r"SubmitFailed: .*no licence left") as raised:
        task.execute({"task_state_store": store})
    assert type(raised.value) is AirflowException
    assert store.get("settled_submit") is None
    sim.plan_scan("refused")
    assert task.execute({"task_state_store": store}).startswith("agilesec.scan/")


def test_an_unclear_submit_is_not_made_again(sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers, and after a death in between, the task fails without retries and says what to do."""
    task, store = submitting(connect, sim, "unclear"), Store()

    def unanswered(*_: Any, **__: Any) -> NoReturn:
        raise SubmitUnclear("POST: the job may exist all the same", {}, ["agilesec.scan/1"])

    monkeypatch.setattr(agilesec, "create_scan", functools.wraps(agilesec.create_scan)(unanswered))
    with pytest.raises(AirflowFailException, match=r"may exist, perhaps agilesec\.scan/1; look for it at the vendor"):
        task.execute({"task_state_store": store})
    monkeypatch.undo()
    task = submitting(connect, sim, "unclear")
    with pytest.raises(AirflowFailException, match=r"an earlier try began .* look for it at the vendor, put its ref"):
        task.execute({"task_state_store": store})
    assert created(sim, "unclear") == 0
    store.values["settled_submit"] = json.dumps({"ref": "agilesec.scan/1"})
    assert task.execute({"task_state_store": store}) == "agilesec.scan/1"


@pytest.mark.parametrize("kept", ["agilesec.scan/1", '{"ref": "agilesec.scan/1"}', {"ref": "agilesec.scan/1"}])
def test_a_ref_that_somebody_has_put_there(sim: Simulator, connect: Connect, kept: Any) -> None:
    """Who repairs the state store may write the ref as they like: nothing is submitted again."""
    store = Store()
    store.values["settled_submit"] = json.dumps(kept)
    assert submitting(connect, sim, "repaired").execute({"task_state_store": store}) == "agilesec.scan/1"
    assert created(sim, "repaired") == 0


@pytest.mark.parametrize(
    "kept", ["", "e1", '{"ref"', 7, [], False, {"ref": 7}, {"ref": "osapi.job/1"}, {"ref": "scan/1"}]
)
def test_a_state_that_names_no_job(sim: Simulator, connect: Connect, kept: Any) -> None:
    """What is kept, and is no ref of the vendor's, does not pass for a task that has not submitted yet."""
    store = Store()
    store.values["settled_submit"] = json.dumps(kept)
    with pytest.raises(AirflowFailException, match="may have created a job; look for it"):
        submitting(connect, sim, "broken").execute({"task_state_store": store})
    assert created(sim, "broken") == 0


def test_a_client_that_cannot_be_closed(sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ref is kept before anything else can fail: the next try returns it."""

    def fail(client: AuthenticatedClient, *_: object) -> NoReturn:
        client.close()
        raise OSError("no space left")

    task, store = submitting(connect, sim, "closing"), Store()
    with monkeypatch.context() as patched:
        patched.setattr(AuthenticatedClient, "__exit__", fail)
        with pytest.raises(OSError, match="no space left"):
            task.execute({"task_state_store": store})
    assert task.execute({"task_state_store": store}).startswith("agilesec.scan/")
    assert created(sim, "closing") == 1


def test_without_a_store_there_is_no_submit(sim: Simulator, connect: Connect) -> None:
    """What cannot be kept beforehand is not submitted; what cannot be kept afterwards is returned all the same."""
    with pytest.raises(AirflowRuntimeError, match="away"):
        submitting(connect, sim, "unkept").execute({"task_state_store": Store(fails_at=1)})
    assert created(sim, "unkept") == 0
    store = Store(fails_at=2)
    assert submitting(connect, sim, "unkept").execute({"task_state_store": store}).startswith("agilesec.scan/")
    with pytest.raises(AirflowFailException, match="may have created a job"):
        submitting(connect, sim, "unkept").execute({"task_state_store": store})
    assert created(sim, "unkept") == 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"submit": "agilesec.destroy"}, ValueError, "not the name of a submit; "),
        ({"arguments": {"sensor_id": "x"}}, ValueError, "'sensor_id' is unknown; there are sensor_type"),
        ({"arguments": None}, ValueError, "missing: sensor_type, sensor_name, sensor_config"),
        ({"arguments": SCAN | {"sensor_name": 7}}, ValueError, "sensor_name must be a string, not a whole number"),
        ({"conn_id": "tenant"}, TypeError, "needs a connection of the type settled_agilesec"),
    ],
)
def test_bad_submits(sim: Simulator, connect: Connect, changes: Any, error: type[Exception], message: str) -> None:
    """What is wrong with a submit is said before anything is kept or sent: a try with right arguments submits."""
    connect()
    store, asked = Store(), len(sim.asked)
    with pytest.raises(error, match=message):
        submitting(connect, sim, "bad", **changes).execute({"task_state_store": store})
    assert (store.writes, len(sim.asked)) == ([], asked)


@pytest.fixture
def with_results(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Gives imports results of their own."""

    def give(results: Callable[..., Any]) -> None:
        kind = attrs.evolve(cortex_xsiam.BYOS_IMPORT, results=results)
        monkeypatch.setattr(cortex_xsiam, "KINDS", (kind,))

    return give


def test_results(sim: Simulator, connect: Connect, with_results: Any) -> None:
    """What a job has produced is an XCom, files by their paths; a retry replaces files; a huge number is a text."""
    job_id = sim.add(KIND, states=["COMPLETED"])

    def results(snapshot: Any, folder: Any, _: Any, overwrite: bool) -> list[Any]:
        assert overwrite
        return [{"rows": snapshot.raw["job_status"], "huge": 10**30}, folder / "a.zip"]

    with_results(results)
    task = WaitForJobOperator(
        task_id="wait", ref=f"{KIND}/{job_id}", conn_id=connect(), timeout=60, results="/shared/files"
    )
    instance = Instance()
    [event] = fired(deferred(task, instance))
    assert task.execute_complete({"ti": instance}, event) == event
    assert instance.xcoms["results"] == [{"rows": "COMPLETED", "huge": str(10**30)}, "/shared/files/a.zip"]


def test_results_that_cannot_be_read(sim: Simulator, connect: Connect, with_results: Any) -> None:
    """A job that succeeded needs its results, another goes without; too many of them are no XCom; no kind, none."""

    def unreadable(*_: Any) -> NoReturn:
        raise ServerError("down", status_code=500)

    instance = Instance()
    ends = {word: f"{KIND}/{sim.add(KIND, states=[word])}" for word in ("COMPLETED", "FAILED")}
    waits = {
        word: WaitForJobOperator(task_id="wait", ref=ref, conn_id=connect(), timeout=60, results=True)
        for word, ref in ends.items()
    }
    with pytest.raises(ValueError, match="has no results but the snapshot"):
        waits["COMPLETED"].execute({"ti": instance})
    with_results(unreadable)
    with pytest.raises(AirflowException, match=r"could not read the results of .* ServerError"):
        waits["COMPLETED"].execute_complete({"ti": instance}, event_of("SUCCEEDED"))
    with pytest.raises(AirflowFailException, match="ended FAILED"):
        waits["FAILED"].execute_complete({"ti": instance}, event_of("FAILED"))
    with_results(lambda *_: itertools.repeat({}))
    with pytest.raises(AirflowFailException, match="more than 10,000 results"):
        waits["COMPLETED"].execute_complete({"ti": instance}, event_of("SUCCEEDED"))
    assert "results" not in instance.xcoms


def test_hooks(sim: Simulator, connect: Connect) -> None:
    """A hook makes the client of its connection, also when Airflow looks it up by the connection's type."""
    job_id = sim.add(KIND, states=["COMPLETED"])
    hooks: list[SettledHook] = [SettledHook(connect()), SettledHook.get_hook(connect())]
    for hook in hooks:
        job = hook.job(f"{KIND}/{job_id}")
        with job.client.get_httpx_client():
            assert job.fetch().outcome is Outcome.SUCCEEDED
    assert isinstance(hooks[1], CortexXsiamHook)


def connection(**settings: Any) -> Connection:
    """A connection of a Cortex tenant."""
    return Connection(
        **{
            "conn_id": "c",
            "conn_type": "settled_cortex_xsiam",
            "host": "acme.example",
            "login": "7",
            "password": "k" * 20,
            **settings,
        }
    )


def test_connections_as_uris() -> None:
    """A connection that is a URI has its options as texts."""
    uri = "settled-cortex-xsiam://7:s3cret-key@acme.example:8443/?advanced=true&max_rate=2.5&timeout=9&fast=false"
    made = recipe(Connection.from_uri(uri, conn_id="c"))
    assert made.arguments == {
        "base_url": "acme.example:8443",
        "key_id": "7",
        "key": "s3cret-key",
        "advanced": True,
        "max_rate": 2.5,
        "timeout": 9.0,
        "fast": False,
    }
    assert "s3cret" not in repr(made)


@pytest.mark.parametrize(
    ("settings", "base_url"),
    [
        ({"host": "acme.example"}, "acme.example"),
        ({"host": "https://api.example/v2"}, "https://api.example/v2"),
        ({"host": "api.example", "schema": "http", "port": 8080}, "http://api.example:8080"),
    ],
)
def test_addresses(settings: dict[str, Any], base_url: str) -> None:
    """Host, port and schema make the address, or the host is the address."""
    assert recipe(connection(**settings)).arguments["base_url"] == base_url


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"conn_type": None}, "of the type ''"),
        ({"conn_type": "http"}, "of the type 'http'"),
        ({"conn_type": "settled_nobody"}, "of the type 'settled_nobody'"),
        ({"conn_type": "settled_.."}, "of the type"),
        ({"host": None}, "has no host"),
        ({"login": None}, "has no login"),
        ({"password": ""}, "has no password"),
        ({"extra": "[]"}, "not a JSON object"),
        ({"extra": '{"max_rte": 5}'}, "has max_rte, but takes only advanced, fast, max_rate, timeout, verify"),
        ({"extra": '{"max_rate": "fast"}'}, "max_rate .* must be a number"),
        ({"extra": '{"advanced": "maybe"}'}, "advanced .* must be true or false"),
    ],
)
def test_bad_connections(settings: dict[str, Any], message: str) -> None:
    """A connection that cannot be right is a ValueError that names it, and no secret."""
    with pytest.raises(ValueError, match=message) as raised:
        recipe(connection(**settings))
    assert "k" * 20 not in str(raised.value)
    assert "'c'" in str(raised.value)


def test_no_secret_in_the_task_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A server that quotes the key back gets it into no log record, event, XCom, serialised trigger or task error."""
    caplog.set_level(logging.DEBUG)
    answered: list[str] = []

    def answer(head: bytes) -> bytes:
        answered.append(quoted := re.search(r"(?i)authorization: (\S+)", head.decode())[1])  # type: ignore[index]
        if len(answered) == 1:
            return reply({"reply": {"err_msg": f"the key {quoted} is busy"}}, "503 Service Unavailable")
        status = "PROCESSING" if len(answered) == 2 else "FAILED"
        return reply({"job_id": "7", "job_status": status, "error_log": f"the key {quoted} may not do this"})

    key = "Very-Secret-Key-0123456789abcdef"
    with answering(answer) as server:
        uri = f"settled-cortex-xsiam://7:{key}@127.0.0.1:{server.port}/http"
        monkeypatch.setenv("AIRFLOW_CONN_QUOTING", uri)
        trigger = SettledTrigger(f"{KIND}/7", "quoting", timeout=60, schedule=OFTEN)
        [end] = fired(trigger)
        operator = WaitForJobOperator(task_id="wait", ref=f"{KIND}/7", conn_id="quoting", timeout=60)
        context: Any = {"ti": Instance()}
        with pytest.raises(TaskDeferred):
            operator.execute(context)
        with pytest.raises(AirflowFailException) as raised:
            operator.execute_complete(context, end)
    assert (end["outcome"], len(answered)) == ("FAILED", 3)
    text = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    text += json.dumps([end, trigger.serialize(), context["ti"].xcoms]) + "".join(
        traceback.format_exception(raised.value)
    )
    assert set(answered) == {key}
    assert key not in text
    assert "[secret] may not do this" in text


def test_portable_values() -> None:
    """What a vendor's JSON may hold, and a database may not, becomes something that it may."""
    raw = json.loads('{"a": [NaN, 1e999, 123456789012345678901234567890, "\\ud800", true, null, 1.5, 7], "b": {}}')
    assert portable(raw) == {
        "a": ["nan", "inf", "123456789012345678901234567890", "?", True, None, 1.5, 7],
        "b": {},
    }


def test_submit_as_shown() -> None:
    """The site's DAG hands the ref of what it submits to the task that waits."""
    example: dict[str, Any] = {}
    exec(shown("tests/airflow/test_tasks.py"), example)  # noqa: S102 - our own page
    submit = example["isolated"]
    assert submit.downstream_task_ids == {"wait"}
    wait = submit.dag.get_task("wait")
    assert wait.ref.operator is submit
