"""What is written for readers keeps its form: one title, nothing twice, no link that leads nowhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

import settled

from _specs import ROOT

README = ROOT / "README.md"
PAGES = ROOT / "scripts" / "docs" / "pages"
PATHS = [*(ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")), *PAGES.rglob("*.md")]
# What the build of the site adds to the pages: scripts/docs/build.py.
ADDED = re.compile(r"(changelog|security)\.md|benchmarks/\w+\.svg|reference/clients/\w+\.md")

each_text = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.relative_to(ROOT).as_posix())


def _parsed(path: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8"))


@each_text
def test_one_title(path: Path) -> None:
    """A text has one heading of the first level, at its top; a page of a module takes the module's name."""
    tokens = _parsed(path)
    titles = [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
    if path.read_text(encoding="utf-8").startswith(":::"):
        assert titles == []
    else:
        assert titles == [tokens[0]]


@each_text
def test_nothing_is_said_twice(path: Path) -> None:
    """No paragraph, no code and no item of a list stands there a second time."""
    kinds = ("inline", "fence")
    texts = [token.content.strip() for token in _parsed(path) if token.type in kinds and len(token.content) > 40]
    # Several commands have the same options, and several kinds of job are told on one page.
    shown = Counter(text for text in texts if not text.startswith((":::", "`", "From the page ")))
    assert [text for text, count in shown.items() if count > 1] == []


@each_text
def test_links_lead_somewhere(path: Path) -> None:
    """A link to a file finds it, and a heading in it finds that."""
    for target in _targets(path):
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        found = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if PAGES in found.parents and ADDED.fullmatch(found.relative_to(PAGES).as_posix()):
            continue
        assert found.exists(), f"{path.name}: {target}"
        if parts.fragment and not parts.fragment.startswith("settled"):
            assert parts.fragment in _anchors(found), f"{path.name}: {target}"


def _targets(path: Path) -> list[str]:
    inner = [child for token in _parsed(path) for child in token.children or ()]
    return [str(child.attrs[name]) for child in inner for name in ("href", "src") if name in child.attrs]


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_the_readme_is_short() -> None:
    """It has 150 to 200 lines, names the four products at its top, and the wheel of this version."""
    text = README.read_text(encoding="utf-8")
    assert 150 <= len(text.splitlines()) <= 200
    for product in ("Cortex XDR", "Cortex XSIAM", "AgileSec", "OSAPI"):
        assert product in text.partition("\n<!--")[0]


def test_figures_of_the_readme() -> None:
    """What the README says a poll costs is what the page about benchmarks has."""
    tables = (PAGES / "maintain" / "benchmarks.md").read_text(encoding="utf-8")
    figures = re.findall(r"[\d,]+ µs", README.read_text(encoding="utf-8"))
    assert len(figures) == 3
    assert [figure for figure in figures if f" {figure} |" not in tables] == []


@each_text
def test_wheels_have_the_version(path: Path) -> None:
    """Wherever a wheel is named, it is this version's."""
    assert {*re.findall(r"settled-(\d[\w.]*?)-py3", path.read_text(encoding="utf-8"))} <= {settled.__version__}


def test_the_changelog_dates_the_version() -> None:
    """The version has a section with a date."""
    heading = rf"^## \[{re.escape(settled.__version__)}\] - \d{{4}}-\d\d-\d\d$"
    assert re.search(heading, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_page_is_in_the_navigation() -> None:
    """Whoever looks finds each page of the site."""
    config = (PAGES.parent / "zensical.toml").read_text(encoding="utf-8")
    named = set(re.findall(r'= "([\w/-]+\.md)"', config))
    pages = {path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.md")}
    assert pages <= named
    assert all(ADDED.fullmatch(name) for name in named - pages)
