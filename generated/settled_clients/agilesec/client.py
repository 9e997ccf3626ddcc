import os
import re
import ssl
import threading
from collections.abc import Callable
from typing import Any, Self

import httpx
from attrs import define, evolve, field

# Held while an httpx client is made.
_making = threading.RLock()


def _renew_lock() -> None:
    global _making
    _making = threading.RLock()


# A thread that held it has no counterpart in a forked child.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _without_password(url: str) -> str:
    return repr(re.sub("//[^/]*@", "//[secure]@", url))


def _running_loop() -> Any:
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@define(eq=False)
class Client:
    """A class for keeping track of data related to the API

    The following are accepted as keyword arguments and will be used to construct httpx Clients internally:

        ``base_url``: The base URL for the API, all requests are made to a relative path to this URL

        ``cookies``: A dictionary of cookies to be sent with every request

        ``headers``: A dictionary of headers to be sent with every request

        ``timeout``: The maximum amount of a time a request can take. API functions will raise
        httpx.TimeoutException if this is exceeded.

        ``verify_ssl``: Whether or not to verify the SSL certificate of the API server. This should be True in production,
        but can be set to False for testing purposes.

        ``follow_redirects``: Whether or not to follow redirects. Default value is False.

        ``httpx_args``: A dictionary of additional arguments to be passed to the ``httpx.Client`` and ``httpx.AsyncClient`` constructor.

        ``make_httpx_client``: Called with the arguments of ``httpx.Client`` for each new one

        ``make_async_httpx_client``: Called with the arguments of ``httpx.AsyncClient`` for each new one

        ``extensions``: Whatever a layer above keeps with this client. Copies share it.


    Attributes:
        raise_on_unexpected_status: Whether or not to raise an errors.UnexpectedStatus if the API returns a
            status code that was not documented in the source OpenAPI document. Can also be provided as a keyword
            argument to the constructor.
    """

    raise_on_unexpected_status: bool = field(default=False, kw_only=True)
    _base_url: str = field(alias="base_url", repr=_without_password)
    _cookies: dict[str, str] = field(factory=dict, kw_only=True, repr=False, alias="cookies")
    _headers: dict[str, str] = field(factory=dict, kw_only=True, repr=False, alias="headers")
    _timeout: httpx.Timeout | None = field(default=None, kw_only=True, alias="timeout")
    _verify_ssl: str | bool | ssl.SSLContext = field(default=True, kw_only=True, alias="verify_ssl")
    _follow_redirects: bool = field(default=False, kw_only=True, alias="follow_redirects")
    _httpx_args: dict[str, Any] = field(factory=dict, kw_only=True, repr=False, alias="httpx_args")
    _make_httpx_client: Callable[..., httpx.Client] = field(
        default=httpx.Client, kw_only=True, repr=False, alias="make_httpx_client"
    )
    _make_async_httpx_client: Callable[..., httpx.AsyncClient] = field(
        default=httpx.AsyncClient, kw_only=True, repr=False, alias="make_async_httpx_client"
    )
    extensions: dict[str, Any] = field(factory=dict, kw_only=True, repr=False)
    _client: httpx.Client | None = field(default=None, init=False, repr=False)
    _given_async_client: httpx.AsyncClient | None = field(default=None, init=False, repr=False)
    _async_clients: dict[Any, httpx.AsyncClient] = field(factory=dict, init=False, repr=False)
    _loop: Any = field(default=None, init=False, repr=False)

    def with_headers(self, headers: dict[str, str]) -> "Client":
        """Get a new client matching this one with additional headers"""
        return evolve(self, headers={**self._headers, **headers})

    def with_cookies(self, cookies: dict[str, str]) -> "Client":
        """Get a new client matching this one with additional cookies"""
        return evolve(self, cookies={**self._cookies, **cookies})

    def with_timeout(self, timeout: httpx.Timeout) -> "Client":
        """Get a new client matching this one with a new timeout configuration"""
        return evolve(self, timeout=timeout)

    def set_httpx_client(self, client: httpx.Client) -> Self:
        """Manually set the underlying httpx.Client

        **NOTE**: This will override any other settings on the client, including cookies, headers, and timeout.
        """
        self._client = client
        return self

    def get_httpx_client(self) -> httpx.Client:
        """Get the underlying httpx.Client, constructing a new one if not previously set, or closed since"""
        if (client := self._client) is not None and not client.is_closed:
            return client
        with _making:
            if self._client is None or self._client.is_closed:
                self._client = self._make_httpx_client(
                    base_url=self._base_url,
                    cookies=self._cookies,
                    headers=self._headers,
                    timeout=self._timeout,
                    verify=self._verify_ssl,
                    follow_redirects=self._follow_redirects,
                    **self._httpx_args,
                )
            return self._client

    def __enter__(self) -> Self:
        """Enter a context that closes the underlying httpx.Client at its end"""
        self.get_httpx_client()
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        """Close the underlying httpx.Client"""
        self.get_httpx_client().close()

    def close(self) -> None:
        """Close the underlying httpx.Client, if there is one; it is made anew when it is asked for"""
        if self._client is not None:
            self._client.close()

    def set_async_httpx_client(self, async_client: httpx.AsyncClient) -> Self:
        """Manually set the underlying httpx.AsyncClient

        **NOTE**: This will override any other settings on the client, including cookies, headers, and timeout.
        """
        self._given_async_client = async_client
        return self

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Get the underlying httpx.AsyncClient of this event loop, constructing a new one if not previously set, or closed since"""
        if self._given_async_client is not None and not self._given_async_client.is_closed:
            return self._given_async_client
        self._loop = loop = _running_loop() or self._loop
        client = self._async_clients.get(loop)
        if client is None and None in self._async_clients:
            # Made before any loop ran: it belongs to the first one that asks for it.
            client = self._async_clients[loop] = self._async_clients.pop(None)
        if client is None or client.is_closed:
            for closed in [old for old in list(self._async_clients) if old is not None and old.is_closed()]:
                self._async_clients.pop(closed, None)
            client = self._async_clients[loop] = self._make_async_httpx_client(
                base_url=self._base_url,
                cookies=self._cookies,
                headers=self._headers,
                timeout=self._timeout,
                verify=self._verify_ssl,
                follow_redirects=self._follow_redirects,
                **self._httpx_args,
            )
        return client

    async def __aenter__(self) -> Self:
        """Enter a context that closes the underlying httpx.AsyncClient at its end"""
        self.get_async_httpx_client()
        return self

    async def __aexit__(self, *args: Any, **kwargs: Any) -> None:
        """Close the underlying httpx.AsyncClient"""
        await self.get_async_httpx_client().aclose()

    async def aclose(self) -> None:
        """Close the underlying httpx.AsyncClient of this event loop, if there is one; it is made anew when it is asked for"""
        client = self._given_async_client or self._async_clients.pop(_running_loop(), None)
        if client is not None:
            await client.aclose()


@define(eq=False)
class AuthenticatedClient:
    """A Client which has been authenticated for use on secured endpoints

    The following are accepted as keyword arguments and will be used to construct httpx Clients internally:

        ``base_url``: The base URL for the API, all requests are made to a relative path to this URL

        ``cookies``: A dictionary of cookies to be sent with every request

        ``headers``: A dictionary of headers to be sent with every request

        ``timeout``: The maximum amount of a time a request can take. API functions will raise
        httpx.TimeoutException if this is exceeded.

        ``verify_ssl``: Whether or not to verify the SSL certificate of the API server. This should be True in production,
        but can be set to False for testing purposes.

        ``follow_redirects``: Whether or not to follow redirects. Default value is False.

        ``httpx_args``: A dictionary of additional arguments to be passed to the ``httpx.Client`` and ``httpx.AsyncClient`` constructor.

        ``make_httpx_client``: Called with the arguments of ``httpx.Client`` for each new one

        ``make_async_httpx_client``: Called with the arguments of ``httpx.AsyncClient`` for each new one

        ``extensions``: Whatever a layer above keeps with this client. Copies share it.


    Attributes:
        raise_on_unexpected_status: Whether or not to raise an errors.UnexpectedStatus if the API returns a
            status code that was not documented in the source OpenAPI document. Can also be provided as a keyword
            argument to the constructor.
        token: The token to use for authentication
        prefix: The prefix to use for the Authorization header
        auth_header_name: The name of the Authorization header
    """

    raise_on_unexpected_status: bool = field(default=False, kw_only=True)
    _base_url: str = field(alias="base_url", repr=_without_password)
    _cookies: dict[str, str] = field(factory=dict, kw_only=True, repr=False, alias="cookies")
    _headers: dict[str, str] = field(factory=dict, kw_only=True, repr=False, alias="headers")
    _timeout: httpx.Timeout | None = field(default=None, kw_only=True, alias="timeout")
    _verify_ssl: str | bool | ssl.SSLContext = field(default=True, kw_only=True, alias="verify_ssl")
    _follow_redirects: bool = field(default=False, kw_only=True, alias="follow_redirects")
    _httpx_args: dict[str, Any] = field(factory=dict, kw_only=True, repr=False, alias="httpx_args")
    _make_httpx_client: Callable[..., httpx.Client] = field(
        default=httpx.Client, kw_only=True, repr=False, alias="make_httpx_client"
    )
    _make_async_httpx_client: Callable[..., httpx.AsyncClient] = field(
        default=httpx.AsyncClient, kw_only=True, repr=False, alias="make_async_httpx_client"
    )
    extensions: dict[str, Any] = field(factory=dict, kw_only=True, repr=False)
    _client: httpx.Client | None = field(default=None, init=False, repr=False)
    _given_async_client: httpx.AsyncClient | None = field(default=None, init=False, repr=False)
    _async_clients: dict[Any, httpx.AsyncClient] = field(factory=dict, init=False, repr=False)
    _loop: Any = field(default=None, init=False, repr=False)

    token: str = field(default="", repr=False)
    prefix: str = "Bearer"
    auth_header_name: str = "Authorization"

    def with_headers(self, headers: dict[str, str]) -> "AuthenticatedClient":
        """Get a new client matching this one with additional headers"""
        return evolve(self, headers={**self._headers, **headers})

    def with_cookies(self, cookies: dict[str, str]) -> "AuthenticatedClient":
        """Get a new client matching this one with additional cookies"""
        return evolve(self, cookies={**self._cookies, **cookies})

    def with_timeout(self, timeout: httpx.Timeout) -> "AuthenticatedClient":
        """Get a new client matching this one with a new timeout configuration"""
        return evolve(self, timeout=timeout)

    def set_httpx_client(self, client: httpx.Client) -> Self:
        """Manually set the underlying httpx.Client

        **NOTE**: This will override any other settings on the client, including cookies, headers, and timeout.
        """
        self._client = client
        return self

    def get_httpx_client(self) -> httpx.Client:
        """Get the underlying httpx.Client, constructing a new one if not previously set, or closed since"""
        if (client := self._client) is not None and not client.is_closed:
            return client
        with _making:
            if self._client is None or self._client.is_closed:
                if self.token:
                    token = f"{self.prefix} {self.token}" if self.prefix else self.token
                    self._headers = {**self._headers, self.auth_header_name: token}
                self._client = self._make_httpx_client(
                    base_url=self._base_url,
                    cookies=self._cookies,
                    headers=self._headers,
                    timeout=self._timeout,
                    verify=self._verify_ssl,
                    follow_redirects=self._follow_redirects,
                    **self._httpx_args,
                )
            return self._client

    def __enter__(self) -> Self:
        """Enter a context that closes the underlying httpx.Client at its end"""
        self.get_httpx_client()
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        """Close the underlying httpx.Client"""
        self.get_httpx_client().close()

    def close(self) -> None:
        """Close the underlying httpx.Client, if there is one; it is made anew when it is asked for"""
        if self._client is not None:
            self._client.close()

    def set_async_httpx_client(self, async_client: httpx.AsyncClient) -> Self:
        """Manually set the underlying httpx.AsyncClient

        **NOTE**: This will override any other settings on the client, including cookies, headers, and timeout.
        """
        self._given_async_client = async_client
        return self

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Get the underlying httpx.AsyncClient of this event loop, constructing a new one if not previously set, or closed since"""
        if self._given_async_client is not None and not self._given_async_client.is_closed:
            return self._given_async_client
        self._loop = loop = _running_loop() or self._loop
        client = self._async_clients.get(loop)
        if client is None and None in self._async_clients:
            # Made before any loop ran: it belongs to the first one that asks for it.
            client = self._async_clients[loop] = self._async_clients.pop(None)
        if client is None or client.is_closed:
            for closed in [old for old in list(self._async_clients) if old is not None and old.is_closed()]:
                self._async_clients.pop(closed, None)
            if self.token:
                token = f"{self.prefix} {self.token}" if self.prefix else self.token
                self._headers = {**self._headers, self.auth_header_name: token}
            client = self._async_clients[loop] = self._make_async_httpx_client(
                base_url=self._base_url,
                cookies=self._cookies,
                headers=self._headers,
                timeout=self._timeout,
                verify=self._verify_ssl,
                follow_redirects=self._follow_redirects,
                **self._httpx_args,
            )
        return client

    async def __aenter__(self) -> Self:
        """Enter a context that closes the underlying httpx.AsyncClient at its end"""
        self.get_async_httpx_client()
        return self

    async def __aexit__(self, *args: Any, **kwargs: Any) -> None:
        """Close the underlying httpx.AsyncClient"""
        await self.get_async_httpx_client().aclose()

    async def aclose(self) -> None:
        """Close the underlying httpx.AsyncClient of this event loop, if there is one; it is made anew when it is asked for"""
        client = self._given_async_client or self._async_clients.pop(_running_loop(), None)
        if client is not None:
            await client.aclose()
