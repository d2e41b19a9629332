"""The reads that tell of the past of versions, and the write that goes back to it."""

from collections.abc import Callable
from dataclasses import dataclass

from gitreg.domain.activities import APPLIED, NEW_COMMENT, SYSTEM, Activity
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.records import VersionRecord
from gitreg.domain.stages import NONE
from gitreg.domain.traces import Blame, Tenure
from gitreg.errors import ConflictError, InvalidValueError, NotFoundError
from gitreg.index import reading, tracing
from gitreg.index.reading import Asked
from gitreg.index.view import View
from gitreg.operations.versions import MoveVersions
from gitreg.registry.finding import Finds

_PART_OF_WHY = ("VersionCreated", "StageTransitioned", NEW_COMMENT)


@dataclass(frozen=True, slots=True)
class Reasons:
    """How a version came to be in its stage: what happened to it, oldest first."""

    version: VersionRecord
    tenure: Tenure
    story: tuple[tuple[Activity, str], ...]
    """What happened, and a sentence that tells it."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a rollback of a stage does: the moves, and what they undo."""

    operation: MoveVersions
    stage: str
    undone: tuple[Tenure, ...]
    """The tenures that began or ended with the step that is undone."""

    @property
    def restored(self) -> tuple[VersionRef, ...]:
        """Give the versions that come back to the stage."""
        model = self.operation.model
        return tuple(
            VersionRef(model, number)
            for number, _, to_stage in self.operation.moves
            if to_stage == self.stage
        )


class Traces(Finds):
    """The reads of a registry that tell of the past of its versions."""

    def tenures(self, model: str, *, stage: str = "", at: str = "") -> tuple[Tenure, ...]:
        """Give which version was in which stage from when to when, oldest first.

        That is told of the model that has this name; NotFoundError if none has.
        """
        wanted = self.settings(at=at).stages.parse(stage).name if stage else ""
        identifier = self.model_record(model, at=at).id
        return self._ask(lambda view: tracing.tenures(view, identifier, stage=wanted), at=at)

    def blame(self, version: str | VersionRef, *, at: str = "") -> tuple[Blame, ...]:
        """Give who set each field of a version as it is, when, and in which commit."""
        ref = self.version(version, at=at).ref
        return self._ask(lambda view: tracing.blame(view, ref), at=at)

    def why(self, version: str | VersionRef, *, at: str = "") -> Reasons:
        """Tell how a version came to be in its stage."""
        record = self.version_record(version, at=at)
        ref = record.ref

        def tell(view: View) -> Reasons:
            identifier = reading.id_of(view, ref.model)
            mine = [
                one
                for one in tracing.tenures(view, identifier)
                if one.ref.number == ref.number and one.left is None
            ]
            told = reading.activities(view, Asked(ref.model, ref.number))
            story = tuple((one, _sentence(view, one)) for _, one in reversed(told) if _matters(one))
            return Reasons(record, mine[-1], story)

        return self._ask(tell, at=at)

    def undoing(self, model: str, stage: str) -> Undoing:
        """Give what undoes the last step that changed which versions of a model are in a stage.

        Raises NotFoundError if there is none, ConflictError if it cannot be undone any more.
        """
        name = self.settings().stages.parse(stage).name
        if name == NONE:
            raise InvalidValueError(f"versions are born in {NONE}: nothing there can be undone")
        every = self.tenures(model)
        steps = [one.entered for one in every if one.stage == name]
        steps += [one.left for one in every if one.stage == name and one.left is not None]
        if not steps:
            raise NotFoundError(
                f"no version of {model} was ever in {name}", hint=f"gitreg log {model}"
            )
        last = max(one.step for one in steps)
        moves = []
        undone = []
        for one in every:
            if one.stage != name:
                continue
            if one.left is not None and one.left.step == last:
                moves.append(_back(one, every))
                undone.append(one)
            elif one.entered.step == last:
                moves.append((one.ref.number, name, one.came_from or NONE))
                undone.append(one)
        return Undoing(MoveVersions(ModelName(model), tuple(moves)), name, tuple(undone))


def _back(one: Tenure, every: tuple[Tenure, ...]) -> tuple[int, str, str]:
    """Give the move of a version back to the stage it left."""
    now = [other for other in every if other.ref.number == one.ref.number and other.left is None]
    if not now:
        raise ConflictError(
            f"{one.ref} was in {one.stage}, but was deleted since", hint=f"gitreg log {one.ref}"
        )
    return (one.ref.number, now[-1].stage, one.stage)


def _matters(one: Activity) -> bool:
    """Tell whether it is part of how a version came to its stage."""
    return bool(one.to_stage) or one.kind in _PART_OF_WHY


def _sentence(view: View, one: Activity) -> str:
    """Tell an activity of a version in a sentence."""
    tell = _SENTENCES.get(one.kind)
    text = tell(one) if tell is not None else f"{one.actor}: {one.text}"
    if one.kind == SYSTEM:
        step = view.row("SELECT seq FROM steps WHERE id = ?", (one.commit,))
        other = view.row(
            "SELECT number FROM activities WHERE seq = ? AND name = ? AND to_stage = ?"
            " AND kind <> ? ORDER BY place DESC",
            (step[0] if step else 0, str(one.model), one.from_stage, SYSTEM),
        )
        if other is not None:
            text += f", because version {other[0]} took its place"
        text += "."
    return text


_SENTENCES: dict[str, Callable[[Activity], str]] = {
    "VersionCreated": lambda one: f"{one.actor} registered it.",
    NEW_COMMENT: lambda one: f"{one.actor} commented.",
    APPLIED: lambda one: f"{one.actor} moved it from {one.from_stage} to {one.to_stage}.",
    "REQUESTED_TRANSITION": lambda one: f"{one.actor} asked for {one.to_stage}.",
    "APPROVED_REQUEST": lambda one: (
        f"{one.actor} approved that: it moved from {one.from_stage} to {one.to_stage}."
    ),
    "REJECTED_REQUEST": lambda one: f"{one.actor} rejected the request for {one.to_stage}.",
    "CANCELLED_REQUEST": lambda one: f"{one.actor} cancelled the request for {one.to_stage}.",
    SYSTEM: lambda one: f"{one.actor} archived it, out of {one.from_stage}",
}
