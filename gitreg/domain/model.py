"""What the manifests declare: registered models, versions and comments, as values."""

from dataclasses import dataclass

from gitreg.domain.names import ModelName, VersionRef
from gitreg.errors import InvalidValueError

READY = "READY"
STATUSES = (READY, "PENDING_REGISTRATION", "FAILED_REGISTRATION")


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """One registered model; ``tags`` and ``aliases`` are sorted pairs."""

    name: ModelName
    description: str = ""
    tags: tuple[tuple[str, str | None], ...] = ()
    aliases: tuple[tuple[str, int], ...] = ()

    def alias(self, name: str) -> int | None:
        """Give the number of the version that the alias points at, or None."""
        return dict(self.aliases).get(name)

    def aliases_of(self, number: int) -> tuple[str, ...]:
        """Give the aliases that point at version ``number``."""
        return tuple(alias for alias, at in self.aliases if at == number)


@dataclass(frozen=True, slots=True)
class Code:
    """The Git commit a version was trained from."""

    repository: str = ""
    commit: str = ""
    path: str = ""
    dirty: bool = False

    def to_dict(self) -> dict[str, str | bool]:
        """Give it as it stands in a manifest."""
        told: dict[str, str | bool] = {
            key: value for key in ("repository", "commit", "path") if (value := getattr(self, key))
        }
        return told | ({"dirty": self.dirty} if told else {})


@dataclass(frozen=True, slots=True)
class Artifact:
    """The pinned files of a version: digest of their manifest, bytes and number of files."""

    digest: str
    size: int
    files: int


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One live version; ``tags``, ``metrics`` and ``params`` are sorted pairs."""

    ref: VersionRef
    stage: str
    source: str = ""
    location: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    code: Code = Code()
    artifact: Artifact | None = None
    status: str = READY
    status_message: str = ""
    description: str = ""
    tags: tuple[tuple[str, str | None], ...] = ()
    metrics: tuple[tuple[str, float], ...] = ()
    params: tuple[tuple[str, str], ...] = ()

    @property
    def immutable(self) -> tuple[object, ...]:
        """Give the part that never changes, once the version is there."""
        return (
            self.source,
            self.location,
            self.run_id,
            self.run_link,
            self.model_id,
            self.code,
            self.params,
        )


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment on a version."""

    ref: VersionRef
    id: str
    author: str
    text: str


MAX_COMMENT = 65535
"""Characters a comment may have (Databricks' limit)."""


def check_comment(text: str) -> str:
    """Give ``text`` back if it can be a comment."""
    if not text.strip():
        raise InvalidValueError("a comment needs a text")
    if len(text) > MAX_COMMENT:
        raise InvalidValueError(f"a comment has at most {MAX_COMMENT} characters")
    return text
