"""Our clients against a mock server that prism makes of each spec: it checks the requests, and answers the examples."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from settled import Job, Outcome, agilesec, cortex_xdr, cortex_xsiam, errors, osapi

# The jobs that the specs' example replies name: a reply that names another one is refused.
SCAN = "65b2f1917d1e9a3b58c6d31b"
IMPORT = "6f1c2a52-0c0e-4a53-9c39-2f1f5f0b7a10"
ENDPOINT = "3f9d1c7a5be24c0f8a6e2d4b90c71e58"
HASH = "ab" * 32
QUERY_ID = "7c1d4e0b52a94f_4711_inv"
OSAPI_JOB = "1d6f3c0e-8b7a-4f52-a1c9-5e2b9f0d7c34"

CONNECT: dict[str, Callable[[str], Any]] = {
    "agilesec": lambda url: agilesec.connect(url, token="t"),
    "cortex_xdr": lambda url: cortex_xdr.connect(url, key_id=7, key="k", advanced=True),
    "cortex_xsiam": lambda url: cortex_xsiam.connect(url, key_id=7, key="k"),
    "osapi": lambda url: osapi.connect(url, token="t"),
}
JOBS: dict[str, Callable[[Any], Job[Any]]] = {
    "agilesec.scan": lambda client: agilesec.scan(client, SCAN),
    "agilesec.create_scan": lambda client: agilesec.create_scan(
        client,
        sensor_type="GIT Sensor",
        sensor_name="nightly",
        sensor_config={"url": "https://git.invalid/x"},
        priority="low",
        labels={"team": "blue"},
    ),
    "agilesec.execute_scan": lambda client: agilesec.scan(
        (agilesec.execute_scan(client, "65b2f1907d1e9a3b58c6d31a"), client)[1], SCAN
    ),
    "cortex_xdr.action": lambda client: cortex_xdr.action(client, 2**53 - 1),
    "cortex_xdr.script_execution": lambda client: cortex_xdr.script_execution(client, "17"),
    "cortex_xdr.isolate": lambda client: cortex_xdr.isolate(client, [ENDPOINT]),
    "cortex_xdr.isolate of several": lambda client: cortex_xdr.isolate(client, [ENDPOINT, "b"], incident_id=42),
    "cortex_xdr.unisolate": lambda client: cortex_xdr.unisolate(client, [ENDPOINT]),
    "cortex_xdr.scan_endpoints": lambda client: cortex_xdr.scan_endpoints(client, [ENDPOINT]),
    "cortex_xdr.scan_all_endpoints": cortex_xdr.scan_all_endpoints,
    "cortex_xdr.abort_scan": lambda client: cortex_xdr.abort_scan(client, [ENDPOINT]),
    "cortex_xdr.quarantine_file": lambda client: cortex_xdr.quarantine_file(
        client, [ENDPOINT], path="/opt/x", sha256=HASH
    ),
    "cortex_xdr.restore_file": lambda client: cortex_xdr.restore_file(client, HASH, endpoint_id=ENDPOINT),
    "cortex_xdr.retrieve_files": lambda client: cortex_xdr.retrieve_files(client, [ENDPOINT], windows=["C:\\x"]),
    "cortex_xdr.run_script": lambda client: cortex_xdr.run_script(
        client, "u1", [ENDPOINT], parameters={"depth": 2}, timeout=60
    ),
    "cortex_xdr.run_snippet": lambda client: cortex_xdr.run_snippet(client, "print(7)", [ENDPOINT]),
    "cortex_xdr.xql_query": lambda client: cortex_xdr.xql_query(client, QUERY_ID),
    "cortex_xdr.start_query": lambda client: cortex_xdr.start_query(
        client, "dataset = xdr_data", timeframe=timedelta(days=1), tenants=["t1"]
    ),
    "cortex_xsiam.xql_query": lambda client: cortex_xsiam.xql_query(client, QUERY_ID),
    "cortex_xsiam.start_query": lambda client: cortex_xsiam.start_query(
        client, "dataset = xdr_data", timeframe=(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    ),
    "cortex_xsiam.import_assets": lambda client: cortex_xsiam.import_assets(
        client,
        [{"origin_asset_id": "host-17", "vulnerabilities": [{"vulnerability_id": "v1", "confidence": "Potential"}]}],
        vendor="Acme",
        product="Scanner",
    ),
    "cortex_xsiam.byos_import": lambda client: cortex_xsiam.byos_import(client, IMPORT),
    "osapi.job": lambda client: osapi.job(client, OSAPI_JOB),
}

ROOT = Path(__file__).resolve().parents[2]
PRISM = ROOT / ".venv" / "prism" / "node_modules" / ".bin" / "prism"

each_job = pytest.mark.parametrize("name", JOBS)


@pytest.fixture(scope="module")
def mock() -> Iterator[Callable[[str], str]]:
    """Starts prism's mock server of a vendor's spec, once, and answers its address."""
    if shutil.which("node") is None or not PRISM.exists():
        pytest.skip("prism is not installed: `make test-contract` does that where node and npm are")
    with contextlib.ExitStack() as servers:
        urls: dict[str, str] = {}

        def start(vendor: str) -> str:
            if vendor not in urls:
                urls[vendor] = servers.enter_context(_serving(ROOT / "specs" / f"{vendor}.yaml"))
            return urls[vendor]

        yield start


@contextlib.contextmanager
def _serving(spec: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(PRISM), "mock", str(spec), "--host", "127.0.0.1", "--port", str(port), "--errors"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            _await(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _await(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError("prism did not start within 30 s")


def _vendor(name: str) -> str:
    return name.partition(".")[0]


@each_job
def test_requests_are_what_the_spec_says(mock: Callable[[str], str], name: str) -> None:
    """A mock that refuses whatever the spec does not allow takes our requests, and its answers are read and decoded."""
    with CONNECT[_vendor(name)](mock(_vendor(name))) as client:
        snapshot = JOBS[name](client).fetch()
    assert snapshot.is_known
    assert snapshot.outcome is None or isinstance(snapshot.outcome, Outcome)
    assert snapshot.body.to_dict()


@pytest.mark.parametrize(
    ("name", "status_code", "error_class"),
    [
        ("cortex_xsiam.byos_import", 404, errors.NotFound),
        ("cortex_xsiam.byos_import", 422, errors.BadRequest),
        ("cortex_xsiam.xql_query", 402, errors.LicenseRequired),
        ("cortex_xsiam.import_assets", 422, errors.BadRequest),
        ("cortex_xsiam.import_assets", 429, errors.RateLimited),
        ("cortex_xdr.action", 400, errors.BadRequest),
        ("cortex_xdr.action", 401, errors.AuthenticationError),
        ("cortex_xdr.action", 402, errors.LicenseRequired),
        ("cortex_xdr.action", 403, errors.PermissionDenied),
        ("cortex_xdr.script_execution", 500, errors.ServerError),
        ("cortex_xdr.isolate", 402, errors.LicenseRequired),
        ("cortex_xdr.run_script", 403, errors.PermissionDenied),
        ("agilesec.scan", 404, errors.NotFound),
        ("osapi.job", 400, errors.BadRequest),
        ("osapi.job", 401, errors.AuthenticationError),
        ("osapi.job", 403, errors.PermissionDenied),
        ("osapi.job", 404, errors.NotFound),
        ("osapi.job", 500, errors.ServerError),
    ],
)
def test_documented_refusals(
    mock: Callable[[str], str], name: str, status_code: int, error_class: type[errors.ApiError]
) -> None:
    """Each documented refusal is the error it should be, with a sentence that was found in its body."""
    client = CONNECT[_vendor(name)](mock(_vendor(name))).with_headers({"Prefer": f"code={status_code}"})
    with client, pytest.raises(error_class) as raised:
        JOBS[name](client).fetch()
    assert raised.value.status_code == status_code
    assert len(raised.value.message) > 5


def test_results_are_what_the_spec_says(mock: Callable[[str], str], tmp_path: Path) -> None:
    """The mock takes the requests for results and files of XDR jobs, and its answers are read."""
    with CONNECT["cortex_xdr"](mock("cortex_xdr")) as client:
        run, action = cortex_xdr.script_execution(client, "17"), cortex_xdr.action(client, 17)
        assert cortex_xdr.script_results(run, timeout=5).results
        # The links of the examples lead to what the mock does not serve.
        with pytest.raises(errors.NotFound, match="download/"):
            cortex_xdr.download_script_files(run, ENDPOINT, tmp_path, timeout=5)
        with pytest.raises(errors.NotFound, match="download/"):
            cortex_xdr.download_retrieved_files(action, tmp_path, timeout=5)


@pytest.mark.parametrize("vendor", CONNECT)
def test_credentials_are_where_the_spec_wants_them(mock: Callable[[str], str], vendor: str) -> None:
    """The mock asks for the credentials that the spec names, and misses them where they are not sent."""
    name = next(name for name in JOBS if _vendor(name) == vendor)
    client = CONNECT[vendor](mock(vendor))
    client.get_httpx_client().auth = None
    with client, pytest.raises(errors.AuthenticationError):
        JOBS[name](client).fetch()
