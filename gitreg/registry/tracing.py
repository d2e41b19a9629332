"""The reads that tell of the past of versions, and the write that goes back to it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitreg import operations
from gitreg.domain.activities import (
    ANSWERED,
    APPLIED,
    NEW_COMMENT,
    REQUESTED,
    SYSTEM,
    Activity,
)
from gitreg.domain.commits import parse_time
from gitreg.domain.comparing import Comparison
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import Outcome
from gitreg.domain.stages import NONE
from gitreg.domain.times import FOREVER, as_limits
from gitreg.domain.traces import Blame, Deed, Reason, Reasons, Tenure
from gitreg.errors import ConflictError, InvalidValueError, NotFoundError
from gitreg.index import reading, tracing
from gitreg.index.reading import Asked
from gitreg.index.view import View
from gitreg.registry.finding import Finds
from gitreg.registry.receipts import RefusedError

if TYPE_CHECKING:
    from gitreg.operations.versions import MoveVersions

_PART_OF_WHY = ("VersionCreated", "StageTransitioned", NEW_COMMENT)


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a rollback of a stage does: the moves, and what they undo."""

    operation: "MoveVersions"
    stage: str
    undone: tuple[Tenure, ...]
    """The tenures that began or ended with the step that is undone."""

    @property
    def deed(self) -> Deed:
        """Give the step that is undone."""
        return max(
            filter(None, (deed for one in self.undone for deed in (one.entered, one.left))),
            key=lambda deed: (deed.step, deed.requesters, deed.comment),
        )

    @property
    def moves(self) -> tuple[tuple[VersionRef, str], ...]:
        """Give each version that is moved, and the stage that it is moved to."""
        model = self.operation.model
        return tuple(
            (VersionRef(model, number), stage) for number, _, stage in self.operation.moves
        )

    @property
    def undone_moves(self) -> tuple[tuple[VersionRef, str, str], ...]:
        """Give the moves that are undone: each version, and its stages before and after."""
        found = []
        for one in self.undone:
            ref = VersionRef(self.operation.model, one.ref.number)
            if one.left is not None and one.left.step == self.deed.step:
                found.append((ref, one.stage, one.went_to))
            else:
                found.append((ref, one.came_from or NONE, one.stage))
        return tuple(found)

    @property
    def restored(self) -> tuple[VersionRef, ...]:
        """Give the versions that come back to the stage."""
        return tuple(ref for ref, stage in self.moves if stage == self.stage)

    @property
    def wishes(self) -> tuple[tuple[VersionRef, str], ...]:
        """Give what to request instead: what comes back, or if nothing does, what leaves."""
        back = tuple((ref, stage) for ref, stage in self.moves if stage == self.stage)
        return back or self.moves

    def refused(self, error: RefusedError) -> RefusedError:
        """Give the refusal to do this, with the hint how to ask for it."""
        hint = f"gitreg rollback {self.operation.model} {self.stage} --request"
        rules = {"access", "requests"}
        return RefusedError(
            tuple(replace(one, hint=hint) if one.rule in rules else one for one in error.violations)
        )


class Traces(Finds):
    """The reads of a registry that tell of the past of its versions."""

    def tenures(
        self, model: str, *, stage: str = "", since: str = "", until: str = "", at: str = ""
    ) -> tuple[Tenure, ...]:
        """Give which version was in which stage from when to when, oldest first.

        That is told of the model that has this name; NotFoundError if none has. With the dates
        ``since`` and ``until`` it is told what was there at some time between them.
        """
        when = self.commit(at)
        wanted = self._stage(stage, when)
        identifier = self.model_record(model, at=when).id
        start = as_limits(since)[0] if since else 0
        end = as_limits(until)[1] if until else FOREVER
        found = self._ask(lambda view: tracing.tenures(view, identifier, stage=wanted), at=when)
        return tuple(one for one in found if one.meets(start, end))

    def blame(self, version: str | VersionRef, *, at: str = "") -> tuple[Blame, ...]:
        """Give who set each field of a version as it is, when, and in which commit."""
        when = self.commit(at)
        ref = self.version(version, at=when).ref
        return self._ask(lambda view: tracing.blame(view, ref), at=when)

    def why(self, version: str | VersionRef, *, at: str = "") -> Reasons:
        """Tell how a version came to be in its stage."""
        when = self.commit(at)
        record = self.version_record(version, at=when)
        ref = record.ref

        def tell(view: View) -> Reasons:
            identifier = reading.id_of(view, ref.model)
            mine = [
                one
                for one in tracing.tenures(view, identifier, stage=record.stage)
                if one.ref == ref and one.left is None
            ]
            told = reading.activities(view, Asked(id=identifier, version=ref.number))
            story = tuple(_reason(view, one) for _, one in reversed(told) if _matters(one))
            return Reasons(record, mine[-1], story)

        return self._ask(tell, at=when)

    def compare(
        self, version: str | VersionRef, other: str | VersionRef, *, at: str = ""
    ) -> Comparison:
        """Tell how two versions differ: in stage, tags, metrics, params, source, digest, ..."""
        when = self.commit(at)
        return Comparison(self.version(version, at=when), self.version(other, at=when))

    def undoing(self, model: str, stage: str) -> Undoing:
        """Give what undoes the last step that changed which versions of a model are in a stage.

        Raises NotFoundError if there is none, ConflictError if it cannot be undone any more.
        """
        name = self.settings().stages.parse(stage).name
        if name == NONE:
            raise InvalidValueError(
                f"versions are born in {NONE}: nothing there can be undone",
                hint="name a stage that versions are moved to",
            )
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
        operation = operations.versions.MoveVersions(ModelName(model), tuple(moves))
        return Undoing(operation, name, tuple(undone))


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


def _reason(view: View, one: Activity) -> Reason:
    """Tell an activity of a version in a sentence; what was imported as it was there."""
    time = parse_time(one.original_time) or one.time
    return Reason(time, _sentence(view, one), one.commit, one.comment)


def _sentence(view: View, one: Activity) -> str:
    who = one.original_user or one.actor
    if one.kind == "VersionCreated":
        return f"{who} registered it."
    if one.kind == NEW_COMMENT:
        return f"{who} commented."
    if one.kind == REQUESTED:
        return f"{who} asked to move it from {one.from_stage} to {one.to_stage}."
    if one.kind == SYSTEM:
        other = tracing.replacement(view, one.commit, str(one.model), one.from_stage)
        whose = f"version {other}" if other is not None else "another version"
        return f"{who} archived it, because {whose} took its place in {one.from_stage}."
    moved = f"moved it from {one.from_stage} to {one.to_stage}"
    if one.kind == APPLIED:
        return f"{who} {moved}."
    asked = " and ".join(f"{user}'s" for user in tracing.requesters(view, one.commit))
    if one.kind == ANSWERED[Outcome.APPROVED]:
        return f"{who} approved {asked} request and {moved}."
    verb = "rejected" if one.kind == ANSWERED[Outcome.REJECTED] else "cancelled"
    return f"{who} {verb} {asked} request to move it to {one.to_stage}."
