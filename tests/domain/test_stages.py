"""Stages: None first, Archived among them, each name once."""

import pytest

from gitreg.domain.stages import ARCHIVED, DEFAULT_STAGES, NONE, Stage, Stages
from gitreg.errors import InvalidValueError


def stages(*names: str) -> Stages:
    return Stages(tuple(map(Stage, names)))


def test_the_default_stages_are_mlflows() -> None:
    assert [stage.name for stage in DEFAULT_STAGES] == ["None", "Staging", "Production", "Archived"]
    assert [stage.name for stage in DEFAULT_STAGES if stage.protected] == ["Production"]
    assert not any(stage.retired for stage in DEFAULT_STAGES)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), "the first stage must be None, where versions are born"),
        (("Archived", "None"), "the first stage must be None, where versions are born"),
        (("none", "Archived"), "the first stage must be None, where versions are born"),
        (("None", "Live"), "a stage Archived must exist: that is where archiving goes"),
        (("None", "archived"), "a stage Archived must exist: that is where archiving goes"),
        (("None", "Live", "LIVE", "Archived"), "the stage LIVE stands twice"),
        (("None", "Archived", "archived"), "the stage archived stands twice"),
        (("None", "Archived", "none"), "the stage none stands twice"),
        (("None", "Latest", "Archived"), "'Latest' is reserved and cannot be a stage"),
        (
            ("None", "Deleted_Internal", "Archived"),
            "'Deleted_Internal' is reserved and cannot be a stage",
        ),
    ],
)
def test_stages_that_contradict_are_refused(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        stages(*names)
    assert str(caught.value) == reason


@pytest.mark.parametrize("name", [NONE, ARCHIVED])
def test_the_two_stages_that_must_be_are_never_retired(name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Stages(tuple(Stage(one, retired=one == name) for one in (NONE, "Live", ARCHIVED)))
    assert str(caught.value) == "None and Archived cannot be retired"


def test_a_registry_needs_no_other_stages() -> None:
    assert [stage.name for stage in stages("None", "Archived")] == ["None", "Archived"]


@pytest.mark.parametrize("text", ["production", "PRODUCTION", "Production"])
def test_a_stage_is_meant_in_any_case(text: str) -> None:
    assert DEFAULT_STAGES.parse(text) == Stage("Production", protected=True)


@pytest.mark.parametrize(
    ("text", "hint"), [("Prodution", 'did you mean "Production"?'), ("Live", "")]
)
def test_a_stage_that_is_not_there_is_refused_with_a_guess(text: str, hint: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        DEFAULT_STAGES.parse(text)
    assert str(caught.value) == (
        f"'{text}' is not a stage of this registry; they are None, Staging, Production, Archived"
    )
    assert caught.value.hint == hint


def test_a_stage_is_found_by_its_exact_name() -> None:
    assert DEFAULT_STAGES.find("Staging") == Stage("Staging")
    assert DEFAULT_STAGES.find("staging") is None


def test_a_version_is_in_use_between_its_birth_and_the_archive() -> None:
    active = [stage.name for stage in DEFAULT_STAGES if DEFAULT_STAGES.is_active(stage.name)]
    assert active == ["Staging", "Production"]


@pytest.mark.parametrize(
    ("names", "guarded"),
    [
        (("None", "Staging"), False),
        (("Staging", "Production"), True),
        (("Production", "Archived"), True),
        (("None", "Nowhere"), False),
        ((), False),
    ],
)
def test_a_move_that_touches_a_protected_stage_is_guarded(
    names: tuple[str, ...], *, guarded: bool
) -> None:
    assert DEFAULT_STAGES.guards(*names) is guarded
