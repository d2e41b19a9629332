"""A store in a folder of this disk."""

import contextlib
import ctypes
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gitreg.artifacts.progress import local_workers
from gitreg.artifacts.reading import CHUNK
from gitreg.artifacts.store import (
    INCOMING,
    OBJECTS,
    Stored,
    hashed,
    object_digest,
    object_path,
)
from gitreg.errors import NotFoundError, UnavailableError

READ_ONLY = 0o444


class FolderStore:
    """Objects are written under ``incoming`` and linked to their names, which never overwrites."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        """Keep objects below ``root``; ``durable`` makes ``flush`` wait for the disk."""
        self.url = str(root)
        self._root = root
        self._durable = durable

    def workers(self, sizes: Sequence[int]) -> int:
        """Give how many objects of such sizes are best moved at once."""
        return local_workers(sizes)

    def size(self, digest: str) -> int | None:
        """Give the size of an object in bytes, or None if it is not there."""
        try:
            return os.stat(self._path(digest)).st_size  # noqa: PTH116  # thousands of them
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error

    def chunks(self, digest: str, start: int = 0) -> Iterator[memoryview]:
        """Give the bytes of an object from ``start`` on, not verified."""
        try:
            with open(self._path(digest), "rb", buffering=0) as file:  # noqa: PTH123
                file.seek(start)
                buffer = memoryview(bytearray(CHUNK))
                while count := file.readinto(buffer):
                    yield buffer[:count]
        except FileNotFoundError:
            raise NotFoundError(f"{self.url} lacks {digest}") from None
        except OSError as error:
            raise self._unusable(error) from error

    def put(self, digest: str, chunks: Iterable[bytes | memoryview]) -> None:
        """Keep an object, unless it is there; CorruptError if its bytes have another digest."""
        with self._writing() as (descriptor, temporary):
            for chunk in hashed(digest, chunks):
                self._write(descriptor, chunk)
            os.fchmod(descriptor, READ_ONLY)
            self._publish(temporary, self._path(digest))

    @contextmanager
    def _writing(self) -> Iterator[tuple[int, str]]:
        """Open a new file under ``incoming``; it is gone when the block ends."""
        path = f"{self._root}/{INCOMING}/{uuid.uuid4().hex}"
        try:
            descriptor = self._created(path)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            yield descriptor, path
        finally:
            os.close(descriptor)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108

    def _created(self, path: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o666)
        except FileNotFoundError:
            (self._root / INCOMING).mkdir(parents=True, exist_ok=True)
            return os.open(path, flags, 0o666)

    def _write(self, descriptor: int, chunk: bytes | memoryview) -> None:
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError as error:
            raise self._unusable(error) from error

    def _publish(self, temporary: str, path: str) -> None:
        """Give a written file its name, unless something has it."""
        try:
            try:
                os.link(temporary, path)
            except FileNotFoundError:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                os.link(temporary, path)
        except FileExistsError:
            return
        except OSError as error:
            if os.path.exists(temporary) and not os.path.exists(path):  # noqa: PTH110
                self._rename(temporary, path, error)

    def _rename(self, temporary: str, path: str, trouble: OSError) -> None:
        """Do without links, on a file system that has none."""
        try:
            os.rename(temporary, path)  # noqa: PTH104
        except OSError:
            raise self._unusable(trouble) from trouble

    def objects(self) -> Iterator[Stored]:
        """Give every object."""
        for one in self._files(OBJECTS):
            digest = object_digest(one.name)
            if digest is not None:
                yield Stored(digest, one.size, one.modified)

    def _files(self, folder: str) -> Iterator[Stored]:
        try:
            for path, _, names in os.walk(self._root / folder):
                for name in names:
                    full = Path(path, name)
                    about = full.stat()
                    told = full.relative_to(self._root).as_posix()
                    yield Stored(told, about.st_size, about.st_mtime)
        except OSError as error:
            raise self._unusable(error) from error

    def delete(self, digest: str) -> None:
        """Delete an object; one that is not there is fine."""
        self._unlink(self._path(digest))

    def _unlink(self, path: str) -> None:
        try:
            Path(path).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def write_note(self, name: str, content: bytes) -> None:
        """Write a small file, such as ``uploads/9f``."""
        with self._writing() as (descriptor, temporary):
            self._write(descriptor, content)
            self._publish(temporary, f"{self._root}/{name}")

    def read_note(self, name: str) -> bytes:
        """Give a note; empty if it is gone."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._unusable(error) from error

    def notes(self, folder: str) -> list[Stored]:
        """Give the notes below a folder."""
        return list(self._files(folder))

    def delete_note(self, name: str) -> None:
        """Delete a note; one that is not there is fine."""
        self._unlink(f"{self._root}/{name}")

    def flush(self) -> None:
        """Return when what was put outlives a loss of power."""
        if not self._durable or not self._root.is_dir():
            return
        descriptor = os.open(self._root, os.O_RDONLY)
        try:
            syncfs = getattr(ctypes.CDLL(None), "syncfs", None)
            if syncfs is None or syncfs(descriptor) != 0:
                os.sync()
        finally:
            os.close(descriptor)

    def _path(self, digest: str) -> str:
        return f"{self._root}/{object_path(digest)}"

    def _unusable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"the store {self.url} cannot be used: {error.strerror or error}",
            hint="look at the disk and at who may read and write there; then try again",
        )
