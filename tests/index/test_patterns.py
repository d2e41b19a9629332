"""Patterns of LIKE, as GLOB and as ranges."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.index.patterns import after, glob, has_trigram, is_plain, is_prefix, prefix


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("fraud", "fraud"),
        ("fraud%", "fraud*"),
        ("%a_b%%%", "*a?b*"),
        ("a*b?c[d]e^f", "a[*]b[?]c[[]d]e^f"),
        ("\\%", "\\*"),
        ("", ""),
    ],
)
def test_a_pattern_is_written_as_a_glob(pattern: str, wanted: str) -> None:
    assert glob(pattern) == wanted


@pytest.mark.parametrize(
    ("pattern", "plain", "whole", "beginning", "trigram"),
    [
        ("fraud", True, False, "fraud", True),
        ("fraud%", False, True, "fraud", True),
        ("fra_d", False, False, "fra", True),
        ("fr_ud%", False, False, "fr", False),
        ("%", False, False, "", False),
        ("%aud", False, False, "", True),
        ("%a*ud%", False, False, "", False),
        ("a%%", False, False, "a", False),
        ("", True, False, "", False),
    ],
)
def test_a_pattern_tells_how_it_can_be_looked_up(
    pattern: str, plain: bool, whole: bool, beginning: str, trigram: bool
) -> None:
    assert (is_plain(pattern), is_prefix(pattern)) == (plain, whole)
    assert (prefix(pattern), has_trigram(pattern)) == (beginning, trigram)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fraud", "fraue"),
        ("a\ud7ff", "a\ue000"),
        ("a\U0010ffff", "b"),
        ("\U0010ffff", None),
        ("", None),
    ],
)
def test_a_range_ends_after_all_that_begins_with_a_text(text: str, wanted: str | None) -> None:
    assert after(text) == wanted


@given(st.text("ab*?[]^%_-é\n", max_size=8), st.text("ab*?[]^%_-é\n", max_size=8))
def test_glob_finds_what_like_finds_of_small_letters(pattern: str, text: str) -> None:
    row = sqlite3.connect(":memory:").execute(
        "SELECT :text LIKE :pattern, :text GLOB :glob",
        {"text": text, "pattern": pattern, "glob": glob(pattern)},
    )
    like, same = row.fetchone()
    assert like == same
