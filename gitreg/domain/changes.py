"""What can have happened between two trees: one frozen dataclass a kind of change.

A change knows the model it is about, the path it was read from, the paths it accounts for, the
ability it needs, and tells itself as a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

from gitreg.domain.access import Ability
from gitreg.domain.names import ModelName, VersionRef, visible
from gitreg.domain.stages import ARCHIVED


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened; ``path`` is where it was read, from the root of the tree."""

    path: str
    ability: ClassVar[Ability] = Ability.MANAGE_REGISTRY

    @property
    def needs(self) -> Ability:
        """Give the ability this change needs."""
        return self.ability

    @property
    def subject(self) -> ModelName | None:
        """Give the model whose permissions judge it; None: the registry's."""
        return None

    @property
    def claims(self) -> tuple[str, ...]:
        """Give the paths it accounts for; one that ends in ``/`` stands for all below."""
        return (self.path,)

    @property
    def kind(self) -> str:
        """Give the name of its kind."""
        return type(self).__name__

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON: the kind, then its fields."""
        told: dict[str, object] = {"kind": self.kind}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, VersionRef):
                told |= {"model": str(value.model), "version": value.number}
            else:
                told[item.name] = str(value) if isinstance(value, ModelName) else value
        return told | {"text": str(self)}


def _line(text: str) -> str:
    line = visible(" ".join(text.split()))
    return line if len(line) <= 60 else f"{line[:57]}..."


def _quote(text: str | None) -> str:
    return "null" if text is None else f'"{_line(text)}"'


# --- the registry ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegistryCreated(Change):
    """The root commit: a valid registry."""

    name: str

    @property
    def claims(self) -> tuple[str, ...]:
        """Give the paths it accounts for."""
        return ("",)

    def __str__(self) -> str:
        return f"registry {self.name} created"


@dataclass(frozen=True, slots=True)
class SettingsChanged(Change):
    """Settings in registry.yaml changed; ``keys`` are the dotted names of those that did."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"settings changed: {', '.join(map(visible, self.keys))}"


@dataclass(frozen=True, slots=True)
class LayoutChanged(Change):
    """Every model moved between the flat and the sharded layout, and nothing else changed."""

    layout: str

    @property
    def claims(self) -> tuple[str, ...]:
        """Give the paths it accounts for."""
        return (self.path, "models/")

    def __str__(self) -> str:
        return f"layout changed to {self.layout}"


@dataclass(frozen=True, slots=True)
class DocumentChanged(Change):
    """A free file outside models/ was added, changed or removed (``action``)."""

    action: str

    def __str__(self) -> str:
        return f"{self.path} {self.action}"


@dataclass(frozen=True, slots=True)
class PermissionsChanged(Change):
    """Lines of a PERMISSIONS file were added or removed; ``model`` None: the registry's own."""

    model: ModelName | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def needs(self) -> Ability:
        """Give the ability this change needs."""
        return Ability.MANAGE_REGISTRY if self.model is None else Ability.MANAGE_MODEL

    @property
    def subject(self) -> ModelName | None:
        """Give the model whose permissions judge it."""
        return self.model

    def __str__(self) -> str:
        lines = [f"+ {line}" for line in self.added] + [f"- {line}" for line in self.removed]
        told = "; ".join(lines[:4]) + ("; ..." if len(lines) > 4 else "")
        whose = f" of {self.model}" if self.model else ""
        return f"permissions{whose} changed" + (f": {told}" if told else "")


@dataclass(frozen=True, slots=True)
class TextChanged(Change):
    """A file says the same in another way: only comments, layout or ``x-`` keys differ."""

    model: ModelName | None
    author: str = ""

    @property
    def needs(self) -> Ability:
        """Give the ability this change needs: what editing that file needs."""
        if self.model is None:
            return Ability.MANAGE_REGISTRY
        if self.path.endswith("/PERMISSIONS"):
            return Ability.MANAGE_MODEL
        return Ability.COMMENT if self.author else Ability.UPDATE

    @property
    def subject(self) -> ModelName | None:
        """Give the model whose permissions judge it."""
        return self.model

    def __str__(self) -> str:
        return f"{self.path}: comments or layout changed"


# --- models ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModelChange(Change):
    """A change of one model."""

    model: ModelName
    ability: ClassVar[Ability] = Ability.UPDATE

    @property
    def subject(self) -> ModelName | None:
        """Give the model whose permissions judge it."""
        return self.model


@dataclass(frozen=True, slots=True)
class ModelCreated(ModelChange):
    """A new model directory, read at its model.yaml."""

    ability: ClassVar[Ability] = Ability.CREATE_MODEL

    def __str__(self) -> str:
        return f"model {self.model} created"


@dataclass(frozen=True, slots=True)
class ModelRenamed(ModelChange):
    """A pure move: one directory gone, and another with the same content new."""

    to: ModelName
    to_path: str
    ability: ClassVar[Ability] = Ability.MANAGE_MODEL

    @property
    def claims(self) -> tuple[str, ...]:
        """Give the paths it accounts for."""
        return (self.path, self.to_path)

    def __str__(self) -> str:
        return f"model {self.model} renamed to {self.to}"


@dataclass(frozen=True, slots=True)
class ModelDeleted(ModelChange):
    """A model directory is gone; ``path`` ends in ``/``."""

    ability: ClassVar[Ability] = Ability.MANAGE_MODEL

    def __str__(self) -> str:
        return f"model {self.model} deleted"


@dataclass(frozen=True, slots=True)
class ModelDescribed(ModelChange):
    """A model's description was set, or (empty) removed."""

    description: str

    def __str__(self) -> str:
        return f"{self.model}: description set to {_quote(self.description)}"


@dataclass(frozen=True, slots=True)
class ModelTagSet(ModelChange):
    """A model's tag was set."""

    key: str
    value: str | None

    def __str__(self) -> str:
        return f"{self.model}: tag {self.key} set to {_quote(self.value)}"


@dataclass(frozen=True, slots=True)
class ModelTagDeleted(ModelChange):
    """A model's tag was deleted."""

    key: str

    def __str__(self) -> str:
        return f"{self.model}: tag {self.key} deleted"


@dataclass(frozen=True, slots=True)
class CardChanged(ModelChange):
    """A model's README.md was added, changed or removed (``action``)."""

    action: str

    def __str__(self) -> str:
        return f"{self.model}: model card {self.action}"


@dataclass(frozen=True, slots=True)
class AliasSet(ModelChange):
    """An alias was set, or moved from version ``previous``."""

    alias: str
    number: int
    previous: int | None = None
    protected: bool = False

    @property
    def needs(self) -> Ability:
        """Give the ability this change needs."""
        return Ability.PROTECTED_ALIAS if self.protected else Ability.UPDATE

    def __str__(self) -> str:
        moved = f", was {self.previous}" if self.previous else ""
        return f"{self.model}@{self.alias} set to version {self.number}{moved}"


@dataclass(frozen=True, slots=True)
class AliasDeleted(ModelChange):
    """An alias, which pointed at version ``previous``, was deleted."""

    alias: str
    previous: int
    protected: bool = False

    @property
    def needs(self) -> Ability:
        """Give the ability this change needs."""
        return Ability.PROTECTED_ALIAS if self.protected else Ability.UPDATE

    def __str__(self) -> str:
        return f"{self.model}@{self.alias} deleted, was version {self.previous}"


# --- versions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VersionChange(Change):
    """A change of one version."""

    ref: VersionRef
    ability: ClassVar[Ability] = Ability.UPDATE

    @property
    def subject(self) -> ModelName | None:
        """Give the model whose permissions judge it."""
        return self.ref.model


@dataclass(frozen=True, slots=True)
class VersionCreated(VersionChange):
    """A new version, in the first stage."""

    ability: ClassVar[Ability] = Ability.ADD_VERSION

    def __str__(self) -> str:
        return f"{self.ref} registered"


@dataclass(frozen=True, slots=True)
class VersionDeleted(VersionChange):
    """A version became a tombstone, or a number was set aside by one; its comments went with it."""

    ability: ClassVar[Ability] = Ability.MANAGE_MODEL

    @property
    def claims(self) -> tuple[str, ...]:
        """Give the paths it accounts for."""
        folder = self.path.rsplit("/", 2)[0]
        return (self.path, f"{folder}/comments/{self.ref.number}/")

    def __str__(self) -> str:
        return f"{self.ref} deleted"


@dataclass(frozen=True, slots=True)
class StageTransitioned(VersionChange):
    """A version moved from one stage to another; ``protected`` if either is."""

    from_stage: str
    to_stage: str
    protected: bool = False

    @property
    def needs(self) -> Ability:
        """Give the ability this change needs."""
        return Ability.TRANSITION_PROTECTED if self.protected else Ability.TRANSITION

    def __str__(self) -> str:
        return f"{self.ref}: {_line(self.from_stage)} -> {_line(self.to_stage)}"


@dataclass(frozen=True, slots=True)
class VersionDescribed(VersionChange):
    """A version's description was set, or (empty) removed."""

    description: str

    def __str__(self) -> str:
        return f"{self.ref}: description set to {_quote(self.description)}"


@dataclass(frozen=True, slots=True)
class VersionTagSet(VersionChange):
    """A version's tag was set."""

    key: str
    value: str | None

    def __str__(self) -> str:
        return f"{self.ref}: tag {self.key} set to {_quote(self.value)}"


@dataclass(frozen=True, slots=True)
class VersionTagDeleted(VersionChange):
    """A version's tag was deleted."""

    key: str

    def __str__(self) -> str:
        return f"{self.ref}: tag {self.key} deleted"


@dataclass(frozen=True, slots=True)
class VersionMetricSet(VersionChange):
    """A version's metric was set."""

    key: str
    value: float

    def __str__(self) -> str:
        return f"{self.ref}: metric {_line(self.key)} set to {self.value}"


@dataclass(frozen=True, slots=True)
class VersionMetricDeleted(VersionChange):
    """A version's metric was deleted."""

    key: str

    def __str__(self) -> str:
        return f"{self.ref}: metric {_line(self.key)} deleted"


@dataclass(frozen=True, slots=True)
class VersionStatusChanged(VersionChange):
    """A version's status, or its message, changed."""

    status: str
    message: str = ""

    def __str__(self) -> str:
        why = f" ({_line(self.message)})" if self.message else ""
        return f"{self.ref}: status {self.status}{why}"


@dataclass(frozen=True, slots=True)
class VersionArtifactAdded(VersionChange):
    """The files of a version that had none were pinned by ``digest``."""

    digest: str
    protected: bool = False

    @property
    def needs(self) -> Ability:
        """Give the ability this change needs."""
        return Ability.PIN_PROTECTED if self.protected else Ability.UPDATE

    def __str__(self) -> str:
        return f"{self.ref}: artifact {self.digest} pinned"


# --- comments ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommentChange(VersionChange):
    """A change of one comment on a version."""

    comment: str
    author: str
    ability: ClassVar[Ability] = Ability.COMMENT


@dataclass(frozen=True, slots=True)
class CommentAdded(CommentChange):
    """A comment was added."""

    text: str

    def __str__(self) -> str:
        return f"{self.ref}: comment by {self.author}: {_quote(self.text)}"


@dataclass(frozen=True, slots=True)
class CommentEdited(CommentChange):
    """A comment was edited."""

    text: str

    def __str__(self) -> str:
        return f"{self.ref}: comment by {self.author} edited: {_quote(self.text)}"


@dataclass(frozen=True, slots=True)
class CommentDeleted(CommentChange):
    """A comment was deleted."""

    def __str__(self) -> str:
        return f"{self.ref}: comment by {self.author} deleted"


KINDS: Mapping[str, type[Change]] = {
    name: kind
    for name, kind in list(globals().items())
    if isinstance(kind, type)
    and issubclass(kind, Change)
    and kind not in {Change, ModelChange, VersionChange, CommentChange}
}
"""Every kind of change by its name."""


def side_effects(changes: tuple[Change, ...]) -> frozenset[VersionRef]:
    """Give the versions archived because, in the same step, another enters the stage they left."""
    moves = [change for change in changes if isinstance(change, StageTransitioned)]
    entered = {(move.ref.model, move.to_stage) for move in moves}
    return frozenset(
        move.ref
        for move in moves
        if move.to_stage == ARCHIVED and (move.ref.model, move.from_stage) in entered
    )
