"""Waiting for very many jobs in one event loop, with each library's HTTP layer replaced by a fake of the same kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from benchmarks.fake import Fake
from benchmarks.load import TOKEN, Running

Run = Callable[[list[str]], Awaitable[object]]
Peer = Callable[[Fake], Run]

_URL = "http://vendor.example"
_DAY = 86_400.0


def plain(fake: Fake) -> Run:
    """A task with a loop for each job."""

    async def poll(job_id: str) -> Any:
        return json.loads(fake.answer(job_id))

    async def follow(job_id: str) -> None:
        while (await poll(job_id))["status"] != "completed":
            await asyncio.sleep(fake.interval(job_id))

    return _together(follow)


def tenacity(fake: Fake) -> Run:
    """A task for each job, in which tenacity retries."""
    from tenacity import retry, retry_if_result

    async def poll(job_id: str) -> Any:
        return json.loads(fake.answer(job_id))

    goes_on = retry_if_result(lambda job: job["status"] != "completed")
    return _together(retry(retry=goes_on, wait=lambda state: fake.interval(state.args[0]))(poll))


def stamina(fake: Fake) -> Run:
    """A task for each job, in which stamina retries."""
    from stamina import retry
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks([])  # it would log each poll as a warning

    def again(error: Exception) -> float | bool:
        return fake.interval(error.args[0]) if isinstance(error, Running) else False

    async def poll(job_id: str) -> Any:
        job = json.loads(fake.answer(job_id))
        if job["status"] != "completed":
            raise Running(job_id)
        return job

    return _together(retry(on=again, attempts=None, timeout=None)(poll))


def azure(fake: Fake) -> Run:
    """A task for each job, in which azure-core's AsyncLROPoller polls."""
    from azure.core import AsyncPipelineClient
    from azure.core.pipeline.policies import AsyncRetryPolicy
    from azure.core.pipeline.transport import AsyncHttpTransport
    from azure.core.polling import AsyncLROPoller
    from azure.core.polling.async_base_polling import AsyncLROBasePolling
    from azure.core.rest._http_response_impl_async import AsyncHttpResponseImpl

    from benchmarks.azure_jobs import JobPolling, first_request, job_of, pipeline

    class Transport(AsyncHttpTransport):
        async def send(self, request: Any, **_options: Any) -> Any:
            # A real answer also holds on to aiohttp's.
            response = AsyncHttpResponseImpl(
                request=request,
                internal_response=None,
                status_code=200,
                reason="OK",
                content_type="application/json",
                headers={"Content-Type": "application/json"},
                stream_download_generator=None,
            )
            response._content = fake.answer(_id_in(request.url))
            return response

        async def open(self) -> None:
            pass

        async def close(self) -> None:
            pass

        async def __aexit__(self, *_error: object) -> None:
            pass

    class Polling(AsyncLROBasePolling):
        def _extract_delay(self) -> float:
            return fake.interval(_id_in(self._operation.get_polling_url()))

    client = AsyncPipelineClient(_URL, policies=pipeline(AsyncRetryPolicy()), transport=Transport())

    async def follow(job_id: str) -> Any:
        first = await client.send_request(first_request(f"{_URL}/job/{job_id}"), _return_pipeline_response=True)
        return await AsyncLROPoller(client, first, job_of, Polling(lro_algorithms=[JobPolling()])).result()

    return _together(follow)


def settled_wait(fake: Fake) -> Run:
    """`settled.aio.wait`, a task for each job."""
    from settled import aio, osapi

    client = osapi.connect(_URL, token=TOKEN, transport=_FakeTransport(fake))
    schedule = fake.interval_of_the_answered
    return _together(lambda job_id: aio.wait(osapi.job(client, job_id), timeout=_DAY, schedule=schedule))


def settled_as_settled(fake: Fake) -> Run:
    """`settled.aio.as_settled`."""
    from settled import aio, osapi

    as_settled: Any = aio.as_settled  # type: ignore[attr-defined,unused-ignore]
    client = osapi.connect(_URL, token=TOKEN, transport=_FakeTransport(fake))

    async def run(ids: list[str]) -> None:
        jobs = [osapi.job(client, job_id) for job_id in ids]
        async for snapshot in as_settled(jobs, timeout=_DAY, schedule=fake.interval_of_the_answered):
            snapshot.raise_for_outcome()

    return run


class _FakeTransport(httpx.AsyncBaseTransport):
    def __init__(self, fake: Fake) -> None:
        self._fake = fake

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = self._fake.answer(_id_in(request.url.path))
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=content)


def _id_in(address: str) -> str:
    return address[address.rindex("/") + 1 :]


def _together(follow: Callable[[str], Awaitable[object]]) -> Run:
    async def run(ids: list[str]) -> None:
        await asyncio.gather(*map(follow, ids))

    return run


PEERS: dict[str, Peer] = {
    "asyncio task with a loop": plain,
    "azure-core AsyncLROPoller": azure,
    "tenacity": tenacity,
    "stamina": stamina,
    "settled.aio.wait": settled_wait,
    "settled.aio.as_settled": settled_as_settled,
}
