"""The cache: what it believes, what it hashes again, and how it takes up what broke off."""

import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from artifacts.conftest import NOW
from artifacts.places import content, digest_of

from gitreg.artifacts.cache import Cache, Cached
from gitreg.errors import CorruptError, UnavailableError

ONE = content(1, 5000)
NAME = digest_of(ONE)


def quiet(_count: int) -> None:
    """Take no notice."""


class Source:
    """Gives the bytes of an object, and notes from where on it was asked."""

    def __init__(self, data: bytes, *, breaks: int | None = None) -> None:
        self.data = data
        self.breaks = breaks
        self.asked: list[int] = []

    def __call__(self, start: int) -> Iterator[bytes]:
        self.asked.append(start)
        end = len(self.data) if self.breaks is None else self.breaks
        for at in range(start, end, 1000):
            yield self.data[at : min(at + 1000, end)]
        if self.breaks is not None:
            raise UnavailableError("the line is dead")


def add(cache: Cache, data: bytes = ONE) -> str:
    cache.add(digest_of(data), len(data), Source(data), quiet)
    return digest_of(data)


def reopened(cache: Cache, *, later: int = 0) -> Cache:
    return Cache(cache.folder, now=NOW + later)


def hashes(cache: Cache, *, always_hash: bool = False) -> bool:
    """Tell whether the cache reads the object before it says that it is there."""
    cache.path(NAME).chmod(0o444)
    before = cache.path(NAME).stat().st_atime_ns
    os.utime(cache.path(NAME), ns=(0, cache.path(NAME).stat().st_mtime_ns))
    assert before >= 0
    assert cache.held([NAME], always_hash=always_hash, advance=quiet) == {NAME}
    return cache.path(NAME).stat().st_atime_ns != 0


def test_an_object_comes_once_and_is_read_only(cache: Cache) -> None:
    told: list[int] = []
    cache.add(NAME, len(ONE), Source(ONE), told.append)
    assert sum(told) == len(ONE)
    assert cache.path(NAME).read_bytes() == ONE
    assert cache.path(NAME).stat().st_mode & 0o777 == 0o444
    assert b"".join(map(bytes, cache.chunks(NAME))) == ONE
    assert cache.held([NAME, digest_of(b"x")], advance=quiet) == {NAME}
    assert [*(cache.folder / "partial").iterdir()] == []


@pytest.mark.parametrize("breaks", [0, 1, 2500, 5000])
def test_what_broke_off_is_taken_up_where_it_stopped(cache: Cache, breaks: int) -> None:
    with pytest.raises(UnavailableError):
        cache.add(NAME, len(ONE), Source(ONE, breaks=breaks), quiet)
    assert not cache.path(NAME).exists()
    again = Source(ONE)
    cache.add(NAME, len(ONE), again, quiet)
    assert again.asked == [breaks]
    assert cache.path(NAME).read_bytes() == ONE


def test_a_damaged_part_is_fetched_from_the_start(cache: Cache) -> None:
    part = cache.folder / "partial" / NAME[7:]
    for wrong in (b"x" * 2000, b"x" * 9000):
        part.write_bytes(wrong)
        again = Source(ONE)
        cache.add(NAME, len(ONE), again, quiet)
        assert again.asked == [2000, 0] if len(wrong) == 2000 else [0]
        assert cache.path(NAME).read_bytes() == ONE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ONE[:-1] + b"x", f"its bytes have the digest {digest_of(ONE[:-1] + b'x')}"),
        (ONE[:-1], "it ends 1 bytes too early"),
        (b"", "it ends 5000 bytes too early"),
        (ONE + b"x", "it has more than 5000 bytes to come"),
    ],
)
def test_wrong_bytes_are_not_kept(cache: Cache, data: bytes, reason: str) -> None:
    with pytest.raises(CorruptError) as refused:
        cache.add(NAME, len(ONE), Source(data), quiet)
    assert str(refused.value) == reason
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == [
        *cache.folder.glob("trusted.sqlite*")
    ]


def test_what_somebody_else_fetches_is_fetched_aside(cache: Cache) -> None:
    part = cache.folder / "partial" / NAME[7:]
    with part.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b"theirs")
        other.flush()
        cache.add(NAME, len(ONE), Source(ONE), quiet)
        assert cache.path(NAME).read_bytes() == ONE
        assert part.read_bytes() == b"theirs"
    assert [*(cache.folder / "partial").iterdir()] == [part]


def test_many_fetch_one_object_at_once(cache: Cache) -> None:
    gate, trouble = threading.Barrier(8), []

    def one() -> None:
        gate.wait()
        try:
            cache.add(NAME, len(ONE), Source(ONE), quiet)
        except BaseException as error:  # noqa: BLE001  # told below
            trouble.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    assert cache.path(NAME).read_bytes() == ONE
    assert [*(cache.folder / "partial").iterdir()] == []


def test_what_was_hashed_and_is_as_it_was_is_not_read_again(cache: Cache) -> None:
    add(cache)
    cache.__exit__()
    with reopened(cache) as again:
        assert not hashes(again)
        assert hashes(again, always_hash=True)


def test_an_entry_is_hashed_again_when_its_size_mtime_or_inode_differ(cache: Cache) -> None:
    add(cache)
    cache.__exit__()
    path = cache.path(NAME)
    about = path.stat()
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1))
    with reopened(cache) as again:
        assert hashes(again)
    with reopened(cache) as again:
        assert not hashes(again)
    copy = path.with_name("copy")
    copy.write_bytes(ONE)
    os.utime(copy, ns=(0, path.stat().st_mtime_ns))
    copy.replace(path)
    with reopened(cache) as again:
        assert hashes(again)


@pytest.mark.parametrize("wrong", [b"x" + ONE[1:], ONE[:-1], b""])
def test_a_changed_entry_is_removed(cache: Cache, wrong: bytes) -> None:
    path = cache.path(add(cache))
    cache.__exit__()
    path.chmod(0o644)
    path.write_bytes(wrong)
    with reopened(cache) as again:
        assert again.held([NAME], advance=quiet) == set()
    assert not path.exists()


def test_a_flipped_byte_with_its_mtime_kept_is_found_by_always_hashing(cache: Cache) -> None:
    path = cache.path(add(cache))
    cache.__exit__()
    about = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"x" + ONE[1:])
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    with reopened(cache) as again:
        assert again.held([NAME], advance=quiet) == {NAME}
        assert again.held([NAME], always_hash=True, advance=quiet) == set()
        assert not path.exists()


def test_what_is_no_plain_file_is_not_believed(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"x" + ONE[1:])
    cache.path(NAME).parent.mkdir()
    cache.path(NAME).symlink_to(tmp_path / "elsewhere")
    assert cache.held([NAME], advance=quiet) == set()
    os.mkfifo(cache.path(NAME))
    assert cache.held([NAME], advance=quiet) == set()


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_damaged_memory_is_made_anew(cache: Cache, damage: bytes) -> None:
    add(cache)
    cache.__exit__()
    for path in cache.folder.glob("trusted.sqlite*"):
        path.write_bytes(damage)
    with reopened(cache) as again:
        assert hashes(again)
    with reopened(cache) as again:
        assert not hashes(again)


def test_entries_are_listed_by_last_use_and_pruned(cache: Cache) -> None:
    day = 86_400
    add(cache)
    cache.__exit__()
    with reopened(cache, later=5 * day) as again:
        other = add(again, content(2))
        (again.folder / "partial/old").touch()
        os.utime(again.folder / "partial/old", (NOW, NOW))
    with reopened(cache, later=6 * day) as again:
        assert again.entries() == [
            Cached(other, 1000, NOW + 5 * day),
            Cached(NAME, 5000, NOW),
        ]
        assert [one.digest for one in again.prune(older_than=3 * day, dry_run=True)] == [NAME]
        assert [one.digest for one in again.prune(older_than=3 * day)] == [NAME]
        assert not again.path(NAME).exists()
        assert [*(again.folder / "partial").iterdir()] == []
        assert again.held([other], advance=quiet) == {other}
    with reopened(cache, later=9 * day) as again:
        assert again.prune(older_than=5 * day) == []
        assert [one.digest for one in again.prune()] == [other]
        assert again.entries() == []


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError) as told, Cache(tmp_path / "file/cache", now=NOW):
        pass
    assert str(told.value) == f"the cache {tmp_path}/file/cache cannot be used: Not a directory"
    assert told.value.hint == ("make room (gitreg cache prune), or name another with GITREG_CACHE")
