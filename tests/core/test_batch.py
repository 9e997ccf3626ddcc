"""What threads and tasks ask before they poll for many jobs, without either of them, and without a clock."""

from __future__ import annotations

import math
from typing import Any

import pytest
from test_wait_machine import RUNNING, SETTLED, client

from settled import Job, Outcome, Schedule, errors
from settled._core.inbox import Inbox
from settled._core.queue import Batch, Due
from settled._core.wait import GRACE_SECONDS, Sleep
from settled.cortex_xsiam import BYOS_IMPORT

EVERY_TEN = Schedule(first=10, cap=10, factor=1, jitter=0)


def _jobs(count: int, **options: Any) -> list[Job[Any]]:
    shared = client(**options)
    return [Job(BYOS_IMPORT, shared, f"j{number}") for number in range(count)]


def _batch(jobs: list[Job[Any]], timeout: float | None = 100, concurrency: int = 2, **arguments: Any) -> Batch[Any]:
    batch = Batch[Any](timeout, concurrency, {"schedule": EVERY_TEN}, **arguments)
    batch.add(jobs, 0.0)
    return batch


def _due(batch: Batch[Any], now: float) -> Due[Any]:
    due = batch.next(now)
    assert isinstance(due, Due)
    return due


def _poll(batch: Batch[Any], due: Due[Any], brought: Any, now: float) -> None:
    result = batch.take(due.wait, brought, now)
    batch.release(due.wait, result.end, now)


def test_who_had_no_turn_comes_out_at_the_deadline() -> None:
    """While all workers wait for a silent server, the jobs that nobody polled are given up at the deadline."""
    batch = _batch(_jobs(1000))
    under_way = [_due(batch, 0.0), _due(batch, 0.0)]
    assert isinstance(batch.next(0.0), Sleep)
    assert batch.pop(99.9) is None
    assert batch.expires_in(99.9) == pytest.approx(0.1)
    ends = list(iter(lambda: batch.pop(100.0), None))
    assert len(ends) == 998
    for end in ends:
        assert isinstance(end.error, errors.WaitTimeout)
        assert "no status was read (0 polls)" in str(end.error)
        assert (end.polls, end.elapsed, end.error.ref) == (0, 100.0, end.job.ref)
    assert set(batch.pending) == {due.wait.job.ref for due in under_way}


def test_a_poll_that_fails_at_the_deadline_ends_its_job() -> None:
    """A job whose poll fails after the deadline comes out at once, with the failure as the cause."""
    batch = _batch(_jobs(1))
    due = _due(batch, 0.0)
    assert batch.pop(100.05) is None
    failure = errors.TransportError("silent")
    _poll(batch, due, failure, 100 + GRACE_SECONDS)
    end = batch.pop(100 + GRACE_SECONDS)
    assert end is not None
    assert isinstance(end.error, errors.WaitTimeout)
    assert end.error.__cause__ is failure
    assert batch.is_done


def test_a_poll_that_does_not_end_is_abandoned() -> None:
    """A job comes out soon after its deadline, though its poll is still under way; what comes of that is dropped."""
    batch = _batch(_jobs(1))
    due = _due(batch, 0.0)
    assert batch.pop(100 + 2 * GRACE_SECONDS) is None
    assert batch.expires_in(100 + 2 * GRACE_SECONDS) < GRACE_SECONDS
    end = batch.pop(100 + 3 * GRACE_SECONDS)
    assert end is not None
    assert isinstance(end.error, errors.WaitTimeout)
    _poll(batch, due, SETTLED, 101.0)
    assert batch.pop(101.0) is None
    assert batch.is_done


def test_each_deadline_counts() -> None:
    """Jobs that were added later have a later deadline, and ended ones leave nothing behind."""
    first, *others = _jobs(3)
    batch = _batch([first], concurrency=1)
    _poll(batch, _due(batch, 0.0), SETTLED, 0.0)
    batch.add(others, 50.0)
    assert [end.job for end in iter(lambda: batch.pop(100.0), None)] == [first]
    assert batch.next(149.0) != Sleep(math.inf)
    assert [end.job for end in iter(lambda: batch.pop(150.0), None)] == others[1:]


def test_no_deadline_never_passes() -> None:
    """Without a deadline nothing is given up, however long it takes."""
    batch = _batch(_jobs(3), timeout=None)
    assert batch.pop(1e9) is None
    assert batch.expires_in(1e9) == math.inf


def test_a_timeout_of_nothing_leaves_time_for_a_poll() -> None:
    """With no time at all each job is polled nevertheless, as far as there is time within the grace."""
    batch = _batch(_jobs(3), timeout=0)
    assert batch.pop(GRACE_SECONDS) is None
    _poll(batch, _due(batch, GRACE_SECONDS), SETTLED, GRACE_SECONDS)
    outcomes = [end.outcome for end in iter(lambda: batch.pop(2 * GRACE_SECONDS), None)]
    assert outcomes == [Outcome.SUCCEEDED, None, None]


def test_a_client_that_is_busy_holds_nobody_else_up() -> None:
    """A client has no more polls under way than allowed, and the jobs of others go on; its own go on afterwards."""
    slow, quick = _jobs(5), _jobs(1)
    batch = _batch([*slow, *quick])
    polled = [_due(batch, 0.0) for _ in range(3)]
    assert [sum(due.wait.job in jobs for due in polled) for jobs in (slow, quick)] == [2, 1]
    assert isinstance(batch.next(1.0), Sleep)
    seen = {due.wait.job for due in polled}
    busy = [due for due in polled if due.wait.job in slow]
    while busy:
        _poll(batch, busy.pop(), SETTLED, 2.0)
        if isinstance(due := batch.next(2.0), Due):
            seen.add(due.wait.job)
            busy.append(due)
    assert seen == {*slow, *quick}


def test_parked_jobs_go_on_when_others_end_without_a_poll() -> None:
    """A job that needs no poll when its client is free again leaves its place to the next one."""
    early, late = _jobs(2), _jobs(4)
    late = [Job(BYOS_IMPORT, early[0].client, job.id + "b") for job in late]
    batch = _batch(early, concurrency=1)
    under_way = _due(batch, 0.0)
    batch.add(late, 50.0)
    assert isinstance(batch.next(60.0), Sleep)
    _poll(batch, under_way, SETTLED, 120.0)
    assert _due(batch, 120.0).wait.job in late


def test_workers_are_wanted_only_where_they_are_of_use() -> None:
    """One more worker is wanted if none is idle, somebody waits, and another poll may be under way."""
    batch = _batch(_jobs(5))
    for _ in range(2):
        assert batch.wants_worker
        batch.worker_started()
        assert not batch.wants_worker
        _due(batch, 0.0)
    assert not batch.wants_worker
    single = _batch(_jobs(1))
    single.worker_started()
    _due(single, 0.0)
    assert not single.wants_worker
    assert not _batch([]).wants_worker


def test_a_callback_makes_a_job_due() -> None:
    """A job whose callback has come is polled at once, also if it came amid a poll; others are left alone."""
    inbox = Inbox()
    asleep, amid, other = jobs = _jobs(3)
    batch = _batch(jobs, concurrency=3, inbox=inbox)
    dues = {due.wait.job: due for due in (_due(batch, 0.0) for _ in jobs)}
    for job in (asleep, other):
        _poll(batch, dues[job], RUNNING, 0.0)
    assert batch.next(1.0) == Sleep(9.0)
    for job in (asleep, amid):
        inbox.put(job.id, "ended")
        batch.wake(job, 1.0)
    assert _due(batch, 1.0).wait.job == asleep
    assert batch.next(1.0) == Sleep(9.0)
    _poll(batch, dues[amid], RUNNING, 2.0)
    assert _due(batch, 2.0).wait.job == amid
    batch.wake(_jobs(1)[0], 2.0)
    assert batch.next(2.0) == Sleep(8.0)


def test_equal_jobs_are_one_until_they_have_come_out() -> None:
    """A job that is added again before it has come out is not polled anew; one that has come out is."""
    (job,) = _jobs(1)
    batch = _batch([job, job])
    _poll(batch, _due(batch, 0.0), SETTLED, 0.0)
    assert batch.add([job], 0.0) == []
    assert list(batch.pending) == [job.ref]
    assert batch.pop(0.0) is not None
    assert list(batch.pending) == []
    assert batch.add([job], 0.0) == [job]


@pytest.mark.parametrize("stop", [StopIteration, StopAsyncIteration])
def test_no_error_passes_for_the_end(stop: type[Exception]) -> None:
    """What would end an iteration silently comes out as a RuntimeError, with the original as its cause."""
    batch = _batch(_jobs(1))
    batch.fail(stop())
    batch.fail(ValueError("a second one"))
    error = batch.end_of_iteration(StopIteration)
    assert isinstance(error, RuntimeError)
    assert isinstance(error.__cause__, stop)
    assert isinstance(batch.end_of_iteration(StopIteration), StopIteration)


def test_very_many_overdue_jobs_are_sorted_out_at_once() -> None:
    """Overdue jobs are no worker's business, and a job with a later deadline is still polled."""
    batch = _batch(_jobs(500), concurrency=20)
    (later,) = _jobs(1)
    batch.add([later], 50.0)
    assert _due(batch, 120.0).wait.job == later
    assert sum(1 for _ in iter(lambda: batch.pop(120.0), None)) == 500
