"""A Step: one commit on main with the trees before and after it; and what it asks and answers."""

from dataclasses import dataclass, field
from functools import cached_property

from gitreg.domain.changes import Change, StageTransitioned
from gitreg.domain.commits import ANSWER, Commit
from gitreg.domain.requests import Answer, Outcome, RequestName, TransitionRequest
from gitreg.domain.settings import Identity
from gitreg.domain.signatures import Verifier
from gitreg.domain.verdict import Violation
from gitreg.errors import CorruptError, InvalidValueError
from gitreg.manifest.diff import Difference, compare
from gitreg.manifest.snapshot import Snapshot


@dataclass(frozen=True)
class Tip:
    """The tip of a request branch: its commit, and the trees before and after it."""

    commit: Commit
    before: Snapshot | None
    after: Snapshot

    @cached_property
    def difference(self) -> Difference:
        """Give what the tip changes."""
        return compare(self.before, self.after)


@dataclass(frozen=True)
class Step:
    """One first-parent commit of main, with all that its judgement needs.

    ``pusher`` is who the transport authenticated (None: history is taken at its word);
    ``approvers`` are further actors a CI system vouches for; ``tips`` belong to the further
    parents; ``stored`` are the tips of the requests that were stored before (None: not known);
    ``parent_time`` is the first parent's own time and ``now`` the clock, both in ms; ``verifier``
    verifies signatures (None: nothing can).
    """

    commit: Commit
    before: Snapshot | None
    after: Snapshot
    pusher: str | None = None
    approvers: tuple[str, ...] = ()
    tips: tuple[Tip, ...] = ()
    stored: frozenset[str] | None = None
    parent_time: int | None = None
    now: int | None = None
    claimed_actor: str | None = field(default=None)
    verifier: Verifier | None = None

    @cached_property
    def difference(self) -> Difference:
        """Give what happened in this step; an object that cannot be read is a violation."""
        try:
            return compare(self.before, self.after)
        except CorruptError as error:
            return Difference((), (Violation("form", str(error), hint=error.hint),))

    @property
    def changes(self) -> tuple[Change, ...]:
        """Give the changes of this step."""
        return self.difference.changes

    @property
    def law(self) -> Snapshot:
        """Give the tree whose settings and permissions judge this step: the one before."""
        return self.before if self.before is not None else self.after

    @property
    def identity(self) -> Identity:
        """Give the identity settings in force."""
        return self.law.settings.identity

    @cached_property
    def actor(self) -> str:
        """Give who acts: told by the CI system, or by the commit as its delegates vouch."""
        return self.claimed_actor or actor_of(self.commit, self.identity, self.pusher)

    @property
    def actors(self) -> tuple[str, ...]:
        """Give everybody whose levels count: the actor first, then the approvers."""
        return tuple(dict.fromkeys((self.actor, *self.approvers)))

    @cached_property
    def answer(self) -> Answer | None:
        """Give what this step answered, if it is well-formed; the guard says what is not."""
        return answers(self)


def actor_of(commit: Commit, identity: Identity, pusher: str | None = None) -> str:
    """Give who acts in ``commit``: its committer, or its author where a delegate vouches for it."""
    committer = commit.committer.told(identity.principal)
    delegate = identity.delegate(pusher if pusher is not None else committer)
    if delegate is not None and delegate.vouches == "author":
        return commit.author.told(identity.principal)
    return committer


def asked(tip: Tip, identity: Identity) -> TransitionRequest:
    """Read the request that a tip makes: exactly one stage transition, on one parent.

    Raises InvalidValueError, saying what else it holds.
    """
    commit = tip.commit
    if commit.faults:
        raise InvalidValueError(f"commit {commit.short} {commit.faults[0]}")
    if len(commit.parents) != 1 or tip.before is None:
        raise InvalidValueError(f"commit {commit.short} is no request: it needs one parent")
    found = tip.difference
    if found.violations:
        raise InvalidValueError(
            f"commit {commit.short} is no request: {found.violations[0].reason}"
        )
    [*moves] = found.changes
    if len(moves) != 1 or not isinstance(moves[0], StageTransitioned):
        told = "; ".join(map(str, moves[:3])) or "it changes nothing"
        raise InvalidValueError(
            f"commit {commit.short} is no request: it must hold one stage transition ({told})"
        )
    move = moves[0]
    name = RequestName(move.ref, move.to_stage, actor_of(commit, identity))
    version = tip.before.version(move.ref)
    return TransitionRequest(
        name=name,
        tip=commit.id,
        base=commit.parents[0],
        from_stage=move.from_stage,
        comment=request_comment(commit, name),
        time=commit.own_time,
        asked_of=version.immutable,
        pinned=version.artifact,
    )


def request_summary(name: RequestName) -> str:
    """Give the first line of the message of a request that gitreg writes."""
    return f"Request {name.ref} -> {name.stage}"


def request_comment(commit: Commit, name: RequestName) -> str:
    """Give the requester's words: the message, without trailers and gitreg's own first line."""
    if commit.summary == request_summary(name):
        return commit.comment
    return f"{commit.summary}\n\n{commit.comment}".strip()


def void(request: TransitionRequest, main: Snapshot) -> str:
    """Tell why a request is void on ``main``'s tree, or give ""."""
    stage = main.settings.stages.find(request.stage)
    if stage is None or stage.retired:
        return f"the stage {request.stage} is not in use any more"
    version = main.find_version(request.ref)
    if version is None:
        return f"there is no version {request.ref} any more"
    other_files = request.pinned is not None and version.artifact != request.pinned
    if version.immutable != request.asked_of or other_files:
        return f"{request.ref} is not the version it was asked for"
    if version.stage == request.stage:
        return f"{request.ref} is in {request.stage} already"
    return ""


def answers(step: Step) -> Answer | None:
    """Read what a merge on main answers, and how.

    Without the trailer, a merge that moves the version as its requests ask counts as approved.
    """
    if not step.tips or step.before is None:
        return None
    trailer = step.commit.trailer(ANSWER)
    try:
        requests = tuple(asked(tip, step.identity) for tip in step.tips)
        outcome = Outcome(trailer) if trailer else Outcome.APPROVED
    except (InvalidValueError, CorruptError, ValueError):
        return None
    first = requests[0]
    if any((one.ref, one.stage) != (first.ref, first.stage) for one in requests):
        return None
    moved = any(
        isinstance(one, StageTransitioned) and (one.ref, one.to_stage) == (first.ref, first.stage)
        for one in step.changes
    )
    if not trailer and not moved:
        return None
    return Answer(outcome, requests, step.commit.comment)
