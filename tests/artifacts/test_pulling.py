"""Getting the files of a version: verified, all or none, and going on where a try stopped."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from artifacts.places import S3Server, content, digest_of, flaky, model, tree

from gitreg.artifacts import pulling
from gitreg.artifacts.adding import add_folder, add_manifest
from gitreg.artifacts.cache import Cache
from gitreg.artifacts.folder import hash_folder
from gitreg.artifacts.manifest import ArtifactManifest, PinnedFile
from gitreg.artifacts.origin import Origin
from gitreg.artifacts.pulling import Supply, pull
from gitreg.artifacts.store import Store, object_path, open_store
from gitreg.domain.model import Artifact
from gitreg.errors import AlreadyExistsError, CorruptError, GitregError, UnavailableError

FILES = {"a.txt": b"one", "empty": b"", "deep/er/b.bin": content(1, 3 << 20), "deep/same": b"one"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return model(tmp_path / "model", **FILES)


@pytest.fixture
def artifact(folder: Path, store: Store) -> Artifact:
    return add_folder(store, hash_folder(folder))


@pytest.fixture
def beside(folder: Path, tmp_path: Path, cache: Cache) -> tuple[Supply, Artifact]:
    """Give a folder store with a model in it."""
    store = open_store(str(tmp_path / "store"))
    return Supply(cache, store), add_folder(store, hash_folder(folder))


def stored(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "store" / object_path(digest_of(data))
    path.chmod(0o644)
    return path


def nothing_left(folder: Path) -> bool:
    """Tell whether nothing of a pull is there, whole or half."""
    return not folder.exists() and not list(folder.parent.glob(f".{folder.name}*"))


def test_what_was_put_comes_back(
    artifact: Artifact, store: Store, cache: Cache, tmp_path: Path
) -> None:
    manifest = pull(Supply(cache, store), artifact, tmp_path / "out")
    assert tree(tmp_path / "out") == FILES
    assert [one.path for one in manifest.files] == sorted(FILES)
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_files_share_the_caches_bytes_and_are_read_only(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    pull(supply, artifact, tmp_path / "out")
    file = tmp_path / "out/a.txt"
    assert file.samefile(supply.cache.path(digest_of(b"one")))
    assert file.stat().st_mode & 0o777 == 0o444
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o777 & ~current_umask()


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_copies_can_be_written_and_the_cache_stays(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    pull(supply, artifact, tmp_path / "out", copy=True)
    (tmp_path / "out/a.txt").write_bytes(b"mine")
    assert supply.cache.path(digest_of(b"one")).read_bytes() == b"one"
    assert (tmp_path / "out/deep/same").read_bytes() == b"one"
    assert tree(tmp_path / "out") == FILES | {"a.txt": b"mine"}


def test_another_file_system_gets_copies(
    beside: tuple[Supply, Artifact], tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path_factory.getbasetemp().stat().st_dev:
        pytest.skip("there is no other file system")
    supply, artifact = beside
    top = Path(f"{other}/gitreg-{os.getpid()}")
    try:
        pull(supply, artifact, top / "out")
        assert tree(top / "out") == FILES
        assert (top / "out/a.txt").stat().st_mode & 0o777 == 0o444
    finally:
        subprocess.run(["rm", "-rf", str(top)], check=True)


def test_too_many_links_become_copies(
    beside: tuple[Supply, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: str, _target: str) -> None:
        raise OSError(errno.EMLINK, "Too many links")

    monkeypatch.setattr(os, "link", full)
    supply, artifact = beside
    pull(supply, artifact, tmp_path / "out")
    assert tree(tmp_path / "out") == FILES
    assert not (tmp_path / "out/a.txt").samefile(supply.cache.path(digest_of(b"one")))


@pytest.mark.parametrize("wrong", [b"onx", b"on", b"", b"ones"])
def test_a_wrong_byte_in_the_store_names_the_file_and_leaves_nothing(
    beside: tuple[Supply, Artifact], tmp_path: Path, wrong: bytes
) -> None:
    supply, artifact = beside
    stored(tmp_path, b"one").write_bytes(wrong)
    with pytest.raises(CorruptError) as told:
        pull(supply, artifact, tmp_path / "out")
    assert str(told.value).startswith(f"a.txt ({digest_of(b'one')}) is not what the version pins: ")
    assert str(tmp_path / "store") in told.value.hint
    assert nothing_left(tmp_path / "out")
    stored(tmp_path, b"one").write_bytes(b"one")
    pull(supply, artifact, tmp_path / "out")
    assert tree(tmp_path / "out") == FILES


def test_an_object_that_is_gone_names_the_file(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    stored(tmp_path, FILES["deep/er/b.bin"]).unlink()
    with pytest.raises(CorruptError) as told:
        pull(supply, artifact, tmp_path / "out")
    name = digest_of(FILES["deep/er/b.bin"])
    assert str(told.value) == (
        f"deep/er/b.bin ({name}) is not what the version pins: {tmp_path}/store lacks {name}"
    )
    assert nothing_left(tmp_path / "out")


def test_a_manifest_that_is_gone_or_changed_is_told(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    path = tmp_path / "store" / object_path(artifact.digest)
    raw = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(raw.replace(b"a.txt", b"b.txt"))
    with pytest.raises(CorruptError, match="the list of files has other bytes: sha256:"):
        pull(supply, artifact, tmp_path / "out")
    path.unlink()
    with pytest.raises(CorruptError) as told:
        pull(supply, artifact, tmp_path / "out")
    assert str(told.value) == (
        f"the list of files of this version is gone: {tmp_path}/store lacks {artifact.digest}"
    )
    assert nothing_left(tmp_path / "out")


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", "sub\\..\\evil"])
def test_a_pinned_manifest_that_would_leave_the_folder_is_refused(
    cache: Cache, store: Store, tmp_path: Path, path: str
) -> None:
    good = ArtifactManifest.of([PinnedFile("nice", digest_of(b"one"), 3)])
    raw = good.raw.replace(b'"nice"', f'"{path}"'.replace("\\", "\\\\").encode())
    artifact = Artifact(digest_of(raw), 3, 1)
    store.put(digest_of(b"one"), [b"one"])
    store.put(artifact.digest, [raw])
    with pytest.raises(CorruptError, match=r"is not valid: '.*' cannot be a file of a model"):
        pull(Supply(cache, store), artifact, tmp_path / "in/out")
    assert not (tmp_path / "in").exists()
    assert not (tmp_path / "evil").exists()


def test_a_folder_that_holds_something_is_left_alone(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    model(tmp_path / "out", mine=b"x")
    with pytest.raises(AlreadyExistsError) as told:
        pull(supply, artifact, tmp_path / "out")
    assert str(told.value) == f"{tmp_path}/out holds something already"
    (tmp_path / "link").symlink_to(tmp_path / "out")
    for name in ("link", "out/mine"):
        with pytest.raises(AlreadyExistsError, match="is there, and no folder"):
            pull(supply, artifact, tmp_path / name)
    assert tree(tmp_path / "out") == {"mine": b"x"}
    (tmp_path / "empty").mkdir()
    pull(supply, artifact, tmp_path / "empty")
    assert tree(tmp_path / "empty") == FILES


def test_offline_uses_the_cache_alone(beside: tuple[Supply, Artifact], tmp_path: Path) -> None:
    supply, artifact = beside
    alone = Supply(supply.cache, None)
    with pytest.raises(UnavailableError) as told:
        pull(alone, artifact, tmp_path / "out")
    assert str(told.value) == f"the cache has no list of files {artifact.digest}"
    supply.manifest(artifact)
    with pytest.raises(UnavailableError) as told:
        pull(alone, artifact, tmp_path / "out")
    assert str(told.value) == "the cache lacks 3 of 3 files; the first is a.txt"
    pull(supply, artifact, tmp_path / "out")
    pull(alone, artifact, tmp_path / "again")
    assert tree(tmp_path / "again") == FILES


def test_a_changed_cache_is_fetched_anew_and_one_with_its_mtime_kept_by_verify(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    pull(supply, artifact, tmp_path / "out")
    file = tmp_path / "out/a.txt"
    supply.cache.__exit__()

    def again(name: str, *, always_hash: bool = False) -> dict[str, bytes]:
        with Cache(supply.cache.folder, now=1) as cache:
            pull(Supply(cache, supply.store), artifact, tmp_path / name, always_hash=always_hash)
        return tree(tmp_path / name)

    file.chmod(0o644)
    file.write_bytes(b"edited by a careless hand")
    assert again("two") == FILES
    file = tmp_path / "two/a.txt"
    about = file.stat()
    file.chmod(0o644)
    file.write_bytes(b"onx")
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert again("three")["a.txt"] == b"onx"
    assert again("four", always_hash=True) == FILES


@pytest.mark.parametrize("calls", [*range(12), 14, 16])
def test_a_pull_that_breaks_off_goes_on_where_it_stopped(
    folder: Path, cache: Cache, tmp_path: Path, calls: int
) -> None:
    with flaky() as system:
        store = open_store("flaky://x")
        artifact = add_folder(store, hash_folder(folder))
        system.left = calls
        try:
            pull(Supply(cache, store), artifact, tmp_path / "out")
        except UnavailableError as error:
            assert str(error) == "the store flaky://x cannot be used: the line is dead"
            assert nothing_left(tmp_path / "out")
            system.left = None
            pull(Supply(cache, store), artifact, tmp_path / "out")
        assert tree(tmp_path / "out") == FILES


def test_s3_killed_in_the_middle_is_told_and_the_retry_goes_on(
    cache: Cache, tmp_path: Path
) -> None:
    server = S3Server()
    big = {f"big{at}": content(at, 17 << 20) for at in range(2)}
    folder = model(tmp_path / "model", **big)
    with server.used():
        server.make("models")
        store = open_store("s3://models/pulled")
        artifact = add_folder(store, hash_folder(folder))
        killer = Killer(server)
        with pytest.raises(UnavailableError) as told:
            pull(Supply(cache, store), artifact, tmp_path / "out", progress=killer)
        assert str(told.value).startswith("the store s3://models/pulled cannot be used: ")
        assert nothing_left(tmp_path / "out")
        parts = [path.stat().st_size for path in (cache.folder / "partial").iterdir()]
        assert max(parts) >= 8 << 20
        server.start()
        server.make("models")
        add_folder(store, hash_folder(folder))
        again = Killer(None)
        pull(Supply(cache, store), artifact, tmp_path / "out", progress=again)
        assert tree(tmp_path / "out") == big
        assert again.largest == max(parts)


class Killer:
    """Kills a server when the first bytes of a file are there; notes the largest step."""

    def __init__(self, server: S3Server | None) -> None:
        self.server = server
        self.largest = 0

    def start(self, what: str, total: int) -> None:
        """Take no notice."""

    def advance(self, count: int) -> None:
        self.largest = max(self.largest, count)
        if count and self.server is not None:
            self.server.kill()
            self.server = None


def test_a_full_disk_names_the_cache_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    artifact = add_folder(store, hash_folder(folder))
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from gitreg.artifacts.cache import Cache\n"
        "from gitreg.artifacts.pulling import Supply, pull\n"
        "from gitreg.artifacts.store import open_store\n"
        "from gitreg.domain.model import Artifact\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "top, digest, size, files = sys.argv[1:]\n"
        "artifact = Artifact(digest, int(size), int(files))\n"
        "try:\n"
        "    with Cache(Path(top, 'cache'), now=1) as cache:\n"
        "        pull(Supply(cache, open_store(f'{top}/store')), artifact, Path(top, 'out'))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    words = [str(tmp_path), artifact.digest, str(artifact.size), str(artifact.files)]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        f"UnavailableError the cache {tmp_path}/cache cannot be used: File too large\n"
    )
    assert nothing_left(tmp_path / "out")
    with Cache(tmp_path / "cache", now=1) as cache:
        pull(Supply(cache, store), artifact, tmp_path / "out")
    assert tree(tmp_path / "out") == FILES


def test_what_a_killed_pull_left_is_removed_and_what_a_living_one_has_is_not(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    dead = model(tmp_path / ".out.gitreg-dead", x=b"x")
    living = model(tmp_path / ".out.gitreg-living", x=b"x")
    descriptor = os.open(living, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        pull(supply, artifact, tmp_path / "out")
    finally:
        os.close(descriptor)
    assert (dead.exists(), living.exists()) == (False, True)


def test_a_folder_that_cannot_be_written_is_told(
    beside: tuple[Supply, Artifact], tmp_path: Path
) -> None:
    supply, artifact = beside
    with pytest.raises(GitregError) as told:
        pull(supply, artifact, Path("/proc/nothing/out"))
    assert str(told.value) == "/proc/nothing cannot be written: No such file or directory"


def test_a_file_that_cannot_be_laid_out_is_named(
    beside: tuple[Supply, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: str, _target: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    supply, artifact = beside
    with pytest.raises(UnavailableError) as told:
        pull(supply, artifact, tmp_path / "out")
    assert str(told.value) == f"{tmp_path}/out/a.txt cannot be written: No space left on device"
    assert nothing_left(tmp_path / "out")


def test_bytes_cut_short_while_they_are_copied_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    descriptor = os.open(tmp_path / "a", os.O_RDONLY)
    empty = os.open(tmp_path / "b", os.O_RDWR | os.O_CREAT)
    try:
        pulling._copy_bytes(descriptor, empty)
        assert (tmp_path / "b").read_bytes() == b"one"
    finally:
        os.close(descriptor)
        os.close(empty)


# --- files that stay where they are -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "file", "memory", "s3"])
def test_what_is_only_hashed_is_read_from_its_source(
    kind: str, folder: Path, cache: Cache, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = str(folder)
    wanted = FILES
    if kind == "file":
        source, wanted = str(folder / "a.txt"), {"a.txt": b"one"}
    elif kind != "folder":
        if kind == "s3":
            request.getfixturevalue("s3")
        source = {"memory": "memory://ml/1", "s3": "s3://models/ml/1"}[kind]
        place = Origin(source)
        for path, data in FILES.items():
            place._system.pipe_file(f"{place._root}/{path}", data)
    store = open_store(str(tmp_path / "store"))
    manifest = Origin(source).hashed()
    add_manifest(store, manifest)
    assert [one.name for one in store.objects()] == [manifest.artifact.digest]
    supply = Supply(cache, store, lambda: Origin(source))
    pull(supply, manifest.artifact, tmp_path / "out")
    assert tree(tmp_path / "out") == wanted


def test_a_source_that_changed_is_told(folder: Path, cache: Cache, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    manifest = Origin(f"file://{folder}").hashed()
    add_manifest(store, manifest)
    supply = Supply(cache, store, lambda: Origin(f"file://{folder}"))
    (folder / "a.txt").write_bytes(b"onx")
    with pytest.raises(CorruptError, match=r"a\.txt .* is not what the version pins: its bytes"):
        pull(supply, manifest.artifact, tmp_path / "out")
    (folder / "a.txt").unlink()
    (folder / "deep/same").unlink()
    with pytest.raises(CorruptError) as told:
        pull(supply, manifest.artifact, tmp_path / "out")
    assert str(told.value).endswith(f"there is no a.txt in {folder}")
    assert nothing_left(tmp_path / "out")
