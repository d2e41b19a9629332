"""The judgement over all history: every step from the root, and every ref there is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitreg.domain.commits import Commit
from gitreg.domain.requests import HEADS, MAIN, REQUESTS
from gitreg.domain.verdict import Verdict
from gitreg.errors import NotFoundError
from gitreg.guard.verify import verify
from gitreg.manifest.steps import Step
from gitreg.registry.reading import Reader
from gitreg.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Replay:
    """All history, judged: tip, root, verdict, and what is odd about the refs."""

    tip: str
    root: str
    verdict: Verdict
    strange_refs: tuple[str, ...] = ()
    void_requests: tuple[str, ...] = ()


def replay(path: str | Path, *, progress: Callable[[int, int], None] | None = None) -> Replay:
    """Replay all history of the repository that ``path`` lies in through the guard.

    ``progress`` is told steps done and steps in all. Raises NotFoundError if there is no registry.
    """
    repository = Repository.discover(path)
    reader = Reader(repository)
    tip = repository.main()
    if tip is None:
        raise NotFoundError(f"{repository.path} holds no registry yet", hint="gitreg init")
    commits = list(repository.first_parents(tip))[::-1]
    verdict = verify(_steps(reader, commits, progress))
    strange: tuple[str, ...] = ()
    void: tuple[str, ...] = ()
    if verdict.clean and repository.is_bare:
        strange, void = _refs(reader, tip)
    return Replay(tip, commits[0].id, verdict, strange, void)


def _steps(
    reader: Reader, commits: list[Commit], progress: Callable[[int, int], None] | None
) -> Iterator[Step]:
    for done, commit in enumerate(commits, start=1):
        yield reader.step(commit)
        if progress is not None:
            progress(done, len(commits))


def _refs(reader: Reader, tip: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = reader.repository.refs()
    strange = [
        name
        for name in names
        if name != MAIN
        and not name.startswith(REQUESTS)
        and ("/" not in name.removeprefix(HEADS) or not name.startswith(HEADS))
    ]
    void = []
    for standing in reader.standings(tip):
        if standing.request is None:
            strange.append(standing.refname)
        elif standing.over:
            void.append(f"{standing.refname} counts for nothing: {standing.over}")
    return tuple(strange), tuple(void)
