"""The methods of MLflow's registry store that are about models."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.prompt.registry_utils import handle_resource_already_exist_error, has_prompt_tag
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry import (
    SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT,
    SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD,
)

from gitreg.domain.names import ModelName
from gitreg.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from gitreg.plugin import checking, searching
from gitreg.plugin.connection import Connection
from gitreg.plugin.entities import as_model, as_tags, as_version
from gitreg.plugin.failures import as_mlflow, failing_as_mlflow, no_model

if TYPE_CHECKING:
    from gitreg.domain.stages import Stages
    from gitreg.registry import Receipt, Registry


class KeepsModels:
    """The model methods of a registry store, whose registry ``_connection`` opens."""

    _connection: Connection
    _at: str

    def create_registered_model(
        self,
        name: str,
        tags: Iterable[Any] | None = None,  # Any: see as_tags
        description: str | None = None,
        deployment_job_id: str | None = None,  # noqa: ARG002  # MLflow's own stores drop it too
    ) -> RegisteredModel:
        """Register a model; RESOURCE_ALREADY_EXISTS if there is one."""
        checking.check_new_model(name, tags)
        registry = self._connection.to_write()
        with failing_as_mlflow():
            try:
                made = registry.create_model(
                    name, description=description or "", tags=as_tags(tags)
                )
            except AlreadyExistsError as error:
                there = self._tags_of(registry, name)
                if there is None:
                    raise as_mlflow(error) from error
                handle_resource_already_exist_error(
                    name, has_prompt_tag(there), has_prompt_tag(as_tags(tags))
                )
        return self._model_after(registry, made, name)

    @staticmethod
    def _tags_of(registry: "Registry", name: str) -> dict[str, Any] | None:  # Any: see as_tags
        """Give the tags of a model, or None if there is none of exactly this name."""
        try:
            return dict(registry.model(name).tags)
        except NotFoundError:
            return None

    def update_registered_model(
        self,
        name: str,
        description: str | None,
        deployment_job_id: str | None = None,  # noqa: ARG002  # MLflow's own stores drop it too
    ) -> RegisteredModel:
        """Set a model's description; None removes it."""
        model = self._name(name)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_model(name)):
            done = registry.describe_model(model.text, description or "")
        return self._model_after(registry, done, name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Rename a model; its old name is free at once."""
        checking.check_new_name(new_name)
        model = self._name(name)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_model(name)):
            try:
                done = registry.rename_model(model.text, new_name)
            except AlreadyExistsError as error:
                if self._tags_of(registry, new_name) is None:
                    raise
                raise MlflowException(
                    f"Registered Model (name={new_name}) already exists. Error: {error}",
                    RESOURCE_ALREADY_EXISTS,
                ) from error
        return self._model_after(registry, done, new_name)

    def delete_registered_model(self, name: str) -> None:
        """Delete a model with its versions; Git's history keeps them."""
        model = self._name(name)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_model(name)):
            registry.delete_model(model.text)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Give one model."""
        model = self._name(name)
        registry = self._connection.to_read()
        with failing_as_mlflow(lambda: no_model(name)):
            return as_model(registry.model_record(model.text, at=self._at))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT,
        order_by: Sequence[str] | None = None,
        page_token: str | bytes | None = None,
    ) -> "PagedList[RegisteredModel]":
        """Find models; prompts only if the filter asks for them."""
        most = SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD
        size = checking.page_size(
            max_results, most=most, usual=SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT
        )
        searching.model_clauses(filter_string)
        order = searching.model_order(order_by)
        token = checking.page_token(page_token)
        wanted = searching.model_filter(filter_string)
        registry = self._connection.to_read()
        with failing_as_mlflow():
            page = registry.find_models(
                wanted, order_by=order, max_results=size, page_token=token, at=self._at
            )
        return PagedList([as_model(one) for one in page], page.token or None)

    def get_latest_versions(
        self, name: str, stages: Iterable[str] | None = None
    ) -> list[ModelVersion]:
        """Give the newest version of each stage that has one, or of some stages."""
        model = self._name(name)
        registry = self._connection.to_read()
        with failing_as_mlflow(lambda: no_model(name)):
            found = registry.model_record(model.text, at=self._at).latest
        known = self._stages(registry) if stages else None
        wanted = {checking.stage(one, known) for one in stages or () if known is not None}
        return [as_version(one) for one in found if not wanted or one.stage in wanted]

    def set_registered_model_tag(self, name: str, tag: Any) -> None:  # Any: see as_tags
        """Set a tag of a model."""
        checking.check_name(name)
        checking.check_model_tag(tag)
        model = self._name(name)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_model(name)):
            registry.tag_model(model.text, as_tags([tag]))

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Delete a tag of a model, if it is there."""
        checking.check_name(name)
        checking.check_key(key)
        model = self._name(name)
        registry = self._connection.to_write()
        with failing_as_mlflow(lambda: no_model(name)):
            try:
                registry.tag_model(model.text, remove=[key])
            except NotFoundError:
                registry.model(model.text)

    # --- what these share ---------------------------------------------------------------------

    @staticmethod
    def _name(name: str) -> ModelName:
        """Give a model's name; what cannot be one in gitreg is no model's."""
        checking.check_name(name)
        try:
            return ModelName(name)
        except InvalidValueError:
            raise no_model(name) from None

    def _stages(self, registry: "Registry") -> "Stages":
        with failing_as_mlflow():
            return registry.settings(at=self._at).stages

    @staticmethod
    def _model_after(registry: "Registry", done: "Receipt", name: str) -> RegisteredModel:
        """Give a model as it was right after a write, whatever others do meanwhile."""
        with failing_as_mlflow():
            return as_model(registry.model_record(name, at=done.commit))
