"""Contains endpoint functions for accessing the API"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import get_byos_import_job, import_assets

__all__ = (
    "get_byos_import_job",
    "import_assets",
)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return _import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
