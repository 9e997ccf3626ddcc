"""What was sent or answered, without its secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

# A sensor's settings may hold the credentials that it scans with.
_SECRET_NAME = re.compile("auth|credential|key|pass|private|pwd|secret|token", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")


# Deeper down there is nothing that a person would look for.
_DEPTH = 40


def without_secrets(value: Any, depth: int = 0) -> Any:
    """A copy of a JSON value without what its names call a secret, and without the user and password of a URL."""
    if depth > _DEPTH:
        return "[too deep]"
    if _is_object(value):
        return {
            name: "[secret]"
            if _SECRET_NAME.search(name) and inner not in (None, "")
            else without_secrets(inner, depth + 1)
            for name, inner in value.items()
        }
    if _is_list(value):
        return [without_secrets(item, depth + 1) for item in value]
    return _USER_INFO.sub("[secret]@", value) if isinstance(value, str) else value


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
