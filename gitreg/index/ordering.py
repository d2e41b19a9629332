"""The order of what was found."""

from collections.abc import Sequence
from dataclasses import dataclass

from gitreg.index.subjects import Subject


@dataclass(frozen=True, slots=True)
class Term:
    """One key of an order: of "kind" attribute, metric or relevance."""

    kind: str
    key: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Order:
    """The terms of an order, those that break ties included."""

    terms: tuple[Term, ...]


def parse_order(order_by: str | Sequence[str], subject: Subject) -> Order:
    """Read ``"name DESC"``, several with commas between, or a list of them; empty: the default.

    Raises InvalidValueError for a key, a direction or a repetition that cannot be.
    """
    raise NotImplementedError
