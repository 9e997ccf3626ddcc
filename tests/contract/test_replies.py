"""Our simulator against schemathesis, which asks it for whatever the specs allow, and for much that they do not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from settled.simulator import Simulator

ROOT = Path(__file__).resolve().parents[2]
SCHEMATHESIS = ROOT / ".venv" / "schemathesis" / "bin" / "schemathesis"

CREDENTIALS: dict[str, Callable[[Simulator], list[str]]] = {
    "agilesec": lambda sim: [f"isg-api-token: {sim.token}"],
    "cortex_xdr": lambda sim: [f"x-xdr-auth-id: {sim.key_id}", f"Authorization: {sim.key}"],
    "cortex_xsiam": lambda sim: [f"x-xdr-auth-id: {sim.key_id}", f"Authorization: {sim.key}"],
    "osapi": lambda sim: [f"Authorization: Bearer {sim.token}"],
}


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    """A simulator that has the jobs which the specs take as examples, and whose submitted scans end at once."""
    with Simulator(speed=1e9) as running:
        running.add("cortex_xsiam.byos_import", states=["FAILED"], job_id="6f1c2a52-0c0e-4a53-9c39-2f1f5f0b7a10")
        for kind in ("cortex_xdr.action", "cortex_xdr.script_execution"):
            running.add(kind, states={"a": ["FAILED"], "b": ["PENDING"], "c": ["ABORTED"]}, job_id="4711")
        running.add("cortex_xdr.xql_query", states=["SUCCESS"], rows=1001, job_id="7c1d4e0b52a94f_4711_inv")
        running.add("agilesec.scan", states=["failed"], job_id="65b2f1917d1e9a3b58c6d31b")
        running.add(
            "osapi.job",
            states={"web-01": ["completed"], "web-02": ["failed"]},
            job_id="1d6f3c0e-8b7a-4f52-a1c9-5e2b9f0d7c34",
        )
        yield running


def _with_refusals(spec: Path) -> dict[str, Any]:
    # Where a page leaves it out, a request without credentials is still answered with 401.
    document: dict[str, Any] = json.loads(json.dumps(YAML(typ="safe").load(spec), default=str))
    for item in document["paths"].values():
        for operation in item.values():
            operation["responses"].setdefault("401", {"description": "The credentials are not accepted."})
    return document


@pytest.mark.parametrize("vendor", CREDENTIALS)
def test_replies_are_what_the_spec_says(sim: Simulator, vendor: str, tmp_path: Path) -> None:
    """All of schemathesis's checks pass: statuses, bodies, refusals of what is malformed or not allowed."""
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(_with_refusals(ROOT / "specs" / f"{vendor}.yaml")))
    config = tmp_path / "schemathesis.toml"
    # An id that is any text in the spec is refused by the vendor if it has not the form of one.
    accepted, answered = ["2xx", "400", "401", "404", "422"], ["2xx", "3xx", "4xx"]
    if vendor == "cortex_xdr":
        # A tenant refuses with 500 what its schemas allow: no endpoint at all, or too many.
        accepted.append("500")
        answered.append("500")
    config.write_text(
        f"checks.positive_data_acceptance.expected-statuses = {json.dumps(accepted)}\n"
        f"checks.not_a_server_error.expected-statuses = {json.dumps(answered)}\n"
    )
    command = [str(SCHEMATHESIS), "--config-file", str(config), "run", str(spec), "--url", sim.url]
    command += ["--checks", "all", "--max-examples", "50", "--seed", "1", "--no-color"]
    command += [word for header in CREDENTIALS[vendor](sim) for word in ("-H", header)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Tested: " in run.stdout
