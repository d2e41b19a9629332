"""``gitreg log`` and ``gitreg diff``: what happened, and what changed."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Command
from gitreg.cli.completing import complete_targets
from gitreg.cli.options import reading
from gitreg.cli.output import on_terminal, one_line, paint
from gitreg.cli.session import Session
from gitreg.domain.activities import Activity
from gitreg.domain.names import ModelName, parse_number
from gitreg.domain.telling import printable
from gitreg.errors import NotFoundError

if TYPE_CHECKING:
    from gitreg.registry import Registry

SCREEN = 30
"""Activities that are told on a terminal, unless -n says how many."""


@click.command(
    cls=Command,
    examples=("gitreg log", "gitreg log fraud -n 5", "gitreg log fraud/3 -o json"),
)
@click.argument("target", metavar="[MODEL | VERSION]", default="", shell_complete=complete_targets)
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=0),
    help=f"How many to tell; 0: all. On a terminal {SCREEN} unless told, elsewhere all.",
)
@reading
def log(session: Session, target: str, limit: int | None) -> None:
    """Tell what happened, newest first.

    It happened to the registry, or to the model or version that is named.
    """
    registry = session.read()
    found = _activities(registry, target)
    on_screen = on_terminal() and limit is None
    most = SCREEN if on_screen else limit or None
    told = islice(found, most)
    session.answer(
        lambda: [one.to_dict() for one in told],
        names=lambda: dict.fromkeys(one.commit for one in told),
        text=lambda: (line for one in told for line in activity_lines(session, one)),
    )
    if on_screen and next(found, None) is not None:
        session.note("there is more: gitreg log -n 0 tells all")


def _activities(registry: "Registry", target: str) -> Iterator[Activity]:
    """Give the activities of what ``target`` names, which may be gone by now."""
    model, number = _parsed(registry, target)
    found = registry.log(model, version=number)
    first = next(found, None)
    if first is None:
        if target:
            raise NotFoundError(f"nothing ever happened to {target}", hint="gitreg model list")
        return
    yield first
    yield from found


def _parsed(registry: "Registry", target: str) -> tuple[str, int | None]:
    plain = target.removeprefix("models:/")
    model, _, number = plain.rpartition("/")
    if model and parse_number(number) is not None:
        return model, int(number)
    if model or plain != target or ("@" in target and not _exists(registry, target)):
        ref = registry.version(target).ref
        return str(ref.model), ref.number
    return target, None


def _exists(registry: "Registry", name: str) -> bool:
    return registry.snapshot().has_model(ModelName(name))


def activity_lines(session: Session, one: Activity) -> Iterator[str]:
    """Tell one activity: when, by which commit, who and what; below it what he wrote."""
    when, commit = session.time(one.time), paint(one.commit[:7], "yellow")
    width = 14 if on_terminal() else len(when)
    yield f"{when.ljust(width)}  {commit}  {printable(one.actor)}  {one_line(one.text)}"
    if one.original_time or one.original_user:
        whose = f" by {one.original_user}" if one.original_user else ""
        yield printable(f"    imported; it was {one.original_time}{whose}")
    if one.comment and one.kind != "NEW_COMMENT":
        for line in printable(one.comment).splitlines():
            yield f"    {line}".rstrip()


@click.command(
    cls=Command,
    examples=(
        "gitreg diff 2026-01-01",
        "gitreg diff 2026-01-01 2026-02-01",
        "gitreg diff HEAD~3 HEAD -o json",
    ),
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", default="")
@reading
def diff(session: Session, before: str, after: str) -> None:
    """Tell what changed from A to B.

    Each is a commit or a date; without B it is what changed until now.
    """
    changes = session.read().diff(before, after)
    session.answer(
        lambda: [change.to_dict() for change in changes],
        names=lambda: dict.fromkeys(change.path for change in changes),
        text=lambda: (one_line(str(change)) for change in changes),
    )
