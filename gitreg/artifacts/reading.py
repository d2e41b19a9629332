"""Reading local files for good: a regular file, hashed, that did not change meanwhile."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitreg.artifacts.progress import Advance
from gitreg.errors import ConflictError, InvalidValueError

CHUNK = 1 << 20
"""Bytes that are read at once."""


def hash_file(path: Path, name: str, advance: Advance) -> tuple[str, int]:
    """Give digest and size of a file, called ``name`` in messages; ``chunks`` tells what fails."""
    seen = hashlib.sha256()
    size = 0
    for chunk in chunks(path, name, advance):
        seen.update(chunk)
        size += len(chunk)
    return f"sha256:{seen.hexdigest()}", size


def chunks(path: Path, name: str, advance: Advance) -> Iterator[memoryview]:
    """Give the bytes of a file, each chunk good until the next is asked for.

    Raises InvalidValueError if it cannot be read or is no regular file, ConflictError if it changed
    between the first byte and the last.
    """
    with opened(path, name) as descriptor:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise InvalidValueError(f"{name} is no regular file")
        buffer = memoryview(bytearray(min(CHUNK, before.st_size + 1)))
        total = 0
        while count := _read(descriptor, buffer, name):
            yield buffer[:count]
            total += count
            advance(count)
        if total != before.st_size or _changed(before, os.fstat(descriptor)):
            raise ConflictError(
                f"{name} changed while it was read", hint="try again when nobody writes it"
            )


@contextmanager
def opened(path: Path, name: str) -> Iterator[int]:
    """Open a file to read it, never waiting for somebody to write a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidValueError(f"{name} cannot be read: {error.strerror}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int, buffer: memoryview, name: str) -> int:
    try:
        return os.readv(descriptor, [buffer])
    except OSError as error:
        raise InvalidValueError(f"{name} cannot be read: {error.strerror}") from error


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    fields = ("st_size", "st_mtime_ns", "st_ino", "st_dev")
    return any(getattr(before, field) != getattr(after, field) for field in fields)
