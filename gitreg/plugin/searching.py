"""MLflow's filters and orders, in gitreg's language; what MLflow refuses is refused in its words.

The rules, and the words, are those of MLflow's SqlAlchemyStore.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.prompt.constants import IS_PROMPT_TAG_KEY
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils

_Clause = Mapping[str, Any]  # Any: MLflow's parser gives text, numbers and lists
_TEXT = ("=", "!=", "LIKE", "ILIKE")
_LISTS = ("IN", "NOT IN")
_LISTED = ("run_id", "name")
_RANGES = ("<", "<=", ">", ">=")
_NO_PROMPT = f"tags.`{IS_PROMPT_TAG_KEY}` != 'true'"


def _refusal(message: str) -> MlflowException:
    return MlflowException(message, INVALID_PARAMETER_VALUE)


# --- filters ------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def model_clauses(filter_string: str | None) -> Sequence[_Clause]:
    """Give what a filter of models says; MLflow refuses some of it later than the order."""
    return tuple(SearchModelUtils.parse_search_filter(filter_string))


@lru_cache(maxsize=256)
def model_filter(filter_string: str | None) -> str:
    """Give the filter that finds the models MLflow's would; prompts only if it asks for them."""
    clauses = model_clauses(filter_string)
    return _joined(clauses, [_model_clause(one) for one in clauses])


@lru_cache(maxsize=256)
def version_filter(filter_string: str | None) -> str:
    """Give the filter that finds the versions MLflow's would; of prompts only if it asks."""
    clauses = SearchModelVersionUtils.parse_search_filter(filter_string)
    return _joined(clauses, [_version_clause(one) for one in clauses])


def _joined(clauses: Sequence[_Clause], written: Sequence[str]) -> str:
    if _asks_for_prompts(clauses):
        return " AND ".join(written)
    kept = [text for one, text in zip(clauses, written, strict=True) if not _is_of_prompts(one)]
    return " AND ".join([*kept, _NO_PROMPT])


def _is_of_prompts(clause: _Clause) -> bool:
    return (clause["type"], clause["key"]) == ("tag", IS_PROMPT_TAG_KEY)


def _asks_for_prompts(clauses: Sequence[_Clause]) -> bool:
    """Tell what the first clause about it says, as MLflow does."""
    for one in filter(_is_of_prompts, clauses):
        said: tuple[str, str] = (one["comparator"], str(one["value"]).lower())
        return said in {("=", "true"), ("!=", "false")}
    return False


def _model_clause(clause: _Clause) -> str:
    key, comparator = clause["key"], clause["comparator"]
    if clause["type"] == "tag":
        return _tag(clause)
    if key != "name":
        raise _refusal(f"Invalid attribute name: {key}")
    if comparator not in (*_TEXT, *_LISTS):
        raise _refusal(f"Invalid comparator for attribute: {comparator}")
    return f"name {comparator} {_value(clause['value'])}"


def _version_clause(clause: _Clause) -> str:
    key, comparator = clause["key"], clause["comparator"]
    if clause["type"] == "tag":
        return _tag(clause)
    if key not in SearchModelVersionUtils.VALID_SEARCH_ATTRIBUTE_KEYS:
        raise _refusal(f"Invalid attribute name: {key}")
    if key == "version_number":
        return _number(clause)
    listed = comparator in _LISTS and key in _LISTED
    if comparator not in _TEXT and not listed:
        raise _refusal(f"Invalid comparator for attribute: {comparator}")
    written = f"{key} {comparator} {_value(clause['value'])}"
    # A version without a run has none: MLflow compares NULL, which nothing is equal to, or not.
    return f"run_id != '' AND {written}" if key == "run_id" else written


def _number(clause: _Clause) -> str:
    key, comparator, value = clause["key"], clause["comparator"], clause["value"]
    if comparator not in ("=", "!=", *_RANGES):
        raise _refusal(f"Invalid comparator for attribute {key}: {comparator}")
    try:
        number = None if isinstance(value, float) else int(value)
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise _refusal(f"Invalid value for numeric attribute '{key}': {value!r}")
    return f"{key} {comparator} {number}"


def _tag(clause: _Clause) -> str:
    key, comparator = clause["key"], clause["comparator"]
    if comparator not in _TEXT:
        raise _refusal(f"Invalid comparator for tag: {comparator}")
    name = key.replace("`", "``")
    return f"tags.`{name}` {comparator} {_value(clause['value'])}"


def _value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"({', '.join(map(_value, value))})"


# --- orders -------------------------------------------------------------------------------------


def model_order(order_by: Sequence[str] | None) -> list[str]:
    """Give the order that MLflow's stands for; empty: by name."""
    return list(_model_terms(order_by or ()))


def _model_terms(order_by: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for clause in order_by:
        key, ascending = SearchUtils.parse_order_by_for_search_registered_models(clause)
        if key != "name" and key not in SearchUtils.VALID_TIMESTAMP_ORDER_BY_KEYS:
            raise _refusal(
                f"Invalid order by key '{key}' specified."
                f"Valid keys are '{SearchUtils.RECOMMENDED_ORDER_BY_KEYS_REGISTERED_MODELS}'"
            )
        yield _term("name" if key == "name" else "updated", ascending, seen, order_by)


_VERSION_ORDERS = {
    "name": "name",
    "version_number": "version_number",
    "creation_timestamp": "created",
    "last_updated_timestamp": "updated",
}


def version_order(order_by: Sequence[str] | None) -> list[str]:
    """Give the order that MLflow's stands for; empty: what was updated last comes first."""
    return list(_version_terms(order_by or ()))


def _version_terms(order_by: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for clause in order_by:
        parsed = SearchModelVersionUtils.parse_order_by_for_search_model_versions(clause)
        _, key, ascending = parsed
        if key not in _VERSION_ORDERS:
            raise _refusal(
                f"Invalid order by key '{key}' specified. "
                f"Valid keys are {SearchModelVersionUtils.VALID_ORDER_BY_ATTRIBUTE_KEYS}"
            )
        yield _term(_VERSION_ORDERS[key], ascending, seen, order_by)


def _term(key: str, ascending: bool, seen: set[str], order_by: Sequence[str]) -> str:
    if key in seen:
        raise MlflowException(f"`order_by` contains duplicate fields: {list(order_by)}")
    seen.add(key)
    return f"{key} {'ASC' if ascending else 'DESC'}"
