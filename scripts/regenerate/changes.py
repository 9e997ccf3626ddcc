"""Say what a change of specs and overlay means for those who import the SDK.

python scripts/regenerate/changes.py [OLD [NEW]] [--format text|json|markdown]

OLD and NEW are git revisions, or folders that hold specs/ and overlay/ (and generated/, whose Python is compared if
both have it). OLD is the last tag, or HEAD where there is none, and NEW the working tree, unless given. --format
markdown drafts an entry for CHANGELOG.md.

A finding that somebody has looked at and decided belongs in `x-accepted-changes` of a spec: a mapping of its id, which
names this change and no other, to the reason. It is listed separately, and does not count for the exit code.

The exit code is the highest that applies: 0 nothing, or additions alone; 1 breaking, or another terminal set;
2 something to decide; 3 no comparison, because of what stderr says.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from findings import BUMPS, CLASSES, Finding, Report, as_json, as_markdown, as_text, in_order
from generate import MEMBERS, ROOT, GenerationError, read_spec
from python_changes import compare_python
from spec_changes import Side, compare, unchecked
from spec_lines import locate
from spec_tree import Problem
from terminal_tables import JobTable, read_tables


def read_side(folder: Path) -> Side:
    """Read the specs and the terminal tables of a folder; nothing of it is imported."""
    for name in ("specs", "overlay"):
        if not (folder / name).is_dir():
            raise Problem(f"there is no {name}/")
    specs = {path.stem: read_spec(path) for path in sorted((folder / "specs").glob("*.yaml"))}
    if not specs:
        raise Problem("specs/ holds no *.yaml")
    jobs: dict[str, JobTable] = {}
    overlay = folder / "overlay" / "settled"
    for path in sorted((*overlay.glob("[!_]*.py"), *overlay.glob("[!_]*/__init__.py"))):
        jobs |= read_tables(path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix(), overlay)
    lock = folder / "generated" / "lock.json"
    # Clients that were generated earlier number the members of enums, so their order counts there.
    by_word = lock.is_file() and MEMBERS in lock.read_text(encoding="utf-8")
    return Side(specs, jobs, numbered=not by_word)


def with_line(finding: Finding, old: Path, new: Path) -> Finding:
    """A finding with its line in the spec, in the old one if the new one has it no longer."""
    # What is gone has a line in the old spec alone.
    for folder, mark in ((new, ""), (old, " (old)")) if finding.new is not None else ((old, " (old)"), (new, "")):
        path = folder / "specs" / f"{finding.vendor}.yaml"
        line = locate(path, finding.operation.split(", ")[0], finding.where) if path.is_file() else 0
        if line:
            return replace(finding, file=f"specs/{finding.vendor}.yaml{mark}", line=line)
    return finding


def report_of(findings: list[Finding], before: Side, after: Side) -> Report:
    """The findings, apart from those that a spec's `x-accepted-changes` accepts, and notes on what was not checked."""
    reasons: dict[str, str] = {}
    for vendor, document in after.specs.items():
        accepted = document.get("x-accepted-changes", {})
        if not isinstance(accepted, dict) or not all(
            isinstance(reason, str) and reason for reason in accepted.values()
        ):
            raise Problem(f"x-accepted-changes of {vendor}.yaml must be a mapping of findings' ids to reasons")
        reasons |= accepted
    return Report(
        [finding for finding in findings if finding.id not in reasons],
        [(finding, reasons[finding.id]) for finding in findings if finding.id in reasons],
        unchecked(before, after),
    )


def git(root: Path, *arguments: str) -> bytes:
    """What a git command answers; Problem if it fails."""
    run = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)  # noqa: S603, S607
    if run.returncode != 0:
        raise Problem(run.stderr.decode(errors="replace").strip().splitlines()[-1])
    return run.stdout


def checked_out(revision: str, root: Path, scratch: Path) -> Path:
    """The folder that was named, or one with the files of the revision that was."""
    if Path(revision).is_dir():
        return Path(revision)
    try:
        git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except (Problem, IndexError) as error:
        raise Problem("no such folder, and no such revision") from error
    # Not a worktree, which would leave traces in the repository.
    with zipfile.ZipFile(io.BytesIO(git(root, "archive", "--format=zip", revision))) as archive:
        archive.extractall(scratch)
    return scratch


def last_release(root: Path) -> str:
    """The last tag, or HEAD."""
    try:
        return git(root, "describe", "--tags", "--abbrev=0").decode().strip()
    except Problem:
        return "HEAD"


class Parser(argparse.ArgumentParser):
    """Ends with 3 where a command line is wrong: 2 means something else here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        self.exit(3, f"{self.prog}: {message}\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is one of those that the module's docstring lists."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", nargs="?", metavar="OLD", help="a revision or a folder (default: the last tag, or HEAD)")
    parser.add_argument("new", nargs="?", metavar="NEW", help="a revision or a folder (default: the working tree)")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder (default: this one)")
    options = parser.parse_args(argv)
    name = str(options.root)
    with tempfile.TemporaryDirectory() as scratch:
        sides: list[tuple[Path, Side]] = []
        try:
            compared = options.old or last_release(options.root), options.new or name
            for name, empty in zip(compared, ("old", "new"), strict=True):
                folder = checked_out(name, options.root, Path(scratch, empty))
                sides.append((folder, read_side(folder)))
            (old, before), (new, after) = sides
            findings = compare(before, after)
            findings = in_order([*findings, *compare_python(old, new, findings)])
            report = report_of([with_line(finding, old, new) for finding in findings], before, after)
        except (Problem, GenerationError, OSError, UnicodeDecodeError) as error:
            print(f"{name} cannot be compared: {error}", file=sys.stderr)
            return 3
    bump = max((finding.bump for finding in findings), key=BUMPS.index, default="none")
    print({"text": as_text, "json": as_json, "markdown": as_markdown}[options.format](report, bump))
    return max((CLASSES[finding.kind][0] for finding in report.findings), default=0)


if __name__ == "__main__":
    sys.exit(main())
