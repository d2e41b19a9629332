"""``gitreg blame`` and ``gitreg why``: who made a version what it is."""

from collections.abc import Iterator

import click

from gitreg.cli.command import Command
from gitreg.cli.options import dated, reading, version_reference
from gitreg.cli.output import paint, table
from gitreg.cli.session import Session
from gitreg.cli.shapes import pairs_text
from gitreg.domain.telling import printable
from gitreg.domain.traces import Blame, Reasons


@click.command(
    cls=Command,
    examples=(
        "gitreg blame fraud/3",
        "gitreg blame fraud/Production -o json",
        "gitreg blame fraud/3 --at 2026-01-31",
    ),
)
@version_reference
@dated
@reading
def blame(session: Session, version: str, at: str) -> None:
    """Tell who set each field of VERSION, and when.

    A stage that was asked for was set by who approved it.
    """
    found = session.read().blame(version, at=at)
    session.answer(
        lambda: [one.to_dict() for one in found],
        names=lambda: [one.field for one in found],
        text=lambda: table(
            ("FIELD", "VALUE", "SET", "BY", "ASKED BY", "COMMIT", "COMMENT"),
            [_cells(session, one) for one in found],
        ),
    )


def _cells(session: Session, one: Blame) -> tuple[str, ...]:
    value = one.value
    return (
        one.field,
        pairs_text(tuple(value.items())) if isinstance(value, dict) else _text(value),
        session.time(one.deed.time),
        one.deed.by,
        ", ".join(one.deed.requesters),
        one.deed.commit[:7],
        one.deed.comment,
    )


def _text(value: object) -> str:
    return "null" if value is None else str(value)


@click.command(
    cls=Command,
    examples=(
        "gitreg why fraud/3",
        "gitreg why fraud/Production",
        "gitreg why fraud/3 --at 2026-01-31 -o json",
    ),
)
@version_reference
@dated
@reading
def why(session: Session, version: str, at: str) -> None:
    """Tell how VERSION came to be in its stage."""
    found = session.read().why(version, at=at)
    session.answer(
        found.to_dict,
        names=lambda: dict.fromkeys(one.commit for one in found.story),
        text=lambda: _story(session, found),
    )


def _story(session: Session, found: Reasons) -> Iterator[str]:
    yield paint(printable(found.sentence), bold=True)
    yield ""
    times = [session.time(one.time) for one in found.story]
    width = max(map(len, times), default=0)
    for when, one in zip(times, found.story, strict=True):
        commit = paint(one.commit[:7], "yellow")
        yield f"{when.ljust(width)}  {commit}  {printable(one.sentence)}"
        for line in printable(one.comment).splitlines():
            yield f"    {line}".rstrip()
