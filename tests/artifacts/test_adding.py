"""Putting the files of a model into a store, also when it breaks off in the middle."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from artifacts.places import S3Server, content, digest_of, flaky, model

from gitreg.artifacts.adding import UPLOADS, add_files, add_folder
from gitreg.artifacts.folder import hash_folder
from gitreg.artifacts.manifest import ArtifactManifest, PinnedFile, read_manifest
from gitreg.artifacts.progress import Advance
from gitreg.artifacts.store import Store, open_store
from gitreg.errors import ConflictError, CorruptError, UnavailableError

FILES = {f"f{at}.bin": content(at) for at in range(20)} | {"sub/same": content(3)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return model(tmp_path / "model", **FILES)


class Counted:
    """A store that counts what is put into it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.put_there: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def put(self, digest: str, chunks: Iterator[bytes]) -> None:
        self.put_there.append(digest)
        self._store.put(digest, chunks)


def test_a_folder_is_put_and_its_manifest_last(folder: Path, store: Store) -> None:
    hashed = hash_folder(folder)
    counted = Counted(store)
    artifact = add_folder(counted, hashed)  # type: ignore[arg-type]  # a store but for its type
    assert artifact == hashed.manifest.artifact
    assert counted.put_there[-1] == artifact.digest
    assert len(counted.put_there) == len(set(counted.put_there)) == 21
    raw = b"".join(map(bytes, store.chunks(artifact.digest)))
    assert read_manifest(raw, artifact) == hashed.manifest
    assert {one.name for one in store.objects()} == set(counted.put_there)
    assert store.notes(UPLOADS) == []


def test_what_is_there_is_not_put_again_but_counted_on(folder: Path, store: Store) -> None:
    first = add_folder(store, hash_folder(folder))
    (folder / "f0.bin").write_bytes(content(99))
    counted = Counted(store)
    second = add_folder(counted, hash_folder(folder))  # type: ignore[arg-type]  # as above
    assert counted.put_there == [digest_of(content(99)), second.digest]
    [note] = store.notes(UPLOADS)
    old = {digest_of(content(at)) for at in range(1, 20)}
    assert set(store.read_note(note.name).decode().split()) == old
    assert add_folder(store, hash_folder(folder)) == second != first


@pytest.mark.parametrize("calls", [0, 1, 5, 25, 45, 60, 80, 99])
def test_an_upload_that_fails_half_way_goes_on_where_it_stopped(folder: Path, calls: int) -> None:
    with flaky() as system:
        store = open_store("flaky://x")
        hashed = hash_folder(folder)
        system.left = calls
        with pytest.raises(UnavailableError) as told:
            add_folder(store, hashed)
        assert str(told.value) == "the store flaky://x cannot be used: the line is dead"
        system.left = None
        there = {one.name for one in store.objects()}
        assert hashed.manifest.artifact.digest not in there
        counted = Counted(store)
        add_folder(counted, hashed)  # type: ignore[arg-type]  # as above
        assert not there.intersection(counted.put_there)
        assert {one.name for one in store.objects()} == there.union(counted.put_there)


def test_a_file_that_changed_since_it_was_hashed_is_told(folder: Path, store: Store) -> None:
    hashed = hash_folder(folder)
    (folder / "f7.bin").write_bytes(content(77))
    with pytest.raises(ConflictError) as told:
        add_folder(store, hashed)
    assert str(told.value).startswith(
        f"f7.bin is not what it was when it was hashed: its bytes have the digest "
        f"{digest_of(content(77))}"
    )
    assert store.size(hashed.manifest.artifact.digest) is None


def test_a_truncated_object_in_the_store_is_told(folder: Path, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    hashed = hash_folder(folder)
    add_folder(store, hashed)
    digest = digest_of(content(5))
    path = tmp_path / "store/sha256" / digest[7:9] / digest[7:]
    os.truncate(path, 10)
    with pytest.raises(CorruptError) as told:
        add_folder(store, hashed)
    assert str(told.value) == f"f5.bin: the store {store.url} holds 10 bytes of 1000 as {digest}"
    path.unlink()
    add_folder(store, hashed)
    assert path.read_bytes() == content(5)


def test_s3_killed_in_the_middle_of_an_upload_leaves_no_half_object(tmp_path: Path) -> None:
    """Its memory goes with it, so what is tried is the error, and that the retry does all of it."""
    server = S3Server()
    with server.used():
        server.make("models")
        store = open_store("s3://models/killed")
        files = {digest_of(content(at)): content(at) for at in range(30)}
        pins = [
            PinnedFile(f"f{at:02}", digest, len(data))
            for at, (digest, data) in enumerate(files.items())
        ]
        manifest = ArtifactManifest.of(pins)

        def content_of(file: PinnedFile, _advance: Advance) -> list[bytes]:
            if file.path == "f20":
                server.kill()
            return [files[file.digest]]

        with pytest.raises(UnavailableError) as told:
            add_files(store, manifest, content_of)
        assert str(told.value).startswith("the store s3://models/killed cannot be used: ")
        server.start()
        server.make("models")
        assert [*store.objects()] == []
        artifact = add_files(store, manifest, lambda file, _: [files[file.digest]])
        assert len([*store.objects()]) == 31
        assert store.size(artifact.digest) == len(manifest.raw)
