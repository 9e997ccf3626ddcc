"""Jobs, snapshots and errors that frameworks copy and pickle."""

from __future__ import annotations

import copy
import datetime
import json
import multiprocessing
import pickle
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import attrs
import httpx
import pytest

import settled
from settled import agilesec, cortex_xdr, cortex_xsiam, errors, osapi, simulator

import conftest

SECRET = "S3CRETvalue-abcdef0123456789"
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),  # noqa: S301
}


def jobs_of_all_kinds() -> list[settled.Job[Any]]:
    """A job of each kind, through clients with a secret."""
    xdr = cortex_xdr.connect("tenant.example", key_id=7, key=SECRET)
    server = osapi.connect("server.example", token=SECRET)
    return [
        cortex_xsiam.byos_import(cortex_xsiam.connect("tenant.example", key_id=7, key=SECRET), "a"),
        cortex_xdr.action(xdr, 1),
        cortex_xdr.script_execution(xdr, "2"),
        agilesec.scan(agilesec.connect("platform.example", token=SECRET), "b"),
        osapi.job(server, "6f1c2a52-0000-4000-8000-000000000000"),
        osapi.job(server, "6f1c2a52-0000-4000-8000-000000000000", expected_agents=3),
    ]


@pytest.fixture(params=jobs_of_all_kinds(), ids=repr)
def job(request: pytest.FixtureRequest) -> settled.Job[Any]:
    """Jobs of all kinds, one after the other."""
    made: settled.Job[Any] = request.param
    return made


def error_of(kind: type[errors.SettledError], snapshot: settled.Snapshot[Any]) -> errors.SettledError:
    """An error of a class, with all that a wait leaves in it."""
    if issubclass(kind, errors.OutcomeError):
        error: errors.SettledError = kind("it failed", snapshot)
    elif issubclass(kind, errors.ApiError):
        error = kind("no", status_code=418, code="E1", extra="more", method="GET", path="/x")
    elif issubclass(kind, errors.SubmitUnclear):
        error = kind("who knows", {"name": "a"})
    else:
        error = kind("it failed")
    error.ref, error.last, error.seen = snapshot.job.ref, snapshot, {"RUNNING": 3}
    error.add_note("a note")
    return error


@pytest.mark.parametrize("name", errors.__all__)
@pytest.mark.parametrize("how", COPIES)
def test_errors_are_copied_whole(name: str, how: str) -> None:
    """Every error keeps its class, its text, its attributes and its notes."""
    snapshot = settled.Snapshot(jobs_of_all_kinds()[0], status="RUNNING")
    error = error_of(getattr(errors, name), snapshot)
    error.__cause__ = errors.TransportError("connection refused")
    again: Any = COPIES[how](error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert repr(again.__cause__) == repr(error.__cause__)
    kept = vars(error).keys() - {"last", "snapshot"}
    assert {name: vars(again)[name] for name in kept} == {name: vars(error)[name] for name in kept}
    last: Any = again.last
    assert last.status == "RUNNING"


def test_a_pickled_error_leaves_foreign_causes_behind() -> None:
    """What another package raised holds the request with its credentials, and stays out of the pickle."""
    error = errors.TransportError("no answer")
    error.__cause__ = httpx.ConnectError("no", request=httpx.Request("GET", "http://x", headers={"x-token": SECRET}))
    pickled = pickle.dumps(error)
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).__cause__ is None  # noqa: S301


def test_a_pickled_job_is_its_kind_and_id(job: settled.Job[Any]) -> None:
    """A pickle has no secret; the job in it has the same ref, and reads replies in the same way."""
    pickled = pickle.dumps(settled.Snapshot(job, status="RUNNING", raw={"a": 1}))
    assert SECRET.encode() not in pickled
    again = pickle.loads(pickled)  # noqa: S301
    assert (again.job.ref, again.job.kind, again.raw) == (job.ref, job.kind, {"a": 1})
    assert again == COPIES["pickle"](again)


def test_a_pickled_job_asks_for_a_client(job: settled.Job[Any]) -> None:
    """A job without its client says so before anything is sent, in every way to use it."""
    again = COPIES["pickle"](job)
    uses: list[Callable[[], object]] = [
        again.fetch,
        lambda: settled.wait(again, timeout=1),
        lambda: next(settled.watch(again, timeout=1)),
        lambda: settled.as_settled([again], timeout=1),
    ]
    for use in uses:
        with pytest.raises(ValueError, match="from_ref"):
            use()
    assert settled.from_ref(again.ref, job.client).ref == job.ref


def test_a_copied_job_is_the_job(job: settled.Job[Any]) -> None:
    """Within a process a copy shares the client, and is equal."""
    assert copy.copy(job) is job
    assert copy.deepcopy({"jobs": [job]})["jobs"][0] is job


def test_jobs_are_weak_keys(job: settled.Job[Any]) -> None:
    """What is known of a job can be kept for as long as the job itself."""
    known = weakref.WeakKeyDictionary({job: "known"})
    assert known[settled.from_ref(job.ref, job.client)] == "known"


def test_jobs_cannot_be_changed(job: settled.Job[Any]) -> None:
    """A job is a key of dictionaries, so its attributes stay what they are."""
    with pytest.raises(AttributeError):
        job.id = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del job.client
    assert len({job, settled.from_ref(job.ref, job.client)}) == 1


def test_a_snapshot_as_a_mapping_has_no_secret(job: settled.Job[Any]) -> None:
    """`attrs.asdict` ends at the job, and shows no secret."""
    snapshot = settled.Snapshot(job, status="RUNNING", parts={"a": settled.Part("x", None)})
    assert SECRET not in json.dumps(attrs.asdict(snapshot), default=repr)
    assert SECRET not in json.dumps(attrs.asdict(snapshot, recurse=False), default=str)


def test_to_dict_is_json(jobs: conftest.Jobs, wait: conftest.WaitFunction) -> None:
    """`to_dict` tells how a job is in plain JSON, with the time of day of the answer."""
    before = datetime.datetime.now(datetime.UTC)
    end = wait(jobs("COMPLETED"), timeout=5)
    fields = end.to_dict()
    assert json.loads(json.dumps(fields)) == fields
    assert fields["ref"] == end.job.ref
    assert (fields["status"], fields["outcome"], fields["settled"], fields["error"]) == (
        "COMPLETED",
        "SUCCEEDED",
        True,
        None,
    )
    moment = datetime.datetime.fromisoformat(fields["time"])
    assert abs(moment - before) < datetime.timedelta(minutes=1)


def test_to_dict_has_no_enum_in_it() -> None:
    """Serialisers that know plain types alone take it, for a job of parts, too."""
    parts = {"host": settled.Part("FAILED", settled.Outcome.FAILED, "why")}
    snapshot = settled.Snapshot(jobs_of_all_kinds()[1], outcome=settled.Outcome.FAILED, parts=parts)
    fields = snapshot.to_dict()
    assert type(fields["outcome"]) is type(fields["parts"]["host"]["outcome"]) is str


def _ask(url: str) -> None:
    client = cortex_xsiam.connect(url, key_id=7, key=SECRET)
    cortex_xsiam.byos_import(client, "6f1c2a52-0000-4000-8000-000000000000").fetch()


def _ref(job: settled.Job[Any]) -> str:
    return job.ref


@pytest.mark.usefixtures("real_time")
def test_a_worker_process_hands_errors_and_jobs_over(sim: simulator.Simulator) -> None:
    """An error in a worker reaches its parent, and a job reaches a worker."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(errors.AuthenticationError):
            pool.submit(_ask, sim.url).result(timeout=60)
        made = jobs_of_all_kinds()[0]
        assert pool.submit(_ref, made).result(timeout=60) == made.ref
