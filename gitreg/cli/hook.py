"""``gitreg hook``: guard a bare repository against pushes."""

from dataclasses import replace
from pathlib import Path

import click

from gitreg.cli.command import Group
from gitreg.cli.failure import FAILED
from gitreg.cli.options import dry_run, placed, speaking
from gitreg.cli.output import say
from gitreg.cli.session import Session
from gitreg.domain.telling import printable

_path = click.argument("path", required=False, type=click.Path(file_okay=False))


@click.group(
    cls=Group,
    examples=(
        "gitreg hook install /srv/models.git --identity REMOTE_USER",
        "gitreg hook status /srv/models.git",
        "gitreg hook serve --socket /run/gitreg/hook.sock",
    ),
)
def hook() -> None:
    """Guard a bare repository against pushes."""


@hook.command(
    "install",
    examples=(
        "gitreg hook install /srv/models.git",
        "gitreg hook install /srv/models.git --identity REMOTE_USER --identity GITREG_ACTOR",
        "gitreg hook install /srv/models.git --socket /run/gitreg/hook.sock",
    ),
)
@_path
@click.option(
    "--identity",
    multiple=True,
    metavar="VAR",
    help="An environment variable that tells who pushes; may be repeated.",
)
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    help="Where a hook daemon listens (gitreg hook serve).",
)
@dry_run
@placed
def install(
    session: Session, path: str | None, *, identity: tuple[str, ...], socket: Path | None
) -> None:
    """Install the hooks, and the Git settings they rely on.

    PATH is a bare repository, if not the registry. A hook that is there already is kept, and run
    after ours.
    """
    registry = replace(session, registry=path or session.registry).repository()
    if session.dry_run:
        for problem in registry.hook_problems():
            say(f"would: mend: {problem}")
        say("would: write hooks and settings anew")
        return
    for line in registry.install_hooks(identity=identity, socket=socket):
        say(line)


@hook.command("status", examples=("gitreg hook status", "gitreg hook status /srv/models.git"))
@_path
@speaking
@click.pass_context
def status(ctx: click.Context, session: Session, path: str | None) -> None:
    """Tell whether pushes are judged.

    PATH is a bare repository, if not the registry. The exit code is 0 if they are, else 1.
    """
    registry = replace(session, registry=path or session.registry).repository()
    problems = registry.hook_problems()
    session.answer(
        lambda: {"path": str(registry.path), "guarded": not problems, "problems": problems},
        names=lambda: [] if problems else [str(registry.path)],
        text=lambda: map(printable, problems or [f"{registry.path} is guarded"]),
    )
    if problems:
        ctx.exit(FAILED)


@hook.command(
    "serve",
    examples=(
        "gitreg hook serve --socket /run/gitreg/hook.sock",
        "gitreg hook install /srv/models.git --socket /run/gitreg/hook.sock",
    ),
)
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    help="Where to listen, if systemd does not say.",
)
def serve(socket: Path | None) -> None:
    """Answer the hooks of all your registries, with everything loaded.

    A push is then judged in milliseconds, by the same code. Hooks that find nobody listening judge
    by themselves; one that gets no proper answer refuses the push. Ends on SIGTERM.
    """
    from gitreg.hook_server import serve as answer

    answer(socket, say=lambda line: click.echo(printable(line), err=True))
