"""What history tells of one version: who did what to it when, and how long it was where."""

from dataclasses import dataclass

from gitreg.domain.commits import format_time
from gitreg.domain.names import VersionRef
from gitreg.domain.records import VersionRecord


@dataclass(frozen=True, slots=True)
class Deed:
    """One step of main that touched something: when (ms), by whom, in which commit, and why.

    ``step`` counts from the root commit, 1. ``requesters`` asked for it; then ``by`` is who
    approved. ``comment`` is what he wrote.
    """

    time: int
    by: str
    commit: str
    step: int
    comment: str = ""
    requesters: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            "time": format_time(self.time),
            "by": self.by,
            "commit": self.commit,
            "comment": self.comment,
            "requested_by": list(self.requesters),
        }


@dataclass(frozen=True, slots=True)
class Tenure:
    """How long a version was in a stage; ``left`` None: it still is. ``went_to`` "": deleted.

    ``ref`` names the version as it was called last in that stage.
    """

    ref: VersionRef
    stage: str
    entered: Deed
    left: Deed | None = None
    came_from: str = ""
    went_to: str = ""

    def meets(self, start: int, end: int) -> bool:
        """Tell whether it was so at some time from ``start`` to ``end``, in ms."""
        return self.entered.time <= end and (self.left is None or self.left.time > start)

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            "model": str(self.ref.model),
            "version": self.ref.number,
            "stage": self.stage,
            "from_stage": self.came_from or None,
            "to_stage": self.went_to or None,
            "entered": self.entered.to_dict(),
            "left": self.left.to_dict() if self.left is not None else None,
        }


@dataclass(frozen=True, slots=True)
class Blame:
    """Who gave a field of a version the value it has."""

    field: str
    value: object
    deed: Deed

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {"field": self.field, "value": self.value, **self.deed.to_dict()}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that happened to a version, in a sentence: when (ms), in which commit.

    ``comment`` is what was written there.
    """

    time: int
    sentence: str
    commit: str
    comment: str = ""

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            "time": format_time(self.time),
            "text": self.sentence,
            "commit": self.commit,
            "comment": self.comment,
        }


@dataclass(frozen=True, slots=True)
class Reasons:
    """How a version came to be in its stage: since when it is, and what happened to it.

    ``story`` is told oldest first.
    """

    version: VersionRecord
    tenure: Tenure
    story: tuple[Reason, ...]

    @property
    def sentence(self) -> str:
        """Tell who brought it where it is."""
        commit = self.tenure.entered.commit
        last = next((one.sentence for one in reversed(self.story) if one.commit == commit), "")
        return f"{self.version.ref} is in {self.tenure.stage}: {last}"

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            **self.tenure.to_dict(),
            "model": str(self.version.ref.model),
            "text": self.sentence,
            "story": [one.to_dict() for one in self.story],
        }
