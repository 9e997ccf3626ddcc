"""Secrets that a server quotes back, and those in what httpx raises."""

from __future__ import annotations

import asyncio
import base64
import json
import traceback
from collections.abc import Callable, Iterator
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


@pytest.mark.parametrize(
    "encoded",
    [
        lambda text: "".join(f"%{ord(letter):02X}" for letter in text),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: "".join(f"&#{ord(letter)};" for letter in text),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"us:{text}".encode()).decode(),
        lambda text: base64.encodebytes(f"u:{text}{text}".encode()).decode(),
        lambda text: text.encode().hex(" "),
        lambda text: f"{text[:9]}\n{text[9:20]}\r\n {text[20:]}",
        lambda text: json.dumps(json.dumps(text)),
    ],
    ids=["percent", "percent-twice", "html", "basic", "base64url", "base64-lines", "hex", "lines", "json-twice"],
)
@pytest.mark.parametrize("status_code", [200, 403])
def test_a_secret_in_an_odd_form_is_hidden(encoded: Callable[[str], str], status_code: int) -> None:
    """However the token is encoded or broken in an answer, no error quotes it, and the words around it stay."""
    form = encoded(TOKEN)
    answers = [httpx.Response(status_code, text=f"token {form} refused")]
    if status_code != 200:
        answers.append(httpx.Response(status_code, json={"message": f"token {form} refused", "details": form}))
    for answer in answers:
        transport = httpx.MockTransport(lambda _, answer=answer: answer)
        client = agilesec.connect("https://h.example", token=TOKEN, transport=transport)
        with pytest.raises(errors.SettledError, match=r"token \S*\[secret\].* refused") as raised:
            agilesec.scan(client, "a").fetch()
        assert encoded(TOKEN)[4:16] not in str(raised.value)
        client.close()


def _refuse(request: httpx.Request) -> httpx.Response:
    return httpx.Response(401, text=f"bad {TOKEN}", headers={"X-Echo": TOKEN}, request=request)


def _raise_for_status(response: httpx.Response) -> None:
    response.read()
    response.raise_for_status()


def _raise_settled(_: httpx.Response) -> None:
    raise errors.ApiError(f"the hook was told {TOKEN}", status_code=500)


def _raise_with_everything(response: httpx.Response) -> None:
    cause = ExceptionGroup("both", [OSError(5, f"m {TOKEN}", f"f {TOKEN}"), ValueError({"token": [TOKEN.encode()]})])
    cause.add_note(f"a note of {TOKEN}")
    failure = httpx.ReadError("broken", request=response.request)
    failure.__context__ = RuntimeError(f"a context of {TOKEN}")
    vars(failure)["sent"] = {"token": TOKEN}
    raise failure from cause


@pytest.mark.parametrize("hook", [_raise_for_status, _raise_settled, _raise_with_everything])
def test_what_a_hook_raises_holds_no_secret(hook: Callable[[httpx.Response], None]) -> None:
    """Causes, contexts, members of groups, notes, attributes, requests and responses are all without the token."""
    client = agilesec.connect("https://h.example", token=TOKEN, transport=httpx.MockTransport(_refuse))
    client.get_httpx_client().event_hooks = {"response": [hook]}
    with client, pytest.raises(errors.SettledError) as raised:
        agilesec.scan(client, "a").fetch()
    held = list(_held(raised.value))
    assert len(held) > 1
    assert TOKEN not in "".join(held)


def _held(error: BaseException | None) -> Iterator[str]:
    """All that an error and those that led to it hold."""
    if error is None:
        return
    yield from (str(error), repr(error.args), repr(vars(error)), repr(getattr(error, "strerror", "")))
    response = getattr(error, "response", None)
    for message in (getattr(error, "_request", None), response, getattr(response, "request", None)):
        if message is not None:
            yield repr(message.headers.multi_items()) + message.read().decode()
    for each in (error.__cause__, error.__context__, *getattr(error, "exceptions", ())):
        if each is not error:
            yield from _held(each)


def test_frames_of_a_traceback_hold_no_secret() -> None:
    """An error tracker that shows the local variables of a traceback shows no token."""

    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\0: " + await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(garble, "127.0.0.1", 0) as server:
            client = agilesec.connect(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", token=TOKEN)
            try:
                await agilesec.scan(client, "a").fetch_async()
            finally:
                await client.aclose()

    with pytest.raises(errors.TransportError) as raised:
        asyncio.run(main())
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    text = "".join(shown.format())
    assert "httpcore" in text
    assert TOKEN not in text
