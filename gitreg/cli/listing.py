"""Lists of models and versions that are searched, ordered, and given page by page."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from gitreg.cli.options import Function, together
from gitreg.cli.session import Session
from gitreg.domain.access import matches
from gitreg.domain.records import ModelRecord, Page, VersionRecord

if TYPE_CHECKING:
    from gitreg.registry import Registry

MOST = 200_000
"""How many are asked for at once if no limit is told."""

_Record = TypeVar("_Record", ModelRecord, VersionRecord)


class Find(Protocol[_Record]):
    """A search of a registry."""

    def __call__(
        self,
        filter_string: str | Sequence[str] = "",
        *,
        order_by: str | Sequence[str] = (),
        max_results: int = ...,
        page_token: str = "",
        at: str = "",
    ) -> Page[_Record]:
        """Give a page of what is found."""


@dataclass(frozen=True, slots=True)
class Search:
    """What the options of a list say."""

    filter: str = ""
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    token: str = ""

    @property
    def is_asked(self) -> bool:
        """Tell whether it takes a search, more than a list of what there is."""
        return bool(self.filter or self.order_by or self.is_paged)

    @property
    def is_paged(self) -> bool:
        """Tell whether the list is given page by page."""
        return self.limit is not None or bool(self.token)

    def page(self, find: Find[_Record], conditions: Sequence[str], *, at: str) -> Page[_Record]:
        """Search; without a limit give all that follows."""
        filters = [one for one in (self.filter, *conditions) if one]
        found: list[_Record] = []
        token = self.token
        while True:
            page = find(
                filters,
                order_by=self.order_by,
                max_results=self.limit or MOST,
                page_token=token,
                at=at,
            )
            found += page
            token = page.token
            if self.limit is not None or not token:
                return Page(tuple(found), token, page.commit)

    def shaped(self, plural: str, items: list[dict[str, object]], page: Page[_Record]) -> object:
        """Give the items as data; page by page with the token of the next page, null if none."""
        if not self.is_paged:
            return items
        return {plural: items, "next_page_token": page.token or None}

    def note_more(self, session: Session, page: Page[_Record]) -> None:
        """Tell people how to get the next page."""
        if page.token and session.output == "table":
            session.note(f"there is more: --page-token {page.token}")


def conditions(
    registry: "Registry", *, name: str = "", glob: str = "", stage: str = "", at: str = ""
) -> tuple[str, ...]:
    """Give the filters that shorter options stand for; that of a glob may let more pass."""
    found = []
    if name:
        found.append(f"name = {_quoted(name)}")
    if glob:
        found.append(f"name LIKE {_quoted(glob.replace('*', '%').replace('?', '_'))}")
    if stage:
        known = registry.settings(at=at).stages.parse(stage).name
        found.append(f"stage = {_quoted(known)}")
    return tuple(found)


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def is_match(name: str, glob: str) -> bool:
    """Tell whether a glob matches a name, in which ``%`` and ``_`` stand for themselves."""
    return not glob or matches(glob, name)


_options = together(
    click.option("--filter", "filter_", default="", metavar="FILTER", help="That a filter finds."),
    click.option(
        "--order-by",
        multiple=True,
        metavar="KEY [DESC]",
        help="In this order; may be repeated.",
    ),
    click.option(
        "--limit", "-n", type=click.IntRange(min=1), help="How many to give at once; else all."
    ),
    click.option(
        "--page-token", default="", metavar="TOKEN", help="What follows the page that told it."
    ),
)


def searching(function: Function) -> Function:
    """Add the options of a search; ``function`` gets them as a Search."""

    @functools.wraps(function)
    def call(
        *args: object,
        filter_: str,
        order_by: tuple[str, ...],
        limit: int | None,
        page_token: str,
        **values: object,
    ) -> None:
        function(*args, search=Search(filter_, order_by, limit, page_token), **values)

    return _options(call)
