"""Searches as they run: their order, their pages, and what cannot harm them."""

import re
import sqlite3

import pytest
from catalogue import Model, Version, connection
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.domain.stages import DEFAULT_STAGES
from gitreg.errors import InvalidValueError
from gitreg.index.searching import prepare
from gitreg.index.subjects import MODELS, VERSIONS, Subject

FRAUD = Model(
    "fraud",
    "Scores card payments.",
    tags={"team": "risk"},
    aliases={"champion": 2},
    versions=(
        Version(1, "Archived", metrics={"auc": 0.5}, updated=30, created=1),
        Version(2, "Production", metrics={"auc": 0.9}, updated=20, created=2),
        Version(3, "None", updated=20, created=3),
    ),
    created=10,
    updated=40,
)
CHURN = Model(
    "churn",
    "Cards, cards, cards.",
    versions=(Version(1, "Staging", metrics={"auc": 0.7}, updated=30, created=2),),
    created=20,
    updated=30,
)
ADS = Model("Ads", "Clicks on fraud cards.", created=10, updated=30)


@pytest.fixture
def made() -> sqlite3.Connection:
    return connection((FRAUD, CHURN, ADS))


def found(
    made: sqlite3.Connection, subject: Subject, filter_string: str = "", order_by: str = ""
) -> list[str]:
    search = prepare(
        made, subject, filter_string=filter_string, order_by=order_by, stages=DEFAULT_STAGES
    )
    name = "name || '/' || number" if subject.numbered else "name"
    return [
        made.execute(f"SELECT {name} FROM {subject} WHERE row = ?", row).fetchone()[0]
        for row in made.execute(search.sql, search.page(1_000)).fetchall()
    ]


@pytest.mark.parametrize(
    ("order_by", "wanted"),
    [
        ("", ["Ads", "churn", "fraud"]),
        ("name DESC", ["fraud", "churn", "Ads"]),
        ("created DESC", ["churn", "Ads", "fraud"]),
        ("created", ["Ads", "fraud", "churn"]),
        ("updated DESC, name DESC", ["fraud", "churn", "Ads"]),
        ("last_updated_timestamp", ["Ads", "churn", "fraud"]),
    ],
)
def test_models_come_in_order(made: sqlite3.Connection, order_by: str, wanted: list[str]) -> None:
    assert found(made, MODELS, order_by=order_by) == wanted


@pytest.mark.parametrize(
    ("order_by", "wanted"),
    [
        ("", ["churn/1", "fraud/1", "fraud/3", "fraud/2"]),
        ("name", ["churn/1", "fraud/3", "fraud/2", "fraud/1"]),
        ("version_number DESC", ["fraud/3", "fraud/2", "churn/1", "fraud/1"]),
        ("created, name DESC", ["fraud/1", "fraud/2", "churn/1", "fraud/3"]),
        ("stage", ["fraud/3", "churn/1", "fraud/2", "fraud/1"]),
        ("metrics.auc", ["fraud/1", "churn/1", "fraud/2", "fraud/3"]),
        ("metrics.auc DESC", ["fraud/2", "churn/1", "fraud/1", "fraud/3"]),
    ],
)
def test_versions_come_in_order(made: sqlite3.Connection, order_by: str, wanted: list[str]) -> None:
    assert found(made, VERSIONS, order_by=order_by) == wanted


def test_what_matches_best_comes_first(made: sqlite3.Connection) -> None:
    assert found(made, MODELS, "text MATCH 'card*'") == ["churn", "fraud", "Ads"]
    assert found(made, MODELS, "text MATCH 'card*'", "name DESC") == ["fraud", "churn", "Ads"]
    assert found(made, MODELS, "text MATCH 'card*' AND name != 'churn'") == ["fraud", "Ads"]
    assert found(made, MODELS, "text MATCH 'cards' AND text MATCH 'fraud'") == ["Ads"]
    assert found(made, MODELS, "text MATCH 'cards' OR name = 'fraud'") == ["Ads", "churn", "fraud"]
    with pytest.raises(InvalidValueError, match="nothing can be ordered by relevance"):
        found(made, MODELS, "NOT (text MATCH 'cards')", "relevance")


def test_versions_are_found_by_their_own_words() -> None:
    told = Version(2, description="fraud on cards, fraud on tills")
    other = "no more fraud than usual"
    made = connection((Model("m", "fraud", versions=(Version(1, description=other), told)),))
    assert found(made, VERSIONS, "text MATCH 'fraud cards'") == ["m/2"]
    assert found(made, VERSIONS, "text MATCH 'fraud'", "relevance") == ["m/2", "m/1"]


def test_a_search_as_of_a_step_finds_what_was() -> None:
    made = connection((FRAUD, CHURN), (CHURN, ADS))
    for at, wanted in ((1, ["churn", "fraud"]), (2, ["churn", "Ads"]), (None, ["churn", "Ads"])):
        search = prepare(
            made, MODELS, filter_string="text MATCH 'card*'", stages=DEFAULT_STAGES, at=at
        )
        rows = made.execute(f"SELECT name FROM models WHERE row IN ({search.sql})", search.page(9))
        assert {name for (name,) in rows} == set(wanted)


def test_pages_follow_one_another(made: sqlite3.Connection) -> None:
    search = prepare(made, VERSIONS, order_by="metrics.auc", stages=DEFAULT_STAGES)
    whole = made.execute(search.sql, search.page(100)).fetchall()
    pages = [made.execute(search.sql, search.page(1, at)).fetchall() for at in range(5)]
    assert [row for page in pages for row in page] == whole
    assert made.execute(search.count, search.parameters).fetchone() == (4,)


def test_searches_are_told_apart(made: sqlite3.Connection) -> None:
    def digest(subject: Subject, filter_string: str = "", order_by: str = "") -> str:
        return prepare(
            made, subject, filter_string=filter_string, order_by=order_by, stages=DEFAULT_STAGES
        ).digest

    assert digest(MODELS) == digest(MODELS, order_by="name ASC")
    others = (digest(VERSIONS), digest(MODELS, "name = 'a'"), digest(MODELS, "", "name DESC"))
    assert len({digest(MODELS), *others}) == 4


INJECTIONS = (
    "'; DROP TABLE models; --", '" OR 1=1 --', "') OR ('1'='1", "x' UNION SELECT 1 --", "p0", ":p0",
    "?1", "`", "]", "\\'", "NEAR(a b)", '" AND "', "name:x", "^x", "a\nb", "{x}", "$x", "@x",
)  # fmt: skip


OUR_WORDS = {"'tag'", "'model tag'", "'alias'", "'metric'", "'param'", "''", "'READY'"}


@pytest.mark.parametrize("subject", [MODELS, VERSIONS])
@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_that_is_written_stands_in_the_sql(
    made: sqlite3.Connection, subject: Subject, text: str
) -> None:
    value, key = "'{}'".format(text.replace("'", "''")), "`{}`".format(text.replace("`", "``"))
    filters = [
        f"name = {value}", f"name LIKE {value}", f"name IN ({value}, {value})",
        f"description ILIKE {value}", f"alias = {value}", f"user = {value}",
        f"tags.{key} = 'x'", f"tags.{key} LIKE {value}", f"text MATCH {value[:-1]} zyzzyva'",
    ]  # fmt: skip
    if subject.numbered:
        filters += [f"params.{key} = {value}", f"metrics.{key} > 0", f"run_id = {value}"]
    for filter_string in filters:
        search = prepare(made, subject, filter_string=filter_string, stages=DEFAULT_STAGES)
        assert made.execute(search.sql, search.page(9)).fetchall() == []
        assert set(re.findall("'[^']*'", search.sql)) <= OUR_WORDS
        assert not set(search.sql) & set('"`;?$@{}[]^%\n\\')
    assert len(found(made, MODELS)) == 3


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.text(min_size=1, max_size=20), st.sampled_from((MODELS, VERSIONS)))
def test_no_key_and_no_value_breaks_a_search(value: str, key: str, subject: Subject) -> None:
    made = connection((FRAUD,))
    quoted, named = value.replace("'", "''"), key.replace("`", "``")
    for filter_string in (
        f"tags.`{named}` NOT LIKE '{quoted}' OR name ILIKE '{quoted}'",
        f"text MATCH '{quoted}' AND name NOT IN ('{quoted}', '{named}')",
    ):
        try:
            search = prepare(made, subject, filter_string=filter_string, stages=DEFAULT_STAGES)
        except InvalidValueError:
            continue
        made.execute(search.sql, search.page(9)).fetchall()


@pytest.mark.parametrize(
    "comparison",
    [
        "name LIKE '%raud%'", "tags.team != 'x'", "stage = 'Staging'", "alias = 'a'",
        "text MATCH 'cards'", "created > '2026-01-01'", "NOT user IN ('alice')",
    ],
)  # fmt: skip
@pytest.mark.parametrize("subject", [MODELS, VERSIONS])
@pytest.mark.parametrize("at", [None, 1])
def test_the_largest_and_the_deepest_filter_run(
    made: sqlite3.Connection, comparison: str, subject: Subject, at: int | None
) -> None:
    deep = comparison
    for level in range(49):
        deep = f"{comparison} {('AND', 'OR')[level % 2]} ({deep})"
    nots = comparison
    for _ in range(24):
        nots = f"NOT (user = 'x' OR {nots})"
    wide = " OR ".join([comparison] * 500)
    for filter_string in (deep, nots, wide, f"NOT ({wide.replace('OR', 'AND')})"):
        search = prepare(made, subject, filter_string=filter_string, stages=DEFAULT_STAGES, at=at)
        made.execute(search.sql, search.page(100)).fetchall()


def test_a_list_may_fill_the_filter(made: sqlite3.Connection) -> None:
    names = ",".join(f"'{at}'" for at in range(8_000))
    assert found(made, MODELS, f"name IN ({names}, 'fraud')") == ["fraud"]


def test_a_pattern_may_be_as_long_as_is_allowed(made: sqlite3.Connection) -> None:
    for pattern in ("%*" * 5_000, "漢" * 9_999 + "%", "%_" * 5_000, "%a" * 5_000):
        for operator in ("LIKE", "NOT LIKE", "ILIKE"):
            found(
                made, MODELS, f"name {operator} '{pattern}' OR description {operator} '{pattern}'"
            )
