"""``gitreg transition``: move a version to a stage."""

import click

from gitreg.cli.command import Command
from gitreg.cli.options import stage_name, version_reference, writing
from gitreg.cli.session import Session, reference

archiving = click.option(
    "--archive-existing", is_flag=True, help="Archive the other versions that are in STAGE."
)


@click.command(
    cls=Command,
    examples=(
        "gitreg transition fraud/3 Staging",
        "gitreg transition fraud/3 Production --archive-existing -m 'Approved in the review.'",
        "gitreg transition fraud/Production Archived --dry-run",
    ),
)
@version_reference
@stage_name
@archiving
@writing
def transition(session: Session, version: str, stage: str, archive_existing: bool) -> None:
    """Move VERSION to STAGE.

    Whoever lacks the level asks for it: gitreg request create VERSION STAGE. Open requests for just
    this transition are approved by it.
    """
    registry = session.write()
    ref = reference(registry, version)
    receipt = registry.transition(ref, stage, archive_existing=archive_existing, **session.how)
    session.tell(registry, receipt, ref)
