"""Following one job in a thread, with each library as its users do.

Each peer is a context manager that holds its client, and gives a function that follows the job of an id.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from benchmarks.load import TIMEOUT, TOKEN, Load, Running

Follow = Callable[[str], object]
Peer = Callable[[Load], contextlib.AbstractContextManager[Follow]]


@contextlib.contextmanager
def stock(load: Load) -> Iterator[Follow]:
    """The client that openapi-python-client generates with its own templates."""
    client_module: Any = importlib.import_module("stock_osapi")
    get_job: Any = importlib.import_module("stock_osapi.api.jobs.get_job")
    completed: Any = importlib.import_module("stock_osapi.models").JobStatus.COMPLETED
    client = client_module.AuthenticatedClient(base_url=load.url, token=TOKEN)

    def follow(job_id: str) -> None:
        while get_job.sync(job_id, client=client).status != completed:
            time.sleep(load.interval)

    with client:
        yield follow


@contextlib.contextmanager
def requests(load: Load) -> Iterator[Follow]:
    """A loop around a session of requests."""
    import requests as library

    with library.Session() as session:
        session.headers.update(load.headers)

        def follow(job_id: str) -> None:
            while True:
                response = session.get(f"{load.url}/job/{job_id}", timeout=5)
                response.raise_for_status()
                if response.json()["status"] == "completed":
                    return
                time.sleep(load.interval)

        yield follow


@contextlib.contextmanager
def bare_httpx(load: Load) -> Iterator[Follow]:
    """A loop around httpx."""
    with _httpx_client(load) as client:

        def follow(job_id: str) -> None:
            while client.get(f"/job/{job_id}").raise_for_status().json()["status"] != "completed":
                time.sleep(load.interval)

        yield follow


@contextlib.contextmanager
def tenacity(load: Load) -> Iterator[Follow]:
    """httpx, retried by tenacity while the job goes on."""
    from tenacity import retry, retry_if_exception_type, retry_if_result, wait_fixed

    with _httpx_client(load) as client:

        def poll(job_id: str) -> Any:
            return client.get(f"/job/{job_id}").raise_for_status().json()

        goes_on = retry_if_result(lambda job: job["status"] != "completed")
        failed = retry_if_exception_type(httpx.HTTPError)
        yield retry(retry=goes_on | failed, wait=wait_fixed(load.interval))(poll)


@contextlib.contextmanager
def stamina(load: Load) -> Iterator[Follow]:
    """httpx, retried by stamina while the job goes on."""
    from stamina import retry
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks([])  # it would log each poll as a warning
    with _httpx_client(load) as client:
        retried = (Running, httpx.HTTPError)
        waits = {"wait_initial": load.interval, "wait_max": load.interval, "wait_jitter": 0.0}
        yield retry(on=retried, attempts=None, timeout=None, **waits)(_poll_or_raise(client))


@contextlib.contextmanager
def google(load: Load) -> Iterator[Follow]:
    """httpx, retried by google-api-core while the job goes on."""
    from google.api_core.retry import Retry, if_exception_type

    with _httpx_client(load) as client:
        # It sleeps for a random share of the interval, half of it on average.
        interval = 2 * load.interval
        retried = if_exception_type(Running, httpx.HTTPError)
        retry = Retry(retried, initial=interval, maximum=interval, multiplier=1.0, timeout=None)
        yield retry(_poll_or_raise(client))


@contextlib.contextmanager
def azure(load: Load) -> Iterator[Follow]:
    """azure-core's LROPoller over its requests transport."""
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import RetryPolicy
    from azure.core.polling import LROPoller
    from azure.core.polling.base_polling import LROBasePolling

    from benchmarks.azure_jobs import JobPolling, first_request, job_of, pipeline

    with PipelineClient(load.url, policies=pipeline(RetryPolicy())) as client:

        def follow(job_id: str) -> Any:
            first = client.send_request(first_request(f"{load.url}/job/{job_id}"), _return_pipeline_response=True)
            polling = LROBasePolling(load.interval, lro_algorithms=[JobPolling()])
            return LROPoller(client, first, job_of, polling).result()

        yield follow


@contextlib.contextmanager
def settled_wait(load: Load) -> Iterator[Follow]:
    """`settled.wait`."""
    import settled
    from settled import osapi

    with osapi.connect(load.url, token=TOKEN) as client:

        def follow(job_id: str) -> None:
            job = osapi.job(client, job_id)
            settled.wait(job, timeout=TIMEOUT, schedule=lambda _polls, _elapsed: load.interval)

        yield follow


def _httpx_client(load: Load) -> httpx.Client:
    return httpx.Client(base_url=load.url, headers=load.headers)


def _poll_or_raise(client: httpx.Client) -> Callable[[str], Any]:
    def poll(job_id: str) -> Any:
        job = client.get(f"/job/{job_id}").raise_for_status().json()
        if job["status"] != "completed":
            raise Running
        return job

    return poll


PEERS: dict[str, Peer] = {
    "openapi-python-client, stock": stock,
    "requests": requests,
    "azure-core LROPoller": azure,
    "google-api-core Retry + httpx": google,
    "tenacity + httpx": tenacity,
    "stamina + httpx": stamina,
    "httpx": bare_httpx,
    "settled.wait": settled_wait,
}
