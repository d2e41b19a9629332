"""The file of the index: opened by several processes at once, made anew when it is of no use."""

import fcntl
import os
import sqlite3
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gitreg.domain.records import VersionRecord
from gitreg.errors import UnavailableError
from gitreg.index.tables import FORMAT, INDEXES, OPEN, TABLES
from gitreg.index.view import View

WAIT = 60.0
"""Seconds to wait for another process that is writing."""
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_INTERVALS = ("models", "versions", "labels", "texts")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step that is recorded: the ``seq``-th, the commit ``id``, at ``time`` (ms)."""

    seq: int
    id: str
    time: int


class Catalogue:
    """The index in one SQLite file, or (``path`` None) in memory; a thread uses its own."""

    def __init__(self, path: Path | None, *, mode: int = 0o644, wait: float = WAIT) -> None:
        """Open it, or make it; ``mode`` is what a new file gets.

        A file that is no index, or one of an older format, is made anew. What a newer gitreg made
        is left alone, and another file used beside it. Raises OSError or sqlite3.OperationalError
        if the file cannot be opened, read or written.
        """
        self.path = path
        self._mode = mode
        self._wait = wait
        self._identity: tuple[int, int] | None = None
        self._kept: dict[int, VersionRecord] = {}
        self.db = self._opened()
        self._closing = weakref.finalize(self, _close, self.db, os.getpid())

    # --- the file -----------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        if self.path is None:
            db = self._connected(":memory:")
            self._tune(db)
            self._lay_out(db)
            return db
        for _ in range(3):
            with self._guarded(fcntl.LOCK_SH):
                db = self._connected(str(self.path))
                try:
                    self._tune(db)
                    version = self._version(db)
                    if version == FORMAT:
                        found = self.path.stat()
                        self._identity = (found.st_dev, found.st_ino)
                        return db
                except sqlite3.DatabaseError as error:
                    if not is_broken(error):
                        raise
                    version = 0
                db.close()
            if version > FORMAT:
                self.path = self.path.with_name(f"index.{FORMAT}.sqlite")
            else:
                self.reset()
        raise UnavailableError(f"{self.path} cannot be made", hint="remove it, and try again")

    def _connected(self, where: str) -> sqlite3.Connection:
        # One thread uses it, but another may be the one that closes it when the first is gone.
        return sqlite3.connect(
            where, timeout=self._wait, isolation_level=None, check_same_thread=False
        )

    @staticmethod
    def _tune(db: sqlite3.Connection) -> None:
        """Set what holds for a connection, for which SQLite looks into the file already."""
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cache_size = -32768")
        db.execute("PRAGMA wal_autocheckpoint = 8192")

    def _version(self, db: sqlite3.Connection) -> int:
        """Give the format of the file; an empty one is laid out first."""
        [version] = db.execute("PRAGMA user_version").fetchone()
        if version == 0 and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            if Path(f"{self.path}-shm").exists():
                return 0  # somebody has open what was emptied
            db.execute("PRAGMA journal_mode = WAL")
            self._lay_out(db)
            if self.path is not None:
                with suppress(PermissionError):  # somebody else's, of the same group
                    self.path.chmod(self._mode)
            [version] = db.execute("PRAGMA user_version").fetchone()
        db.execute("PRAGMA synchronous = NORMAL")
        return int(version)

    @staticmethod
    def _lay_out(db: sqlite3.Connection) -> None:
        with _transaction(db, "IMMEDIATE"):
            if not db.execute("PRAGMA user_version").fetchone()[0]:
                for statement in TABLES.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {FORMAT}")

    @contextmanager
    def _guarded(self, how: int) -> Iterator[None]:
        """Let nobody open the file while somebody takes it away."""
        if self.path is None:
            yield
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path.with_name("index.lock"), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with suppress(PermissionError):
                os.fchmod(lock, stat.S_IMODE(self._mode) | 0o600)
            fcntl.flock(lock, how)
            yield
        finally:
            os.close(lock)

    def reset(self) -> None:
        """Take the file away: it is derived, and made anew."""
        with self._guarded(fcntl.LOCK_EX):
            if self.path is not None:
                for end in ("-wal", "-shm", ""):
                    Path(f"{self.path}{end}").unlink(missing_ok=True)

    def reopen(self) -> None:
        """Open it again; it may be another file by now."""
        self.close()
        self._kept = {}
        self.db = self._opened()
        self._closing = weakref.finalize(self, _close, self.db, os.getpid())

    def is_stale(self) -> bool:
        """Tell whether another file is there now, or none."""
        if self.path is None:
            return False
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return True
        return self._identity != (found.st_dev, found.st_ino)

    def close(self) -> None:
        """Close it; so it is when nobody has it any more."""
        self._closing()

    # --- transactions -------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[View]:
        """See one consistent state for as long as this lasts."""
        with _transaction(self.db, "DEFERRED"):
            yield View(self.db, kept=self._kept)

    @contextmanager
    def writing(self) -> Iterator[View]:
        """Change it; others wait. An error leaves it as it was."""
        with _transaction(self.db, "IMMEDIATE"):
            yield View(self.db, kept=self._kept)

    def finish(self) -> None:
        """Make what questions need, if it is not there yet: everything is recorded now."""
        statements = [one.strip() for one in INDEXES.split(";\n") if one.strip()]
        found = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
        known = {name for (name,) in found}
        for statement in statements:
            if statement.split()[2] not in known:
                self.db.execute(statement)

    # --- steps --------------------------------------------------------------------------------

    def tip(self) -> Recorded | None:
        """Give the last step that is recorded."""
        row = self.db.execute(
            "SELECT seq, id, time FROM steps ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return Recorded(*row) if row else None

    def step(self, commit: str) -> Recorded | None:
        """Give the step that a commit is, if it is recorded."""
        row = self.db.execute("SELECT seq, id, time FROM steps WHERE id = ?", (commit,)).fetchone()
        return Recorded(*row) if row else None

    def step_at(self, time: int) -> Recorded | None:
        """Give the last step that happened by ``time``, in ms."""
        row = self.db.execute(
            "SELECT seq, id, time FROM steps WHERE time <= ? ORDER BY time DESC, seq DESC LIMIT 1",
            (time,),
        ).fetchone()
        return Recorded(*row) if row else None

    def truncate(self, seq: int) -> None:
        """Forget every step after ``seq``: history was rewritten from there."""
        for table in _INTERVALS:
            self.db.execute(f"DELETE FROM {table} WHERE since > ?", (seq,))
            self.db.execute(
                f"UPDATE {table} SET until = {OPEN} WHERE until > ? AND until < {OPEN}",
                (seq,),
            )
        for table in ("activities", "answered", "steps"):
            self.db.execute(f"DELETE FROM {table} WHERE seq > ?", (seq,))


@contextmanager
def _transaction(db: sqlite3.Connection, how: str) -> Iterator[None]:
    db.execute(f"BEGIN {how}")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _close(db: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():  # what a fork inherits is its parent's
        db.close()


def is_broken(error: sqlite3.Error) -> bool:
    """Tell whether an error says that the file is of no use."""
    return _code(error) in _BROKEN or "no such table" in str(error) or "no such col" in str(error)


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether an error says that another process holds the file."""
    return _code(error) in _BUSY


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
