"""The rule about requests: what a merge may answer, and the four-eyes rule."""

from collections.abc import Iterator

from gitreg.domain.changes import StageTransitioned, side_effects
from gitreg.domain.commits import ANSWER
from gitreg.domain.names import fold
from gitreg.domain.requests import Answer, Outcome
from gitreg.domain.stages import ARCHIVED
from gitreg.domain.verdict import Violation
from gitreg.errors import CorruptError, InvalidValueError
from gitreg.manifest.steps import Step, asked, void


def requests(step: Step) -> Iterator[Violation]:
    """A merge answers open requests, exactly as they ask; nobody approves alone what needs two."""
    if step.before is None:
        if step.commit.trailer(ANSWER):
            yield Violation("requests", "the first commit can answer nothing")
        return
    if len(step.commit.parents) > 1:
        yield from _merge(step)
    elif step.commit.trailer(ANSWER):
        yield Violation(
            "requests",
            f"{ANSWER} stands in a commit that merges no request",
            hint="gitreg request approve, reject or cancel",
        )
    if step.law.settings.rules.self_approval == "refuse":
        yield from _four_eyes(step)


def _merge(step: Step) -> Iterator[Violation]:
    told = step.commit.trailer(ANSWER)
    outcomes = [str(outcome) for outcome in Outcome]
    if told and told not in outcomes:
        yield Violation("requests", f"{ANSWER}: {told!a} is none of {', '.join(outcomes)}")
        return
    answer = step.answer
    if answer is None:
        if told or step.law.settings.rules.merges != "any":
            yield from _no_answer(step)
        elif not step.changes:
            yield Violation("requests", "the merge changes nothing and answers nothing")
        return
    for request in answer.requests:
        if reason := void(request, step.before or step.after):
            yield Violation("requests", f"the request {request} is void: {reason}")
        elif step.stored is not None and request.tip not in step.stored:
            yield Violation(
                "requests",
                f"commit {request.tip[:7]} ({request}) is not an open request",
                hint="gitreg request list",
            )
    yield from _exact(step, answer)


def _no_answer(step: Step) -> Iterator[Violation]:
    for tip in step.tips:
        try:
            asked(tip, step.identity)
        except (InvalidValueError, CorruptError) as error:
            yield Violation(
                "requests",
                f"a merge on main may only answer requests: {error}",
                hint="git rebase origin/main, so that your commits follow main one by one",
            )
            return
    yield Violation(
        "requests",
        "a merge answers requests for one version and one stage, and moves it there",
        hint="gitreg request approve",
    )


def _exact(step: Step, answer: Answer) -> Iterator[Violation]:
    if answer.outcome is not Outcome.APPROVED:
        for change in step.changes:
            yield Violation(
                "requests",
                f"{change}: a request that is {answer.outcome} changes nothing",
                change.path,
            )
        return
    archived = side_effects(step.changes)
    moved = False
    for change in step.changes:
        if isinstance(change, StageTransitioned):
            if (change.ref, change.to_stage) == (answer.ref, answer.stage):
                moved = True
                continue
            same = change.ref.model == answer.ref.model and change.from_stage == answer.stage
            if same and change.to_stage == ARCHIVED and change.ref in archived:
                continue
        yield Violation(
            "requests",
            f"{change}: the request asks for {answer.ref} -> {answer.stage} alone",
            change.path,
        )
    if not moved:
        yield Violation("requests", f"the merge does not move {answer.ref} to {answer.stage}")


def _four_eyes(step: Step) -> Iterator[Violation]:
    answer = step.answer
    requesters = {fold(request.requester) for request in answer.requests} if answer else set()
    if any(requesters - {fold(actor)} for actor in step.actors):
        return
    archived = side_effects(step.changes)
    for change in step.changes:
        if isinstance(change, StageTransitioned) and change.protected:
            if change.ref in archived:
                continue
            yield Violation(
                "requests",
                f"{change} needs a request by somebody else (rules.self_approval: refuse)",
                change.path,
                hint=f"gitreg request create {change.ref} {change.to_stage}, "
                "and let somebody else approve it",
            )
