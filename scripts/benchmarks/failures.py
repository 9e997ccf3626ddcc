"""Counting the requests that fail, wherever a library notices it first."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx


@contextlib.contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count failures by httpx, by aiohttp and by Settled, each on its own: one can show in several."""
    failed: Counter[str] = Counter()

    def counted(library: str, send: Any) -> Any:
        @functools.wraps(send)
        async def sent(*args: Any, **options: Any) -> Any:
            try:
                return await send(*args, **options)
            except Exception:
                failed[library] += 1
                raise

        return sent

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "error.type" in vars(record):
                failed["settled"] += 1

    import aiohttp

    logger, handler = logging.getLogger("settled"), Handler()
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    kept = httpx.AsyncClient.send, aiohttp.ClientSession._request
    httpx.AsyncClient.send = counted("httpx", kept[0])  # type: ignore[method-assign]
    aiohttp.ClientSession._request = counted("aiohttp", kept[1])  # type: ignore[method-assign]
    try:
        yield failed
    finally:
        httpx.AsyncClient.send, aiohttp.ClientSession._request = kept  # type: ignore[method-assign]
        logger.removeHandler(handler)
