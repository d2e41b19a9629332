"""A Git commit, read by our own grammar: what two readers could read differently is a fault.

Git and libgit2 disagree on repeated headers, encodings and odd names, so the raw bytes decide:
one tree, parents, one author, one committer, optionally one gpgsig, and a UTF-8 message.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from gitreg.domain.names import hidden_character
from gitreg.errors import InvalidValueError

MAX_COMMIT = 256 * 1024
"""Bytes a commit may have, message and signature included."""
MAX_PARENTS = 1000

ANSWER = "Gitreg-Answer"
TIME = "Gitreg-Time"
ORIGINAL_TIME = "Gitreg-Original-Time"
ORIGINAL_USER = "Gitreg-Original-User"

_ID = re.compile(rb"[0-9a-f]{40}\Z")
_PERSON = re.compile(rb"(.*) <([^<>]*)> (0|[1-9][0-9]{0,10}) ([+-][0-9]{4})\Z")
_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): (.*)\Z")
_EMPTY = re.compile(r"^(gitreg-[a-z0-9-]*):[ \t]*$", re.IGNORECASE | re.MULTILINE)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z\Z")


@dataclass(frozen=True, slots=True)
class Signature:
    """Who, and when in seconds since 1970; ``offset`` is the time zone as Git writes it."""

    name: str
    email: str
    seconds: int
    offset: str = "+0000"

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    def told(self, principal: str) -> str:
        """Give what names the principal: the name, or (``principal`` "email") the e-mail."""
        return self.email if principal == "email" else self.name

    @property
    def line(self) -> str:
        """Give it as Git stores it."""
        return f"{self.name} <{self.email}> {self.seconds} {self.offset}"


NOBODY = Signature("", "", 0)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; with ``faults`` nothing else in it can be relied on but ``id``."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str
    signature: str = ""
    faults: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Give the id as people write it."""
        return self.id[:7]

    @property
    def summary(self) -> str:
        """Give the first line of the message."""
        return self.message.partition("\n")[0]

    @property
    def comment(self) -> str:
        """Give what a person wrote below the first line, without trailers."""
        return split_message(self.message)[1]

    @property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        """Give the trailers: the last paragraph, if it is not the first and all lines are such."""
        return split_message(self.message)[2]

    def trailer(self, key: str) -> str:
        """Give the value of the trailer ``key``, or "" if it is not there."""
        return next((value for name, value in self.trailers if name == key), "")

    @property
    def own_time(self) -> int:
        """Give the committer time in ms, refined by Gitreg-Time if that lies in the same second."""
        refined = parse_time(self.trailer(TIME))
        if refined is not None and refined // 1000 == self.committer.seconds:
            return refined
        return self.committer.seconds * 1000


@lru_cache(maxsize=1024)
def split_message(message: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Give a message's first line, its body, and its trailers."""
    paragraphs = message.strip("\n").split("\n\n")
    trailers: tuple[tuple[str, str], ...] = ()
    if len(paragraphs) > 1:
        found = [_TRAILER.match(line) for line in paragraphs[-1].split("\n") if line]
        if found and all(found):
            trailers = tuple((match[1], match[2].strip()) for match in found if match)
            paragraphs.pop()
    first, _, rest = "\n\n".join(paragraphs).partition("\n")
    return first, rest.strip("\n"), trailers


def join_message(summary: str, body: str, trailers: tuple[tuple[str, str], ...]) -> str:
    """Give the message that ``split_message`` takes apart again.

    Raises InvalidValueError for words of a person that would be read as trailers: without trailers
    of ours behind them, nothing tells the two apart.
    """
    parts = [summary, body.strip("\n"), "\n".join(f"{key}: {value}" for key, value in trailers)]
    message = "\n\n".join(part for part in parts if part) + "\n"
    if not trailers and split_message(message)[2]:
        raise InvalidValueError(
            "the last lines of the message would be read as trailers",
            hint="add a line that is no KEY: VALUE",
        )
    return message


def parse_time(text: str) -> int | None:
    """Read ``2026-01-31T12:00:00.123Z`` as ms since 1970, or give None."""
    if not _TIME.match(text):
        return None
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None


def format_time(milliseconds: int) -> str:
    """Write ms since 1970 as ``2026-01-31T12:00:00.123Z``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}Z"


def write_commit(commit: Commit) -> bytes:
    """Give the bytes of a commit as Git stores it (the id is not used)."""
    lines = [f"tree {commit.tree}", *(f"parent {parent}" for parent in commit.parents)]
    lines += [f"author {commit.author.line}", f"committer {commit.committer.line}"]
    lines += ["gpgsig " + commit.signature.replace("\n", "\n ")] if commit.signature else []
    return "\n".join([*lines, "", commit.message]).encode()


def read_commit(identifier: str, raw: bytes) -> Commit:
    """Read a stored commit. Never raises: what is wrong stands in ``faults``."""
    if len(raw) > MAX_COMMIT:
        return too_large(identifier, len(raw))
    if b"\0" in raw:
        return _faulty(identifier, "holds a NUL, at which some readers stop")
    head, blank, message = raw.partition(b"\n\n")
    if not blank:
        return _faulty(identifier, "has no message")
    try:
        headers = list(_headers(head))
        names = [name for name, _ in headers]
        _check_order(names)
        values = [value for _, value in headers]
        count = names.count(b"parent")
        author, committer = values[count + 1], values[count + 2]
        if any(value[:1] in (b"", b"\n") for value in values[count + 3 :]):
            raise InvalidValueError("has a signature whose first line is empty")  # Git sees none
        return Commit(
            id=identifier,
            tree=_object_id(values[0]),
            parents=tuple(map(_object_id, values[1 : count + 1])),
            author=_person("author", author),
            committer=_person("committer", committer),
            message=_message(message),
            signature=values[count + 3].decode() if len(values) > count + 3 else "",
        )
    except InvalidValueError as error:
        return _faulty(identifier, str(error))
    except UnicodeDecodeError:
        return _faulty(identifier, "is not UTF-8")


def too_large(identifier: str, size: int) -> Commit:
    """Give a commit of which nothing was read, because it has ``size`` bytes."""
    return _faulty(identifier, f"has {size} bytes, {MAX_COMMIT} is the most")


def _faulty(identifier: str, fault: str) -> Commit:
    return Commit(identifier, "", (), NOBODY, NOBODY, "", faults=(fault,))


def _headers(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    first, *rest = head.split(b"\n")
    name, _, value = first.partition(b" ")
    for line in rest:
        if line.startswith(b" "):
            value += b"\n" + line[1:]
            continue
        yield name, value
        name, _, value = line.partition(b" ")
    yield name, value


def _check_order(names: list[bytes]) -> None:
    count = names.count(b"parent")
    if count > MAX_PARENTS:
        raise InvalidValueError(f"has {count} parents, {MAX_PARENTS} is the most")
    expected = [b"tree", *[b"parent"] * count, b"author", b"committer"]
    if names not in (expected, [*expected, b"gpgsig"]):
        strange = next((n for n in names if n not in {*expected, b"gpgsig"}), None)
        raise InvalidValueError(
            f"has a header {_shown(strange[:40])} that no registry commit may have"
            if strange is not None
            else "does not have one tree, its parents, one author, one committer and at most one "
            "gpgsig, in this order"
        )


def _shown(raw: bytes) -> str:
    return ascii(raw.decode("utf-8", "backslashreplace"))


def _object_id(value: bytes) -> str:
    if not _ID.match(value):
        raise InvalidValueError(f"names an object {_shown(value[:60])}, which is no id")
    return value.decode()


def _person(role: str, value: bytes) -> Signature:
    match = _PERSON.match(value)
    if not match:
        raise InvalidValueError(f"has {role} {_shown(value[:80])}: not NAME <E-MAIL> SECONDS ZONE")
    name, email = match[1].decode(), match[2].decode()
    for what, text in (("name", name), ("e-mail", email)):
        if not text or text != text.strip() or "<" in text or ">" in text:
            raise InvalidValueError(f"has {role} {what} {text!a}: empty or misshaped")
        if hidden_character(text) is not None:
            raise InvalidValueError(f"has {role} {what} {text!a} with a hidden character")
    return Signature(name, email, int(match[3]), match[4].decode())


def _message(raw: bytes) -> str:
    message = raw.decode()
    keys = [key for key, _ in split_message(message)[2] if key.lower().startswith("gitreg-")]
    for key in keys:
        if key not in {ANSWER, TIME, ORIGINAL_TIME, ORIGINAL_USER}:
            raise InvalidValueError(f"has an unknown trailer {key!a}")
        if keys.count(key) > 1:
            raise InvalidValueError(f"has the trailer {key} twice")
    above, _, last = message.strip("\n").rpartition("\n\n")
    empty = _EMPTY.search(last) if above else None
    if empty is not None:
        raise InvalidValueError(f"has the trailer {empty[1]} without a value")
    return message
