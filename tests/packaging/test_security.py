"""What the threat note claims: where credentials go, and what a ref, a server or a neighbour cannot do."""

from __future__ import annotations

import re
import socket
import ssl
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

import settled
from settled import Job, agilesec, cortex_xdr, cortex_xsiam, errors, osapi
from settled.simulator import Simulator

from _specs import ROOT
from conftest import Answering, WaitFunction

KEY = "a-key-of-the-security-tests"
VENDORS: dict[str, Callable[..., Any]] = {
    "agilesec": lambda url, **options: agilesec.connect(url, token=KEY, **options),
    "cortex_xdr": lambda url, **options: cortex_xdr.connect(url, key_id=7, key=KEY, **options),
    "cortex_xsiam": lambda url, **options: cortex_xsiam.connect(url, key_id=7, key=KEY, advanced=True, **options),
    "osapi": lambda url, **options: osapi.connect(url, token=KEY, **options),
}
KINDS = {
    "agilesec.scan": "65b2f1917d1e9a3b58c6d31b",
    "cortex_xdr.action": "17",
    "cortex_xdr.script_execution": "17",
    "cortex_xsiam.byos_import": "3f0a6c52-0c0e-4a53-9c39-2f1f5f0b7a10",
    "osapi.job": "3f0a6c52-0c0e-4a53-9c39-2f1f5f0b7a10",
}
BASE = "https://api-tenant.invalid/base"

each_kind = pytest.mark.parametrize("kind", KINDS)
each_vendor = pytest.mark.parametrize("vendor", VENDORS)


def _client(kind: str, url: str, **options: Any) -> Any:
    return VENDORS[kind.partition(".")[0]](url, **options)


@each_kind
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(answering: Answering, wait: WaitFunction, kind: str, status: int) -> None:
    """No redirect is followed, wherever it leads: the wait ends, and the credentials have gone to one place only."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        place = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/login"
        url = answering(Response(status_code=status, headers={"Location": place}))
        job: Job[Any] = settled.from_ref(f"{kind}/{KINDS[kind]}", _client(kind, url))
        with pytest.raises(errors.ApiError, match=f"answered {status}"):
            wait(job, timeout=900)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert len(answering.requests) == 1


@each_vendor
@pytest.mark.parametrize("options", [{}, {"fast": True}], ids=str)
def test_certificates_are_checked(vendor: str, options: dict[str, Any]) -> None:
    """TLS checks the server's certificate and name, and is 1.2 or later; `verify` cannot turn that off."""
    with pytest.raises(TypeError, match="verify"):
        VENDORS[vendor](BASE, **options, verify=False)
    context = VENDORS[vendor](BASE, **options)._verify_ssl
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@each_vendor
def test_an_address_without_scheme_is_safe(vendor: str) -> None:
    """Whoever leaves the scheme out gets HTTPS."""
    assert VENDORS[vendor]("tenant.invalid").get_httpx_client().base_url.scheme == "https"


HOSTILE_IDS = [
    *("../../admin", "..%2f..%2fadmin", "%2e%2e/admin", "..\\..\\admin", "x/../../y", "./x", "x/.", "x/..", "/", "//"),
    *("//evil.invalid/x", "https://evil.invalid/x", "@evil.invalid", ":8443", "x?admin=1", "x#y", "x;y=1", "x&y=1"),
    *("x%00", "x%0d%0aHost:evil.invalid", "\uff0e\uff0e\uff0fx", "x\u2024y", "{x}", "{0}", "%s", "x y", "x+y", "~"),
]


def _target(job: Job[Any]) -> tuple[Any, ...]:
    """Where a job's poll goes: everything of its request but the id itself."""
    request = job.client.get_httpx_client().build_request(**job.kind.request(job.id))
    path, _, query = request.url.raw_path.decode().partition("?")
    segments = path.split("/")
    has_id = not request.content
    return (
        *(request.method, request.url.scheme, request.url.host, request.url.port, request.url.userinfo),
        *(
            len(segments),
            "/".join(segments[:-1] if has_id else segments),
            query.partition("=")[0],
            request.url.fragment,
        ),
        httpx.URL(path).path == request.url.path,
    )


CLIENTS = {kind: _client(kind, BASE) for kind in KINDS}


@given(kind=st.sampled_from([*KINDS]), job_id=st.text(max_size=30) | st.sampled_from(HOSTILE_IDS))
def test_a_ref_names_a_job_and_nothing_else(kind: str, job_id: str) -> None:
    """Whatever stands in a ref, it is refused or asks the same host for the same path, with another id."""
    client = CLIENTS[kind]
    try:
        job: Job[Any] = settled.from_ref(f"{kind}/{job_id}", client)
    except ValueError:
        return
    assert _target(job) == _target(settled.from_ref(f"{kind}/{KINDS[kind]}", client))


@pytest.mark.parametrize("ref", [f"{kind}/{job_id}" for kind in KINDS for job_id in HOSTILE_IDS])
def test_hostile_refs(ref: str) -> None:
    """Nor does any of the usual tricks."""
    kind = ref.partition("/")[0]
    try:
        job: Job[Any] = settled.from_ref(ref, CLIENTS[kind])
    except ValueError:
        return
    assert _target(job) == _target(settled.from_ref(f"{kind}/{KINDS[kind]}", CLIENTS[kind]))


@pytest.mark.parametrize(
    "ref",
    ["antigravity.scan/1", "this.x/1", "demo.main/1", "simulator.scan/1", "os.path/1", ".x/1", "..x/1", "_job.x/1",
     "agilesec.connect/1", "agilesec.scan", "agilesec.KINDS/1", "agilesec/scan/1", "http://evil.invalid/1", ""],
)  # fmt: skip
def test_a_ref_imports_nothing(ref: str) -> None:
    """A ref that names no kind is refused, and no module is imported but the vendors' own."""
    with pytest.raises(ValueError, match="not a ref of a known kind"):
        settled.from_ref("unknown", CLIENTS["osapi.job"])  # which imports what lists the kinds that are known
    before = set(sys.modules)
    with pytest.raises(ValueError, match="not a ref of a known kind"):
        settled.from_ref(ref, CLIENTS["osapi.job"])
    assert set(sys.modules) == before


@each_kind
def test_a_ref_holds_no_secret_and_no_host(kind: str) -> None:
    """A ref can be printed, kept and sent: it has the kind and the id."""
    job: Job[Any] = settled.from_ref(f"{kind}/{KINDS[kind]}", CLIENTS[kind])
    assert job.ref == f"{kind}/{KINDS[kind]}"


def test_the_simulator_is_on_loopback_only(running_simulator: Simulator) -> None:
    """The simulator listens on 127.0.0.1, and there is no argument to have it elsewhere."""
    listening = running_simulator._server._socket
    assert listening is not None
    assert listening.getsockname()[0] == "127.0.0.1"
    with pytest.raises(TypeError, match="host"):
        Simulator(host="0.0.0.0")  # type: ignore[call-arg]  # noqa: S104 - that it is refused is the point


def test_the_simulator_cannot_be_reached_from_elsewhere(running_simulator: Simulator) -> None:
    """Another of the machine's addresses has nobody listening."""
    port = int(running_simulator.url.rpartition(":")[2])
    with pytest.raises(OSError, match=r"refused"), socket.create_connection(("127.0.0.2", port), timeout=5):
        pass


NOTE = ROOT / "SECURITY.md"


def test_the_note_names_tests_that_exist() -> None:
    """Each claim of the threat note is held by the tests that it names."""
    claims = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", NOTE.read_text(encoding="utf-8"))
    assert len(claims) > 15
    for file, name in claims:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in source, f"{file}::{name}"


def test_the_note_lists_the_dependencies() -> None:
    """The note says of each dependency, and of each extra's, why it is there; of nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    wanted = {re.split(r"[^\w-]", each)[0] for each in (*project["dependencies"], *extras)} - {"settled"}
    listed = re.findall(r"^\| `([\w-]+)` \|", NOTE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == wanted
    assert len(listed) == len(wanted)


def test_ignored_lints_are_explained() -> None:
    """Wherever a rule of ruff's about security is set aside in what is shipped, the line says why."""
    for path in sorted(Path(ROOT, "overlay").rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"noqa: .*\bS\d{3}", line):
                assert re.search(r"noqa: [A-Z0-9, ]+ - \w", line), f"{path.name}: {line.strip()}"
