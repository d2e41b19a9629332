"""Answers to "may alice do this?", with the reason, and where levels come from."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitreg.domain.access import EVERYONE, REGISTRY, Ability, Level, matches
from gitreg.domain.names import ModelName, check_principal
from gitreg.domain.requests import transition_ability
from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError
from gitreg.guard.access import level_of, may_create
from gitreg.manifest.layout import permissions_file
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.references import resolve

ACTIONS = {
    "create": Ability.CREATE_MODEL,
    "read": Ability.READ,
    "request": Ability.REQUEST,
    "comment": Ability.COMMENT,
    "add-version": Ability.ADD_VERSION,
    "update": Ability.UPDATE,
    "transition": Ability.TRANSITION,
    "approve": Ability.TRANSITION,
    "reject": Ability.TRANSITION,
    "rename": Ability.MANAGE_MODEL,
    "delete": Ability.MANAGE_MODEL,
    "permissions": Ability.MANAGE_MODEL,
    "settings": Ability.MANAGE_REGISTRY,
}
"""What can be asked, and the ability it is."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One line that gives a principal a level: the line, and where it stands."""

    principal: str
    level: Level
    rule: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether somebody may do something, and why."""

    allowed: bool
    reason: str
    level: Level
    needed: Level
    who_can: tuple[str, ...] = ()


def holdings(snapshot: Snapshot, model: ModelName | None) -> Iterator[Holding]:
    """Give every line that bears on a model, or (None) every line of the registry's file."""
    permissions = snapshot.permissions
    for grant in permissions.root.grants:
        if model is None or grant.pattern == REGISTRY or matches(grant.pattern, model.directory):
            for name in grant.principals:
                yield Holding(name, grant.level, str(grant), permissions_file(), grant.line)
    if model is not None:
        path = permissions_file(snapshot.folder(model))
        for grant in permissions.own(model.directory).grants:
            for name in grant.principals:
                yield Holding(name, grant.level, str(grant), path, grant.line)


def decide(
    snapshot: Snapshot, who: str, action: str, *, target: str = "", stage: str = ""
) -> Decision:
    """Tell whether ``who`` may do ``action`` to ``target``: a model, or a version with a stage.

    Raises InvalidValueError for an action there is not, NotFoundError for a target that is not.
    """
    check_principal(who)
    ability = ACTIONS.get(action)
    if ability is None:
        raise InvalidValueError(
            f"{action!r} cannot be asked; {', '.join(ACTIONS)} can", hint=suggest(action, ACTIONS)
        )
    if action == "create":
        return _creation(snapshot, who)
    model: ModelName | None = None
    what = action
    if ability is not Ability.MANAGE_REGISTRY:
        if action in {"transition", "approve", "reject"}:
            if not stage:
                raise InvalidValueError(
                    f"{action} needs a version and a stage",
                    hint=f"gitreg permission check {who} {action} fraud/3 Production",
                )
            version = snapshot.version(resolve(snapshot, target))
            model = version.ref.model
            to_stage = snapshot.settings.stages.parse(stage).name
            ability = transition_ability(snapshot.settings.stages, version.stage, to_stage)
            what = f"{action} {version.ref}: {version.stage} -> {to_stage}"
        else:
            model = _model(snapshot, target)
            what = f"{action} {target}"
    held = level_of(snapshot, who, model)
    where = _where(snapshot, who, model, held)
    allowed = held >= ability.least
    reason = f"{what} needs {ability.least}; {who} has {held}{where}"
    return Decision(allowed, reason, held, ability.least, _who(snapshot, ability, model))


def _model(snapshot: Snapshot, target: str) -> ModelName:
    plain = ModelName(target) if "/" not in target and "@" not in target else None
    model = plain or resolve(snapshot, target).model
    snapshot.model(model)
    return model


def _creation(snapshot: Snapshot, who: str) -> Decision:
    allowed = may_create(snapshot, who)
    named = ", ".join(snapshot.settings.rules.creation)
    held = level_of(snapshot, who, None)
    reason = f"rules.creation lets {named} create models; {who} is "
    if named == EVERYONE and allowed:
        reason += "somebody"
    else:
        reason += "among them" if allowed else "not among them"
    return Decision(allowed, reason, held, Level.NONE, snapshot.settings.rules.creation)


def _who(snapshot: Snapshot, ability: Ability, model: ModelName | None) -> tuple[str, ...]:
    directory = model.directory if model is not None else None
    return snapshot.permissions.who_can(ability.least, directory)


def _where(snapshot: Snapshot, who: str, model: ModelName | None, held: Level) -> str:
    names = snapshot.permissions.names_of(who)
    for holding in holdings(snapshot, model):
        fits = model is not None or holding.rule.startswith(f"{REGISTRY} ")
        if fits and holding.level == held and holding.principal in names:
            return f' by "{holding.rule}" ({holding.path}:{holding.line})'
    return ""
