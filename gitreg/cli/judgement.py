"""``gitreg check`` and ``gitreg audit``: the guard's judgement, as CI and auditors need it."""

import click

from gitreg.cli.command import Command
from gitreg.cli.failure import REFUSED
from gitreg.cli.options import placed
from gitreg.cli.output import on_terminal, say, write_json
from gitreg.cli.progress import Progress
from gitreg.cli.session import Session
from gitreg.errors import NotFoundError

USUAL = "origin/main..HEAD"
"""What is judged unless told."""
_form = click.option(
    "--output",
    "-o",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to write the report.",
)


@click.command(
    cls=Command,
    examples=(
        "gitreg check",
        "gitreg check origin/main..HEAD --actor bob --approver carol",
        "gitreg check HEAD~1..HEAD -o json",
    ),
)
@click.argument("revisions", metavar="[BASE..HEAD]", default="")
@click.option("--actor", "pusher", default="", metavar="USER", help="Who makes the change.")
@click.option(
    "--approver",
    "approvers",
    multiple=True,
    metavar="USER",
    help="Who approved it; may be repeated.",
)
@_form
@placed
@click.pass_context
def check(
    ctx: click.Context,
    session: Session,
    revisions: str,
    *,
    pusher: str,
    approvers: tuple[str, ...],
    form: str,
) -> None:
    """Judge commits as the hook would.

    Tells what the commits of a branch (else those after origin/main) would do, or why they are
    refused; the exit code is then 4. Without --actor the commits are taken at their word. The
    permissions that count are the base's.
    """
    from gitreg.check import check as judge

    try:
        report = judge(session.path, revisions or USUAL, actor=pusher, approvers=approvers)
    except NotFoundError as error:
        hint = error.hint or "name the commits to judge: gitreg check BASE..HEAD"
        raise NotFoundError(str(error), hint=hint) from None
    if form == "json":
        write_json(report.to_dict())
    else:
        for line in report.lines():
            say(line)
    if not report.clean:
        ctx.exit(REFUSED)


@click.command(
    cls=Command,
    examples=(
        "gitreg audit",
        "gitreg audit --full -r /srv/models.git -o json",
        "gitreg audit --root 4f1c2aa0d3b5e6f7081929a3b4c5d6e7f8091a2b",
    ),
)
@click.option("--root", default="", metavar="COMMIT", help="The whole id that history starts with.")
@click.option("--since", default="", metavar="COMMIT", help="Look at what came after a step only.")
@click.option("--full", is_flag=True, help="Look again at what an earlier audit proved.")
@_form
@placed
@click.pass_context
def audit(
    ctx: click.Context, session: Session, *, root: str, since: str, full: bool, form: str
) -> None:
    """Replay all history through the guard.

    Tells whether every step was allowed by the permissions of its time; if not, the exit code is 4.
    """
    from gitreg.audit import audit as replay
    from gitreg.opening import cache_folder, is_url

    path = session.repository().path if is_url(session.path) else session.path
    report = replay(
        path,
        root=root,
        since=since,
        full=full,
        cache_folder=cache_folder(),
        progress=Progress("auditing") if on_terminal(aside=True) else None,
    )
    if form == "json":
        write_json(report.to_dict())
    else:
        for line in report.lines():
            say(line)
    if not report.clean:
        ctx.exit(REFUSED)
