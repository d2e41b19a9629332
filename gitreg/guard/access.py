"""The rule about levels: every change needs its ability, by the permissions before the commit."""

from collections.abc import Iterator

from gitreg.domain import changes as c
from gitreg.domain.access import Ability, Level
from gitreg.domain.commits import ORIGINAL_TIME, ORIGINAL_USER
from gitreg.domain.names import ModelName
from gitreg.domain.requests import Answer, Outcome, transition_ability
from gitreg.domain.verdict import Violation
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step

_WITH_CREATION = (
    c.VersionCreated,
    c.VersionDeleted,
    c.AliasSet,
    c.CardChanged,
    c.PermissionsChanged,
)


def level_of(law: Snapshot, principal: str, model: ModelName | None) -> Level:
    """Give the effective level; a delegate holds none."""
    if law.settings.identity.delegate(principal) is not None:
        return Level.NONE
    return law.permissions.level(principal, model.directory if model else None)


def may_create(law: Snapshot, principal: str) -> bool:
    """Tell whether ``principal`` may create models."""
    settings = law.settings
    if settings.identity.delegate(principal) is not None:
        return False
    named = law.permissions.in_any(principal, settings.rules.creation)
    return named or level_of(law, principal, None) >= Level.MANAGE


def access(step: Step) -> Iterator[Violation]:
    """A change needs its ability, under the permissions in force before the commit."""
    if step.before is None:
        return
    created = {one.model for one in step.changes if isinstance(one, c.ModelCreated)}
    for change in step.changes:
        if change.subject in created and isinstance(change, _WITH_CREATION):
            continue
        yield from _judge(step, change)
    yield from _answer(step, step.answer)
    yield from _originals(step)


def _judge(step: Step, change: c.Change) -> Iterator[Violation]:
    law = step.law
    if isinstance(change, c.ModelCreated):
        if not any(may_create(law, actor) for actor in step.actors):
            named = law.settings.rules.creation
            managers = law.permissions.who_can(Level.MANAGE, None)
            yield Violation(
                "access",
                f"{change}: {step.actor} is not among those who may create models",
                change.path,
                who_can=tuple(dict.fromkeys((*named, *managers))),
            )
        return
    needs = change.needs
    if isinstance(change, c.CommentDeleted) and change.author != step.actor:
        needs = Ability.MANAGE_MODEL
    yield from _demand(step, needs, change.subject, what=str(change), path=change.path)


def _demand(
    step: Step, needs: Ability, model: ModelName | None, *, what: str, path: str
) -> Iterator[Violation]:
    law = step.law
    held = {actor: level_of(law, actor, model) for actor in step.actors}
    if max(held.values()) >= needs.least:
        return
    told = ", ".join(f"{actor} has {level}" for actor, level in held.items())
    yield Violation(
        "access",
        f"{what} needs {needs.least}; {told}",
        path,
        who_can=law.permissions.who_can(needs.least, model.directory if model else None),
        hint=_way_out(step, what, held[step.actor]),
    )


def _way_out(step: Step, what: str, held: Level) -> str:
    for change in step.changes:
        if isinstance(change, c.StageTransitioned) and str(change) == what and held >= Level.READ:
            return f"gitreg request create {change.ref} {change.to_stage}"
    return ""


def _answer(step: Step, answer: Answer | None) -> Iterator[Violation]:
    if answer is None or answer.outcome is Outcome.APPROVED:
        return
    if answer.outcome is Outcome.CANCELLED:
        own = all(request.requester == step.actor for request in answer.requests)
        needs = Ability.REQUEST if own else Ability.MANAGE_MODEL
    else:
        version = step.law.find_version(answer.ref)
        if version is None:
            return
        needs = transition_ability(step.law.settings.stages, version.stage, answer.stage)
    yield from _demand(step, needs, answer.ref.model, what=str(answer), path="")


def _originals(step: Step) -> Iterator[Violation]:
    if any(step.commit.trailer(key) for key in (ORIGINAL_TIME, ORIGINAL_USER)):
        what = "telling another registry's times and users"
        yield from _demand(step, Ability.MANAGE_REGISTRY, None, what=what, path="")
