"""Git trees as bytes: compared, changed and written as Git itself would."""

import subprocess
from collections.abc import Mapping

import pygit2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pygit2.enums import FileMode
from strategies import leaves, patient, registries

from gitreg.errors import CorruptError
from gitreg.manifest.layout import relayout
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import (
    EMPTY_TREE,
    FILE,
    FOLDER,
    Entry,
    MemoryObjects,
    Pair,
    differing,
    entries,
    object_id,
    pack,
    replace,
)

Items = dict[bytes, Entry]
BLOB = object_id("blob", b"")

names = st.sampled_from(
    [b"a", b"a.b", b"a-", b"a0", b"ab", b"b", b"b.yaml", b"B", "ä".encode(), b"\xff", b"z z"]
) | st.binary(min_size=1, max_size=3).filter(lambda name: not set(name) & set(b"\0/"))
marks = st.builds(
    Entry,
    st.sampled_from([FILE, FOLDER, FOLDER, "120000", "160000", "040000"]),
    st.sampled_from([BLOB, EMPTY_TREE, (b"100644 a\0" * 3)[:20].hex()]),
)
items = st.dictionaries(names, marks, max_size=8)


def _raw(found: list[tuple[bytes, Entry]]) -> bytes:
    """Give a tree with its entries in the order given, sound or not."""
    return b"".join(pack([one]) for one in found)


def _is_ordered(found: list[tuple[bytes, Entry]]) -> bool:
    """Tell, in the plainest way, whether a tree is as Git wants it."""
    keys = [name + b"/" * (entry.mode in {FOLDER, "040000"}) for name, entry in found]
    held = [name for name, _ in found]
    return keys == sorted(keys) and len(held) == len(set(held))


def _naive(before: Items, after: Items) -> tuple[Pair, ...]:
    return tuple(
        Pair(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


@given(items, items)
@settings(patient, max_examples=300)
def test_what_differs_is_what_a_comparison_of_dicts_finds(before: Items, after: Items) -> None:
    found = differing(pack(before.items()), pack(after.items()))
    assert found == (_naive(before, after), True)
    merged = before | after
    found = differing(pack(before.items()), pack(merged.items()))
    assert found == (_naive(before, merged), True)


@given(items, st.data())
@settings(patient, max_examples=300)
def test_a_tree_out_of_order_or_with_a_name_twice_is_told(
    before: Items, data: st.DataObject
) -> None:
    ordered = sorted(before.items(), key=lambda item: pack([item]))
    sound = list(entries(pack(before.items())))
    more = data.draw(
        st.lists(st.tuples(names | st.sampled_from([*before, b"a"]), marks), max_size=2)
    )
    found = data.draw(st.permutations(more + sound)) if data.draw(st.booleans()) else sound + more
    if data.draw(st.booleans()):
        found.sort(key=lambda item: item[0] + b"/" * (item[1].mode == FOLDER))
    _, is_ordered = differing(pack(ordered), _raw(found))
    assert is_ordered == (_is_ordered(found) or found == sound)


def test_a_file_and_a_folder_of_one_name_are_told_however_far_apart() -> None:
    file, folder = Entry(FILE, BLOB), Entry(FOLDER, EMPTY_TREE)
    between = [(f"a.{at:03}".encode(), file) for at in range(100)]
    with_file, with_folder = [(b"a", file), *between], [*between, (b"a", folder)]
    both = [(b"a", file), *between, (b"a", folder)]
    assert not differing(_raw(with_file), _raw(both))[1]
    assert not differing(_raw(with_folder), _raw(both))[1]
    assert not differing(b"", _raw(both))[1]
    assert differing(_raw(between), _raw(with_file))[1]
    assert differing(_raw(between), _raw(with_folder))[1]


@given(items, st.data())
@settings(patient, max_examples=100)
@example({b"a": Entry(FILE, BLOB)}, None)
def test_a_misshaped_tree_is_told(before: Items, data: st.DataObject | None) -> None:
    raw = pack(before.items())
    cut = data.draw(st.integers(1, len(raw) - 1)) if data and len(raw) > 1 else 1
    for bad in (
        raw + b"1",
        raw + b"100644 x\0short",
        b"9" + raw + b"x",
        b"00000000 a\0" + b"x" * 20,
    ):
        with pytest.raises(CorruptError, match=r"^a tree object is misshaped$"):
            differing(raw, bad)
        with pytest.raises(CorruptError):
            list(entries(bad))
    try:
        list(entries(raw[:-cut]))
    except CorruptError:
        with pytest.raises(CorruptError):
            differing(raw, raw[:-cut])


@given(items)
@settings(patient, max_examples=100)
def test_what_is_packed_is_read_back(found: Items) -> None:
    back = list(entries(pack(found.items())))
    assert dict(back) == found
    assert len(back) == len(found)
    assert pack(reversed(back)) == pack(found.items())


# --- as Git does it ----------------------------------------------------------------------------

git_names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=4
).filter(lambda text: text.casefold() not in {".", "..", ".git"} and "~" not in text)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> pygit2.Repository:
    made = pygit2.init_repository(str(tmp_path_factory.mktemp("git") / "r.git"), bare=True)
    assert str(made.create_blob(b"")) == BLOB
    assert str(made.TreeBuilder().write()) == EMPTY_TREE
    return made


@given(found=st.dictionaries(git_names, st.sampled_from([FILE, FOLDER, "120000", "100755"])))
@settings(patient, max_examples=60)
def test_a_tree_has_the_id_and_order_that_git_gives_it(
    found: Mapping[str, str], repository: pygit2.Repository
) -> None:
    builder = repository.TreeBuilder()
    ours = {}
    for name, mode in found.items():
        identifier = EMPTY_TREE if mode == FOLDER else BLOB
        try:
            builder.insert(name, identifier, int(mode, 8))
        except ValueError:  # libgit2 has names of its own that it refuses
            continue
        ours[name.encode()] = Entry(mode, identifier)
    raw = pack(ours.items())
    identifier = str(builder.write())
    assert object_id("tree", raw) == identifier
    assert list(entries(repository[identifier].read_raw())) == list(entries(raw))


def test_a_tree_has_the_id_that_git_mktree_gives_it(repository: pygit2.Repository) -> None:
    rows = {
        "a": FOLDER, "a.b": FILE, "a-b": FILE, "a0": FILE, "ab": FOLDER, "A": "160000",
        "größe": "120000", "z z": "100755", '"': FILE, "模型": FOLDER, "\t": FILE,
    }  # fmt: skip
    ours = {
        name.encode(): Entry(mode, {FOLDER: EMPTY_TREE, "160000": "b" * 40}.get(mode, BLOB))
        for name, mode in rows.items()
    }
    kinds = {FOLDER: "tree", "160000": "commit"}
    told = "".join(
        f"{mode:0>6} {kinds.get(mode, 'blob')} {ours[name.encode()].id}\t{name}\0"
        for name, mode in rows.items()
    )
    made = subprocess.run(
        ["git", "-C", repository.path, "mktree", "-z", "--missing"],
        input=told.encode(),
        capture_output=True,
        check=True,
    )
    assert object_id("tree", pack(ours.items())) == made.stdout.decode().strip()


@given(before=registries(least=1), after=registries(least=1))
@settings(patient, max_examples=20)
def test_trees_that_git_wrote_differ_as_their_names_do(
    before: Snapshot, after: Snapshot, repository: pygit2.Repository
) -> None:
    raw = [_written_by_git(repository, snapshot) for snapshot in (before, after)]
    assert differing(raw[0], raw[1]) == (_naive(dict(entries(raw[0])), dict(entries(raw[1]))), True)


def _written_by_git(repository: pygit2.Repository, snapshot: Snapshot) -> bytes:
    """Write a snapshot's files through libgit2's index, and give the raw tree of its models."""
    index = pygit2.Index()
    for path, entry in leaves(snapshot.objects, snapshot.tree).items():
        blob = repository.create_blob(snapshot.objects.read(entry.id))
        index.add(pygit2.IndexEntry(path, blob, FileMode.BLOB))
    identifier = index.write_tree(repository)
    assert str(identifier) == snapshot.tree
    models = snapshot.entry("models")
    assert models is not None
    return repository[models.id].read_raw()


# --- changing ----------------------------------------------------------------------------------

paths = st.lists(st.sampled_from(["a", "a.b", "b", "c"]), min_size=1, max_size=3).map("/".join)
marked = st.builds(Entry, st.just(FILE), st.sampled_from([BLOB, "1" * 40]))


def _planted(found: dict[str, Entry]) -> dict[str, Entry]:
    """Drop what stands below another file."""
    return {
        path: entry
        for path, entry in found.items()
        if not any(path.startswith(f"{other}/") for other in found)
    }


@given(st.dictionaries(paths, marked).map(_planted), st.dictionaries(paths, marked | st.none()))
@settings(patient, max_examples=200)
def test_replacing_is_rebuilding_from_scratch(
    before: dict[str, Entry], changes: dict[str, Entry | None]
) -> None:
    objects = MemoryObjects()
    put = _planted({path: entry for path, entry in changes.items() if entry is not None})
    changes = {path: put.get(path) for path in changes if path in put or changes[path] is None}
    expected = dict(before)
    for path, entry in changes.items():
        if entry is None:
            for gone in [one for one in expected if one == path or one.startswith(f"{path}/")]:
                del expected[gone]
    for path, entry in put.items():
        for gone in [
            one for one in expected if one.startswith(f"{path}/") or path.startswith(f"{one}/")
        ]:
            del expected[gone]
        expected[path] = entry
    tree = replace(objects, None, dict(before))
    assert leaves(objects, tree or EMPTY_TREE) == before
    found = replace(objects, tree, changes)
    assert leaves(objects, found or EMPTY_TREE) == expected
    assert found == replace(objects, None, dict(expected))
    assert (found is None) == (not expected)


def test_a_whole_folder_is_put_by_its_id_and_emptied_folders_go_away() -> None:
    objects = MemoryObjects()
    file = Entry(FILE, BLOB)
    folder = replace(objects, None, {"x/y": file})
    assert folder is not None
    tree = replace(objects, None, {"a/b": Entry(FOLDER, folder), "c": file})
    assert leaves(objects, tree or "") == {"a/b/x/y": file, "c": file}
    assert replace(objects, tree, {"a/b/x/y": None}) == replace(objects, None, {"c": file})
    assert replace(objects, tree, {"a": None, "c": None}) is None
    assert replace(objects, EMPTY_TREE, {"c": file}) == replace(objects, None, {"c": file})
    assert replace(objects, tree, {"a/b": Entry(FOLDER, folder), "a/b/z": file}) == replace(
        objects, None, {"a/b/x/y": file, "a/b/z": file, "c": file}
    )


@given(registries(least=1, shape="flat"))
@settings(patient, max_examples=20)
def test_a_change_of_layout_there_and_back_is_the_identity(before: Snapshot) -> None:
    models = before.entry("models")
    assert models is not None
    sharded = relayout(before.objects, models.id, "sharded")
    assert sharded is not None
    assert relayout(before.objects, sharded, "flat") == models.id


# --- where objects are -------------------------------------------------------------------------


def test_objects_are_read_from_those_behind_and_written_in_front_of_them() -> None:
    behind = MemoryObjects()
    old = behind.write("blob", b"old")
    tree = behind.write("tree", pack([(b"old", Entry(FILE, old))]))
    front = MemoryObjects(behind)
    new = front.write("blob", b"new")
    both = front.write("tree", pack([(b"new", Entry(FILE, new)), (b"old", Entry(FILE, old))]))
    assert (front.read(old), front.read(new)) == (b"old", b"new")
    assert (front.header(old), front.header(new)) == (("blob", 3), ("blob", 3))
    assert front.find(tree, "old") == front.find(both, "old") == Entry(FILE, old)
    assert front.find(tree, "new") is None
    assert list(front.written()) == [("blob", b"new"), ("tree", front.read(both))]
    for ask in (behind.read, behind.header):
        with pytest.raises(CorruptError) as caught:
            ask(new)
        assert str(caught.value) == f"object {new} is missing"


def test_an_empty_tree_is_always_there() -> None:
    assert MemoryObjects().read(EMPTY_TREE) == b""
    assert MemoryObjects().header(EMPTY_TREE) == ("tree", 0)
    assert list(MemoryObjects().written()) == []
