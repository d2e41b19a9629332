"""``gitreg log`` and ``gitreg diff``: what happened, what was where, and what differs."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from gitreg.cli.command import Command
from gitreg.cli.completing import (
    complete_kinds,
    complete_principals,
    complete_stages,
    complete_targets,
    complete_versions,
)
from gitreg.cli.failure import FAILED
from gitreg.cli.options import dated, reading
from gitreg.cli.output import on_terminal, one_line, paint, table, tell_size
from gitreg.cli.session import Session
from gitreg.cli.telling import words
from gitreg.domain.activities import Activity
from gitreg.domain.comparing import ABSENT, Comparison
from gitreg.domain.names import ModelName, parse_number
from gitreg.domain.references import SCHEME, parse_reference
from gitreg.domain.telling import printable
from gitreg.domain.traces import Tenure
from gitreg.errors import GitregError, InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from gitreg.artifacts.manifest import FileChange, PinnedFile
    from gitreg.registry import Registry

SCREEN = 30
"""Activities that are told on a terminal, unless -n says how many."""


@click.command(
    cls=Command,
    examples=(
        "gitreg log",
        "gitreg log fraud -n 5",
        "gitreg log fraud/3 -o json",
        "gitreg log --user carol --kind approved_request --since 2026-01-01",
        "gitreg log --stage Production fraud",
        "gitreg log --stage Production fraud --since 2026-03-01 --until 2026-03-01",
    ),
)
@click.argument("target", metavar="[MODEL | VERSION]", default="", shell_complete=complete_targets)
@click.option(
    "--stage",
    default="",
    help="Tell instead which versions were in a stage from when to when.",
    shell_complete=complete_stages,
)
@click.option("--user", default="", help="Of a user.", shell_complete=complete_principals)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="Of a kind, such as NEW_COMMENT or VersionCreated; may be repeated.",
    shell_complete=complete_kinds,
)
@click.option("--since", default="", metavar="DATE", help="Not before a date (2026-01-31).")
@click.option("--until", default="", metavar="DATE", help="Not after a date.")
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=0),
    help=f"How many to tell; 0: all. On a terminal {SCREEN} unless told, elsewhere all.",
)
@dated
@reading
def log(session: Session, target: str, *, stage: str, limit: int | None, **asked: Any) -> None:
    # Any: the options that say which activities
    """Tell what happened, newest first.

    It happened to the registry, or to the model or version that is named. With --stage it is told
    which versions of the model were in that stage, from when to when (with dates: at some time
    between them), and who put them there.
    """
    registry = session.read()
    if stage:
        _tell_tenures(session, registry, target, stage=stage, limit=limit, **asked)
        return
    found = _activities(registry, target, **asked)
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


def _activities(registry: "Registry", target: str, *, at: str, **asked: Any) -> Iterator[Activity]:
    # Any: as above
    """Give the activities of what ``target`` names, which may be gone by now."""
    model, number = _parsed(registry, target, at=at)
    found = registry.log(model, version=number, at=at, **asked)
    first = next(found, None)
    if first is None:
        if target and next(registry.log(model, version=number), None) is None:
            raise NotFoundError(f"nothing ever happened to {target}", hint="gitreg model list")
        return
    yield first
    yield from found


def _parsed(registry: "Registry", target: str, *, at: str) -> tuple[str, int | None]:
    plain = target.removeprefix("models:/")
    model, _, number = plain.rpartition("/")
    if model and parse_number(number) is not None:
        return model, int(number)
    if model or plain != target or ("@" in target and not _exists(registry, target, at=at)):
        ref = registry.version(target, at=at).ref
        return str(ref.model), ref.number
    return target, None


def _exists(registry: "Registry", name: str, *, at: str = "") -> bool:
    return registry.snapshot(at).has_model(ModelName(name))


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


# --- tenures --------------------------------------------------------------------------------------


def _tell_tenures(
    session: Session,
    registry: "Registry",
    target: str,
    *,
    stage: str,
    limit: int | None,
    at: str,
    since: str,
    until: str,
    user: str,
    kinds: tuple[str, ...],
) -> None:
    if not target:
        raise click.UsageError("name the model: gitreg log --stage STAGE MODEL")
    if user or kinds:
        raise click.UsageError("--stage and --user or --kind exclude one another")
    model, number = _parsed(registry, target, at=at)
    every = registry.tenures(model, stage=stage, since=since, until=until, at=at)
    found = [one for one in reversed(every) if number in {None, one.ref.number}][: limit or None]
    now = min(registry.moment(at), _now()) if at else _now()
    session.answer(
        lambda: [one.to_dict() for one in found],
        names=lambda: dict.fromkeys(str(one.ref) for one in found),
        text=lambda: table(
            ("VERSION", "FROM", "UNTIL", "FOR", "BY", "ASKED BY", "ENDED BY", "TO"),
            [_cells(session, one, now=now) for one in found],
        ),
        nothing="" if found else f"no version of {model} was in {stage}",
    )


def _now() -> int:
    return time.time_ns() // 1_000_000


def _cells(session: Session, one: Tenure, *, now: int) -> tuple[str, ...]:
    left = one.left
    return (
        str(one.ref),
        session.time(one.entered.time),
        session.time(left.time) if left is not None else "now",
        session.span((left.time if left is not None else now) - one.entered.time),
        one.entered.by,
        ", ".join(one.entered.requesters),
        left.by if left is not None else "",
        (one.went_to or "deleted") if left is not None else "",
    )


# --- differences ----------------------------------------------------------------------------------


@click.command(
    cls=Command,
    examples=(
        "gitreg diff fraud/3 fraud/7",
        "gitreg diff fraud/Production fraud/latest -o json",
        "gitreg diff 2026-01-01",
        "gitreg diff 2026-01-01 2026-02-01",
        "gitreg diff HEAD~3 HEAD -o json",
    ),
)
@click.argument("before", metavar="A", shell_complete=complete_versions)
@click.argument("after", metavar="[B]", default="", shell_complete=complete_versions)
@reading
@click.pass_context
def diff(ctx: click.Context, session: Session, before: str, after: str) -> None:
    """Tell how two versions differ, or what changed from A to B.

    A and B are versions; the exit code is then 1 if they differ. Or each is a commit or a date;
    without B it is what changed until now. What can be read as a version of a model that there is,
    is one: write refs/heads/NAME for a branch that is called like it.
    """
    registry = session.read()
    one, other = _is_version(registry, before), _is_version(registry, after)
    if one and other:
        found = registry.compare(before, after)
        _tell_comparison(session, found, _files(session, registry, found))
        ctx.exit(FAILED if found.differences else 0)
    if one or other:
        version, rest = (before, after) if one else (after, before)
        raise InvalidValueError(
            f"{version} is a version, {rest or 'nothing'} is not: compare two versions",
            hint=words("gitreg", "diff", version, "VERSION"),
        )
    changes = registry.diff(before, after)
    session.answer(
        lambda: [change.to_dict() for change in changes],
        names=lambda: dict.fromkeys(change.path for change in changes),
        text=lambda: (one_line(str(change)) for change in changes),
    )


def _is_version(registry: "Registry", text: str) -> bool:
    """Tell whether a text means a version: of a model that there is, or by MLflow's scheme."""
    try:
        reference = parse_reference(text)
    except InvalidValueError:
        return False
    return text.startswith(SCHEME) or registry.snapshot().has_model(reference.model)


def _files(
    session: Session, registry: "Registry", found: Comparison
) -> tuple["FileChange", ...] | None:
    """Give the files that differ; None if neither pins any, or the store cannot tell."""
    pinned = [one.artifact for one in (found.before, found.after) if one.artifact is not None]
    if not pinned:
        return None
    try:
        return registry.artifacts.compare(found.before.ref, found.after.ref)
    except GitregError as error:
        session.warn(f"the files cannot be compared: {error}")
        return None


def _tell_comparison(
    session: Session, found: Comparison, files: tuple["FileChange", ...] | None
) -> None:
    both = f"{found.before.ref} and {found.after.ref}"
    told = [one.to_dict() for one in files] if files is not None else None

    def text() -> Iterator[str]:
        yield from table(
            ("FIELD", str(found.before.ref), str(found.after.ref)),
            [(one.field, _told(one.before), _told(one.after)) for one in found.differences],
        )
        if files:
            yield ""
            yield from table(
                ("FILE", "", str(found.before.ref), str(found.after.ref)),
                [(one.path, one.kind, _size(one.before), _size(one.after)) for one in files],
            )

    session.answer(
        lambda: found.to_dict() | {"files": told},
        names=lambda: [
            *(one.field for one in found.differences),
            *(one.path for one in files or ()),
        ],
        text=text,
        nothing="" if found.differences or session.output != "table" else f"{both} do not differ",
    )


def _size(file: "PinnedFile | None") -> str:
    return tell_size(file.size) if file is not None else ""


def _told(value: object) -> str:
    if value is ABSENT:
        return ""
    return "null" if value is None else str(value) or '""'
