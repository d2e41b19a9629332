"""The one diff below models/: directories that move, and what no model may hold."""

from dataclasses import dataclass

import pytest
from strategies import ARTIFACT, IDS, RICH, SAID, TWO, VERSION_2, shaped
from support import MODEL, REGISTRY, TOMBSTONE, changed, comment, files, planted, tree, version

from gitreg.domain import changes as c
from gitreg.domain.names import ModelName
from gitreg.domain.verdict import Violation
from gitreg.manifest import fields
from gitreg.manifest.diff import Difference, compare
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import EMPTY_TREE, FOLDER
from gitreg.operations.plan import Edits

FRAUD = ModelName("fraud")


def _told(found: Difference) -> list[str]:
    return [str(change) for change in found.changes] + [one.reason for one in found.violations]


def _reasons(before: Snapshot, then: Snapshot) -> list[tuple[str, str]]:
    return [(one.path, one.reason) for one in compare(before, then).violations]


# --- directories that move ---------------------------------------------------------------------


def _with_folders(before: Snapshot, **moves: str | None) -> Snapshot:
    """Give a snapshot in which model directories hold what others held before, or are gone."""
    placed = [
        (f"models/{name}", None if origin is None else _folder_id(before, origin))
        for name, origin in moves.items()
    ]
    return Snapshot(
        before.objects, Edits(folders=tuple(placed)).applied(before.objects, before.tree)
    )


def _folder_id(snapshot: Snapshot, name: str) -> str:
    entry = snapshot.entry(f"models/{name}")
    assert entry is not None
    return entry.id


def _quiet(name: str, more: str = "") -> dict[str, str]:
    return {
        f"models/{name}/model.yaml": MODEL + more,
        f"models/{name}/versions/1.yaml": version("None", f"source: s3://{name}\n"),
    }


def test_a_directory_that_moves_as_it_is_is_a_rename() -> None:
    before = tree(files(**_quiet("churn")))
    found = compare(before, _with_folders(before, churn=None, leavers="churn"))
    churn, leavers = ModelName("churn"), ModelName("leavers")
    change = c.ModelRenamed("models/churn/", churn, leavers, "models/leavers/")
    assert found == Difference((change,))
    assert str(change) == "model churn renamed to leavers"


def test_a_directory_that_is_gone_is_a_deletion() -> None:
    before = tree(files(**_quiet("churn")))
    found = compare(before, _with_folders(before, churn=None))
    assert found == Difference((c.ModelDeleted("models/churn/", ModelName("churn")),))
    assert str(found.changes[0]) == "model churn deleted"


def test_a_directory_that_moves_with_an_edit_is_deleted_and_created() -> None:
    before = tree(files(**_quiet("churn")))
    moved = _with_folders(before, churn=None, leavers="churn")
    found = compare(before, changed(moved, {"models/leavers/README.md": "# new\n"}))
    assert sorted(_told(found)) == [
        "leavers/1 registered",
        "leavers: model card added",
        "model churn deleted",
        "model leavers created",
    ]


def test_a_copy_is_a_creation() -> None:
    before = tree(files(**_quiet("churn")))
    found = compare(before, _with_folders(before, leavers="churn"))
    assert _told(found) == ["model leavers created", "leavers/1 registered"]


def test_a_copy_of_a_version_in_production_is_refused() -> None:
    before = tree(files())
    found = compare(before, _with_folders(before, copy="fraud"))
    assert _told(found)[-2:] == [
        "copy/1: a version is born in stage None, not in Production",
        "copy/2: a version is born in stage None, not in Staging",
    ]


def test_two_directories_that_swap_are_read_as_edits() -> None:
    before = tree(files(**_quiet("a", "description: a\n"), **_quiet("b", "description: b\n")))
    found = compare(before, _with_folders(before, a="b", b="a"))
    assert _told(found) == [
        'a: description set to "b"',
        'b: description set to "a"',
        "a/1: source never changes",
        "b/1: source never changes",
    ]


def test_a_move_over_another_directory_is_an_edit_of_it() -> None:
    before = tree(files(**_quiet("a"), **_quiet("b")))
    found = compare(before, _with_folders(before, a="b", b=None))
    assert _told(found) == ["model b deleted", "a/1: source never changes"]


def test_several_moves_at_once_are_told_one_by_one() -> None:
    same = _quiet("a") | {
        path.replace("/a/", f"/{name}/"): text
        for name in "bc"
        for path, text in _quiet("a").items()
    }
    before = tree(files(**same, **_quiet("d")))
    then = _with_folders(before, a=None, b=None, c=None, d=None, x="a", y="b", z="d", copy="a")
    assert _told(compare(before, then)) == [
        "model a renamed to copy",
        "model b renamed to x",
        "model c renamed to y",
        "model d renamed to z",
    ]
    then = _with_folders(before, a=None, x="a", y="a")
    assert _told(compare(before, then)) == [
        "model a renamed to x",
        "model y created",
        "y/1 registered",
    ]


def test_a_model_may_be_renamed_to_its_own_twin() -> None:
    before = tree(files(**_quiet("churn")))
    found = compare(before, _with_folders(before, churn=None, Churn="churn"))
    assert _told(found) == ["model churn renamed to Churn"]


# --- what may not happen -----------------------------------------------------------------------


@dataclass(frozen=True)
class Refused:
    """An edit of the rich registry, and the one violation it makes."""

    edit: dict[str, str | bytes | None]
    rule: str
    path: str
    reason: str
    hint: str = ""


REGISTRY_TEXT = RICH["registry.yaml"]
STAGES = "stages: [{name: None}, {name: Staging}, {name: Production}, {name: Archived}"
REFUSALS: dict[str, Refused] = {
    "a registry keeps its settings": Refused(
        {"registry.yaml": None}, "schema", "registry.yaml", "a registry needs this file"
    ),
    "settings do not contradict each other": Refused(
        {"registry.yaml": f"{REGISTRY_TEXT}stages: [{{name: Staging}}, {{name: None}}]\n"},
        "schema",
        "registry.yaml",
        "the first stage must be None, where versions are born",
    ),
    "a registry keeps its permissions": Refused(
        {"PERMISSIONS": None}, "governance", "PERMISSIONS", "a registry needs this file"
    ),
    "a stage is never removed": Refused(
        {"registry.yaml": REGISTRY_TEXT + STAGES.replace("Staging", "Testing") + "]\n"},
        "lifecycle",
        "registry.yaml",
        "the stage Staging is gone: stages are never removed or renamed",
        "write {name: Staging, retired: true}",
    ),
    "a model has a manifest": Refused(
        {"models/new/README.md": "x"}, "lifecycle", "models/new/", "new has no model.yaml"
    ),
    "a model keeps its manifest": Refused(
        {"models/fraud/model.yaml": None},
        "lifecycle",
        "models/fraud/model.yaml",
        "fraud has no model.yaml any more",
    ),
    "a manifest must be valid": Refused(
        {"models/fraud/model.yaml": f"{MODEL}tagz: {{}}\n"},
        "schema",
        "models/fraud/model.yaml",
        'unknown key "tagz"',
        'did you mean "tags"?',
    ),
    "a manifest must be small": Refused(
        {"models/fraud/model.yaml": MODEL + "#" * (2 << 20)},
        "form",
        "models/fraud/model.yaml",
        "is no manifest: a folder, or over 2097152 bytes",
    ),
    "only known files belong to a model": Refused(
        {"models/fraud/model.yml": MODEL},
        "form",
        "models/fraud/model.yml",
        "no such file belongs to a model",
    ),
    "a model card is a file": Refused(
        {"models/fraud/README.md/a": "x"},
        "form",
        "models/fraud/README.md",
        "is no file, or too large",
    ),
    "a model's permissions are a file": Refused(
        {"models/fraud/PERMISSIONS": None, "models/fraud/PERMISSIONS/a": "x"},
        "form",
        "models/fraud/PERMISSIONS",
        "is no file, or too large",
    ),
    "a model's permissions must parse": Refused(
        {"models/fraud/PERMISSIONS": "# ok\nmange alice\n"},
        "governance",
        "models/fraud/PERMISSIONS",
        "line 2: 'mange' is not a level; they are "
        "read, edit, manage-staging, manage-production, manage",
        'did you mean "manage"?',
    ),
    "a file does not stand among the models": Refused(
        {"models/README.md": "x"}, "form", "models/README.md", "is a file; only folders stand here"
    ),
    "a directory is named canonically": Refused(
        {"models/a b/model.yaml": MODEL},
        "form",
        "models/a b",
        "'a b' is not a canonically encoded name",
        "write it a%20b",
    ),
    "a directory can be the name of a model": Refused(
        {"models/a%2Fb/model.yaml": MODEL},
        "form",
        "models/a%2Fb",
        "'a/b' is no model name: it holds '/' or ':'",
        "use '-' or '.' instead",
    ),
    "a twin is refused": Refused(
        {"models/FRAUD/model.yaml": MODEL},
        "lifecycle",
        "models/FRAUD/",
        "FRAUD differs from fraud only in case or accents",
        "choose another name",
    ),
    "an alias points at a version that is there": Refused(
        {"models/fraud/model.yaml": RICH["models/fraud/model.yaml"].replace("next: 2", "next: 9")},
        "lifecycle",
        "models/fraud/model.yaml",
        "fraud@next points at version 9, which is not there",
    ),
    "versions stand in a folder": Refused(
        {"models/new/model.yaml": MODEL, "models/new/versions": "x"},
        "form",
        "models/new/versions",
        "is a file; it must be a folder",
    ),
    "a version's file is its number": Refused(
        {"models/fraud/versions/04.yaml": version()},
        "form",
        "models/fraud/versions/04.yaml",
        "is no version: NUMBER.yaml, without leading zeros",
    ),
    "a version's file ends in .yaml": Refused(
        {"models/fraud/versions/4": version()},
        "form",
        "models/fraud/versions/4",
        "is no version: NUMBER.yaml, without leading zeros",
    ),
    "a version is a file": Refused(
        {"models/fraud/versions/4.yaml/a": version()},
        "form",
        "models/fraud/versions/4.yaml",
        "is no manifest: a folder, or over 2097152 bytes",
    ),
    "a version leaves a tombstone": Refused(
        {"models/fraud/versions/3.yaml": None},
        "lifecycle",
        "models/fraud/versions/3.yaml",
        "fraud/3 is gone: a version's number is never used again",
        "leave a tombstone: gitreg version delete",
    ),
    "a version must be valid": Refused(
        {"models/fraud/versions/4.yaml": version(more="")},
        "schema",
        "models/fraud/versions/4.yaml",
        "source or artifact is missing; one is needed, both are fine",
    ),
    "numbers follow one another": Refused(
        {"models/fraud/versions/5.yaml": version()},
        "lifecycle",
        "models/fraud/versions/5.yaml",
        "fraud/5: the next version of fraud is 4",
    ),
    "a model's first version is 1": Refused(
        {"models/new/model.yaml": MODEL, "models/new/versions/2.yaml": TOMBSTONE},
        "lifecycle",
        "models/new/versions/2.yaml",
        "new/2: the next version of new is 1",
    ),
    "a version is born in the first stage": Refused(
        {"models/fraud/versions/4.yaml": version("Staging")},
        "lifecycle",
        "models/fraud/versions/4.yaml",
        "fraud/4: a version is born in stage None, not in Staging",
        "set stage: None, then transition it in a commit of its own",
    ),
    "an active version is not deleted": Refused(
        {"models/fraud/versions/1.yaml": TOMBSTONE, "models/fraud/model.yaml": MODEL},
        "lifecycle",
        "models/fraud/versions/1.yaml",
        "fraud/1 cannot be deleted: it is in Production",
        "gitreg transition fraud/1 Archived",
    ),
    "a stage is one of the registry's": Refused(
        {VERSION_2: TWO.replace("Staging", "Produktion")},
        "lifecycle",
        VERSION_2,
        "'Produktion' is not a stage of this registry; "
        "they are None, Staging, Production, Archived",
        'did you mean "Production"?',
    ),
    "a stage that is retired is not entered": Refused(
        {
            "registry.yaml": f"{REGISTRY_TEXT}{STAGES}]\n".replace(
                "Prod", "Canary, retired: true}, {name: Prod", 1
            ),
            VERSION_2: TWO.replace("Staging", "Canary"),
        },
        "lifecycle",
        VERSION_2,
        "the stage Canary is retired: nothing enters it",
    ),
    "a source never changes": Refused(
        {VERSION_2: TWO.replace("s3://ml/1", "s3://ml/2")},
        "lifecycle",
        VERSION_2,
        "fraud/2: source never changes",
        "register a new version",
    ),
    "a version stays ready": Refused(
        {
            "models/fraud/versions/3.yaml": version(
                more="source: s3://ml/1\nstatus: PENDING_REGISTRATION\n"
            )
        },
        "lifecycle",
        "models/fraud/versions/3.yaml",
        "fraud/3: the status never leaves READY",
    ),
    "comments stand in a folder": Refused(
        {"models/new/model.yaml": MODEL, "models/new/comments": "x"},
        "form",
        "models/new/comments",
        "is a file; it must be a folder",
    ),
    "comments stand by version": Refused(
        {"models/fraud/comments/02/a.yaml": "x"},
        "form",
        "models/fraud/comments/02",
        "is no folder of a version's comments",
    ),
    "a version's comments stand in a folder": Refused(
        {"models/fraud/comments/3": "x"},
        "form",
        "models/fraud/comments/3",
        "is no folder of a version's comments",
    ),
    "a comment's file is its id": Refused(
        {"models/fraud/comments/2/x.yaml": comment("alice", "x")},
        "form",
        "models/fraud/comments/2/x.yaml",
        "'x' is not a comment id",
        "32 hex digits",
    ),
    "a comment's file ends in .yaml": Refused(
        {f"models/fraud/comments/2/{IDS[1]}": comment("alice", "x")},
        "form",
        f"models/fraud/comments/2/{IDS[1]}",
        f"'{IDS[1]}' does not end in .yaml",
    ),
    "a comment must be valid": Refused(
        {SAID: comment("alice", "3")},
        "schema",
        SAID,
        "text is 3, a number; text is needed",
        'write "3" in quotes',
    ),
    "a comment is about a version": Refused(
        {f"models/fraud/comments/9/{IDS[1]}.yaml": comment("alice", "x")},
        "lifecycle",
        f"models/fraud/comments/9/{IDS[1]}.yaml",
        "there is no version fraud/9 to comment on",
    ),
    "a comment keeps its author": Refused(
        {SAID: comment("bob", "well done")},
        "lifecycle",
        SAID,
        "the author of a comment never changes",
    ),
}


@pytest.mark.parametrize("rule", REFUSALS)
def test_what_may_not_be_is_refused_in_full_words(rule: str) -> None:
    refused = REFUSALS[rule]
    before = tree(files(**RICH))
    [violation] = compare(before, changed(before, refused.edit)).violations
    assert (violation.rule, violation.path) == (refused.rule, refused.path)
    assert (violation.reason, violation.hint) == (refused.reason, refused.hint)


def test_a_tombstone_stays_one() -> None:
    before = tree(files(**{VERSION_2: TOMBSTONE}))
    again = changed(before, {VERSION_2: version()})
    assert _reasons(before, again) == [(VERSION_2, "fraud/2 was deleted and stays so")]
    reworded = changed(before, {VERSION_2: f"# why\n{TOMBSTONE}"})
    assert compare(before, reworded) == Difference((c.TextChanged(VERSION_2, FRAUD),))


def test_aliases_and_comments_go_with_their_version() -> None:
    third = "models/fraud/versions/3.yaml"
    said = f"models/fraud/comments/3/{IDS[0]}.yaml"
    model = "models/fraud/model.yaml"
    before = tree(files(**{model: f"{MODEL}aliases: {{new: 3}}\n", said: comment("alice", "mine")}))
    gone = changed(before, {third: TOMBSTONE, said: None, model: MODEL})
    assert _told(compare(before, gone)) == ["fraud@new deleted, was version 3", "fraud/3 deleted"]
    left = changed(before, {third: TOMBSTONE})
    assert _reasons(before, left) == [
        (model, "fraud@new points at version 3, which is not there"),
        ("models/fraud/comments/3/", "the comments on fraud/3 go with it"),
    ]


def test_an_artifact_once_there_never_changes() -> None:
    before = tree(files(**{VERSION_2: version("Staging", ARTIFACT)}))
    for more, line in ((ARTIFACT.replace("0f", "ff"), 5), ("source: s3://ml/1\n", 1)):
        [violation] = compare(
            before, changed(before, {VERSION_2: version("Staging", more)})
        ).violations
        assert violation == Violation(
            "lifecycle",
            "fraud/2: an artifact, once there, never changes",
            VERSION_2,
            line=line,
            hint="register a new version",
        )


@pytest.mark.parametrize("key", fields.IMMUTABLE)
def test_what_a_version_was_made_of_never_changes(key: str) -> None:
    more = {"code": "{commit: a}", "params": "{n: '3'}"}.get(key, "other")
    text = version(
        "Staging", f"source: s3://ml/1\n{key}: {more}\n" if key != "source" else "source: x\n"
    )
    before = tree(files())
    assert _reasons(before, changed(before, {VERSION_2: text})) == [
        (VERSION_2, f"fraud/2: {key} never changes")
    ]


def _without(snapshot: Snapshot, folder: str) -> Snapshot:
    edits = Edits(folders=((folder, None),))
    return Snapshot(snapshot.objects, edits.applied(snapshot.objects, snapshot.tree))


def test_a_model_with_active_versions_is_neither_renamed_nor_deleted() -> None:
    before = tree(files())
    hint = "archive its active versions first"
    for then, what in (
        (_with_folders(before, fraud=None, scam="fraud"), "renamed"),
        (_without(before, "models"), "deleted"),
    ):
        assert compare(before, then).violations == (
            Violation(
                "lifecycle",
                f"fraud cannot be {what}: version 1 is in Production",
                "models/fraud/",
                hint=hint,
            ),
            Violation(
                "lifecycle",
                f"fraud cannot be {what}: version 2 is in Staging",
                "models/fraud/",
                hint=hint,
            ),
        )


def test_rules_may_allow_what_is_refused_otherwise() -> None:
    rules = "rules: {case_twins: allow, delete_active: allow, rename_active: allow}\n"
    before = tree(files(**{"registry.yaml": REGISTRY_TEXT + rules}))
    for then, told in (
        (_with_folders(before, fraud=None, scam="fraud"), "model fraud renamed to scam"),
        (_with_folders(before, fraud=None), "model fraud deleted"),
        (changed(before, {"models/FRAUD/model.yaml": MODEL}), "model FRAUD created"),
        (changed(before, {"models/fraud/versions/1.yaml": TOMBSTONE}), "fraud/1 deleted"),
    ):
        assert _told(compare(before, then)) == [told]


def test_rules_of_the_tree_before_judge_even_if_they_change() -> None:
    before = tree(files())
    then = changed(
        before,
        {
            "registry.yaml": f"{REGISTRY}rules: {{case_twins: allow}}\n",
            "models/FRAUD/model.yaml": MODEL,
        },
    )
    assert _reasons(before, then) == [
        ("models/FRAUD/", "FRAUD differs from fraud only in case or accents")
    ]


@pytest.mark.parametrize("shape", ["flat", "sharded"])
def test_twins_of_one_commit_name_each_other(shape: str) -> None:
    before = shaped(tree(files()), shape)
    names = [ModelName(text) for text in ("Größe", "GRÖSSE", "Scam", "sCAM", "Fraud", "FRAUD")]
    then = changed(
        before, {f"{before.folder(name)}/model.yaml": MODEL for name in names} | {"a": "b"}
    )
    found = {
        path.rpartition("/")[2]: reason
        for path, reason in ((path.rstrip("/"), reason) for path, reason in _reasons(before, then))
    }
    assert found == {
        "Gr%C3%B6%C3%9Fe": "Größe differs from GRÖSSE only in case or accents",
        "GR%C3%96SSE": "GRÖSSE differs from Größe only in case or accents",
        "Scam": "Scam differs from sCAM only in case or accents",
        "sCAM": "sCAM differs from Scam only in case or accents",
        "Fraud": "Fraud differs from fraud only in case or accents",
        "FRAUD": "FRAUD differs from fraud only in case or accents",
    }


def test_a_directory_without_a_canonical_name_is_nobodys_twin() -> None:
    before = tree(files())
    names = ("%46RAUD", "%66raud", "a b", "a%20b", "con", "%63on", "É", "%C3%A9")
    then = changed(before, {f"models/{name}/model.yaml": MODEL for name in names})
    assert [path for path, _ in _reasons(before, then)] == [
        "models/%46RAUD",
        "models/%66raud",
        "models/a b",
        "models/con",
        "models/É",
    ]


def test_models_stand_in_a_folder() -> None:
    bare = tree({"registry.yaml": REGISTRY, "PERMISSIONS": ""})
    assert _reasons(bare, changed(bare, {"models": "x"})) == [
        ("models", "is a file; it must be a folder")
    ]


def test_a_sharded_registry_keeps_models_in_their_shards() -> None:
    before = shaped(tree(files()), "sharded")
    shard = FRAUD.shard
    then = changed(
        before,
        {
            "models/zz/new/model.yaml": MODEL,
            "models/a.md": "x",
            f"models/{shard}/b.md": "x",
            f"models/{shard}/a b/model.yaml": MODEL,
        },
    )
    right = before.folder(ModelName("new"))
    assert _reasons(before, then) == [
        ("models/a.md", "is a file; only folders stand here"),
        (f"models/{shard}/a b", "'a b' is not a canonically encoded name"),
        (f"models/{shard}/b.md", "is a file; only folders stand here"),
        ("models/zz/new", f"stands in the wrong shard; its place is {right}"),
    ]
    empty = planted(before, f"models/{shard}/x", FOLDER, EMPTY_TREE)
    assert _reasons(before, empty) == [(f"models/{shard}/x", "is an empty folder")]


def test_a_registry_that_is_broken_in_the_same_commit_does_not_hide_the_rest() -> None:
    before = tree(files())
    then = changed(before, {"registry.yaml": "{}\n", "models/FRAUD/model.yaml": MODEL})
    assert [path for path, _ in _reasons(before, then)][-1] == "models/FRAUD/"
    assert {one.path for one in compare(before, then).violations} == {
        "registry.yaml",
        "models/FRAUD/",
    }


@pytest.mark.parametrize("mode", ["120000", "160000", "100755", "40000"])
def test_what_an_alias_or_comment_points_at_must_be_a_manifest(mode: str) -> None:
    before = tree(files())
    identifier = EMPTY_TREE if mode == FOLDER else "b" * 40
    strange = planted(before, VERSION_2, mode, identifier)
    comment_path = f"models/fraud/comments/2/{IDS[0]}.yaml"
    then = changed(
        strange,
        {"models/fraud/model.yaml": f"{MODEL}aliases: {{a: 2}}\n", comment_path: comment("a", "b")},
    )
    assert [path for path, _ in _reasons(before, then)] == [
        VERSION_2,
        comment_path,
        "models/fraud/model.yaml",
    ]
