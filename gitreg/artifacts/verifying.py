"""Reading every byte again that versions pin, and telling what is not as it was."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gitreg.artifacts.manifest import ArtifactManifest, PinnedFile, read_manifest
from gitreg.artifacts.origin import Origin
from gitreg.artifacts.progress import SILENT, Advance, Progress, in_parallel
from gitreg.artifacts.store import Store
from gitreg.domain.model import Artifact
from gitreg.errors import CorruptError, InvalidValueError, NotFoundError, UnavailableError


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what a version pins; ``path`` is empty for the list of files itself."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class Verifier:
    """Reads objects of a store, each once, however many versions pin it."""

    def __init__(self, store: Store, *, progress: Progress = SILENT) -> None:
        """Read from ``store``, not from any cache."""
        self._store = store
        self._progress = progress
        self._known: dict[str, str] = {}

    def verify(
        self, artifact: Artifact, *, origin: Callable[[], Origin | None] = lambda: None
    ) -> tuple[Damage, ...]:
        """Give what is wrong with the files of a version, or nothing.

        What the store has none of is read from ``origin``, the source of the version.
        """
        try:
            raw = b"".join(map(bytes, self._store.chunks(artifact.digest)))
            manifest = read_manifest(raw, artifact)
        except (NotFoundError, CorruptError) as error:
            return (Damage("", str(error)),)
        self._read(manifest, origin)
        found = ((one, self._known[one.digest]) for one in manifest.files)
        return tuple(Damage(one.path, reason) for one, reason in found if reason)

    def _read(self, manifest: ArtifactManifest, origin: Callable[[], Origin | None]) -> None:
        new = [one for digest, one in manifest.objects().items() if digest not in self._known]
        self._progress.start("verifying", sum(one.size for one in new))

        def read(file: PinnedFile, advance: Advance) -> str:
            return self._fault(file, origin, advance)

        workers = self._store.workers([one.size for one in new])
        reasons = in_parallel(read, new, workers=workers, advance=self._progress.advance)
        self._known |= {one.digest: reason for one, reason in zip(new, reasons, strict=True)}

    def _fault(
        self, file: PinnedFile, origin: Callable[[], Origin | None], advance: Advance
    ) -> str:
        try:
            return _difference(file, self._store.chunks(file.digest), advance)
        except NotFoundError as error:
            elsewhere = origin()
            if elsewhere is None:
                return str(error)
        try:
            return _difference(file, elsewhere.chunks(file.path, file.size, 0), advance)
        except (NotFoundError, InvalidValueError, UnavailableError) as error:
            return str(error)


def _difference(file: PinnedFile, chunks: Iterable[bytes | memoryview], advance: Advance) -> str:
    seen, size = hashlib.sha256(), 0
    for chunk in chunks:
        seen.update(chunk)
        size += len(chunk)
        advance(len(chunk))
    if size != file.size:
        return f"{size} bytes are there, {file.size} are pinned"
    found = f"sha256:{seen.hexdigest()}"
    return "" if found == file.digest else f"its bytes have the digest {found}"
