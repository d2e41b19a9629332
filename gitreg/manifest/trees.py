"""Git trees as bytes: reading, comparing and changing them without a Git library.

Guard and tests need no repository: a dict of objects by id is one (``MemoryObjects``).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeAlias

from gitreg.errors import CorruptError

FILE = "100644"
FOLDER = "40000"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_FOLDERS = frozenset({b"40000", b"040000"})
_ENTRY = re.compile(rb"([0-7]{1,7}) ([^\0]*)\0(.{20})", re.DOTALL)
_ENTRIES = re.compile(rb"([0-7]{1,7} [^\0]*\0.{20})*+", re.DOTALL)

_Row: TypeAlias = tuple[bytes, bytes, bytes]
"""Mode, name and object id as they stand in a tree: large trees are changed in this shape."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a tree says of one name: mode, as Git writes it, and object id."""

    mode: str
    id: str

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a subtree."""
        return self.mode == FOLDER


class Objects(Protocol):
    """Where trees and blobs are read from, and written to, by id."""

    def read(self, identifier: str) -> bytes:
        """Give the content of a tree or blob; CorruptError if it is not there."""
        ...

    def header(self, identifier: str) -> tuple[str, int]:
        """Give the type ("tree", "blob", ...) and size in bytes without reading the content."""
        ...

    def find(self, tree: str, name: str) -> Entry | None:
        """Look one name up in a tree."""
        ...

    def write(self, kind: str, content: bytes) -> str:
        """Store an object and give its id."""
        ...


class MemoryObjects:
    """Objects in a dict, in front of others that stay as they are: for plans and tests."""

    def __init__(self, behind: Objects | None = None) -> None:
        """Start empty; what is not here is looked for ``behind``."""
        self._kept: dict[str, tuple[str, bytes]] = {EMPTY_TREE: ("tree", b"")}
        self._behind = behind

    def read(self, identifier: str) -> bytes:
        """Give the content of a tree or blob."""
        if identifier in self._kept:
            return self._kept[identifier][1]
        if self._behind is None:
            raise CorruptError(f"object {identifier} is missing")
        return self._behind.read(identifier)

    def header(self, identifier: str) -> tuple[str, int]:
        """Give type and size."""
        if identifier in self._kept:
            kind, content = self._kept[identifier]
            return kind, len(content)
        if self._behind is None:
            raise CorruptError(f"object {identifier} is missing")
        return self._behind.header(identifier)

    def find(self, tree: str, name: str) -> Entry | None:
        """Look one name up in a tree."""
        if tree not in self._kept and self._behind is not None:
            return self._behind.find(tree, name)
        wanted = name.encode()
        return next((entry for found, entry in entries(self.read(tree)) if found == wanted), None)

    def write(self, kind: str, content: bytes) -> str:
        """Store an object and give its id."""
        identifier = object_id(kind, content)
        self._kept[identifier] = (kind, content)
        return identifier

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Give type and content of everything that was written here."""
        return (kept for name, kept in self._kept.items() if name != EMPTY_TREE)


def object_id(kind: str, content: bytes) -> str:
    """Give the id Git gives to an object."""
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _rows(raw: bytes) -> list[_Row]:
    found: list[_Row] = _ENTRY.findall(raw)
    if sum(len(mode) + len(name) for mode, name, _ in found) + 22 * len(found) != len(raw):
        raise CorruptError("a tree object is misshaped")
    return found


def entries(raw: bytes) -> Iterator[tuple[bytes, Entry]]:
    """Give names and entries of a tree, in its order; CorruptError if it is misshaped."""
    for row in _rows(raw):
        yield row[1], _entry(row)


def names(raw: bytes) -> list[bytes]:
    """Give the names in a tree, in its order; CorruptError if it is misshaped."""
    return [name for _, name, _ in _rows(raw)]


def _entry(row: _Row) -> Entry:
    mode, _, identifier = row
    return Entry(mode.decode(), identifier.hex())


def _row(name: bytes, entry: Entry) -> _Row:
    return entry.mode.encode(), name, bytes.fromhex(entry.id)


@dataclass(frozen=True, slots=True)
class Pair:
    """One name whose entry differs between two trees."""

    name: bytes
    before: Entry | None
    after: Entry | None


def differing(before: bytes, after: bytes) -> tuple[tuple[Pair, ...], bool]:
    """Give the names whose entries differ, and whether ``after`` is sorted without duplicates.

    ``before`` is a tree that was found sound, so only what lies between the common beginning
    and the common end is looked at. CorruptError if ``after`` is misshaped.
    """
    if before == after:
        return (), True
    previous, start, end_before, end_after = _window(before, after)
    old = dict(entries(before[start:end_before]))
    new = dict(entries(after[start:end_after]))
    pairs = tuple(
        Pair(name, old.get(name), new.get(name))
        for name in sorted({**old, **new})
        if old.get(name) != new.get(name)
    )
    around = _rows(after[previous : _next(after, end_after)])
    keys = [_sort_key(row) for row in around]
    near = [name for _, name, _ in around]
    if any(_may_hide_a_twin(*two) for two in pairwise(zip(near, keys, strict=True))):
        near = names(after)
    return pairs, keys == sorted(keys) and len(near) == len(set(near))


def _may_hide_a_twin(one: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> bool:
    """Tell whether a file and a folder of one name may stand around one of two neighbours.

    Both are a name and its sort key. Git sorts a folder as if its name ended in a slash: between
    a file ``a`` and a folder ``a`` there is room for names such as ``a.b``, and for those only.
    """
    (name, key), (following, following_key) = one, other
    return (key == name and following.startswith(name)) or (
        following_key != following and name.startswith(following)
    )


def _window(before: bytes, after: bytes) -> tuple[int, int, int, int]:
    same = _common_prefix(before, after)
    alike = _ENTRIES.match(before, 0, same)
    previous, start = (max(alike.start(1), 0), alike.end()) if alike else (0, 0)
    limit = min(len(before), len(after)) - start
    tail = _common_prefix(before[::-1][:limit], after[::-1][:limit])
    at_before = at_after = start
    while True:
        left_before, left_after = len(before) - at_before, len(after) - at_after
        if left_before == left_after <= tail:
            return previous, start, at_before, at_after
        if left_before >= left_after:
            at_before = _next(before, at_before)
        if left_after >= left_before:
            at_after = _next(after, at_after)


def _next(raw: bytes, start: int) -> int:
    nul = raw.find(b"\0", start)
    return min(nul + 21, len(raw)) if nul >= 0 else len(raw)


def _common_prefix(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _sort_key(row: _Row) -> bytes:
    return row[1] + b"/" if row[0] in _FOLDERS else row[1]


def pack(items: Iterable[tuple[bytes, Entry]]) -> bytes:
    """Give the bytes of the tree that holds ``items``."""
    return _packed(_row(*item) for item in items)


def _packed(rows: Iterable[_Row]) -> bytes:
    return b"".join([b"%b %b\0%b" % row for row in sorted(rows, key=_sort_key)])


def replace(objects: Objects, tree: str | None, changes: Mapping[str, Entry | None]) -> str | None:
    """Give the id of ``tree`` with the entries at some paths set, or (None) removed.

    Folders are made as needed; one that becomes empty goes away (then the answer may be None).
    """
    below: dict[str, dict[str, Entry | None]] = {}
    direct: dict[str, Entry | None] = {}
    for path, entry in changes.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = entry
        else:
            direct[name] = entry
    raw = objects.read(tree) if tree and tree != EMPTY_TREE else b""
    rows = {row[1]: row for row in _rows(raw)}
    for name, inner in below.items():
        row = rows.get(name.encode())
        here = direct.pop(name) if name in direct else row and _entry(row)
        is_file = here is not None and not here.is_folder
        found = replace(objects, here.id if here is not None and not is_file else None, inner)
        direct[name] = Entry(FOLDER, found) if found else here if is_file else None
    for name, entry in direct.items():
        if entry is None:
            rows.pop(name.encode(), None)
        else:
            rows[name.encode()] = _row(name.encode(), entry)
    return objects.write("tree", _packed(rows.values())) if rows else None
