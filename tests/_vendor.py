"""A vendor on loopback that tells of one job, of any kind, and can be made to misbehave."""

from __future__ import annotations

import functools
import re
import socket
import ssl
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from settled import Job, agilesec, cortex_xdr, cortex_xsiam, osapi
from settled._run import clock as _clock

from _servers import Server

SECRET = "not-a-real-secret-0123456789"
LOOPBACK = "127.0.0.1"
HOST = "vendor.invalid"


@attrs.frozen
class Kind:
    """A kind of job, and replies that tell of one: JSON around a member with the status."""

    name: str
    connect: Callable[..., Job[Any]]
    opening: str
    key: str
    closing: str
    running: str
    done: str
    seen: str

    def __str__(self) -> str:
        return self.name

    def reply(self, *statuses: str, also: str = "") -> bytes:
        """The reply with a status, given as JSON, or with several; `also` goes before all else."""
        members = ", ".join(f'"{self.key}": {status}' for status in statuses)
        return f"{{{also}{self.opening}{members}{self.closing}}}".encode()


def _cortex(vendor: Any, make: Callable[[Any, str], Job[Any]]) -> Callable[..., Job[Any]]:
    return lambda url, **options: make(vendor.connect(url, key_id=7, key=SECRET, max_rate=None, **options), "7000000")


def _with_token(vendor: Any, make: Callable[[Any, str], Job[Any]]) -> Callable[..., Job[Any]]:
    job_id = "550e8400-e29b-41d4-a716-446655440000"
    return lambda url, **options: make(vendor.connect(url, token=SECRET, **options), job_id)


KINDS = (
    Kind(
        "agilesec.scan", _with_token(agilesec, agilesec.scan), "", "status", "",
        '"running"', '"successful"', "running",
    ),
    Kind(
        "cortex_xdr.action", _cortex(cortex_xdr, cortex_xdr.action), '"reply": {"data": {', "endpoint-1", "}}",
        '"IN_PROGRESS"', '"COMPLETED_SUCCESSFULLY"', "1 IN_PROGRESS",
    ),
    Kind(
        "cortex_xdr.script_execution", _cortex(cortex_xdr, cortex_xdr.script_execution), '"reply": {',
        "general_status", "}", '"IN_PROGRESS"', '"COMPLETED_SUCCESSFULLY"', "IN_PROGRESS",
    ),
    Kind(
        "cortex_xsiam.byos_import", _cortex(cortex_xsiam, cortex_xsiam.byos_import), "", "job_status", "",
        '"PROCESSING"', '"COMPLETED"', "PROCESSING",
    ),
    Kind(
        "cortex_xdr.xql_query", _cortex(cortex_xdr, cortex_xdr.xql_query), '"reply": {', "status", "}",
        '"PENDING"', '"SUCCESS"', "PENDING",
    ),
    Kind("osapi.job", _with_token(osapi, osapi.job), "", "status", "", '"processing"', '"completed"', "processing"),
)  # fmt: skip


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; of headers, `_` in a name stands for a hyphen."""
    named = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


Answer = Callable[["Vendor", socket.socket], None]


class Vendor(Server):
    """A server that tells of one job: that it runs, until a fault begins; that it is done, when that is over."""

    def __init__(self, kind: Kind, *, certificate: str | None = None, closes: bool = False) -> None:
        super().__init__(self._serve)
        self.kind = kind
        self.certificate = certificate
        self._certificate = certificate
        self._closes = closes
        self.answer: Answer
        self.clock_error: float
        self.is_known_by_name: bool
        self.reads: bool
        self.start_again()
        self.asked_at: list[float] = []
        self.requests: dict[socket.socket, bytes] = {}
        self.sent = 0
        self._wall_clock = time.time
        self._resolve = socket.getaddrinfo
        self.login = Server(self._take_login)
        self.logins = 0

    def start_again(self) -> None:
        """Tell that the job is running."""
        self._begin_again(self.kind.running)

    def recover(self) -> None:
        """End whatever fault there is, and tell that the job is done."""
        self._begin_again(self.kind.done)
        if not self.is_listening:
            self.listen()

    def _begin_again(self, status: str) -> None:
        headers = {"Connection": "close"} if self._closes else {}
        self.answer = say(http(self.kind.reply(status), **headers))
        self.certificate = self._certificate
        self.reads = self.is_known_by_name = True
        self.clock_error = 0.0

    def wall_clock(self) -> float:
        """The time of day, as a clock tells it that somebody has set."""
        return self._wall_clock() + self.clock_error

    def resolve(self, host: Any, *args: Any, **named: Any) -> Any:
        """Look a host up: that of the vendor is known, but not always."""
        if host not in (HOST, HOST.encode()):
            return self._resolve(host, *args, **named)
        # The real answer of the real function, without a question that leaves the machine.
        port, flags = args[0] if args else named["port"], socket.AI_NUMERICHOST
        return self._resolve(LOOPBACK if self.is_known_by_name else host, port, type=socket.SOCK_STREAM, flags=flags)

    def _serve(self, connection: socket.socket) -> None:
        if self.certificate is not None:
            connection = _server_context(self.certificate).wrap_socket(connection, server_side=True)
        with connection:
            while not self.reads or self._read_request(connection):
                self.asked_at.append(_clock.clock.now())
                self.answer(self, connection)
                if self._closes:
                    break

    def _read_request(self, connection: socket.socket) -> bool:
        request = b""
        while not _is_complete(request):
            part = connection.recv(65536)
            if not part:
                return False
            request += part
        self.requests[connection] = request
        return True

    def _take_login(self, connection: socket.socket) -> None:
        self.logins += 1
        connection.recv(65536)


@functools.cache
def _server_context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.pem"
        path.write_text(certificate)
        context.load_cert_chain(path)
    return context


def _is_complete(request: bytes) -> bool:
    head, blank, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    return bool(blank) and len(body) == (int(length[1]) if length else 0)


def say(content: bytes) -> Answer:
    """Answer with these bytes."""
    return lambda vendor, connection: connection.sendall(content)
