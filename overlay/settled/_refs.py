"""Resolve a ref to its job: the vendor's name in the ref says which module defines the kind."""

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
        ValueError: If the text is not a ref of a known kind, or has an option that the kind does not take.
        TypeError: If the client is another vendor's.
    """
    kind, job_id, options = parse_ref(ref)
    return Job(kind, client, job_id, options)


def parse_ref(ref: str) -> tuple[JobKind[Any], str, dict[str, Any]]:
    """The kind, the id and the options in a ref; raises ValueError as `from_ref` does."""
    name, slash, rest = text("ref", ref).partition("/")
    kind = _kinds_of(name).get(name)
    if not slash or kind is None:
        raise ValueError(f"not a ref of a known kind of job{_nearest(name)}")
    if not kind.options:
        return kind, rest, {}
    # An id can have question marks in it, options cannot.
    job_id, mark, query = rest.rpartition("?")
    return kind, job_id if mark else query, _options(kind, query) if mark else {}


def _options(kind: JobKind[Any], query: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for each in query.split("&") if query else ():
        name, _, value = each.partition("=")
        # The text may be a pasted secret, so the message names only what is allowed.
        if name not in kind.options or name in options:
            names = ", ".join(f"{known}=<value>" for known in kind.options)
            raise ValueError(f"a ref of {kind.name} takes only these options, each once: {names}")
        options[name] = kind.options[name](value)
    return options


def _kinds_of(name: str) -> Mapping[str, JobKind[Any]]:
    """The kinds, by name, of the vendor that prefixes a kind's name; empty if there is no such vendor."""
    vendor, dot, _ = name.partition(".")
    is_vendor = vendor.isidentifier() and not vendor.startswith("_")
    # Only vendors have a generated client, so a ref cannot import any other module of this package.
    if not dot or not is_vendor or importlib.util.find_spec(f"settled_clients.{vendor}") is None:
        return {}
    return {kind.name: kind for kind in importlib.import_module(f"settled.{vendor}").KINDS}


def _nearest(name: str) -> str:
    """A suggestion for a mistyped kind, as the end of a message."""
    from ._vendors import kinds, nearest

    names = [kind.name for kind in kinds()]
    near = nearest(name.lower(), names)
    return f"; did you mean {near}/<id>?" if near else f"; a ref is <kind>/<id>, and the kinds are {', '.join(names)}"
