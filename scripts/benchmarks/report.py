"""The generated part of the site's page about benchmarks."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterable
from pathlib import Path

from benchmarks.tables import Table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "pages" / "maintain" / "benchmarks.md"
BEGIN = "<!-- bench: written by make bench -->"
END = "<!-- end of bench -->"


def headed(tables: Iterable[Table], command: str) -> str:
    """The tables, after how and when they were made."""
    made = f"`{command}`, {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}, Python {platform.python_version()}."
    note = "Medians of the rounds, and their extremes. Settled's rivals beat it in places: each table says where."
    return "\n\n".join([f"{made} {note}", *[table.markdown() for table in tables]])


def check() -> None:
    """Raise ValueError if the page lacks the markers."""
    text = PAGE.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{PAGE.name} must hold one line {BEGIN} and one {END} after it")


def write(report: str) -> None:
    """Put the report between the page's markers."""
    check()
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    PAGE.write_text(f"{before}{BEGIN}\n\n{report}\n\n{after}", encoding="utf-8")
