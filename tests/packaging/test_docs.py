"""The documentation: docstrings on every public name, a reference that shows them all, and a manual in pydoc."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import griffe
import pytest

import settled

from _specs import ROOT, load_script

PAGES = ROOT / "scripts" / "docs" / "pages" / "reference"
# Commands, which are documented by their --help.
COMMANDS = {"__main__", "cli", "demo"}
PUBLIC = ["settled"] + [
    f"settled.{path.stem}"
    for path in sorted(Path(settled.__file__).parent.iterdir())
    if path.suffix in ("", ".py") and not path.stem.startswith("_") and path.stem not in COMMANDS
]


@pytest.fixture(scope="module")
def sources() -> griffe.ModulesCollection:
    """The packages as they are written, whatever extras are installed."""
    loader = griffe.GriffeLoader(search_paths=[ROOT / "overlay", ROOT / "generated"], allow_inspection=False)
    loader.load("settled")
    loader.load("settled_clients")
    return loader.modules_collection


def exported(module: griffe.Object) -> Iterator[griffe.Object]:
    """What a module exports, modules left out."""
    assert module.exports, f"{module.path} has no __all__"
    for name in module.exports:
        found = module.members[str(name)]
        value = found.final_target if isinstance(found, griffe.Alias) else found
        if isinstance(value, griffe.Object) and not value.is_module:
            yield value


def with_members(value: griffe.Object) -> Iterator[griffe.Object]:
    """A class and its public methods and properties; anything else alone."""
    yield value
    if value.is_class:
        for name, member in value.members.items():
            is_method = member.is_function or "property" in member.labels
            if not name.startswith("_") and is_method and isinstance(member, griffe.Object):
                yield member


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_docstring(name: str, sources: griffe.ModulesCollection) -> None:
    """Modules, classes, functions, methods and properties say what they are; constants show it."""
    module = sources[name]
    assert module.has_docstring
    missing = [
        each.path
        for value in exported(module)
        for each in with_members(value)
        if each.path.startswith("settled.") and not each.is_attribute and not each.has_docstring
    ]
    assert missing == []


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings_can_be_read(name: str, sources: griffe.ModulesCollection, caplog: pytest.LogCaptureFixture) -> None:
    """The sections of a docstring, Raises first of all, have the form that the reference is made from."""
    caplog.set_level(logging.WARNING)
    module = sources[name]
    for each in [module, *(each for value in exported(module) for each in with_members(value))]:
        if each.docstring is not None and each.path.startswith("settled."):
            each.docstring.parse("google")
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_reference_shows_every_public_name(name: str, sources: griffe.ModulesCollection) -> None:
    """Each public module has a page, which lists all that the module exports, and nothing else."""
    path = PAGES / f"{name.rpartition('.')[2]}.md"
    assert path.exists(), f"{name} needs a page: make one like the others in this folder, and name it in zensical.toml"
    page = path.read_text(encoding="utf-8")
    assert f"::: {name}\n" in page
    assert f'"reference/{path.name}"' in (PAGES.parents[1] / "zensical.toml").read_text(encoding="utf-8")
    if page == f"::: {name}\n":
        return  # a vendor's page: the build lists all names
    shown = re.findall(r"^        - (\w+)$", page, re.MULTILINE) + re.findall(
        rf"^::: {name}\.(\w+)$", page, re.MULTILINE
    )
    module = sources[name]
    assert module.exports is not None
    names = {str(exported) for exported in module.exports}
    modules = {exported for exported in names if f"settled.{exported}" in PUBLIC}
    assert sorted(shown) == sorted(names - modules - {"__version__"})


def test_pydoc_reads_like_a_manual() -> None:
    """The first page of `pydoc settled` names all there is, and what each function and class is follows."""
    command = [sys.executable, "-m", "pydoc", "settled"]
    manual = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    summary, _, _ = manual.partition("PACKAGE CONTENTS")
    for name in settled.__all__:
        value = getattr(settled, name)
        if name != "__version__":
            assert re.search(rf"`(settled\.)?{name}`", summary), name
        if callable(value):
            assert value.__doc__
            assert value.__doc__.partition("\n")[0] in manual


@pytest.fixture
def build() -> ModuleType:
    """scripts/docs/build.py."""
    return load_script("docs/build.py")


def test_faults_of_a_site(build: ModuleType, tmp_path: Path) -> None:
    """A page that loads something from elsewhere is found, and so is a link that leads nowhere."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text('<h1 id="here">B</h1><a href="../a.html#top">a</a><a href="..">index</a>')
    (tmp_path / "index.html").write_text('<a href="https://example.com/">elsewhere</a><a href="sub/b.html#here">b</a>')
    links = '<a id="top" href="sub/b.html#gone">b</a><a href="c.html">c</a>'
    (tmp_path / "a.html").write_text(f'{links}<img src="p.svg"><script src="//cdn.example/x.js">')
    (tmp_path / "good.css").write_text("a { background: url(p.svg) }")
    (tmp_path / "bad.css").write_text('@import "https://fonts.example/x.css";')
    assert sorted(build.faults(tmp_path)) == [
        "a.html: loads //cdn.example/x.js",
        "a.html: no c.html",
        "a.html: no p.svg",
        "a.html: no sub/b.html#gone",
        "bad.css: loads what is elsewhere",
    ]
