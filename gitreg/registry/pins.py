"""What a registry pins: every digest in any reachable history, and those that are live."""

import re

from gitreg.artifacts.sweeping import Pins
from gitreg.errors import UnavailableError
from gitreg.manifest.codec import MAX_BYTES
from gitreg.manifest.snapshot import Snapshot
from gitreg.registry.reading import Reader
from gitreg.store.remote import run_git

_DIGEST = re.compile(rb"sha256:[0-9a-f]{64}")


def pins(reader: Reader, main: str) -> Pins:
    """Give what a registry pins; ``main`` is its tip.

    A digest counts wherever it stands in a reachable file: better to keep too much than to read a
    history wrongly.
    """
    repository = reader.repository
    listing = run_git(
        ["--git-dir", str(repository.path), "rev-list", "--objects", "--no-object-names", "--all"]
    )
    if listing.returncode:
        raise UnavailableError(f"git rev-list failed: {listing.stderr.strip()}")
    ever: set[str] = set()
    for identifier in listing.stdout.split():
        kind, size = repository.header(identifier)
        if kind == "blob" and size <= MAX_BYTES:
            ever.update(map(bytes.decode, _DIGEST.findall(repository.read(identifier))))
    live = _pinned(reader.snapshot(reader.commit(main)))
    live |= {one.pinned.digest for one in reader.open_requests(main) if one.pinned is not None}
    return Pins(frozenset(ever | live), frozenset(live))


def _pinned(snapshot: Snapshot) -> set[str]:
    return {
        version.artifact.digest
        for model in snapshot.models()
        for version in snapshot.versions(model)
        if version.artifact is not None
    }
