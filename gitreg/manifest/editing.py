"""Changes one value of a manifest and leaves every other line as its author wrote it.

The edit is made in the text, where libyaml says that the keys and values stand, and then read
again: if it is not exactly what was asked for, something plainer is tried, at last a manifest
written anew. So the data is always right, and the author's lines are kept wherever they can be.
A comment on a line of its own is never taken away with a value.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from gitreg.errors import InvalidValueError
from gitreg.manifest.codec import ManifestError, Value, compose, quoted, read
from gitreg.manifest.writing import one_line, scalar, write

Node: TypeAlias = Any  # PyYAML's stubs leave the value of a node open, and its marks may be None

_WIDTH: Final = 80
"""A mapping or list in braces stays there as long as it is not longer than this."""

_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_HEADER = re.compile(r"[|>][-+0-9]*")
_HEAD_COMMENT = re.compile(rf"[ \t]*:(?:[ \t]*{_HEADER.pattern})?([ \t]+#[^\r\n]*)?")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_LAST_ON_LINE = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\r\n]*)?(?=\r?\n)")


class Missing(Enum):
    """The value of a key that is not to be there."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


def edit(
    raw: bytes, path: tuple[str, ...], value: Value | Missing, *, order: Sequence[str] = ()
) -> bytes:
    """Set the value at ``path``, or with MISSING delete it, and give the manifest's new bytes.

    ``path`` goes through mappings; those missing on the way are made, one left empty is removed.
    ``order`` tells where a new key of the top level belongs: behind the last of those before it
    that is there; an unknown key goes to the end. Raises ManifestError if ``raw`` is no manifest,
    InvalidValueError if ``path`` goes through something else or no manifest can hold ``value``.
    """
    data = read(raw).data
    wanted = _changed(data, path, value, order=order)
    anew = write(wanted)
    if _is_same(wanted, data):
        return raw
    if value is MISSING:
        path = _gone(wanted, path)
    for way, new in ((path, value), (path[:1], wanted.get(path[0], MISSING))):
        for plain in (False, True):
            edited = _Sheet.of(raw, plain=plain).edited(way, new, order=order)
            if _reads_as(edited, wanted):
                return edited
    return anew


def _changed(
    data: dict[str, Value], path: Sequence[str], value: Value | Missing, *, order: Sequence[str]
) -> dict[str, Value]:
    key, *rest = path
    if rest:
        inner = data.get(key, {})
        if not isinstance(inner, dict):
            raise InvalidValueError(f"{quoted(key)} is not a mapping, so it has no keys")
        left = MISSING if inner else data.get(key, MISSING)
        value = _changed(inner, rest, value, order=()) or left
    if value is MISSING:
        return {name: kept for name, kept in data.items() if name != key}
    if key in data:
        return {**data, key: value}
    entries = list(data.items())
    entries.insert(_position(list(data), key, order), (key, value))
    return dict(entries)


def _position(keys: Sequence[str], key: str, order: Sequence[str]) -> int:
    if key not in order:
        return len(keys)
    before = [name for name in order[: order.index(key)] if name in keys]
    return keys.index(before[-1]) + 1 if before else 0


def _gone(wanted: dict[str, Value], path: tuple[str, ...]) -> tuple[str, ...]:
    """Give the start of ``path`` that is not there: itself, or a mapping that it emptied."""
    inner = wanted.get(path[0])
    return (path[0], *_gone(inner, path[1:])) if isinstance(inner, dict) else path[:1]


def _is_same(one: Value, other: Value) -> bool:
    """Compare types and order too: for Python ``1 == 1.0 == True``."""
    return json.dumps(one) == json.dumps(other)


def _reads_as(raw: bytes, wanted: dict[str, Value]) -> bool:
    try:
        return _is_same(read(raw).data, wanted)
    except ManifestError:
        return False


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The text of a manifest with its nodes, whose marks count in characters.

    What it is edited to need not be right: ``edit`` looks. With ``plain`` it takes fewer risks
    with what stands around the edit: values on one line, comments left over at the key's column.
    """

    text: str
    root: Node
    newline: str
    plain: bool

    @classmethod
    def of(cls, raw: bytes, *, plain: bool) -> "_Sheet":
        windows = raw.count(b"\r\n")
        newline = "\r\n" if windows > raw.count(b"\n") - windows else "\n"
        return cls(raw.decode(), compose(raw), newline, plain)

    def edited(
        self, path: tuple[str, ...], value: Value | Missing, *, order: Sequence[str]
    ) -> bytes:
        """Edit the deepest mapping on the path that is there."""
        mapping, (key, *rest) = self.root, path
        while rest and key in _keys(mapping):
            mapping, (key, *rest) = mapping.value[_keys(mapping).index(key)][1], rest
        keys = _keys(mapping)
        if value is MISSING:
            return self._without(mapping, keys.index(key)).encode()
        if key in keys:
            return self._replaced(mapping, keys.index(key), value).encode()
        for name in reversed(rest):
            value = {name: value}
        at = _position(keys, key, order if mapping is self.root else ())
        return self._inserted(mapping, at, key, value=value).encode()

    def _replaced(self, mapping: Node, at: int, value: Value) -> str:
        key, old = mapping.value[at]
        written = self._inline(mapping, old, value)
        if written is not None:
            return self._spliced(old.start_mark.index, self._end(old), written)
        start, end = self._lines_of(key, old)
        first, *more = self._written(key.value, value, mapping.start_mark.column)
        lines = self.newline.join([first + self._trailing_comment(key, old), *more, ""])
        return self._spliced(start, end, lines + self._own_comments(key, old))

    def _inline(self, mapping: Node, old: Node, value: Value) -> str | None:
        """Write a value that takes the place of the old one on its line, if it can."""
        if mapping.flow_style:
            return one_line(value)
        if _is_block(old) or old.start_mark.line != old.end_mark.line:
            return None
        if isinstance(value, dict | list):
            written = one_line(value)
            fits = not value or (old.id != "scalar" and len(written) <= _WIDTH)
            return written if fits else None
        is_text = isinstance(value, str) and "\n" in value
        return None if is_text and not self.plain else scalar(value)

    def _without(self, mapping: Node, at: int) -> str:
        key, value = mapping.value[at]
        if mapping.flow_style:
            return self._without_in_flow(mapping, at)
        start, end = self._lines_of(key, value)
        left = "" if mapping.value[1:] else "{}" + self.newline
        return self._spliced(start, end, left + self._own_comments(key, value))

    def _without_in_flow(self, mapping: Node, at: int) -> str:
        key, value = mapping.value[at]
        start, end = key.start_mark.index, value.end_mark.index
        previous = mapping.value[at - 1][1].end_mark.index if at else start
        line = _LAST_ON_LINE.match(self.text, end)
        if self._starts_line(start) and line is not None:
            comments = self._own_comments(key, value)
            start, end = self._lines_of(key, value)
            before = self.text[:start]
            if at == len(mapping.value) - 1 and not line[1]:
                before = before[:previous] + before[previous:].replace(",", "", 1)
            return before + comments + self.text[end:]
        if at and "\n" not in self.text[previous:start]:
            return self._spliced(previous, end, "")
        comma = _COMMA.match(self.text, end)
        return self._spliced(start, comma.end() if comma else end, "")

    def _inserted(self, mapping: Node, at: int, key: str, *, value: Value) -> str:
        if mapping.flow_style:
            return self._inserted_in_flow(mapping, at, one_line({key: value})[1:-1])
        lines = self.newline.join([*self._written(key, value, mapping.start_mark.column), ""])
        if at == 0:
            start = self._line_start(mapping.start_mark.index)
            return self._spliced(start, start, lines)
        key_before, value_before = mapping.value[at - 1]
        _, end = self._lines_of(key_before, value_before)
        if self.text.endswith("\n", 0, end):
            return self._spliced(end, end, lines)
        return self._ended(value_before) + self.newline + lines

    def _ended(self, value: Node) -> str:
        """Make a block of text at the very end say that no line end belongs to it."""
        head = _HEADER.match(self.text, _last(value).start_mark.index)
        if head is None or "-" in head[0]:
            return self.text
        return self._spliced(head.start(), head.end(), head[0].replace("+", "") + "-")

    def _inserted_in_flow(self, mapping: Node, at: int, pair: str) -> str:
        if not mapping.value:
            start = mapping.start_mark.index + 1
            return self._spliced(start, start, pair)
        if at == 0:
            start = mapping.value[0][0].start_mark.index
            return self._spliced(start, start, f"{pair}, ")
        key, value = mapping.value[at - 1]
        end = value.end_mark.index
        line = _LAST_ON_LINE.match(self.text, end)
        if not self._starts_line(key.start_mark.index) or line is None:
            return self._spliced(end, end, f", {pair}")
        before = "" if line[1] else ","
        below = self.newline + " " * key.start_mark.column + pair + line[1]
        return self._spliced(end, line.end(), before + line[0] + below)

    def _written(self, key: str, value: Value, column: int) -> list[str]:
        if self.plain:
            return [" " * column + one_line({key: value})[1:-1]]
        lines = write({key: value}).decode().split("\n")[:-1]
        return [" " * column + line if line else "" for line in lines]

    def _trailing_comment(self, key: Node, value: Node) -> str:
        """Give the comment behind the value, or behind the key of a value in lines of its own."""
        if not _is_block(value):
            behind = _COMMENT.match(self.text, value.end_mark.index)
            return behind[0] if behind else ""
        head = _HEAD_COMMENT.match(self.text, key.end_mark.index)
        return (head and head[1]) or ""

    def _own_comments(self, key: Node, value: Node) -> str:
        """Give the lines of an entry that are comments, not text that looks like one."""
        start, end = self._lines_of(key, value)
        spans = [(leaf.start_mark.index, self._end(leaf)) for leaf in _leaves(value)]
        spans.insert(0, (-1, -1))
        kept = []
        for line in self.text[start:end].splitlines(keepends=True):
            content = line.lstrip(" \t")
            start += len(line)
            sign = start - len(content)
            low, high = spans[bisect_left(spans, (sign,)) - 1]
            if self.text.startswith("#", sign) and not low < sign < high:
                kept.append(" " * key.start_mark.column + content if self.plain else line)
        return "".join(kept)

    def _lines_of(self, key: Node, value: Node) -> tuple[int, int]:
        """Give where the lines of a block mapping's entry start and end."""
        end = self.text.find("\n", self._end(value)) + 1
        return self._line_start(key.start_mark.index), end or len(self.text)

    def _end(self, node: Node) -> int:
        """Give where the content ends; libyaml's mark of a block is behind what follows it."""
        last = _last(node)
        start, end = last.start_mark.index, last.end_mark.index
        if not _is_block(last):
            return int(end)
        text = self.text[start:end]
        return int(start) + len(text.removesuffix("\n") if "+" in text[:3] else text.rstrip())

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _starts_line(self, index: int) -> bool:
        return not self.text[self._line_start(index) : index].strip(" ")

    def _spliced(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]


def _keys(mapping: Node) -> list[str]:
    return [key.value for key, _ in mapping.value]


def _is_block(node: Node) -> bool:
    return node.style in ("|", ">") if node.id == "scalar" else not node.flow_style


def _last(node: Node) -> Node:
    """Give the text, or the collection in braces, that stands last in a node."""
    while _is_block(node) and node.id != "scalar":
        node = node.value[-1] if node.id == "sequence" else node.value[-1][1]
    return node


def _leaves(node: Node) -> Iterator[Node]:
    if node.id == "scalar":
        yield node
        return
    for child in node.value:
        for part in child if node.id == "mapping" else (child,):
            yield from _leaves(part)
