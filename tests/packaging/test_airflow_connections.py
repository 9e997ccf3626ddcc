"""Connections of Airflow that cannot be right are one clear error, without Airflow itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

recipe: Any = pytest.importorskip("settled.airflow._connections").recipe
SECRET = "kEy-0123456789abcdef"


@pytest.mark.parametrize(
    ("changes", "said"),
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
def test_what_cannot_be_right(changes: dict[str, Any], said: str) -> None:
    """Odd extras and ports are a ValueError that says which and what to give, and does not show the key."""
    connection = {"conn_id": "x", "conn_type": "settled_cortex_xdr", "host": "h.example", "port": None, "schema": None}
    connection |= {"login": "7", "password": SECRET, "extra": "{}"}
    with pytest.raises(ValueError, match=said) as raised:
        recipe(SimpleNamespace(**(connection | changes))).make()
    assert SECRET not in str(raised.value)
