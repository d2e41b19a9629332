"""The settings of a registry."""

from typing import Any

import pytest

from gitreg.domain.access import Level
from gitreg.domain.settings import Delegate, Identity, Rules, Settings
from gitreg.domain.stages import DEFAULT_STAGES, Stage
from gitreg.errors import InvalidValueError


def settings(**data: Any) -> Settings:  # Any: JSON
    return Settings.from_data({"name": "acme", **data})


def test_a_registry_that_only_has_a_name_has_the_defaults() -> None:
    assert settings() == Settings(
        name="acme",
        layout="flat",
        stages=DEFAULT_STAGES,
        identity=Identity("name", (), "off"),
        protected_aliases=(),
        rules=Rules(
            case_twins="refuse",
            delete_active="refuse",
            rename_active="refuse",
            self_approval="allow",
            merges="requests",
            clock="strict",
            creation=("@everyone",),
            creator="manage",
        ),
        artifacts_url="",
    )


def test_every_setting_is_read() -> None:
    found = settings(
        layout="sharded",
        stages=[
            {"name": "None"},
            {"name": "Live", "protected": True, "x-color": "red"},
            {"name": "Old", "retired": True},
            {"name": "Archived"},
        ],
        identity={
            "principal": "email",
            "delegates": [{"name": "ci", "vouches": "committer"}],
            "signatures": "optional",
        },
        protected_aliases=["prod-*"],
        rules={"creation": ["@risk", "bob"], "creator": "edit", "clock": "trust", "x-note": 1},
        artifacts={"url": "s3://bucket"},
    )
    assert found.layout == "sharded"
    assert [*found.stages][1:3] == [Stage("Live", protected=True), Stage("Old", retired=True)]
    assert found.identity == Identity("email", (Delegate("ci", "committer"),), "optional")
    assert found.rules == Rules(clock="trust", creation=("@risk", "bob"), creator="edit")
    assert found.artifacts_url == "s3://bucket"


def test_stages_that_contradict_are_refused() -> None:
    with pytest.raises(InvalidValueError) as caught:
        settings(stages=[{"name": "None"}, {"name": "Live"}])
    assert str(caught.value) == "a stage Archived must exist: that is where archiving goes"


def test_a_delegate_stands_once() -> None:
    hub = {"name": "hub", "vouches": "author"}
    for vouches in ("author", "committer"):
        with pytest.raises(InvalidValueError) as caught:
            settings(identity={"delegates": [hub, {"name": "hub", "vouches": vouches}]})
        assert str(caught.value) == "the delegate hub stands twice"
        assert caught.value.hint == "an account vouches for the committer or for the author"
    both = settings(identity={"delegates": [hub, {"name": "api", "vouches": "committer"}]})
    assert len(both.identity.delegates) == 2


def test_creation_names_users_and_groups() -> None:
    with pytest.raises(InvalidValueError) as caught:
        settings(rules={"creation": ["a" * 201]})
    assert str(caught.value) == f"'{'a' * 201}' is not a user name"


@pytest.mark.parametrize(
    ("creator", "level"),
    [("manage", Level.MANAGE), ("edit", Level.EDIT), ("none", Level.NONE)],
)
def test_a_creator_is_given_the_level_of_the_rule(creator: str, level: Level) -> None:
    assert settings(rules={"creator": creator}).rules.creator_level is level


def test_a_delegate_is_found_by_its_exact_name() -> None:
    identity = Identity(delegates=(Delegate("ci", "author"),))
    assert identity.delegate("ci") == Delegate("ci", "author")
    assert identity.delegate("CI") is None


@pytest.mark.parametrize(
    ("alias", "guarded"), [("prod-eu", True), ("champion", True), ("prod", False), ("x", False)]
)
def test_an_alias_is_protected_by_a_glob(alias: str, *, guarded: bool) -> None:
    assert settings(protected_aliases=["prod-*", "champion"]).guards_alias(alias) is guarded
