"""``gitreg lock`` and ``gitreg sync``: the same bytes today and tomorrow."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Command
from gitreg.cli.completing import complete_versions
from gitreg.cli.options import dated, hashing_all, offline, reading
from gitreg.cli.output import table, tell_size
from gitreg.cli.progress import Bar
from gitreg.cli.session import Session
from gitreg.errors import InvalidValueError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from gitreg.artifacts.lock import Lock

NAME = "models.lock"
_file = click.option(
    "--file",
    "-f",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=NAME,
    show_default=True,
    help="The lock file.",
)


@click.command(
    cls=Command,
    examples=("gitreg lock fraud/Production churn@champion", "gitreg lock fraud/3 -f serving.lock"),
)
@click.argument(
    "versions", metavar="VERSION...", nargs=-1, required=True, shell_complete=complete_versions
)
@_file
@dated
@reading
def lock(session: Session, *, versions: tuple[str, ...], path: Path, at: str) -> None:
    """Write down which versions, and which bytes, VERSION... mean now.

    The file says the commit of the registry, and the number and digest of every version; keep it
    with your code.
    """
    made = session.read().artifacts.lock(dict.fromkeys(versions), at=at)
    _write(path, made)
    _tell(session, made)


def _write(path: Path, lock: "Lock") -> None:
    aside = path.with_name(f"{path.name}.new")
    try:
        aside.write_text(str(lock), "utf-8")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error


def _tell(session: Session, made: "Lock") -> None:
    session.answer(
        lambda: {
            "commit": made.commit,
            "models": {
                one.reference: {"version": str(one.version), "digest": one.artifact.digest}
                for one in made.models
            },
        },
        names=lambda: [str(one.version) for one in made.models],
        text=lambda: table(
            ("REFERENCE", "VERSION", "SIZE", "DIGEST"),
            [
                (one.reference, str(one.version), tell_size(one.artifact.size), one.artifact.digest)
                for one in made.models
            ],
        ),
    )


@click.command(
    cls=Command,
    examples=("gitreg sync --frozen", "gitreg sync", "gitreg sync serving --frozen --offline"),
)
@click.argument("folder", metavar="[DEST]", default="models", type=click.Path(file_okay=False))
@click.option("--frozen", is_flag=True, help="Exactly what the lock file says; do not lock anew.")
@_file
@offline
@hashing_all
@reading
def sync(
    session: Session, folder: str, *, frozen: bool, path: Path, offline: bool, verify: bool
) -> None:
    """Get the files of every locked version into DEST.

    DEST is the folder models unless you name one; fraud/Production gets the folder
    DEST/fraud/Production. Without --frozen the references are looked up anew, and the lock file is
    written anew.
    """
    if offline and not frozen:
        raise click.UsageError("--offline looks nothing up: say --frozen too")
    locked = _read(path)
    registry = session.read(max_age=math.inf if offline else 0)
    work = registry.artifacts
    if not frozen:
        locked = work.lock(one.reference for one in locked.models)
    with Bar() as bar:
        done = work.sync(locked, folder, offline=offline, verify=verify, progress=bar)
    if not frozen:
        _write(path, locked)
    session.answer(
        lambda: [
            {
                "reference": one.locked.reference,
                "version": str(one.locked.version),
                "folder": str(one.folder),
                "unchanged": one.unchanged,
            }
            for one in done
        ],
        names=lambda: [str(one.folder) for one in done],
        text=lambda: table(
            ("REFERENCE", "VERSION", "FOLDER", ""),
            [
                (
                    one.locked.reference,
                    str(one.locked.version),
                    str(one.folder),
                    "as it was" if one.unchanged else "new",
                )
                for one in done
            ],
        ),
    )


def _read(path: Path) -> "Lock":
    from gitreg.artifacts.lock import Lock

    try:
        return Lock.parse(path.read_text("utf-8"))
    except FileNotFoundError:
        raise NotFoundError(
            f"there is no {path}", hint="gitreg lock fraud/Production writes one"
        ) from None
    except (OSError, ValueError) as error:
        raise InvalidValueError(f"{path} cannot be read: {error}") from None
