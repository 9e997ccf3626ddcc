"""Polls pass through httpx, so what others have built on httpx sees, answers and records them: the real tools."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import vcr
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpx import HTTPXMock

from settled import Job, Outcome, Snapshot, cortex_xsiam

from _exchange import answering, reply

# Nobody listens there: whoever is not caught meets the network.
NOWHERE = "http://127.0.0.1:9"
BODY = {"job_id": "7", "job_status": "COMPLETED"}

needs_respx = pytest.mark.filterwarnings("ignore::DeprecationWarning:respx")


def _job(url: str) -> Job[Any]:
    return cortex_xsiam.byos_import(cortex_xsiam.connect(url, key_id=7, key="not-a-real-key-0123456789"), "7")


def _fetched(job: Job[Any], way: str) -> Snapshot[Any]:
    async def in_a_loop() -> Snapshot[Any]:
        async with job.client:
            return await job.fetch_async()

    if way == "async":
        return asyncio.run(in_a_loop())
    with job.client:
        return job.fetch()


@pytest.mark.parametrize("way", ["sync", "async"])
def test_pytest_httpx(httpx_mock: HTTPXMock, way: str) -> None:
    """A response of pytest-httpx is a poll's, and the poll is among its requests."""
    httpx_mock.add_response(json=BODY)
    assert _fetched(_job(NOWHERE), way).outcome is Outcome.SUCCEEDED
    assert [request.headers["x-xdr-auth-id"] for request in httpx_mock.get_requests()] == ["7"]


@needs_respx
@pytest.mark.parametrize("way", ["sync", "async"])
def test_respx(way: str) -> None:
    """A route of respx answers polls, any number of them over one client."""
    with respx.mock(base_url=NOWHERE) as mock:
        route = mock.get(path__startswith="/").mock(return_value=httpx.Response(200, json=BODY))
        job = _job(NOWHERE)
        for _ in range(3):
            assert _fetched(job, way).outcome is Outcome.SUCCEEDED
        assert route.call_count == 3


@pytest.mark.parametrize("way", ["sync", "async"])
def test_vcr(tmp_path: Path, way: str) -> None:
    """VCR records a poll, and plays it when the server is gone."""
    cassette = str(tmp_path / "poll.yaml")
    with answering(lambda _: reply(BODY)) as server:
        job = _job(server.url)
        with vcr.use_cassette(cassette, filter_headers=["authorization"]):
            assert _fetched(job, way).status == "COMPLETED"
    with vcr.use_cassette(cassette, record_mode="none") as played:
        assert _fetched(job, way).status == "COMPLETED"
        assert played.play_count == 1


# In a process of its own: Sentry wraps parts of httpx and of the standard library, and leaves them wrapped.
_WITH_SENTRY = """
import asyncio, sys
import sentry_sdk
from settled import cortex_xsiam

sent = []

class Kept(sentry_sdk.Transport):
    def capture_envelope(self, envelope):
        sent.extend(item.payload.json for item in envelope.items if item.type == "transaction")

sentry_sdk.init("http://key@127.0.0.1:9/1", traces_sample_rate=1.0, transport=Kept())
job = cortex_xsiam.byos_import(cortex_xsiam.connect(sys.argv[1], key_id=7, key="not-a-real-key-0123456789"), "7")
with sentry_sdk.start_transaction(name="a wait"):
    job.fetch() if sys.argv[2] == "sync" else asyncio.run(job.fetch_async())
print(*(span["op"] for span in sent[0]["spans"]))
"""


@pytest.mark.parametrize("way", ["sync", "async"])
def test_sentry(way: str) -> None:
    """Sentry has a span for each poll."""
    with answering(lambda _: reply(BODY)) as server:
        command = [sys.executable, "-c", _WITH_SENTRY, server.url, way]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    assert ran.stdout.split() == ["http.client"]


@pytest.mark.parametrize("way", ["sync", "async"])
def test_opentelemetry(way: str) -> None:
    """OpenTelemetry's instrumentation of httpx has a span for each poll, and sends its context along."""
    seen: list[bytes] = []
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        with answering(lambda head: seen.append(head) or reply(BODY)) as server:  # type: ignore[func-returns-value]
            _fetched(_job(server.url), way)
    finally:
        instrumentor.uninstrument()
    assert [span.name for span in exporter.get_finished_spans()] == ["GET"]
    assert b"traceparent: 00-" in seen[0]


@pytest.mark.skipif(importlib.util.find_spec("pyreqwest") is None, reason="pyreqwest is not installed")
def test_another_transport() -> None:
    """Any httpx transport can stand in for httpx's own: how-to/wait-for-many.md shows pyreqwest's."""
    from pyreqwest.client import SyncClientBuilder
    from pyreqwest.compatibility.httpx import SyncHttpxTransport

    with answering(lambda _: reply(BODY)) as server, SyncClientBuilder().build() as other:
        client = cortex_xsiam.connect(
            server.url, key_id=7, key="not-a-real-key-0123456789", transport=SyncHttpxTransport(other)
        )
        with client:
            assert cortex_xsiam.byos_import(client, "7").fetch().outcome is Outcome.SUCCEEDED
