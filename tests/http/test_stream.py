"""A body in pieces: bounded memory, an error where it is cut, and a consumer that may fail or stop as it likes."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import math
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from settled import cortex_xsiam
from settled._http.stream import stream, stream_async
from settled.errors import BadRequest, MalformedResponse, TransportError

from _exchange import heads
from _servers import Server

REQUEST = {"method": "post", "url": "/rows", "json": {}}
KEY = "the-key-of-the-stream-tests"
WAYS = ("sync", "async", "fast")

Write = Callable[[socket.socket], None]


def _collect(url: str, way: str, take: Any = None, **options: Any) -> bytes:
    """All pieces, joined; or what `take` makes of each is thrown away."""
    seconds: float = options.pop("seconds", 30.0)
    client = cortex_xsiam.connect(url, key_id=7, key=KEY, fast=way == "fast", **options)
    pieces: list[bytes] = []
    handle = take or pieces.append

    async def in_a_loop() -> None:
        async with client, contextlib.aclosing(stream_async(client, REQUEST, "the rows", seconds)) as parts:
            async for part in parts:
                handle(part)

    if way != "sync":
        asyncio.run(in_a_loop())
    else:
        with client, contextlib.closing(stream(client, REQUEST, "the rows", seconds)) as parts:
            for part in parts:
                handle(part)
    return b"".join(pieces)


@contextlib.contextmanager
def _serving(write: Write, head: str = "200 OK\r\nTransfer-Encoding: chunked") -> Iterator[str]:
    """The address of a server that answers with this head, and the body that `write` sends."""

    def behave(connection: socket.socket) -> None:
        for _ in heads(connection):
            connection.sendall(f"HTTP/1.1 {head}\r\n\r\n".encode())
            write(connection)

    with Server(behave) as server:
        yield server.url


def _chunks(*parts: bytes, is_complete: bool = True) -> Write:
    """Sends these parts as chunks, and ends the connection instead of the body unless that is complete."""

    def write(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        if not is_complete:
            raise OSError("cut")
        connection.sendall(b"0\r\n\r\n")

    return write


PACKED = "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip"


@pytest.mark.parametrize("way", WAYS)
def test_pieces(way: str) -> None:
    """All of a body comes, packed or not, and no piece is larger than 64 KiB."""
    body = json.dumps(list(range(60_000))).encode()
    sizes: list[int] = []
    with _serving(_chunks(body[:100_000], body[100_000:])) as url:
        assert _collect(url, way) == body
        _collect(url, way, lambda piece: sizes.append(len(piece)))
    packed = gzip.compress(body)
    with _serving(_chunks(packed[:7], packed[7:]), PACKED) as url:
        assert _collect(url, way) == body
        _collect(url, way, lambda piece: sizes.append(len(piece)))
    assert sum(sizes) == 2 * len(body)
    assert max(sizes) <= 64 * 1024


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("head", [PACKED, "200 OK\r\nTransfer-Encoding: chunked"], ids=["packed", "plain"])
def test_cut_in_the_middle(way: str, head: str) -> None:
    """A connection that ends within a body is an error after the pieces that came, not a short body."""
    body = gzip.compress(b"a row\n" * 100_000, mtime=0) if head == PACKED else b"a row\n" * 1000
    came: list[bytes] = []
    with (
        _serving(_chunks(body[: len(body) // 2], is_complete=False), head) as url,
        pytest.raises(TransportError, match=r"^the rows: "),
    ):
        _collect(url, way, came.append)
    assert came


@pytest.mark.parametrize("way", WAYS)
def test_cut_gzip(way: str) -> None:
    """Gzip without its end is refused where HTTP itself saw a whole body."""
    with (
        _serving(_chunks(gzip.compress(b"a row\n" * 1000)[:-8]), PACKED) as url,
        pytest.raises(MalformedResponse, match="cut short"),
    ):
        _collect(url, way)


@pytest.mark.parametrize("way", WAYS)
def test_gzip_bomb(way: str) -> None:
    """Sixty-four megabytes that a little gzip stands for passes by in pieces, and takes no memory."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, 31), bytes(2**20)
    bomb = b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()
    size = 0

    def count(piece: bytes) -> None:
        nonlocal size
        size += len(piece)

    with _serving(_chunks(bomb), PACKED) as url:
        tracemalloc.start()
        try:
            _collect(url, way, count)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert size == 64 * 2**20
    assert most < 8 * 2**20


@pytest.mark.parametrize("way", WAYS)
def test_refusal(way: str) -> None:
    """An answer that is no success is the API's own error, with its message and without secrets."""
    body = json.dumps({"reply": {"err_code": 400, "err_msg": f"no such stream for {KEY}"}}).encode()
    with (
        _serving(_chunks(body), "400 Bad Request\r\nTransfer-Encoding: chunked") as url,
        pytest.raises(BadRequest, match=r"no such stream for \[secret\]"),
    ):
        _collect(url, way)


@pytest.mark.parametrize("way", WAYS)
def test_large_refusal(way: str) -> None:
    """A refusal is read within the client's bounds."""
    with (
        _serving(_chunks(b"x" * 5000), "502 Bad Gateway\r\nTransfer-Encoding: chunked") as url,
        pytest.raises(MalformedResponse, match="max_body"),
    ):
        _collect(url, way, max_body=1000)


class _Mine(Exception):
    """What a consumer raises."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", [_Mine("a full disk"), OSError("a full disk"), TimeoutError("mine")])
def test_consumer_that_raises(way: str, error: Exception) -> None:
    """What the consumer raises comes out as it is, even where a network could have raised it."""

    def fail(_: bytes) -> None:
        raise error

    with _serving(_chunks(b"1", b"2")) as url, pytest.raises(type(error)) as raised:
        _collect(url, way, fail)
    assert raised.value is error


@pytest.mark.parametrize("way", WAYS)
def test_stopping_early(way: str) -> None:
    """The connection ends with the generator, and a server that is still sending notices."""
    noticed = threading.Event()

    def endless(connection: socket.socket) -> None:
        try:
            while True:
                connection.sendall(b"4\r\nrow\n\r\n" * 1000)
        except OSError:
            noticed.set()
            raise

    def stop(_: bytes) -> None:
        raise _Mine

    with _serving(endless) as url, pytest.raises(_Mine):
        _collect(url, way, stop)
    assert noticed.wait(10)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bound", ["timeout", "seconds"])
def test_silence(way: str, bound: str) -> None:
    """A server that stops sending is given up after the client's read timeout, or after all the time there is."""
    silence = threading.Event()

    def fall_silent(connection: socket.socket) -> None:
        connection.sendall(b"4\r\nrow\n\r\n")
        silence.wait(20)

    with _serving(fall_silent) as url:
        with pytest.raises(TransportError, match="the rows: "):
            _collect(url, way, **{bound: 0.2})
        silence.set()


def test_trickle() -> None:
    """`seconds` bounds the whole: bytes that keep coming do not prolong it."""
    stop = threading.Event()

    def trickle(connection: socket.socket) -> None:
        while not stop.wait(0.02):
            connection.sendall(b"1\r\nx\r\n")

    with _serving(trickle) as url:
        for way in WAYS:
            with pytest.raises(TransportError, match="the rows: "):
                _collect(url, way, seconds=0.3)
        stop.set()


def test_mocked_bodies() -> None:
    """A body that a hook has read, or that a mock holds as a whole, comes in pieces, too."""
    body = bytes(200_000)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=gzip.compress(body), headers={"Content-Encoding": "gzip"})

    client = cortex_xsiam.connect("https://tenant.invalid", key_id=7, key=KEY, transport=httpx.MockTransport(answer))
    with client:
        assert b"".join(stream(client, REQUEST, "the rows")) == body
        http = client.get_httpx_client()
        http.event_hooks = {"response": [lambda response: response.read()]}
        sizes = [len(piece) for piece in stream(client, REQUEST, "the rows")]
    assert sum(sizes) == len(body)
    assert max(sizes) <= 64 * 1024


@pytest.mark.parametrize("way", WAYS)
def test_body_that_a_hook_has_thrown_away(way: str) -> None:
    """A body that a hook has read, and not kept, is an error of ours."""

    def throw_away(response: httpx.Response) -> None:
        for _ in response.iter_raw():
            pass

    async def throw_away_async(response: httpx.Response) -> None:
        async for _ in response.aiter_raw():
            pass

    async def in_a_loop(client: Any) -> None:
        async with client:
            client.get_async_httpx_client().event_hooks = {"response": [throw_away_async]}
            async for _ in stream_async(client, REQUEST, "the rows"):
                pass

    def here(client: Any) -> None:
        with client:
            client.get_httpx_client().event_hooks = {"response": [throw_away]}
            list(stream(client, REQUEST, "the rows"))

    play = here if way == "sync" else lambda client: asyncio.run(in_a_loop(client))
    with _serving(_chunks(b"row")) as url, pytest.raises(TransportError, match="the rows: "):
        play(cortex_xsiam.connect(url, key_id=7, key=KEY, fast=way == "fast"))


def test_nobody_there() -> None:
    """A connection that is refused is a TransportError about the request."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    for way in WAYS:
        with pytest.raises(TransportError, match=rf"the rows: .*127\.0\.0\.1:{port}"):
            _collect(f"http://127.0.0.1:{port}", way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", ["204 No Content", "206 Partial Content"])
def test_a_success_without_all(way: str, status: str) -> None:
    """A part of what was asked for, or nothing of it, does not pass for all."""
    head = f"{status}\r\nContent-Length: {0 if status.startswith('204') else 3}"
    with (
        _serving(lambda connection: None if "204" in status else connection.sendall(b"abc"), head) as url,
        pytest.raises(MalformedResponse, match=r"answered 20[46] \(.* Content\) instead of all"),
    ):
        _collect(url, way)


@pytest.mark.parametrize("way", WAYS)
def test_a_head_without_an_end(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that announces an answer again and again, and never gives it, holds nobody up for ever."""
    monkeypatch.setattr("settled._http.stream.MAX_POLL_SECONDS", 0.3)

    def behave(connection: socket.socket) -> None:
        next(heads(connection))
        while True:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            time.sleep(0.05)

    with Server(behave) as server, pytest.raises(TransportError):
        _collect(server.url, way, timeout=0.3, seconds=math.inf)
