"""Names: of models, versions, aliases and principals, and how they stand in paths and refs."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from gitreg.errors import InvalidValueError

MAX_COMPONENT = 240
"""Bytes an encoded name may have: ``<240>.lock`` still fits every file system's 255."""

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.IGNORECASE)
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PRINCIPAL = re.compile(r"[A-Za-z0-9._+-][A-Za-z0-9._+@-]{0,199}\Z")
_ALIAS = re.compile(r"[\w-]{1,255}\Z")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}\Z")
_COMMENT_ID = re.compile(r"[0-9a-f]{32}\Z")


def hidden_character(text: str) -> str | None:
    """Give the first control, format or separator character that a reader would not see."""
    if text.isascii() and text.isprintable():
        return None
    return next((c for c in text if unicodedata.category(c) in _HIDDEN), None)


def visible(text: str) -> str:
    """Give ``text`` on one line, with every character that a reader would not see escaped."""
    if hidden_character(text) is None:
        return text
    return "".join(c if hidden_character(c) is None else ascii(c)[1:-1] for c in text)


@lru_cache(maxsize=65536)
def encode(text: str) -> str:
    """Percent-encode ``text`` as one component of a path or ref, safe on every file system.

    ASCII letters, digits, ``-``, ``_`` and single inner dots stay; the dot of a final ``.lock``
    (which Git refuses) and the first letter of a Windows device name do not.
    """
    raw = text.encode()
    locked = len(raw) - 5 if raw[-5:].lower() == b".lock" else -1
    device = bool(_DEVICE.match(text))
    out = []
    for at, byte in enumerate(raw):
        plain = byte in _PLAIN or (byte == 0x2E and at != locked and _is_inner_dot(raw, at))
        out.append(chr(byte) if plain and not (device and at == 0) else f"%{byte:02X}")
    return "".join(out)


def _is_inner_dot(raw: bytes, at: int) -> bool:
    return 0 < at < len(raw) - 1 and raw[at - 1] != 0x2E and raw[at + 1] != 0x2E


@lru_cache(maxsize=65536)
def decode(component: str) -> str:
    """Give the text that ``component`` encodes.

    Raises InvalidValueError if it is not the canonical encoding of anything.
    """
    try:
        raw = component.encode("ascii")
        text = _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), raw).decode()
    except UnicodeError:
        text = ""
    if not text or encode(text) != component:
        raise InvalidValueError(
            f"{component!a} is not a canonically encoded name",
            hint=f"write it {encode(text)}" if text else "",
        )
    return text


def fold(text: str) -> str:
    """Fold ``text`` so that names a person may take for one another become equal."""
    if text.isascii():
        return text.lower()
    nfc = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", nfc.casefold())


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """The name of a registered model, as people write it: ``Fraud detector``."""

    text: str

    def __post_init__(self) -> None:
        text = self.text
        if not text.strip():
            raise InvalidValueError("a model needs a name")
        if "/" in text or ":" in text:
            raise InvalidValueError(
                f"{text!r} is no model name: it holds '/' or ':'", hint="use '-' or '.' instead"
            )
        if hidden_character(text) is not None:
            raise InvalidValueError(
                f"{text!a} is no model name: it holds a character that cannot be seen"
            )
        if text in {".", ".."}:
            raise InvalidValueError(f"{text!r} is no model name")
        if len(encode(text)) > MAX_COMPONENT:
            raise InvalidValueError(
                f"the model name {text[:20]!r}... is too long: its directory would have "
                f"{len(encode(text))} bytes, {MAX_COMPONENT} is the most",
                hint="characters other than ASCII letters, digits, '-', '_' and '.' take three "
                "bytes for each of theirs",
            )

    @classmethod
    def of_directory(cls, component: str) -> "ModelName":
        """Give the model whose directory is called ``component``; InvalidValueError if none can."""
        return cls(decode(component))

    @property
    def directory(self) -> str:
        """Give the name of its directory, and its component in refs."""
        return encode(self.text)

    @property
    def folded(self) -> str:
        """Give what twins have in common."""
        return fold(self.text)

    @property
    def shard(self) -> str:
        """Give the two hex digits of its directory's parent in the sharded layout."""
        return shard_of(self.folded)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=65536)
def shard_of(folded: str) -> str:
    """Give the shard of a folded name, so that twins share one."""
    return hashlib.sha256(folded.encode()).hexdigest()[:2]


@dataclass(frozen=True, slots=True, order=True)
class VersionRef:
    """One version of one registered model, written ``fraud/3``."""

    model: ModelName
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number < 10**9:
            raise InvalidValueError(
                f"{self} is not a version", hint="versions count from 1 to 999999999"
            )

    @classmethod
    def parse(cls, text: str) -> "VersionRef":
        """Read ``fraud/3``."""
        model, slash, number = text.rpartition("/")
        if not slash or not _NUMBER.match(number):
            raise InvalidValueError(
                f"{text!r} is not a version", hint="write MODEL/NUMBER, as in fraud/3"
            )
        return cls(ModelName(model), int(number))

    def __str__(self) -> str:
        return f"{self.model}/{self.number}"


def parse_number(text: str) -> int | None:
    """Give the version number that ``text`` is: a decimal without leading zeros, or None."""
    return int(text) if _NUMBER.match(text) else None


def check_principal(text: str) -> str:
    """Give ``text`` back if it can name a user."""
    if not _PRINCIPAL.match(text):
        raise InvalidValueError(
            f"{text!a} is not a user name",
            hint="ASCII letters, digits and . _ + @ - (not @ first), at most 200",
        )
    return text


def is_principal(text: str) -> bool:
    """Tell whether ``text`` can name a user."""
    return bool(_PRINCIPAL.match(text))


def check_alias(text: str) -> str:
    """Give ``text`` back if it can be an alias, by MLflow's rules."""
    if not _ALIAS.match(text):
        raise InvalidValueError(
            f"{text!a} is not an alias", hint="letters, digits, '_' and '-', at most 255"
        )
    if text.lower() == "latest" or re.match(r"[vV][0-9]+\Z", text):
        raise InvalidValueError(f"{text!r} is reserved and cannot be an alias")
    return text


def check_comment_id(text: str) -> str:
    """Give ``text`` back if it can be the id of a comment."""
    if not _COMMENT_ID.match(text):
        raise InvalidValueError(f"{text!a} is not a comment id", hint="32 hex digits")
    return text
