"""How two versions differ, field by field."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitreg.domain.model import ModelVersion

_FIELDS = (
    "stage", "source", "location", "run_id", "run_link", "model_id", "status", "status_message",
    "description",
)  # fmt: skip
_PAIRS = ("tags", "metrics", "params")


ABSENT = object()
"""Stands for a field that is not there; a tag that is None is another thing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that two versions hold differently; ABSENT: it is not there."""

    field: str
    before: object = ABSENT
    after: object = ABSENT

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON; what is not there is left out."""
        both = {"a": self.before, "b": self.after}
        told = {key: value for key, value in both.items() if value is not ABSENT}
        return {"field": self.field, **told}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions beside one another.

    What each is by itself is not compared: its number, its aliases, and when who made it.
    """

    before: ModelVersion
    after: ModelVersion

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Give the fields that differ, in the order of the manifest."""
        one, other = dict(_fields(self.before)), dict(_fields(self.after))
        return tuple(
            Difference(field, one.get(field, ABSENT), other.get(field, ABSENT))
            for field in sorted(one.keys() | other.keys(), key=_place)
            if one.get(field, ABSENT) != other.get(field, ABSENT)
        )

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            "a": str(self.before.ref),
            "b": str(self.after.ref),
            "equal": not self.differences,
            "differences": [one.to_dict() for one in self.differences],
        }


def _fields(version: ModelVersion) -> Iterator[tuple[str, object]]:
    for name in _FIELDS:
        value = getattr(version, name)
        if value:
            yield name, value
    for key, code in version.code.to_dict().items():
        yield f"code.{key}", code
    yield from _artifact(version)
    for name in _PAIRS:
        for key, each in getattr(version, name):
            yield f"{name}.{key}", each


def _artifact(version: ModelVersion) -> Iterator[tuple[str, object]]:
    """Give what a version says of its files."""
    if version.artifact is not None:
        yield "artifact.digest", version.artifact.digest
        yield "artifact.files", version.artifact.files
        yield "artifact.size", version.artifact.size


def _place(field: str) -> tuple[int, str]:
    order = (*_FIELDS, "code", "artifact", *_PAIRS)
    return order.index(field.partition(".")[0]), field
