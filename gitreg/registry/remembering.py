"""What an audit proved, remembered beside the repository, so that the next one goes on from it."""

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from gitreg.resources import schema, schema_names
from gitreg.store.repository import Repository

AUDITED = "gitreg/audited"
"""The record, beside the repository's objects: whoever can write there can forge it."""
_ID = re.compile(r"[0-9a-f]{40}\Z")
_RULES = ("domain", "manifest", "guard")


@dataclass(frozen=True, slots=True)
class Audited:
    """Proven: every step from ``root`` to ``tip``, and that Git finds nothing wrong with them.

    Of those ``steps``, ``signed`` are signed by who acts; they answer ``answered`` requests, of
    which ``proven`` are signed by who asks. ``received`` bytes of received.log were looked at.
    """

    tip: str
    root: str
    steps: int
    signed: int = 0
    answered: int = 0
    proven: int = 0
    received: int = 0

    def __post_init__(self) -> None:
        counts = (self.steps - 1, self.signed, self.answered, self.proven, self.received)
        if not (_ID.match(self.tip) and _ID.match(self.root) and all(at >= 0 for at in counts)):
            raise ValueError("no audit can have proven that")


class Memory:
    """Where the audits of one repository are remembered."""

    def __init__(self, repository: Repository, cache_folder: Path | None) -> None:
        """Remember beside the repository or, if nothing can be written there, in a cache folder.

        A record that others wrote beside a repository in which we may only read is not believed.
        """
        self.place: Path | None = repository.common / AUDITED
        folder = self.place.parent
        if not os.access(folder if folder.exists() else folder.parent, os.W_OK | os.X_OK):
            name = hashlib.sha256(os.fsencode(repository.common.resolve())).hexdigest()[:32]
            self.place = cache_folder / "audited" / name if cache_folder is not None else None

    def recall(self) -> Audited | None:
        """Give what was proven by these very rules; None if nothing was."""
        try:
            found = json.loads(self.place.read_text(encoding="utf-8")) if self.place else {}
            return Audited(**found) if found.pop("rules") == rules() else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def remember(self, audited: Audited) -> None:
        """Write it down, if that can be."""
        if self.place is None:
            return
        text = json.dumps({**asdict(audited), "rules": rules()}, indent=2) + "\n"
        fresh = self.place.with_name(f"{self.place.name}.{os.getpid()}")
        with suppress(OSError):
            self.place.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.place)

    def forget(self) -> None:
        """Take away what does not hold any more."""
        if self.place is not None:
            with suppress(OSError):
                self.place.unlink()


@cache
def rules() -> str:
    """Give what names the rules of this gitreg: the digest of all code and schemas that judge."""
    home = Path(__file__).parent.parent
    files = [path for name in _RULES for path in sorted((home / name).glob("*.py"))]
    digest = hashlib.sha256(json.dumps([schema(name) for name in schema_names()]).encode())
    for path in files:
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()
