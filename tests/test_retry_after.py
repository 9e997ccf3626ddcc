"""What a Retry-After header asks for, by the server's clock."""

from __future__ import annotations

import time
from email.utils import formatdate

import httpx
import pytest

from settled._retry_after import asked_pause, retry_after

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


def test_by_our_clock() -> None:
    """Where an answer has no date of its own, our clock has to do."""
    soon = str(time.time() + 60)
    assert asked_pause(httpx.Headers({"Retry-After": soon})) == pytest.approx(60, abs=5)


def test_least_moment() -> None:
    """A number from a hundred million on is a moment, and no duration."""
    assert retry_after("99999999", 99_999_990) == 99_999_999
    assert retry_after("100000000", 99_999_990) == 10
