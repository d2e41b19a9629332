"""What MLflow checks before it looks anywhere: names, tags, aliases, numbers and pages."""

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.utils import validation
from mlflow.utils.search_utils import SearchUtils
from mlflow.utils.validation import (
    _validate_model_alias_name,
    _validate_model_name,
    _validate_model_renaming,
    _validate_model_version,
    _validate_model_version_tag,
    _validate_registered_model_tag,
    _validate_tag_name,
)

from gitreg.domain.stages import Stages
from gitreg.errors import InvalidValueError

if TYPE_CHECKING:
    from mlflow.entities.webhook import WebhookEvent

check_name = _validate_model_name
check_new_name = _validate_model_renaming
check_key = _validate_tag_name
check_alias = _validate_model_alias_name
# MLflow 2 checks what is reserved together with the rest.
_check_reserved = getattr(validation, "_validate_model_alias_name_reserved", check_alias)


def check_model_tag(tag: Any) -> None:  # Any: MLflow's tag, or its server's
    """Refuse a tag that no model can have."""
    _validate_registered_model_tag(tag.key, tag.value)


def check_version_tag(tag: Any) -> None:  # Any: MLflow's tag, or its server's
    """Refuse a tag that no version can have."""
    _validate_model_version_tag(tag.key, tag.value)


def check_webhook(name: str | None, url: str | None, events: "list[WebhookEvent] | None") -> None:
    """Refuse what no webhook can have, of what is given."""
    from mlflow.utils.validation import (
        _validate_webhook_events,
        _validate_webhook_name,
        _validate_webhook_url,
    )

    if name is not None:
        _validate_webhook_name(name)
    if url is not None:
        _validate_webhook_url(url)
    if events is not None:
        _validate_webhook_events(events)


def check_new_model(name: str, tags: Iterable[Any] | None) -> None:  # Any: see above
    """Refuse what no model can be registered with."""
    check_name(name)
    for tag in tags or ():
        check_model_tag(tag)


def check_new_version(name: str, tags: Iterable[Any] | None) -> None:  # Any: see above
    """Refuse what no version can be registered with."""
    check_name(name)
    for tag in tags or ():
        check_version_tag(tag)


def check_new_alias(name: str, alias: str) -> None:
    """Refuse an alias that cannot be set."""
    check_name(name)
    check_alias(alias)
    _check_reserved(alias)


def check_version(name: str, version: int | str) -> int:
    """Give the number of a version as MLflow reads it: also of ``"3"``."""
    check_name(name)
    try:
        _validate_model_version(version)
    except TypeError as error:
        raise MlflowException(str(error)) from error
    return int(version)


def stage(text: str, stages: Stages) -> str:
    """Give the stage that is meant; INVALID_PARAMETER_VALUE if the registry has none such."""
    try:
        return stages.parse(text).name
    except InvalidValueError:
        known = ", ".join(one.name for one in stages)
        raise MlflowException(
            f"Invalid Model Version stage: {text}. Value must be one of {known}.",
            INVALID_PARAMETER_VALUE,
        ) from None


def check_active(text: str, stages: Stages) -> None:
    """Refuse to archive others out of a stage that is not active."""
    if not stages.is_active(stage(text, stages)):
        active = [one.name for one in stages if stages.is_active(one.name)]
        raise MlflowException(
            "Model version transition cannot archive existing model versions "
            f"because '{text}' is not an Active stage. Valid stages are {active}"
        )


def page_size(max_results: float | None, *, most: int, usual: int) -> int:
    """Give how many a page holds."""
    size = usual if max_results is None else max_results
    if size > most:
        raise MlflowException(
            "Invalid value for request parameter max_results. It must be at most "
            f"{most}, but got value {max_results}",
            INVALID_PARAMETER_VALUE,
        )
    if not isinstance(size, int) or size < 1:
        raise MlflowException(
            f"Invalid value for max_results. It must be a positive integer, but got {max_results}",
            INVALID_PARAMETER_VALUE,
        )
    return size


def page_token(token: str | bytes | None) -> str:
    """Give the token as gitreg made it; what MLflow would call no token is refused in its words."""
    text = token.decode("latin-1") if isinstance(token, bytes) else token or ""
    if text and not _is_ours(text):
        SearchUtils.parse_start_offset_from_page_token(text)
        raise MlflowException(
            f"Invalid page token, {text!r} is of another registry", INVALID_PARAMETER_VALUE
        )
    return text


def _is_ours(token: str) -> bool:
    """Tell whether a token holds a list, as gitreg's do."""
    try:
        padded = token + "=" * (-len(token) % 4)
        return isinstance(json.loads(base64.b64decode(padded, altchars="-_")), list)
    except ValueError:
        return False
