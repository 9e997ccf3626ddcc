"""What there is: the vendors, their modules, their kinds of jobs, and the functions that start jobs."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import settled_clients

from ._core.job import Job, JobKind
from ._run.operation import is_submit


def vendors() -> list[str]:
    """The vendors there are, by the names of their modules; a client that was only generated is none yet."""
    found = (module.name for module in pkgutil.iter_modules(settled_clients.__path__) if module.ispkg)
    return sorted(name for name in found if importlib.util.find_spec(f"settled.{name}"))


def module_of(vendor: str) -> ModuleType:
    """A vendor's module."""
    return importlib.import_module(f"settled.{vendor}")


def kinds() -> list[JobKind[Any]]:
    """All kinds of jobs."""
    return [kind for vendor in vendors() for kind in module_of(vendor).KINDS]


def submits() -> dict[str, Callable[..., Job[Any]]]:
    """All public functions that start a job, by their names, as in `agilesec.create_scan`."""
    return {
        f"{vendor}.{name}": value
        for vendor in vendors()
        for name in module_of(vendor).__all__
        if is_submit(value := getattr(module_of(vendor), name))
    }


def submit_named(name: str) -> Callable[..., Job[Any]]:
    """The function that a name stands for; ValueError, with the nearest name there is, if it stands for none."""
    found = submits()
    if name not in found:
        near = nearest(name, found)
        hint = f"did you mean {near}?" if near else "`settled submit --help` lists what there is"
        raise ValueError(f"not the name of a submit; {hint}")
    return found[name]


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Which of some names a mistyped one probably meant; None if it is like none of them."""
    import difflib

    # The comparison takes quadratic time.
    return next(iter(difflib.get_close_matches(name[:100], names, n=1)), None)
