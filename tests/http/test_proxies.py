"""Proxies are the environment's, as httpx finds them, and settings that cannot work say so at once."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import time
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

import settled
from settled import Job, Outcome, osapi
from settled._http.connect import client_arguments
from settled._http.oauth import OAuthClientCredentials
from settled._http.transport_errors import error_chain
from settled.errors import PermissionDenied, TransportError
from settled_clients.osapi import AuthenticatedClient

from _exchange import JOB, WAYS, answering, fetch_all, reply
from _servers import Server

DONE = reply({"id": JOB, "status": "completed"})


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy but those that a test names."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def proxied() -> Iterator[tuple[Server, list[bytes]]]:
    """A proxy, and the heads of what it was asked."""
    seen: list[bytes] = []

    def answer(head: bytes) -> bytes:
        seen.append(head)
        return DONE

    with answering(answer) as server:
        yield server, seen


def _job(url: str, way: str = "sync") -> Job[Any]:
    return osapi.job(osapi.connect(url, token="not-a-real-token", fast=way == "fast"), JOB)


def _wait(job: Job[Any], way: str, timeout: float) -> Any:
    if way == "sync":
        return settled.wait(job, timeout=timeout)
    return asyncio.run(settled.aio.wait(job, timeout=timeout))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "no_proxy",
    [
        "127.0.0.1:{port}",
        "127.0.0.0/8",
        "127.0.0.1",
        "example.org, 127.0.0.1",
        "*",
        "[::1],127.0.0.1",
        "fd00::/8,127.*",
    ],
)
def test_no_proxy(
    monkeypatch: pytest.MonkeyPatch, proxied: tuple[Server, list[bytes]], no_proxy: str, way: str
) -> None:
    """A host that NO_PROXY names, alone, with its port or as one of a network, is reached directly."""
    proxy, through_proxy = proxied
    with answering(lambda _: DONE) as vendor:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", no_proxy.format(port=vendor.port))
        (end,) = fetch_all([_job(vendor.url, way)], way)
    assert end.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]
    assert through_proxy == []


@pytest.mark.parametrize("no_proxy", ["far.invalid:80", "*.invalid"])
def test_no_proxy_of_a_name(
    monkeypatch: pytest.MonkeyPatch, proxied: tuple[Server, list[bytes]], no_proxy: str
) -> None:
    """NO_PROXY names a host also with the port that its scheme has anyway, or with a star."""
    proxy, through_proxy = proxied
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    (end,) = fetch_all([_job("http://far.invalid")], "sync")
    assert isinstance(end, TransportError)
    assert through_proxy == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("no_proxy", ["localhost,127.0.0.1,10.0.0.0/8,fd00::/8", "[::1]", "[fd00::1]:443"])
def test_no_proxy_of_other_hosts(
    monkeypatch: pytest.MonkeyPatch, proxied: tuple[Server, list[bytes]], no_proxy: str, way: str
) -> None:
    """A host that NO_PROXY does not name is reached through the proxy, also if httpx cannot read the other names."""
    proxy, through_proxy = proxied
    monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
    monkeypatch.setenv("NO_PROXY", no_proxy)
    (end,) = fetch_all([_job("http://far.invalid", way)], way)
    assert end.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]
    assert len(through_proxy) == 1


@pytest.mark.parametrize("way", WAYS)
def test_no_proxy_is_for_that_host_alone(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """An API inside is reached directly, and the server outside that issues its tokens through the proxy."""
    with answering(lambda _: reply({"access_token": "not-a-real-token"})) as proxy, answering(lambda _: DONE) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.0/8")
        auth = OAuthClientCredentials("http://issuer.invalid/token", "app-17", "not-a-real-secret")
        client = AuthenticatedClient(**client_arguments(server.url, auth, fast=way == "fast"))
        (brought,) = fetch_all([osapi.job(client, JOB)], way)
    assert isinstance(brought, settled.Snapshot)


@pytest.mark.parametrize("way", WAYS)
def test_credentials_of_a_proxy(monkeypatch: pytest.MonkeyPatch, proxied: tuple[Server, list[bytes]], way: str) -> None:
    """A proxy's user and password go to it in UTF-8."""
    proxy, seen = proxied
    monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//us%C3%A9r:p%C3%A4ss@"))
    (end,) = fetch_all([_job("http://far.invalid", way)], way)
    assert end.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]
    assert b"proxy-authorization: Basic dXPDqXI6cMOkc3M=".lower() in seen[0].lower()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        ("socks5://127.0.0.1:9", "pip install 'httpx[socks]'"),
        ("socks5h://user:pa55word@127.0.0.1:9", "pip install 'httpx[socks]'"),
        ("ftp://127.0.0.1:9", "HTTPS_PROXY"),
        ("http://user:pa55word@proxy:80a", "HTTPS_PROXY"),
        ("http://user:pa55word@127.0.0.1:99999", "port 99999"),
        ("127.0.0.1:0", "port 0"),
        ("http://", "no host"),
        (" ", "no host"),
    ],
)
def test_settings_that_cannot_work(monkeypatch: pytest.MonkeyPatch, proxy: str, message: str, way: str) -> None:
    """They end a wait at once, say what to do, and do not show the password."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(TransportError, match="proxy settings") as raised:
        _wait(_job("http://far.invalid", way), way, timeout=60)
    assert not raised.value.may_pass
    assert message in str(raised.value)
    assert "pa55word" not in str(raised.value)
    assert raised.value.__cause__ is raised.value.__context__ is None
    assert len(str(raised.value)) <= 300


@pytest.mark.parametrize("way", WAYS)
def test_settings_that_do_not_matter(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A host that NO_PROXY names is reached whatever the proxy is."""
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:99999")
    with answering(lambda _: DONE) as vendor:
        (end,) = fetch_all([_job(vendor.url, way)], way)
    assert end.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]


@pytest.mark.parametrize("way", WAYS)
def test_settings_of_another_scheme(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """An address that begins with http does not depend on the proxy for https."""
    monkeypatch.setenv("HTTPS_PROXY", "socks4://127.0.0.1:9")
    with answering(lambda _: DONE) as vendor:
        (end,) = fetch_all([_job(vendor.url, way)], way)
    assert end.outcome is Outcome.SUCCEEDED  # type: ignore[union-attr]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_refused(monkeypatch: pytest.MonkeyPatch, status: str, scheme: str, way: str) -> None:
    """A proxy that refuses ends a wait at its first answer, to CONNECT too."""
    asked: list[bytes] = []

    def answer(head: bytes) -> bytes:
        asked.append(head)
        return reply(b"", status, Connection="close")

    with answering(answer) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        with pytest.raises(settled.errors.SettledError) as raised:
            _wait(_job(f"{scheme}://far.invalid", way), way, timeout=60)
    assert len(asked) == 1
    is_plain_403 = scheme == "http" and status.startswith("403")
    assert isinstance(raised.value, PermissionDenied) == is_plain_403
    assert status[:3] in str(raised.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("answer", ["407 Proxy Authentication Required", "502 Bad Gateway", "", None])
def test_password_of_a_proxy_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer: str | None, scheme: str, way: str
) -> None:
    """Neither an error with its causes, nor a log, nor a repr shows it: refused, failing, dropping or not there."""
    caplog.set_level(logging.DEBUG)

    def respond(head: bytes) -> bytes:
        return reply(head, answer, Connection="close") if answer else b""

    with answering(respond) as proxy:
        url = proxy.url if answer is not None else "http://127.0.0.1:9"
        monkeypatch.setenv("ALL_PROXY", url.replace("//", "//scanner:pa55word@"))
        job = _job(f"{scheme}://far.invalid", way)
        (failed,) = fetch_all([job], way)
    assert isinstance(failed, settled.errors.SettledError)
    http: Any = job.client.get_httpx_client() if way == "sync" else job.client.get_async_httpx_client()
    shown = "".join(traceback.format_exception(failed)) + caplog.text + f"{job!r} {job.client!r} {http!r}"
    for error in error_chain(failed):
        shown += repr(error) + str(vars(error))
    assert "pa55word" not in shown
    assert base64.b64encode(b"scanner:pa55word").decode() not in shown


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("user", ["scanner:pa55word", "key-0123456789:", "key-0123456789", ":pa55word"])
def test_what_a_proxy_quotes(monkeypatch: pytest.MonkeyPatch, user: str, way: str) -> None:
    """A proxy that quotes its credentials, packed and unpacked, is quoted without them; some take a key for a user."""

    def respond(head: bytes) -> bytes:
        packed = re.split(b"proxy-authorization: basic ", head, flags=re.IGNORECASE)[1].split()[0]
        return reply({"message": f"refused: {packed.decode()} is {base64.b64decode(packed).decode()}"}, "403 Forbidden")

    with answering(respond) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", f"//{user}@"))
        (failed,) = fetch_all([_job("http://far.invalid", way)], way)
    assert "refused: [secret] is " in str(failed)
    assert "pa55word" not in str(failed)
    assert "key-0123456789" not in str(failed)


@pytest.mark.parametrize("way", ["sync", "async"])
def test_nobody_there(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """An error of connecting names what was connected to: the proxy."""
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    (failed,) = fetch_all([_job("http://far.invalid", way)], way)
    assert "connection refused by 127.0.0.1:9" in str(failed)


def test_dripping_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that answers CONNECT a byte at a time cannot hold a wait beyond its deadline."""

    def behave(connection: Any) -> None:
        connection.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\n" + b"x-more: 1\r\n" * 200:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    with Server(behave) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        began = time.monotonic()
        with pytest.raises(settled.errors.WaitTimeout):
            settled.wait(_job("https://far.invalid"), timeout=0.3)
    assert time.monotonic() - began < 30
