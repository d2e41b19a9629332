"""A store at any URL that fsspec knows: s3://, gs://, sftp://, memory:// and more."""

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from gitreg.artifacts.remote import CHUNK, opened, reaching
from gitreg.artifacts.store import INCOMING, OBJECTS, Stored, hashed, object_digest, object_path
from gitreg.errors import NotFoundError, UnavailableError

CONDITIONAL = frozenset({"s3", "s3a"})
"""Kinds whose put can demand that nothing is there; all others write aside and rename."""
FLAT = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "memory"})
"""Kinds that have no folders to make."""
PART = 16 << 20
"""Bytes of a part of an upload."""
WORKERS = 8
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "timeCreated", "created")
_Result = TypeVar("_Result")


class UrlStore:
    """Objects behind an fsspec file system; a put is conditional, or a rename."""

    def __init__(self, url: str) -> None:
        """Open the file system of ``url``, as fsspec is configured."""
        self._system, root, self.url = opened(url)
        self._root = root.rstrip("/")
        kinds = self._system.protocol
        self._kinds = frozenset((kinds,) if isinstance(kinds, str) else kinds)

    def _call(self, work: Callable[[], _Result]) -> _Result:
        with reaching(f"the store {self.url}"):
            return work()

    def workers(self, sizes: Sequence[int]) -> int:  # noqa: ARG002  # the line is what waits
        """Give how many objects of such sizes are best moved at once."""
        return WORKERS

    def size(self, digest: str) -> int | None:
        """Give the size of an object in bytes, or None if it is not there."""
        with contextlib.suppress(FileNotFoundError):
            return int(self._call(lambda: self._system.info(self._path(digest))["size"]))
        return None

    def chunks(self, digest: str, start: int = 0) -> Iterator[bytes]:
        """Give the bytes of an object from ``start`` on, not verified."""
        path, size = self._path(digest), self.size(digest)
        if size is None:
            raise NotFoundError(f"{self.url} lacks {digest}")
        for at in range(start, size, CHUNK):
            end = min(at + CHUNK, size)
            with reaching(f"the store {self.url}"):
                chunk = self._system.cat_file(path, start=at, end=end)
            yield chunk

    def put(self, digest: str, chunks: Iterable[bytes | memoryview]) -> None:
        """Keep an object, unless it is there; CorruptError if its bytes have another digest."""
        final = self._path(digest)
        if self._kinds & CONDITIONAL:
            with contextlib.suppress(FileExistsError):
                self._write(final, hashed(digest, chunks), mode="xb")
            return
        aside = f"{self._root}/{INCOMING}/{uuid.uuid4().hex}"
        try:
            self._write(aside, hashed(digest, chunks), mode="wb")
            if self.size(digest) is None:
                self._folder(final)
                self._call(lambda: self._system.mv(aside, final))
                return
        except BaseException:
            with contextlib.suppress(Exception):  # what went wrong first is what is told
                self._system.rm_file(aside)
            raise
        self._call(lambda: self._system.rm_file(aside))

    def _write(self, path: str, chunks: Iterable[bytes | memoryview], *, mode: str) -> None:
        """Write a file that is there when all of it was written, and else not at all."""
        try:
            self._folder(path)
            file = self._call(lambda: self._system.open(path, mode, block_size=PART))
            try:
                for chunk in chunks:
                    with reaching(f"the store {self.url}"):
                        file.write(chunk)
                self._call(file.close)
            except BaseException:
                _discard(file)
                raise
        except FileNotFoundError as error:
            raise UnavailableError(
                f"the store {self.url} cannot be used: there is no {error}",
                hint="make the bucket or folder first",
            ) from error

    def _folder(self, path: str) -> None:
        if not self._kinds & FLAT:
            parent = path.rpartition("/")[0]
            self._call(lambda: self._system.makedirs(parent, exist_ok=True))

    def objects(self) -> Iterator[Stored]:
        """Give every object."""
        for one in self._found(OBJECTS):
            digest = object_digest(one.name)
            if digest is not None:
                yield Stored(digest, one.size, one.modified)

    def _found(self, folder: str) -> Iterator[Stored]:
        top = f"{self._root}/{folder}"
        with contextlib.suppress(FileNotFoundError):
            found = self._call(lambda: self._system.find(top, detail=True))
            for path, about in found.items():
                name = f"{folder}/{path.rpartition(f'/{folder}/')[2]}"
                yield Stored(name, int(about["size"]), self._modified(path, about))

    def _modified(self, path: str, about: dict[str, Any]) -> float:  # Any: fsspec's
        told = next((about[key] for key in _TIMES if about.get(key)), None)
        if told is None:
            told = self._call(lambda: self._system.modified(path))
        if isinstance(told, str):
            told = datetime.fromisoformat(told)
        if isinstance(told, datetime):
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        return float(told)

    def delete(self, digest: str) -> None:
        """Delete an object; one that is not there is fine."""
        self._remove(self._path(digest))

    def _remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._call(lambda: self._system.rm_file(path))

    def write_note(self, name: str, content: bytes) -> None:
        """Write a small file, such as ``uploads/9f``."""
        path = f"{self._root}/{name}"
        self._folder(path)
        self._call(lambda: self._system.pipe_file(path, content))

    def read_note(self, name: str) -> bytes:
        """Give a note; empty if it is gone."""
        with contextlib.suppress(FileNotFoundError):
            return bytes(self._call(lambda: self._system.cat_file(f"{self._root}/{name}")))
        return b""

    def notes(self, folder: str) -> list[Stored]:
        """Give the notes below a folder."""
        return list(self._found(folder))

    def delete_note(self, name: str) -> None:
        """Delete a note; one that is not there is fine."""
        self._remove(f"{self._root}/{name}")

    def flush(self) -> None:
        """Return at once: what a put has acknowledged is kept."""

    def _path(self, digest: str) -> str:
        return f"{self._root}/{object_path(digest)}"


def _discard(file: Any) -> None:  # Any: fsspec's files have no common type
    """Give up a file that is being written, so that closing it writes nothing."""
    with contextlib.suppress(Exception):  # what went wrong first is what is told
        file.discard()
    with contextlib.suppress(AttributeError):
        file.closed = True
