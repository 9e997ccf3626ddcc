"""Clients that the triggers of a process share, and rate limiters that tenants have there for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import attrs

from .._core.job import Client
from .._core.rate_limit import RateLimiter
from ._connections import Recipe


@attrs.define
class _Lent:
    client: Client
    users: int = 0


_lent: dict[tuple[Any, ...], _Lent] = {}
# They outlive the clients: a tenant that was polled a moment ago is not to be polled again at once by another trigger.
_limiters: dict[tuple[str, float], RateLimiter] = {}


@contextlib.asynccontextmanager
async def lend(recipe: Recipe) -> AsyncIterator[Client]:
    """The client of a recipe, shared by all who have it at the same time; closed when the last gives it back."""
    key = (asyncio.get_running_loop(), *recipe.key)
    lent = _lent.get(key)
    if lent is None:
        lent = _lent[key] = _Lent(_paced(recipe.make()))
    lent.users += 1
    try:
        yield lent.client
    finally:
        lent.users -= 1
        if not lent.users:
            del _lent[key]
            await lent.client.get_async_httpx_client().aclose()


def _paced(client: Client) -> Client:
    """Let all clients of one address, which is one tenant, have one rate limiter if their rates are the same."""
    own: RateLimiter = client.extensions[RateLimiter.KEY]
    tenant = str(client.get_async_httpx_client().base_url)
    client.extensions[RateLimiter.KEY] = _limiters.setdefault((tenant, own.spacing), own)
    return client
