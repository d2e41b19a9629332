"""Comparisons that cannot be made: an unknown key, a wrong comparator, a wrong value."""

import pytest

from gitreg.domain.stages import DEFAULT_STAGES
from gitreg.errors import InvalidValueError
from gitreg.index.checking import Checker
from gitreg.index.expressions import Comparison, Value
from gitreg.index.grammar import parse
from gitreg.index.subjects import MODELS, VERSIONS, Subject


def checked(text: str, subject: Subject = VERSIONS) -> tuple[str, tuple[Value, ...]]:
    comparison = parse(text).expression
    assert isinstance(comparison, Comparison)
    test = Checker(text, subject, DEFAULT_STAGES).check(comparison)
    return test.operator, test.values


@pytest.mark.parametrize(
    ("text", "operator", "values"),
    [
        ("stage = 'production'", "=", ("Production",)),
        ("stage NOT IN ('none', 'ARCHIVED')", "NOT IN", ("None", "Archived")),
        ("status = 'ready'", "IN", ("READY",)),
        ("status != 'READY'", "IN", ("PENDING_REGISTRATION", "FAILED_REGISTRATION")),
        ("version_number = '3'", "=", (3,)),
        ("created = '1970-01-02'", "=", (86_400_000, 172_800_000)),
        ("updated > 5", ">", (5, 6)),
        ("metrics.auc > 1", ">", (1.0,)),
        ("params.depth > 1", ">", (1.0,)),
        ("params.depth > '1'", ">", ("1",)),
        ("text MATCH ' fraud -- \"cards\" '", "MATCH", ("fraud", '"cards"')),
    ],
)
def test_values_are_what_the_key_holds(text: str, operator: str, values: tuple[Value, ...]) -> None:
    assert checked(text) == (operator, values)


KEYS_OF_MODELS = (
    "name, stage, alias, description, created, creation_timestamp, updated, "
    "last_updated_timestamp, user, updated_by, text and tags.NAME"
)
KEYS_OF_VERSIONS = (
    "name, stage, alias, description, created, creation_timestamp, updated, "
    "last_updated_timestamp, user, updated_by, text, version_number, status, run_id, "
    "source_path, tags.NAME, metrics.NAME and params.NAME"
)
TEXT = "=, !=, LIKE, NOT LIKE, ILIKE, NOT ILIKE, IN and NOT IN"
STAGES = "None, Staging, Production, Archived"
STATUSES = "READY, PENDING_REGISTRATION and FAILED_REGISTRATION"
TIME = "write '2026-01-31', '2026-01-31T12:00:00+01:00', or ms since 1970"


@pytest.mark.parametrize(
    ("text", "subject", "message", "place", "hint"),
    [
        (
            "nmae = 'a'", MODELS, f"models have no key 'nmae'; they have {KEYS_OF_MODELS}", 0,
            'did you mean "name"?',
        ),
        (
            "version = 1", VERSIONS,
            f"versions have no key 'version'; they have {KEYS_OF_VERSIONS}", 0,
            'did you mean "version_number"?',
        ),
        (
            "Name = 'a'", MODELS, f"models have no key 'Name'; they have {KEYS_OF_MODELS}", 0,
            'did you mean "name"?',
        ),
        (
            "run_id = 'a'", MODELS, f"models have no key 'run_id'; they have {KEYS_OF_MODELS}", 0,
            "",
        ),
        (
            "metrics.auc > 0", MODELS, "models have no metrics", 0,
            "search versions by them",
        ),
        ("params.a = 'a'", MODELS, "models have no params", 0, "search versions by them"),
        ("name > 'a'", MODELS, f"name takes {TEXT}, not >", 5, ""),
        ("tags.a >= 'a'", MODELS, f"tags.a takes {TEXT}, not >=", 7, ""),
        (
            "metrics.auc LIKE 'a'", VERSIONS, "metrics.auc takes =, !=, <, <=, > and >=, not LIKE",
            12, "",
        ),
        (
            "stage NOT LIKE 'a'", VERSIONS, "stage takes =, !=, IN and NOT IN, not NOT LIKE", 6,
            "",
        ),
        ("text = 'a'", VERSIONS, "text takes MATCH, not =", 5, ""),
        ("name MATCH 'a'", VERSIONS, f"name takes {TEXT}, not MATCH", 5, ""),
        ("created IN (1)", VERSIONS, "created takes =, !=, <, <=, > and >=, not IN", 8, ""),
        ("name = 5", MODELS, "name is compared with text", 7, "write '5'"),
        ("tags.a IN ('a', 5)", MODELS, "tags.a is compared with text", 16, "write '5'"),
        ("params.a LIKE 5", VERSIONS, "params.a is compared with text", 14, "write '5'"),
        ("params.a IN ('a', 5)", VERSIONS, "params.a is compared with text", 18, "write '5'"),
        (
            "params.a IN (5, 'a')", VERSIONS, "params.a is compared with numbers", 16,
            "they stand in no quotes",
        ),
        (
            "metrics.a > '5'", VERSIONS, "metrics.a is compared with numbers", 12,
            "they stand in no quotes",
        ),
        (
            "version_number = 1.5", VERSIONS, "version_number is compared with whole numbers", 17,
            "",
        ),
        (
            "version_number > '1.0'", VERSIONS, "version_number is compared with whole numbers",
            17, "",
        ),
        ("created > 'today'", VERSIONS, "'today' is no time", 10, TIME),
        ("created > '2026-02-30'", VERSIONS, "'2026-02-30' is no time", 10, TIME),
        ("updated < 1.5", MODELS, "'1.5' is no time", 10, TIME),
        (
            "stage IN ('None', 'Prodution')", MODELS,
            f"'Prodution' is not a stage of this registry; they are {STAGES}", 18,
            'did you mean "Production"?',
        ),
        (
            "status = 'REDY'", VERSIONS, f"'REDY' is no status; they are {STATUSES}", 9,
            'did you mean "READY"?',
        ),
        ("text MATCH '-- *'", MODELS, "there is no word to look for", 11, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(
    text: str, subject: Subject, message: str, place: int, hint: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        checked(text, subject)
    assert str(caught.value) == f"{message}\n  {text}\n  {' ' * place}^"
    assert caught.value.hint == hint


def test_what_is_too_much_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="the pattern has 10,001 characters; 10,000 are"):
        checked(f"name LIKE '{'a' * 10_001}'")
    with pytest.raises(InvalidValueError, match="there are 51 words; 50 are the most"):
        checked(f"text MATCH '{'fraud ' * 51}'")
    with pytest.raises(InvalidValueError, match=r"^tags\.a{40}\.\.\. takes ="):
        checked(f"tags.{'a' * 1_000} < 'x'")
