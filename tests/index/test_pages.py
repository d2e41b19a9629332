"""Page tokens: opaque, of one search, as of one step."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.errors import InvalidValueError
from gitreg.index.pages import Page, decode, digest, encode

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SEARCH = digest("models", "name LIKE 'f%'", "name")


@given(st.integers(0, 10**12 - 1), st.sampled_from((COMMIT, "a" * 64)))
def test_a_token_reads_back_as_written(offset: int, commit: str) -> None:
    page = Page(commit, offset)
    token = encode(page, SEARCH)
    assert decode(token, SEARCH) == page
    assert token.isascii()
    assert not set(token) & set("=+/& ?#")


def test_a_token_of_another_search_is_refused() -> None:
    token = encode(Page(COMMIT, 100), SEARCH)
    for other in (("versions", "name LIKE 'f%'", "name"), ("models", "", "name")):
        with pytest.raises(InvalidValueError) as caught:
            decode(token, digest(*other))
        assert str(caught.value) == "the page token is one of another search"
        assert caught.value.hint == "give it back with the filter and the order that it came with"


def test_the_parts_of_a_search_do_not_run_together() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def written(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "%", "é", "eyJvZmZzZXQiOiAxfQ==", "=" * 10, "A" * 301, written([]), written(None),
        written([COMMIT, 1]), written([COMMIT, -1, SEARCH]), written([COMMIT, 10**12, SEARCH]),
        written([COMMIT, True, SEARCH]), written([COMMIT, 1.0, SEARCH]), written([COMMIT, 1, 2]),
        written(["main", 1, SEARCH]), written([COMMIT[1:], 1, SEARCH]), written("[" * 200),
        base64.urlsafe_b64encode(b"[" * 210).decode(), base64.urlsafe_b64encode(b"\xff").decode(),
    ],
)  # fmt: skip
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        decode(token, SEARCH)
    assert str(caught.value) == f"{token[:40]!a} is no page token"
    assert caught.value.hint == "give back the one that came with a page"


def test_a_page_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="is no page of a search"):
        Page("main", 0)


@given(st.text(max_size=400))
def test_any_text_is_a_token_or_refused(token: str) -> None:
    with pytest.raises(InvalidValueError):
        decode(token, SEARCH)
