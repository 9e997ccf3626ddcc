"""The connections of clients in threads, over real sockets: few, reused, given back whatever happens."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

import settled
from settled import errors, osapi
from settled._http.pool import MAX_CONNECTIONS, use_stack
from settled._http.send import send

from _exchange import answering
from _servers import Server as BadServer

JOB = "550e8400-e29b-41d4-a716-446655440000"
BODY = b'{"status": "completed"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Server(socketserver.ThreadingTCPServer):
    """Answers each request after a while, and counts connections and requests."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, seconds: float = 0.0, answer: bytes = ANSWER, closes: bool = False, drip: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seconds, self.answer, self.closes, self.drip = seconds, answer, closes, drip
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.opened = self.open = self.most_open = self.requests = 0
        self.lock = threading.Lock()

    def count(self, **more: int) -> None:
        """Add to the counters."""
        with self.lock:
            for name, number in more.items():
                setattr(self, name, getattr(self, name) + number)
            self.most_open = max(self.most_open, self.open)


class _Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self.server.count(opened=1, open=1)
        with contextlib.suppress(OSError):
            while self._answer() and not self.server.closes:
                pass
        self.server.count(open=-1)

    def _answer(self) -> bool:
        while (line := self.rfile.readline()) not in (b"", b"\r\n"):
            pass
        if not line:
            return False
        self.server.count(requests=1)
        time.sleep(self.server.seconds)
        if not self.server.drip:
            self.wfile.write(self.server.answer)
            return True
        for byte in self.server.answer:
            self.wfile.write(bytes([byte]))
            time.sleep(self.server.drip)
        return True


@contextlib.contextmanager
def serving(server: Server) -> Iterator[Server]:
    """A server that runs in a thread."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def client(*, most: int = MAX_CONNECTIONS, keep_seconds: float = 5.0) -> httpx.Client:
    """An httpx client whose connections are kept in a stack."""
    http = httpx.Client(limits=httpx.Limits(keepalive_expiry=keep_seconds), timeout=5)
    use_stack(http, max_connections=most)
    return http


def test_one_after_the_other_share_a_connection() -> None:
    """The connection used last is used again, and each origin has its own."""
    with serving(Server()) as one, serving(Server()) as other, client(most=1) as http:
        for _ in range(3):
            assert http.get(one.url).json() == http.get(other.url).json() == {"status": "completed"}
        assert (one.requests, one.opened, other.requests, other.opened) == (3, 1, 3, 1)


def test_bounded() -> None:
    """Requests of many threads wait for a connection beyond the bound, and none fails."""
    with serving(Server(seconds=0.01)) as server, client(most=4) as http, ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda _: http.get(server.url), range(40)))
        assert all(answer.is_success for answer in answers)
        assert server.requests == 40
        assert server.most_open <= 4


def test_pool_timeout() -> None:
    """Whoever waits for a connection longer than its timeout for the pool allows is told so."""
    with serving(Server(seconds=0.3)) as server, client(most=1) as http, ThreadPoolExecutor(1) as threads:
        first = threads.submit(http.get, server.url)
        while not server.requests:
            time.sleep(0.005)
        with pytest.raises(httpx.PoolTimeout):
            http.get(server.url, timeout=httpx.Timeout(5, pool=0.01))
        assert first.result().is_success
        assert http.get(server.url).is_success


def test_closed() -> None:
    """A closed pool opens nothing any more, and answers that with an error of httpx's."""
    with serving(Server()) as server:
        http = client()
        transport = http._transport
        assert http.get(server.url).is_success
        transport.close()
        with pytest.raises(httpx.ConnectError):
            http.get(server.url)


def test_server_closes() -> None:
    """A connection that the server has closed in the meantime is opened anew."""
    with serving(Server(closes=True)) as server, client() as http:
        for _ in range(3):
            assert http.get(server.url).is_success
            while server.open:
                time.sleep(0.005)
        assert server.opened == 3


def test_idle_connections_expire() -> None:
    """What was idle for long is closed when another connection is given back."""
    with serving(Server(seconds=0.05)) as server, client(keep_seconds=0.1) as http:
        with ThreadPoolExecutor(5) as threads:
            list(threads.map(lambda _: http.get(server.url), range(5)))
        opened = server.open
        time.sleep(0.15)
        http.get(server.url)
        for _ in range(200):
            if server.open == 1:
                break
            time.sleep(0.01)
        assert opened > 1
        assert server.open == 1


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b"no HTTP\r\n\r\n", b""])
def test_broken_answers(answer: bytes) -> None:
    """A broken answer is an error of httpx's, and its connection is not used again."""
    with serving(Server(answer=answer, closes=True)) as server, client(most=1) as http:
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                http.get(server.url)
        assert server.opened == 2


def test_streams() -> None:
    """An answer that is closed before its end gives its place back."""
    with serving(Server()) as server, client(most=1) as http:
        for _ in range(2):
            with http.stream("GET", server.url) as answer:
                assert answer.status_code == 200
        assert http.get(server.url).is_success


def test_other_schemes() -> None:
    """Nothing but http and https is spoken."""
    with client() as http, pytest.raises(httpx.UnsupportedProtocol):
        http.get("ftp://127.0.0.1/")


def test_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy that the environment names is used, but not for the hosts that it leaves out."""
    with serving(Server()) as proxy, serving(Server()) as direct:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        for url in ("http://far.invalid", direct.url):
            with osapi.connect(url, token="t") as vendor:
                for _ in range(2):
                    assert settled.wait(osapi.job(vendor, JOB), timeout=5).is_settled
        assert (proxy.requests, direct.requests) == (2, 2)


def test_dripping_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that sends a byte now and then cannot hold a wait beyond its deadline either."""
    with serving(Server(drip=0.05)) as proxy, osapi.connect("http://far.invalid", token="t") as vendor:
        monkeypatch.setenv("http_proxy", proxy.url)
        started = time.monotonic()
        with pytest.raises(errors.WaitTimeout) as raised:
            settled.wait(osapi.job(vendor, JOB), timeout=0.3)
        assert isinstance(raised.value.__cause__, errors.TransportError)
        assert time.monotonic() - started < 0.05 * len(ANSWER)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 is the only loopback address")
def test_a_name_with_many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of a host name share the time: eight that do not answer do not take eight times as long."""
    with contextlib.ExitStack() as opened:
        # A full backlog drops what wants to connect, as a firewall does.
        listening = opened.enter_context(socket.socket())
        listening.bind(("", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", port))
        resolve = socket.getaddrinfo

        def getaddrinfo(host: str, *args: Any, **named: Any) -> Any:
            hosts = [f"127.0.0.{number}" for number in range(1, 9)] if host == "vendor.invalid" else [host]
            return [address for each in hosts for address in resolve(each, *args, **named)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        vendor = opened.enter_context(osapi.connect(f"http://vendor.invalid:{port}", token="t"))
        started = time.monotonic()
        with pytest.raises(errors.WaitTimeout, match="no connection to vendor"):
            settled.wait(osapi.job(vendor, JOB), timeout=0.5)
        assert time.monotonic() - started < 3


def test_a_name_whose_first_address_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host is reached by whichever of its addresses takes connections."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **named: Any) -> Any:
        # Nobody listens at the first one.
        hosts = ["127.255.255.254", "127.0.0.1"] if host == "vendor.invalid" else [host]
        return [address for each in hosts for address in resolve(each, *args, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    url = "http://vendor.invalid"
    with answering(lambda _: ANSWER) as server, osapi.connect(f"{url}:{server.port}", token="t") as vendor:
        assert osapi.job(vendor, JOB).fetch().is_settled


def test_a_server_that_reads_slowly() -> None:
    """A server that takes a large request bit by bit cannot hold it beyond its time either."""
    is_over = threading.Event()

    def behave(connection: socket.socket) -> None:
        while connection.recv(2**20, socket.MSG_WAITALL) and not is_over.wait(0.1):
            pass

    request = {"method": "POST", "url": "/", "content": bytes(100 * 2**20)}
    with BadServer(behave) as server, osapi.connect(server.url, token="t") as vendor:
        started = time.monotonic()
        with pytest.raises(errors.TransportError, match="Timeout"):
            send(vendor, request, "a large submit", 0.5)
        is_over.set()
        assert time.monotonic() - started < 5
