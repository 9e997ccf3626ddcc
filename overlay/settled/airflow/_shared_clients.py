"""One client for all triggers of a process that wait through the same connection, and one rate limiter per tenant."""

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
class _SharedClient:
    client: Client
    users: int = 0


_clients: dict[tuple[Any, ...], _SharedClient] = {}
# Limiters outlive the clients, so that a new trigger cannot poll a tenant that was polled a moment ago.
_limiters: dict[tuple[str, float], RateLimiter] = {}


@contextlib.asynccontextmanager
async def shared_client(recipe: Recipe) -> AsyncIterator[Client]:
    """The client of a recipe, which all of its users in this event loop share; the last one closes it."""
    key = (asyncio.get_running_loop(), *recipe.key)
    shared = _clients.get(key)
    if shared is None:
        shared = _clients[key] = _SharedClient(_with_limiter_of_tenant(recipe.make()))
    shared.users += 1
    try:
        yield shared.client
    finally:
        shared.users -= 1
        if not shared.users:
            del _clients[key]
            await shared.client.aclose()


def _with_limiter_of_tenant(client: Client) -> Client:
    """Give all clients of one address, which is one tenant, the same rate limiter if their rates are the same."""
    own: RateLimiter = client.extensions[RateLimiter.KEY]
    tenant = str(client.get_async_httpx_client().base_url)
    client.extensions[RateLimiter.KEY] = _limiters.setdefault((tenant, own.spacing), own)
    return client
