"""What a comparison finds, and how it is reported."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spec_tree import Json, common_suffix

Change = tuple[Any, Any]

WAITS = "Terminal sets and waiters"
WAITER = re.compile(r"^Jobs of the kind ")
CALL = re.compile(r"[A-Z]+ /")
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
    file: str = ""  # the spec, "(old)" behind it where the new one no longer has what is meant
    line: int = 0

    @property
    def id(self) -> str:
        """A name that stays the same from run to run, and is that of no other change."""
        named = (self.kind, self.vendor, self.operation, self.where, str(self.old), str(self.new))
        return hashlib.sha256("\0".join(named).encode()).hexdigest()[:10]

    def as_json(self) -> Json:
        """The finding as JSON has it."""
        names = ("vendor", "operation", "where", "old", "new", "message", "bump", "file", "line")
        return {"id": self.id, "class": self.kind} | {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Report:
    """The result: findings, those that somebody has accepted with a reason, and notes on what was not checked."""

    findings: list[Finding]
    accepted: list[tuple[Finding, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Who meets a part of a spec, and whether they send it or read it."""

    vendor: str
    operation: str
    sent: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = True  # whether the old client's enums may have numbered their odd words by position

    def finding(self, breaks: bool, where: str, change: Change, message: str, bump: str = "minor") -> Finding:
        """A finding here, either breaking or additive."""
        kind, bump = ("breaking", "major") if breaks else ("additive", bump)
        old, new = (each if each is None or isinstance(each, str) else json.dumps(each) for each in change)
        return Finding(kind, self.vendor, self.operation, where, old, new, message, bump)


def worst_of(one: Finding, other: Finding) -> Finding:
    """The finding that asks for more, for the operations of both if they ask for the same."""
    bumps = BUMPS.index(one.bump), BUMPS.index(other.bump)
    if bumps[0] != bumps[1]:
        return one if bumps[0] > bumps[1] else other
    names = {*one.operation.split(", "), *other.operation.split(", ")}
    return replace(one, operation=", ".join(sorted(names)))


def grouped_by_cause(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with one cause as one, for all operations that it affects: a prefix that moved, a common answer."""
    moves: dict[tuple[str, ...], list[Finding]] = {}
    groups: dict[tuple[str | None, ...], list[Finding]] = {}
    for each in findings:
        if each.where == "call" and each.old and each.new:
            old, new = (call.partition(" ")[2] for call in (each.old, each.new))
            cut = len(common_suffix(old, new))
            prefixes = ("/".join(path.split("/")[: len(path.split("/")) - cut]) for path in (old, new))
            moves.setdefault((each.kind, each.vendor, *prefixes), []).append(each)
            continue
        message = each.message.replace(each.operation, "*")
        key = (each.kind, each.vendor, each.where, each.old, each.new, each.bump, message)
        groups.setdefault(key if each.vendor != "python" else (each.id,), []).append(each)
    found: list[Finding] = []
    gone = set()
    for (_, vendor, old, new), group in moves.items():
        first = group[0]
        if len(group) > 1:
            message = f"{len(group)} operations have moved from {old or '/'} to {new or '/'}: {first.message}"
            first = replace(first, operation=_names(group), old=old or "/", new=new or "/", message=message)
        gone |= {(vendor, name) for each in group for name in each.operation.split(", ")}
        found.append(first)
    for every in groups.values():
        group, first = every, every[0]
        if first.where == "operation" and CALL.match(first.old or "") and CALL.match(first.new or ""):
            # An operation without a name of its own is called by its path, whose move is reported already.
            group = [each for each in every if (each.vendor, each.operation) not in gone]
            if not group:
                continue
        if len(group) > 1:
            message = first.message.replace(first.operation, f"{len(group)} operations")
            message += "" if message != first.message else f" That is so for {len(group)} operations."
            first = replace(first, operation=_names(group), message=message)
        found.append(first)
    return found


def _names(group: Iterable[Finding]) -> str:
    return ", ".join(sorted({name for each in group for name in each.operation.split(", ")}))


def short(operation: str) -> str:
    """The names of operations, or the first of very many."""
    names = operation.split(", ")
    return operation if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings without repetition, worst first."""
    order = list(CLASSES)
    every = {finding.id: finding for finding in findings}.values()
    return sorted(every, key=lambda each: (order.index(each.kind), each.vendor, each.operation, each.where))


def as_text(report: Report, bump: str) -> str:
    """The report for a maintainer."""
    lines = []
    findings = report.findings
    for kind, (_, heading) in CLASSES.items():
        group = [finding for finding in findings if finding.kind == kind]
        lines += [f"{heading} ({len(group)})"] if group else []
        for finding in group:
            lines.append(f"  {finding.id}  {finding.vendor}  {short(finding.operation)}  {finding.where}")
            lines += [f"      {finding.file}:{finding.line}"] if finding.line else []
            lines.append(f"      {finding.message}")
            if finding.old and finding.new and finding.bump != "patch":
                lines.append(f"      {finding.old:.100} -> {finding.new:.100}")
        lines += [""] if group else []
    if report.accepted:
        lines.append(f"Accepted: somebody has decided ({len(report.accepted)})")
        lines += [f"  {each.id}  {each.message}  ({reason})" for each, reason in report.accepted]
        lines.append("")
    lines += [f"Note: {note}" for note in report.notes]
    findings = [*findings, *(each for each, _ in report.accepted)]
    return "\n".join([*lines, f"Version bump: {bump}" if findings else "Nothing changed. Version bump: none"])


def as_markdown(report: Report, _: str) -> str:
    """A draft of what CHANGELOG.md says: first what waits do otherwise, then the sections of Keep a Changelog."""
    names = (WAITS, "To decide", "Added", "Changed", "Deprecated", "Removed")
    sections: dict[str, list[str]] = {name: [] for name in names}
    for finding in [*report.findings, *(each for each, _ in report.accepted)]:
        section = "Added" if finding.old is None else "Removed" if finding.new is None else "Changed"
        if finding.kind == "undecided" and finding in report.findings:
            section = "To decide"
        elif finding.kind == "terminal-set" or WAITER.search(finding.message):
            section = WAITS
        elif finding.where.endswith("deprecated"):
            section = "Deprecated" if finding.new == "true" else "Changed"
        mark = "**Breaking.** " if finding.bump == "major" else ""
        line = f"- {mark}{finding.vendor}, `{short(finding.operation)}`: {finding.message}"
        if finding.bump == "patch":
            section, line = "Changed", f"- {finding.vendor}: documentation of `{short(finding.operation)}`."
        sections[section] = [*(each for each in sections[section] if each != line), line]
    drafted = [f"### {name}\n\n" + "\n".join(lines) + "\n" for name, lines in sections.items() if lines]
    return "\n".join(["## [Unreleased]\n", *drafted]).rstrip()


def as_json(report: Report, bump: str) -> str:
    """The report for a program."""
    result: Json = {"findings": [finding.as_json() for finding in report.findings], "bump": bump}
    result["accepted"] = [finding.as_json() | {"reason": reason} for finding, reason in report.accepted]
    return json.dumps(result | {"notes": report.notes}, indent=2)
