"""In place of `pip install`, for the README's snippets: whether what is asked for is there to be installed."""

from __future__ import annotations

import sys
import tomllib

from packaging.requirements import Requirement

from _specs import ROOT


def main(words: list[str]) -> int:
    """0 if this project's extras that are asked for are there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = [Requirement(word) for word in words[1:] if not word.startswith("-")]
    ours = next((asked for asked in asked if asked.name == "settled"), None)
    return 0 if words[0] == "install" and ours is not None and ours.extras <= extras.keys() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
