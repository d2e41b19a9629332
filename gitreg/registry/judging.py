"""The judgement of a push: every ref of it, as stored before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from gitreg.domain.commits import Commit
from gitreg.domain.pushes import RefUpdate
from gitreg.domain.requests import MAIN, MAX_BASE_AGE, REQUESTS
from gitreg.domain.verdict import Judged, Violation
from gitreg.errors import CorruptError
from gitreg.guard.refs import RefCase, judge_ref
from gitreg.guard.verify import verify
from gitreg.manifest.steps import Step
from gitreg.registry.reading import Reader, Standing

MAX_STEPS = 10_000
"""Commits of main that one push may hold."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one ref's update is refused; ``commit`` is the one refused, if it is about one."""

    ref: str
    actor: str
    violations: tuple[Violation, ...]
    commit: Commit | None = None


@dataclass(frozen=True, slots=True)
class PushVerdict:
    """What the guard says of a push: the steps it accepts, or why it refuses."""

    accepted: tuple[Judged, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def clean(self) -> bool:
        """Tell whether nothing was refused."""
        return not self.refusals


class PushJudge:
    """Judges the refs of one push against what is stored."""

    def __init__(self, reader: Reader, *, pusher: str, now: int | None) -> None:
        """Judge what ``pusher``, whom the transport authenticated, pushes at ``now`` (ms)."""
        self.reader = reader
        self.pusher = pusher
        self.now = now

    @cached_property
    def _main(self) -> str | None:
        return self.reader.repository.ref(MAIN)

    @cached_property
    def _standings(self) -> dict[str, Standing]:
        if self._main is None:
            return {}
        return {one.refname: one for one in self.reader.standings(self._main)}

    @cached_property
    def _recent(self) -> dict[str, tuple[str, ...]]:
        """Give the steps of main at which a request may start, and what each of them merged."""
        if self._main is None:
            return {}
        return dict(islice(self.reader.repository.parents_along(self._main), MAX_BASE_AGE))

    @cached_property
    def _answered_lately(self) -> frozenset[str]:
        """Give the answered requests: all of those that start at a recent step are among them."""
        return frozenset(tip for further in self._recent.values() for tip in further)

    def judge(self, updates: Iterable[RefUpdate]) -> PushVerdict:
        """Judge all refs; one that is refused refuses the whole push.

        Main is judged from where its pusher saw it: Git moves it from there or not at all, and who
        lost a race is to be told so by Git, and tries again.
        """
        accepted: tuple[Judged, ...] = ()
        refusals: list[Refusal] = []
        for update in updates:
            if update.name == MAIN:
                judged, refusal = self._judge_main(update)
                accepted += judged
            else:
                violations = judge_ref(self._case(update))
                refusal = Refusal(update.name, self.pusher, violations) if violations else None
            if refusal is not None:
                refusals.append(refusal)
        return PushVerdict(accepted, tuple(refusals))

    # --- main ------------------------------------------------------------------------------

    def _judge_main(self, update: RefUpdate) -> tuple[tuple[Judged, ...], Refusal | None]:
        if update.new is None:
            return (), self._refuse("main is never deleted")
        try:
            commits = self._walk(update.new, update.old)
        except CorruptError as error:
            return (), self._refuse(str(error), hint=error.hint)
        if commits is None:
            return (), self._refuse(
                "main does not follow from where it was: it moves along first parents, never back",
                hint="git pull --rebase, then push again",
            )
        verdict = verify(self._steps(commits))
        if verdict.clean:
            return verdict.accepted, None
        return (), Refusal(MAIN, verdict.actor, verdict.violations, verdict.refused)

    def _refuse(self, reason: str, *, hint: str = "") -> Refusal:
        return Refusal(MAIN, self.pusher, (Violation("form", reason, MAIN, hint=hint),))

    def _walk(self, new: str, old: str | None) -> list[Commit] | None:
        """Give the commits after ``old`` up to ``new``, oldest first; None: it does not follow."""
        if not self._is_commit(new):
            raise CorruptError("main points at a commit, and at nothing else")
        commits: list[Commit] = []
        for commit in islice(self.reader.repository.first_parents(new), MAX_STEPS + 1):
            if commit.id == old:
                return commits[::-1]
            commits.append(commit)
            if commit.faults:
                return [commit]
        if len(commits) > MAX_STEPS:
            if old is not None and self.reader.repository.is_ancestor(new, old):
                return None
            raise CorruptError(
                f"the push holds more than {MAX_STEPS} commits", hint="push it in parts"
            )
        return commits[::-1] if old is None else None

    def _steps(self, commits: list[Commit]) -> Iterator[Step]:
        for commit in commits:
            stored: frozenset[str] = frozenset()
            if len(commit.parents) > 1:
                stored = frozenset(s.tip for s in self._standings.values() if not s.over)
            yield self.reader.step(commit, pusher=self.pusher, stored=stored, now=self.now)

    # --- other refs ------------------------------------------------------------------------

    def _case(self, update: RefUpdate) -> RefCase:
        """Give one ref's update as it is: a client can lie to Git about where the ref was."""
        reader = self.reader
        update = replace(update, old=reader.repository.ref(update.name))
        if self._main is None:
            return RefCase(update, self.pusher, None)
        main = reader.snapshot(reader.repository.commit(self._main))
        if update.new is not None and not self._is_commit(update.new):
            return RefCase(update, self.pusher, main, is_commit=False)
        if not update.name.startswith(REQUESTS):
            return RefCase(update, self.pusher, main)
        old = self._standings.get(update.name)
        over = old.over if old is not None else ""
        if update.new is None:
            return RefCase(update, self.pusher, main, over=over)
        tip = reader.tip(update.new)
        return RefCase(
            update,
            self.pusher,
            main,
            tip=tip,
            recent=self._recent.keys() >= set(tip.commit.parents[:1]),
            replayed=update.new in self._answered_lately,
            over=over,
            now=self.now,
            verifier=reader.verifier,
        )

    def _is_commit(self, identifier: str) -> bool:
        try:
            return self.reader.repository.header(identifier)[0] == "commit"
        except CorruptError:
            return False
