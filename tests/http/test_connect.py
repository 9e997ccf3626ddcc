"""Clients as `connect` makes them: options that are checked, bounded cookies, certificates that are read again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import ssl
import struct
import time
import unittest.mock
from pathlib import Path
from typing import Any

import httpx
import pytest

import settled
from settled import Outcome, Snapshot, osapi
from settled._http import pool
from settled.errors import RateLimited, SubmitUnclear, TransportError, WaitTimeout
from settled.testing import virtual_time

import _certificates
from _exchange import JOB, WAYS, answering, fetch_all, heads, reply
from _servers import Server

TOKEN = "not-a-real-token-0123456789"
DONE = reply({"id": JOB, "status": "completed"})


@pytest.mark.parametrize("port", [0, 65536, 131072])
def test_ports(port: int) -> None:
    """There are ports from 1 to 65535."""
    with pytest.raises(ValueError, match=f"no port {port}"):
        osapi.connect(f"http://127.0.0.1:{port}", token=TOKEN)


@pytest.mark.parametrize("verify", [False, True])
def test_certificates_are_always_checked(verify: Any) -> None:
    """`verify=False` is a TypeError that says what to give instead."""
    with pytest.raises(TypeError, match="CA bundle"):
        osapi.connect("https://vendor.invalid", token=TOKEN, verify=verify)


def test_missing_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """All variables that are not set are named at once."""
    monkeypatch.delenv("SETTLED_OSAPI_URL", raising=False)
    monkeypatch.delenv("SETTLED_OSAPI_TOKEN", raising=False)
    with pytest.raises(ValueError, match="SETTLED_OSAPI_URL, SETTLED_OSAPI_TOKEN are not set"):
        osapi.connect_from_env()


@pytest.mark.parametrize("way", WAYS)
def test_cookies_are_bounded(way: str) -> None:
    """However many cookies a server sets, the requests do not grow beyond twenty short ones."""
    sizes: list[int] = []

    def answer(head: bytes) -> bytes:
        sizes.append(len(head))
        number = len(sizes)
        cookies = b"".join(
            f"Set-Cookie: c{number}x{at}={'v' * 3000 if at % 2 else 'short'}\r\n".encode() for at in range(20)
        )
        return DONE.replace(b"\r\n", b"\r\n" + cookies, 1)

    with answering(answer) as server:
        client = osapi.connect(server.url, token=TOKEN, fast=way == "fast")
        brought = fetch_all([osapi.job(client, JOB)] * 6, way)
    assert all(isinstance(end, Snapshot) for end in brought)
    assert sizes[1] > sizes[0]
    assert max(sizes) < sizes[0] + 1000


def test_cookies_of_many_paths() -> None:
    """One name for ever new paths is as many cookies as it has paths."""
    numbers = itertools.count()

    def answer(_: bytes) -> bytes:
        cookies = b"".join(b"Set-Cookie: a=1; Path=/%d\r\n" % next(numbers) for _ in range(30))
        return DONE.replace(b"\r\n", b"\r\n" + cookies, 1)

    with answering(answer) as server, osapi.connect(server.url, token=TOKEN) as client:
        for _ in range(3):
            osapi.job(client, JOB).fetch()
        assert len(client.get_httpx_client().cookies) <= 20


@pytest.mark.parametrize("way", WAYS)
def test_odd_cookies(way: str) -> None:
    """A cookie that no header can hold ends nothing."""
    odd = DONE.replace(b"\r\n", b"\r\nSet-Cookie: a=\xc3\xa9\x01; Path=/\r\nSet-Cookie: b=2\r\n", 1)
    with answering(lambda _: odd) as server:
        client = osapi.connect(server.url, token=TOKEN, fast=way == "fast")
        brought = fetch_all([osapi.job(client, JOB)] * 3, way)
    assert all(isinstance(end, Snapshot | TransportError) for end in brought)


def test_bundles_are_read_again(tmp_path: Path) -> None:
    """A CA bundle that somebody has replaced is read again by the next client."""
    bundle = tmp_path / "bundle.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = tmp_path / "server.pem"
    certificate.write_text(_certificates.VENDOR)
    context.load_cert_chain(certificate)

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            if secured.recv(65536):
                secured.sendall(DONE)

    with Server(behave) as server:
        url = server.url.replace("http:", "https:")
        bundle.write_text(_certificates.STRANGER)
        (refused,) = fetch_all([osapi.job(osapi.connect(url, token=TOKEN, verify=str(bundle)), JOB)], "sync")
        bundle.write_text(_certificates.VENDOR)
        os.utime(bundle, (1, 1))
        (taken,) = fetch_all([osapi.job(osapi.connect(url, token=TOKEN, verify=str(bundle)), JOB)], "sync")
    assert isinstance(refused, TransportError)
    assert not refused.may_pass
    assert isinstance(taken, Snapshot)


def test_bundles_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_FILE is read when a client is made, like a bundle that is given, and named if it cannot be."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(_certificates.STRANGER)
    osapi.connect("https://vendor.invalid", token=TOKEN)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    client = osapi.connect("https://vendor.invalid", token=TOKEN)
    assert client.get_httpx_client()
    bundle.write_text("no certificate")
    with pytest.raises(ValueError, match="SSL_CERT_FILE is no CA bundle that can be read"):
        osapi.connect("https://vendor.invalid", token=TOKEN)
    with pytest.raises(TransportError, match="SSL_CERT_FILE is no CA bundle that can be read"):
        asyncio.run(osapi.job(client, JOB).fetch_async())
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "log"))
    with pytest.raises(ValueError, match="SSLKEYLOGFILE names cannot be written: No such file"):
        osapi.connect("https://vendor.invalid", token=TOKEN)


class _Renamed(httpx.HTTPTransport):
    """A transport that calls its pool by another name."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = self.__dict__.pop("_pool")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with unittest.mock.patch.object(self, "_pool", self.pool, create=True):
            return super().handle_request(request)

    def close(self) -> None:
        self.pool.close()


def test_another_release_of_httpx() -> None:
    """Where httpx's private names are gone, its own pool does the work, and a warning says so."""
    http = httpx.Client(transport=_Renamed())
    with answering(lambda _: DONE) as server, contextlib.closing(http):
        with pytest.warns(UserWarning, match="does not know this release of httpx"):
            pool.use_stack(http)
        client = osapi.connect(server.url, token=TOKEN).set_httpx_client(http)
        http.base_url = httpx.URL(server.url)
        assert osapi.job(client, JOB).fetch().outcome is Outcome.SUCCEEDED
        pool.discard_connections(http)


@pytest.mark.parametrize("way", ["sync", "async"])
def test_wrong_transport(way: str) -> None:
    """A transport that is only async is a TypeError in a thread, and the other way round."""

    class Sync(httpx.BaseTransport):
        pass

    class Async(httpx.AsyncBaseTransport):
        pass

    client = osapi.connect("http://vendor.invalid", token=TOKEN, transport=Async() if way == "sync" else Sync())
    job = osapi.job(client, JOB)
    fetch = job.fetch if way == "sync" else lambda: asyncio.run(job.fetch_async())
    with pytest.raises(TypeError, match="only"):
        fetch()


def test_copies_leave_the_client_alone() -> None:
    """`with_headers`, `with_cookies` and `with_timeout` change the copy only, also once requests were made."""
    heads: list[bytes] = []
    with answering(lambda head: heads.append(head) or DONE) as server:  # type: ignore[func-returns-value]
        client = osapi.connect(server.url, token=TOKEN)
        osapi.job(client, JOB).fetch()
        other = client.with_headers({"X-Tenant": "b"}).with_cookies({"c": "d"}).with_timeout(httpx.Timeout(1))
        osapi.job(client, JOB).fetch()
        osapi.job(other, JOB).fetch()
        assert client.get_httpx_client().timeout != other.get_httpx_client().timeout
        client.get_httpx_client().close()
        other.get_httpx_client().close()
    assert [b"x-tenant: b" in head.lower() and b"c=d" in head for head in heads] == [False, False, True]


def test_an_async_client_for_each_loop() -> None:
    """Two loops that take turns keep a client each, and those of closed loops go."""
    with answering(lambda _: DONE) as server:
        client = osapi.connect(server.url, token=TOKEN)
        loops = [asyncio.new_event_loop(), asyncio.new_event_loop()]
        seen: list[Any] = []

        async def fetch() -> None:
            seen.append(client.get_async_httpx_client())
            assert (await osapi.job(client, JOB).fetch_async()).outcome is Outcome.SUCCEEDED

        for _ in range(2):
            for loop in loops:
                loop.run_until_complete(fetch())
        assert seen[0] is seen[2]
        assert seen[1] is seen[3]
        assert seen[0] is not seen[1]
        for loop, http in zip(loops, seen, strict=False):
            loop.run_until_complete(http.aclose())
            loop.close()

        async def fetch_and_close() -> None:
            async with client:
                await fetch()

        asyncio.run(fetch_and_close())
        assert len(client._async_clients) == 1


@pytest.mark.parametrize("way", ["sync", "async"])
def test_fetches_are_paced(way: str, clock: Any) -> None:
    """Single fetches keep to the client's rate, as polls do."""
    moments: list[float] = []

    def answer(_: bytes) -> bytes:
        moments.append(clock.now())
        return DONE

    with answering(answer) as server:
        client = osapi.connect(server.url, token=TOKEN, max_rate=2)
        fetch_all([osapi.job(client, JOB)] * 5, way)
    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(moments))


def test_a_fetch_in_a_pause(clock: Any) -> None:
    """A fetch waits out a short pause that the API has asked for, and is refused in a long one, unsent."""
    answers = iter([reply({}, "429 Too Many", Retry_After="20"), DONE, reply({}, "503 No", Retry_After="3600")])
    asked: list[float] = []

    def answer(_: bytes) -> bytes:
        asked.append(clock.now())
        return next(answers)

    with answering(answer) as server, osapi.connect(server.url, token=TOKEN) as client:
        job = osapi.job(client, JOB)
        with pytest.raises(RateLimited):
            job.fetch()
        assert job.fetch().outcome is Outcome.SUCCEEDED
        assert asked[1] - asked[0] >= 20
        with pytest.raises(settled.errors.ServerError):
            job.fetch()
        with pytest.raises(RateLimited, match="not sent") as raised:
            job.fetch()
    assert len(asked) == 3
    assert raised.value.retry_after is not None
    assert raised.value.retry_after > 3500


def test_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody knows is said so, and marked."""

    def getaddrinfo(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for way in ("sync", "async"):
        (failed,) = fetch_all([osapi.job(osapi.connect("http://vendor.invalid", token=TOKEN), JOB)], way)
        assert isinstance(failed, TransportError)
        assert failed.is_unknown_host
        assert "the host name vendor.invalid is not known" in str(failed)


def test_a_silent_server_and_a_transport_of_ones_own() -> None:
    """A wait ends by its deadline also through a ready-made transport of httpx's, whose steps may take longer."""
    with socket.create_server(("127.0.0.1", 0)) as silent, httpx.HTTPTransport() as transport:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = osapi.connect(url, token=TOKEN, transport=transport, timeout=20)
        began = time.monotonic()
        with pytest.raises(WaitTimeout):
            settled.wait(osapi.job(client, JOB), timeout=0.3)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("how", ["end", "reset"])
def test_a_kept_connection_that_the_server_closes(way: str, how: str) -> None:
    """A poll is sent again, on a new connection, if the server closes the kept one just when it goes out."""
    asked: list[int] = []

    def behave(connection: socket.socket) -> None:
        for number, _ in enumerate(heads(connection)):
            asked.append(number)
            if number:
                if how == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            connection.sendall(reply({"id": JOB, "status": "processing"}))

    with Server(behave) as server:
        job = osapi.job(osapi.connect(server.url, token=TOKEN, fast=way == "fast"), JOB)
        brought = fetch_all([job] * 3, way)
    assert [type(each) for each in brought] == [Snapshot] * 3
    assert asked == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("way", ["sync", "async"])
def test_a_poll_that_is_sent_again_keeps_to_the_rate(way: str) -> None:
    """A poll is sent twice at most, however many connections are closed, and takes a second turn in the rate."""
    asked: list[int] = []

    def behave(connection: socket.socket) -> None:
        for _ in heads(connection):
            asked.append(len(asked))
            if asked[-1]:
                return
            connection.sendall(reply({"id": JOB, "status": "processing"}))

    with Server(behave) as server, virtual_time() as clock:
        job = osapi.job(osapi.connect(server.url, token=TOKEN, max_rate=4), JOB)
        brought = fetch_all([job] * 2, way)
    assert [seconds >= 0.25 for seconds in clock.slept] == [False, True, True]
    assert [type(each) for each in brought] == [Snapshot, TransportError]
    assert asked == [0, 1, 2]


def test_a_submit_is_not_sent_again() -> None:
    """A submit goes out once, also on a kept connection that the server closes: the job may exist."""
    asked: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        for number, head in enumerate(heads(connection)):
            asked.append(head.split()[0])
            if number:
                return
            connection.sendall(reply({"id": JOB, "status": "processing"}))

    with Server(behave) as server, osapi.connect(server.url, token=TOKEN) as client:
        osapi.job(client, JOB).fetch()
        with pytest.raises(SubmitUnclear):
            osapi.run_shell(client, "_any", "id")
    assert asked.count(b"POST") == 1
