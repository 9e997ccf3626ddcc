"""Examples that the site shows, and a test runs."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "scripts" / "docs" / "pages"


def shown(test: str) -> str:
    """The block of Python before which a page says that it is run by a test."""
    block = re.compile(rf"<!-- run by {re.escape(test)} -->\s*```python\n(.*?)```", re.DOTALL)
    [text] = [found for page in PAGES.rglob("*.md") for found in block.findall(page.read_text(encoding="utf-8"))]
    return str(text)
