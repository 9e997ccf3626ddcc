"""The waiting machine, held against what it promises, whatever happens in whatever order."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from settled import Job, Schedule, errors
from settled._core.options import WaitConfig
from settled._core.rate_limit import RateLimiter, rate_limiter_of
from settled._core.reply import MAX_POLL_SECONDS, Reply
from settled._core.wait import GRACE_SECONDS, Poll, Wait
from settled.cortex_xsiam import BYOS_IMPORT
from settled_clients.cortex_xsiam import AuthenticatedClient

REQUEST = httpx.Request("POST", "https://nowhere.invalid")
# Moments are added up in another order than the machine does.
EPSILON = 1e-6
STEPS = 10_000


def reply(word: str) -> Reply:
    """What a poll brings that finds a job with this status."""
    raw = {"job_status": word}
    return Reply(BYOS_IMPORT.reading(raw), raw, json.dumps(raw).encode(), REQUEST)


@attrs.define(eq=False)
class Modelled:
    """A wait, and what is known of it without looking into it."""

    wait: Wait[Any]
    start: float
    timeout: float
    unknown: str
    patience: float
    tally: Counter[str] = attrs.field(factory=Counter[str])
    word: str | None = None
    polls: int = 0
    failures: int = 0
    failing_since: float | None = None
    asked: float = -math.inf
    answered_at: float = -math.inf
    answer_by: float | None = None

    @property
    def deadline(self) -> float:
        """When it is to end."""
        return self.start + self.timeout

    @property
    def is_polling(self) -> bool:
        """Whether a poll is under way."""
        return self.answer_by is not None


class Waiting(RuleBasedStateMachine):
    """Several waits of one client, whose driver asks each when it is due, and no earlier than that."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.waits: list[Modelled] = []
        self.begun = 0
        self.polled = -math.inf
        self.slowest = 0.0
        self.client = AuthenticatedClient("https://nowhere.invalid")

    @initialize(max_rate=st.none() | st.sampled_from([0.1, 0.5, 1, 10, 100]))
    def connect(self, max_rate: float | None) -> None:
        """Make the client that all waits share."""
        self.client = AuthenticatedClient(
            "https://nowhere.invalid", extensions={RateLimiter.KEY: RateLimiter(max_rate)}
        )

    @property
    def limiter(self) -> RateLimiter:
        """The client's rate limiter."""
        return rate_limiter_of(self.client)

    @precondition(lambda self: len(self.waits) < 6)
    @rule(
        timeout=st.sampled_from([0, 0.05, 1, 5, 30]) | st.floats(0, 100) | st.just(math.inf),
        first=st.sampled_from([0.01, 0.5, 3, 40]),
        unknown=st.sampled_from(["wait", "raise"]),
        patience=st.sampled_from([0, 0.4, 3, 20, 1800]),
    )
    def begin(self, timeout: float, first: float, unknown: Any, patience: float) -> None:
        """Begin to wait for one more job."""
        schedule = Schedule(first=first, factor=1.5, cap=60, jitter=0.1)
        terms: WaitConfig[Any] = WaitConfig(
            start=self.now, timeout=timeout, schedule=schedule, unknown=unknown, patience=patience
        )
        self.begun += 1
        job = Job(BYOS_IMPORT, self.client, str(self.begun))
        self.waits.append(Modelled(Wait(job, terms), self.now, timeout, unknown, patience))
        self.ask_all()

    @rule(seconds=st.sampled_from([0.001, 0.04, 0.1, 1, 10]) | st.floats(0, 200))
    def pass_time(self, seconds: float) -> None:
        """Let time pass, but not beyond the moment when something is due."""
        self.now = min(self.now + seconds, self.next_event())
        self.ask_all()

    @precondition(lambda self: self.next_event() < math.inf)
    @rule()
    def sleep(self) -> None:
        """Let time pass until something is due."""
        self.now = max(self.now, self.next_event())
        self.ask_all()

    @precondition(lambda self: any(each.is_polling for each in self.waits))
    @rule(
        which=st.integers(0, 5),
        what=st.sampled_from(["PROCESSING", "INITIATED", "COMPLETED", "ODD", "later", "limited", "broken", "refused"]),
        retry_after=st.none() | st.floats(0, 1e6),
    )
    def answer(self, which: int, what: str, retry_after: float | None) -> None:
        """Answer one of the polls that are under way."""
        polling = [each for each in self.waits if each.is_polling]
        assume(which < len(polling))
        self.take(polling[which], what, retry_after)
        self.ask_all()

    @invariant()
    def counts_are_exact(self) -> None:
        """Each wait knows how often it polled, and what it saw."""
        for each in self.waits:
            assert each.wait.polls == each.polls
            assert each.wait.seen == dict(each.tally)
            last = each.wait.last
            assert (None if last is None else last.status) == each.word
            assert last is None or each.is_polling or last.polls == each.polls - each.failures

    def teardown(self) -> None:
        """Whatever has happened: each wait ends by its deadline, or as soon as its job has."""
        for _ in range(STEPS):
            if not self.waits:
                return
            if polling := [each for each in self.waits if each.is_polling]:
                self.take(polling[0], "PROCESSING" if polling[0].timeout < math.inf else "COMPLETED", None)
            else:
                self.now = max(self.now, self.next_event())
            self.ask_all()
        raise AssertionError(f"after {STEPS} steps these still wait: {self.waits}")

    def next_event(self) -> float:
        """The next moment when the driver has to do something."""
        return min(
            (each.wait.due if each.answer_by is None else each.answer_by for each in self.waits), default=math.inf
        )

    def ask_all(self) -> None:
        """Ask each wait that is due, and give up each poll that has had its time."""
        for each in list(self.waits):
            if each.answer_by is not None and self.now >= each.answer_by:
                self.take(each, "late", None)
            if each in self.waits and not each.is_polling and each.wait.due <= self.now:
                self.ask(each)

    def ask(self, each: Modelled) -> None:
        """Ask a wait what to do."""
        try:
            step = each.wait.next(self.now)
        except errors.WaitTimeout as error:
            self.check_timeout(each, error)
            return
        if isinstance(step, Poll):
            assert 0 < step.seconds <= min(MAX_POLL_SECONDS, max(each.deadline - self.now, 0.0) + GRACE_SECONDS)
            each.polls += 1
            each.asked, each.answer_by = self.now, self.now + step.seconds
            assert self.now - self.polled >= self.limiter.gap - EPSILON
            self.polled = self.now
        else:
            assert step.seconds > 0
            # A last poll may have to stand back for others; the only poll of a wait has longer for it.
            grace = GRACE_SECONDS if each.polls else 2 * GRACE_SECONDS
            assert self.now + step.seconds <= each.deadline + grace + EPSILON
            assert each.wait.due == pytest.approx(self.now + step.seconds)

    def take(self, each: Modelled, what: str, retry_after: float | None) -> None:
        """Give a wait what its poll brought."""
        self.slowest = max(self.slowest, self.now - each.asked)
        each.answer_by, each.answered_at = None, self.now
        if what.isupper():
            self.receive(each, what)
            return
        each.failures += 1
        each.failing_since = self.now if each.failing_since is None else each.failing_since
        patience = each.patience if each.word else min(each.patience, 120)
        error: errors.SettledError = errors.TransportError("broken off")
        if what in ("later", "limited", "refused"):
            code = {"later": 503, "limited": 429, "refused": 403}[what]
            error = errors.api_error_class(code)(what, status_code=code)
            error.retry_after = retry_after
        if what == "refused" or self.now - each.failing_since >= patience:
            with pytest.raises(type(error)) as raised:
                each.wait.failed(error, self.now)
            assert raised.value is error
            self.check_end(each, error)
        else:
            each.wait.failed(error, self.now)

    def receive(self, each: Modelled, word: str) -> None:
        """Give a wait a status."""
        each.failures, each.failing_since = 0, None
        each.tally[word] += 1
        each.word = word
        if word == "ODD" and each.unknown == "raise":
            with pytest.raises(errors.UnknownStatus, match="ODD") as raised:
                each.wait.received(reply(word), self.now)
            self.check_end(each, raised.value)
            return
        each.wait.received(reply(word), self.now)
        if word == "COMPLETED":
            assert each.wait.seen == dict(each.tally)
            self.waits.remove(each)

    def check_timeout(self, each: Modelled, error: errors.WaitTimeout) -> None:
        """A wait ends at its deadline, and as shortly after a poll as the rate allows."""
        spacing = max(self.limiter.spacing, self.slowest)
        grace = (3 if each.polls == 1 else 2) * GRACE_SECONDS
        assert self.now <= each.deadline + grace + EPSILON
        # A last poll at the very moment of its deadline takes the room of two.
        crowd = 2 * self.begun * spacing + self.slowest
        if each.polls:
            assert each.answered_at >= each.deadline - GRACE_SECONDS - crowd - EPSILON
        else:
            assert self.now + crowd >= each.deadline
            assert self.limiter.spacing
        with pytest.raises(errors.WaitTimeout):
            each.wait.next(self.now)
        self.check_end(each, error)

    def check_end(self, each: Modelled, error: errors.SettledError) -> None:
        """An error that ends a wait brings along what was learnt."""
        assert error.ref == each.wait.job.ref
        assert error.seen == dict(each.tally)
        assert (None if error.last is None else error.last.status) == each.word
        self.waits.remove(each)


Waiting.TestCase.settings = settings(max_examples=min(settings().max_examples // 2, 5000), stateful_step_count=40)
TestWaiting = Waiting.TestCase
