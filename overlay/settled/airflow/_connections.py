"""Make a vendor's client from an Airflow connection.

The mapping is read off the signature of the vendor's `connect`, so that a new vendor needs no code here.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from .._core.job import Client

PREFIX = "settled_"

# In a connection that is written as a URI, all options are strings.
_WORDS = {"true": True, "false": False}


class Connection(Protocol):
    """The part of an Airflow connection that is used here; `extra` is JSON, or empty."""

    conn_id: str
    conn_type: str | None
    host: str | None
    schema: str | None
    login: str | None
    password: str | None
    port: int | None
    extra: str | None


@attrs.frozen
class Recipe:
    """A vendor's `connect`, and the arguments for it."""

    vendor: str
    connect: Callable[..., Client] = attrs.field(repr=False)
    arguments: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def key(self) -> tuple[Any, ...]:
        """A key that is equal for recipes of equal clients."""
        return self.vendor, *sorted(self.arguments.items())

    def make(self) -> Client:
        """Make a client."""
        return self.connect(**self.arguments)


def recipe(connection: Connection) -> Recipe:
    """Read from a connection how to make a client.

    Host, port and perhaps schema are the address; password is the secret, login the user's name or the id that belongs
    to it; extra has the options that `connect` takes.

    Raises:
        ValueError: If the connection is of another type, incomplete or invalid.
    """
    name, conn_type = f"the connection {connection.conn_id!r}", connection.conn_type or ""
    vendor = conn_type.removeprefix(PREFIX)
    is_ours = conn_type.startswith(PREFIX) and vendor.isidentifier()
    if not is_ours or importlib.util.find_spec(f"settled_clients.{vendor}") is None:
        raise ValueError(f"{name} is of the type {conn_type!r}; it must be one of Settled's types ({PREFIX}...)")
    connect = importlib.import_module(f"settled.{vendor}").connect
    # Vendors name their secrets differently, Airflow has one field for each.
    places = {
        "base_url": "host",
        **dict.fromkeys(("client_id", "key_id", "username"), "login"),
        **dict.fromkeys(("client_secret", "key", "password", "token"), "password"),
    }
    arguments: dict[str, Any] = {}
    options = {"timeout", "max_rate", "verify", "fast"}
    for parameter in inspect.signature(connect).parameters.values():
        place = places.get(parameter.name)
        if place is None and parameter.kind is parameter.KEYWORD_ONLY:
            options.add(parameter.name)
        elif place is not None:
            value = _address(connection) if place == "host" else getattr(connection, place)
            if not value:
                raise ValueError(f"{name} has no {place}: set it to the {parameter.name} of {conn_type}")
            arguments[parameter.name] = value
    return Recipe(vendor, connect, arguments | _extra(connection, name, options))


def _address(connection: Connection) -> str:
    host = (connection.host or "").strip()
    if host and connection.port:
        host = f"{host}:{connection.port}"
    return f"{connection.schema}://{host}" if host and connection.schema and "://" not in host else host


def _extra(connection: Connection, name: str, options: set[str]) -> dict[str, Any]:
    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        raise ValueError(f"the extra of {name} is not JSON") from None
    except RecursionError:
        raise ValueError(f"the extra of {name} is nested too deeply") from None
    if not isinstance(extra, dict):
        raise ValueError(f"the extra of {name} is not a JSON object")  # noqa: TRY004 - as any other bad extra
    unknown = sorted(extra.keys() - options)
    if unknown:
        raise ValueError(f"the extra of {name} has {', '.join(unknown)}, but takes only {', '.join(sorted(options))}")
    return {option: _value(option, value, name) for option, value in extra.items() if value not in (None, "")}


def _value(option: str, value: Any, name: str) -> Any:
    if option in ("timeout", "max_rate"):
        try:
            return float(value)
        except (OverflowError, TypeError, ValueError):
            raise ValueError(f"{option} in the extra of {name} must be a number") from None
    if option == "verify" and not isinstance(value, str):
        raise ValueError(f"verify in the extra of {name} must be the path of a CA bundle")
    if option != "verify" and not isinstance(value, bool):
        value = _WORDS.get(str(value).lower())
        if value is None:
            raise ValueError(f"{option} in the extra of {name} must be true or false")
    return value
