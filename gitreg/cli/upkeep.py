"""``gitreg maintain``: keep the repository of a registry fast and tidy."""

import time

import click

from gitreg.cli.command import Command
from gitreg.cli.options import speaking
from gitreg.cli.session import Session
from gitreg.domain.telling import printable


@click.command(
    cls=Command,
    examples=("gitreg maintain", "gitreg maintain -r /srv/models.git --stale-after 14"),
)
@click.option(
    "--stale-after",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Name requests that have been open for longer.",
)
@speaking
def maintain(session: Session, stale_after: int) -> None:
    """Pack a registry's repository, and tidy its branches.

    Packs objects and refs, writes the commit graph, removes the branches of answered requests, and
    names requests that nobody has answered for long. Readers and writers go on meanwhile.
    """
    from gitreg.registry.maintaining import maintain as work

    registry = session.repository()
    found = work(registry.path, now=time.time_ns() // 1_000_000, stale_after=stale_after)
    session.answer(
        lambda: {
            "done": list(found.done),
            "removed": list(found.removed),
            "stale": [{"request": str(one.request), "days": one.days} for one in found.stale],
        },
        names=lambda: [str(one.request) for one in found.stale],
        text=lambda: map(
            printable,
            [
                *found.done,
                *(f"{name} removed: it was answered" for name in found.removed),
                *(f"{one}; gitreg request show {one.request.ref}" for one in found.stale),
            ],
        ),
    )
