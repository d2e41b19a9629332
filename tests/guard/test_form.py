"""Form: known paths, plain files, canonical names, and commits that every reader reads alike."""

from dataclasses import replace

import pytest
from support import (
    MODEL,
    REGISTRY,
    changed,
    comment,
    commit,
    files,
    planted,
    said,
    step,
    tree,
    version,
)

from gitreg.domain.commits import NOBODY, Commit
from gitreg.domain.names import ModelName
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import EMPTY_TREE, FILE, FOLDER, object_id

BASE = tree(files())
BLOB = BASE.objects.write("blob", b"text\n")
LINK = "1234567890" * 4
SHARDED = REGISTRY + "layout: sharded\n"


def judged(then: Snapshot, before: Snapshot = BASE) -> list[str]:
    return said(step("admin", before, then))


def folder(*rows: tuple[str, bytes, str], before: Snapshot = BASE) -> str:
    """Write a tree of these rows as they are, sorted or not, and give its id."""
    raw = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(identifier)
        for mode, name, identifier in rows
    )
    return before.objects.write("tree", raw)


# --- the commit ----------------------------------------------------------------------------------


def test_a_commit_with_a_fault_is_refused_and_nothing_else_is_said_of_it() -> None:
    faulty = Commit("4f" * 20, "", (), NOBODY, NOBODY, "", faults=("is not UTF-8",))
    one = replace(step("admin", None, Snapshot(BASE.objects, EMPTY_TREE)), commit=faulty)
    assert said(one) == [
        "form\n  the commit is not UTF-8\n  hint: write it anew: git commit --amend --reset-author",
    ]


def test_a_commit_that_names_a_parent_twice_is_refused() -> None:
    then = changed(BASE, {"README.md": "hi"})
    one = step("admin", BASE, then)
    twice = commit("admin", parents=("1" * 40, "1" * 40))
    assert said(replace(one, commit=twice))[0] == "form\n  the commit names a parent twice"
    assert said(one) == []


# --- entries -------------------------------------------------------------------------------------

PLACES = (
    "README.md",
    "docs/deep/a.md",
    "models/fraud/README.md",
    "models/fraud/versions/4.yaml",
    "models/fraud/comments/3/" + "a" * 32 + ".yaml",
    "PERMISSIONS",
)


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("120000", "a symbolic link"),
        ("160000", "a submodule"),
        ("100755", "an executable file"),
        ("100664", "of mode 100664"),
        ("100777", "of mode 100777"),
        ("040000", "of mode 040000"),
        ("644", "of mode 644"),
    ],
)
def test_every_file_is_a_plain_one(path: str, mode: str, told: str) -> None:
    assert judged(planted(BASE, path, mode, BLOB)) == [
        f"form  {path}\n  is {told}; every file is a plain one (mode 100644)"
    ]


@pytest.mark.parametrize("path", ["README.md", "docs/deep/a.md", "models/fraud/README.md"])
def test_a_plain_file_may_stand_there(path: str) -> None:
    assert judged(planted(BASE, path, FILE, BLOB)) == []


@pytest.mark.parametrize(
    "path", ["docs", "models/fraud/comments", "models/fraud/comments/3", "models/new"]
)
def test_no_folder_is_empty(path: str) -> None:
    assert judged(planted(BASE, path, FOLDER, EMPTY_TREE)) == [
        f"form  {path}\n  is an empty folder"
    ]


def test_a_folder_that_a_deletion_empties_must_go_too() -> None:
    before = changed(BASE, {"docs/a.md": "a"})
    assert judged(changed(before, {"docs/a.md": None}), before) == []


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(((FILE, b"b", BLOB), (FILE, b"a", BLOB)), id="unsorted"),
        pytest.param(((FILE, b"a", BLOB), (FILE, b"a", BLOB)), id="twice"),
        pytest.param(((FILE, b"a", BLOB), (FOLDER, b"a", folder((FILE, b"b", BLOB)))), id="both"),
        pytest.param(
            ((FOLDER, b"a", folder((FILE, b"b", BLOB))), (FILE, b"a.b", BLOB)), id="as files"
        ),
    ],
)
def test_a_tree_is_sorted_as_git_sorts_and_names_nothing_twice(
    rows: tuple[tuple[str, bytes, str], ...],
) -> None:
    assert judged(planted(BASE, "docs", FOLDER, folder(*rows))) == [
        "form  docs\n  the tree is not sorted, or holds a name twice"
    ]


def test_a_folder_sorts_behind_a_file_whose_name_goes_on_with_a_dot() -> None:
    inner = folder((FILE, b"b", BLOB))
    sound = folder((FILE, b"a.b", BLOB), (FOLDER, b"a", inner), (FILE, b"a0", BLOB))
    assert judged(planted(BASE, "docs", FOLDER, sound)) == []


def test_a_tree_that_is_misshaped_is_refused() -> None:
    broken = BASE.objects.write("tree", b"100644 a\0short")
    assert judged(planted(BASE, "docs", FOLDER, broken)) == [
        "form  docs\n  a tree object is misshaped"
    ]


def test_a_folder_whose_object_is_a_file_is_refused() -> None:
    assert judged(planted(BASE, "docs", FOLDER, BLOB)) == [
        f"form  docs\n  object {BLOB} is a blob, not a tree"
    ]


@pytest.mark.parametrize(
    ("name", "told", "path"),
    [
        (b"a\nb", "the name holds a character that no path may", r"docs/a\nb"),
        (b"a\x07", "the name holds a character that no path may", r"docs/a\x07"),
        (b"a/b", "the name holds a character that no path may", "docs/a/b"),
        (b"", "the name holds a character that no path may", "docs/"),
        ("a\u202e".encode(), "the name holds a character that no path may", r"docs/a\u202e"),
        (b"caf\xe9", "the name is not UTF-8", "docs/caf\\xe9"),
        (b".git", "the name means something else to Git or to a file system", "docs/.git"),
        (b".GIT", "the name means something else to Git or to a file system", "docs/.GIT"),
        (b"..", "the name means something else to Git or to a file system", "docs/.."),
        (b".", "the name means something else to Git or to a file system", "docs/."),
    ],
)
def test_a_name_is_utf8_that_can_be_seen(name: bytes, told: str, path: str) -> None:
    assert judged(planted(BASE, "docs", FOLDER, folder((FILE, name, BLOB)))) == [
        f"form  {path}\n  {told}"
    ]


def test_a_name_in_another_script_may_stand_in_free_files() -> None:
    named = folder((FILE, "模型.md".encode(), BLOB))
    assert judged(planted(BASE, "docs", FOLDER, named)) == []


def test_names_that_a_file_system_takes_for_one_another_are_refused_at_the_root() -> None:
    before = changed(BASE, {"README.md": "hi"})
    assert judged(changed(before, {"readme.md": "hi"}), before) == [
        "form  readme.md\n  differs from README.md only in case or accents"
    ]
    assert judged(changed(before, {"readme.txt": "hi"}), before) == []


def test_an_object_that_is_missing_refuses_the_commit() -> None:
    assert judged(planted(BASE, "models/fraud/versions/4.yaml", FILE, LINK)) == [
        f"form\n  object {LINK} is missing"
    ]
    assert judged(planted(BASE, "docs", FOLDER, LINK)) == [
        f"form  docs\n  object {LINK} is missing"
    ]


def test_folders_nested_without_end_are_refused() -> None:
    deep = "docs/" + "a/" * 32
    assert judged(changed(BASE, {f"{deep}b": "x"})) == [
        f"form  {deep}b\n  is nested more than 32 deep"
    ]
    assert judged(changed(BASE, {"docs/" + "a/" * 31 + "b": "x"})) == []


# --- below models/ -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("models/x.yaml", "is a file; only folders stand here"),
        ("models/fraud/notes.md", "no such file belongs to a model"),
        ("models/fraud/model.yml", "no such file belongs to a model"),
        ("models/fraud/Versions/1.yaml", "no such file belongs to a model"),
        ("models/fraud/versions/03.yaml", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/versions/0.yaml", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/versions/4", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/versions/4.yml", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/versions/4.YAML", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/versions/4.yaml.", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/versions/\u0664.yaml", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/versions/x/4.yaml", "is no version: NUMBER.yaml, without leading zeros"),
        ("models/fraud/comments/3", "is no folder of a version's comments"),
        ("models/fraud/comments/03/" + "a" * 32 + ".yaml", "is no folder of a version's comments"),
        ("models/fraud/comments/x/" + "a" * 32 + ".yaml", "is no folder of a version's comments"),
    ],
)
def test_no_other_file_stands_below_models(path: str, told: str) -> None:
    where = path
    for cut in ("/Versions", "/versions/x", "/comments/03", "/comments/x"):
        where = where.partition(f"{cut}/")[0] + cut if f"{cut}/" in path else where
    assert judged(changed(BASE, {path: "x"})) == [f"form  {where}\n  {told}"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a" * 31 + ".yaml", f"'{'a' * 31}' is not a comment id\n  hint: 32 hex digits"),
        ("A" * 32 + ".yaml", f"'{'A' * 32}' is not a comment id\n  hint: 32 hex digits"),
        ("a" * 32, f"'{'a' * 32}' does not end in .yaml"),
    ],
)
def test_a_comment_is_called_by_its_id(name: str, told: str) -> None:
    path = f"models/fraud/comments/3/{name}"
    assert judged(changed(BASE, {path: comment("admin", "hi")})) == [f"form  {path}\n  {told}"]


def test_the_files_of_a_model_may_stand_there() -> None:
    then = changed(
        BASE,
        {
            "models/fraud/README.md": "# Fraud",
            "models/fraud/PERMISSIONS": "read bob\n",
            "models/fraud/versions/4.yaml": version(),
            f"models/fraud/comments/3/{'a' * 32}.yaml": comment("admin", "hi"),
        },
    )
    assert judged(then) == []


@pytest.mark.parametrize(
    ("directory", "told"),
    [
        ("My Model", "'My Model' is not a canonically encoded name\n  hint: write it My%20Model"),
        ("%66raud", "'%66raud' is not a canonically encoded name\n  hint: write it fraud"),
        ("%2e", "'%2e' is not a canonically encoded name\n  hint: write it %252e"),
        ("con", "'con' is not a canonically encoded name\n  hint: write it %63on"),
        ("a.lock", "'a.lock' is not a canonically encoded name\n  hint: write it a%2Elock"),
        ("fraud.", "'fraud.' is not a canonically encoded name\n  hint: write it fraud%2E"),
        ("fr\u0430ud", r"'fr\u0430ud' is not a canonically encoded name"),
        (
            "fr%d0%b0ud",
            "'fr%d0%b0ud' is not a canonically encoded name\n  hint: write it fr%25d0%25b0ud",
        ),
        ("..a", "'..a' is not a canonically encoded name\n  hint: write it %2E%2Ea"),
        (".git", "the name means something else to Git or to a file system"),
        ("modèle", r"'mod\xe8le' is not a canonically encoded name"),
        ("%FF", "'%FF' is not a canonically encoded name"),
        ("a%2Fb", "'a/b' is no model name: it holds '/' or ':'\n  hint: use '-' or '.' instead"),
        ("a%0A", r"'a\n' is no model name: it holds a character that cannot be seen"),
        ("%2E%2E", "'..' is no model name"),
        ("%20", "a model needs a name"),
    ],
)
def test_a_models_directory_is_the_encoding_of_a_name(directory: str, told: str) -> None:
    path = f"models/{directory}"
    then = changed(BASE, {f"{path}/model.yaml": MODEL, f"{path}/PERMISSIONS": "manage admin\n"})
    assert judged(then) == [f"form  {path}\n  {told}"]


@pytest.mark.parametrize("directory", ["My%20Model", "fr%D0%B0ud", "fraud%2E", "fraud.x"])
def test_a_canonical_directory_is_taken(directory: str) -> None:
    assert judged(changed(BASE, {f"models/{directory}/model.yaml": MODEL})) == []


def test_models_is_a_folder() -> None:
    empty = tree({path: text for path, text in files().items() if "models/" not in path})
    assert judged(changed(empty, {"models": "x"}), empty) == [
        "form  models\n  is a file; it must be a folder"
    ]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("versions", "is a file; it must be a folder"),
        ("comments", "is a file; it must be a folder"),
        ("README.md/a", "is no file, or too large"),
        ("PERMISSIONS/a", "is no file, or too large"),
        ("model.yaml/a", f"is no manifest: a folder, or over {2 * 1024 * 1024} bytes"),
        ("versions/1.yaml/a", f"is no manifest: a folder, or over {2 * 1024 * 1024} bytes"),
    ],
)
def test_files_are_files_and_folders_are_folders(path: str, told: str) -> None:
    new = {"models/new/model.yaml": MODEL} if path != "model.yaml/a" else {}
    where = "models/new/" + path.removesuffix("/a")
    assert judged(changed(BASE, {**new, f"models/new/{path}": "x"})) == [f"form  {where}\n  {told}"]


def test_a_manifest_or_card_is_bounded() -> None:
    large = "x" * (2 * 1024 * 1024 + 1)
    assert judged(changed(BASE, {"models/fraud/README.md": large})) == [
        "form  models/fraud/README.md\n  is no file, or too large"
    ]
    assert judged(changed(BASE, {"models/fraud/README.md": large[1:]})) == []
    assert judged(changed(BASE, {"registry.yaml": large})) == [
        f"form  registry.yaml\n  is no manifest: a folder, or over {2 * 1024 * 1024} bytes"
    ]


def test_a_free_file_may_be_large() -> None:
    assert judged(changed(BASE, {"docs/large.bin": "x" * (2 * 1024 * 1024 + 1)})) == []


# --- the sharded layout --------------------------------------------------------------------------


SHARDS = tree({"registry.yaml": SHARDED, "PERMISSIONS": "/ manage admin\n"})


def test_a_model_stands_in_the_shard_of_its_name() -> None:
    assert ModelName("fraud").shard == "f0"
    assert judged(changed(SHARDS, {"models/f0/fraud/model.yaml": MODEL}), SHARDS) == []


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("models/00/fraud", "stands in the wrong shard; its place is models/f0/fraud"),
        ("models/F0/fraud", "stands in the wrong shard; its place is models/f0/fraud"),
        (
            "models/f0/%46raud",
            "'%46raud' is not a canonically encoded name\n  hint: write it Fraud",
        ),
    ],
)
def test_a_model_in_another_place_is_refused(path: str, told: str) -> None:
    assert judged(changed(SHARDS, {f"{path}/model.yaml": MODEL}), SHARDS) == [
        f"form  {path}\n  {told}"
    ]


@pytest.mark.parametrize("path", ["models/f0", "models/f0/fraud"])
def test_only_folders_stand_in_shards(path: str) -> None:
    assert judged(changed(SHARDS, {path: "x"}), SHARDS) == [
        f"form  {path}\n  is a file; only folders stand here"
    ]


def test_ids_are_those_of_git() -> None:
    assert object_id("blob", b"text\n") == BLOB == "8e27be7d6154a1f68ea9160ef0e18691d20560dc"


def test_every_fault_of_a_commit_is_told_at_once() -> None:
    then = planted(planted(BASE, "a", "120000", BLOB), "models/x", FILE, BLOB)
    assert [one.path for one in verify([step("admin", BASE, then)]).violations] == ["a", "models/x"]
