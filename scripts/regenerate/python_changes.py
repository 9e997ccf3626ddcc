"""Comparing the public Python API, statically."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import griffe

from findings import Finding, Place
from spec_tree import Problem, normalized


def compare_python(old: Path, new: Path, known: Iterable[Finding]) -> Iterator[Finding]:
    """What breaks in the public Python API, besides what is known already to have changed in specs and tables."""
    covered = set()
    for finding in known:
        if finding.kind == "breaking":
            names = {*finding.operation.split(", "), re.split(r"[. ]", finding.where)[0]}
            gone = {finding.vendor} if finding.where.startswith("specs/") else set()
            covered |= {("settled_clients", finding.vendor, normalized(name)) for name in names | gone}
        elif finding.kind == "terminal-set":
            covered.add(("settled", finding.vendor, normalized(finding.where.rpartition(": ")[2].partition(".")[0])))
    folders = {"settled_clients": "generated", "settled": "overlay"}
    packages = [name for name, folder in folders.items() if all((side / folder / name).is_dir() for side in (old, new))]
    for before, after in zip(load_python(old, packages), load_python(new, packages), strict=True):
        # Users know a name that a package re-exports by its public path.
        public: dict[str, str] = {}
        for module in [before, *before.modules.values()]:
            aliases = [each for each in module.members.values() if isinstance(each, griffe.Alias) and each.is_public]
            public = {each.target_path: each.path for each in aliases} | public
        for breakage in griffe.find_breaking_changes(before, after):
            path = breakage.obj.path
            target = next((target for target in public if f"{path}.".startswith(f"{target}.")), path)
            path = public.get(target, target) + path.removeprefix(target)
            package, vendor, *rest = f"{path}.".split(".")
            if not covered & {(package, vendor, normalized(name)) for name in (vendor, *rest)}:
                yield python_finding(path, breakage)


def python_finding(path: str, breakage: griffe.Breakage) -> Finding:
    """A breakage of what has this public path."""
    module, _, name = path.rpartition(".")
    values = breakage.old_value, breakage.new_value
    names = [getattr(value, "name", value) for value in values]
    what = f"{name}({names[0] or names[1]})" if breakage.kind.name.startswith("PARAMETER") else name
    shown = {"PARAMETER_CHANGED_DEFAULT": "default", "PARAMETER_CHANGED_KIND": "kind"}.get(breakage.kind.name, "name")
    where = f"{what} {breakage.kind.name.lower().replace('_', ' ')}"
    message = f"{module}.{what}: {breakage.kind.value[0].lower()}{breakage.kind.value[1:]}."
    old, new = (None if value is None else str(getattr(value, shown, value)) for value in values)
    return Place("python", module).finding(True, where, (old, new), message)


def load_python(folder: Path, packages: Iterable[str]) -> list[griffe.Module]:
    """The packages of a side as their source says, without importing them."""
    # Nothing is imported: the old side may not run with what is installed here.
    loader = griffe.GriffeLoader(search_paths=[folder / "overlay", folder / "generated"], allow_inspection=False)
    try:
        loaded = [loader.load(package, try_relative_path=False) for package in packages]
    except griffe.GriffeError as error:
        raise Problem(f"its Python cannot be read: {error}") from error
    return [module for module in loaded if isinstance(module, griffe.Module)]
