"""What the error of a refused request says: in one line, with the id of the request."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from settled import agilesec, errors


@pytest.mark.parametrize("header", ["X-Request-Id", "x-correlation-id", "x-amzn-RequestId", "CF-Ray"])
@pytest.mark.parametrize("status_code", [200, 403, 500])
def test_errors_tell_the_id_of_the_request(header: str, status_code: int) -> None:
    """An error has the id by which a vendor's support finds the request, on one line and without the token."""
    token = "token-of-the-request-ids"
    answer = httpx.Response(status_code, headers={header: f"r-17 {token}"}, text="no")
    client = agilesec.connect("h.example", token=token, transport=httpx.MockTransport(lambda _: answer))
    with client, pytest.raises((errors.ApiError, errors.MalformedResponse)) as raised:
        agilesec.scan(client, "a").fetch()
    error: Any = raised.value
    assert error.request_id == "r-17 [secret]"
    assert status_code == 200 or str(error).endswith("(request id r-17 [secret])")


def test_a_vendors_text_cannot_forge_a_log_line() -> None:
    """Line breaks and escape sequences in message, code, extra and reason are shown as such."""
    forged = "no\n2026-01-01 ERROR forged\x1b[2J\u202e\u2028"
    bodies: list[Any] = [{"message": forged, "code": forged, "details": {"message": f"more {forged}"}}, forged, ""]
    for body in bodies:
        content = body if isinstance(body, str) else json.dumps(body)
        answer = httpx.Response(403, text=content, extensions={"reason_phrase": b"No\x1b[2J"})
        transport = httpx.MockTransport(lambda _, answer=answer: answer)
        client = agilesec.connect("h.example", token="t", transport=transport)
        with client, pytest.raises(errors.PermissionDenied) as raised:
            agilesec.scan(client, "a").fetch()
        assert str(raised.value).isprintable()


def _refusal(content: str, **options: Any) -> str:
    transport = httpx.MockTransport(lambda _: httpx.Response(500, text=content))
    client = agilesec.connect("h.example", token=TOKEN, transport=transport, **options)
    with client, pytest.raises(errors.ServerError) as raised:
        agilesec.scan(client, "a").fetch()
    return str(raised.value)


TOKEN = "token/of-the+large=bodies"
ROWS = [{"name": "password", "value": "hunter22"}, {"token": "abcdef"}, TOKEN, quote(TOKEN)] * 5_000


@pytest.mark.parametrize("content", [json.dumps({"rows": ROWS}), json.dumps(ROWS), f"{TOKEN} {quote(TOKEN)} " * 5_000])
def test_large_bodies_show_no_secret(content: str) -> None:
    """However large an error's body is, what is shown of it has neither the client's secrets nor others."""
    text = _refusal(content)
    assert "[secret]" in text
    assert not any(secret in text for secret in ("hunter22", "abcdef", "of-the", "large"))


def test_large_bodies_tell_their_message() -> None:
    """A message before a mass of other things is found, and what is not JSON begins as it does."""
    rows = [{"number": number} for number in range(20_000)]
    assert "500: too many rows" in _refusal(json.dumps({"message": "too many rows", "rows": rows}))
    assert "500: too many rows" in _refusal("too many rows " * 20_000)


@pytest.mark.parametrize(
    "content", [json.dumps({str(number): {"y": 1} for number in range(500_000)}), "a " * 7_500_000]
)
def test_large_bodies_take_no_time(content: str) -> None:
    """Ten megabytes are not searched for secrets, which would keep an event loop busy for some ten seconds."""
    began = time.process_time()
    _refusal(content, max_body=2**24)
    assert time.process_time() - began < 4
