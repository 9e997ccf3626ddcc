"""Cortex XSIAM: connecting, credentials, the job function and its words."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import time
from typing import Any

import httpx
import pytest

import settled
from settled import Outcome, cortex_xsiam, errors
from settled._core.rate_limit import rate_limiter_of
from settled._cortex.credentials import CortexKey
from settled.simulator import Simulator
from settled_clients import cortex_xsiam as generated

from conftest import KIND, Answering, WaitFunction

OK = {"job_id": "7", "created_timestamp": "2026-03-02T09:30:00Z", "job_status": "COMPLETED"}


def _recording(requests: list[httpx.Request]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={**OK, "job_id": None})

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("acme.xdr.eu.paloaltonetworks.com", "https://api-acme.xdr.eu.paloaltonetworks.com"),
        ("api-acme.xdr.eu.paloaltonetworks.com", "https://api-acme.xdr.eu.paloaltonetworks.com"),
        ("https://api-acme.xdr.eu.paloaltonetworks.com/", "https://api-acme.xdr.eu.paloaltonetworks.com"),
        ("https://gateway.invalid/xdr", "https://gateway.invalid/xdr"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (" acme.xdr.eu.paloaltonetworks.com\n", "https://api-acme.xdr.eu.paloaltonetworks.com"),
    ],
)
def test_addresses(address: str, url: str) -> None:
    """A bare FQDN gets `https://api-` in front unless it has it; a URL is taken as it is."""
    requests: list[httpx.Request] = []
    client = cortex_xsiam.connect(address, key_id=7, key="k", transport=_recording(requests))
    cortex_xsiam.byos_import(client, "7").fetch()
    path = "/public_api/vulnerability-management/v1/external-scans/assets/jobs/7"
    assert str(requests[0].url) == url + path


@pytest.mark.parametrize(
    "address", ["", "https://", "ftp://host", "https://a b", "https://host/?q=1", "https://host#x"]
)
def test_bad_addresses(address: str) -> None:
    """What cannot be the address of an API is a ValueError."""
    with pytest.raises(ValueError, match="not the address of an API"):
        cortex_xsiam.connect(address, key_id=7, key="k")


@pytest.mark.parametrize("key_id", ["", "seven", -1, 7.5, True, None])
def test_bad_key_ids(key_id: Any) -> None:
    """What cannot be the number of a key is a ValueError."""
    with pytest.raises(ValueError, match="key_id"):
        cortex_xsiam.connect("tenant.invalid", key_id=key_id, key="k")


def test_standard_key() -> None:
    """A standard key is sent as it is, without the blanks around it."""
    requests: list[httpx.Request] = []
    client = cortex_xsiam.connect("tenant.invalid", key_id="7", key=" k1 \n", transport=_recording(requests))
    cortex_xsiam.byos_import(client, "7").fetch()
    headers = requests[0].headers
    assert (headers["x-xdr-auth-id"], headers["authorization"]) == ("7", "k1")
    assert "x-xdr-nonce" not in headers
    assert headers["user-agent"].startswith(f"settled/{settled.__version__} ")


def test_advanced_key_signs_every_request() -> None:
    """An advanced key never travels: each request has a nonce, a time and a signature of its own."""
    requests: list[httpx.Request] = []
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k1", advanced=True, transport=_recording(requests))
    job = cortex_xsiam.byos_import(client, "7")
    job.fetch()
    asyncio.run(job.fetch_async())
    for headers in (request.headers for request in requests):
        nonce, timestamp = headers["x-xdr-nonce"], headers["x-xdr-timestamp"]
        assert len(nonce) == 64
        assert nonce.isalnum()
        assert abs(int(timestamp) / 1000 - time.time()) < 60
        assert headers["authorization"] == hashlib.sha256(f"k1{nonce}{timestamp}".encode()).hexdigest()
    assert requests[0].headers["x-xdr-nonce"] != requests[1].headers["x-xdr-nonce"]


@pytest.mark.parametrize("advanced", [False, True], ids=["standard", "advanced"])
def test_the_simulated_tenant_accepts_the_key(sim: Simulator, wait: WaitFunction, advanced: bool) -> None:
    """Both kinds of key are accepted over real HTTP, poll after poll."""
    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key, advanced=advanced) as client:
        job_id = sim.add(KIND, states=[("PROCESSING", 30), "COMPLETED"])
        assert wait(cortex_xsiam.byos_import(client, job_id), timeout=900).is_settled


def test_generated_operations_work_with_the_client(sim: Simulator) -> None:
    """What `connect` returns is the generated client, for every generated operation."""
    from settled_clients.cortex_xsiam.api.byos_import import get_byos_import_job

    with cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key) as client:
        assert type(client) is generated.AuthenticatedClient
        job_id = sim.add(KIND, states=["COMPLETED"])
        job = get_byos_import_job.sync(job_id, client=client)
        assert isinstance(job, generated.models.ByosImportJob)
        assert job.job_id == job_id


@pytest.mark.parametrize("vendor_type", [None, "standard", "Advanced"])
def test_connecting_from_the_environment(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor_type: str | None
) -> None:
    """The environment can hold the address and the credentials."""
    monkeypatch.setenv("SETTLED_CORTEX_XSIAM_URL", sim.url)
    monkeypatch.setenv("SETTLED_CORTEX_XSIAM_KEY_ID", str(sim.key_id))
    monkeypatch.setenv("SETTLED_CORTEX_XSIAM_KEY", sim.key)
    if vendor_type is not None:
        monkeypatch.setenv("SETTLED_CORTEX_XSIAM_KEY_TYPE", vendor_type)
    with cortex_xsiam.connect_from_env(max_rate=5) as client:
        assert cortex_xsiam.byos_import(client, sim.add(KIND, states=["COMPLETED"])).fetch().is_settled
        auth = client.get_httpx_client().auth
        assert isinstance(auth, CortexKey)
        assert auth.advanced is (vendor_type == "Advanced")


@pytest.mark.parametrize("missing", ["URL", "KEY_ID", "KEY"])
def test_incomplete_environment(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """A variable that is missing is named."""
    for name in ("URL", "KEY_ID", "KEY"):
        monkeypatch.setenv(f"SETTLED_CORTEX_XSIAM_{name}", "7")
    monkeypatch.delenv(f"SETTLED_CORTEX_XSIAM_{missing}")
    with pytest.raises(ValueError, match=f"SETTLED_CORTEX_XSIAM_{missing} is not set"):
        cortex_xsiam.connect_from_env()


def test_wrong_key_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is standard or advanced."""
    monkeypatch.setenv("SETTLED_CORTEX_XSIAM_KEY_TYPE", "fancy")
    with pytest.raises(ValueError, match="SETTLED_CORTEX_XSIAM_KEY_TYPE must be standard or advanced"):
        cortex_xsiam.connect_from_env()


def test_one_sided_transports() -> None:
    """A transport that is only sync or only async says so where the other is needed."""

    class OnlySync(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=OK)

    class OnlyAsync(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=OK)

    def job(transport: Any) -> settled.Job[Any]:
        client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k", transport=transport)
        return cortex_xsiam.byos_import(client, "7")

    fetched = job(OnlySync()).fetch()
    assert (fetched.raw, fetched.polls, fetched.elapsed) == (OK, 1, 0)
    assert asyncio.run(job(OnlyAsync()).fetch_async()).raw == OK
    with pytest.raises(TypeError, match="only async"):
        job(OnlyAsync()).fetch()
    with pytest.raises(TypeError, match="only sync"):
        asyncio.run(job(OnlySync()).fetch_async())


def test_default_rate_is_the_vendors() -> None:
    """A client polls somewhat less than ten times a second, as the vendor asks, unless told otherwise."""
    moments = []
    for options in ({}, {"max_rate": 2.0}, {"max_rate": None}):
        client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k", **options)
        limiter = rate_limiter_of(client)
        moments.append([limiter.reserve(0.0) for _ in range(3)])
    assert moments == [pytest.approx([0, 0.11, 0.22]), pytest.approx([0, 0.55, 1.1]), [0, 0, 0]]


@pytest.mark.parametrize("job_id", ["", "  ", ".", "..", "a\nb", 7, None])
def test_bad_ids(job_id: Any) -> None:
    """What cannot be an id is a ValueError before any request."""
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
    with pytest.raises(ValueError, match="not an id"):
        cortex_xsiam.byos_import(client, job_id)


def test_ids_cannot_leave_their_place() -> None:
    """Whatever stands in an id stays one segment of the path."""
    requests: list[httpx.Request] = []
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k", transport=_recording(requests))
    cortex_xsiam.byos_import(client, "../../v1/other?x=1#y").fetch()
    assert requests[0].url.raw_path.endswith(b"/jobs/..%2F..%2Fv1%2Fother%3Fx%3D1%23y")


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "7",
        "cortex_xsiam",
        "cortex_xsiam.byos_import",
        "cortex_xsiam.other/7",
        "errors.x/7",
        "os.path/7",
        "../x.y/7",
    ],
)
def test_bad_refs(ref: str) -> None:
    """A text that is no ref is a ValueError that shows it."""
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
    with pytest.raises(ValueError, match="not a ref"):
        settled.from_ref(ref, client)


def test_ids_may_have_slashes() -> None:
    """Only the first slash of a ref ends the kind."""
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
    job = cortex_xsiam.byos_import(client, "a/b")
    assert settled.from_ref(job.ref, client) == job


def test_ref_with_another_client() -> None:
    """A ref of one vendor with something else's client is a TypeError."""
    with pytest.raises(TypeError, match=r"cortex_xsiam\.byos_import needs a client of"):
        settled.from_ref("cortex_xsiam.byos_import/7", generated.Client("https://nowhere.invalid"))


def test_job_is_a_value() -> None:
    """A job is its kind, client and id, cannot be changed, and shows itself by its ref."""
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
    job = cortex_xsiam.byos_import(client, "7")
    assert job == cortex_xsiam.byos_import(client, "7")
    assert (str(job.kind), job.id, job.client) == (KIND, "7", client)
    assert repr(job) == "<Job cortex_xsiam.byos_import/7>"
    with pytest.raises(dataclasses.FrozenInstanceError):
        job.id = "8"  # type: ignore[misc]


def test_terminal_words_and_their_outcomes() -> None:
    """The terminal-state enum has the vendor's words, each with its outcome."""
    assert {member.value: member.outcome for member in cortex_xsiam.ByosImportTerminal} == {
        "COMPLETED": Outcome.SUCCEEDED,
        "COMPLETED_WITH_ERRORS": Outcome.PARTIAL,
        "FAILED": Outcome.FAILED,
    }


def test_snapshot_without_a_body() -> None:
    """A snapshot of a job that could not be followed raises its error wherever it is used."""
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
    error = errors.TransportError("no route")
    snapshot = settled.Snapshot(cortex_xsiam.byos_import(client, "7"), error=error)
    assert not snapshot.is_settled
    with pytest.raises(errors.TransportError):
        snapshot.raise_for_outcome()
    with pytest.raises(errors.TransportError):
        _ = snapshot.body


@pytest.mark.parametrize(
    ("log", "detail"),
    [
        ([{"asset": "a", "why": "no cve"}], '[{"asset":"a","why":"no cve"}]'),
        ({"rows": {"7": ["no cve"]}}, '{"rows":{"7":["no cve"]}}'),
        ([{"rows": [{"err_msg": "no cve"}]}], "no cve"),
        ([{"token": "s3cret", "why": "no cve"}], '[{"token":"[secret]","why":"no cve"}]'),
        ([{"why": "x" * 1000}], f'[{{"why":"{"x" * 491}\N{HORIZONTAL ELLIPSIS}'),
        ([{"message": "m"}, {"why": "no cve"}, None, "a"], 'm; {"why":"no cve"}; a'),
        ({"message": " ", "why": "no cve"}, '{"message":" ","why":"no cve"}'),
        ("two\nlines", "two\nlines"),
        (" ", None),
        ([], None),
        ([{}, [None], {"asset": ""}], None),
    ],
)
def test_error_log_of_any_shape(answering: Answering, log: Any, detail: str | None) -> None:
    """What an error log says reaches the detail: its sentence, or its JSON if no known name holds one."""
    reply = {"job_id": "a", "job_status": "COMPLETED_WITH_ERRORS", "error_log": log}
    with cortex_xsiam.connect(answering(reply), key_id=7, key="k", max_rate=None) as client:
        assert cortex_xsiam.byos_import(client, "a").fetch().detail == detail
