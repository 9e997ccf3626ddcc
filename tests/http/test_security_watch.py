"""The watch over secrets sees what it is there to see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SUITE = """
import logging

import httpx
import pytest

from settled import agilesec, cortex_xsiam, errors

KEY = "a-key-that-nobody-is-to-see"


def answer(request):
    logging.getLogger("x").warning("%s %s", request.method, request.headers["x-xdr-nonce"])
    return httpx.Response(404)


def test_logged():
    agilesec.connect("https://tenant.invalid", token=KEY)
    logging.getLogger("x").warning("connected with %s", KEY)


def test_printed():
    print("connected with", KEY)


def test_raised_and_expected():
    with pytest.raises(ValueError):
        raise ValueError(f"bad {KEY}")


def test_cause_of_what_was_expected():
    with pytest.raises(errors.TransportError):
        try:
            raise OSError(KEY)
        except OSError as error:
            raise errors.TransportError("no") from error


def test_noted():
    with pytest.raises(OSError) as raised:
        error = OSError("no")
        error.add_note(KEY)
        raise error


def test_signed():
    client = cortex_xsiam.connect(
        "tenant.invalid", key_id=7, key=KEY, advanced=True, transport=httpx.MockTransport(answer)
    )
    with pytest.raises(errors.NotFound):
        cortex_xsiam.byos_import(client, "7").fetch()


def test_innocent():
    logging.getLogger("x").warning("connected")
    with pytest.raises(OSError, match="no"):
        raise OSError("no")


def test_wrong_error():
    with pytest.raises(OSError):
        raise ValueError
"""
FOUND = ["logged", "printed", "raised_and_expected", "cause_of_what_was_expected", "noted", "signed"]


def test_every_leak_is_found(tmp_path: Path) -> None:
    """Tests that log, print or raise a secret fail, and say where without saying it; others are left alone."""
    suite = tmp_path / "test_suite.py"
    suite.write_text(SUITE)
    run = subprocess.run(  # noqa: S603 - the command is ours
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "_secrets_watch",
            "-p",
            "no:cacheprovider",
            "-rA",
            "--tb=line",
            str(suite),
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = run.stdout.splitlines()
    failed = {line.split("::")[1].split()[0] for line in lines if line.startswith("FAILED")}
    assert failed == {f"test_{name}" for name in [*FOUND, "wrong_error"]}, run.stdout
    assert sum(line.startswith("PASSED") for line in lines) == 1
    found = [line for line in lines if "shows a secret" in line]
    assert len(found) >= len(FOUND)
    assert all("a-key-that-nobody-is-to-see" not in line for line in found)
