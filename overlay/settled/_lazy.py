"""Public names that are imported when they are first asked for.

The packages of an extra can be imported without it: asking for one of their names then says what to install.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection
from typing import Any


def imported(package: str, home: str, name: str, *, extra: str, needed: Collection[str]) -> Any:
    """A name from one of a package's modules, kept in the package from then on.

    Raises:
        ModuleNotFoundError: Which names the extra, if one of the `needed` packages is missing.
    """
    try:
        value = getattr(importlib.import_module(f"{package}.{home}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in needed:
            raise
        raise ModuleNotFoundError(
            f"{package} needs {error.name}: pip install 'settled[{extra}]'", name=error.name
        ) from error
    setattr(sys.modules[package], name, value)
    return value
