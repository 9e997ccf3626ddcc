"""Waiting for many jobs at once, in threads and in asyncio alike, over real HTTP to the simulator."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

import settled
from settled import Job, Outcome, Schedule, Snapshot, agilesec, aio, cortex_xdr, cortex_xsiam, errors, osapi
from settled._core import queue as _lanes
from settled._core.inbox import Inbox
from settled.simulator import Simulator, rate_limited, slow
from settled.testing import VirtualClock

Settle = Callable[..., list[Snapshot[Any]]]
OFTEN = Schedule(first=0.02, factor=1, cap=1)


def _in_threads(jobs: list[Job[Any]], *, take: int | None = None, **arguments: Any) -> list[Snapshot[Any]]:
    ends: list[Snapshot[Any]] = []
    try:
        for end in settled.as_settled(jobs, **{"schedule": OFTEN, **arguments}):
            ends.append(end)
            if len(ends) == take:
                break
    finally:
        for job in jobs:
            job.client.get_httpx_client().close()
    return ends


class _Enough(BaseException):
    """What no `except Exception` catches, as the `pytest.fail` of a test."""


def _in_a_loop(jobs: list[Job[Any]], *, take: int | None = None, **arguments: Any) -> list[Snapshot[Any]]:
    async def main() -> list[Snapshot[Any]]:
        ends: list[Snapshot[Any]] = []
        try:
            async for end in aio.as_settled(jobs, **{"schedule": OFTEN, **arguments}):
                ends.append(end)
                if len(ends) == take:
                    break
        finally:
            for _ in range(100):
                if asyncio.all_tasks() == {asyncio.current_task()}:
                    break
                await asyncio.sleep(0.01)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            for job in jobs:
                await job.client.get_async_httpx_client().aclose()
        return ends

    return asyncio.run(main())


@pytest.fixture(params=[_in_threads, _in_a_loop], ids=["sync", "async"])
def settle(request: pytest.FixtureRequest) -> Iterator[Settle]:
    """Both ways to wait for many jobs, neither of which leaves a thread behind."""
    before = set(threading.enumerate())
    yield request.param
    assert set(threading.enumerate()) <= before


@pytest.fixture
def vendors(sim: Simulator, real_time: None) -> Simulator:
    """The simulator, in real time."""
    return sim


def _imports(vendors: Simulator, *scripts: Any, **options: Any) -> list[Job[Any]]:
    client = cortex_xsiam.connect(vendors.url, key_id=vendors.key_id, key=vendors.key, **{"max_rate": None, **options})
    return [
        cortex_xsiam.byos_import(client, vendors.add("cortex_xsiam.byos_import", states=script)) for script in scripts
    ]


def test_any_mix_of_vendors(vendors: Simulator, settle: Settle) -> None:
    """Jobs of all five kinds come out, each once, whatever their outcome."""
    xsiam = cortex_xsiam.connect(vendors.url, key_id=vendors.key_id, key=vendors.key)
    xdr = cortex_xdr.connect(vendors.url, key_id=vendors.key_id, key=vendors.key)
    platform = agilesec.connect(vendors.url, token=vendors.token)
    server = osapi.connect(vendors.url, token=vendors.token)
    jobs: list[Job[Any]] = [
        cortex_xsiam.byos_import(xsiam, vendors.add("cortex_xsiam.byos_import", states=["INITIATED", "FAILED"])),
        cortex_xdr.action(xdr, vendors.add("cortex_xdr.action", states={"laptop": ["COMPLETED_SUCCESSFULLY"]})),
        cortex_xdr.script_execution(
            xdr, vendors.add("cortex_xdr.script_execution", states={"laptop": ["COMPLETED_SUCCESSFULLY"]})
        ),
        agilesec.scan(platform, vendors.add("agilesec.scan", states=["running", "successful"])),
        osapi.job(server, vendors.add("osapi.job", states=["processing", "completed"])),
    ]
    ends = settle(jobs, timeout=20)
    assert {end.job for end in ends} == set(jobs)
    assert len(ends) == 5
    assert Counter(end.outcome for end in ends) == {Outcome.SUCCEEDED: 4, Outcome.FAILED: 1}
    assert all(end.body is not None for end in ends)


def test_comes_out_as_it_settles(vendors: Simulator, settle: Settle) -> None:
    """What settles first comes out first, in whatever order the jobs were given."""
    scripts = [[("PROCESSING", seconds), "COMPLETED"] for seconds in (1.0, 0.1, 0.5)]
    slowest, quickest, middling = jobs = _imports(vendors, *scripts)
    assert [end.job for end in settle(jobs, timeout=20)] == [quickest, middling, slowest]


def test_equal_jobs_are_one(vendors: Simulator, settle: Settle) -> None:
    """A job given twice is polled once, and comes out once."""
    (job,) = _imports(vendors, ["COMPLETED"])
    again = Job(job.kind, job.client, job.id)
    ends = settle([job, again, job], timeout=20)
    assert [end.job for end in ends] == [job]
    assert vendors.polls(job.id) == 1


def test_no_jobs(settle: Settle) -> None:
    """Nothing to wait for is no error."""
    assert settle([], timeout=None) == []


@pytest.mark.parametrize("many", [1000, 5], ids=["few", "many"])
def test_deadline(
    sim: Simulator, clock: VirtualClock, settle: Settle, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """What has not settled by the deadline comes out then, with the error that says so and all that was learnt."""
    monkeypatch.setattr(_lanes, "_MANY", many)
    done, stuck, *more = jobs = _imports(sim, ["COMPLETED"], *[["INITIATED"]] * 30)
    start = clock.now()
    first, *others = settle(jobs, timeout=60, schedule=Schedule(first=20, factor=1, cap=20))
    assert clock.now() - start == 60
    assert first.job == done
    assert {end.job for end in others} == {stuck, *more}
    for end in others:
        assert isinstance(end.error, errors.WaitTimeout)
        assert (end.status, end.outcome, end.error.ref) == ("INITIATED", None, end.job.ref)
        assert end.error.seen.keys() == {"INITIATED"}
        with pytest.raises(errors.WaitTimeout):
            end.raise_for_outcome()


def test_what_cannot_be_followed(vendors: Simulator, settle: Settle) -> None:
    """A job that is not there comes out with the error, and the others settle."""
    good, *_ = jobs = _imports(vendors, ["INITIATED", "COMPLETED"])
    missing = Job(good.kind, good.client, "00000000-0000-4000-8000-000000000000")
    lost, end = settle([missing, *jobs], timeout=20)
    assert isinstance(lost.error, errors.NotFound)
    assert (lost.job, lost.polls, lost.is_settled) == (missing, 1, False)
    assert end.outcome is Outcome.SUCCEEDED


def test_unknown_status_can_be_an_error(vendors: Simulator, settle: Settle) -> None:
    """With unknown="raise" a job with a word nobody listed comes out with that error."""
    (end,) = settle(_imports(vendors, ["ARCHIVED"]), timeout=20, unknown="raise")
    assert isinstance(end.error, errors.UnknownStatus)
    assert end.status == "ARCHIVED"


def test_breaking_off(vendors: Simulator, settle: Settle) -> None:
    """Whoever breaks off the iteration leaves no task and no thread behind, though polls are under way."""
    jobs = _imports(vendors, ["COMPLETED"], *[[slow(0.3), "INITIATED"]] * 5)
    assert len(settle(jobs, take=1, timeout=None)) == 1


def test_retry_after_holds_one_client(vendors: Simulator, settle: Settle) -> None:
    """A Retry-After holds back all jobs of its client, and nobody else's."""
    held = _imports(vendors, [rate_limited(retry_after=1), "COMPLETED"], ["INITIATED", "COMPLETED"])
    free = _imports(vendors, ["INITIATED", "COMPLETED"])
    ends = settle([*held, *free], timeout=20)
    assert ends[0].job == free[0]
    assert ends[0].elapsed < 1 <= min(end.elapsed for end in ends[1:])


def test_rate(vendors: Simulator, settle: Settle) -> None:
    """The polls of a client are spread evenly, never above its rate, and every job has its turn."""
    jobs = _imports(vendors, *[[("PROCESSING", 0.5), "COMPLETED"]] * 25, max_rate=50.0)
    ends = settle(jobs, timeout=20)
    assert len(ends) == 25
    moments = sorted(asked.moment for asked in vendors.asked)
    assert max(sum(0 <= other - moment < 1 for other in moments) for moment in moments) <= 50
    assert {asked.ref for asked in vendors.asked} == {job.ref for job in jobs}


def test_concurrency(settle: Settle) -> None:
    """No more polls of a client are under way than was asked for."""
    counter = _Counting()
    client = osapi.connect("https://nowhere.invalid", token="t", transport=counter)
    jobs = [osapi.job(client, f"00000000-0000-4000-8000-{number:012}") for number in range(20)]
    assert len(settle(jobs, timeout=20, concurrency=3)) == 20
    assert counter.most == 3


def test_on_poll_is_told_of_each(vendors: Simulator, settle: Settle) -> None:
    """`on_poll` gets the snapshot of every poll of every job."""
    seen: list[Snapshot[Any]] = []
    jobs = _imports(vendors, ["INITIATED", "COMPLETED"], ["FAILED"])
    settle(jobs, timeout=20, on_poll=seen.append)
    assert len(seen) == len(vendors.asked)
    assert {snapshot.status for snapshot in seen} == {"INITIATED", "COMPLETED", "FAILED"}


def test_on_poll_of_the_last_poll_is_awaited(vendors: Simulator) -> None:
    """A job comes out after its last `on_poll` has returned, however long that takes."""
    seen: list[str | None] = []

    async def on_poll(snapshot: Snapshot[Any]) -> None:
        await asyncio.sleep(0.05)
        seen.append(snapshot.status)

    _in_a_loop(_imports(vendors, ["COMPLETED"]), timeout=9, on_poll=on_poll)
    assert seen == ["COMPLETED"]


def test_in_threads_on_poll_is_no_coroutine_function(vendors: Simulator) -> None:
    """Where nothing can await what `on_poll` answers, it is refused, by a wait of one job and of many."""

    async def on_poll(_snapshot: Snapshot[Any]) -> None: ...

    jobs = _imports(vendors, ["COMPLETED"])
    with pytest.raises(TypeError, match="on_poll is a coroutine function"):
        settled.wait(jobs[0], timeout=9, on_poll=on_poll)
    with pytest.raises(TypeError, match="on_poll is a coroutine function"):
        _in_threads(jobs, timeout=9, on_poll=on_poll)


def test_what_goes_wrong_here_comes_out(vendors: Simulator, settle: Settle) -> None:
    """An error of the caller's own, as in a schedule, ends the iteration, and nothing is left running."""

    def nonsense(_polls: int, _elapsed: float) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        settle(_imports(vendors, ["INITIATED"], ["INITIATED"]), timeout=20, schedule=nonsense)


@pytest.mark.parametrize("argument", ["on_poll", "schedule"])
@pytest.mark.parametrize("error", [_Enough, SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError])
def test_whatever_ends_a_worker_comes_out(
    vendors: Simulator, settle: Settle, error: type[BaseException], argument: str
) -> None:
    """What is no Exception ends the iteration, too, wherever it is raised."""

    def leave(*_: Any) -> Any:
        raise error

    jobs = _imports(vendors, ["INITIATED"], ["INITIATED"], ["INITIATED"])
    with pytest.raises(error):
        settle(jobs, **{"timeout": 20, "schedule": OFTEN, argument: leave})


def test_an_error_may_not_pass_for_the_end(vendors: Simulator, settle: Settle) -> None:
    """A StopIteration of `on_poll` comes out as a RuntimeError, as it would end the iteration silently."""

    def stop(_: Snapshot[Any]) -> None:
        raise StopIteration

    with pytest.raises(RuntimeError, match="StopIteration"):
        settle(_imports(vendors, ["INITIATED"]), timeout=20, on_poll=stop)


def test_a_cancelled_future_in_on_poll(vendors: Simulator) -> None:
    """Where `on_poll` awaits what was cancelled, whoever iterates is told so."""

    async def on_poll(_: Snapshot[Any]) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    with pytest.raises(asyncio.CancelledError):
        _in_a_loop(_imports(vendors, ["INITIATED"]), timeout=20, on_poll=on_poll)


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_no_more_threads(vendors: Simulator, monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Where no more threads can be had, those that there are do the work, or else whoever iterates."""
    start, started = threading.Thread.start, list[threading.Thread]()

    def limited(thread: threading.Thread) -> None:
        if thread.name == "settled":
            started.append(thread)
            if len(started) > threads:
                raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    jobs = _imports(vendors, *[[("PROCESSING", 0.1), "COMPLETED"]] * 10, ["PROCESSING"])
    *ends, last = _in_threads(jobs, timeout=1)
    assert [end.outcome for end in ends] == [Outcome.SUCCEEDED] * 10
    assert isinstance(last.error, errors.WaitTimeout)
    assert len(started) > threads


def test_without_threads_errors_come_out_as_well(vendors: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends the work in the thread that iterates ends the iteration."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def leave(_: Snapshot[Any]) -> None:
        raise _Enough

    monkeypatch.setattr(threading.Thread, "start", refuse)
    (job,) = _imports(vendors, ["INITIATED"])
    with job.client, settled.as_settled([job], timeout=9, on_poll=leave) as ends:
        with pytest.raises(_Enough):
            next(ends)
        assert list(ends) == []


def test_closing_within_on_poll(vendors: Simulator) -> None:
    """Whoever has seen enough in `on_poll` may end the iteration there, and learns what is still open."""

    def enough(_: Snapshot[Any]) -> None:
        settling.close()

    jobs = _imports(vendors, *[["INITIATED"]] * 3)
    with jobs[0].client:
        settling = settled.as_settled(jobs, timeout=9, on_poll=enough)
        assert list(settling) == []
    assert len(settling.pending) == 3


@pytest.mark.parametrize("indirectly", [False, True], ids=["itself", "in a task"])
def test_closing_within_an_async_on_poll(vendors: Simulator, *, indirectly: bool) -> None:
    """So it is in asyncio, also where `on_poll` waits for a task that closes."""
    jobs = _imports(vendors, *[["INITIATED"]] * 3)

    async def main() -> list[Snapshot[Any]]:
        async def enough(_: Snapshot[Any]) -> None:
            if indirectly:
                await asyncio.create_task(settling.aclose())
            else:
                await settling.aclose()

        settling = aio.as_settled(jobs, timeout=9, on_poll=enough)
        ends = [end async for end in settling]
        assert len(settling.pending) == 3
        await jobs[0].client.get_async_httpx_client().aclose()
        return ends

    assert asyncio.run(asyncio.wait_for(main(), 60)) == []


def test_the_callers_context_is_there(vendors: Simulator, settle: Settle) -> None:
    """`on_poll` sees the context variables of whoever called `as_settled`, and what it sets stays its own."""
    request_id = contextvars.ContextVar("request_id", default="lost")
    seen: set[str] = set()

    def on_poll(_: Snapshot[Any]) -> None:
        seen.add(request_id.get())

    token = request_id.set("r-17")
    settle(_imports(vendors, *[["INITIATED", "COMPLETED"]] * 5), timeout=20, on_poll=on_poll)
    assert seen == {"r-17"}
    request_id.reset(token)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_eager_tasks(seconds: float) -> None:
    """Where tasks begin at once, many of them do not begin within each other."""
    transport = _Counting(seconds)
    client = osapi.connect("https://nowhere.invalid", token="t", transport=transport)
    jobs = [osapi.job(client, f"00000000-0000-4000-8000-{number:012}") for number in range(1200)]

    async def main() -> int:
        eager: Any = getattr(asyncio, "eager_task_factory", None)
        asyncio.get_running_loop().set_task_factory(eager)
        return len([end async for end in aio.as_settled(jobs, timeout=30, concurrency=600)])

    assert asyncio.run(main()) == 1200
    assert transport.most <= 600


def test_what_is_pending(vendors: Simulator) -> None:
    """`pending` names the jobs that have not come out, before, during and after the iteration."""
    quick, slow = jobs = _imports(vendors, ["COMPLETED"], ["PROCESSING"])
    with settled.as_settled(jobs, timeout=None, schedule=OFTEN) as settling:
        assert list(settling.pending) == [quick.ref, slow.ref]
        assert next(settling).job == quick
        assert list(settling.pending) == [slow.ref]
    assert list(settling.pending) == [slow.ref]

    async def main() -> None:
        async with quick.client, aio.as_settled(jobs, timeout=None, schedule=OFTEN) as settling:
            assert list(settling.pending) == [quick.ref, slow.ref]
            assert (await anext(settling)).job == quick
        assert list(settling.pending) == [slow.ref]

    asyncio.run(main())
    quick.client.get_httpx_client().close()


def test_equal_jobs_of_many_agents_are_one(settle: Settle) -> None:
    """Jobs for which as many agents are expected are equal, and come out once; others are not."""
    client = osapi.connect("https://nowhere.invalid", token="t", transport=_Counting())
    agents = [2, 2, 3, None]
    jobs = [osapi.job(client, "00000000-0000-4000-8000-000000000001", expected_agents=count) for count in agents]
    assert len(settle(jobs, timeout=0.3)) == 3


@pytest.mark.parametrize("verb", ["watch", "as_settled"])
def test_a_callback_wakes(sim: Simulator, clock: VirtualClock, verb: str) -> None:
    """A callback that comes into `wake` makes its job polled at once, whichever verb waits for it."""
    inbox = Inbox()
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        job = cortex_xsiam.byos_import(
            client, sim.add("cortex_xsiam.byos_import", states=[("RUNNING", 5), "COMPLETED"])
        )

    async def main() -> Snapshot[Any]:
        async def call_back() -> None:
            await clock.sleep_async(6)
            inbox.put(job.id, "ended")

        calling = asyncio.create_task(call_back())
        options: Any = {"timeout": None, "wake": inbox, "schedule": lambda *_: 3600}
        waits = aio.watch(job, **options) if verb == "watch" else aio.as_settled([job], **options)
        async with client:
            *_, end = [snapshot async for snapshot in waits]
        await calling
        return end

    end = asyncio.run(main())
    assert (end.outcome, end.elapsed, end.callback) == (Outcome.SUCCEEDED, 6, "ended")
    assert inbox._wakers == {}


@pytest.mark.parametrize(
    "arguments", [{"timeout": -1}, {"timeout": 1, "concurrency": 0}, {"timeout": 1, "patience": -1}, {}]
)
def test_bad_arguments(arguments: dict[str, Any]) -> None:
    """Arguments out of range are refused by the call itself, before the first step."""
    for verb in (settled.as_settled, aio.as_settled):
        with pytest.raises((TypeError, ValueError), match=r"timeout|concurrency|patience"):
            verb([], **arguments)
        with pytest.raises(TypeError, match="not a job"):
            verb(["a ref"], timeout=1)  # type: ignore[arg-type]


def test_jobs_may_be_added(vendors: Simulator) -> None:
    """Jobs that are added on the way, by the loop itself or another thread, come out as well."""
    first, second, third = _imports(vendors, ["COMPLETED"], ["INITIATED", "FAILED"], ["INITIATED", "COMPLETED"])
    with settled.as_settled([first], timeout=20, schedule=OFTEN) as settling:
        ends = [next(settling)]
        threading.Timer(0.1, settling.add, [third]).start()
        settling.add(second, first)
        ends += [next(settling), next(settling), next(settling)]
        assert list(settling) == []
        assert Counter(end.job for end in ends) == {first: 2, second: 1, third: 1}
        with pytest.raises(RuntimeError, match="over"):
            settling.add(first)
    first.client.get_httpx_client().close()


def test_jobs_may_be_added_in_a_loop(vendors: Simulator) -> None:
    """In asyncio, too, jobs may be added on the way, also by another task while nothing else is due."""
    first, second, third = _imports(vendors, ["COMPLETED"], ["INITIATED", "FAILED"], ["COMPLETED"])

    async def main() -> list[Job[Any]]:
        ends = []
        async with first.client, aio.as_settled([first], timeout=20, schedule=OFTEN) as settling:
            async for end in settling:
                ends.append(end.job)
                if end.job == first:
                    settling.add(second)
                    asyncio.get_running_loop().call_later(0.05, settling.add, third)
            with pytest.raises(RuntimeError, match="over"):
                settling.add(first)
        return ends

    assert asyncio.run(main()) == [first, third, second]


class _Counting(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers after a moment that a job is completed, and counts how many requests there are at once."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.now = self.most = 0
        self._seconds = seconds
        self._lock = threading.Lock()

    def _count(self, change: int) -> None:
        with self._lock:
            self.now += change
            self.most = max(self.most, self.now)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._count(1)
        time.sleep(self._seconds)
        self._count(-1)
        return httpx.Response(200, json={"status": "completed"})

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._count(1)
        if self._seconds:
            await asyncio.sleep(self._seconds)
        self._count(-1)
        return httpx.Response(200, json={"status": "completed"})


def test_a_schedule_learns(vendors: Simulator, settle: Settle) -> None:
    """The waits tell a schedule that learns between which moments each job ended, but nothing of jobs found ended."""
    learnt: list[tuple[float, float]] = []

    class Learner:
        def __call__(self, polls: int, elapsed: float, /) -> float:
            return 0.05

        def learn(self, after: float, before: float) -> None:
            learnt.append((after, before))

    jobs = _imports(vendors, [("PROCESSING", 0.3), "COMPLETED"], ["COMPLETED"])
    settle(jobs, timeout=20, schedule=Learner())
    ((after, before),) = learnt
    assert 0.15 < after < before < 1


def test_learned_is_fed_by_waits(vendors: Simulator, settle: Settle) -> None:
    """`Learned` knows the durations of the jobs that were waited for with it."""
    learned = settled.Learned(delay=1)
    settle(_imports(vendors, *[[("PROCESSING", 0.7), "COMPLETED"]] * 6), timeout=20, schedule=learned)
    assert len(learned.to_json()["durations"]) == 6


def test_signals_while_a_thread_starts(vendors: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception from a signal handler, before a thread has started, comes out, and the iteration can go on."""
    start, soft_limits = threading.Thread.start, [_Enough(), _Enough()]

    def interrupted(thread: threading.Thread) -> None:
        if thread.name == "settled" and soft_limits:
            raise soft_limits.pop()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    (job,) = _imports(vendors, ["COMPLETED"])
    with job.client, settled.as_settled([job], timeout=30) as ends:
        for _ in range(2):
            with pytest.raises(_Enough):
                next(ends)
        assert [end.outcome for end in ends] == [Outcome.SUCCEEDED]
