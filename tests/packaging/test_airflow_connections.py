"""Connections of Airflow that cannot be right are one clear error, without Airflow itself."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from settled import osapi

recipe: Any = pytest.importorskip("settled.airflow._connections").recipe
SECRET = "kEy-0123456789abcdef"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extra": '{"verify": ["a"]}'}, "verify in the extra of .* must be the path of a CA bundle"),
        ({"extra": '{"verify": false}'}, "verify in the extra of .* must be the path of a CA bundle"),
        ({"extra": "[" * 100_000 + "]" * 100_000}, "nested too deeply"),
        ({"extra": '{"timeout": [1]}'}, "timeout in the extra of .* must be a number"),
        ({"extra": f'{{"max_rate": 1{"0" * 400}}}'}, "max_rate in the extra of .* must be a number"),
        ({"extra": '{"advanced": {}}'}, "advanced in the extra of .* must be true or false"),
        ({"port": 99_999}, "there is no port 99999"),
    ],
)
def test_what_cannot_be_right(changes: dict[str, Any], message: str) -> None:
    """Odd extras and ports are a ValueError that says which and what to give, and does not show the key."""
    connection = {"conn_id": "x", "conn_type": "settled_cortex_xdr", "host": "h.example", "port": None, "schema": None}
    connection |= {"login": "7", "password": SECRET, "extra": "{}"}
    with pytest.raises(ValueError, match=message) as raised:
        recipe(SimpleNamespace(**(connection | changes))).make()
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(("name", "secret"), [("username", "password"), ("client_id", "client_secret")])
def test_a_name_and_its_secret(monkeypatch: pytest.MonkeyPatch, name: str, secret: str) -> None:
    """Login and password of a connection are those of a user, or the id and secret of an OAuth client."""
    passed: dict[str, Any] = {}

    def connect(base_url: str, **arguments: Any) -> None:
        passed.update(arguments, base_url=base_url)

    parameters = [inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY) for each in (name, secret)]
    positional = inspect.Parameter("base_url", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    connect.__signature__ = inspect.Signature([positional, *parameters])  # type: ignore[attr-defined]
    monkeypatch.setattr(osapi, "connect", connect)
    connection = {"conn_id": "x", "conn_type": "settled_osapi", "host": "h.example", "port": None, "schema": None}
    recipe(SimpleNamespace(**connection, login="robot", password=SECRET, extra="")).make()
    assert passed == {"base_url": "h.example", name: "robot", secret: SECRET}
