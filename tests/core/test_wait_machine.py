"""The waiting machine by itself: no clock, no network, only moments handed in."""

from __future__ import annotations

import json
import math
from typing import Any, cast

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from settled import Job, Outcome, Schedule, errors
from settled._core.options import WaitConfig
from settled._core.rate_limit import RateLimiter, rate_limiter_of
from settled._core.reply import MAX_POLL_SECONDS, Reply
from settled._core.wait import GRACE_SECONDS, Poll, Sleep, Wait
from settled._observe import logging as _observing
from settled.cortex_xsiam import BYOS_IMPORT
from settled_clients.cortex_xsiam import AuthenticatedClient

REQUEST = httpx.Request("POST", "https://nowhere.invalid")


def reply(word: str) -> Reply:
    """What a poll brings that finds a job with this status."""
    raw = {"job_status": word}
    return Reply(BYOS_IMPORT.reading(raw), raw, json.dumps(raw).encode(), REQUEST)


RUNNING, SETTLED = reply("PROCESSING"), reply("COMPLETED")


def client(max_rate: float | None = None) -> AuthenticatedClient:
    """A client that is never asked for anything."""
    return AuthenticatedClient("https://nowhere.invalid", extensions={RateLimiter.KEY: RateLimiter(max_rate)})


def machine(timeout: float | None = 100, *, shared: AuthenticatedClient | None = None, **options: Any) -> Wait[Any]:
    """A wait that begins at moment 0 and polls every 10 s."""
    every_10_s = Schedule(first=10, factor=1, cap=10, jitter=0)
    job = Job(BYOS_IMPORT, shared or client(), "7")
    return Wait(job, WaitConfig(**{"start": 0, "timeout": timeout, "schedule": every_10_s, **options}))


def test_first_poll_is_at_once() -> None:
    """A wait begins with a poll."""
    assert machine().next(0) == Poll(MAX_POLL_SECONDS)


def test_sleeps_by_the_schedule() -> None:
    """After an answer the schedule says how long to sleep."""
    wait = machine()
    wait.next(0)
    wait.received(RUNNING, 1)
    assert wait.request is REQUEST
    assert wait.next(1) == Sleep(10)
    assert wait.next(6) == Sleep(5)
    assert wait.next(11) == Poll(MAX_POLL_SECONDS)


def test_poll_is_clamped_to_what_is_left() -> None:
    """No poll may take longer than until the deadline, and the grace that the last one has."""
    wait = machine(timeout=25)
    wait.next(0)
    wait.received(RUNNING, 0)
    assert wait.next(10) == Poll(15 + GRACE_SECONDS)


def test_last_poll_leaves_in_time_to_be_answered() -> None:
    """The last poll is sent as long before the deadline as the latest answer took."""
    wait = machine(timeout=25)
    wait.next(0)
    wait.received(RUNNING, 0)
    wait.next(10)
    wait.received(RUNNING, 13)
    assert wait.next(13) == Sleep(9)
    assert wait.next(22) == Poll(3 + GRACE_SECONDS)
    wait.received(RUNNING, 25)
    with pytest.raises(errors.WaitTimeout):
        wait.next(25)


def test_last_poll_answered_just_before_the_deadline() -> None:
    """A last poll that is answered within the grace before the deadline was the last; an earlier poll was not."""
    wait = machine(timeout=25)
    for sent, answered in ((0, 0), (10, 13), (22, 25 - GRACE_SECONDS)):
        wait.next(sent)
        wait.received(RUNNING, answered)
    with pytest.raises(errors.WaitTimeout):
        wait.next(25 - GRACE_SECONDS)
    slow = machine(timeout=25)
    for sent, answered in ((0, 0), (10, 25 - GRACE_SECONDS / 2)):
        slow.next(sent)
        slow.received(RUNNING, answered)
    assert isinstance(slow.next(25 - GRACE_SECONDS / 2), Sleep)


def test_last_poll_answered_early_is_made_again() -> None:
    """A last poll that was answered long before the deadline was not the last."""
    wait = machine(timeout=25)
    wait.next(0)
    wait.received(RUNNING, 3)
    wait.next(13)
    wait.received(RUNNING, 16)
    assert wait.next(22) == Poll(3 + GRACE_SECONDS)
    wait.received(RUNNING, 22.5)
    assert wait.next(22.5) == Sleep(2)
    assert wait.next(24.5) == Poll(0.5 + GRACE_SECONDS)
    wait.received(RUNNING, 25)
    with pytest.raises(errors.WaitTimeout):
        wait.next(25)


def test_poll_across_the_deadline_is_the_last() -> None:
    """A poll that was under way at the deadline needs no other after it."""
    wait = machine(timeout=12)
    wait.next(0)
    wait.received(RUNNING, 0)
    wait.next(10)
    wait.failed(errors.TransportError("no answer in time"), 12.1)
    with pytest.raises(errors.WaitTimeout) as raised:
        wait.next(12.1)
    assert isinstance(raised.value.__cause__, errors.TransportError)


def test_oversleeping_still_polls() -> None:
    """Whoever wakes after the deadline polls once more, and is given the grace for it."""
    wait = machine(timeout=12)
    wait.next(0)
    wait.received(RUNNING, 0)
    assert wait.next(500) == Poll(GRACE_SECONDS)
    wait.received(SETTLED, 500.01)
    assert wait.seen == {"PROCESSING": 1, "COMPLETED": 1}


def test_settled_after_the_deadline_counts() -> None:
    """What the last poll brings is taken, though the deadline has just passed."""
    wait = machine(timeout=0)
    assert wait.next(0) == Poll(GRACE_SECONDS)
    wait.received(SETTLED, 0.1)
    assert wait.last is not None
    assert wait.last.outcome is Outcome.SUCCEEDED


def test_rate_limit_spaces_the_jobs_of_a_client() -> None:
    """Jobs of one client share its rate."""
    shared = client(max_rate=2)
    waits = [machine(shared=shared) for _ in range(3)]
    gap = rate_limiter_of(shared).spacing
    assert 0.5 < gap < 0.6
    assert [wait.next(0) for wait in waits] == [Poll(MAX_POLL_SECONDS), Sleep(gap), Sleep(2 * gap)]
    assert waits[1].next(gap) == Poll(MAX_POLL_SECONDS)
    assert waits[2].next(gap) == Sleep(gap)


def test_pause_defers_planned_moments() -> None:
    """A pause holds back the jobs that were already given a moment, and spreads them anew after it."""
    shared = client(max_rate=2)
    first, second, third = (machine(shared=shared, timeout=None) for _ in range(3))
    for wait in (first, second, third):
        wait.next(0)
    limited = errors.RateLimited("slow down", status_code=429)
    limited.retry_after = 20
    first.failed(limited, 0.1)
    gap = rate_limiter_of(shared).spacing
    assert second.next(gap) == pytest.approx(Sleep(20.1 - gap))
    spread = third.next(2 * gap)
    assert isinstance(spread, Sleep)
    assert 20.1 + gap <= 2 * gap + spread.seconds <= 20.1 + 2 + gap
    assert second.next(20.1) == Poll(MAX_POLL_SECONDS)


@pytest.mark.parametrize(
    ("failure", "holds_back"),
    [(errors.RateLimited("slow down", status_code=429), True), (errors.ServerError("down", status_code=500), False)],
)
def test_only_a_rate_limit_holds_back_the_client(failure: errors.ApiError, holds_back: bool) -> None:
    """A 429 that does not say how long holds back the whole client for a moment, other failures nobody else."""
    shared = client()
    first, second = machine(shared=shared), machine(shared=shared)
    first.next(0)
    first.failed(failure, 0)
    assert isinstance(second.next(0), Sleep) is holds_back


def test_lasting_trouble_ends_the_wait() -> None:
    """What cannot pass by itself is not waited for, and the error tells what is known."""
    wait = machine()
    wait.next(0)
    refused = errors.TransportError("a certificate that nobody trusts")
    refused.may_pass = False
    with pytest.raises(errors.TransportError) as raised:
        wait.failed(refused, 1)
    assert raised.value.__notes__ == ["cortex_xsiam.byos_import/7: no status was read (1 poll)"]
    later = machine()
    later.next(0)
    later.received(RUNNING, 1)
    later.next(11)
    with pytest.raises(errors.PermissionDenied) as denied:
        later.failed(errors.PermissionDenied("no longer", status_code=403), 11)
    assert denied.value.__notes__ == ["cortex_xsiam.byos_import/7: the last status was PROCESSING (2 polls)"]


def test_timeout_counts_what_was_read() -> None:
    """The message of a timeout has the last status and the number of polls, `seen` how often each was read."""
    wait = machine(timeout=25)
    for moment, word in enumerate(["INITIATED", "PROCESSING", "PROCESSING"]):
        wait.next(10 * moment)
        wait.received(reply(word), 10 * moment)
    with pytest.raises(errors.WaitTimeout) as raised:
        raise wait.give_up(25)
    assert str(raised.value) == "cortex_xsiam.byos_import/7: still PROCESSING after 25 s (3 polls)"
    assert raised.value.seen == {"INITIATED": 1, "PROCESSING": 2}


def test_unlisted_words_are_cut_short() -> None:
    """Of a status that nobody listed 80 characters are kept, and no more are quoted."""
    patient = machine()
    patient.next(0)
    patient.received(reply("X" * 200), 0)
    assert patient.status == f"{'X' * 80}\N{HORIZONTAL ELLIPSIS}"
    wait = machine(unknown="raise")
    wait.next(0)
    with pytest.raises(errors.UnknownStatus, match=f"undocumented status '{'X' * 80}'"):
        wait.received(reply("X" * 200), 0)


def test_warnings_do_not_pile_up(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """After a thousand words that nobody listed, another one is no longer warned of."""
    monkeypatch.setattr(_observing, "_warned", {("agilesec.scan", str(number)) for number in range(999)})
    wait = machine()
    for moment, word in enumerate(["REINDEXING", "RESTING"]):
        wait.next(10 * moment)
        wait.received(reply(word), 10 * moment)
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 1
    assert "'REINDEXING'" in warned[0]


def test_intervals_of_less_than_a_second() -> None:
    """After an answer the schedule alone says how long to sleep, however short that is."""
    wait = machine(schedule=Schedule(first=0.2, factor=1, cap=1, jitter=0))
    wait.next(0)
    wait.received(RUNNING, 0)
    assert wait.next(0) == Sleep(0.2)


def test_back_off_grows() -> None:
    """Failures in a row are farther and farther apart, whatever the schedule."""
    wait = machine(timeout=None, schedule=Schedule(first=0.001, factor=1, cap=1, jitter=0))
    now, gaps = 0.0, []
    for _ in range(9):
        assert isinstance(wait.next(now), Poll)
        wait.failed(errors.ServerError("down", status_code=500), now)
        gaps.append(cast("Sleep", wait.next(now)).seconds)
        now += gaps[-1]
    for gap, full in zip(gaps, [0.5, 1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert 0.75 * full <= gap <= full


@given(
    timeout=st.floats(0, 1e4) | st.just(math.inf),
    answers=st.lists(st.tuples(st.sampled_from(["running", "failing", "limited"]), st.floats(0, 5)), max_size=40),
    max_rate=st.none() | st.floats(0.1, 100),
)
def test_never_sleeps_past_the_deadline(
    timeout: float, answers: list[tuple[str, float]], max_rate: float | None
) -> None:
    """Whatever comes back, each sleep ends by the deadline, and the wait ends with a poll there, if the rate allows."""
    shared = client(max_rate)
    wait, gap = machine(timeout=timeout, shared=shared, patience=math.inf), rate_limiter_of(shared).spacing
    now = polled = slowest = 0.0
    # Before a status was read, patience would end first.
    for answer, seconds in [("running", 0.0), *answers]:
        try:
            while isinstance(step := wait.next(now), Sleep):
                assert step.seconds > 0
                assert now + step.seconds <= timeout + GRACE_SECONDS
                now += step.seconds
        except errors.WaitTimeout:
            # The last poll is sent as early before the deadline as answers take.
            assert polled >= timeout - slowest - GRACE_SECONDS - gap
            return
        assert 0 < step.seconds <= max(timeout - now, 0) + GRACE_SECONDS
        slowest = max(slowest, min(seconds, step.seconds))
        now += min(seconds, step.seconds)
        polled = now
        if answer == "running":
            wait.received(RUNNING, now)
        else:
            limited = errors.RateLimited(answer, status_code=429)
            limited.retry_after = 1e6 if answer == "limited" else None
            wait.failed(limited, now)


def test_schedule_grows_to_its_cap() -> None:
    """Intervals grow by the factor, and never beyond the cap, however many polls there are."""
    schedule = Schedule(first=1, factor=2, cap=60, jitter=0)
    assert [schedule(polls, 0.0) for polls in (1, 2, 3, 7, 8, 10**6)] == [1, 2, 4, 60, 60, 60]


@given(st.integers(1, 10**9), st.floats(0, 0.99))
def test_jitter_only_shortens(polls: int, jitter: float) -> None:
    """Jitter takes at most its share off an interval."""
    full = Schedule(jitter=0)(polls, 0.0)
    assert full * (1 - jitter) <= Schedule(jitter=jitter)(polls, 0.0) <= full


@pytest.mark.parametrize(
    "bad",
    [
        {"first": 0},
        {"first": 61},
        {"factor": 0.5},
        {"factor": math.inf},
        {"cap": math.inf},
        {"jitter": 1},
        {"jitter": -0.1},
        {"first": math.nan},
        {"factor": math.nan},
    ],
)
def test_schedule_refuses_nonsense(bad: dict[str, float]) -> None:
    """A schedule out of range is a ValueError that says what the range is."""
    with pytest.raises(ValueError, match="0 < first <= cap"):
        Schedule(**bad)
    with pytest.raises(TypeError, match="factor"):
        Schedule(factor="often")  # type: ignore[arg-type]


def test_schedule_is_a_value() -> None:
    """Schedules are equal if their numbers are, and cannot be changed."""
    assert Schedule(first=2) == Schedule(first=2.0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Schedule().first = 3  # type: ignore[misc]


@pytest.mark.parametrize("rate", [0, -1, math.inf, math.nan])
def test_rate_limiter_refuses_nonsense(rate: float) -> None:
    """A rate is a positive number, or None."""
    with pytest.raises(ValueError, match="max_rate"):
        RateLimiter(rate)


def test_shrunk_waits_know_what_they_knew() -> None:
    """A wait that keeps less has the same last snapshot, also if its answer is like no other."""
    terms: WaitConfig[Any] = WaitConfig(start=0, timeout=100)
    odd = reply("PROCESSING")._replace(
        content=json.dumps({"job_status": "PROCESSING", "note": "\\u00fc" * 50}).encode("utf-16")
    )
    for answer in (RUNNING, reply("INITIATED"), odd):
        wait = Wait(Job(BYOS_IMPORT, client(), "7"), terms)
        wait.shrink()
        wait.next(0)
        wait.received(answer, 1)
        before = wait.last
        wait.shrink()
        wait.shrink()
        assert wait.request is None
        assert wait.last == before
        assert before is not None
        assert before.raw == json.loads(answer.content)


def test_overdue_is_who_had_no_turn() -> None:
    """A wait that was never polled is overdue at its deadline, and another one when its last poll would be too late."""
    wait = machine(timeout=100)
    assert not wait.is_overdue(99.9)
    assert wait.is_overdue(100)
    wait.next(0)
    assert not wait.is_overdue(100)
    assert wait.is_overdue(100 + GRACE_SECONDS)


def test_overdue_leaves_time_for_a_first_poll() -> None:
    """However short the timeout is, there is time for the first poll."""
    wait = machine(timeout=0)
    assert not wait.is_overdue(GRACE_SECONDS)
    assert wait.is_overdue(2 * GRACE_SECONDS)
