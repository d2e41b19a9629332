"""Patterns of LIKE: ``%`` stands for any text, ``_`` for any character; nothing escapes them."""

import re

MAX_LENGTH = 10_000
"""Characters; SQLite takes 50,000 bytes, and three characters of GLOB may stand for one."""

_WILD = re.compile("[%_]")
_LITERAL = re.compile(r"[^%_*?\[\]]+")
_LAST = chr(0x10FFFF)


def is_plain(pattern: str) -> bool:
    """Tell whether the pattern has no wildcard, so that only itself is like it."""
    return _WILD.search(pattern) is None


def prefix(pattern: str) -> str:
    """Give what stands before the first wildcard."""
    return _WILD.split(pattern, maxsplit=1)[0]


def is_prefix(pattern: str) -> bool:
    """Tell whether the pattern is some text, ``%``, and nothing more."""
    return len(pattern) > 1 and pattern[-1] == "%" and is_plain(pattern[:-1])


def has_trigram(pattern: str) -> bool:
    """Tell whether three characters that stand for themselves follow one another."""
    return any(len(run) >= 3 for run in _LITERAL.findall(pattern))


def glob(pattern: str) -> str:
    """Give the same pattern for SQLite's GLOB, which tells capitals from small letters."""
    pattern = re.sub("%+", "%", pattern)
    return re.sub(r"[*?\[%_]", lambda m: {"%": "*", "_": "?"}.get(m[0], f"[{m[0]}]"), pattern)


def after(text: str) -> str | None:
    """Give the first text that sorts after all those that begin with ``text``; None if none."""
    text = text.rstrip(_LAST)
    if not text:
        return None
    following = ord(text[-1]) + 1
    return text[:-1] + chr(0xE000 if 0xD800 <= following <= 0xDFFF else following)
