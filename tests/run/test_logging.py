"""What the logger `settled` tells of a wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

import settled
from settled import Job, Schedule, Snapshot, aio, cortex_xdr, errors
from settled._run import clock as _clock
from settled.simulator import Simulator, server_error

from conftest import Jobs, WaitFunction

EVERY_SECOND = Schedule(first=1, factor=1, cap=1, jitter=0)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[int, str]]]:
    """Level and text of what was logged, without the job's ref."""
    caplog.set_level(logging.DEBUG, "settled")

    def lines() -> list[tuple[int, str]]:
        records = [record for record in caplog.records if record.name == "settled"]
        return [(record.levelno, record.getMessage().removeprefix(vars(record)["job.ref"])) for record in records]

    return lines


def _here(jobs: list[Job[Any]], **options: Any) -> list[Snapshot[Any]]:
    with settled.as_settled(jobs, **options) as ends:
        return list(ends)


def _in_a_loop(jobs: list[Job[Any]], **options: Any) -> list[Snapshot[Any]]:
    async def main() -> list[Snapshot[Any]]:
        async with jobs[0].client, aio.as_settled(jobs, **options) as ends:
            return [end async for end in ends]

    return asyncio.run(main())


def test_one_record_for_each_poll(jobs: Jobs, wait: WaitFunction, logged: Callable[[], list[tuple[int, str]]]) -> None:
    """A poll that shows a change is logged as INFO, one that shows nothing new as DEBUG."""
    wait(jobs(("INITIATED", 1.5), ("PROCESSING", 1), "COMPLETED"), timeout=9, schedule=EVERY_SECOND)
    assert logged() == [
        (logging.INFO, ", poll 1, 0.0 s: now INITIATED"),
        (logging.DEBUG, ", poll 2, 1.0 s: still INITIATED"),
        (logging.INFO, ", poll 3, 2.0 s: now PROCESSING"),
        (logging.INFO, ", poll 4, 3.0 s: settled, SUCCEEDED: COMPLETED"),
    ]


def test_records_have_fields(jobs: Jobs, wait: WaitFunction, caplog: pytest.LogCaptureFixture) -> None:
    """Every record has the job's ref, the status, the polls made and the seconds passed as attributes of its own."""
    caplog.set_level(logging.DEBUG, "settled")
    job = jobs(server_error(), ("PROCESSING", 1), ("REINDEXING", 1), "FAILED")
    wait(job, timeout=20, schedule=EVERY_SECOND)
    records = [record for record in caplog.records if record.name == "settled"]
    assert {vars(record)["job.ref"] for record in records} == {job.ref}
    fields = [(vars(record)["status"], vars(record)["polls"]) for record in records]
    assert fields == [
        (None, 1),
        ("PROCESSING", 2),
        ("REINDEXING", 3),
        ("REINDEXING", 3),
        ("FAILED", 4),
    ]
    assert [vars(record).get("error.type") for record in records] == ["ServerError", None, None, None, None]
    assert records[0].getMessage().startswith(f"{job.ref}, poll 1, 0.0 s: GET /")
    elapsed = [vars(record)["elapsed"] for record in records]
    assert elapsed == sorted(elapsed)
    assert elapsed[0] == 0
    assert elapsed[-1] > 2
    formatter = logging.Formatter("%(job.ref)s|%(status)s|%(polls)d|%(elapsed).0f")
    assert formatter.format(records[0]) == f"{job.ref}|None|1|0"


def test_failed_polls_are_warnings(jobs: Jobs, wait: WaitFunction, logged: Callable[[], list[tuple[int, str]]]) -> None:
    """A failed poll that is ridden out is a WARNING with its reason."""
    wait(jobs(server_error(502, times=2), "COMPLETED"), timeout=20)
    first, second, last = logged()
    assert first[0] == second[0] == logging.WARNING
    assert "answered 502" in first[1]
    assert first[1].endswith("; failed 1 in a row; polling again")
    assert second[1].endswith("; failed 2 in a row; polling again")
    assert last[0] == logging.INFO


def test_unlisted_words_are_warnings(
    jobs: Jobs, wait: WaitFunction, logged: Callable[[], list[tuple[int, str]]]
) -> None:
    """A word that nobody listed is one WARNING, and a change like any other."""
    wait(jobs(("REINDEXING", 1.5), "COMPLETED"), timeout=20, schedule=EVERY_SECOND)
    assert [line for line in logged() if line[0] == logging.WARNING] == [
        (logging.WARNING, ", poll 1, 0.0 s: undocumented status 'REINDEXING', taken for running")
    ]
    assert (logging.INFO, ", poll 1, 0.0 s: now REINDEXING") in logged()


def test_giving_up_is_no_alarm(jobs: Jobs, wait: WaitFunction, logged: Callable[[], list[tuple[int, str]]]) -> None:
    """An error that ends a wait is logged once, as INFO: the caller gets it, and knows how bad it is."""
    with pytest.raises(errors.WaitTimeout):
        wait(jobs("PROCESSING"), timeout=2, schedule=EVERY_SECOND)
    level, text = logged()[-1]
    assert level == logging.INFO
    assert "s: gave up, WaitTimeout: still PROCESSING after 2 s (" in text
    assert sum("gave up" in text for _, text in logged()) == 1


def test_failing_for_good(jobs: Jobs, wait: WaitFunction, logged: Callable[[], list[tuple[int, str]]]) -> None:
    """The failure that was one too many is not said to be ridden out."""
    with pytest.raises(errors.ServerError):
        wait(jobs(server_error(times=9), "COMPLETED"), timeout=60, patience=0.3)
    (first, riding), (last, giving_up) = logged()
    assert (first, last) == (logging.WARNING, logging.INFO)
    assert riding.endswith("polling again")
    assert "gave up, ServerError: GET " in giving_up


@pytest.mark.parametrize("settle", [_here, _in_a_loop])
def test_many_jobs(
    jobs: Jobs,
    settle: Callable[..., list[Snapshot[Any]]],
    logged: Callable[[], list[tuple[int, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of many jobs is told of like a single one."""
    monkeypatch.setattr(_clock, "clock", _clock.Clock())
    settle([jobs("COMPLETED"), jobs("FAILED")], timeout=900)
    assert {(level, text.rpartition(" s: ")[2]) for level, text in logged()} == {
        (logging.INFO, "settled, FAILED: FAILED"),
        (logging.INFO, "settled, SUCCEEDED: COMPLETED"),
    }
    assert len(logged()) == 2


def test_jobs_of_many_parts(sim: Simulator, wait: WaitFunction, logged: Callable[[], list[tuple[int, str]]]) -> None:
    """Where the vendor has no single word, the status is how many parts have which."""
    states = {"laptop": ["COMPLETED_SUCCESSFULLY"], "van": [("PENDING", 1.5), "COMPLETED_SUCCESSFULLY"]}
    with cortex_xdr.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        wait(cortex_xdr.action(client, sim.add("cortex_xdr.action", states=states)), timeout=9, schedule=EVERY_SECOND)
    assert [text.split(": ", 1)[1] for _, text in logged()] == [
        "now 1 COMPLETED_SUCCESSFULLY, 1 PENDING",
        "still 1 COMPLETED_SUCCESSFULLY, 1 PENDING",
        "settled, SUCCEEDED: 2 COMPLETED_SUCCESSFULLY",
    ]


def test_quiet_waits_make_no_records(jobs: Jobs, wait: WaitFunction, caplog: pytest.LogCaptureFixture) -> None:
    """With the level at WARNING a smooth wait does not so much as make a record."""
    caplog.set_level(logging.WARNING, "settled")
    made: list[str] = []
    usual = logging.getLogRecordFactory()

    def factory(name: str, *args: Any, **kwargs: Any) -> logging.LogRecord:
        made.append(name)
        return usual(name, *args, **kwargs)

    logging.setLogRecordFactory(factory)
    try:
        wait(jobs("INITIATED", ("PROCESSING", 3), "COMPLETED"), timeout=9)
        assert "settled" not in made
        wait(jobs(server_error(), "COMPLETED"), timeout=9)
        assert made.count("settled") == 1
    finally:
        logging.setLogRecordFactory(usual)


def test_back_and_forth(jobs: Jobs, wait: WaitFunction, logged: Callable[[], list[tuple[int, str]]]) -> None:
    """A status that comes back is a change again, and still counted with the first time."""
    job = jobs(("INITIATED", 0.5), ("PROCESSING", 1), ("INITIATED", 1), ("PROCESSING", 1), "COMPLETED")
    with pytest.raises(errors.WaitTimeout) as raised:
        wait(job, timeout=3, schedule=EVERY_SECOND)
    changes = [text.rpartition(": ")[2] for level, text in logged() if ": now" in text]
    assert changes == ["now INITIATED", "now PROCESSING", "now INITIATED", "now PROCESSING"]
    assert raised.value.seen == {"INITIATED": 2, "PROCESSING": 2}
