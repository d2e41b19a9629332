"""``gitreg index``: the index from which lists, searches and the past are read."""

from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Group
from gitreg.cli.failure import FAILED
from gitreg.cli.options import reading
from gitreg.cli.output import on_terminal, sheet
from gitreg.cli.progress import Progress
from gitreg.cli.session import Session

if TYPE_CHECKING:
    from gitreg.registry.indexing import IndexStatus


@click.group(cls=Group, examples=("gitreg index status", "gitreg index rebuild"))
def index() -> None:
    """See and rebuild the index of a registry.

    It is an SQLite file that is derived from main, and kept up by every read that needs it.
    Removing it loses nothing.
    """


@index.command("rebuild", examples=("gitreg index rebuild", "gitreg index rebuild -r models.git"))
@reading
def rebuild(session: Session) -> None:
    """Make the index anew from all of history."""
    registry = session.read()
    registry.rebuild_index(Progress("indexing") if on_terminal(aside=True) else None)
    found = registry.index_status()
    session.answer(
        lambda: _data(found),
        names=lambda: [found.path],
        text=lambda: [f"{found.path} holds {_count(found.steps, 'step')} now."],
    )


@index.command("status", examples=("gitreg index status", "gitreg index status -o json"))
@reading
@click.pass_context
def status(ctx: click.Context, session: Session) -> None:
    """Tell how the index is.

    The exit code is 1 if something is wrong with it. To be behind is not wrong: the next read that
    needs it keeps it up.
    """
    found = session.read().index_status()
    session.answer(
        lambda: _data(found),
        names=lambda: [found.path],
        text=lambda: sheet(
            found.path,
            {
                "size": f"{found.size:,} bytes",
                "steps": f"{found.steps:,}",
                "behind": _count(found.behind, "step") if found.behind else "",
                "problems": "\n".join(found.problems),
            },
        ),
    )
    if found.problems:
        session.warn("the index is damaged: gitreg index rebuild")
        ctx.exit(FAILED)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def _data(found: "IndexStatus") -> dict[str, object]:
    return {
        "path": found.path,
        "size": found.size,
        "steps": found.steps,
        "behind": found.behind,
        "problems": list(found.problems),
    }
