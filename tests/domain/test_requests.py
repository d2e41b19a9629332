"""Requests: how their branches are called, and what a viewer may do with one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.domain.access import Ability, Level
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import (
    Action,
    Answer,
    Outcome,
    RequestName,
    TransitionRequest,
    Viewer,
    available_actions,
    transition_ability,
)
from gitreg.domain.stages import DEFAULT_STAGES
from gitreg.errors import InvalidValueError

BRANCH_HINT = "it is called requests/MODEL/NUMBER/STAGE/USER, each part encoded"


def request(who: str = "bob", stage: str = "Production") -> TransitionRequest:
    name = RequestName(VersionRef.parse("fraud/3"), stage, who)
    return TransitionRequest(name, "1" * 40, "0" * 40, "Staging", "please", 1, ())


# --- branches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "stage", "user", "refname"),
    [
        ("fraud", "Production", "alice", "refs/heads/requests/fraud/3/Production/alice"),
        ("My Model", "In Review", "a@b.c", "refs/heads/requests/My%20Model/3/In%20Review/a%40b.c"),
        ("a.lock", "Live", ".x", "refs/heads/requests/a%2Elock/3/Live/%2Ex"),
    ],
)
def test_a_request_has_one_branch(model: str, stage: str, user: str, refname: str) -> None:
    name = RequestName(VersionRef(ModelName(model), 3), stage, user)
    assert name.refname == refname
    assert RequestName.parse(refname) == name
    assert str(name) == f"{model}/3 -> {stage} asked by {user}"


_parts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1)
_models = _parts.filter(lambda t: bool(t.strip()) and not set("/:") & set(t) and t not in "..")
_names = st.builds(
    RequestName,
    st.builds(VersionRef, _models.map(lambda t: ModelName(t[:20])), st.integers(1, 10**9 - 1)),
    _parts,
    _parts,
)


@given(_names)
def test_the_branch_of_a_request_reads_back(name: RequestName) -> None:
    assert RequestName.parse(name.refname) == name


@pytest.mark.parametrize(
    "refname",
    [
        "refs/heads/main",
        "refs/heads/requests/fraud/3/Production",
        "refs/heads/requests/fraud/3/Production/alice/2",
        "refs/heads/requests/fraud/03/Production/alice",
        "refs/heads/requests/fraud/x/Production/alice",
        "fraud/3/Production/alice",
        "refs/tags/requests/3/a/b",
        "",
    ],
)
def test_what_is_no_request_branch_is_refused(refname: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        RequestName.parse(refname)
    assert str(caught.value) == f"'{refname}' is no request branch"
    assert caught.value.hint == BRANCH_HINT


@pytest.mark.parametrize(
    "refname",
    [
        "refs/heads/requests/My Model/3/Production/alice",
        "refs/heads/requests/fraud/3/%50roduction/alice",
        "refs/heads/requests/fraud/3/Production/a@b",
        "refs/heads/requests/fraud/3//alice",
    ],
)
def test_a_request_branch_is_written_canonically(refname: str) -> None:
    with pytest.raises(InvalidValueError, match="is not a canonically encoded name"):
        RequestName.parse(refname)


def test_a_request_tells_version_stage_and_requester() -> None:
    one = request()
    assert (str(one.ref), one.stage, one.requester) == ("fraud/3", "Production", "bob")
    assert str(one) == "fraud/3 -> Production asked by bob"


@pytest.mark.parametrize("outcome", Outcome)
def test_an_answer_tells_whose_requests_it_answers_and_how(outcome: Outcome) -> None:
    answer = Answer(outcome, (request("bob"), request("eve")))
    assert (str(answer.ref), answer.stage) == ("fraud/3", "Production")
    assert str(answer) == f"fraud/3 -> Production: request by bob, eve {outcome}"


# --- what a viewer may do ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_stage", "to_stage", "ability"),
    [
        ("None", "Staging", Ability.TRANSITION),
        ("Staging", "Archived", Ability.TRANSITION),
        ("Staging", "Production", Ability.TRANSITION_PROTECTED),
        ("Production", "Archived", Ability.TRANSITION_PROTECTED),
        ("Production", "Production", Ability.TRANSITION_PROTECTED),
    ],
)
def test_a_move_needs_more_where_a_stage_is_protected(
    from_stage: str, to_stage: str, ability: Ability
) -> None:
    assert transition_ability(DEFAULT_STAGES, from_stage, to_stage) is ability


A, R, C = Action.APPROVE, Action.REJECT, Action.CANCEL
ACTIONS = {
    # level: (protected, other's), (protected, own), (unprotected, other's), (unprotected, own)
    Level.NONE: ((), (), (), ()),
    Level.READ: ((), (C,), (), (C,)),
    Level.EDIT: ((), (C,), (), (C,)),
    Level.MANAGE_STAGING: ((), (C,), (A, R), (A, R, C)),
    Level.MANAGE_PRODUCTION: ((A, R), (A, R, C), (A, R), (A, R, C)),
    Level.MANAGE: ((A, R, C), (A, R, C), (A, R, C), (A, R, C)),
}
FOUR_EYES = {
    **{level: row for level, row in ACTIONS.items() if level < Level.MANAGE_PRODUCTION},
    Level.MANAGE_PRODUCTION: ((A, R), (R, C), (A, R), (A, R, C)),
    Level.MANAGE: ((A, R, C), (R, C), (A, R, C), (A, R, C)),
}


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("four_eyes", [False, True])
def test_what_a_viewer_may_do_follows_from_level_stage_and_who_asked(
    level: Level, *, four_eyes: bool
) -> None:
    table = FOUR_EYES if four_eyes else ACTIONS
    found = tuple(
        available_actions(
            request("bob", to_stage),
            Viewer(who, level),
            stage=stage,
            stages=DEFAULT_STAGES,
            four_eyes=four_eyes,
        )
        for stage, to_stage in (("Staging", "Production"), ("None", "Staging"))
        for who in ("carol", "bob")
    )
    assert found == table[level]


def test_four_eyes_are_not_had_by_writing_ones_name_in_capitals() -> None:
    found = available_actions(
        request("bob"),
        Viewer("BOB", Level.MANAGE_PRODUCTION),
        stage="Staging",
        stages=DEFAULT_STAGES,
        four_eyes=True,
    )
    assert found == (R,)


def test_the_versions_present_stage_counts_not_the_one_it_had() -> None:
    viewer = Viewer("carol", Level.MANAGE_STAGING)
    asked = request("bob", "Archived")
    for stage, found in (("Production", ()), ("Staging", (A, R))):
        assert available_actions(asked, viewer, stage=stage, stages=DEFAULT_STAGES) == found


def test_actions_are_called_as_databricks_calls_them() -> None:
    assert [str(action) for action in Action] == [
        "APPROVE_TRANSITION_REQUEST",
        "REJECT_TRANSITION_REQUEST",
        "CANCEL_TRANSITION_REQUEST",
    ]
