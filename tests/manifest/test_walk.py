"""Walking two trees at once: names and modes that may not be, and trees made to take forever."""

import pytest
from support import MODEL, REGISTRY, changed, comment, files, planted, tree, version

from gitreg.domain.verdict import Violation
from gitreg.errors import CorruptError
from gitreg.manifest import kinds, walk
from gitreg.manifest.diff import MAX_VIOLATIONS, compare
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import (
    EMPTY_TREE,
    FILE,
    FOLDER,
    Entry,
    MemoryObjects,
    Objects,
    object_id,
    pack,
    replace,
)
from gitreg.manifest.walk import MAX_DEPTH, Item, Walk

MISSING = "b" * 40


def _folder(objects: Objects, **inside: Entry) -> Entry:
    return _raw_folder(objects, *((name.encode(), entry) for name, entry in inside.items()))


def _raw_folder(objects: Objects, *inside: tuple[bytes, Entry]) -> Entry:
    return Entry(FOLDER, objects.write("tree", pack(inside)))


def _file(objects: Objects, text: str = "x") -> Entry:
    return Entry(FILE, objects.write("blob", text.encode()))


def _laid(before: Snapshot, **tops: Entry) -> Snapshot:
    """Give a snapshot with whole folders put at the top."""
    found = replace(before.objects, before.tree, dict(tops))
    return Snapshot(before.objects, found or EMPTY_TREE)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("120000", "is a symbolic link; every file is a plain one (mode 100644)"),
        ("160000", "is a submodule; every file is a plain one (mode 100644)"),
        ("100755", "is an executable file; every file is a plain one (mode 100644)"),
        ("100664", "is of mode 100664; every file is a plain one (mode 100644)"),
        ("040000", "is of mode 040000; every file is a plain one (mode 100644)"),
        (FOLDER, "is an empty folder"),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "docs/a",
        "PERMISSIONS",
        "models",
        "models/fraud",
        "models/fraud/README.md",
        "models/fraud/versions",
        "models/fraud/versions/2.yaml",
        "models/fraud/comments/2",
        f"models/fraud/comments/2/{'0' * 32}.yaml",
    ],
)
def test_every_file_is_a_plain_one(path: str, mode: str, reason: str) -> None:
    before = tree(files())
    identifier = EMPTY_TREE if mode == FOLDER else MISSING
    found = compare(before, planted(before, path, mode, identifier))
    assert found.changes == ()
    assert found.violations == (Violation("form", reason, path),)


@pytest.mark.parametrize(
    ("name", "told", "reason"),
    [
        (b"\xff", "docs/\\xff", "the name is not UTF-8"),
        (b"a\nb", "docs/a\nb", "the name holds a character that no path may"),
        ("a\u202eb".encode(), "docs/a\u202eb", "the name holds a character that no path may"),
        (b"a/b", "docs/a/b", "the name holds a character that no path may"),
        (b"", "docs/", "the name holds a character that no path may"),
        (b".", "docs/.", "the name means something else to Git or to a file system"),
        (b"..", "docs/..", "the name means something else to Git or to a file system"),
        (b".gIt", "docs/.gIt", "the name means something else to Git or to a file system"),
        (b"GIT~1", "docs/GIT~1", "the name means something else to Git or to a file system"),
        (b".git. .", "docs/.git. .", "the name means something else to Git or to a file system"),
        (b".git:x", "docs/.git:x", "the name means something else to Git or to a file system"),
        (b".git\\x", "docs/.git\\x", "the name means something else to Git or to a file system"),
    ],
)
def test_a_name_is_one_that_every_reader_takes_for_the_same(
    name: bytes, told: str, reason: str
) -> None:
    before = tree(files())
    docs = _raw_folder(before.objects, (name, _file(before.objects)))
    assert compare(before, _laid(before, docs=docs)).violations == (
        Violation("form", reason, told),
    )


@pytest.mark.parametrize("name", [".gitignore", ".github", "git~2", ".git-x", "x.git", "...", "a."])
def test_a_name_that_only_begins_like_another_may_be(name: str) -> None:
    before = tree(files())
    assert compare(before, changed(before, {f"docs/{name}": "x"})).violations == ()


def test_a_file_that_may_not_be_may_go() -> None:
    before = tree(files(**{".gitignore": "x"}))
    strange = planted(before, "docs/link", "120000", MISSING)
    [change] = compare(strange, before).changes
    assert str(change) == "docs/link removed"


def test_a_folder_that_becomes_a_file_and_a_file_that_becomes_a_folder_are_told_whole() -> None:
    before = tree(files(**{"a": "x", "b/c": "x", "b/d/e": "x"}))
    then = changed(before, {"a": None, "a/new": "y", "b/c": None, "b/d/e": None, "b": "y"})
    assert [str(change) for change in compare(before, then).changes] == [
        "a changed",
        "a/new added",
        "b changed",
        "b/c removed",
        "b/d/e removed",
    ]


@pytest.mark.parametrize("top", ["docs", "models"])
def test_a_tree_out_of_order_or_misshaped_is_refused_where_it_stands(top: str) -> None:
    before = tree(files())
    objects = before.objects
    entry = objects.write("tree", pack([(b"model.yaml", _file(objects, MODEL))]))
    one, two = (pack([(name, Entry(FOLDER, entry))]) for name in (b"a", b"b"))
    for raw, reason in (
        (two + one, "the tree is not sorted, or holds a name twice"),
        (one + one, "the tree is not sorted, or holds a name twice"),
        (one + two[:-1], "a tree object is misshaped"),
    ):
        then = _laid(before, **{top: Entry(FOLDER, objects.write("tree", raw))})
        assert compare(before, then).violations == (Violation("form", reason, top),)


def test_a_top_that_is_misshaped_is_refused() -> None:
    before = tree(files())
    raw = before.objects.read(before.tree) + b"100644 x\0short"
    then = Snapshot(before.objects, before.objects.write("tree", raw))
    misshaped = Violation("form", "a tree object is misshaped")
    assert compare(before, then).violations == (misshaped,)
    assert misshaped in compare(None, then).violations


def test_a_tree_is_bounded_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(files(**{f"docs/{number}": "x" for number in range(9)}))
    then = changed(before, {"docs/9": "x"})
    entry = then.entry("docs")
    assert entry is not None
    size = before.objects.header(entry.id)[1]
    monkeypatch.setattr(walk, "MAX_TREE", size)
    assert compare(before, then).violations == ()
    monkeypatch.setattr(walk, "MAX_TREE", size - 1)
    [fault, *_] = compare(before, then).violations
    assert fault == Violation(
        "form",
        f"a folder's tree has {size} bytes, {size - 1} is the most",
        "docs",
        hint="spread its files over several folders",
    )


def test_an_object_of_another_kind_is_no_folder() -> None:
    before = tree(files())
    blob = _file(before.objects)
    then = _laid(before, docs=Entry(FOLDER, blob.id))
    assert compare(before, then).violations == (
        Violation("form", f"object {blob.id} is a blob, not a tree", "docs"),
    )
    asked = planted(before, "models/fraud/versions/2.yaml", FILE, EMPTY_TREE)
    assert [one.reason for one in compare(before, asked).violations] == [
        "is no manifest: a folder, or over 2097152 bytes"
    ]


def test_what_cannot_be_read_is_not_found() -> None:
    objects = MemoryObjects()
    walk = Walk(objects)
    inside = _folder(objects, file=_file(objects), gone=Entry(FOLDER, MISSING))
    assert walk.find(inside, "file") == _file(objects)
    assert walk.find(inside, "file/below") is None
    assert walk.find(inside, "gone/below") is None
    assert walk.find(inside, "other") is None
    assert walk.find(None, "other") is None


@pytest.mark.parametrize(
    ("path", "then", "told"),
    [
        ("models/fraud/model.yaml", MODEL, "apiVersion is missing"),
        ("models/fraud/versions/2.yaml", version(), "apiVersion is missing"),
        (
            f"models/fraud/comments/2/{'0' * 32}.yaml",
            comment("alice", "x"),
            "apiVersion is missing",
        ),
    ],
)
def test_what_did_not_parse_before_is_corrupt(path: str, then: str, told: str) -> None:
    before = tree(files(**{path: "{}\n"}))
    with pytest.raises(CorruptError) as caught:
        compare(before, changed(before, {path: then}))
    assert str(caught.value) == f"{path} did not parse before: {told}"


def test_nesting_is_bounded() -> None:
    before = tree(files())
    entry = _file(before.objects)
    for _ in range(5000):
        entry = _folder(before.objects, d=entry)
    [violation] = compare(before, _laid(before, docs=entry)).violations
    assert violation == Violation(
        "form", f"is nested more than {MAX_DEPTH} deep", "docs" + "/d" * (MAX_DEPTH + 1)
    )


def _bomb(objects: Objects, wide: int, deep: int) -> Entry:
    """Give a folder of few objects that stands for ``wide ** deep`` files."""
    entry = _file(objects)
    for _ in range(deep):
        entry = _raw_folder(objects, *((f"{at:03}".encode(), entry) for at in range(wide)))
    return entry


def test_a_folder_that_stands_for_very_many_files_is_refused() -> None:
    objects = MemoryObjects()
    walk = Walk(objects, most_paths=5000)
    docs = Item("docs", "docs", None, _bomb(objects, 10, 30))
    with pytest.raises(CorruptError) as caught:
        list(walk.leaves(docs))
    assert str(caught.value) == "more than 5000 paths differ in one commit"
    assert caught.value.hint == "make several smaller commits"


def test_a_manifest_that_stands_in_very_many_places_is_refused() -> None:
    objects = MemoryObjects()
    walk = Walk(objects, most_bytes=1000)
    one = _file(objects, version())
    assert walk.manifest(kinds.VERSION, one, "x").faults == ()
    with pytest.raises(CorruptError) as caught:
        [walk.manifest(kinds.VERSION, one, "x") for _ in range(100)]
    assert str(caught.value) == "more than 1000 bytes of manifests differ in one commit"
    assert caught.value.hint == "make several smaller commits"


@pytest.mark.parametrize("path", ["models", "models/fraud", "models/fraud/versions"])
def test_only_so_many_violations_are_told_and_the_last_one_stands_for_all(path: str) -> None:
    before = tree(files())
    bomb = _bomb(before.objects, 1000, 6)
    then = planted(before, path, bomb.mode, bomb.id)
    found = compare(before, then).violations
    assert len(found) == MAX_VIOLATIONS + 1
    assert found[-1] == Violation("form", "more than 1000 things are wrong")


def test_a_model_that_stands_in_very_many_places_costs_little_each() -> None:
    before = tree({"registry.yaml": REGISTRY, "PERMISSIONS": ""})
    objects = before.objects
    versions = _raw_folder(objects, (b"1.yaml", _file(objects, version())))
    model = _raw_folder(objects, (b"model.yaml", _file(objects, MODEL)), (b"versions", versions))
    names = (f"m{at:04}".encode() for at in range(2000))
    models = _raw_folder(objects, *((name, model) for name in names))
    found = compare(before, _laid(before, models=models))
    assert (len(found.changes), found.violations) == (4000, ())


def test_object_ids_are_those_of_git() -> None:
    assert object_id("tree", b"") == EMPTY_TREE
    assert object_id("blob", b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
