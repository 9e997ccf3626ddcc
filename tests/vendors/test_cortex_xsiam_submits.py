"""Imports of an external scanner's findings: what is sent, what is refused, and the job that comes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

import settled
from settled import Job, Outcome, cortex_xsiam, errors
from settled.cortex_xsiam import AuthenticatedClient, ExternalAsset, ExternalVulnerability
from settled.simulator import Simulator

from conftest import Answering

JOB = "6f1c2a52-0c0e-4a53-9c39-2f1f5f0b7a10"
KEY = "the-key-of-the-import-tests"
ASSET = {
    "origin_asset_id": "host-17",
    "asset_name": "billing-17",
    "last_seen": 1772443800000,
    "vulnerabilities": [
        {
            "vulnerability_id": "acme-2041",
            "cve_id": ["CVE-2025-10001"],
            "confidence": "Confirmed",
            "last_seen": 1772443800000,
        }
    ],
}

Import = Callable[..., Job[Any]]


def _here(client: AuthenticatedClient, assets: Any, **scanner: Any) -> Job[Any]:
    with client:
        return cortex_xsiam.import_assets(client, assets, **{"vendor": "Acme", "product": "Scanner"} | scanner)


def _in_a_loop(client: AuthenticatedClient, assets: Any, **scanner: Any) -> Job[Any]:
    async def main() -> Job[Any]:
        async with client:
            named = {"vendor": "Acme", "product": "Scanner"} | scanner
            return await cortex_xsiam.import_assets_async(client, assets, **named)

    return asyncio.run(main())


@pytest.fixture(params=[_here, _in_a_loop], ids=["sync", "async"])
def import_assets(request: pytest.FixtureRequest) -> Import:
    """Both ways to import, one after the other."""
    function: Import = request.param
    return function


def _client(url: str, **options: Any) -> AuthenticatedClient:
    return cortex_xsiam.connect(url, key_id=7, key=KEY, max_rate=None, **options)


def test_an_import_is_a_job_to_wait_for(sim: Simulator, import_assets: Import) -> None:
    """The job that the API answers with goes through its states, and is the one that a ref names."""
    client = cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key)
    job = import_assets(client, [ASSET], version="4.2")
    again = cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key)
    with again:
        end = settled.wait(settled.from_ref(job.ref, again), timeout=60)
    assert end.outcome is Outcome.SUCCEEDED
    assert end.body.job_id == job.id
    assert sim.asked[0].ref == "cortex_xsiam.byos_import/assets"


def test_models_and_mappings(answering: Answering, import_assets: Import) -> None:
    """A generated model is sent as the mapping that it stands for; one call is one request, whatever it holds."""
    model = ExternalAsset(
        origin_asset_id="host-18",
        vulnerabilities=[ExternalVulnerability(vulnerability_id="acme-2041", cve_id=["CVE-2025-10001"], port=443)],
    )
    url = answering({"job_id": JOB})
    import_assets(_client(url), iter([ASSET | {"x_new_field": 1}, model, *[ASSET] * 998]))
    (sent,) = map(json.loads, answering.bodies)
    assert sent.keys() == {"vendor", "product", "assets"}
    assert len(sent["assets"]) == 1000
    assert sent["assets"][0] == ASSET | {"x_new_field": 1}
    assert sent["assets"][1] == {
        "origin_asset_id": "host-18",
        "vulnerabilities": [{"vulnerability_id": "acme-2041", "cve_id": ["CVE-2025-10001"], "port": 443}],
    }


@pytest.mark.parametrize("status_code", [200, 201, 202])
@pytest.mark.parametrize(
    "body", [{"job_id": JOB, "assets_count": 1}, {"reply": {"job_id": JOB}}], ids=["bare", "reply"]
)
def test_answers(answering: Answering, import_assets: Import, status_code: int, body: dict[str, Any]) -> None:
    """The id is taken from any answer of success, at its top or within `reply`."""
    job = import_assets(_client(answering(JSONResponse(body, status_code))), [ASSET])
    assert job.ref == f"cortex_xsiam.byos_import/{JOB}"


def test_refused_fields(sim: Simulator, import_assets: Import) -> None:
    """What the API refuses field by field is told so, and there is no job."""
    client = cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key)
    wrong = ASSET | {"last_seen": "yesterday", "ipv4": "192.0.2.1"}
    with pytest.raises(errors.BadRequest) as raised:
        import_assets(client, [ASSET, wrong])
    assert raised.value.status_code == 422
    assert "body.assets.1.last_seen: Input should be a valid integer" in str(raised.value)
    assert "body.assets.1.ipv4: Input should be a valid list" in str(raised.value)
    assert len(sim.asked) == 1


def test_too_many_requests(answering: Answering, import_assets: Import) -> None:
    """A 429 is no job; it is told with the pause that the API asks for, and nothing is sent again."""
    refusal = JSONResponse({"detail": "too many"}, 429, {"Retry-After": "30"})
    with pytest.raises(errors.RateLimited) as raised:
        import_assets(_client(answering(refusal)), [ASSET])
    assert raised.value.retry_after == 30
    assert len(answering.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        JSONResponse({"reply": {"err_code": 500, "err_msg": "internal error"}}, 500),
        Response("<title>Gateway Timeout</title>", 504),
        {"assets_count": 1},
        {"reply": None},
        {"reply": {"job_id": ""}},
        {"job_id": True},
        {"job_id": 1.5},
        {"job_id": ["x"]},
        {"job_id": {"x": 1}},
        [JOB],
        Response("<html>OK</html>"),
    ],
)
def test_unclear(answering: Answering, import_assets: Import, reply: Any) -> None:
    """Where nobody can tell whether there is a job, the error says so with what was sent, and nothing is sent again."""
    with pytest.raises(errors.SubmitUnclear, match="the job may exist all the same") as raised:
        import_assets(_client(answering(reply)), [ASSET])
    assert raised.value.sent == {"vendor": "Acme", "product": "Scanner", "assets": [ASSET]}
    assert len(answering.requests) == 1
    assert len(str(raised.value)) <= 500


def test_an_answer_without_an_id_is_quoted(answering: Answering, import_assets: Import) -> None:
    """What the tenant answered instead is in the cause."""
    with pytest.raises(errors.SubmitUnclear) as raised:
        import_assets(_client(answering({"assets_count": 1})), [ASSET])
    assert str(raised.value.__cause__).endswith("the answer has no job_id: {'assets_count': 1}")


@pytest.mark.parametrize(
    ("assets", "error_class", "message"),
    [
        ([], ValueError, "^assets must have one asset at least: the API takes no empty import$"),
        (iter(()), ValueError, "^assets must have one asset at least: the API takes no empty import$"),
        ("host-17", TypeError, "iterable of assets, not a str"),
        (ASSET, TypeError, "iterable of assets, not a dict"),
        (ExternalAsset(), TypeError, "iterable of assets"),
        ([ASSET, "host-18"], TypeError, r"assets\[1\] must be a mapping or an ExternalAsset, not a str"),
        ([ASSET | {"vulnerabilities": 7}], ValueError, r"assets\[0\] does not have the form of an asset: TypeError$"),
        ([ASSET | {"last_seen": float("nan")}], ValueError, "JSON"),
    ],
)
def test_bad_assets(
    answering: Answering, import_assets: Import, assets: Any, error_class: type[Exception], message: str
) -> None:
    """What can be no import is refused before anything is sent."""
    with pytest.raises(error_class, match=message):
        import_assets(_client(answering({"job_id": JOB})), assets)
    assert answering.requests == []


@pytest.mark.parametrize("scanner", [{"vendor": None}, {"product": 7}, {"version": 4.2}])
def test_bad_scanner(answering: Answering, import_assets: Import, scanner: dict[str, Any]) -> None:
    """A scanner's names are texts."""
    with pytest.raises(TypeError, match="must be a str"):
        import_assets(_client(answering({"job_id": JOB})), [ASSET], **scanner)
    assert answering.requests == []


def test_wrong_key(sim: Simulator, import_assets: Import) -> None:
    """A key that is refused has made no job."""
    with pytest.raises(errors.AuthenticationError):
        import_assets(_client(sim.url), [ASSET])


def test_empty_import_by_hand(sim: Simulator) -> None:
    """The simulator refuses an import without an asset, as the vendor does."""
    client = cortex_xsiam.connect(sim.url, key_id=sim.key_id, key=sim.key)
    with client:
        response = client.get_httpx_client().post(
            "/public_api/vulnerability-management/v1/external-scans/assets", json={"assets": []}
        )
    assert response.status_code == 422
