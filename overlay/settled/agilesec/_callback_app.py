"""An ASGI app that receives AgileSec's callbacks; it needs no framework, and runs in any ASGI server.

The platform sends a refused callback again. So the app refuses wrong credentials, bodies of more than a million bytes
and what is not a callback; it acknowledges and drops a callback that is too large to keep.
"""

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
    """Receives callbacks as POST requests, and puts them into its `inbox`, which wakes the waits for their scans."""

    def __init__(self, auth: CallbackAuth | None, path: str) -> None:
        self.inbox: Inbox = Inbox()
        self._auth = auth
        self._path = path

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            status, text = await self._respond(scope, receive)
            if status >= 400:
                client = (scope.get("client") or ("an unknown client",))[0]
                _logger.warning("a callback from %s was refused with %d: %s", client, status, text)
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
            headers += [(b"allow", b"POST")] * (status == 405)
            await send({"type": "http.response.start", "status": status, "headers": headers if text else []})
            await send({"type": "http.response.body", "body": text.encode()})

    async def _respond(self, scope: Mapping[str, Any], receive: _Receive) -> tuple[int, str]:  # noqa: PLR0911 - one for each refusal
        """The status and the text of the response to a request."""
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if path != self._path:
            return 404, "not found"
        if scope["method"] != "POST":
            return 405, "method not allowed"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            # Checked first, so that an unauthenticated sender cannot make the app read a body.
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
                # Acknowledged, because the platform would send it again.
                _logger.warning("a callback was ignored: it has too many values to keep")
                return 204, ""
            callback = parse_callback(headers, body, auth=self._auth)
        except AuthenticationError:
            return 401, "wrong credentials"
        except MalformedResponse:
            return 400, "not a callback of a scan"
        job_id = str(callback.execution_id)
        is_kept = self.inbox.put(job_id, callback)
        level, what = (logging.INFO, "accepted") if is_kept else (logging.WARNING, "ignored: it is too large to keep")
        _logger.log(level, "a callback of agilesec.scan/%s was %s", printable(job_id, 100), what)
        return 204, ""


async def _lifespan(receive: _Receive, send: _Send) -> None:
    """Acknowledge the server's startup and shutdown, which need no work."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})
