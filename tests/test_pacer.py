"""The pacer by itself: moments reserved and booked, never closer than the rate allows."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_wait_machine import RUNNING, SETTLED, client

from settled import Job, Schedule, Snapshot, errors
from settled._lanes import Batch, Due
from settled._pacer import Pacer, pacer_of
from settled._wait import GRACE_SECONDS
from settled.cortex_xsiam import BYOS_IMPORT


@given(
    st.floats(0.5, 100),
    st.lists(st.tuples(st.sampled_from(["reserve", "book", "release", "later"]), st.floats(0, 30)), max_size=60),
)
def test_moments_keep_their_distance(max_rate: float, steps: list[tuple[str, float]]) -> None:
    """Whatever is reserved, booked and given back, two moments in use are never closer than the rate allows."""
    pacer, now = Pacer(max_rate), 0.0
    reserved: list[float] = []
    booked: list[float] = []
    for step, number in steps:
        if step == "later":
            now += number / 10
        elif step == "reserve":
            slot = pacer.reserve(now, before=now + number)
            assert slot is None or now <= slot < now + number
            reserved += [] if slot is None else [slot]
        elif step == "book":
            slot = pacer.book(now + number, now, concurrency=10)
            assert slot is None or now < slot <= now + number
            booked += [] if slot is None else [slot]
        elif booked:
            pacer.release(booked.pop(int(number) % len(booked)), concurrency=10)
    moments = sorted(moment for moment in (*reserved, *booked))
    assert all(later - earlier > pacer.spacing - 1e-6 for earlier, later in itertools.pairwise(moments))


def test_booked_from_the_deadline_backwards() -> None:
    """Last polls before one deadline stand one behind the other, and a moment given back is booked next."""
    pacer = Pacer(10)
    slots = [pacer.book(100.0, 0.0, concurrency=1) for _ in range(3)]
    assert slots == pytest.approx([100, 100 - pacer.spacing, 100 - 2 * pacer.spacing])
    pacer.release(slots[1] or 0, concurrency=1)
    assert pacer.book(100.0, 0.0, concurrency=1) == pytest.approx(slots[1])


def test_slow_answers_spread_last_polls() -> None:
    """Without a rate limit, last polls are spread as far as answers take, for as many as can be under way at once."""
    pacer = Pacer(None)
    pacer.answer_seconds = 2.0
    assert [pacer.book(100.0, 0.0, concurrency=10) for _ in range(3)] == pytest.approx([100, 99.8, 99.6])


def test_what_is_past_is_forgotten() -> None:
    """Booked moments that have passed do not pile up."""
    pacer = Pacer(10)
    for now in range(1000):
        pacer.book(now + 0.5, float(now), concurrency=1)
    assert len(pacer._booked) <= 2


def test_whoever_breaks_off_gives_back_what_was_booked() -> None:
    """When a batch is closed, nothing stays booked, also of waits whose poll is under way and is answered later."""
    batch = Batch[Any](100, 20, {"schedule": Schedule(first=10, cap=10, factor=1)})
    shared = client(10)
    batch.add([Job(BYOS_IMPORT, shared, str(number)) for number in range(2)], 0.0)
    for now in (0.0, 1.0):
        due = batch.next(now)
        assert isinstance(due, Due)
        result = batch.take(due.wait, RUNNING, now)
        batch.release(due.wait, result.end, now)
    under_way = batch.next(20.0)
    assert isinstance(under_way, Due)
    assert pacer_of(shared)._booked
    batch.close()
    batch.take(under_way.wait, RUNNING, 20.5)
    assert pacer_of(shared)._booked == []


def _drive(
    batch: Batch[Any], done_at: dict[str, float], *, answer: float
) -> tuple[list[tuple[float, str]], list[Snapshot[Any]]]:
    """Play a batch in virtual time; returns when which job was polled, and what came out."""
    now, under_way = 0.0, list[tuple[float, int, Any]]()
    polled, came_out = list[tuple[float, str]](), list[Snapshot[Any]]()
    while True:
        step = batch.next(now)
        while (end := batch.pop(now)) is not None:
            came_out.append(end)
        if batch.is_done:
            return polled, came_out
        if isinstance(step, Due):
            polled.append((now, step.wait.job.id))
            heapq.heappush(under_way, (now + answer, len(polled), step.wait))
            continue
        seconds = min(step.seconds, batch.expires_in(now))
        now = min(now + seconds, under_way[0][0] if under_way else math.inf)
        assert now < math.inf
        while under_way and under_way[0][0] <= now:
            _, _, wait = heapq.heappop(under_way)
            result = batch.take(wait, SETTLED if now >= done_at[wait.job.id] else RUNNING, now)
            batch.release(wait, result.end, now)


@settings(max_examples=40)
@given(
    jobs=st.integers(1, 100),
    max_rate=st.none() | st.floats(2, 50),
    seconds=st.tuples(st.floats(20, 60), st.floats(0.001, 0.5), st.floats(1, 100)),
    seed=st.randoms(use_true_random=False),
)
def test_many_jobs_keep_to_the_rate_and_the_deadline(
    jobs: int, max_rate: float | None, seconds: tuple[float, float, float], seed: Any
) -> None:
    """Every job comes out once, by the deadline; polls keep their distance; and the last ones are as late as can be."""
    timeout, answer, mean = seconds
    batch = Batch[Any](timeout, 20, {"schedule": Schedule(jitter=0)})
    shared = client(max_rate)
    done_at = {str(number): seed.expovariate(1 / mean) for number in range(jobs)}
    batch.add([Job(BYOS_IMPORT, shared, job_id) for job_id in done_at], 0.0)
    polled, came_out = _drive(batch, done_at, answer=answer)

    ends = {snapshot.job.id: snapshot for snapshot in came_out}
    assert len(came_out) == len(ends) == jobs
    spacing = Pacer(max_rate).spacing
    moments = [moment for moment, _ in polled]
    assert all(later - earlier > spacing - 1e-6 for earlier, later in itertools.pairwise(moments))
    last_polls = {job_id: moment for moment, job_id in polled}
    enough = jobs * max(spacing, answer / 20)
    for job_id, end in ends.items():
        assert end.elapsed <= timeout + 2 * GRACE_SECONDS + answer
        if end.error is not None:
            assert isinstance(end.error, errors.WaitTimeout)
            # As if all of them were polled one after the other just before the deadline.
            assert last_polls.get(job_id, 0.0) >= timeout - 2 * enough - 2 * answer - spacing - 1
        else:
            assert done_at[job_id] <= end.elapsed
