"""Registered models, versions and comments, as values."""

from dataclasses import replace

import pytest

from gitreg.domain.model import (
    MAX_COMMENT,
    Artifact,
    Code,
    ModelVersion,
    RegisteredModel,
    check_comment,
)
from gitreg.domain.names import ModelName, VersionRef
from gitreg.errors import InvalidValueError

FRAUD = ModelName("fraud")


def test_an_alias_points_at_a_version_and_a_version_has_aliases() -> None:
    model = RegisteredModel(FRAUD, aliases=(("a", 3), ("b", 1), ("c", 3)))
    assert model.alias("c") == 3
    assert model.alias("d") is None
    assert model.aliases_of(3) == ("a", "c")
    assert model.aliases_of(2) == ()


def test_code_is_told_without_what_is_empty() -> None:
    assert Code().to_dict() == {}
    assert Code(dirty=True).to_dict() == {}
    assert Code("https://x", "4f1c", "train.py", dirty=True).to_dict() == {
        "repository": "https://x",
        "commit": "4f1c",
        "path": "train.py",
        "dirty": True,
    }
    assert Code(commit="4f1c").to_dict() == {"commit": "4f1c", "dirty": False}


VERSION = ModelVersion(VersionRef(FRAUD, 1), "None")


@pytest.mark.parametrize(
    "other",
    [
        replace(VERSION, source="s"),
        replace(VERSION, location="l"),
        replace(VERSION, run_id="r"),
        replace(VERSION, run_link="l"),
        replace(VERSION, model_id="m"),
        replace(VERSION, code=Code(commit="c")),
        replace(VERSION, params=(("a", "1"),)),
    ],
)
def test_origin_and_params_never_change(other: ModelVersion) -> None:
    assert other.immutable != VERSION.immutable


@pytest.mark.parametrize(
    "other",
    [
        replace(VERSION, stage="Staging"),
        replace(VERSION, artifact=Artifact("sha256:0", 1, 1)),
        replace(VERSION, status="FAILED_REGISTRATION", status_message="why"),
        replace(VERSION, description="d", tags=(("a", None),), metrics=(("auc", 0.9),)),
    ],
)
def test_the_rest_may_change(other: ModelVersion) -> None:
    assert other.immutable == VERSION.immutable


def test_a_comment_has_a_text_of_at_most_what_databricks_takes() -> None:
    assert check_comment("x" * MAX_COMMENT) == "x" * MAX_COMMENT
    with pytest.raises(InvalidValueError, match=r"\Aa comment needs a text\Z"):
        check_comment(" \n")
    with pytest.raises(InvalidValueError, match=r"\Aa comment has at most 65535 characters\Z"):
        check_comment("x" * (MAX_COMMENT + 1))
