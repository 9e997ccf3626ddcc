"""What the tests of changes.py have in common: the real specs and tables, and changes to plant in copies."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

import changes
from _specs import ROOT, documents
from findings import Finding
from spec_changes import Side, compare
from terminal_tables import read_tables

Edit = Callable[[dict[str, Any]], object]


@cache
def real() -> Side:
    """The specs and tables of the project, read once, without validation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "read_spec", lambda path: documents()[path.stem])
        return changes.read_side(ROOT)


def only(vendor: str) -> Side:
    """A copy of one vendor's spec and tables."""
    side = real()
    jobs = {name: job for name, job in side.jobs.items() if name.startswith(f"{vendor}.")}
    return Side({vendor: copy.deepcopy(side.specs[vendor])}, jobs)


def planted(vendor: str, edit: Edit | tuple[str, str]) -> list[Finding]:
    """What is found after an edit of a vendor's spec, or after a replacement in the source of its overlay module."""
    old = only(vendor)
    new = only(vendor)
    if isinstance(edit, tuple):
        overlay = ROOT / "overlay" / "settled"
        module = next(path for path in (overlay / f"{vendor}.py", overlay / vendor / "__init__.py") if path.exists())
        source = module.read_text(encoding="utf-8")
        assert edit[0] in source
        new = replace(new, jobs=read_tables(source.replace(*edit), module.relative_to(ROOT).as_posix(), overlay))
    else:
        edit(new.specs[vendor])
    assert old != new, "nothing was planted"
    return compare(old, new)
