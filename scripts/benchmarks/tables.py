"""Tables of figures, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """One table, with notes about it."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """The table in Markdown, its notes below it."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([f"**{self.title}**", table, *filter(None, self.words)])


def listed(names: Iterable[str]) -> str:
    """Like `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def better(word: str, ours: str, own: float, others: dict[str, float], form: str = ".0%") -> str:
    """A sentence that tells which of the others have less of something than we have, and how much of ours.

    `word` is what less of it is, such as Cheaper.
    """
    less = sorted((value / own, name) for name, value in others.items() if value < own)
    if not others:
        return ""
    if not less:
        return f"{word} than `{ours}`: none of them."
    return f"{word} than `{ours}`: {listed(f'{name} ({share:{form}} of it)' for share, name in less)}."
