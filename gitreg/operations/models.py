"""Operations on registered models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gitreg.domain import changes as c
from gitreg.domain.model import RegisteredModel
from gitreg.domain.names import ModelName, VersionRef, check_alias, check_principal
from gitreg.errors import AlreadyExistsError, InUseError, InvalidValueError, NotFoundError
from gitreg.manifest import kinds, layout
from gitreg.manifest.codec import MAX_BYTES, Value
from gitreg.manifest.editing import MISSING, Missing, edit
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.plan import Edits, Plan

_Value = TypeVar("_Value")


def checked(kind: str, raw: bytes) -> bytes:
    """Give a manifest back if it is valid; InvalidValueError, in its schema's words, if not."""
    for fault in kinds.read_manifest(kind, raw).faults:
        raise InvalidValueError(fault.reason, hint=fault.hint)
    return raw


def edited(
    snapshot: Snapshot, path: str, kind: str, fields: Mapping[tuple[str, ...], Value | Missing]
) -> tuple[str, bytes]:
    """Give the file at ``path`` with some fields set or removed, every other line as it was."""
    raw = snapshot.blob(path)
    if raw is None:
        raise NotFoundError(f"{path} is not there")
    for where, value in fields.items():
        raw = edit(raw, where, value, order=kinds.KEYS[kind])
    return path, checked(kind, raw)


def differing(
    there: Mapping[str, _Value],
    put: Iterable[tuple[str, _Value]],
    remove: Iterable[str],
    *,
    what: str,
) -> dict[str, _Value | Missing]:
    """Give the new value of each key that changes, or MISSING for one that goes away.

    A key both removed and put is put. Raises NotFoundError, which names ``what``, if a key to
    remove is not there.
    """
    wanted: dict[str, _Value | Missing] = {}
    for key in remove:
        if key not in there:
            raise NotFoundError(f"{what} {key}")
        wanted[key] = MISSING
    wanted |= dict(put)
    return {key: value for key, value in wanted.items() if there.get(key, MISSING) != value}


@dataclass(frozen=True, slots=True)
class CreateModel:
    """Register a model; ``creator`` is given the level that the registry's rules say."""

    name: ModelName
    creator: str
    description: str = ""
    tags: tuple[tuple[str, str | None], ...] = ()

    def plan(self, snapshot: Snapshot) -> Plan:
        """Write model.yaml and, if the creator needs it, PERMISSIONS."""
        name, creator = self.name, check_principal(self.creator)
        if snapshot.has_model(name):
            raise AlreadyExistsError(f"a model {name} exists", hint=f"gitreg model show {name}")
        _refuse_twin(snapshot, name)
        folder = snapshot.folder(name)
        path = layout.model_file(folder)
        model = RegisteredModel(name, self.description, self.tags)
        files = [(path, checked(kinds.MODEL, kinds.render(kinds.MODEL, kinds.model_data(model))))]
        changes: list[c.Change] = [c.ModelCreated(path, name)]
        level = snapshot.settings.rules.creator_level
        held = snapshot.permissions.level(creator, None, named=name.directory)
        if held < level:
            own = layout.permissions_file(folder)
            files.append((own, f"{level} {creator}\n".encode()))
            changes.append(c.PermissionsChanged(own, name, (f"{level} {creator}",)))
        return Plan.of(files, changes)


def _refuse_twin(snapshot: Snapshot, name: ModelName, *, but: ModelName | None = None) -> None:
    if snapshot.settings.rules.case_twins == "allow":
        return
    for other in layout.twins(snapshot.twins_shelf(name), {name.folded}):
        if other not in {name, but}:
            raise AlreadyExistsError(
                f"a model {other} exists, which differs from {name} only in case or accents",
                hint="choose another name",
            )


@dataclass(frozen=True, slots=True)
class RenameModel:
    """Give a model another name; its permissions file, id and history stay its own."""

    name: ModelName
    to: ModelName

    def plan(self, snapshot: Snapshot) -> Plan:
        """Move the directory as it is."""
        snapshot.model(self.name)
        if self.name == self.to:
            return Plan("nothing to do")
        if snapshot.has_model(self.to):
            raise AlreadyExistsError(f"a model {self.to} exists", hint="choose another name")
        _refuse_twin(snapshot, self.to, but=self.name)
        if snapshot.settings.rules.rename_active == "refuse":
            _refuse_active(snapshot, self.name, "renamed")
        old, new = snapshot.folder(self.name), snapshot.folder(self.to)
        entry = snapshot.entry(old)
        change = c.ModelRenamed(f"{old}/", self.name, self.to, f"{new}/")
        moves = ((old, None), (new, entry.id if entry else None))
        return Plan(str(change), Edits(folders=moves), (change,))


def _refuse_active(snapshot: Snapshot, name: ModelName, what: str) -> None:
    for version in snapshot.versions(name):
        if snapshot.settings.stages.is_active(version.stage):
            raise InUseError(
                f"{name} cannot be {what}: version {version.ref.number} is in {version.stage}",
                hint=f"gitreg transition {version.ref} Archived",
            )


@dataclass(frozen=True, slots=True)
class DeleteModel:
    """Delete a model with everything in it; history keeps it."""

    name: ModelName

    def plan(self, snapshot: Snapshot) -> Plan:
        """Remove the directory."""
        snapshot.model(self.name)
        if snapshot.settings.rules.delete_active == "refuse":
            _refuse_active(snapshot, self.name, "deleted")
        folder = snapshot.folder(self.name)
        change = c.ModelDeleted(f"{folder}/", self.name)
        return Plan(str(change), Edits(folders=((folder, None),)), (change,))


@dataclass(frozen=True, slots=True)
class DescribeModel:
    """Set a model's description, or (empty) remove it."""

    name: ModelName
    description: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit one field of model.yaml."""
        if snapshot.model(self.name).description == self.description:
            return Plan("nothing to do")
        path = layout.model_file(snapshot.folder(self.name))
        value = self.description or MISSING
        file = edited(snapshot, path, kinds.MODEL, {("description",): value})
        return Plan.of([file], [c.ModelDescribed(path, self.name, self.description)])


@dataclass(frozen=True, slots=True)
class TagModel:
    """Set some tags of a model and remove others, in one commit."""

    name: ModelName
    put: tuple[tuple[str, str | None], ...] = ()
    remove: tuple[str, ...] = ()

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit tags of model.yaml; one to remove that is not there is NotFoundError."""
        path = layout.model_file(snapshot.folder(self.name))
        there = dict(snapshot.model(self.name).tags)
        tags = differing(there, self.put, self.remove, what=f"{self.name} has no tag")
        if not tags:
            return Plan("nothing to do")
        changes = [
            c.ModelTagDeleted(path, self.name, key)
            if isinstance(value, Missing)
            else c.ModelTagSet(path, self.name, key, value)
            for key, value in tags.items()
        ]
        fields: dict[tuple[str, ...], Value | Missing] = {
            ("tags", key): value for key, value in tags.items()
        }
        return Plan.of([edited(snapshot, path, kinds.MODEL, fields)], changes)


@dataclass(frozen=True, slots=True)
class SetCard:
    """Write a model's card, Markdown, or (empty) remove it."""

    name: ModelName
    text: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Write README.md."""
        snapshot.model(self.name)
        path = layout.card_file(snapshot.folder(self.name))
        there = snapshot.blob(path)
        content = _card(self.text) or None
        if there == content:
            return Plan("nothing to do")
        action = "added" if there is None else "changed" if content else "removed"
        return Plan.of([(path, content)], [c.CardChanged(path, self.name, action)])


def _card(text: str) -> bytes:
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise InvalidValueError("a model card is UTF-8 text; this holds what cannot be") from None
    if len(content) > MAX_BYTES:
        raise InvalidValueError(f"a model card has {MAX_BYTES} bytes at most, not {len(content)}")
    return content


@dataclass(frozen=True, slots=True)
class SetAlias:
    """Point an alias at a version; an alias that exists moves."""

    ref: VersionRef
    alias: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit aliases of model.yaml."""
        check_alias(self.alias)
        name = self.ref.model
        snapshot.version(self.ref)
        was = snapshot.model(name).alias(self.alias)
        if was == self.ref.number:
            return Plan("nothing to do")
        path = layout.model_file(snapshot.folder(name))
        file = edited(snapshot, path, kinds.MODEL, {("aliases", self.alias): self.ref.number})
        guarded = snapshot.settings.guards_alias(self.alias)
        return Plan.of([file], [c.AliasSet(path, name, self.alias, self.ref.number, was, guarded)])


@dataclass(frozen=True, slots=True)
class DeleteAlias:
    """Delete an alias."""

    name: ModelName
    alias: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit aliases of model.yaml."""
        was = snapshot.model(self.name).alias(self.alias)
        if was is None:
            raise NotFoundError(f"{self.name} has no alias {self.alias}")
        path = layout.model_file(snapshot.folder(self.name))
        file = edited(snapshot, path, kinds.MODEL, {("aliases", self.alias): MISSING})
        guarded = snapshot.settings.guards_alias(self.alias)
        return Plan.of([file], [c.AliasDeleted(path, self.name, self.alias, was, guarded)])
