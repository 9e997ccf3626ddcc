"""Credentials that fetch their token themselves: OAuth 2.0 with client credentials (RFC 6749, section 4.4).

The token is fetched within httpx's auth flow, by one more request of the client that needs it. So the client's proxies,
certificates, hooks and timeouts hold for it, and it ends when the request that waits for it has to. The flow is written
once, as a generator that does no I/O: it yields what is to be sent, or the fetch of somebody else to wait for.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import copy
import math
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any, TypeVar, cast

import httpx

from .._core.job import UNREADABLE, Client
from .._core.validate import nonempty
from .._monotonic import monotonic
from ..errors import (
    ApiError,
    AuthenticationError,
    BadRequest,
    MalformedResponse,
    NotFound,
    PermissionDenied,
    RateLimited,
    SettledError,
    TransportError,
)
from .credentials import CREDENTIALS_KEY, REFUSED, Credentials, checked_secret, end_of, make_readable
from .extensions import FOR_CREDENTIALS, UNSENT
from .response import Response, read, read_async

T = TypeVar("T")

# A token is renewed so many seconds before it expires, or after half of its life if that is short.
_EARLY = 30.0
# These say that the credentials are wrong, or are asked for too often; any other error only that there is no token.
_SAID_OF_CREDENTIALS = (BadRequest, AuthenticationError, PermissionDenied, RateLimited)

_NO_TOKEN = "the answer has no access_token"  # noqa: S105 - a message

# Done when a fetch is over, with the error that it ended with, if that is known.
_Fetch = concurrent.futures.Future[SettledError | None]
_Steps = Generator[httpx.Request | _Fetch, Any, T]


class OAuthClientCredentials(Credentials):
    """A bearer token, fetched with a client's id and secret, and fetched anew before it expires or if it is refused.

    `token_url` is a path behind the API's address, or a whole URL. What is sent there are `fields`, the id and the
    secret: as a form, or as JSON if `as_json`. However many threads and event loops need a token, one of them asks.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        as_json: bool = False,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__("client_secret", client_secret)
        usual = {"grant_type": "client_credentials"} if fields is None else fields
        self._body = {**usual, "client_id": nonempty("client_id", client_id).strip(), "client_secret": self._secret}
        self._token_url = token_url
        self._as_json = as_json
        self._token = ""
        self._renew_at = -math.inf
        # All of a client that `read` needs: whose secrets to keep out of texts.
        self.extensions = {CREDENTIALS_KEY: self}

    def after_fork(self) -> None:
        """Renew what threads and tasks share; the fetch of another process ends there."""
        super().after_fork()
        self._under_way: _Fetch | None = None

    def secrets(self) -> list[str]:
        """The client's secret, and the tokens that were sent lately."""
        return [self._secret, *self._sent]

    def sign(self, request: httpx.Request, secret: str) -> None:
        """Put a token into the headers of a request."""
        request.headers["Authorization"] = f"Bearer {secret}"

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request, and again with a new token if it is refused."""
        response: httpx.Response | None = None
        with contextlib.closing(self._signed(request)) as steps, contextlib.suppress(StopIteration):
            step = next(steps)
            while True:
                if isinstance(step, httpx.Request):
                    if response is not None:
                        self.take_turn(request)
                    if step is request:
                        request.extensions.pop(UNSENT, None)
                    response = yield step
                    try:
                        answer = response if step is request else read(cast(Client, self), response, end_of(request))
                    except SettledError as error:
                        steps.throw(error)
                        raise
                    step = steps.send(answer)
                    response.close()
                    make_readable(response)
                else:
                    concurrent.futures.wait([step], end_of(request) - monotonic())
                    step = steps.send(None)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a request, as `sync_auth_flow` does."""
        response: httpx.Response | None = None
        with contextlib.closing(self._signed(request)) as steps, contextlib.suppress(StopIteration):
            step = next(steps)
            while True:
                if isinstance(step, httpx.Request):
                    if response is not None:
                        await self.take_turn_async(request)
                    if step is request:
                        request.extensions.pop(UNSENT, None)
                    response = yield step
                    try:
                        answer = response if step is request else await read_async(cast(Client, self), response)
                    except SettledError as error:
                        steps.throw(error)
                        raise
                    step = steps.send(answer)
                    await response.aclose()
                    make_readable(response)
                else:
                    await asyncio.wait([asyncio.wrap_future(step)], timeout=end_of(request) - monotonic())
                    step = steps.send(None)

    def _signed(self, request: httpx.Request) -> _Steps[None]:
        """Sign and send a request, and once more if it is refused."""
        request.extensions[UNSENT] = "a token"
        token, number = yield from self._later_token(request, 0)
        self.sign(request, token)
        response: httpx.Response = yield request
        if response.status_code == REFUSED:
            request.extensions[UNSENT] = "a token"
            token, _ = yield from self._later_token(request, number)
            self.sign(request, token)
            yield request

    def _later_token(self, request: httpx.Request, known: int) -> _Steps[tuple[str, int]]:
        """A token that lasts, and its number, which is higher than `known`."""
        while True:
            with self._lock:
                if self._asked > known and monotonic() < self._renew_at:
                    return self._token, self._asked
                other = self._under_way
                fetch = self._under_way = other or _Fetch()
            if other is None:
                return (yield from self._fetched_token(request, fetch))
            yield fetch
            if not fetch.done():
                # It may belong to a loop that has ended: the next request does not wait for it.
                self._end(fetch)
                raise httpx.PoolTimeout("another request's fetch of a token took too long", request=request)
            if (error := fetch.result()) is not None:
                raise copy.copy(error)

    def _fetched_token(self, request: httpx.Request, fetch: _Fetch) -> _Steps[tuple[str, int]]:
        error: SettledError | None = None
        began = monotonic()
        try:
            try:
                response: Response = yield self._token_request(request)
                return self._token_of(response, began)
            except _SAID_OF_CREDENTIALS:
                raise
            except (ApiError, MalformedResponse, *UNREADABLE) as error_in_answer:
                # What else the answer says may be the token, in another form than was expected: it is no cause, either.
                reason = str(error_in_answer) if isinstance(error_in_answer, ApiError) else _NO_TOKEN
                failure = TransportError(f"no token from {self._token_url}: {reason}")
                failure.may_pass = not isinstance(error_in_answer, NotFound)
            failure.is_unsent = True
            raise failure
        except SettledError as failure:
            error = copy.copy(failure)  # whose own text goes on to say whose request it ended
            raise
        finally:
            self._end(fetch)
            fetch.set_result(error)

    def _end(self, fetch: _Fetch) -> None:
        with self._lock:
            if self._under_way is fetch:
                self._under_way = None

    def _token_request(self, request: httpx.Request) -> httpx.Request:
        url = self._token_url if "://" in self._token_url else f"{self.base_url}{self._token_url}"
        kept = ("User-Agent", "Accept-Encoding")
        return httpx.Request(
            "POST",
            url,
            headers={"Accept": "application/json"} | {name: request.headers[name] for name in kept},
            json=self._body if self._as_json else None,
            data=None if self._as_json else self._body,
            extensions={**request.extensions, FOR_CREDENTIALS: True},
        )

    def _token_of(self, response: Response, began: float) -> tuple[str, int]:
        raw = response.json()
        token = checked_secret("access_token", raw["access_token"])
        with self._lock:
            life = _seconds(raw.get("expires_in"))
            self._renew_at = began + life - min(_EARLY, life / 2)
            self._token = token
            self._asked += 1
            self._sent.append(token)
            return token, self._asked


def _seconds(expires_in: Any) -> float:
    """How long a token lasts; for ever, which is until it is refused, if the answer does not tell."""
    try:
        seconds = float(expires_in)
    except (ArithmeticError, TypeError, ValueError):
        return math.inf
    return seconds if seconds > 0 else math.inf
