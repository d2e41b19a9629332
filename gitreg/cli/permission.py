"""``gitreg permission``: read and change who may do what."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Group
from gitreg.cli.completing import (
    complete_actions,
    complete_levels,
    complete_models,
    complete_principals,
    complete_stages,
    complete_targets,
)
from gitreg.cli.failure import REFUSED
from gitreg.cli.options import dated, reading, writing
from gitreg.cli.output import paint, table
from gitreg.cli.session import Session
from gitreg.domain.telling import printable

if TYPE_CHECKING:
    from gitreg.registry.explain import Decision, Holding

EVERYBODY_READS = (
    "whoever can read the repository reads all of it; a server, and clients through it, hold None "
    "and Read"
)
_UNTARGETED = ("create", "settings")
_principal = click.argument("principal", shell_complete=complete_principals)
_model = click.argument("name", metavar="[MODEL]", required=False, shell_complete=complete_models)
_pattern = click.option(
    "--pattern",
    default="",
    metavar="GLOB",
    help='Models by directory name (* and ?), or "/": the registry and every model.',
)


@click.group(
    cls=Group,
    examples=(
        "gitreg permission list fraud",
        "gitreg permission grant carol manage-production fraud",
        "gitreg permission grant @risk edit --pattern 'fraud-*'",
        "gitreg permission check carol transition fraud/3 Production",
    ),
)
def permission() -> None:
    """Read and change who may do what.

    The levels are read, edit, manage-staging, manage-production and manage; each holds those before
    it. PRINCIPAL is a user, a @group or @everyone.
    """


@permission.command(
    "list", examples=("gitreg permission list", "gitreg permission list fraud -o json")
)
@_model
@dated
@reading
def list_permissions(session: Session, name: str | None, at: str) -> None:
    """List who has which level on MODEL, and by which line.

    Without MODEL these are the lines of the registry's own file.
    """
    found = session.read().permissions(name or "", at=at)
    session.answer(
        lambda: [_data(one) for one in found],
        names=lambda: dict.fromkeys(one.principal for one in found),
        text=lambda: table(
            ("PRINCIPAL", "LEVEL", "BY", "WHERE"),
            [(one.principal, str(one.level), one.rule, f"{one.path}:{one.line}") for one in found],
        ),
    )
    if not session.quiet and session.output == "table":
        session.note(EVERYBODY_READS)


def _data(one: "Holding") -> dict[str, object]:
    return {
        "principal": one.principal,
        "level": str(one.level),
        "rule": one.rule,
        "path": one.path,
        "line": one.line,
    }


@permission.command(
    "grant",
    examples=(
        "gitreg permission grant carol manage-production fraud",
        "gitreg permission grant @risk edit --pattern 'fraud-*'",
        "gitreg permission grant dave manage --pattern / -m 'Joins the platform team.'",
    ),
)
@_principal
@click.argument("level", shell_complete=complete_levels)
@_model
@_pattern
@writing
def grant(session: Session, principal: str, level: str, name: str | None, pattern: str) -> None:
    """Give PRINCIPAL a LEVEL on MODEL, or on a pattern.

    A pattern stands in the registry's file, which takes manage on / to change.
    """
    _one_of(name, pattern)
    registry = session.write()
    receipt = registry.grant(principal, level, model=name or "", pattern=pattern, **session.how)
    session.tell(registry, receipt, principal)


@permission.command(
    "revoke",
    examples=(
        "gitreg permission revoke carol fraud",
        "gitreg permission revoke @risk --pattern 'fraud-*'",
    ),
)
@_principal
@_model
@_pattern
@writing
def revoke(session: Session, principal: str, name: str | None, pattern: str) -> None:
    """Take PRINCIPAL's level on MODEL away, or on a pattern.

    Other lines may give one still: gitreg permission list tells.
    """
    _one_of(name, pattern)
    registry = session.write()
    receipt = registry.revoke(principal, model=name or "", pattern=pattern, **session.how)
    session.tell(registry, receipt, principal)


def _one_of(name: str | None, pattern: str) -> None:
    if bool(name) == bool(pattern):
        raise click.UsageError("name a MODEL, or a --pattern")


@permission.command(
    "check",
    examples=(
        "gitreg permission check bob create",
        "gitreg permission check bob add-version fraud",
        "gitreg permission check bob transition fraud/3 Production",
    ),
)
@click.argument("user", shell_complete=complete_principals)
@click.argument("action", shell_complete=complete_actions)
@click.argument("target", default="", shell_complete=complete_targets)
@click.argument("stage", default="", shell_complete=complete_stages)
@dated
@reading
@click.pass_context
def check(
    ctx: click.Context,
    session: Session,
    user: str,
    action: str,
    *,
    target: str,
    stage: str,
    at: str,
) -> None:
    """Tell whether USER may do ACTION to TARGET, and why.

    The exit code is 0 for yes and 4 for no. TARGET is a model, or a version for a transition to
    STAGE.
    """
    if not target and action not in _UNTARGETED:
        raise click.UsageError(f"{action} needs a TARGET")
    decision = session.read().may(user, action, target, stage=stage, at=at)
    session.answer(
        lambda: _decision(decision),
        names=lambda: ["yes" if decision.allowed else "no"],
        text=lambda: _reasons(decision),
    )
    if not decision.allowed:
        ctx.exit(REFUSED)


def _decision(decision: "Decision") -> dict[str, object]:
    return {
        "allowed": decision.allowed,
        "reason": decision.reason,
        "level": str(decision.level),
        "needed": str(decision.needed),
        "who_can": list(decision.who_can),
    }


def _reasons(decision: "Decision") -> Iterator[str]:
    answer = paint("yes", "green") if decision.allowed else paint("no", "red")
    yield f"{answer}: {printable(decision.reason)}"
    if not decision.allowed:
        yield printable(f"who can: {', '.join(decision.who_can) or 'nobody'}")
