"""The judgement over a range of commits in a clone, as CI needs it for a pull request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gitreg.domain.commits import Commit
from gitreg.domain.names import check_principal
from gitreg.domain.verdict import Verdict
from gitreg.errors import InvalidValueError
from gitreg.guard.verify import verify
from gitreg.manifest.steps import Step, asked
from gitreg.registry.judging import MAX_STEPS
from gitreg.registry.reading import Reader
from gitreg.store.repository import Repository

AT_ITS_WORD = "who acts is taken from the commits: no transport authenticated them here"
TOLD = "who acts was told by --actor and --approver"
NOT_PROVEN = "requester not proven: no refs of the past are seen here"
AS_REQUEST = (
    "this is a transition request: merge it with a merge commit, by somebody who holds the level; "
    "a squash or rebase counts as a direct transition by the requester"
)
BEHIND = "the branch does not start at the base's tip: judged as one merge of both"


@dataclass(frozen=True, slots=True)
class Range:
    """A range of commits and its verdict; ``notes`` say what is not proven."""

    base: str
    head: str
    verdict: Verdict
    notes: tuple[str, ...] = ()


def judge_range(
    path: str | Path, revisions: str, *, actor: str = "", approvers: Sequence[str] = ()
) -> Range:
    """Judge ``revisions`` (BASE..HEAD) of the clone that ``path`` lies in.

    ``actor`` and ``approvers`` are whom the CI system names; without them the commits are taken at
    their word. The permissions that count are the base's. Raises NotFoundError for a revision that
    is not there, InvalidValueError for a range that cannot be.
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
    steps, notes = _steps(reader, base, head)
    told = (
        replace(step, approvers=tuple(approvers), claimed_actor=actor or None) for step in steps
    )
    as_request = AS_REQUEST in notes
    if as_request and approvers:
        told = (replace(step, claimed_actor=approvers[0]) for step in told)
    notes = (*notes, TOLD if actor or approvers else AT_ITS_WORD)
    return Range(base, head, verify(told), notes)


def _steps(reader: Reader, base: str, head: str) -> tuple[list[Step], tuple[str, ...]]:
    commits: list[Commit] = []
    for commit in reader.repository.first_parents(head):
        if commit.id == base:
            break
        commits.append(commit)
        if commit.faults or len(commits) > MAX_STEPS:
            break
    else:
        return _merged(reader, base, head)
    if len(commits) > MAX_STEPS:
        raise InvalidValueError(f"the range holds more than {MAX_STEPS} commits")
    steps = [reader.step(commit) for commit in reversed(commits)]
    if len(steps) == 1 and _is_request(reader, steps[0]):
        return [_as_merge(reader, steps[0], base)], (AS_REQUEST, NOT_PROVEN)
    merges = any(len(step.commit.parents) > 1 for step in steps)
    return steps, (NOT_PROVEN,) if merges else ()


def _is_request(reader: Reader, step: Step) -> bool:
    if len(step.commit.parents) != 1 or step.before is None:
        return False
    try:
        asked(reader.tip(step.commit.id), step.identity)
    except InvalidValueError:
        return False
    return True


def _as_merge(reader: Reader, step: Step, base: str) -> Step:
    """Give the merge that would answer a request: the same tree, with the request as its parent."""
    commit = replace(step.commit, parents=(base, step.commit.id), message="approve\n")
    return replace(step, commit=commit, tips=(reader.tip(step.commit.id),))


def _merged(reader: Reader, base: str, head: str) -> tuple[list[Step], tuple[str, ...]]:
    """Give the one step that merging both would be: judged by the base's tree."""
    tree = reader.repository.merged_tree(base, head)
    before = reader.repository.commit(base)
    commit = reader.repository.commit(head)
    merged = replace(commit, tree=tree, parents=(base,))
    step = Step(merged, reader.snapshot(before), reader.snapshot(merged))
    return [step], (BEHIND,)
