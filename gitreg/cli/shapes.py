"""Models, versions and comments as plain values for JSON and YAML, keys as in the manifests."""

from collections.abc import Mapping, Sequence

from gitreg.cli.output import tell_size
from gitreg.domain.commits import format_time
from gitreg.domain.model import Code, Comment
from gitreg.domain.records import ModelRecord, VersionRecord


def model_data(model: ModelRecord, stages: Mapping[str, Sequence[int]]) -> dict[str, object]:
    """Give a model; ``stages`` tells which of its versions are in which stage."""
    return {
        "name": str(model.name),
        "id": model.id,
        "description": model.description,
        "tags": dict(model.tags),
        "aliases": dict(model.aliases),
        "latest_version": model.latest[-1].ref.number if model.latest else None,
        "stages": stages,
        **_stamps(model),
    }


def _stamps(record: ModelRecord | VersionRecord) -> dict[str, object]:
    return {
        "created": format_time(record.created),
        "created_by": record.created_by,
        "updated": format_time(record.updated),
        "updated_by": record.updated_by,
    }


def version_data(version: VersionRecord) -> dict[str, object]:
    """Give a version."""
    artifact = version.artifact
    return {
        "model": str(version.ref.model),
        "version": version.ref.number,
        "stage": version.stage,
        "aliases": list(version.aliases),
        "source": version.source,
        "location": version.location,
        "run_id": version.run_id,
        "run_link": version.run_link,
        "model_id": version.model_id,
        "code": version.code.to_dict(),
        "artifact": {"digest": artifact.digest, "size": artifact.size, "files": artifact.files}
        if artifact
        else None,
        "status": version.status,
        "status_message": version.status_message,
        "description": version.description,
        "tags": dict(version.tags),
        "metrics": dict(version.metrics),
        "params": dict(version.params),
        **_stamps(version),
    }


def version_fields(one: VersionRecord) -> dict[str, str]:
    """Give a version field by field, as people read it."""
    artifact = one.artifact
    status = f"{one.status} {one.status_message}".strip()
    return {
        "stage": one.stage,
        "aliases": ", ".join(one.aliases),
        "description": one.description,
        "source": one.source,
        "location": one.location,
        "run": " ".join(filter(None, (one.run_id, one.run_link))),
        "logged model": one.model_id,
        "code": _code(one.code),
        "artifact": f"{artifact.digest}, {artifact.files} files, {tell_size(artifact.size)}"
        if artifact
        else "",
        "status": status,
        "tags": pairs_text(one.tags),
        "metrics": pairs_text(one.metrics),
        "params": pairs_text(one.params),
    }


def _code(code: Code) -> str:
    dirty = "with uncommitted changes" if code.dirty else ""
    return " ".join(filter(None, (code.repository, code.commit[:12], code.path, dirty)))


def comment_data(comment: Comment) -> dict[str, object]:
    """Give a comment."""
    return {
        "id": comment.id,
        "model": str(comment.ref.model),
        "version": comment.ref.number,
        "author": comment.author,
        "text": comment.text,
    }


def pairs_text(pairs: tuple[tuple[str, object], ...]) -> str:
    """Tell pairs in one line: ``team=risk, tier=null``."""
    return ", ".join(f"{key}={'null' if value is None else value}" for key, value in pairs)
