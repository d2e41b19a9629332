"""The one diff: no edit is lost, and every kind of change is told."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import (
    ARTIFACT,
    DIGEST,
    IDS,
    RICH,
    SAID,
    TWO,
    VERSION_2,
    disturbed,
    leaves,
    patient,
    registries,
    shaped,
)
from support import MODEL, TOMBSTONE, changed, comment, files, planted, tree, version

from gitreg.domain import changes as c
from gitreg.domain.names import ModelName, VersionRef, check_comment_id, parse_number
from gitreg.domain.settings import SHARDED
from gitreg.domain.verdict import Violation
from gitreg.errors import CorruptError
from gitreg.manifest import kinds
from gitreg.manifest.diff import Difference, changes, compare
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import FILE, FOLDER, MemoryObjects
from gitreg.operations.plan import Edits


def _told(found: Difference) -> list[str]:
    return [str(change) for change in found.changes] + [one.reason for one in found.violations]


def _reasons(before: Snapshot, then: Snapshot) -> list[tuple[str, str]]:
    return [(one.path, one.reason) for one in compare(before, then).violations]


# --- every edit is told ------------------------------------------------------------------------


def _differing(before: Snapshot, after: Snapshot) -> set[str]:
    old, new = leaves(before.objects, before.tree), leaves(after.objects, after.tree)
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def _covers(claims: list[str], path: str) -> bool:
    return any(
        claim in {"", path} or (claim.endswith("/") and path.startswith(claim)) for claim in claims
    )


def _claims(found: Difference) -> list[str]:
    claims = [claim for change in found.changes for claim in change.claims]
    for violation in found.violations:
        claims += [violation.path, f"{violation.path.removesuffix('/')}/"]
    return claims


@given(st.data())
@settings(patient, max_examples=300)
def test_every_path_that_differs_is_claimed_and_nothing_else_is_told(data: st.DataObject) -> None:
    before = data.draw(registries(least=1))
    after = data.draw(disturbed(before))
    found = compare(before, after)
    differing = _differing(before, after)
    claims = _claims(found)
    assert [path for path in differing if not _covers(claims, path)] == []
    for change in found.changes:
        assert any(path == change.path or path.startswith(change.path) for path in differing)
    if not found.violations:
        _check_sound(before, after)


def _check_sound(before: Snapshot, after: Snapshot) -> None:
    """Check, without the diff, that a tree may follow another."""
    assert {entry.mode for entry in leaves(after.objects, after.tree).values()} == {FILE}
    folders = [f"models/{name}" for name in after.names("models")]
    if after.settings.layout == SHARDED:
        folders = [f"{folder}/{name}" for folder in folders for name in after.names(folder)]
    stages = {stage.name for stage in after.settings.stages}
    held = before.models() if before.settings.layout == after.settings.layout else ()
    for folder in folders:
        name = ModelName.of_directory(folder.rpartition("/")[2])
        assert after.folder(name) == folder
        _check_model(after, name, stages)
        if name in held:
            _check_history(before, after, name)
    if before.settings.rules.case_twins == "refuse":
        new = set(after.models()) - set(before.models())
        assert [
            one
            for one in new
            for other in after.models()
            if one is not other and one.folded == other.folded and one != other
        ] == []


def _check_model(after: Snapshot, name: ModelName, stages: set[str]) -> None:
    folder = after.folder(name)
    files_there = set(after.names(folder))
    assert {"model.yaml"} <= files_there
    assert files_there <= {"model.yaml", "PERMISSIONS", "README.md", "versions", "comments"}
    numbers = after.numbers(name)
    assert numbers == tuple(range(1, len(numbers) + 1))
    assert {f"{number}.yaml" for number in numbers} == set(after.names(f"{folder}/versions"))
    live = {one.ref.number for one in after.versions(name)}
    assert {one.stage for one in after.versions(name)} <= stages
    assert {number for _, number in after.model(name).aliases} <= live
    for number in after.names(f"{folder}/comments"):
        assert parse_number(number) in live
        for file in after.names(f"{folder}/comments/{number}"):
            identifier = check_comment_id(file.removesuffix(".yaml"))
            assert after.find_comment(VersionRef(name, int(number)), identifier) is not None
    raw = after.blob(f"{folder}/PERMISSIONS") or b""
    assert kinds.read_grants(raw, registry=False).fault is None
    after.card(name)


def _check_history(before: Snapshot, after: Snapshot, name: ModelName) -> None:
    for number in after.numbers(name):
        ref = VersionRef(name, number)
        old, new = before.find_version(ref), after.find_version(ref)
        if number not in before.numbers(name):
            assert new is None or new.stage == "None"
        elif new is not None:
            assert old is not None
            assert old.immutable == new.immutable
            assert old.artifact in {None, new.artifact}
    assert set(before.numbers(name)) <= set(after.numbers(name))


def test_a_tree_does_not_differ_from_itself() -> None:
    before = tree(files())
    same = Snapshot(MemoryObjects(before.objects), before.tree)
    assert compare(before, same) == Difference()
    assert changes(before, same) == ()


# --- every kind of change, and its sentence ----------------------------------------------------


@dataclass(frozen=True)
class Told:
    """An edit of the rich registry, and the sentences of the changes it makes."""

    edit: dict[str, str | bytes | None]
    sentences: tuple[str, ...]


def _model(more: str) -> str:
    return f"{MODEL}description: old\n{more}aliases: {{champion: 1, next: 2}}\n"


EXAMPLES: dict[str, Told] = {
    "SettingsChanged": Told(
        {"registry.yaml": RICH["registry.yaml"] + "rules: {clock: trust, x-a: 1}\n"},
        ("settings changed: rules.clock",),
    ),
    "DocumentChanged": Told(
        {"docs/guide.md": None, "docs/new/a.md": "x", "README.md": "y"},
        ("README.md added", "docs/guide.md removed", "docs/new/a.md added"),
    ),
    "PermissionsChanged": Told(
        {
            "PERMISSIONS": "* read @everyone\n/ manage admin bob\n",
            "models/fraud/PERMISSIONS": None,
        },
        (
            "permissions changed: + / manage admin bob; - / manage admin",
            "permissions of fraud changed: - manage alice",
        ),
    ),
    "TextChanged": Told(
        {
            "registry.yaml": f"# ours\n{RICH['registry.yaml']}rules: {{x-why: [1]}}\n",
            "PERMISSIONS": "# who\n/   manage admin\n* read @everyone\n",
            "models/fraud/PERMISSIONS": "manage   alice # hers\n",
            "models/fraud/model.yaml": RICH["models/fraud/model.yaml"] + "x-ours: 1\n",
            VERSION_2: f"# a comment\n{TWO}code: {{}}\nstatus_message: ''\n",
            SAID: comment("alice", '"well done"'),
        },
        (
            "PERMISSIONS: comments or layout changed",
            "models/fraud/PERMISSIONS: comments or layout changed",
            f"{SAID}: comments or layout changed",
            "models/fraud/model.yaml: comments or layout changed",
            f"{VERSION_2}: comments or layout changed",
            "registry.yaml: comments or layout changed",
        ),
    ),
    "ModelCreated": Told(
        {
            "models/churn/model.yaml": f"{MODEL}description: new\naliases: {{first: 1}}\n",
            "models/churn/PERMISSIONS": "manage bob\n",
            "models/churn/README.md": "# churn\n",
            "models/churn/versions/1.yaml": version(),
            f"models/churn/comments/1/{IDS[1]}.yaml": comment("bob", "one"),
        },
        (
            "churn/1 registered",
            'churn/1: comment by bob: "one"',
            "churn: model card added",
            "churn@first set to version 1",
            "model churn created",
            "permissions of churn changed: + manage bob",
        ),
    ),
    "ModelDescribed": Told(
        {"models/fraud/model.yaml": RICH["models/fraud/model.yaml"].replace("old", "new")},
        ('fraud: description set to "new"',),
    ),
    "ModelTagSet": Told(
        {"models/fraud/model.yaml": _model("tags: {team: fraud, none: '', new: null}\n")},
        (
            "fraud: tag new set to null",
            'fraud: tag none set to ""',
            'fraud: tag team set to "fraud"',
        ),
    ),
    "ModelTagDeleted": Told(
        {"models/fraud/model.yaml": _model("tags: {team: risk}\n")}, ("fraud: tag none deleted",)
    ),
    "CardChanged": Told({"models/fraud/README.md": "# another\n"}, ("fraud: model card changed",)),
    "AliasSet": Told(
        {
            "models/fraud/model.yaml": RICH["models/fraud/model.yaml"].replace(
                "champion: 1", "champion: 3, third: 3"
            )
        },
        ("fraud@champion set to version 3, was 1", "fraud@third set to version 3"),
    ),
    "AliasDeleted": Told(
        {"models/fraud/model.yaml": f"{MODEL}description: old\ntags: {{team: risk, none: null}}\n"},
        ("fraud@champion deleted, was version 1", "fraud@next deleted, was version 2"),
    ),
    "VersionCreated": Told({"models/fraud/versions/4.yaml": version()}, ("fraud/4 registered",)),
    "VersionDeleted": Told(
        {
            "models/fraud/versions/3.yaml": TOMBSTONE,
            "models/fraud/versions/4.yaml": TOMBSTONE,
        },
        ("fraud/3 deleted", "fraud/4 deleted"),
    ),
    "StageTransitioned": Told(
        {VERSION_2: TWO.replace("Staging", "Production")}, ("fraud/2: Staging -> Production",)
    ),
    "VersionDescribed": Told(
        {VERSION_2: TWO.replace("old", "new")}, ('fraud/2: description set to "new"',)
    ),
    "VersionTagSet": Told(
        {VERSION_2: TWO.replace("{a: x}", "{a: null, b: x}")},
        ("fraud/2: tag a set to null", 'fraud/2: tag b set to "x"'),
    ),
    "VersionTagDeleted": Told(
        {VERSION_2: TWO.replace("{a: x}", "{}")}, ("fraud/2: tag a deleted",)
    ),
    "VersionMetricSet": Told(
        {VERSION_2: TWO.replace("auc: 0.5", "auc: 0.7, n: 12")},
        ("fraud/2: metric auc set to 0.7", "fraud/2: metric n set to 12"),
    ),
    "VersionMetricDeleted": Told(
        {VERSION_2: TWO.replace("auc: 0.5", "")}, ("fraud/2: metric auc deleted",)
    ),
    "VersionStatusChanged": Told(
        {VERSION_2: TWO.replace("PENDING_REGISTRATION", "FAILED_REGISTRATION\nstatus_message: no")},
        ("fraud/2: status FAILED_REGISTRATION (no)",),
    ),
    "VersionArtifactAdded": Told(
        {"models/fraud/versions/1.yaml": version("Production", ARTIFACT)},
        (f"fraud/1: artifact {DIGEST} pinned",),
    ),
    "CommentAdded": Told(
        {f"models/fraud/comments/3/{IDS[1]}.yaml": comment("bob", "and now?")},
        ('fraud/3: comment by bob: "and now?"',),
    ),
    "CommentEdited": Told(
        {SAID: comment("alice", "done")}, ('fraud/2: comment by alice edited: "done"',)
    ),
    "CommentDeleted": Told({SAID: None}, ("fraud/2: comment by alice deleted",)),
}
ELSEWHERE = {"RegistryCreated", "LayoutChanged", "ModelRenamed", "ModelDeleted"}
"""Kinds that other tests below show, since they are no edit of single files."""


def test_every_kind_of_change_has_an_example() -> None:
    assert EXAMPLES.keys() | ELSEWHERE == c.KINDS.keys()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_change_is_told_in_a_sentence(kind: str) -> None:
    before = tree(files(**RICH))
    found = compare(before, changed(before, EXAMPLES[kind].edit))
    assert found.violations == ()
    assert tuple(sorted(map(str, found.changes))) == EXAMPLES[kind].sentences
    assert kind in {change.kind for change in found.changes}


def test_the_first_tree_creates_the_registry() -> None:
    first = tree({"registry.yaml": RICH["registry.yaml"], "PERMISSIONS": "/ manage a\n", "a": "b"})
    assert compare(None, first) == Difference((c.RegistryCreated("registry.yaml", "acme"),))
    assert str(changes(None, first)[0]) == "registry acme created"


def test_protection_is_that_of_the_tree_before() -> None:
    before = tree(files(**RICH))
    settings_after = RICH["registry.yaml"].replace("champ*", "next")
    then = changed(
        before,
        {
            "registry.yaml": settings_after,
            "models/fraud/model.yaml": RICH["models/fraud/model.yaml"].replace(
                "champion: 1, next: 2", "champion: 2, next: 1"
            ),
            VERSION_2: TWO.replace("Staging", "Production"),
            "models/fraud/versions/3.yaml": version("None", ARTIFACT),
            "models/fraud/versions/1.yaml": version("Archived", ARTIFACT),
        },
    )
    [_, *found] = changes(before, then)
    told = {str(change): change.needs.name for change in found}
    assert told == {
        "fraud@champion set to version 2, was 1": "PROTECTED_ALIAS",
        "fraud@next set to version 1, was 2": "UPDATE",
        "fraud/2: Staging -> Production": "TRANSITION_PROTECTED",
        f"fraud/3: artifact {DIGEST} pinned": "UPDATE",
        "fraud/1: Production -> Archived": "TRANSITION_PROTECTED",
        f"fraud/1: artifact {DIGEST} pinned": "PIN_PROTECTED",
    }


def test_a_whole_number_may_be_written_with_a_point() -> None:
    before = tree(files())
    then = changed(before, {"models/fraud/model.yaml": f"{MODEL}aliases: {{champion: 1.0}}\n"})
    found = compare(before, then)
    assert found.violations == ()
    assert [str(change) for change in found.changes] == ["fraud@champion set to version 1"]


def test_permissions_without_a_line_that_come_or_go_are_no_mere_text() -> None:
    before = tree(files())
    then = changed(before, {"models/fraud/PERMISSIONS": "# nobody yet\n"})
    for one, other in ((before, then), (then, before)):
        [change] = changes(one, other)
        assert change == c.PermissionsChanged("models/fraud/PERMISSIONS", ModelName("fraud"))
        assert str(change) == "permissions of fraud changed"


# --- layouts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["flat", "sharded"])
def test_a_change_of_layout_moves_every_model_and_nothing_else(shape: str) -> None:
    other = {"flat": "sharded", "sharded": "flat"}[shape]
    before = shaped(tree(files(**{"models/churn/model.yaml": MODEL})), shape)
    then = shaped(before, other)
    assert compare(before, then) == Difference((c.LayoutChanged("registry.yaml", other),))
    assert str(changes(before, then)[0]) == f"layout changed to {other}"
    empty = shaped(tree({"registry.yaml": RICH["registry.yaml"], "PERMISSIONS": ""}), shape)
    assert _told(compare(empty, shaped(empty, other))) == [f"layout changed to {other}"]


def test_a_change_of_layout_stands_alone() -> None:
    before = tree(files())
    moved = shaped(before, "sharded")
    text = (moved.blob("registry.yaml") or b"").decode()
    alone = "a change of layout holds nothing else; run gitreg layout"
    then = changed(moved, {"README.md": "x", "PERMISSIONS": "/ manage a\n"})
    assert [(one.path, one.reason) for one in compare(before, then).violations] == [
        ("PERMISSIONS", alone),
        ("README.md", alone),
    ]
    then = changed(moved, {"registry.yaml": text.replace("acme", "emca")})
    found = compare(before, then)
    assert [(one.path, one.reason) for one in found.violations] == [("registry.yaml", alone)]
    assert [str(one) for one in found.changes] == [
        "settings changed: name",
        "layout changed to sharded",
    ]


def test_a_change_of_layout_that_leaves_models_behind_is_refused() -> None:
    before = tree(files())
    moved = shaped(before, "sharded")
    folder = moved.folder(ModelName("fraud"))
    violation = Violation(
        "lifecycle",
        "every model must move to the sharded layout as it is, and nothing else",
        "models",
        hint="gitreg layout sharded",
    )
    edited = changed(moved, {f"{folder}/README.md": "new\n"})
    unmoved = changed(before, {"registry.yaml": moved.blob("registry.yaml")})
    for then in (edited, unmoved, _without(moved, "models")):
        assert compare(before, then).violations == (violation,)
    bare = tree({"registry.yaml": RICH["registry.yaml"], "PERMISSIONS": ""})
    then = changed(shaped(bare, "sharded"), {f"{folder}/model.yaml": MODEL})
    assert compare(bare, then).violations == (violation,)


def _without(snapshot: Snapshot, folder: str) -> Snapshot:
    edits = Edits(folders=((folder, None),))
    return Snapshot(snapshot.objects, edits.applied(snapshot.objects, snapshot.tree))


# --- the first tree, and trees that are none ---------------------------------------------------


def test_the_first_tree_holds_no_models_and_nothing_strange() -> None:
    first = tree(files(**{"a": "b", "A": "b", "docs/a\u202eb": "x"}))
    assert _told(compare(None, planted(first, "docs/x", "120000", "b" * 40))) == [
        "registry acme created",
        "differs from A only in case or accents",
        "the name holds a character that no path may",
        "is a symbolic link; every file is a plain one (mode 100644)",
        "the first commit of a registry holds no models",
    ]


def test_the_first_tree_needs_its_two_files_and_they_must_be_good() -> None:
    needed = Violation("schema", "a registry needs this file", "registry.yaml", hint="gitreg init")
    also = Violation("schema", "a registry needs this file", "PERMISSIONS", hint="gitreg init")
    assert compare(None, tree({"README.md": "x"})).violations == (needed, also)
    found = compare(None, tree({"registry.yaml": "kind: x\n", "PERMISSIONS": "read all\n"}))
    assert found.changes == ()
    assert {one.path for one in found.violations} == {"registry.yaml", "PERMISSIONS"}
    linked = planted(tree({"PERMISSIONS": ""}), "registry.yaml", "120000", "b" * 40)
    assert [(one.path, one.rule) for one in compare(None, linked).violations] == [
        ("registry.yaml", "form"),
        ("registry.yaml", "schema"),
    ]


def test_names_that_differ_only_in_case_are_refused_at_the_top() -> None:
    before = tree(files())
    assert _reasons(before, changed(before, {"REGISTRY.yaml": "x"})) == [
        ("registry.yaml", "differs from REGISTRY.yaml only in case or accents")
    ]


def test_a_tree_before_that_is_no_registry_is_corrupt() -> None:
    with pytest.raises(CorruptError, match=r"^this is no registry: registry\.yaml is missing$"):
        compare(tree({"README.md": "x"}), tree(files()))


def test_a_missing_object_is_told() -> None:
    before = tree(files())
    missing = planted(before, "models/fraud/README.md", FILE, "b" * 40)
    with pytest.raises(CorruptError, match=f"^object {'b' * 40} is missing$"):
        compare(before, missing)
    missing = planted(before, "models/fraud/versions", FOLDER, "b" * 40)
    assert _reasons(before, missing) == [("models/fraud/versions", f"object {'b' * 40} is missing")]
