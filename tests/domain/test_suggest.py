"""A guess at what somebody meant to write."""

import pytest

from gitreg.domain.suggest import suggest


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("Prodction", 'did you mean "Production"?'),
        ("STAGING", 'did you mean "Staging"?'),
        ("zzz", ""),
        ("", ""),
        ("S" * 101, ""),
    ],
)
def test_the_closest_option_is_guessed_in_any_case(word: str, hint: str) -> None:
    assert suggest(word, ["Staging", "Production"]) == hint


def test_of_two_options_that_fold_alike_the_first_is_guessed() -> None:
    assert suggest("live", ["Live", "LIVE"]) == 'did you mean "Live"?'


def test_nothing_is_guessed_from_nothing() -> None:
    assert suggest("live", []) == ""
