"""The story that gitreg is for: register, ask, be refused, ask properly, approve, look back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import version
from world import World

import gitreg
from gitreg.audit import audit
from gitreg.registry.receipts import RequestView

MODEL = """\
# How we score card payments.
apiVersion: gitreg/v1
kind: RegisteredModel
description: Scores card payments.
tags: {team: risk}
"""
PEOPLE = """\
/            read               @everyone
fraud-*      edit               bob
fraud-*      manage-production  carol
"""


@pytest.mark.parametrize("layout", ["flat", "sharded"])
def test_a_model_goes_from_its_first_push_to_production(tmp_path: Path, layout: str) -> None:
    world = World(tmp_path, permissions=PEOPLE, layout=layout)
    alice_registers_a_model_and_two_versions_by_hand(world)
    bob_cannot_move_a_version_himself_and_is_told_what_to_do(world)
    bob_asks_by_pushing_a_branch(world)
    carol_approves_by_merging_and_the_branch_goes_away(world)
    carol_approves_by_the_library_and_archives_what_was_there(world)
    the_log_tells_it_all_newest_first(world)
    the_audit_is_clean_and_git_finds_nothing_wrong(world)
    the_registry_says_who_may_do_what(world)


def kinds(world: World) -> Iterator[tuple[str, str]]:
    for activity in world.registry().log("fraud-detector"):
        yield activity.kind, activity.actor


def alice_registers_a_model_and_two_versions_by_hand(world: World) -> None:
    alice, folder = world.clone("alice"), world.model("fraud-detector")
    alice.put(
        {f"{folder}/model.yaml": MODEL, f"{folder}/PERMISSIONS": "manage alice  # her own\n"},
        "Register fraud-detector",
    )
    alice.write({f"{folder}/versions/1.yaml": version()}).commit("The first")
    alice.write({f"{folder}/versions/2.yaml": version()}).commit("The second")
    push = alice.push()
    assert push.accepted
    assert push.told == (
        (
            "gitreg: model fraud-detector created; "
            "permissions of fraud-detector changed: + manage alice by alice"
        ),
        "gitreg: fraud-detector/1 registered by alice",
        "gitreg: fraud-detector/2 registered by alice",
    )
    [model] = world.registry("bob").models()
    assert (str(model.name), model.tags) == ("fraud-detector", (("team", "risk"),))
    assert [str(one.ref) for one in world.registry("bob").versions("fraud-detector")] == [
        "fraud-detector/1",
        "fraud-detector/2",
    ]


def bob_cannot_move_a_version_himself_and_is_told_what_to_do(world: World) -> None:
    bob = world.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    push = bob.push()
    assert push.refused
    assert push.told == (
        f"gitreg: refused {commit[:7]} by bob",
        f"  access  {world.version('fraud-detector', 1)}",
        "    fraud-detector/1: None -> Production needs manage-production; bob has edit",
        "    who can: alice, carol, root",
        "    hint: gitreg request create fraud-detector/1 Production",
        "gitreg: nothing was changed; `git reset --keep origin/main` drops the commit",
    )


def bob_asks_by_pushing_a_branch(world: World) -> None:
    push = world.clone("bob").ask("fraud-detector", 1, "Production", message="AUC is up by two.")
    assert push.accepted
    assert world.requests == ["fraud-detector/1/Production/bob"]
    [seen] = world.registry("carol").requests()
    assert isinstance(seen, RequestView)
    assert (str(seen.request), seen.request.comment, seen.request.from_stage) == (
        "fraud-detector/1 -> Production asked by bob",
        "AUC is up by two.",
        "None",
    )
    assert [str(action) for action in seen.actions] == [
        "APPROVE_TRANSITION_REQUEST",
        "REJECT_TRANSITION_REQUEST",
    ]


def carol_approves_by_merging_and_the_branch_goes_away(world: World) -> None:
    carol = world.clone("carol")
    tip = carol.fresh().branch("fraud-detector", 1, "Production", "bob")
    carol.git("merge", "-q", "--no-ff", "-m", "Fine with me", tip)
    push = carol.push()
    assert push.accepted
    assert push.told == (
        (
            "gitreg: fraud-detector/1 None -> Production by carol, "
            "approves bob's request for Production"
        ),
    )
    assert world.requests == []
    assert world.registry("bob").version("fraud-detector/Production").ref.number == 1


def carol_approves_by_the_library_and_archives_what_was_there(world: World) -> None:
    world.registry("bob").request_transition("fraud-detector/2", "production", message="Newer.")
    assert world.requests == ["fraud-detector/2/Production/bob"]
    receipt = world.registry("carol").approve(
        "fraud-detector/2", "Production", archive_existing=True, message="Go."
    )
    assert [str(change) for change in receipt.changes] == [
        "fraud-detector/1: Production -> Archived",
        "fraud-detector/2: None -> Production",
    ]
    assert receipt.answer is not None
    assert str(receipt.answer) == "fraud-detector/2 -> Production: request by bob approved"
    assert world.requests == []
    stages = {one.ref.number: one.stage for one in world.registry().versions("fraud-detector")}
    assert stages == {1: "Archived", 2: "Production"}


def the_log_tells_it_all_newest_first(world: World) -> None:
    assert list(kinds(world)) == [
        ("APPROVED_REQUEST", "carol"),
        ("SYSTEM_TRANSITION", "carol"),
        ("REQUESTED_TRANSITION", "bob"),
        ("APPROVED_REQUEST", "carol"),
        ("REQUESTED_TRANSITION", "bob"),
        ("VersionCreated", "alice"),
        ("VersionCreated", "alice"),
        ("PermissionsChanged", "alice"),
        ("ModelCreated", "alice"),
    ]
    [approved, *_] = world.registry().log("fraud-detector", version=2)
    assert (approved.comment, approved.from_stage, approved.to_stage) == (
        "Go.",
        "None",
        "Production",
    )


def the_audit_is_clean_and_git_finds_nothing_wrong(world: World) -> None:
    report = audit(world.path)
    assert report.clean
    assert report.steps == 7
    assert report.strange_refs == report.void_requests == ()
    bob = world.clone("bob").fresh()
    assert bob.git("fsck", "--strict", "--no-dangling") == ""


def the_registry_says_who_may_do_what(world: World) -> None:
    registry = world.registry("bob")
    decision = registry.may("bob", "transition", "fraud-detector/2", stage="staging")
    assert not decision.allowed
    assert decision.reason == (
        "transition fraud-detector/2: Production -> Staging needs manage-production; "
        'bob has edit by "fraud-* edit bob" (PERMISSIONS:3)'
    )
    assert registry.level("carol", "fraud-detector") is gitreg.Level.MANAGE_PRODUCTION
