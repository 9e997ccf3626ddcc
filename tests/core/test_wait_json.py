"""A wait as JSON: whoever goes on with it, wherever and whenever, does what would have been done otherwise."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_wait_machine import RUNNING, SETTLED, client

import settled
from settled import Job, Learned, Outcome, Schedule, Snapshot, errors, machine
from settled._core.options import WaitConfig
from settled._core.rate_limit import RateLimiter, rate_limiter_of
from settled._core.reply import MAX_POLL_SECONDS, Reply
from settled._run import clock as _clock
from settled.cortex_xsiam import BYOS_IMPORT
from settled.machine import Poll, Sleep, Wait
from settled.simulator import Simulator, server_error
from settled.testing import VirtualClock
from settled_clients.cortex_xsiam import AuthenticatedClient

from conftest import KIND, Jobs

# The moment of 1970's clock at which this module's waits are at moment 0 of their own.
EPOCH = 1_800_000_000.0

Advance = Callable[[Wait[Any]], Snapshot[Any] | Sleep]


def begun(timeout: float | None = 100, *, job: Job[Any] | None = None, **options: Any) -> Wait[Any]:
    """A wait that begins at moment 0 and polls every 10 s."""
    terms: dict[str, Any] = {"start": 0, "timeout": timeout, "schedule": Schedule(first=10, factor=1, cap=10, jitter=0)}
    return Wait(job or Job(BYOS_IMPORT, client(), "7"), WaitConfig(**{**terms, **options}))


def saved_and_resumed(wait: Wait[Any], now: float, later: float, *, ahead: float = 0, **options: Any) -> Wait[Any]:
    """The wait as another process has it, whose clock began 5000 s before; the first one's began `ahead` s before."""
    state = json.loads(json.dumps(wait.to_json(now + ahead, EPOCH + now), allow_nan=False))
    wait.close()
    return Wait.from_json(state, wait.job, later + 5000, EPOCH + later, **options)


def test_is_small() -> None:
    """The value has the job's ref, moments since 1970, counts and the schedule, and nothing of the answers."""
    wait = begun(patience=60)
    wait.next(0)
    wait.received(RUNNING, 1)
    assert wait.to_json(1, EPOCH) == {
        "version": 2,
        "ref": "cortex_xsiam.byos_import/7",
        "kept": EPOCH,
        "started": EPOCH - 1,
        "deadline": EPOCH + 99,
        "next": EPOCH + 10,
        "read": EPOCH,
        "polls": 1,
        "failures": 0,
        "failing_since": None,
        "not_found_since": None,
        "status": "PROCESSING",
        "seen": [["PROCESSING", 1]],
        "schedule": {"Schedule": {"first": 10, "factor": 1, "cap": 10, "jitter": 0}},
        "polls_before": 0,
        "unknown": "wait",
        "patience": 60,
    }


@given(
    timeout=st.floats(1, 1000) | st.none(),
    answers=st.lists(st.tuples(st.sampled_from([RUNNING, "failing"]), st.floats(0, 5)), max_size=15),
)
def test_goes_on_as_if_never_saved(timeout: float | None, answers: list[tuple[Reply | str, float]]) -> None:
    """A wait that is saved and resumed after every step polls when one that is not does, with the same figures."""
    schedule = Schedule(first=1, factor=1.5, cap=60, jitter=0)
    stays, moves = begun(timeout, schedule=schedule), begun(timeout, schedule=schedule)
    now = ahead = 0.0
    for answer, seconds in answers:
        try:
            now += _until_poll(stays, now)
        except errors.WaitTimeout:
            return
        moves, ahead = saved_and_resumed(moves, now - 0.5, now, ahead=ahead), 5000
        if (left := _until_poll(moves, now + 5000)) >= 1e-5:
            # Resumed at the very moment of its last poll, it makes that a little later.
            assert timeout is not None
            assert now + left <= timeout + 1e-5
            return
        now += seconds
        for wait, moment in ((stays, now), (moves, now + 5000)):
            _answer(wait, answer, moment)
        assert (moves.polls, moves.seen, moves.status) == (stays.polls, stays.seen, stays.status)
        if answer == "failing":  # How long to back off is left to chance.
            return
        assert moves.due - 5000 == pytest.approx(stays.due, abs=1e-5)


def _until_poll(wait: Wait[Any], now: float) -> float:
    slept = 0.0
    while isinstance(step := wait.next(now + slept), Sleep):
        slept += step.seconds
    return slept


def _answer(wait: Wait[Any], answer: Reply | str, now: float) -> None:
    if isinstance(answer, Reply):
        wait.received(answer, now)
    else:
        wait.failed(errors.TransportError(answer), now)


def test_keeps_its_deadline() -> None:
    """However long nobody had the wait, its last poll is at its own deadline, and its error tells of all polls."""
    wait = begun(timeout=25)
    wait.next(0)
    wait.received(RUNNING, 0)
    resumed = saved_and_resumed(wait, 1, 22)
    resumed.next(5022)
    resumed.received(RUNNING, 5022)
    assert resumed.next(5022) == pytest.approx(Sleep(3))
    assert isinstance(resumed.next(5025), Poll)
    resumed.received(RUNNING, 5025)
    with pytest.raises(errors.WaitTimeout, match=r"still PROCESSING after 25 s \(3 polls\)"):
        resumed.next(5025)


def test_keeps_short_deadlines() -> None:
    """A wait of less than a second is as short afterwards, and one is not late at the very moment of its deadline."""
    wait = saved_and_resumed(begun(0.5), 0, 0.5)
    assert (wait.config.timeout, wait.config.is_late) == (0.5, False)


def test_waits_for_its_turn() -> None:
    """A wait that is handed on before its next poll is due sleeps until then."""
    wait = begun()
    wait.next(0)
    wait.received(RUNNING, 0)
    resumed = saved_and_resumed(wait, 1, 4)
    assert resumed.due == pytest.approx(5010)
    assert resumed.next(5004) == pytest.approx(Sleep(6))


def test_late_waits_make_one_poll_each() -> None:
    """Waits whose deadline passed while nobody had them ask once more, with time enough, and in turn."""
    shared = client(max_rate=2)
    gap = rate_limiter_of(shared).spacing
    waits = [begun(timeout=25, job=Job(BYOS_IMPORT, shared, str(number))) for number in range(3)]
    for number, wait in enumerate(waits):
        wait.next(number * gap)
        wait.received(RUNNING, number * gap)
    late = [saved_and_resumed(wait, 2, 500) for wait in waits]
    steps = [wait.next(5500) for wait in late]
    assert steps[0] == Poll(MAX_POLL_SECONDS)
    second, third = steps[1].seconds, steps[2].seconds
    assert gap <= second <= 2 * gap
    assert third == pytest.approx(second + gap)
    late[0].received(SETTLED, 5501)
    assert late[0].status == "COMPLETED"
    assert late[1].next(5500 + second) == Poll(MAX_POLL_SECONDS)
    late[1].received(RUNNING, 5500 + second)
    with pytest.raises(errors.WaitTimeout):
        late[1].next(5500 + second)


def test_late_waits_poll_at_once() -> None:
    """A wait that goes on after its deadline does not sleep until the poll that a slow schedule had wanted."""
    wait = begun(timeout=100, schedule=Schedule(first=3600, factor=1, cap=3600, jitter=0))
    wait.next(0)
    wait.received(RUNNING, 1)
    assert saved_and_resumed(wait, 1, 500).next(5500) == Poll(MAX_POLL_SECONDS)


def test_late_waits_obey_a_pause() -> None:
    """What comes after its deadline anyway need not be asked for while the vendor wants none of it."""
    wait = begun(timeout=25)
    late = saved_and_resumed(wait, 0, 500)
    rate_limiter_of(late.job.client).pause(5500, 30)
    assert late.next(5500) == Sleep(30)


def test_patience_goes_on() -> None:
    """Failures end the wait when they have lasted for its patience, whoever saw them."""
    wait = begun(patience=40)
    wait.next(0)
    wait.failed(errors.ServerError("down", status_code=500), 0)
    resumed = saved_and_resumed(wait, 0, 50)
    resumed.next(5050)
    with pytest.raises(errors.ServerError):
        resumed.failed(errors.ServerError("still down", status_code=500), 5050)


def test_what_was_seen_stays_seen() -> None:
    """A job that was there, and now is not, has the grace that its kind has once more, and no more than that."""
    kind = attrs.evolve(BYOS_IMPORT, not_found_grace=20.0)
    wait = begun(job=Job(kind, client(), "7"))
    wait.next(0)
    wait.received(RUNNING, 0)
    resumed = saved_and_resumed(wait, 0, 10)
    resumed.next(5010)
    resumed.failed(errors.NotFound("gone", status_code=404), 5010)
    again = Wait.from_json(resumed.to_json(5010, EPOCH + 10), resumed.job, 5010, EPOCH + 10)
    again.next(5020)
    again.failed(errors.NotFound("still gone", status_code=404), 5020)
    again.next(5030)
    with pytest.raises(errors.NotFound) as raised:
        again.failed(errors.NotFound("gone", status_code=404), 5030)
    assert raised.value.seen == {"PROCESSING": 1}


def test_books_its_last_poll() -> None:
    """Waits that are handed on share the rate at a common deadline, and give back what they booked when closed."""
    shared = client(max_rate=1)
    gap = rate_limiter_of(shared).spacing
    states = []
    for number in range(3):
        wait = begun(timeout=25, schedule=Schedule(first=60, factor=1), job=Job(BYOS_IMPORT, shared, str(number)))
        wait.next(number * gap)
        wait.received(RUNNING, number * gap)
        states.append(wait.to_json(3, EPOCH + 3))
        wait.close()

    def dues() -> list[float]:
        waits = [Wait.from_json(state, Job(BYOS_IMPORT, shared, state["ref"][-1]), 10, EPOCH + 10) for state in states]
        moments = [wait.due for wait in waits]
        for wait in waits:
            wait.close()
        return moments

    first, second, third = dues()
    assert first == 25
    assert 25 - 2 * gap <= second <= 25 - gap
    assert third == pytest.approx(second - gap)
    assert dues() == [first, second, third]


def test_learns_from_the_whole_wait() -> None:
    """A learning schedule is told how long the job took since the wait began, and not since it was handed on."""
    learnt: list[tuple[float, float]] = []

    class Telling(Learned):
        def learn(self, after: float, before: float) -> None:
            learnt.append((after, before))

    wait = begun(schedule=Telling(delay=1))
    wait.next(0)
    wait.received(RUNNING, 4)
    resumed = saved_and_resumed(wait, 4, 50, schedule=Telling(delay=1))
    resumed.next(5050)
    resumed.received(SETTLED, 5051)
    assert learnt == [pytest.approx((4, 51))]


@pytest.mark.parametrize("schedule", [None, Schedule(first=2), Learned.from_durations(range(1, 9), delay=5, jitter=0)])
def test_schedules_come_along(schedule: Any) -> None:
    """A `Schedule` and a `Learned` are in the value, and None stands for the default."""
    wait = begun(schedule=schedule)
    resumed = saved_and_resumed(wait, 0, 1).config.schedule
    if isinstance(schedule, Learned):
        assert isinstance(resumed, Learned)
        assert resumed.to_json() == schedule.to_json()
    else:
        assert resumed == schedule


def test_functions_are_given_anew() -> None:
    """A schedule that is a function cannot be in the value: without it the wait does not go on."""
    wait = begun(schedule=lambda _polls, _elapsed: 3.0)
    with pytest.raises(ValueError, match="schedule="):
        saved_and_resumed(wait, 0, 1)
    resumed = saved_and_resumed(wait, 0, 1, schedule=lambda _polls, _elapsed: 4.0)
    resumed.next(5001)
    resumed.received(RUNNING, 5001)
    assert resumed.next(5001) == Sleep(4)


def test_wrong_states() -> None:
    """Another version's value, or another job's, is a ValueError that says so."""
    wait = begun()
    state = wait.to_json()
    with pytest.raises(ValueError, match="version 3"):
        Wait.from_json({**state, "version": 3}, wait.job)
    with pytest.raises(ValueError, match=r"a wait for another job, and not for cortex_xsiam\.byos_import/7"):
        Wait.from_json({**state, "ref": "cortex_xsiam.byos_import/8"}, wait.job)


@pytest.mark.parametrize("name", ["status", "seen", "schedule", "kept"])
def test_states_that_are_nested_too_deeply(name: str) -> None:
    """What Python cannot even write out is a ValueError, too."""
    junk: Any = []
    for _ in range(50_000):
        junk = [junk]
    with pytest.raises(ValueError, match="not what to_json returned"):
        Wait.from_json(begun().to_json() | {name: [[junk, 1]] if name == "seen" else junk}, begun().job)


@pytest.mark.parametrize("state", [None, [], "state", 7])
def test_no_state_at_all(state: Any) -> None:
    """What is no mapping is a ValueError that tells what it is."""
    with pytest.raises(ValueError, match=f"not what to_json returned: a {type(state).__qualname__}$"):
        Wait.from_json(state, begun().job)


@pytest.mark.parametrize("started", [10**400, math.nan, math.inf])
def test_began_at_no_moment(started: float) -> None:
    """A wait begins at a moment, or not at all."""
    with pytest.raises(ValueError, match="started"):
        machine.begin(begun().job, timeout=1, started=started)


JUNK: list[Any] = [
    None,
    True,
    -1,
    1.5,
    math.nan,
    math.inf,
    10**400,
    "",
    "text",
    [],
    [[]],
    [["a"]],
    [[1, 2, 3]],
    {},
    {"a": 1},
]


@pytest.mark.parametrize("name", [name for name in begun().to_json() if name not in ("version", "ref")])
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_malformed_states(name: str, junk: Any) -> None:
    """A value that `to_json` would not have told is a ValueError, or harmless."""
    wait = begun()
    state = {**wait.to_json(0, EPOCH), name: junk}
    try:
        resumed = Wait.from_json(state, wait.job, 0, EPOCH)
    except ValueError:
        pass
    else:
        assert isinstance(resumed.next(0), Poll | Sleep)
        json.dumps(resumed.to_json(0, EPOCH), allow_nan=False)
    with pytest.raises(ValueError, match="not what to_json returned"):
        Wait.from_json({key: value for key, value in state.items() if key != name}, wait.job, 0, EPOCH)


@pytest.mark.parametrize(
    ("name", "junk", "message"), [("read", True, "not a moment: True"), ("polls", -1, "not a count: -1")]
)
def test_malformed_states_are_told_apart(name: str, junk: Any, message: str) -> None:
    """The error says what is no moment, and what is no count."""
    wait = begun()
    with pytest.raises(ValueError, match=message):
        Wait.from_json({**wait.to_json(0, EPOCH), name: junk}, wait.job, 0, EPOCH)


def _advance_in_a_loop(wait: Wait[Any]) -> Snapshot[Any] | Sleep:
    async def main() -> Snapshot[Any] | Sleep:
        try:
            return await machine.advance_async(wait)
        finally:
            await wait.job.client.get_async_httpx_client().aclose()

    return asyncio.run(main())


@pytest.fixture(params=[machine.advance, _advance_in_a_loop], ids=["sync", "async"])
def advance(request: pytest.FixtureRequest) -> Advance:
    """Both ways to advance, one after the other."""
    function: Advance = request.param
    return function


@pytest.fixture
def connect(sim: Simulator) -> Callable[[], AuthenticatedClient]:
    """Makes a client, as each process has one of its own."""
    return lambda: settled.cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key, max_rate=None)


def test_every_step_in_another_process(
    sim: Simulator, clock: VirtualClock, connect: Callable[[], AuthenticatedClient], advance: Advance
) -> None:
    """A job is waited for to its end by many who have nothing in common but the value, and their polls add up."""
    job_id = sim.add(KIND, states=[("INITIATED", 5), ("PROCESSING", 20), server_error(), "COMPLETED"])
    seen: list[str | None] = []
    with connect() as first:
        state = machine.begin(settled.cortex_xsiam.byos_import(first, job_id), timeout=100).to_json()
    while True:
        with connect() as here:
            job = settled.from_ref(state["ref"], here)
            with Wait.from_json(
                json.loads(json.dumps(state)), job, on_poll=lambda snap: seen.append(snap.status)
            ) as wait:
                step = advance(wait)
                state = wait.to_json()
        if isinstance(step, Snapshot):
            break
        clock.sleep(step.seconds)
    assert step.outcome is Outcome.SUCCEEDED
    assert step.polls == len(seen) + 1 == sim.polls(job_id)
    assert seen[-1] == "COMPLETED"
    assert step.elapsed == pytest.approx(sim.asked[-1].moment - sim.asked[0].moment)


VERSION_1 = {
    "version": 1,
    "ref": "cortex_xsiam.byos_import/7",
    "started": EPOCH - 1,
    "deadline": EPOCH + 99,
    "next": EPOCH + 10,
    "read": EPOCH,
    "polls": 3,
    "failures": 2,
    "seen": [["INITIATED", 1], ["QUEUED", 1], ["PROCESSING", 1]],
    "schedule": None,
    "polls_before": 0,
    "unknown": "raise",
    "max_failures": 3,
}


def test_version_1_goes_on() -> None:
    """What the first version has kept goes on, with the patience of seconds instead of failures."""
    resumed = Wait.from_json(VERSION_1, Job(BYOS_IMPORT, client(), "7"), 5005, EPOCH + 5)
    assert (resumed.polls, resumed.status, resumed.seen) == (
        3,
        "PROCESSING",
        {"INITIATED": 1, "QUEUED": 1, "PROCESSING": 1},
    )
    assert resumed.to_json(5005, EPOCH + 5)["failing_since"] == EPOCH + 5
    assert (resumed.config.patience, resumed.config.unknown) == (1800, "raise")
    assert resumed.next(5005) == pytest.approx(Sleep(5))
    assert isinstance(resumed.next(5010), Poll)
    resumed.failed(errors.ServerError("down", status_code=500), 5010)
    chosen = Wait.from_json(VERSION_1, resumed.job, 5005, EPOCH + 5, patience=60)
    assert chosen.config.patience == 60


def test_version_1_before_any_status() -> None:
    """What the first version has kept before it read a status, or a failure, has neither."""
    state = {**VERSION_1, "seen": [], "failures": 0}
    resumed = Wait.from_json(state, Job(BYOS_IMPORT, client(), "7"), 5005, EPOCH + 5)
    kept = resumed.to_json(5005, EPOCH + 5)
    assert (kept["status"], kept["failures"], kept["failing_since"]) == (None, 0, None)


def test_failures_add_up() -> None:
    """Failures that others have seen count, and so does the time of day when the wait began."""
    wait = begun(patience=math.inf, started_at=EPOCH)
    for moment in (0, 10):
        wait.next(moment)
        wait.failed(errors.ServerError("down", status_code=500), moment)
    resumed = saved_and_resumed(wait, 10, 40)
    assert resumed.config.patience == math.inf
    kept = resumed.to_json(5040, EPOCH + 40)
    assert (kept["failures"], kept["failing_since"], kept["patience"]) == (2, EPOCH, None)
    resumed.next(5040)
    resumed.received(RUNNING, 5041)
    last = resumed.last
    assert last is not None
    assert last.polled_at is not None
    assert last.polled_at.timestamp() == pytest.approx(EPOCH + 41)


def test_options_of_a_resumed_wait() -> None:
    """An option that there is not is refused by the name of the function that was called."""
    wait = begun()
    options: dict[str, Any] = {"intervall": 3}
    with pytest.raises(TypeError, match=r"from_json has no option 'intervall'"):
        Wait.from_json(wait.to_json(0, EPOCH), wait.job, 0, EPOCH, **options)


@pytest.mark.parametrize("back", [3600.0, 365 * 86400.0])
@pytest.mark.parametrize("version", [1, 2])
def test_clock_set_back(back: float, version: int) -> None:
    """A wait that was kept in what is now the future polls now, and has as much time left as it had."""
    wait = begun(timeout=900, schedule=Schedule(first=30, factor=1))
    wait.next(0)
    wait.received(RUNNING, 1)
    state = wait.to_json(1, EPOCH)
    if version == 1:
        state = {**VERSION_1, "deadline": state["deadline"], "next": state["next"]}
    resumed = Wait.from_json(state, wait.job, 50, EPOCH - back)
    assert isinstance(resumed.next(50), Poll)
    assert resumed.config.deadline == pytest.approx(50 + 899, abs=2)
    assert resumed.config.start <= 50


def test_moments_later_than_plausible() -> None:
    """A wait sleeps no longer than it was to sleep when it was kept, and did not begin in the future."""
    wait = begun(timeout=None)
    wait.next(0)
    wait.received(RUNNING, 1)
    state = wait.to_json(1, EPOCH)
    resumed = Wait.from_json({**state, "started": EPOCH + 1e6}, wait.job, 50, EPOCH - 0.5)
    assert resumed.config.start == 50
    assert resumed.next(50) == pytest.approx(Sleep(10))
    # Clocks differ by a second at most: one that is behind by so much was not set back.
    behind = Wait.from_json({**state, "kept": EPOCH + 1}, wait.job, 50, EPOCH)
    assert isinstance(behind.next(50), Sleep)
    overdue = Wait.from_json({**state, "kept": EPOCH + 0.9, "next": EPOCH + 0.8}, wait.job, 50, EPOCH)
    assert isinstance(overdue.next(50), Poll)


def test_steps_of_many_share_the_rate(sim: Simulator, clock: VirtualClock) -> None:
    """Very many waits in steps all come to their end, though none keeps its place in the queue between two steps."""
    with settled.cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key, max_rate=2) as shared:
        ids = [sim.add(KIND, states=[("PROCESSING", 30), "COMPLETED"]) for _ in range(60)]
        jobs = [settled.cortex_xsiam.byos_import(shared, job_id) for job_id in ids]
        rate_limiter_of(shared).pause(clock.now(), 100)
        queue = [(clock.now(), machine.begin(job, timeout=None).to_json(), job) for job in jobs]
        for _ in range(1000):
            if not queue:
                break
            moment, state, job = queue.pop(queue.index(min(queue, key=lambda item: item[0])))
            clock.sleep(max(moment - clock.now(), 0) + 0.05)  # whoever runs the steps is late
            with Wait.from_json(state, job) as wait:
                step = machine.advance(wait)
                state = wait.to_json()
            if isinstance(step, Sleep):
                queue.append((clock.now() + step.seconds, state, job))
    assert not queue
    moments = [asked.moment for asked in sim.asked]
    assert all(later - earlier > 0.5 for earlier, later in itertools.pairwise(moments))


def test_advance_raises_what_wait_raises(jobs: Jobs, clock: VirtualClock, advance: Advance) -> None:
    """The deadline ends a wait in steps, too, and the error has all that was learnt."""
    wait = machine.begin(jobs("PROCESSING"), timeout=5)

    def to_its_end() -> None:
        while isinstance(step := advance(wait), Sleep):
            clock.sleep(step.seconds)

    with pytest.raises(errors.WaitTimeout) as raised:
        to_its_end()
    assert raised.value.seen == {"PROCESSING": wait.polls}
    assert raised.value.ref == wait.job.ref


@pytest.mark.parametrize(("ago", "polls_at_once"), [(-50, True), (30, True), (500, True)])
def test_begin_in_the_past(jobs: Jobs, clock: VirtualClock, ago: float, polls_at_once: bool) -> None:
    """A wait can begin before it is begun here; the deadline counts from then, and one that is past allows a poll."""
    started = _clock.clock.time_of_day() - ago
    wait = machine.begin(jobs("PROCESSING"), timeout=100, started=started)
    assert wait.config.deadline == pytest.approx(clock.now() + 100 - max(ago, 0))
    assert isinstance(wait.next(clock.now()), Poll) is polls_at_once


def test_rate_is_the_clients() -> None:
    """Whoever goes on with a wait goes by the rate of the client that the job is reached through there."""
    wait = begun()
    other = AuthenticatedClient("https://elsewhere.invalid", extensions={RateLimiter.KEY: RateLimiter(1)})
    resumed = [Wait.from_json(wait.to_json(), Job(BYOS_IMPORT, other, "7")) for _ in range(2)]
    now = _clock.clock.now()
    assert isinstance(resumed[0].next(now), Poll)
    step = resumed[1].next(now)
    assert isinstance(step, Sleep)
    assert step.seconds >= rate_limiter_of(other).spacing
