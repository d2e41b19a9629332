"""The files of a registry's versions: kept, fetched, verified, collected, and locked."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from gitreg.artifacts import adding, pulling, sweeping, syncing
from gitreg.artifacts.cache import Cache
from gitreg.artifacts.folder import hash_folder
from gitreg.artifacts.lock import Lock, Locked
from gitreg.artifacts.manifest import (
    ArtifactManifest,
    FileChange,
    PinnedFile,
    compare,
)
from gitreg.artifacts.origin import Origin
from gitreg.artifacts.progress import SILENT, Advance, Progress
from gitreg.artifacts.pulling import Supply
from gitreg.artifacts.store import Store, open_store
from gitreg.artifacts.verifying import Damage, Verifier
from gitreg.domain.model import Artifact, ModelVersion
from gitreg.domain.names import VersionRef
from gitreg.errors import CorruptError, InvalidValueError, NotFoundError, UnavailableError
from gitreg.registry.pins import pins
from gitreg.registry.reading import Reader
from gitreg.registry.reads import Reads

Version = str | VersionRef


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull got: the version, its files, and the folder that holds them."""

    version: VersionRef
    folder: Path
    files: tuple[PinnedFile, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found out about the files of one version; no damage: all is well."""

    version: ModelVersion
    damage: tuple[Damage, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Files that a version is to pin: what it will say of them, and how they get to the store."""

    artifact: Artifact
    put: Callable[[], None]


class Artifacts:
    """The model files of one registry, in its store and in the user's cache.

    What takes ``progress`` tells it how far it is. Reads take ``at``, as those of a Registry do.
    """

    def __init__(
        self, registry: Reads, reader: Reader, *, cache: Path, clock: Callable[[], int]
    ) -> None:
        """Work for ``registry``; ``cache`` is the user's cache folder, ``clock`` gives ms."""
        self._registry = registry
        self._reader = reader
        self._cache = cache / "artifacts"
        self._clock = clock

    @property
    def _now(self) -> int:
        return self._clock() // 1000

    @cached_property
    def store(self) -> Store:
        """Give the store that registry.yaml names, else the folder beside the bare repository.

        Raises UnavailableError if that is on another machine.
        """
        repository = self._reader.repository
        url = self._registry.settings().artifacts_url
        if not url:
            home = repository.home()
            if home is None:
                raise UnavailableError(
                    "this registry keeps model files beside its bare repository, which is on "
                    "another machine",
                    hint="set artifacts.url in registry.yaml to a store that everybody reaches",
                )
            name = home.name.removesuffix(".git")
            url = str(home.with_name(f"{name}.artifacts"))
        return open_store(url, durable=repository.durable)

    @contextmanager
    def cache(self) -> Iterator[Cache]:
        """Open the user's cache."""
        with Cache(self._cache, now=self._now) as cache:
            yield cache

    # --- adding -------------------------------------------------------------------------------

    def prepare(self, path: str | Path, *, progress: Progress = SILENT) -> Prepared:
        """Hash a folder, or a file, on this disk; ``put`` puts what the store lacks of it.

        Raises NotFoundError, InvalidValueError or ConflictError naming the file that cannot be.
        """
        hashed = hash_folder(Path(path), progress=progress)

        def put() -> None:
            self._claim()
            adding.add_folder(self.store, hashed, progress=progress)

        return Prepared(hashed.manifest.artifact, put)

    def prepare_source(self, source: str, *, progress: Progress = SILENT) -> Prepared:
        """Read every file at a source URI once; ``put`` puts the list of them, and not the files.

        Raises InvalidValueError or NotFoundError if it is nothing whose files can be read.
        """
        manifest = Origin(source).hashed(progress=progress)

        def put() -> None:
            self._claim()
            adding.add_manifest(self.store, manifest)
            self.store.flush()

        return Prepared(manifest.artifact, put)

    def prepare_copy(self, version: ModelVersion, *, progress: Progress = SILENT) -> Prepared:
        """Get ready to copy what a version references; what it pins already is not read first."""
        source = version.location or version.source
        origin = Origin(source)
        if version.artifact is not None:
            with self.cache() as cache:
                manifest = Supply(cache, self.store).manifest(version.artifact)
        else:
            manifest = origin.hashed(progress=progress)

        def content(file: PinnedFile, advance: Advance) -> Iterator[bytes | memoryview]:
            for chunk in origin.chunks(file.path, file.size, 0):
                advance(len(chunk))
                yield chunk

        def put() -> None:
            self._claim()
            adding.add_files(self.store, manifest, content, progress=progress)

        return Prepared(manifest.artifact, put)

    def _claim(self) -> None:
        """Note in the store which registry uses it, by its first commit."""
        if not any(map(self._knows, adding.users(self.store))):
            *_, (root, _further) = self._reader.repository.parents_along(self._registry.tip)
            adding.claim(self.store, mine=root)

    def _knows(self, commit: str) -> bool:
        try:
            return self._reader.repository.header(commit)[0] == "commit"
        except CorruptError:
            return False

    # --- reading ------------------------------------------------------------------------------

    def files(self, version: Version, *, at: str = "") -> tuple[PinnedFile, ...]:
        """Give the files that a version pins, by path; NotFoundError if it pins none."""
        return self.manifest(version, at=at).files

    def manifest(self, version: Version, *, at: str = "") -> ArtifactManifest:
        """Give the list of files that a version pins; NotFoundError if it pins none."""
        one = self._registry.version(version, at=at)
        artifact = pinned(one)
        with self.cache() as cache:
            return Supply(cache, self.store).manifest(artifact)

    def compare(self, before: Version, after: Version, *, at: str = "") -> tuple[FileChange, ...]:
        """Give the files added, removed and changed from one version to another.

        A version that pins no files has none.
        """
        sides = [self._registry.version(one, at=at) for one in (before, after)]
        with self.cache() as cache:
            supply = Supply(cache, self.store)
            old, new = (
                supply.manifest(one.artifact) if one.artifact is not None else None for one in sides
            )
        return compare(old, new)

    def pull(
        self,
        version: Version,
        folder: str | Path,
        *,
        at: str = "",
        copy: bool = False,
        offline: bool = False,
        verify: bool = False,
        progress: Progress = SILENT,
    ) -> Pulled:
        """Get the files of a version into a folder that is new, or empty; all of them, or none.

        They are verified against what the version pins. They share the cache's bytes and are
        read-only, unless ``copy``. ``offline`` asks the cache alone; ``verify`` hashes what the
        cache holds again. Raises NotFoundError if the version pins no files, CorruptError naming
        the file if its bytes are others, AlreadyExistsError if ``folder`` holds something.
        """
        one = self._registry.version(version, at=at)
        artifact = pinned(one)
        with self._supply(one, offline=offline) as supply:
            manifest = pulling.pull(
                supply, artifact, Path(folder), copy=copy, always_hash=verify, progress=progress
            )
        return Pulled(one.ref, Path(folder), manifest.files)

    @contextmanager
    def _supply(self, version: ModelVersion, *, offline: bool) -> Iterator[Supply]:
        with self.cache() as cache:
            yield Supply(cache, None if offline else self.store, partial(origin_of, version))

    def verify(
        self, versions: Iterable[ModelVersion], *, progress: Progress = SILENT
    ) -> Iterator[Verified]:
        """Read every byte that versions pin from the store, and tell what is not as it was.

        A version that pins no files is passed over.
        """
        verifier = Verifier(self.store, progress=progress)
        for one in versions:
            if one.artifact is not None:
                damage = verifier.verify(one.artifact, origin=partial(origin_of, one))
                yield Verified(one, damage)

    # --- collecting ---------------------------------------------------------------------------

    def collect(
        self,
        *,
        grace: float = sweeping.GRACE,
        dry_run: bool = True,
        progress: Progress = SILENT,
    ) -> sweeping.Sweep:
        """Remove from the store what no version in any reachable history pins, if it is old.

        ``grace`` is in seconds. Raises ConflictError if another registry uses the store,
        CorruptError if it is not known what a version pins.
        """
        self._registry.refresh()
        strangers = frozenset(one for one in adding.users(self.store) if not self._knows(one))
        main = self._reader.repository.base() or self._registry.tip
        return sweeping.sweep(
            self.store,
            pins(self._reader, main),
            now=self._clock() / 1000,
            grace=grace,
            foreign=strangers,
            dry_run=dry_run,
            progress=progress,
        )

    # --- locking ------------------------------------------------------------------------------

    def lock(self, references: Iterable[str], *, at: str = "") -> Lock:
        """Give which versions, and which bytes, some references mean.

        NotFoundError if one of them pins no files.
        """
        commit = self._registry.commit(at)
        versions = [(one, self._registry.version(one, at=commit)) for one in references]
        return Lock(commit, tuple(Locked(one, v.ref, pinned(v)) for one, v in versions))

    def sync(
        self,
        lock: Lock,
        folder: str | Path,
        *,
        offline: bool = False,
        verify: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[syncing.Synced, ...]:
        """See that a folder holds the files of every locked version; see ``pull``.

        Raises InvalidValueError if the registry says otherwise than the lock.
        """
        done = []
        for one in lock.models:
            version = self._registry.version(one.version, at=lock.commit)
            if version.artifact != one.artifact:
                raise InvalidValueError(
                    f"the lock says that {one.version} pins {one.artifact.digest}, the registry "
                    f"says otherwise at {lock.commit[:7]}",
                    hint="lock anew: gitreg lock",
                )
            with self._supply(version, offline=offline) as supply:
                made = syncing.sync_one(
                    supply, one, Path(folder), always_hash=verify, progress=progress
                )
            done.append(made)
        return tuple(done)


def pinned(version: ModelVersion) -> Artifact:
    """Give what a version pins; NotFoundError if that is nothing."""
    if version.artifact is None:
        raise NotFoundError(
            f"{version.ref} pins no files: it only references {version.source}",
            hint=f"gitreg version import {version.ref} copies them into the store",
        )
    return version.artifact


def origin_of(version: ModelVersion) -> Origin | None:
    """Give the source of a version, if it has one that can be read."""
    place = version.location or version.source
    if not place:
        return None
    try:
        return Origin(place)
    except InvalidValueError:
        return None
