"""Page tokens: where the next page of a search begins, and as of which step of main."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a search that begins after ``offset`` results, as of the step ``commit``."""

    commit: str
    offset: int


def digest(*parts: str) -> str:
    """Give what tells one search from another: of subject, filter and order, as they came."""
    raise NotImplementedError


def encode(page: Page, search: str) -> str:
    """Give the token of a page of the search that has that digest."""
    raise NotImplementedError


def decode(token: str, search: str) -> Page:
    """Read a token that ``encode`` gave for the same search.

    Raises InvalidValueError if it is not one, or is one of another search.
    """
    raise NotImplementedError
