"""What callers give, checked where a wrong type would fail later on, and less clearly."""

from __future__ import annotations

from typing import Any


def number(name: str, value: Any) -> float:
    """A number as a float; TypeError if it is none, ValueError if no float can hold it."""
    if isinstance(value, str | bytes | bytearray):
        raise TypeError(f"{name} must be a number, not a {type(value).__qualname__}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} is too large a number") from None


def text(name: str, value: Any) -> str:
    """A text; TypeError, which does not show what it is instead, if it is none."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not a {type(value).__qualname__}")
    return value
