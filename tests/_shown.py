"""Examples that the README shows, and a test runs."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def shown(test: str) -> str:
    """The block of Python before which the README says that it is run by a test."""
    [block] = re.findall(rf"<!-- run by {re.escape(test)} -->\s*```python\n(.*?)```", README.read_text(), re.DOTALL)
    return str(block)
