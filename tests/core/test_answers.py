"""What polls do to and with httpx, and the bounds of an answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import settled
from settled import errors, osapi

JOB = "550e8400-e29b-41d4-a716-446655440000"
DONE = b'{"status": "completed"}'


def job_of(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> settled.Job[Any]:
    """A job whose polls `answer` answers."""
    client = osapi.connect("https://api.invalid", token="t0ken-t0ken", transport=httpx.MockTransport(answer), **options)
    return osapi.job(client, JOB)


def endless() -> httpx.SyncByteStream:
    """A body that has no end."""

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            while True:
                yield bytes(65536)

    return Endless()


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx.Response(200, stream=endless()),
        lambda _: httpx.Response(200, content=bytes(1_000_001)),
        lambda _: httpx.Response(503, content=bytes(1_000_001)),
        lambda _: httpx.Response(200, content=gzip.compress(bytes(2_000_000)), headers={"Content-Encoding": "gzip"}),
    ],
    ids=["endless", "too long", "too long an error", "gzip bomb"],
)
def test_bounded(answer: Callable[[httpx.Request], httpx.Response]) -> None:
    """Of a body that is longer than `max_body`, packed or not, no more is read, and the error names the bound."""
    with pytest.raises(errors.MalformedResponse, match=r"more than 1,000,000 bytes.*max_body"):
        job_of(answer, max_body=1_000_000).fetch()


def test_packed() -> None:
    """A packed body within the bound is unpacked."""
    packed = httpx.Response(200, content=gzip.compress(DONE), headers={"Content-Encoding": "gzip"})
    assert job_of(lambda _: packed).fetch().status == "completed"


def test_other_encodings() -> None:
    """Gzip is asked for, and what comes in another encoding is not unpacked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Accept-Encoding"])
        return httpx.Response(200, stream=httpx.ByteStream(b"\x0b\x02"), headers={"Content-Encoding": "br"})

    with pytest.raises(errors.MalformedResponse, match="'br'"):
        job_of(answer).fetch()
    assert asked == ["gzip"]


def test_bound_is_checked() -> None:
    """A bound that lets nothing through is a ValueError."""
    with pytest.raises(ValueError, match="max_body"):
        job_of(lambda _: httpx.Response(200), max_body=0)


def test_hooks_and_auth_of_the_users() -> None:
    """Event hooks and credentials that somebody gives the httpx client work for polls, too."""
    seen: list[str] = []
    job = job_of(lambda request: httpx.Response(200, content=DONE))
    http = job.client.get_httpx_client()
    http.event_hooks = {"request": [lambda request: seen.append(request.headers["Authorization"])], "response": []}
    assert job.fetch().is_settled
    http.auth = ("user", "word")
    assert job.fetch().is_settled
    assert [word.split()[0] for word in seen] == ["Bearer", "Basic"]


def test_redirects_are_followed_where_somebody_wants_it() -> None:
    """A poll follows redirects only if the httpx client was told to."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/there":
            return httpx.Response(200, content=DONE)
        return httpx.Response(302, headers={"Location": "/there"})

    job = job_of(answer)
    with pytest.raises(errors.ApiError):
        job.fetch()
    job.client.get_httpx_client().follow_redirects = True
    assert job.fetch().is_settled


def test_cookies() -> None:
    """What a server sets as a cookie comes back to it with the next poll."""
    got: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        got.append(request.headers.get("Cookie"))
        return httpx.Response(200, content=json.dumps({"status": "processing"}), headers={"Set-Cookie": "node=7"})

    job = job_of(answer)
    for _ in range(2):
        job.fetch()
    assert got == [None, "node=7"]


def test_a_client_of_the_users() -> None:
    """An httpx client that somebody puts in place is used for polls, too."""
    job = job_of(lambda _: httpx.Response(500))
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=DONE))
    job.client.set_httpx_client(httpx.Client(base_url="https://other.invalid", transport=transport))  # type: ignore[attr-defined]
    assert job.fetch().is_settled
