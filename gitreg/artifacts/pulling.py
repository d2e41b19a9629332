"""Getting the files of a version into a folder: verified, resumable, all of them or none."""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitreg.artifacts.cache import Cache
from gitreg.artifacts.manifest import ArtifactManifest, PinnedFile, read_manifest
from gitreg.artifacts.origin import Origin
from gitreg.artifacts.progress import SILENT, Advance, Progress, in_parallel
from gitreg.artifacts.store import Store
from gitreg.domain.model import Artifact
from gitreg.errors import (
    AlreadyExistsError,
    CorruptError,
    NotFoundError,
    UnavailableError,
)

_FICLONE = 0x40049409
"""Linux's ioctl that makes a file share another's bytes until one of them is written."""
_NO_LINK = frozenset({errno.EXDEV, errno.EMLINK, errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
_ALWAYS = 0o666


@dataclass(frozen=True, slots=True)
class Supply:
    """Where the bytes of a version come from: the cache, then the store, then its source.

    ``store`` is None where only the cache may be asked; ``origin`` gives the source, if there is
    one that can be read.
    """

    cache: Cache
    store: Store | None
    origin: Callable[[], Origin | None] = lambda: None

    def manifest(self, artifact: Artifact, *, always_hash: bool = False) -> ArtifactManifest:
        """Give the list of files that a version pins.

        Raises CorruptError if the store holds another or none, UnavailableError if it is asked of
        the cache alone and is not there.
        """
        cache, digest = self.cache, artifact.digest
        if not cache.held([digest], always_hash=always_hash, advance=_quiet):
            raw = self._raw(digest)
            read_manifest(raw, artifact)
            cache.add(digest, len(raw), lambda start: iter([raw[start:]]), _quiet)
        return read_manifest(b"".join(map(bytes, cache.chunks(digest))), artifact)

    def _raw(self, digest: str) -> bytes:
        if self.store is None:
            raise UnavailableError(
                f"the cache has no list of files {digest}", hint="leave --offline out once"
            )
        try:
            return b"".join(map(bytes, self.store.chunks(digest)))
        except NotFoundError as error:
            raise CorruptError(f"the list of files of this version is gone: {error}") from error

    def bring(
        self,
        manifest: ArtifactManifest,
        *,
        always_hash: bool = False,
        progress: Progress = SILENT,
    ) -> None:
        """See that the cache holds every file, verified; what is there already is not fetched."""
        objects = manifest.objects()
        progress.start("fetching", sum(one.size for one in objects.values()))
        held = self.cache.held(objects, always_hash=always_hash, advance=progress.advance)
        missing = [one for digest, one in objects.items() if digest not in held]
        if missing and self.store is None:
            raise UnavailableError(
                f"the cache lacks {len(missing)} of {len(objects)} files; the first is "
                f"{missing[0].path}",
                hint="leave --offline out once",
            )
        if missing and self.store is not None:
            workers = self.store.workers([one.size for one in missing])
            in_parallel(self._fetch, missing, workers=workers, advance=progress.advance)

    def _fetch(self, file: PinnedFile, advance: Advance) -> None:
        try:
            self.cache.add(file.digest, file.size, lambda start: self._bytes(file, start), advance)
        except CorruptError as error:
            place = self.store.url if self.store is not None else "the cache"
            raise CorruptError(
                f"{file.path} ({file.digest}) is not what the version pins: {error}",
                hint=f"it came from {place}; gitreg verify tells what else is wrong",
            ) from error

    def _bytes(self, file: PinnedFile, start: int) -> Iterator[bytes | memoryview]:
        """Read a file from the store, or from the source if the store has none of it."""
        if self.store is None:
            return
        try:
            yield from self.store.chunks(file.digest, start)
            return
        except NotFoundError as error:
            origin = self.origin()
            if origin is None:
                raise CorruptError(str(error)) from error
        try:
            yield from origin.chunks(file.path, file.size, start)
        except NotFoundError as error:
            raise CorruptError(str(error)) from error


def _quiet(_count: int) -> None:
    """Take no notice of bytes."""


def lay_out(cache: Cache, manifest: ArtifactManifest, folder: Path, *, copy: bool = False) -> None:
    """Make ``folder`` hold just these files, which the cache has; it must be new, or empty.

    They share the cache's bytes where the file system can, and are read-only; with ``copy`` they
    are files of their own that can be written. It appears with all of them, or not at all.
    """
    check_free(folder)
    with _beside(folder) as scratch:
        made = {""}
        place = _copied if copy else _shared
        for file in manifest.files:
            parent = file.path.rpartition("/")[0]
            if parent not in made:
                os.makedirs(f"{scratch}/{parent}", exist_ok=True)  # noqa: PTH103
                made.add(parent)
            try:
                place(str(cache.path(file.digest)), f"{scratch}/{file.path}")
            except OSError as error:
                raise UnavailableError(
                    f"{folder / file.path} cannot be written: {error.strerror}",
                    hint="nothing was left there; look at the disk, and try again",
                ) from error
        _appear(scratch, folder)


def check_free(folder: Path) -> None:
    """Refuse a folder that holds something."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise AlreadyExistsError(f"{folder} is there, and no folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise AlreadyExistsError(
            f"{folder} holds something already", hint="name a folder that is new, or empty"
        )


@contextmanager
def _beside(folder: Path) -> Iterator[str]:
    """Make a folder for what is not whole yet, and remove what killed processes left of theirs."""
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for left in folder.parent.glob(f".{_escaped(folder.name)}.gitreg-*"):
            _remove_if_dead(left)
        scratch = tempfile.mkdtemp(prefix=f".{folder.name}.gitreg-", dir=folder.parent)
        descriptor = os.open(scratch, os.O_RDONLY)
    except OSError as error:
        raise UnavailableError(
            f"{folder.parent} cannot be written: {error.strerror}", hint="name another folder"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield scratch
    finally:
        os.close(descriptor)
        shutil.rmtree(scratch, ignore_errors=True)


def _escaped(name: str) -> str:
    import glob

    return glob.escape(name)


def _remove_if_dead(scratch: Path) -> None:
    with contextlib.suppress(OSError):  # somebody works there, or it is gone
        descriptor = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(scratch, ignore_errors=True)
        finally:
            os.close(descriptor)


def _appear(scratch: str, folder: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    try:
        os.chmod(scratch, 0o777 & ~mask)  # noqa: PTH101
        os.rename(scratch, folder)  # noqa: PTH104
    except OSError as error:
        raise AlreadyExistsError(
            f"{folder} got something in it meanwhile: {error.strerror}"
        ) from error


def _shared(source: str, target: str) -> None:
    """Let ``target`` share the bytes of a cached file, or copy it where that cannot be."""
    try:
        os.link(source, target)
        return
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
    _copied(source, target, mode=0o444)


def _copied(source: str, target: str, *, mode: int = _ALWAYS) -> None:
    """Copy a file; where the file system can, without moving a byte."""
    with open(source, "rb") as old, open(target, "xb", buffering=0) as new:  # noqa: PTH123
        try:
            fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())
        except OSError:
            _copy_bytes(old.fileno(), new.fileno())
        if mode != _ALWAYS:
            os.fchmod(new.fileno(), mode)


def _copy_bytes(old: int, new: int) -> None:
    at, size = 0, os.fstat(old).st_size
    while at < size:
        count = os.sendfile(new, old, at, min(size - at, 1 << 30))
        if not count:
            raise OSError(errno.EIO, "the cached file was cut short")
        at += count


def pull(
    supply: Supply,
    artifact: Artifact,
    folder: Path,
    *,
    copy: bool = False,
    always_hash: bool = False,
    progress: Progress = SILENT,
) -> ArtifactManifest:
    """Get the files that a version pins into a new folder; what fails leaves nothing there.

    Raises CorruptError naming the file if the bytes are not those pinned, UnavailableError if they
    cannot be had or written, AlreadyExistsError if ``folder`` holds something.
    """
    check_free(folder)
    manifest = supply.manifest(artifact, always_hash=always_hash)
    supply.bring(manifest, always_hash=always_hash, progress=progress)
    lay_out(supply.cache, manifest, folder, copy=copy)
    return manifest
