"""What a Retry-After header asks for, by the server's clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from settled._http.retry_after import asked_pause, retry_after

NOW = 1_790_000_000.0
SERVER_TIME = 1_800_000_000
DATE = formatdate(SERVER_TIME, usegmt=True)
IN_A_MINUTE = formatdate(SERVER_TIME + 60, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Date": DATE}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "7", "Date": DATE}, 7),
        ({"Retry-After": IN_A_MINUTE, "Date": DATE}, 60),
        ({"Retry-After": str(SERVER_TIME + 60), "Date": DATE}, 60),
        ({"Retry-After": DATE, "Date": IN_A_MINUTE}, None),
    ],
)
def test_by_the_servers_clock(headers: dict[str, str], seconds: float | None) -> None:
    """A date is one by the clock that the answer's own date is of."""
    assert asked_pause(httpx.Headers(headers)) == seconds


FORMS = [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Sun, 06 Nov 1994 08:49:37 -0000",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 09:49:37 +0100",
]


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Tokyo"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize("date", FORMS)
def test_dates_are_utc(date: str) -> None:
    """Each form of a date is UTC, wherever the client is."""
    moment = 784_111_777
    assert retry_after(date, moment - 20) == 20
    assert asked_pause({"retry-after": date, "date": formatdate(moment - 20)}) == 20
    assert asked_pause({"retry-after": str(moment + 30), "date": date}) == 30


def test_leap_seconds() -> None:
    """A leap second is a moment like any other, and what is no time of day is nonsense."""
    assert retry_after("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_790) == 9
    assert retry_after("Sat, 31 Dec 2016 25:00:00 GMT", 0) is None


def test_by_our_clock() -> None:
    """Where an answer has no date of its own, our clock has to do."""
    soon = str(time.time() + 60)
    assert asked_pause(httpx.Headers({"Retry-After": soon})) == pytest.approx(60, abs=5)


def test_least_moment() -> None:
    """A number from a hundred million on is a moment, and no duration."""
    assert retry_after("99999999", 99_999_990) == 99_999_999
    assert retry_after("100000000", 99_999_990) == 10


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("1.5", 1.5),
        (" 7 ", 7),
        ("60, 120", 120),
        ("120, soon", 120),
        ("soon, 120,", 120),
        ("nan, 120", 120),
        ("5, Mon, 21 Sep 2026 14:54:20 GMT", 1_790_002_460 - NOW),
        ("Monday, 21-Sep-26 14:54:20 GMT, 5", 1_790_002_460 - NOW),
        ("Mon, 21 Sep 2026 14:54:00 GMT, Mon, 21 Sep 2026 14:54:20 GMT", 1_790_002_460 - NOW),
        ("Mon Sep 21 14:54:20 2026, Thu, 01 Jan 1970 00:00:00 GMT", 1_790_002_460 - NOW),
        (str(int(NOW) + 36_000), 36_000),
        ("Mon, 21 Sep 2026 14:54:20 GMT", 1_790_002_460 - NOW),
        (None, None),
        ("", None),
        ("-1", None),
        (str(int(NOW) - 5), None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("tomorrow", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
    ],
)
def test_reads_retry_after(value: str | None, seconds: float | None) -> None:
    """Retry-After is read as seconds, HTTP date or Unix time, and nonsense and the past are nothing."""
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_retry_after_never_raises(value: str) -> None:
    """Whatever stands in the header, the answer is a number of seconds or nothing."""
    seconds = retry_after(value, NOW)
    assert seconds is None or seconds >= 0
