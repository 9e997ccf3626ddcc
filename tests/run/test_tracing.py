"""The spans of waits, with OpenTelemetry's own SDK and its instrumentation of httpx."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast

import attrs
import httpx
import pytest
from opentelemetry import context, trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, Span, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler

import settled
from settled import Job, Schedule, Snapshot, aio, cortex_xsiam, errors, osapi
from settled._run import clock as _clock
from settled.simulator import Simulator, rate_limited, server_error
from settled.testing import VirtualClock

from conftest import KIND, Jobs, WaitFunction

EVERY_SECOND = Schedule(first=1, factor=1, cap=1, jitter=0)
OFTEN = Schedule(first=0.02, factor=1, cap=1)
KEY = "Very-Secret-Key-0123456789abcdef"


class Started(SimpleSpanProcessor):
    """Exports spans, and counts those that were started."""

    names: Counter[str]

    def on_start(self, span: Span, parent_context: context.Context | None = None) -> None:
        """Count a span."""
        self.names[span.name] += 1


@attrs.define
class Spans:
    """What was traced."""

    tracer: trace.Tracer
    exporter: InMemorySpanExporter
    started: Counter[str]

    @property
    def waits(self) -> list[ReadableSpan]:
        """The spans of waits that have ended, and no other was started."""
        waits = self.named("settled.wait")
        assert self.started["settled.wait"] == len(waits) == len({_ids(span)[0] for span in waits})
        return waits

    @property
    def wait(self) -> ReadableSpan:
        """The only one."""
        (wait,) = self.waits
        return wait

    def named(self, name: str) -> list[ReadableSpan]:
        """The spans of this name that have ended."""
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def below(self, parent: ReadableSpan) -> list[ReadableSpan]:
        """The spans right below another."""
        return [span for span in self.exporter.get_finished_spans() if _ids(span)[1] == _ids(parent)[0]]


def _ids(span: ReadableSpan) -> tuple[int, int | None]:
    return cast("trace.SpanContext", span.context).span_id, span.parent and span.parent.span_id


def _traced(monkeypatch: pytest.MonkeyPatch, sampler: Sampler) -> Iterator[Spans]:
    provider, exporter = TracerProvider(sampler=sampler), InMemorySpanExporter()
    processor = Started(exporter)
    processor.names = Counter()
    provider.add_span_processor(processor)
    # A process can set its provider only once, and tests set theirs one after the other.
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    yield Spans(provider.get_tracer("caller"), exporter, processor.names)
    HTTPXClientInstrumentor().uninstrument()
    provider.shutdown()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """What a test traces."""
    yield from _traced(monkeypatch, ALWAYS_ON)


@pytest.fixture
def unsampled(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """What a test traces whose traces are all sampled out."""
    yield from _traced(monkeypatch, ParentBased(ALWAYS_OFF))


@pytest.fixture
def real_time(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads and tasks that share the waits go by real time."""
    monkeypatch.setattr(_clock, "clock", _clock.Clock())
    sim.clock = _clock.clock.now


def _in_threads(jobs: list[Job[Any]], take: int = -1, **options: Any) -> list[Snapshot[Any]]:
    ends: list[Snapshot[Any]] = []
    with settled.as_settled(jobs, schedule=OFTEN, **options) as settling:
        for end in settling:
            ends.append(end)
            if len(ends) == take:
                break
    return ends


def _in_a_loop(jobs: list[Job[Any]], take: int = -1, **options: Any) -> list[Snapshot[Any]]:
    async def main() -> list[Snapshot[Any]]:
        ends: list[Snapshot[Any]] = []
        async with aio.as_settled(jobs, schedule=OFTEN, **options) as settling:
            async for end in settling:
                ends.append(end)
                if len(ends) == take:
                    break
        await jobs[0].client.get_async_httpx_client().aclose()
        return ends

    return asyncio.run(main())


@pytest.fixture(params=[_in_threads, _in_a_loop], ids=["sync", "async"])
def settle(request: pytest.FixtureRequest, real_time: None) -> Callable[..., list[Snapshot[Any]]]:
    """Both ways to wait for many jobs."""
    function: Callable[..., list[Snapshot[Any]]] = request.param
    return function


def test_a_wait_is_a_span(jobs: Jobs, wait: WaitFunction, spans: Spans) -> None:
    """A wait is one span, with an event for each poll."""
    job = jobs(("INITIATED", 0.5), ("PROCESSING", 1), "COMPLETED")
    wait(job, timeout=9, schedule=EVERY_SECOND)
    span = spans.wait
    assert (span.kind, span.parent, span.status.status_code) == (
        trace.SpanKind.INTERNAL,
        None,
        trace.StatusCode.UNSET,
    )
    assert span.instrumentation_scope is not None
    assert (span.instrumentation_scope.name, span.instrumentation_scope.version) == ("settled", settled.__version__)
    assert span.attributes == {
        "settled.job.ref": job.ref,
        "settled.job.kind": KIND,
        "settled.outcome": "SUCCEEDED",
        "settled.status": "COMPLETED",
        "settled.polls": 3,
    }
    assert [(event.name, event.attributes) for event in span.events] == [
        ("poll", {"settled.status": "INITIATED", "settled.polls": 1, "settled.elapsed": 0}),
        ("poll", {"settled.status": "PROCESSING", "settled.polls": 2, "settled.elapsed": 1}),
        ("poll", {"settled.status": "COMPLETED", "settled.polls": 3, "settled.elapsed": 2}),
    ]


def test_requests_nest_below(jobs: Jobs, wait: WaitFunction, spans: Spans) -> None:
    """The span of each request, as httpx's own instrumentation makes them, is below the wait's, and that below ours."""
    job = jobs(("PROCESSING", 1.5), "COMPLETED")
    with spans.tracer.start_as_current_span("caller") as caller:
        wait(job, timeout=9, schedule=EVERY_SECOND)
        assert trace.get_current_span() is caller
    span = spans.wait
    assert _ids(span)[1] == caller.get_span_context().span_id
    requests = spans.below(span)
    assert [request.name for request in requests] == ["GET", "GET", "GET"]
    assert [request.kind for request in requests] == [trace.SpanKind.CLIENT] * 3


def test_failed_polls_are_events(jobs: Jobs, wait: WaitFunction, spans: Spans) -> None:
    """A failed poll that is ridden out is an event with its error's type, and no error of the span."""
    wait(jobs(server_error(502), rate_limited(1), "COMPLETED"), timeout=20)
    span = spans.wait
    assert [event.name for event in span.events] == ["poll failed", "poll failed", "poll"]
    assert [(event.attributes or {}).get("error.type") for event in span.events] == [
        "settled.errors.ServerError",
        "settled.errors.RateLimited",
        None,
    ]
    assert [(event.attributes or {}).get("http.response.status_code") for event in span.events] == [502, 429, None]
    assert span.status.status_code is trace.StatusCode.UNSET


@pytest.mark.parametrize(
    ("script", "error", "status"),
    [
        (["PROCESSING"], errors.WaitTimeout, "PROCESSING"),
        ([server_error(403), "COMPLETED"], errors.PermissionDenied, None),
        (["PROCESSING", server_error(times=9), "COMPLETED"], errors.ServerError, "PROCESSING"),
        (["REINDEXING"], errors.UnknownStatus, "REINDEXING"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_errors_end_the_span(
    jobs: Jobs, wait: WaitFunction, spans: Spans, *, script: list[Any], error: type[Exception], status: str | None
) -> None:
    """An error that ends a wait is recorded by its span, whose status is ERROR."""
    with pytest.raises(error) as raised:
        wait(jobs(*script), timeout=3, schedule=EVERY_SECOND, patience=0, unknown="raise")
    span = spans.wait
    attributes = span.attributes or {}
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description == f"{error.__name__}: {raised.value}"
    assert attributes["error.type"] == f"settled.errors.{error.__name__}"
    assert attributes.get("settled.status") == status
    assert "settled.outcome" not in attributes
    (recorded,) = [event for event in span.events if event.name == "exception"]
    assert (recorded.attributes or {})["exception.message"] == str(raised.value)


def test_errors_of_the_caller(jobs: Jobs, wait: WaitFunction, spans: Spans) -> None:
    """What the caller's own function raises ends the span with an error, too."""

    def refuse(snapshot: Snapshot[Any]) -> None:
        raise ZeroDivisionError("no more")

    with pytest.raises(ZeroDivisionError):
        wait(jobs("PROCESSING"), timeout=9, on_poll=refuse)
    assert spans.wait.status.description == "ZeroDivisionError: no more"
    assert (spans.wait.attributes or {})["error.type"] == "ZeroDivisionError"


def test_broken_off_watch(jobs: Jobs, spans: Spans) -> None:
    """Whoever stops watching ends the span, with neither an outcome nor an error."""
    changes = settled.watch(jobs("PROCESSING", "COMPLETED"), timeout=9)
    assert spans.started["settled.wait"] == 0
    for _ in changes:
        break
    cast("Any", changes).close()
    assert spans.wait.status.status_code is trace.StatusCode.UNSET
    assert "settled.outcome" not in (spans.wait.attributes or {})
    assert len(spans.wait.events) == 1


def test_broken_off_async_watch(jobs: Jobs, spans: Spans) -> None:
    """The same in asyncio, where the requests nest, too."""
    job = jobs("PROCESSING", "COMPLETED")

    async def main() -> None:
        async with job.client:
            async for _ in aio.watch(job, timeout=9):
                break

    asyncio.run(main())
    assert spans.wait.status.status_code is trace.StatusCode.UNSET
    assert len(spans.wait.events) == len(spans.below(spans.wait)) == 1


def test_watched_to_the_end(jobs: Jobs, spans: Spans) -> None:
    """A watch that goes to the end is one span, with its outcome."""
    assert len(list(settled.watch(jobs("PROCESSING", "FAILED"), timeout=9))) == 2
    assert (spans.wait.attributes or {})["settled.outcome"] == "FAILED"
    assert spans.wait.status.status_code is trace.StatusCode.UNSET


def test_cancelled_task(jobs: Jobs, spans: Spans) -> None:
    """A cancelled wait ends its span, as broken off."""
    job = jobs("PROCESSING")

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        async with job.client:
            with pytest.raises(asyncio.CancelledError):
                await aio.wait(
                    job, timeout=900, on_poll=lambda snapshot: task.cancel() if snapshot.polls == 3 else None
                )
            task.uncancel()

    asyncio.run(main())
    assert spans.wait.status.status_code is trace.StatusCode.UNSET
    assert (spans.wait.attributes or {})["settled.polls"] == 3


def test_many_jobs(sim: Simulator, settle: Callable[..., list[Snapshot[Any]]], spans: Spans) -> None:
    """Each of many jobs has a span below the caller's, and below it the requests for that job and no other."""
    with osapi.connect(sim.url, token=sim.token, max_rate=None) as client:
        jobs = [
            osapi.job(client, sim.add("osapi.job", states=[("processing", number * 0.03), "completed"]))
            for number in range(12)
        ]
        with spans.tracer.start_as_current_span("caller") as caller:
            ends = settle(jobs, timeout=20, concurrency=3)
            assert trace.get_current_span() is caller
    assert len(ends) == len(spans.waits) == 12
    for span in spans.waits:
        attributes, requests = span.attributes or {}, spans.below(span)
        job_id = str(attributes["settled.job.ref"]).partition("/")[2]
        assert _ids(span)[1] == caller.get_span_context().span_id
        assert attributes["settled.outcome"] == "SUCCEEDED"
        assert len(requests) == attributes["settled.polls"] == sim.polls(job_id)
        assert all(job_id in str((request.attributes or {})["http.url"]) for request in requests)


def test_many_jobs_left(jobs: Jobs, settle: Callable[..., list[Snapshot[Any]]], spans: Spans) -> None:
    """Whoever leaves many jobs ends the spans of those that have not come out."""
    many: list[Job[Any]] = [jobs("COMPLETED"), *(jobs("PROCESSING") for _ in range(4))]
    assert len(settle(many, timeout=20, take=1)) == 1
    outcomes = [(span.attributes or {}).get("settled.outcome") for span in spans.waits]
    assert outcomes.count("SUCCEEDED") == 1
    assert set(outcomes) <= {"SUCCEEDED", None}
    assert {span.status.status_code for span in spans.waits} == {trace.StatusCode.UNSET}


def test_many_jobs_that_fail(jobs: Jobs, settle: Callable[..., list[Snapshot[Any]]], spans: Spans) -> None:
    """A job that cannot be followed to its end has a span that says so, though nothing is raised."""
    ends = settle([jobs("PROCESSING"), jobs(server_error(403), "COMPLETED")], timeout=0.3)
    assert {type(end.error) for end in ends} == {errors.WaitTimeout, errors.PermissionDenied}
    assert {(span.attributes or {})["error.type"] for span in spans.waits} == {
        "settled.errors.WaitTimeout",
        "settled.errors.PermissionDenied",
    }


def test_records_belong_to_the_span(
    jobs: Jobs, wait: WaitFunction, spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever collects logs with traces finds every record of a wait below its span."""
    caplog.set_level(logging.DEBUG, "settled")
    current: set[int] = set()

    def note(record: logging.LogRecord) -> bool:
        current.add(trace.get_current_span().get_span_context().span_id)
        return True

    logger = logging.getLogger("settled")
    logger.addFilter(note)
    try:
        with pytest.raises(errors.WaitTimeout):
            wait(jobs(server_error(), "REINDEXING"), timeout=3)
    finally:
        logger.removeFilter(note)
    assert current == {_ids(spans.wait)[0]}


def test_sampled_out(jobs: Jobs, wait: WaitFunction, unsampled: Spans) -> None:
    """Of a wait that is sampled out no request is traced, either."""
    assert wait(jobs("PROCESSING", "COMPLETED"), timeout=9).is_settled
    assert unsampled.exporter.get_finished_spans() == ()


def test_spans_show_no_secret(wait: WaitFunction, spans: Spans, clock: VirtualClock) -> None:
    """Neither the key nor what a server quotes of it gets into a span."""
    sent: list[str] = []

    def quote(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        if len(sent) == 1:
            raise httpx.ConnectError("no route", request=request)
        return httpx.Response(500 if len(sent) == 2 else 403, text=f"bad key {sent[-1]}")

    transport = httpx.MockTransport(quote)
    client = cortex_xsiam.connect("https://tenant.invalid", key_id=7, key=KEY, transport=transport, max_rate=None)
    with pytest.raises(errors.PermissionDenied):
        wait(cortex_xsiam.byos_import(client, "7"), timeout=900)
    text = spans.wait.to_json()
    assert [event["name"] for event in json.loads(text)["events"]] == ["poll failed", "poll failed", "exception"]
    assert "[secret]" in text
    for secret in (KEY, *sent):
        assert secret not in text


def test_a_remote_trace_is_carried_on(settle: Callable[..., list[Snapshot[Any]]]) -> None:
    """Without an SDK there is no span, but the trace that the caller belongs to reaches the requests."""
    current: list[trace.SpanContext] = []

    def note(request: httpx.Request) -> httpx.Response:
        current.append(trace.get_current_span().get_span_context())
        return httpx.Response(200, json={"job_status": "COMPLETED"})

    client = cortex_xsiam.connect("https://tenant.invalid", key_id=7, key=KEY, transport=httpx.MockTransport(note))
    remote = trace.SpanContext(7, 8, is_remote=True, trace_flags=trace.TraceFlags(1))
    job: Job[Any] = cortex_xsiam.byos_import(client, "7")
    settle([job], timeout=9)
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(remote)))
    try:
        settle([job], timeout=9)
    finally:
        context.detach(token)
    assert [(seen.trace_id, seen.span_id) for seen in current] == [(0, 0), (7, 8)]


def test_closing_from_elsewhere(jobs: Jobs, real_time: None, spans: Spans) -> None:
    """Polls that are under way when another thread closes the iteration do not end a span again."""
    polled = threading.Event()
    settling = settled.as_settled(
        [jobs("PROCESSING") for _ in range(5)], timeout=60, schedule=OFTEN, on_poll=lambda snapshot: polled.set()
    )

    def close() -> None:
        polled.wait(10)
        settling.close()

    thread = threading.Thread(target=close)
    thread.start()
    assert list(settling) == []
    thread.join()
    assert 1 <= len(spans.waits) <= 5


_WAIT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

if sys.argv[4] == "absent":
    sys.meta_path.insert(0, Absent())

import asyncio, settled
from settled import cortex_xsiam

client = cortex_xsiam.connect(sys.argv[1], key_id=int(sys.argv[2]), key=sys.argv[3], max_rate=None)
jobs = [cortex_xsiam.byos_import(client, job_id) for job_id in sys.argv[5:]]
print(settled.wait(jobs[0], timeout=20).outcome)
print(asyncio.run(settled.aio.wait(jobs[0], timeout=20)).outcome)
print(*(end.outcome for end in settled.as_settled(jobs, timeout=20)))
print([name for name in sys.modules if name.startswith(("opentelemetry", "settled._observe.tracing"))])
"""


@pytest.mark.parametrize("opentelemetry", ["absent", "present"])
def test_nobody_has_to_have_it(sim: Simulator, real_time: None, opentelemetry: str) -> None:
    """Where OpenTelemetry is not installed all verbs work, and where nobody uses it none imports it."""
    ids = [sim.add(KIND, states=["COMPLETED"]) for _ in range(2)]
    arguments = [sys.executable, "-W", "error", "-c", _WAIT, sim.url, str(sim.key_id), sim.key, opentelemetry, *ids]
    run = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.stdout.split("\n")[:4] == ["SUCCEEDED", "SUCCEEDED", "SUCCEEDED SUCCEEDED", "[]"], run.stderr
