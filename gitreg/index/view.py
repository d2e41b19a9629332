"""A view: the index as it answers, from the tip of main or from an older step of it."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gitreg.domain.records import VersionRecord
from gitreg.index.tables import OPEN


@dataclass(frozen=True, slots=True)
class View:
    """One consistent state of the index; ``at`` is a step, or None: the last one.

    ``kept`` holds, by row, the versions that were read of this file: rows never change.
    """

    db: sqlite3.Connection
    at: int | None = None
    kept: dict[int, VersionRecord] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """Give the last step that it sees."""
        if self.at is not None:
            return self.at
        row = self.row("SELECT max(seq) FROM steps")
        return int(row[0] or 0) if row is not None else 0

    def holds(self, table: str = "") -> str:
        """Give the SQL condition that a row of ``table`` (its name in the query) holds."""
        dot = f"{table}." if table else ""
        if self.at is None:
            return f"{dot}until = {OPEN}"
        return f"{dot}since <= {self.at:d} AND {dot}until > {self.at:d}"

    def rows(self, query: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        # Any: whatever SQLite holds
        """Give the rows that a query finds."""
        return self.db.execute(query, tuple(values)).fetchall()

    def row(self, query: str, values: Iterable[object] = ()) -> tuple[Any, ...] | None:
        # Any: whatever SQLite holds
        """Give the first row that a query finds, or None."""
        found: tuple[Any, ...] | None = self.db.execute(query, tuple(values)).fetchone()
        return found
