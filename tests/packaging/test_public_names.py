"""The public names, and what importing them costs."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import settled
from settled import aio, cortex_xsiam, errors, machine, simulator

NAMES = {
    settled: """Client ConnectOptions Job JobKind Learned Outcome Part Progress Schedule Settling Snapshot
        TerminalStatus WaitOptions __version__ agilesec aio as_settled cortex_xdr cortex_xsiam errors from_ref osapi
        simulator wait watch""",
    aio: "AsyncSettling as_settled wait watch",
    cortex_xsiam: """AuthenticatedClient ByosImportTerminal ExternalAsset ExternalVulnerability KINDS XqlTerminal
        byos_import connect connect_from_env import_assets import_assets_async start_query start_query_async xql_query
        xql_rows xql_rows_async""",
    machine: "Poll Sleep Wait advance advance_async begin poll poll_async",
    errors: """ApiError AuthenticationError BadRequest JobCancelled JobFailed JobPartial JobSkipped JobTimedOut
        LicenseRequired MalformedResponse NotFound OutcomeError PermissionDenied RateLimited ServerError SettledError
        SubmitFailed SubmitUnclear TransportError UnknownStatus WaitTimeout""",
    simulator: """Asked Fault Simulator State bad_gateway dropped rate_limited server_error slow truncated""",
}


@pytest.mark.parametrize("module", NAMES, ids=lambda module: module.__name__)
def test_names_are_pinned(module: ModuleType) -> None:
    """Nobody adds or removes a public name by accident, and every name is there."""
    assert sorted(module.__all__) == sorted(NAMES[module].split())
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_every_public_name_is_documented() -> None:
    """Every public class and function has a docstring."""
    for module in NAMES:
        assert module.__doc__
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value):
                assert value.__doc__, f"{module.__name__}.{name}"


def _loaded_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    return set(run.stdout.split())


def test_import_is_light() -> None:
    """`import settled` brings in nothing heavy, and `from settled import <vendor>` no other vendor and no extra."""
    heavy = {"httpx", "attrs", "asyncio", "settled_clients", "settled._core.wait"}
    extras = {"starlette", "uvicorn", "typer", "aiohttp", "httpx_aiohttp", "settled.simulator", "settled.demo"}
    assert not _loaded_by("import settled") & (heavy | extras)
    loaded = _loaded_by("from settled import osapi") - _loaded_by("import httpx")
    others = {"settled.cortex_xsiam", "settled_clients.cortex_xsiam", "settled._core.learned"}
    assert not loaded & (extras | others | {"asyncio", "dateutil"})


def test_vendors_are_attributes_too() -> None:
    """A vendor's module is there as an attribute, imported when it is first asked for."""
    assert "settled.cortex_xsiam" in _loaded_by("import settled; settled.cortex_xsiam.connect")
    assert "settled.aio" in _loaded_by("import settled; settled.aio.wait")


@pytest.mark.parametrize("name", ["nothing_of_this_name", "_private"])
def test_missing_names(name: str) -> None:
    """A name that is not there is an AttributeError."""
    with pytest.raises(AttributeError, match=name):
        getattr(settled, name)


def test_simulator_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its extra, the simulator's import names the extra."""
    for loaded in [name for name in sys.modules if name.startswith(("settled.simulator", "uvicorn"))]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'settled\[simulator\]'"):
        importlib.import_module("settled.simulator").Simulator  # noqa: B018 - it is imported by that


_WITHOUT_EXTRAS = """
import importlib.abc, sys
class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("starlette", "uvicorn", "rich", "typer", "aiohttp", "opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
import inspect, pydoc, typing, unittest.mock
import settled
"""


def test_looking_at_all_there_is_needs_no_extra() -> None:
    """Documentation, mocks and star imports meet no name whose extra is missing."""
    looks = [
        "hasattr(settled, 'simulator')",
        "exec('from settled import *')",
        "unittest.mock.create_autospec(settled)",
        "[inspect.getmembers(getattr(settled, name)) for name in settled.__all__]",
        "[pydoc.render_doc(value) for value in (settled, settled.simulator, settled.agilesec)]",
        "from settled.agilesec import CallbackApp, callback_app; callback_app(auth=None).inbox",
    ]
    assert "settled" in _loaded_by("; ".join([f"exec({_WITHOUT_EXTRAS!r})", *looks]))


@pytest.mark.parametrize(
    "module",
    [
        "settled",
        "osapi",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("aio", "errors", "machine", "agilesec", "cortex_xdr", "cortex_xsiam")
        ),
    ],
)
def test_type_hints_of_all_public_names(module: str) -> None:
    """`typing.get_type_hints` works for every public class and function, whatever else was imported."""
    program = f"""
import inspect, typing
import settled
from settled import {module if module != "settled" else "aio"}
for name in {module}.__all__:
    if inspect.isclass(value := getattr({module}, name)) or inspect.isfunction(value):
        typing.get_type_hints(value)
"""
    assert "settled" in _loaded_by(f"exec({program!r})")
