"""Lifecycle: numbers, tombstones, immutable fields, stages, aliases, comments, twins, layout."""

from collections.abc import Mapping

import pytest
from support import (
    MODEL,
    PERMISSIONS,
    REGISTRY,
    TOMBSTONE,
    after,
    changed,
    comment,
    files,
    planted,
    said,
    step,
    tree,
    version,
)

from gitreg.domain.names import ModelName, VersionRef
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import FOLDER
from gitreg.operations.models import RenameModel
from gitreg.operations.permissions import ChangeLayout
from gitreg.operations.versions import DeleteVersion

V1, V2, V3, V4 = (f"models/fraud/versions/{number}.yaml" for number in (1, 2, 3, 4))
MANIFEST = "models/fraud/model.yaml"
NOTE = f"models/fraud/comments/3/{'a' * 32}.yaml"
NEW_VERSION = "\n  hint: register a new version"
BASE = tree(files())
Files = Mapping[str, str | None]


def judged(content: Files, before: Snapshot = BASE) -> list[str]:
    return said(step("admin", before, changed(before, content)))


def registry(more: str, **content: str) -> Snapshot:
    """Give the base registry with some settings and some files more."""
    return tree(files() | {"registry.yaml": REGISTRY + more} | content)


# --- numbers -------------------------------------------------------------------------------------


def test_the_next_version_has_the_next_number() -> None:
    assert judged({V4: version()}) == []
    assert judged({V4: version(), V4.replace("4", "5"): version()}) == []


@pytest.mark.parametrize("number", [5, 40, 999999999])
def test_no_number_is_skipped(number: int) -> None:
    path = f"models/fraud/versions/{number}.yaml"
    assert judged({path: version()}) == [
        f"lifecycle  {path}\n  fraud/{number}: the next version of fraud is 4"
    ]


def test_of_several_new_versions_the_first_that_does_not_follow_is_told() -> None:
    many = {f"models/fraud/versions/{number}.yaml": version() for number in (4, 6, 8)}
    assert judged(many) == [
        "lifecycle  models/fraud/versions/6.yaml\n  fraud/6: the next version of fraud is 5"
    ]


def test_the_first_version_of_a_model_is_1() -> None:
    model = {"models/new/model.yaml": MODEL, "models/new/versions/1.yaml": version()}
    assert judged(model) == []
    path = "models/new/versions/2.yaml"
    assert judged({"models/new/model.yaml": MODEL, path: version()}) == [
        f"lifecycle  {path}\n  new/2: the next version of new is 1"
    ]


def test_the_number_of_a_deleted_version_is_not_used_again() -> None:
    before = changed(BASE, {V3: TOMBSTONE})
    assert judged({V4: version()}, before) == []
    assert judged({V3: version()}, before) == [
        f"lifecycle  {V3}\n  fraud/3 was deleted and stays so"
    ]


def test_a_number_may_be_set_aside_by_a_tombstone() -> None:
    assert judged({V4: TOMBSTONE, V4.replace("4", "5"): version()}) == []


def test_a_versions_file_is_never_removed() -> None:
    for gone in (V3, V1):
        number = gone[-6]
        assert judged({gone: None}) == [
            (
                f"lifecycle  {gone}\n  fraud/{number} is gone: a version's number is never used "
                "again\n  hint: leave a tombstone: gitreg version delete"
            )
        ]


def test_a_tombstone_is_never_removed_either() -> None:
    before = changed(BASE, {V3: TOMBSTONE})
    assert judged({V3: None}, before)[0].startswith(f"lifecycle  {V3}\n  fraud/3 is gone")
    assert judged({V3: TOMBSTONE + "# why\n"}, before) == []


# --- birth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["Staging", "Production", "Archived", "Nowhere"])
def test_a_version_is_born_in_the_first_stage(stage: str) -> None:
    assert judged({V4: version(stage)}) == [
        (
            f"lifecycle  {V4}:3\n  fraud/4: a version is born in stage None, not in {stage}"
            "\n  hint: set stage: None, then transition it in a commit of its own"
        )
    ]
    assert judged({V4: version()}) == []


def test_a_copied_model_does_not_bring_its_stages() -> None:
    folder = BASE.entry("models/fraud")
    assert folder is not None
    told = said(step("admin", BASE, planted(BASE, "models/copy", FOLDER, folder.id)))
    assert [one.split("\n")[1] for one in told] == [
        "  copy/1: a version is born in stage None, not in Production",
        "  copy/2: a version is born in stage None, not in Staging",
    ]


# --- immutable fields ----------------------------------------------------------------------------

FULL = version(
    more="source: s3://1\nlocation: s3://2\nrun_id: a\nrun_link: https://a\nmodel_id: m-1\n"
    "code: {commit: 4f1c}\nparams: {n: '1'}\n"
)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("source: s3://1", "source: s3://9", "source"),
        ("location: s3://2", "location: s3://9", "location"),
        ("location: s3://2\n", "", "location"),
        ("run_id: a", "run_id: b", "run_id"),
        ("run_link: https://a", "run_link: https://b", "run_link"),
        ("model_id: m-1", "model_id: m-2", "model_id"),
        ("{commit: 4f1c}", "{commit: 4f1d}", "code"),
        ("{commit: 4f1c}", "{commit: 4f1c, dirty: true}", "code"),
        ("params: {n: '1'}", "params: {n: '2'}", "params"),
        ("params: {n: '1'}", "params: {n: '1', m: '1'}", "params"),
    ],
)
def test_what_a_version_was_made_from_never_changes(old: str, new: str, key: str) -> None:
    before = changed(BASE, {V3: FULL})
    text = FULL.replace(old, new)
    line = 1 + next((at for at, row in enumerate(text.split("\n")) if row.startswith(f"{key}:")), 0)
    assert judged({V3: text}, before) == [
        f"lifecycle  {V3}:{line}\n  fraud/3: {key} never changes{NEW_VERSION}"
    ]


def test_the_rest_of_a_version_may_change() -> None:
    before = changed(BASE, {V3: FULL})
    more = "description: d\ntags: {a: b}\nmetrics: {auc: 0.9}\n"
    assert judged({V3: FULL + more}, before) == []


PINNED = f"artifact: {{digest: sha256:{'0' * 64}, size: 1, files: 1}}\n"


def test_an_artifact_may_be_added_once_and_then_never_changes() -> None:
    before = changed(BASE, {V3: FULL + PINNED})
    assert judged({V3: FULL + PINNED}) != []
    assert judged({V3: FULL + PINNED}, changed(BASE, {V3: FULL})) == []
    for other in (PINNED.replace("size: 1", "size: 2"), PINNED.replace("0" * 64, "1" * 64), ""):
        line = 11 if other else 1
        told = f"fraud/3: an artifact, once there, never changes{NEW_VERSION}"
        assert judged({V3: FULL + other}, before) == [f"lifecycle  {V3}:{line}\n  {told}"]


@pytest.mark.parametrize("status", ["PENDING_REGISTRATION", "FAILED_REGISTRATION"])
def test_a_version_that_is_ready_stays_so(status: str) -> None:
    assert judged({V3: FULL + f"status: {status}\n"}, changed(BASE, {V3: FULL})) == [
        f"lifecycle  {V3}:11\n  fraud/3: the status never leaves READY"
    ]


def test_a_version_becomes_ready_or_fails() -> None:
    pending = changed(BASE, {V3: FULL + "status: PENDING_REGISTRATION\n"})
    assert judged({V3: FULL + "status: READY\n"}, pending) == []
    assert judged({V3: FULL + "status: FAILED_REGISTRATION\n"}, pending) == []


# --- stages --------------------------------------------------------------------------------------


def test_a_version_moves_to_a_stage_there_is() -> None:
    assert judged({V3: version("Staging")}) == []
    assert judged({V3: version("Stagging")}) == [
        (
            f"lifecycle  {V3}:3\n  'Stagging' is not a stage of this registry; they are None, "
            'Staging, Production, Archived\n  hint: did you mean "Staging"?'
        )
    ]
    assert judged({V3: version("staging")})[0].endswith('hint: did you mean "Staging"?')


STAGES = "stages: [{name: None}, {name: Staging}, {name: Production}%s, {name: Archived}]\n"


def test_nothing_enters_a_stage_that_is_retired() -> None:
    before = registry(STAGES % ", {name: Canary, retired: true}")
    assert judged({V3: version("Canary")}, before) == [
        f"lifecycle  {V3}:3\n  the stage Canary is retired: nothing enters it"
    ]


def test_a_version_may_leave_a_stage_that_is_retired() -> None:
    before = registry(STAGES % ", {name: Canary, retired: true}", **{V3: version("Canary")})
    assert judged({V3: version("Staging")}, before) == []


@pytest.mark.parametrize("text", ["", STAGES.replace(", {name: Staging}", "") % ""])
def test_a_stage_is_never_removed_or_renamed(text: str) -> None:
    before = registry(STAGES % ", {name: Canary}")
    told = judged({"registry.yaml": REGISTRY + text}, before)
    gone = ["Staging", "Canary"] if text else ["Canary"]
    assert told == [
        f"lifecycle  registry.yaml\n  the stage {name} is gone: stages are never removed or "
        f"renamed\n  hint: write {{name: {name}, retired: true}}"
        for name in gone
    ]


def test_a_stage_may_be_retired_moved_and_added() -> None:
    before = registry(STAGES % ", {name: Canary}")
    turned = (
        "stages: [{name: None}, {name: Canary, retired: true}, {name: Archived}, {name: New},\n"
    )
    turned += "  {name: Production, protected: true}, {name: Staging}]\n"
    assert judged({"registry.yaml": REGISTRY + turned}, before) == []


# --- deletion and rename -------------------------------------------------------------------------


def test_a_version_in_use_is_not_deleted() -> None:
    assert judged({V2: TOMBSTONE}) == [
        (
            f"lifecycle  {V2}\n  fraud/2 cannot be deleted: it is in Staging"
            "\n  hint: gitreg transition fraud/2 Archived"
        )
    ]
    assert judged({V3: TOMBSTONE}) == []
    assert judged({V2: TOMBSTONE}, registry("rules: {delete_active: allow}\n")) == []
    assert judged({V2: TOMBSTONE}, changed(BASE, {V2: version("Archived")})) == []


def test_a_model_with_versions_in_use_is_not_deleted() -> None:
    gone = {path: None for path in files() if path.startswith("models/")}
    hint = "\n  hint: archive its active versions first"
    assert judged(gone) == [
        f"lifecycle  models/fraud/\n  fraud cannot be deleted: version 1 is in Production{hint}",
        f"lifecycle  models/fraud/\n  fraud cannot be deleted: version 2 is in Staging{hint}",
    ]
    assert judged(gone, registry("rules: {delete_active: allow}\n")) == []
    assert judged(gone, changed(BASE, {V1: version("Archived"), V2: version()})) == []


def renamed(before: Snapshot) -> list[str]:
    folder = before.entry("models/fraud")
    assert folder is not None
    bare = changed(before, {path: None for path in files() if path.startswith("models/")})
    return said(step("admin", before, planted(bare, "models/scam", FOLDER, folder.id)))


def test_a_model_with_versions_in_use_is_not_renamed() -> None:
    hint = "\n  hint: archive its active versions first"
    assert renamed(BASE) == [
        f"lifecycle  models/fraud/\n  fraud cannot be renamed: version 1 is in Production{hint}",
        f"lifecycle  models/fraud/\n  fraud cannot be renamed: version 2 is in Staging{hint}",
    ]
    assert renamed(registry("rules: {rename_active: allow}\n")) == []
    idle = changed(BASE, {V1: version("Archived"), V2: version()})
    assert (
        said(step("admin", idle, after(idle, RenameModel(*map(ModelName, ("fraud", "scam"))))))
        == []
    )


def test_a_model_keeps_its_manifest() -> None:
    assert judged({MANIFEST: None}) == [
        f"lifecycle  {MANIFEST}\n  fraud has no model.yaml any more"
    ]
    assert judged({"models/new/README.md": "# new"}) == [
        "lifecycle  models/new/\n  new has no model.yaml"
    ]


# --- aliases -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [4, 999])
def test_an_alias_points_at_a_version_that_is_there(number: int) -> None:
    assert judged({MANIFEST: MODEL + f"aliases: {{champion: {number}}}\n"}) == [
        f"lifecycle  {MANIFEST}\n  fraud@champion points at version {number}, which is not there"
    ]
    assert judged({MANIFEST: MODEL + "aliases: {champion: 3}\n"}) == []


def test_an_alias_may_point_at_a_version_of_the_same_commit() -> None:
    assert judged({MANIFEST: MODEL + "aliases: {champion: 4}\n", V4: version()}) == []


def test_an_alias_goes_with_the_version_it_points_at() -> None:
    before = changed(BASE, {MANIFEST: MODEL + "aliases: {champion: 3}\n"})
    assert judged({V3: TOMBSTONE}, before) == [
        f"lifecycle  {MANIFEST}\n  fraud@champion points at version 3, which is not there"
    ]
    assert judged({V3: TOMBSTONE, MANIFEST: MODEL}, before) == []
    ref = VersionRef.parse("fraud/3")
    assert said(step("admin", before, after(before, DeleteVersion(ref)))) == []


# --- comments ------------------------------------------------------------------------------------


def test_a_comment_stands_on_a_version_that_is_there() -> None:
    assert judged({NOTE: comment("admin", "hi")}) == []
    for number in (4, 99):
        path = NOTE.replace("/3/", f"/{number}/")
        assert judged({path: comment("admin", "hi")}) == [
            f"lifecycle  {path}\n  there is no version fraud/{number} to comment on"
        ]


def test_nobody_comments_on_a_version_that_was_deleted() -> None:
    before = changed(BASE, {V3: TOMBSTONE})
    assert judged({NOTE: comment("admin", "hi")}, before) == [
        f"lifecycle  {NOTE}\n  there is no version fraud/3 to comment on"
    ]


def test_comments_go_with_their_version() -> None:
    before = changed(BASE, {NOTE: comment("bob", "hi")})
    assert judged({V3: TOMBSTONE}, before) == [
        "lifecycle  models/fraud/comments/3/\n  the comments on fraud/3 go with it"
    ]
    assert judged({V3: TOMBSTONE, NOTE: None}, before) == []


def test_the_author_of_a_comment_never_changes() -> None:
    before = changed(BASE, {NOTE: comment("bob", "hi")})
    assert judged({NOTE: comment("admin", "hi")}, before) == [
        f"lifecycle  {NOTE}\n  the author of a comment never changes"
    ]


# --- twins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"), [("fraud", "Fraud"), ("caf%C3%A9", "cafe%CC%81"), ("stra%C3%9Fe", "STRASSE")]
)
@pytest.mark.parametrize("sharded", [False, True])
def test_twins_are_refused(one: str, other: str, *, sharded: bool) -> None:
    layout = "sharded" if sharded else "flat"
    base = {"registry.yaml": REGISTRY + f"layout: {layout}\n", "PERMISSIONS": PERMISSIONS}
    shard = f"{ModelName.of_directory(one).shard}/" if sharded else ""
    before = tree(base | {f"models/{shard}{one}/model.yaml": MODEL})
    path = f"models/{shard}{other}"
    told = ModelName.of_directory(other), ModelName.of_directory(one)
    assert judged({f"{path}/model.yaml": MODEL}, before) == [
        (
            f"lifecycle  {path}/\n  {told[0]} differs from {told[1]} only in case or accents"
            "\n  hint: choose another name"
        )
    ]


def test_twins_of_one_commit_are_refused_too() -> None:
    twins = {f"models/{name}/model.yaml": MODEL for name in ("new", "NEW")}
    assert len(judged(twins)) == 2


def test_twins_may_be_allowed() -> None:
    before = registry("rules: {case_twins: allow}\n")
    assert judged({"models/Fraud/model.yaml": MODEL}, before) == []


def test_a_model_may_be_renamed_to_its_own_twin() -> None:
    before = registry("rules: {rename_active: allow}\n")
    then = after(before, RenameModel(ModelName("fraud"), ModelName("Fraud")))
    assert said(step("admin", before, then)) == []


# --- the registry as a whole ---------------------------------------------------------------------


def test_the_first_commit_holds_no_models() -> None:
    assert said(step("admin", None, BASE)) == [
        "lifecycle  models\n  the first commit of a registry holds no models"
    ]


def test_a_commit_that_changes_nothing_is_refused() -> None:
    assert judged({}) == ["lifecycle\n  the commit changes nothing\n  hint: drop it: git rebase -i"]


def test_a_commit_that_changes_comments_only_is_taken() -> None:
    assert judged({V3: version() + "# why\n"}) == []
    assert judged({"PERMISSIONS": PERMISSIONS + "# why\n"}) == []


# --- layout --------------------------------------------------------------------------------------

MOVE = (
    "lifecycle  models\n  every model must move to the sharded layout as it is, and nothing else"
    "\n  hint: gitreg layout sharded"
)


@pytest.mark.parametrize("layout", ["flat", "sharded"])
def test_a_layout_changes_in_a_commit_of_its_own(layout: str) -> None:
    other = {"flat": "sharded", "sharded": "flat"}[layout]
    before = BASE if layout == "flat" else after(BASE, ChangeLayout("sharded"))
    then = after(before, ChangeLayout(other))
    assert said(step("admin", before, then)) == []
    assert said(step("admin", before, changed(then, {"README.md": "hi"}))) == [
        "lifecycle  README.md\n  a change of layout holds nothing else; run gitreg layout"
    ]


@pytest.mark.parametrize(
    "content",
    [
        {V3.replace("models", "models/f0"): version("Staging")},
        {"models/f0/fraud/PERMISSIONS": "manage eve\n"},
        {"models/f0/fraud/model.yaml": None},
    ],
)
def test_a_change_of_layout_touches_no_file(content: Files) -> None:
    then = changed(after(BASE, ChangeLayout("sharded")), content)
    assert said(step("admin", BASE, then)) == [MOVE]


def test_a_layout_does_not_change_without_the_models() -> None:
    assert judged({"registry.yaml": REGISTRY + "layout: sharded\n"}) == [MOVE]


def test_a_layout_changes_with_no_models_at_all() -> None:
    before = tree({"registry.yaml": REGISTRY, "PERMISSIONS": PERMISSIONS})
    assert judged({"registry.yaml": REGISTRY + "layout: sharded\n"}, before) == []


def test_a_change_of_layout_brings_no_other_setting() -> None:
    text = REGISTRY + "layout: sharded\nrules: {self_approval: refuse}\n"
    then = changed(after(BASE, ChangeLayout("sharded")), {"registry.yaml": text})
    assert said(step("admin", BASE, then)) == [
        "lifecycle  registry.yaml\n  a change of layout holds nothing else; run gitreg layout"
    ]
