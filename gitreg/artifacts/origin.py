"""Where the bytes of a version can be read from besides the store: the source it references."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gitreg.artifacts.folder import hash_folder, walk
from gitreg.artifacts.manifest import ArtifactManifest, PinnedFile, check_path
from gitreg.artifacts.progress import SILENT, Advance, Progress, in_parallel
from gitreg.artifacts.reading import chunks
from gitreg.artifacts.remote import CHUNK, opened, reaching
from gitreg.errors import InvalidValueError, NotFoundError

WORKERS = 8
_NO_FILES = frozenset({"runs", "models", "dbfs", "mlflow-artifacts", "http", "https"})
"""Kinds of URI that name no folder which fsspec could list."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a source: its path in the model, its path in the file system, its bytes."""

    path: str
    real: str
    size: int


class Origin:
    """A source URI as a folder of files."""

    def __init__(self, source: str) -> None:
        """Look at ``source``; InvalidValueError if it is nothing whose files can be read."""
        scheme = source.partition(":/")[0] if ":/" in source else ""
        if scheme in _NO_FILES:
            raise InvalidValueError(
                f"{source} names no folder that gitreg can read",
                hint="give the folder itself: s3://bucket/path, or a path",
            )
        self.local: Path | None = None
        if scheme in {"", "file"}:
            self.local = Path(source.removeprefix("file://")).expanduser()
            self.told = str(self.local)
        else:
            self._system, self._root, self.told = opened(source)

    def hashed(self, *, progress: Progress = SILENT) -> ArtifactManifest:
        """Read every file once, and give digests and sizes."""
        if self.local is not None:
            return hash_folder(self.local, progress=progress).manifest
        found = self._files()
        progress.start("hashing", sum(one.size for one in found))

        def pin(one: RemoteFile, advance: Advance) -> PinnedFile:
            seen, size = hashlib.sha256(), 0
            for chunk in self._chunks(one.real, one.size, 0):
                seen.update(chunk)
                size += len(chunk)
                advance(len(chunk))
            return PinnedFile(one.path, f"sha256:{seen.hexdigest()}", size)

        pinned = in_parallel(pin, found, workers=WORKERS, advance=progress.advance)
        return ArtifactManifest.of(pinned)

    def _files(self) -> list[RemoteFile]:
        with reaching(self.told):
            found: dict[str, dict[str, Any]] = self._system.find(self._root, detail=True)
        top = self._root.rstrip("/")
        files = []
        for real, about in found.items():
            if about.get("type") == "directory" or real.endswith("/"):
                continue
            inner = real[len(top) :].lstrip("/") if real != top else real.rpartition("/")[2]
            files.append(RemoteFile(check_path(inner), real, int(about["size"])))
        if not files:
            raise NotFoundError(f"there are no files at {self.told}")
        return files

    def chunks(self, path: str, size: int, start: int) -> Iterator[bytes | memoryview]:
        """Give the bytes of one file of it from ``start`` on, not verified."""
        if self.local is not None:
            yield from self._local_chunks(path, start)
            return
        root = self._root.rstrip("/")
        real = root if root.rpartition("/")[2] == path and self._is_file(root) else f"{root}/{path}"
        yield from self._chunks(real, size, start)

    def _is_file(self, path: str) -> bool:
        with reaching(self.told):
            return bool(self._system.isfile(path))

    def _local_chunks(self, path: str, start: int) -> Iterator[memoryview]:
        real = self._walked.get(path)
        if real is None:
            raise NotFoundError(f"there is no {path} in {self.told}")
        skipped = 0
        for chunk in chunks(real, str(real), lambda _: None):
            over = min(max(start - skipped, 0), len(chunk))
            skipped += len(chunk)
            yield chunk[over:]

    @cached_property
    def _walked(self) -> dict[str, Path]:
        return {one.path: one.real for one in walk(self.local)} if self.local is not None else {}

    def _chunks(self, real: str, size: int, start: int) -> Iterator[bytes]:
        for at in range(start, size, CHUNK):
            end = min(at + CHUNK, size)
            try:
                with reaching(self.told):
                    chunk = self._system.cat_file(real, start=at, end=end)
            except FileNotFoundError:
                raise NotFoundError(f"there is no {real} at {self.told}") from None
            yield chunk
