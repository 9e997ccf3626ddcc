"""Find what is wrong with settings, connections, clocks and versions, and say how to fix it.

Each vendor is asked twice for a made-up job: without credentials, and with them. The difference tells whether the
credentials are accepted, without any real job.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import math
import platform
import re
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import httpx

from .. import errors
from .._core.job import UNREADABLE, Client, Job, JobKind
from .._cortex.credentials import CortexKey
from .._http.connect import is_loopback
from .._http.credentials import HeaderToken, hint_of
from .._http.extensions import DEADLINE
from .._http.response import read
from .._http.retry_after import unix_time
from .._http.send import poll
from .._http.transport_errors import error_chain
from .._vendors import module_of, vendors
from .._version import __version__
from ._settings import VARIABLE, BadSettings, Settings
from ._show import plain

State = Literal["ok", "note", "problem"]

_PROXY = "check that the address is that of the API, and which proxies are in between"
_REFUSALS: tuple[tuple[type[errors.SettledError], str, str | None], ...] = (
    (errors.AuthenticationError, "the credentials are refused", None),
    (errors.LicenseRequired, "the tenant lacks the licence", "ask the tenant's administrator"),
    (errors.PermissionDenied, "the credentials lack the permission", "give them a role that can read"),
    (errors.TransportError, "no reply", _PROXY),
    (errors.MalformedResponse, "the reply is not from the API", _PROXY),
)

# Cortex refuses signatures that are minutes old; smaller differences are normal.
_SKEW_SECONDS = 60
# How long all requests to a vendor may take together.
_PATIENCE_SECONDS = 5.0
_CENTURY_SECONDS = 100 * 365.25 * 86_400


class Finding(NamedTuple):
    """The result of one check: a vendor or "versions", the state, a message, and how to fix a problem."""

    about: str
    state: State
    message: str
    fix: str | None = None

    def as_text(self) -> str:
        """The finding as a line, and the fix as a second one."""
        first = f"{self.state:8} {self.about}: {plain(self.message)}"
        return first if self.fix is None else f"{first}\n{'':8} -> {self.fix}"


def diagnose(named: list[str]) -> Iterator[Finding]:
    """Check the versions, then the named vendors, or all that have settings."""
    yield from _versions()
    try:
        settings = Settings.read()
    except BadSettings as error:
        yield Finding(VARIABLE, "problem", str(error), "make it valid TOML, readable only by you")
        return
    chosen = named or [vendor for vendor in vendors() if settings.source(vendor)]
    if not chosen:
        yield Finding("settings", "problem", "no vendor has settings", _how_to_set("<vendor>"))
    for vendor in chosen:
        if vendor in vendors():
            for state, message, *fix in _check_vendor(vendor, settings):
                yield Finding(vendor, state, message, *fix)
        else:
            yield Finding(vendor, "problem", "no such vendor", f"the vendors are {', '.join(vendors())}")


_Found = tuple[State, str] | tuple[State, str, str]


def _versions() -> Iterator[Finding]:
    python = f"Python {platform.python_version()}"
    yield Finding("versions", "ok", f"settled {__version__}, {python}, httpx {httpx.__version__}")
    extras: dict[str, list[str]] = {}
    try:
        requirements = importlib.metadata.requires("settled") or []
    except importlib.metadata.PackageNotFoundError:
        requirements = []
        yield Finding("versions", "note", "settled is imported from a folder, not installed")
    for requirement in requirements:
        if match := re.fullmatch(r"""([\w.-]+).*extra == ['"]([\w-]+)['"].*""", requirement):
            extras.setdefault(match[2], []).append(match[1])
    for extra, packages in sorted(extras.items()):
        found = {package: _version(package) for package in packages}
        message = ", ".join(f"{package} {version or 'is missing'}" for package, version in found.items())
        if all(found.values()):
            yield Finding("versions", "ok", f"extra {extra}: {message}")
        else:
            yield Finding(
                "versions", "note", f"extra {extra}: {message}", f"if you need it: pip install 'settled[{extra}]'"
            )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_vendor(vendor: str, settings: Settings) -> Iterator[_Found]:
    try:
        client = settings.connect(vendor)
    except BadSettings as error:
        message = "it has no settings" if settings.source(vendor) is None else str(error).removeprefix(f"{vendor}: ")
        yield "problem", message, _how_to_set(vendor)
        return
    try:
        http = client.get_httpx_client()
    except errors.TransportError as error:
        # Of the environment's proxies: what is wrong, and what to do.
        message, _, fix = str(error).partition("; ")
        yield "problem", message, fix
        return
    with http:
        yield "ok", f"settings from {settings.source(vendor)}: {http.base_url}"
        yield from _credentials(http.auth)
        kind: JobKind[Any] = module_of(vendor).KINDS[0]
        made_up, end = _made_up_id(kind), time.monotonic() + _PATIENCE_SECONDS
        try:
            began = time.time()
            without = _send(client, kind.request(made_up), None, end)
        except httpx.HTTPError as error:
            yield _unreachable(error, http.base_url)
            return
        except errors.SettledError as error:
            yield "problem", f"the reply is not from the API: {error}", _PROXY
            return
        yield from _connection(without)
        yield from _clock(without, began)
        yield _access(Job(kind, client, made_up), without.status_code, end)


def _send(client: Client, request: dict[str, Any], auth: httpx.Auth | None, end: float) -> httpx.Response:
    """Send a request within limits of time and size; return the response without its body."""
    http = client.get_httpx_client()
    built = http.build_request(**request, timeout=_until(end))
    built.extensions = {**built.extensions, DEADLINE: end}
    received: httpx.Response = http.send(built, auth=auth, stream=True)
    try:
        read(client, received, end)
    finally:
        received.close()
    return received


def _until(end: float) -> float:
    # With zero, a socket would not wait at all.
    return max(end - time.monotonic(), 0.01)


def _credentials(auth: httpx.Auth | None) -> Iterator[_Found]:
    if isinstance(auth, CortexKey):
        yield "ok", f"{'an advanced key, which signs each request' if auth.advanced else 'a standard key'}"
    if isinstance(auth, HeaderToken) and auth.prefix == "Bearer ":
        try:
            payload = auth.secret().split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            left = float(claims["exp"]) - time.time() if "exp" in claims else None
            if left is not None and not math.isfinite(left):
                raise ValueError("not a time")
        except UNREADABLE:
            yield "note", "the token is not a readable JWT", "check that it was copied in full"
            return
        if left is not None and left < 0:
            yield "problem", f"the token expired {_approximate(-left)} ago", "create a new one"
        elif left is not None:
            yield "ok", f"the token is a JWT that expires in {_approximate(left)}"


def _connection(response: httpx.Response) -> Iterator[_Found]:
    url = response.request.url
    if url.scheme == "https":
        # Missing if the server has closed the connection.
        stream = response.extensions.get("network_stream")
        tls: ssl.SSLObject | None = None if stream is None else stream.get_extra_info("ssl_object")
        version = "TLS" if tls is None else tls.version()
        yield "ok", f"{url.host} is reachable, with {version} and a trusted certificate"
    elif is_loopback(url.host):
        yield "ok", f"{url.host} is reachable, without TLS"
    else:
        yield (
            "problem",
            f"{url.host} is reached without TLS, so anyone on the network path can read the key",
            "use https://",
        )


def _clock(response: httpx.Response, began: float) -> Iterator[_Found]:
    # The server stamped its reply somewhere between the request and now.
    now = (began + time.time()) / 2
    date = unix_time(response.headers.get("date"))
    if date is None:
        yield "note", "the reply has no Date, so this machine's clock cannot be checked"
        return
    skew = now - date
    if abs(skew) > _SKEW_SECONDS:
        which = "ahead of" if skew > 0 else "behind"
        yield (
            "problem",
            f"this machine's clock is {_approximate(abs(skew))} {which} the server's",
            "set it, e.g. by NTP",
        )
    else:
        yield "ok", "this machine's clock and the server's agree"


def _access(job: Job[Any], without: int, end: float) -> _Found:
    """Judge the credentials by the reply about a made-up job; `without` is the status without credentials."""
    try:
        poll(job, _until(end))
        answer = None
    except errors.SettledError as error:
        answer = error
    reason = str(answer).removesuffix(f"; {hint_of(job.client)}").removesuffix(f"; {job.kind.address_hint}")
    for refusal, message, fix in _REFUSALS:
        if isinstance(answer, refusal):
            if job.kind.is_wrong_address(answer):
                return "problem", f"{message}: {reason}", job.kind.address_hint or _PROXY
            return "problem", f"{message}: {reason}", fix or _advice_on_credentials(job, end)
    if isinstance(answer, errors.RateLimited):
        return "note", f"too many requests at present: {answer}", "try again later"
    if without in (401, 403):
        return "ok", f"the credentials are accepted (without them the status is {without})"
    # On a path that does not exist, a server checks no credentials.
    if isinstance(answer, errors.NotFound):
        fix = "check whether the address needs a path, such as /api"
        return "problem", f"not found, with and without credentials: {reason}", fix
    return "note", f"with and without credentials: {answer or 'a reply'}", "try again later if it is a server's error"


def _advice_on_credentials(job: Job[Any], end: float) -> str:
    http = job.client.get_httpx_client()
    vendor = job.kind.name.partition(".")[0]
    if not isinstance(http.auth, CortexKey):
        return "check that the token is complete, for this host, and not revoked"
    # The two kinds of key look alike, and mixing them up is a common mistake: try the other one.
    other = CortexKey(http.auth.key_id, http.auth.secret(), advanced=not http.auth.advanced)
    try:
        answer = _send(job.client, job.kind.request(job.id), other, end)
    except (httpx.HTTPError, errors.SettledError):
        return "check the key and the key id"
    if answer.status_code == 401:
        return "check that the key and the key id belong together, and to this tenant"
    word, setting = ("advanced", "true") if other.advanced else ("standard", "false")
    return f"it is a {word} key: SETTLED_{vendor.upper()}_KEY_TYPE={word}, or advanced = {setting} in the file"


def _unreachable(error: httpx.HTTPError, address: httpx.URL) -> _Found:
    for cause in error_chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            fix = "if a proxy intercepts TLS, name its CA in SSL_CERT_FILE, or as verify in the file"
            return "problem", f"the certificate of {address.host} is not trusted: {cause.verify_message}", fix
        if isinstance(cause, ssl.SSLError):
            return "problem", f"no TLS with {address.host}: {cause.reason}", "check the address and the port"
        if isinstance(cause, socket.gaierror):
            return "problem", f"DNS does not know the host {address.host}", "check the address"
        if isinstance(cause, ConnectionRefusedError):
            return "problem", f"{address} refuses connections", "check the port, and that the server runs"
    fix = "check for a firewall in between, and check HTTPS_PROXY"
    return "problem", f"no reply from {address.host}: {type(error).__name__} {error}", fix


def _made_up_id(kind: JobKind[Any]) -> str:
    # Most ids are UUIDs; a kind that refuses one takes numbers.
    made_up = kind.example_id("00000000-0000-4000-8000-000000000000")
    try:
        kind.request(made_up)
    except ValueError:
        return kind.example_id("0")
    return made_up


def _how_to_set(vendor: str) -> str:
    upper = vendor.upper()
    return f"set SETTLED_{upper}_URL and so on, or write a table [{vendor}] into the file that {VARIABLE} names"


def _approximate(seconds: float) -> str:
    if seconds > _CENTURY_SECONDS:
        return "more than 100 years"
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
