"""The writes of a registry that change models, versions, comments and permissions."""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from gitreg import operations
from gitreg.domain.access import Level
from gitreg.domain.model import READY, Artifact, Code
from gitreg.domain.names import ModelName, VersionRef
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.plan import Operation
from gitreg.registry.notices import Tells
from gitreg.registry.receipts import Receipt

if TYPE_CHECKING:  # what only writes need is loaded by them
    from gitreg.artifacts.progress import Progress
    from gitreg.registry.writing import Writer

Tags = Mapping[str, str | None]
Version = str | VersionRef


class _Told(TypedDict, total=False):
    progress: "Progress"


def _told(progress: "Progress | None") -> _Told:
    return {"progress": progress} if progress is not None else {}


class Changes(Tells):
    """The writes of a registry, but for stages and requests; each is one commit."""

    @property
    def _writer(self) -> "Writer":
        from gitreg.registry.writing import Writer

        return Writer(
            self._reader, self.actor, self._email, self._clock, written=self.fill_mailboxes
        )

    def apply(self, operation: Operation, *, message: str = "", dry_run: bool = False) -> Receipt:
        """Do one operation as one commit."""
        return self._writer.apply(operation, message=message, dry_run=dry_run)

    def _ref(self, version: Version) -> VersionRef:
        if isinstance(version, VersionRef):
            return version
        return self._resolve(self._base(), version)

    def _base(self) -> Snapshot:
        """Give what the next write follows: in a clone that may be newer than what is read."""
        return self._reader.snapshot(self._reader.commit(self._writer.main()))

    # --- models -----------------------------------------------------------------------------

    def create_model(
        self,
        name: str,
        *,
        description: str = "",
        tags: Tags | None = None,
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Register a model."""
        pairs = tuple(sorted((tags or {}).items()))
        made = operations.models.CreateModel(ModelName(name), self.actor, description, pairs)
        return self.apply(made, message=message, dry_run=dry_run)

    def describe_model(
        self, name: str, description: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Set a model's description; empty removes it."""
        made = operations.models.DescribeModel(ModelName(name), description)
        return self.apply(made, message=message, dry_run=dry_run)

    def set_card(
        self, name: str, text: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Write a model's card (Markdown); empty removes it."""
        return self.apply(
            operations.models.SetCard(ModelName(name), text), message=message, dry_run=dry_run
        )

    def tag_model(
        self,
        name: str,
        tags: Tags | None = None,
        *,
        remove: Iterable[str] = (),
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Set and remove tags of a model, in one commit."""
        made = operations.models.TagModel(
            ModelName(name), tuple((tags or {}).items()), tuple(remove)
        )
        return self.apply(made, message=message, dry_run=dry_run)

    def rename_model(
        self, name: str, to: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Give a model another name; its own permissions and its history stay with it."""
        made = operations.models.RenameModel(ModelName(name), ModelName(to))
        return self.apply(made, message=message, dry_run=dry_run)

    def delete_model(self, name: str, *, message: str = "", dry_run: bool = False) -> Receipt:
        """Delete a model with its versions; history keeps them."""
        return self.apply(
            operations.models.DeleteModel(ModelName(name)), message=message, dry_run=dry_run
        )

    def set_alias(
        self, version: Version, alias: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Point an alias at a version."""
        return self.apply(
            operations.models.SetAlias(self._ref(version), alias), message=message, dry_run=dry_run
        )

    def delete_alias(
        self, name: str, alias: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Delete an alias."""
        return self.apply(
            operations.models.DeleteAlias(ModelName(name), alias), message=message, dry_run=dry_run
        )

    # --- versions ---------------------------------------------------------------------------

    def create_version(
        self,
        model: str,
        *,
        source: str = "",
        run_id: str = "",
        run_link: str = "",
        model_id: str = "",
        code: Code | None = None,
        artifact: Artifact | None = None,
        folder: str | Path = "",
        hash_source: bool = False,
        status: str = READY,
        description: str = "",
        tags: Tags | None = None,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        message: str = "",
        dry_run: bool = False,
        progress: "Progress | None" = None,
    ) -> Receipt:
        """Register the next version of a model; ``receipt.version`` tells its number.

        The files in ``folder`` (or the one file that it is) are pinned: hashed, and put into the
        registry's store, before the version is there. With ``hash_source`` those at ``source`` are
        pinned, but not copied. ``progress`` is told how far that is.
        """
        prepared = None
        if folder:
            prepared = self.artifacts.prepare(folder, **_told(progress))
        elif hash_source:
            prepared = self.artifacts.prepare_source(source, **_told(progress))
        made = operations.versions.CreateVersion(
            ModelName(model),
            source=source,
            run_id=run_id,
            run_link=run_link,
            model_id=model_id,
            code=code or Code(),
            artifact=prepared.artifact if prepared is not None else artifact,
            status=status,
            description=description,
            tags=tuple(sorted((tags or {}).items())),
            metrics=tuple(sorted((metrics or {}).items())),
            params=tuple(sorted((params or {}).items())),
        )
        if prepared is not None and not dry_run:
            self.apply(made, message=message, dry_run=True)  # refused before anything is uploaded
            prepared.put()
        return self.apply(made, message=message, dry_run=dry_run)

    def import_version(
        self,
        version: Version,
        *,
        message: str = "",
        dry_run: bool = False,
        progress: "Progress | None" = None,
    ) -> Receipt:
        """Copy the files that a version references into the store, and pin them to it.

        What it pins already (``hash_source``) is copied only if it is still that.
        """
        one = self._base().version(self._ref(version))
        place = one.location or one.source
        if not place:
            return Receipt(self.tip, "nothing to do", dry_run=dry_run)
        prepared = self.artifacts.prepare_copy(one, **_told(progress))
        pin = operations.versions.PinArtifact(one.ref, prepared.artifact)
        if not dry_run:
            self.apply(pin, message=message, dry_run=True)
            prepared.put()
        return self.apply(pin, message=message, dry_run=dry_run)

    def describe_version(
        self, version: Version, description: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Set a version's description; empty removes it."""
        made = operations.versions.DescribeVersion(self._ref(version), description)
        return self.apply(made, message=message, dry_run=dry_run)

    def tag_version(
        self,
        version: Version,
        tags: Tags | None = None,
        *,
        remove: Iterable[str] = (),
        metrics: Mapping[str, float] | None = None,
        remove_metrics: Iterable[str] = (),
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Set and remove tags and metrics of a version, in one commit."""
        made = operations.versions.TagVersion(
            self._ref(version),
            tuple((tags or {}).items()),
            tuple(remove),
            tuple((metrics or {}).items()),
            tuple(remove_metrics),
        )
        return self.apply(made, message=message, dry_run=dry_run)

    def set_status(
        self,
        version: Version,
        status: str,
        *,
        status_message: str = "",
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Tell how far a version's registration is; it never leaves READY."""
        made = operations.versions.SetStatus(self._ref(version), status, status_message)
        return self.apply(made, message=message, dry_run=dry_run)

    def delete_version(
        self, version: Version, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Delete a version; a tombstone keeps its number, history what it was."""
        return self.apply(
            operations.versions.DeleteVersion(self._ref(version)), message=message, dry_run=dry_run
        )

    # --- comments ---------------------------------------------------------------------------

    def add_comment(self, version: Version, text: str, *, dry_run: bool = False) -> Receipt:
        """Comment on a version."""
        identifier = secrets.token_hex(16)
        made = operations.versions.AddComment(self._ref(version), identifier, self.actor, text)
        return self.apply(made, dry_run=dry_run)

    def edit_comment(
        self, version: Version, identifier: str, text: str, *, dry_run: bool = False
    ) -> Receipt:
        """Change the text of one's own comment."""
        made = operations.versions.EditComment(self._ref(version), identifier, self.actor, text)
        return self.apply(made, dry_run=dry_run)

    def delete_comment(
        self, version: Version, identifier: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Delete a comment."""
        made = operations.versions.DeleteComment(self._ref(version), identifier)
        return self.apply(made, message=message, dry_run=dry_run)

    # --- permissions and layout -------------------------------------------------------------

    def grant(
        self,
        principal: str,
        level: str | Level,
        *,
        model: str = "",
        pattern: str = "",
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Give a user or @group a level on a model, or on a pattern of the registry's file."""
        parsed = level if isinstance(level, Level) else Level.parse(level)
        made = operations.permissions.Grant(self._scope(model, pattern), principal, parsed)
        return self.apply(made, message=message, dry_run=dry_run)

    def revoke(
        self,
        principal: str,
        *,
        model: str = "",
        pattern: str = "",
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Take a user or @group out of the lines of a model, or of a pattern."""
        made = operations.permissions.Revoke(self._scope(model, pattern), principal)
        return self.apply(made, message=message, dry_run=dry_run)

    @staticmethod
    def _scope(model: str, pattern: str) -> "operations.permissions.Scope":
        return operations.permissions.Scope(ModelName(model) if model else None, pattern)

    def change_layout(self, layout: str, *, message: str = "", dry_run: bool = False) -> Receipt:
        """Move every model to the flat or the sharded layout, in one commit."""
        return self.apply(
            operations.permissions.ChangeLayout(layout), message=message, dry_run=dry_run
        )
