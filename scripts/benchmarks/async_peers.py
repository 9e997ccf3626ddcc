"""Following many jobs in one event loop, with each library as its users do.

Each peer is an async context manager that holds its client, and gives a coroutine function that follows jobs of the
given ids all at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx

from benchmarks.load import TIMEOUT, TOKEN, Load, Running

Follow = Callable[[str], Awaitable[object]]
Run = Callable[[list[str]], Awaitable[object]]
Peer = Callable[[Load], contextlib.AbstractAsyncContextManager[Run]]


@contextlib.asynccontextmanager
async def stock(load: Load) -> AsyncIterator[Run]:
    """The client that openapi-python-client generates with its own templates."""
    client_module: Any = importlib.import_module("stock_osapi")
    get_job: Any = importlib.import_module("stock_osapi.api.jobs.get_job")
    completed: Any = importlib.import_module("stock_osapi.models").JobStatus.COMPLETED
    client = client_module.AuthenticatedClient(
        base_url=load.url, token=TOKEN, timeout=httpx.Timeout(load.seconds), httpx_args=_limits(load)
    )

    async def follow(job_id: str) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await get_job.asyncio(job_id, client=client)).status == completed:
                    return
            await asyncio.sleep(load.interval)

    async with client:
        yield together(follow)


@contextlib.asynccontextmanager
async def bare_httpx(load: Load) -> AsyncIterator[Run]:
    """A loop around httpx."""
    async with httpx_client(load) as client:

        async def follow(job_id: str) -> None:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    response = (await client.get(f"/job/{job_id}")).raise_for_status()
                    if response.json()["status"] == "completed":
                        return
                await asyncio.sleep(load.interval)

        yield together(follow)


@contextlib.asynccontextmanager
async def bare_aiohttp(load: Load) -> AsyncIterator[Run]:
    """A loop around aiohttp."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=load.seconds)
    async with aiohttp.ClientSession(load.url, headers=load.headers, timeout=timeout) as session:

        async def follow(job_id: str) -> None:
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"/job/{job_id}", raise_for_status=True) as response:
                        if (await response.json())["status"] == "completed":
                            return
                await asyncio.sleep(load.interval)

        yield together(follow)


@contextlib.asynccontextmanager
async def tenacity(load: Load) -> AsyncIterator[Run]:
    """httpx, retried by tenacity while the job goes on."""
    from tenacity import retry, retry_if_exception_type, retry_if_result, wait_fixed

    async with httpx_client(load) as client:

        async def poll(job_id: str) -> Any:
            return (await client.get(f"/job/{job_id}")).raise_for_status().json()

        goes_on = retry_if_result(lambda job: job["status"] != "completed")
        failed = retry_if_exception_type(httpx.HTTPError)
        yield together(retry(retry=goes_on | failed, wait=wait_fixed(load.interval))(poll))


@contextlib.asynccontextmanager
async def stamina(load: Load) -> AsyncIterator[Run]:
    """httpx, retried by stamina while the job goes on."""
    from stamina import retry
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks([])  # it would log each poll as a warning
    async with httpx_client(load) as client:

        async def poll(job_id: str) -> Any:
            job = (await client.get(f"/job/{job_id}")).raise_for_status().json()
            if job["status"] != "completed":
                raise Running
            return job

        retried = (Running, httpx.HTTPError)
        waits = {"wait_initial": load.interval, "wait_max": load.interval, "wait_jitter": 0.0}
        yield together(retry(on=retried, attempts=None, timeout=None, **waits)(poll))


@contextlib.asynccontextmanager
async def google(load: Load) -> AsyncIterator[Run]:
    """httpx, retried by google-api-core while the job goes on."""
    from google.api_core.retry import AsyncRetry, if_exception_type

    async with httpx_client(load) as client:

        async def poll(job_id: str) -> Any:
            job = (await client.get(f"/job/{job_id}")).raise_for_status().json()
            if job["status"] != "completed":
                raise Running
            return job

        # It sleeps for a random share of the interval, half of it on average.
        interval = 2 * load.interval
        retried = if_exception_type(Running, httpx.HTTPError)
        retry = AsyncRetry(retried, initial=interval, maximum=interval, multiplier=1.0, timeout=None)
        yield together(retry(poll))


@contextlib.asynccontextmanager
async def azure(load: Load) -> AsyncIterator[Run]:
    """azure-core's AsyncLROPoller over its aiohttp transport."""
    from azure.core import AsyncPipelineClient
    from azure.core.pipeline.policies import AsyncRetryPolicy
    from azure.core.polling import AsyncLROPoller
    from azure.core.polling.async_base_polling import AsyncLROBasePolling

    from benchmarks.azure_jobs import JobPolling, first_request, job_of, pipeline

    seconds = {"connection_timeout": load.seconds, "read_timeout": load.seconds}
    async with AsyncPipelineClient(load.url, policies=pipeline(AsyncRetryPolicy()), **seconds) as client:

        async def follow(job_id: str) -> Any:
            first = await client.send_request(first_request(f"{load.url}/job/{job_id}"), _return_pipeline_response=True)
            polling = AsyncLROBasePolling(load.interval, lro_algorithms=[JobPolling()])
            return await AsyncLROPoller(client, first, job_of, polling).result()

        yield together(follow)


@contextlib.asynccontextmanager
async def settled_wait(load: Load, *, fast: bool = False) -> AsyncIterator[Run]:
    """`settled.aio.wait`, all at once."""
    from settled import aio, osapi

    async with (client := _connect(load, fast)):

        def follow(job_id: str) -> Awaitable[object]:
            return aio.wait(osapi.job(client, job_id), timeout=TIMEOUT, schedule=_schedule(load))

        yield together(follow)


@contextlib.asynccontextmanager
async def settled_as_settled(load: Load, *, fast: bool = False) -> AsyncIterator[Run]:
    """`settled.aio.as_settled`."""
    from settled import aio, osapi

    as_settled: Any = aio.as_settled  # type: ignore[attr-defined,unused-ignore]
    async with (client := _connect(load, fast)):

        async def run(ids: list[str]) -> None:
            jobs = [osapi.job(client, job_id) for job_id in ids]
            async for snapshot in as_settled(jobs, timeout=TIMEOUT, schedule=_schedule(load)):
                snapshot.raise_for_outcome()

        yield run


def together(follow: Follow) -> Run:
    """Follow many jobs at once, with a task for each."""

    async def run(ids: list[str]) -> None:
        await asyncio.gather(*map(follow, ids))

    return run


def httpx_client(load: Load) -> httpx.AsyncClient:
    """The client of all peers that leave HTTP to httpx."""
    return httpx.AsyncClient(base_url=load.url, headers=load.headers, timeout=load.seconds, **_limits(load))


def _limits(load: Load) -> dict[str, Any]:
    return {} if load.as_shipped else {"limits": httpx.Limits(max_connections=None)}


def _connect(load: Load, fast: bool) -> Any:
    from settled import osapi

    options: dict[str, Any] = {"fast": True} if fast else {}
    return osapi.connect(load.url, token=TOKEN, timeout=load.seconds, **options)


def _schedule(load: Load) -> Callable[[int, float], float]:
    return lambda _polls, _elapsed: load.interval


def _fast(peer: Callable[..., contextlib.AbstractAsyncContextManager[Run]]) -> Peer:
    return lambda load: peer(load, fast=True)


PEERS: dict[str, Peer] = {
    "openapi-python-client, stock": stock,
    "google-api-core AsyncRetry + httpx": google,
    "tenacity + httpx": tenacity,
    "stamina + httpx": stamina,
    "httpx": bare_httpx,
    "azure-core AsyncLROPoller": azure,
    "aiohttp": bare_aiohttp,
    "settled.aio.wait": settled_wait,
    "settled.aio.as_settled": settled_as_settled,
    "settled.aio.wait, fast": _fast(settled_wait),
    "settled.aio.as_settled, fast": _fast(settled_as_settled),
}
