"""Keeping a repository fast and tidy while readers and writers go on."""

from dataclasses import dataclass
from pathlib import Path

from gitreg.domain.requests import TransitionRequest
from gitreg.errors import InvalidValueError, NotFoundError, UnavailableError
from gitreg.registry.reading import Reader
from gitreg.registry.receiving import remove_answered
from gitreg.store.remote import run_git
from gitreg.store.repository import Repository

DAY = 24 * 3600 * 1000
_WORK = (
    ("objects packed", ("repack", "--geometric=2", "-d", "--write-midx", "--quiet")),
    ("commit graph written", ("commit-graph", "write", "--reachable", "--changed-paths")),
    ("refs packed", ("pack-refs", "--all", "--prune")),
)


@dataclass(frozen=True, slots=True)
class StaleRequest:
    """An open request that has waited for long, and for how many days."""

    request: TransitionRequest
    days: int

    def __str__(self) -> str:
        return f"{self.request} has waited for {self.days} days"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What was done, which answered requests' branches were removed, and which requests wait."""

    done: tuple[str, ...]
    removed: tuple[str, ...]
    stale: tuple[StaleRequest, ...]


def maintain(path: str | Path, *, now: int, stale_after: int = 30) -> Maintenance:
    """Pack objects and refs, write the commit graph, and remove branches of answered requests.

    Requests open for more than ``stale_after`` days are reported; ``now`` is in ms. Raises
    NotFoundError if no registry is there, UnavailableError if git cannot do its part.
    """
    if stale_after < 0:
        raise InvalidValueError("days count from 0")
    repository = Repository(path)
    main = repository.ref("refs/heads/main")
    if main is None:
        raise NotFoundError(f"{repository.path} holds no registry yet", hint="gitreg init")
    reader = Reader(repository)
    before = set(repository.request_refs())
    remove_answered(reader, main)
    removed = tuple(sorted(before - set(repository.request_refs())))
    repository.configure("pack.depth", "5")
    done = [_work(repository.path, told, arguments) for told, arguments in _WORK]
    waiting = ((one, (now - one.time) // DAY) for one in reader.open_requests(main))
    stale = tuple(StaleRequest(one, days) for one, days in waiting if days >= stale_after)
    return Maintenance(tuple(done), removed, stale)


def _work(folder: Path, told: str, arguments: tuple[str, ...]) -> str:
    done = run_git(["--git-dir", str(folder), *arguments])
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["git says no more"])[-1]
        raise UnavailableError(
            f"git {arguments[0]} failed: {reason.removeprefix('fatal: ')}",
            hint="gitreg audit tells what is wrong with the repository",
        )
    return told
