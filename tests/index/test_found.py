"""What SQL finds is what a plain reading of the filter finds; random catalogues and filters."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from random import Random

from catalogue import Model, Version, connection, passes, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.domain.model import STATUSES
from gitreg.domain.stages import DEFAULT_STAGES
from gitreg.index.grammar import parse
from gitreg.index.searching import prepare
from gitreg.index.subjects import MODELS, VERSIONS, Subject

DAY = 86_400_000
NAMES = (
    "fraud", "Fraud", "fraud-cards", "fraud_cards", "risk*1", "risk[1]", "a?b", "漢字模型",
    "fra%ud", "x", "O'Hara", 'q"q', "ſtraße",
)  # fmt: skip
KEYS = ("team", "a b", "mlflow.prompt.is_prompt", "in", "q`q")
TEXTS = ("risk", "Risk", "true", "false", "", "5", "5.0", "risk\nline", "r_sk", "it's", "*", "[r]")
WORDS = ("fraud", "cards", "credit-card", "card", "payments", "of")
TIMES = (0, DAY - 1, DAY, DAY + 1, 2 * DAY - 1, 2 * DAY)
USERS = ("alice", "bob")
ALIASES = ("champion", "Champion", "old")
MEASURES = (0.0, -1.5, 5.0, 1e300)
STAGES = tuple(stage.name for stage in DEFAULT_STAGES)


@lru_cache
def catalogue(seed: int) -> tuple[tuple[Model, ...], ...]:
    """Make up what there was at two steps, crowded enough that each key has every value."""
    draw = Random(seed)
    return tuple(
        tuple(_model(draw, name) for name in NAMES if draw.random() < 0.9) for _ in range(2)
    )


def _model(draw: Random, name: str) -> Model:
    numbers = [number for number in (1, 2, 3) if draw.random() < 0.6]
    aliases = {alias: draw.randint(1, 3) for alias in ALIASES if draw.random() < 0.4}
    versions = tuple(_version(draw, number) for number in numbers)
    return Model(name, _sentence(draw), _tags(draw), aliases, versions, *_marks(draw))


def _version(draw: Random, number: int) -> Version:
    return Version(
        number, draw.choice(STAGES), draw.choice(TEXTS), draw.choice(TEXTS), draw.choice(STATUSES),
        _sentence(draw), _tags(draw),
        {key: draw.choice(MEASURES) for key in KEYS if draw.random() < 0.5},
        {key: draw.choice(TEXTS) for key in KEYS if draw.random() < 0.5},
        *_marks(draw),
    )  # fmt: skip


def _sentence(draw: Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(0, 3)))


def _tags(draw: Random) -> dict[str, str | None]:
    return {key: draw.choice((*TEXTS, None)) for key in KEYS if draw.random() < 0.5}


def _marks(draw: Random) -> tuple[int, int, str, str]:
    return draw.choice(TIMES), draw.choice(TIMES), draw.choice(USERS), draw.choice(USERS)


@lru_cache
def tables(seed: int) -> sqlite3.Connection:
    return connection(*catalogue(seed))


def quoted(text: str, quote: str = "'") -> str:
    return f"{quote}{text.replace(quote, quote * 2)}{quote}"


EQUAL = ("=", "!=")
LIKE = ("LIKE", "not like", "ILIKE", "NOT ILIKE")
RANGE = ("=", "!=", "<", "<=", ">", ">=")
PATTERNS = (
    "%", "", "fraud", "fraud%", "fra%d", "f%s", "%raud", "%rau%", "%RAU%", "_raud", "%*%", "%[%",
    "%字模型", "r%k", "r%", "r_sk", "R%", "%ISK%", "risk_line", "t%e", "al%", "%b", "c%",
)  # fmt: skip
DATES = (
    "'1970-01-01'", "'1970-01-02'", "'1970-01-02T00:00'", "'1970-01-02T01:00:00+01:00'",
    "86400001", "0",
)  # fmt: skip

values = st.sampled_from((*NAMES, *TEXTS, *ALIASES, *USERS)).map(quoted)
patterns = st.sampled_from(PATTERNS).map(quoted)
lists = st.lists(values, min_size=1, max_size=3).map(lambda them: f"({', '.join(them)})")


def compared(
    key: st.SearchStrategy[str], operators: Sequence[str], value: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return st.builds("{} {} {}".format, key, st.sampled_from(operators), value)


def listed(key: st.SearchStrategy[str], value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return compared(key, ("IN", "not in"), value)


def of(prefix: str) -> st.SearchStrategy[str]:
    return st.sampled_from(KEYS).map(lambda key: f"{prefix}.{quoted(key, '`')}")


def text(key: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return compared(key, EQUAL, values) | compared(key, LIKE, patterns) | listed(key, lists)


def one_of(*keys: str) -> st.SearchStrategy[str]:
    return st.sampled_from(keys)


both = (
    text(one_of("name", "attribute.name")),
    text(one_of("alias", "user", "attributes.updated_by")),
    text(of("tags")),
    compared(one_of("tags.`mlflow.prompt.is_prompt`"), EQUAL, one_of("'true'", "'false'")),
    compared(one_of("created", "updated", "last_updated_timestamp"), RANGE, one_of(*DATES)),
    compared(one_of("stage"), EQUAL, one_of("'Staging'", "'production'", "'None'")),
    listed(one_of("stage"), one_of("('Staging', 'none')")),
    compared(one_of("description"), EQUAL, one_of("'fraud'", "''")),
    compared(one_of("description"), LIKE, one_of("'%card%'", "'fraud%'", "'%CARDS'")),
    compared(
        one_of("text"),
        ("MATCH",),
        one_of(
            "'fraud'", "'card'", "'cards fraud'", "'credit-card'", "'pay*'", "'fraud OR'",
            "'\"of'", "'NEAR(card'", "'Credit'",
        ),
    ),
)  # fmt: skip
of_versions = (
    compared(one_of("version_number"), RANGE, one_of("2", "'2'", "-1")),
    listed(one_of("version_number"), one_of("(1, 3)", "('2',)")),
    text(one_of("run_id", "source_path")),
    compared(one_of("status"), EQUAL, one_of("'READY'", "'failed_registration'")),
    listed(one_of("status"), one_of("('READY', 'PENDING_REGISTRATION')")),
    compared(of("metrics"), RANGE, one_of("0", "5", "-1.5", "1e300", "1e999")),
    text(of("params")),
    compared(of("params"), RANGE, values),
    compared(of("params"), RANGE, one_of("5", "0.5")),
    listed(of("params"), one_of("(5, 6)", "('5', 'risk')")),
)


def filters(*leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        st.one_of(leaves),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(" AND ".join),
            st.lists(inner, min_size=2, max_size=3).map(" or ".join),
            inner.map("NOT ({})".format),
            inner.map("({})".format),
        ),
        max_leaves=5,
    )


def check(subject: Subject, seed: int, written: str, at: int | None) -> None:
    made, there = tables(seed), catalogue(seed)[-1 if at is None else at - 1]
    expression = parse(written).expression
    wanted = {
        (model.name, version.number if version else None)
        for model, version in rows(there, versions=subject.numbered)
        if passes(expression, (model, version), there)
    }
    search = prepare(made, subject, filter_string=written, stages=DEFAULT_STAGES, at=at)
    columns = "name, number" if subject.numbered else "name, NULL"
    found = [
        made.execute(f"SELECT {columns} FROM {subject} WHERE row = ?", row).fetchone()
        for row in made.execute(search.sql, search.page(1_000)).fetchall()
    ]
    assert sorted(found) == sorted(wanted)
    assert made.execute(search.count, search.parameters).fetchone() == (len(wanted),)


seeds = st.integers(0, 4)
steps = st.sampled_from((None, 1, 2))


@settings(max_examples=400, deadline=None)
@given(seeds, filters(*both), st.sampled_from((MODELS.few, -1)), steps)
def test_models_found_are_those_that_pass(
    seed: int, written: str, few: int, at: int | None
) -> None:
    check(replace(MODELS, few=few, few_names=few), seed, written, at)


@settings(max_examples=800, deadline=None)
@given(seeds, filters(*both, *of_versions), st.sampled_from((VERSIONS.few, -1)), steps)
def test_versions_found_are_those_that_pass(
    seed: int, written: str, few: int, at: int | None
) -> None:
    check(replace(VERSIONS, few=few, few_names=few), seed, written, at)
