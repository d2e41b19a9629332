"""The index of a repository: kept up with main before each read, rebuilt when it is of no use."""

import hashlib
import os
import sqlite3
import stat
import time as clock
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gitreg.domain.times import as_limits, is_date
from gitreg.errors import CorruptError, NotFoundError, UnavailableError
from gitreg.index.catalogue import Catalogue, Recorded, is_broken, is_busy
from gitreg.index.recording import Recorder
from gitreg.index.view import View
from gitreg.manifest.steps import Step
from gitreg.registry.reading import Reader
from gitreg.registry.replaying import ReplayReader

FILE = "gitreg/index.sqlite"
_PORTION = 2.0
"""Seconds after which what was caught up is kept, so that a killed process lost no more."""
_LARGE_CACHE = 256 * 1024
"""KiB of the file that are kept in memory while much is recorded."""
_FEW = 16
"""Steps below which nothing is worth keeping from one to the next."""

_Answer = TypeVar("_Answer")
Progress = Callable[[int, int], None]
"""Is told how many steps of how many are done."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How the index is: its file, its bytes, and how many steps of main it holds."""

    path: str
    size: int
    steps: int
    behind: int
    problems: tuple[str, ...] = ()


class Index:
    """The index of one repository; a thread uses its own."""

    def __init__(self, reader: Reader, *, cache: Path | None = None) -> None:
        """Index what ``reader`` reads: beside it or, where nothing can be written, in ``cache``."""
        self._reader = reader
        self._cache = cache
        self._open: Catalogue | None = None
        self._progress: Progress | None = None
        self._process = 0

    def watch(self, progress: Progress) -> None:
        """Tell ``progress`` of whatever is recorded, unless a call names somebody else."""
        self._progress = progress

    # --- reads --------------------------------------------------------------------------------

    def read(
        self,
        main: str,
        question: Callable[[View], _Answer],
        *,
        at: str = "",
        progress: Progress | None = None,
    ) -> _Answer:
        """Answer a question from step ``main``, or ``at`` (a commit or a date) before it."""

        def ask(catalogue: Catalogue) -> _Answer:
            self._catch_up(catalogue, main, progress)
            with catalogue.reading() as view:
                return question(replace(view, at=self._place(catalogue, main, at)))

        return self._guarded(ask)

    def _guarded(self, work: Callable[[Catalogue], _Answer]) -> _Answer:
        """Do something with the index; once it is found to be of no use, with a new one."""
        for attempt in (1, 2):
            catalogue = self._catalogue()
            try:
                return work(catalogue)
            except sqlite3.DatabaseError as error:
                if is_broken(error) and attempt == 1:
                    self.close()
                    catalogue.reset()
                    continue
                raise _unusable(catalogue, error) from error
        raise AssertionError  # not reached

    def _place(self, catalogue: Catalogue, main: str, at: str) -> int | None:
        """Give the step to answer from, or None for the last that is recorded."""
        step = self._step(catalogue, main, at)
        last = catalogue.tip()
        return None if last is not None and last.seq == step.seq else step.seq

    def _step(self, catalogue: Catalogue, main: str, at: str) -> Recorded:
        top = catalogue.step(main)
        if top is None:
            raise UnavailableError("main moved meanwhile", hint="try again")
        if not at:
            return top
        if not is_date(at):
            identifier = self._reader.repository.resolve(at)
            found = catalogue.step(identifier)
            if found is None or found.seq > top.seq:
                raise NotFoundError(
                    f"{at} is no step of main", hint="gitreg log -q tells the commits that are"
                )
            return found
        limit = as_limits(at)[1]
        if limit >= top.time:
            return top
        found = catalogue.step_at(limit)
        if found is None:
            raise NotFoundError(f"the registry is younger than {at}", hint="gitreg log")
        return found

    def commit_at(self, main: str, at: str) -> str:
        """Give the commit of the step that a date means; a commit may be any."""
        if not is_date(at):
            return self._reader.repository.resolve(at)

        def ask(catalogue: Catalogue) -> str:
            self._catch_up(catalogue, main)
            with catalogue.reading():
                return self._step(catalogue, main, at).id

        return self._guarded(ask)

    # --- keeping up ---------------------------------------------------------------------------

    def _catch_up(self, catalogue: Catalogue, main: str, progress: Progress | None = None) -> None:
        """Record what is new up to ``main``; nothing to do if it is recorded already."""
        progress = progress or self._progress
        tip = catalogue.tip()
        if tip is not None and (tip.id == main or catalogue.step(main) is not None):
            return
        done = 0
        while True:
            try:
                with catalogue.writing() as view:
                    base, missing = self._missing(catalogue, main)
                    last = catalogue.tip()
                    if last is not None and last.seq > base.seq and missing:
                        catalogue.truncate(base.seq)
                    count = self._record(view, base, missing, _Told(progress, done, len(missing)))
                    if count == len(missing):
                        catalogue.finish()
            except sqlite3.OperationalError as error:
                if is_busy(error) and tip is not None:
                    raise _held(catalogue) from error
                raise
            done += count
            if count == len(missing):
                return

    def _missing(self, catalogue: Catalogue, main: str) -> tuple[Recorded, list[str]]:
        """Give the last step that both have, and what main has after it, oldest first."""
        missing: list[str] = []
        if catalogue.tip() is not None:
            for identifier, _ in self._reader.repository.parents_along(main):
                found = catalogue.step(identifier)
                if found is not None:
                    return found, missing[::-1]
                missing.append(identifier)
        else:
            missing = [one for one, _ in self._reader.repository.parents_along(main)]
        return Recorded(0, "", 0), missing[::-1]

    def _record(self, view: View, base: Recorded, missing: list[str], told: "_Told") -> int:
        """Record steps for a while; give how many."""
        reader = self._reader
        if len(missing) > _FEW:
            reader = ReplayReader(reader.repository, reader.verifier)
            view.db.execute(f"PRAGMA cache_size = -{_LARGE_CACHE}")
        start, time = clock.monotonic(), base.time
        for count, identifier in enumerate(missing, start=1):
            step = self._step_of(reader, identifier)
            time = max(time, step.commit.own_time)
            Recorder(view.db, step, seq=base.seq + count, time=time).record()
            told(count)
            if clock.monotonic() - start > _PORTION:
                return count
        return len(missing)

    def _step_of(self, reader: Reader, identifier: str) -> Step:
        """Give a step; of the one that was written here last, all is known already."""
        published = self._reader.published
        if published is not None and published.commit.id == identifier:
            return published
        commit = reader.commit(identifier)
        if commit.faults:
            raise CorruptError(
                f"step {commit.short} of main {commit.faults[0]}", hint="gitreg audit"
            )
        return reader.step(commit)

    # --- the file -----------------------------------------------------------------------------

    def _catalogue(self) -> Catalogue:
        if self._open is None or self._process != os.getpid():
            self._open = self._first_that_opens()
            self._process = os.getpid()
        elif self._open.is_stale():
            self._open.reopen()
        return self._open

    def _first_that_opens(self) -> Catalogue:
        """Open it beside the repository, else in the cache folder, else in memory."""
        for path in self._places():
            if _writable(path):
                try:
                    return Catalogue(path, mode=self._mode())
                except sqlite3.DatabaseError as error:
                    if is_busy(error):
                        raise _busy(path) from error
                except OSError:
                    continue
        return Catalogue(None)

    def _places(self) -> Iterator[Path]:
        common = self._reader.repository.common
        yield common / FILE
        if self._cache is not None:
            name = hashlib.sha256(os.fsencode(common.resolve())).hexdigest()[:32]
            yield self._cache / "index" / name / "index.sqlite"

    def _mode(self) -> int:
        """Give the mode of new files: whom Git lets write objects, may write the index."""
        objects = self._reader.repository.common / "objects"
        with suppress(OSError):
            return stat.S_IMODE(objects.stat().st_mode) & 0o666
        return 0o644

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def rebuild(self, main: str, progress: Progress | None = None) -> None:
        """Make the index anew."""
        catalogue = self._catalogue()
        self.close()
        catalogue.reset()
        self.read(main, lambda _: None, progress=progress)

    def status(self, main: str) -> IndexStatus:
        """Tell how the index is, without keeping it up."""

        def ask(catalogue: Catalogue) -> IndexStatus:
            with catalogue.reading() as view:
                tip = catalogue.tip()
                _, missing = self._missing(catalogue, main)
                problems = [row[0] for row in view.rows("PRAGMA quick_check") if row[0] != "ok"]
            path = catalogue.path
            size = sum(one.stat().st_size for one in _files(path))
            steps = tip.seq if tip is not None else 0
            where = str(path) if path is not None else "in memory"
            return IndexStatus(where, size, steps, len(missing), tuple(problems))

        return self._guarded(ask)


@dataclass(frozen=True, slots=True)
class _Told:
    """Tells how far one portion is."""

    progress: Progress | None
    done: int
    missing: int

    def __call__(self, count: int) -> None:
        if self.progress is not None:
            self.progress(self.done + count, self.done + self.missing)


def _files(path: Path | None) -> list[Path]:
    """Give the file, and the log that SQLite keeps beside it."""
    both = [path, Path(f"{path}-wal")] if path is not None else []
    return [one for one in both if one.exists()]


def _writable(path: Path) -> bool:
    if path.exists():
        return os.access(path, os.W_OK | os.R_OK) and os.access(path.parent, os.W_OK | os.X_OK)
    folder = next(one for one in path.parents if one.exists())
    return os.access(folder, os.W_OK | os.X_OK)


def _held(catalogue: Catalogue) -> UnavailableError:
    return _busy(catalogue.path or Path(":memory:"))


def _busy(path: Path) -> UnavailableError:
    return UnavailableError(
        f"{path} is locked by another process",
        hint="try again; if nothing of gitreg runs, find who holds it: fuser FILE",
    )


def _unusable(catalogue: Catalogue, error: sqlite3.Error) -> UnavailableError:
    if is_busy(error):
        return _held(catalogue)
    return UnavailableError(
        f"the index {catalogue.path} cannot be used: {error}",
        hint="look at the disk; the index is derived: it can be removed at any time",
    )
