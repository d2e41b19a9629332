"""Records: models and versions with what history tells of them: ids, times in ms, and people.

Times and people are as MLflow means them. A model is *updated* when it is described or renamed,
its card is changed, a version of it is added, transitioned or deleted; a version when it is
described, transitioned, its status or artifact is set, or its model is renamed. Tags, aliases,
metrics and comments update nothing. What was imported from another registry is told as it was
there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from gitreg.domain.model import ModelVersion, RegisteredModel

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class VersionRecord(ModelVersion):
    """One live version; ``aliases`` point at it."""

    aliases: tuple[str, ...] = ()
    created: int = 0
    created_by: str = ""
    updated: int = 0
    updated_by: str = ""


@dataclass(frozen=True, slots=True)
class ModelRecord(RegisteredModel):
    """One registered model; ``latest`` holds the newest version of each stage that has one.

    ``id`` (32 hex digits) stays with it when it is renamed, and is nobody else's.
    """

    id: str = ""
    latest: tuple[VersionRecord, ...] = ()
    created: int = 0
    created_by: str = ""
    updated: int = 0
    updated_by: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """Some of what was found; ``token`` asks for what follows, "" if nothing does.

    ``commit`` is the step of main that it was found in, where one is.
    """

    items: tuple[_Item, ...]
    token: str = ""
    commit: str = ""

    def __iter__(self) -> Iterator[_Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, at: int) -> _Item:
        return self.items[at]
