"""Activities: what one step did, in our kinds and in Databricks' seven."""

import json

import pytest

from gitreg.domain import changes as c
from gitreg.domain.activities import Activity, activities, requested
from gitreg.domain.commits import Commit, Signature
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import Answer, Outcome, RequestName, TransitionRequest

FRAUD = ModelName("fraud")
REF = VersionRef(FRAUD, 3)
PATH = "models/fraud/versions/3.yaml"
TIME = 1767268800123
MOVE = c.StageTransitioned(PATH, REF, "Staging", "Production", protected=True)
ARCHIVED = c.StageTransitioned(PATH, VersionRef(FRAUD, 1), "Production", "Archived", protected=True)


def request(who: str = "bob") -> TransitionRequest:
    name = RequestName(REF, "Production", who)
    return TransitionRequest(name, "9" * 40, "1" * 40, "Staging", "please", 1767268800000, ())


def told(
    *changes: c.Change, message: str = "a\n\nwhy\n", answer: Answer | None = None
) -> list[Activity]:
    who = Signature("carol", "carol@acme.com", TIME // 1000)
    commit = Commit("4" * 40, "", (), who, who, message)
    return list(activities(commit, "carol", time=TIME, changes=changes, answer=answer))


def test_a_request_is_an_activity_of_its_requester() -> None:
    assert requested(request()) == Activity(
        kind="REQUESTED_TRANSITION",
        time=1767268800000,
        actor="bob",
        text="fraud/3: Staging -> Production requested",
        commit="9" * 40,
        model=FRAUD,
        version=3,
        from_stage="Staging",
        to_stage="Production",
        comment="please",
    )


def test_a_direct_transition_is_applied_and_what_it_archives_is_the_systems() -> None:
    [applied, system] = told(MOVE, ARCHIVED)
    assert applied == Activity(
        "APPLIED_TRANSITION",
        TIME,
        "carol",
        "fraud/3: Staging -> Production",
        "4" * 40,
        FRAUD,
        3,
        "Staging",
        "Production",
        "why",
    )
    assert (system.kind, system.text, system.comment) == (
        "SYSTEM_TRANSITION",
        "fraud/1: Production -> Archived, replaced",
        "",
    )


def test_an_approval_names_whose_requests_it_approves() -> None:
    answer = Answer(Outcome.APPROVED, (request("bob"), request("eve")), "fine")
    [approved, system] = told(MOVE, ARCHIVED, answer=answer)
    assert approved.kind == "APPROVED_REQUEST"
    assert approved.text == "fraud/3: Staging -> Production, approves the request of bob, eve"
    assert system.kind == "SYSTEM_TRANSITION"


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [(Outcome.REJECTED, "REJECTED_REQUEST"), (Outcome.CANCELLED, "CANCELLED_REQUEST")],
)
def test_a_request_that_is_not_approved_ends_without_a_change(outcome: Outcome, kind: str) -> None:
    [ended] = told(answer=Answer(outcome, (request(),), "no need"))
    assert ended == Activity(
        kind,
        TIME,
        "carol",
        f"fraud/3: request by bob for Production {outcome}",
        "4" * 40,
        FRAUD,
        3,
        "Staging",
        "Production",
        "no need",
    )


def test_a_comment_is_an_activity_with_its_text() -> None:
    [comment] = told(c.CommentAdded(PATH, REF, "a" * 32, "carol", "looks good"))
    assert (comment.kind, comment.comment, comment.version) == ("NEW_COMMENT", "looks good", 3)


def test_other_changes_are_told_in_our_own_kinds() -> None:
    [created, settings] = told(
        c.ModelCreated("models/fraud/model.yaml", FRAUD),
        c.SettingsChanged("registry.yaml", ("stages",)),
    )
    assert (created.kind, created.model, created.version) == ("ModelCreated", FRAUD, None)
    assert (settings.kind, settings.model, settings.comment) == ("SettingsChanged", None, "why")


def test_what_another_registry_said_is_told_beside_what_happened_here() -> None:
    message = "a\n\nGitreg-Original-Time: 2020-01-01T00:00:00.000Z\nGitreg-Original-User: zoe\n"
    for activity in told(MOVE, c.VersionCreated(PATH, REF), message=message):
        assert activity.original_time == "2020-01-01T00:00:00.000Z"
        assert activity.original_user == "zoe"


def test_an_activity_is_about_its_model_and_version() -> None:
    [activity] = told(MOVE)
    assert activity.is_about(None)
    assert activity.is_about(FRAUD)
    assert activity.is_about(FRAUD, 3)
    assert not activity.is_about(FRAUD, 2)
    assert not activity.is_about(ModelName("churn"))


def test_an_activity_is_plain_values_for_programs() -> None:
    [move, settings] = told(MOVE, c.SettingsChanged("registry.yaml", ("stages",)), message="a\n")
    assert json.loads(json.dumps(move.to_dict())) == {
        "kind": "APPLIED_TRANSITION",
        "time": "2026-01-01T12:00:00.123Z",
        "actor": "carol",
        "text": "fraud/3: Staging -> Production",
        "commit": "4" * 40,
        "model": "fraud",
        "version": 3,
        "from_stage": "Staging",
        "to_stage": "Production",
    }
    assert settings.to_dict()["model"] is None
