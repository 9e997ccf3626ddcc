"""Public names that are imported when they are first asked for.

The packages of an extra can be imported without it: asking for one of their names then says what to install.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any


def lazy(
    package: str, homes: Mapping[str, Collection[str]], *, extra: str, needed: Collection[str]
) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose modules (`homes`) have its public names.

    It raises a ModuleNotFoundError that names the extra if one of the `needed` packages is missing.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def get(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            value = getattr(importlib.import_module(f"{package}.{home_of[name]}"), name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] not in needed:
                raise
            raise ModuleNotFoundError(
                f"{package} needs {error.name}: pip install 'settled[{extra}]'", name=error.name
            ) from error
        # Kept in the package, which does not ask for it here a second time.
        setattr(sys.modules[package], name, value)
        return value

    return get
