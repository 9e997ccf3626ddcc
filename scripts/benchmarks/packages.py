"""What a profile spent in each package."""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from typing import Any

REST = "the rest"
_PACKAGES = {
    "Settled": ("/overlay/settled/", "/settled_clients/"),
    "httpx": ("/httpx/",),
    "httpcore and h11": ("/httpcore/", "/h11/"),
    "anyio": ("/anyio/",),
    "aiohttp": ("/aiohttp/", "/httpx_aiohttp/", "/yarl/", "/multidict/"),
    "azure-core": ("/azure/core/",),
    "requests and urllib3": ("/requests/", "/urllib3/"),
    "asyncio": ("/asyncio/", "/selectors.py"),
}
NAMES = (*_PACKAGES, REST)


def seconds_by_package(profile: cProfile.Profile) -> dict[str, float]:
    """The seconds in each package's own functions, and in the functions in C that they call."""
    spent: Counter[str] = Counter()
    stats: dict[tuple[str, int, str], Any] = vars(pstats.Stats(profile))["stats"]
    # By a function's file, line and name: its calls, those that are no recursion, its own seconds, all its seconds.
    for (file, *_), (_, _, own, _, callers) in stats.items():
        # What is written in C has no file.
        for of, seconds in [(of, each[2]) for (of, *_), each in callers.items()] if file == "~" else [(file, own)]:
            spent[_package_of(of)] += seconds
    return dict(spent)


def _package_of(file: str) -> str:
    return next((name for name, parts in _PACKAGES.items() if any(part in file for part in parts)), REST)
