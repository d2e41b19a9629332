"""models.lock: which version, and which bytes, each reference meant when it was locked."""

import json
import re
from dataclasses import dataclass
from typing import Any

from gitreg.artifacts.manifest import check_digest
from gitreg.domain.model import Artifact
from gitreg.domain.names import VersionRef, encode
from gitreg.errors import InvalidValueError

FORMAT = "gitreg/v1"
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


@dataclass(frozen=True, slots=True)
class Locked:
    """A reference as it was written, the version it meant, and the files that one pins."""

    reference: str
    version: VersionRef
    artifact: Artifact

    @property
    def folder(self) -> str:
        """Give the path that its files get: ``fraud/Production``, safe on every system."""
        plain = self.reference.removeprefix("models:/")
        model = str(self.version.model)
        rest = plain.removeprefix(model)
        if rest == plain or rest[:1] not in {"/", "@"}:
            rest = f"/{self.version.number}"
        return f"{encode(model)}{rest[0]}{encode(rest[1:])}"


@dataclass(frozen=True, slots=True)
class Lock:
    """What a models.lock says: the commit of the registry, and what references meant in it."""

    commit: str
    models: tuple[Locked, ...]

    def __post_init__(self) -> None:
        if not _COMMIT.match(self.commit):
            raise InvalidValueError(f"{self.commit!r} is no commit")
        folders = [one.folder.lower() for one in self.models]
        if len(set(folders)) != len(folders):
            raise InvalidValueError("two of the references would get the same folder")

    @classmethod
    def parse(cls, text: str) -> "Lock":
        """Read a lock file; InvalidValueError if it is none."""
        try:
            data = json.loads(text)
            if data.get("lock") != FORMAT or set(data) != {"lock", "commit", "models"}:
                raise InvalidValueError(f"it is no lock file of {FORMAT}")
            models = tuple(_locked(name, one) for name, one in data["models"].items())
            return cls(str(data["commit"]), models)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, InvalidValueError):
                raise
            raise InvalidValueError("it is no lock file") from None

    def __str__(self) -> str:
        models = {
            one.reference: {
                "version": str(one.version),
                "digest": one.artifact.digest,
                "size": one.artifact.size,
                "files": one.artifact.files,
            }
            for one in sorted(self.models, key=lambda one: one.reference)
        }
        data = {"lock": FORMAT, "commit": self.commit, "models": models}
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _locked(reference: str, data: dict[str, Any]) -> Locked:  # Any: JSON
    artifact = Artifact(check_digest(data["digest"]), int(data["size"]), int(data["files"]))
    return Locked(reference, VersionRef.parse(data["version"]), artifact)
