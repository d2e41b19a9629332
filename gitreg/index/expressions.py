"""A filter, read: comparisons joined by AND, OR and NOT; and how a place in one is shown."""

import unicodedata
from dataclasses import dataclass
from typing import TypeAlias

from gitreg.domain.names import hidden_character
from gitreg.errors import InvalidValueError

Value: TypeAlias = str | int | float

_BEFORE = 40
_AFTER = 30


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it was written, and where: characters from the beginning of the filter."""

    value: Value
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: ``tags.team = 'risk'`` is of kind ``tag`` and key ``team``.

    ``operator`` is in capitals, with one space in ``NOT IN``. Only IN has several literals.
    """

    kind: str
    key: str
    operator: str
    literals: tuple[Literal, ...]
    position: int
    operator_position: int

    @property
    def value(self) -> Value:
        """Give the only value, or the first."""
        return self.literals[0].value


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

    @property
    def conjuncts(self) -> tuple[Expression, ...]:
        """Give what must hold, each by itself."""
        if self.expression is None:
            return ()
        return self.expression.parts if isinstance(self.expression, And) else (self.expression,)


def refusal(text: str, position: int, message: str, *, hint: str = "") -> InvalidValueError:
    """Give the error that says ``message`` and shows the place in the filter ``text``.

    ::

        models have no key 'nmae'; ...
          nmae = 'fraud'
          ^
    """
    start = max(0, position - _BEFORE)
    before, after = map(_on_one_line, (text[start:position], text[position : position + _AFTER]))
    before = f"{'...' if start else ''}{before}"
    after += "..." if position + _AFTER < len(text) else ""
    caret = f"{' ' * sum(map(_columns, before))}^"
    return InvalidValueError(f"{message}\n  {before}{after}\n  {caret}", hint=hint)


def _on_one_line(text: str) -> str:
    return "".join(" " if hidden_character(c) or c.isspace() else c for c in text)


def _columns(character: str) -> int:
    """Give how many columns of a terminal the character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
