"""``gitreg rollback``: undo the last change of which versions of a model are in a stage."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Command
from gitreg.cli.options import confirmed, model_name, stage_name, writing
from gitreg.cli.session import Session
from gitreg.cli.telling import next_answer, receipt_data, told, would
from gitreg.domain.telling import printable

if TYPE_CHECKING:
    from gitreg.registry import Receipt, Registry
    from gitreg.registry.tracing import Undoing


@click.command(
    cls=Command,
    examples=(
        "gitreg rollback fraud Production",
        "gitreg rollback fraud Production --yes -m 'It drifts.'",
        "gitreg rollback fraud Production --request -m 'It drifts.'",
        "gitreg rollback fraud Production --dry-run",
    ),
)
@model_name
@stage_name
@click.option("--request", "asking", is_flag=True, help="Ask for the transition back instead.")
@confirmed
@writing
def rollback(session: Session, name: str, stage: str, asking: bool) -> None:
    """Undo the last change of which versions are in STAGE.

    What came into that stage of MODEL goes back where it came from, and what left it comes back, in
    one commit. Done again, it undoes that. With --request a transition is requested for each
    version that comes back, or if none does, for each that leaves.
    """
    registry = session.write()
    undoing = registry.undoing(name, stage)
    session.note(_undone(session, undoing))
    if asking:
        receipts = [
            registry.request_transition(ref, to_stage, **session.how)
            for ref, to_stage in undoing.wishes
        ]
    else:
        session.confirm(f"undo that in {undoing.stage} of {name}")
        receipts = [registry.undo(undoing, **session.how)]
    session.answer(
        lambda: _data(undoing, receipts),
        names=lambda: dict.fromkeys(str(ref) for ref, _ in undoing.moves),
        text=lambda: map(printable, _lines(registry, undoing, receipts)),
    )


def _undone(session: Session, undoing: "Undoing") -> str:
    deed = undoing.deed
    asked = f" as {' and '.join(deed.requesters)} asked" if deed.requesters else ""
    moves = ", ".join(
        f"{ref} {from_stage} -> {to_stage}" for ref, from_stage, to_stage in undoing.undone_moves
    )
    return f"undoes {deed.commit[:7]} by {deed.by}{asked}, {session.time(deed.time)}: {moves}"


def _lines(
    registry: "Registry", undoing: "Undoing", receipts: Iterable["Receipt"]
) -> Iterator[str]:
    leaves = any(stage != undoing.stage for _, stage in undoing.moves)
    options = ("--archive-existing",) if leaves and undoing.restored else ()
    for receipt in receipts:
        if receipt.dry_run:
            yield from would(receipt)
            continue
        then = next_answer(registry, receipt, *options)
        yield told(receipt, registry.actor) + (f" Next: {then}" if then else "")


def _data(undoing: "Undoing", receipts: Iterable["Receipt"]) -> dict[str, object]:
    return {
        "undone": {
            **undoing.deed.to_dict(),
            "moves": [
                {"version": ref.number, "from_stage": from_stage, "to_stage": to_stage}
                for ref, from_stage, to_stage in undoing.undone_moves
            ],
        },
        "receipts": [receipt_data(receipt) for receipt in receipts],
    }
