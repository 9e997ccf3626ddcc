"""Where the `settled` command has addresses and credentials from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from settled.simulator import Simulator

from _cli import Command
from conftest import KIND

SECRET = "Very-Secret-Key-0123456789"

Write = Callable[..., Path]


@pytest.fixture
def run(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, without any settings in the environment."""
    for name in sim.environ:
        monkeypatch.delenv(name, raising=False)
    return Command(sim)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file that SETTLED_CONFIG names."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "settled.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        monkeypatch.setenv("SETTLED_CONFIG", str(path))
        return path

    return write


def _tenant(sim: Simulator, key: str = "") -> str:
    return f'[cortex_xsiam]\nbase_url = "{sim.url}"\nkey_id = {sim.key_id}\nkey = "{key or sim.key}"\n'


@pytest.mark.parametrize("more", ["", "advanced = true\n", "timeout = 5\nmax_rate = 2.5\n"])
def test_file(run: Command, write: Write, more: str) -> None:
    """A table takes what the vendor's `connect` takes."""
    write(_tenant(run.sim) + more)
    ref = f"{KIND}/{run.sim.add(KIND, states=['INITIATED', 'COMPLETED'])}"
    assert run("wait", "--timeout", "15m", ref).exit_code == 0


def test_file_of_a_token(run: Command, write: Write) -> None:
    """Vendors with tokens have tables, too, and jobs of several vendors are waited for together."""
    write(_tenant(run.sim) + f'[osapi]\nbase_url = "{run.sim.url}"\ntoken = "{run.sim.token}"\n')
    refs = [f"{kind}/{run.sim.add(kind, states=['COMPLETED'])}" for kind in (KIND, "osapi.job")]
    assert run("wait", "--timeout", "15m", *refs).exit_code == 0


@pytest.mark.parametrize("mode", [0o660, 0o604, 0o620, 0o666, 0o700 | 0o010], ids=oct)
def test_file_of_others(run: Command, write: Write, mode: int) -> None:
    """A file that others have access to is refused before anything is asked of a vendor."""
    path = write(_tenant(run.sim), mode)
    for command in (["wait", "--timeout", "15m"], ["status"]):
        result = run(*command, f"{KIND}/1")
        assert result.exit_code == 4
        assert f"others can read or change {path}" in result.stderr
        assert "chmod 600" in result.stderr
    assert run("doctor").exit_code == 4
    assert run.sim.asked == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[no_vendor]\n", "there is no vendor no_vendor"),
        ("cortex_xsiam = 7\n", "not a table"),
        ("[cortex_xsiam\n", "cannot be read"),
        ("[cortex_xsiam]\nbase_url = 'tenant.invalid'\n", "missing a required argument: 'key_id'"),
        ("[cortex_xsiam]\ntransport = 'x'\n", "there is no setting 'transport'"),
        ("[cortex_xsiam]\nkey = 7\n", "key cannot be of type int"),
        ("[cortex_xsiam]\nadvanced = 'false'\n", "advanced cannot be of type str"),
        (f"[cortex_xsiam]\nbase_url = 'tenant.invalid'\nkey_id = 'seven'\nkey = '{SECRET}'\n", "key_id must be"),
        (f"[cortex_xsiam]\nbase_url = 'https://u:{SECRET}@h'\nkey_id = 7\nkey = '{SECRET}'\n", "not the address"),
        (f"[cortex_xsiam]\nkey = '{SECRET}\n", "cannot be read"),
        ("deep = " + "[" * 5000, "cannot be read"),
        ("#" * 2**21, "has more than 1,048,576 bytes"),
    ],
)
def test_bad_file(run: Command, write: Write, text: str, message: str) -> None:
    """What is wrong with a file is told, without a key, and ends with 4."""
    write(text)
    result = run("wait", "--timeout", "15m", f"{KIND}/1")
    assert result.exit_code == 4
    assert message in result.stderr
    assert SECRET not in result.output


@pytest.mark.parametrize("path", ["no/such/file.toml", "."])
def test_no_file(run: Command, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """A file that is not there, or is none, ends with 4."""
    monkeypatch.setenv("SETTLED_CONFIG", path)
    result = run("wait", "--timeout", "15m", f"{KIND}/1")
    assert result.exit_code == 4
    assert f"{path}, which SETTLED_CONFIG names, cannot be read" in result.stderr


def test_a_vendor_has_one_source(run: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor's table is taken as a whole, whatever the environment says; what has none is in the environment."""
    for name, value in run.sim.environ.items():
        monkeypatch.setenv(name, value)
    write(_tenant(run.sim, key=SECRET))
    refs = {kind: f"{kind}/{run.sim.add(kind, states=['COMPLETED'])}" for kind in (KIND, "osapi.job")}
    refused = run("status", refs[KIND])
    assert (refused.exit_code, SECRET in refused.output) == (4, False)
    assert run("status", refs["osapi.job"]).exit_code == 0


def test_no_settings(run: Command) -> None:
    """A vendor without settings ends with 4, and tells both ways to give them."""
    result = run("wait", "--timeout", "15m", f"{KIND}/1")
    assert result.exit_code == 4
    assert (
        "SETTLED_CORTEX_XSIAM_URL, SETTLED_CORTEX_XSIAM_KEY_ID, SETTLED_CORTEX_XSIAM_KEY are not set" in result.stderr
    )
    assert "[cortex_xsiam] into the file that SETTLED_CONFIG names" in result.stderr
