"""The user's cache of model files: content-addressed, read-only, verified, shared by every pull.

An entry is trusted while size, mtime and inode are those recorded when it was hashed; otherwise it
is hashed again. Nothing else is believed: not the name of a file, and not that it is ours.
"""

import contextlib
import fcntl
import hashlib
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitreg.artifacts.progress import Advance
from gitreg.artifacts.reading import CHUNK, chunks, hash_file
from gitreg.artifacts.store import OBJECTS, object_digest, object_path
from gitreg.errors import ConflictError, CorruptError, InvalidValueError, UnavailableError

READ_ONLY = 0o444
DAY = 86_400
Fetch = Callable[[int], Iterator[bytes | memoryview]]
"""Gives the bytes of an object from a start on."""
_BATCH = 500
"""Rows that one question to SQLite asks for."""
_TABLE = """CREATE TABLE IF NOT EXISTS trusted
(digest TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, inode INTEGER, used INTEGER) WITHOUT ROWID"""


@dataclass(frozen=True, slots=True)
class Cached:
    """An entry of the cache: its digest, its bytes, and when it was last used, in s since 1970."""

    digest: str
    size: int
    used: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an entry was when it was hashed."""

    size: int
    mtime: int
    inode: int

    @classmethod
    def of(cls, about: os.stat_result) -> "_Seen":
        return cls(about.st_size, about.st_mtime_ns, about.st_ino)


class Cache:
    """A cache in a folder; ``now`` is in seconds since 1970. Used as a context manager."""

    def __init__(self, folder: Path, *, now: int) -> None:
        """Use ``folder``, which need not be there yet."""
        self.folder = folder
        self._now = now
        self._guard = threading.Lock()
        self._learnt: dict[str, _Seen] = {}
        self._used: set[str] = set()

    def __enter__(self) -> "Cache":
        try:
            for name in (OBJECTS, "partial"):
                (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            self._database = self._connected()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(sqlite3.Error):  # what is not remembered is hashed again
            rows = [(d, s.size, s.mtime, s.inode, self._now) for d, s in self._learnt.items()]
            with self._database:
                self._database.executemany("REPLACE INTO trusted VALUES (?, ?, ?, ?, ?)", rows)
                self._database.executemany(
                    "UPDATE trusted SET used = ? WHERE digest = ?",
                    [(self._now, digest) for digest in self._used],
                )
        self._database.close()

    def _connected(self) -> sqlite3.Connection:
        path = self.folder / "trusted.sqlite"
        try:
            return _database(path)
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)  # derived: what it knew is hashed again
            return _database(path)

    def path(self, digest: str) -> Path:
        """Give where an object is, if it is there."""
        return self.folder / object_path(digest)

    # --- reading --------------------------------------------------------------------------------

    def held(
        self, digests: Iterable[str], *, always_hash: bool = False, advance: Advance
    ) -> set[str]:
        """Give those objects that are here with the right bytes; wrong ones are removed.

        ``always_hash`` trusts nothing that was recorded.
        """
        wanted = list(digests)
        seen = {} if always_hash else self._recorded(wanted)
        found = {one for one in wanted if self._sound(one, seen.get(one), advance)}
        stale = {one for one in found if seen.get(one, (None, 0))[1] < self._now - DAY}
        self._used |= stale - self._learnt.keys()
        return found

    def _recorded(self, digests: list[str]) -> dict[str, tuple[_Seen, int]]:
        found = {}
        for at in range(0, len(digests), _BATCH):
            some = digests[at : at + _BATCH]
            marks = ",".join("?" * len(some))
            question = f"SELECT * FROM trusted WHERE digest IN ({marks})"  # noqa: S608  # only marks
            for digest, size, mtime, inode, used in self._asked(question, some):
                found[digest] = (_Seen(size, mtime, inode), used)
        return found

    def _asked(
        self, question: str, values: Iterable[str] = ()
    ) -> list[tuple[str, int, int, int, int]]:
        try:
            with self._guard:
                return self._database.execute(question, tuple(values)).fetchall()
        except sqlite3.Error:
            return []  # derived: what it does not tell is hashed again

    def _sound(self, digest: str, seen: tuple[_Seen, int] | None, advance: Advance) -> bool:
        path = self.path(digest)
        try:
            about = os.stat(path, follow_symlinks=False)  # noqa: PTH116  # thousands of them
        except OSError:
            return False
        if seen is not None and seen[0] == _Seen.of(about):
            advance(about.st_size)
            return True
        try:
            found, _ = hash_file(path, str(path), advance)
        except (InvalidValueError, ConflictError):
            found = ""
        if found != digest:
            path.unlink(missing_ok=True)
            return False
        self._learnt[digest] = _Seen.of(about)
        return True

    def chunks(self, digest: str) -> Iterator[memoryview]:
        """Give the bytes of an object that is held."""
        path = self.path(digest)
        return chunks(path, str(path), lambda _: None)

    # --- writing --------------------------------------------------------------------------------

    def add(self, digest: str, size: int, fetch: Fetch, advance: Advance) -> None:
        """Bring an object here, going on where an earlier try stopped; CorruptError if it is wrong.

        What was fetched before something failed is kept for the next try; wrong bytes are not.
        """
        with self._partial(digest) as (descriptor, path):
            seen, start = self._taken_up(descriptor, size)
            advance(start)
            resumed = start > 0
            try:
                self._receive(descriptor, fetch(start), seen, size - start, advance)
                if f"sha256:{seen.hexdigest()}" != digest:
                    raise CorruptError(f"its bytes have the digest sha256:{seen.hexdigest()}")
            except CorruptError:
                path.unlink(missing_ok=True)
                if not resumed:
                    raise
            else:
                self._publish(descriptor, path, digest)
                return
        advance(-start)
        self.add(digest, size, fetch, advance)  # the part that was here may have been what is wrong

    @contextmanager
    def _partial(self, digest: str) -> Iterator[tuple[int, Path]]:
        """Open the part of an object that is here; one of its own if somebody else writes it."""
        path = self.folder / "partial" / digest.removeprefix("sha256:")
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise self._unusable(error) from error
            if _locked(descriptor, path):
                break
            os.close(descriptor)
            path = path.with_name(f"{path.name[:64]}.{uuid.uuid4().hex}")
        try:
            yield descriptor, path
        finally:
            os.close(descriptor)
            if "." in path.name:
                path.unlink(missing_ok=True)

    def _taken_up(self, descriptor: int, size: int) -> tuple["hashlib._Hash", int]:
        """Hash what is here of an object already; nothing of it if it is too long."""
        seen, start = hashlib.sha256(), 0
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, 0)
        while chunk := os.read(descriptor, CHUNK):
            seen.update(chunk)
            start += len(chunk)
        return seen, start

    def _receive(
        self,
        descriptor: int,
        content: Iterator[bytes | memoryview],
        seen: "hashlib._Hash",
        expected: int,
        advance: Advance,
    ) -> None:
        """Write and hash what comes; CorruptError if it is more or less than expected."""
        got = 0
        for chunk in content:
            got += len(chunk)
            if got > expected:
                raise CorruptError(f"it has more than {expected} bytes to come")
            seen.update(chunk)
            rest = memoryview(chunk)
            try:
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            except OSError as error:
                raise self._unusable(error) from error
            advance(len(chunk))
        if got < expected:
            raise CorruptError(f"it ends {expected - got} bytes too early")

    def _publish(self, descriptor: int, path: Path, digest: str) -> None:
        final = self.path(digest)
        try:
            os.fchmod(descriptor, READ_ONLY)
            try:
                os.rename(path, final)  # noqa: PTH104
            except FileNotFoundError:
                final.parent.mkdir(exist_ok=True)
                os.rename(path, final)  # noqa: PTH104
        except OSError as error:
            raise self._unusable(error) from error
        self._learnt[digest] = _Seen.of(os.fstat(descriptor))

    # --- upkeep ---------------------------------------------------------------------------------

    def entries(self) -> list[Cached]:
        """Give every entry, the most recently used first."""
        used = {row[0]: row[4] for row in self._asked("SELECT * FROM trusted")}
        found = []
        for path in (self.folder / OBJECTS).glob("*/*"):
            digest = object_digest(path.as_posix())
            if digest is not None:
                about = path.stat()
                found.append(Cached(digest, about.st_size, used.get(digest, int(about.st_mtime))))
        return sorted(found, key=lambda one: (-one.used, one.digest))

    def prune(self, *, older_than: int = 0, dry_run: bool = False) -> list[Cached]:
        """Remove what was not used for ``older_than`` seconds, and give it; broken-off parts too.

        A pulled folder keeps its files.
        """
        gone = [one for one in self.entries() if one.used <= self._now - older_than]
        if dry_run:
            return gone
        for one in gone:
            self.path(one.digest).unlink(missing_ok=True)
        for path in (self.folder / "partial").iterdir():
            if path.stat().st_mtime <= self._now - older_than:
                path.unlink(missing_ok=True)
        with contextlib.suppress(sqlite3.Error), self._database:
            self._database.executemany(
                "DELETE FROM trusted WHERE digest = ?", [(one.digest,) for one in gone]
            )
        return gone

    def _unusable(self, error: Exception) -> UnavailableError:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return UnavailableError(
            f"the cache {self.folder} cannot be used: {reason}",
            hint="make room (gitreg cache prune), or name another with GITREG_CACHE",
        )


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
        database.execute(_TABLE)
        database.execute("SELECT digest, size, mtime, inode, used FROM trusted LIMIT 1")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _locked(descriptor: int, path: Path) -> bool:
    """Lock an open file that is still at its path; False if somebody else has it, or moved it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except OSError:
        return False
