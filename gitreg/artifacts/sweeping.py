"""Collecting what no version pins: never anything young, never anything that is counted on."""

from dataclasses import dataclass

from gitreg.artifacts.adding import UPLOADS
from gitreg.artifacts.manifest import MAX_BYTES, ArtifactManifest, digest_of
from gitreg.artifacts.progress import SILENT, Progress, in_parallel
from gitreg.artifacts.store import INCOMING, Store, Stored
from gitreg.errors import ConflictError, CorruptError, InvalidValueError, NotFoundError

GRACE = 14 * 86_400
"""Seconds that what no version pins is kept, since an upload may not have been committed yet."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What a registry pins: in any reachable history, and in what is live now."""

    ever: frozenset[str]
    live: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a collection removed, or would: objects, and how many it kept."""

    gone: tuple[Stored, ...]
    kept: int

    @property
    def size(self) -> int:
        """Give the bytes of what is gone."""
        return sum(one.size for one in self.gone)


def sweep(
    store: Store,
    pins: Pins,
    *,
    now: float,
    grace: float = GRACE,
    foreign: frozenset[str] = frozenset(),
    dry_run: bool = True,
    progress: Progress = SILENT,
) -> Sweep:
    """Remove the objects that no pinned manifest lists, that are old, and not counted on lately.

    ``now`` is in seconds since 1970, ``foreign`` the other registries that use the store. Raises
    CorruptError if a live manifest is missing, or any is damaged, for then nobody knows what it
    lists; ConflictError if another registry uses the store.
    """
    if foreign:
        raise ConflictError(
            f"another registry keeps files in {store.url} too: its first commit is "
            f"{min(foreign)[:7]}",
            hint="give each registry a store of its own; or, if that one is no more, delete "
            f"registries/{min(foreign)} in it",
        )
    there = {one.name: one for one in store.objects()}
    young = now - grace
    keep = pins.ever | _listed(store, pins, there) | _counted_on(store, young)
    gone = [one for one in there.values() if one.name not in keep and one.modified < young]
    gone.sort(key=lambda one: one.name)
    if not dry_run:
        late = _counted_on(store, young)  # an upload may have begun meanwhile
        gone = [one for one in gone if one.name not in late]
        progress.start("deleting", sum(one.size for one in gone))
        in_parallel(
            lambda one, _: store.delete(one.name),
            gone,
            workers=store.workers([0] * len(gone)),
            advance=progress.advance,
        )
        for note in (*store.notes(UPLOADS), *store.notes(INCOMING)):
            if note.modified < young:
                store.delete_note(note.name)
    return Sweep(tuple(gone), len(there) - len(gone))


def _listed(store: Store, pins: Pins, there: dict[str, Stored]) -> frozenset[str]:
    """Give every object that a pinned manifest lists."""
    lost = pins.live - there.keys()
    if lost:
        raise CorruptError(
            f"the store {store.url} lacks the list of files {min(lost)}, which a version pins: "
            "what else that pins is not known",
            hint="gitreg verify --all tells which versions it concerns",
        )
    listed: set[str] = set()
    for digest in pins.ever & there.keys():
        if there[digest].size > MAX_BYTES:
            continue
        try:
            raw = b"".join(map(bytes, store.chunks(digest)))
        except NotFoundError:
            continue
        if digest_of(raw) != digest:
            raise CorruptError(
                f"{digest} in the store {store.url} has other bytes: what it pins is not known",
                hint="gitreg verify --all tells which versions it concerns",
            )
        try:
            listed.update(one.digest for one in ArtifactManifest.parse(raw).files)
        except InvalidValueError:  # a file of a model, which some text names
            continue
    return frozenset(listed)


def _counted_on(store: Store, young: float) -> frozenset[str]:
    """Give the objects that uploads of the last days found there and count on."""
    return frozenset(
        line
        for note in store.notes(UPLOADS)
        if note.modified >= young
        for line in store.read_note(note.name).decode("ascii", "replace").split()
    )
