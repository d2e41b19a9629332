"""The judgement over a range of commits in a clone, as CI needs it for a pull request.

A range is either *on main*: then its commits are what happened. Or it is *proposed*: then what
counts is what main will be, and a Git host has three buttons for that. A merge commit is judged as
a step of who presses the button, and answers a request; a squash or rebase (and a fast-forward) is
a direct step of whoever made the change. The range is allowed if one of them is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gitreg.domain import changes as c
from gitreg.domain.commits import Commit
from gitreg.domain.names import check_principal, fold
from gitreg.domain.requests import MAIN, Answer
from gitreg.domain.settings import Settings
from gitreg.domain.signatures import REQUIRED, Claim
from gitreg.domain.verdict import Verdict, Violation
from gitreg.errors import InvalidValueError
from gitreg.guard.verify import verify
from gitreg.manifest.steps import Step, actor_of, asked
from gitreg.registry.accounting import unreached
from gitreg.registry.judging import MAX_STEPS
from gitreg.registry.reading import Reader
from gitreg.store import signatures
from gitreg.store.repository import Repository

AT_ITS_WORD = "who acts is taken from the commits: no transport authenticated them here"
TOLD = "who acts was told by --actor and --approver"
NOT_PROVEN = "requester not proven: no refs of the past are seen here"
AS_REQUEST = (
    "this is a transition request: merge it with a merge commit, by somebody who holds the level; "
    "a squash or rebase counts as a direct transition by the requester"
)
BEHIND = "the branch does not start at the base's tip: judged as one merge of both"
NOBODY_ALONE = (
    "no button will do: each of them names one person on main, and nobody here holds every level "
    "alone; split the change, or let a manager merge it"
)
APPROVAL = "this is the request already: somebody else who can approves it, and merges it"
MERGER_SIGNS = "identity.signatures is required: merge it by hand, signed; a button cannot sign"
_UNMADE = "-----BEGIN SSH SIGNATURE-----\nof a commit that is not made yet"


@dataclass(frozen=True, slots=True)
class Range:
    """A range of commits and its verdict; ``notes`` say what is not proven, and how to merge it."""

    base: str
    head: str
    verdict: Verdict
    notes: tuple[str, ...] = ()


def judge_range(
    path: str | Path, revisions: str, *, actor: str = "", approvers: Sequence[str] = ()
) -> Range:
    """Judge ``revisions`` (BASE..HEAD) of the clone that ``path`` lies in.

    ``actor`` and ``approvers`` are whom the CI system names: who made the change, and who approved
    it. Without them the commits are taken at their word. The permissions that count are the base's.
    Raises NotFoundError for a revision that is not there, InvalidValueError for a range that cannot
    be, ConflictError if base and head contradict each other.
    """
    for name in (*([actor] if actor else []), *approvers):
        check_principal(name)
    older, dots, newer = revisions.partition("..")
    if not dots or newer.startswith(".") or not older:
        raise InvalidValueError(
            f"{revisions!r} is no range", hint="write BASE..HEAD, as in origin/main..HEAD"
        )
    repository = Repository.discover(path)
    reader = Reader(repository)
    base, head = repository.resolve(older), repository.resolve(newer or "HEAD")
    told = bool(actor or approvers)
    line = _line(reader, base, head)
    if not told and _on_main(repository, head):
        verdict, notes = _landed(reader, base, head, line=line)
    elif line == ():
        verdict, notes = Verdict(), ()
    else:
        verdict, notes = Proposal(reader, base, head, line, actor, tuple(approvers)).judged()
    return Range(base, head, verdict, (*notes, TOLD if told else AT_ITS_WORD))


def _line(reader: Reader, base: str, head: str) -> tuple[Commit, ...] | None:
    """Give the commits from base to head, oldest first; None if head does not follow from base."""
    older = {identifier for identifier, _ in reader.repository.parents_along(base)}
    if head in older:
        return ()
    commits: list[Commit] = []
    for commit in reader.repository.first_parents(head):
        if commit.id == base:
            return tuple(commits[::-1])
        if commit.id in older:
            return None
        commits.append(commit)
        if commit.faults:
            return tuple(commits[::-1])
        if len(commits) > MAX_STEPS:
            raise InvalidValueError(f"the range holds more than {MAX_STEPS} commits")
    return None


# --- what happened -----------------------------------------------------------------------------


def _on_main(repository: Repository, identifier: str) -> bool:
    """Tell whether main, as it is at the remote or (without one) here, went through a commit."""
    remotes = repository.refs("refs/remotes/")
    tips = [tip for name, tip in remotes.items() if name.split("/")[3:] == ["main"]]
    main = repository.ref(MAIN)
    mains = tips or ([main] if main else [])
    return any(not unreached(repository, tip, [identifier]) for tip in mains)


def _landed(
    reader: Reader, base: str, head: str, *, line: tuple[Commit, ...] | None
) -> tuple[Verdict, tuple[str, ...]]:
    """Judge steps that main made: each by its own author or committer, as the audit will."""
    if line is None or not _on_main(reader.repository, base):
        commit = reader.commit(head)
        broken = Violation(
            "form",
            f"main does not follow from {base[:7]}: it moves along first parents, never back",
            MAIN,
            commit=head,
            hint=f"git log {base[:7]} tells what main was",
        )
        return Verdict((), commit, commit.committer.name, (broken,)), ()
    steps = [replace(reader.step(one), verifier=signatures.verify) for one in line]
    verdict = _grounded(reader, head, verify(steps, answered=_answered(reader, base, steps)))
    notes = [NOT_PROVEN] if any(step.tips for step in steps) else []
    if verdict.refused is not None:
        notes.extend(_missed_button(steps[len(verdict.accepted)]))
    return verdict, tuple(notes)


def _missed_button(step: Step) -> Iterator[str]:
    """Say which button a transition that was refused should have been merged with."""
    moves = any(isinstance(change, c.StageTransitioned) for change in step.changes)
    if moves and len(step.commit.parents) == 1:
        yield (
            f"{step.commit.short} has one parent: squashed, rebased or pushed, it is a direct step "
            f"of {step.actor} and answers no request; put main back to "
            f"{step.commit.parents[0][:7]} and merge the request with a merge commit"
        )


def _answered(reader: Reader, main: str, steps: Sequence[Step]) -> set[str]:
    """Give the requests among the further parents of ``steps`` that ``main`` answered before."""
    return reader.answered(main, {tip.commit.id for step in steps for tip in step.tips})


def _grounded(reader: Reader, main: str, verdict: Verdict) -> Verdict:
    """Refuse an answer to a request that does not start at a step of main, as the audit does."""
    for at, judged in enumerate(verdict.accepted):
        if judged.answer is not None and _ungrounded(reader, main, judged.answer):
            lost = _lost(judged.commit, judged.commit.parents[1])
            return Verdict(verdict.accepted[:at], judged.commit, judged.actor, (lost,))
    return verdict


def _ungrounded(reader: Reader, main: str, answer: Answer) -> bool:
    """Tell whether some request that is answered does not start at a step of main."""
    bases = {request.base for request in answer.requests}
    return bool(unreached(reader.repository, main, bases))


def _lost(commit: Commit, tip: str) -> Violation:
    return Violation(
        "requests",
        f"the request {tip[:7]} does not start at a step of main",
        commit=commit.id,
        hint="git rebase --interactive origin/main, and squash it to one commit",
    )


# --- what is proposed --------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposal:
    """A change that is not on main yet; ``line`` holds its commits if it starts at the base.

    ``told`` is who made it ("": as its commits say), ``approvers`` are who approved it.
    """

    reader: Reader
    base: str
    head: str
    line: tuple[Commit, ...] | None
    told: str
    approvers: tuple[str, ...]

    def judged(self) -> tuple[Verdict, tuple[str, ...]]:
        """Judge it: by the first way to merge it that is allowed; and say what else to know."""
        if any(commit.faults for commit in self.line or ()):
            return self._as(self.rebased, self.told), ()
        notes = [] if self.line is not None else [BEHIND]
        if self.is_request:
            notes += [AS_REQUEST] if self.told else [AS_REQUEST, NOT_PROVEN]
        elif any(step.tips for step in self.rebased):
            notes.append(NOT_PROVEN)
        if self.settings.identity.signatures == REQUIRED and (self.is_request or self.on_host):
            notes.append(MERGER_SIGNS)
        if self.is_request and self._unanswerable is not None:
            return self._unanswerable, tuple(notes)
        verdict = self._verdict()
        if not verdict.clean:
            notes.extend(self._no_request())
        elif self.on_host:
            notes.extend(self._buttons())
        return verdict, tuple(notes)

    # --- the ways to merge it --------------------------------------------------------------

    @cached_property
    def merged(self) -> tuple[Step, ...]:
        """Give the step that a merge commit would be; it may answer a request."""
        return (self._made(self.base, self.head),)

    @cached_property
    def squashed(self) -> tuple[Step, ...]:
        """Give the step that a squash would be."""
        return (self._made(self.base),)

    @cached_property
    def rebased(self) -> tuple[Step, ...]:
        """Give the steps that a fast-forward would be, and a rebase with other ids."""
        steps = map(self.reader.step, self.line or ())
        return tuple(replace(step, verifier=signatures.verify) for step in steps)

    def _made(self, *parents: str) -> Step:
        """Give a step that is not made yet: nobody signed it, and its time is to come."""
        commit = self.reader.commit(self.head)
        tree = commit.tree
        if self.line is None:
            tree = self.reader.repository.merged_tree(self.base, self.head)
        made = replace(
            commit,
            tree=tree,
            parents=parents,
            message=commit.message if len(parents) == 1 else "merge\n",
            signature=_UNMADE if self.settings.identity.signatures == REQUIRED else "",
        )
        return replace(self.reader.step(made), parent_time=None, verifier=_unless_unmade)

    # --- what it is ------------------------------------------------------------------------

    @cached_property
    def settings(self) -> Settings:
        """Give the settings that judge it: the base's."""
        return self.reader.snapshot(self.reader.commit(self.base)).settings

    @property
    def on_host(self) -> bool:
        """Tell whether main may be moved by the buttons of a Git host."""
        return self.settings.rules.merges == "any"

    @cached_property
    def author(self) -> str:
        """Give who made the change."""
        return self.told or actor_of(self.reader.commit(self.head), self.settings.identity)

    @cached_property
    def is_request(self) -> bool:
        """Tell whether a merge commit would answer it as a request: one commit on one of main's."""
        answer = self.merged[0].answer
        return answer is not None and not _ungrounded(self.reader, self.base, answer)

    @property
    def requester(self) -> str:
        """Give who asks, as main would read it off a merge commit; "" if nobody."""
        answer = self.merged[0].answer
        return answer.requests[0].requester if answer is not None else ""

    @cached_property
    def _unanswerable(self) -> Verdict | None:
        """Refuse a merge commit off which main would read a request that nobody here made."""
        commit = self.reader.commit(self.head)
        if self.told and self.requester not in {"", self.told}:
            key = f"user.{self.settings.identity.principal}"
            foreign = Violation(
                "identity",
                f'committer "{commit.committer}" is not {self.told}, who makes this request',
                commit=self.head,
                hint=f"git config {key} {self.told} && git commit --amend --reset-author --no-edit",
            )
            return Verdict((), commit, self.told, (foreign,))
        if self.requester and not self.is_request:
            return Verdict((), commit, self.author, (_lost(commit, self.head),))
        return None

    @cached_property
    def mergers(self) -> tuple[str, ...]:
        """Give who may be the author of a merge commit: who approved, and who made the change.

        Under the four-eyes rule nobody answers the own request.
        """
        people = tuple(dict.fromkeys((*self.approvers, self.author)))
        if self.is_request and self.settings.rules.self_approval == "refuse":
            others = tuple(one for one in people if fold(one) != fold(self.requester))
            return others or people
        return people

    # --- how it is judged ------------------------------------------------------------------

    def _as(
        self, steps: tuple[Step, ...], actor: str, *, approvers: tuple[str, ...] = ()
    ) -> Verdict:
        """Judge steps as one person's, as main will, or also as those of others who vouch."""
        if steps is self.merged and self._unanswerable is not None:
            return self._unanswerable
        acting = [replace(one, claimed_actor=actor or None, approvers=approvers) for one in steps]
        return verify(acting, answered=_answered(self.reader, self.base, steps))

    def _verdict(self) -> Verdict:
        """Give the first verdict that is clean, or else the one that tells most."""
        found: list[Verdict] = []
        for steps, actor, approvers in self._ways():
            found.append(self._as(steps, actor, approvers=approvers))
            if found[-1].clean:
                return found[-1]
        if not self.is_request:
            return found[-1]
        asks = (
            replace(one, hint=APPROVAL) if one.hint.startswith("gitreg request create") else one
            for one in found[0].violations
        )
        return replace(found[0], violations=tuple(asks))

    def _ways(self) -> Iterator[tuple[tuple[Step, ...], str, tuple[str, ...]]]:
        """Give the ways to merge it, as steps with their actor and the others who vouch for it."""
        others = self.approvers
        if self.is_request:
            able = (one for one in self.mergers if self._as(self.merged, one).clean)
            yield self.merged, next(able, self.mergers[0]), self.mergers
            others = ()
        if self.line is not None and not (self.on_host and _changes_law(self.rebased)):
            yield self.rebased, self.told, others
        if self.on_host and not self.is_request:
            yield self.merged, self.author, others
        if self.on_host or self.line is None:
            yield self.squashed, self.author, others

    # --- what to know ----------------------------------------------------------------------

    def _buttons(self) -> Iterator[str]:
        """Say which button leaves a main that is allowed, and in whose hand, unless all do."""
        for step in self.rebased if self.told else ():
            if step.actor != self.told:
                yield f"{step.commit.short} names {step.actor}: a fast-forward would keep that name"
        wrong = {one: self._wrong(self.merged, one) for one in self.mergers}
        others = {"squash": self._wrong(self.squashed, self.author)}
        if self.line is not None:
            others["rebase or fast-forward"] = self._wrong(self.rebased, self.told)
        if not any((*wrong.values(), *others.values())):
            return
        able = " or ".join(one for one in self.mergers if not wrong[one])
        told = f"yes, made by {able}" if able else f"no; {wrong[self.mergers[0]]}"
        yield f"merge commit: {told}"
        for name, reason in others.items():
            yield f"{name}: no; {reason}" if reason else f"{name}: yes, as {self.author}'s own"
        if not able and all(others.values()):
            yield NOBODY_ALONE

    def _wrong(self, steps: tuple[Step, ...], actor: str) -> str:
        """Say why main would be wrong with these steps of one person, or give ""."""
        return next((one.reason for one in self._as(steps, actor).violations), "")

    def _no_request(self) -> Iterator[str]:
        """Say why a change that moves one version, and nothing else, is no request."""
        found = self.squashed[0].difference
        moves = [change for change in found.changes if isinstance(change, c.StageTransitioned)]
        if self.is_request or found.violations or not len(moves) == len(found.changes) == 1:
            return
        try:
            asked(self.reader.tip(self.head), self.settings.identity)
        except InvalidValueError as error:
            yield f"{error}; git rebase origin/main makes one of it, as one commit"


def _changes_law(steps: Sequence[Step]) -> bool:
    """Tell whether some step would be judged by what an earlier one of them decided."""
    for step in steps[:-1]:
        created = {one.model for one in step.changes if isinstance(one, c.ModelCreated)}
        for change in step.changes:
            if isinstance(change, c.SettingsChanged):
                return True
            if isinstance(change, c.PermissionsChanged) and change.model not in created:
                return True
    return False


def _unless_unmade(claim: Claim) -> str:
    """Verify a signature, but that of a commit which is not made yet."""
    return "" if claim.commit.signature == _UNMADE else signatures.verify(claim)
