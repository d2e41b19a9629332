"""A Snapshot: the typed, lazy view of one tree."""

from collections.abc import Iterator
from functools import cached_property

from gitreg.domain.access import Grants, Permissions
from gitreg.domain.model import Comment, ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef, parse_number
from gitreg.domain.settings import SHARDED, Settings
from gitreg.errors import CorruptError, InvalidValueError, NotFoundError
from gitreg.manifest import kinds, layout
from gitreg.manifest.codec import MAX_BYTES
from gitreg.manifest.trees import EMPTY_TREE, Entry, Objects, names


class Snapshot:
    """One tree of the registry. Reads raise NotFoundError for what is not there.

    What a judged tree cannot hold (a manifest that does not parse) is a CorruptError.
    """

    def __init__(self, objects: Objects, tree: str = EMPTY_TREE) -> None:
        """Look at ``tree``, whose objects are read as they are needed."""
        self.objects = objects
        self.tree = tree
        self._folders: dict[str, Entry | None] = {}

    # --- files -----------------------------------------------------------------------------

    def entry(self, path: str) -> Entry | None:
        """Give the entry at ``path``, or None."""
        if path in self._folders:
            return self._folders[path]
        parent, _, name = path.rpartition("/")
        folder = self.tree
        if folder == EMPTY_TREE:
            return None
        if parent:
            above = self.entry(parent)
            if above is None or not above.is_folder:
                return None
            folder = above.id
        found = self.objects.find(folder, name)
        self._folders[path] = found
        return found

    def blob(self, path: str) -> bytes | None:
        """Give the content of the file at ``path``, or None."""
        entry = self.entry(path)
        if entry is None or entry.is_folder:
            return None
        kind, size = self.objects.header(entry.id)
        if kind != "blob" or size > MAX_BYTES:
            raise CorruptError(f"{path} is no manifest: a {kind} of {size} bytes")
        return self.objects.read(entry.id)

    def names(self, folder: str) -> list[str]:
        """Give the names in a folder, in Git's order; none if it is not there."""
        entry = self.entry(folder)
        if entry is None or not entry.is_folder:
            return []
        return [name.decode("utf-8", "replace") for name in names(self.objects.read(entry.id))]

    def _manifest(self, kind: str, path: str) -> kinds.Reading | None:
        raw = self.blob(path)
        if raw is None:
            return None
        reading = kinds.read_manifest(kind, raw)
        if reading.faults:
            raise CorruptError(f"{path} does not parse: {reading.faults[0].reason}")
        return reading

    # --- the registry ----------------------------------------------------------------------

    @cached_property
    def settings(self) -> Settings:
        """Give the settings; CorruptError if this tree has none that are valid."""
        reading = self._manifest(kinds.REGISTRY, layout.REGISTRY_FILE)
        if reading is None:
            raise CorruptError("this is no registry: registry.yaml is missing")
        try:
            return kinds.to_settings(reading.data)
        except InvalidValueError as error:
            raise CorruptError(f"registry.yaml: {error}", hint=error.hint) from None

    @cached_property
    def permissions(self) -> Permissions:
        """Give the permissions in force in this tree; a file that does not parse grants nothing."""
        return Permissions(self._grants(""), lambda folder: self._grants(self._own(folder)))

    def _own(self, directory: str) -> str:
        return self.folder(ModelName.of_directory(directory))

    def _grants(self, folder: str) -> Grants:
        raw = self.blob(layout.permissions_file(folder))
        return kinds.read_grants(raw, registry=not folder).grants if raw is not None else Grants()

    # --- models ----------------------------------------------------------------------------

    def folder(self, model: ModelName) -> str:
        """Give the path a model's directory has, or would have, in this tree's layout."""
        return layout.model_folder(model, self.settings.layout)

    def has_model(self, model: ModelName) -> bool:
        """Tell whether the model is registered."""
        return self.entry(self.folder(model)) is not None

    def directories(self) -> Iterator[str]:
        """Give the directory names of all models, by shard and then in Git's order."""
        tops = self.names(layout.MODELS)
        if self.settings.layout != SHARDED:
            yield from tops
            return
        for shard in tops:
            yield from self.names(f"{layout.MODELS}/{shard}")

    def twins_shelf(self, name: ModelName) -> list[str]:
        """Give the directories among which a twin of ``name`` would stand."""
        sharded = self.settings.layout == SHARDED
        return self.names(f"{layout.MODELS}/{name.shard}" if sharded else layout.MODELS)

    def models(self) -> tuple[ModelName, ...]:
        """Give the names of all models, sorted."""
        return tuple(sorted(map(ModelName.of_directory, self.directories())))

    def model(self, name: ModelName) -> RegisteredModel:
        """Give one registered model."""
        reading = self._manifest(kinds.MODEL, layout.model_file(self.folder(name)))
        if reading is None:
            raise NotFoundError(f"there is no model {name}", hint="gitreg model list")
        return kinds.to_model(name, reading.data)

    def card(self, name: ModelName) -> str:
        """Give the model card, Markdown, or ""."""
        raw = self.blob(layout.card_file(self.folder(name)))
        return raw.decode("utf-8", "replace") if raw is not None else ""

    # --- versions --------------------------------------------------------------------------

    def numbers(self, name: ModelName) -> tuple[int, ...]:
        """Give every version number ever used, tombstones included, ascending."""
        stems = (n.removesuffix(layout.SUFFIX) for n in self.names(f"{self.folder(name)}/versions"))
        return tuple(sorted(n for n in map(parse_number, stems) if n is not None))

    def next_number(self, name: ModelName) -> int:
        """Give the number the next version will get: the highest ever used + 1."""
        return max(self.numbers(name), default=0) + 1

    def find_version(self, ref: VersionRef) -> ModelVersion | None:
        """Give one live version, or None."""
        path = layout.version_file(self.folder(ref.model), ref.number)
        reading = self._manifest(kinds.VERSION, path)
        if reading is None or kinds.is_tombstone(reading.data):
            return None
        return kinds.to_version(ref, reading.data)

    def version(self, ref: VersionRef) -> ModelVersion:
        """Give one live version."""
        found = self.find_version(ref)
        if found is None:
            self.model(ref.model)
            deleted = " any more: it was deleted" if ref.number in self.numbers(ref.model) else ""
            raise NotFoundError(
                f"there is no version {ref}{deleted}", hint=f"gitreg version list {ref.model}"
            )
        return found

    def versions(self, name: ModelName) -> Iterator[ModelVersion]:
        """Give the live versions of a model, ascending."""
        for number in self.numbers(name):
            found = self.find_version(VersionRef(name, number))
            if found is not None:
                yield found

    # --- comments --------------------------------------------------------------------------

    def comments(self, ref: VersionRef) -> Iterator[Comment]:
        """Give the comments on a version, by id."""
        folder = layout.comments_folder(self.folder(ref.model), ref.number)
        for name in self.names(folder):
            found = self.find_comment(ref, name.removesuffix(layout.SUFFIX))
            if found is not None:
                yield found

    def find_comment(self, ref: VersionRef, identifier: str) -> Comment | None:
        """Give one comment, or None."""
        path = layout.comment_file(self.folder(ref.model), ref.number, identifier)
        reading = self._manifest(kinds.COMMENT, path)
        return kinds.to_comment(ref, identifier, reading.data) if reading else None
