"""What one step of main leaves in the index: changes say what to look at, the tree what it is."""

import hashlib
import sqlite3
from collections.abc import Iterator
from functools import cached_property
from typing import TypedDict, TypeVar

from gitreg.domain import changes as c
from gitreg.domain.activities import Activity, activities, requested
from gitreg.domain.commits import ORIGINAL_TIME, ORIGINAL_USER, parse_time
from gitreg.domain.model import ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.records import ModelRecord, VersionRecord
from gitreg.errors import CorruptError, NotFoundError
from gitreg.index.rows import Held, Rows, model_labels, packed, version_labels
from gitreg.manifest import kinds
from gitreg.manifest.steps import Step

_UPDATES_MODEL = (
    c.ModelDescribed,
    c.CardChanged,
    c.VersionCreated,
    c.StageTransitioned,
    c.VersionDeleted,
)
_UPDATES_VERSION = (
    c.VersionDescribed,
    c.StageTransitioned,
    c.VersionStatusChanged,
    c.VersionArtifactAdded,
)
_PLACES = 24
"""Bits for the place of an activity within its step."""

_Change = TypeVar("_Change", bound=c.Change)


class Stamps(TypedDict):
    """Who made something when (ms), and who updated it when."""

    created: int
    created_by: str
    updated: int
    updated_by: str


def model_id(commit: str, name: str) -> str:
    """Give the id (32 hex digits) of the model ``name`` that a commit created."""
    return hashlib.sha256(f"{commit}\0{name}".encode()).hexdigest()[:32]


class Recorder:
    """Records one step: the ``seq``-th of main, which happened at ``time`` (ms)."""

    def __init__(self, db: sqlite3.Connection, step: Step, *, seq: int, time: int) -> None:
        """Record ``step``, whose first parent was recorded last."""
        self._db = db
        self._step = step
        self._seq = seq
        self._time = time
        self._rows = Rows(db, seq)
        commit = step.commit
        # What was imported from another registry is told as it was there.
        self._when = parse_time(commit.trailer(ORIGINAL_TIME)) or time
        self._whom = commit.trailer(ORIGINAL_USER) or step.actor

    def record(self) -> None:
        """Write all that this step changes."""
        self._db.execute(
            "INSERT INTO steps (seq, id, time, actor) VALUES (?, ?, ?, ?)",
            (self._seq, self._step.commit.id, self._time, self._step.actor),
        )
        self._record_activities()
        for deleted in self._of(c.ModelDeleted):
            self._rows.close_model(str(deleted.model))
        self._rename()
        for gone in self._of(c.VersionDeleted):
            self._rows.close_version(str(gone.ref.model), gone.ref.number)
        for name in self._touched_models():
            self._record_model(name)
        for ref in self._touched_versions():
            self._record_version(ref)

    # --- what this step is about --------------------------------------------------------------

    def _of(self, *kinds_of: type[_Change]) -> Iterator[_Change]:
        return (change for change in self._step.changes if isinstance(change, kinds_of))

    @cached_property
    def _created(self) -> frozenset[ModelName | VersionRef]:
        models = {one.model for one in self._of(c.ModelCreated)}
        return frozenset(models | {one.ref for one in self._of(c.VersionCreated)})

    @cached_property
    def _updated(self) -> frozenset[ModelName | VersionRef]:
        models = {one.subject for one in self._of(*_UPDATES_MODEL) if one.subject is not None}
        return frozenset(models | {one.ref for one in self._of(*_UPDATES_VERSION)})

    def _touched_models(self) -> Iterator[ModelName]:
        found = {one.subject for one in self._of(c.ModelChange, c.VersionChange)}
        gone = {one.model for one in self._of(c.ModelDeleted, c.ModelRenamed)} - self._created
        return (one for one in sorted(filter(None, found)) if one not in gone)

    def _touched_versions(self) -> Iterator[VersionRef]:
        gone = {one.ref for one in self._of(c.VersionDeleted)}
        found = (one for one in self._of(c.VersionChange) if not isinstance(one, c.CommentChange))
        return (ref for ref in sorted({one.ref for one in found}) if ref not in gone)

    # --- models -------------------------------------------------------------------------------

    def _rename(self) -> None:
        """Close all rows under the old names before any row is opened under a new one."""
        renamed = [(str(one.model), one.to) for one in self._of(c.ModelRenamed)]
        for old, _ in renamed:
            self._rows.close_model(old)
        for old, new in renamed:
            name = str(new)
            self._rows.move(old, name, updated=self._when, updated_by=self._whom)
            for number, description in self._rows.described(name):
                self._rows.write_text(name, number, description)
            self._write_words(self._step.after.model(new))

    def _record_model(self, name: ModelName) -> None:
        try:
            model = self._step.after.model(name)
        except (CorruptError, NotFoundError):
            self._rows.close_model(str(name))
            return
        data = kinds.model_data(model)
        text = packed(data)
        held = self._rows.model(str(name))
        stamps = self._stamps(held, fresh=name in self._updated)
        if held is None:
            self._rows.spell(str(name))
        if _is_other(held, text, stamps):
            identifier = held.id if held is not None else model_id(self._step.commit.id, str(name))
            record = ModelRecord(name, model.description, id=identifier, **stamps)
            self._rows.open_model(record, text)
        before = model_labels(held.data if held is not None else {})
        self._rows.write_labels(str(name), before, model_labels(data))
        told = (c.ModelDescribed, c.CardChanged)
        if held is None or any(one.subject == name for one in self._of(*told)):
            self._write_words(model)

    def _write_words(self, model: RegisteredModel) -> None:
        try:
            card = self._step.after.card(model.name)
        except CorruptError:
            card = ""
        words = "\n".join((str(model.name), model.description, card))
        self._rows.write_text(str(model.name), 0, words)

    # --- versions -----------------------------------------------------------------------------

    def _record_version(self, ref: VersionRef) -> None:
        name = str(ref.model)
        version = self._found(ref)
        if version is None:
            self._rows.close_version(name, ref.number)
            return
        data = kinds.version_data(version)
        text = packed(data)
        held = None if ref in self._created else self._rows.version(ref)
        stamps = self._stamps(held, fresh=ref in self._updated)
        if _is_other(held, text, stamps):
            record = VersionRecord(
                ref,
                version.stage,
                source=version.source,
                run_id=version.run_id,
                status=version.status,
                description=version.description,
                **stamps,
            )
            self._rows.open_version(self._rows.model_id(name), record, text)
        before = version_labels(ref.number, held.data if held is not None else {})
        self._rows.write_labels(name, before, version_labels(ref.number, data))
        if version.description != (held.description if held is not None else ""):
            self._rows.write_text(name, ref.number, version.description)

    def _found(self, ref: VersionRef) -> ModelVersion | None:
        try:
            return self._step.after.find_version(ref)
        except CorruptError:
            return None

    def _stamps(self, held: Held | None, *, fresh: bool) -> Stamps:
        """Give who made it when, and who updated it when; ``fresh``: this step did."""
        made = (held.created, held.created_by) if held is not None else (self._when, self._whom)
        now = (self._when, self._whom)
        changed = (held.updated, held.updated_by) if held is not None and not fresh else now
        return Stamps(
            created=made[0], created_by=made[1], updated=changed[0], updated_by=changed[1]
        )

    # --- activities ---------------------------------------------------------------------------

    def _record_activities(self) -> None:
        step = self._step
        answer = step.answer
        for request in answer.requests if answer is not None else ():
            self._db.execute(
                "INSERT OR IGNORE INTO answered (tip, seq) VALUES (?, ?)", (request.tip, self._seq)
            )
            self._write(requested(request), place=0)
        told = activities(
            step.commit, step.actor, time=self._time, changes=step.changes, answer=answer
        )
        for at, activity in enumerate(told):
            self._write(activity, place=self._seq << _PLACES | at)

    def _write(self, one: Activity, *, place: int) -> None:
        model = None if one.model is None else self._id_of(one.model)
        self._db.execute(
            "INSERT INTO activities (time, place, seq, kind, actor, text, id, model, name, number,"
            " from_stage, to_stage, comment, original_time, original_user)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.time, place, self._seq, one.kind, one.actor, one.text, one.commit,
                model, str(one.model) if one.model is not None else None, one.version,
                one.from_stage, one.to_stage, one.comment, one.original_time, one.original_user,
            ),
        )  # fmt: skip

    def _id_of(self, name: ModelName) -> str:
        if name in self._created:
            return model_id(self._step.commit.id, str(name))
        return self._rows.model_id(str(name))


def _is_other(held: Held | None, text: str, stamps: Stamps) -> bool:
    if held is None or held.text != text:
        return True
    return (held.updated, held.updated_by) != (stamps["updated"], stamps["updated_by"])
