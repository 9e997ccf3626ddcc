"""An ASGI app that receives AgileSec's callbacks."""

from __future__ import annotations

try:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"agilesec.callback_app needs {error.name}: pip install 'settled[callbacks]'", name=error.name
    ) from error

from .._core.inbox import Inbox
from ..errors import AuthenticationError, MalformedResponse
from ._callbacks import MAX_CALLBACK_BYTES, CallbackAuth, check_credentials, parse_callback


class CallbackApp(Starlette):
    """Takes callbacks as POST requests, and puts them into its `inbox`, which wakes the waits they concern."""

    def __init__(self, auth: CallbackAuth | None, path: str) -> None:
        super().__init__(routes=[Route(path, self._receive, methods=["POST"])])
        self.inbox: Inbox = Inbox()
        self._auth = auth

    async def _receive(self, request: Request) -> Response:
        try:
            check_credentials(request.headers, self._auth)
            body = b""
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_CALLBACK_BYTES:
                    return PlainTextResponse("too large", 413)
            callback = parse_callback(request.headers, body, auth=self._auth)
        except AuthenticationError:
            return PlainTextResponse("wrong credentials", 401)
        except MalformedResponse:
            return PlainTextResponse("not a callback of a scan", 400)
        self.inbox.put(str(callback.execution_id), callback)
        return Response(status_code=204)
