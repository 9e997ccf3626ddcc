"""One side of a comparison, alone in a fresh process, which prints its figures as a line of JSON."""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import async_peers, loopback, sync_peers
from benchmarks.failures import counting
from benchmarks.load import Load
from benchmarks.packages import seconds_by_package

# How many polls warm up imports and caches before measuring.
_WARM_UP_POLLS = 20
_MOST_SECONDS = 60.0


def follow_async(peer: str, **settings: Any) -> dict[str, Any]:
    """Follow many jobs at once in one event loop."""
    load = Load(**settings)

    async def run() -> dict[str, Any]:
        async with async_peers.PEERS[peer](load) as follow_all:
            loopback.reset(load.url, polls=_WARM_UP_POLLS, delay=load.delay)
            await follow_all([str(uuid.uuid4())])
            loopback.reset(load.url, polls=load.polls, delay=load.delay)
            ids = load.ids()
            with _measured(load) as figures:
                await follow_all(ids)
        return figures

    return asyncio.run(run())


def follow_as_shipped(peer: str, **settings: Any) -> dict[str, Any]:
    """Follow many jobs at once with default limits, for a minute at most, and count the requests that fail."""
    load = Load(**settings, as_shipped=True)

    async def run() -> dict[str, Any]:
        async with async_peers.PEERS[peer](load) as follow_all:
            loopback.reset(load.url, polls=load.polls, delay=load.delay)
            with counting() as failed, contextlib.suppress(TimeoutError), _measured(load) as figures:
                async with asyncio.timeout(_MOST_SECONDS):
                    await follow_all(load.ids())
        return figures | {"failed": max(failed.values(), default=0)}

    return asyncio.run(run())


def follow_sync(peer: str, **settings: Any) -> dict[str, Any]:
    """Follow one job in this thread."""
    load = Load(**settings)
    with sync_peers.PEERS[peer](load) as follow:
        loopback.reset(load.url, polls=_WARM_UP_POLLS, delay=load.delay)
        follow(str(uuid.uuid4()))
        loopback.reset(load.url, polls=load.polls, delay=load.delay)
        with _measured(load) as figures:
            follow(str(uuid.uuid4()))
    return figures


@contextlib.contextmanager
def _measured(load: Load) -> Iterator[dict[str, Any]]:
    figures: dict[str, Any] = {}
    before = loopback.stats(load.url)
    profile = cProfile.Profile(time.process_time) if load.profiled else None
    start, cpu = time.perf_counter(), time.process_time()
    try:
        with profile or contextlib.nullcontext():
            yield figures
    finally:
        figures |= {"cpu": time.process_time() - cpu, "seconds": time.perf_counter() - start}
        after = loopback.stats(load.url)
        figures |= {"polls": after["answered"], "completed": after["completed"]}
        figures |= {"server_cpu": after["cpu"] - before["cpu"]}
        figures |= {} if profile is None else {"packages": seconds_by_package(profile)}


WORK: dict[str, Callable[..., dict[str, Any]]] = {
    "async": follow_async,
    "as_shipped": follow_as_shipped,
    "sync": follow_sync,
}


def main() -> None:
    """Do the work that the command line names, with the arguments that follow as JSON."""
    work, peer, settings = sys.argv[1:]
    try:
        print(json.dumps(WORK[work](peer, **json.loads(settings))))
    except (ImportError, AttributeError, TypeError) as error:
        if not peer.startswith("settled"):
            raise
        # A checkout from before a feature.
        print(json.dumps({"skipped": f"{type(error).__name__}: {error}"}))


if __name__ == "__main__":
    main()
