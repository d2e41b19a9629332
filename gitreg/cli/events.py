"""``gitreg events``: what happened, for other programs."""

import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from gitreg.cli.command import Command
from gitreg.cli.options import reading
from gitreg.cli.output import on_terminal, one_line, paint
from gitreg.cli.session import Session
from gitreg.domain.commits import parse_time

if TYPE_CHECKING:
    from gitreg.registry import Registry
    from gitreg.registry.notices import Mailbox

Told: TypeAlias = dict[str, Any]  # Any: JSON


@click.command(
    cls=Command,
    examples=(
        "gitreg events --since 2026-01-31",
        "gitreg events --since CURSOR -o json",
        "gitreg events --follow -o json",
        "gitreg events --mailbox deploy -o json",
    ),
)
@click.option(
    "--since",
    default="",
    metavar="CURSOR",
    help="Only what came after: the gitregcursor of an event, a commit, or a date.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on, and tell what happens as it happens.")
@click.option(
    "--mailbox",
    default="",
    metavar="NAME",
    help="Only what this mailbox was not told yet; it remembers. A new one starts now.",
)
@click.option(
    "--limit", "-n", type=click.IntRange(min=1), help="How many to tell at most; then it ends."
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05),
    default=1.0,
    show_default=True,
    help="Seconds between two looks, with --follow.",
)
@reading
def events(
    session: Session, since: str, follow: bool, mailbox: str, limit: int | None, interval: float
) -> None:
    """Tell what happened as CloudEvents, oldest first.

    Every event has an id that never changes, and a gitregcursor to go on from. With --follow or
    --mailbox, -o json writes an event a line.
    """
    if since and mailbox:
        raise click.UsageError("--since and --mailbox exclude one another")
    registry = session.read()
    pause = interval if follow else 0
    if mailbox:
        box = registry.mailbox(mailbox)
        for place, event in islice(_from_mailbox(registry, box, pause=pause), limit):
            _tell_line(session, event)
            box.done(place)
        return
    found = islice(_from_history(registry, since, pause=pause), limit)
    if follow:
        for event in found:
            _tell_line(session, event)
        return
    told = list(found)
    session.answer(
        lambda: told,
        names=lambda: [str(event["id"]) for event in told],
        text=lambda: (_line(session, event) for event in told),
        nothing="" if told else "nothing happened since then",
    )
    if told and on_terminal():
        session.note(f"what comes after: gitreg events --since {told[-1]['gitregcursor']}")


def _from_history(registry: "Registry", since: str, *, pause: float) -> Iterator[Told]:
    source = registry.source
    cursor = since or (str(registry.cursor()) if pause else "")
    cursor = registry.lasting(cursor)
    while True:
        for event in registry.events(cursor):
            yield event.to_cloud(source)
            cursor = str(event.cursor)
        if not pause:
            return
        time.sleep(pause)
        registry.refresh()


def _from_mailbox(
    registry: "Registry", mailbox: "Mailbox", *, pause: float
) -> Iterator[tuple[int, Told]]:
    """Give what a mailbox holds; whoever told an event takes it out."""
    while True:
        mailbox.fill()
        while found := mailbox.take():
            yield from found
        if not pause:
            return
        time.sleep(pause)
        registry.refresh()


def _tell_line(session: Session, event: Told) -> None:
    """Tell one event at once, in a line of its own."""
    if session.quiet:
        text = str(event["id"])
    elif session.output == "json":
        text = json.dumps(event)
    elif session.output == "yaml":
        import yaml

        text = "---\n" + yaml.safe_dump(event, sort_keys=False).rstrip()
    else:
        text = _line(session, event)
    click.echo(text)
    sys.stdout.flush()


def _line(session: Session, event: Told) -> str:
    data = event["data"]
    when = session.time(parse_time(str(event["time"])) or 0)
    commit = paint(str(event["id"])[:7], "yellow")
    return f"{when}  {commit}  {one_line(data['actor'])}  {one_line(data['text'])}"
