"""Whatever a server answers: a reading or an error of ours comes out of it, sync and async alike."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

import attrs
import httpx
import pytest
from _replies import Answer, answers, transport
from hypothesis import given
from hypothesis import strategies as st

import settled
from settled import Job, JobKind, Outcome, Part, Schedule, Snapshot, agilesec, cortex_xdr, cortex_xsiam, osapi
from settled._run import clock as _clock
from settled.errors import ApiError, MalformedResponse, OutcomeError, SettledError, WaitTimeout
from settled.testing import VirtualClock

pytestmark = pytest.mark.slow

KEY = "not-a-real-key-0123456789"
ID = "6f1c2a52-0c0e-4a53-9c39-2f1f5f0b7a10"
SECONDS = 60
OFTEN = Schedule(first=1, factor=2, cap=20, jitter=0)
KINDS: list[JobKind[Any]] = [*agilesec.KINDS, *cortex_xdr.KINDS, *cortex_xsiam.KINDS, *osapi.KINDS]

examples: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _tell_counts(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        for name, count in sorted(examples.items()):
            reporter.write_line(f"{count:9,} {name}")
        reporter.write_line(f"{examples.total():9,} examples")


class _Formatted(logging.Handler):
    """Writes log records to nowhere."""

    def emit(self, record: logging.LogRecord) -> None:
        """Make the line of a record."""
        examine_text(self.format(record))


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """An event loop for all examples: to make one takes longer than to wait for a job."""
    with asyncio.Runner() as runner:
        yield runner


def job_of(kind: JobKind[Any], handler: httpx.MockTransport, *, expected_agents: int | None = None) -> Job[Any]:
    """A job of a kind, of a client that asks a transport."""
    if kind.name == "osapi.job":
        return osapi.job(osapi.connect("t.invalid", token=KEY, transport=handler), ID, expected_agents=expected_agents)
    if kind.name == "agilesec.scan":
        return agilesec.scan(agilesec.connect("t.invalid", token=KEY, transport=handler), ID)
    if kind.name == "cortex_xsiam.byos_import":
        return cortex_xsiam.byos_import(cortex_xsiam.connect("t.invalid", key_id=7, key=KEY, transport=handler), ID)
    if kind.name == "cortex_xsiam.xql_query":
        return cortex_xsiam.xql_query(cortex_xsiam.connect("t.invalid", key_id=7, key=KEY, transport=handler), ID)
    client = cortex_xdr.connect("t.invalid", key_id=7, key=KEY, transport=handler)
    if kind.name == "cortex_xdr.xql_query":
        return cortex_xdr.xql_query(client, ID)
    return (
        cortex_xdr.action(client, 12) if kind.name == "cortex_xdr.action" else cortex_xdr.script_execution(client, 12)
    )


@contextlib.contextmanager
def virtual_time() -> Iterator[None]:
    """Time that passes only when somebody sleeps, and chance that is the same each time."""
    random.seed(0)
    logger = logging.getLogger("settled")
    with (
        mock.patch.object(_clock, "clock", VirtualClock()),
        mock.patch("time.time", return_value=1.8e9),
        mock.patch.object(logger, "propagate", False),
        mock.patch.object(logger, "handlers", [_Formatted()]),
    ):
        yield


@attrs.define
class Ended:
    """What came of a wait: its end, or the error, and what was seen on the way."""

    end: Snapshot[Any] | None = None
    error: SettledError | None = None
    polls: list[Snapshot[Any]] = attrs.field(factory=list[Snapshot[Any]])

    def comparable(self) -> Any:
        """What sync and async waits have to agree about."""
        seen = self.error.seen if self.error is not None else None
        return type(self.error), str(self.error), seen, [attrs.astuple(poll, recurse=False)[1:7] for poll in self.polls]


def wait_here(job: Job[Any], **options: Any) -> Ended:
    """Fetch a job and wait for it, sync."""
    ended = Ended()
    with virtual_time(), job.client:
        try:
            ended.polls.append(job.fetch())
        except SettledError as error:
            examine_error(error)
        try:
            ended.end = settled.wait(job, on_poll=ended.polls.append, **options)
        except SettledError as error:
            ended.error = error
    return ended


def wait_in_a_loop(loop: asyncio.Runner, job: Job[Any], **options: Any) -> Ended:
    """Fetch a job and wait for it, async."""
    ended = Ended()

    async def main() -> None:
        async with job.client:
            try:
                ended.polls.append(await job.fetch_async())
            except SettledError as error:
                examine_error(error)
            try:
                ended.end = await settled.aio.wait(job, on_poll=ended.polls.append, **options)
            except SettledError as error:
                ended.error = error

    with virtual_time():
        loop.run(main())
    return ended


def examine_text(text: str | None) -> None:
    """Texts are such that any terminal and any log file take them."""
    if text is not None:
        text.encode()


def examine_error(error: SettledError) -> None:
    """An error tells what happened in a few words, and holds what it says it holds."""
    examine_text(str(error))
    assert len(str(error)) < 5000
    for note in getattr(error, "__notes__", []):
        examine_text(note)
        assert len(note) < 5000
    assert KEY not in str(error)
    if isinstance(error, ApiError):
        assert error.retry_after is None or 0 <= error.retry_after < float("inf")
        assert isinstance(error.message, str)
        assert isinstance(error.code, str | None)
        assert isinstance(error.extra, str | None)


def examine(snapshot: Snapshot[Any]) -> None:
    """A snapshot has what its types say, and everything that can be asked of it answers or raises an error of ours."""
    repr(snapshot)
    assert isinstance(snapshot.status, str | None)
    assert isinstance(snapshot.detail, str | None)
    examine_text(snapshot.detail)
    assert isinstance(snapshot.outcome, Outcome | None)
    assert snapshot.is_settled is (snapshot.outcome is not None)
    assert isinstance(snapshot.is_known, bool)
    if snapshot.progress is not None:
        assert 0 <= snapshot.progress.done <= snapshot.progress.total
        assert all(type(number) is int for number in snapshot.progress)
    for name, part in snapshot.parts.items():
        assert isinstance(name, str)
        assert isinstance(part, Part)
        assert isinstance(part.status, str | None)
        assert isinstance(part.outcome, Outcome | None)
        assert isinstance(part.detail, str | None)
    try:
        assert snapshot.body is snapshot.body
    except MalformedResponse as error:
        examine_error(error)
    if snapshot.outcome is Outcome.SUCCEEDED:
        assert snapshot.raise_for_outcome() is snapshot
        return
    with pytest.raises(OutcomeError) as raised:
        snapshot.raise_for_outcome()
    assert raised.value.snapshot is snapshot
    examine_error(raised.value)


_HOW_MANY = st.sampled_from([1, 1, 2, 3])


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data())
def test_replies(kind: JobKind[Any], loop: asyncio.Runner, data: st.DataObject) -> None:
    """Whatever a server answers, a fetch and a wait end with a snapshot or an error of ours, sync and async alike."""
    replies: list[Answer] = [data.draw(answers(kind)) for _ in range(data.draw(_HOW_MANY))]
    agents = data.draw(st.sampled_from([None, 1, 3])) if kind.name == "osapi.job" else None
    unknown = data.draw(st.sampled_from(["wait", "raise"]))
    options: dict[str, Any] = {"timeout": SECONDS, "schedule": OFTEN, "unknown": unknown, "patience": 4.0}
    ended = wait_here(job_of(kind, transport(replies), expected_agents=agents), **options)
    also_ended = wait_in_a_loop(loop, job_of(kind, transport(replies), expected_agents=agents), **options)
    examples[kind.name] += 1

    assert ended.comparable() == also_ended.comparable()
    for snapshot in ended.polls:
        examine(snapshot)
    if ended.error is None:
        assert ended.end is not None
        assert ended.end.is_settled
        examine(ended.end)
        return
    examine_error(ended.error)
    assert ended.error.ref == ended.polls[-1].job.ref if ended.polls else ended.error.ref
    assert sum(ended.error.seen.values()) <= len(ended.polls) + (unknown == "raise")
    if ended.error.last is not None:
        examine(ended.error.last)
    if isinstance(ended.error, WaitTimeout):
        assert all(not snapshot.is_settled for snapshot in ended.polls[1:])
