"""The test kit that others get: virtual time, the simulator's fixture, and replies for Hypothesis."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import itertools
import json
import math
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import settled
from settled import Job, JobKind, Outcome, Schedule, agilesec, aio, cortex_xdr, cortex_xsiam, errors, osapi, testing
from settled._core.inbox import Inbox
from settled._core.snapshot import Refused
from settled._run import clock as _clock
from settled.simulator import Simulator, bad_gateway, rate_limited, slow
from settled.simulator._server import Server
from settled.testing import VirtualClock, strategies, virtual_time
from settled.testing._activity import PATIENCE_SECONDS

from _shown import shown
from conftest import KIND

pytest_plugins = ["pytester"]

KINDS: list[JobKind[Any]] = [kind for vendor in (agilesec, cortex_xdr, cortex_xsiam, osapi) for kind in vendor.KINDS]
EVERY_MINUTE = Schedule(first=60, factor=1, cap=60, jitter=0)
HOUR = 3600.0
# Seconds that jobs take, and the round minutes at which polls find them settled.
LONG, MIDDLING, SHORT = 3590, 1000, 10
FOUND = {LONG: 3600, MIDDLING: 1020, SHORT: 60}


def connect(sim: Simulator) -> Any:
    """A client of its own, without a rate limit."""
    return cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key, max_rate=None)


def job_of(sim: Simulator, client: Any, *states: Any) -> Job[Any]:
    """A job that follows a script."""
    return cortex_xsiam.byos_import(client, sim.add(KIND, states=states))


def imports(sim: Simulator, client: Any) -> dict[Job[Any], int]:
    """Jobs that take long, not so long, and hardly any time, each with the seconds after which it is found settled."""
    return {job_of(sim, client, ("PROCESSING", took), "COMPLETED"): FOUND[took] for took in FOUND}


@pytest.mark.slow
def test_a_consumers_tests(pytester: pytest.Pytester) -> None:
    """The test module that the page shows runs in a process that knows nothing but what is installed."""
    pytester.makepyfile(test_consumer=shown("tests/testing/test_testing_kit.py"))
    result = pytester.runpytest_subprocess("-q", "-W", "error", "--strict-markers", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)


def test_the_plugin_is_cheap() -> None:
    """What pytest loads in every run brings in nothing that only a fixture needs."""
    loading = "import sys, pytest; old = {*sys.modules}; import settled.testing.plugin; print(*{*sys.modules} - old)"
    run = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=True)  # noqa: S603
    assert set(run.stdout.split()) == {"settled", "settled._version", "settled.testing", "settled.testing.plugin"}


def test_names_are_pinned() -> None:
    """The kit's public names are there, and documented."""
    assert testing.__all__ == dir(testing) == ["VirtualClock", "strategies", "virtual_time"]
    assert strategies.__all__ == ["json_values", "replies", "statuses"]
    for module in (testing, strategies):
        assert all(getattr(module, name).__doc__ for name in module.__all__)
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = testing.nothing_of_this_name


def test_strategies_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Hypothesis the strategies' import names the extra."""
    monkeypatch.delitem(sys.modules, "settled.testing.strategies")
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'settled\[testing\]'"):
        importlib.import_module("settled.testing.strategies")


def test_no_real_sleep(
    settled_simulator: Simulator, settled_clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour passes without a real sleep, and the sleeps are on record."""

    def refuse(seconds: float) -> None:
        raise AssertionError(f"slept {seconds} s")

    monkeypatch.setattr(time, "sleep", refuse)
    with connect(settled_simulator) as client:
        end = settled.wait(
            job_of(settled_simulator, client, ("PROCESSING", LONG), "COMPLETED"), timeout=None, schedule=EVERY_MINUTE
        )
    assert (end.outcome, end.elapsed, end.polls) == (Outcome.SUCCEEDED, HOUR, 61)
    assert settled_clock.slept == [60] * 60
    assert "3600 s gone by" in repr(settled_clock)


def test_the_day_goes_on(settled_clock: VirtualClock) -> None:
    """The time of day passes with virtual time."""
    before = settled_clock.time_of_day()
    settled_clock.advance(86_400)
    assert settled_clock.time_of_day() - before == 86_400


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan])
def test_time_that_cannot_pass(settled_clock: VirtualClock, seconds: float) -> None:
    """Time does not advance backwards, for ever or by no number."""
    with pytest.raises(ValueError, match="advance"):
        settled_clock.advance(seconds)


def test_waits_in_threads(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Waits in several threads take their turns: each ends when it would, and those that take less end first."""
    ended: list[tuple[int, float]] = []
    begin = threading.Barrier(3)

    def wait(job: Job[Any], found: int) -> float:
        begin.wait()
        elapsed = settled.wait(job, timeout=None, schedule=EVERY_MINUTE).elapsed
        ended.append((found, elapsed))
        return elapsed

    with connect(settled_simulator) as client, ThreadPoolExecutor(3) as pool:
        expected = imports(settled_simulator, client)
        assert list(pool.map(wait, expected, expected.values())) == list(expected.values())
    assert ended == sorted(ended)
    assert {asked.moment % 60 for asked in settled_simulator.asked} == {settled_simulator.asked[0].moment % 60}


def test_two_threads_that_wait(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """A thread that has only just begun is waited for, so that none waits for an hour before the other begins."""
    with connect(settled_simulator) as client:
        first, second, _ = imports(settled_simulator, client)
        ends: dict[Job[Any], Any] = {}

        def wait(job: Job[Any]) -> None:
            ends[job] = settled.wait(job, timeout=None, schedule=EVERY_MINUTE)

        threads = [threading.Thread(target=wait, args=[job]) for job in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [*ends] == [second, first]
    assert [end.elapsed for end in ends.values()] == [FOUND[MIDDLING], FOUND[LONG]]


def test_many_waits_in_a_loop(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """However many tasks wait at once, time passes only while all of them sleep."""

    async def main() -> None:
        ended: list[float] = []
        async with connect(settled_simulator) as client:

            async def wait(seconds: int) -> None:
                job = job_of(settled_simulator, client, ("PROCESSING", seconds), "COMPLETED")
                schedule = Schedule(first=seconds + 0.5, factor=1, cap=HOUR, jitter=0)
                end = await aio.wait(job, timeout=None, schedule=schedule)
                assert (end.elapsed, end.polls) == (seconds + 0.5, 2)
                ended.append(end.elapsed)

            async with asyncio.TaskGroup() as tasks:
                for number in range(200):
                    tasks.create_task(wait(number * 37 % 200 + 1))
        assert ended == sorted(ended)
        assert len(ended) == 200

    asyncio.run(main())


def test_waits_one_after_the_other(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Whoever waits for the end of another wait goes on at that moment, in whatever way it was told of it."""

    async def main() -> None:
        async with connect(settled_simulator) as client:

            def job(seconds: int) -> Job[Any]:
                return job_of(settled_simulator, client, ("PROCESSING", seconds), "COMPLETED")

            began, moments = settled_clock.now(), list[float]()
            queue: asyncio.Queue[Any] = asyncio.Queue()

            async def wait(seconds: int) -> Any:
                end = await aio.wait(job(seconds), timeout=None, schedule=EVERY_MINUTE)
                await queue.put(end)
                return end

            other = asyncio.create_task(aio.wait(job(LONG), timeout=None, schedule=EVERY_MINUTE))
            await asyncio.gather(wait(SHORT), wait(MIDDLING))
            moments.append(settled_clock.now() - began)
            await asyncio.wait_for(asyncio.shield(asyncio.gather(wait(SHORT), asyncio.gather(wait(SHORT)))), 60)
            moments.append(settled_clock.now() - began)
            while not queue.empty():
                await queue.get()
            assert (await other).elapsed == FOUND[LONG]
            assert moments == [1020, 1080]

    asyncio.run(main())


def test_as_settled(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """The threads of an `as_settled` poll on time, and jobs come out when they would."""
    with connect(settled_simulator) as client:
        expected = imports(settled_simulator, client)
        began = settled_clock.now()
        with settled.as_settled(expected, timeout=None, schedule=EVERY_MINUTE) as ends:
            came_out = [(end.job, settled_clock.now() - began, end.elapsed) for end in ends]
    assert came_out == [(job, found, found) for job, found in reversed(expected.items())]


def test_as_settled_in_a_loop(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """So do its tasks."""

    async def main() -> None:
        async with connect(settled_simulator) as client:
            expected = imports(settled_simulator, client)
            began = settled_clock.now()
            async with aio.as_settled(expected, timeout=None, schedule=EVERY_MINUTE) as ends:
                came_out = [(end.job, settled_clock.now() - began, end.elapsed) async for end in ends]
        assert came_out == [(job, found, found) for job, found in reversed(expected.items())]

    asyncio.run(main())


def test_several_as_settled(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Several clients, several iterations in several threads and a loop share one time."""
    elapsed: list[list[float]] = []

    def in_a_thread() -> None:
        with connect(settled_simulator) as one, connect(settled_simulator) as two:
            jobs = [*imports(settled_simulator, one), *imports(settled_simulator, two)]
            elapsed.append([end.elapsed for end in settled.as_settled(jobs, timeout=None, schedule=EVERY_MINUTE)])

    async def in_a_loop() -> None:
        async with connect(settled_simulator) as one, connect(settled_simulator) as two:
            jobs = [*imports(settled_simulator, one), *imports(settled_simulator, two)]
            ends = aio.as_settled(jobs, timeout=None, schedule=EVERY_MINUTE)
            elapsed.append([end.elapsed async for end in ends])

    threads = [threading.Thread(target=in_a_thread), threading.Thread(target=lambda: asyncio.run(in_a_loop()))]
    for thread in threads:
        thread.start()
    in_a_thread()
    for thread in threads:
        thread.join()
    assert elapsed == [[60, 60, 1020, 1020, 3600, 3600]] * 3


def test_jobs_added_on_the_way(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Whoever iterates goes on at the moment when a job comes out, so that a job added then begins to be waited for."""
    with connect(settled_simulator) as client:
        *_, short = imports(settled_simulator, client)
        job, found = next(iter(imports(settled_simulator, client).items()))
        began = settled_clock.now()
        with settled.as_settled([short, job], timeout=None, schedule=EVERY_MINUTE) as ends:
            assert next(ends).job == short
            for after in range(1, 6):
                ends.add(job_of(settled_simulator, client, ("PROCESSING", SHORT), "COMPLETED"))
                assert (next(ends).elapsed, settled_clock.now() - began) == (60, 60 + 60 * after)
            assert [(end.job, end.elapsed) for end in ends] == [(job, found)]


def test_leaving_an_as_settled(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Whoever breaks off leaves no thread behind, though some sleep."""
    before = set(threading.enumerate())
    with connect(settled_simulator) as client:
        for end in settled.as_settled(imports(settled_simulator, client), timeout=None, schedule=EVERY_MINUTE):
            assert end.elapsed == FOUND[SHORT]
            break
    assert set(threading.enumerate()) <= before


def test_faults(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Pauses and back-offs pass in virtual time; a slow answer takes real time, and none of the virtual."""
    with connect(settled_simulator) as client, connect(settled_simulator) as another:
        job = job_of(settled_simulator, client, rate_limited(90), bad_gateway(), slow(0.3), "COMPLETED")
        other = job_of(settled_simulator, another, ("PROCESSING", LONG), "COMPLETED")
        first, second = settled.as_settled([job, other], timeout=None, schedule=EVERY_MINUTE)
    assert (first.job, first.elapsed, first.polls) == (job, 150, 3)
    assert (second.job, second.elapsed) == (other, FOUND[LONG])


def test_deadlines(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """A deadline an hour away passes at once, to the second."""
    with connect(settled_simulator) as client, pytest.raises(errors.WaitTimeout) as raised:
        settled.wait(job_of(settled_simulator, client, "PROCESSING"), timeout=HOUR)
    assert raised.value.last is not None
    assert raised.value.last.elapsed == HOUR


def test_an_alarm_in_a_thread(settled_clock: VirtualClock) -> None:
    """An alarm ends a sleep at once, also one without an end, and is left cleared; no time has passed."""
    alarm, began = threading.Event(), settled_clock.now()
    for seconds in (HOUR, math.inf):
        alarm.set()
        settled_clock.sleep(seconds, alarm)
        assert not alarm.is_set()
    sleeper = threading.Thread(target=settled_clock.sleep, args=[math.inf, alarm])
    sleeper.start()
    settled_clock.sleep(60)
    assert sleeper.is_alive()
    alarm.set()
    sleeper.join()
    assert not alarm.is_set()
    assert settled_clock.now() == began + 60
    assert settled_clock.slept.count(math.inf) == 2


def test_an_alarm_in_a_task(settled_clock: VirtualClock) -> None:
    """So it is in asyncio, where another task sets the alarm."""

    async def main() -> None:
        alarm, began = asyncio.Event(), settled_clock.now()
        sleeper = asyncio.create_task(settled_clock.sleep_async(HOUR, alarm))
        await settled_clock.sleep_async(60)
        assert not sleeper.done()
        alarm.set()
        await sleeper
        assert not alarm.is_set()
        assert settled_clock.now() == began + 60

    asyncio.run(main())


def test_a_callback_wakes_a_wait(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """A callback that comes amid a sleep is acted on at that moment."""
    inbox = Inbox()

    async def main() -> None:
        async with connect(settled_simulator) as client:
            job = job_of(settled_simulator, client, ("PROCESSING", 90), "COMPLETED")
            schedule = Schedule(first=HOUR, factor=1, cap=HOUR, jitter=0)
            wait = asyncio.create_task(aio.wait(job, timeout=None, schedule=schedule, wake=inbox))
            await settled_clock.sleep_async(100)
            inbox.put(job.id, "ended")
            end = await wait
            assert (end.elapsed, end.polls, end.callback) == (100, 2, "ended")

    asyncio.run(main())


def test_advancing_gives_others_their_turns(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """While time is advanced by hand, a wait in another thread polls at its moments."""
    with connect(settled_simulator) as client, ThreadPoolExecutor(1) as pool:
        job = job_of(settled_simulator, client, ("PROCESSING", MIDDLING), "COMPLETED")
        polled = threading.Event()
        wait = pool.submit(settled.wait, job, timeout=None, schedule=EVERY_MINUTE, on_poll=lambda _: polled.set())
        assert polled.wait(10)
        settled_clock.advance(HOUR)
        assert wait.result().elapsed == FOUND[MIDDLING]
    moments = [asked.moment for asked in settled_simulator.asked]
    assert {after - before for before, after in itertools.pairwise(moments)} == {60}


def test_time_waits_for_a_slow_machine(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """No timeout comes because a thread of `as_settled` takes long, in real time, to go on with what it has read."""

    def read(raw: Any) -> Any:
        time.sleep(4 * PATIENCE_SECONDS)
        return job.kind.read(raw)

    with connect(settled_simulator) as client:
        job = job_of(settled_simulator, client, ("PROCESSING", SHORT), "COMPLETED")
        slow_job = Job(attrs.evolve(job.kind, read=read), client, job.id)
        (end,) = settled.as_settled([slow_job], timeout=HOUR, schedule=EVERY_MINUTE)
    assert (end.outcome, end.elapsed) == (Outcome.SUCCEEDED, FOUND[SHORT])


def test_a_callback_may_wait(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """An `on_poll` that waits for another thread, which waits for a job, holds up no time."""
    with connect(settled_simulator) as client, ThreadPoolExecutor(1) as pool:
        other = job_of(settled_simulator, client, ("PROCESSING", MIDDLING), "COMPLETED")

        def on_poll(_: Any) -> None:
            assert pool.submit(settled.wait, other, timeout=None, schedule=EVERY_MINUTE).result().elapsed >= 0

        job = job_of(settled_simulator, client, "COMPLETED")
        (end,) = settled.as_settled([job], timeout=HOUR, on_poll=on_poll)
    assert (end.outcome, settled_simulator.polls(other.id)) == (Outcome.SUCCEEDED, FOUND[MIDDLING] // 60 + 1)


def test_time_stands_still_by_itself(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Where nobody sleeps no time passes, and nothing hangs."""
    began = settled_clock.now()
    with connect(settled_simulator) as client:
        job = job_of(settled_simulator, client, ("PROCESSING", SHORT), "COMPLETED")
        assert [job.fetch().status for _ in range(3)] == ["PROCESSING"] * 3
        assert settled_clock.now() == began
        settled_clock.advance(SHORT)
        assert job.fetch().status == "COMPLETED"
    assert settled_clock.now() == began + SHORT


def test_a_service_that_waits(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """A request of somebody else's client may last as long as the wait that answers it."""

    async def answer(_: Request) -> JSONResponse:
        async with connect(settled_simulator) as client:
            job = job_of(settled_simulator, client, ("PROCESSING", LONG), "COMPLETED")
            return JSONResponse((await aio.wait(job, timeout=None, schedule=EVERY_MINUTE)).elapsed)

    with Server(Starlette(routes=[Route("/", answer)])) as service:
        assert httpx.get(service.url, timeout=60).json() == HOUR


def test_a_sync_wait_in_a_loop(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """A sync wait in a coroutine holds up its loop, as in real time, but not the time."""

    async def main() -> None:
        async with connect(settled_simulator) as client, asyncio.TaskGroup() as tasks:
            job = job_of(settled_simulator, client, ("PROCESSING", MIDDLING), "COMPLETED")
            polling = tasks.create_task(aio.wait(job, timeout=None, schedule=EVERY_MINUTE))
            asleep = tasks.create_task(settled_clock.sleep_async(SHORT))
            await asyncio.sleep(0)
            with connect(settled_simulator) as other:
                (long, found), *_ = imports(settled_simulator, other).items()
                assert settled.wait(long, timeout=None, schedule=EVERY_MINUTE).elapsed == found
            await asleep
            assert (await polling).outcome is Outcome.SUCCEEDED

    asyncio.run(main())


def test_what_a_loop_leaves_behind(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """Waits that were cancelled, or whose loop has ended, hold nobody up."""

    async def cancel(states: list[Any]) -> None:
        client = connect(settled_simulator)
        asleep = asyncio.Event()
        wait = aio.wait(job_of(settled_simulator, client, *states), timeout=None, on_poll=lambda _: asleep.set())
        task = asyncio.create_task(wait)
        if states == ["PROCESSING"]:
            await asleep.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.get_async_httpx_client().aclose()

    asyncio.run(cancel(["PROCESSING"]))
    asyncio.run(cancel([slow(0.2), "PROCESSING"]))
    abandoned = asyncio.new_event_loop()
    sleeping = abandoned.create_task(settled_clock.sleep_async(60))
    abandoned.run_until_complete(asyncio.sleep(0))
    with connect(settled_simulator) as client:
        (job, found), *_ = imports(settled_simulator, client).items()
        assert settled.wait(job, timeout=None, schedule=EVERY_MINUTE).elapsed == found
    abandoned.run_until_complete(sleeping)
    abandoned.close()


def test_every_connection_leads_to_the_simulator(settled_simulator: Simulator, settled_clock: VirtualClock) -> None:
    """What connects from the environment reaches the simulator, for each vendor."""
    ids = {kind: settled_simulator.add(kind.name, states=["PROCESSING"]) for kind in KINDS}
    for kind, job_id in ids.items():
        vendor = importlib.import_module(f"settled.{kind.name.partition('.')[0]}")
        with vendor.connect_from_env() as client:
            assert not settled.from_ref(f"{kind}/{job_id}", client).fetch().is_settled
    assert [asked.status_code for asked in settled_simulator.asked] == [200] * len(KINDS)


def test_the_simulator_in_real_time(settled_simulator: Simulator) -> None:
    """Without the virtual clock the simulator goes by the real one, like the waits."""
    before = time.monotonic()
    assert before <= settled_simulator.clock() <= time.monotonic()
    assert settled_simulator.asked == []


def test_virtual_time_by_hand() -> None:
    """The context manager does the same without a fixture, and gives the real time back."""
    real, send = _clock.clock, httpx.Client.send
    with virtual_time() as clock:
        assert _clock.clock is clock
        clock.advance(HOUR)
        assert clock.slept == [HOUR]
    assert _clock.clock is real
    assert httpx.Client.send is send


each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


@pytest.mark.slow
@each_kind
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_replies_are_read(kind: JobKind[Any], data: st.DataObject) -> None:
    """Each reply is JSON, and is read or refused by the errors that waits know."""
    reply = data.draw(strategies.replies(kind) | strategies.json_values())
    assert json.loads(json.dumps(reply)) == reply
    for read in (kind.reading, kind.body):
        with contextlib.suppress(errors.MalformedResponse, Refused):
            read(reply)


@pytest.mark.slow
@each_kind
def test_replies_are_of_many_sorts(kind: JobKind[Any]) -> None:
    """Among the replies are settled, running, unlisted and unreadable ones, with many parts, and with other fields."""
    sorts: set[str] = set()

    @settings(max_examples=300, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.replies(kind))
    def sort(reply: Any) -> None:
        try:
            read = kind.reading(reply)
        except (errors.MalformedResponse, Refused):
            sorts.add("unreadable")
            return
        sorts.add("unlisted" if kind.unlisted(read) else "running" if read.outcome is None else str(read.outcome))
        if len(read.parts) > 1:
            sorts.add("parts")

    sort()
    assert "running" in sorts
    # OSAPI's status is read even if almost anything about its agents is odd.
    assert "unreadable" in sorts or kind.name == "osapi.job"
    assert ("unlisted" in sorts) == bool(kind.running)
    assert len(sorts & set(Outcome)) >= 2
    assert ("parts" in sorts) == (kind.name in ("cortex_xdr.action", "osapi.job"))


@pytest.mark.slow
@each_kind
def test_every_documented_word_may_come(kind: JobKind[Any]) -> None:
    """Each word that a kind knows is among the statuses, and words that it does not know are."""
    words: set[str] = set()

    @settings(max_examples=500, phases=[Phase.generate])
    @given(strategies.statuses(kind))
    def collect(word: str) -> None:
        words.add(word)

    collect()
    assert words >= {*(word.value for word in kind.terminal), *kind.running}
    assert any(not kind.knows(word) for word in words) == bool(kind.running)


def test_a_kind_without_a_model() -> None:
    """Where no generated model tells the shape of the replies, that is said."""
    kind = attrs.evolve(KINDS[0], decode=lambda raw: raw)
    with pytest.raises(ValueError, match="no model"):
        strategies.replies(kind)
