"""One search: a filter and an order, as SQL that SQLite answers fast."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitreg.domain.stages import Stages
from gitreg.index.checking import Checker
from gitreg.index.conditions import Conditions
from gitreg.index.expressions import Comparison, Expression, Value
from gitreg.index.grammar import ATTRIBUTE, parse
from gitreg.index.ordering import METRIC, RELEVANCE, Term, parse_order
from gitreg.index.pages import digest
from gitreg.index.predicates import Parameters
from gitreg.index.subjects import Subject


@dataclass(frozen=True, slots=True)
class Search:
    """A search, ready to run: ``connection.execute(search.sql, search.page(100))``.

    ``sql`` gives the ``row`` of each row found, in order; ``count`` gives how many there are.
    What somebody wrote stands in ``parameters`` only. ``digest`` tells it from other searches.
    """

    sql: str
    count: str
    parameters: Mapping[str, Value]
    digest: str

    def page(self, limit: int, offset: int = 0) -> dict[str, Value]:
        """Give the parameters of ``sql`` for one page."""
        return {**self.parameters, "limit": limit, "offset": offset}


def prepare(
    connection: sqlite3.Connection,
    subject: Subject,
    *,
    filter_string: str = "",
    order_by: str | Sequence[str] = (),
    stages: Stages,
    at: int | None = None,
) -> Search:
    """Make the SQL of a search of the registry as it is, or as it was after step ``at``.

    The connection is asked how many rows some comparisons let pass, to choose what is fast. Raises
    InvalidValueError for a filter or an order that cannot be.
    """
    parsed = parse(filter_string)
    checker = Checker(filter_string, subject, stages)
    words = [part for part in parsed.conjuncts if _is_match(part)]
    order = parse_order(order_by, subject, has_words=bool(words))
    others = [part for part in parsed.conjuncts if part not in words or not order.by_relevance]
    conditions = Conditions(connection, checker, Parameters(), at=at, leading=order.leading)
    where = conditions.every(others)
    tables, periods = f"{subject} {subject.letter}", conditions.periods(subject.letter)
    if order.by_relevance:
        tests = (checker.check(part) for part in words if isinstance(part, Comparison))
        match = conditions.match([word for test in tests for word in test.values])
        tables, periods = _ranked(subject), (conditions.holds(subject.letter),)
        where = f"words MATCH {match} AND {_own_text(subject, conditions)} AND {where}"
    found = [f"FROM {tables} WHERE {period} AND {where}" for period in periods]
    terms = [(_term(term, conditions, stages), term) for term in order.terms]
    return Search(
        _ordered(subject, found, terms),
        "SELECT " + " + ".join(f"(SELECT count(*) {each})" for each in found),
        conditions.parameters.values,
        digest(subject.table, filter_string, *map(str, order.terms)),
    )


def _ordered(subject: Subject, found: Sequence[str], terms: Sequence[tuple[str, Term]]) -> str:
    """Give the rows of all that was found, each in order by an index if there is one, merged."""
    row, page = f"{subject.letter}.row", "LIMIT :limit OFFSET :offset"
    if len(found) == 1:
        order = ", ".join(f"{sql}{_direction(term)}" for sql, term in terms)
        return f"SELECT {row} {found[0]} ORDER BY {order} {page}"
    keys = ", ".join(f"{sql} AS key{at}" for at, (sql, _) in enumerate(terms))
    merged = " UNION ALL ".join(f"SELECT {row} AS row, {keys} {each}" for each in found)
    order = ", ".join(f"key{at}{_direction(term)}" for at, (_, term) in enumerate(terms))
    return f"SELECT row FROM ({merged} ORDER BY {order} {page})"


def _direction(term: Term) -> str:
    """Give the direction of a term; what has no such metric comes last."""
    nulls = " NULLS LAST" if term.kind == METRIC else ""
    return f"{' DESC' if term.descending else ''}{nulls}"


def _is_match(part: Expression) -> bool:
    return isinstance(part, Comparison) and (part.kind, part.key) == (ATTRIBUTE, "text")


def _ranked(subject: Subject) -> str:
    """Give the tables of a search by words: what matches first, then what it is a text of."""
    letter = subject.letter
    return (
        "words CROSS JOIN texts t ON t.row = words.rowid "
        f"CROSS JOIN {subject} {letter} ON {letter}.name = t.name"
    )


def _own_text(subject: Subject, conditions: Conditions) -> str:
    number = f"{subject.letter}.number" if subject.numbered else "0"
    return f"t.number = {number} AND {conditions.holds('t')}"


def _term(term: Term, conditions: Conditions, stages: Stages) -> str:
    """Give the SQL of what a term orders by."""
    letter, parameters = conditions.subject.letter, conditions.parameters
    if term.kind == RELEVANCE:
        return "bm25(words)"
    if term.kind == METRIC:
        return (
            f"(SELECT x.measure FROM labels x WHERE x.name = {letter}.name "
            f"AND x.number = {letter}.number AND x.kind = 'metric' "
            f"AND x.key = {parameters.hold(term.key)} AND {conditions.holds('x')})"
        )
    if term.key == "stage":
        places = " ".join(
            f"WHEN {parameters.hold(stage.name)} THEN {place}" for place, stage in enumerate(stages)
        )
        return f"CASE {letter}.stage {places} END"
    return f"{letter}.{term.key}"
