"""The judgement over all history: every step from the root, every object, every ref there is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitreg.domain.verdict import Verdict, Violation
from gitreg.errors import CorruptError, InvalidValueError, NotFoundError
from gitreg.guard.verify import verify
from gitreg.manifest.steps import Step
from gitreg.registry.accounting import StrangeRef, account, unreached
from gitreg.registry.reading import Reader
from gitreg.registry.received import Log, Reception, read_log
from gitreg.registry.receiving import RECEIVED
from gitreg.registry.remembering import Audited, Memory
from gitreg.registry.replaying import Proofs, ReplayReader
from gitreg.store import signatures
from gitreg.store.integrity import every_ref, fsck
from gitreg.store.repository import Repository

CHUNK = 200
"""Steps that are judged, and then remembered, at once."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Replay:
    """History, judged, and what is odd about the repository.

    ``steps`` of main hold, counted from the root or from ``since``; the first ``earlier`` of them
    an earlier audit proved, which is remembered in ``place``. ``verdict`` is that of the last ones
    looked at. Of the steps, ``signed`` are proven by a signature, and of the requests that they
    ``answered`` so many are ``proven``. ``damage`` is what Git finds wrong; ``contradicted`` is
    what received.log says against history, of which ``received`` bytes were looked at and some
    lines ``unread``; ``late`` tells steps received long after their time. ``strange`` is None where
    refs were not looked at.
    """

    tip: str
    root: str
    since: str = ""
    pinned: str = ""
    place: str = ""
    earlier: int = 0
    steps: int = 0
    signed: int = 0
    answered: int = 0
    proven: int = 0
    received: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    damage: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    strange: tuple[StrangeRef, ...] | None = None
    void: tuple[str, ...] = ()

    @property
    def has_its_root(self) -> bool:
        """Tell whether the root is the one that was asked for, if one was."""
        return self.pinned in {"", self.root}

    @property
    def clean(self) -> bool:
        """Tell whether nothing at all was found wrong."""
        wrong = (self.damage, self.contradicted, self.strange)
        return self.has_its_root and self.verdict.clean and not any(wrong)


def replay(
    path: str | Path,
    *,
    root: str = "",
    since: str = "",
    full: bool = False,
    cache_folder: Path | None = None,
    progress: Progress | None = None,
) -> Replay:
    """Replay the history of the repository that ``path`` lies in through the guard.

    ``root`` is the commit that history must start with. ``since`` is a step after which to start;
    else what an earlier audit proved is not looked at again, unless ``full``. That is remembered
    beside the repository or, if that cannot be, in ``cache_folder``. ``progress`` is told steps
    done and steps in all. Raises NotFoundError if there is no registry, InvalidValueError if
    ``root`` or ``since`` cannot be.
    """
    if root and not (len(root) == 40 and set(root) <= set("0123456789abcdef")):
        raise InvalidValueError(
            f"{root!a} is no whole commit id of 40 digits", hint="gitreg audit -o json tells it"
        )
    repository = Repository.discover(path)
    tip = repository.main()
    if tip is None:
        raise NotFoundError(f"{repository.path} holds no registry yet", hint="gitreg init")
    memory = Memory(repository, cache_folder)
    earlier = None if full or since else memory.recall()
    start = repository.resolve(since) if since else earlier.tip if earlier else ""
    ids, met = _walk(repository, tip, until=start)
    if since and not met:
        raise InvalidValueError(
            f"{since} is no step of main", hint="git log --first-parent main lists them"
        )
    if earlier is not None and met:
        found = _after(earlier, tip, root)
    else:
        start = start if since else ""
        found = Replay(tip, _root(repository, start or ids[0]), since=start, pinned=root)
    found = replace(found, place=str(memory.place or ""))
    if not found.has_its_root:
        return found
    return _Audit(repository, memory, ids, start=start).run(found, progress or _silent)


def _after(earlier: Audited, tip: str, pinned: str) -> Replay:
    return Replay(
        tip,
        earlier.root,
        pinned=pinned,
        earlier=earlier.steps,
        steps=earlier.steps,
        signed=earlier.signed,
        answered=earlier.answered,
        proven=earlier.proven,
        received=earlier.received,
    )


def _silent(_done: int, _total: int) -> None:
    """Tell nobody how far it got."""


def _walk(repository: Repository, tip: str, *, until: str) -> tuple[tuple[str, ...], bool]:
    """Give the steps after ``until`` (else all), oldest first, and whether it was met.

    Where history is broken, what cannot be read stands first.
    """
    ids: list[str] = []
    try:
        for identifier, _ in repository.parents_along(tip):
            if identifier == until:
                return tuple(ids[::-1]), True
            ids.append(identifier)
    except CorruptError:
        ids += Reader(repository).commit(ids[-1]).parents[:1] if ids else [tip]
    return tuple(ids[::-1]), False


def _root(repository: Repository, step: str) -> str:
    """Give the first commit of the history that ``step`` ends; "" if it has none."""
    oldest, _ = _walk(repository, step, until="")
    first = Reader(repository).commit(oldest[0])
    return "" if first.parents or first.faults else first.id


class _Audit:
    """One audit under way, of the steps ``ids``, which follow ``start``."""

    def __init__(
        self, repository: Repository, memory: Memory, ids: tuple[str, ...], *, start: str
    ) -> None:
        self.repository = repository
        self.memory = memory
        self.ids = ids
        self.start = start
        self.places = frozenset(ids)
        self.proofs = Proofs(signatures.verify)
        self.reader = ReplayReader(repository, self.proofs)

    def run(self, found: Replay, progress: Progress) -> Replay:
        """Look at objects, steps, receptions and refs."""
        refs, damage = every_ref(self.repository) if self.repository.is_bare else ((), ())
        heads = [found.tip, *(ref.target for ref in refs)]
        damage += fsck(self.repository, heads, since=self.start)
        if damage:
            self.memory.forget()
        log = read_log(self.repository.path / RECEIVED, start=found.received)
        found = self._judged(replace(found, damage=damage, unread=log.unread), log, progress)
        if not found.verdict.clean:
            return found
        if self.repository.is_bare:
            strange, void = account(self.reader, refs, found.tip)
            found = replace(found, strange=strange, void=void)
        if not found.contradicted:
            found = replace(found, received=log.end)
        self._remember(found, found.tip)
        return found

    def _remember(self, found: Replay, tip: str) -> None:
        if not (found.damage or found.since):
            counts = (found.steps, found.signed, found.answered, found.proven, found.received)
            self.memory.remember(Audited(tip, found.root, *counts))

    # --- steps -----------------------------------------------------------------------------

    def _judged(self, found: Replay, log: Log, progress: Progress) -> Replay:
        """Judge the steps, chunk by chunk, until one is refused."""
        chain = self._chain(log)
        receptions = log.by_step(chain)
        answered: set[str] = set()
        for at in range(0, len(self.ids), CHUNK):
            commits = [self.reader.commit(one) for one in self.ids[at : at + CHUNK]]
            tips = {tip for commit in commits for tip in commit.parents[1:]}
            if self.start and tips:
                answered |= self.reader.answered(self.start, tips)  # verify knows newer ones only
            steps = [self.reader.step(commit) for commit in commits]
            self.proofs.prove(steps)
            told = _told(steps, progress, at, len(self.ids))
            found = self._counted(found, self._grounded(verify(told, answered=answered)))
            found = _compared(found, steps[: len(found.verdict.accepted)], receptions)
            if not found.verdict.clean:
                return found
            answered |= tips
            self._remember(found, commits[-1].id)
        if not found.since:
            older = [self.reader.commit(one) for one in receptions.keys() - self.places]
            found = _compared(found, map(self.reader.step, older), receptions)
        return replace(found, contradicted=(*found.contradicted, *log.strays(set(chain))))

    def _chain(self, log: Log) -> tuple[str, ...]:
        """Give the steps that ``log`` speaks of: the new ones, and older ones if it must be."""
        if not self.start:
            return self.ids
        near = {self.start, *self.places}
        if all({one.old, one.new} <= near for one in log.receptions):
            return (self.start, *self.ids)
        return (*_walk(self.repository, self.start, until="")[0], *self.ids)

    def _grounded(self, verdict: Verdict) -> Verdict:
        """Refuse an answer to a request that does not start at a step of main."""
        asked = {
            request.tip: request.base
            for judged in verdict.accepted
            if judged.answer is not None
            for request in judged.answer.requests
        }
        lost = {base for base in asked.values() if base not in self.places}
        if self.start:
            lost = set(unreached(self.repository, self.start, lost))
        for at, judged in enumerate(verdict.accepted if lost else ()):
            for tip in judged.commit.parents[1:]:
                if asked.get(tip) in lost:
                    reason = f"the request {tip[:7]} does not start at a step of main"
                    refused = Violation("requests", reason, commit=judged.commit.id)
                    return Verdict(verdict.accepted[:at], judged.commit, judged.actor, (refused,))
        return verdict

    def _counted(self, found: Replay, verdict: Verdict) -> Replay:
        """Add what the accepted steps of one chunk prove."""
        answers = [judged.answer for judged in verdict.accepted if judged.answer is not None]
        tips = [request.tip for answer in answers for request in answer.requests]
        proven = self.proofs.proven()
        return replace(
            found,
            verdict=verdict,
            steps=found.steps + len(verdict.accepted),
            signed=found.signed + sum(one.commit.id in proven for one in verdict.accepted),
            answered=found.answered + len(tips),
            proven=found.proven + sum(tip in proven for tip in tips),
        )


def _told(steps: Sequence[Step], progress: Progress, before: int, total: int) -> Iterator[Step]:
    for done, step in enumerate(steps, start=before + 1):
        yield step
        progress(done, total)


def _compared(found: Replay, steps: Iterable[Step], receptions: Mapping[str, Reception]) -> Replay:
    """Add how some steps were received."""
    known = [(receptions[one.commit.id], one) for one in steps if one.commit.id in receptions]
    return replace(
        found,
        contradicted=(*found.contradicted, *(t for one, step in known for t in one.faults(step))),
        late=(*found.late, *(t for one, step in known for t in one.delay(step))),
    )
