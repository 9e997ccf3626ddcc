"""A schedule that learns: what it saves, what it promises of every interval, what it takes, and how it is kept.

The marks are seeded simulations on ten distributions of durations; the same figures come out of every run.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean, median, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settled import Schedule
from settled._core.learned import Learned

from benchmarks import schedules
from benchmarks.schedules import DISTRIBUTIONS, Drift, Saving

# A few hundred waits tell the figures of a kind to about a tenth; those of all kinds together are surer.
NOISE = 1.1
CHANGES: dict[str, dict[str, Any]] = {"delay": {}, "watch": {"watch": 0.67}, "requests": {"by_requests": True}}

DURATIONS = [90.0, 100.0, 105.0, 110.0, 120.0, 125.0, 130.0, 150.0, 170.0, 240.0]

seconds = st.floats(0, 1e5)
wishes = st.one_of(
    st.fixed_dictionaries({"delay": st.floats(1e-3, 1e5)}, optional={"watch": st.floats(1e-3, 1)}),
    st.fixed_dictionaries({"requests": st.floats(1e-3, 1e5)}, optional={"watch": st.floats(1e-3, 1)}),
)


def moments(schedule: Callable[[int, float], float], polls: int) -> list[float]:
    """When the first polls of a wait come, but for the one that it begins with."""
    elapsed, found = 0.0, list[float]()
    for poll in range(1, polls + 1):
        elapsed += schedule(poll, elapsed)
        found.append(elapsed)
    return found


@pytest.fixture(scope="module")
def savings() -> dict[str, Saving]:
    """What twenty known durations save, by kind of job."""
    return {saving.kind: saving for saving in schedules.single_distributions(histories=60, jobs=6)}


@pytest.fixture(scope="module")
def drifts() -> dict[tuple[float, str], list[Drift]]:
    """What happens when all jobs take so many times as long, by what schedules were asked for."""
    return {
        (factor, change): schedules.drifts(factor=factor, histories=histories, **options)
        for factor, histories in ((0.1, 5), (10.0, 2))
        for change, options in CHANGES.items()
    }


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_saves_requests(savings: dict[str, Saving], kind: str) -> None:
    """Twenty known durations save at least two sevenths of google's requests, and notice ends no later."""
    assert savings[kind].ratio >= 1.4
    assert savings[kind].learned.delay <= NOISE * savings[kind].google.delay


def test_saves_requests_on_the_whole(savings: dict[str, Saving]) -> None:
    """The ten distributions together: 1.8 times fewer requests in the median, and less delay."""
    ten = [savings[kind] for kind in DISTRIBUTIONS]
    assert median(saving.ratio for saving in ten) >= 1.8
    assert fmean(saving.learned.delay / saving.google.delay for saving in ten) <= 1


def test_exponential_durations_tell_nothing(savings: dict[str, Saving]) -> None:
    """No schedule beats equal intervals there: what is saved is what google's random ones waste, about a third."""
    assert 1.2 < savings["exponential, median 200 s"].ratio < 1.5


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_changed_jobs_cost_few_requests(
    drifts: dict[tuple[float, str], list[Drift]], factor: float, change: str
) -> None:
    """Right after all jobs have changed, they cost at most half as many requests again as by the default schedule."""
    for drift in drifts[factor, change]:
        assert drift.after.requests <= 1.5 * drift.default.requests, drift.kind


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_longer_jobs_are_noticed(drifts: dict[tuple[float, str], list[Drift]], change: str) -> None:
    """Jobs that suddenly take ten times as long are at most half as late again as by the default schedule."""
    for drift in drifts[10.0, change]:
        assert drift.after.overshoot <= 1.5 * drift.default.overshoot, drift.kind


@pytest.mark.slow
def test_shorter_jobs_are_noticed_by_a_close_watch(drifts: dict[tuple[float, str], list[Drift]]) -> None:
    """So are jobs that suddenly take a tenth of the time, if the schedule is told to watch for them."""
    for drift in drifts[0.1, "watch"]:
        assert drift.after.overshoot <= 1.5 * drift.default.overshoot, drift.kind


@pytest.mark.slow
@pytest.mark.parametrize("change", ["delay", "requests"])
def test_shorter_jobs_are_noticed(drifts: dict[tuple[float, str], list[Drift]], change: str) -> None:
    """Without being told so, a schedule is up to twelve times as late at them as the default one, not worse."""
    for drift in drifts[0.1, change]:
        assert drift.after.overshoot <= 12 * drift.default.overshoot, drift.kind


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_recovers_the_delay(drifts: dict[tuple[float, str], list[Drift]], factor: float) -> None:
    """After twenty of the changed jobs the delay is about what was asked for again."""
    recovered = [drift.recovered.delay / drift.before.delay for drift in drifts[factor, "delay"]]
    assert fmean(recovered) <= 1.3
    # Of two sorts of jobs, the one that came five times in a row may be all that is known.
    assert sum(ratio > 1.5 * NOISE for ratio in recovered) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_recovers_the_requests(drifts: dict[tuple[float, str], list[Drift]], factor: float) -> None:
    """After twenty of the changed jobs they cost about the requests that were asked for again, or fewer."""
    recovered = [drift.recovered.requests / drift.before.requests for drift in drifts[factor, "requests"]]
    assert fmean(recovered) <= 1.1
    assert sum(ratio > 1.25 * NOISE for ratio in recovered) <= 1


@pytest.mark.parametrize(
    "kind", ["lognormal, median 120 s, sigma 0.4", "uniform, 200 to 600 s", "two sorts, of 45 s and of 900 s"]
)
def test_learning_from_its_own_waits_is_stable(kind: str) -> None:
    """Hundreds of jobs, each known by the interval between two of its own polls only, do not lead a schedule astray."""
    waits = schedules.learning(DISTRIBUTIONS[kind], 6.0, jobs=500)
    early, late = waits[100:300], waits[300:]
    assert fmean(wait.delay for wait in early) <= 1.1 * 6
    assert fmean(wait.delay for wait in late) <= 1.1 * 6
    assert fmean(wait.requests for wait in late) == pytest.approx(fmean(wait.requests for wait in early), rel=0.2)


def test_more_for_the_delay() -> None:
    """On jobs of all lengths, one that has learnt is about as late as the default with at most half of its requests."""
    points = {found.schedule: found for found in schedules.delay_curve(histories=10)}
    default, learned = points["Settled's default"], points["Learned, delay 2% of the median"]
    assert learned.overshoot <= NOISE * default.overshoot
    assert learned.requests <= 0.5 * default.requests


@pytest.mark.parametrize("spread", [0.0, 1.0, 20.0])
def test_jobs_that_all_take_as_long(spread: float) -> None:
    """Jobs of ten minutes, some seconds more or less, are noticed within the delay by a few polls."""
    random.seed(1)
    history = [random.gauss(600, spread) for _ in range(20)]
    learned = Learned.from_durations(history, delay=5)
    waits = [schedules.waited(learned, random.gauss(600, spread)) for _ in range(400)]
    assert fmean(wait.delay for wait in waits) <= 1.5 * 5
    assert fmean(wait.requests for wait in waits) <= 20


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
        {"delay": 5, "watch": 0},
        {"delay": 5, "watch": 1.5},
        {"requests": 5, "watch": math.nan},
    ],
)
def test_arguments_out_of_range(arguments: dict[str, Any]) -> None:
    """Exactly one of delay and requests is to be given, as a positive number."""
    with pytest.raises(ValueError, match=r"give either delay or requests|jitter must be|watch must be"):
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
    """Whatever was learnt and is asked for, an interval is finite, and none is shorter than the default's can be."""
    assert 0.25 <= Learned.from_durations(durations, **wish)(polls, elapsed) < math.inf


@given(st.lists(seconds, min_size=5, max_size=30), wishes)
def test_long_after_the_longest_job(durations: list[float], wish: dict[str, Any]) -> None:
    """Once a job has taken far longer than all before, it is polled as often as by the default schedule."""
    learned = Learned.from_durations(durations, **wish, jitter=0)
    assert learned(2, 10_000 + 10 * max(durations)) == pytest.approx(45)


@given(st.lists(seconds, min_size=5, max_size=30), st.floats(0.01, 1), st.floats(0, 1.2e5))
def test_watch_bounds_every_interval(durations: list[float], watch: float, elapsed: float) -> None:
    """No interval is longer than the shortest one of the default schedule, divided by `watch`, or than its mean one."""
    interval = Learned.from_durations(durations, delay=1e5, watch=watch, jitter=0)(2, elapsed)
    shortest, stretch = 0.5 / watch, max(1 / watch, 1.5)
    # The default's intervals grow by a tenth with each poll, and from one of ours to the next there are several.
    grown = (0.5 + elapsed * 0.1 / 0.75) * 1.1**stretch
    assert interval <= max(shortest, 0.75) * min(grown, 60) * 1.001


@given(st.lists(st.floats(0, 2000), min_size=5, max_size=24), wishes)
def test_tenfold_jobs_cost_half_as_many_polls_again(durations: list[float], wish: dict[str, Any]) -> None:
    """However short a delay was asked for, jobs of ten times the mean cost at most 1.5 times the default's polls."""
    long = 10 * fmean(durations)
    learned = Learned.from_durations(durations, **wish, jitter=0)
    default = Schedule(first=0.375, cap=45, jitter=0)
    assert schedules.waited(learned, long).requests <= 1.5 * schedules.waited(default, long).requests + 1


@given(st.lists(seconds, min_size=5, max_size=24), wishes, st.randoms(), seconds)
def test_order_does_not_matter(
    durations: list[float], wish: dict[str, Any], chance: random.Random, elapsed: float
) -> None:
    """The same durations make the same schedule, in whatever order the jobs ended."""
    shuffled = chance.sample(durations, len(durations))
    first, second = (Learned.from_durations(known, **wish, jitter=0) for known in (durations, shuffled))
    assert first(2, elapsed) == pytest.approx(second(2, elapsed))


@pytest.mark.parametrize("wished", [4, 8, 20, 30])
def test_requests_are_kept(wished: int) -> None:
    """As many requests are made on average as were asked for, watching among them."""
    random.seed(1)
    learned = Learned.from_durations(DURATIONS, requests=wished, watch=1)
    waits = [schedules.waited(learned, duration) for duration in DURATIONS * 100]
    assert fmean(wait.requests for wait in waits) == pytest.approx(wished, rel=0.15)


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
    waits = [moments(learned, 13) for _ in range(300)]
    for nth in range(12):
        polls = sorted(wait[nth] for wait in waits)
        interval = min(fmean(wait[nth + 1] - wait[nth] for wait in waits), fmean(polls) / (nth + 1))
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
    random.seed(1)
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
        ({"durations": None}, "not what to_json returned"),
        ({"durations": "123"}, "not what to_json returned"),
        ({"durations": [1, "2"]}, "not what to_json returned"),
        ({"durations": [10**400]}, "not what to_json returned"),
        ({"durations": [-1.0]}, "not negative"),
        ({"delay": "5"}, "not what to_json returned"),
        ({"delay": None}, "give either delay or requests"),
        ({"jitter": None}, "not what to_json returned"),
        ({"watch": None}, "not what to_json returned"),
        ({"watch": 0}, "watch must be more than 0"),
    ],
)
def test_malformed_state(change: dict[str, Any], message: str) -> None:
    """A state of another version, or one that to_json cannot have told, is refused with the reason."""
    with pytest.raises(ValueError, match=message):
        Learned.from_json(Learned(delay=5).to_json() | change)


@pytest.mark.parametrize(("wary", "watch"), [({}, 0.08), ({"wary": False}, 0.08), ({"wary": True}, 0.5)])
def test_earlier_state(wary: dict[str, Any], watch: float) -> None:
    """A state from before there was `watch` still loads; `wary` was about as close a watch as 0.5."""
    state = Learned.from_durations(DURATIONS, delay=5).to_json()
    del state["watch"]
    assert Learned.from_json(state | wary).to_json() == state | {"watch": watch}


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
        for job in range(40):
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
