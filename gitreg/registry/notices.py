"""Notices: every event since a cursor, told once to whoever remembers where he was."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gitreg.domain.activities import Activity, activities, requested
from gitreg.domain.events import Cursor, Event
from gitreg.domain.requests import TransitionRequest
from gitreg.domain.times import as_limits, is_date
from gitreg.errors import (
    ConflictError,
    GitregError,
    InvalidValueError,
    NotFoundError,
    UnavailableError,
)
from gitreg.index.view import View
from gitreg.registry.reading import Reader
from gitreg.registry.receiving import MAILBOXES
from gitreg.registry.replaying import ReplayReader
from gitreg.registry.tracing import Traces
from gitreg.store.repository import Repository

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_Answer = TypeVar("_Answer")
_PORTION = 1_000
"""Steps that are read at once."""


@dataclass(frozen=True, slots=True)
class _Start:
    """Where telling starts: after this step; or within it, when ``told`` of its events were told.

    Of the requests that nobody answered, those that are ``known`` or older than ``after`` (ms) are
    not told.
    """

    seq: int
    told: int | None = None
    known: frozenset[str] = frozenset()
    after: int = -1


class Tells(Traces):
    """The reads of a registry that tell other programs what happened."""

    @property
    def source(self) -> str:
        """Give the URI that names this registry in CloudEvents: it holds the root commit."""
        found = self._ask(lambda view: view.row("SELECT id FROM steps WHERE seq = 1"))
        return f"urn:gitreg:{found[0] if found else ''}"

    def cursor(self) -> Cursor:
        """Give the cursor of now: nothing that is there already follows it."""
        tip = self.tip
        return Cursor(tip, None, frozenset(one.tip for one in self._reader.open_requests(tip)))

    def lasting(self, since: str) -> str:
        """Give ``since`` so that it means the same later: a branch moves, a cursor does not."""
        return (
            since if not since or Cursor.is_cursor(since) or is_date(since) else self.commit(since)
        )

    def events(self, since: str = "") -> Iterator[Event]:
        """Give every event after ``since``: a cursor, a commit, or a date; empty: all there are.

        Raises ConflictError if history was rewritten since.
        """
        tip = self.tip
        start = self._start(since)
        known = set(start.known)
        reader = ReplayReader(self._reader.repository, self._reader.verifier)
        first = start.seq if start.told is not None else start.seq + 1
        for seq, commit, time in self._steps(tip, first):
            skipped = (start.told or 0) if seq == start.seq else 0
            yield from _told(reader, commit, time, known=known, skipped=skipped)
        for request in self._reader.open_requests(tip):
            if request.tip not in known and request.time > start.after:
                known.add(request.tip)
                yield _asked(request, Cursor(tip, None, frozenset(known)))

    def _start(self, since: str) -> _Start:
        if not since:
            return _Start(0)
        if Cursor.is_cursor(since):
            cursor = Cursor.parse(since)
            return _Start(self._seq_of(cursor.commit)[0], cursor.told, cursor.known)
        try:
            commit = self.commit(since)
        except NotFoundError:
            if not is_date(since):
                raise
            return _Start(0)
        seq, time = self._seq_of(commit)
        return _Start(seq, after=as_limits(since)[1] if is_date(since) else time)

    def _seq_of(self, commit: str) -> tuple[int, int]:
        found = self._ask(
            lambda view: view.row("SELECT seq, time FROM steps WHERE id = ?", (commit,))
        )
        if found is None:
            raise ConflictError(
                f"{commit[:7]} is no step of main: its history is another one now",
                hint="start anew: gitreg events --since DATE",
            )
        return int(found[0]), int(found[1])

    def _steps(self, tip: str, first: int) -> Iterator[tuple[int, str, int]]:
        while True:

            def portion(view: View, first: int = first) -> list[tuple[int, str, int]]:
                last = view.at if view.at is not None else 1 << 62
                rows = view.rows(
                    "SELECT seq, id, time FROM steps WHERE seq >= ? AND seq <= ?"
                    " ORDER BY seq LIMIT ?",
                    (first, last, _PORTION),
                )
                return [(seq, commit, time) for seq, commit, time in rows]

            found = self._ask(portion, at=tip)
            yield from found
            if len(found) < _PORTION:
                return
            first = found[-1][0] + 1

    # --- mailboxes ----------------------------------------------------------------------------

    def mailbox(self, name: str) -> "Mailbox":
        """Open a mailbox: a queue that holds every event once, from when it was first opened."""
        if not _NAME.match(name):
            raise InvalidValueError(
                f"{name!r} is no name of a mailbox", hint="letters, digits, and . _ - inside"
            )
        return Mailbox(self, self._reader.repository.common / MAILBOXES / f"{name}.sqlite")

    def fill_mailboxes(self) -> None:
        """Put what is new into every mailbox; what fails is made up for by the next time."""
        for name in mailboxes(self._reader.repository):
            with suppress(GitregError):
                self.mailbox(name).fill()


def mailboxes(repository: Repository) -> tuple[str, ...]:
    """Give the names of the mailboxes of a registry."""
    try:
        found = sorted((repository.common / MAILBOXES).glob("*.sqlite"))
    except OSError:
        return ()
    return tuple(path.stem for path in found)


def _told(
    reader: Reader, commit: str, time: int, *, known: set[str], skipped: int
) -> Iterator[Event]:
    """Give the events of one step, after the requests that it answers and nobody was told of."""
    step = reader.step(reader.commit(commit))
    answer = step.answer
    before = step.commit.parents[0] if step.commit.parents else commit
    for request in answer.requests if answer is not None else ():
        if request.tip not in known:
            known.add(request.tip)
            yield _asked(request, Cursor(before, None, frozenset(known)))
    found = list(
        activities(step.commit, step.actor, time=time, changes=step.changes, answer=answer)
    )
    extra = len(found) - len(step.changes)
    after = known - {request.tip for request in answer.requests} if answer is not None else known
    for at, one in enumerate(found):
        if at < skipped:
            continue
        last = at == len(found) - 1
        cursor = Cursor(commit, None if last else at + 1, frozenset(after if last else known))
        change = step.changes[at - extra].to_dict() if at >= extra else {}
        yield _event(f"{commit}/{at}", one, cursor, change)
    known.intersection_update(after)


def _asked(request: TransitionRequest, cursor: Cursor) -> Event:
    return _event(request.tip, requested(request), cursor, {})


def _event(identifier: str, one: Activity, cursor: Cursor, change: dict[str, object]) -> Event:
    subject = str(one.model) if one.model is not None else ""
    if one.version is not None:
        subject = f"{subject}/{one.version}"
    data = {key: value for key, value in change.items() if key not in {"kind", "path"}}
    if change:
        data["change"] = change["kind"]
    return Event(
        identifier, one.kind, one.time, subject, cursor, one.text, one.actor, data | one.to_dict()
    )


# --- mailboxes ------------------------------------------------------------------------------------

_LAYOUT = """
CREATE TABLE IF NOT EXISTS cursor (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), value TEXT);
CREATE TABLE IF NOT EXISTS events (place INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL)
"""


class Mailbox:
    """A durable queue of events. It and its cursor move in one transaction: none is lost or twice.

    ``take`` gives what is there, ``done`` removes it; what was taken and is not done is there
    still when the process that took it dies.
    """

    def __init__(self, registry: Tells, path: Path) -> None:
        """Open the mailbox at ``path``; a new one starts now."""
        self._registry = registry
        self._path = path
        fresh = not path.exists()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connected()) as db:
                for statement in _LAYOUT.strip().split(";\n"):
                    db.execute(statement)
                if fresh:
                    db.execute(
                        "INSERT OR IGNORE INTO cursor VALUES (1, ?)", (str(registry.cursor()),)
                    )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=60, isolation_level=None)

    def _unusable(self, error: Exception) -> UnavailableError:
        return UnavailableError(f"the mailbox {self._path} cannot be used: {error}")

    def fill(self) -> int:
        """Put in what happened since the last time; give how many events that were."""
        source = self._registry.source

        def work(db: sqlite3.Connection) -> int:
            [cursor] = db.execute("SELECT value FROM cursor").fetchone()
            count = 0
            for event in self._registry.events(cursor):
                told = json.dumps(event.to_cloud(source))
                db.execute("INSERT INTO events (event) VALUES (?)", (told,))
                cursor = str(event.cursor)
                count += 1
            db.execute("UPDATE cursor SET value = ?", (cursor,))
            return count

        return self._transaction(work)

    def take(self, limit: int = 100) -> list[tuple[int, dict[str, object]]]:
        """Give the oldest events, each with its place."""
        rows = self._transaction(
            lambda db: db.execute(
                "SELECT place, event FROM events ORDER BY place LIMIT ?", (limit,)
            ).fetchall()
        )
        return [(place, json.loads(event)) for place, event in rows]

    def done(self, place: int) -> None:
        """Remove the events up to and with this place."""
        self._transaction(lambda db: db.execute("DELETE FROM events WHERE place <= ?", (place,)))

    def _transaction(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        try:
            with closing(self._connected()) as db:
                db.execute("BEGIN IMMEDIATE")
                answer = work(db)
                db.execute("COMMIT")
                return answer
        except sqlite3.Error as error:
            raise self._unusable(error) from error
