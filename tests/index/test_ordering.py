"""Orders: what they say, what MLflow's defaults are, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.errors import InvalidValueError
from gitreg.index.ordering import parse_order
from gitreg.index.subjects import MODELS, VERSIONS, Subject


def order(text: str | list[str], subject: Subject = MODELS, *, has_words: bool = False) -> str:
    return ", ".join(map(str, parse_order(text, subject, has_words=has_words).terms))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "attribute name ASC"),
        ([], "attribute name ASC"),
        (" ", "attribute name ASC"),
        ("name", "attribute name ASC"),
        ("name desc", "attribute name DESC"),
        ("attribute.name Asc", "attribute name ASC"),
        ("`name`  DESC ", "attribute name DESC"),
        ("timestamp", "attribute updated ASC, attribute name ASC"),
        ("last_updated_timestamp DESC", "attribute updated DESC, attribute name ASC"),
        ("last_updated_time", "attribute updated ASC, attribute name ASC"),
        ("updated DESC, name DESC", "attribute updated DESC, attribute name DESC"),
        ("creation_timestamp", "attribute created ASC, attribute name ASC"),
        (["created", "name DESC"], "attribute created ASC, attribute name DESC"),
        (["created", " "], "attribute created ASC, attribute name ASC"),
    ],
)
def test_models_are_ordered_by_name_in_the_end(text: str | list[str], wanted: str) -> None:
    assert order(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "attribute updated DESC, attribute name ASC, attribute number DESC"),
        ("name", "attribute name ASC, attribute number DESC"),
        ("version_number", "attribute number ASC, attribute name ASC"),
        (
            "attribute.creation_timestamp",
            "attribute created ASC, attribute name ASC, attribute number DESC",
        ),
        ("stage", "attribute stage ASC, attribute name ASC, attribute number DESC"),
        ("metrics.auc DESC", "metric auc DESC, attribute name ASC, attribute number DESC"),
        ("metric.`a, b` ASC", "metric a, b ASC, attribute name ASC, attribute number DESC"),
        (
            'metrics."val loss", metrics.auc',
            "metric val loss ASC, metric auc ASC, attribute name ASC, attribute number DESC",
        ),
    ],
)
def test_versions_are_ordered_by_name_and_number_in_the_end(text: str, wanted: str) -> None:
    assert order(text, VERSIONS) == wanted


def test_what_matches_best_comes_first_if_no_order_is_asked_for() -> None:
    assert order("", has_words=True) == "relevance  ASC, attribute name ASC"
    assert order("updated, relevance", has_words=True) == (
        "attribute updated ASC, relevance  ASC, attribute name ASC"
    )
    assert order("name", has_words=True) == "attribute name ASC"


@pytest.mark.parametrize(
    ("text", "subject", "message", "hint"),
    [
        (
            "nmae", MODELS,
            ("models cannot be ordered by 'nmae'; they can by name, created, creation_timestamp, "
            "updated, last_updated_timestamp, timestamp, last_updated_time, relevance"),
            'did you mean "name"?',
        ),
        (
            "version", VERSIONS,
            ("versions cannot be ordered by 'version'; they can by name, created, "
            "creation_timestamp, updated, last_updated_timestamp, version_number, stage, "
            "metrics.NAME, relevance"),
            'did you mean "version_number"?',
        ),
        (
            "metrics.auc", MODELS,
            ("models cannot be ordered by 'metrics.auc'; they can by name, created, "
            "creation_timestamp, updated, last_updated_timestamp, timestamp, last_updated_time, "
            "relevance"),
            "",
        ),
        ("name, ", MODELS, "a key of the order is missing", "write name, updated DESC"),
        (",name", MODELS, "a key of the order is missing", "write name, updated DESC"),
        ("name,,created", MODELS, "a key of the order is missing", "write name, updated DESC"),
        (
            "name DSC", MODELS, "'DSC' is no direction of 'name'; it is ASC or DESC",
            'did you mean "DESC"?',
        ),
        (
            "name DESC created", MODELS,
            "'DESC created' is no direction of 'name'; it is ASC or DESC", "",
        ),
        ("name, name DESC", MODELS, "the order holds 'name' twice", ""),
        ("updated, timestamp", MODELS, "the order holds 'timestamp' twice", ""),
        ("metrics.a, metrics.`a` DESC", VERSIONS, "the order holds 'metrics.`a`' twice", ""),
        (
            "relevance", MODELS,
            "nothing can be ordered by relevance where no words are looked for",
            "text MATCH 'words' must be a condition that every result meets",
        ),
        (
            "relevance DESC", MODELS,
            "relevance takes no direction; the best match comes first", "",
        ),
        ("x" * 4_097, MODELS, "the order is longer than 4,096 characters", ""),
        (
            ", ".join(f"metrics.m{at}" for at in range(21)), VERSIONS,
            "the order has 21 keys; 20 are the most", "",
        ),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused(
    text: str, subject: Subject, message: str, hint: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        order(text, subject)
    assert (str(caught.value), caught.value.hint) == (message, hint)


@given(st.text() | st.text('name,updatedDESC `"metrics.relevance'))
def test_any_text_is_an_order_or_refused(text: str) -> None:
    try:
        assert parse_order(text, VERSIONS, has_words=True).terms
    except InvalidValueError as error:
        assert str(error)
