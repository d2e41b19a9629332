"""MLflow's registry store, on gitreg: what its SqlAlchemyStore does, done in Git.

Results, codes and words of refusals are those of SqlAlchemyStore. What gitreg alone refuses
(permission, rules of the registry) is PERMISSION_DENIED or INVALID_PARAMETER_VALUE.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.store.artifact.utils.models import _parse_model_uri
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry import (
    SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT,
    SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD,
)
from mlflow.store.model_registry.abstract_store import AbstractStore

# Tools that freeze the time, or fake a tracking server, patch these names in a store's module.
from mlflow.tracking.client import MlflowClient
from mlflow.utils.time import get_current_time_millis

from gitreg.domain.names import ModelName, VersionRef
from gitreg.errors import InvalidValueError, NotFoundError
from gitreg.plugin import checking, searching
from gitreg.plugin.address import Address
from gitreg.plugin.connection import Connection
from gitreg.plugin.entities import as_tags, as_version
from gitreg.plugin.failures import failing_as_mlflow, no_model, no_version
from gitreg.plugin.models import KeepsModels
from gitreg.plugin.webhooks import KeepsWebhooks

if TYPE_CHECKING:
    from gitreg.registry import Receipt, Registry

_LATEST = "latest"


class GitregStore(KeepsModels, KeepsWebhooks, AbstractStore):
    """The registry at ``store_uri``: gitreg:PATH, or gitreg+ssh, +https, +http or +file and a URL.

    Threads may share it, and it sees what other processes write. ``?at=`` reads the past.
    """

    def __init__(self, store_uri: str, tracking_uri: str | None = None) -> None:
        """Look at nothing yet: an address that leads nowhere is told when it is used."""
        super().__init__(store_uri, tracking_uri)
        self.store_uri = store_uri
        self.tracking_uri = tracking_uri
        with failing_as_mlflow():
            self._address = Address.parse(store_uri)
        self._at = self._address.at
        self._connection = Connection(self._address, clock=self._now)

    def __reduce__(self) -> tuple[type["GitregStore"], tuple[str, str | None]]:
        return type(self), (self.store_uri, self.tracking_uri)

    @staticmethod
    def _now() -> int:
        return int(get_current_time_millis())

    # --- versions -----------------------------------------------------------------------------

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Iterable[Any] | None = None,  # Any: see as_tags
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,  # noqa: ARG002  # no bytes are kept
        model_id: str | None = None,
    ) -> ModelVersion:
        """Register the next version of a model, in the first stage."""
        from gitreg.operations.versions import CreateVersion

        checking.check_new_version(name, tags)
        location, run = self._origin(source, run_id)
        if not run and model_id:
            run = self._logged_model(model_id).source_run_id
        model = self._name(name)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_model(name)):
            made = registry.apply(
                CreateVersion(
                    model,
                    source=source or "",
                    location=location,
                    run_id=run or "",
                    run_link=run_link or "",
                    model_id=model_id or "",
                    description=description or "",
                    tags=tuple(sorted(as_tags(tags).items())),
                )
            )
        ref = cast("VersionRef", made.version)
        return self._version_after(registry, made, ref)

    def _origin(self, source: str, run_id: str | None) -> tuple[str, str | None]:
        """Give where a models:/ source points (where gitreg cannot tell), and the run it tells."""
        if urlsplit(source or "").scheme != "models":
            return "", run_id
        parsed = _parse_model_uri(source)
        try:
            if getattr(parsed, "model_id", None) is not None:  # MLflow 2 has none
                logged = self._logged_model(str(parsed.model_id))
                return logged.artifact_location, run_id or logged.source_run_id
            name, version = str(parsed.name), cast("str", parsed.version)
            return self.get_model_version_download_uri(name, version), run_id
        except Exception as error:
            raise MlflowException(
                f"Unable to fetch model from model URI source artifact location '{source}'."
                f"Error: {error}"
            ) from error

    def _logged_model(self, identifier: str) -> Any:  # Any: LoggedModel, which 2.22 does not know
        client = MlflowClient(self.tracking_uri) if self.tracking_uri else MlflowClient()
        return client.get_logged_model(identifier)

    def update_model_version(
        self, name: str, version: int | str, description: str | None = None
    ) -> ModelVersion:
        """Set a version's description; None removes it."""
        ref = self._ref(name, version)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            done = registry.describe_version(ref, description or "")
        return self._version_after(registry, done, ref)

    def transition_model_version_stage(
        self, name: str, version: int | str, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        """Move a version to a stage, and with ``archive_existing_versions`` the others out of it.

        Open requests for just that are answered by it.
        """
        registry = self._connection.to_write()
        stages = self._stages(registry)
        to_stage = checking.stage(stage, stages)
        if archive_existing_versions:
            checking.check_active(stage, stages)
        ref = self._ref(name, version)
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            done = registry.transition(
                ref, to_stage, archive_existing=bool(archive_existing_versions)
            )
        return self._version_after(registry, done, ref)

    def delete_model_version(self, name: str, version: int | str) -> None:
        """Delete a version; its number is never used again, Git's history keeps what it was."""
        ref = self._ref(name, version)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            registry.delete_version(ref)

    def get_model_version(self, name: str, version: int | str) -> ModelVersion:
        """Give one version."""
        ref = self._ref(name, version)
        registry = self._connection.to_read()
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            return as_version(registry.version_record(ref, at=self._at))

    def get_model_version_download_uri(self, name: str, version: int | str) -> str:
        """Give where a version's files are: where a models:/ source led when it was made."""
        ref = self._ref(name, version)
        registry = self._connection.to_read()
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            found = registry.version_record(ref, at=self._at)
        return found.location or found.source

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT,
        order_by: Sequence[str] | None = None,
        page_token: str | bytes | None = None,
    ) -> "PagedList[ModelVersion]":
        """Find versions; those of prompts only if the filter asks for them."""
        size = checking.page_size(
            max_results,
            most=SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD,
            usual=SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT,
        )
        wanted = searching.version_filter(filter_string)
        order = searching.version_order(order_by)
        token = checking.page_token(page_token)
        registry = self._connection.to_read()
        with failing_as_mlflow():
            page = registry.find_versions(
                wanted, order_by=order, max_results=size, page_token=token, at=self._at
            )
        return PagedList([as_version(one) for one in page], page.token or None)

    def set_model_version_tag(self, name: str, version: int | str, tag: Any) -> None:
        # Any: see as_tags
        """Set a tag of a version."""
        checking.check_version(name, version)
        checking.check_version_tag(tag)
        ref = self._ref(name, version)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            registry.tag_version(ref, as_tags([tag]))

    def delete_model_version_tag(self, name: str, version: int | str, key: str) -> None:
        """Delete a tag of a version, if it is there."""
        checking.check_version(name, version)
        checking.check_key(key)
        ref = self._ref(name, version)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            try:
                registry.tag_version(ref, remove=[key])
            except NotFoundError:
                registry.version(ref)

    def _await_model_version_creation(self, mv: ModelVersion, await_creation_for: int) -> None:
        """Wait for nothing: a version that is there is ready."""

    # --- aliases ------------------------------------------------------------------------------

    def set_registered_model_alias(self, name: str, alias: str, version: int | str) -> None:
        """Point an alias at a version."""
        checking.check_new_alias(name, alias)
        ref = self._ref(name, version)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_version(name, ref.number)):
            registry.set_alias(ref, alias)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Delete an alias, if it is there."""
        checking.check_name(name)
        checking.check_alias(alias)
        model = self._name(name)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_model(name)):
            try:
                registry.delete_alias(model.text, alias)
            except NotFoundError:
                registry.model(model.text)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Give the version that an alias points at; ``latest`` is the one with the highest number.

        INVALID_PARAMETER_VALUE if there is no such alias.
        """
        checking.check_name(name)
        checking.check_alias(alias)
        model = self._name(name)
        registry = self._connection.to_read()
        with failing_as_mlflow(lambda: no_model(name)):
            try:
                return as_version(registry.version_record(f"{model}@{alias}", at=self._at))
            except NotFoundError:
                registry.model(model.text, at=self._at)
        if alias.lower() == _LATEST:
            raise MlflowException(
                f"Latest version not found for model {name}.", RESOURCE_DOES_NOT_EXIST
            )
        raise MlflowException(f"Registered model alias {alias} not found.", INVALID_PARAMETER_VALUE)

    # --- what these share ---------------------------------------------------------------------

    @staticmethod
    def _ref(name: str, version: int | str) -> VersionRef:
        """Give what names a version; what cannot be one in gitreg is no version."""
        number = checking.check_version(name, version)
        try:
            return VersionRef(ModelName(name), number)
        except InvalidValueError:
            raise no_version(name, number) from None

    @staticmethod
    def _version_after(registry: "Registry", done: "Receipt", ref: VersionRef) -> ModelVersion:
        """Give a version as it was right after a write, whatever others do meanwhile."""
        with failing_as_mlflow():
            return as_version(registry.version_record(ref, at=done.commit))
