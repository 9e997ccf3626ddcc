"""From a ref back to its job: the vendor's name in it says which module knows its kind."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

from ._core.job import Client, Job, JobKind
from ._core.validate import text


def from_ref(ref: str, client: Client) -> Job[Any]:
    """The job that a `Job.ref` names, reached through a client of its vendor.

    Raises:
        ValueError: If the text is no ref of a known kind.
        TypeError: If the client is another vendor's.
    """
    name, slash, job_id = text("ref", ref).partition("/")
    kinds = _kinds_of(name)
    if not slash or name not in kinds:
        raise ValueError(f"not a ref of a known kind of job{_nearest(name)}")
    return Job(kinds[name], client, job_id)


def _kinds_of(name: str) -> Mapping[str, JobKind[Any]]:
    """The kinds of the vendor that the name of a kind begins with, by their names; none if there is no such vendor."""
    vendor, dot, _ = name.partition(".")
    is_vendor = vendor.isidentifier() and not vendor.startswith("_")
    if not dot or not is_vendor or importlib.util.find_spec(f"settled_clients.{vendor}") is None:
        return {}
    return {kind.name: kind for kind in importlib.import_module(f"settled.{vendor}").KINDS}


def _nearest(name: str) -> str:
    """Which kind somebody may have meant who made a typo, as the end of a message."""
    import difflib
    import pkgutil

    import settled_clients

    vendors = [vendor.name for vendor in pkgutil.iter_modules(settled_clients.__path__)]
    found = [f"settled.{vendor}" for vendor in vendors if importlib.util.find_spec(f"settled.{vendor}")]
    names = [kind.name for module in found for kind in importlib.import_module(module).KINDS]
    # Long names take long to compare.
    near = difflib.get_close_matches(name[:100], names, n=1)
    return (
        f"; did you mean {near[0]}/<id>?" if near else f"; a ref is <kind>/<id>, and the kinds are {', '.join(names)}"
    )
