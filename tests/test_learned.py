"""A schedule that learns: what it promises of every interval, what it takes, and how it is kept."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settled import Schedule
from settled._learned import Learned

DURATIONS = [90.0, 100.0, 105.0, 110.0, 120.0, 125.0, 130.0, 150.0, 170.0, 240.0]

seconds = st.floats(0, 1e5)
wishes = st.one_of(
    st.fixed_dictionaries({"delay": st.floats(1e-3, 1e5)}), st.fixed_dictionaries({"requests": st.floats(1e-3, 1e5)})
)


def moments(schedule: Callable[[int, float], float], polls: int) -> list[float]:
    """When the first polls of a wait come, but for the one that it begins with."""
    elapsed, found = 0.0, list[float]()
    for poll in range(1, polls + 1):
        elapsed += schedule(poll, elapsed)
        found.append(elapsed)
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"delay": 5, "requests": 10},
        {"delay": 0},
        {"requests": 0},
        {"delay": -1},
        {"delay": math.inf},
        {"requests": math.nan},
        {"delay": 5, "jitter": 1},
        {"requests": 5, "wary": True},
    ],
)
def test_arguments_out_of_range(arguments: dict[str, Any]) -> None:
    """Exactly one of delay and requests is to be given, as a positive number."""
    with pytest.raises(ValueError, match=r"give either delay or requests|jitter must be|give a delay instead"):
        Learned(**arguments)


@pytest.mark.parametrize("duration", [-1.0, math.inf, math.nan])
def test_durations_out_of_range(duration: float) -> None:
    """A duration that no job can have is refused, wherever it comes from."""
    with pytest.raises(ValueError, match="duration"):
        Learned.from_durations([10.0, duration], delay=5)
    with pytest.raises(ValueError, match="duration"):
        Learned(delay=5).learn(0.0, duration)


def test_interval_the_wrong_way_round() -> None:
    """A job cannot have settled before it was seen running."""
    with pytest.raises(ValueError, match="between 20 and 10 seconds"):
        Learned(delay=5).learn(20, 10)


@pytest.mark.parametrize("known", range(5))
def test_without_history_it_is_the_default_schedule(known: int) -> None:
    """Until five jobs are known, it answers what the default schedule does."""
    learned = Learned.from_durations(DURATIONS[:known], delay=5)
    random.seed(known)
    found = moments(learned, 100)
    random.seed(known)
    assert found == moments(Schedule(), 100)


def test_polls_are_densest_where_jobs_end() -> None:
    """Far more polls come while most of the jobs seen before have ended than in as long a time before or after."""
    learned = Learned.from_durations(DURATIONS, delay=3, jitter=0)
    before, amid, after = (
        sum(begin <= moment < begin + 40 for moment in moments(learned, 100)) for begin in (20, 95, 300)
    )
    assert amid > 2 * before
    assert amid > 2 * after


def test_less_delay_takes_more_requests() -> None:
    """The shorter the delay may be, or the more polls may be made, the more are."""
    wishes: list[dict[str, Any]] = [{"requests": 5}, {"requests": 20}, {"delay": 10}, {"delay": 3}]
    made = [
        len([moment for moment in moments(Learned.from_durations(DURATIONS, **wish), 200) if moment < 150])
        for wish in wishes
    ]
    assert made[0] < made[1]
    assert made[2] < made[3]


@given(st.lists(seconds, max_size=30), wishes, st.integers(0, 10_000), st.floats(0, 1e9))
def test_every_interval_is_one(durations: list[float], wish: dict[str, Any], polls: int, elapsed: float) -> None:
    """Whatever was learnt and is asked for, an interval is a finite number of seconds, and no hammering."""
    assert 0.1 <= Learned.from_durations(durations, **wish)(polls, elapsed) < math.inf


@given(st.lists(seconds, min_size=5, max_size=30), wishes)
def test_long_after_the_longest_job(durations: list[float], wish: dict[str, Any]) -> None:
    """Once a job has taken far longer than all before, it is polled about as often as by the default schedule."""
    assert 60 < Learned.from_durations(durations, **wish)(2, 10_000 + 5 * max(durations)) < 80


@given(st.lists(seconds, min_size=5, max_size=30), wishes, seconds, st.integers(2, 1000))
def test_polls_made_do_not_matter(durations: list[float], wish: dict[str, Any], elapsed: float, polls: int) -> None:
    """After the first poll only the time counts, so that late and skipped polls do not put the plan out."""
    learned = Learned.from_durations(durations, **wish, jitter=0)
    assert learned(polls, elapsed) == learned(2, elapsed)


def test_without_jitter_nothing_is_left_to_chance() -> None:
    """With a jitter of 0 all jobs are polled in step."""
    learned = Learned.from_durations(DURATIONS, delay=5, jitter=0)
    assert moments(learned, 30) == moments(learned, 30)


def test_jobs_started_together_are_polled_apart() -> None:
    """Each poll of many jobs that started together is spread over at least a good part of the interval."""
    learned = Learned.from_durations(DURATIONS, delay=5)
    waits = [moments(learned, 12) for _ in range(300)]
    for nth in range(12):
        polls = sorted(wait[nth] for wait in waits)
        interval = fmean(wait[nth] - (wait[nth - 1] if nth else 0.0) for wait in waits)
        assert stdev(polls) > interval / 5
        assert max(sum(moment <= poll < moment + interval / 20 for poll in polls) for moment in polls) < 75


def test_each_fifth_job_makes_a_new_plan() -> None:
    """Not every job is worth a new plan, but five are."""
    learned = Learned.from_durations([*DURATIONS, *DURATIONS], delay=5, jitter=0)
    before = moments(learned, 20)
    for _ in range(4):
        learned.learn(139, 141)
    assert moments(learned, 20) == before
    learned.learn(139, 141)
    assert moments(learned, 20) != before


def test_five_jobs_beyond_all_others_end_the_past() -> None:
    """When five jobs in a row are all shorter, or all longer, than any before, those before are forgotten."""
    learned = Learned.from_durations(DURATIONS, delay=5)
    for _ in range(4):
        learned.learn(9, 12)
    assert len(learned.to_json()["durations"]) == 14
    learned.learn(9, 12)
    assert all(9 <= duration <= 12 for duration in learned.to_json()["durations"])
    for _ in range(5):
        learned.learn(900, 1200)
    assert all(900 <= duration <= 1200 for duration in learned.to_json()["durations"])


def test_sorted_history_is_no_change() -> None:
    """Durations that come in the order of their length do not pass for jobs that take ever longer."""
    learned = Learned.from_durations(sorted(DURATIONS * 2), delay=5)
    learned.learn(300, 300)
    assert len(learned.to_json()["durations"]) == 21


def test_history_is_bounded() -> None:
    """Only the last 24 jobs count."""
    learned = Learned.from_durations(range(1000), delay=5)
    assert sorted(learned.to_json()["durations"]) == list(range(976, 1000))


def test_durations_are_taken_from_within_the_interval() -> None:
    """Jobs that one and the same poll noticed are not taken to have ended at one moment."""
    learned = Learned(delay=5)
    for _ in range(20):
        learned.learn(10, 20)
    durations = learned.to_json()["durations"]
    assert all(10 <= duration <= 20 for duration in durations)
    assert stdev(durations) > 1


@given(st.lists(seconds, max_size=40), wishes, st.floats(0, 0.99))
def test_state_survives_json(durations: list[float], wish: dict[str, Any], jitter: float) -> None:
    """What was written as JSON is read back as the same schedule."""
    learned = Learned.from_durations(durations, **wish, jitter=jitter)
    again = Learned.from_json(json.loads(json.dumps(learned.to_json())))
    assert again.to_json() == learned.to_json()
    random.seed(1)
    interval = learned(3, 50.0)
    random.seed(1)
    assert again(3, 50.0) == interval


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2, and not 1"),
        ({"version": None}, "version None, and not 1"),
        ({"durations": None}, "not what to_json told"),
        ({"durations": "123"}, "not what to_json told"),
        ({"durations": [1, "2"]}, "not what to_json told"),
        ({"durations": [10**400]}, "not what to_json told"),
        ({"durations": [-1.0]}, "not negative"),
        ({"delay": "5"}, "not what to_json told"),
        ({"delay": None}, "give either delay or requests"),
        ({"jitter": None}, "not what to_json told"),
    ],
)
def test_malformed_state(change: dict[str, Any], message: str) -> None:
    """A state of another version, or one that to_json cannot have told, is refused with the reason."""
    with pytest.raises(ValueError, match=message):
        Learned.from_json(Learned(delay=5).to_json() | change)


@pytest.mark.parametrize("wary", [False, True])
def test_wariness_survives_json(wary: bool) -> None:
    """So does whether a schedule is wary; a state that does not say is of one that is not."""
    state = Learned.from_durations(DURATIONS, delay=5, wary=wary).to_json()
    assert Learned.from_json(state).to_json() == state
    del state["wary"]
    assert not Learned.from_json(state).to_json()["wary"]


@pytest.mark.parametrize("key", ["version", "delay", "requests", "jitter", "durations"])
def test_state_with_a_part_missing(key: str) -> None:
    """A state that lacks anything is refused."""
    state = Learned(delay=5).to_json()
    del state[key]
    with pytest.raises(ValueError, match=rf"version None|{key}"):
        Learned.from_json(state)


def test_repr_is_short() -> None:
    """The repr says what was asked for, and how much is known."""
    assert repr(Learned.from_durations(DURATIONS, delay=5)) == "<Learned: delay=5, 10 durations>"
    assert repr(Learned(requests=12.5)) == "<Learned: requests=12.5, 0 durations>"


def test_threads_may_share_it() -> None:
    """Many threads may ask and teach it at once."""
    learned = Learned(delay=5)

    def work(thread: int) -> None:
        for job in range(100):
            assert learned(2, 3.0 * job) >= 0.1
            learned.learn(50 + thread, 60 + thread)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert len(learned.to_json()["durations"]) == 24


def test_it_is_quick() -> None:
    """An interval costs microseconds, even if a busy machine makes it ten times as much."""
    learned = Learned.from_durations(DURATIONS * 3, delay=5)
    learned(1, 0.0)
    began = time.process_time()
    for poll in range(10_000):
        learned(poll, 100.0)
    assert time.process_time() - began < 0.5
