"""One search: a filter and an order, as SQL that SQLite answers fast."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitreg.domain.stages import Stages
from gitreg.index.expressions import Value
from gitreg.index.subjects import Subject


@dataclass(frozen=True, slots=True)
class Search:
    """A search, ready to run: ``connection.execute(search.sql, search.page(100, 0))``.

    ``sql`` gives the ``row`` of what was found, in order; ``count`` how many there are. Whatever
    somebody wrote stands in ``parameters`` only.
    """

    sql: str
    count: str
    parameters: Mapping[str, Value]

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
    raise NotImplementedError
