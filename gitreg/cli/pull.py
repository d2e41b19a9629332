"""``gitreg pull``, ``files`` and ``verify``: the files of versions, got, listed, and read again."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Command
from gitreg.cli.completing import complete_stages, complete_versions
from gitreg.cli.failure import FAILED
from gitreg.cli.options import dated, hashing_all, offline, reading, version_reference
from gitreg.cli.output import table, tell_size
from gitreg.cli.progress import Bar
from gitreg.cli.session import Session
from gitreg.domain.telling import printable
from gitreg.errors import NotFoundError

if TYPE_CHECKING:
    from gitreg.domain.model import ModelVersion
    from gitreg.registry import Registry
    from gitreg.registry.artifacts import Verified


@click.command(
    cls=Command,
    examples=(
        "gitreg pull fraud/Production serving",
        "gitreg pull fraud@champion model --at 2026-01-31",
        "gitreg pull fraud/3 work --copy",
    ),
)
@version_reference
@click.argument("folder", metavar="DEST", type=click.Path(file_okay=False))
@dated
@click.option("--copy", is_flag=True, help="Files of your own, which you can change.")
@offline
@hashing_all
@reading
def pull(
    session: Session,
    version: str,
    folder: str,
    *,
    at: str,
    copy: bool,
    offline: bool,
    verify: bool,
) -> None:
    """Get the files of VERSION into DEST.

    DEST is new, or empty. Every byte is checked against what the version pins; DEST appears with
    all files, or not at all, and the next try goes on where one stopped. The files share the bytes
    of your cache and are read-only.
    """
    registry = session.read(max_age=math.inf if offline else 0)
    with Bar() as bar:
        done = registry.artifacts.pull(
            version, folder, at=at, copy=copy, offline=offline, verify=verify, progress=bar
        )
    size = sum(one.size for one in done.files)
    session.answer(
        lambda: {
            "version": str(done.version),
            "folder": str(done.folder),
            "files": len(done.files),
            "size": size,
        },
        names=lambda: [str(done.folder)],
        text=lambda: [
            printable(f"{done.version} -> {done.folder}: {_count(len(done.files), size)}")
        ],
    )


def _count(files: int, size: int) -> str:
    return f"{files} file{'s' if files != 1 else ''}, {tell_size(size)}"


@click.command(cls=Command, examples=("gitreg files fraud/3", "gitreg files fraud/Production -q"))
@version_reference
@dated
@reading
def files(session: Session, version: str, at: str) -> None:
    """List the files of VERSION."""
    found = session.read().artifacts.files(version, at=at)
    session.answer(
        lambda: [{"path": one.path, "size": one.size, "digest": one.digest} for one in found],
        names=lambda: [one.path for one in found],
        text=lambda: table(
            ("PATH", "SIZE", "DIGEST"), [(one.path, str(one.size), one.digest) for one in found]
        ),
    )


@click.command(
    cls=Command,
    examples=(
        "gitreg verify fraud/3",
        "gitreg verify --all",
        "gitreg verify --all --stage Production",
    ),
)
@click.argument("versions", metavar="[VERSION]...", nargs=-1, shell_complete=complete_versions)
@click.option("--all", "everything", is_flag=True, help="Every version that pins files.")
@click.option("--stage", default="", help="Only those in a stage.", shell_complete=complete_stages)
@reading
@click.pass_context
def verify(
    ctx: click.Context,
    session: Session,
    *,
    versions: tuple[str, ...],
    everything: bool,
    stage: str,
) -> None:
    """Read every byte of VERSION from the store, and compare.

    The exit code is 0 if all is as it was pinned, else 1.
    """
    if everything == bool(versions):
        raise click.UsageError("name versions, or --all of them")
    registry = session.read()
    chosen = list(_of_stage(registry, stage) if everything else _named(registry, versions, stage))
    with Bar() as bar:
        found = list(registry.artifacts.verify(chosen, progress=bar))
    session.answer(
        lambda: [_verified_data(one) for one in found],
        names=lambda: [str(one.version.ref) for one in found if one.damage],
        text=lambda: (line for one in found for line in _verified_lines(one)),
        nothing="" if found else "there are no such versions that pin files",
    )
    if any(one.damage for one in found):
        ctx.exit(FAILED)


def _named(registry: "Registry", versions: tuple[str, ...], stage: str) -> Iterator["ModelVersion"]:
    from gitreg.registry.artifacts import pinned

    wanted = registry.settings().stages.parse(stage).name if stage else ""
    for one in map(registry.version, versions):
        pinned(one)
        if wanted not in {"", one.stage}:
            raise NotFoundError(f"{one.ref} is in {one.stage}, not in {wanted}")
        yield one


def _of_stage(registry: "Registry", stage: str) -> Iterator["ModelVersion"]:
    for name in registry.snapshot().models():
        yield from registry.versions(str(name), stage=stage)


def _verified_data(one: "Verified") -> dict[str, object]:
    return {
        "version": str(one.version.ref),
        "stage": one.version.stage,
        "sound": not one.damage,
        "damage": [{"path": each.path, "reason": each.reason} for each in one.damage],
    }


def _verified_lines(one: "Verified") -> Iterator[str]:
    artifact = one.version.artifact
    if not one.damage and artifact is not None:
        yield printable(f"{one.version.ref}: {_count(artifact.files, artifact.size)}: sound")
        return
    yield printable(f"{one.version.ref}: damaged")
    for each in one.damage:
        yield printable(f"  {each}")
