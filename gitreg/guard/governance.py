"""The rule about permissions: they keep a manager, and nobody gives more than may be given."""

from collections.abc import Iterator

from gitreg.domain import changes as c
from gitreg.domain.access import EVERYONE, REGISTRY, Level
from gitreg.domain.verdict import Violation
from gitreg.guard.access import level_of
from gitreg.manifest.layout import PERMISSIONS_FILE, REGISTRY_FILE, permissions_file
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step


def governance(step: Step) -> Iterator[Violation]:
    """Permissions parse, keep a manager, and give nobody more than they may."""
    yield from (found for found in step.difference.violations if found.rule == "governance")
    if any(found.path == PERMISSIONS_FILE for found in step.difference.violations):
        return
    root = step.before is None or any(
        isinstance(change, c.PermissionsChanged) and change.model is None for change in step.changes
    )
    identity = any(
        isinstance(change, c.SettingsChanged)
        and any(key.startswith("identity") for key in change.keys)
        for change in step.changes
    )
    if root or identity:
        yield from _managers(step)
        yield from _delegates(step.after)
    yield from _new_lines(step)
    for change in step.changes:
        if isinstance(change, c.ModelCreated):
            yield from _creation(step, change)
        elif isinstance(change, c.ModelRenamed):
            yield from _rename(step, change)


def _managers(step: Step) -> Iterator[Violation]:
    actor = _actor_after(step)
    permissions = step.after.permissions
    lines = [grant for grant in permissions.root.grants if grant.pattern == REGISTRY]
    names = [name for grant in lines if grant.level is Level.MANAGE for name in grant.principals]
    if not permissions.members(names):
        yield Violation(
            "governance",
            'nobody would manage "/"; a line that names somebody must',
            PERMISSIONS_FILE,
            hint=f"keep a line: / manage {actor}",
        )
    elif level_of(step.after, actor, None) < Level.MANAGE:
        yield Violation(
            "governance",
            f'{actor}, whose commit this is, would not manage "/"',
            PERMISSIONS_FILE,
            hint=f"keep a line: / manage {actor}; another manager can take it out",
        )


def _actor_after(step: Step) -> str:
    """Give what the actor is called once the commit is in force: by name, or by e-mail."""
    principal, commit = step.after.settings.identity.principal, step.commit
    if principal == step.identity.principal or step.claimed_actor:
        return step.actor
    acts = commit.committer.told(step.identity.principal) == step.actor
    return (commit.committer if acts else commit.author).told(principal)


def _delegates(after: Snapshot) -> Iterator[Violation]:
    grants = after.permissions.root
    for delegate in after.settings.identity.delegates:
        lines = [(grant.line, grant.principals) for grant in grants.grants]
        lines += [(group.line, group.members) for group in grants.groups]
        for line, names in lines:
            if delegate.name in names:
                yield Violation(
                    "governance",
                    f"{delegate.name} is a delegate (identity.delegates in {REGISTRY_FILE}) and "
                    "holds no level",
                    PERMISSIONS_FILE,
                    line=line,
                )


def _new_lines(step: Step) -> Iterator[Violation]:
    after = step.after
    changes = [change for change in step.changes if isinstance(change, c.PermissionsChanged)]
    if step.before is None:
        lines = tuple(sorted(after.permissions.root.lines))
        changes = [c.PermissionsChanged(PERMISSIONS_FILE, None, lines)]
    if not changes:
        return
    defined = {group.name for group in after.permissions.root.groups} | {EVERYONE}
    delegates = {delegate.name for delegate in after.settings.identity.delegates}
    for change in changes:
        for line in change.added:
            words = line.partition(" = ")[2].split() if " = " in line else line.split()
            for name in words:
                if name.startswith("@") and name not in defined:
                    yield Violation(
                        "governance",
                        f'the group {name} is not defined ("{line}")',
                        change.path,
                        hint=f"define it in {PERMISSIONS_FILE}: {name} = alice bob",
                    )
                elif name in delegates and change.model is not None:
                    yield Violation(
                        "governance", f"{name} is a delegate and holds no level", change.path
                    )


def _creation(step: Step, change: c.ModelCreated) -> Iterator[Violation]:
    folder = step.after.folder(change.model)
    directory = change.model.directory
    given = step.law.settings.rules.creator_level
    held = step.law.permissions.level(step.actor, None, named=directory)
    path = permissions_file(folder)
    after = step.after.permissions
    own = after.own(directory)
    names = after.names_of(step.actor)
    mine = max(
        (grant.level for grant in own.grants if not names.isdisjoint(grant.principals)),
        default=Level.NONE,
    )
    if max(held, mine) < given:
        yield Violation(
            "governance",
            f"whoever creates a model is given {given} on it by the same commit",
            path,
            hint=f"write into it: {given} {step.actor}",
        )
    for grant in own.grants:
        if grant.level > max(given, held):
            yield Violation(
                "governance",
                f'"{grant}" gives more than whoever creates a model may give ({given})',
                path,
                line=grant.line,
                hint="rules.creator in registry.yaml decides; ask a manager of the registry",
            )


def _rename(step: Step, change: c.ModelRenamed) -> Iterator[Violation]:
    if any(level_of(step.law, actor, None) >= Level.MANAGE for actor in step.actors):
        return
    moved = list(step.law.permissions.moved_levels(change.model.directory, change.to.directory))
    if moved:
        told = ", ".join(f"{user} from {old} to {new}" for user, old, new in moved[:10])
        told += f", and {len(moved) - 10} more" if len(moved) > 10 else ""
        yield Violation(
            "governance",
            f'{change} would change levels ({told}) and needs manage on "/"',
            change.to_path,
            who_can=step.law.permissions.who_can(Level.MANAGE, None),
        )
