"""What the schedules cost, and how late they notice an end, by the seeded simulation of the benchmarks."""

from __future__ import annotations

from benchmarks import schedules
from benchmarks.schedules import every, waited


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
