"""Keys, tokens and signatures stay in."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from settled import cortex_xsiam, errors
from settled.simulator import Fault, Simulator

from conftest import WaitFunction

KEY = "Very-Secret-Key-0123456789abcdef"


def _everything(error: BaseException | None) -> str:
    text = ""
    while error is not None:
        text += "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
        error = error.__cause__ or error.__context__
    return text


@pytest.mark.parametrize("advanced", [False, True], ids=["standard", "advanced"])
def test_nothing_shows_a_secret(
    wait: WaitFunction, sim: Simulator, caplog: pytest.LogCaptureFixture, advanced: bool
) -> None:
    """Neither repr nor a log record (DEBUG too), a snapshot, a ref or an error shows the key or a signature."""
    caplog.set_level(logging.DEBUG)
    sent: list[str] = []

    def quote_the_credentials(request: httpx.Request) -> httpx.Response:
        signature = request.headers["Authorization"]
        sent.append(signature)
        if len(sent) == 1:
            raise httpx.ConnectError("no route", request=request)
        if len(sent) == 2:
            return httpx.Response(500, text=f"<html>bad key {signature}</html>")
        if len(sent) == 3:
            return httpx.Response(200, text=f"not JSON, but {signature}")
        return httpx.Response(403, json={"reply": {"err_code": 403, "err_msg": f"{signature} may not do this"}})

    transport = httpx.MockTransport(quote_the_credentials)
    client = cortex_xsiam.connect(
        "https://tenant.invalid", key_id=7, key=KEY, advanced=advanced, transport=transport, max_rate=None
    )
    job = cortex_xsiam.byos_import(client, "7")
    with pytest.raises(errors.PermissionDenied, match=r"\[secret\] may not do this") as raised:
        wait(job, timeout=900)
    text = "\n".join([_everything(raised.value), caplog.text, repr(client), str(client), repr(job), job.ref])
    text += "".join(str(vars(record)) for record in caplog.records)
    assert len(sent) == 4
    for secret in (KEY, *sent):
        assert secret not in text


def test_refused_key_is_not_shown(sim: Simulator, wait: WaitFunction, caplog: pytest.LogCaptureFixture) -> None:
    """A key that the vendor refuses does not stand in the error."""
    caplog.set_level(logging.DEBUG)
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=KEY) as client:
        job = cortex_xsiam.byos_import(client, sim.add("cortex_xsiam.byos_import", states=["COMPLETED"]))
        with pytest.raises(errors.AuthenticationError) as raised:
            wait(job, timeout=900)
    assert KEY not in _everything(raised.value) + caplog.text


@pytest.mark.parametrize("key", [f"{KEY}\u2013", f"{KEY}\r\nX-Evil: 1", f"{KEY}\0", "", "  "])
def test_impossible_key(key: str) -> None:
    """A key that cannot stand in a header is a ValueError which does not show it."""
    with pytest.raises(ValueError, match="key must be printable ASCII") as raised:
        cortex_xsiam.connect("tenant.invalid", key_id=7, key=key)
    assert KEY not in _everything(raised.value)


def test_address_with_a_password() -> None:
    """An address that carries a password is refused without showing it."""
    with pytest.raises(ValueError, match="not the address of an API") as raised:
        cortex_xsiam.connect(f"https://me:{KEY}@tenant.invalid", key_id=7, key="k")
    assert KEY not in _everything(raised.value)


def test_redirects_are_not_followed(wait: WaitFunction, sim: Simulator) -> None:
    """A redirect to a login page ends the wait, and the credentials go nowhere else."""
    elsewhere = Fault(302, {"Location": f"{sim.url}/login"}, times=99)
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        job: Any = cortex_xsiam.byos_import(
            client, sim.add("cortex_xsiam.byos_import", states=[elsewhere, "COMPLETED"])
        )
        with pytest.raises(errors.ApiError, match="answered 302"):
            wait(job, timeout=900)
    assert [asked.status_code for asked in sim.asked] == [302]


def _as_dotnet(text: str) -> bytes:
    return text.replace("+", "\\u002B").replace("=", "\\u003D").encode()


@pytest.mark.parametrize(
    "encoded",
    [_as_dotnet, lambda text: text.encode("utf-16"), lambda text: text.encode("utf-16-be")],
    ids=["escapes", "utf-16", "utf-16 without a mark"],
)
@pytest.mark.parametrize("status_code", [200, 401])
def test_quoted_back_in_another_encoding(encoded: Callable[[str], bytes], status_code: int) -> None:
    """A key is hidden also where the JSON that quotes it has escapes for signs of ASCII, or two bytes a letter."""
    key = "abc+def+0123456789=="
    body = encoded(
        json.dumps({"job_id": "7", "job_status": "FAILED", "error_log": f"bad {key}", "err_msg": f"bad {key}"})
    )
    transport = httpx.MockTransport(lambda _: httpx.Response(status_code, content=body))
    job = cortex_xsiam.byos_import(cortex_xsiam.connect("h.example", key_id=7, key=key, transport=transport), "7")
    try:
        snapshot = job.fetch()
        shown = repr(snapshot) + repr(snapshot.raw)
    except errors.AuthenticationError as error:
        shown = _everything(error)
    assert "bad [secret]" in shown
    assert key not in shown
