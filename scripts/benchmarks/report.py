"""The part of the README that the benchmarks write."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterable
from pathlib import Path

from benchmarks.tables import Table

README = Path(__file__).resolve().parent.parent.parent / "README.md"
BEGIN = "<!-- bench: written by make bench -->"
END = "<!-- end of bench -->"


def headed(tables: Iterable[Table], command: str) -> str:
    """The tables, after how and when they were made."""
    made = f"`{command}`, {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}, Python {platform.python_version()}."
    told = "Medians of the rounds, and their extremes. Settled's rivals beat it in places: each table says where."
    return "\n\n".join([f"{made} {told}", *[table.markdown() for table in tables]])


def check() -> None:
    """ValueError if the README has no place for what is written."""
    text = README.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{README.name} must hold one line {BEGIN} and one {END} after it")


def write(report: str) -> None:
    """Put the report between the README's markers."""
    check()
    text = README.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    README.write_text(f"{before}{BEGIN}\n\n{report}\n\n{after}", encoding="utf-8")
