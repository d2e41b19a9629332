"""Operations on model versions and their comments."""

from collections.abc import Iterable
from dataclasses import dataclass

from gitreg.domain import changes as c
from gitreg.domain.model import (
    READY,
    STATUSES,
    Artifact,
    Code,
    Comment,
    ModelVersion,
    check_comment,
)
from gitreg.domain.names import ModelName, VersionRef, check_comment_id
from gitreg.domain.references import SCHEME
from gitreg.domain.stages import ARCHIVED, NONE
from gitreg.errors import (
    AlreadyExistsError,
    ConflictError,
    DeniedError,
    InUseError,
    InvalidValueError,
    NotFoundError,
)
from gitreg.manifest import kinds, layout
from gitreg.manifest.codec import Value
from gitreg.manifest.editing import MISSING, Missing
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.models import checked, differing, edited
from gitreg.operations.plan import Edits, Plan
from gitreg.operations.references import resolve

_NO_CODE = Code()


@dataclass(frozen=True, slots=True)
class CreateVersion:
    """Register the next version of a model, in the first stage.

    ``location`` says where a source that only MLflow can resolve (``models:/m-...``) points.
    """

    model: ModelName
    source: str = ""
    location: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    code: Code = _NO_CODE
    artifact: Artifact | None = None
    status: str = READY
    status_message: str = ""
    description: str = ""
    tags: tuple[tuple[str, str | None], ...] = ()
    metrics: tuple[tuple[str, float], ...] = ()
    params: tuple[tuple[str, str], ...] = ()

    def plan(self, snapshot: Snapshot) -> Plan:
        """Write the manifest of the next number."""
        snapshot.model(self.model)
        if not self.source and self.artifact is None:
            raise InvalidValueError(
                "a version needs a source or an artifact", hint="say where its files are: --source"
            )
        ref = VersionRef(self.model, snapshot.next_number(self.model))
        path = layout.version_file(snapshot.folder(self.model), ref.number)
        location, artifact = self._origin(snapshot)
        version = ModelVersion(
            ref,
            NONE,
            source=self.source,
            location=self.location or location,
            run_id=self.run_id,
            run_link=self.run_link,
            model_id=self.model_id,
            code=self.code,
            artifact=self.artifact or artifact,
            status=self.status,
            status_message=self.status_message,
            description=self.description,
            tags=self.tags,
            metrics=self.metrics,
            params=self.params,
        )
        content = kinds.render(kinds.VERSION, kinds.version_data(version))
        return Plan.of([(path, checked(kinds.VERSION, content))], [c.VersionCreated(path, ref)])

    def _origin(self, snapshot: Snapshot) -> tuple[str, Artifact | None]:
        """Give where a models:/ source points now, and what it pins: a copy outlives its origin."""
        rest = self.source.removeprefix(SCHEME)
        if rest == self.source or ("/" not in rest and "@" not in rest):
            return "", None
        origin = snapshot.version(resolve(snapshot, self.source))
        return origin.location or origin.source, origin.artifact


def _version_path(snapshot: Snapshot, ref: VersionRef) -> str:
    return layout.version_file(snapshot.folder(ref.model), ref.number)


@dataclass(frozen=True, slots=True)
class DescribeVersion:
    """Set a version's description, or (empty) remove it."""

    ref: VersionRef
    description: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit one field of the manifest."""
        if snapshot.version(self.ref).description == self.description:
            return Plan("nothing to do")
        path = _version_path(snapshot, self.ref)
        value = self.description or MISSING
        file = edited(snapshot, path, kinds.VERSION, {("description",): value})
        return Plan.of([file], [c.VersionDescribed(path, self.ref, self.description)])


@dataclass(frozen=True, slots=True)
class TagVersion:
    """Set some tags and metrics of a version and remove others, in one commit."""

    ref: VersionRef
    put: tuple[tuple[str, str | None], ...] = ()
    remove: tuple[str, ...] = ()
    metrics: tuple[tuple[str, float], ...] = ()
    remove_metrics: tuple[str, ...] = ()

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit tags and metrics; one to remove that is not there is NotFoundError."""
        ref, version = self.ref, snapshot.version(self.ref)
        path = _version_path(snapshot, ref)
        there = dict(version.tags)
        tags = differing(there, self.put, self.remove, what=f"{ref} has no tag")
        measured = dict(version.metrics)
        metrics = differing(
            measured, self.metrics, self.remove_metrics, what=f"{ref} has no metric"
        )
        if not tags and not metrics:
            return Plan("nothing to do")
        changes: list[c.Change] = [
            c.VersionTagDeleted(path, ref, key)
            if isinstance(text, Missing)
            else c.VersionTagSet(path, ref, key, text)
            for key, text in tags.items()
        ]
        changes += [
            c.VersionMetricDeleted(path, ref, key)
            if isinstance(number, Missing)
            else c.VersionMetricSet(path, ref, key, number)
            for key, number in metrics.items()
        ]
        fields: dict[tuple[str, ...], Value | Missing] = {
            **{("tags", key): text for key, text in tags.items()},
            **{("metrics", key): number for key, number in metrics.items()},
        }
        return Plan.of([edited(snapshot, path, kinds.VERSION, fields)], changes)


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Tell how far a version's registration is; it never leaves READY."""

    ref: VersionRef
    status: str
    message: str = ""

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit status and status_message."""
        if self.status not in STATUSES:
            raise InvalidValueError(
                f"{self.status!r} is not a status; they are {', '.join(STATUSES)}"
            )
        version = snapshot.version(self.ref)
        if (version.status, version.status_message) == (self.status, self.message):
            return Plan("nothing to do")
        if version.status == READY != self.status:
            raise ConflictError(f"{self.ref} is {READY} and stays so")
        path = _version_path(snapshot, self.ref)
        fields: dict[tuple[str, ...], Value | Missing] = {
            ("status",): self.status,
            ("status_message",): self.message or MISSING,
        }
        file = edited(snapshot, path, kinds.VERSION, fields)
        return Plan.of([file], [c.VersionStatusChanged(path, self.ref, self.status, self.message)])


@dataclass(frozen=True, slots=True)
class PinArtifact:
    """Pin the files of a version that has none pinned yet; after that they never change."""

    ref: VersionRef
    artifact: Artifact

    def plan(self, snapshot: Snapshot) -> Plan:
        """Add the one field to the manifest."""
        version, artifact = snapshot.version(self.ref), self.artifact
        if version.artifact == artifact:
            return Plan("nothing to do")
        if version.artifact is not None:
            raise ConflictError(
                f"{self.ref} pins other files: {version.artifact.digest}",
                hint="what a version pins never changes; register a new version",
            )
        path = _version_path(snapshot, self.ref)
        pinned: dict[str, Value] = {
            "digest": artifact.digest,
            "size": artifact.size,
            "files": artifact.files,
        }
        file = edited(snapshot, path, kinds.VERSION, {("artifact",): pinned})
        protected = snapshot.settings.stages.guards(version.stage)
        change = c.VersionArtifactAdded(path, self.ref, artifact.digest, protected)
        return Plan.of([file], [change])


@dataclass(frozen=True, slots=True)
class DeleteVersion:
    """Delete a version: a tombstone keeps its number; its aliases and comments go with it."""

    ref: VersionRef

    def plan(self, snapshot: Snapshot) -> Plan:
        """Write the tombstone, and remove what points at the version."""
        ref = self.ref
        version = snapshot.version(ref)
        settings = snapshot.settings
        if settings.rules.delete_active == "refuse" and settings.stages.is_active(version.stage):
            raise InUseError(
                f"{ref} cannot be deleted: it is in {version.stage}",
                hint=f"gitreg transition {ref} {ARCHIVED}",
            )
        folder = snapshot.folder(ref.model)
        path = layout.version_file(folder, ref.number)
        files: list[tuple[str, bytes | None]] = [(path, kinds.TOMBSTONE)]
        changes: list[c.Change] = [c.VersionDeleted(path, ref)]
        aliases = snapshot.model(ref.model).aliases_of(ref.number)
        if aliases:
            manifest = layout.model_file(folder)
            gone: dict[tuple[str, ...], Value | Missing] = {
                ("aliases", alias): MISSING for alias in aliases
            }
            files.append(edited(snapshot, manifest, kinds.MODEL, gone))
            changes += [
                c.AliasDeleted(manifest, ref.model, alias, ref.number, settings.guards_alias(alias))
                for alias in aliases
            ]
        comments = layout.comments_folder(folder, ref.number)
        folders = ((comments, None),) if snapshot.entry(comments) else ()
        return Plan(str(changes[0]), Edits(tuple(files), folders), tuple(changes))


@dataclass(frozen=True, slots=True)
class TransitionStage:
    """Move a version to a stage; with ``archive_existing`` the others in that stage to Archived."""

    ref: VersionRef
    stage: str
    archive_existing: bool = False

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit the stage of the version, and of those it replaces."""
        stages = snapshot.settings.stages
        stage = stages.parse(self.stage)
        if stage.retired:
            raise InvalidValueError(f"the stage {stage.name} is retired: nothing enters it")
        if self.archive_existing and not stages.is_active(stage.name):
            raise InvalidValueError(
                f"others cannot be archived from {stage.name}: it is not an active stage",
                hint="leave --archive-existing out",
            )
        version = snapshot.version(self.ref)
        moves = [] if version.stage == stage.name else [(version, stage.name)]
        if self.archive_existing:
            moves += [
                (other, ARCHIVED)
                for other in snapshot.versions(self.ref.model)
                if other.stage == stage.name and other.ref != self.ref
            ]
        return _moved(snapshot, moves)


def _moved(snapshot: Snapshot, moves: Iterable[tuple[ModelVersion, str]]) -> Plan:
    """Plan to move versions to stages, in one step."""
    stages = snapshot.settings.stages
    files = []
    changes = []
    for one, to_stage in moves:
        path = _version_path(snapshot, one.ref)
        files.append(edited(snapshot, path, kinds.VERSION, {("stage",): to_stage}))
        protected = stages.guards(one.stage, to_stage)
        changes.append(c.StageTransitioned(path, one.ref, one.stage, to_stage, protected))
    return Plan.of(files, changes)


@dataclass(frozen=True, slots=True)
class MoveVersions:
    """Move several versions of a model, each from the stage it must be in to another, at once."""

    model: ModelName
    moves: tuple[tuple[int, str, str], ...]
    """Number, the stage it is in, and the stage to move it to."""

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit the stages; ConflictError if a version is elsewhere by now."""
        found = []
        for number, from_stage, to_stage in self.moves:
            version = snapshot.version(VersionRef(self.model, number))
            stage = snapshot.settings.stages.parse(to_stage)
            if stage.retired:
                raise InvalidValueError(f"the stage {stage.name} is retired: nothing enters it")
            if version.stage != from_stage:
                raise ConflictError(
                    f"{version.ref} is in {version.stage} by now, not in {from_stage}",
                    hint=f"gitreg log {version.ref}",
                )
            if version.stage != stage.name:
                found.append((version, stage.name))
        return _moved(snapshot, found)


def _comment_path(snapshot: Snapshot, ref: VersionRef, identifier: str) -> str:
    return layout.comment_file(snapshot.folder(ref.model), ref.number, identifier)


@dataclass(frozen=True, slots=True)
class AddComment:
    """Comment on a version; ``id`` is 32 hex digits that nobody used before."""

    ref: VersionRef
    id: str
    author: str
    text: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Write one comment file."""
        ref = self.ref
        snapshot.version(ref)
        if snapshot.find_comment(ref, check_comment_id(self.id)) is not None:
            raise AlreadyExistsError(
                f"a comment {self.id} on {ref} exists", hint="give every comment an id of its own"
            )
        path = _comment_path(snapshot, ref, self.id)
        data: dict[str, Value] = {"author": self.author, "text": check_comment(self.text)}
        content = checked(kinds.COMMENT, kinds.render(kinds.COMMENT, data))
        change = c.CommentAdded(path, ref, self.id, self.author, self.text)
        return Plan.of([(path, content)], [change], summary=f"{ref}: comment by {self.author}")


@dataclass(frozen=True, slots=True)
class EditComment:
    """Change the text of one's own comment."""

    ref: VersionRef
    id: str
    author: str
    text: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit one field of the comment file."""
        comment = _comment(snapshot, self.ref, self.id)
        if comment.author != self.author:
            raise DeniedError(f"the comment is {comment.author}'s: nobody else can edit it")
        if comment.text == check_comment(self.text):
            return Plan("nothing to do")
        path = _comment_path(snapshot, self.ref, self.id)
        file = edited(snapshot, path, kinds.COMMENT, {("text",): self.text})
        change = c.CommentEdited(path, self.ref, self.id, self.author, self.text)
        return Plan.of([file], [change], summary=f"{self.ref}: comment by {self.author} edited")


@dataclass(frozen=True, slots=True)
class DeleteComment:
    """Delete a comment."""

    ref: VersionRef
    id: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Remove the comment file."""
        comment = _comment(snapshot, self.ref, self.id)
        path = _comment_path(snapshot, self.ref, self.id)
        return Plan.of([(path, None)], [c.CommentDeleted(path, self.ref, self.id, comment.author)])


def _comment(snapshot: Snapshot, ref: VersionRef, identifier: str) -> Comment:
    snapshot.version(ref)
    found = snapshot.find_comment(ref, check_comment_id(identifier))
    if found is None:
        raise NotFoundError(
            f"there is no comment {identifier} on {ref}", hint=f"gitreg comment list {ref}"
        )
    return found
