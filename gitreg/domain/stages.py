"""Stages: the places a version moves through, and which of them are guarded."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitreg.domain.names import fold
from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError

NONE = "None"
ARCHIVED = "Archived"
_RESERVED = frozenset({"latest", "deleted_internal"})


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage; ``protected``: entering or leaving needs manage-production."""

    name: str
    protected: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Stages:
    """All stages of a registry, in order; None comes first and Archived is among them."""

    items: tuple[Stage, ...]

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.items]
        if not names or names[0] != NONE:
            raise InvalidValueError(f"the first stage must be {NONE}, where versions are born")
        if ARCHIVED not in names:
            raise InvalidValueError(f"a stage {ARCHIVED} must exist: that is where archiving goes")
        folded = [fold(name) for name in names]
        for at, name in enumerate(names):
            if folded[at] in folded[:at]:
                raise InvalidValueError(f"the stage {name} stands twice")
            if folded[at] in _RESERVED:
                raise InvalidValueError(f"{name!r} is reserved and cannot be a stage")
        if any(stage.retired for stage in self.items if stage.name in {NONE, ARCHIVED}):
            raise InvalidValueError(f"{NONE} and {ARCHIVED} cannot be retired")

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.items)

    def find(self, name: str) -> Stage | None:
        """Give the stage called exactly ``name``, or None."""
        return next((stage for stage in self.items if stage.name == name), None)

    def parse(self, text: str) -> Stage:
        """Give the stage a person means by ``text``, in any case."""
        folded = fold(text)
        for stage in self.items:
            if fold(stage.name) == folded:
                return stage
        names = [stage.name for stage in self.items]
        raise InvalidValueError(
            f"{text!r} is not a stage of this registry; they are {', '.join(names)}",
            hint=suggest(text, names),
        )

    def is_active(self, name: str) -> bool:
        """Tell whether a version in stage ``name`` is in use: neither None nor Archived."""
        return name not in {NONE, ARCHIVED}

    def guards(self, *names: str) -> bool:
        """Tell whether a transition that touches ``names`` touches a protected stage."""
        found = (self.find(name) for name in names)
        return any(stage is not None and stage.protected for stage in found)


DEFAULT_STAGES = Stages(
    (Stage(NONE), Stage("Staging"), Stage("Production", protected=True), Stage(ARCHIVED))
)
