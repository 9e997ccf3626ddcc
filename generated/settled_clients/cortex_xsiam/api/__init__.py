"""Contains methods for accessing the API"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .. import types
    from . import byos_import, xql

__all__ = (
    "byos_import",
    "types",
    "xql",
)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return _import_module("..types" if name == "types" else f".{name}", __name__)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
