"""What a push asks for: the refs it wants to move."""

from dataclasses import dataclass

from gitreg.errors import InvalidValueError

MAX_INPUT = 4 * 1024 * 1024
"""Bytes of ref updates that one push may name."""
NOTHING = "0" * 40
"""What Git writes for the id of a ref that is not there."""


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One line of a push: the ref's full name, and the ids before and after (None: not there)."""

    name: str
    old: str | None
    new: str | None


def read_updates(raw: bytes) -> tuple[RefUpdate, ...]:
    """Read what Git tells a receive hook: a line ``OLD NEW REF`` for each ref."""
    if len(raw) > MAX_INPUT:
        raise InvalidValueError("the push names too many refs", hint="push fewer at once")
    updates = []
    for line in filter(None, raw.decode("utf-8", "surrogateescape").split("\n")):
        parts = line.split(" ", 2)
        if len(parts) != 3 or not all(_is_id(part) for part in parts[:2]):
            raise InvalidValueError(f"Git told the hook {line[:120]!a}, which is no ref update")
        old, new, name = parts
        updates.append(
            RefUpdate(name, None if old == NOTHING else old, None if new == NOTHING else new)
        )
    return tuple(updates)


def _is_id(text: str) -> bool:
    return len(text) == 40 and all(char in "0123456789abcdef" for char in text)
