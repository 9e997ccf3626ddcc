"""Operations of an API besides polls: submits and reads, each defined once, for threads and for asyncio.

An operation is written as a generator that does no I/O. It yields what is to be done, a request or a pause, is given
the response or the error that came of it, or what interrupted it, and returns its result. `operation` makes a function
of the generator, `asynchronous` the function's twin for asyncio:

    @operation
    def isolate(client: AuthenticatedClient, endpoint_ids: Iterable[str]) -> Steps[Job[ActionStatusReply]]:
        return (yield from submit(client, request, functools.partial(_submitted, client)))

    isolate_async = asynchronous(isolate)

An operation that lists things also yields them, a `Page` at a time: `iteration` makes an iterator of it, and
`asynchronous_iteration` the twin.

`submit` and `read` are the two ways to send a request. A submit is sent once, because a second one could start a
second job; a read is repeated while its failures may pass. `stream` reads an answer that is too large to be held:

    piece = yield from stream(client, request, what)
    while piece:
        ...
        piece = yield NextPiece()
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import math
import sys
import typing
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeGuard, TypeVar, cast

from .._core.job import UNREADABLE, Client, Job
from .._core.reply import MAX_POLL_SECONDS
from .._core.text import printable, truncate
from ..errors import (
    MAX_MESSAGE,
    ApiError,
    MalformedResponse,
    ServerError,
    SettledError,
    SubmitFailed,
    SubmitUnclear,
    TransportError,
)
from . import clock as _clock
from .steps import Items, Page, Pause, Send, Step, Steps, Stream

if TYPE_CHECKING:
    from .._core.failures import FailureRun
    from .._http.response import Response
    from .perform import Run

P = ParamSpec("P")
T = TypeVar("T")

READ_SECONDS = 60.0
# Redirects that ask for the same request at another address; 303 may come from one that was carried out.
_ELSEWHERE = frozenset({301, 302, 307, 308})
# What the names of twins for asyncio end with.
TWIN = "_async"


def _run(steps: Generator[Step | Page[Any], Any, T]) -> Run[T]:
    # What sends requests is imported with the first of them, and not with a vendor's module.
    from .perform import Run

    return Run(steps)


def operation(define: Callable[P, Steps[T]]) -> Callable[P, T]:
    """The function that takes the steps of an operation and returns its result."""
    _annotate(define, "Steps")

    @functools.wraps(define)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        run = _run(define(*args, **kwargs))
        for _ in run:  # it lists nothing
            pass
        return run.result

    return call


def asynchronous(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The twin for asyncio of a function that `operation` made; deprecated, if the function is."""
    define = cast("Callable[P, Steps[T]]", inspect.unwrap(function))
    # Not with what marks the function: to mark a coroutine function, it imports asyncio before Python 3.13.
    notice: str | None = getattr(function, "__deprecated__", None)

    @functools.wraps(define)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if notice is not None:
            warnings.warn(notice, DeprecationWarning, stacklevel=2)
        run = _run(define(*args, **kwargs))
        async for _ in run:
            pass
        return run.result

    _describe_twin(call, define, "the same result")
    if notice is not None:
        vars(call)["__deprecated__"] = notice
    return call


def iteration(define: Callable[P, Items[T]]) -> Callable[P, Iterator[T]]:
    """The function that returns an iterator of what the steps list; its arguments are checked when it is called."""
    _annotate(define, "Items", typing.Iterator)

    @functools.wraps(define)
    def call(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return iter(_run(define(*args, **kwargs)))

    return call


def asynchronous_iteration(function: Callable[P, Iterator[T]]) -> Callable[P, AsyncIterator[T]]:
    """The twin for asyncio of a function that `iteration` made: an async iterator."""
    define = cast("Callable[P, Items[T]]", inspect.unwrap(function))

    @functools.wraps(define)
    def call(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return aiter(_run(define(*args, **kwargs)))

    _describe_twin(call, define, "an async iterator")
    iterator: Any = typing.AsyncIterator
    returned = iterator[typing.get_args(define.__annotations__["return"])]
    call.__annotations__ = {**define.__annotations__, "return": returned}
    # Without it, inspect.signature would tell the definition's.
    vars(call)["__signature__"] = inspect.signature(define).replace(return_annotation=returned)
    return call


def is_submit(value: Any) -> TypeGuard[Callable[..., Job[Any]]]:
    """Whether a value is a function that `operation` made, and that returns a job: it starts the job."""
    if not inspect.isfunction(value) or value.__name__.endswith(TWIN):
        return False
    is_operation = inspect.isgeneratorfunction(inspect.unwrap(value))
    return is_operation and typing.get_origin(typing.get_type_hints(value).get("return")) is Job


def _hiding_secrets(
    define: Callable[Concatenate[Client, dict[str, Any], P], Steps[T]],
) -> Callable[Concatenate[Client, dict[str, Any], P], Steps[T]]:
    """Steps whose errors do not quote the secrets of the request."""

    @functools.wraps(define)
    def run(client: Client, request: dict[str, Any], /, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        from .._http.transport_errors import sent_secrets_hidden

        with sent_secrets_hidden(request.get("json")):
            return (yield from define(client, request, *args, **kwargs))

    return run


@_hiding_secrets
def submit(
    client: Client,
    request: dict[str, Any],
    parse: Callable[[Any], T],
    *,
    permanent: Sequence[str] = (),
    seconds: float | None = None,
    by_location: bool = False,
    turn_by: float = math.inf,
) -> Steps[T]:
    """Send a request that starts a job, once, and return what `parse` makes of its answer's JSON.

    `permanent` are parts of messages with which a 5xx refuses for good. `seconds` is how long the API may take to
    answer, where that is longer than for other requests. With `by_location` the answer tells of the job in its Location
    header, and `parse` is given the id at its end. If the client's rate does not let the request go before the moment
    `turn_by`, it is not sent.

    Raises:
        ValueError: If the request cannot be written as JSON.
        SubmitFailed: If the API answered that it did not take the job; `parse` raises it, too.
        SubmitUnclear: If the job may exist, but no answer says so.
        SettledError: ApiError or TransportError, if there surely is no job.
    """
    from .._http.redact import without_secrets

    step = Send(
        client, _encoded(request), max(seconds or 0.0, MAX_POLL_SECONDS), is_slow=seconds is not None, turn_by=turn_by
    )
    try:
        response: Response = yield step
        raw = response.location_id() if by_location else response.json()
        try:
            return parse(raw)
        except UNREADABLE as error:
            shown = f"{without_secrets(raw)!r}"
            raise MalformedResponse(
                f"the answer names no job: {truncate(response.without_secrets(shown), 200)}"
            ) from error
        except SettledError as error:
            error.args = (_line(response.without_secrets(str(error))),)
            raise
    except (ApiError, MalformedResponse, TransportError) as error:
        if _is_sure(error):
            raise
        message = str(error).removeprefix(f"{step.what}: ")
        # A message that quotes the request may have the words from there.
        answer, sent = message.casefold(), str(step.request.get("content", b""), "utf-8").casefold()
        words = [each.casefold() for each in permanent]
        if isinstance(error, ServerError) and any(each in answer and each not in sent for each in words):
            raise SubmitFailed(_line(f"the API did not take the job: {message}")) from error
        raise SubmitUnclear(
            _line(f"{step.what}: the job may exist all the same, look before you submit again: {message}"),
            without_secrets(request.get("json")),
        ) from error


def _is_sure(error: SettledError) -> bool:
    """Whether an error of a submit says that there is no job."""
    if isinstance(error, ApiError):
        return 400 <= error.status_code < 500 or error.status_code in _ELSEWHERE
    return isinstance(error, TransportError) and error.is_unsent


class Retries:
    """When to send a request again whose failures may pass, until the moment `end`."""

    def __init__(self, end: float) -> None:
        self._end = end
        self._failures: FailureRun | None = None

    def pause_after(self, error: SettledError) -> Pause:
        """How long to wait after a failure; raises the failure itself if it is of no use to try again."""
        from .._core.failures import FailureRun
        from .._core.options import PATIENCE_SECONDS

        now = _clock.clock.now()
        failures = self._failures = self._failures or FailureRun(now)
        back_off = failures.add(error, now)
        if isinstance(error, ApiError) and error.retry_after is not None:
            back_off = max(back_off, error.retry_after)
        patience = min(self._end - failures.since, PATIENCE_SECONDS)
        may_pass = failures.may_pass(now, patience=patience, not_found_grace=0.0, was_read=True)
        if not may_pass or now + back_off >= self._end:
            raise error
        return Pause(back_off)


def read(client: Client, request: dict[str, Any], end: float) -> Steps[Response]:
    """Send a request that changes nothing, again while its failures may pass and the moment `end` has not come.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse, the last one that came.
    """
    retries = Retries(end)
    while True:
        try:
            response: Response = yield Send(client, request, end=end)
            response.json()
        except SettledError as error:
            yield retries.pause_after(error)
        else:
            return response


def stream(client: Client, request: dict[str, Any], what: str) -> Steps[bytes]:
    """Send a request that changes nothing, as `read` does for a minute, and return the first piece of its answer.

    The others are asked for with `NextPiece`. Once a piece has come, a failure is raised: whoever has it would be given
    it a second time.

    Raises:
        SettledError: ApiError, TransportError or MalformedResponse.
    """
    retries = Retries(deadline(READ_SECONDS))
    while True:
        try:
            piece: bytes = yield Stream(client, request, what=what)
        except SettledError as error:
            yield retries.pause_after(error)
        else:
            return piece


def deadline(timeout: float | timedelta | None) -> float:
    """The moment so many seconds from now, infinitely far if there is no timeout; ValueError if it can be none."""
    from .._core.options import seconds

    return _clock.clock.now() + seconds(timeout)


def _line(message: str) -> str:
    return printable(message, 2 * MAX_MESSAGE)


@contextlib.contextmanager
def noting(learnt: Callable[[], str]) -> Generator[None, None, None]:
    """Add a note of what was learnt to whatever interrupts these steps, be it a KeyboardInterrupt or a cancellation."""
    try:
        yield
    except BaseException as error:
        error.add_note(learnt())
        raise


def _encoded(request: dict[str, Any]) -> dict[str, Any]:
    """The request with its JSON as bytes, so that nothing is sent of one that cannot be written."""
    if "json" not in request:
        return request
    content, fault = b"", ""
    try:
        content = json.dumps(request["json"], ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (RecursionError, UnicodeError) as error:
        fault = type(error).__name__
    if fault:
        # Not while handling the error, and so not with it: it holds the body, which may have secrets.
        raise ValueError(f"the request cannot be written as JSON: {fault}")
    headers = {**request.get("headers", {}), "Content-Type": "application/json"}
    return {
        **{name: value for name, value in request.items() if name != "json"},
        "content": content,
        "headers": headers,
    }


def _describe_twin(call: Callable[..., Any], define: Callable[..., Any], result: str) -> None:
    call.__name__, call.__qualname__ = f"{define.__name__}{TWIN}", f"{define.__qualname__}{TWIN}"
    call.__doc__ = f"The twin of `{define.__name__}` for asyncio: the same arguments, {result}, the same errors."


def _annotate(define: Callable[..., Any], steps: str, result: Any = None) -> None:
    """Let a definition say its result instead of its steps: `help` and `inspect.signature` read it there."""
    annotation = define.__annotations__["return"]
    if isinstance(annotation, str):
        inner = annotation.removeprefix(f"{steps}[").removesuffix("]")
        # One of typing's own keeps the text as what typing.get_type_hints looks up in the definition's module.
        define.__annotations__["return"] = inner if result is None else result[inner]
        if sys.version_info >= (3, 14):
            # functools.wraps copies what makes the annotations; setting it forgets those that there are.
            annotations = define.__annotations__
            define.__annotate__ = lambda _: annotations
