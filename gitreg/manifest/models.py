"""The part of the one diff below models/: directories, versions, comments."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from gitreg.domain import changes as c
from gitreg.domain.model import ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef, check_comment_id, parse_number
from gitreg.domain.settings import SHARDED, Settings
from gitreg.domain.stages import Stages
from gitreg.domain.verdict import Violation
from gitreg.errors import InvalidValueError
from gitreg.manifest import fields, kinds, layout
from gitreg.manifest.grants import permission_changes
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import Entry
from gitreg.manifest.walk import Item, Walk

Found: TypeAlias = Iterator[c.Change | Violation]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both trees, the settings in force (before), and the stages that are known after."""

    before: Snapshot
    after: Snapshot
    settings: Settings
    known: Stages


def compare_models(walk: Walk, models: Item, sides: Sides) -> Found:
    """Give what happened to the models, where their folder (``models``) differs."""
    if models.after is not None and not models.after.is_folder:
        yield Violation("form", "is a file; it must be a folder", models.path)
    found: list[Item] = []
    for item in _folders(walk, models, sides.settings.layout):
        if isinstance(item, Violation):
            yield item
        else:
            found.append(item)
    new = [ModelName.of_directory(item.name) for item in found if item.before is None]
    yield from _twins(sides, new)
    origins = _origins(found)
    moved = {origin.path for origin in origins.values()}
    for item in found:
        if item.path in origins:
            yield from _renamed(origins[item.path], item, sides)
        elif item.after is not None:
            yield from _Model(walk, sides, item).changes()
        elif item.path not in moved:
            yield from _deleted(item, sides)


def _origins(found: list[Item]) -> dict[str, Item]:
    """Give, by the path of each directory that is a pure move, the one that it was."""
    gone: dict[str, list[Item]] = {}
    for item in reversed(found):
        if item.after is None and item.before is not None:
            gone.setdefault(item.before.id, []).append(item)
    return {
        item.path: gone[item.after.id].pop()
        for item in found
        if item.before is None and item.after is not None and gone.get(item.after.id)
    }


def _folders(walk: Walk, models: Item, shape: str) -> Iterator[Item | Violation]:
    """Give the model directories that differ, canonically named and in the right place."""
    for item in walk.items(models.before, models.after, models.path):
        if isinstance(item, Violation):
            yield item
        elif item.after is not None and not item.after.is_folder:
            yield Violation("form", "is a file; only folders stand here", item.path)
        elif shape != SHARDED:
            yield from _canonical(item, shard="")
        else:
            for below in walk.items(item.before, item.after, item.path):
                if isinstance(below, Violation):
                    yield below
                elif below.after is not None and not below.after.is_folder:
                    yield Violation("form", "is a file; only folders stand here", below.path)
                else:
                    yield from _canonical(below, shard=item.name)


def _canonical(item: Item, *, shard: str) -> Iterator[Item | Violation]:
    try:
        model = ModelName.of_directory(item.name)
    except InvalidValueError as error:
        yield Violation("form", str(error), item.path, hint=error.hint)
        return
    if shard and shard != model.shard:
        right = layout.model_folder(model, SHARDED)
        yield Violation("form", f"stands in the wrong shard; its place is {right}", item.path)
    else:
        yield item


def _twins(sides: Sides, new: list[ModelName]) -> Iterator[Violation]:
    """Refuse a new name that is, folded, one that is there."""
    if not new or sides.settings.rules.case_twins == "allow":
        return
    added = {name: layout.model_folder(name, sides.settings.layout) for name in new}
    alike: dict[str, list[ModelName]] = {name.folded: [] for name in new}
    for shelf in sorted({folder.rpartition("/")[0] for folder in added.values()}):
        for other in layout.twins(sides.after.names(shelf), alike):
            alike[other.folded].append(other)
    for name, folder in added.items():
        others = (other for other in alike[name.folded] if other != name)
        twin = min(others, key=lambda other: other in added, default=None)
        if twin is not None:
            yield Violation(
                "lifecycle",
                f"{name} differs from {twin} only in case or accents",
                f"{folder}/",
                hint="choose another name",
            )


def _renamed(origin: Item, item: Item, sides: Sides) -> Found:
    old, new = ModelName.of_directory(origin.name), ModelName.of_directory(item.name)
    yield c.ModelRenamed(f"{origin.path}/", old, new, f"{item.path}/")
    if sides.settings.rules.rename_active == "refuse":
        yield from _refuse_active(origin, old, sides, what="renamed")


def _deleted(item: Item, sides: Sides) -> Found:
    model = ModelName.of_directory(item.name)
    yield c.ModelDeleted(f"{item.path}/", model)
    if sides.settings.rules.delete_active == "refuse":
        yield from _refuse_active(item, model, sides, what="deleted")


def _refuse_active(item: Item, model: ModelName, sides: Sides, *, what: str) -> Iterator[Violation]:
    for version in sides.before.versions(model):
        if sides.settings.stages.is_active(version.stage):
            yield Violation(
                "lifecycle",
                f"{model} cannot be {what}: version {version.ref.number} is in {version.stage}",
                f"{item.path}/",
                hint="archive its active versions first",
            )


class _Model:
    """The comparison of one model's directory; before None: it is new."""

    def __init__(self, walk: Walk, sides: Sides, item: Item) -> None:
        self.walk = walk
        self.sides = sides
        self.item = item
        self.name = ModelName.of_directory(item.name)
        self.deleted: set[int] = set()
        self.added: list[tuple[int, str]] = []
        self._live: dict[int, bool] = {}

    def changes(self) -> Found:
        """Compare every file that differs; versions come before what points at them."""
        items, faults = self.walk.folder(self.item.before, self.item.after, self.item.path)
        yield from faults
        if self.item.before is None and layout.MODEL_FILE not in items:
            yield Violation(
                "lifecycle", f"{self.name} has no {layout.MODEL_FILE}", f"{self.item.path}/"
            )
        manifest = items.get(layout.MODEL_FILE)
        for name, tell in (
            (layout.MODEL_FILE, self._manifest),
            (layout.PERMISSIONS_FILE, self._permissions),
            (layout.CARD_FILE, self._card),
            (layout.VERSIONS, self._versions),
            (layout.COMMENTS, self._comments),
        ):
            if name in items:
                yield from tell(items.pop(name))
        for item in items.values():
            yield Violation("form", "no such file belongs to a model", item.path)
        if manifest is not None or self.deleted:
            yield from self._aliases()
        yield from self._left_comments()

    def _after(self, path: str) -> Entry | None:
        """Give the entry at a path of the tree after, which is one of this directory."""
        return self.walk.find(self.item.after, path.removeprefix(f"{self.item.path}/"))

    def _reading(self, kind: str, entry: Entry | None, path: str) -> kinds.Reading | None:
        return self.walk.manifest(kind, entry, path) if entry is not None else None

    def _line_of(self, item: Item) -> fields.LineOf:
        return partial(self.walk.line, item.after)

    def _judged(self, kind: str, entry: Entry | None, path: str) -> kinds.Reading | None:
        return self.walk.judged(kind, entry, path) if entry is not None else None

    # --- model.yaml, README.md -----------------------------------------------------------------

    def _manifest(self, item: Item) -> Found:
        if item.after is None:
            yield Violation("lifecycle", f"{self.name} has no {item.name} any more", item.path)
            return
        reading = self.walk.manifest(kinds.MODEL, item.after, item.path)
        yield from reading.faults
        if reading.faults:
            return
        after = kinds.to_model(self.name, reading.data)
        if item.before is None:
            yield c.ModelCreated(item.path, self.name)
            yield from fields.alias_changes(
                item.path, RegisteredModel(self.name), after, settings=self.sides.settings
            )
            return
        old = self.walk.judged(kinds.MODEL, item.before, item.path)
        before = kinds.to_model(self.name, old.data)
        found = list(fields.model_changes(item.path, before, after, settings=self.sides.settings))
        yield from found or [c.TextChanged(item.path, self.name)]

    def _permissions(self, item: Item) -> Found:
        return permission_changes(self.walk, item, self.name)

    def _card(self, item: Item) -> Found:
        if item.after is not None and self.walk.content(item.after) is None:
            yield Violation("form", "is no file, or too large", item.path)
        else:
            yield c.CardChanged(item.path, self.name, item.action)

    def _aliases(self) -> Iterator[Violation]:
        path = layout.model_file(self.item.path)
        entry = self._after(path)
        if entry is None:
            return
        model = kinds.to_model(self.name, self.walk.manifest(kinds.MODEL, entry, path).data)
        for alias, number in model.aliases:
            if not self._is_live(number):
                yield Violation(
                    "lifecycle",
                    f"{self.name}@{alias} points at version {number}, which is not there",
                    path,
                )

    # --- versions ------------------------------------------------------------------------------

    def _is_live(self, number: int) -> bool:
        if number not in self._live:
            path = layout.version_file(self.item.path, number)
            reading = self._reading(kinds.VERSION, self._after(path), path)
            self._live[number] = (
                reading is not None and not reading.faults and not kinds.is_tombstone(reading.data)
            )
        return self._live[number]

    def _versions(self, versions: Item) -> Found:
        if versions.after is not None and not versions.after.is_folder:
            yield Violation("form", "is a file; it must be a folder", versions.path)
            return
        for item in self.walk.items(versions.before, versions.after, versions.path):
            if isinstance(item, Violation):
                yield item
                continue
            number = parse_number(item.name.removesuffix(layout.SUFFIX))
            if number is None or not item.name.endswith(layout.SUFFIX):
                yield Violation(
                    "form", "is no version: NUMBER.yaml, without leading zeros", item.path
                )
            else:
                yield from self._version(item, VersionRef(self.name, number))
        yield from self._contiguous(versions)

    def _version(self, item: Item, ref: VersionRef) -> Found:
        after = self._reading(kinds.VERSION, item.after, item.path)
        if after is None:
            yield Violation(
                "lifecycle",
                f"{ref} is gone: a version's number is never used again",
                item.path,
                hint="leave a tombstone: gitreg version delete",
            )
            return
        yield from after.faults
        if after.faults:
            return
        before = self._judged(kinds.VERSION, item.before, item.path)
        if before is None:
            self.added.append((ref.number, item.path))
            yield from self._born(item, ref, after)
        elif kinds.is_tombstone(before.data):
            if kinds.is_tombstone(after.data):
                yield c.TextChanged(item.path, self.name)
            else:
                yield Violation("lifecycle", f"{ref} was deleted and stays so", item.path)
        elif kinds.is_tombstone(after.data):
            yield from self._buried(item, kinds.to_version(ref, before.data))
        else:
            yield from self._changed(item, ref, before, after)

    def _born(self, item: Item, ref: VersionRef, after: kinds.Reading) -> Found:
        if kinds.is_tombstone(after.data):
            self.deleted.add(ref.number)
            yield c.VersionDeleted(item.path, ref)
            return
        yield c.VersionCreated(item.path, ref)
        version = kinds.to_version(ref, after.data)
        yield from fields.check_birth(item.path, version, line_of=self._line_of(item))

    def _buried(self, item: Item, before: ModelVersion) -> Found:
        self.deleted.add(before.ref.number)
        yield c.VersionDeleted(item.path, before.ref)
        settings = self.sides.settings
        if settings.rules.delete_active == "refuse" and settings.stages.is_active(before.stage):
            yield Violation(
                "lifecycle",
                f"{before.ref} cannot be deleted: it is in {before.stage}",
                item.path,
                hint=f"gitreg transition {before.ref} Archived",
            )

    def _changed(
        self, item: Item, ref: VersionRef, before: kinds.Reading, after: kinds.Reading
    ) -> Found:
        found = list(
            fields.version_changes(
                item.path,
                kinds.to_version(ref, before.data),
                kinds.to_version(ref, after.data),
                stages=self.sides.settings.stages,
                known=self.sides.known,
                line_of=self._line_of(item),
            )
        )
        yield from found or [c.TextChanged(item.path, self.name)]

    def _contiguous(self, versions: Item) -> Iterator[Violation]:
        if not self.added:
            return
        known = versions.before is not None and versions.before.is_folder
        expected = self.sides.before.next_number(self.name) if known else 1
        for number, path in sorted(self.added):
            if number != expected:
                yield Violation(
                    "lifecycle",
                    f"{self.name}/{number}: the next version of {self.name} is {expected}",
                    path,
                )
                return
            expected += 1

    # --- comments ------------------------------------------------------------------------------

    def _comments(self, comments: Item) -> Found:
        for item in self.walk.items(comments.before, comments.after, comments.path):
            if isinstance(item, Violation):
                yield item
                continue
            number = parse_number(item.name)
            if number is None or (item.after is not None and not item.after.is_folder):
                yield Violation("form", "is no folder of a version's comments", item.path)
                continue
            for below in self.walk.items(item.before, item.after, item.path):
                if isinstance(below, Violation):
                    yield below
                else:
                    yield from self._comment(below, VersionRef(self.name, number))
        if comments.after is not None and not comments.after.is_folder:
            yield Violation("form", "is a file; it must be a folder", comments.path)

    def _comment(self, item: Item, ref: VersionRef) -> Found:
        try:
            identifier = check_comment_id(item.name.removesuffix(layout.SUFFIX))
            if not item.name.endswith(layout.SUFFIX):
                raise InvalidValueError(f"{item.name!a} does not end in {layout.SUFFIX}")
        except InvalidValueError as error:
            yield Violation("form", str(error), item.path, hint=error.hint)
            return
        old = self._judged(kinds.COMMENT, item.before, item.path)
        new = self._reading(kinds.COMMENT, item.after, item.path)
        if new is None:
            if ref.number not in self.deleted and old is not None:
                yield c.CommentDeleted(item.path, ref, identifier, old.data["author"])
            return
        yield from new.faults
        if new.faults:
            return
        if not self._is_live(ref.number):
            yield Violation("lifecycle", f"there is no version {ref} to comment on", item.path)
            return
        before = kinds.to_comment(ref, identifier, old.data) if old is not None else None
        after = kinds.to_comment(ref, identifier, new.data)
        yield from fields.comment_changes(item.path, before, after)

    def _left_comments(self) -> Iterator[Violation]:
        for number in sorted(self.deleted):
            path = layout.comments_folder(self.item.path, number)
            if self._after(path) is not None:
                yield Violation(
                    "lifecycle", f"the comments on {self.name}/{number} go with it", f"{path}/"
                )
