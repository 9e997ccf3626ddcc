"""Whatever an argument is, it is taken, or refused with a plain ValueError or TypeError, or an error of ours."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import ssl
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
from _replies import json_values, text_of
from hypothesis import given
from hypothesis import strategies as st
from test_fuzz import KEY, examine_text, virtual_time

import settled
from settled import Learned, Schedule, agilesec, cortex_xdr, cortex_xsiam, osapi
from settled.errors import SettledError

REPLIES = {"status": "completed", "job_status": "COMPLETED", "executionId": "7", "reply": {"data": {"a": "FAILED"}}}
HANDLER = httpx.MockTransport(lambda request: httpx.Response(200, json=REPLIES))

JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=4),
    st.sampled_from(
        [10**400, -(10**400), 10**5000, 5e-324, 1.7e308, "\ud800", "a\nb", "x" * 70_000, "٣", "²", "nan", "xn--a",
         b"\xff", [], {}, [[]], {"a": 1}, ["a"], (), set(), object(), 1j, Decimal("NaN"), Decimal("sNaN"), Decimal(3),
         datetime.timedelta.max, datetime.timedelta(-1), len, print, ssl, {1: 2}, {"a": {"b": object()}}]
    ),
)  # fmt: skip


@contextlib.contextmanager
def only_our_errors() -> Iterator[None]:
    """Lets a plain ValueError or TypeError pass, and errors of ours; no others, and none of their subclasses."""
    try:
        yield
    except SettledError as error:
        examine_text(str(error))
    except (ValueError, TypeError) as error:
        if type(error) not in (ValueError, TypeError) or KEY in str(error):
            raise AssertionError(repr(error)) from error


def arguments(**good: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Keyword arguments of which one or another is junk, or missing."""
    mixed = {name: strategy | strategy | JUNK for name, strategy in good.items()}
    return st.fixed_dictionaries({}, optional=mixed) | st.fixed_dictionaries(mixed)


_ADDRESSES = st.sampled_from(
    ["t.invalid", "https://t.invalid/api", "", " ", "http://", "https://[::1]:8", "https://[::1", "t:x", "ftp://t",
     "a" * 70_000, "https://u:p@t", "https://t?q",
     "t#f", "https://xn--a", "https://ü.invalid", "https://t:99999", "//", "://", "https://a..b",
     "https://xn--zzzzzz99999"]
) | st.text(max_size=12) | st.from_regex(r"https?://[^ ]{1,12}", fullmatch=True)  # fmt: skip
_OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "timeout": st.floats(0.001, 100),
    "max_rate": st.none() | st.floats(0.001, 1e6),
    "transport": st.just(HANDLER),
    "max_body": st.integers(1, 10**9),
    "verify": st.sampled_from([ssl.create_default_context(), "/no/such/file"]),
}
_TOKENS = st.just(KEY) | st.text(max_size=8)
_IDS = st.sampled_from(["7", " ", "..", "a/b", "é" * 999, "x" * 1001, "\ud800"]) | st.text(max_size=6) | st.integers()


@given(
    vendor=st.sampled_from([agilesec, cortex_xdr, cortex_xsiam, osapi]),
    base_url=_ADDRESSES | JUNK,
    cortex=arguments(key_id=st.integers(0, 99) | st.just("7"), key=_TOKENS, advanced=st.booleans()),
    token=arguments(token=_TOKENS),
    options=arguments(**_OPTIONS),
    job_id=_IDS | JUNK,
)
def test_connect_and_fetch(  # noqa: PLR0917 - Hypothesis gives them by name
    vendor: Any, base_url: Any, cortex: dict[str, Any], token: dict[str, Any], options: dict[str, Any], job_id: Any
) -> None:
    """A client is made, and asks for a job; or something is refused."""
    credentials = token if vendor in (agilesec, osapi) else cortex
    # Without it requests would go out.
    options = {**options, "transport": options.get("transport") or HANDLER}
    makers: dict[Any, list[Callable[..., Any]]] = {
        agilesec: [agilesec.scan],
        cortex_xdr: [cortex_xdr.action, cortex_xdr.script_execution, cortex_xdr.xql_query],
        cortex_xsiam: [cortex_xsiam.byos_import, cortex_xsiam.xql_query],
        osapi: [osapi.job],
    }
    with only_our_errors(), vendor.connect(base_url, **credentials, **options) as client:
        for make in makers[vendor]:
            with only_our_errors():
                job = make(client, job_id)
                assert settled.from_ref(job.ref, client) == job
                job.fetch()


@given(data=st.data(), client=st.booleans(), job_id=_IDS | JUNK)
def test_job_constructors(data: st.DataObject, client: bool, job_id: Any) -> None:
    """A job is made of a client and an id, or refused; a ref is one of a known kind, or refused."""
    with osapi.connect("t.invalid", token=KEY, transport=HANDLER) as connected:
        used: Any = connected if client else data.draw(JUNK)
        for make in (
            osapi.job,
            agilesec.scan,
            cortex_xdr.action,
            cortex_xdr.script_execution,
            cortex_xsiam.byos_import,
        ):
            with only_our_errors():
                make(used, job_id).fetch()
        with only_our_errors():
            osapi.job(used, "7", expected_agents=data.draw(st.integers() | JUNK)).fetch()
        refs = st.sampled_from(
            ["osapi.job/7", "osapi.job/", "__init__.x/1", "__pycache__.x/1", "_job.x/1", "osapi.KINDS/1", "osapi/1",
             ".job/1", "osapi.job/..", "os\0api.job/7", "cortex_xdr.action/x", "settled.osapi.job/1"]
        )  # fmt: skip
        parts = st.sampled_from(["osapi", "agilesec", ".", "/", "job", "__init__", "__main__", "7", "errors"])
        with only_our_errors():
            settled.from_ref(data.draw(refs | st.lists(parts).map("".join) | JUNK), used).fetch()


_ANSWERS = st.floats(0, 100) | JUNK
_WAITS = {
    "timeout": st.floats(0, 100) | st.none() | st.timedeltas(datetime.timedelta(0), datetime.timedelta(1)),
    "schedule": st.none() | st.builds(Schedule) | _ANSWERS.map(lambda answer: lambda polls, elapsed: answer),
    "on_poll": st.none() | st.just(len) | st.just(repr),
    "unknown": st.sampled_from(["wait", "raise"]),
    "patience": st.floats(0, 50),
}


@given(options=arguments(**_WAITS), concurrency=st.just(20) | st.integers(1, 40) | JUNK)
def test_waits(options: dict[str, Any], concurrency: Any) -> None:
    """A wait has terms that it can keep, or refuses them."""
    words = ["processing", "soon", "processing"]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"status": words.pop() if words else "completed"})

    client = osapi.connect("t.invalid", token=KEY, transport=httpx.MockTransport(answer))
    with virtual_time(), client:
        for verb in (settled.wait, settled.watch, settled.as_settled):
            words[:] = ["processing", "soon", "processing"]
            with only_our_errors():
                if verb is settled.as_settled:
                    with settled.as_settled([osapi.job(client, "7")], concurrency=concurrency, **options) as ends:
                        list(ends)
                elif verb is settled.watch:
                    list(settled.watch(osapi.job(client, "7"), **options))
                else:
                    settled.wait(osapi.job(client, "7"), **options)
        with only_our_errors():
            settled.as_settled(options.get("schedule"), timeout=1).close()  # type: ignore[arg-type]


_POLLS = st.integers(0, 10**6)
_ELAPSED = st.floats(0, 1e9)


@given(
    shape=arguments(first=st.floats(0.1, 9), factor=st.floats(1, 9), cap=st.floats(9, 99), jitter=st.floats(0, 0.99)),
    polls=_POLLS,
)
def test_schedule(shape: dict[str, Any], polls: int) -> None:
    """A schedule answers seconds to wait, or there is none."""
    with only_our_errors():
        assert 0 <= Schedule(**shape)(polls, 0.0) < math.inf


_DURATIONS = (
    st.lists(st.floats(0, 1e6) | st.floats(0) | JUNK, max_size=30) | st.lists(st.floats(0, 1e5), min_size=5) | JUNK
)


@given(
    wish=arguments(delay=st.floats(0.1, 99), jitter=st.floats(0, 0.99))
    | arguments(requests=st.floats(1, 99), jitter=st.floats(0, 0.99)),
    durations=_DURATIONS,
    learnt=st.lists(st.tuples(st.floats(0, 1e5) | JUNK, st.floats(0, 1e5) | JUNK), max_size=12),
    moments=st.lists(st.tuples(_POLLS, _ELAPSED), max_size=5),
    state=json_values() | JUNK,
)
def test_learned(wish: dict[str, Any], durations: Any, learnt: list[Any], moments: list[Any], state: Any) -> None:
    """A learning schedule answers seconds to wait, whatever it was taught; what it cannot learn from it refuses."""
    with only_our_errors():
        Learned.from_json(state)
    with only_our_errors():
        kept = Learned(**wish).to_json()
        with only_our_errors():
            Learned.from_json({**kept, "durations": durations})
        with only_our_errors():
            Learned.from_json({**kept, "delay": state, "jitter": durations})
    with only_our_errors():
        schedule = Learned.from_durations(durations, **wish)
        for after, before in learnt:
            with only_our_errors():
                schedule.learn(after, before)
        for polls, elapsed in moments:
            assert schedule(polls, elapsed) >= 0


_SCANS = {
    "sensor_type": st.text(max_size=5),
    "sensor_name": st.text(max_size=5),
    "sensor_config": st.dictionaries(st.text(max_size=3), JUNK, max_size=3)
    | st.integers(0, 4000).map(lambda depth: json.loads('{"a":' * min(depth, 900) + "0" + "}" * min(depth, 900))),
    "priority": st.sampled_from(["low", "high"]),
    "labels": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2) | st.lists(JUNK, max_size=2),
    "callback_id": st.text(max_size=5),
    "incremental_scan": st.booleans(),
}


@given(new=arguments(**_SCANS), sensor_id=_IDS | JUNK, answer=json_values(), status_code=st.integers(200, 599))
def test_submits(new: dict[str, Any], sensor_id: Any, answer: Any, status_code: int) -> None:
    """A scan is submitted and its job returned, or an error says what is known of it, whatever is answered."""
    content = text_of(answer).encode()
    handler = httpx.MockTransport(lambda request: httpx.Response(status_code, content=content))
    with agilesec.connect("t.invalid", token=KEY, transport=handler) as client:
        with only_our_errors():
            agilesec.create_scan(client, **new)
        with only_our_errors():
            agilesec.execute_scan(client, sensor_id)


@given(
    headers=st.dictionaries(st.sampled_from(["Authorization", "authorization", "X-T"]) | st.text(max_size=3), JUNK)
    | st.just({"authorization": f"Bearer {KEY}"}) | JUNK,
    body=json_values().map(lambda value: text_of(value).encode())
    | st.binary(max_size=20) | st.just(b'{"executionId":"7"}') | JUNK,
    credentials=arguments(header=st.just("X-T"), token=_TOKENS),
)  # fmt: skip
def test_callbacks(headers: Any, body: Any, credentials: dict[str, Any]) -> None:
    """A callback is read, or refused."""
    auths: list[Any] = [None, agilesec.BearerToken(KEY)]
    with only_our_errors():
        auths.append(agilesec.ApiToken(**credentials))
    for auth in auths:
        with only_our_errors():
            agilesec.parse_callback(headers, body, auth=auth)
