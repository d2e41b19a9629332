"""``gitreg cache``: the model files that are kept on this machine."""

import time

import click

from gitreg.cli.command import Group
from gitreg.cli.failure import FAILED
from gitreg.cli.options import alone, dry_run
from gitreg.cli.output import table, tell_size, tell_time
from gitreg.cli.progress import Bar
from gitreg.cli.session import Session
from gitreg.domain.telling import printable

DAY = 86_400


@click.group(
    cls=Group,
    examples=("gitreg cache list", "gitreg cache verify", "gitreg cache prune --older-than 30"),
)
def cache() -> None:
    """Look after the model files that are kept on this machine.

    They are in gitreg/artifacts in your cache folder, or in GITREG_CACHE.
    """


@cache.command("list", examples=("gitreg cache list", "gitreg cache list -o json"))
@alone
def list_cache(session: Session) -> None:
    """List what is kept, the most recently used first."""
    from gitreg.opening import open_cache

    with open_cache() as kept:
        found = kept.entries()
        folder = kept.folder
    session.answer(
        lambda: [{"digest": one.digest, "size": one.size, "used": one.used} for one in found],
        names=lambda: [one.digest for one in found],
        text=lambda: table(
            ("DIGEST", "SIZE", "USED"),
            [(one.digest, tell_size(one.size), _time(one.used)) for one in found],
        ),
        nothing="" if found else f"there is nothing in {folder}",
    )


def _time(seconds: int) -> str:
    return tell_time(seconds * 1000, now=time.time_ns() // 1_000_000)


@cache.command("verify", examples=("gitreg cache verify",))
@alone
@click.pass_context
def verify_cache(ctx: click.Context, session: Session) -> None:
    """Hash all that is kept, and remove what is not as it was.

    The exit code is 1 if something was not.
    """
    from gitreg.opening import open_cache

    with open_cache() as kept, Bar() as bar:
        found = kept.entries()
        bar.start("verifying", sum(one.size for one in found))
        digests = [one.digest for one in found]
        held = kept.held(digests, always_hash=True, advance=bar.advance)
    bad = [one for one in digests if one not in held]
    session.answer(
        lambda: {"sound": len(held), "removed": bad},
        names=lambda: bad,
        text=lambda: [f"{len(held)} sound", *(f"{one} was damaged: removed" for one in bad)],
    )
    if bad:
        ctx.exit(FAILED)


@cache.command(
    "prune", examples=("gitreg cache prune", "gitreg cache prune --older-than 30 --dry-run")
)
@click.option(
    "--older-than",
    type=click.IntRange(min=0),
    default=0,
    metavar="DAYS",
    help="Only what was not used for so long.",
)
@dry_run
@alone
def prune(session: Session, older_than: int) -> None:
    """Remove what is kept; folders that were pulled keep their files."""
    from gitreg.opening import open_cache

    with open_cache() as kept:
        gone = kept.prune(older_than=older_than * DAY, dry_run=session.dry_run)
    size = sum(one.size for one in gone)
    what = "would: remove" if session.dry_run else "removed"
    session.answer(
        lambda: {"removed": [one.digest for one in gone], "size": size},
        names=lambda: [one.digest for one in gone],
        text=lambda: [printable(f"{what} {len(gone)} of {tell_size(size)}")],
    )
