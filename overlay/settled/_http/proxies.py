"""The proxies that the environment names: whether one is meant for a host, and a client that goes through it.

httpx finds them as Python does. What is added here: more forms of NO_PROXY, errors that say what to mend where httpx
refuses a setting, for whatever host it is meant, and their passwords, which no text may show.
"""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import ipaddress
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx

from ..errors import TransportError
from .limits import LAST_PORT

C = TypeVar("C")

_PORTS = {"http": 80, "https": 443}
_FAULTS = (ImportError, ValueError, httpx.InvalidURL, httpx.UnsupportedProtocol)
# Behind these an error quotes a proxy's address, or a part of it, with the password.
_QUOTE = re.compile(r":|\sURL\(")


def with_proxies(make: Callable[..., C], arguments: dict[str, Any]) -> C:
    """The httpx client that `make` makes; a lasting TransportError if the environment's proxies cannot work."""
    url = httpx.URL(arguments["base_url"])
    try:
        is_outside = _is_outside(url)
        proxy = None if is_outside else _proxy_of(url.scheme)
        try:
            # For this host alone: tokens may come from another one.
            return make(**arguments, mounts={f"all://{_host(url)}": None} if is_outside else None)
        except _FAULTS:
            # Perhaps a proxy of another scheme, or a name in NO_PROXY that httpx cannot read, as fd00::/8 and [::1].
            return make(**arguments, trust_env=False, proxy=proxy)
    except _FAULTS as error:
        message, remedy = (_QUOTE.split(str(error))[0][:120], "unset or correct HTTP_PROXY, HTTPS_PROXY and ALL_PROXY")
        if isinstance(error, ImportError):
            message, remedy = "a SOCKS proxy needs the package socksio", "run: pip install 'httpx[socks]'"
    # Not while handling it, and so not with it: it may show the proxy's password.
    failure = TransportError(f"the environment's proxy settings cannot be used: {message}; {remedy}")
    failure.may_pass = False
    raise failure


def proxy_secrets() -> Iterator[str]:
    """The passwords of the environment's proxies, or users without one, and what stands for both in a header."""
    for address in urllib.request.getproxies().values():
        with contextlib.suppress(httpx.InvalidURL, UnicodeError):
            if (url := _url(address)).userinfo:
                # A key may stand in the place of the user.
                yield url.password or url.username
                yield base64.b64encode(f"{url.username}:{url.password}".encode()).decode()


def _proxy_of(scheme: str) -> httpx.URL | None:
    """The environment's proxy; refuses an address that httpx takes, and that nobody can connect to."""
    proxies = urllib.request.getproxies()
    if not (address := proxies.get(scheme) or proxies.get("all")):
        return None
    url = _url(address)
    if url.port is not None and not 0 < url.port <= LAST_PORT:
        raise ValueError(f"a proxy has the port {url.port}, and there is none")
    if not url.host.replace("%20", ""):
        raise ValueError("the address of a proxy has no host")
    return url


def _url(address: str) -> httpx.URL:
    return httpx.URL(address if "://" in address else f"http://{address}")


def _is_outside(url: httpx.URL) -> bool:
    """Whether NO_PROXY names a host, also with its scheme's own port, a star or a network, unlike httpx."""
    if urllib.request.proxy_bypass(f"{_host(url)}:{url.port or _PORTS[url.scheme]}"):
        return True
    names = urllib.request.getproxies().get("no", "").lower().replace(",", " ").split()
    return any(_names(name, url.host) for name in names)


def _host(url: httpx.URL) -> str:
    return f"[{url.host}]" if ":" in url.host else url.host


def _names(network: str, host: str) -> bool:
    if "*" in network:
        return fnmatch.fnmatchcase(host, network)
    try:
        address = ipaddress.ip_address(host)
        return address in ipaddress.ip_network(network.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False
