"""What gitreg records, as MLflow's entities."""

import inspect
from collections.abc import Iterable
from typing import Any

from mlflow.entities import Metric
from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)

from gitreg.domain.records import ModelRecord, VersionRecord

_TAKEN = frozenset(inspect.signature(ModelVersion.__init__).parameters)
"""What this MLflow knows of a version; older ones know less."""
_HOME: dict[str, Any] = {"workspace": "default"} if "workspace" in _TAKEN else {}
"""Where everything is. Left out, MLflow asks the environment for each entity that is made."""


def as_model(record: ModelRecord) -> RegisteredModel:
    """Give a registered model as MLflow does; what says nothing is None."""
    return RegisteredModel(
        str(record.name),
        record.created,
        record.updated,
        record.description or None,
        [as_version(one) for one in record.latest],
        [RegisteredModelTag(key, value) for key, value in record.tags],
        [RegisteredModelAlias(alias, number) for alias, number in record.aliases],
        **_HOME,
    )


def as_version(record: VersionRecord) -> ModelVersion:
    """Give a version as MLflow does."""
    return ModelVersion(
        str(record.ref.model),
        record.ref.number,  # type: ignore[arg-type]  # an int, as in MLflow's own stores
        record.created,
        record.updated,
        record.description or None,
        record.created_by or None,
        record.stage,
        record.source,
        record.run_id or None,
        record.status,
        record.status_message or None,
        [ModelVersionTag(key, value) for key, value in record.tags],
        record.run_link or None,
        list(record.aliases),
        **_more(record),
    )


def _more(record: VersionRecord) -> dict[str, Any]:  # Any: arguments of ModelVersion
    """Give what only newer MLflows know of a version."""
    if not (record.model_id or record.metrics or record.params):
        return _HOME
    more = dict(_HOME)
    if record.model_id:
        more["model_id"] = record.model_id
    if record.metrics:
        more["metrics"] = [Metric(key, value, record.created, 0) for key, value in record.metrics]
    if record.params and "params" in _TAKEN:
        from mlflow.entities.logged_model_parameter import LoggedModelParameter

        more["params"] = [LoggedModelParameter(key, value) for key, value in record.params]
    return {key: value for key, value in more.items() if key in _TAKEN}


def as_tags(tags: Iterable[Any] | None) -> dict[str, Any]:
    # Any: MLflow's tags, of either kind, or what its server gets of them
    """Give tags by key; of a key that stands twice, the last."""
    return {tag.key: None if tag.value is None else str(tag.value) for tag in tags or ()}
