"""The one judgement: a pure fold over the commits of a walk."""

from collections.abc import Callable, Iterable, Iterator

from gitreg.domain.verdict import Judged, Verdict, Violation
from gitreg.errors import CorruptError
from gitreg.guard.access import access, level_of
from gitreg.guard.content import form, lifecycle, schema
from gitreg.guard.governance import governance
from gitreg.guard.identity import identity
from gitreg.guard.requests import requests
from gitreg.guard.signatures import signatures
from gitreg.manifest.steps import Step

Rule = Callable[[Step], Iterator[Violation]]

FIRST: tuple[Rule, ...] = (form, schema)
"""What must hold before anything else can be judged."""
RULES: tuple[Rule, ...] = (*FIRST, identity, signatures, lifecycle, access, governance, requests)
"""All rules, in the order in which they are told."""


def verify(steps: Iterable[Step], *, answered: Iterable[str] = ()) -> Verdict:
    """Judge commits, oldest first, each by the tree before it; stop at the first one refused.

    ``answered`` are tips of requests that were answered before the first of them.
    """
    accepted: list[Judged] = []
    ended = set(answered)
    for step in steps:
        violations = (*judge(step), *_answered_before(step, ended))
        if violations:
            return Verdict(tuple(accepted), step.commit, _actor(step), violations)
        ended.update(step.commit.parents[1:])
        covered = tuple(_covered(step)) if step.approvers else ()
        accepted.append(Judged(step.commit, step.actor, step.changes, step.answer, covered))
    return Verdict(tuple(accepted))


def judge(step: Step) -> tuple[Violation, ...]:
    """Give every reason why one commit is refused."""
    found: list[Violation] = []
    try:
        for rule in FIRST:
            found.extend(rule(step))
        if not found:
            for rule in RULES[len(FIRST) :]:
                found.extend(rule(step))
    except CorruptError as error:
        found.append(Violation("form", str(error), hint=error.hint))
    return tuple(dict.fromkeys(one.of(step.commit.id) for one in found))


def _answered_before(step: Step, answered: set[str]) -> Iterator[Violation]:
    """A request ends with its first answer, also if both stand in one walk."""
    if answered.isdisjoint(step.commit.parents[1:]) or step.answer is None:
        return
    for request in step.answer.requests:
        if request.tip in answered:
            reason = f"commit {request.tip[:7]} ({request}) was answered before"
            yield Violation("requests", reason, commit=step.commit.id, hint="gitreg request list")


def _actor(step: Step) -> str:
    if step.pusher is not None:
        return step.pusher
    try:
        return step.actor
    except CorruptError:
        return step.commit.committer.name


def _covered(step: Step) -> Iterator[tuple[str, str]]:
    for change in step.changes:
        model = change.subject
        able = [a for a in step.actors if level_of(step.law, a, model) >= change.needs.least]
        yield str(change), next(iter(able), step.actor)
