"""Loose objects written to the disk together: being sure of all takes about as long as of one."""

import hashlib
import os
import secrets
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

_THREADS = 8
_ATTEMPTS = 3
"""Tries to write one: a git gc next to us removes the folder that it would go into."""


def framed(kind: str, content: bytes) -> tuple[str, bytes]:
    """Give the id of an object, and its bytes with the header that Git puts before them."""
    raw = f"{kind} {len(content)}\0".encode() + content
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest(), raw


def write_all(folder: Path, objects: Iterable[tuple[str, bytes]]) -> None:
    """Write objects, given as ``framed`` does, into a folder ``objects``; flushed when it returns.

    Raises OSError if one cannot be written; others may be by then.
    """
    list(_pool(os.getpid()).map(lambda one: _write(folder, *one), objects))


@lru_cache(maxsize=1)
def _pool(_: int) -> ThreadPoolExecutor:
    """Give the threads of this process: a fork leaves them behind."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="gitreg-objects")


def _write(folder: Path, identifier: str, raw: bytes) -> None:
    home = folder / identifier[:2]
    attempt = partial(_try_to_write, home, home / identifier[2:], zlib.compress(raw, 1))
    for _ in range(_ATTEMPTS - 1):
        with suppress(FileNotFoundError):
            return attempt()
    return attempt()


def _try_to_write(home: Path, path: Path, packed: bytes) -> None:
    with suppress(FileExistsError):
        home.mkdir()
        _flush(home.parent)
    scratch = home / f"tmp_obj_{secrets.token_hex(8)}"  # git prune removes such a one if we die
    file = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(packed)
            out.flush()
            os.fsync(file)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    _flush(home)


def _flush(folder: Path) -> None:
    """Make sure that what a folder lists is on the disk."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
