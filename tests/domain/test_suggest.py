"""A guess at what somebody meant to write."""

import pytest

from gitreg.domain.suggest import suggest


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("Prodction", 'did you mean "Production"?'),
        ("STAGING", 'did you mean "Staging"?'),
        ("Prod", 'did you mean "Production"?'),
        ("p", 'did you mean "Production"?'),
        ("zzz", ""),
        ("", ""),
        ("S" * 101, ""),
    ],
)
def test_the_closest_option_is_guessed_in_any_case(word: str, hint: str) -> None:
    assert suggest(word, ["Staging", "Production"]) == hint


def test_of_two_options_that_fold_alike_the_first_is_guessed() -> None:
    assert suggest("live", ["Live", "LIVE"]) == 'did you mean "Live"?'


def test_what_several_options_start_with_is_no_guess() -> None:
    options = ["fraud-detector", "fraud-explainer", "churn-predictor"]
    assert suggest("fraud", options) == ""
    assert suggest("fraud", options[1:]) == 'did you mean "fraud-explainer"?'
    assert suggest("fraud-d", options) == 'did you mean "fraud-detector"?'


def test_nothing_is_guessed_from_nothing() -> None:
    assert suggest("live", []) == ""
