"""Connections of asyncio clients by aiohttp, at a fraction of the cost (the extra `fast`)."""

from __future__ import annotations

import ssl

import httpx

from ._connections import KEEP_SECONDS, MOST_CONNECTIONS, environment_proxy

try:
    import aiohttp
    from httpx_aiohttp import AiohttpTransport
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"connect(fast=True) needs its extra: pip install 'settled[fast]' ({error})") from error


class FastTransport(AiohttpTransport):
    """aiohttp's connections behind httpx's interface, whose errors are all httpx's."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:
            told = f"{type(error).__name__}: {error}"
        # Not while handling it: aiohttp's error shows the request's headers, and would come along as the context.
        raise httpx.RemoteProtocolError(told, request=request)


def fast_connections(verify: ssl.SSLContext, base_url: str) -> FastTransport:
    """Connections by aiohttp, through the proxy that the environment names for an address, if any."""
    # aiohttp itself would ask the environment in another thread, and read .netrc, at each request.
    proxy = environment_proxy(httpx.URL(base_url))

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=MOST_CONNECTIONS, keepalive_timeout=KEEP_SECONDS, ssl=verify)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return FastTransport(verify=verify, client=session, proxy=None if proxy is None else httpx.Proxy(proxy))
