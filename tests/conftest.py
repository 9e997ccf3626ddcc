"""Fixtures: virtual time, a running simulator, and the two ways to wait."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import settled
from settled import Job, Snapshot, cortex_xsiam, simulator
from settled._observe import logging as _observing
from settled._run import clock as _clock
from settled.simulator._server import Server
from settled.testing import VirtualClock
from settled_clients.cortex_xsiam import AuthenticatedClient
from settled_clients.cortex_xsiam.models import ByosImportJob

import _dist

pytest_plugins = ["_secrets_watch"]

KIND = "cortex_xsiam.byos_import"

# The same examples in every run, however slow the machine.
settings.register_profile("settled", deadline=None, derandomize=True)
# Fewer of them: `make test`.
settings.register_profile("quick", settings.get_profile("settled"), max_examples=25)
# Other examples in every run, and many of them: `make fuzz`.
settings.register_profile(
    "long", deadline=None, max_examples=22_000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "settled"))

WaitFunction = Callable[..., Snapshot[Any]]
CallFunction = Callable[..., Any]


def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: many tests wait for something, and on a busy machine more processes get more of it."""
    return min(2 * (os.cpu_count() or 1), 16)


def pytest_configure() -> None:
    """Let Ctrl-C interrupt the programs under test, also where a shell started this one in its background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line why tests were skipped."""
    skipped: list[pytest.TestReport | pytest.CollectReport] = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ") for report in skipped if isinstance(report.longrepr, tuple)
    )
    if reasons:
        summary = "; ".join(f"{count} because {reason}" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"skipped: {summary}")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture
def clock(settled_clock: VirtualClock) -> VirtualClock:
    """Virtual time for every wait of a test."""
    return settled_clock


@pytest.fixture
def real_time(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real time for a test whose other fixtures would have it virtual."""
    monkeypatch.setattr(_clock, "clock", _clock.Clock())


@pytest.fixture(autouse=True)
def _fresh_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_observing, "_warned", set())


@pytest.fixture(scope="session")
def running_simulator(_settled_server: simulator.Simulator) -> simulator.Simulator:
    """The one simulator of all tests, for what keeps a connection to it."""
    return _settled_server


@pytest.fixture
def sim(settled_simulator: simulator.Simulator, clock: VirtualClock) -> simulator.Simulator:
    """The simulator, its scripts going by virtual time, with nothing asked of it yet."""
    return settled_simulator


@pytest.fixture
def client(sim: simulator.Simulator) -> Iterator[AuthenticatedClient]:
    """A client of the simulated tenant, without a rate limit."""
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key, max_rate=None) as connected:
        yield connected


@attrs.define
class Answering:
    """A server that answers whatever it is asked with one reply after the other, the last one again and again."""

    url: str = ""
    replies: list[Any] = attrs.field(factory=list[Any])
    requests: list[Request] = attrs.field(factory=list[Request])
    bodies: list[bytes] = attrs.field(factory=list[bytes])

    def __call__(self, *replies: Any) -> str:
        """Answer with these replies from now on, JSON or whole responses; returns the server's address."""
        self.replies[:] = replies
        self.requests.clear()
        self.bodies.clear()
        return self.url

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        self.requests.append(request)
        self.bodies.append(await request.body())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply if isinstance(reply, Response) else JSONResponse(reply)


@pytest.fixture(scope="session")
def _answering() -> Iterator[Answering]:
    vendor = Answering()
    methods = ["GET", "POST"]
    with Server(Starlette(routes=[Route("/{path:path}", vendor.answer, methods=methods)])) as server:
        vendor.url = server.url
        yield vendor


@pytest.fixture
def answering(_answering: Answering, clock: VirtualClock) -> Answering:
    """A vendor whose replies a test writes out."""
    return _answering


@attrs.frozen
class Jobs:
    """Makes jobs that follow a script."""

    sim: simulator.Simulator
    client: AuthenticatedClient

    def __call__(self, *states: simulator.State | simulator.Fault, **fields: Any) -> Job[ByosImportJob]:
        """A job that goes through these states."""
        return cortex_xsiam.byos_import(self.client, self.sim.add(KIND, states=states, **fields))


@pytest.fixture
def jobs(sim: simulator.Simulator, client: AuthenticatedClient) -> Jobs:
    """Makes jobs of the simulated tenant."""
    return Jobs(sim, client)


def _wait_here(job: Job[Any], **arguments: Any) -> Snapshot[Any]:
    with job.client:
        return settled.wait(job, **arguments)


def _wait_in_a_loop(job: Job[Any], **arguments: Any) -> Snapshot[Any]:
    async def main() -> Snapshot[Any]:
        async with job.client:
            return await settled.aio.wait(job, **arguments)

    return asyncio.run(main())


@pytest.fixture(params=[_wait_here, _wait_in_a_loop], ids=["sync", "async"])
def wait(request: pytest.FixtureRequest) -> WaitFunction:
    """Both ways to wait, one after the other."""
    function: WaitFunction = request.param
    return function


def _call_here(function: CallFunction, client: Any, *args: Any, **named: Any) -> Any:
    with client:
        return function(client, *args, **named)


def _call_in_a_loop(function: CallFunction, client: Any, *args: Any, **named: Any) -> Any:
    twin = getattr(sys.modules[function.__module__], f"{function.__name__}_async")

    async def main() -> Any:
        async with client:
            return await twin(client, *args, **named)

    return asyncio.run(main())


@pytest.fixture(params=[_call_here, _call_in_a_loop], ids=["sync", "async"])
def call(request: pytest.FixtureRequest) -> CallFunction:
    """Both ways to call an operation, one after the other: it, or its twin, with a client that is closed then."""
    function: CallFunction = request.param
    return function


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> _dist.Dist:
    """The distributions, built once."""
    return _dist.make_dist(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def installed(dist: _dist.Dist, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Where the wheel alone is installed: the interpreter of an environment, for the Python version asked for."""
    return functools.cache(lambda version: _dist.install(dist.wheel, version, tmp_path_factory.mktemp("installed")))
