"""Putting the files of a model into a store: what it lacks, several at once, the manifest last."""

import uuid
from collections.abc import Callable, Iterable

from gitreg.artifacts.folder import HashedFolder
from gitreg.artifacts.manifest import ArtifactManifest, PinnedFile
from gitreg.artifacts.progress import SILENT, Advance, Progress, in_parallel
from gitreg.artifacts.reading import chunks
from gitreg.artifacts.store import Store
from gitreg.domain.model import Artifact
from gitreg.errors import ConflictError, CorruptError, NotFoundError

UPLOADS = "uploads"
"""The folder of notes that say which old objects a recent upload counts on."""
Content = Callable[[PinnedFile, Advance], Iterable[bytes | memoryview]]
"""Gives the bytes of a file that is to be put."""


def add_folder(store: Store, folder: HashedFolder, *, progress: Progress = SILENT) -> Artifact:
    """Put the files of a hashed folder into a store; see ``add_files``."""

    def content(file: PinnedFile, advance: Advance) -> Iterable[bytes | memoryview]:
        source = folder.sources[file.digest]
        return chunks(source.real, str(source.real), advance)

    return add_files(store, folder.manifest, content, progress=progress)


def add_files(
    store: Store, manifest: ArtifactManifest, content: Content, *, progress: Progress = SILENT
) -> Artifact:
    """Put what a store lacks of some files, then their manifest; give what a version pins.

    What was put before something failed stays, and need not be put again. Raises CorruptError if
    the store holds other than it should, ConflictError if a file is not what it was when hashed.
    """
    wanted = list(manifest.objects().values())
    _put_missing(store, wanted, content, progress, what="uploading")
    _put_missing(store, wanted, content, SILENT, what="checking")  # a gc may have been at work
    add_manifest(store, manifest)
    store.flush()
    return manifest.artifact


def add_manifest(store: Store, manifest: ArtifactManifest) -> None:
    """Put a manifest alone."""
    artifact = manifest.artifact
    if store.size(artifact.digest) is not None:
        _note_reuse(store, [artifact.digest])
    store.put(artifact.digest, [manifest.raw])


def _put_missing(
    store: Store, files: list[PinnedFile], content: Content, progress: Progress, *, what: str
) -> None:
    sizes = in_parallel(
        lambda file, _: store.size(file.digest),
        files,
        workers=store.workers([0] * len(files)),
        advance=lambda _: None,
    )
    there = [one for one, size in zip(files, sizes, strict=True) if size is not None]
    for one, size in zip(files, sizes, strict=True):
        if size not in {None, one.size}:
            raise CorruptError(
                f"{one.path}: the store {store.url} holds {size} bytes of {one.size} as "
                f"{one.digest}",
                hint="delete that object, and try again",
            )
    if what != "checking":
        _note_reuse(store, [one.digest for one in there])
    missing = [one for one, size in zip(files, sizes, strict=True) if size is None]
    progress.start(what, sum(one.size for one in missing))
    in_parallel(
        lambda one, advance: _put(store, one, content, advance),
        missing,
        workers=store.workers([one.size for one in missing]),
        advance=progress.advance,
    )


def _put(store: Store, file: PinnedFile, content: Content, advance: Advance) -> None:
    try:
        store.put(file.digest, content(file, advance))
    except NotFoundError as error:
        raise CorruptError(f"{file.path}: {error}") from error
    except CorruptError as error:
        raise ConflictError(
            f"{file.path} is not what it was when it was hashed: {error}", hint="try again"
        ) from error


def _note_reuse(store: Store, digests: list[str]) -> None:
    """Say which objects an upload found there: they count as new for a collection."""
    if digests:
        content = "".join(f"{one}\n" for one in sorted(digests))
        store.write_note(f"{UPLOADS}/{uuid.uuid4().hex}", content.encode())


def claim(store: Store, *, mine: str) -> None:
    """Note that a registry uses a store, by the id of its first commit."""
    store.write_note(f"registries/{mine}", b"")


def users(store: Store) -> list[str]:
    """Give the first commits of the registries that use a store."""
    return [note.name.rpartition("/")[2] for note in store.notes("registries")]
