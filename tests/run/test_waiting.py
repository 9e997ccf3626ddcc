"""What waiting promises, sync and async alike, in virtual time, over real HTTP to the simulator."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from email.utils import formatdate
from typing import Any

import attrs
import pytest

import settled
from settled import Job, Outcome, Schedule, Snapshot, cortex_xsiam, errors
from settled.simulator import (
    Fault,
    Simulator,
    bad_gateway,
    dropped,
    rate_limited,
    server_error,
    truncated,
)
from settled.testing import VirtualClock
from settled_clients.cortex_xsiam.models import ByosImportJobStatus

from conftest import KIND, Jobs, WaitFunction

EVERY_SECOND = Schedule(first=1, factor=1, cap=1, jitter=0)
NO_JOB = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("COMPLETED", Outcome.SUCCEEDED),
        ("COMPLETED_WITH_ERRORS", Outcome.PARTIAL),
        ("FAILED", Outcome.FAILED),
    ],
)
def test_ends_with_the_outcome(jobs: Jobs, wait: WaitFunction, word: str, outcome: Outcome) -> None:
    """A wait returns the settled snapshot, whatever the outcome."""
    job = jobs("INITIATED", ("PROCESSING", 40), word)
    end = wait(job, timeout=900)
    assert (end.status, end.outcome, end.is_settled, end.is_known) == (word, outcome, True, True)
    assert end.job == job
    assert end.elapsed >= 40.2
    assert end.body.job_status is ByosImportJobStatus(word)


def test_returns_at_once_when_settled(jobs: Jobs, wait: WaitFunction, clock: VirtualClock) -> None:
    """A job that has already settled costs one poll and no sleep."""
    end = wait(jobs("COMPLETED"), timeout=900)
    assert (end.polls, end.elapsed, clock.slept) == (1, 0, [])


def test_tells_the_error_log(jobs: Jobs, wait: WaitFunction) -> None:
    """The vendor's error log is the snapshot's detail and stands in the error's text."""
    end = wait(jobs("FAILED", error_log="no such column"), timeout=900)
    assert end.detail == "no such column"
    with pytest.raises(errors.JobFailed, match=r"ended FAILED with status FAILED: no such column") as raised:
        end.raise_for_outcome()
    assert raised.value.snapshot is end


@pytest.mark.parametrize("timeout", [3, 3.0, timedelta(seconds=3)])
def test_ends_at_the_deadline(jobs: Jobs, wait: WaitFunction, clock: VirtualClock, timeout: Any) -> None:
    """WaitTimeout comes at the deadline, after a last poll there, and brings along what was learnt."""
    start = clock.now()
    job = jobs(("INITIATED", 2.5), "PROCESSING")
    with pytest.raises(errors.WaitTimeout) as raised:
        wait(job, timeout=timeout, schedule=Schedule(first=2, factor=1, cap=2, jitter=0))
    error = raised.value
    assert clock.now() == start + 3
    assert isinstance(error, TimeoutError)
    assert error.ref == job.ref
    assert error.last is not None
    assert (error.last.status, error.last.elapsed) == ("PROCESSING", 3)
    assert error.seen == {"INITIATED": 2, "PROCESSING": 1}
    assert job.ref in str(error)
    assert "PROCESSING" in str(error)


def test_last_poll_finds_a_job_settled(jobs: Jobs, wait: WaitFunction, clock: VirtualClock) -> None:
    """A job that settles after the last scheduled poll is found settled by the one at the deadline."""
    start = clock.now()
    end = wait(jobs(("PROCESSING", 9.5), "COMPLETED"), timeout=10, schedule=Schedule(first=9, cap=60, jitter=0))
    assert (end.outcome, end.polls, clock.now()) == (Outcome.SUCCEEDED, 3, start + 10)


def test_timeout_zero_polls_once(jobs: Jobs, wait: WaitFunction, sim: Simulator) -> None:
    """With no time at all there is still one poll."""
    job = jobs("PROCESSING")
    with pytest.raises(errors.WaitTimeout):
        wait(job, timeout=0)
    assert sim.polls(job.id) == 1


def test_no_deadline(jobs: Jobs, wait: WaitFunction) -> None:
    """An explicit None waits as long as it takes."""
    assert wait(jobs(("PROCESSING", 5_000), "COMPLETED"), timeout=None).outcome is Outcome.SUCCEEDED


def test_timeout_is_required(jobs: Jobs) -> None:
    """Whoever waits has to say for how long."""
    with pytest.raises(TypeError, match="timeout"):
        settled.wait(jobs("COMPLETED"))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "arguments",
    [
        {"timeout": -1},
        {"timeout": float("nan")},
        {"timeout": timedelta(seconds=-1)},
        {"timeout": "1"},
        {"timeout": 1, "unknown": "ignore"},
        {"timeout": 1, "patience": -1},
        {"timeout": 1, "schedule": lambda *_: -1},
        {"timeout": 1, "retries": 3},
    ],
)
def test_bad_arguments(jobs: Jobs, wait: WaitFunction, arguments: dict[str, Any]) -> None:
    """An argument that cannot be right is a ValueError or a TypeError."""
    with pytest.raises((ValueError, TypeError)):
        wait(jobs("PROCESSING"), **arguments)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status), id=str(status))
        for status in (408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 522, 599)
    ]
    + [
        pytest.param(bad_gateway(), id="html"),
        # A poll whose kept connection is closed goes out again on a new one: the first two make one failed poll.
        pytest.param(dropped(times=4), id="dropped"),
        pytest.param(truncated(), id="truncated"),
        pytest.param(Fault(200, body="<html>log in</html>"), id="200 with html"),
        pytest.param(Fault(200, body=""), id="200 with nothing"),
        pytest.param(Fault(200, body='{"job_status": '), id="200 with half of it"),
        pytest.param(Fault(200, body="{}"), id="200 without a status"),
        pytest.param(Fault(200, body="[]"), id="200 with a list"),
        pytest.param(Fault(200, body='{"job_status": 7}'), id="200 with a number"),
        pytest.param(Fault(200, body='{"job_status": null}'), id="200 with null"),
        pytest.param(Fault(200, body="[" * 100_000), id="200 too deep"),
    ],
)
def test_rides_out_trouble(jobs: Jobs, wait: WaitFunction, fault: Fault) -> None:
    """Trouble that may pass costs time, and nothing else."""
    job = jobs(("PROCESSING", 0.4), attrs.evolve(fault, times=max(fault.times, 3)), "COMPLETED")
    end = wait(job, timeout=900, schedule=Schedule(jitter=0))
    assert (end.outcome, end.polls) == (Outcome.SUCCEEDED, 5)
    assert end.elapsed >= 2  # the back-off of three failures in a row


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthenticationError),
        (402, errors.LicenseRequired),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.ApiError),
        (410, errors.ApiError),
        (422, errors.BadRequest),
        (302, errors.ApiError),
    ],
)
def test_refusal_ends_the_wait(
    jobs: Jobs, wait: WaitFunction, sim: Simulator, status: int, error_class: type[errors.ApiError]
) -> None:
    """What will not pass by itself is raised at once, with what was learnt before."""
    job = jobs("PROCESSING", Fault(status, body='{"reply": {"err_code": 17, "err_msg": "no"}}', times=999))
    with pytest.raises(error_class) as raised:
        wait(job, timeout=900)
    error = raised.value
    assert type(error) is error_class
    assert (error.status_code, error.message, error.code, error.method) == (status, "no", "17", "GET")
    assert error.path.endswith(job.id)
    assert (error.ref, error.seen, error.last and error.last.status) == (job.ref, {"PROCESSING": 1}, "PROCESSING")
    assert sim.polls(job.id) == 2


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        (server_error(503, times=999), errors.ServerError),
        (rate_limited(times=999), errors.RateLimited),
        (dropped(times=999), errors.TransportError),
        (Fault(200, body="<html>", times=999), errors.MalformedResponse),
    ],
)
def test_patience_ends(
    jobs: Jobs, wait: WaitFunction, clock: VirtualClock, fault: Fault, error_class: type[errors.SettledError]
) -> None:
    """After half an hour of failures the next one is raised, with what was learnt before."""
    job = jobs("INITIATED", fault)
    start = clock.now()
    with pytest.raises(error_class) as raised:
        wait(job, timeout=None)
    assert (raised.value.ref, raised.value.seen) == (job.ref, {"INITIATED": 1})
    assert 1800 <= clock.now() - start < 1900
    assert job.ref in "".join(raised.value.__notes__)


def test_patience_can_be_chosen(jobs: Jobs, wait: WaitFunction, sim: Simulator) -> None:
    """The first failure that comes `patience` seconds after the first of its run ends the wait; 0 allows for none."""
    job = jobs("INITIATED", server_error(times=999))
    with pytest.raises(errors.ServerError):
        wait(job, timeout=None, schedule=EVERY_SECOND, patience=10)
    # Failures come 0, 0.5, 1.5, 3.5, 7.5 and 15.5 s after the first one, or a little earlier.
    assert sim.polls(job.id) in (7, 8)
    other = jobs("INITIATED", server_error(times=999))
    with pytest.raises(errors.ServerError):
        wait(other, timeout=None, patience=0)
    assert sim.polls(other.id) == 2


def test_less_patience_before_a_status(jobs: Jobs, wait: WaitFunction, clock: VirtualClock) -> None:
    """Before any status was read, failures are borne for two minutes, however patient the wait is."""
    start = clock.now()
    with pytest.raises(errors.ServerError):
        wait(jobs(server_error(times=999), "COMPLETED"), timeout=None, patience=3600)
    assert 120 <= clock.now() - start < 160


def test_patience_never_passes_the_deadline(jobs: Jobs, wait: WaitFunction, clock: VirtualClock) -> None:
    """Patience is no reason to go on after the deadline."""
    start = clock.now()
    with pytest.raises(errors.WaitTimeout):
        wait(jobs("INITIATED", server_error(times=999)), timeout=60, patience=3600)
    assert clock.now() - start == 60


def test_patience_is_for_failures_in_a_row(jobs: Jobs, wait: WaitFunction) -> None:
    """An answer in between makes the patience whole again."""
    bumps = [step for _ in range(8) for step in (server_error(times=2), ("PROCESSING", 20.0))]
    assert wait(jobs(*bumps, "COMPLETED"), timeout=None, patience=5, schedule=EVERY_SECOND).outcome is Outcome.SUCCEEDED


def test_deadline_during_trouble(jobs: Jobs, wait: WaitFunction) -> None:
    """A deadline that passes amid failures is a WaitTimeout, with the last failure as its cause."""
    with pytest.raises(errors.WaitTimeout) as raised:
        wait(jobs("PROCESSING", bad_gateway(times=999)), timeout=4)
    assert isinstance(raised.value.__cause__, errors.ServerError)
    assert raised.value.seen == {"PROCESSING": 1}


def test_not_found_within_the_grace(jobs: Jobs, wait: WaitFunction) -> None:
    """Where a kind says so, a 404 right after the start may only mean that the job is not there yet."""
    job = jobs(Fault(404, times=2), "COMPLETED")
    patient = Job(attrs.evolve(job.kind, not_found_grace=5), job.client, job.id)
    assert wait(patient, timeout=900, schedule=EVERY_SECOND).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("states", [[Fault(404, times=999)], ["PROCESSING", Fault(404, times=999)]])
def test_not_found_for_good(jobs: Jobs, wait: WaitFunction, states: list[Any], clock: VirtualClock) -> None:
    """A 404 after the grace, or of a job that was there before, ends the wait."""
    start = clock.now()
    job = jobs(*states, "COMPLETED")
    patient = Job(attrs.evolve(job.kind, not_found_grace=5), job.client, job.id)
    with pytest.raises(errors.NotFound):
        wait(patient, timeout=900, schedule=EVERY_SECOND)
    assert clock.now() - start < 10


def test_not_found_without_grace(client: Any, wait: WaitFunction, sim: Simulator) -> None:
    """A BYOS import job that does not exist is a NotFound after one poll, with the vendor's sentence."""
    with pytest.raises(errors.NotFound, match=f"Job with id '{NO_JOB}' not found"):
        wait(cortex_xsiam.byos_import(client, NO_JOB), timeout=900)
    assert sim.polls(NO_JOB) == 1


def test_malformed_id(client: Any, wait: WaitFunction) -> None:
    """An id that the vendor cannot read is a BadRequest which says where the problem is."""
    with pytest.raises(errors.BadRequest, match=r"path\.job_id: Input should be a valid UUID"):
        wait(cortex_xsiam.byos_import(client, "seven"), timeout=900)


@pytest.mark.parametrize("form", ["seconds", "date", "unix time"])
def test_obeys_retry_after(jobs: Jobs, wait: WaitFunction, clock: VirtualClock, form: str) -> None:
    """Retry-After is obeyed as seconds, as an HTTP date and as a Unix time."""
    until = time.time() + 90
    value = {"seconds": "90", "date": formatdate(until, usegmt=True), "unix time": str(int(until))}[form]
    start = clock.now()
    wait(jobs(rate_limited(value), "COMPLETED"), timeout=900)
    assert 85 < clock.now() - start < 95


@pytest.mark.parametrize("value", ["soon", "-5", "", "nan", "inf", "Tue, 99 Foo 2026", "1e400", "\u0661"])
def test_ignores_nonsense_in_retry_after(jobs: Jobs, wait: WaitFunction, clock: VirtualClock, value: str) -> None:
    """A Retry-After that says nothing is as good as none."""
    start = clock.now()
    fault = Fault(429, {"Retry-After": value.encode().decode("latin-1")})
    assert wait(jobs(fault, "COMPLETED"), timeout=900).is_settled
    assert clock.now() - start < 2


def test_caps_a_pause(jobs: Jobs, wait: WaitFunction, clock: VirtualClock) -> None:
    """A Retry-After of ten hours holds a client back for one hour."""
    start = clock.now()
    end = wait(jobs(rate_limited(str(int(time.time()) + 36_000)), "COMPLETED"), timeout=None)
    assert (end.is_settled, clock.now() - start) == (True, 3600)


def test_a_pause_never_passes_the_deadline(jobs: Jobs, wait: WaitFunction, clock: VirtualClock) -> None:
    """The last poll comes at the deadline, pause or not."""
    start = clock.now()
    end = wait(jobs(rate_limited(200), "COMPLETED"), timeout=20)
    assert (end.is_settled, clock.now() - start) == (True, 20)


def test_a_pause_is_for_the_whole_client(jobs: Jobs, wait: WaitFunction, clock: VirtualClock) -> None:
    """A Retry-After that one job got holds back every job of that client."""
    with pytest.raises(errors.RateLimited) as raised:
        wait(jobs(rate_limited(50), "COMPLETED"), timeout=900, patience=0)
    assert raised.value.retry_after == 50
    start = clock.now()
    assert wait(jobs("COMPLETED"), timeout=900).is_settled
    assert clock.now() - start == 50


def test_keeps_an_unknown_status(jobs: Jobs, wait: WaitFunction, caplog: pytest.LogCaptureFixture) -> None:
    """A word nobody listed is kept verbatim, warned of once for its kind, and waited on."""
    seen: list[Snapshot[Any]] = []
    for _ in range(2):
        end = wait(jobs(("Re-Indexing", 5), "COMPLETED"), timeout=900, on_poll=seen.append)
        assert end.outcome is Outcome.SUCCEEDED
    assert (seen[0].status, seen[0].is_known, seen[0].outcome) == ("Re-Indexing", False, None)
    assert seen[0].body.job_status.value == "Re-Indexing"
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.name for record in warnings] == ["settled"]
    assert KIND in warnings[0].getMessage()
    assert "Re-Indexing" in warnings[0].getMessage()


def test_raises_an_unknown_status(jobs: Jobs, wait: WaitFunction) -> None:
    """Who prefers an error to waiting on gets one, with the snapshot."""
    with pytest.raises(errors.UnknownStatus, match="QUEUED") as raised:
        wait(jobs("QUEUED"), timeout=900, unknown="raise")
    assert raised.value.last is not None
    assert raised.value.last.status == "QUEUED"


@pytest.mark.parametrize("word", ["completed", "Completed", "cOMPLETED"])
def test_words_in_any_letter_case(jobs: Jobs, wait: WaitFunction, word: str) -> None:
    """Letter case does not matter, and is kept."""
    end = wait(jobs("processing", word), timeout=900, unknown="raise")
    assert (end.status, end.outcome, end.is_known) == (word, Outcome.SUCCEEDED, True)


def test_tells_every_poll(jobs: Jobs, wait: WaitFunction) -> None:
    """`on_poll` gets every snapshot, in order, the settled one last."""
    seen: list[Snapshot[Any]] = []
    end = wait(
        jobs(("INITIATED", 1.5), ("PROCESSING", 1), "COMPLETED"), timeout=9, schedule=EVERY_SECOND, on_poll=seen.append
    )
    assert [snapshot.status for snapshot in seen] == ["INITIATED", "INITIATED", "PROCESSING", "COMPLETED"]
    assert [snapshot.polls for snapshot in seen] == [1, 2, 3, 4]
    assert [snapshot.elapsed for snapshot in seen] == [0, 1, 2, 3]
    assert seen[-1] == end


def test_any_function_is_a_schedule(jobs: Jobs, wait: WaitFunction) -> None:
    """A schedule is a function of the polls made and the seconds gone by."""
    asked: list[tuple[int, float]] = []

    def schedule(polls: int, elapsed: float) -> float:
        asked.append((polls, elapsed))
        return 10.0 * polls

    wait(jobs(("PROCESSING", 25), "COMPLETED"), timeout=900, schedule=schedule)
    assert asked == [(1, 0), (2, 10)]


def test_error_of_on_poll_comes_out(jobs: Jobs, wait: WaitFunction, sim: Simulator) -> None:
    """What `on_poll` raises ends the wait as it is."""

    def stop(snapshot: Snapshot[Any]) -> None:
        raise LookupError(snapshot.status)

    job = jobs("PROCESSING")
    with pytest.raises(LookupError, match="PROCESSING"):
        wait(job, timeout=900, on_poll=stop)
    assert sim.polls(job.id) == 1


def test_body_that_does_not_fit(jobs: Jobs, wait: WaitFunction) -> None:
    """A reply that does not fit the model does not disturb the wait, and `raw` has all of it."""
    end = wait(jobs("COMPLETED", created_timestamp="yesterday"), timeout=900)
    assert end.outcome is Outcome.SUCCEEDED
    with pytest.raises(errors.MalformedResponse, match="yesterday"):
        _ = end.body
    assert end.raw["created_timestamp"] == "yesterday"


def test_new_fields_are_kept(jobs: Jobs, wait: WaitFunction) -> None:
    """A field that the vendor has added is no trouble, and is there in `raw` and in the body."""
    end = wait(jobs("COMPLETED", shard=7), timeout=900)
    assert end.raw["shard"] == 7
    assert end.body["shard"] == 7


def test_resumes_from_a_ref(jobs: Jobs, wait: WaitFunction, client: Any) -> None:
    """A ref is enough to wait on in another process."""
    job = jobs("COMPLETED")
    assert job.ref == f"cortex_xsiam.byos_import/{job.id}"
    resumed: Job[Any] = settled.from_ref(job.ref, client)
    assert resumed == job
    assert wait(resumed, timeout=900).is_settled
