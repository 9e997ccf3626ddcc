"""A program that submits jobs and waits for them, and may be killed at any moment: run by the tests as a process.

Its argument is JSON: the verb to wait with; the submits to make, each with a name that is the test's own, the name of
the function and its arguments; the refs of jobs to resume. Each line that it prints is JSON as well:
`["submitting", name]`, `["submitted", name, ref]`, `["ended", ref, outcome]`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import settled
from settled import Job, Schedule, Snapshot, aio
from settled._vendors import module_of, submits, vendors

OFTEN = Schedule(first=0.01, factor=1, cap=1)


def _one_by_one(jobs: list[Job[Any]]) -> Iterable[Snapshot[Any]]:
    return (settled.wait(job, timeout=60, schedule=OFTEN) for job in jobs)


def _in_threads(jobs: list[Job[Any]]) -> Iterable[Snapshot[Any]]:
    return settled.as_settled(jobs, timeout=60, schedule=OFTEN)


async def _in_a_loop(jobs: list[Job[Any]]) -> AsyncIterator[Snapshot[Any]]:
    async for end in aio.as_settled(jobs, timeout=60, schedule=OFTEN):
        yield end
    for client in {id(job.client): job.client for job in jobs}.values():
        await client.get_async_httpx_client().aclose()


VERBS: dict[str, Callable[[list[Job[Any]]], Iterable[Snapshot[Any]] | AsyncIterator[Snapshot[Any]]]] = {
    "wait": _one_by_one,
    "as_settled": _in_threads,
    "aio.as_settled": _in_a_loop,
}


def _tell(*words: str) -> None:
    print(json.dumps(words), flush=True)


def _tell_end(end: Snapshot[Any]) -> None:
    _tell("ended", end.job.ref, str(end.outcome or end.error))


async def _tell_ends(ends: AsyncIterator[Snapshot[Any]]) -> None:
    async for end in ends:
        _tell_end(end)


def main(verb: str, intended: list[tuple[str, str, dict[str, Any]]], refs: list[str]) -> None:
    """Submit, resume, and wait."""
    clients = {vendor: module_of(vendor).connect_from_env(max_rate=None) for vendor in vendors()}
    jobs = [settled.from_ref(ref, clients[ref.partition(".")[0]]) for ref in refs]
    for name, function, arguments in intended:
        _tell("submitting", name)
        job = submits()[function](clients[function.partition(".")[0]], **arguments)
        _tell("submitted", name, job.ref)
        jobs.append(job)
    ends = VERBS[verb](jobs)
    if isinstance(ends, AsyncIterator):
        asyncio.run(_tell_ends(ends))
    else:
        for end in ends:
            _tell_end(end)


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
