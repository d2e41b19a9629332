"""Signatures of commits: whose keys an allowed_signers file names, and what is to be verified."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from gitreg.domain.commits import Commit
from gitreg.domain.names import hidden_character
from gitreg.errors import InvalidValueError

SIGNERS_FILE = "allowed_signers"
"""The file at the root of the tree, in the format of ssh-keygen's ALLOWED SIGNERS."""
NAMESPACE = "git"
"""What Git signs for: a signature made for anything else (a file, a mail) does not count."""
OFF, OPTIONAL, REQUIRED = "off", "optional", "required"

_SSH = "-----BEGIN SSH SIGNATURE-----"
_KEYS = (
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip
_FORM = "PRINCIPAL[,PRINCIPAL...] [OPTIONS] ssh-ed25519 AAAA... [comment]"
_WORD = re.compile(r'(?:"[^"]*"|[^\s"])+')
_OPTION = re.compile(r'([a-z-]+)="([^"]*)"\Z', re.IGNORECASE)
_MOMENT = re.compile(r"[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?Z?\Z")


class SignersError(InvalidValueError):
    """An allowed_signers file that cannot be read; ``line`` counts from 1 (0: all of it)."""

    def __init__(self, message: str, *, line: int = 0, hint: str = "") -> None:
        """Say what is wrong in which line."""
        super().__init__(message, hint=hint)
        self.line = line


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim that one of ``principals`` signed ``commit``, with a key valid at ``seconds``.

    ``signers`` are lines of an allowed_signers file, as ``parse_signers`` gives them; ``seconds``
    count from 1970.
    """

    commit: Commit
    principals: tuple[str, ...]
    signers: str
    seconds: int


Verifier = Callable[[Claim], str]
"""Gives "" if a claim is true, else why it is not."""


def is_ssh(signature: str) -> bool:
    """Tell whether a commit's signature was made with an SSH key (not with PGP or X.509)."""
    return signature.startswith(_SSH)


@lru_cache(maxsize=64)
def parse_signers(raw: bytes) -> str:
    """Read an allowed_signers file; give its lines, without comments, as ssh-keygen reads them.

    Raises SignersError where ssh-keygen would pass a line over, and for certificate authorities.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise SignersError("is not UTF-8") from None
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            lines += _line(line.removesuffix("\r").replace("\t", " ").strip())
        except InvalidValueError as error:
            raise SignersError(str(error), line=number, hint=error.hint) from None
    return "".join(f"{line}\n" for line in lines)


def _line(line: str) -> Iterator[str]:
    if not line or line.startswith("#"):
        return
    if hidden_character(line) is not None:
        raise InvalidValueError("holds a character that cannot be seen")
    words = _WORD.findall(line)
    at = next((at for at, word in enumerate(words[1:3], start=1) if word in _KEYS), 0)
    if not at or len(words) <= at + 1:
        raise InvalidValueError(
            f"names nobody's key, or one of a kind that is not known ({', '.join(_KEYS)})",
            hint=f"a line is written: {_FORM}",
        )
    principals = words[0].strip('"')
    if not principals or " " in principals or '"' in principals:
        raise InvalidValueError(
            f"{words[0]!a} is no list of principals", hint=f"a line is written: {_FORM}"
        )
    options = _options(words[1]) if at == 2 else []
    kind, key = words[at], words[at + 1]
    if not _is_key(kind, key):
        raise InvalidValueError(f"{key[:40]!a} is no {kind} key", hint="copy it from a .pub file")
    yield " ".join([principals, *([",".join(options)] if options else []), kind, key])


def _options(text: str) -> list[str]:
    options = []
    for option in re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*\Z)', text):
        if option.lower() == "cert-authority":
            raise InvalidValueError(
                "certificate authorities are not supported", hint="name the key of each person"
            )
        match = _OPTION.match(option)
        name = match[1].lower() if match else ""
        if match is None or name not in {"namespaces", "valid-after", "valid-before"}:
            raise InvalidValueError(
                f"{option!a} is no option", hint='namespaces="git", valid-after, valid-before'
            )
        if name != "namespaces" and not _MOMENT.match(match[2]):
            raise InvalidValueError(
                f"{match[2]!a} is no time", hint="write 20260131 or 202601311200"
            )
        options.append(f'{name}="{match[2]}"')
    return options


def _is_key(kind: str, key: str) -> bool:
    """Tell whether base64 text is a public key of the kind that it is said to be."""
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return False
    size = int.from_bytes(raw[:4], "big")
    return len(raw) > 4 + size and raw[4 : 4 + size] == kind.encode()
