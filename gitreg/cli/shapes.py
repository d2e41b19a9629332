"""Models, versions and comments as plain values for JSON and YAML, keys as in the manifests."""

from gitreg.domain.model import Comment, ModelVersion, RegisteredModel


def model_data(model: RegisteredModel, versions: tuple[ModelVersion, ...]) -> dict[str, object]:
    """Give a model; ``stages`` tells which of its versions are in which stage."""
    stages: dict[str, list[int]] = {}
    for one in versions:
        stages.setdefault(one.stage, []).append(one.ref.number)
    return {
        "name": str(model.name),
        "description": model.description,
        "tags": dict(model.tags),
        "aliases": dict(model.aliases),
        "latest_version": versions[-1].ref.number if versions else None,
        "stages": stages,
    }


def version_data(version: ModelVersion, model: RegisteredModel) -> dict[str, object]:
    """Give a version, with the aliases that its model points at it."""
    artifact = version.artifact
    return {
        "model": str(version.ref.model),
        "version": version.ref.number,
        "stage": version.stage,
        "aliases": list(model.aliases_of(version.ref.number)),
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
    }


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
