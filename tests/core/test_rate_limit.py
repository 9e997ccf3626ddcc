"""The rate limiter by itself, and what many waits make of it."""

from __future__ import annotations

import gc
import heapq
import itertools
import math
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_wait_machine import RUNNING, SETTLED, client

from settled import Job, Schedule, Snapshot, errors
from settled._core.options import WaitConfig
from settled._core.queue import Batch, Due
from settled._core.rate_limit import _CHUNK, RateLimiter, rate_limiter_of
from settled._core.wait import GRACE_SECONDS, Poll, Wait
from settled.cortex_xsiam import BYOS_IMPORT


def most_in_a_second(moments: list[float]) -> int:
    """The most moments in any half-open second."""
    moments = sorted(moments)
    ends = [next((later for later, end in enumerate(moments) if end >= start + 1), len(moments)) for start in moments]
    return max((end - number for number, end in enumerate(ends)), default=0)


def allowed_in_a_second(max_rate: float) -> int:
    """How many requests a second may see: whole ones, and one where there is less than one a second."""
    return max(1, math.floor(max_rate))


def planned_cells(limiter: RateLimiter, now: float) -> int:
    """How many cells are planned for after a moment: none if no wait is left."""
    # Plans nothing, and forgets what was given back.
    assert limiter.plan(now, before=now) is None
    cells = sum(planned << chunk * _CHUNK for chunk, planned in limiter._planned.items())
    return (cells >> int(now // limiter._cell) + 1).bit_count()


class Driver:
    """Several waits of one client in virtual time, asked when they are due or later; notes each request's moment."""

    def __init__(self, max_rate: float | None) -> None:
        self.client = client(max_rate)
        self.limiter = rate_limiter_of(self.client)
        self.now = 0.0
        self.went: list[float] = []
        self.waits: list[Wait[Any]] = []
        self.polling: list[Wait[Any]] = []

    def begin(self, timeout: float, first: float) -> None:
        """Begin a wait."""
        config: WaitConfig[Any] = WaitConfig(
            start=self.now, timeout=timeout, schedule=Schedule(first=first, factor=1.3, jitter=0), concurrency=3
        )
        self.waits.append(Wait(Job(BYOS_IMPORT, self.client, str(len(self.went) + len(self.waits))), config))

    def ask(self, late: float) -> None:
        """Ask the wait that is due first, so many seconds late."""
        wait = min(self.waits)
        self.now = max(self.now, wait.due) + late
        try:
            step = wait.next(self.now)
        except errors.WaitTimeout:
            self.waits.remove(wait)
            return
        if isinstance(step, Poll):
            self.went.append(self.now)
            self.waits.remove(wait)
            self.polling.append(wait)

    def answer(self, what: str, seconds: float) -> None:
        """Answer the oldest poll under way, after so many seconds."""
        wait = self.polling.pop(0)
        self.now += seconds
        if what == "settled":
            wait.received(SETTLED, self.now)
            return
        try:
            if what == "running":
                wait.received(RUNNING, self.now)
            else:
                error = errors.RateLimited("slow down", status_code=429)
                error.retry_after = None if what == "limited" else seconds * 20
                wait.failed(error, self.now)
        except errors.SettledError:
            return
        self.waits.append(wait)

    def close(self) -> None:
        """Close all waits."""
        for wait in (*self.waits, *self.polling):
            wait.close()


_SECONDS = st.sampled_from([0.0, 1e-4, 0.03, 0.1, 0.4, 1.0, 3.0]) | st.floats(0, 20)
_STEPS = st.one_of(
    st.tuples(st.just("begin"), st.floats(0, 60), st.sampled_from([0.01, 0.3, 2.0, 20.0])),
    st.tuples(st.just("ask"), st.sampled_from([0.0, 0.0, 0.0, 1e-4, 0.02, 0.2, 2.0])),
    st.tuples(st.just("answer"), st.sampled_from(["running", "running", "settled", "limited", "paused"]), _SECONDS),
    st.tuples(st.just("reserve"), st.integers(1, 4)),
    st.tuples(st.just("sleep"), _SECONDS),
)


@settings(max_examples=300)
@given(
    max_rate=st.sampled_from([0.3, 1.0, 2.0, 2.5, 7.0, 40.0]) | st.floats(0.1, 100),
    steps=st.lists(_STEPS, max_size=150),
)
def test_no_second_sees_more_than_the_rate(max_rate: float, steps: list[Any]) -> None:
    """Whatever pauses, deadlines, latencies and requests outside of waits there are, in whatever order: the rate holds.

    No moment is given twice, and when all waits have been closed, nothing is planned any more.
    """
    driver = Driver(max_rate)
    for step in steps:
        match step:
            case ("begin", timeout, first):
                driver.begin(timeout, first)
            case ("ask", late) if driver.waits:
                driver.ask(late)
            case ("answer", what, seconds) if driver.polling:
                driver.answer(what, seconds)
            case ("reserve", times):
                moments = [driver.limiter.reserve(driver.now) for _ in range(times)]
                assert min(moments) >= driver.now
                driver.went += moments
            case ("sleep", seconds):
                driver.now += seconds
            case _:
                pass
    assert most_in_a_second(driver.went) <= allowed_in_a_second(max_rate)
    ordered = sorted(driver.went)
    assert all(later - earlier >= 1 / max_rate for earlier, later in itertools.pairwise(ordered))
    driver.close()
    assert planned_cells(driver.limiter, max([driver.now, *driver.went]) + 2 * driver.limiter.spacing) == 0


@given(
    st.none() | st.floats(0.5, 100),
    st.lists(st.tuples(st.sampled_from(["plan", "last", "back", "later", "slower"]), st.floats(0, 30)), max_size=80),
)
def test_moments_keep_their_distance(max_rate: float | None, steps: list[tuple[str, float]]) -> None:
    """Two planned moments are never closer than the spacing; what is given back, in whatever order, leaves nothing."""
    limiter, now = RateLimiter(max_rate), 0.0
    polls: list[float] = []
    last: list[float] = []
    for step, number in steps:
        if step == "later":
            now += number / 10
        elif step == "slower":
            limiter.answer_seconds = number / 5
        elif step == "plan":
            slot = limiter.plan(now, before=now + number)
            assert slot is None or now <= slot < now + number
            polls += [] if slot is None else [slot]
        elif step == "last":
            slot = limiter.plan_last(now + number, now, concurrency=10)
            assert slot is None or now < slot <= now + number
            last += [] if slot is None else [slot]
        elif last:
            limiter.give_back(last.pop(int(number) % len(last)))
    moments = sorted([*last, *(polls if max_rate else ())])
    assert all(later - earlier > limiter.spacing - 1e-6 for earlier, later in itertools.pairwise(moments))
    assert len(set(last)) == len(last)
    for moment in moments:
        limiter.give_back(moment)
    assert planned_cells(limiter, 0.0) == 0


def test_last_polls_stand_one_behind_the_other() -> None:
    """The first of many last polls is at the deadline, the others before it; a moment given back is the next to go."""
    limiter = RateLimiter(10)
    moments = [limiter.plan_last(100.0, 0.0, concurrency=1) or 0.0 for _ in range(50)]
    assert moments[0] == 100
    assert moments == sorted(moments, reverse=True)
    assert moments[-1] > 100 - 51 * limiter.spacing - 1e-6
    limiter.give_back(moments[20])
    assert limiter.plan_last(100.0, 0.0, concurrency=1) == moments[20]


def test_slow_answers_spread_last_polls() -> None:
    """Without a rate limit, last polls are spread as far as answers take, for as many as can be under way at once."""
    limiter = RateLimiter(None)
    assert [limiter.plan_last(100.0, 0.0, concurrency=10) for _ in range(2)] == [100, pytest.approx(100, abs=1e-3)]
    limiter = RateLimiter(None)
    limiter.answer_seconds = 2.0
    moments = [limiter.plan_last(100.0, 0.0, concurrency=10) or 0.0 for _ in range(20)]
    assert all(0.2 <= later - earlier <= 0.5 for later, earlier in itertools.pairwise(moments))


def test_many_last_polls_at_one_deadline() -> None:
    """The room before a deadline is used up to the last cell, and then there is none."""
    limiter = RateLimiter(1)
    moments = [limiter.plan_last(20.0, 0.0, concurrency=100) for _ in range(30)]
    planned = [moment for moment in moments if moment is not None]
    assert 16 <= len(planned) <= 18
    assert moments[len(planned) :] == [None] * (30 - len(planned))


def test_what_is_past_is_forgotten() -> None:
    """Moments that have passed do not pile up, also if nobody gives them back."""
    limiter = RateLimiter(100)
    for now in range(0, 100_000, 10):
        limiter.plan(float(now))
        limiter.plan_last(now + 5.0, float(now), concurrency=1)
        limiter.go(float(now))
    assert planned_cells(limiter, 99_990.0) <= 4
    assert len(limiter._planned) <= 3
    assert len(limiter._going) <= 2


def test_second_pause_right_after_the_first() -> None:
    """A poll that was put off till after a pause, and a last poll in the next pause, keep their distance, too."""
    limiter = RateLimiter(1)
    assert limiter.reserve(0.0) == 0.0
    limiter.pause(0.0, 10.0)
    put_off = limiter.reserve(5.0)
    limiter.pause(5.0, 65.0)
    last = limiter.plan_last(put_off + 0.3, put_off + 0.02, concurrency=100)
    assert last is None or last - put_off >= 1
    late = limiter.plan(put_off + 0.02, before=put_off + 0.4, despite_pause=True)
    assert late is None or late - put_off >= 1
    assert limiter.go(put_off + 0.02) - put_off >= 1


@pytest.mark.parametrize("max_rate", [None, 1000.0])
@pytest.mark.parametrize(("pause", "spread"), [(2.0, 1.0), (50.0, 5.0), (3600.0, 60.0)])
def test_starts_again_spread_out(max_rate: float | None, pause: float, spread: float) -> None:
    """After a pause waits start again spread over a tenth of it, a second at least and a minute at most."""
    driver = Driver(max_rate)
    driver.limiter.pause(0.0, pause)
    for _ in range(100):
        driver.begin(math.inf, 1.0)
    for _ in range(300):
        if driver.waits:
            driver.ask(0.0)
    assert len(driver.went) == 100
    assert driver.went[0] == pause
    assert pause + 0.95 * spread < max(driver.went) <= pause + spread
    # No tenth of that time has twice its share.
    tenths = [
        sum(pause + spread * n / 10 <= moment < pause + spread * (n + 1) / 10 for moment in driver.went)
        for n in range(10)
    ]
    assert max(tenths) < 20


def test_plans_of_very_many() -> None:
    """However many are planned for, each has a moment of its own, right after the last one, until it is given back."""
    limiter, count, end = RateLimiter(1000), _CHUNK + 1000, 100.0
    firsts = [limiter.plan(0.0) for _ in range(count)]
    assert firsts == [number * limiter.spacing for number in range(count)]
    lasts = [limiter.plan_last(end, 0.0, concurrency=1000) for _ in range(count)]
    moments = [moment for moment in lasts if moment is not None]
    assert len({*moments}) == count
    assert moments == sorted(moments, reverse=True)
    assert end - (count + 2) * limiter.spacing < moments[-1]
    for moment in (*firsts, *moments):
        assert moment is not None
        limiter.give_back(moment)
    assert planned_cells(limiter, 0.0) == 0


def test_the_later_end_of_two_pauses_counts() -> None:
    """A second pause makes the first one longer, and never shorter."""
    limiter = RateLimiter()
    limiter.pause(0.0, 10.0)
    limiter.pause(5.0, 20.0)
    limiter.pause(6.0, 1.0)
    assert limiter.plan(7.0) == 25


def test_last_polls_go_despite_a_pause() -> None:
    """A last poll goes at its deadline, pause or not, and those that were put off do not stand in its way."""
    limiter = RateLimiter(10)
    limiter.pause(0.0, 300.0)
    assert limiter.plan(0.0) == 300
    assert limiter.plan(5.0, before=5.1, despite_pause=True) == 5
    second = limiter.plan(5.0, before=5.4, despite_pause=True)
    assert second is not None
    assert 5 + limiter.spacing <= second <= 5 + 2 * limiter.spacing
    assert limiter.plan_last(10.0, 1.0, concurrency=1) == 10


def test_rate_of_less_than_a_request_a_second() -> None:
    """Of 2.5 requests a second no second sees three, of a fifth of one there is one in five seconds."""
    for max_rate, most in ((2.5, 2), (1.9, 1), (0.2, 1)):
        limiter, now, moments = RateLimiter(max_rate), 0.0, list[float]()
        for _ in range(30):
            now = limiter.reserve(now)
            moments.append(now)
        assert most_in_a_second(moments) == most
        assert moments[-1] / 29 >= 1 / max_rate


@pytest.mark.parametrize("max_rate", [5e-324, 1e-9, 1e6, 1e308])
def test_odd_rates(max_rate: float) -> None:
    """Rates and deadlines that nobody would ask for do no harm."""
    limiter = RateLimiter(max_rate)
    assert limiter.reserve(5.0) == 5
    assert limiter.reserve(5.0) > 5
    assert limiter.plan_last(1e308, 0.0, concurrency=1) is None
    assert limiter.plan_last(1e8, 5.0, concurrency=1) is not None or max_rate < 1


def test_the_collector_may_close_waits_at_any_time() -> None:
    """A wait that the garbage collector closes while its thread plans another one gives back without waiting."""
    limiter = RateLimiter(10)

    class Collecting(dict[int, int]):
        def get(self, key: int, default: Any = None, /) -> Any:
            # The youngest objects are enough: a whole collection takes long in a process of many tests.
            gc.collect(1)
            return super().get(key, default)

    class Abandoned:
        def __init__(self) -> None:
            self.moment = limiter.plan_last(100.0, 0.0, concurrency=1)
            self.itself = self

        def __del__(self) -> None:
            assert self.moment is not None
            limiter.give_back(self.moment)

    def abandon() -> None:
        for _ in range(20):
            Abandoned()

    limiter._planned = Collecting()
    thread = threading.Thread(target=abandon, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    gc.collect()
    assert planned_cells(limiter, 0.0) == 0


def test_threads_share_the_rate() -> None:
    """No moment goes to two threads."""
    limiter = RateLimiter(1000)
    moments: list[float] = []

    def work() -> None:
        moments.extend(limiter.reserve(0.0) for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ordered = sorted(moments)
    assert all(later - earlier >= limiter.gap for earlier, later in itertools.pairwise(ordered))
    assert len(moments) == 800


def test_whoever_breaks_off_gives_back_what_was_planned() -> None:
    """When a batch is closed, nothing stays planned, also of waits whose poll is under way and is answered later."""
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
    assert planned_cells(rate_limiter_of(shared), 21.0) == 3
    batch.close()
    batch.take(under_way.wait, RUNNING, 20.5)
    assert planned_cells(rate_limiter_of(shared), 21.0) == 0


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


@settings(max_examples=settings().max_examples * 2 // 5)
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
    spacing, gap = RateLimiter(max_rate).spacing, RateLimiter(max_rate).gap
    moments = [moment for moment, _ in polled]
    # One that goes late, because an answer came amid its cell, is nearer to the next than planned, not than allowed.
    assert all(later - earlier > gap - 1e-6 for earlier, later in itertools.pairwise(moments))
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
