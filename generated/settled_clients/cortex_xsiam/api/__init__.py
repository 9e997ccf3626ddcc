"""Contains methods for accessing the API"""

from .. import types

__all__ = ["types"]
