"""What differs inside one manifest: changes of its fields, or violations."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from gitreg.domain import changes as c
from gitreg.domain.model import READY, Comment, ModelVersion, RegisteredModel
from gitreg.domain.settings import Settings
from gitreg.domain.stages import NONE, Stages
from gitreg.domain.suggest import suggest
from gitreg.domain.verdict import Violation

LineOf: TypeAlias = Callable[[str], int]
"""Gives the line of a manifest on which a key stands."""
IMMUTABLE = ("source", "location", "run_id", "run_link", "model_id", "code", "params")


def model_changes(
    path: str, before: RegisteredModel, after: RegisteredModel, *, settings: Settings
) -> Iterator[c.Change]:
    """Compare two readings of one model.yaml; ``settings`` are those before."""
    name = after.name
    if before.description != after.description:
        yield c.ModelDescribed(path, name, after.description)
    old, new = dict(before.tags), dict(after.tags)
    for key in sorted(old.keys() - new.keys()):
        yield c.ModelTagDeleted(path, name, key)
    for key, value in after.tags:
        if key not in old or old[key] != value:
            yield c.ModelTagSet(path, name, key, value)
    yield from alias_changes(path, before, after, settings=settings)


def alias_changes(
    path: str, before: RegisteredModel, after: RegisteredModel, *, settings: Settings
) -> Iterator[c.Change]:
    """Compare the aliases of two readings of one model.yaml."""
    old, new = dict(before.aliases), dict(after.aliases)
    for alias in sorted(old.keys() - new.keys()):
        yield c.AliasDeleted(path, after.name, alias, old[alias], settings.guards_alias(alias))
    for alias, number in after.aliases:
        was = old.get(alias)
        if was != number:
            yield c.AliasSet(path, after.name, alias, number, was, settings.guards_alias(alias))


def version_changes(
    path: str,
    before: ModelVersion,
    after: ModelVersion,
    *,
    stages: Stages,
    known: Stages,
    line_of: LineOf,
) -> Iterator[c.Change | Violation]:
    """Compare two readings of one live version.

    ``stages`` are those before: they judge what is protected. ``known`` are those after.
    """
    ref = after.ref
    for key in IMMUTABLE:
        if getattr(before, key) != getattr(after, key):
            yield Violation(
                "lifecycle",
                f"{ref}: {key} never changes",
                path,
                line=line_of(key),
                hint="register a new version",
            )
    if before.stage != after.stage:
        yield from check_stage(path, after.stage, known, line_of=line_of)
        protected = stages.guards(before.stage, after.stage)
        yield c.StageTransitioned(path, ref, before.stage, after.stage, protected)
    if before.description != after.description:
        yield c.VersionDescribed(path, ref, after.description)
    yield from _status(path, before, after, line_of=line_of)
    if before.artifact != after.artifact:
        if before.artifact is None and after.artifact is not None:
            digest = after.artifact.digest
            yield c.VersionArtifactAdded(path, ref, digest, stages.guards(before.stage))
        else:
            yield Violation(
                "lifecycle",
                f"{ref}: an artifact, once there, never changes",
                path,
                line=line_of("artifact"),
                hint="register a new version",
            )
    yield from _tags_and_metrics(path, before, after)


def _status(
    path: str, before: ModelVersion, after: ModelVersion, *, line_of: LineOf
) -> Iterator[c.Change | Violation]:
    if (before.status, before.status_message) == (after.status, after.status_message):
        return
    if before.status == READY != after.status:
        reason = f"{after.ref}: the status never leaves {READY}"
        yield Violation("lifecycle", reason, path, line=line_of("status"))
    else:
        yield c.VersionStatusChanged(path, after.ref, after.status, after.status_message)


def _tags_and_metrics(path: str, before: ModelVersion, after: ModelVersion) -> Iterator[c.Change]:
    ref = after.ref
    old_tags, new_tags = dict(before.tags), dict(after.tags)
    for key in sorted(old_tags.keys() - new_tags.keys()):
        yield c.VersionTagDeleted(path, ref, key)
    for key, text in after.tags:
        if key not in old_tags or old_tags[key] != text:
            yield c.VersionTagSet(path, ref, key, text)
    old, new = dict(before.metrics), dict(after.metrics)
    for key in sorted(old.keys() - new.keys()):
        yield c.VersionMetricDeleted(path, ref, key)
    for key, value in after.metrics:
        if key not in old or old[key] != value:
            yield c.VersionMetricSet(path, ref, key, value)


def comment_changes(
    path: str, before: Comment | None, after: Comment
) -> Iterator[c.Change | Violation]:
    """Compare two readings of one comment; ``before`` None: it is new."""
    ref, author, text = after.ref, after.author, after.text
    if before is None:
        yield c.CommentAdded(path, ref, after.id, author, text)
    elif before.author != author:
        yield Violation("lifecycle", "the author of a comment never changes", path)
    elif before.text != text:
        yield c.CommentEdited(path, ref, after.id, author, text)
    else:
        yield c.TextChanged(path, ref.model, author)


def check_stage(path: str, stage: str, stages: Stages, *, line_of: LineOf) -> Iterator[Violation]:
    """Refuse a stage that the registry does not have, or does not use any more."""
    found = stages.find(stage)
    if found is None:
        names = [item.name for item in stages]
        yield Violation(
            "lifecycle",
            f"{stage!a} is not a stage of this registry; they are {', '.join(names)}",
            path,
            line=line_of("stage"),
            hint=suggest(stage, names),
        )
    elif found.retired:
        reason = f"the stage {stage} is retired: nothing enters it"
        yield Violation("lifecycle", reason, path, line=line_of("stage"))


def check_birth(path: str, version: ModelVersion, *, line_of: LineOf) -> Iterator[Violation]:
    """Refuse a version that is not born in the first stage."""
    if version.stage != NONE:
        yield Violation(
            "lifecycle",
            f"{version.ref}: a version is born in stage {NONE}, not in {version.stage}",
            path,
            line=line_of("stage"),
            hint=f"set stage: {NONE}, then transition it in a commit of its own",
        )


def setting_changes(
    path: str,
    before: Settings,
    after: Settings,
    *,
    data_before: Mapping[str, Any],  # Any: validated JSON
    data_after: Mapping[str, Any],  # Any: validated JSON
) -> Iterator[c.Change | Violation]:
    """Compare two readings of registry.yaml, layout aside."""
    kept = {stage.name for stage in after.stages}
    for stage in before.stages:
        if stage.name not in kept:
            yield Violation(
                "lifecycle",
                f"the stage {stage.name} is gone: stages are never removed or renamed",
                path,
                hint=f"write {{name: {stage.name}, retired: true}}",
            )
    old_flat, new_flat = _flat(data_before), _flat(data_after)
    names = sorted(old_flat.keys() | new_flat.keys())
    keys = tuple(name for name in names if old_flat.get(name) != new_flat.get(name))
    if keys:
        yield c.SettingsChanged(path, keys)


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:  # Any: validated JSON
    flat: dict[str, Any] = {}
    for key, value in _read(data).items():
        if key == "layout":
            continue
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": told for inner, told in value.items()}
        else:
            flat[key] = value
    return flat


def _read(value: Any) -> Any:  # Any: validated JSON
    """Leave out the keys that gitreg does not read."""
    if isinstance(value, list):
        return [_read(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _read(inner) for key, inner in value.items() if key[:2] != "x-"}
    return value
