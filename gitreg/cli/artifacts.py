"""``gitreg artifacts``: the store that the registry keeps model files in."""

import click

from gitreg.cli.command import Group
from gitreg.cli.options import confirmed, saying
from gitreg.cli.output import tell_size
from gitreg.cli.progress import Bar
from gitreg.cli.session import Session
from gitreg.domain.telling import printable

DAY = 86_400


@click.group(cls=Group, examples=("gitreg artifacts gc", "gitreg artifacts gc --yes"))
def artifacts() -> None:
    """Look after the store that model files are kept in."""


@artifacts.command(
    "gc",
    examples=(
        "gitreg artifacts gc --dry-run",
        "gitreg artifacts gc --yes",
        "gitreg artifacts gc --older-than 30 --yes",
    ),
)
@click.option(
    "--older-than",
    type=click.IntRange(min=1),
    default=14,
    show_default=True,
    metavar="DAYS",
    help="Only what is so old; an upload counts on it to be there until it is committed.",
)
@confirmed
@saying
def gc(session: Session, older_than: int) -> None:
    """Remove from the store what no version pins.

    A version pins its files as long as any branch's history has it. Without --yes it only tells.
    """
    registry = session.read()
    with Bar() as bar:
        found = registry.artifacts.collect(
            grace=older_than * DAY, dry_run=session.dry_run or not session.yes, progress=bar
        )
    deleted = session.yes and not session.dry_run
    what = "removed" if deleted else "would: remove"
    session.answer(
        lambda: {
            "removed": [one.name for one in found.gone] if deleted else [],
            "unpinned": [one.name for one in found.gone],
            "size": found.size,
            "kept": found.kept,
        },
        names=lambda: [one.name for one in found.gone],
        text=lambda: [
            *(printable(f"{what} {one.name}  {tell_size(one.size)}") for one in found.gone),
            f"{what} {len(found.gone)} of {tell_size(found.size)}; {found.kept} are kept",
        ],
    )
    if found.gone and not deleted and not session.dry_run:
        session.note("nothing was removed: add --yes")
