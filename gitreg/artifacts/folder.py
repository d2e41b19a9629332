"""A folder (or one file) on this disk as the files of a model: what is in it, hashed."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitreg.artifacts.manifest import ArtifactManifest, PinnedFile, check_apart, check_path
from gitreg.artifacts.progress import SILENT, Advance, Progress, in_parallel, local_workers
from gitreg.artifacts.reading import hash_file
from gitreg.errors import InvalidValueError, NotFoundError

IGNORES = ".gitregignore"
"""The file, at the top of a folder, that says in gitignore's syntax what is no part of a model."""
LEFT_OUT = frozenset({IGNORES, ".git"})
"""What is at the top of a folder and never part of a model."""
_Ignored = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file that is to be pinned: its path in the model, where it is, and its size in bytes."""

    path: str
    real: Path
    size: int


@dataclass(frozen=True, slots=True)
class HashedFolder:
    """A manifest, and where on this disk the bytes of each content were read."""

    manifest: ArtifactManifest
    sources: dict[str, LocalFile]


def hash_folder(path: Path, *, progress: Progress = SILENT) -> HashedFolder:
    """Hash every file in a folder, or the one file at ``path``.

    Raises NotFoundError if nothing is there, InvalidValueError for what cannot be part of a model,
    ConflictError if a file changes meanwhile; each names the file.
    """
    found = list(walk(path))
    progress.start("hashing", sum(one.size for one in found))

    def pin(one: LocalFile, advance: Advance) -> PinnedFile:
        digest, size = hash_file(one.real, str(one.real), advance)
        return PinnedFile(one.path, digest, size)

    pinned = in_parallel(
        pin, found, workers=local_workers([one.size for one in found]), advance=progress.advance
    )
    sources = {file.digest: one for file, one in zip(pinned, found, strict=True)}
    return HashedFolder(ArtifactManifest.of(pinned), sources)


def walk(path: Path) -> Iterator[LocalFile]:
    """Give the files of a folder that are part of a model, or the one file at ``path``."""
    try:
        about = path.stat()
    except FileNotFoundError:
        raise NotFoundError(f"there is no {path}") from None
    except OSError as error:
        raise InvalidValueError(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISDIR(about.st_mode):
        yield _file(path.absolute().name, path, about)
        return
    found = list(_below(path, "", os.path.realpath(path), _ignored(path)))
    if not found:
        raise InvalidValueError(f"{path} holds no files")
    check_apart(one.path for one in found)
    yield from found


def _ignored(folder: Path) -> _Ignored:
    """Read .gitregignore; what it gives tells whether a path (folders end in /) is left out."""
    rules = folder / IGNORES
    if not rules.is_file():
        return lambda path: path.rstrip("/") in LEFT_OUT
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(rules.read_text("utf-8").splitlines())
    except (OSError, ValueError) as error:
        raise InvalidValueError(f"{rules} cannot be read: {error}") from None
    return lambda path: path.rstrip("/") in LEFT_OUT or spec.match_file(path)


def _below(folder: Path, prefix: str, top: str, ignored: _Ignored) -> Iterator[LocalFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda one: one.name)
    except OSError as error:
        raise InvalidValueError(f"{folder} cannot be read: {error.strerror}") from error
    for entry in entries:
        path, real = prefix + entry.name, Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if not ignored(f"{path}/"):
                yield from _below(real, f"{path}/", top, ignored)
        elif not ignored(path):
            about = _linked(real, top) if entry.is_symlink() else entry.stat()
            yield _file(path, real, about)


def _linked(link: Path, top: str) -> os.stat_result:
    """Follow a symbolic link to a file, which must be in the folder."""
    target = os.path.realpath(link)
    if os.path.commonpath((top, target)) != top:
        raise InvalidValueError(
            f"{link} is a link that leaves the folder",
            hint="copy what it points at (cp -rL), or leave it out in .gitregignore",
        )
    try:
        about = link.stat()
    except OSError as error:
        raise InvalidValueError(f"{link} is a link to nothing: {error.strerror}") from error
    if stat.S_ISDIR(about.st_mode):
        raise InvalidValueError(
            f"{link} is a link to a folder",
            hint="copy what it points at (cp -rL), or leave it out in .gitregignore",
        )
    return about


def _file(path: str, real: Path, about: os.stat_result) -> LocalFile:
    if not stat.S_ISREG(about.st_mode):
        raise InvalidValueError(f"{real} is no regular file", hint="leave it out in .gitregignore")
    return LocalFile(check_path(path), real, about.st_size)
