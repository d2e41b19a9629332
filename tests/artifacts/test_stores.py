"""What every store does alike, and what goes wrong with each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from artifacts.places import content, digest_of, flaky

from gitreg.artifacts.store import Store, object_digest, object_path, open_store, told_url
from gitreg.errors import CorruptError, InvalidValueError, NotFoundError, UnavailableError

ONE, TWO = content(1), content(2, 20 << 20)


def read(store: Store, digest: str, start: int = 0) -> bytes:
    return b"".join(map(bytes, store.chunks(digest, start)))


def test_an_object_is_put_once_and_read_from_anywhere(store: Store) -> None:
    digest = digest_of(ONE)
    assert store.size(digest) is None
    store.put(digest, [ONE[:400], ONE[400:]])
    store.put(digest, [ONE])
    store.flush()
    assert store.size(digest) == 1000
    assert (read(store, digest), read(store, digest, 990)) == (ONE, ONE[990:])
    [about] = store.objects()
    assert (about.name, about.size) == (digest, 1000)
    assert about.modified > 1_700_000_000
    assert store.notes("incoming") == []


def test_an_empty_object_is_an_object(store: Store) -> None:
    store.put(digest_of(b""), [])
    assert (store.size(digest_of(b"")), read(store, digest_of(b""))) == (0, b"")


def test_a_large_object_goes_in_parts(store: Store) -> None:
    digest = digest_of(TWO)
    store.put(digest, (TWO[at : at + (1 << 20)] for at in range(0, len(TWO), 1 << 20)))
    assert store.size(digest) == len(TWO)
    assert digest_of(read(store, digest)) == digest
    assert read(store, digest, len(TWO) - 5) == TWO[-5:]


@pytest.mark.parametrize("size", [1000, 20 << 20])
def test_other_bytes_than_named_are_never_there(store: Store, size: int) -> None:
    wanted, other = digest_of(content(3, size)), content(4, size)
    with pytest.raises(CorruptError, match=f"its bytes have the digest {digest_of(other)}, not "):
        store.put(wanted, [other])
    assert store.size(wanted) is None
    assert [*store.objects(), *store.notes("incoming")] == []


@pytest.mark.parametrize("size", [1000, 20 << 20])
def test_an_upload_that_breaks_off_leaves_nothing(store: Store, size: int) -> None:
    whole = content(5, size)

    def broken() -> "object":
        yield whole[: size - 1]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put(digest_of(whole), broken())  # type: ignore[arg-type]  # a generator of bytes
    assert [*store.objects(), *store.notes("incoming")] == []
    store.put(digest_of(whole), [whole])
    assert read(store, digest_of(whole)) == whole


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError) as found:
        read(store, digest_of(b"nothing"))
    assert str(found.value) == f"{store.url} lacks {digest_of(b'nothing')}"


def test_objects_are_deleted(store: Store) -> None:
    store.put(digest_of(ONE), [ONE])
    store.delete(digest_of(ONE))
    store.delete(digest_of(ONE))
    assert [*store.objects()] == []


def test_notes_are_small_files(store: Store) -> None:
    assert (store.notes("uploads"), store.read_note("uploads/a")) == ([], b"")
    store.write_note("uploads/a", b"text")
    [note] = store.notes("uploads")
    assert (note.name, note.size, store.read_note("uploads/a")) == ("uploads/a", 4, b"text")
    store.delete_note("uploads/a")
    store.delete_note("uploads/a")
    assert store.notes("uploads") == []
    assert [*store.objects()] == []


def test_a_path_is_an_objects_or_not() -> None:
    digest = digest_of(ONE)
    assert object_digest(f"some/where/{object_path(digest)}") == digest
    assert object_digest("sha256/ab/" + "cd" * 32) is None
    assert object_digest("sha256/x") is None


# --- a folder -----------------------------------------------------------------------------------


def test_objects_in_a_folder_are_read_only_and_where_the_design_says(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/store")
    digest = digest_of(ONE)
    store.put(digest, [ONE])
    path = tmp_path / "store/sha256" / digest[7:9] / digest[7:]
    assert path.read_bytes() == ONE
    assert path.stat().st_mode & 0o777 == 0o444
    inode = path.stat().st_ino
    store.put(digest, [ONE])
    assert path.stat().st_ino == inode


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = open_store(str(tmp_path / "file/store"))
    for fails in (
        lambda: store.put(digest_of(ONE), [ONE]),
        lambda: store.size(digest_of(ONE)),
        lambda: read(store, digest_of(ONE)),
        lambda: store.delete(digest_of(ONE)),
        lambda: store.read_note("a/b"),
        lambda: store.write_note("a/b", b""),
    ):
        with pytest.raises(UnavailableError) as told:
            fails()
        assert str(told.value) == (
            f"the store {tmp_path}/file/store cannot be used: Not a directory"
        )
    assert [*store.objects()] == []
    store.flush()


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys\n"
        "from gitreg.artifacts.store import open_store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    open_store(sys.argv[1]).put(sys.argv[2], [bytes(50_000)] * 3)\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    digest = digest_of(bytes(150_000))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store"), digest],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        f"UnavailableError the store {tmp_path}/store cannot be used: File too large\n"
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- URLs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("relative/path", "artifacts.url 'relative/path' is no URL and no absolute path"),
        ("nothing://x", "nothing://x is nothing that fsspec knows: Protocol not known: nothing"),
        (
            "ftp://me:secret@host/x",
            "artifacts.url ftp://***@host/x holds a password, which everybody who reads it learns",
        ),
    ],
)
def test_what_is_no_store_is_refused(url: str, reason: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        open_store(url)
    assert str(refused.value) == reason


def test_a_kind_whose_package_is_missing_is_told() -> None:
    with pytest.raises(UnavailableError) as told:
        open_store("gs://bucket/x")
    assert str(told.value) == "gs://bucket/x needs a package that is missing"
    assert "gcsfs" in told.value.hint


def test_passwords_are_not_told() -> None:
    assert told_url("ftp://me:secret@host/x") == "ftp://***@host/x"
    assert told_url("s3://bucket/x") == "s3://bucket/x"


@pytest.mark.parametrize("calls", range(6))
def test_a_store_that_fails_half_way_is_told_and_can_be_used_again(calls: int) -> None:
    with flaky() as system:
        store = open_store("flaky://x")
        system.left = calls
        try:
            store.put(digest_of(ONE), [ONE])
        except UnavailableError as error:
            assert str(error) == "the store flaky://x cannot be used: the line is dead"
            system.left = None
            assert [*store.objects()] == []
            store.put(digest_of(ONE), [ONE])
        system.left = None
        assert read(store, digest_of(ONE)) == ONE
        assert store.notes("incoming") == []


def test_a_store_that_refuses_points_at_credentials() -> None:
    with flaky() as system:
        store = open_store("flaky://x")
        system.left, system.error = 0, PermissionError
        with pytest.raises(UnavailableError) as told:
            store.size(digest_of(ONE))
        assert str(told.value) == "the store flaky://x refuses: the line is dead"
        assert told.value.hint == "look at the credentials that fsspec finds"


def test_a_bucket_that_is_not_there_is_told(s3: object) -> None:
    store = open_store("s3://nowhere/x")
    with pytest.raises(UnavailableError) as told:
        store.put(digest_of(ONE), [ONE])
    assert str(told.value).startswith("the store s3://nowhere/x cannot be used: ")
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in str(told.value).replace("test", "")
