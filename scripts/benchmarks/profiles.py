"""Where the time of Settled's polls goes: cProfile of many of them, async and sync; run with `bench.py --profile`."""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import uuid

from benchmarks import async_peers, loopback, sync_peers
from benchmarks.load import Load

_POLLS = 300


def print_profiles(url: str, *, lines: int = 30) -> None:
    """Print the functions that take the most time."""
    load = Load(url, 1, polls=_POLLS, interval=0.0, delay=0.0)
    for peer in ("settled.aio.wait", "settled.aio.as_settled", "settled.aio.wait, fast"):
        profile = cProfile.Profile()
        asyncio.run(_follow(peer, load, profile))
        _print(peer, profile, lines)
    profile = cProfile.Profile()
    with sync_peers.PEERS["settled.wait"](load) as follow:
        follow(_new_job(load))
        job = _new_job(load)
        profile.runcall(follow, job)
    _print("settled.wait", profile, lines)


async def _follow(peer: str, load: Load, profile: cProfile.Profile) -> None:
    async with async_peers.PEERS[peer](load) as follow:
        await follow([_new_job(load)])
        ids = [_new_job(load)]
        profile.enable()
        await follow(ids)
        profile.disable()


def _new_job(load: Load) -> str:
    loopback.reset(load.url, polls=load.polls, delay=load.delay)
    return str(uuid.uuid4())


def _print(name: str, profile: cProfile.Profile, lines: int) -> None:
    print(f"\n{name}: {_POLLS} polls")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(lines)
