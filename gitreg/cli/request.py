"""``gitreg request``: ask for stage transitions, and answer requests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Group
from gitreg.cli.completing import complete_models, complete_stages
from gitreg.cli.options import reading, stage_name, version_reference, writing
from gitreg.cli.output import sheet, table
from gitreg.cli.session import Session, reference
from gitreg.cli.telling import next_answer, request_data, words
from gitreg.cli.transition import archiving
from gitreg.domain.requests import Action
from gitreg.errors import NotFoundError

if TYPE_CHECKING:
    from gitreg.registry import Registry
    from gitreg.registry.receipts import RequestView

_VERBS = {Action.APPROVE: "approve", Action.REJECT: "reject", Action.CANCEL: "cancel"}


@click.group(
    cls=Group,
    examples=(
        "gitreg request create fraud/3 Production -m 'AUC 0.94 on October.'",
        "gitreg request list --for-me",
        "gitreg request approve fraud/3 Production --archive-existing",
    ),
)
def request() -> None:
    """Ask for stage transitions, and answer requests.

    A request is named by its version and the stage it asks for.
    """


@request.command(
    "create", examples=("gitreg request create fraud/3 Production -m 'AUC 0.94 on October.'",)
)
@version_reference
@stage_name
@writing
def create(session: Session, version: str, stage: str) -> None:
    """Ask for VERSION to be moved to STAGE."""
    registry = session.write()
    ref = reference(registry, version)
    receipt = registry.request_transition(ref, stage, **session.how)
    session.tell(registry, receipt, ref, then=next_answer(registry, receipt))


@request.command(
    "list",
    examples=(
        "gitreg request list",
        "gitreg request list --for-me",
        "gitreg request list --mine --model fraud -o json",
    ),
)
@click.option("--mine", is_flag=True, help="That I made.")
@click.option("--for-me", is_flag=True, help="That I may approve.")
@click.option("--model", "name", default="", help="Of a model.", shell_complete=complete_models)
@click.option("--stage", default="", help="For a stage.", shell_complete=complete_stages)
@reading
def list_requests(session: Session, mine: bool, for_me: bool, name: str, stage: str) -> None:
    """List the open requests, and what you may do with each."""
    registry = session.write() if mine or for_me else session.read()
    if name:
        registry.model(name)
    found = [
        view
        for view in registry.requests(model=name, stage=stage)
        if (not mine or view.request.requester == registry.actor)
        and (not for_me or Action.APPROVE in view.actions)
    ]
    session.answer(
        lambda: [_data(view) for view in found],
        names=lambda: dict.fromkeys(f"{one.request.ref} {one.request.stage}" for one in found),
        text=lambda: table(
            ("VERSION", "FROM", "TO", "REQUESTER", "ASKED", "YOU MAY", "COMMENT"),
            [_cells(session, view) for view in found],
        ),
        nothing="" if found else "there are no such open requests",
    )


def _cells(session: Session, view: "RequestView") -> tuple[str, ...]:
    one = view.request
    return (
        str(one.ref),
        one.from_stage,
        one.stage,
        one.requester,
        session.time(one.time),
        ", ".join(_verbs(view)),
        one.comment,
    )


def _verbs(view: "RequestView") -> list[str]:
    return [_VERBS[action] for action in view.actions]


def _data(view: "RequestView") -> dict[str, object]:
    return request_data(view.request) | {"actions": [str(action) for action in view.actions]}


@request.command(
    "show", examples=("gitreg request show fraud/3", "gitreg request show fraud/3 Production")
)
@version_reference
@click.argument("stage", default="", shell_complete=complete_stages)
@reading
def show(session: Session, version: str, stage: str) -> None:
    """Show the open requests to move VERSION, all or those to STAGE."""
    registry = session.read()
    ref = reference(registry, version)
    found = registry.requests(version=ref, stage=stage)
    if not found:
        asked = f"{ref} -> {stage}" if stage else str(ref)
        raise NotFoundError(f"there is no open request for {asked}", hint="gitreg request list")
    session.answer(
        lambda: [_data(view) for view in found],
        names=lambda: dict.fromkeys(f"{ref} {view.request.stage}" for view in found),
        text=lambda: _pages(session, registry, found),
    )


def _pages(
    session: Session, registry: "Registry", found: tuple["RequestView", ...]
) -> Iterator[str]:
    for view in found:
        one = view.request
        who = registry.may(registry.actor, "approve", str(one.ref), stage=one.stage).who_can
        commands = [words("gitreg", "request", verb, one.ref, one.stage) for verb in _verbs(view)]
        yield from sheet(
            f"{one.ref}: {one.from_stage} -> {one.stage}",
            {
                "requester": one.requester,
                "asked": session.time(one.time),
                "comment": one.comment,
                "who can approve": ", ".join(who),
                "you may": "\n".join(commands),
            },
        )


@request.command(
    "approve",
    examples=(
        "gitreg request approve fraud/3 Staging",
        "gitreg request approve fraud/3 Production --archive-existing -m 'Looks good.'",
    ),
)
@version_reference
@stage_name
@archiving
@writing
def approve(session: Session, version: str, stage: str, archive_existing: bool) -> None:
    """Approve every open request to move VERSION to STAGE, and move it."""
    registry = session.write()
    ref = reference(registry, version)
    receipt = registry.approve(ref, stage, archive_existing=archive_existing, **session.how)
    session.tell(registry, receipt, ref)


@request.command(
    "reject", examples=("gitreg request reject fraud/3 Production -m 'Drifts on weekends.'",)
)
@version_reference
@stage_name
@writing
def reject(session: Session, version: str, stage: str) -> None:
    """Reject every open request to move VERSION to STAGE."""
    registry = session.write()
    ref = reference(registry, version)
    session.tell(registry, registry.reject(ref, stage, **session.how), ref)


@request.command(
    "cancel",
    examples=(
        "gitreg request cancel fraud/3 Production",
        "gitreg request cancel fraud/3 Production --requester bob",
    ),
)
@version_reference
@stage_name
@click.option("--requester", default="", metavar="USER", help="Whose request, if not yours.")
@writing
def cancel(session: Session, version: str, stage: str, requester: str) -> None:
    """Cancel your own request to move VERSION to STAGE.

    Whoever manages the model cancels that of another, too.
    """
    registry = session.write()
    ref = reference(registry, version)
    session.tell(registry, registry.cancel(ref, stage, requester=requester, **session.how), ref)
