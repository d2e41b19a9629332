"""Walking two trees at once: which entries differ, and which of them no registry may hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitreg.domain.names import fold, hidden_character
from gitreg.domain.verdict import Violation
from gitreg.errors import CorruptError
from gitreg.manifest import kinds
from gitreg.manifest.codec import MAX_BYTES, read
from gitreg.manifest.trees import EMPTY_TREE, FILE, FOLDER, Entry, Objects, differing, entries

MAX_PATHS = 1_000_000
"""Differing entries one step may have: a tree of few objects can stand for any number of paths."""
MAX_DEPTH = 32
MAX_READ = 128 * 1024 * 1024
"""Bytes of manifests one step may make us read: a tree can name one blob any number of times."""
MAX_TREE = 16 * 1024 * 1024
"""Bytes of one tree, which are 100,000 entries of 140 bytes: Git packs millions to next to none."""
_RESERVED = re.compile(r"(?:\.|\.\.|(?:\.git|git~1)[ .]*(?:[:\\].*)?)\Z")
"""Also what Windows takes for .git: its short name, or with dots, spaces or a stream behind it."""
_MODES = {"120000": "a symbolic link", "160000": "a submodule", "100755": "an executable file"}


@dataclass(frozen=True, slots=True)
class Item:
    """One path whose entry differs; ``after`` None: it is gone."""

    path: str
    name: str
    before: Entry | None
    after: Entry | None

    @property
    def action(self) -> str:
        """Tell what happened to it in a word."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


class Walk:
    """One comparison's way through the objects, bounded."""

    def __init__(
        self, objects: Objects, *, most_paths: int = MAX_PATHS, most_bytes: int = MAX_READ
    ) -> None:
        """Read from ``objects``; CorruptError ends a walk that finds more than it may."""
        self.objects = objects
        self.most_paths = most_paths
        self.most_bytes = most_bytes
        self._paths = 0
        self._bytes = 0

    def folder(
        self, before: Entry | None, after: Entry | None, path: str
    ) -> tuple[dict[str, Item], list[Violation]]:
        """Give what differs directly in a folder by name, and what may not stand there."""
        found = list(self.items(before, after, path))
        items = {item.name: item for item in found if isinstance(item, Item)}
        return items, [fault for fault in found if isinstance(fault, Violation)]

    def items(
        self, before: Entry | None, after: Entry | None, path: str
    ) -> Iterator[Item | Violation]:
        """Give what differs directly in a folder; a file on one side counts as an empty folder."""
        try:
            pairs, ordered = differing(self._tree(before), self._tree(after))
        except CorruptError as error:
            yield Violation("form", str(error), path, hint=error.hint)
            return
        if not ordered:
            yield Violation("form", "the tree is not sorted, or holds a name twice", path)
            return
        self._paths += len(pairs)
        if self._paths > self.most_paths:
            raise CorruptError(
                f"more than {self.most_paths} paths differ in one commit",
                hint="make several smaller commits",
            )
        for pair in pairs:
            name = pair.name.decode("utf-8", "backslashreplace")
            item = Item(f"{path}/{name}" if path else name, name, pair.before, pair.after)
            fault = self._fault(pair.name, pair.after)
            yield Violation("form", fault, item.path) if fault else item

    def _tree(self, entry: Entry | None) -> bytes:
        if entry is None or not entry.is_folder:
            return b""
        kind, size = self.objects.header(entry.id)
        if kind != "tree":
            raise CorruptError(f"object {entry.id} is a {kind}, not a tree")
        if size > MAX_TREE:
            raise CorruptError(
                f"a folder's tree has {size} bytes, {MAX_TREE} is the most",
                hint="spread its files over several folders",
            )
        return self.objects.read(entry.id)

    def _fault(self, name: bytes, after: Entry | None) -> str:
        try:
            hidden = hidden_character(name.decode()) is not None
        except UnicodeDecodeError:
            return "the name is not UTF-8"
        if hidden or not name or b"/" in name:
            return "the name holds a character that no path may"
        if _RESERVED.match(fold(name.decode())):
            return "the name means something else to Git or to a file system"
        if after is None:
            return ""
        if after.mode not in {FILE, FOLDER}:
            told = _MODES.get(after.mode, f"of mode {after.mode}")
            return f"is {told}; every file is a plain one (mode {FILE})"
        return "is an empty folder" if after.is_folder and after.id == EMPTY_TREE else ""

    def leaves(self, item: Item, *, depth: int = 0) -> Iterator[Item | Violation]:
        """Give the files that differ at and below ``item``, and a violation for what is no file."""
        if depth > MAX_DEPTH:
            yield Violation("form", f"is nested more than {MAX_DEPTH} deep", item.path)
            return
        folders = [e for e in (item.before, item.after) if e is not None and e.is_folder]
        if len(folders) < len([e for e in (item.before, item.after) if e is not None]):
            yield item
        if not folders:
            return
        for below in self.items(item.before, item.after, item.path):
            if isinstance(below, Violation):
                yield below
            else:
                yield from self.leaves(below, depth=depth + 1)

    def twins(self, folder: Entry, path: str) -> Iterator[Violation]:
        """Refuse names in one folder that a file system may take for one another."""
        seen: dict[str, str] = {}
        try:
            found = list(entries(self._tree(folder)))
        except CorruptError:
            return  # ``items`` tells that
        for raw, _ in found:
            name = raw.decode("utf-8", "backslashreplace")
            first = seen.setdefault(fold(name), name)
            if first != name:
                where = f"{path}/{name}" if path else name
                yield Violation("form", f"differs from {first} only in case or accents", where)

    def find(self, folder: Entry | None, path: str) -> Entry | None:
        """Give the entry at ``path`` below a folder; None also where a tree cannot be read."""
        found = folder
        try:
            for name in path.split("/"):
                if found is None or not found.is_folder:
                    return None
                found = self.objects.find(found.id, name)
        except CorruptError:
            return None
        return found

    def content(self, entry: Entry) -> bytes | None:
        """Give the content of a file that can be a manifest, or None: no file, or too large."""
        if entry.mode != FILE:
            return None
        kind, size = self.objects.header(entry.id)
        if kind != "blob" or size > MAX_BYTES:
            return None
        self._bytes += size
        if self._bytes > self.most_bytes:
            raise CorruptError(
                f"more than {self.most_bytes} bytes of manifests differ in one commit",
                hint="make several smaller commits",
            )
        return self.objects.read(entry.id)

    def manifest(self, kind: str, entry: Entry, path: str) -> kinds.Reading:
        """Read one manifest; its faults, if any, name ``path``."""
        raw = self.content(entry)
        if raw is None:
            reason = f"is no manifest: a folder, or over {MAX_BYTES} bytes"
            return kinds.Reading({}, (Violation("form", reason, path),))
        reading = kinds.read_manifest(kind, raw)
        if not reading.faults:
            return reading
        return kinds.Reading({}, tuple(replace(fault, path=path) for fault in reading.faults))

    def judged(self, kind: str, entry: Entry, path: str) -> kinds.Reading:
        """Read a manifest of a tree that was judged; CorruptError if it cannot have been."""
        reading = self.manifest(kind, entry, path)
        if reading.faults:
            raise CorruptError(f"{path} did not parse before: {reading.faults[0].reason}")
        return reading

    def line(self, entry: Entry | None, key: str) -> int:
        """Give the line on which a key of a manifest stands, or 0."""
        raw = self.content(entry) if entry is not None else None
        return read(raw).line((key,)) if raw is not None else 0
