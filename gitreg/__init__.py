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
    from gitreg.artifacts.lock import Lock
    from gitreg.artifacts.manifest import FileChange, PinnedFile
    from gitreg.domain.access import Level
    from gitreg.domain.activities import Activity
    from gitreg.domain.changes import Change
    from gitreg.domain.comparing import Comparison, Difference
    from gitreg.domain.events import Cursor, Event
    from gitreg.domain.model import Artifact, Code, Comment, ModelVersion, RegisteredModel
    from gitreg.domain.names import ModelName, VersionRef
    from gitreg.domain.records import ModelRecord, Page, VersionRecord
    from gitreg.domain.requests import Action, Answer, TransitionRequest
    from gitreg.domain.settings import Settings
    from gitreg.domain.traces import Blame, Deed, Reason, Reasons, Tenure
    from gitreg.domain.verdict import Violation
    from gitreg.index.reading import Counts
    from gitreg.opening import create, open
    from gitreg.registry import Receipt, RefusedError, Registry
    from gitreg.registry.artifacts import Artifacts, Pulled, Verified
    from gitreg.registry.explain import Decision, Holding
    from gitreg.registry.indexing import IndexStatus
    from gitreg.registry.notices import Mailbox
    from gitreg.registry.receipts import RequestView
    from gitreg.registry.tracing import Undoing

_HOMES = {
    "Artifacts": "gitreg.registry.artifacts",
    "FileChange": "gitreg.artifacts.manifest",
    "Lock": "gitreg.artifacts.lock",
    "PinnedFile": "gitreg.artifacts.manifest",
    "Pulled": "gitreg.registry.artifacts",
    "Verified": "gitreg.registry.artifacts",
    "Level": "gitreg.domain.access",
    "Activity": "gitreg.domain.activities",
    "Change": "gitreg.domain.changes",
    "Comparison": "gitreg.domain.comparing",
    "Difference": "gitreg.domain.comparing",
    "Cursor": "gitreg.domain.events",
    "Event": "gitreg.domain.events",
    "Artifact": "gitreg.domain.model",
    "Code": "gitreg.domain.model",
    "Comment": "gitreg.domain.model",
    "ModelVersion": "gitreg.domain.model",
    "RegisteredModel": "gitreg.domain.model",
    "ModelName": "gitreg.domain.names",
    "VersionRef": "gitreg.domain.names",
    "ModelRecord": "gitreg.domain.records",
    "Page": "gitreg.domain.records",
    "VersionRecord": "gitreg.domain.records",
    "Action": "gitreg.domain.requests",
    "Answer": "gitreg.domain.requests",
    "TransitionRequest": "gitreg.domain.requests",
    "Settings": "gitreg.domain.settings",
    "Blame": "gitreg.domain.traces",
    "Deed": "gitreg.domain.traces",
    "Reason": "gitreg.domain.traces",
    "Reasons": "gitreg.domain.traces",
    "Tenure": "gitreg.domain.traces",
    "Violation": "gitreg.domain.verdict",
    "Counts": "gitreg.index.reading",
    "create": "gitreg.opening",
    "open": "gitreg.opening",
    "Receipt": "gitreg.registry",
    "RefusedError": "gitreg.registry",
    "Registry": "gitreg.registry",
    "Decision": "gitreg.registry.explain",
    "Holding": "gitreg.registry.explain",
    "IndexStatus": "gitreg.registry.indexing",
    "Mailbox": "gitreg.registry.notices",
    "RequestView": "gitreg.registry.receipts",
    "Undoing": "gitreg.registry.tracing",
}

__version__ = "0.1.0"
__all__ = [
    "Action",
    "Activity",
    "AlreadyExistsError",
    "Answer",
    "Artifact",
    "Artifacts",
    "Blame",
    "Change",
    "Code",
    "Comment",
    "Comparison",
    "ConflictError",
    "CorruptError",
    "Counts",
    "Cursor",
    "Decision",
    "Deed",
    "DeniedError",
    "Difference",
    "Event",
    "FileChange",
    "GitregError",
    "Holding",
    "InUseError",
    "IndexStatus",
    "InvalidValueError",
    "Level",
    "Lock",
    "Mailbox",
    "ModelName",
    "ModelRecord",
    "ModelVersion",
    "NotFoundError",
    "Page",
    "PinnedFile",
    "Pulled",
    "Reason",
    "Reasons",
    "Receipt",
    "RefusedError",
    "RegisteredModel",
    "Registry",
    "RequestView",
    "Settings",
    "Tenure",
    "TransitionRequest",
    "UnavailableError",
    "Undoing",
    "Verified",
    "VersionRecord",
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
