"""Writes a manifest: block style, keys in the order given, one way to write each value.

Text stands plain where every YAML 1.1 and 1.2 reader takes it for the same text, in a ``|`` block
if it has several lines and the block is exact, and in double quotes otherwise.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Final

from gitreg.errors import InvalidValueError
from gitreg.manifest.codec import MAX_BYTES, MAX_DEPTH, MAX_DIGITS, MAX_NODES, Value, quoted

_LONG_KEY: Final = 1000
"""Above this a key needs a ``?``; libyaml looks for the ``:`` within 1,024 characters only."""

_ESCAPED = "\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_LITERAL = re.compile(f"[\x00-\x08\x0b-\x1f{_ESCAPED}\ud800-\udfff]")
_NOT_PLAIN = re.compile(
    rf"""\A(?: [-?:,\[\]{{}}\#&*!|>'"%@`\s] | \.\.\. | \Z )
    | \s\Z | :(?=\s|\Z) | \s\# | [\x00-\x1f{_ESCAPED}]""",
    re.VERBOSE,
)
_NOT_PLAIN_IN_FLOW = re.compile(r"[?,\[\]{}]")
_TYPED = re.compile(
    r"""y | n | yes | no | on | off | true | false | null | ~ | << | =
    | [-+]? 0x[0-9a-f_]* | [-+]? 0[ob][0-9_]* | [-+]? \.(?:inf|nan)
    | [-+]? [0-9_,.:]+ (?:e[-+]?[0-9_.]*)?             # 1.1's own pattern for floats takes 1.2.3
    | [0-9]+-[0-9]+-[0-9].*                           # a date""",
    re.VERBOSE | re.IGNORECASE,
)
"""What some reader takes for something other than text."""


def write(data: Mapping[str, Value]) -> bytes:
    """Write a manifest that ``read`` reads back as ``data``, with equal types and order.

    Raises InvalidValueError for what no manifest holds: a number that is infinite or no number,
    half a surrogate pair, and data beyond the limits of the codec.
    """
    if _nodes(data, 1) > MAX_NODES:
        raise InvalidValueError(f"a manifest may have {MAX_NODES} keys and values, not more")
    lines = _mapping(data) if data else ("{}",)
    written = "".join(f"{line}\n" for line in lines).encode()
    if len(written) > MAX_BYTES:
        problem = f"{len(written)} bytes are more than the {MAX_BYTES} a manifest may have"
        raise InvalidValueError(problem)
    return written


def scalar(value: str | int | float | bool | None, *, flow: bool = False) -> str:
    """Write one value on one line; with ``flow``, so that it can stand between ``{}`` or ``[]``."""
    if isinstance(value, str):
        return _text(value, flow=flow)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return _whole(value)
    return _fraction(value)


def one_line(value: Value) -> str:
    """Write any value on one line, in flow style: ``{champion: 3, "on": [a, b]}``."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_key(k, flow=True)} {one_line(v)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(one_line, value)) + "]"
    return scalar(value, flow=True)


def _nodes(value: Value | Mapping[str, Value], depth: int) -> int:
    """Count what the reader counts, and refuse what it finds too deep."""
    if not isinstance(value, Mapping | list):
        return 1
    if depth > MAX_DEPTH:
        raise InvalidValueError(f"a manifest may be nested {MAX_DEPTH} deep, not deeper")
    if isinstance(value, list):
        return 1 + sum(_nodes(item, depth + 1) for item in value)
    return 1 + len(value) + sum(_nodes(item, depth + 1) for item in value.values())


def _mapping(data: Mapping[str, Value]) -> Iterator[str]:
    for key, value in data.items():
        *above, head = _key(key).split("\n")
        yield from above
        text, below = _split(value)
        yield f"{head} {text}".rstrip(" ")
        yield from _indented(below)


def _sequence(items: list[Value]) -> Iterator[str]:
    for item in items:
        text, below = _split(item)
        lines = iter(below)
        yield f"- {text or next(lines)}"
        yield from _indented(lines)


def _split(value: Value) -> tuple[str, Iterable[str]]:
    """Give what stands behind the ``key:`` or ``-`` of a value, and the lines below it."""
    if isinstance(value, Mapping):
        return ("", _mapping(value)) if value else ("{}", ())
    if isinstance(value, list):
        return ("", _sequence(value)) if value else ("[]", ())
    if isinstance(value, str) and _is_literal(value):
        return _header(value), value.removesuffix("\n").split("\n")
    return scalar(value), ()


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)


def _key(key: str, *, flow: bool = False) -> str:
    written = _text(key, flow=flow)
    if len(written) <= _LONG_KEY:
        return f"{written}:"
    return f"? {written} :" if flow else f"? {written}\n:"


def _text(text: str, *, flow: bool) -> str:
    if _SURROGATE.search(text):
        raise InvalidValueError(f"{quoted(text)} holds half a surrogate pair, which UTF-8 cannot")
    if _NOT_PLAIN.search(text) or _TYPED.fullmatch(text):
        return quoted(text)
    if flow and _NOT_PLAIN_IN_FLOW.search(text):
        return quoted(text)
    return text


def _is_literal(text: str) -> bool:
    return "\n" in text and not text.isspace() and not _NOT_LITERAL.search(text)


def _header(text: str) -> str:
    """Give the start of a block: a digit if the text starts with spaces, a sign for its end."""
    digit = "2" if text.lstrip("\n")[0] in " \t" else ""
    if not text.endswith("\n"):
        return f"|{digit}-"
    return f"|{digit}+" if text.endswith("\n\n") else f"|{digit}"


def _whole(number: int) -> str:
    if abs(number) >= 10**MAX_DIGITS:
        raise InvalidValueError(f"a number may have {MAX_DIGITS} digits, not more")
    return str(number)


def _fraction(number: float) -> str:
    """Write a float as JSON and YAML 1.1 read it: 1.1 wants a point before an exponent."""
    if not isfinite(number):
        raise InvalidValueError(f"{number} is not a number a manifest can hold")
    written = repr(number)
    return written if "." in written else written.replace("e", ".0e")
