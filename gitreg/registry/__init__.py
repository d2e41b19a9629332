"""One way to judge, one way to write, and the reads: what every face stands on."""

from gitreg.registry.receipts import Receipt, RefusedError
from gitreg.registry.registry import Registry

__all__ = ["Receipt", "RefusedError", "Registry"]
