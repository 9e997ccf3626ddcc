"""What was sent or answered, without its secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

# A sensor's settings may hold the credentials that it scans with.
_SECRET_NAME = re.compile("auth|credential|key|pass|private|pwd|secret|token", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")


def without_secrets(value: Any) -> Any:
    """A copy of a JSON value without what its names call a secret, and without the user and password of a URL."""
    if isinstance(value, dict):
        fields = cast(Mapping[str, Any], value)
        return {
            name: "[secret]" if _SECRET_NAME.search(name) and inner not in (None, "") else without_secrets(inner)
            for name, inner in fields.items()
        }
    if isinstance(value, list):
        return [without_secrets(item) for item in cast(list[Any], value)]
    return _USER_INFO.sub("[secret]@", value) if isinstance(value, str) else value
