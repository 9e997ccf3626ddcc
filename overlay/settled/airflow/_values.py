"""Make values safe for Airflow's JSON and its databases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def portable(value: Any) -> Any:
    """A JSON value that every process and database can hold: one that cannot would end the triggerer, not one task.

    Numbers that are not finite, or of more than 64 bits, become texts; lone surrogates become question marks.
    """
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {portable(str(name)): portable(each) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [portable(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    return value
