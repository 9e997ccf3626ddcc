"""What the schedules cost, and how late they notice an end, by the seeded simulation of the benchmarks."""

from __future__ import annotations

from statistics import fmean, median

import pytest

from benchmarks import schedules
from benchmarks.schedules import DISTRIBUTIONS, Drift, Saving, every, waited

# A few hundred waits tell the figures of a kind to about a tenth; those of all kinds together are surer.
NOISE = 1.1
REQUESTS = pytest.mark.parametrize("by_requests", [False, True], ids=["delay", "requests"])


@pytest.fixture(scope="module")
def savings() -> dict[str, Saving]:
    """What twenty known durations save, by kind of job."""
    return {saving.kind: saving for saving in schedules.single_distributions(histories=60, jobs=6)}


@pytest.fixture(scope="module")
def drifts() -> dict[tuple[float, bool], list[Drift]]:
    """What happens when jobs change, by how much, and by whether requests were given or a delay."""
    return {
        (factor, by_requests): schedules.drifts(factor=factor, by_requests=by_requests, histories=histories)
        for factor, histories in ((0.1, 8), (10.0, 3))
        for by_requests in (False, True)
    }


def check_overshoot(drifts: list[Drift]) -> None:
    """Right after the change jobs are at most half as late again as by the default schedule."""
    ratios = {drift.kind: drift.after.overshoot / drift.default.overshoot for drift in drifts}
    assert fmean(ratios.values()) <= 1.4
    assert max(ratios.values()) <= 1.5 * NOISE, ratios


def test_wait_is_simulated_from_a_poll_at_once() -> None:
    """A wait begins with a poll, and ends with the first one at or after the job's end."""
    assert waited(every(10), 25) == (4, 5, 20, 30)
    assert waited(every(10), 30) == (4, 0, 20, 30)
    assert waited(every(10), 0) == (1, 0, 0, 0)


def test_same_seed_same_figures() -> None:
    """The simulation is the same in every run."""
    assert schedules.schedule_table(7, jobs=2) == schedules.schedule_table(7, jobs=2)
    assert schedules.schedule_table(7, jobs=2) != schedules.schedule_table(8, jobs=2)


def test_default_schedule_against_google() -> None:
    """The default makes less than half of google's requests, and overshoots at most 0.35 times as much."""
    table = {found.schedule: found for found in schedules.schedule_table(jobs=1000)}
    ours, theirs = table["Settled's default"], table["google-api-core"]
    assert ours.requests <= 0.5 * theirs.requests
    assert ours.overshoot <= 0.35 * theirs.overshoot


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_learning_saves_requests(savings: dict[str, Saving], kind: str) -> None:
    """Twenty known durations save at least two sevenths of google's requests, and notice ends no later."""
    saving = savings[kind]
    assert saving.ratio >= 1.4
    assert saving.learned.delay <= NOISE * saving.google.delay


def test_learning_saves_requests_on_the_whole(savings: dict[str, Saving]) -> None:
    """The ten distributions together: 1.8 times fewer requests in the median, and less delay."""
    ten = [savings[kind] for kind in DISTRIBUTIONS]
    assert median(saving.ratio for saving in ten) >= 1.8
    assert fmean(saving.learned.delay / saving.google.delay for saving in ten) <= 1


def test_nothing_to_learn_of_exponential_durations(savings: dict[str, Saving]) -> None:
    """No schedule beats equal intervals there: what is saved is what google's random ones waste, about a third."""
    assert 1.2 < savings["exponential, median 200 s"].ratio < 1.5


@REQUESTS
@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_change_costs_few_requests(
    drifts: dict[tuple[float, bool], list[Drift]], factor: float, by_requests: bool
) -> None:
    """Right after all jobs have changed, they cost at most half as many requests again as by the default schedule."""
    for drift in drifts[factor, by_requests]:
        assert drift.after.requests <= 1.5 * NOISE * drift.default.requests, drift.kind


@REQUESTS
def test_longer_jobs_are_noticed(drifts: dict[tuple[float, bool], list[Drift]], by_requests: bool) -> None:
    """Jobs that suddenly take ten times as long are at most half as late again as by the default schedule."""
    check_overshoot(drifts[10.0, by_requests])


def test_shorter_jobs_are_noticed(drifts: dict[tuple[float, bool], list[Drift]]) -> None:
    """With the default schedule's requests to spend, so are jobs that suddenly take a tenth of the time."""
    check_overshoot(drifts[0.1, True])


def test_shorter_jobs_are_noticed_within_the_delay(drifts: dict[tuple[float, bool], list[Drift]]) -> None:
    """With a delay given, so are they, or else within about twice that delay."""
    for drift in drifts[0.1, False]:
        within = drift.after.delay <= 2 * NOISE * drift.before.delay
        assert within or drift.after.overshoot <= 1.5 * NOISE * drift.default.overshoot, drift.kind


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_who_is_wary_notices_every_change(factor: float) -> None:
    """With a delay and `wary`, changed jobs are at most half as late again, for at most half as many requests again."""
    found = schedules.drifts(factor=factor, wary=True)
    check_overshoot(found)
    for drift in found:
        assert drift.after.requests <= 1.5 * NOISE * drift.default.requests, drift.kind


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_recovers_the_delay(drifts: dict[tuple[float, bool], list[Drift]], factor: float) -> None:
    """After twenty of the changed jobs the delay is about what was asked for again."""
    recovered = [drift.recovered.delay / drift.before.delay for drift in drifts[factor, False]]
    assert fmean(recovered) <= 1.3
    # Of two sorts of jobs, the one that came five times in a row may be all that is known.
    assert sum(ratio > 1.5 * NOISE for ratio in recovered) <= 1


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_recovers_the_requests(drifts: dict[tuple[float, bool], list[Drift]], factor: float) -> None:
    """After twenty of the changed jobs they cost about the requests that were asked for again, or fewer."""
    recovered = [drift.recovered.requests / drift.before.requests for drift in drifts[factor, True]]
    assert fmean(recovered) <= 1.1
    assert sum(ratio > 1.25 * NOISE for ratio in recovered) <= 1


@pytest.mark.parametrize(
    "kind", ["lognormal, median 120 s, sigma 0.4", "uniform, 200 to 600 s", "two sorts, of 45 s and of 900 s"]
)
def test_learning_from_its_own_waits_is_stable(kind: str) -> None:
    """Hundreds of jobs, each known by the interval between two of its own polls only, do not lead a schedule astray."""
    waits = schedules.learning(DISTRIBUTIONS[kind], 6.0, jobs=800)
    early, late = waits[100:300], waits[600:]
    assert fmean(wait.delay for wait in early) <= 1.1 * 6
    assert fmean(wait.delay for wait in late) <= 1.1 * 6
    assert fmean(wait.requests for wait in late) == pytest.approx(fmean(wait.requests for wait in early), rel=0.2)


def test_learning_gets_more_for_the_delay() -> None:
    """On jobs of all lengths, one that has learnt is about as late as the default with at most half of its requests."""
    points = {found.schedule: found for found in schedules.delay_curve(histories=10)}
    default, learned = points["Settled's default"], points["Learned, delay 3% of the median"]
    assert learned.overshoot <= NOISE * default.overshoot
    assert learned.requests <= 0.5 * default.requests
