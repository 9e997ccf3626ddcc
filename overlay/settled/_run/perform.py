"""Performing an operation: what its steps ask for is done here, in a thread or in a task.

Each step is one request, one pause, or one more piece of a body. Requests go when the client's rate allows it. What
comes of a step is handed back to the definition, an error or an interruption, too, so that it can add what it has
learnt.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any, Generic, TypeVar

from .._http import stream as _stream
from .._http.response import Response
from .._http.send import send, send_async
from . import clock as _clock
from .pacing import pause, pausing, take_turn, take_turn_async
from .steps import NextPiece, Page, Pause, Send, Step, Stream

T = TypeVar("T")

Answer = Response | bytes | BaseException | None
"""What the steps are given for the last one: its response or piece, what it ended with, or nothing after a pause."""


class Run(Generic[T]):
    """One call of an operation: iterate, with or without `async`, for what it lists; in the end it has a `result`."""

    result: T

    def __init__(self, steps: Generator[Step | Page[Any], Any, T]) -> None:
        self._steps = steps
        self._step: Step | Page[Any] | None = None
        self._pieces: Any = None
        # The first step is known at once, so that whoever calls is told of wrong arguments before anything is done.
        self._go_on(None)

    def __iter__(self) -> Iterator[Any]:
        try:
            while (step := self._step) is not None:
                if isinstance(step, Page):
                    yield from step.values
                    self._go_on(None)
                else:
                    self._go_on(self._answer_to(step))
        finally:
            self._steps.close()
            self._end_stream()

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            while (step := self._step) is not None:
                if isinstance(step, Page):
                    for value in step.values:
                        yield value
                    self._go_on(None)
                else:
                    self._go_on(await self._answer_to_async(step))
        finally:
            self._steps.close()
            await self._end_stream_async()

    def _go_on(self, answer: Answer) -> None:
        try:
            self._step = self._steps.throw(answer) if isinstance(answer, BaseException) else self._steps.send(answer)
        except StopIteration as end:
            self._step, self.result = None, end.value

    def _answer_to(self, step: Step) -> Answer:
        try:
            return self._do(step)
        except BaseException as error:  # the definition adds what it has learnt, and lets it pass
            return error

    async def _answer_to_async(self, step: Step) -> Answer:
        try:
            return await self._do_async(step)
        except BaseException as error:
            return error

    def _do(self, step: Step) -> Answer:
        if isinstance(step, Pause):
            self._end_stream()
            _clock.clock.sleep(step.seconds)
            return None
        if isinstance(step, NextPiece):
            return next(self._pieces, b"")
        self._end_stream()
        take_turn(step.client, step.what, min(step.end, step.turn_by))
        with pausing(step.client):
            if not isinstance(step, Stream):
                return _paced(step, send(step.client, step.request, step.what, _seconds(step), is_slow=step.is_slow))
            self._pieces = _stream.stream(step.client, step.request, step.what, _left(step), step.begin)
            return next(self._pieces, b"")

    async def _do_async(self, step: Step) -> Answer:
        if isinstance(step, Pause):
            await self._end_stream_async()
            await _clock.clock.sleep_async(step.seconds)
            return None
        if isinstance(step, NextPiece):
            # Pieces that are there already would keep the loop from all else.
            await _clock.clock.sleep_async(0)
            return await anext(self._pieces, b"")
        await self._end_stream_async()
        await take_turn_async(step.client, step.what, min(step.end, step.turn_by))
        with pausing(step.client):
            if not isinstance(step, Stream):
                sent = send_async(step.client, step.request, step.what, _seconds(step), is_slow=step.is_slow)
                return _paced(step, await sent)
            self._pieces = _stream.stream_async(step.client, step.request, step.what, _left(step), step.begin)
            return await anext(self._pieces, b"")

    def _end_stream(self) -> None:
        if self._pieces is not None:
            self._pieces.close()

    async def _end_stream_async(self) -> None:
        if self._pieces is not None:
            await self._pieces.aclose()


def _left(step: Send) -> float:
    """The seconds until a step has to be over, a moment at least."""
    return max(step.end - _clock.clock.now(), 0.001)


def _seconds(step: Send) -> float:
    return min(step.seconds, _left(step))


def _paced(step: Send, response: Response) -> Response:
    """A response; if it is an error that asks for a pause, all of the client's requests make one."""
    if response.is_error and "retry-after" in response.headers:
        pause(step.client, response.api_error())
    return response
