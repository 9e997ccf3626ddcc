"""`make demo`: what it submits, what it announces to go wrong, and what it ends with."""

from __future__ import annotations

import subprocess
import sys

from settled import demo
from settled.simulator import Simulator

import _submits


def test_demo() -> None:
    """It says what is staged, submits, waits, shows results, and ends with what was seen and what to do next."""
    run = subprocess.run(
        [sys.executable, "-m", "settled.demo"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
    parts = ("are staged:", "Submitting to", "Waiting for", "Results:", "What happened, and what to do next:")
    places = [run.stdout.index(part) for part in parts]
    assert places == sorted(places)
    staged, submitted, waited, results, seen = (
        run.stdout[begin:end] for begin, end in zip(places, [*places[1:], None], strict=True)
    )
    assert all(fault in staged for fault in ("429", "502", "kiosk", "van", "refuses", "lost"))
    refs = [line.split()[-1] for line in submitted.splitlines() if "-> " in line and "Submit" not in line]
    assert len(refs) >= 6
    assert "-> SubmitFailed: " in submitted
    assert "-> SubmitUnclear: " in submitted
    assert "answered 429" in " ".join(waited.split())
    assert "laptop: sshd is running" in results
    assert "auth.log, 27 bytes" in results
    assert all(ref in seen for ref in refs)
    for word in ("SUCCEEDED", "PARTIAL", "FAILED", "WaitTimeout", "SubmitFailed", "SubmitUnclear"):
        assert f"  {word}: " in seen
    assert "settled wait cortex_xdr.script_execution/" in seen
    assert "check whether the job exists before you submit again" in seen


def test_jobs_to_try_the_command_with() -> None:
    """All jobs are submitted, none of them behind the API, and their refs are those of the simulator."""
    with Simulator(scan_slots=2) as sim:
        jobs = demo.start_jobs(sim)
        submitted = {asked.ref.rpartition("/")[2] for asked in sim.asked}
        for client in {id(job.client): job.client for job in jobs}.values():
            client.get_httpx_client().close()
        assert {job.id for job in jobs} < {ref.rpartition("/")[2] for ref in sim.refs}
    assert {job.ref.partition(".")[0] for job in jobs} == _submits.simulated_vendors()
    assert {"create", "isolate", "run_snippet_code_script", "file_retrieval", "quarantine"} <= submitted
