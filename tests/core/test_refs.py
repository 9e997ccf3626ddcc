"""Refs: a job in one line, with the options that its wait needs."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import attrs
import pytest

import settled
from settled import Job, agilesec, errors, machine, osapi

JOB = "6f1c2a52-0000-4000-8000-000000000000"
SERVER = osapi.connect("https://nowhere.invalid", token="t")
ONE_HAS_ANSWERED = {"id": JOB, "status": "completed", "responses": {"a": {"status": "completed", "hostname": "a"}}}


def test_an_option_is_in_the_ref() -> None:
    """The number of agents goes where the ref goes: into a job, a pickle, a copy, a snapshot and an error."""
    job = osapi.job(SERVER, JOB, expected_agents=3)
    assert job.ref == f"osapi.job/{JOB}?agents=3"
    assert settled.from_ref(job.ref, SERVER) == job
    assert pickle.loads(pickle.dumps(job)).ref == copy.copy(job).ref == job.ref  # noqa: S301
    assert settled.Snapshot(job).to_dict()["ref"] == job.ref
    assert errors.JobFailed("it failed", settled.Snapshot(job)).ref == job.ref


@pytest.mark.parametrize("ref", [f"osapi.job/{JOB}?agents=2", f"osapi.job/{JOB}"])
def test_replies_are_read_with_the_option(ref: str) -> None:
    """A job that comes from a ref or a pickle reads replies as the job that was written down."""
    job = settled.from_ref(ref, SERVER)
    again: Job[object] = pickle.loads(pickle.dumps(job))  # noqa: S301
    is_settled = "agents" not in ref
    assert (job.reading(ONE_HAS_ANSWERED).outcome is not None) == is_settled
    assert (again.reading(ONE_HAS_ANSWERED).outcome is not None) == is_settled


def test_a_kept_wait_is_for_the_job_with_its_option() -> None:
    """The JSON of a wait is taken up by the job with the same ref, and by no other."""
    job = osapi.job(SERVER, JOB, expected_agents=3)
    kept = machine.begin(job, timeout=60).to_json()
    again: machine.Wait[Any] = machine.Wait.from_json(kept, settled.from_ref(kept["ref"], SERVER))
    assert again.job == job
    with pytest.raises(ValueError, match="another job"):
        again.from_json(kept, osapi.job(SERVER, JOB))


def test_jobs_with_other_options_are_others() -> None:
    """Jobs are equal if their options are, and their options cannot be changed."""
    jobs = [osapi.job(SERVER, JOB, expected_agents=count) for count in (None, 2, 2, 3)]
    assert len(set(jobs)) == 3
    with pytest.raises(TypeError):
        jobs[1].options["agents"] = 7  # type: ignore[index]  # pyright: ignore[reportIndexIssue]


@pytest.mark.parametrize("job_id", ["a?b", "?", "a?agents=3", "a?b?agents=x", "a?", "a&agents=1", "a=b"])
@pytest.mark.parametrize("count", [None, 1, 12])
def test_ids_with_question_marks(job_id: str, count: int | None) -> None:
    """Whatever stands in an id, the ref leads back to it."""
    job = osapi.job(SERVER, job_id, expected_agents=count)
    assert settled.from_ref(job.ref, SERVER) == job


def test_kinds_without_options_have_ids_alone() -> None:
    """Where a kind has no options, all of the rest is the id."""
    platform = agilesec.connect("https://nowhere.invalid", token="t")
    job = settled.from_ref("agilesec.scan/a?agents=3", platform)
    assert (job.id, job.ref) == ("a?agents=3", "agilesec.scan/a?agents=3")


@pytest.mark.parametrize(
    "message",
    ["agent=3", "Agents=3", "hunter2", "agents=3&agents=3", "agents=3&x=1", "=3", "&", "agents=3&"],
)
def test_unknown_options(message: str) -> None:
    """An option that a kind has not, or that is given twice, is refused with what is allowed, and is not shown."""
    with pytest.raises(ValueError, match=re.escape("agents=<value>")) as raised:
        settled.from_ref(f"osapi.job/{JOB}?{message}", SERVER)
    assert message not in str(raised.value).replace("agents=<value>", "")


@pytest.mark.parametrize("value", ["", "0", "-1", "+1", "1.5", "three", "٣", "1 ", "0x1", "9" * 10, "9" * 5000])
def test_bad_values(value: str) -> None:
    """A value that an option cannot have is refused with what it can be."""
    with pytest.raises(ValueError, match=r"^agents in a ref of osapi\.job must be a whole number, 1 or more$"):
        settled.from_ref(f"osapi.job/{JOB}?agents={value}", SERVER)


@pytest.mark.parametrize("count", [0, -1, 1.5, float("nan")])
def test_bad_numbers(count: float) -> None:
    """So it is for whoever gives a number."""
    with pytest.raises(ValueError, match=r"expected_agents|integer"):
        osapi.job(SERVER, JOB, expected_agents=count)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_kind_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that was made of a vendor's is pickled with what is different; one that no module keeps says so."""
    kind = attrs.evolve(osapi.KINDS[0], not_found_grace=7.0)
    pickled = pickle.dumps(Job(kind, SERVER, JOB, {"agents": 2}))
    again: Job[object] = pickle.loads(pickled)  # noqa: S301
    assert (again.kind, again.ref, again.kind.not_found_grace) == (kind, f"osapi.job/{JOB}?agents=2", 7.0)
    monkeypatch.setattr(osapi, "KINDS", ())
    with pytest.raises(ValueError, match=r"^settled\.osapi has no kind of job 'osapi\.job'$"):
        pickle.loads(pickled)  # noqa: S301
    with pytest.raises(TypeError, match=r"osapi\.other cannot be pickled"):
        pickle.dumps(attrs.evolve(kind, name="osapi.other"))
    with pytest.raises(TypeError, match=r"^nowhere\.job cannot be pickled"):
        pickle.dumps(attrs.evolve(kind, name="nowhere.job"))
