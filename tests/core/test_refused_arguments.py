"""A refused argument is not shown: it may be a secret, in the wrong place. Only numbers and the like are."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

import settled
import settled.aio
import settled.machine
from settled import agilesec, cortex_xdr, cortex_xsiam, osapi
from settled._core.validate import described

SECRET = "kEy-0123456789abcdef"


def _client() -> Any:
    transport = httpx.MockTransport(lambda _: httpx.Response(500))
    return cortex_xsiam.connect("h.example", key_id=7, key="k", transport=transport)


def _job() -> Any:
    return cortex_xsiam.byos_import(_client(), "7")


CALLS: dict[str, Callable[[Any], Any]] = {
    "key_id": lambda value: cortex_xsiam.connect("h.example", key_id=value, key="k"),
    "base_url": lambda value: cortex_xsiam.connect(f"https://{value}@h.example", key_id=7, key="k"),
    "port": lambda value: cortex_xsiam.connect(f"https://h.example:{value}", key_id=7, key="k"),
    "query": lambda value: osapi.connect(f"https://h.example?token={value}", token="t"),
    "scheme": lambda value: osapi.connect(f"{value}://h.example", token="t"),
    "timeout": lambda value: osapi.connect("h.example", token="t", timeout=value),
    "max_rate": lambda value: osapi.connect("h.example", token="t", max_rate=value),
    "verify": lambda value: osapi.connect("h.example", token="t", verify=value),
    "transport": lambda value: agilesec.connect("h.example", token="t", transport=value).get_httpx_client(),
    "ref": lambda value: settled.from_ref(value, _client()),
    "ref of a known vendor": lambda value: settled.from_ref(f"cortex_xsiam.{value}/7", _client()),
    "id": lambda value: cortex_xsiam.byos_import(_client(), f"{value}\n"),
    "long id": lambda value: cortex_xsiam.byos_import(_client(), value * 100),
    "number as id": lambda value: cortex_xdr.action(cortex_xdr.connect("h.example", key_id=7, key="k"), value),
    "job": lambda value: settled.wait(value, timeout=1),
    "jobs": lambda value: settled.as_settled(value, timeout=1),
    "wake": lambda value: asyncio.run(settled.aio.wait(_job(), timeout=1, wake=value)),
    "concurrency": lambda value: settled.as_settled([_job()], timeout=1, concurrency=value),
    "wait": lambda value: settled.wait(_job(), timeout=value),
    "schedule": lambda value: settled.wait(_job(), timeout=1, schedule=value),
    "unknown": lambda value: settled.wait(_job(), timeout=1, unknown=value),
    "patience": lambda value: settled.wait(_job(), timeout=1, patience=value),
    "state": lambda value: settled.machine.Wait.from_json({"version": value, "ref": value}, _job()),
    "labels": lambda value: agilesec.create_scan(
        agilesec.connect("h.example", token="t"), sensor_type="t", sensor_name="n", sensor_config={}, labels=value
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_text_is_not_shown(call: Callable[[Any], Any]) -> None:
    """A text in the wrong place is refused without being shown, nor any cause of the error."""
    with pytest.raises((ValueError, TypeError)) as raised:
        call(SECRET)
    assert SECRET not in "".join(traceback.format_exception_only(raised.value))
    assert SECRET not in repr(raised.value.__cause__)


@pytest.mark.parametrize("name", ["timeout", "max_rate", "wait", "patience"])
@pytest.mark.parametrize("value", [True, False])
def test_true_is_no_number(name: str, value: bool) -> None:
    """True, which Python counts as 1, is no number of seconds and no rate."""
    with pytest.raises(TypeError, match="must be a number, not a bool"):
        CALLS[name](value)


@pytest.mark.parametrize("value", [[3], httpx.Timeout(3)], ids=["list", "Timeout"])
@pytest.mark.parametrize("name", ["timeout", "max_rate", "wait", "patience", "concurrency"])
def test_what_is_no_number_names_its_argument(name: str, value: Any) -> None:
    """Something else in place of a number is refused by the argument's name."""
    with pytest.raises(TypeError, match=f"^{name.replace('wait', 'timeout')} must be a number, not "):
        CALLS[name](value)


@pytest.mark.parametrize("value", [3, lambda: 3], ids=["int", "function"])
def test_jobs_and_wake_name_themselves(value: Any) -> None:
    """What is no iterable of jobs, and what is no inbox, is refused with the argument's name."""
    with pytest.raises(TypeError, match=r"^jobs must be an iterable of jobs, not "):
        CALLS["jobs"](value)
    with pytest.raises(TypeError, match=r"^wake must be an inbox"):
        CALLS["wake"](value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-1, "-1"),
        (2.5, "2.5"),
        (None, "None"),
        (True, "True"),
        (timedelta(seconds=-1), "datetime.timedelta(days=-1, seconds=86399)"),
        (settled.Outcome.FAILED, "<Outcome.FAILED: 'FAILED'>"),
        (10**5000, "an int"),
        ("", "an empty str"),
        (SECRET, "a str"),
        (SECRET.encode(), "a bytes"),
        ([SECRET], "a list"),
        ({SECRET: 1}, "a dict"),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, int) else "number",
)
def test_what_is_said_of_a_value(value: Any, text: str) -> None:
    """Numbers, durations and members of enums are shown, and only the type of all that could hold a secret."""
    assert described(value) == text
