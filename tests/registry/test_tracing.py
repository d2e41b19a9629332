"""The past of versions: tenures of stages, who set what, why it is so, and the way back."""

from pathlib import Path

import pytest
from support import NOON
from world import Ground, Write, git

import gitreg
from gitreg import ConflictError, InvalidValueError, NotFoundError, RefusedError, Tenure
from gitreg.manifest.codec import Value
from gitreg.manifest.editing import edit

ORIGINAL = "Gitreg-Original-Time: 2020-01-01T00:00:00.000Z\nGitreg-Original-User: ann\n"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Give a registry with three versions of fraud; a second passes before each step."""
    ground = Ground(tmp_path)
    root = ground.by("root")
    root.create_model("fraud")
    for number in range(1, 4):
        ground.clock.passes(1)
        root.create_version("fraud", source=f"s3://ml/{number}")
    root.grant("carol", "manage-production", model="fraud")
    ground.clock.passes(10)
    return ground


def moved(ground: Ground, *moves: str, user: str = "root") -> None:
    """Move versions, each 10 s after the one before: ``1 Production``; others are archived."""
    for move in moves:
        number, stage = move.split()
        ground.by(user).transition(f"fraud/{number}", stage, archive_existing=True)
        ground.clock.passes(10)


def second(milliseconds: int) -> int:
    """Give the seconds after noon."""
    return milliseconds // 1000 - NOON


def told(tenures: tuple[Tenure, ...]) -> list[tuple[str, str, int, int | None, str, str]]:
    return [
        (
            str(one.ref),
            one.stage,
            second(one.entered.time),
            None if one.left is None else second(one.left.time),
            one.came_from,
            one.went_to,
        )
        for one in tenures
    ]


def imported(ground: Ground) -> None:
    """Let the last step be an import of what ann did elsewhere in 2020."""
    head, _, message = git(ground.path, "cat-file", "commit", "main").partition("\n\n")
    raw = f"{head}\n\n{message.rstrip()}\n{ORIGINAL}"
    made = git(ground.path, "hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
    git(ground.path, "update-ref", "refs/heads/main", made)


# --- tenures --------------------------------------------------------------------------------------


def test_a_tenure_tells_who_came_when_and_what_took_its_place(ground: Ground) -> None:
    moved(ground, "1 Production")
    ground.by("bob").request_transition("fraud/2", "Production", message="Better.")
    ground.clock.passes(5)
    ground.by("carol").approve("fraud/2", "Production", archive_existing=True, message="Yes.")
    one, other = ground.by("eve").tenures("fraud", stage="production")
    assert told((one, other)) == [
        ("fraud/1", "Production", 13, 28, "None", "Archived"),
        ("fraud/2", "Production", 28, None, "None", ""),
    ]
    assert (one.entered.by, one.entered.requesters) == ("root", ())
    assert one.left is not None
    assert (one.left.by, one.left.commit) == ("carol", other.entered.commit)
    assert (other.entered.by, other.entered.requesters) == ("carol", ("bob",))
    assert other.entered.comment == "Yes."
    assert other.entered.commit == git(ground.path, "rev-parse", "main")


def test_a_stage_that_is_entered_again_is_another_tenure(ground: Ground) -> None:
    moved(ground, "1 Production", "1 Staging", "1 Production")
    assert told(ground.by("eve").tenures("fraud", stage="Production")) == [
        ("fraud/1", "Production", 13, 23, "None", "Staging"),
        ("fraud/1", "Production", 33, None, "Staging", ""),
    ]
    assert [one.stage for one in ground.by("eve").tenures("fraud") if one.ref.number == 1] == [
        "None",
        "Production",
        "Staging",
        "Production",
    ]


def test_what_is_no_transition_ends_no_tenure(ground: Ground) -> None:
    moved(ground, "1 Production")
    root = ground.by("root")
    root.tag_version("fraud/1", {"a": "b"})
    root.describe_version("fraud/1", "Good.")
    root.set_alias("fraud/1", "champion")
    assert told(root.tenures("fraud", stage="Production")) == [
        ("fraud/1", "Production", 13, None, "None", "")
    ]


def rename_is_allowed(ground: Ground) -> None:
    ground.rules(rename_active="allow", delete_active="allow")


def test_a_renamed_model_keeps_its_tenures(ground: Ground) -> None:
    rename_is_allowed(ground)
    moved(ground, "1 Production")
    root = ground.by("root")
    ground.by("bob").request_transition("fraud/2", "Staging")
    root.approve("fraud/2", "Staging")
    root.rename_model("fraud", "cards")
    root.create_model("fraud")
    root.create_version("fraud", source="s3://other")
    ground.clock.passes(7)
    root.transition("cards/1", "Archived")
    assert told(root.tenures("cards", stage="Production")) == [
        ("cards/1", "Production", 13, 30, "None", "Archived")
    ]
    [staged] = root.tenures("cards", stage="Staging")
    assert staged.entered.requesters == ("bob",), "who asked under the old name"
    assert root.tenures("fraud", stage="Production") == ()


def test_a_deleted_version_went_nowhere_and_its_model_takes_all_with_it(ground: Ground) -> None:
    rename_is_allowed(ground)
    moved(ground, "1 Production")
    root = ground.by("root")
    before = root.tip
    root.delete_version("fraud/1", message="Leaks.")
    [gone] = root.tenures("fraud", stage="Production")
    assert gone.went_to == ""
    assert gone.left is not None
    assert (gone.left.by, gone.left.comment) == ("root", "Leaks.")
    root.delete_model("fraud")
    with pytest.raises(NotFoundError, match="there is no model fraud"):
        root.tenures("fraud", stage="Production")
    [then] = root.tenures("fraud", stage="Production", at=before)
    assert then.left is None
    root.create_model("fraud")
    assert root.tenures("fraud", stage="Production") == (), "another model of that name"


def test_what_was_imported_is_told_as_it_was_there(ground: Ground) -> None:
    ground.by("root").transition("fraud/1", "Production", message="At last.")
    imported(ground)
    [one] = ground.by("root").tenures("fraud", stage="Production")
    assert (one.entered.time, one.entered.by) == (1_577_836_800_000, "ann")
    assert one.entered.comment == "At last."
    [*_, blamed] = [one for one in ground.by("root").blame("fraud/1") if one.field == "stage"]
    assert blamed.deed == one.entered
    [*_, last] = ground.by("root").why("fraud/1").story
    assert (last.time, last.sentence) == (
        1_577_836_800_000,
        "ann moved it from None to Production.",
    )


def test_tenures_are_told_as_they_were_at_a_time(ground: Ground) -> None:
    moved(ground, "1 Production", "2 Production", "3 Production")
    root = ground.by("root")
    at = "2026-01-01T12:00:25+00:00"
    assert told(root.tenures("fraud", stage="Production", at=at)) == [
        ("fraud/1", "Production", 13, 23, "None", "Archived"),
        ("fraud/2", "Production", 23, None, "None", ""),
    ]
    assert root.tenures("fraud", stage="Production", at="HEAD~2")[-1].ref.number == 1
    with pytest.raises(NotFoundError, match="there is no model nope"):
        root.tenures("nope", stage="Production")
    with pytest.raises(InvalidValueError, match="'Productoin' is not a stage"):
        root.tenures("fraud", stage="Productoin")


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("12:00:14", "12:00:15", [1]),
        ("12:00:15", "12:00:25", [1, 2]),
        ("12:00:23", "12:00:23", [2]),
        ("12:00:25", "", [2, 3]),
        ("", "12:00:13", [1]),
        ("", "12:00:12", []),
        ("", "", [1, 2, 3]),
    ],
)
def test_tenures_of_some_time_are_those_that_meet_it(
    since: str, until: str, found: list[int], ground: Ground
) -> None:
    moved(ground, "1 Production", "2 Production", "3 Production")
    tenures = ground.by("root").tenures(
        "fraud",
        stage="Production",
        since=since and f"2026-01-01T{since}",
        until=until and f"2026-01-01T{until}",
    )
    assert [one.ref.number for one in tenures] == found


def test_who_was_there_on_a_day(ground: Ground) -> None:
    moved(ground, "1 Production", "2 Production")
    ground.clock.passes(86_400)
    moved(ground, "3 Production")
    ground.clock.passes(86_400)

    def there(day: str) -> list[int]:
        found = ground.by("root").tenures("fraud", stage="Production", since=day, until=day)
        return [one.ref.number for one in found]

    assert there("2025-12-31") == []
    assert there("2026-01-01") == [1, 2]
    assert there("2026-01-02") == [2, 3]
    assert there("2026-01-03") == [3]


# --- blame ----------------------------------------------------------------------------------------


def blamed(registry: gitreg.Registry, version: str, at: str = "") -> dict[str, tuple[object, str]]:
    return {one.field: (one.value, one.deed.by) for one in registry.blame(version, at=at)}


def test_every_field_is_told_with_who_set_it(ground: Ground) -> None:
    root, carol = ground.by("root"), ground.by("carol")
    carol.describe_version("fraud/1", "Good.")
    root.tag_version("fraud/1", {"b": "2", "a": "1"}, metrics={"auc": 0.9})
    carol.tag_version("fraud/1", {"b": "3"}, metrics={"auc": 0.9})
    carol.set_alias("fraud/1", "champion", message="It wins.")
    ground.by("bob").request_transition("fraud/1", "Staging")
    root.approve("fraud/1", "Staging", message="Yes.")
    found = root.blame("fraud/1")
    assert [(one.field, one.value, one.deed.by) for one in found] == [
        ("stage", "Staging", "root"),
        ("source", "s3://ml/1", "root"),
        ("status", "READY", "root"),
        ("description", "Good.", "carol"),
        ("tags.a", "1", "root"),
        ("tags.b", "3", "carol"),
        ("metrics.auc", 0.9, "root"),
        ("aliases.champion", 1, "carol"),
    ]
    assert (found[0].deed.requesters, found[0].deed.comment) == (("bob",), "Yes.")
    assert found[-1].deed.comment == "It wins."
    assert found[0].to_dict() == {
        "field": "stage",
        "value": "Staging",
        "time": "2026-01-01T12:00:13.000Z",
        "by": "root",
        "commit": root.tip,
        "comment": "Yes.",
        "requested_by": ["bob"],
    }


def test_blame_tells_the_past(ground: Ground) -> None:
    root = ground.by("root")
    root.tag_version("fraud/1", {"a": "1"})
    then = root.tip
    ground.by("carol").tag_version("fraud/1", {"a": "2"})
    assert blamed(root, "fraud/1")["tags.a"] == ("2", "carol")
    assert blamed(root, "fraud/1", then)["tags.a"] == ("1", "root")
    ground.by("carol").tag_version("fraud/1", {"a": "1"})
    assert blamed(root, "fraud/1")["tags.a"] == ("1", "carol"), "who set it back set it"
    with pytest.raises(NotFoundError, match="there is no version fraud/9"):
        root.blame("fraud/9")


def test_who_said_that_it_is_ready_is_told(ground: Ground) -> None:
    root = ground.by("root")
    root.create_version("fraud", source="s3://ml/4", status="PENDING_REGISTRATION")
    assert blamed(root, "fraud/4")["status"] == ("PENDING_REGISTRATION", "root")
    ground.by("carol").set_status("fraud/4", "READY")
    assert blamed(root, "fraud/4")["status"] == ("READY", "carol")


def test_aliases_are_blamed_over_renames_and_moves(ground: Ground) -> None:
    root, carol = ground.by("root"), ground.by("carol")
    carol.set_alias("fraud/1", "champion")
    root.rename_model("fraud", "cards")
    assert blamed(root, "cards/1")["aliases.champion"] == (1, "carol")
    root.set_alias("cards/2", "champion")
    assert "aliases.champion" not in blamed(root, "cards/1")
    assert blamed(root, "cards/2")["aliases.champion"] == (2, "root")
    carol.set_alias("cards/1", "champion")
    root.rename_model("cards", "card")
    assert blamed(root, "card/1")["aliases.champion"] == (1, "carol")


def test_the_aliases_of_another_model_with_the_old_name_are_not_blamed(ground: Ground) -> None:
    root = ground.by("root")
    root.rename_model("fraud", "cards")
    root.create_model("fraud")
    root.create_version("fraud", source="s3://other")
    root.set_alias("fraud/1", "newcomer")
    assert "aliases.newcomer" not in blamed(root, "cards/1")
    assert "aliases.newcomer" in blamed(root, "fraud/1")


# --- why ------------------------------------------------------------------------------------------


def test_why_tells_the_story_in_sentences(ground: Ground) -> None:
    root = ground.by("root")
    moved(ground, "1 Production")
    for user in ("bob", "eve"):
        ground.by(user).request_transition("fraud/2", "Production", message=f"{user}: please")
    ground.by("bob").request_transition("fraud/2", "Staging")
    ground.by("carol").reject("fraud/2", "Staging", message="No.")
    root.add_comment("fraud/2", "Looks good.")
    root.tag_version("fraud/2", {"a": "1"})
    ground.clock.passes(1)
    ground.by("carol").approve("fraud/2", "Production", archive_existing=True, message="Yes.")
    found = root.why("fraud/2")
    assert found.sentence == (
        "fraud/2 is in Production: carol approved bob's and eve's request and moved it from None "
        "to Production."
    )
    assert [(one.sentence, one.comment) for one in found.story if "asked" not in one.sentence] == [
        ("root registered it.", ""),
        ("carol rejected bob's request to move it to Staging.", "No."),
        ("root commented.", "Looks good."),
        ("carol approved bob's and eve's request and moved it from None to Production.", "Yes."),
    ]
    assert {one.sentence for one in found.story if "asked" in one.sentence} == {
        "bob asked to move it from None to Production.",
        "eve asked to move it from None to Production.",
        "bob asked to move it from None to Staging.",
    }
    assert root.why("fraud/1").sentence == (
        "fraud/1 is in Archived: carol archived it, because version 2 took its place in Production."
    )
    assert root.why("fraud/3").sentence == "fraud/3 is in None: root registered it."
    assert root.why("fraud/2", at="HEAD~4").sentence == "fraud/2 is in None: root registered it."


def test_why_tells_nothing_of_another_model_that_had_the_name(ground: Ground) -> None:
    rename_is_allowed(ground)
    root = ground.by("root")
    moved(ground, "1 Production")
    root.delete_model("fraud")
    root.create_model("fraud")
    ground.by("root").create_version("fraud", source="s3://new")
    assert [one.sentence for one in root.why("fraud/1").story] == ["root registered it."]
    assert len(list(root.log("fraud", version=1))) > 1, "the log tells all that had the name"


# --- comparisons ----------------------------------------------------------------------------------


def test_two_versions_are_compared(ground: Ground) -> None:
    root = ground.by("root")
    root.tag_version("fraud/1", {"a": "1", "b": None, "c": ""}, metrics={"auc": 0.9})
    root.tag_version("fraud/2", {"a": "1", "b": "null"}, metrics={"auc": 0.95})
    then = root.tip
    moved(ground, "2 Staging")
    assert root.compare("fraud/1", "fraud/Staging").to_dict() == {
        "a": "fraud/1",
        "b": "fraud/2",
        "equal": False,
        "differences": [
            {"field": "stage", "a": "None", "b": "Staging"},
            {"field": "source", "a": "s3://ml/1", "b": "s3://ml/2"},
            {"field": "tags.b", "a": None, "b": "null"},
            {"field": "tags.c", "a": ""},
            {"field": "metrics.auc", "a": 0.9, "b": 0.95},
        ],
    }
    assert root.compare("fraud/1", "fraud/1").differences == ()
    fields = [one.field for one in root.compare("fraud/1", "fraud/2", at=then).differences]
    assert "stage" not in fields


# --- rollback -------------------------------------------------------------------------------------


def stages(ground: Ground) -> str:
    return " ".join(one.stage for one in ground.by("eve").versions("fraud"))


def test_a_rollback_moves_back_whatever_the_last_step_moved(ground: Ground) -> None:
    moved(ground, "2 Staging", "1 Production")
    root = ground.by("root")
    root.transition("fraud/2", "Production", archive_existing=True)
    undone = root.tip
    root.tag_version("fraud/2", {"a": "b"})
    undoing = root.undoing("fraud", "production")
    assert undoing.deed.commit == undone
    assert [(str(ref), *move) for ref, *move in undoing.undone_moves] == [
        ("fraud/1", "Production", "Archived"),
        ("fraud/2", "Staging", "Production"),
    ]
    assert [str(ref) for ref in undoing.restored] == ["fraud/1"]
    before = git(ground.path, "rev-list", "--count", "main")
    receipt = root.rollback("fraud", "Production", message="It drifts.")
    assert sorted(map(str, receipt.changes)) == [
        "fraud/1: Archived -> Production",
        "fraud/2: Production -> Staging",
    ]
    assert stages(ground) == "Production Staging None"
    assert int(git(ground.path, "rev-list", "--count", "main")) == int(before) + 1
    assert "It drifts." in [one.comment for one in root.log("fraud")]


def test_a_rollback_done_again_undoes_it(ground: Ground) -> None:
    moved(ground, "1 Production", "2 Production")
    root = ground.by("root")
    for expected in ("Production None None", "Archived Production None") * 2:
        root.rollback("fraud", "Production")
        assert stages(ground) == expected


def test_a_rollback_of_a_version_that_left_brings_it_back_from_wherever_it_is(
    ground: Ground,
) -> None:
    moved(ground, "1 Production", "2 Production", "1 Staging")
    ground.by("root").rollback("fraud", "Production")
    assert stages(ground) == "Production None None"
    ground.clock.passes(1)
    ground.by("root").transition("fraud/1", "Archived")
    ground.by("root").rollback("fraud", "Production")
    assert stages(ground) == "Production None None"


def test_a_rollback_works_under_a_new_name(ground: Ground) -> None:
    rename_is_allowed(ground)
    moved(ground, "1 Production", "2 Production")
    root = ground.by("root")
    root.rename_model("fraud", "cards")
    assert [str(ref) for ref, *_ in root.undoing("cards", "Production").undone_moves] == [
        "cards/1",
        "cards/2",
    ]
    root.rollback("cards", "Production")
    assert [one.stage for one in root.versions("cards")] == ["Production", "None", "None"]


def test_what_cannot_be_undone_is_told(ground: Ground) -> None:
    root = ground.by("root")
    with pytest.raises(NotFoundError, match="no version of fraud was ever in Production"):
        root.rollback("fraud", "Production")
    with pytest.raises(InvalidValueError, match="versions are born in None: nothing there"):
        root.rollback("fraud", "None")
    with pytest.raises(NotFoundError, match="there is no model nope"):
        root.rollback("nope", "Production")
    moved(ground, "1 Production", "2 Production")
    root.delete_version("fraud/1")
    with pytest.raises(ConflictError) as caught:
        root.rollback("fraud", "Production")
    assert str(caught.value) == "fraud/1 was in Production, but was deleted since"
    assert caught.value.hint == "gitreg log fraud/1"


def test_nothing_goes_back_to_a_retired_stage(ground: Ground) -> None:
    moved(ground, "1 Staging", "1 Production")
    root = ground.by("root")
    retired: list[Value] = [
        {"name": "None"},
        {"name": "Staging", "retired": True},
        {"name": "Production", "protected": True},
        {"name": "Archived"},
    ]
    raw = root.snapshot().blob("registry.yaml") or b""
    root.apply(Write({"registry.yaml": edit(raw, ("stages",), retired).decode()}))
    with pytest.raises(InvalidValueError, match="the stage Staging is retired: nothing enters it"):
        root.rollback("fraud", "Production")
    assert stages(ground) == "Production None None"


def test_where_two_must_agree_a_rollback_is_asked_for(ground: Ground) -> None:
    moved(ground, "1 Production", "2 Production")
    ground.rules(self_approval="refuse")
    carol = ground.by("carol")
    with pytest.raises(RefusedError) as caught:
        carol.rollback("fraud", "Production")
    assert {one.hint for one in caught.value.violations} == {
        "gitreg rollback fraud Production --request"
    }
    undoing = carol.undoing("fraud", "Production")
    [(ref, stage)] = undoing.wishes
    assert (str(ref), stage) == ("fraud/1", "Production")
    carol.request_transition(ref, stage)
    ground.by("root").approve(ref, stage, archive_existing=True)
    assert stages(ground) == "Production Archived None"


def test_if_nothing_comes_back_it_is_asked_that_it_leaves(ground: Ground) -> None:
    moved(ground, "1 Staging", "1 Production")
    undoing = ground.by("root").undoing("fraud", "Production")
    assert undoing.restored == ()
    assert [(str(ref), stage) for ref, stage in undoing.wishes] == [("fraud/1", "Staging")]


def test_of_two_who_undo_the_same_step_only_one_does(ground: Ground) -> None:
    moved(ground, "1 Production", "2 Production")
    root, carol = ground.by("root"), ground.by("carol")
    mine, hers = root.undoing("fraud", "Production"), carol.undoing("fraud", "Production")
    carol.undo(hers)
    with pytest.raises(ConflictError) as caught:
        root.undo(mine)
    assert str(caught.value) == "fraud/1 is in Production by now, not in Archived"
    assert stages(ground) == "Production None None"


def test_a_rollback_is_judged_and_told_without_being_done(ground: Ground) -> None:
    moved(ground, "1 Production")
    before = ground.state()
    receipt = ground.by("root").rollback("fraud", "Production", dry_run=True)
    assert list(map(str, receipt.changes)) == ["fraud/1: Production -> None"]
    with pytest.raises(RefusedError):
        ground.by("bob").rollback("fraud", "Production", dry_run=True)
    assert ground.state() == before


# --- the log --------------------------------------------------------------------------------------


def test_the_log_is_asked_for_kinds_users_and_dates(ground: Ground) -> None:
    moved(ground, "1 Production", "2 Production", user="carol")
    root = ground.by("root")

    def kinds(**asked: object) -> list[str]:
        return [one.kind for one in root.log(**asked)]  # type: ignore[arg-type]  # each its own

    moves = ["APPLIED_TRANSITION", "SYSTEM_TRANSITION", "APPLIED_TRANSITION"]
    assert kinds(user="carol") == moves
    assert kinds(kinds=["applied_transition", "ModelCreated"]) == [
        "APPLIED_TRANSITION",
        "APPLIED_TRANSITION",
        "ModelCreated",
    ]
    assert kinds(user="carol", until="2026-01-01T12:00:20") == moves[2:]
    assert kinds(since="2026-01-01T12:00:20") == moves[:2]
    assert kinds(since="2026-01-02") == []
    with pytest.raises(InvalidValueError) as caught:
        kinds(kinds=["NEW_COMENT"])
    assert str(caught.value) == "'NEW_COMENT' is no kind of activity"
    assert caught.value.hint == 'did you mean "NEW_COMMENT"?'


def test_the_log_of_a_time_tells_who_had_asked_by_then(ground: Ground) -> None:
    bob, root = ground.by("bob"), ground.by("root")
    bob.request_transition("fraud/1", "Staging")
    ground.clock.passes(10)
    bob.request_transition("fraud/2", "Staging")
    ground.clock.passes(10)
    root.tag_model("fraud", {"a": "b"})
    then = root.tip
    ground.clock.passes(10)
    bob.request_transition("fraud/3", "Staging")
    root.approve("fraud/1", "Staging")

    def asked(at: str) -> list[int | None]:
        return [one.version for one in root.log("fraud", kinds=["REQUESTED_TRANSITION"], at=at)]

    assert asked("") == [3, 2, 1]
    assert asked(then) == [2, 1]
    assert asked("2026-01-01T12:00:15") == [1]
    assert next(root.log("fraud", at=then)).kind == "ModelTagSet"
    with pytest.raises(NotFoundError, match="the registry is younger"):
        list(root.log(at="2020-01-01"))


# --- records --------------------------------------------------------------------------------------


def test_models_and_versions_are_listed_from_the_index(ground: Ground) -> None:
    root = ground.by("root")
    for name in ("a[b]", "fraud_eu", "Fraud", "é"):
        root.create_model(name) if name != "Fraud" else None
    root.create_version("fraud_eu", source="s3://eu/1")
    moved(ground, "1 Production", "2 Production")
    assert [str(one.name) for one in root.all_models()] == ["a[b]", "fraud", "fraud_eu", "é"]
    assert [str(one.name) for one in root.all_models(glob="fraud?*")] == ["fraud_eu"]
    assert [str(one.name) for one in root.all_models(glob="a[b]")] == ["a[b]"]
    assert [str(one.name) for one in root.all_models(glob="?")] == ["é"]
    [fraud] = root.all_models(stage="production")
    assert fraud == root.model_record("fraud")
    assert [str(one.ref) for one in fraud.latest] == ["fraud/1", "fraud/2", "fraud/3"]
    assert [str(one.ref) for one in root.all_versions()] == [
        "fraud/1",
        "fraud/2",
        "fraud/3",
        "fraud_eu/1",
    ]
    assert [str(one.ref) for one in root.all_versions(glob="fraud", stage="None")] == ["fraud/3"]
    assert root.all_versions(stage="Production") == root.version_records(
        "fraud", stage="Production"
    )
    assert root.all_models(stage="Production", at="HEAD~2") == ()
    assert root.numbers(["fraud", "é"]) == {
        "fraud": {"Archived": [1], "Production": [2], "None": [3]},
        "é": {},
    }
    with pytest.raises(InvalidValueError, match="'nope' is not a stage"):
        root.all_versions(stage="nope")
