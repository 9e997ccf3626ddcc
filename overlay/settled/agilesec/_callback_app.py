"""An ASGI app that receives AgileSec's callbacks; it needs no framework, and runs in any ASGI server."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from .._core.inbox import Inbox
from .._core.text import printable
from ..errors import AuthenticationError, MalformedResponse
from ._callbacks import MAX_CALLBACK_BYTES, CallbackAuth, check_credentials, has_too_many_values, parse_callback

_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_logger = logging.getLogger("settled")


class CallbackApp:
    """Takes callbacks as POST requests, and puts them into its `inbox`, which wakes the waits they concern."""

    def __init__(self, auth: CallbackAuth | None, path: str) -> None:
        self.inbox: Inbox = Inbox()
        self._auth = auth
        self._path = path

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            status, text = await self._answer(scope, receive)
            if status >= 400:
                client = (scope.get("client") or ("an unknown client",))[0]
                _logger.warning("a callback from %s was refused with %d: %s", client, status, text)
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
            headers += [(b"allow", b"POST")] * (status == 405)
            await send({"type": "http.response.start", "status": status, "headers": headers if text else []})
            await send({"type": "http.response.body", "body": text.encode()})

    async def _answer(self, scope: Mapping[str, Any], receive: _Receive) -> tuple[int, str]:  # noqa: PLR0911 - an answer each
        """The status and the text that a request is answered with."""
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if path != self._path:
            return 404, "not found"
        if scope["method"] != "POST":
            return 405, "method not allowed"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            # Before the body: nothing is read from a stranger.
            check_credentials(headers, self._auth)
            body, is_more = b"", True
            while is_more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return 400, "the request was cut short"
                body, is_more = body + message.get("body", b""), message.get("more_body", False)
                if len(body) > MAX_CALLBACK_BYTES:
                    return 413, "too large"
            if has_too_many_values(body):
                # Acknowledged, because the sender would only repeat what is refused.
                _logger.warning("a callback was ignored: it has too many values to be kept")
                return 204, ""
            callback = parse_callback(headers, body, auth=self._auth)
        except AuthenticationError:
            return 401, "wrong credentials"
        except MalformedResponse:
            return 400, "not a callback of a scan"
        job_id = str(callback.execution_id)
        is_kept = self.inbox.put(job_id, callback)
        level, what = (logging.INFO, "taken") if is_kept else (logging.WARNING, "ignored: it is too large to be kept")
        _logger.log(level, "a callback of agilesec.scan/%s was %s", printable(job_id, 100), what)
        return 204, ""


async def _live(receive: _Receive, send: _Send) -> None:
    """Take part in the server's start and end, at which there is nothing to do."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})
