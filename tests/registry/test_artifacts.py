"""The files of a registry's versions: through the API, as people use it."""

import os
from pathlib import Path

import pytest
from artifacts.places import content, digest_of, model, tree
from world import Clone, Ground, World, Write, git

import gitreg
from gitreg import (
    AlreadyExistsError,
    ConflictError,
    CorruptError,
    DeniedError,
    InvalidValueError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from gitreg.artifacts.lock import Lock
from gitreg.artifacts.store import object_path, open_store
from gitreg.domain.names import encode

FILES = {"a.txt": b"one", "deep/b.bin": content(1)}
DAY = 86_400


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Give a registry with the model fraud, which bob may edit."""
    monkeypatch.setenv("GITREG_CACHE", str(tmp_path / "cache"))
    ground = Ground(tmp_path)
    root = ground.by("root")
    root.create_model("fraud")
    root.grant("bob", "edit", model="fraud")
    return ground


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return model(tmp_path / "model", **FILES)


def objects(ground: Ground) -> set[str]:
    return {one.name for one in ground.by("root").artifacts.store.objects()}


def aged(ground: Ground, days: float) -> None:
    """Make everything in the store older."""
    for path in (ground.path.parent / "registry.artifacts").rglob("*"):
        about = path.stat()
        os.utime(path, (about.st_atime - days * DAY, about.st_mtime - days * DAY))


def now(ground: Ground) -> Ground:
    """Let the registry's clock tell the time that files get."""
    import time

    ground.clock.now = time.time_ns() // 1_000_000
    return ground


# --- creating -----------------------------------------------------------------------------------


def test_a_folder_becomes_a_version_and_comes_back(
    ground: Ground, folder: Path, tmp_path: Path
) -> None:
    bob = ground.by("bob")
    receipt = bob.create_version("fraud", folder=folder, metrics={"auc": 0.9})
    assert str(receipt.version) == "fraud/1"
    version = bob.version("fraud/1")
    assert (version.source, version.metrics) == ("", (("auc", 0.9),))
    assert version.artifact is not None
    assert (version.artifact.size, version.artifact.files) == (1003, 2)
    assert [(one.path, one.size) for one in bob.artifacts.files("fraud/1")] == [
        ("a.txt", 3),
        ("deep/b.bin", 1000),
    ]
    done = bob.artifacts.pull("fraud/latest", tmp_path / "out")
    assert (str(done.version), done.folder, len(done.files)) == ("fraud/1", tmp_path / "out", 2)
    assert tree(tmp_path / "out") == FILES
    assert (tmp_path / "registry.artifacts/sha256").is_dir()


def test_who_may_not_register_uploads_nothing(ground: Ground, folder: Path) -> None:
    before = ground.state()
    with pytest.raises(RefusedError):
        ground.by("eve").create_version("fraud", folder=folder)
    with pytest.raises(NotFoundError):
        ground.by("bob").create_version("nothing", folder=folder)
    assert (objects(ground), ground.state()) == (set(), before)


def test_a_dry_run_uploads_nothing(ground: Ground, folder: Path, tmp_path: Path) -> None:
    before = ground.state()
    told = ground.by("bob").create_version("fraud", folder=folder, dry_run=True)
    assert str(told.version) == "fraud/1"
    assert (objects(ground), ground.state()) == (set(), before)
    ground.by("bob").create_version("fraud", source=str(folder))
    before = ground.state()
    told = ground.by("bob").import_version("fraud/1", dry_run=True)
    assert told.dry_run
    assert (objects(ground), ground.state()) == (set(), before)


def test_a_store_that_fails_leaves_no_version(ground: Ground, folder: Path) -> None:
    (ground.path.parent / "registry.artifacts").touch()
    before = ground.state()
    with pytest.raises(UnavailableError, match="Not a directory"):
        ground.by("bob").create_version("fraud", folder=folder)
    assert ground.state() == before


def test_a_version_at_a_date_is_pulled_as_it_was(
    ground: Ground, folder: Path, tmp_path: Path
) -> None:
    bob, root = ground.by("bob"), ground.by("root")
    bob.create_version("fraud", folder=folder)
    root.transition("fraud/1", "Production")
    then = root.tip
    (folder / "a.txt").write_bytes(b"two")
    bob.create_version("fraud", folder=folder)
    root.transition("fraud/2", "Production")
    assert str(bob.artifacts.pull("fraud/Production", tmp_path / "new").version) == "fraud/2"
    old = bob.artifacts.pull("fraud/Production", tmp_path / "old", at=then)
    assert str(old.version) == "fraud/1"
    assert (tree(tmp_path / "new")["a.txt"], tree(tmp_path / "old")) == (b"two", FILES)
    assert [str(one) for one in bob.artifacts.compare("fraud/1", "fraud/2")] == [
        "a.txt changed (3 -> 3 bytes)"
    ]


def test_a_version_that_only_references_is_told_from_one_that_pins(
    ground: Ground, tmp_path: Path
) -> None:
    bob = ground.by("bob")
    bob.create_version("fraud", source="s3://ml/1")
    for read in (
        lambda: bob.artifacts.pull("fraud/1", tmp_path / "out"),
        lambda: bob.artifacts.files("fraud/1"),
        lambda: bob.artifacts.lock(["fraud/1"]),
    ):
        with pytest.raises(NotFoundError) as told:
            read()
        assert str(told.value) == "fraud/1 pins no files: it only references s3://ml/1"
        assert told.value.hint == "gitreg version import fraud/1 copies them into the store"
    assert list(bob.artifacts.verify(bob.versions("fraud"))) == []
    assert bob.artifacts.compare("fraud/1", "fraud/1") == ()


def test_a_source_is_hashed_without_a_copy(ground: Ground, folder: Path, tmp_path: Path) -> None:
    bob = ground.by("bob")
    bob.create_version("fraud", source=str(folder), hash_source=True)
    version = bob.version("fraud/1")
    assert version.artifact is not None
    assert objects(ground) == {version.artifact.digest}
    bob.artifacts.pull("fraud/1", tmp_path / "out")
    assert tree(tmp_path / "out") == FILES
    [found] = bob.artifacts.verify([version])
    assert found.damage == ()
    (folder / "a.txt").write_bytes(b"onx")
    (folder / "deep/b.bin").unlink()
    [found] = bob.artifacts.verify([version])
    assert [str(one) for one in found.damage] == [
        f"a.txt: its bytes have the digest {digest_of(b'onx')}",
        f"deep/b.bin: there is no deep/b.bin in {folder}",
    ]
    (folder / "deep/b.bin").write_bytes(content(1))
    with pytest.raises(ConflictError, match=r"a\.txt is not what it was when it was hashed"):
        bob.import_version("fraud/1")


@pytest.mark.parametrize("source", ["runs:/9c1/model", "models:/m-4f1", "https://host/model.bin"])
def test_a_source_that_names_no_folder_cannot_be_hashed(ground: Ground, source: str) -> None:
    with pytest.raises(InvalidValueError) as told:
        ground.by("bob").create_version("fraud", source=source, hash_source=True)
    assert str(told.value) == f"{source} names no folder that gitreg can read"


def test_a_referenced_source_is_imported_once(ground: Ground, folder: Path, tmp_path: Path) -> None:
    bob = ground.by("bob")
    bob.create_version("fraud", source=f"file://{folder}")
    told = bob.import_version("fraud/1")
    assert [change.kind for change in told.changes] == ["VersionArtifactAdded"]
    assert bob.import_version("fraud/1").changes == ()
    (folder / "a.txt").unlink()
    (folder / "deep/b.bin").unlink()
    bob.artifacts.pull("fraud/1", tmp_path / "out")
    assert tree(tmp_path / "out") == FILES


def test_importing_what_is_hashed_copies_it_without_a_commit(ground: Ground, folder: Path) -> None:
    bob = ground.by("bob")
    bob.create_version("fraud", source=str(folder), hash_source=True)
    tip = bob.tip
    assert bob.import_version("fraud/1").changes == ()
    assert bob.tip == tip
    assert digest_of(b"one") in objects(ground)


def test_importing_needs_the_level_of_the_stage(ground: Ground, folder: Path) -> None:
    bob, root = ground.by("bob"), ground.by("root")
    bob.create_version("fraud", source=str(folder))
    root.transition("fraud/1", "Production")
    with pytest.raises(DeniedError) as refused:
        bob.import_version("fraud/1")
    assert "needs manage-production; bob has edit" in str(refused.value)
    assert objects(ground) == set()
    root.import_version("fraud/1")
    assert len(objects(ground)) == 3


def test_importing_what_has_no_source_is_nothing_to_do(ground: Ground, folder: Path) -> None:
    ground.by("bob").create_version("fraud", folder=folder)
    assert ground.by("bob").import_version("fraud/1").summary == "nothing to do"


# --- stores -------------------------------------------------------------------------------------


def test_the_store_is_where_the_settings_say(ground: Ground, folder: Path, tmp_path: Path) -> None:
    raw = ground.by("root").snapshot().blob("registry.yaml") or b""
    settings = raw.decode() + f"artifacts:\n  url: file://{tmp_path}/elsewhere\n"
    ground.by("root").apply(Write({"registry.yaml": settings}))
    ground.by("bob").create_version("fraud", folder=folder)
    assert len(list(open_store(f"{tmp_path}/elsewhere").objects())) == 3
    assert not (tmp_path / "registry.artifacts").exists()


def test_a_clone_and_a_url_use_the_store_beside_the_bare_repository(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITREG_CACHE", str(tmp_path / "cache"))
    world = World(tmp_path)
    world.registry().create_model("fraud")
    clone: Clone = world.clone("root")
    beside = tmp_path / "registry.artifacts"
    places: tuple[str | Path, ...] = (world.path, clone.path, f"file://{world.path}")
    for number, place in enumerate(places, 1):
        one = gitreg.open(place, actor="root")
        assert one.artifacts.store.url == str(beside)
        one.create_version("fraud", folder=folder)
        assert len(list(one.artifacts.store.objects())) == 3
        clone.git("pull", "-q")
        done = one.artifacts.pull(f"fraud/{number}", tmp_path / f"out{number}")
        assert tree(done.folder) == FILES
    assert len(one.artifacts.store.notes("registries")) == 1


def test_a_clone_without_a_remote_keeps_files_beside_itself(tmp_path: Path) -> None:
    world = World(tmp_path)
    clone = world.clone("root")
    clone.git("remote", "remove", "origin")
    store = gitreg.open(clone.path, actor="root").artifacts.store
    assert store.url == f"{clone.path}.artifacts"


def test_a_registry_on_another_machine_needs_a_store_that_can_be_reached(tmp_path: Path) -> None:
    world = World(tmp_path)
    clone = world.clone("root")
    clone.git("remote", "set-url", "origin", "git@host:models.git")
    with pytest.raises(UnavailableError) as told:
        _ = gitreg.open(clone.path, actor="root").artifacts.store
    assert "on another machine" in str(told.value)
    assert told.value.hint == (
        "set artifacts.url in registry.yaml to a store that everybody reaches"
    )


# --- verifying ----------------------------------------------------------------------------------


def test_damage_in_the_store_is_told_file_by_file(ground: Ground, folder: Path) -> None:
    bob = ground.by("bob")
    bob.create_version("fraud", folder=folder)
    (folder / "c").write_bytes(b"c")
    bob.create_version("fraud", folder=folder)
    store = ground.path.parent / "registry.artifacts"

    def damaged(digest: str) -> Path:
        path = store / object_path(digest)
        path.chmod(0o644)
        return path

    damaged(digest_of(b"one")).write_bytes(b"onx")
    damaged(digest_of(b"c")).write_bytes(b"")
    damaged(digest_of(content(1))).unlink()
    first, second = bob.artifacts.verify(bob.versions("fraud"))
    assert [str(one) for one in first.damage] == [
        f"a.txt: its bytes have the digest {digest_of(b'onx')}",
        f"deep/b.bin: {store} lacks {digest_of(content(1))}",
    ]
    assert [str(one) for one in second.damage] == [
        f"a.txt: its bytes have the digest {digest_of(b'onx')}",
        "c: 0 bytes are there, 1 are pinned",
        f"deep/b.bin: {store} lacks {digest_of(content(1))}",
    ]
    pinned = bob.version("fraud/1").artifact
    assert pinned is not None
    damaged(pinned.digest).write_bytes(b"{}")
    [first] = bob.artifacts.verify([bob.version("fraud/1")])
    [told] = first.damage
    assert str(told).startswith("the list of files has other bytes: ")


# --- collecting ---------------------------------------------------------------------------------


def test_only_what_no_version_ever_pinned_is_collected(ground: Ground, folder: Path) -> None:
    now(ground)
    root = ground.by("root")
    root.create_version("fraud", folder=folder)
    (folder / "a.txt").write_bytes(b"two")
    root.create_version("fraud", folder=folder)
    root.delete_version("fraud/2")
    pinned = objects(ground)
    (folder / "a.txt").write_bytes(b"three")
    lost = root.artifacts.prepare(folder)
    lost.put()
    aged(ground, 20)
    unpinned = {digest_of(b"three"), lost.artifact.digest}
    tried = root.artifacts.collect()
    assert {one.name for one in tried.gone} == unpinned
    assert (tried.size, tried.kept) == (sum(one.size for one in tried.gone), 5)
    assert objects(ground) == pinned | unpinned
    (ground.path.parent / "registry.artifacts/incoming/left").touch()
    os.utime(ground.path.parent / "registry.artifacts/incoming/left", (0, 0))
    done = root.artifacts.collect(dry_run=False)
    assert done.gone == tried.gone
    assert objects(ground) == pinned
    assert root.artifacts.store.notes("incoming") == []
    assert root.artifacts.collect(dry_run=False).gone == ()


def test_what_is_young_is_kept(ground: Ground, folder: Path) -> None:
    now(ground)
    root = ground.by("root")
    root.artifacts.prepare(folder).put()
    aged(ground, 13)
    assert root.artifacts.collect(dry_run=False).gone == ()
    assert len(root.artifacts.collect(grace=12 * DAY).gone) == 3
    aged(ground, 2)
    assert len(root.artifacts.collect(dry_run=False).gone) == 3
    assert objects(ground) == set()


def test_an_upload_whose_commit_has_not_landed_is_safe(ground: Ground, folder: Path) -> None:
    """It found its objects in the store, old and pinned by nobody; they count as new from then."""
    now(ground)
    root = ground.by("root")
    root.artifacts.prepare(folder).put()
    aged(ground, 100)
    again = root.artifacts.prepare(folder)
    again.put()
    assert root.artifacts.collect(dry_run=False).gone == ()
    assert len(objects(ground)) == 3
    aged(ground, 15)
    assert len(root.artifacts.collect(dry_run=False).gone) == 3
    assert root.artifacts.store.notes("uploads") == []


def test_a_version_in_an_open_request_or_on_a_branch_keeps_its_files(
    ground: Ground, folder: Path
) -> None:
    now(ground)
    root = ground.by("root")
    root.create_version("fraud", folder=folder)
    ground.by("bob").request_transition("fraud/1", "Staging")
    (folder / "a.txt").write_bytes(b"two")
    side = root.create_version("fraud", folder=folder)
    git(ground.path, "branch", "root/side", side.commit)
    git(ground.path, "update-ref", "refs/heads/main", f"{side.commit}~1")
    aged(ground, 100)
    root = ground.by("root")
    assert root.versions("fraud")[-1].ref.number == 1
    assert root.artifacts.collect(dry_run=False).gone == ()
    git(ground.path, "branch", "-D", "root/side")
    gone = {one.name for one in root.artifacts.collect(dry_run=False).gone}
    assert digest_of(b"two") in gone
    assert len(gone) == 2


def test_nothing_is_collected_while_a_list_of_files_is_missing_or_damaged(
    ground: Ground, folder: Path
) -> None:
    now(ground)
    root = ground.by("root")
    root.create_version("fraud", folder=folder)
    pinned = root.version("fraud/1").artifact
    assert pinned is not None
    path = ground.path.parent / "registry.artifacts" / object_path(pinned.digest)
    raw = path.read_bytes()
    path.chmod(0o644)
    for wrong in (raw.replace(b"a.txt", b"b.txt"), None):
        path.write_bytes(wrong) if wrong else path.unlink()
        with pytest.raises(CorruptError) as told:
            root.artifacts.collect(grace=0, dry_run=False)
        assert pinned.digest in str(told.value)
        assert told.value.hint == "gitreg verify --all tells which versions it concerns"
    assert len(objects(ground)) == 2


def test_a_digest_in_any_text_keeps_what_it_names(ground: Ground, folder: Path) -> None:
    now(ground)
    root = ground.by("root")
    prepared = root.artifacts.prepare(folder)
    prepared.put()
    root.create_version("fraud", source="x", description=f"see {prepared.artifact.digest}")
    root.create_version("fraud", source="x", description=f"and {digest_of(b'nothing there')}")
    aged(ground, 100)
    assert root.artifacts.collect(dry_run=False).gone == ()


def test_a_store_that_two_registries_use_is_not_collected(ground: Ground, folder: Path) -> None:
    now(ground)
    root = ground.by("root")
    root.create_version("fraud", folder=folder)
    root.artifacts.store.write_note(f"registries/{'4f' * 20}", b"")
    with pytest.raises(ConflictError) as told:
        root.artifacts.collect()
    assert "another registry keeps files in" in str(told.value)
    assert told.value.hint.endswith(f"delete registries/{'4f' * 20} in it")


# --- locking ------------------------------------------------------------------------------------


@pytest.fixture
def serving(ground: Ground, folder: Path) -> gitreg.Registry:
    """Give a registry whose fraud/1 is in Production."""
    root = ground.by("root")
    root.create_version("fraud", folder=folder)
    root.transition("fraud/1", "Production")
    root.set_alias("fraud/1", "champion")
    return root


def test_a_lock_is_a_file_that_reads_back(serving: gitreg.Registry) -> None:
    lock = serving.artifacts.lock(["fraud/Production", "models:/fraud@champion", "fraud/1"])
    assert Lock.parse(str(lock)) == Lock(lock.commit, tuple(sorted(lock.models, key=str_of)))
    assert [one.folder for one in lock.models] == [
        "fraud/Production",
        "fraud@champion",
        "fraud/1",
    ]
    assert lock.commit == serving.tip


def str_of(one: object) -> str:
    return getattr(one, "reference", "")


def test_a_folder_of_a_lock_never_leaves_the_destination(serving: gitreg.Registry) -> None:
    text = str(serving.artifacts.lock(["fraud/Production"]))
    for reference in ("fraud/../../evil", "../../evil", "fraud/..", "/etc/passwd", "fraud/"):
        [locked] = Lock.parse(text.replace("fraud/Production", reference)).models
        parts = Path(locked.folder).parts
        assert ".." not in parts
        assert parts[0].startswith("fraud")
        assert len(parts) <= 2
    assert encode("..") == "%2E%2E"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace("gitreg/v1", "gitreg/v2"),
        lambda text: text.replace('"commit": "', '"commit": "x'),
        lambda text: text.replace("sha256:", "md5:"),
        lambda text: text.replace('"fraud/1"', '"fraud"'),
        lambda text: text.replace('"digest"', '"digests"'),
        lambda text: text.replace('"size": ', '"size": "x", "other": '),
    ],
)
def test_what_is_no_lock_is_refused(serving: gitreg.Registry, change: object) -> None:
    text = str(serving.artifacts.lock(["fraud/Production"]))
    assert callable(change)
    with pytest.raises(InvalidValueError):
        Lock.parse(change(text))


def test_two_references_with_one_folder_are_refused(serving: gitreg.Registry) -> None:
    with pytest.raises(InvalidValueError, match="two of the references would get the same folder"):
        serving.artifacts.lock(["fraud/1", "models:/fraud/1"])


def test_sync_gets_what_was_locked_and_replaces_what_it_wrote(
    serving: gitreg.Registry, folder: Path, tmp_path: Path
) -> None:
    top = tmp_path / "serving"
    lock = serving.artifacts.lock(["fraud/Production"])
    (folder / "a.txt").write_bytes(b"two")
    serving.create_version("fraud", folder=folder)
    serving.transition("fraud/2", "Production")
    [done] = serving.artifacts.sync(lock, top)
    assert (str(done.locked.version), done.unchanged) == ("fraud/1", False)
    assert tree(top / "fraud/Production") == FILES
    [again] = serving.artifacts.sync(lock, top)
    assert again.unchanged
    newer = serving.artifacts.lock(["fraud/Production"])
    [done] = serving.artifacts.sync(newer, top)
    assert (done.unchanged, tree(done.folder)["a.txt"]) == (False, b"two")
    assert sorted(path.name for path in (top / "fraud").iterdir()) == ["Production"]
    [back] = serving.artifacts.sync(lock, top, offline=True)
    assert (back.unchanged, tree(back.folder)) == (False, FILES)


@pytest.mark.parametrize("harm", ["edit", "add", "remove"])
def test_sync_mends_what_was_changed(serving: gitreg.Registry, tmp_path: Path, harm: str) -> None:
    lock = serving.artifacts.lock(["fraud/Production"])
    [done] = serving.artifacts.sync(lock, tmp_path / "serving")
    file = done.folder / "a.txt"
    if harm == "add":
        (done.folder / "more").touch()
    else:
        file.unlink()
    if harm == "edit":
        file.write_bytes(b"onx")
    [done] = serving.artifacts.sync(lock, tmp_path / "serving")
    assert not done.unchanged
    assert tree(done.folder) == FILES


def test_sync_leaves_other_peoples_folders_alone(serving: gitreg.Registry, tmp_path: Path) -> None:
    lock = serving.artifacts.lock(["fraud/Production"])
    model(tmp_path / "serving/fraud/Production", mine=b"x")
    with pytest.raises(AlreadyExistsError) as told:
        serving.artifacts.sync(lock, tmp_path / "serving")
    assert str(told.value).endswith("holds other files, and sync did not write them")
    assert tree(tmp_path / "serving") == {"fraud/Production/mine": b"x"}


def test_a_lock_that_the_registry_does_not_bear_out_is_refused(
    serving: gitreg.Registry, tmp_path: Path
) -> None:
    text = str(serving.artifacts.lock(["fraud/Production"]))
    pinned = serving.version("fraud/1").artifact
    assert pinned is not None
    false = Lock.parse(text.replace(pinned.digest, digest_of(b"one")))
    with pytest.raises(InvalidValueError) as told:
        serving.artifacts.sync(false, tmp_path / "serving")
    assert str(told.value).startswith("the lock says that fraud/1 pins sha256:")
