"""``gitreg init`` and ``gitreg layout``: make a registry, and lay it out."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

import gitreg
from gitreg.cli.command import Command
from gitreg.cli.options import answering, dry_run, with_session, writing
from gitreg.cli.session import Session
from gitreg.cli.telling import words
from gitreg.domain.settings import FLAT, HOSTS, PROFILES, SHARDED
from gitreg.errors import AlreadyExistsError, NotFoundError

if TYPE_CHECKING:
    from gitreg.operations.creation import NewRegistry

LAYOUTS = (FLAT, SHARDED)


@click.command(
    cls=Command,
    examples=(
        "gitreg init models.git --admin alice",
        "gitreg init /srv/models.git --admin alice --name acme-models --layout sharded",
        "gitreg init models.git --admin alice@acme.com --host github",
    ),
)
@click.argument("path", type=click.Path())
@click.option("--admin", default="", metavar="USER", help="Who gets manage on it, if not you.")
@click.option("--name", default="", help="What the registry is called, if not like its folder.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default=PROFILES[0],
    help="Whose rules for renaming, deleting and twins.",
)
@click.option(
    "--host", type=click.Choice(HOSTS), default=HOSTS[0], help="The Git host that keeps it."
)
@click.option("--layout", type=click.Choice(LAYOUTS), default=FLAT, help="sharded: many models.")
@dry_run
@answering
@with_session
def init(
    session: Session, path: str, *, admin: str, name: str, profile: str, host: str, layout: str
) -> None:
    """Make a registry at PATH.

    PATH is a new folder, or an empty bare repository. Hooks that judge every push are installed.
    """
    from gitreg.operations.creation import NewRegistry

    by_email = host != "plain"
    who = admin or session.whoever(by_email=by_email)
    plan = NewRegistry(name or Path(path).name.removesuffix(".git"), who, profile, host, layout)
    if session.dry_run:
        _refuse_taken(path, plan)
        commit = ""
    else:
        registry = gitreg.create(
            path,
            admin=who,
            name=plan.name,
            profile=profile,
            host=host,
            layout=layout,
            email="" if by_email else session.email_of(who),
        )
        commit = registry.tip
    session.answer(
        lambda: {"path": path, "name": plan.name, "admin": who, "commit": commit},
        names=lambda: [path],
        text=lambda: [_told(session, path, plan, commit=commit)],
    )
    if commit and not session.is_me(who):
        session.note(f"{words('git', 'config', '--global', 'gitreg.user', who)} makes you {who}")
    if commit:
        always = words("git", "config", "--global", "gitreg.registry", Path(path).resolve())
        session.note(f"{always} makes it the one gitreg speaks to")


def _refuse_taken(path: str, plan: "NewRegistry") -> None:
    plan.files()
    try:
        gitreg.open(path, actor=plan.admin).commit()
    except NotFoundError:
        return
    raise AlreadyExistsError(f"{path} holds a registry already", hint=f"gitreg -r {path} log")


def _told(session: Session, path: str, plan: "NewRegistry", *, commit: str) -> str:
    if not commit:
        return f"would: registry {plan.name} created in {path}, managed by {plan.admin}"
    you = [] if session.is_me(plan.admin) else ["--as", plan.admin]
    then = words("gitreg", "-r", path, *you, "model", "create", "NAME")
    return f"registry {plan.name} created in {path} ({commit[:7]}). Next: {then}"


@click.command(cls=Command, examples=("gitreg layout sharded", "gitreg layout flat --dry-run"))
@click.argument("layout", type=click.Choice(LAYOUTS))
@writing
def layout(session: Session, layout: str) -> None:
    """Move every model to the flat or the sharded layout.

    It is one commit that holds nothing else; sharded is faster above some 2,000 models.
    """
    registry = session.write()
    session.tell(registry, registry.change_layout(layout, **session.how), layout)
