"""Failures below HTTP, raised as TransportError.

A request passes through httpx, httpcore, h11, anyio or aiohttp, ssl and the operating system, and each of them has
exceptions of its own, not all of which httpx translates. Whatever ends a request comes out as a TransportError that
says what happened to which host, and whether it can pass by itself.
"""

from __future__ import annotations

import contextlib
import functools
import re
import signal
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Generator
from typing import Any

import httpx

from .._core.job import Client
from .._core.text import printable
from ..errors import SettledError, TransportError
from .credentials import without_credentials
from .error_body import is_object
from .extensions import DEADLINE, FOR_CREDENTIALS
from .own_secrets import forms_of, without_forms
from .redact import HIDDEN, SHORTEST_SECRET, secrets_in
from .response import Response, kept_content

# What these modules raise tells of the network; any other exception is a mistake in somebody's hook or transport.
_NETWORK_MODULES = frozenset({"aiohttp", "anyio", "h11", "httpcore", "httpx"})
_LASTING = (
    *(ssl.SSLCertVerificationError, UnicodeError),
    *(httpx.InvalidURL, httpx.LocalProtocolError, httpx.UnsupportedProtocol),
)
# How httpcore begins the text of a proxy's refusal.
_LASTING_REFUSAL = re.compile(r"(403|407)\b|Invalid username|Requested ")
_MAX_REASON = 500
# What these modules' frames hold is the request, and what it is signed with.
_CLEARED_MODULES = _NETWORK_MODULES | {"asyncio", "settled", "ssl"}
# What errors hold besides `args` and `__dict__`.
_SLOTS = ("filename", "filename2", "object", "strerror")
_OF_THE_BODY = frozenset({"content-encoding", "content-length", "transfer-encoding"})

# A request that one of these ends has not reached the server.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@contextlib.contextmanager
def transport_errors(what: str, client: Client) -> Generator[None, None, None]:
    """Turn whatever a request raises into a TransportError about `what`, a job's ref or a request of a client.

    An answer that a hook refuses, with httpx's `raise_for_status`, becomes the ApiError that it stands for.
    """
    try:
        yield
    except SettledError as error:
        _hide_credentials(error, client)
        if isinstance(error, TransportError):
            error.args = (f"{what}: {error}",)
        raise
    except Exception as error:
        if (raised := _raised_by_signal_handler(error)) is not None:
            _hide_credentials(error, client)
            raise raised from None
        if isinstance(error, TimeoutError):
            _hide_credentials(error, client)
            raise TransportError(f"{what}: no complete answer came in time") from error
        is_unsent, refused = _is_unsent(error), _refused(error)
        refusal = None if refused is None else Response(client, refused, kept_content(refused)).api_error()
        _hide_credentials(error, client)
        if refusal is not None:
            raise refusal from error
        # A group of errors keeps its text, whatever its arguments become.
        description = without_credentials(_describe(error), client)
        failure = TransportError(f"{what}: {printable(description, _MAX_REASON)}")
        failure.may_pass = _may_pass(error)
        failure.is_unsent = is_unsent
        failure.is_unknown_host = any(map(is_unknown_host, error_chain(error)))
        raise failure from (None if description != _describe(error) else error)


def _refused(error: Exception) -> httpx.Response | None:
    """The answer to a request of ours that a hook has refused with httpx's `raise_for_status`."""
    if not isinstance(error, httpx.HTTPStatusError) or error.response.is_success:
        return None
    request: httpx.Request | None = getattr(error.response, "_request", None)
    is_ours = request is not None and DEADLINE in request.extensions and FOR_CREDENTIALS not in request.extensions
    return error.response if is_ours else None


@contextlib.contextmanager
def address_in_errors(host: str, port: int) -> Generator[None, None, None]:
    """Name what was connected to, which may be a proxy, in the errors that httpcore raises."""
    import httpcore

    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        yield
    except httpcore.ConnectTimeout as error:
        raise httpcore.ConnectTimeout(f"no connection to {address} in time") from error
    except (httpcore.ConnectError, socket.gaierror) as error:
        cause = error_chain(error)[-1]
        message = f"no connection to {address}: {cause}"
        if isinstance(cause, ConnectionRefusedError):
            message = f"connection refused by {address}"
        elif is_unknown_host(cause):
            message = f"the host name {host} is not known"
        raise httpcore.ConnectError(message) from cause
    except UnicodeError as error:
        raise httpcore.ConnectError(f"there can be no host name {host}: {error}") from error


def is_unknown_host(error: BaseException) -> bool:
    """Whether an error says that a host name is not known, rather than that nobody could be asked."""
    unknown = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
    return isinstance(error, socket.gaierror) and error.errno in unknown


def error_chain(error: BaseException | None) -> list[BaseException]:
    """An error and what led to it, the first cause last."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        # Of several addresses all were tried, and the last one tells as much as the others.
        group: tuple[BaseException, ...] = getattr(error, "exceptions", ())
        error = group[-1] if group else error.__cause__ or error.__context__
    return chain


def _raised_by_signal_handler(error: BaseException) -> BaseException | None:
    """What a signal handler has raised amid a request, such as a worker's time limit; None if it was none."""
    if threading.current_thread() is not threading.main_thread():
        return None
    codes = {_code_of(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    for each in error_chain(error):
        if any(frame.f_code in codes for frame, _ in traceback.walk_tb(each.__traceback__)):
            return each
    return None


def _code_of(handler: Any) -> Any:
    """The code of a signal handler: a function, a method, a partial, or an object that can be called."""
    if isinstance(handler, functools.partial):
        return _code_of(handler.func)
    return getattr(handler, "__code__", getattr(type(handler).__call__, "__code__", None))


def _hide_credentials(error: Exception, client: Client) -> None:
    """Leave no credentials of a client in what tracebacks and error trackers show of an error and what led to it."""
    request: httpx.Request | None = getattr(error, "_request", None)
    _hide(error, lambda text: without_credentials(text, client, request))


@contextlib.contextmanager
def sent_secrets_hidden(sent: Any) -> Generator[None, None, None]:
    """Leave no secrets of what was sent in an error that quotes it: passwords that a sensor or a script is given."""
    try:
        yield
    except SettledError as error:
        if forms := forms_of(secrets_in(sent)):
            _hide(error, lambda text: functools.reduce(_without_ends, forms, without_forms(text, forms)))
        raise


def _hide(error: BaseException, hidden: Callable[[str], str]) -> None:
    for each in _all_errors(error):
        each.args = _shown(each.args, hidden)
        vars(each).update(_shown(vars(each), hidden))
        for name in _SLOTS:
            if isinstance(value := getattr(each, name, None), str):
                setattr(each, name, hidden(value))
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if str(frame.f_globals.get("__name__")).partition(".")[0] in _CLEARED_MODULES:
                with contextlib.suppress(RuntimeError):  # it is still running
                    frame.clear()


def _all_errors(error: BaseException | None) -> list[BaseException]:
    """An error and all that it refers to: causes, contexts, members of groups."""
    found: list[BaseException] = []
    rest = [error]
    while rest:
        each = rest.pop()
        if each is not None and not any(each is known for known in found):
            found.append(each)
            rest += (each.__cause__, each.__context__, *getattr(each, "exceptions", ()))
    return found


def _shown(value: Any, hidden: Callable[[str], str]) -> Any:
    """A copy of what an error holds whose texts are hidden by a function; other values are the same."""
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, bytes):
        return hidden(value.decode("latin-1")).encode("latin-1", "replace")
    if type(value) in (list, tuple):
        return type(value)(_shown(each, hidden) for each in value)
    if is_object(value):
        return {name: _shown(each, hidden) for name, each in value.items()}
    return _shown_message(value, hidden) if isinstance(value, httpx.Request | httpx.Response) else value


def _shown_message(message: httpx.Request | httpx.Response, hidden: Callable[[str], str]) -> Any:
    headers = [(name, hidden(value)) for name, value in message.headers.multi_items()]
    if isinstance(message, httpx.Request):
        return httpx.Request(message.method, message.url, headers=headers)
    return httpx.Response(
        message.status_code,
        headers=[(name, value) for name, value in headers if name not in _OF_THE_BODY],
        content=_shown(message.content, hidden) if message.is_stream_consumed else b"",
        request=_shown(getattr(message, "_request", None), hidden),
    )


def _without_ends(text: str, secret: str) -> str:
    """A text without what is left of a secret where the text was cut."""
    for size in range(min(len(secret) - 1, len(text)), SHORTEST_SECRET - 1, -1):
        begins, ends = secret[:size], secret[-size:]
        if text.endswith(begins):
            text = text.removesuffix(begins) + HIDDEN
        text = text.replace(f"{begins}…", f"{HIDDEN}…").replace(f"…{ends}", f"…{HIDDEN}")
    return text


def _is_unsent(error: Exception) -> bool:
    if isinstance(error, httpx.InvalidURL):
        return True
    request: httpx.Request | None = getattr(error, "_request", None)
    # A hook that was shown the answer may have failed to send a request of its own.
    if request is None or DEADLINE not in request.extensions:
        return False
    return isinstance(error, _NEVER_SENT) or FOR_CREDENTIALS in request.extensions


def _describe(error: Exception) -> str:
    if isinstance(error, httpx.StreamError):
        return "a hook or an auth flow took the answer's body: it has to call read(), which keeps it"
    # asyncio's errors have no text of their own.
    message = f"{type(error).__name__}: {str(error) or error_chain(error)[-1]}".rstrip(": ")
    # Our own texts of connecting say all.
    if type(error) in (httpx.ConnectError, httpx.ConnectTimeout) and not isinstance(
        error_chain(error)[-1], ssl.SSLError
    ):
        message = str(error) or message
    if any(getattr(each, "reason", None) == "WRONG_VERSION_NUMBER" for each in error_chain(error)):
        # How OpenSSL says that it got plain HTTP.
        message = "no TLS is spoken there; if that is right, the address begins with http://"
    host = _host(error)
    return message if host in message else f"{message} ({host})"


def _host(error: Exception) -> str:
    try:
        return error.request.url.netloc.decode("ascii") if isinstance(error, httpx.RequestError) else ""
    except RuntimeError:  # it belongs to no request
        return ""


def _may_pass(error: Exception) -> bool:
    chain = error_chain(error)
    # httpx raises a refused certificate as a ConnectError, like a refused connection.
    if any(isinstance(each, _LASTING) for each in chain):
        return False
    if isinstance(error, httpx.ProxyError) and _LASTING_REFUSAL.match(str(error)):
        return False
    return any(isinstance(each, OSError | EOFError) or _module(each) in _NETWORK_MODULES for each in chain)


def _module(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]
