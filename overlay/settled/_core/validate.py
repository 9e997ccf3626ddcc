"""What callers give, checked where a wrong type would fail later on, and less clearly.

Type checkers find most mistakes of callers, but not what comes from an environment or from JSON. A bad argument raises
TypeError or ValueError, as Python's own functions do, and never a SettledError. The message names the argument, and
shows its value only if the value's type cannot hold a secret: a key that was given in the place of a timeout must not
get into a log.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from enum import Enum
from typing import Any


def number(name: str, value: Any) -> float:
    """A number as a float; TypeError if it is none, ValueError if no float can hold it."""
    # What is true or false passes for 1 or 0 otherwise: `timeout=True` is no second.
    if isinstance(value, str | bytes | bytearray | bool):
        raise TypeError(f"{name} must be a number, not a {type(value).__qualname__}")
    try:
        return float(value)
    except TypeError:
        raise TypeError(f"{name} must be a number, not {described(value)}") from None
    except OverflowError:
        raise ValueError(f"{name} is too large a number") from None


def text(name: str, value: Any) -> str:
    """A text; TypeError, which does not show what it is instead, if it is none."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not a {type(value).__qualname__}")
    return value


def nonempty(name: str, value: str) -> str:
    """A text that has more than blanks; TypeError or ValueError if it has not."""
    if not text(name, value).strip():
        raise ValueError(f"{name} must not be empty")
    return value


def described(value: Any) -> str:
    """What an error may say of an argument that it refuses: the value if its type cannot hold a secret, or its type."""
    import numbers

    if value is None or isinstance(value, numbers.Number | date | time | timedelta | Enum):
        try:
            return f"{value!r:.80}"
        except ValueError:  # of an integer with more digits than may be written out
            pass
    kind = type(value).__qualname__
    if kind in ("str", "bytes", "list", "tuple", "dict") and not value:
        return f"an empty {kind}"
    return f"an {kind}" if kind[:1] in "aeiouAEIOU" else f"a {kind}"
