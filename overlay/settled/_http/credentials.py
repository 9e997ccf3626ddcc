"""Credentials that sign each request, and are renewed when they have expired.

A secret is a text, or a callable that returns the current one. It is asked for the first time by the first request,
and again when the API answers 401: once for all requests that were refused with the same secret, each of which is then
sent once more, when the client's rate allows it. What was ever sent is remembered, so that no error's text shows it.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import inspect
import math
import re
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import httpx

from .. import _locks
from .._core.job import Client
from .._core.rate_limit import RateLimiter
from .._core.reply import MAX_POLL_SECONDS
from .._core.validate import text
from .._monotonic import monotonic
from ..errors import TransportError
from .extensions import DEADLINE, UNSENT
from .own_secrets import forms_of, without_forms

if TYPE_CHECKING:
    import asyncio

Secret = str | Callable[[], str | Awaitable[str]]

CREDENTIALS_KEY = "settled.credentials"
# How many of the secrets that a client has sent are kept out of texts: the current one, and those just before it.
_REMEMBERED = 5
REFUSED = 401
_SHORTEST_PASSWORD = 5
_SHORTEST_SECRET = 8
_SECRET_HEADER = re.compile("auth|cookie|credential|key|nonce|pass|secret|session|sign|token", re.IGNORECASE)


class Pacer(Protocol):
    """What sleeps until a request may go, by the clock that the waits go by."""

    def sleep(self, limiter: RateLimiter, end: float) -> None:
        """Sleep in this thread until the limiter lets a request go; RateLimited if that is after the moment `end`."""
        ...

    async def sleep_async(self, limiter: RateLimiter, end: float) -> None:
        """Sleep in this task, likewise."""
        ...


class Credentials(httpx.Auth):
    """A secret that `sign` puts into requests; `name` is what `connect` calls it, `hint` helps if it is refused.

    `extensions` are the client's. `pacer`, which the drivers set, sleeps before a request is sent once more.
    """

    hint: str = ""
    pacer: ClassVar[Pacer]
    # The API's address, which `connect` adds.
    base_url: str = ""

    def __init__(self, name: str, secret: Secret) -> None:
        self.name = name
        self._ask = secret if callable(secret) else None
        self._secret = "" if callable(secret) else checked_secret(name, secret)
        # How often it was asked for: tells whether somebody else has renewed what was refused.
        self._asked: int = 0
        self._sent: deque[str] = deque([self._secret], maxlen=_REMEMBERED)
        self.proxy_secrets: frozenset[str] = frozenset()
        self.extensions: dict[str, Any] = {}
        self.after_fork()
        _locks.register(self)

    def after_fork(self) -> None:
        """Renew what threads and tasks share."""
        self._lock = threading.Lock()
        self._asking: threading.Event | None = None
        self._async_locks: weakref.WeakKeyDictionary[Any, asyncio.Lock] = weakref.WeakKeyDictionary()

    def sign(self, request: httpx.Request, secret: str) -> None:
        """Put the secret into the headers of a request."""
        raise NotImplementedError

    def secret(self, request: httpx.Request | None = None) -> str:
        """The current secret."""
        return self._secret if self._asked or self._ask is None else self._renewed(0, request)

    def hide_proxy_secrets(self, secrets: Iterable[str]) -> None:
        """Keep the passwords of proxies out of texts, too."""
        self.proxy_secrets |= {secret for secret in secrets if len(secret) >= _SHORTEST_PASSWORD}

    def secrets(self) -> list[str]:
        """The secrets that were sent lately."""
        return list(self._sent)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request, and again with a renewed secret if it is refused."""
        secret, asked = self.secret(request), self._asked
        self.sign(request, secret)
        response = yield request
        if response.status_code == REFUSED and self._ask is not None:
            response.close()
            make_readable(response)
            self.sign(request, self._renewed(asked, request))
            self.take_turn(request)
            yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a request as `sync_auth_flow` does; the secret may be awaitable."""
        request.extensions[UNSENT] = "credentials"
        secret = self._secret if self._asked or self._ask is None else await self._renewed_async(0)
        asked = self._asked
        self.sign(request, secret)
        request.extensions.pop(UNSENT, None)
        response = yield request
        if response.status_code == REFUSED and self._ask is not None:
            request.extensions[UNSENT] = "credentials"
            await response.aclose()
            make_readable(response)
            self.sign(request, await self._renewed_async(asked))
            await self.take_turn_async(request)
            request.extensions.pop(UNSENT, None)
            yield request

    def take_turn(self, request: httpx.Request) -> None:
        """Sleep until the client's rate lets a request go once more; RateLimited if it has no time for that."""
        if (limiter := self.extensions.get(RateLimiter.KEY)) is not None:
            self.pacer.sleep(limiter, request.extensions.get(DEADLINE, math.inf))

    async def take_turn_async(self, request: httpx.Request) -> None:
        """Sleep in a task, as `take_turn` does in a thread."""
        if (limiter := self.extensions.get(RateLimiter.KEY)) is not None:
            await self.pacer.sleep_async(limiter, request.extensions.get(DEADLINE, math.inf))

    def _renewed(self, asked: int, request: httpx.Request | None) -> str:
        while True:
            with self._lock:
                if self._asked != asked or self._ask is None:
                    return self._secret
                other = self._asking
                asking = self._asking = other or threading.Event()
            if other is None:
                break
            self._wait_for(other, request)
        try:
            with self._failures():
                secret: Any = self._ask()
            self._take(secret)
            return self._secret
        finally:
            self._has_asked(asking)

    def _wait_for(self, other: threading.Event, request: httpx.Request | None) -> None:
        """Wait until another thread has asked for the secret, but no longer than a request may take."""
        if not other.wait(end_of(request) - monotonic()):
            # Who was interrupted before it asked will not say that it is done.
            self._has_asked(other)
            raise httpx.PoolTimeout("not sent: credentials did not come in time", request=request)

    def _has_asked(self, asking: threading.Event) -> None:
        with self._lock:
            if self._asking is asking:
                self._asking = None
        asking.set()

    async def _renewed_async(self, asked: int) -> str:
        import asyncio

        async with self._async_locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            if self._asked == asked and self._ask is not None:
                with self._failures():
                    secret: Any = self._ask()
                    if inspect.isawaitable(secret):
                        secret = await secret
                self._take(secret)
            return self._secret

    @contextlib.contextmanager
    def _failures(self) -> Generator[None, None, None]:
        try:
            yield
        except Exception as error:
            raise self._failure(f"raised {type(error).__name__}") from error

    def _take(self, secret: Any) -> None:
        if inspect.iscoroutine(secret):
            secret.close()
            raise self._failure("is a coroutine function, which only asyncio awaits", may_pass=False)
        try:
            self._secret = checked_secret(self.name, secret)
        except (TypeError, ValueError) as error:
            raise self._failure(f"returned no secret: {error}", may_pass=False) from None
        self._asked += 1
        self._sent.append(self._secret)

    def _failure(self, how: str, *, may_pass: bool = True) -> TransportError:
        failure = TransportError(f"no credentials: the callable given as {self.name}= {how}")
        failure.may_pass = may_pass
        failure.is_unsent = True
        return failure


class HeaderToken(Credentials):
    """A token in a header, behind a prefix."""

    def __init__(self, header: str, token: Secret, *, prefix: str = "") -> None:
        super().__init__("token", token)
        self.header = header
        self.prefix = prefix

    def sign(self, request: httpx.Request, secret: str) -> None:
        """Put the token into the header of a request."""
        request.headers[self.header] = f"{self.prefix}{secret}"


class Basic(Credentials):
    """A user's name and password (RFC 7617)."""

    def __init__(self, username: str, password: Secret) -> None:
        super().__init__("password", password)
        if not text("username", username) or ":" in username:
            raise ValueError("username must not be empty, nor have a colon")
        self._username = username

    def sign(self, request: httpx.Request, secret: str) -> None:
        """Put name and password into the header of a request."""
        pair = base64.b64encode(f"{self._username}:{secret}".encode()).decode()
        request.headers["Authorization"] = f"Basic {pair}"


def checked_secret(name: str, secret: str) -> str:
    """A key or token without the blanks around it; ValueError, which does not show it, if no header can hold it."""
    stripped = text(name, secret).strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable():
        raise ValueError(f"{name} must be printable ASCII, and not empty")
    if name == "token" and stripped.casefold().startswith("bearer "):
        raise ValueError("token must be the token alone, without the word Bearer in front")
    return stripped


def end_of(request: httpx.Request | None) -> float:
    """The moment by which a request has to have what it is signed with."""
    end: float = math.inf if request is None else request.extensions.get(DEADLINE, math.inf)
    return min(end, monotonic() + MAX_POLL_SECONDS)


def make_readable(response: httpx.Response) -> None:
    """Let httpx read an empty body, as it does before the next request of a flow, however long the real one is."""
    response.stream = httpx.ByteStream(b"")
    response.is_closed = response.is_stream_consumed = False


def hint_of(client: Client) -> str:
    """What helps if the credentials of a client are refused, "" if nothing is known."""
    credentials = client.extensions.get(CREDENTIALS_KEY)
    return credentials.hint if isinstance(credentials, Credentials) else ""


def without_credentials(message: str, client: Client, request: httpx.Request | None = None) -> str:
    """A text without the credentials of a client, and without what it has signed a request with, in any usual form."""
    return without_forms(message, secrets_of(client, request))


def secrets_of(client: Client, request: httpx.Request | None = None) -> tuple[str, ...]:
    """The credentials of a client, and those in the headers of a request, as texts may have them."""
    credentials = client.extensions.get(CREDENTIALS_KEY)
    # A shorter one is no secret, but may well be part of an ordinary word.
    secrets = [] if not isinstance(credentials, Credentials) else credentials.secrets()
    kept = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)
    if isinstance(credentials, Credentials):
        kept |= credentials.proxy_secrets
    sent: list[str] = []
    for header, value in () if request is None else request.headers.raw:
        if _is_secret(header) and not value.isdigit():
            text = value.decode("latin-1")
            # What is longest comes first: what is found within it would leave its ends.
            sent += [part for part in dict.fromkeys((text, *text.split())) if len(part) >= _SHORTEST_SECRET]
    return (*sent, *forms_of(kept))


# Every answer is searched for what its request held, and that is mostly the same: what is found once is kept.
@functools.lru_cache(maxsize=256)
def _is_secret(header: bytes) -> bool:
    return _SECRET_HEADER.search(header.decode("latin-1")) is not None
