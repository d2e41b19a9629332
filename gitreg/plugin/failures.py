"""gitreg's errors as MLflow's: the code that its clients expect, and our words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    PERMISSION_DENIED,
    RESOURCE_CONFLICT,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
    ErrorCode,
)

from gitreg.errors import (
    AlreadyExistsError,
    ConflictError,
    DeniedError,
    GitregError,
    InUseError,
    InvalidValueError,
    NotFoundError,
    UnavailableError,
)

if TYPE_CHECKING:
    from gitreg.domain.verdict import Violation

_CODES: tuple[tuple[type[GitregError], ErrorCode.ValueType], ...] = (
    (InvalidValueError, INVALID_PARAMETER_VALUE),
    (NotFoundError, RESOURCE_DOES_NOT_EXIST),
    (InUseError, INVALID_PARAMETER_VALUE),
    # Whoever registers takes RESOURCE_ALREADY_EXISTS for leave to go on with that very name.
    (AlreadyExistsError, INVALID_PARAMETER_VALUE),
    (DeniedError, PERMISSION_DENIED),
    (ConflictError, RESOURCE_CONFLICT),
    (UnavailableError, TEMPORARILY_UNAVAILABLE),
)
_ABOUT_VALUES = frozenset({"form", "schema", "lifecycle"})
"""The guard's rules that speak of what is written, not of who wrote it."""


def no_model(name: object) -> MlflowException:
    """Give MLflow's refusal where there is no such model."""
    return MlflowException(f"Registered Model with name={name} not found", RESOURCE_DOES_NOT_EXIST)


def no_version(name: object, version: object) -> MlflowException:
    """Give MLflow's refusal where there is no such version."""
    return MlflowException(
        f"Model Version (name={name}, version={version}) not found", RESOURCE_DOES_NOT_EXIST
    )


@contextmanager
def failing_as_mlflow(missing: Callable[[], MlflowException] | None = None) -> Iterator[None]:
    """Turn what gitreg raises into what MLflow does; ``missing`` is said where nothing is found."""
    try:
        yield
    except GitregError as error:
        if missing is not None and isinstance(error, NotFoundError):
            raise missing() from error
        raise as_mlflow(error) from error


def as_mlflow(error: GitregError) -> MlflowException:
    """Give the MlflowException that says what ``error`` does."""
    violations: tuple[Violation, ...] = getattr(error, "violations", ())
    if violations:
        about_values = all(one.rule in _ABOUT_VALUES for one in violations)
        code = INVALID_PARAMETER_VALUE if about_values else PERMISSION_DENIED
        return MlflowException("; ".join(map(_told, violations)), code)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL_ERROR)
    return MlflowException(f"{error} ({error.hint})" if error.hint else str(error), code)


def _told(violation: "Violation") -> str:
    whole = violation.reason
    if violation.who_can:
        whole += f"; who can: {', '.join(violation.who_can)}"
    return f"{whole} ({violation.hint})" if violation.hint else whole
