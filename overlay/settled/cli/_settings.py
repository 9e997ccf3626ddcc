"""Addresses and credentials of vendors, from the file that SETTLED_CONFIG names or from the environment.

A vendor that has a table in the file is set by that table alone; the two sources are never mixed.
"""

from __future__ import annotations

import codecs
import inspect
import os
import stat
import tomllib
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Self, cast

import attrs

from .._core.job import Client, Job
from .._http.credentials import Secret
from .._refs import parse_ref
from .._vendors import module_of, vendors

VARIABLE = "SETTLED_CONFIG"

# The permissions of everybody but the owner.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_MAX_BYTES = 2**20
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class BadSettings(ValueError):
    """Settings are missing, unreadable or invalid."""


def decoded(content: bytes) -> str:
    """Decode UTF-8, or the encoding that a byte order mark names; UnicodeDecodeError otherwise."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    return content.decode(encoding).replace("\r\n", "\n")


@attrs.frozen
class Settings:
    """Where the settings of vendors are: the file, if there is one, has a table for each of some vendors."""

    path: Path | None
    tables: Mapping[str, Any] = attrs.field(repr=False)

    @classmethod
    def read(cls) -> Self:
        """Read the file that SETTLED_CONFIG names, if it names one.

        Raises:
            BadSettings: If it cannot be read, or others can read it.
        """
        named = os.environ.get(VARIABLE, "")
        if not named:
            return cls(None, {})
        try:
            with Path(named).open("rb") as file:
                if os.name == "posix" and _is_open_to_others(os.fstat(file.fileno())):
                    raise BadSettings(f"others can read or change {named}, which {VARIABLE} names: chmod 600 it")
                content = file.read(_MAX_BYTES + 1)
            if len(content) > _MAX_BYTES:
                raise BadSettings(f"{named}, which {VARIABLE} names, has more than {_MAX_BYTES:,} bytes")
            tables = tomllib.loads(decoded(content))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadSettings(f"{named}, which {VARIABLE} names, cannot be read: {_reason(error)}") from None
        unknown = sorted(tables.keys() - set(vendors()))
        if unknown:
            raise BadSettings(f"{named}: there is no vendor {', '.join(unknown)}, only {', '.join(vendors())}")
        return cls(Path(named), tables)

    def source(self, vendor: str) -> str | None:
        """Where a vendor's settings are, in words; None if there are none."""
        if vendor in self.tables:
            return f"[{vendor}] in {self.path}"
        prefix = f"SETTLED_{vendor.upper()}_"
        return f"the environment ({prefix}...)" if any(name.startswith(prefix) for name in os.environ) else None

    def connect(self, vendor: str) -> Client:
        """A client of a vendor.

        Raises:
            BadSettings: If its settings are missing or not valid.
        """
        module = module_of(vendor)
        try:
            if vendor not in self.tables:
                return module.connect_from_env()  # type: ignore[no-any-return]
            return module.connect(**_arguments(module, self.tables[vendor]))  # type: ignore[no-any-return]
        except (OSError, ValueError) as error:
            hint = (
                f"; or write a table [{vendor}] into the file that {VARIABLE} names"
                if self.source(vendor) is None
                else ""
            )
            raise BadSettings(f"{vendor}: {error}{hint}") from None

    def jobs(self, refs: Iterable[str], *, expected_agents: int | None = None) -> list[Job[Any]]:
        """The jobs that refs name, each once, with one client for each vendor.

        Raises:
            BadSettings: If a vendor's settings are missing or not valid.
            ValueError: If one is not a ref of a known kind.
        """
        clients: dict[str, Client] = {}
        jobs: dict[Job[Any], None] = {}
        refs = list(refs)
        for number, ref in enumerate(refs, 1):
            try:
                kind, job_id, options = parse_ref(ref)
            except ValueError as error:
                # The message names the ref by its number, because the text may be a pasted token.
                which = f"number {number} of {len(refs)}: " if len(refs) > 1 else ""
                raise ValueError(f"{which}{error}") from None
            kind.request(job_id)
            if expected_agents is not None and "agents" in kind.options:
                options["agents"] = expected_agents
            vendor = kind.name.partition(".")[0]
            client = clients.get(vendor) or clients.setdefault(vendor, self.connect(vendor))
            jobs[Job(kind, client, job_id, options)] = None
        return list(jobs)


def _is_open_to_others(found: os.stat_result) -> bool:
    others = found.st_mode & _OTHERS
    # Kubernetes mounts secrets readable by a group of the process; a pod cannot change that.
    is_ours = found.st_gid in (os.getegid(), *os.getgroups())
    return bool(others & ~stat.S_IRGRP if is_ours else others)


def _arguments(module: ModuleType, table: Any) -> dict[str, Any]:
    """A table's settings, checked against the parameters of the vendor's `connect`."""
    if not isinstance(table, dict):
        raise BadSettings("not a table")
    settings = cast(dict[str, Any], table)
    types = typing.get_type_hints(module.connect)
    (options,) = typing.get_args(types.pop("options"))
    types |= typing.get_type_hints(options)
    for programs_only in ("return", "transport"):
        del types[programs_only]
    # A secret may be a callable, too, but a file holds none.
    types = {name: str if hint is Secret else hint for name, hint in types.items()}
    for name, value in settings.items():
        if name not in types:
            raise BadSettings(f"there is no setting {name!r}, but {', '.join(types)}")
        if not isinstance(value, types[name]) and not (type(value) is int and isinstance(1.0, types[name])):
            raise BadSettings(f"{name} cannot be of type {type(value).__name__}")
    try:
        inspect.signature(module.connect).bind(**settings)
    except TypeError as error:
        raise BadSettings(str(error)) from None
    return settings


def _reason(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
