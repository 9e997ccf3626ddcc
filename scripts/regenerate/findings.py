"""What a comparison finds, and how it is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spec_tree import Json

Change = tuple[Any, Any]


BUMPS = ("none", "patch", "minor", "major")
CLASSES = {  # worst first, with the exit code of each
    "breaking": (1, "Breaking: programs have to change"),
    "terminal-set": (1, "Terminal sets: programs behave differently"),
    "undecided": (2, "Undecided: somebody has to look"),
    "additive": (0, "Additive: programs go on as they are"),
}


@dataclass(frozen=True)
class Finding:
    """One change, and what it means for those who import the SDK."""

    kind: str
    vendor: str
    operation: str
    where: str
    old: str | None
    new: str | None
    message: str
    bump: str

    @property
    def id(self) -> str:
        """A name that stays the same from run to run."""
        return hashlib.sha256("\0".join((self.kind, self.vendor, self.operation, self.where)).encode()).hexdigest()[:10]

    def as_json(self) -> Json:
        """The finding as JSON has it."""
        names = ("vendor", "operation", "where", "old", "new", "message", "bump")
        return {"id": self.id, "class": self.kind} | {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Place:
    """Who meets a part of a spec, and whether they send it or read it."""

    vendor: str
    operation: str
    sent: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)

    def finding(self, breaks: bool, where: str, change: Change, message: str, bump: str = "minor") -> Finding:
        """A finding here, either breaking or additive."""
        kind, bump = ("breaking", "major") if breaks else ("additive", bump)
        old, new = (each if each is None or isinstance(each, str) else json.dumps(each) for each in change)
        return Finding(kind, self.vendor, self.operation, where, old, new, message, bump)


def worse(one: Finding, other: Finding) -> Finding:
    """The finding that asks for more, for the operations of both if they ask for the same."""
    bumps = BUMPS.index(one.bump), BUMPS.index(other.bump)
    if bumps[0] != bumps[1]:
        return one if bumps[0] > bumps[1] else other
    names = {*one.operation.split(", "), *other.operation.split(", ")}
    return replace(one, operation=", ".join(sorted(names)))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings without repetition, worst first."""
    order = list(CLASSES)
    every = {finding.id: finding for finding in findings}.values()
    return sorted(every, key=lambda each: (order.index(each.kind), each.vendor, each.operation, each.where))


def as_text(findings: list[Finding], bump: str) -> str:
    """The report for a maintainer."""
    lines = []
    for kind, (_, heading) in CLASSES.items():
        group = [finding for finding in findings if finding.kind == kind]
        lines += [f"{heading} ({len(group)})"] if group else []
        for finding in group:
            lines.append(f"  {finding.id}  {finding.vendor}  {finding.operation}  {finding.where}")
            lines.append(f"      {finding.message}")
            if finding.old and finding.new and finding.bump != "patch":
                lines.append(f"      {finding.old:.100} -> {finding.new:.100}")
        lines += [""] if group else []
    return "\n".join([*lines, f"Version bump: {bump}" if findings else "Nothing changed. Version bump: none"])


def as_markdown(findings: list[Finding], _: str) -> str:
    """A draft of what CHANGELOG.md says, in the sections of Keep a Changelog."""
    sections: dict[str, list[str]] = dict.fromkeys(("To decide", "Added", "Changed", "Deprecated", "Removed"), ())  # type: ignore[arg-type]
    for finding in findings:
        section = "Added" if finding.old is None else "Removed" if finding.new is None else "Changed"
        if finding.kind == "undecided":
            section = "To decide"
        elif finding.where.endswith("deprecated"):
            section = "Deprecated" if finding.new == "true" else "Changed"
        elif finding.kind == "terminal-set":
            section = "Changed"
        mark = "**Breaking.** " if finding.bump == "major" else ""
        line = f"- {mark}{finding.vendor}, `{finding.operation}`: {finding.message}"
        if finding.bump == "patch":
            section, line = "Changed", f"- {finding.vendor}: documentation of `{finding.operation}`."
        sections[section] = [*(each for each in sections[section] if each != line), line]
    drafted = [f"### {name}\n\n" + "\n".join(lines) + "\n" for name, lines in sections.items() if lines]
    return "\n".join(["## [Unreleased]\n", *drafted]).rstrip()


def as_json(findings: list[Finding], bump: str) -> str:
    """The report for a program."""
    return json.dumps({"findings": [finding.as_json() for finding in findings], "bump": bump}, indent=2)
