"""Secrets that a server quotes back, and those in what httpx raises."""

from __future__ import annotations

import traceback
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.responses import JSONResponse, Response

import settled
from settled import agilesec, errors

import conftest

TOKEN = "S3CRET/value+abcdef0123456789"


@pytest.mark.parametrize("form", [TOKEN, quote(TOKEN, safe=""), TOKEN.replace("/", "\\/")])
@pytest.mark.parametrize("padding", [0, 485])
def test_a_quoted_secret_is_hidden_before_texts_are_cut(answering: conftest.Answering, form: str, padding: int) -> None:
    """No part of the token is in an error, in whatever form and place the server has put it."""
    replies: list[Any] = [
        JSONResponse({"message": "x" * padding + TOKEN, "code": TOKEN, "details": TOKEN}, 403),
        Response("y" * padding + form, 403),
        Response("z" * padding + form),
        {"status": TOKEN, "executionId": "a", "message": "m"},
    ]
    for reply in replies:
        client = agilesec.connect(answering(reply), token=TOKEN)
        try:
            snapshot = agilesec.scan(client, "a").fetch()
            text = repr(snapshot) + repr(snapshot.raw)
        except errors.SettledError as error:
            text = "".join(traceback.format_exception(error))
        finally:
            client.close()
        assert TOKEN[:10] not in text


def test_what_httpx_raised_holds_no_secret() -> None:
    """Neither the texts of the causes nor the request that they carry show the token."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError(f"illegal header line {TOKEN}", request=request)

    client = agilesec.connect("https://h.example", token=TOKEN, transport=httpx.MockTransport(fail))
    with pytest.raises(errors.TransportError) as raised:
        agilesec.scan(client, "a").fetch()
    cause: Any = raised.value.__cause__
    assert TOKEN not in "".join(traceback.format_exception(raised.value))
    assert TOKEN not in str(dict(cause.request.headers))


def test_connect_names_the_program() -> None:
    """`app` stands in front of the User-Agent, and has to be a product token; it is not shown if it is none."""
    client = agilesec.connect("https://h.example", token=TOKEN, app="nightly/2.1")
    assert client.get_httpx_client().headers["user-agent"].startswith(f"nightly/2.1 settled/{settled.__version__}")
    client.close()
    with pytest.raises(ValueError, match="product token") as raised:
        agilesec.connect("https://h.example", token=TOKEN, app=f"{TOKEN}\r\nX: y")
    assert TOKEN not in str(raised.value)
