"""The log: what happened, newest first, in Databricks' words and in ours."""

from pathlib import Path

import pytest
from world import Ground, World, git, request_branch

from gitreg import Registry
from gitreg.domain.activities import Activity


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    ground = Ground(tmp_path)
    root = ground.by("root")
    root.create_model("fraud")
    for number in range(1, 5):
        ground.clock.passes(1)
        root.create_version("fraud", source=f"s3://ml/{number}")
    return ground


def told(registry: Registry, model: str = "fraud", version: int | None = None) -> list[str]:
    return [f"{one.kind} {one.actor}" for one in registry.log(model, version=version)]


def test_the_log_tells_databricks_seven_kinds(ground: Ground) -> None:
    root, bob, clock = ground.by("root"), ground.by("bob"), ground.clock
    clock.passes(1)
    root.transition("fraud/1", "Production", message="At once.")
    for stage in ("Staging", "Archived", "Production"):
        clock.passes(1)
        bob.request_transition("fraud/2", stage, message=f"{stage}?")
    clock.passes(1)
    bob.cancel("fraud/2", "Archived", message="No.")
    clock.passes(1)
    root.reject("fraud/2", "Staging", message="Why?")
    clock.passes(1)
    root.approve("fraud/2", "Production", archive_existing=True, message="Yes.")
    clock.passes(1)
    bob.add_comment("fraud/2", "Thanks.")
    found = list(root.log("fraud"))[:9]
    assert [(one.kind, one.actor, one.version, one.comment) for one in found] == [
        ("NEW_COMMENT", "bob", 2, "Thanks."),
        ("APPROVED_REQUEST", "root", 2, "Yes."),
        ("SYSTEM_TRANSITION", "root", 1, ""),
        ("REJECTED_REQUEST", "root", 2, "Why?"),
        ("CANCELLED_REQUEST", "bob", 2, "No."),
        ("REQUESTED_TRANSITION", "bob", 2, "Production?"),
        ("REQUESTED_TRANSITION", "bob", 2, "Archived?"),
        ("REQUESTED_TRANSITION", "bob", 2, "Staging?"),
        ("APPLIED_TRANSITION", "root", 1, "At once."),
    ]
    assert [one.text for one in found[1:6]] == [
        "fraud/2: None -> Production, approves the request of bob",
        "fraud/1: Production -> Archived, replaced",
        "fraud/2: request by bob for Staging rejected",
        "fraud/2: request by bob for Archived cancelled",
        "fraud/2: None -> Production requested",
    ]
    assert all((one.from_stage, one.to_stage) == ("None", "Production") for one in found[1:2])
    assert [one.time for one in found] == sorted((one.time for one in found), reverse=True)
    assert {one.version for one in root.log("fraud", version=2)} == {2}


def test_an_open_request_is_told_at_its_time(ground: Ground) -> None:
    ground.clock.passes(1)
    ground.by("bob").request_transition("fraud/1", "Staging")
    ground.clock.passes(1)
    ground.by("root").create_model("other")
    assert [one.kind for one in ground.by("eve").log()][:3] == [
        "ModelCreated",
        "REQUESTED_TRANSITION",
        "VersionCreated",
    ]
    assert told(ground.by("eve"), version=1) == ["REQUESTED_TRANSITION bob", "VersionCreated root"]


def test_requests_of_one_second_are_all_told(ground: Ground) -> None:
    """Plain git tells no more than seconds, so that many things happen at once."""
    root, clock = ground.by("root"), ground.clock
    for number in (2, 3, 4):
        ground.by("bob").request_transition(f"fraud/{number}", "Staging")
    clock.passes(1)
    root.reject("fraud/4", "Staging")
    clock.passes(1)
    root.create_model("other")
    clock.passes(1)
    ground.by("dan").request_transition("fraud/1", "Staging")
    found = [line for line in told(ground.by("eve")) if "REQUEST" in line]
    assert found == [
        "REQUESTED_TRANSITION dan",
        "REJECTED_REQUEST root",
        *["REQUESTED_TRANSITION bob"] * 3,
    ]


def test_time_never_runs_backwards_on_main(ground: Ground) -> None:
    root, clock = ground.by("root"), ground.clock
    clock.passes(60)
    root.create_model("one")
    clock.passes(-120)
    root.create_model("two")
    two, one, *_ = root.log()
    assert (one.text, two.text) == ("model one created", "model two created")
    assert one.time == two.time


def test_ms_are_kept_and_plain_git_has_seconds(tmp_path: Path) -> None:
    world = World(tmp_path, permissions="* read @everyone\n")
    clone = world.clone("root").fresh()
    clone.write({"docs/a.md": "# A\n"}).commit(GIT_COMMITTER_DATE="2030-01-01T00:00:00Z")
    clone.git("update-ref", "refs/heads/ahead", "HEAD")
    git(world.path, "fetch", "-q", str(clone.path), "ahead:main")
    [latest, *_] = world.registry().log()
    assert latest.time == 1_893_456_000_000
    assert latest.to_dict()["time"] == "2030-01-01T00:00:00.000Z"


def test_an_activity_is_told_as_plain_values(ground: Ground) -> None:
    ground.by("bob").request_transition("fraud/1", "Staging", message="Please.")
    [asked] = [one for one in ground.by("eve").log() if one.kind == "REQUESTED_TRANSITION"]
    assert isinstance(asked, Activity)
    tip = git(ground.path, "rev-parse", request_branch("fraud", 1, "Staging", "bob"))
    assert asked.to_dict() == {
        "kind": "REQUESTED_TRANSITION",
        "time": "2026-01-01T12:00:04.000Z",
        "actor": "bob",
        "text": "fraud/1: None -> Staging requested",
        "commit": tip,
        "model": "fraud",
        "version": 1,
        "from_stage": "None",
        "to_stage": "Staging",
        "comment": "Please.",
    }


def test_what_another_registry_said_is_told_beside(ground: Ground) -> None:
    root = ground.by("root")
    root.tag_model("fraud", {"imported": "yes"})
    raw = git(ground.path, "cat-file", "commit", "main")
    head, _, message = raw.partition("\n\n")
    told_there = (
        f"{message}\nGitreg-Original-Time: 2020-01-01T00:00:00.000Z\nGitreg-Original-User: ann\n"
    )
    made = git(
        ground.path, "hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{head}\n\n{told_there}"
    )
    git(ground.path, "update-ref", "refs/heads/main", made)
    [latest, *_] = ground.by("eve").log("fraud")
    assert (latest.original_time, latest.original_user) == ("2020-01-01T00:00:00.000Z", "ann")
    assert latest.actor == "root"
