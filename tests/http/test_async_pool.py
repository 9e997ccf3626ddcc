"""The connections of asyncio clients, over real sockets: few, reused, given back whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest

import settled
from settled import Snapshot, osapi
from settled._http.pool import MAX_CONNECTIONS, use_stack
from settled_clients.osapi import AuthenticatedClient

JOB = "550e8400-e29b-41d4-a716-446655440000"
BODY = b'{"status": "completed"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
BROKEN = [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b"no HTTP at all\r\n\r\n", b""]


class Server:
    """Answers each request after a while, or when `may_answer` is set, and counts connections and requests."""

    def __init__(
        self, *, seconds: float = 0.0, answer: bytes = ANSWER, closes: bool = False, may_answer: bool = True
    ) -> None:
        self.seconds, self.answer, self.closes = seconds, answer, closes
        self.may_answer = asyncio.Event()
        if may_answer:
            self.may_answer.set()
        self.url = ""
        self.opened = self.open = self.most_open = self.requests = 0
        self.heads: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        self.opened += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                self.requests += 1
                await asyncio.sleep(self.seconds)
                await self.may_answer.wait()
                writer.write(self.answer)
                await writer.drain()
                if self.closes:
                    break
        self.open -= 1
        writer.close()


@contextlib.asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Server]:
    """A server on loopback."""
    server = Server(**options)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        server.may_answer.set()
        listening.close()
        for _ in range(100):
            if not server.open:
                break
            await asyncio.sleep(0.01)


def client(*, most: int = MAX_CONNECTIONS, keep_seconds: float = 5.0) -> httpx.AsyncClient:
    """An httpx client whose connections are kept in a stack."""
    http = httpx.AsyncClient(limits=httpx.Limits(keepalive_expiry=keep_seconds))
    use_stack(http, max_connections=most)
    return http


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop go on until something is so, for half a minute at most."""
    for _ in range(3000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function, and see that it leaves no task behind."""

    async def main() -> None:
        await test()
        await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    asyncio.run(main())


def test_one_after_the_other_share_a_connection() -> None:
    """The connection used last is used again."""

    async def main() -> None:
        async with serving() as server, client() as http:
            for _ in range(5):
                assert (await http.get(server.url)).json() == {"status": "completed"}
            assert (server.requests, server.opened) == (5, 1)

    run(main)


def test_bounded() -> None:
    """Requests beyond the bound wait for a connection, in order, and none fails."""

    async def main() -> None:
        async with serving(seconds=0.01) as server, client(most=4) as http:
            answers = await asyncio.gather(*(http.get(server.url) for _ in range(40)))
            assert all(answer.is_success for answer in answers)
            assert (server.requests, server.most_open) == (40, 4)

    run(main)


def test_pool_timeout() -> None:
    """Whoever waits for a connection longer than its timeout for the pool allows is told so."""

    async def main() -> None:
        async with serving(may_answer=False) as server, client(most=1) as http:
            first = asyncio.create_task(http.get(server.url))
            await until(lambda: server.requests == 1)
            with pytest.raises(httpx.PoolTimeout):
                await http.get(server.url, timeout=httpx.Timeout(5, pool=0.01))
            server.may_answer.set()
            assert (await first).is_success
            assert (await http.get(server.url)).is_success

    run(main)


@pytest.mark.parametrize("cancelled", ["waiting", "sending"])
def test_cancelled(cancelled: str) -> None:
    """A request that is cancelled, before it has a connection or after, gives its place back."""

    async def main() -> None:
        async with serving(may_answer=False) as server, client(most=1) as http:
            sending = asyncio.create_task(http.get(server.url))
            await until(lambda: server.requests == 1)
            waiting = asyncio.create_task(http.get(server.url))
            # All that can happen by itself: then it waits for the connection.
            for _ in range(100):
                await asyncio.sleep(0)
            task, other = (waiting, sending) if cancelled == "waiting" else (sending, waiting)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            server.may_answer.set()
            assert (await other).is_success
            assert (await http.get(server.url)).is_success
            assert server.most_open <= 2

    run(main)


def test_several_origins() -> None:
    """Each origin has connections of its own."""

    async def main() -> None:
        async with serving() as one, serving() as other, client(most=1) as http:
            for _ in range(3):
                await http.get(one.url)
                await http.get(other.url)
            assert (one.opened, other.opened) == (1, 1)

    run(main)


def test_close_while_busy() -> None:
    """Closing ends what is under way, and what still waits for a connection, with an error of httpx's."""

    async def main() -> None:
        async with serving(may_answer=False) as server:
            http = client(most=1)
            requests = [asyncio.create_task(http.get(server.url)) for _ in range(3)]
            await until(lambda: server.requests == 1)
            await http.aclose()
            ends = await asyncio.wait_for(asyncio.gather(*requests, return_exceptions=True), 30)
            assert all(isinstance(end, httpx.TransportError) for end in ends)

    run(main)


def test_server_closes() -> None:
    """A connection that the server has closed in the meantime is opened anew."""

    async def main() -> None:
        async with serving(closes=True) as server, client() as http:
            for _ in range(3):
                assert (await http.get(server.url)).is_success
                await until(lambda: not server.open)
            assert server.opened == 3

    run(main)


def test_idle_connections_expire() -> None:
    """What was idle for long is closed when another connection is given back."""

    async def main() -> None:
        async with serving(may_answer=False) as server, client(keep_seconds=0.5) as http:
            requests = asyncio.gather(*(http.get(server.url) for _ in range(5)))
            await until(lambda: server.open == 5)
            server.may_answer.set()
            await requests
            await asyncio.sleep(0.6)
            await http.get(server.url)
            await until(lambda: server.open == 1)

    run(main)


@pytest.mark.parametrize("answer", BROKEN)
def test_broken_answers(answer: bytes) -> None:
    """A broken answer is an error of httpx's, and its connection is not used again."""

    async def main() -> None:
        async with serving(answer=answer, closes=True) as server, client(most=1) as http:
            for _ in range(2):
                with pytest.raises(httpx.RemoteProtocolError):
                    await http.get(server.url)
            assert server.opened == 2

    run(main)


@pytest.mark.parametrize("fast", [False, True])
def test_through_a_proxy(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    """The proxy that the environment names is used, but not for the hosts that it leaves out."""

    async def main() -> None:
        async with serving() as proxy, serving() as direct:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            async with osapi.connect("http://far.invalid", token="t", fast=fast) as far:
                assert (await settled.aio.wait(osapi.job(far, JOB), timeout=5)).is_settled
            async with osapi.connect(direct.url, token="t", fast=fast) as near:
                assert (await settled.aio.wait(osapi.job(near, JOB), timeout=5)).is_settled
            assert (proxy.requests, direct.requests) == (1, 1)
            assert proxy.heads[0].startswith(b"GET http://far.invalid/job/")

    run(main)


@pytest.mark.parametrize("fast", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_many_waits_at_once(fast: bool) -> None:
    """A thousand waits at once lose no poll, and open a hundred connections at most."""

    async def main() -> None:
        async with serving(seconds=0.01) as server, osapi.connect(server.url, token="t", fast=fast) as vendor:
            jobs = [osapi.job(vendor, f"550e8400-e29b-41d4-a716-{number:012}") for number in range(1000)]
            ends = await asyncio.gather(*(settled.aio.wait(job, timeout=60) for job in jobs))
            assert all(end.polls == 1 for end in ends)
            assert server.most_open <= 100

    run(main)


@pytest.mark.parametrize("max_rate", [None, pytest.param(3000, marks=pytest.mark.slow)])
def test_two_event_loops_share_a_client(max_rate: float | None) -> None:
    """Two event loops in threads of their own have a stack of connections each, and no poll of either fails."""

    async def all_ends(vendor: AuthenticatedClient, loop: int) -> list[Snapshot[Any]]:
        jobs = [osapi.job(vendor, f"550e8400-e29b-41d4-a716-{loop}{number:011}") for number in range(300)]
        async with vendor:
            ends = await asyncio.gather(*(settled.aio.wait(job, timeout=60) for job in jobs[:150]))
            many = settled.aio.as_settled(jobs[150:], timeout=60, concurrency=150)
            return [*ends, *[end async for end in many]]

    async def main() -> None:
        async with serving(seconds=0.01) as server:
            vendor = osapi.connect(server.url, token="t", max_rate=max_rate)
            loops = [asyncio.to_thread(asyncio.run, all_ends(vendor, number)) for number in range(2)]
            for ends in await asyncio.gather(*loops):
                assert [(end.polls, end.error) for end in ends] == [(1, None)] * 300
            assert server.requests == 600
            assert server.most_open <= 2 * MAX_CONNECTIONS
            assert server.opened <= 2 * MAX_CONNECTIONS

    run(main)


@pytest.mark.parametrize(
    "answer", [b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b""]
)
def test_fast_errors_are_ours(answer: bytes) -> None:
    """Through aiohttp, too, whatever goes wrong on the way is a TransportError."""

    async def main() -> None:
        async with (
            serving(answer=answer, closes=True) as server,
            osapi.connect(server.url, token="t", fast=True) as vendor,
        ):
            with pytest.raises(settled.errors.TransportError):
                await osapi.job(vendor, JOB).fetch_async()

    run(main)


def test_fast_brings_its_own_transport() -> None:
    """A transport and fast=True at once is a ValueError."""
    with pytest.raises(ValueError, match="fast"):
        osapi.connect("https://nowhere.invalid", token="t", fast=True, transport=httpx.MockTransport(lambda _: None))  # type: ignore[arg-type]


@pytest.mark.parametrize("closes", [False, True], ids=["kept", "closed by the server"])
def test_cancelled_while_an_answer_ends(closes: bool) -> None:
    """A connection that was left in the middle of an answer is not lent again, and its place is free."""

    async def main() -> None:
        async with serving(closes=closes) as server, client(most=1) as http:
            for steps in range(40):
                task = asyncio.create_task(http.get(server.url))
                while not server.requests:
                    await asyncio.sleep(0)
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                async with asyncio.timeout(30):
                    assert (await http.get(server.url)).is_success
                server.requests = 0
                await until(lambda: not (closes and server.open))

    run(main)


class _TinyPieces(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(20_000):
            yield b" "
        yield b"{}"


def test_many_tiny_pieces() -> None:
    """A body in very many tiny pieces, all there already, lets the event loop go on in between."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=_TinyPieces()))

    async def turns_of_the_loop() -> int:
        async with osapi.connect("https://vendor.invalid", token="not-a-real-token", transport=transport) as client:
            fetching = asyncio.create_task(osapi.job(client, JOB).fetch_async())
            turns = 0
            while not fetching.done():
                await asyncio.sleep(0)
                turns += 1
            assert fetching.result().raw == {}
            return turns

    assert asyncio.run(turns_of_the_loop()) >= 200
