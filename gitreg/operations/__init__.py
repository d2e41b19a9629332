"""What a person can do, as values that plan their edits.

Its modules are loaded when they are asked for: whoever only reads starts without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gitreg.operations import models, permissions, versions

_MODULES = ("models", "permissions", "versions")
__all__ = ["models", "permissions", "versions"]


def __getattr__(name: str) -> Any:  # Any: a module
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"gitreg.operations.{name}")
