"""Making a folder hold exactly what a models.lock says."""

import json
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from gitreg.artifacts.cache import Cache
from gitreg.artifacts.folder import walk
from gitreg.artifacts.lock import Locked
from gitreg.artifacts.manifest import ArtifactManifest
from gitreg.artifacts.progress import SILENT, Progress
from gitreg.artifacts.pulling import Supply, lay_out
from gitreg.artifacts.reading import hash_file
from gitreg.errors import AlreadyExistsError, GitregError, UnavailableError

STATE = ".gitreg-sync.json"
"""The file in a synced folder that says which of its folders are ours, and what they hold."""


@dataclass(frozen=True, slots=True)
class Synced:
    """One locked version, the folder that holds its files, and whether it did so before."""

    locked: Locked
    folder: Path
    unchanged: bool


def sync_one(
    supply: Supply,
    locked: Locked,
    top: Path,
    *,
    always_hash: bool = False,
    progress: Progress = SILENT,
) -> Synced:
    """See that the folder of a locked version holds its files; an older one of ours is replaced.

    Raises AlreadyExistsError for a folder that is not ours, and what ``pull`` raises.
    """
    folder = top / locked.folder
    manifest = supply.manifest(locked.artifact, always_hash=always_hash)
    if folder.exists() and _intact(supply.cache, manifest, folder, always_hash=always_hash):
        _remember(top, locked)
        return Synced(locked, folder, unchanged=True)
    ours = not folder.exists() or not any(folder.iterdir()) or locked.folder in _ours(top)
    if not ours:
        raise AlreadyExistsError(
            f"{folder} holds other files, and sync did not write them", hint="move it away"
        )
    supply.bring(manifest, always_hash=always_hash, progress=progress)
    _replace(supply.cache, manifest, folder)
    _remember(top, locked)
    return Synced(locked, folder, unchanged=False)


def _intact(cache: Cache, manifest: ArtifactManifest, folder: Path, *, always_hash: bool) -> bool:
    """Tell whether a folder holds these files with these bytes, and nothing else."""
    pinned = {one.path: one for one in manifest.files}
    try:
        found = {one.path: one for one in walk(folder)}
        if found.keys() != pinned.keys():
            return False
        held = set() if always_hash else cache.held(manifest.objects(), advance=lambda _: None)
        for path, one in pinned.items():
            real = found[path].real
            if one.digest in held and real.samefile(cache.path(one.digest)):
                continue
            if hash_file(real, str(real), lambda _: None)[0] != one.digest:
                return False
    except (GitregError, OSError):
        return False
    return True


def _replace(cache: Cache, manifest: ArtifactManifest, folder: Path) -> None:
    """Put new files where a folder is; whoever looks sees the old ones, none, or the new ones."""
    aside = folder.parent / f".{folder.name}.{uuid.uuid4().hex}"
    try:
        lay_out(cache, manifest, aside)
        if folder.exists():
            old = aside.with_name(f"{aside.name}.old")
            folder.rename(old)
            aside.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            aside.rename(folder)
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _ours(top: Path) -> dict[str, str]:
    try:
        found = json.loads((top / STATE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(top: Path, locked: Locked) -> None:
    known = _ours(top)
    if known.get(locked.folder) == locked.artifact.digest:
        return
    known[locked.folder] = locked.artifact.digest
    aside = top / f"{STATE}.{uuid.uuid4().hex}"
    try:
        aside.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
        os.replace(aside, top / STATE)  # noqa: PTH105
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UnavailableError(f"{top} cannot be written: {error.strerror}") from error
