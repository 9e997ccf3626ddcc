"""Parse durations such as 90s or 1h30m.

The text is kept beside the seconds, for the command that resumes a wait.
"""

from __future__ import annotations

import re
from typing import Self

import attrs

_PARTS = re.compile(r"(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s?)?", re.ASCII)
_SECONDS = (86_400.0, 3_600.0, 60.0, 1.0)


@attrs.frozen
class Duration:
    """How long a wait may take: the text, and the seconds that it means, or None for no end."""

    text: str
    seconds: float | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 90, 90s, 15m, 1h30m, 2d or none; ValueError for anything else."""
        if text == "none":
            return cls(text, None)
        parts = _PARTS.fullmatch(text)
        if parts is None or not any(parts.groups()):
            raise ValueError("not a duration such as 90, 90s, 15m, 1h30m, 2d or none")
        # The pattern lets 1.2.3 through; float does not.
        counted = zip(parts.groups(), _SECONDS, strict=True)
        try:
            return cls(text, sum(float(number) * unit for number, unit in counted if number))
        except ValueError:
            raise ValueError("not a number in a duration") from None
