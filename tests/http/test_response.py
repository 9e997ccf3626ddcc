"""Bodies as they come over the wire: packed, cut short, too large."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from settled import Outcome, Snapshot, osapi
from settled._http.send import send
from settled.errors import AuthenticationError, MalformedResponse

from _exchange import JOB, WAYS, answering, fetch_all, reply

BODY = json.dumps({"id": JOB, "status": "completed", "result": "x" * 500}).encode()


def _fetched(way: str, content: bytes, **options: Any) -> Snapshot[Any] | Exception:
    with answering(lambda _: reply(content, Content_Encoding="gzip")) as server:
        client = osapi.connect(server.url, token="not-a-real-token", fast=way == "fast", **options)
        (brought,) = fetch_all([osapi.job(client, JOB)], way)
    return brought


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("padding", [b"", b"\0" * 30], ids=["alone", "with zeros"])
def test_members(way: str, padding: bytes) -> None:
    """Gzip of several members, one after the other, is one body; zeros may follow."""
    brought = _fetched(way, gzip.compress(BODY[:20]) + gzip.compress(b"") + gzip.compress(BODY[20:]) + padding)
    assert isinstance(brought, Snapshot)
    assert brought.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lost", [1, 8, 20])
def test_cut_short(way: str, lost: int) -> None:
    """Gzip without its end is refused, even if all of the JSON came."""
    brought = _fetched(way, gzip.compress(BODY)[:-lost])
    assert isinstance(brought, MalformedResponse)
    assert "cut short" in str(brought)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b" " * 10_000), gzip.compress(b"") * 200, BODY * 10],
    ids=["unpacked", "many members", "packed"],
)
def test_too_large(content: bytes) -> None:
    """Neither what is packed nor what it unpacks to may be larger than `max_body`."""
    brought = _fetched("sync", content, max_body=1000)
    assert isinstance(brought, MalformedResponse)


def test_default_bound() -> None:
    """A body may have 4 MiB, unpacked, unless the client says otherwise."""
    brought = _fetched("sync", gzip.compress(b" " * (4 * 2**20) + BODY))
    assert "4,194,304" in str(brought)
    taken = _fetched("sync", gzip.compress(b" " * (4 * 2**20) + BODY), max_body=5 * 2**20)
    assert isinstance(taken, Snapshot)


@pytest.mark.parametrize("way", WAYS)
def test_long_headers(way: str) -> None:
    """A header of a load balancer may be long: every way takes as much as httpx's own connections do."""
    with answering(lambda _: reply(BODY, X_Policy="x" * 60_000)) as server:
        client = osapi.connect(server.url, token="not-a-real-token", fast=way == "fast")
        (brought,) = fetch_all([osapi.job(client, JOB)], way)
    assert isinstance(brought, Snapshot)
    assert brought.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("location", ["http://[half", "/", ""])
def test_a_location_that_leads_nowhere(location: str) -> None:
    """A Location that is no address, or names nothing, is a MalformedResponse that says so."""
    created = reply(b"", "201 Created", Location=location)
    with answering(lambda _: created) as server, osapi.connect(server.url, token="not-a-real-token") as client:
        response = send(client, {"method": "POST", "url": "/"}, "a submit")
        with pytest.raises(MalformedResponse, match="without a Location"):
            response.location_id()


@pytest.mark.parametrize(("opened", "closed"), [('{"a":', "}"), ("[", "]"), ('{"detail":[', "]}")])
def test_errors_nested_as_deep_as_python_can_read(opened: str, closed: str) -> None:
    """However deep an error's body is nested, the error is that of its status, and quotes a part of it at most."""
    depths = iter(range(700, 1010))
    bodies = (f"{opened * depth}0{closed * depth}" for depth in depths)
    transport = httpx.MockTransport(lambda _: httpx.Response(401, text=next(bodies)))
    with osapi.connect(
        "https://nowhere.invalid", token="not-a-real-token", transport=transport, max_rate=None
    ) as client:
        for _ in range(310):
            with pytest.raises(AuthenticationError) as raised:
                osapi.job(client, JOB).fetch()
            assert len(str(raised.value)) <= 300
