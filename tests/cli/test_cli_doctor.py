"""What `settled doctor` finds, and how to mend it."""

from __future__ import annotations

import base64
import importlib.metadata
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from settled.cli import _doctor
from settled.simulator import Simulator

from _cli import Command
from conftest import Answering

NOT_FOUND = JSONResponse({"error": "no such job"}, 404)
REFUSED = JSONResponse({"error": "who are you?"}, 401)


@pytest.fixture
def run(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, without any settings."""
    for name in (*sim.environ, "SETTLED_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return Command(sim)


def _findings(run: Command, *vendors: str, code: int) -> list[dict[str, Any]]:
    result = run("doctor", "--json", *vendors)
    assert result.exit_code == code, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def _problem(run: Command, *vendors: str) -> dict[str, Any]:
    (problem,) = (each for each in _findings(run, *vendors, code=4) if each["state"] == "problem")
    assert problem["fix"]
    return problem


@pytest.fixture
def server(run: Command, answering: Answering, monkeypatch: pytest.MonkeyPatch) -> Answering:
    """An OSAPI server whose answers a test writes out; the first one is to the request without credentials."""
    monkeypatch.setenv("SETTLED_OSAPI_URL", answering.url)
    monkeypatch.setenv("SETTLED_OSAPI_TOKEN", run.sim.token)
    return answering


def test_all_is_well(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything right, each vendor's settings, connection, clock and credentials are found so, and versions."""
    for name, value in run.sim.environ.items():
        monkeypatch.setenv(name, value)
    findings = _findings(run, code=0)
    assert {each["state"] for each in findings} <= {"ok", "note"}
    for vendor in ("agilesec", "cortex_xdr", "cortex_xsiam", "osapi"):
        messages = " ".join(each["message"] for each in findings if each["about"] == vendor)
        for words in (f"SETTLED_{vendor.upper()}_", "is reachable", "clock", "credentials are accepted"):
            assert words in messages
    versions = " ".join(each["message"] for each in findings if each["about"] == "versions")
    assert all(word in versions for word in ("settled", "Python", "httpx", "extra simulator"))
    assert {asked.status_code for asked in run.sim.asked} <= {200, 401, 404}


def test_as_text(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --json each finding is a line, and the way to mend it another one."""
    for name, value in run.sim.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SETTLED_OSAPI_URL", "")
    result = run("doctor", "osapi")
    assert result.exit_code == 4
    problem, fix = result.stdout.splitlines()[-2:]
    assert problem == "problem  osapi: the environment variable SETTLED_OSAPI_URL is not set"
    assert fix.startswith("         -> set SETTLED_OSAPI_URL")


def test_no_settings(run: Command) -> None:
    """Without any settings, or without those of a vendor that is named, the doctor tells how to give them."""
    assert "SETTLED_CONFIG" in _problem(run)["fix"]
    assert "SETTLED_OSAPI_URL" in _problem(run, "osapi")["fix"]
    assert "cortex_xsiam" in _problem(run, "no_vendor")["fix"]


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([REFUSED], "refused"),
        ([REFUSED, JSONResponse({}, 402)], "licence"),
        ([REFUSED, JSONResponse({}, 403)], "permission"),
        ([NOT_FOUND], "not found, with and without credentials"),
        ([HTMLResponse("<html>log in</html>")], "not from the API"),
    ],
    ids=["401", "402", "403", "wrong path", "HTML"],
)
def test_refusals(run: Command, server: Answering, replies: list[Any], words: str) -> None:
    """401, 402, 403, a wrong path and a page of HTML are told apart."""
    server(*replies)
    assert words in _problem(run, "osapi")["message"]


@pytest.mark.parametrize(
    ("replies", "state"),
    [
        ([REFUSED, NOT_FOUND], "ok"),
        ([REFUSED, JSONResponse({}, 400)], "ok"),
        ([REFUSED, JSONResponse({}, 500)], "ok"),
        ([REFUSED, JSONResponse({}, 429)], "note"),
        ([JSONResponse({"status": "completed"})], "note"),
    ],
    ids=["404", "400", "500", "429", "open to all"],
)
def test_acceptance(run: Command, server: Answering, replies: list[Any], state: str) -> None:
    """Credentials are accepted if their holder is answered otherwise than nobody is."""
    server(*replies)
    assert _findings(run, "osapi", code=0)[-1]["state"] == state


@pytest.mark.parametrize("kind", ["standard", "advanced"])
def test_the_other_type_of_key(run: Command, answering: Answering, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A Cortex key that is accepted only as one of the other type is found to be of that."""
    other = {"standard": "advanced", "advanced": "standard"}[kind]
    settings = {"URL": answering.url, "KEY_ID": "7", "KEY": run.sim.key, "KEY_TYPE": kind}
    for name, value in settings.items():
        monkeypatch.setenv(f"SETTLED_CORTEX_XDR_{name}", value)
    answering(REFUSED, REFUSED, JSONResponse({"reply": {"data": {}}}))
    assert f"SETTLED_CORTEX_XDR_KEY_TYPE={other}" in _problem(run, "cortex_xdr")["fix"]
    answering(REFUSED)
    assert "key id" in _problem(run, "cortex_xdr")["fix"]
    assert [("x-xdr-nonce" in request.headers) for request in answering.requests] == [
        False,
        kind == "advanced",
        kind == "standard",
    ]


@pytest.mark.parametrize(("offset", "words"), [(7200, "2 hours ahead of"), (-600, "10 minutes behind")])
def test_clock(run: Command, server: Answering, monkeypatch: pytest.MonkeyPatch, offset: float, words: str) -> None:
    """A clock that is wrong is a problem."""
    server(REFUSED, NOT_FOUND)
    monkeypatch.setattr(_doctor, "time", SimpleNamespace(time=lambda: time.time() + offset, monotonic=time.monotonic))
    assert words in _problem(run, "osapi")["message"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": 1}, "problem: the token expired"),
        ({"exp": 4e9}, "ok: the token is a JWT that expires in"),
        ({"exp": "soon"}, "note: the token is not a readable JWT"),
        (None, "note: the token is not a readable JWT"),
    ],
)
def test_token(run: Command, server: Answering, monkeypatch: pytest.MonkeyPatch, claims: Any, words: str) -> None:
    """A token that has expired is a problem, and one that is no JWT worth a note."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    monkeypatch.setenv("SETTLED_OSAPI_TOKEN", "plain-token" if claims is None else f"e30.{payload}.c2ln")
    server(REFUSED, NOT_FOUND)
    findings = _findings(run, "osapi", code=4 if words.startswith("problem") else 0)
    assert sum(f"{each['state']}: {each['message']}".startswith(words) for each in findings) == 1


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("proxy", "words"), [("http://127.0.0.1:99999", "port 99999"), ("ftp://h", "scheme")])
def test_proxies_that_cannot_work(run: Command, monkeypatch: pytest.MonkeyPatch, proxy: str, words: str) -> None:
    """Settings of a proxy that cannot work are a problem of each vendor, and end no check of another one."""
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    found = _findings(run, "osapi", "agilesec", code=4)
    (problem,) = (each for each in found if each["about"] == "osapi")
    assert problem["state"] == "problem"
    assert words in problem["message"]
    assert "HTTP_PROXY" in problem["fix"]
    assert any(each["about"] == "agilesec" for each in found)


def test_nobody_there(run: Command, server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nobody listens on, and a host that nobody knows, are told apart."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("SETTLED_OSAPI_URL", f"http://127.0.0.1:{port}")
    assert "refuses connections" in _problem(run, "osapi")["message"]
    monkeypatch.setenv("SETTLED_OSAPI_URL", "https://no-such-host.invalid")
    assert "DNS does not know the host" in _problem(run, "osapi")["message"]
    # No TLS is spoken there.
    monkeypatch.setenv("SETTLED_OSAPI_URL", server.url.replace("http:", "https:"))
    assert "no TLS with" in _problem(run, "osapi")["message"]


class _Trickling(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Refuse whoever brings no token at once, and anybody else without an end."""
        self.send_response(401)
        self.send_header("Content-Length", "1000000" if "authorization" in self.headers else "0")
        self.end_headers()
        while "authorization" in self.headers:
            try:
                self.wfile.write(b" ")
            except OSError:
                self.close_connection = True
                return
            time.sleep(0.02)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_answer_without_an_end(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests together are given a few seconds, however the answers come."""
    monkeypatch.setattr(_doctor, "_PATIENCE_SECONDS", 0.3)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Trickling) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("SETTLED_OSAPI_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("SETTLED_OSAPI_TOKEN", run.sim.token)
        problem = _problem(run, "osapi")
        server.shutdown()
        thread.join()
    assert "no reply" in problem["message"]


class _Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Refuse whoever brings no token, and know no job."""
        self.send_response(404 if "authorization" in self.headers else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def with_tls(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server that speaks TLS, and its certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    made = [openssl, *options.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)  # noqa: S603
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}", certificate
    server.shutdown()
    thread.join()
    server.server_close()


def test_tls(run: Command, with_tls: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for is a problem until its CA is named."""
    url, certificate = with_tls
    file = tmp_path / "settled.toml"
    table = f'[osapi]\nbase_url = "{url}"\ntoken = "{run.sim.token}"\n'
    file.write_text(table, encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("SETTLED_CONFIG", str(file))
    problem = _problem(run, "osapi")
    assert "is not trusted" in problem["message"]
    assert "verify" in problem["fix"]
    file.write_text(f'{table}verify = "{certificate}"\n', encoding="utf-8")
    messages = " ".join(each["message"] for each in _findings(run, "osapi", code=0))
    assert "TLSv1.3 and a trusted certificate" in messages
    assert "credentials are accepted" in messages


def test_not_installed(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported from a folder, without having been installed, settled has no extras to tell of."""

    def nothing(package: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "requires", nothing)
    states = [each["state"] for each in _findings(run, "osapi", code=4) if each["about"] == "versions"]
    assert states == ["ok", "note"]


def test_status_at_an_address_without_the_path(run: Command, server: Answering) -> None:
    """`settled status` asks for the path, too, where something else than the API answers."""
    server(JSONResponse({"message": "Not Found"}, 404))
    result = run("status", "osapi.job/5e0c6f7a-6a57-4d0e-8f0b-0c9d2b1a7e11")
    assert result.exit_code == 4
    assert "/api?" in " ".join(result.output.split())
