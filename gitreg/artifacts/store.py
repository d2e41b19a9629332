"""Where model files are kept: what every store can do, and how one is opened by its URL."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gitreg.errors import CorruptError, InvalidValueError

OBJECTS = "sha256"
INCOMING = "incoming"
"""The folder of what is being written; what killed writers leave there counts for nothing."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SECRET = re.compile(r"(?<=://)[^/@]*:[^/@]*@")
_OBJECT = re.compile(r"sha256/([0-9a-f]{2})/(\1[0-9a-f]{62})\Z")


@dataclass(frozen=True, slots=True)
class Stored:
    """Something that is in a store: its name (an object's is its digest), bytes, and age.

    ``modified`` is in seconds since 1970.
    """

    name: str
    size: int
    modified: float


class Store(Protocol):
    """Objects named by the digest of their bytes, put once and never changed; and small notes.

    Every method raises UnavailableError if the store cannot be reached or used.
    """

    url: str
    """Where it is, as it is told to people."""

    def workers(self, sizes: Sequence[int]) -> int:
        """Give how many objects of such sizes are best moved at once."""
        ...

    def size(self, digest: str) -> int | None:
        """Give the size of an object in bytes, or None if it is not there."""
        ...

    def chunks(self, digest: str, start: int = 0) -> Iterator[bytes | memoryview]:
        """Give the bytes of an object from ``start`` on, not verified.

        Each chunk is good until the next is asked for. NotFoundError if the object is not there.
        """
        ...

    def put(self, digest: str, chunks: Iterable[bytes | memoryview]) -> None:
        """Keep an object, unless it is there; CorruptError if its bytes have another digest."""
        ...

    def objects(self) -> Iterator[Stored]:
        """Give every object."""
        ...

    def delete(self, digest: str) -> None:
        """Delete an object; one that is not there is fine."""
        ...

    def write_note(self, name: str, content: bytes) -> None:
        """Write a small file, such as ``uploads/9f``."""
        ...

    def read_note(self, name: str) -> bytes:
        """Give a note; empty if it is gone."""
        ...

    def notes(self, folder: str) -> list[Stored]:
        """Give the notes below a folder."""
        ...

    def delete_note(self, name: str) -> None:
        """Delete a note; one that is not there is fine."""
        ...

    def flush(self) -> None:
        """Return when what was put outlives a loss of power."""
        ...


def object_path(digest: str) -> str:
    """Give the path of an object below the top of its store: ``sha256/ab/<hex>``."""
    name = digest.removeprefix("sha256:")
    return f"{OBJECTS}/{name[:2]}/{name}"


def object_digest(path: str) -> str | None:
    """Give the digest of the object whose path ends in this; None if it is no object's."""
    found = _OBJECT.search(path)
    return f"sha256:{found[2]}" if found else None


def hashed(digest: str, chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Give chunks on; CorruptError at the end if they have another digest."""
    seen = hashlib.sha256()
    for chunk in chunks:
        seen.update(chunk)
        yield chunk
    if f"sha256:{seen.hexdigest()}" != digest:
        raise CorruptError(f"its bytes have the digest sha256:{seen.hexdigest()}, not {digest}")


def told_url(url: str) -> str:
    """Give a URL as people may read it: without a password."""
    return _SECRET.sub("***@", url)


def open_store(url: str, *, durable: bool = True) -> Store:
    """Open the store at an fsspec URL or an absolute path; it need not be there yet.

    Credentials are fsspec's: its configuration, the environment, ~/.aws. Raises InvalidValueError
    if the URL cannot be one, UnavailableError if the package that its kind needs is missing.
    """
    if _SECRET.search(url):
        raise InvalidValueError(
            f"artifacts.url {told_url(url)} holds a password, which everybody who reads it learns",
            hint="leave it out: fsspec takes credentials from the environment",
        )
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1] in {"file", "local"}:
        path = Path(url[scheme.end() :] if scheme else url).expanduser()
        if not path.is_absolute() or "::" in url:
            raise InvalidValueError(
                f"artifacts.url {url!r} is no URL and no absolute path",
                hint="write s3://bucket/folder, or /srv/models.artifacts",
            )
        from gitreg.artifacts.folder_store import FolderStore

        return FolderStore(path, durable=durable)
    from gitreg.artifacts.url_store import UrlStore

    return UrlStore(url)
