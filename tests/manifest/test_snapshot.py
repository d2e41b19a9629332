"""A snapshot: what a tree says, read when it is asked for."""

import pytest
from strategies import IDS, RICH, SAID, VERSION_2, shaped
from support import MODEL, REGISTRY, TOMBSTONE, changed, comment, files, planted, tree, version

from gitreg.domain.access import Level
from gitreg.domain.model import Comment, ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.settings import Settings
from gitreg.errors import CorruptError, NotFoundError
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import EMPTY_TREE, FILE, FOLDER, Entry, MemoryObjects

FRAUD = ModelName("fraud")


@pytest.fixture(params=["flat", "sharded"])
def registry(request: pytest.FixtureRequest) -> Snapshot:
    """Give one registry in either layout: fraud/4 is a tombstone, and two more models."""
    content = files(**RICH) | {
        "models/fraud/versions/4.yaml": TOMBSTONE,
        "models/fraud/versions/10.yaml": TOMBSTONE,
        "models/My%20model/model.yaml": MODEL,
        "models/Z/model.yaml": MODEL,
    }
    flat = tree(content)
    return flat if request.param == "flat" else shaped(flat, "sharded")


def test_files_are_found_by_path(registry: Snapshot) -> None:
    assert registry.blob("docs/guide.md") == b"# guide\n"
    assert registry.names("docs") == ["guide.md"]
    for path in ("docs", "docs/other.md", "other/guide.md", "docs/guide.md/below"):
        assert registry.blob(path) is None
    for path in ("other", "docs/guide.md"):
        assert registry.names(path) == []
    assert registry.entry("docs/guide.md") is registry.entry("docs/guide.md")
    assert Snapshot(MemoryObjects()).entry("a/b/c") is None


def test_models_are_listed_in_either_layout(registry: Snapshot) -> None:
    assert [str(name) for name in registry.models()] == ["My model", "Z", "fraud"]
    assert sorted(registry.directories()) == ["My%20model", "Z", "fraud"]
    assert registry.has_model(FRAUD)
    assert not registry.has_model(ModelName("Fraud"))
    shelf = registry.twins_shelf(ModelName("FRAUD"))
    assert "fraud" in shelf
    assert registry.settings.layout == "flat" or "Z" not in shelf
    assert registry.twins_shelf(ModelName("z")) == registry.twins_shelf(ModelName("Z"))


def test_a_folder_stands_where_the_layout_says(registry: Snapshot) -> None:
    shard = f"{FRAUD.shard}/" if registry.settings.layout == "sharded" else ""
    assert registry.folder(FRAUD) == f"models/{shard}fraud"


def test_an_empty_registry_has_no_models() -> None:
    empty = tree({"registry.yaml": REGISTRY})
    assert empty.models() == ()
    assert list(shaped(empty, "sharded").directories()) == []
    assert empty.settings == Settings("acme")
    assert empty.permissions.root.grants == ()


def test_a_model_is_read(registry: Snapshot) -> None:
    assert registry.model(FRAUD) == RegisteredModel(
        FRAUD, "old", (("none", None), ("team", "risk")), (("champion", 1), ("next", 2))
    )
    assert registry.card(FRAUD) == "# card\n"
    assert registry.card(ModelName("Z")) == ""
    with pytest.raises(NotFoundError) as caught:
        registry.model(ModelName("churn"))
    assert (str(caught.value), caught.value.hint) == (
        "there is no model churn",
        "gitreg model list",
    )


def test_versions_are_read_and_tombstones_keep_their_numbers(registry: Snapshot) -> None:
    assert registry.numbers(FRAUD) == (1, 2, 3, 4, 10)
    assert registry.next_number(FRAUD) == 11
    assert [one.ref.number for one in registry.versions(FRAUD)] == [1, 2, 3]
    third = VersionRef(FRAUD, 3)
    assert registry.version(third) == ModelVersion(third, "None", source="s3://ml/1")
    assert registry.find_version(VersionRef(FRAUD, 4)) is None
    assert registry.numbers(ModelName("Z")) == ()
    assert registry.next_number(ModelName("churn")) == 1
    assert list(registry.versions(ModelName("churn"))) == []


@pytest.mark.parametrize(
    ("ref", "told", "hint"),
    [
        ("fraud/5", "there is no version fraud/5", "gitreg version list fraud"),
        (
            "fraud/4",
            "there is no version fraud/4 any more: it was deleted",
            "gitreg version list fraud",
        ),
        ("churn/1", "there is no model churn", "gitreg model list"),
        ("fruad/1", "there is no model fruad", 'did you mean "fraud"?'),
        ("FRAUDS/1", "there is no model FRAUDS", 'did you mean "fraud"?'),
    ],
)
def test_a_version_that_is_not_there_is_told(
    registry: Snapshot, ref: str, told: str, hint: str
) -> None:
    with pytest.raises(NotFoundError) as caught:
        registry.version(VersionRef.parse(ref))
    assert (str(caught.value), caught.value.hint) == (told, hint)


def test_comments_are_read(registry: Snapshot) -> None:
    second = VersionRef(FRAUD, 2)
    said = Comment(second, IDS[0], "alice", "well done")
    assert list(registry.comments(second)) == [said]
    assert registry.find_comment(second, IDS[0]) == said
    assert registry.find_comment(second, IDS[1]) is None
    assert list(registry.comments(VersionRef(FRAUD, 1))) == []
    folder = f"{registry.folder(FRAUD)}/comments/2"
    assert list(changed(registry, {f"{folder}/notes": "x"}).comments(second)) == [said]


def test_permissions_are_those_of_the_registry_and_each_model(registry: Snapshot) -> None:
    permissions = registry.permissions
    assert permissions.level("admin", None) is Level.MANAGE
    assert permissions.level("alice", "fraud") is Level.MANAGE
    assert permissions.level("alice", "Z") is Level.READ
    path = f"{registry.folder(FRAUD)}/PERMISSIONS"
    broken = changed(registry, {path: "mange alice\n"})
    assert broken.permissions.level("alice", "fraud") is Level.READ
    assert broken.permissions.level("admin", "fraud") is Level.MANAGE


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("registry.yaml", None, "this is no registry: registry.yaml is missing"),
        ("registry.yaml", "x: [", "registry.yaml does not parse: line 1: "),
        (
            "registry.yaml",
            f"{REGISTRY}stages: [{{name: None}}, {{name: x}}]\n",
            "registry.yaml: a stage Archived must exist: that is where archiving goes",
        ),
        ("models/fraud/model.yaml", "{}", "models/fraud/model.yaml does not parse: apiVersion"),
        (VERSION_2, version(more=""), f"{VERSION_2} does not parse: source or artifact is miss"),
        (SAID, comment("'@a'", "x"), f'{SAID} does not parse: author is "@a"'),
        (
            "models/fraud/README.md",
            "x" * (2 << 20) + "x",
            "models/fraud/README.md is no manifest: a blob of 2097153 bytes",
        ),
    ],
    ids=["no settings", "no YAML", "stages", "model", "version", "comment", "card"],
)
def test_what_no_judged_tree_can_hold_is_corrupt(path: str, content: str | None, told: str) -> None:
    broken = changed(tree(files(**RICH)), {path: content})
    with pytest.raises(CorruptError) as caught:
        _read_all(broken)
    assert str(caught.value).startswith(told)


def _read_all(snapshot: Snapshot) -> None:
    for name in snapshot.models():
        snapshot.model(name)
        snapshot.card(name)
        for one in snapshot.versions(name):
            list(snapshot.comments(one.ref))


def test_an_object_of_another_kind_or_a_missing_one_is_corrupt() -> None:
    before = tree(files())
    strange = planted(before, "models/fraud/README.md", FILE, EMPTY_TREE)
    with pytest.raises(CorruptError, match=r"README\.md is no manifest: a tree of 0 bytes$"):
        strange.card(FRAUD)
    missing = planted(before, "models/fraud/versions", FOLDER, "b" * 40)
    with pytest.raises(CorruptError, match=f"^object {'b' * 40} is missing$"):
        missing.numbers(FRAUD)


def test_a_name_that_is_not_utf8_does_not_stop_a_listing() -> None:
    objects = MemoryObjects()
    blob = Entry(FILE, objects.write("blob", b""))
    raw = b"100644 \xff\0" + bytes.fromhex(blob.id)
    top = b"40000 docs\0" + bytes.fromhex(objects.write("tree", raw))
    assert Snapshot(objects, objects.write("tree", top)).names("docs") == ["\ufffd"]
