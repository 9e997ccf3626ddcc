"""What may be wrong with settings, connections, clocks and versions, and how to mend it."""

from __future__ import annotations

import base64
import email.utils
import importlib.metadata
import ipaddress
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
from .._http.credentials import HeaderToken, hint_of
from .._http.response import DEADLINE, read
from .._vendors import module_of, vendors
from .._version import __version__
from ._settings import VARIABLE, BadSettings, Settings
from ._show import plain

State = Literal["ok", "note", "problem"]

_PROXY = "see whether the address is right, that of the API, and what stands in between"
_REFUSALS: tuple[tuple[type[errors.SettledError], str, str | None], ...] = (
    (errors.AuthenticationError, "the credentials are refused", None),
    (errors.LicenseRequired, "the tenant lacks the licence", "ask who administers the tenant"),
    (errors.PermissionDenied, "the credentials lack the permission", "give them a role that may read"),
    (errors.TransportError, "no answer", _PROXY),
    (errors.MalformedResponse, "an answer that is none of the API", _PROXY),
)

# A signature is refused when it is minutes old; less is a server's whim.
_SKEW_SECONDS = 60
_PATIENCE_SECONDS = 10.0
_CENTURY_SECONDS = 100 * 365.25 * 86_400


class Finding(NamedTuple):
    """One thing that was looked at: a vendor or "versions", how it is, and how to mend it."""

    about: str
    state: State
    message: str
    fix: str | None = None

    def as_text(self) -> str:
        """The finding in one line, and a second one that says how to mend it."""
        first = f"{self.state:8} {self.about}: {plain(self.message)}"
        return first if self.fix is None else f"{first}\n{'':8} -> {self.fix}"


def diagnose(named: list[str]) -> Iterator[Finding]:
    """Look at the versions, and at the named vendors, or all that have settings."""
    yield from _versions()
    try:
        settings = Settings.read()
    except BadSettings as error:
        yield Finding(VARIABLE, "problem", str(error), "make it a file of valid TOML that only you have access to")
        return
    chosen = named or [vendor for vendor in vendors() if settings.source(vendor)]
    if not chosen:
        yield Finding("settings", "problem", "no vendor has any", _how_to_set("<vendor>"))
    for vendor in chosen:
        if vendor in vendors():
            for state, message, *fix in _vendor(vendor, settings):
                yield Finding(vendor, state, message, *fix)
        else:
            yield Finding(vendor, "problem", "no such vendor", f"there are {', '.join(vendors())}")


_Found = tuple[State, str] | tuple[State, str, str]


def _versions() -> Iterator[Finding]:
    python = f"Python {platform.python_version()}"
    yield Finding("versions", "ok", f"settled {__version__}, {python}, httpx {httpx.__version__}")
    extras: dict[str, list[str]] = {}
    try:
        requirements = importlib.metadata.requires("settled") or []
    except importlib.metadata.PackageNotFoundError:
        requirements = []
        yield Finding("versions", "note", "settled was not installed, but is imported from a folder")
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


def _vendor(vendor: str, settings: Settings) -> Iterator[_Found]:
    try:
        client = settings.connect(vendor)
    except BadSettings as error:
        yield "problem", str(error), _how_to_set(vendor)
        return
    http = client.get_httpx_client()
    with http:
        yield "ok", f"settings from {settings.source(vendor)}: {http.base_url}"
        yield from _credentials(http.auth)
        kind: JobKind[Any] = module_of(vendor).KINDS[0]
        made_up = _made_up_id(kind)
        try:
            began = time.time()
            without = _ask(client, kind.request(made_up), None)
        except httpx.HTTPError as error:
            yield _unreachable(error, http.base_url)
            return
        except errors.SettledError as error:
            yield "problem", f"an answer that is none of the API: {error}", _PROXY
            return
        yield from _connection(without)
        yield from _clock(without, began)
        yield _access(Job(kind, client, made_up), without.status_code)


def _ask(client: Client, request: dict[str, Any], auth: httpx.Auth | None) -> httpx.Response:
    """What a request is answered with, within bounds of time and size; its body is not kept."""
    http = client.get_httpx_client()
    built, end = http.build_request(**request, timeout=_PATIENCE_SECONDS), time.monotonic() + _PATIENCE_SECONDS
    built.extensions = {**built.extensions, DEADLINE: end}
    received: httpx.Response = http.send(built, auth=auth, stream=True)
    try:
        read(client, received, end)
    finally:
        received.close()
    return received


def _credentials(auth: httpx.Auth | None) -> Iterator[_Found]:
    if isinstance(auth, CortexKey):
        yield "ok", f"{'an advanced key, which signs each request' if auth.advanced else 'a standard key'}"
    if isinstance(auth, HeaderToken) and auth.prefix == "Bearer ":
        try:
            payload = auth.secret().split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            left = float(claims["exp"]) - time.time() if "exp" in claims else None
            if left is not None and not math.isfinite(left):
                raise ValueError("no moment")
        except UNREADABLE:
            yield "note", "the token is no JWT that can be read", "see whether it was copied in full"
            return
        if left is not None and left < 0:
            yield "problem", f"the token expired {_rounded(-left)} ago", "have a new one made"
        elif left is not None:
            yield "ok", f"the token is a JWT that expires in {_rounded(left)}"


def _connection(response: httpx.Response) -> Iterator[_Found]:
    url = response.request.url
    if url.scheme == "https":
        # There is none any more if the server has closed the connection.
        stream = response.extensions.get("network_stream")
        tls: ssl.SSLObject | None = None if stream is None else stream.get_extra_info("ssl_object")
        version = "TLS" if tls is None else tls.version()
        yield "ok", f"{url.host} is reachable, with {version} and a certificate that is trusted"
    elif _is_loopback(url.host):
        yield "ok", f"{url.host} is reachable, without TLS"
    else:
        yield "problem", f"{url.host} is reached without TLS: everybody on the way sees the key", "use https://"


def _clock(response: httpx.Response, began: float) -> Iterator[_Found]:
    now = (began + time.time()) / 2
    try:
        skew = now - email.utils.parsedate_to_datetime(response.headers["date"]).timestamp()
    except UNREADABLE:
        yield "note", "the answer has no date to hold this machine's clock against"
        return
    if abs(skew) > _SKEW_SECONDS:
        which = "ahead of" if skew > 0 else "behind"
        yield "problem", f"this machine's clock is {_rounded(abs(skew))} {which} the server's", "set it, e.g. by NTP"
    else:
        yield "ok", "this machine's clock and the server's agree"


def _access(job: Job[Any], without: int) -> _Found:
    """What an answer about a made-up job says of the credentials; `without` is what was answered without any."""
    try:
        job.fetch()
        answer = None
    except errors.SettledError as error:
        answer = error
    said = str(answer).removesuffix(f"; {hint_of(job.client)}").removesuffix(f"; {job.kind.address_hint}")
    for refusal, message, fix in _REFUSALS:
        if isinstance(answer, refusal):
            if job.kind.is_wrong_address(answer):
                return "problem", f"{message}: {said}", job.kind.address_hint or _PROXY
            return "problem", f"{message}: {said}", fix or _right_credentials(job)
    if isinstance(answer, errors.RateLimited):
        return "note", f"too many requests at present: {answer}", "try again later"
    if without in (401, 403):
        return "ok", f"the credentials are accepted (without them the answer is {without})"
    # Nobody looks at credentials on a path that does not exist.
    if isinstance(answer, errors.NotFound):
        return "problem", f"the same without credentials: {said}", "see whether the address needs a path, as /api"
    return "note", f"with and without credentials: {answer or 'an answer'}", "try again later if it is a server's error"


def _right_credentials(job: Job[Any]) -> str:
    http = job.client.get_httpx_client()
    vendor = job.kind.name.partition(".")[0]
    if not isinstance(http.auth, CortexKey):
        return "see whether the token is complete, of this host, and not revoked"
    other = CortexKey(http.auth.key_id, http.auth.secret(), advanced=not http.auth.advanced)
    try:
        answer = _ask(job.client, job.kind.request(job.id), other)
    except (httpx.HTTPError, errors.SettledError):
        return "see whether key and key id are right"
    if answer.status_code == 401:
        return "see whether key and key id belong together, and to this tenant"
    word, setting = ("advanced", "true") if other.advanced else ("standard", "false")
    return f"it is a {word} key: SETTLED_{vendor.upper()}_KEY_TYPE={word}, or advanced = {setting} in the file"


def _unreachable(error: httpx.HTTPError, address: httpx.URL) -> _Found:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            fix = "if a proxy signs anew what it has read, name its CA in SSL_CERT_FILE, or as verify in the file"
            return "problem", f"the certificate of {address.host} is not trusted: {cause.verify_message}", fix
        if isinstance(cause, ssl.SSLError):
            return "problem", f"no TLS with {address.host}: {cause.reason}", "see whether address and port are right"
        if isinstance(cause, socket.gaierror):
            return "problem", f"nobody knows the host {address.host}", "see whether the address is right"
        if isinstance(cause, ConnectionRefusedError):
            return "problem", f"{address} refuses connections", "see whether the port is right, and the server runs"
        cause = cause.__cause__ or cause.__context__
    fix = "see whether a firewall is in between, and HTTPS_PROXY is right"
    return "problem", f"no answer from {address.host}: {type(error).__name__} {error}", fix


def _made_up_id(kind: JobKind[Any]) -> str:
    made_up = kind.example_id("00000000-0000-4000-8000-000000000000")
    try:
        kind.request(made_up)
    except ValueError:
        return kind.example_id("0")
    return made_up


def _how_to_set(vendor: str) -> str:
    upper = vendor.upper()
    return f"set SETTLED_{upper}_URL and so on, or write a table [{vendor}] into the file that {VARIABLE} names"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _rounded(seconds: float) -> str:
    if seconds > _CENTURY_SECONDS:
        return "more than 100 years"
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
