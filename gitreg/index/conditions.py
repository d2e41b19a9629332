"""A filter as a condition of SQL that holds for rows of models (m) or of versions (v).

Nothing that somebody wrote stands in the SQL: values, keys and names are parameters. What a
comparison becomes depends on how many rows it lets pass, which is asked first where an index
tells: few are looked up (``name IN (SELECT ...)``), and of many each row is asked in its turn
(``EXISTS (...)``), because a page is full soon. What holds now is asked for by the number that
stands in the SQL, so that the partial indexes are used.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from gitreg.index.checking import Checker, Test
from gitreg.index.expressions import And, Comparison, Expression, Not, Or, Value
from gitreg.index.patterns import has_trigram, prefix
from gitreg.index.predicates import Parameters, predicate
from gitreg.index.subjects import Subject, Type
from gitreg.index.tables import OPEN

_PROMPT = "mlflow.prompt.is_prompt"
_NO_PROMPT = {(Type.TAG, _PROMPT, "=", "false"), (Type.TAG, _PROMPT, "!=", "true")}
"""To be no prompt, and to say nothing about it, is the same (MLflow: search_utils)."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Makes the SQL of one search.

    ``at`` is the step as of which it holds, None for now. ``leading`` is the column that results
    are ordered by first: its index is followed. ``connection`` is asked how many rows comparisons
    let pass.
    """

    connection: sqlite3.Connection
    checker: Checker
    parameters: Parameters
    at: int | None = None
    leading: str = ""

    @property
    def subject(self) -> Subject:
        """Give what is searched."""
        return self.checker.subject

    def holds(self, letter: str) -> str:
        """Give the condition that a row holds now, or as of the step."""
        if self.at is None:
            return f"{letter}.until = {OPEN}"
        self.parameters.values["at"] = self.at
        return f"{letter}.since <= :at AND {letter}.until > :at"

    def periods(self, letter: str) -> tuple[str, ...]:
        """Give the same as alternatives that exclude each other, each of which has its indexes.

        What held as of a step holds still, or was closed since: few rows were, if the step is one
        of the last.
        """
        still = f"{letter}.until = {OPEN}"
        if self.at is None:
            return (still,)
        held = self.holds(letter)
        return f"{still} AND {letter}.since <= :at", f"{letter}.until < {OPEN} AND {held}"

    def every(self, expressions: Iterable[Expression]) -> str:
        """Give the condition that a row of the subject passes every one of ``expressions``."""
        return " AND ".join(map(self._part, _deepest_first(expressions))) or "TRUE"

    def match(self, words: Iterable[Value]) -> str:
        """Give what stands for the FTS5 expression that all ``words`` match.

        Each is quoted, so that nothing in it is syntax; a star at the end asks for a prefix.
        """
        return self.parameters.hold(" ".join(_quoted(str(word)) for word in words))

    def _part(self, expression: Expression) -> str:
        """Give the condition of an expression among others.

        The deepest part stands first, and no bracket that is not needed: SQLite's parser remembers
        all that stands before, and that at most 100 deep.
        """
        match expression:
            case Comparison():
                return self._comparison(self.checker.check(expression))
            case Not(part):
                return f"NOT {self._part(part)}"
            case And(parts):
                return f"({' AND '.join(map(self._part, _deepest_first(parts)))})"
            case Or(parts):
                return f"({' OR '.join(map(self._part, _deepest_first(parts)))})"

    def _comparison(self, test: Test) -> str:
        match test.key.type:
            case Type.NAME:
                return self._name(test)
            case Type.WORDS:
                return self._text(test)
            case Type.ALIAS:
                return self._alias(test)
            case Type.TAG | Type.METRIC | Type.PARAM:
                return self._label(test)
            case Type.STAGE if not self.subject.numbered:
                return self._among("versions", "TRUE", test, "x.stage")
            case _:
                return self._column(test)

    def _name(self, test: Test) -> str:
        """Test the name by its index, or by the index of its parts, or as it comes."""
        pattern = str(test.values[0])
        if test.operator == "LIKE" and prefix(pattern):
            return self._column(test)
        holds = predicate(test, self.parameters)
        name = f"{self.subject.letter}.name"
        if test.operator in {"LIKE", "ILIKE"} and has_trigram(pattern):
            select = f"SELECT name FROM spellings WHERE {holds('name')}"
            if self._at_most(self.subject.few_names, select):
                return f"{name} IN ({select})"
        return holds(name)

    def _column(self, test: Test) -> str:
        """Test a column by its index, if that finds few, or as it comes."""
        column, own = test.key.column, f"{self.subject.letter}.{test.key.column}"
        passes = predicate(test, self.parameters)
        if column == self.leading or not self._is_indexed(test):
            return passes(own)
        usual = self.subject.usual.get(column)
        unusual = f" AND x.{column} <> '{usual}'" if usual is not None else ""
        select = self._select("x.row", self.subject.table, f"{passes(f'x.{column}')}{unusual}")
        if self._at_most(self.subject.few, select):
            return f"{self.subject.letter}.row IN ({select})"
        return passes(f"+{own}")

    def _is_indexed(self, test: Test) -> bool:
        """Tell whether an index finds what passes without looking at everything."""
        column = test.key.column
        if column not in self.subject.indexed or self.subject.usual.get(column) in test.values:
            return False
        if test.operator == "LIKE":
            return prefix(str(test.values[0])) != ""
        return test.operator in {"=", "IN", "<", "<=", ">", ">="}

    def _alias(self, test: Test) -> str:
        kind = self.subject.labels["alias"]
        fixed = f"x.kind = '{kind}' AND x.value IS NULL"
        return self._among("labels", fixed, test, "x.key")

    def _label(self, test: Test) -> str:
        kind = self.subject.labels[test.key.type.name.lower()]
        fixed = f"x.kind = '{kind}' AND x.key = {self.parameters.hold(test.name)}"
        if not self.subject.numbered:
            fixed = f"x.number = 0 AND {fixed}"
        if (test.key.type, test.name, test.operator, *test.values) in _NO_PROMPT:
            is_prompt = Test(test.key, test.name, "=", ("true",))
            return f"NOT ({self._among('labels', fixed, is_prompt, 'x.value', ('name',))})"
        column = "x.value" if isinstance(test.values[0], str) else "x.measure"
        return self._among("labels", fixed, test, column)

    def _text(self, test: Test) -> str:
        words = self.match(test.values)
        held = self.holds("x")
        if not self.subject.numbered:
            held = f"x.number = 0 AND {held}"
        matches = f"SELECT rowid FROM words WHERE words MATCH {words}"
        if self.at is not None or self._at_most(self.subject.few, matches):
            select = (
                f"SELECT {_columns('x', self._identity)} FROM words "
                f"CROSS JOIN texts x ON x.row = words.rowid WHERE words MATCH {words} AND {held}"
            )
            return f"{self._own(self._identity)} IN ({select})"
        return (
            f"EXISTS (SELECT 1 FROM texts x WHERE {self._same(self._identity)} "
            f"AND {held} AND +x.row IN ({matches}))"
        )

    def _among(
        self, table: str, fixed: str, test: Test, column: str, shared: tuple[str, ...] = ()
    ) -> str:
        """Test that a row of another table, with the same name and number, passes.

        In its turn a row asks for its own few labels; only what is equal is found faster among
        all labels with that value.
        """
        shared = shared or self._identity
        passes = predicate(test, self.parameters)
        select = self._select(_columns("x", shared), table, f"{fixed} AND {passes(column)}")
        if self._at_most(self.subject.few, select):
            return f"{self._own(shared)} IN ({select})"
        asked = passes(column if test.operator in {"=", "IN"} else f"+{column}")
        return (
            f"EXISTS (SELECT 1 FROM {table} x "
            f"WHERE {self._same(shared)} AND {fixed} AND {asked} AND {self.holds('x')})"
        )

    def _select(self, columns: str, table: str, where: str) -> str:
        """Give the rows of a table that pass ``where`` and hold, found by indexes.

        What is made of several is wrapped in one: SQLite looks nothing up in a compound.
        """
        found = [
            f"SELECT {columns} FROM {table} x WHERE {period} AND {where}"
            for period in self.periods("x")
        ]
        return found[0] if len(found) == 1 else f"SELECT * FROM ({' UNION ALL '.join(found)})"

    @property
    def _identity(self) -> tuple[str, ...]:
        return ("name", "number") if self.subject.numbered else ("name",)

    def _own(self, columns: tuple[str, ...]) -> str:
        own = _columns(self.subject.letter, columns)
        return own if len(columns) == 1 else f"({own})"

    def _same(self, columns: tuple[str, ...]) -> str:
        return " AND ".join(f"x.{one} = {self.subject.letter}.{one}" for one in columns)

    def _at_most(self, few: int, select: str) -> bool:
        sql = f"SELECT count(*) FROM ({select} LIMIT {few + 1})"
        [count] = self.connection.execute(sql, self.parameters.values).fetchone()
        return int(count) <= few


def _columns(letter: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{letter}.{column}" for column in columns)


def _quoted(word: str) -> str:
    star = "*" if word.endswith("*") else ""
    return '"{}"{}'.format(word.rstrip("*").replace('"', '""'), star)


def _deepest_first(parts: Iterable[Expression]) -> list[Expression]:
    return sorted(parts, key=_depth, reverse=True)


def _depth(expression: Expression) -> int:
    match expression:
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts))
        case Not(part):
            return 1 + _depth(part)
        case _:
            return 0
