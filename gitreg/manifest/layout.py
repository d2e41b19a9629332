"""Where in the tree a thing lives: the one module that knows paths."""

from collections.abc import Container, Iterable, Iterator

from gitreg.domain.names import ModelName
from gitreg.domain.settings import SHARDED
from gitreg.errors import InvalidValueError
from gitreg.manifest.trees import Entry, Objects, entries, replace

REGISTRY_FILE = "registry.yaml"
PERMISSIONS_FILE = "PERMISSIONS"
MODELS = "models"
MODEL_FILE = "model.yaml"
CARD_FILE = "README.md"
VERSIONS = "versions"
COMMENTS = "comments"
SUFFIX = ".yaml"


def model_folder(model: ModelName, layout: str) -> str:
    """Give the path of a model's directory, without a final slash."""
    if layout == SHARDED:
        return f"{MODELS}/{model.shard}/{model.directory}"
    return f"{MODELS}/{model.directory}"


def twins(directories: Iterable[str], folded: Container[str]) -> Iterator[ModelName]:
    """Give the models of some directories whose names, folded, are among ``folded``."""
    for directory in directories:
        if "%" not in directory and directory.lower() not in folded:
            continue
        try:
            model = ModelName.of_directory(directory)
        except InvalidValueError:
            continue
        if model.folded in folded:
            yield model


def model_file(folder: str) -> str:
    """Give the path of the manifest of the model in ``folder``."""
    return f"{folder}/{MODEL_FILE}"


def card_file(folder: str) -> str:
    """Give the path of the model card."""
    return f"{folder}/{CARD_FILE}"


def permissions_file(folder: str = "") -> str:
    """Give the path of a model's permissions, or of the registry's."""
    return f"{folder}/{PERMISSIONS_FILE}" if folder else PERMISSIONS_FILE


def version_file(folder: str, number: int) -> str:
    """Give the path of one version's manifest."""
    return f"{folder}/{VERSIONS}/{number}{SUFFIX}"


def comments_folder(folder: str, number: int) -> str:
    """Give the path of the comments on one version, without a final slash."""
    return f"{folder}/{COMMENTS}/{number}"


def comment_file(folder: str, number: int, comment: str) -> str:
    """Give the path of one comment."""
    return f"{comments_folder(folder, number)}/{comment}{SUFFIX}"


def relayout(objects: Objects, models: str, target: str) -> str | None:
    """Give the id of the tree ``models`` in the other layout, ``target``; no blob is touched."""
    moved: dict[str, Entry | None] = {}
    for name, entry in entries(objects.read(models)):
        if target == SHARDED:
            directory = name.decode()
            moved[f"{ModelName.of_directory(directory).shard}/{directory}"] = entry
        else:
            inside = entries(objects.read(entry.id))
            moved |= {directory.decode(): found for directory, found in inside}
    return replace(objects, None, moved)
