"""Arrows between modules go down only: extras, vendors, drivers, HTTP, core, errors."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from _specs import ROOT, SPECS

PACKAGE = ROOT / "overlay" / "settled"
MODULES = {
    ".".join(("settled", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
# From the top down; a module is in the first layer that has it, or a package around it.
LAYERS = (
    (
        "settled.airflow",
        "settled.cli",
        "settled.demo",
        "settled.simulator",
        "settled.testing",
        "settled.__main__",
    ),
    ("settled.aio", "settled.machine", "settled._arguments", "settled._refs", "settled._results", "settled._vendors"),
    (*(f"settled.{path.stem}" for path in SPECS), "settled._cortex"),
    ("settled._run",),
    ("settled._observe", "settled._http"),
    ("settled._core",),
    ("settled.errors", "settled._lazy", "settled._locks", "settled._monotonic", "settled._version"),
)
NO_CORE_BUSINESS = {"asyncio", "concurrent", "http", "httpx", "httpcore", "selectors", "signal", "socket", "ssl"} | {
    "logging",
    "subprocess",
    "threading",
    "time",
    "urllib",
}


def imports_of(module: str) -> Iterator[str]:
    """The modules that a module imports when it runs, in its functions too; not those for type checkers alone."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join(filter(None, (*parts[: len(parts) - node.level + 1], node.module)))
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in MODULES else base
        pending.extend(ast.iter_child_nodes(node))


def layer_of(module: str) -> int | None:
    """The number of a module's layer, from the top; None for the package itself, which imports lazily."""
    for number, packages in enumerate(LAYERS):
        if any(module == package or module.startswith(f"{package}.") for package in packages):
            return number
    return None


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_from_its_layer_or_below(module: str) -> None:
    """No module imports from a layer above its own, and each one but the package itself has a layer."""
    layer = layer_of(module)
    assert (layer is None) == (module == "settled"), f"{module} is in no layer"
    if layer is None:
        return
    above = {imported for imported in imports_of(module) if (at := layer_of(imported)) is not None and at < layer}
    assert above == set()


def test_the_package_itself_imports_lazily() -> None:
    """`import settled` runs nothing of its own but the version."""
    assert {name for name in imports_of("settled") if name.startswith("settled")} == {"settled._version"}


def test_no_circles() -> None:
    """No chain of imports leads back to where it began."""
    graph = {
        module: {imported for imported in imports_of(module) if imported in MODULES and imported != module}
        for module in MODULES
    }
    # A package's first module runs before any of the others; what it imports from them is the package's own matter.
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("settled._core")))
def test_the_core_does_no_input_or_output(module: str) -> None:
    """The core imports neither httpx nor threads, loops, sockets, logging or a clock."""
    assert {name.partition(".")[0] for name in imports_of(module)} & NO_CORE_BUSINESS == set()


@pytest.mark.parametrize(
    "module", sorted(name for name in MODULES if layer_of(name) and not name.startswith("settled._http"))
)
def test_only_http_knows_httpx(module: str) -> None:
    """Below the extras, nothing but `_http` knows httpx and what lies below it."""
    assert {name.partition(".")[0] for name in imports_of(module)} & {"httpx", "httpcore", "h11"} == set()


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.startswith("settled._core")))
def test_the_core_needs_the_standard_library_and_attrs_alone(module: str) -> None:
    """Besides the package itself."""
    known = {"attrs", "settled", "typing_extensions", *sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in imports_of(module)} <= known
