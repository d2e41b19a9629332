"""The kinds of manifest: bytes to checked values, and values to canonical bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitreg.domain.access import Grants, PermissionsError, parse_grants
from gitreg.domain.model import Artifact, Code, Comment, ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef, hidden_character
from gitreg.domain.settings import Settings
from gitreg.domain.verdict import Violation
from gitreg.errors import InvalidValueError
from gitreg.manifest.codec import MAX_BYTES, ManifestError, Value, read
from gitreg.manifest.schema import validate
from gitreg.manifest.writing import write

API_VERSION = "gitreg/v1"
REGISTRY = "Registry"
MODEL = "RegisteredModel"
VERSION = "ModelVersion"
COMMENT = "Comment"

KEYS: Mapping[str, tuple[str, ...]] = {
    REGISTRY: (
        "apiVersion", "kind", "name", "description", "layout", "stages", "identity",
        "protected_aliases", "rules", "artifacts",
    ),
    MODEL: ("apiVersion", "kind", "description", "tags", "aliases"),
    VERSION: (
        "apiVersion", "kind", "deleted", "stage", "source", "location", "run_id", "run_link",
        "model_id", "code", "artifact", "status", "status_message", "description", "tags",
        "metrics", "params",
    ),
    COMMENT: ("apiVersion", "kind", "author", "text"),
}  # fmt: skip
"""The keys of each kind, in the order in which they are written."""

_CACHED_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """One manifest, read: its data, or why there is none (violations without a path)."""

    data: Mapping[str, Any]  # Any: JSON, of the shape that the kind's schema gives
    faults: tuple[Violation, ...] = ()

    @property
    def plain(self) -> dict[str, Any]:  # Any: as above
        """Give the data without the keys that gitreg does not read."""
        return {key: value for key, value in self.data.items() if key[:2] != "x-"}


def read_manifest(kind: str, raw: bytes) -> Reading:
    """Read and validate one manifest; equal bytes are read once."""
    return _read_cached(kind, raw) if len(raw) <= _CACHED_BYTES else _read(kind, raw)


def _read(kind: str, raw: bytes) -> Reading:
    try:
        document = read(raw)
    except ManifestError as error:
        return Reading({}, (Violation("schema", str(error), line=error.line, hint=error.hint),))
    faults = validate(kind, document.data)
    if faults:
        found = (
            Violation("schema", fault.message, line=document.line(fault.path), hint=fault.hint)
            for fault in faults
        )
        return Reading({}, tuple(found))
    return Reading(document.data)


_read_cached = lru_cache(maxsize=8192)(_read)


def to_settings(data: Mapping[str, Any]) -> Settings:  # Any: validated JSON
    """Give the settings that a Registry manifest declares; InvalidValueError if contradictory."""
    return Settings.from_data(data)


def to_model(name: ModelName, data: Mapping[str, Any]) -> RegisteredModel:  # Any: validated JSON
    """Give the model that a RegisteredModel manifest declares."""
    return RegisteredModel(name, **model_fields(data))


def model_fields(data: Mapping[str, Any]) -> dict[str, Any]:  # Any: validated JSON, and values
    """Give what a RegisteredModel manifest declares, by the names of a model's fields."""
    return {
        "description": data.get("description", ""),
        "tags": tuple(sorted(data.get("tags", {}).items())),
        "aliases": tuple(sorted((alias, int(at)) for alias, at in data.get("aliases", {}).items())),
    }


def to_version(ref: VersionRef, data: Mapping[str, Any]) -> ModelVersion:  # Any: validated JSON
    """Give the live version that a ModelVersion manifest declares."""
    return ModelVersion(ref, **version_fields(data))


def version_fields(data: Mapping[str, Any]) -> dict[str, Any]:  # Any: validated JSON, and values
    """Give what a ModelVersion manifest declares, by the names of a version's fields."""
    text = {
        key: data[key]
        for key in ("stage", "source", "location", "run_id", "run_link", "model_id",
                    "status", "status_message", "description")
        if key in data
    }  # fmt: skip
    artifact = data.get("artifact")
    return text | {
        "code": Code(**data.get("code", {})),
        "artifact": Artifact(artifact["digest"], int(artifact["size"]), int(artifact["files"]))
        if artifact
        else None,
        "tags": tuple(sorted(data.get("tags", {}).items())),
        "metrics": tuple(sorted(data.get("metrics", {}).items())),
        "params": tuple(sorted(data.get("params", {}).items())),
    }


def to_comment(ref: VersionRef, identifier: str, data: Mapping[str, Any]) -> Comment:  # Any: JSON
    """Give the comment that a Comment manifest declares."""
    return Comment(ref, identifier, data["author"], data["text"])


def is_tombstone(data: Mapping[str, Any]) -> bool:  # Any: validated JSON
    """Tell whether a ModelVersion manifest says that the version was deleted."""
    return data.get("deleted") is True


def model_data(model: RegisteredModel) -> dict[str, Value]:
    """Give the fields of a model as its manifest declares them."""
    return {
        "description": model.description,
        "tags": dict(model.tags),
        "aliases": dict(model.aliases),
    }


def version_data(version: ModelVersion) -> dict[str, Value]:
    """Give the fields of a live version as its manifest declares them."""
    artifact = version.artifact
    return {
        "stage": version.stage,
        "source": version.source,
        "location": version.location,
        "run_id": version.run_id,
        "run_link": version.run_link,
        "model_id": version.model_id,
        "code": dict(version.code.to_dict()),
        "artifact": {"digest": artifact.digest, "size": artifact.size, "files": artifact.files}
        if artifact
        else {},
        "status": version.status if version.status != "READY" or version.status_message else "",
        "status_message": version.status_message,
        "description": version.description,
        "tags": dict(version.tags),
        "metrics": dict(version.metrics),
        "params": dict(version.params),
    }


def render(kind: str, data: Mapping[str, Value]) -> bytes:
    """Write a manifest canonically: known order, nothing empty."""
    full: dict[str, Value] = {"apiVersion": API_VERSION, "kind": kind, **data}
    ordered = {key: full[key] for key in KEYS[kind] if full.get(key) not in ("", {}, [], None)}
    return write(ordered)


TOMBSTONE = render(VERSION, {"deleted": True})


@dataclass(frozen=True, slots=True)
class GrantsReading:
    """A PERMISSIONS file, read; with a fault it grants nothing."""

    grants: Grants
    fault: Violation | None = None


def read_grants(raw: bytes, *, registry: bool) -> GrantsReading:
    """Read a PERMISSIONS file; equal bytes are read once."""
    function: Callable[..., GrantsReading] = _grants_cached if len(raw) < _CACHED_BYTES else _grants
    return function(raw, registry=registry)


def _grants(raw: bytes, *, registry: bool) -> GrantsReading:
    line, hint = 0, ""
    if len(raw) > MAX_BYTES:
        return GrantsReading(Grants(), Violation("governance", f"is over {MAX_BYTES} bytes"))
    try:
        text = raw.decode()
        for number, row in enumerate(text.split("\n"), start=1):
            if hidden_character(row.removesuffix("\r").replace("\t", " ")) is not None:
                line = number
                raise InvalidValueError(f"line {number}: a character that cannot be seen")
        return GrantsReading(parse_grants(text, registry=registry))
    except UnicodeDecodeError:
        reason = "is not UTF-8"
    except PermissionsError as error:
        reason, line, hint = str(error), error.line, error.hint
    except InvalidValueError as error:
        reason = str(error)
    return GrantsReading(Grants(), Violation("governance", reason, line=line, hint=hint))


_grants_cached = lru_cache(maxsize=8192)(_grants)
