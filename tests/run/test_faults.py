"""Whatever goes wrong on the way, over real sockets: a wait rides it out, or ends with the right error, losing nothing.

Each fault meets every kind of job, waited for in a thread and in asyncio (one of them with aiohttp's connections, too):
once for two polls only, and once for ever. `make faults` prints the matrix. `make test` fills one cell of each line, so
that each kind of job and each way to wait has some.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

import settled
from settled import Job, Outcome, Snapshot
from settled._core import wait as _wait
from settled._core.reply import MAX_POLL_SECONDS
from settled._run import clock as _clock
from settled.errors import (
    ApiError,
    AuthenticationError,
    BadRequest,
    LicenseRequired,
    NotFound,
    PermissionDenied,
    SettledError,
    WaitTimeout,
)
from settled.testing import VirtualClock

import _certificates
from _faults import FAULTS, IN_SOCKETS, MAX_BODY, Fault
from _vendor import KINDS, LOOPBACK, SECRET, Kind, Vendor, http

SECONDS = 0.4
# How long a poll that nobody answers may take where it is to be ridden out.
POLL_SECONDS = 0.1
FAULTY_POLLS = 2
COLUMNS = [*((kind, way) for kind in KINDS for way in ("sync", "async")), (KINDS[-1], "fast")]
CELLS = [
    pytest.param(
        *(fault, kind, way),
        id=f"{fault}-{kind}-{way}",
        marks=[] if COLUMNS[line % len(COLUMNS)] == (kind, way) else pytest.mark.slow,
    )
    for line, fault in enumerate(FAULTS)
    for kind, way in COLUMNS
    # aiohttp remembers the addresses of hosts for ten seconds.
    if way != "fast" or fault.host == LOOPBACK
]
CODES = range(401, 600)
CLASSES: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    402: LicenseRequired,
    403: PermissionDenied,
    404: NotFound,
    422: BadRequest,
}

_texts: dict[str, str] = {}
_cells: dict[tuple[str, str, str], str] = {}


def matrix() -> Iterator[str]:
    """What came of each fault, for each kind of job and each way to wait for it."""
    width, text_width = max(map(len, _texts)), max(map(len, _texts.values()))
    yield " ".join([" " * (width + text_width + 1), *(f"{kind.name.partition('.')[2][:11]:11}" for kind in KINDS)])
    yield " ".join([" " * (width + text_width + 1), *(f"{way:5}" for _, way in COLUMNS)])
    for name, text in _texts.items():
        marks = (_cells.get((name, kind.name, way), "-") for kind, way in COLUMNS)
        yield " ".join([f"{name:{width}} {text:{text_width}}", *(f"{mark:5}" for mark in marks)]).rstrip()
    yield f"{len(_texts)} faults, {len(_cells)} cells, {list(_cells.values()).count('FAIL')} of them failed"


@pytest.fixture(scope="module", autouse=True)
def _print_matrix(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        for line in matrix():
            reporter.write_line(line)


@contextlib.contextmanager
def cell(name: str, text: str, kind: Kind, way: str) -> Iterator[None]:
    """A cell of the matrix, which is ok if nothing fails in it."""
    _texts[name] = text
    _cells[name, kind.name, way] = "FAIL"
    yield
    _cells[name, kind.name, way] = "ok"


@attrs.frozen
class Setting:
    """A vendor, and a way to wait for its job."""

    vendor: Vendor
    url: str
    way: str
    options: dict[str, Any]

    def connect(self) -> Job[Any]:
        """The vendor's job, of a new client."""
        return self.vendor.kind.connect(self.url, max_body=MAX_BODY, fast=self.way == "fast", **self.options)

    def wait(self, **terms: Any) -> Snapshot[Any]:
        """Wait for the vendor's job."""
        job = self.connect()

        async def main() -> Snapshot[Any]:
            async with job.client:
                return await settled.aio.wait(job, **terms)

        if self.way != "sync":
            return asyncio.run(main())
        with job.client:
            return settled.wait(job, **terms)

    def wait_for_many(self, numbers: Iterable[int], **terms: Any) -> list[Snapshot[Any]]:
        """Wait for jobs like the vendor's, whose ids end in these numbers of three digits."""
        job = self.connect()
        jobs = [Job(job.kind, job.client, f"{job.id[:-3]}{number}") for number in numbers]

        async def main() -> list[Snapshot[Any]]:
            async with job.client, settled.aio.as_settled(jobs, **terms) as ends:
                return [end async for end in ends]

        if self.way != "sync":
            return asyncio.run(main())
        with job.client, settled.as_settled(jobs, **terms) as ends:
            return list(ends)


@contextlib.contextmanager
def setting(fault: Fault, kind: Kind, way: str, folder: Path) -> Iterator[Setting]:
    """A vendor to whom a fault will happen, and nobody logs in where it may send them."""
    options: dict[str, Any] = {}
    if fault.trusts is not None:
        bundle = folder / "bundle.pem"
        bundle.write_text(fault.trusts)
        options["verify"] = str(bundle)
    vendor = Vendor(
        kind,
        certificate=None if fault.trusts is None else _certificates.VENDOR,
        closes=fault.trusts is not None or fault.host != LOOPBACK,
    )
    with pytest.MonkeyPatch.context() as patch, vendor, vendor.login:
        patch.setattr(time, "time", vendor.wall_clock)
        patch.setattr(socket, "getaddrinfo", vendor.resolve)
        patch.setenv("no_proxy", "*")
        url = f"{'http' if fault.trusts is None else 'https'}://{fault.host}:{vendor.port}"
        yield Setting(vendor, url, way, options)
    assert vendor.logins == 0
    assert vendor.sent < IN_SOCKETS


@pytest.mark.parametrize(("fault", "kind", "way"), CELLS)
@pytest.mark.usefixtures("clock")
def test_fault(fault: Fault, kind: Kind, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait rides out what passes, and ends as it should with what stays, knowing all that it had learnt."""
    with cell(fault.name, fault.expected, kind, way):
        with setting(fault, kind, way, tmp_path) as it:
            stays = _stays_in_real_time if fault.is_slow else _stays
            with monkeypatch.context() as patch:
                if fault.is_slow:
                    patch.setattr(_clock, "clock", _clock.Clock())
                stays(fault, it)
        if fault.may_pass:
            with setting(fault, kind, way, tmp_path) as it, monkeypatch.context() as patch:
                if fault.is_slow and fault.end is not None:
                    patch.setattr(_wait, "MAX_POLL_SECONDS", POLL_SECONDS)
                _passes(fault, it)


def _passes(fault: Fault, it: Setting) -> None:
    polls: list[Snapshot[Any]] = []

    def on_poll(snapshot: Snapshot[Any]) -> None:
        polls.append(snapshot)
        if len(polls) == 1:
            fault.begin(it.vendor)

    def schedule(made: int, _: float) -> float:
        if polls and made >= polls[0].polls + FAULTY_POLLS:
            it.vendor.recover()
        return 0.1

    end = it.wait(timeout=36_000, schedule=schedule, on_poll=on_poll, patience=36_000)
    assert end.outcome is Outcome.SUCCEEDED
    assert end.polls == polls[-1].polls >= polls[0].polls + FAULTY_POLLS
    assert [snapshot.is_settled for snapshot in polls] == [False] * (len(polls) - 1) + [True]
    assert len(polls) == 2 + (0 if fault.end else FAULTY_POLLS)
    if fault.pause is not None:
        least, most = fault.pause
        _, *faulty, done = it.vendor.asked_at
        assert len(faulty) == FAULTY_POLLS
        for before, after in zip(faulty, [*faulty[1:], done], strict=True):
            assert least <= after - before <= most


def _stays(fault: Fault, it: Setting) -> None:
    polls: list[Snapshot[Any]] = []

    def on_poll(snapshot: Snapshot[Any]) -> None:
        polls.append(snapshot)
        if len(polls) == 1:
            fault.begin(it.vendor)

    with pytest.raises(SettledError, match=fault.says or None) as raised:
        it.wait(timeout=10_000 if fault.end else 5, schedule=lambda *_: 1.0, on_poll=on_poll, patience=1.5)
    assert type(raised.value) is (fault.end or WaitTimeout)
    _check_learnt(raised.value, it.vendor.kind, polls)
    assert len(polls) == 1 or fault.end is None
    if fault.end:
        (made,) = re.findall(r"\((\d) polls", " ".join(raised.value.__notes__))
        # A pause leaves room for fewer of them.
        is_ridden_out = fault.may_pass or (fault.end is NotFound and it.vendor.kind.name == "osapi.job")
        assert int(made) in ((3, 4) if is_ridden_out else (2,))


def _stays_in_real_time(fault: Fault, it: Setting) -> None:
    polls: list[Snapshot[Any]] = []

    def on_poll(snapshot: Snapshot[Any]) -> None:
        polls.append(snapshot)
        if len(polls) == 1:
            fault.begin(it.vendor)

    started = time.monotonic()
    with pytest.raises(WaitTimeout) as raised:
        it.wait(timeout=SECONDS, schedule=lambda *_: 0.01, on_poll=on_poll)
    took = time.monotonic() - started
    if fault.end is not None:
        assert isinstance(raised.value.__cause__, fault.end)
    _check_learnt(raised.value, it.vendor.kind, polls)
    # The last poll may go, and be refused, a little before the deadline. A poll that knew of no deadline would take as
    # long as the longest; how much of that a slow machine takes is not the wait's doing.
    assert SECONDS - 0.05 <= took < MAX_POLL_SECONDS / 2


def _check_learnt(error: SettledError, kind: Kind, polls: list[Snapshot[Any]]) -> None:
    """An error has the job's ref, its last snapshot and the tally, and tells of them, but no secret."""
    assert error.ref == polls[-1].job.ref
    assert error.last is not None
    assert not error.last.is_settled
    assert repr(error.last.raw) == repr(polls[-1].raw)
    assert error.seen == {kind.seen: len(polls)}
    text = "\n".join([str(error), *getattr(error, "__notes__", [])])
    assert error.ref in text
    assert kind.seen.removeprefix("1 ") in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        pytest.param(kind, way, id=f"{kind}-{way}", marks=[] if kind is KINDS[-1] else pytest.mark.slow)
        for kind, way in COLUMNS
    ],
)
def test_every_status_code(kind: Kind, way: str, clock: VirtualClock, tmp_path: Path) -> None:
    """Of many jobs, each met by another code from 401 to 599, each settles, or comes with that code's error."""
    asked: Counter[int] = Counter()

    def answer(vendor: Vendor, connection: socket.socket) -> None:
        [code] = re.findall(rb"(?:7000|446655440)(\d{3})\b", vendor.requests[connection])
        asked[int(code)] += 1
        replies = {1: http(kind.reply(kind.running)), 2: http(b"", f"{code.decode()} No")}
        connection.sendall(replies.get(asked[int(code)], http(kind.reply(kind.done))))

    fault = Fault("each of 401 to 599", lambda _: None)
    with cell(fault.name, "as that code", kind, way), setting(fault, kind, way, tmp_path) as it:
        it.vendor.answer = answer
        ends = it.wait_for_many(CODES, timeout=3600, schedule=lambda *_: 1.0)
        assert sorted(int(end.job.id[-3:]) for end in ends) == [*CODES]
        for end in ends:
            _check_end(int(end.job.id[-3:]), end, kind)


def _check_end(code: int, end: Snapshot[Any], kind: Kind) -> None:
    is_not_there_yet = code == 404 and end.job.kind.not_found_grace > 0
    if code in (408, 425, 429) or code >= 500 or is_not_there_yet:
        assert (end.outcome, end.error, end.polls) == (Outcome.SUCCEEDED, None, 3)
        return
    assert end.error is not None
    assert isinstance(end.error, ApiError)
    assert type(end.error) is CLASSES.get(code, ApiError)
    assert (end.error.status_code, end.error.message) == (code, "No")
    assert (end.error.ref, end.error.seen) == (end.job.ref, {kind.seen: 1})
    assert end.error.last is not None
    assert end.error.last.outcome is None
