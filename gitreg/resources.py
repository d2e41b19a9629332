"""The files that ship beside the code: JSON Schemas and hooks, in a wheel or in a checkout."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from gitreg.errors import NotFoundError, UnavailableError

_PACKAGE = Path(__file__).parent


@lru_cache(maxsize=1)
def schema_names() -> tuple[str, ...]:
    """Give the kinds of manifest that have a schema, sorted."""
    return tuple(sorted(path.stem for path in _folder("schemas").glob("*.json")))


@lru_cache(maxsize=16)
def schema(kind: str) -> dict[str, Any]:  # Any: JSON
    """Give the JSON Schema (2020-12) of one kind of manifest; it is shared: do not change it.

    Raises NotFoundError if there is no such kind.
    """
    if kind not in schema_names():
        raise NotFoundError(
            f"{kind!a} is not a kind of manifest", hint=f"they are {', '.join(schema_names())}"
        )
    loaded: dict[str, Any] = json.loads((_folder("schemas") / f"{kind}.json").read_bytes())  # JSON
    return loaded


@lru_cache(maxsize=16)
def hook(name: str) -> bytes:
    """Give the text of the hook that ``gitreg hook install`` writes, as ``pre-receive``.

    Raises NotFoundError if there is no such hook.
    """
    hooks = {path.name: path for path in _folder("hooks").iterdir() if path.is_file()}
    if name not in hooks:
        raise NotFoundError(
            f"{name!a} is not a hook of gitreg", hint=f"they are {', '.join(sorted(hooks))}"
        )
    return hooks[name].read_bytes()


def _folder(name: str, package: Path = _PACKAGE) -> Path:
    """Give ``_schemas`` inside the package (a wheel), else ``schemas`` beside it (a checkout)."""
    for folder in (package / f"_{name}", package.parent / name):
        if folder.is_dir():
            return folder
    raise UnavailableError(f"this installation of gitreg has no {name}", hint="install it anew")
