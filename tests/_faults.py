"""What can go wrong between a client and a vendor, as data: each fault begins somehow, and a wait ends as it says.

`tests/run/test_faults.py` makes every kind of job go through each, and `make faults` prints what comes of it.
"""

from __future__ import annotations

import email.utils
import functools
import gzip
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import attrs

from settled.errors import (
    ApiError,
    AuthenticationError,
    BadRequest,
    LicenseRequired,
    MalformedResponse,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    SettledError,
    TransportError,
)

import _certificates
from _vendor import HOST, LOOPBACK, Answer, Kind, Vendor, http, say

MAX_BODY = 2**16
HUGE = 2**30
# What the sockets on both sides may hold of a body that nobody reads on.
IN_SOCKETS = 2**25

Begin = Callable[[Vendor], None]


@attrs.frozen
class Fault:
    """One fault: how it begins, and what a wait makes of it.

    `end` is the error of a wait for which it never ends; None, if the vendor's answers can be read all the same. Where
    it `may_pass` a wait rides it out, otherwise it ends at once. The error's text matches `says`. A fault `is_slow` if
    it is one of real time, and takes up the whole deadline. `pause` is how many seconds, at least and at most, go by
    before the next poll. `host` and `trusts` are what the client is connected with.
    """

    name: str
    begin: Begin
    end: type[SettledError] | None = None
    says: str = ""
    may_pass: bool = True
    is_slow: bool = False
    pause: tuple[float, float] | None = None
    host: str = LOOPBACK
    trusts: str | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def expected(self) -> str:
        """What a wait makes of it, in words."""
        if self.is_slow:
            return "ridden out, in time" if self.end else "read, in time"
        if self.end is None:
            return "read"
        return f"{'ridden out, or' if self.may_pass else 'at once:'} {self.end.__name__}"


def _answering(make: Callable[[Kind], bytes]) -> Begin:
    return lambda vendor: setattr(vendor, "answer", say(make(vendor.kind)))


def _behaving(answer: Answer) -> Begin:
    return lambda vendor: setattr(vendor, "answer", answer)


def _setting(name: str, value: Any) -> Begin:
    return lambda vendor: setattr(vendor, name, value)


def _running(kind: Kind) -> bytes:
    return http(kind.reply(kind.running))


def _stay_silent(_: Vendor, connection: socket.socket) -> None:
    """Say nothing until the client hangs up."""
    while connection.recv(65536):
        pass
    raise ConnectionError


def _break_off(vendor: Vendor, connection: socket.socket) -> None:
    connection.sendall(_running(vendor.kind)[:-9])
    raise ConnectionError


def _reset(vendor: Vendor, connection: socket.socket) -> None:
    connection.sendall(_running(vendor.kind)[:-9])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionError


def _hang_up(_: Vendor, __: socket.socket) -> None:
    raise ConnectionError


def _stall(vendor: Vendor, connection: socket.socket) -> None:
    connection.sendall(_running(vendor.kind)[:-9])
    _stay_silent(vendor, connection)


def _drip_head(_: Vendor, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        connection.sendall(b".")
        time.sleep(0.02)


def _drip_body(vendor: Vendor, connection: socket.socket) -> None:
    connection.sendall(http(b"", Content_Length="1000"))
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


def _drip_quickly(vendor: Vendor, connection: socket.socket) -> None:
    reply = _running(vendor.kind)
    for begin in range(0, len(reply), 20):
        connection.sendall(reply[begin : begin + 20])
        time.sleep(0.001)


def _hint(_: Vendor, connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.0002)


def _pour(head: bytes, part: bytes) -> Answer:
    """Send a part again and again, until the client hangs up, or there is a GiB of them."""

    def answer(vendor: Vendor, connection: socket.socket) -> None:
        connection.sendall(head)
        sent = 0
        while sent < HUGE:
            connection.sendall(part)
            sent += len(part)
            vendor.sent = max(vendor.sent, sent)
        raise ConnectionError

    return answer


@functools.cache
def _bomb(times: int) -> bytes:
    packed = b" " * (16 * MAX_BODY)
    for _ in range(times):
        packed = gzip.compress(packed * 16)
    return packed


def _redirect(vendor: Vendor, connection: socket.socket) -> None:
    connection.sendall(http(b"", "302 Found", Location=f"{vendor.login.url}/login"))


def _retry_after(value: Callable[[float], str], status: str = "429 Too Many Requests") -> Begin:
    def answer(vendor: Vendor, connection: socket.socket) -> None:
        now = vendor.wall_clock() - vendor.clock_error
        connection.sendall(http(b"", status, Retry_After=value(now), Date=email.utils.formatdate(now, usegmt=True)))

    return _behaving(answer)


def _both(*begins: Begin) -> Begin:
    def begin(vendor: Vendor) -> None:
        for each in begins:
            each(vendor)

    return begin


def _code(status: str, end: type[SettledError], **options: Any) -> Fault:
    body = json.dumps({"message": "told by the vendor"}).encode()
    return Fault(status, _answering(lambda _: http(body, status)), end, r"told by the vendor", **options)


def _pause(name: str, value: Callable[[float], str], seconds: float | None, status: str = "429 Busy") -> Fault:
    """A Retry-After; with None for `seconds` it is nonsense, and the first back-off is as for any other failure."""
    # What is told as a time of day is rounded to seconds.
    pause = (0.3, 1.5) if seconds is None else (seconds - 2, seconds + 2)
    end = RateLimited if status.startswith("429") else ServerError
    return Fault(f"Retry-After: {name}", _retry_after(value, status), end, status[:3], pause=pause)


def _date(seconds: float) -> Callable[[float], str]:
    return lambda now: email.utils.formatdate(now + seconds, usegmt=True)


def _at(seconds: float) -> Callable[[float], str]:
    return lambda now: f"{now + seconds:.0f}"


def _just(value: str) -> Callable[[float], str]:
    return lambda _: value


def _body(name: str, make: Callable[[Kind], bytes], end: type[SettledError] | None = None, says: str = "") -> Fault:
    """A body of an answer that is fine otherwise."""
    return Fault(name, _answering(lambda kind: http(make(kind))), end, says)


def _beside(name: str, member: str, end: type[SettledError] | None = None) -> Fault:
    """A member before all others of a reply."""
    return _body(name, lambda kind: kind.reply(kind.running, also=f"{member}, "), end)


def _packed(name: str, encoding: str, make: Callable[[Kind], bytes], says: str | None = None) -> Fault:
    end = None if says is None else MalformedResponse
    return Fault(name, _answering(lambda kind: http(make(kind), Content_Encoding=encoding)), end, says or "")


def _tls(name: str, begin: Begin, says: str = "", *, trusts: str = "", **options: Any) -> Fault:
    """A fault of a server that has a certificate, which the client is told to trust, and another if there is one."""
    end = TransportError if says else None
    return Fault(f"TLS: {name}", begin, end, says, trusts=_certificates.VENDOR + trusts, **options)


def _certified(name: str, certificate: str, says: str, trusts: str = "") -> Fault:
    """Another certificate than before, and one to be refused."""
    return _tls(name, _setting("certificate", certificate), f"(?i)certificate.*{says}", trusts=trusts, may_pass=False)


_WITHOUT_TLS = _both(_setting("certificate", None), _setting("reads", False))
_MORE_THAN = rf"more than {MAX_BODY:,} bytes.*max_body"
# Python 3.14 reads what is nested 30,000 deep, so this has no end.
_DEEP = b'{"deep": ' + b"[" * 60_000
_GIB = {"Content_Length": str(HUGE)}
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_NOTHINGS = bytes(2**16)

ON_THE_WAY = (
    Fault("connection refused", Vendor.stop, TransportError, "[Cc]onnect"),
    Fault(
        "no such host", _setting("is_known_by_name", False), TransportError, f"{HOST} is not known|Connect", host=HOST
    ),
    Fault("closed before an answer", _behaving(_hang_up), TransportError),
    Fault("closed mid-body", _behaving(_break_off), TransportError),
    Fault("reset mid-body", _behaving(_reset), TransportError),
    Fault("accepted, then silence", _behaving(_stay_silent), TransportError, is_slow=True),
    Fault("silence mid-body", _behaving(_stall), TransportError, is_slow=True),
    Fault("drips, in the headers", _behaving(_drip_head), TransportError, is_slow=True),
    Fault("drips, in the body", _behaving(_drip_body), TransportError, is_slow=True),
    Fault("drips, but ends in time", _behaving(_drip_quickly)),
    Fault("no HTTP", _answering(lambda _: b"220 mail.invalid ESMTP\r\n\r\n"), TransportError),
    Fault("endless line of a header", _behaving(_pour(b"HTTP/1.1 200 OK\r\nX-Long: ", b"." * 4096)), TransportError),
    Fault("endless headers", _behaving(_pour(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n" * 300)), TransportError),
    Fault(
        "endless early hints",
        _behaving(_hint),
        TransportError,
        is_slow=True,
    ),
    Fault("clock set back a day", _setting("clock_error", -86400.0), is_slow=True),
    Fault("clock set forward a day", _setting("clock_error", 86400.0), is_slow=True),
)
TLS = (
    _tls("a given CA bundle", lambda _: None),
    _certified("self-signed", _certificates.STRANGER, "self.signed"),
    _certified("of another host", _certificates.ELSEWHERE, r"127\.0\.0\.1", trusts=_certificates.ELSEWHERE),
    _certified("expired", _certificates.EXPIRED, "expired", trusts=_certificates.EXPIRED),
    _tls("none at all", _both(_WITHOUT_TLS, _answering(lambda _: b"220 hello\r\n")), "no TLS is spoken there"),
    _tls("silence", _both(_WITHOUT_TLS, _behaving(_stay_silent)), "in time", is_slow=True),
)
REFUSALS = (
    Fault("302 to a login page", _behaving(_redirect), ApiError, "302", may_pass=False),
    Fault(
        "304 Not Modified",
        _answering(lambda _: b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        ApiError,
        "304",
        may_pass=False,
    ),
    _code("400 Bad Request", BadRequest, may_pass=False),
    _code("401 Unauthorized", AuthenticationError, may_pass=False),
    _code("402 Payment Required", LicenseRequired, may_pass=False),
    _code("403 Forbidden", PermissionDenied, may_pass=False),
    _code("404 Not Found", NotFound, may_pass=False),
    _code("408 Request Timeout", ApiError),
    _code("409 Conflict", ApiError, may_pass=False),
    _code("422 Unprocessable", BadRequest, may_pass=False),
    _code("425 Too Early", ApiError),
    _code("429 Too Many Requests", RateLimited),
    _code("500 Internal Server Error", ServerError),
    _code("502 Bad Gateway", ServerError),
    _code("503 Service Unavailable", ServerError),
    _code("504 Gateway Timeout", ServerError),
    _code("520 Unknown", ServerError),
    _code("599 Whatever", ServerError),
)
BODIES = (
    _body("empty body", lambda _: b"", MalformedResponse, "200"),
    Fault("204 and no body", _answering(lambda _: b"HTTP/1.1 204 No Content\r\n\r\n"), MalformedResponse, "204"),
    Fault(
        "HTML in its stead",
        _answering(lambda _: http(b"<title>Sign in</title>", Content_Type="text/html")),
        MalformedResponse,
        "Sign in",
    ),
    Fault("JSON called HTML", _answering(lambda kind: http(kind.reply(kind.running), Content_Type="text/html"))),
    Fault("a body of 1 GiB", _behaving(_pour(http(b"", **_GIB), _NOTHINGS)), MalformedResponse, _MORE_THAN),
    Fault("an error of 1 GiB", _behaving(_pour(http(b"", "503 No", **_GIB), _NOTHINGS)), MalformedResponse, _MORE_THAN),
    Fault(
        "a body without end",
        _behaving(_pour(_CHUNKED, b"10000\r\n" + _NOTHINGS + b"\r\n")),
        MalformedResponse,
        _MORE_THAN,
    ),
    _packed("gzip", "gzip", lambda kind: gzip.compress(kind.reply(kind.running))),
    _packed("gzip, cut off", "gzip", lambda kind: gzip.compress(kind.reply(kind.running))[:-20], "cut short"),
    _packed("gzip that is none", "gzip", lambda kind: kind.reply(kind.running), "unpacked"),
    _packed("gzip bomb", "gzip", lambda _: _bomb(1), _MORE_THAN),
    _packed("gzip bomb in gzip", "gzip, gzip", lambda _: _bomb(2), "gzip, gzip"),
    _packed("brotli, not asked for", "br", lambda _: b"\x0b\x02", "'br'"),
)
JSON = (
    _body("truncated JSON", lambda kind: kind.reply(kind.running)[:-1], MalformedResponse, "without JSON"),
    _body("status given twice", lambda kind: kind.reply(kind.done, kind.running)),
    _body("nested too deep", lambda _: _DEEP, MalformedResponse, "without JSON"),
    _beside("nested 100 deep", f'"deep": {"[" * 100}{"]" * 100}'),
    _body("NaN as the status", lambda kind: kind.reply("NaN"), MalformedResponse, "no status"),
    _beside("NaN beside the status", '"numbers": [NaN, -Infinity]'),
    _body("huge integer as the status", lambda kind: kind.reply("9" * 4000), MalformedResponse, "no status"),
    _beside("huge integer beside it", f'"number": {"9" * 4000}'),
    _beside("integer beyond all bounds", f'"number": {"9" * 5000}', MalformedResponse),
    _body("list as the status", lambda kind: kind.reply("[1]"), MalformedResponse, "no status"),
    _body("a list in all's stead", lambda _: b"[]", MalformedResponse, "no status"),
    _body("null in all's stead", lambda _: b"null", MalformedResponse, "no status"),
    _body("invalid UTF-8", lambda _: b'{"status": "\xff\xfe\xfd"}', MalformedResponse, "without JSON"),
    _body("UTF-16", lambda kind: kind.reply(kind.running).decode().encode("utf-16")),
)
RETRY_AFTER = (
    _pause("7", _just("7"), 7),
    _pause("7 with a 503", _just("7"), 7, "503 Busy"),
    _pause("7.5", _just("7.5"), 7.5),
    _pause("0", _just("0"), None),
    _pause("an HTTP date", _date(30), 30),
    _pause("an HTTP date in GMT+1", lambda now: email.utils.formatdate(now + 3630).replace("-0000", "+0100"), 30),
    _pause("a Unix time", _at(30), 30),
    _pause("a date that has passed", _date(-30), None),
    _pause("a Unix time that has passed", _at(-30), None),
    _pause("nonsense", _just("soon"), None),
    _pause("empty", _just(""), None),
    _pause("negative", _just("-7"), None),
    _pause("a day", _just("86400"), 3600),
    _pause("a date in a year", _date(365 * 86400), 3600),
    _pause("infinite", _just("inf"), None),
    _pause("NaN", _just("nan"), None),
    attrs.evolve(
        _pause("a date, our clock being wrong", _date(30), 30),
        begin=_both(_setting("clock_error", -3600.0), _retry_after(_date(30))),
    ),
)
FAULTS = (*ON_THE_WAY, *TLS, *REFUSALS, *BODIES, *JSON, *RETRY_AFTER)
