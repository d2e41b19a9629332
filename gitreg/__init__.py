"""gitreg: a machine-learning model registry that is a Git repository.

import gitreg

registry = gitreg.open("/srv/models.git", actor="alice")
registry.create_model("fraud", description="Scores card payments.")
registry.create_version("fraud", source="s3://ml/fraud/1")
print(registry.version("fraud/Production").source)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gitreg.errors import (
    AlreadyExistsError,
    ConflictError,
    CorruptError,
    DeniedError,
    GitregError,
    InUseError,
    InvalidValueError,
    NotFoundError,
    UnavailableError,
)

if TYPE_CHECKING:
    from gitreg.domain.access import Level
    from gitreg.domain.activities import Activity
    from gitreg.domain.changes import Change
    from gitreg.domain.model import Artifact, Code, Comment, ModelVersion, RegisteredModel
    from gitreg.domain.names import ModelName, VersionRef
    from gitreg.domain.requests import Answer, TransitionRequest
    from gitreg.domain.verdict import Violation
    from gitreg.opening import create, open
    from gitreg.registry import Receipt, RefusedError, Registry

_HOMES = {
    "Level": "gitreg.domain.access",
    "Activity": "gitreg.domain.activities",
    "Change": "gitreg.domain.changes",
    "Artifact": "gitreg.domain.model",
    "Code": "gitreg.domain.model",
    "Comment": "gitreg.domain.model",
    "ModelVersion": "gitreg.domain.model",
    "RegisteredModel": "gitreg.domain.model",
    "ModelName": "gitreg.domain.names",
    "VersionRef": "gitreg.domain.names",
    "Answer": "gitreg.domain.requests",
    "TransitionRequest": "gitreg.domain.requests",
    "Violation": "gitreg.domain.verdict",
    "create": "gitreg.opening",
    "open": "gitreg.opening",
    "Receipt": "gitreg.registry",
    "RefusedError": "gitreg.registry",
    "Registry": "gitreg.registry",
}

__version__ = "0.1.0"
__all__ = [
    "Activity",
    "AlreadyExistsError",
    "Answer",
    "Artifact",
    "Change",
    "Code",
    "Comment",
    "ConflictError",
    "CorruptError",
    "DeniedError",
    "GitregError",
    "InUseError",
    "InvalidValueError",
    "Level",
    "ModelName",
    "ModelVersion",
    "NotFoundError",
    "Receipt",
    "RefusedError",
    "RegisteredModel",
    "Registry",
    "TransitionRequest",
    "UnavailableError",
    "VersionRef",
    "Violation",
    "__version__",
    "create",
    "open",
]


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
