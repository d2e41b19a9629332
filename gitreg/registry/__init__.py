"""One way to judge, one way to write, and the reads: what every face stands on."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gitreg.registry.receipts import Receipt, RefusedError
    from gitreg.registry.registry import Registry

_HOMES = {
    "Receipt": "gitreg.registry.receipts",
    "RefusedError": "gitreg.registry.receipts",
    "Registry": "gitreg.registry.registry",
}
"""Loaded when asked for: the hooks, which only judge, start without what writes."""

__all__ = ["Receipt", "RefusedError", "Registry"]


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
