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
    found = parse(filter_string)
    checker = Checker(filter_string, subject, stages)
    words = [part for part in found.conjuncts if _is_match(part)]
    order = parse_order(order_by, subject, has_words=bool(words))
    others = [part for part in found.conjuncts if part not in words or not order.by_relevance]
    conditions = Conditions(connection, checker, Parameters(), at=at, leading=order.leading)
    where = conditions.whole(others)
    tables = f"{subject} {subject.letter}"
    if order.by_relevance:
        tests = (checker.check(part) for part in words if isinstance(part, Comparison))
        match = conditions.match([word for test in tests for word in test.values])
        tables = _ranked(subject)
        where = f"words MATCH {match} AND {_own_text(subject, conditions)} AND {where}"
    counted = f"SELECT count(*) FROM {tables} WHERE {where}"
    terms = ", ".join(_term(term, conditions, stages) for term in order.terms)
    return Search(
        f"SELECT {subject.letter}.row FROM {tables} WHERE {where} ORDER BY {terms} "
        "LIMIT :limit OFFSET :offset",
        counted,
        conditions.parameters.values,
        digest(subject.table, filter_string, *map(str, order.terms)),
    )


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
    """Give the SQL of one term of an order; what has no such metric comes last."""
    letter, parameters = conditions.subject.letter, conditions.parameters
    direction = " DESC" if term.descending else ""
    if term.kind == RELEVANCE:
        return "bm25(words)"
    if term.kind == METRIC:
        return (
            f"(SELECT x.measure FROM labels x WHERE x.name = {letter}.name "
            f"AND x.number = {letter}.number AND x.kind = 'metric' "
            f"AND x.key = {parameters.hold(term.key)} AND {conditions.holds('x')})"
            f"{direction} NULLS LAST"
        )
    if term.key == "stage":
        places = " ".join(
            f"WHEN {parameters.hold(stage.name)} THEN {place}" for place, stage in enumerate(stages)
        )
        return f"CASE {letter}.stage {places} END{direction}"
    return f"{letter}.{term.key}{direction}"
