"""The artifact manifest: every file of a version with digest and size, as one canonical text."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from gitreg.domain.model import Artifact
from gitreg.domain.names import fold, hidden_character
from gitreg.errors import CorruptError, InvalidValueError

MAX_BYTES = 256 << 20
"""Bytes of a manifest; two million files fit."""
MAX_PATH = 1024
MAX_NAME = 255
"""Bytes, as file systems count."""
_HEADER = {"apiVersion": "gitreg/v1", "kind": "ArtifactManifest"}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*\Z")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|\Z)", re.IGNORECASE)
_MAY_BE_DEVICE = re.compile(r"(?:^|/)(?:con|prn|aux|nul|com.|lpt.)(?:[./]|\Z)", re.IGNORECASE)
_FORBIDDEN = '<>:"|?*\\'


def check_digest(text: str) -> str:
    """Give ``text`` back if it is a digest, ``sha256:`` and 64 hex digits."""
    if not _DIGEST.match(text):
        raise InvalidValueError(f"{text!a} is no digest: sha256: and 64 hex digits")
    return text


def digest_of(content: bytes) -> str:
    """Give the digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def check_path(path: str) -> str:
    """Give ``path`` back if it names a file below a folder, alike and safe on every system."""
    if _PLAIN.match(path) and len(path) <= MAX_NAME and not _MAY_BE_DEVICE.search(path):
        return path
    fault = _path_fault(path)
    if fault:
        raise InvalidValueError(f"{path!a} cannot be a file of a model: {fault}")
    return path


def _path_fault(path: str) -> str:
    if path.startswith("/"):
        return "it is absolute"
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if length > MAX_PATH:
        return f"it is longer than {MAX_PATH} bytes"
    if unicodedata.normalize("NFC", path) != path:
        return "its name is not in Unicode's NFC, and other systems would write it differently"
    return next(filter(None, map(_name_fault, path.split("/"))), "")


def _name_fault(name: str) -> str:
    if name in {"", ".", ".."}:
        return f"it has a part {name!r}"
    if len(name.encode()) > MAX_NAME:
        return f"a name has at most {MAX_NAME} bytes"
    if hidden_character(name) is not None:
        return "it holds a character that cannot be seen"
    bad = next((char for char in _FORBIDDEN if char in name), "")
    if bad:
        return f"Windows has no names with {bad}"
    if name[-1] in ". ":
        return "Windows has no names that end in a dot or a space"
    return "it is the name of a Windows device" if _DEVICE.match(name) else ""


@dataclass(frozen=True, slots=True, order=True)
class PinnedFile:
    """One file of a version: its path in the folder, its digest, and its size in bytes."""

    path: str
    digest: str
    size: int

    def __post_init__(self) -> None:
        check_path(self.path)
        check_digest(self.digest)
        if type(self.size) is not int or self.size < 0:
            raise InvalidValueError(f"{self.path}: {self.size!r} is not a size in bytes")


@dataclass(frozen=True)
class ArtifactManifest:
    """The files of a version, sorted by path; no two of them are one on any system."""

    files: tuple[PinnedFile, ...]

    def __post_init__(self) -> None:
        if not self.files:
            raise InvalidValueError("there is no file in it")
        if any(one.path >= other.path for one, other in pairwise(self.files)):
            raise InvalidValueError("its files are not sorted by path, each once")
        check_apart(one.path for one in self.files)

    @classmethod
    def of(cls, files: Iterable[PinnedFile]) -> "ArtifactManifest":
        """Make a manifest of files in any order."""
        return cls(tuple(sorted(files)))

    @classmethod
    def parse(cls, raw: bytes) -> "ArtifactManifest":
        """Read a manifest; InvalidValueError unless it is exactly what ``raw`` of it would be."""
        try:
            data = json.loads(raw.decode())
        except (ValueError, RecursionError):
            raise InvalidValueError("it is not JSON in UTF-8") from None
        made = cls(tuple(_files(data)))
        if made.raw != raw:
            raise InvalidValueError("it is not written canonically")
        return made

    @cached_property
    def raw(self) -> bytes:
        """Give the canonical text: JSON, keys and files sorted, no spaces, UTF-8."""
        files = [{"digest": one.digest, "path": one.path, "size": one.size} for one in self.files]
        data = _HEADER | {"files": files}
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    @cached_property
    def artifact(self) -> Artifact:
        """Give what a version says of it."""
        return Artifact(digest_of(self.raw), sum(one.size for one in self.files), len(self.files))

    def objects(self) -> dict[str, PinnedFile]:
        """Give one file for every content there is, by digest, in the order of the files."""
        found: dict[str, PinnedFile] = {}
        for one in self.files:
            found.setdefault(one.digest, one)
        return found


def _files(data: Any) -> Iterator[PinnedFile]:  # Any: JSON
    if not isinstance(data, dict) or set(data) != {*_HEADER, "files"}:
        raise InvalidValueError("it is no artifact manifest")
    if any(data[key] != value for key, value in _HEADER.items()):
        raise InvalidValueError("it is no artifact manifest of gitreg/v1")
    if not isinstance(data["files"], list):
        raise InvalidValueError("its files are no list")
    for one in data["files"]:
        if not isinstance(one, dict) or set(one) != {"digest", "path", "size"}:
            raise InvalidValueError("one of its files has not just digest, path and size")
        if not isinstance(one["path"], str) or not isinstance(one["digest"], str):
            raise InvalidValueError("one of its files has a path or digest that is no text")
        yield PinnedFile(one["path"], one["digest"], one["size"])


def check_apart(paths: Iterable[str]) -> None:
    """Refuse paths that are one on some system, and a file where others need a folder."""
    names: dict[str, str] = {}
    folders: set[str] = set()
    files = list(paths)
    for path in files:
        parent = path.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    for path in (*folders, *files):
        other = names.setdefault(fold(path), path)
        if other is not path:
            raise InvalidValueError(
                f"{other!a} and {path!a} are one name on systems that do not tell case"
                if other != path
                else f"{path!a} is a file and a folder"
            )


def read_manifest(raw: bytes, artifact: Artifact) -> ArtifactManifest:
    """Read the manifest that a version pins; CorruptError if it is another, or not valid."""
    found = digest_of(raw)
    if found != artifact.digest:
        raise CorruptError(f"the list of files has other bytes: {found}, not {artifact.digest}")
    try:
        manifest = ArtifactManifest.parse(raw)
    except InvalidValueError as error:
        raise CorruptError(f"the list of files {artifact.digest} is not valid: {error}") from None
    if manifest.artifact != artifact:
        raise CorruptError(
            f"the version says {artifact.files} files of {artifact.size} bytes, its list of files "
            f"{manifest.artifact.files} of {manifest.artifact.size}"
        )
    return manifest


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that one version has otherwise than another: added, removed or changed."""

    path: str
    before: PinnedFile | None
    after: PinnedFile | None

    @property
    def kind(self) -> str:
        """Give ``added``, ``removed`` or ``changed``."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    def __str__(self) -> str:
        sizes = [f"{one.size}" for one in (self.before, self.after) if one is not None]
        return f"{self.path} {self.kind} ({' -> '.join(sizes)} bytes)"

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values."""
        told: dict[str, object] = {"kind": self.kind, "path": self.path}
        for name, one in (("before", self.before), ("after", self.after)):
            told[name] = {"digest": one.digest, "size": one.size} if one is not None else None
        return told


def compare(
    before: ArtifactManifest | None, after: ArtifactManifest | None
) -> tuple[FileChange, ...]:
    """Give the files that differ between two versions, by path; None has no files."""
    old, new = ({one.path: one for one in side.files} if side else {} for side in (before, after))
    return tuple(
        FileChange(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    )
