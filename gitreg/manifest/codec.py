"""Reads a manifest: YAML in a strict, JSON-shaped subset, so that every reader sees the same data.

The subset is that of DESIGN.md section 2. What it leaves out is what makes YAML ambiguous or
dangerous: an alias can stand for gigabytes, the second of two equal keys wins silently, U+2028
ends a comment so that a hidden key can follow. The limits bound the time by construction: libyaml
is asked for one event after the other, and the first one that goes too far is the last.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from gitreg.errors import InvalidValueError

if TYPE_CHECKING:
    from yaml import MappingNode, Mark, MarkedYAMLError, Node

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
"""What a manifest can hold."""

Event: TypeAlias = Any  # PyYAML's stubs do not tell its events apart, and their marks may be None

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_DEPTH: Final = 20
"""Mappings and lists inside each other; the manifest itself is the first."""
MAX_NODES: Final = 50_000
"""Mappings, lists, values and keys."""
MAX_DIGITS: Final = 400

_ILLEGAL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)"
)
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: Final[dict[str, Value]] = {"null": None, "true": True, "false": False}
_HINTS: Final = {
    "mapping values are not allowed in this context": (
        'put text that contains ": " in double quotes, or check the indentation'
    ),
    "did not find expected key": "check the indentation of this line",
    "could not find expected ':'": 'write "key: value"',
    "found character that cannot start any token": "put the text in double quotes",
    "found unexpected end of stream": "close the quotes",
    "found unknown escape character": r"write \\ for a backslash, or use single quotes",
}


class ManifestError(InvalidValueError):
    """Text that is no manifest; ``line`` and ``column`` count from 1, and 0 is none."""

    def __init__(self, problem: str, *, line: int = 0, column: int = 0, hint: str = "") -> None:
        super().__init__(f"line {line}: {problem}" if line else problem, hint=hint)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest as read: the data, and the bytes they stand in."""

    data: dict[str, Value]
    raw: bytes

    def line(self, path: tuple[str | int, ...]) -> int:
        """Give the line, from 1, of the key or list item at ``path`` or its nearest ancestor."""
        node: Node = compose(self.raw)
        mark = node.start_mark
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            mark, node = found
        return int(mark.line) + 1


def read(raw: bytes) -> Document:
    """Read one manifest; raise ManifestError for bytes that are none."""
    import yaml

    text = _text(raw)
    try:
        data = _Builder(yaml.parse(raw, Loader=yaml.CBaseLoader)).document()
    except yaml.MarkedYAMLError as error:
        raise _translated(error, text) from None
    except UnicodeDecodeError:
        raise ManifestError("a tag (!) holds %-escapes that are not UTF-8") from None
    return Document(data, raw)


def compose(raw: bytes) -> "MappingNode":
    """Give libyaml's nodes, with their marks in characters, of bytes that ``read`` has accepted."""
    import yaml

    return yaml.compose(raw, Loader=yaml.CBaseLoader)  # type: ignore[return-value]  # a mapping


def quoted(text: str) -> str:
    r"""Write text in double quotes on one line, as JSON and YAML read it: ``say \"hi\"\n``."""
    written = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04X}", written)


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise ManifestError(f"{len(raw)} bytes are more than the {MAX_BYTES} a manifest may have")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ManifestError(
            f"byte 0x{raw[error.start]:02X} is not UTF-8", line=line, hint="save the file as UTF-8"
        ) from None
    illegal = _ILLEGAL.search(text)
    if illegal is not None:
        _refuse_character(text, illegal.start())
    return text


def _refuse_character(text: str, index: int) -> NoReturn:
    character = text[index]
    if character == "\r":
        hint = "end lines with LF, or with CR LF"
    elif index == 0 and character == "\ufeff":
        hint = "save the file as UTF-8 without a byte order mark"
    else:
        hint = f'in double quotes, write "\\u{ord(character):04X}"'
    line = text.count("\n", 0, index) + 1
    column = index - text.rfind("\n", 0, index)
    problem = f"the raw character U+{ord(character):04X} is not allowed"
    raise ManifestError(problem, line=line, column=column, hint=hint)


class _Builder:
    """Builds values from libyaml's events, and refuses those the subset leaves out.

    Events are told by the names of their classes, so that whoever imports this module does not
    import yaml, which takes 50 ms.
    """

    __slots__ = ("_next", "_nodes")

    def __init__(self, events: Iterator[Event]) -> None:
        self._next = events.__next__
        self._nodes = 0

    def document(self) -> dict[str, Value]:
        self._next()
        start = self._next()
        if type(start).__name__ == "StreamEndEvent":
            raise ManifestError("the manifest is empty")
        if start.version or start.tags:
            raise _refused(start, "directives (%) are not allowed", "remove the line")
        root = self._next()
        if _is_void(root):
            raise ManifestError("the manifest is empty")
        data = self._node(root, 1)
        if not isinstance(data, dict):
            raise _refused(root, "a manifest is a mapping", 'write "key: value" lines')
        self._end()
        return data

    def _end(self) -> None:
        end = self._next()
        if end.explicit:
            raise _refused(end, 'the end marker "..." is not allowed', "remove the line")
        more = self._next()
        if type(more).__name__ != "StreamEndEvent":
            raise _refused(more, "a second document starts here", "one file is one manifest")

    def _node(self, event: Event, depth: int) -> Value:
        self._admit(event)
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return str(event.value) if event.style else _plain(event)
        if depth > MAX_DEPTH:
            raise _refused(event, f"this is nested deeper than {MAX_DEPTH}")
        return self._mapping(depth) if kind == "MappingStartEvent" else self._sequence(depth)

    def _mapping(self, depth: int) -> Value:
        built: dict[str, Value] = {}
        while type(event := self._next()).__name__ != "MappingEndEvent":
            key = self._key(event)
            if key in built:
                raise _refused(event, f"key {_shown(key)} stands twice", "keep one of the two")
            value = self._next()
            if _is_void(value):
                hint = 'write null, "" or {}, or remove the line'
                raise _refused(event, f"key {_shown(key)} has no value", hint)
            built[key] = self._node(value, depth + 1)
        return built

    def _key(self, event: Event) -> str:
        self._admit(event)
        if type(event).__name__ != "ScalarEvent":
            raise _refused(event, "a key must be text, not a list or mapping", "quote it")
        key: str = event.value
        if not event.style and key in ("", "<<"):
            problem = "merge keys (<<) are not allowed" if key else "a key is missing"
            raise _refused(event, problem, "write the keys out" if key else 'write "key: value"')
        return key

    def _sequence(self, depth: int) -> Value:
        built: list[Value] = []
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            if _is_void(event):
                raise _refused(event, "a list item has no value", 'write null or "", or remove it')
            built.append(self._node(event, depth + 1))
        return built

    def _admit(self, event: Event) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _refused(event, f"a manifest may have {MAX_NODES} keys and values, not more")
        if event.anchor is not None:
            sign = "aliases (*)" if type(event).__name__ == "AliasEvent" else "anchors (&)"
            hint = f'write the value out, or quote text that starts with "{sign[-2]}"'
            raise _refused(event, f"{sign} are not allowed", hint)
        if event.tag is not None:
            hint = 'remove it, or quote text that starts with "!"'
            raise _refused(event, "tags (!) are not allowed", hint)


def _is_void(event: Event) -> bool:
    return (
        type(event).__name__ == "ScalarEvent"
        and not (event.value or event.style)
        and event.anchor is None
        and event.tag is None
    )


def _plain(event: Event) -> Value:
    """Type a plain scalar: three words and JSON's numbers are not text, all else is."""
    text: str = event.value
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    digits = len(text.lstrip("-"))
    if digits > MAX_DIGITS:
        hint = "quote it, if it is text"
        raise _refused(event, f"a number may have {MAX_DIGITS} digits, not {digits}", hint)
    if number.lastindex is None:
        return int(text)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _refused(event, f"{text} is too large for a number", "quote it, if it is text")
    return value


def _refused(event: Event, problem: str, hint: str = "") -> ManifestError:
    mark = event.start_mark
    return ManifestError(problem, line=mark.line + 1, column=mark.column + 1, hint=hint)


def _shown(key: str) -> str:
    """Quote a key for a message, cut if it is long."""
    return quoted(key if len(key) <= 60 else key[:59] + "…")


def _translated(error: "MarkedYAMLError", text: str) -> ManifestError:
    """Say in one line what libyaml says in four; marks past the end move to the last line."""
    problem = str(error.problem)
    mark: Any = error.problem_mark  # Any: libyaml always sets it
    if problem == "found unexpected end of stream":
        mark = error.context_mark
    hint = _HINTS.get(problem, "")
    if text[mark.index : mark.index + 1] == "\t":
        hint = "indent with spaces, not tabs"
    line = min(mark.line, text.rstrip("\r\n").count("\n")) + 1
    return ManifestError(
        f"this is not YAML: {problem}", line=line, column=mark.column + 1, hint=hint
    )


def _child(node: "Node", step: str | int) -> "tuple[Mark, Node] | None":
    from yaml import MappingNode, SequenceNode

    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark, value
    elif isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None
