"""The order of what was found: ``name DESC``, ``updated DESC, name``, ``metrics.auc DESC``.

As MLflow orders: models by name; versions by when they were last updated, the newest first. What
is equal is ordered by name, and the versions of a model from the newest number.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError
from gitreg.index.grammar import ATTRIBUTE, KINDS
from gitreg.index.subjects import Subject

METRIC = "metric"
RELEVANCE = "relevance"
MAX_LENGTH = 4_096
MAX_TERMS = 20

_ITEM = re.compile(r"((?:`[^`]*`|\"[^\"]*\"|[^,])*)(,|\Z)")
_TERM = re.compile(r"((?:`[^`]*`|\"[^\"]*\"|\S)+)(?:\s+(.+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One key of an order; ``kind`` is attribute (a column), metric or relevance."""

    kind: str
    key: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {'DESC' if self.descending else 'ASC'}"


@dataclass(frozen=True, slots=True)
class Order:
    """The terms of an order, those that break ties included."""

    terms: tuple[Term, ...]

    @property
    def leading(self) -> str:
        """Give the column that is ordered by first, or nothing."""
        return self.terms[0].key if self.terms[0].kind == ATTRIBUTE else ""

    @property
    def by_relevance(self) -> bool:
        """Tell whether how well the words match counts."""
        return any(term.kind == RELEVANCE for term in self.terms)


_BEST = Term(RELEVANCE, "")
_BY_NAME = Term(ATTRIBUTE, "name")
_NEWEST_NUMBER = Term(ATTRIBUTE, "number", descending=True)
_NEWEST = Term(ATTRIBUTE, "updated", descending=True)


def parse_order(
    order_by: str | Sequence[str], subject: Subject, *, has_words: bool = False
) -> Order:
    """Read ``"name DESC"``, several with commas between, or a list of them.

    An empty one is MLflow's default; or the best match first if the filter has words to match.
    Raises InvalidValueError for a key, a direction or a repetition that cannot be.
    """
    texts = (order_by,) if isinstance(order_by, str) else tuple(order_by)
    if sum(map(len, texts)) > MAX_LENGTH:
        raise InvalidValueError(f"the order is longer than {MAX_LENGTH:,} characters")
    terms: list[Term] = []
    for item in _items(texts):
        term = _term(item, subject)
        if any((term.kind, term.key) == (other.kind, other.key) for other in terms):
            raise InvalidValueError(f"the order holds {item.split()[0]!r} twice")
        terms.append(term)
    if len(terms) > MAX_TERMS:
        raise InvalidValueError(f"the order has {len(terms)} keys; {MAX_TERMS} are the most")
    if not terms:
        terms = [_BEST] if has_words else [_NEWEST] if subject.numbered else [_BY_NAME]
    if RELEVANCE in {term.kind for term in terms} and not has_words:
        raise InvalidValueError(
            "nothing can be ordered by relevance where no words are looked for",
            hint="text MATCH 'words' must be a condition that every result meets",
        )
    return Order(tuple(terms) + _ties(terms, subject))


def _items(texts: Sequence[str]) -> Iterator[str]:
    """Give the items between commas; an empty text holds none, and "a,," two that are missing."""
    for text in texts:
        if not text.strip():
            continue
        for found in _ITEM.finditer(text):
            yield found[1].strip()
            if not found[2]:
                break


def _term(item: str, subject: Subject) -> Term:
    found = _TERM.fullmatch(item)
    if found is None:
        raise InvalidValueError("a key of the order is missing", hint="write name, updated DESC")
    kind, key = _key(found[1], subject)
    direction = (found[2] or "").strip().upper()
    if kind == RELEVANCE and direction:
        raise InvalidValueError("relevance takes no direction; the best match comes first")
    if direction not in {"", "ASC", "DESC"}:
        raise InvalidValueError(
            f"{found[2][:40]!r} is no direction of {found[1][:40]!r}; it is ASC or DESC",
            hint=suggest(direction, ("ASC", "DESC")),
        )
    return Term(kind, key, direction == "DESC")


def _key(text: str, subject: Subject) -> tuple[str, str]:
    prefix, dot, name = text.partition(".")
    if dot and KINDS.get(prefix) == METRIC and METRIC in subject.labels and _plain(name):
        return METRIC, _plain(name)
    key = _plain(name if dot and KINDS.get(prefix) == ATTRIBUTE else text)
    if key == RELEVANCE:
        return RELEVANCE, ""
    if key in subject.orders:
        return ATTRIBUTE, subject.orders[key]
    metrics = ("metrics.NAME",) if METRIC in subject.labels else ()
    known = (*subject.orders, *metrics, RELEVANCE)
    raise InvalidValueError(
        f"{subject} cannot be ordered by {text[:100]!r}; they can by {', '.join(known)}",
        hint=suggest(key, known),
    )


def _plain(text: str) -> str:
    """Take quotes away."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in '`"'
    return text[1:-1] if quoted else text


def _ties(terms: Sequence[Term], subject: Subject) -> tuple[Term, ...]:
    """Give what makes the order of what is equal certain."""
    last = (_BY_NAME, _NEWEST_NUMBER) if subject.numbered else (_BY_NAME,)
    there = {(term.kind, term.key) for term in terms}
    return tuple(term for term in last if (term.kind, term.key) not in there)
