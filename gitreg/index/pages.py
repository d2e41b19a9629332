"""Page tokens: where the next page of a search begins, and as of which step of main.

A token is opaque to whoever gets it. It names the step that the first page was answered at, so
that writes in between neither repeat nor skip a result.
"""

import base64
import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass

from gitreg.errors import InvalidValueError

MAX_LENGTH = 300
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIGEST = 16
_MOST = 10**12


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a search that begins after ``offset`` results, as of the step ``commit``."""

    commit: str
    offset: int

    def __post_init__(self) -> None:
        if not _COMMIT.fullmatch(self.commit) or not 0 <= self.offset < _MOST:
            raise InvalidValueError(f"{self} is no page of a search")


def digest(*parts: str) -> str:
    """Give what tells one search from another: of its subject, filter and order."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_DIGEST]


def encode(page: Page, search: str) -> str:
    """Give the token of a page of the search that has the digest ``search``."""
    return _written([page.commit, page.offset, search])


def decode(token: str, search: str) -> Page:
    """Read the token of a page of the same search.

    Raises InvalidValueError if it is none, or one of another search.
    """
    match _read(token):
        case [str(commit), int(offset), str(of)] if not isinstance(offset, bool):
            _check(of, search)
            with suppress(InvalidValueError):
                return Page(commit, offset)
    raise _refusal(token)


def encode_place(place: tuple[int, int, int], search: str) -> str:
    """Give the token of a page of activities that begins after a place: it holds still."""
    return _written([*place, search])


def decode_place(token: str, search: str) -> tuple[int, int, int]:
    """Read a token that ``encode_place`` gave for the same search.

    Raises InvalidValueError if it is none, or one of another search.
    """
    match _read(token):
        case [int(time), int(place), int(row), str(of)] if max(time, place, row) < 1 << 62:
            _check(of, search)
            return time, place, row
    raise _refusal(token)


def _written(values: list[object]) -> str:
    raw = json.dumps(values, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(token: str) -> object:
    """Give what a token holds; InvalidValueError if it is none."""
    try:
        if len(token) > MAX_LENGTH or not token.isascii():
            raise ValueError(token)
        padded = token + "=" * (-len(token) % 4)
        return json.loads(base64.b64decode(padded, altchars="-_", validate=True))
    except ValueError:
        raise _refusal(token) from None


def _check(of: str, search: str) -> None:
    if of != search:
        raise InvalidValueError(
            "the page token is one of another search",
            hint="give it back with the filter and the order that it came with",
        )


def _refusal(token: str) -> InvalidValueError:
    return InvalidValueError(
        f"{token[:40]!a} is no page token", hint="give back the one that came with a page"
    )
