"""What a comparison may be: its key is known, takes the comparator, and can have the value."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitreg.domain.model import STATUSES
from gitreg.domain.stages import Stages
from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError
from gitreg.index.expressions import Comparison, Literal, Value, refusal
from gitreg.index.grammar import ATTRIBUTE
from gitreg.index.moments import span
from gitreg.index.patterns import MAX_LENGTH as MAX_PATTERN
from gitreg.index.subjects import COMPARATORS, Key, Subject, Type

MAX_WORDS = 50
_LABELS = {"tag": Type.TAG, "metric": Type.METRIC, "param": Type.PARAM}
_PLURALS = {"tag": "tags", "metric": "metrics", "param": "params"}


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison that can be made: ``values`` are what the key's type holds.

    A time is two values, the first ms of it and the first ms after. Text to match is one value
    a word.
    """

    key: Key
    name: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks the comparisons of one filter over one subject."""

    text: str
    subject: Subject
    stages: Stages

    def check(self, comparison: Comparison) -> Test:
        """Give what the comparison says.

        Raises InvalidValueError, whose message shows the place, if it cannot be made.
        """
        key = self._key(comparison)
        possible = COMPARATORS[key.type]
        if comparison.operator not in possible:
            raise refusal(
                self.text,
                comparison.operator_position,
                f"{_shown(comparison)} takes {_listed(possible)}, not {comparison.operator}",
            )
        values: list[Value] = []
        for literal in comparison.literals:
            values += _CONVERSIONS[key.type](_Case(self, comparison, literal))
        if key.type is Type.STATUS:
            return _among_statuses(key, comparison, values)
        return Test(key, comparison.key, comparison.operator, tuple(values))

    def _key(self, comparison: Comparison) -> Key:
        if comparison.kind == ATTRIBUTE:
            return self._attribute(comparison)
        if comparison.kind not in self.subject.labels:
            raise refusal(
                self.text,
                comparison.position,
                f"{self.subject} have no {_PLURALS[comparison.kind]}",
                hint="search versions by them",
            )
        return Key(_LABELS[comparison.kind])

    def _attribute(self, comparison: Comparison) -> Key:
        known = self.subject.attributes
        if comparison.key in known:
            return known[comparison.key]
        labels = [f"{_PLURALS[kind]}.NAME" for kind in _PLURALS if kind in self.subject.labels]
        raise refusal(
            self.text,
            comparison.position,
            f"{self.subject} have no key {comparison.key[:100]!r}; they have "
            f"{_listed([*known, *labels])}",
            hint=suggest(comparison.key, known),
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """One value that is compared with."""

    checker: Checker
    comparison: Comparison
    literal: Literal

    @property
    def key(self) -> str:
        return _shown(self.comparison)

    @property
    def is_pattern(self) -> bool:
        return self.comparison.operator.endswith("LIKE")

    def wrong(self, message: str, *, hint: str = "") -> InvalidValueError:
        return refusal(self.checker.text, self.literal.position, message, hint=hint)


def _text(case: _Case) -> tuple[str, ...]:
    value = case.literal.value
    if not isinstance(value, str):
        raise case.wrong(f"{case.key} is compared with text", hint=f"write '{value}'")
    if case.is_pattern and len(value) > MAX_PATTERN:
        raise case.wrong(f"the pattern has {len(value):,} characters; {MAX_PATTERN:,} are the most")
    return (value,)


def _whole_number(case: _Case) -> tuple[int, ...]:
    value = case.literal.value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        value = int(value)
    if not isinstance(value, int):
        raise case.wrong(f"{case.key} is compared with whole numbers")
    return (value,)


def _number(case: _Case) -> tuple[float, ...]:
    if isinstance(case.literal.value, str):
        raise case.wrong(f"{case.key} is compared with numbers", hint="they stand in no quotes")
    return (float(case.literal.value),)


def _text_or_number(case: _Case) -> tuple[str | float, ...]:
    first = case.comparison.value
    if isinstance(first, str) or case.is_pattern:
        return _text(case)
    return _number(case)


def _time(case: _Case) -> tuple[int, ...]:
    found = span(case.literal.value)
    if found is None:
        raise case.wrong(
            f"{str(case.literal.value)[:40]!r} is no time",
            hint="write '2026-01-31', '2026-01-31T12:00:00+01:00', or ms since 1970",
        )
    return found


def _stage(case: _Case) -> tuple[str, ...]:
    [text] = _text(case)
    try:
        return (case.checker.stages.parse(text).name,)
    except InvalidValueError as error:
        raise case.wrong(str(error), hint=error.hint) from None


def _status(case: _Case) -> tuple[str, ...]:
    [text] = _text(case)
    if text.upper() not in STATUSES:
        raise case.wrong(
            f"{text[:40]!r} is no status; they are {_listed(STATUSES)}",
            hint=suggest(text, STATUSES),
        )
    return (text.upper(),)


def _among_statuses(key: Key, comparison: Comparison, values: Sequence[Value]) -> Test:
    """Say which of the statuses pass, so that those that are rare can be looked up."""
    wanted = comparison.operator in {"=", "IN"}
    passing = tuple(one for one in STATUSES if (one in values) == wanted)
    return Test(key, comparison.key, "IN", passing)


def _words(case: _Case) -> tuple[str, ...]:
    [text] = _text(case)
    words = tuple(word for word in text.split() if any(map(str.isalnum, word)))
    if not words:
        raise case.wrong("there is no word to look for")
    if len(words) > MAX_WORDS:
        raise case.wrong(f"there are {len(words):,} words; {MAX_WORDS} are the most")
    return words


_CONVERSIONS: Mapping[Type, Callable[[_Case], tuple[Value, ...]]] = {
    Type.NAME: _text,
    Type.TEXT: _text,
    Type.NUMBER: _whole_number,
    Type.TIME: _time,
    Type.STAGE: _stage,
    Type.STATUS: _status,
    Type.ALIAS: _text,
    Type.WORDS: _words,
    Type.TAG: _text,
    Type.METRIC: _number,
    Type.PARAM: _text_or_number,
}


def _shown(comparison: Comparison) -> str:
    """Give the key as people write it."""
    key = comparison.key if len(comparison.key) <= 40 else f"{comparison.key[:40]}..."
    return key if comparison.kind == ATTRIBUTE else f"{_PLURALS[comparison.kind]}.{key}"


def _listed(items: Iterable[str]) -> str:
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last
