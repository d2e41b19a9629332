"""A filter, read: comparisons joined by AND, OR and NOT."""

from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | int | float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: ``tags.team = 'risk'``; the positions count characters of the filter."""

    kind: str
    key: str
    operator: str
    values: tuple[Value, ...]
    position: int
    operator_position: int
    value_position: int


@dataclass(frozen=True, slots=True)
class And:
    """What holds if every part does."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What holds if any part does."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What holds if its part does not."""

    part: "Expression"


Expression: TypeAlias = Comparison | And | Or | Not


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it was written, and what it says; None if it says nothing."""

    text: str
    expression: Expression | None
