"""What the `connect` functions of all vendors have in common: a generated client over httpx's own clients.

The generated client is handed what makes its httpx clients, one for threads and one for each event loop, when they are
first needed. They are httpx's own, so proxies, hooks and mocks work as usual; what is ours is the pool inside their
transports, the credentials, and a bound on the cookies that a server may set.
"""

from __future__ import annotations

import functools
import http.cookiejar
import ipaddress
import logging
import math
import os
import re
import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import httpx

from .._core.rate_limit import RateLimiter
from .._core.validate import described, number, text
from .._version import __version__
from ..errors import TransportError
from .credentials import CREDENTIALS_KEY, Credentials
from .limits import ENCODING, LAST_PORT, MAX_BODY, MAX_BODY_KEY

C = TypeVar("C", bound=httpx.Client | httpx.AsyncClient)
Transport = httpx.BaseTransport | httpx.AsyncBaseTransport

# Twenty cookies of a hundred bytes are more than any load balancer sets.
_MOST_COOKIES = 20
_COOKIE_LENGTH = 1024
_log = logging.getLogger("settled")
_PRODUCT = re.compile(r"(?=.{1,100}\Z)[\w!#$%&'*+.^`|~-]+(/[\w!#$%&'*+.^`|~-]+)?", re.ASCII)


class ConnectOptions(TypedDict, total=False):
    """What every `connect` takes besides the address and the credentials.

    Attributes:
        timeout: Seconds that connecting, sending and receiving may each take.
        max_rate: Requests a second that all jobs of the client may make together; None for no limit. The default is
            the limit that the vendor documents.
        verify: An ssl.SSLContext, or the path of a CA bundle.
        transport: Any httpx transport, sync, async or both, in place of httpx's own.
        fast: Whether asyncio requests go through aiohttp (the extra `fast`), for about half of the CPU time.
        max_body: Bytes that an answer may have, unpacked.
        app: A product token, as in "nightly-import/2.1", to put in front of the User-Agent.
    """

    timeout: float
    max_rate: float | None
    verify: ssl.SSLContext | str
    transport: Transport | None
    fast: bool
    max_body: int
    app: str | None


def client_arguments(
    base_url: str,
    auth: Credentials,
    *,
    timeout: float = 30.0,
    max_rate: float | None = None,
    verify: ssl.SSLContext | str | None = None,
    transport: Transport | None = None,
    fast: bool = False,
    max_body: int = MAX_BODY,
    app: str | None = None,
    **unknown: object,
) -> dict[str, Any]:
    """The arguments that make a generated client reach `base_url` with these credentials and options."""
    for name in unknown:
        known = ", ".join(ConnectOptions.__annotations__)
        raise TypeError(f"connect has no option {name[:80]!r}; besides address and credentials it takes {known}")
    if fast and transport is not None:
        raise ValueError("fast=True brings a transport of its own: give it or transport=, not both")
    if not number("max_body", max_body) >= 1:
        raise ValueError(f"max_body must be 1 or more bytes, not {described(max_body)}")
    if not 0 < number("timeout", timeout) < math.inf:
        raise ValueError(f"timeout must be a positive number of seconds, not {described(timeout)}")
    if fast:
        from . import fast as _  # noqa: F401 - says so here and now if its extra is missing
    base_url = _checked_url(text("base_url", base_url).strip())
    host = httpx.URL(base_url).host
    if base_url.startswith("http:") and not is_loopback(host):
        _log.warning("%s is reached without TLS, so anyone on the network path can read the credentials", host)
    auth.base_url = base_url
    auth.extensions = {RateLimiter.KEY: RateLimiter(max_rate), MAX_BODY_KEY: max_body, CREDENTIALS_KEY: auth}
    return {
        "base_url": base_url,
        "headers": {
            "User-Agent": f"{_product(app)}settled/{__version__} python-httpx/{httpx.__version__}",
            "Accept-Encoding": ENCODING,
        },
        "timeout": httpx.Timeout(timeout),
        "verify_ssl": _ssl_context(verify),
        "httpx_args": {"auth": auth},
        "make_httpx_client": functools.partial(_make_httpx_client, httpx.Client, verify, transport, fast),
        "make_async_httpx_client": functools.partial(_make_httpx_client, httpx.AsyncClient, verify, transport, fast),
        "extensions": auth.extensions,
    }


def _product(app: str | None) -> str:
    if app is None:
        return ""
    if not _PRODUCT.fullmatch(text("app", app)):
        raise ValueError("app must be a product token, as in nightly-import/2.1: no blanks, at most 100 characters")
    return f"{app} "


def token_environment(vendor: str) -> dict[str, str]:
    """Address and token from `SETTLED_<VENDOR>_URL` and `_TOKEN`."""
    return from_environment(vendor, base_url="URL", token="TOKEN")  # noqa: S106 - a variable's name


def from_environment(vendor: str, **names: str) -> dict[str, str]:
    """Arguments from the environment variables `SETTLED_<VENDOR>_<NAME>`; ValueError names all that are not set."""
    variables = {argument: f"SETTLED_{vendor}_{name}".upper() for argument, name in names.items()}
    values = {argument: os.environ.get(variable, "").strip("\ufeff \t\r\n") for argument, variable in variables.items()}
    missing = [variables[argument] for argument, value in values.items() if not value]
    if missing:
        message = "variable {} is" if len(missing) == 1 else "variables {} are"
        raise ValueError(f"the environment {message.format(', '.join(missing))} not set")
    return values


def _checked_url(base_url: str) -> str:
    try:
        url = httpx.URL(base_url if "://" in base_url else f"https://{base_url}")
        host = url.host
    except (httpx.InvalidURL, UnicodeError) as error:
        # Behind the colon stands a part of the address.
        raise ValueError(f"not the address of an API: {str(error).partition(':')[0]}") from None
    if url.port is not None and not 0 < url.port <= LAST_PORT:
        raise ValueError(f"not the address of an API: there is no port {url.port}")
    faults = {
        "has blanks": any(map(str.isspace, base_url)),
        "does not begin with https:// or http://": url.scheme not in ("http", "https"),
        "has no host": not host,
        "has a user or a password": url.userinfo,
        "has a query": url.query,
        "has a fragment": url.fragment,
    }
    fault = next((fault for fault, is_there in faults.items() if is_there), None)
    if fault is not None:
        # The address itself is not shown: it may hold a password, or be the key, in the wrong place.
        raise ValueError(f"not the address of an API (https://host, perhaps with a path): it {fault}")
    return str(url).rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its usual name or by its address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _make_httpx_client(
    make: Callable[..., C],
    verify: ssl.SSLContext | str | None,
    transport: Transport | None,
    fast: bool,
    /,
    **arguments: Any,
) -> C:
    """The httpx client, for threads or for one event loop, of a generated client, which gives the arguments."""
    from .pool import use_stack
    from .proxies import proxy_secrets, with_proxies

    if transport is not None:
        needed: type[Any] = httpx.BaseTransport if make is httpx.Client else httpx.AsyncBaseTransport
        if not isinstance(transport, needed):
            kind = "async" if needed is httpx.BaseTransport else "sync"
            raise TypeError(f"this client was connected with a transport that is only {kind}: {described(transport)}")
        client = make(transport=transport, **arguments)
    else:
        try:
            arguments["verify"] = _ssl_context(verify)
        except ValueError as error:
            # It could be read by `connect`: somebody is replacing it.
            raise TransportError(str(error)) from None
        client = with_proxies(make, arguments)
        if isinstance(auth := arguments.get("auth"), Credentials):
            auth.hide_proxy_secrets(proxy_secrets())
        direct = None
        if fast and isinstance(client, httpx.AsyncClient):
            from .fast import FastTransport

            direct = FastTransport(arguments["verify"])
        use_stack(client, direct)
    return _with_few_cookies(client)


class _FewCookies(http.cookiejar.DefaultCookiePolicy):
    """Takes few and short cookies, as a load balancer needs them: each one goes along with every request."""

    jar: http.cookiejar.CookieJar

    def set_ok(self, cookie: http.cookiejar.Cookie, request: urllib.request.Request) -> bool:
        """Whether a server's cookie is taken."""
        is_short = len(cookie.name) + len(cookie.value or "") <= _COOKIE_LENGTH
        is_known = any((cookie.domain, cookie.path, cookie.name) == (c.domain, c.path, c.name) for c in self.jar)
        return is_short and (is_known or len(self.jar) < _MOST_COOKIES) and super().set_ok(cookie, request)


def _with_few_cookies(client: C) -> C:
    jar = client.cookies.jar
    policy = _FewCookies()
    policy.jar = jar
    jar.set_policy(policy)
    extract = client.cookies.extract_cookies

    def extract_if_any(response: httpx.Response) -> None:
        # Looking for cookies where there are none is a tenth of what a poll costs.
        if "set-cookie" in response.headers:
            extract(response)

    client.cookies.extract_cookies = extract_if_any  # type: ignore[method-assign]
    return client


def _ssl_context(verify: ssl.SSLContext | str | None) -> ssl.SSLContext:
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"verify={verify}: certificates are always checked; give a CA bundle's path or an SSLContext")
    # By default they are httpx's, which reads these variables, too.
    name, bundle = ("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE")) if verify is None else ("verify", verify)
    folder, log = os.environ.get("SSL_CERT_DIR"), os.environ.get("SSLKEYLOGFILE")
    try:
        found = Path(text(name, bundle)).stat() if bundle else None
        # Read again when somebody has replaced the file.
        version = None if found is None else (found.st_mtime_ns, found.st_size, found.st_ino)
        return _shared_ssl_context(bundle or None, version, folder, log)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        if log and getattr(error, "filename", None) == log:
            raise ValueError(f"the file that SSLKEYLOGFILE names cannot be written: {reason}") from None
        raise ValueError(f"{name} is no CA bundle that can be read: {reason}") from None


@functools.lru_cache(maxsize=32)
def _shared_ssl_context(bundle: str | None, *_version: object) -> ssl.SSLContext:
    # Making one takes some 50 ms, and every client of a process can use the same.
    context = httpx.create_ssl_context() if bundle is None else ssl.create_default_context(cafile=bundle)
    # A distribution's Python may leave that to a configuration file of OpenSSL's.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context
