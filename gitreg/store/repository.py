"""One Git repository: its objects, its commits, and its refs moved by compare-and-swap."""

import re
import time
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

from gitreg.domain.commits import MAX_COMMIT, Commit, read_commit, too_large
from gitreg.domain.requests import MAIN, REQUESTS
from gitreg.errors import (
    ConflictError,
    CorruptError,
    GitregError,
    NotFoundError,
    UnavailableError,
)
from gitreg.store import loose

_TREE_CACHE = 64 << 20
_STALE_LOCK = 60.0
"""Seconds after which the holder of a lock must be dead."""
_ATTEMPTS = 3
"""Tries to write an object: a git gc next to us removes the folder that it would go into."""
_LOCKED = re.compile(
    "failed to lock file '"
    "|failed to create locked file '.*': (File exists|No such file or directory)$"
)
"""What libgit2 says (there is no code for it) if another holds the lock of a ref or of packed-refs,
took it just now, or removed the folder of the ref just now: each of them passes."""
_PARTIAL = re.compile(r"extensions\.partialclone\Z|remote\..*\.promisor\Z")
_NAMES = {
    ObjectType.COMMIT: "commit",
    ObjectType.TREE: "tree",
    ObjectType.BLOB: "blob",
    ObjectType.TAG: "tag",
}
_TYPES = {name: kind for kind, name in _NAMES.items()}


class Moved(Enum):
    """How an attempt to move a ref ended."""

    DONE = "done"
    LOST = "somebody else was first"
    LOCKED = "the ref is locked"


class Repository:
    """A registry's Git repository; a thread uses one of its own."""

    def __init__(
        self, path: Path | str, *, quarantine: Path | None = None, durable: bool = True
    ) -> None:
        """Open a bare repository or a working clone.

        ``quarantine`` is the folder where Git keeps the objects of a push that is being judged:
        they are read as well, and never written. ``durable`` flushes what is written to the disk
        (for the whole process).
        """
        try:
            self._git = pygit2.Repository(str(path), RepositoryOpenFlag.NO_SEARCH)
            if quarantine is not None:
                self._git.odb.add_disk_alternate(str(quarantine))
        except (pygit2.GitError, KeyError, ValueError) as error:
            raise _unopened(path, error) from error
        pygit2.settings.cache_object_limit(ObjectType.TREE, _TREE_CACHE)
        pygit2.settings.enable_fsync_gitdir(durable)
        self.durable = durable
        self.path = Path(self._git.path)
        self.common = self._common_folder()
        self._refuse_unsound()

    @classmethod
    def discover(cls, path: Path | str) -> "Repository":
        """Open the repository that ``path`` lies in."""
        found = pygit2.discover_repository(str(path))
        if found is None:
            raise NotFoundError(
                "this folder is in no registry",
                hint="name one: --registry PATH, GITREG_REGISTRY, or git config gitreg.registry",
            )
        return cls(found)

    @classmethod
    def create(cls, path: Path) -> "Repository":
        """Make an empty bare repository whose HEAD is main."""
        pygit2.init_repository(str(path), bare=True, initial_head="main")
        return cls(path)

    def _common_folder(self) -> Path:
        link = self.path / "commondir"
        return (self.path / link.read_text().strip()).resolve() if link.is_file() else self.path

    def _refuse_unsound(self) -> None:
        for name, way_out in (
            ("info/grafts", "remove the file: grafts change history for Git alone"),
            ("shallow", "git fetch --unshallow"),
        ):
            if (self.common / name).exists() and (self.common / name).stat().st_size:
                raise UnavailableError(
                    f"{self.path} is not whole: it has a file {name}", hint=way_out
                )
        if any(_PARTIAL.match(entry.name) for entry in self._git.config):
            raise UnavailableError(
                f"{self.path} is a partial clone", hint="git fetch --refetch --no-filter"
            )

    @property
    def is_bare(self) -> bool:
        """Tell whether it has no work tree."""
        return self._git.is_bare

    def home(self) -> Path | None:
        """Give the folder, on this disk, that is the registry to its users; None if elsewhere."""
        return self.path if self.is_bare else self.work_tree()

    def config(self, key: str) -> str:
        """Give a value of the repository's Git configuration, or ""."""
        try:
            return self._git.config[key] or ""
        except KeyError:
            return ""

    def config_values(self, key: str) -> tuple[str, ...]:
        """Give all values that the repository's own configuration has of a Git setting."""
        return tuple(value for value in self._own_config().get_multivar(key) if value)

    def configure(self, key: str, value: str | int | bool) -> None:
        """Set a value of the repository's own Git configuration."""
        self._git.config[key] = value

    def configure_all(self, key: str, values: tuple[str, ...]) -> None:
        """Set all values of a Git setting, in the repository's own configuration."""
        config = self._own_config()
        if self.config_values(key):
            config.delete_multivar(key, ".*")
        for value in values:
            config.set_multivar(key, "^$", value)

    def _own_config(self) -> pygit2.Config:
        return pygit2.Config(str(self.common / "config"))

    def head_for_main(self) -> None:
        """Let a HEAD on which nothing was committed yet stand on main, as clones expect it."""
        if self._git.head_is_unborn:
            self._git.set_head(MAIN)

    # --- objects ---------------------------------------------------------------------------

    def read(self, identifier: str) -> bytes:
        """Give the content of an object; CorruptError if it is not there."""
        return self._read(identifier)[1]

    def _read(self, identifier: str) -> tuple[str, bytes]:
        try:
            kind, content = self._git.odb.read(pygit2.Oid(hex=identifier))
        except (KeyError, pygit2.GitError, ValueError) as error:
            raise self._missing(identifier) from error
        return _NAMES[ObjectType(kind)], content

    def _missing(self, identifier: str) -> CorruptError:
        return CorruptError(
            f"object {identifier} is missing or damaged in {self.path}",
            hint="fetch it from any clone that has it: git fetch --refetch CLONE main",
        )

    def header(self, identifier: str) -> tuple[str, int]:
        """Give the type and size of an object."""
        try:
            kind, size = self._git.odb.read_header(pygit2.Oid(hex=identifier))
        except (KeyError, pygit2.GitError, ValueError) as error:
            raise self._missing(identifier) from error
        return _NAMES[ObjectType(kind)], size

    def find_entry(self, tree: str, name: str) -> tuple[str, str] | None:
        """Look one name up in a tree: its mode, as Git writes it, and its object id."""
        try:
            folder = self._git[pygit2.Oid(hex=tree)]
        except (KeyError, pygit2.GitError, ValueError) as error:
            raise self._missing(tree) from error
        if not isinstance(folder, pygit2.Tree):
            raise CorruptError(f"object {tree} is no tree")
        try:
            entry = folder[name]
        except KeyError:
            return None
        return f"{int(entry.filemode or 0):o}", str(entry.id)

    def write(self, kind: str, content: bytes) -> str:
        """Store an object and give its id."""
        trouble: Exception = OSError()
        for _ in range(_ATTEMPTS):
            try:
                return str(self._git.odb.write(_TYPES[kind], content))
            except (pygit2.GitError, OSError) as error:
                trouble = error
        raise self._unwritable(trouble) from trouble

    def write_all(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Store objects, of which each is flushed to the disk while the others are."""
        new = []
        for kind, content in objects:
            identifier, raw = loose.framed(kind, content)
            if self.durable and pygit2.Oid(hex=identifier) not in self._git:
                new.append((identifier, raw))
            else:
                self.write(kind, content)
        try:
            loose.write_all(self.common / "objects", new)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> UnavailableError:
        return UnavailableError(
            f"{self.path} cannot be written: {error}",
            hint="nothing was changed; look at the disk and at who may write there",
        )

    # --- commits ---------------------------------------------------------------------------

    def commit(self, identifier: str) -> Commit:
        """Read one commit, by our own grammar; its ``faults`` say what is wrong with it.

        One that is larger than any may be is not read: spaces pack to next to nothing.
        """
        kind, size = self.header(identifier)
        if kind != "commit":
            raise CorruptError(f"object {identifier} is a {kind}, not a commit")
        if size > MAX_COMMIT:
            return too_large(identifier, size)
        return read_commit(identifier, self.read(identifier))

    def first_parents(self, tip: str) -> Iterator[Commit]:
        """Walk from ``tip`` to the root by first parents; stops after a commit with faults."""
        while True:
            commit = self.commit(tip)
            yield commit
            if not commit.parents:
                return
            tip = commit.parents[0]

    def parents_along(self, tip: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Walk first parents fast, from sound history only: id, and further parents."""
        oid = pygit2.Oid(hex=tip)
        while True:
            try:
                parents = self._git[oid].peel(pygit2.Commit).parent_ids
            except (KeyError, pygit2.GitError, ValueError) as error:
                raise self._missing(str(oid)) from error
            yield str(oid), tuple(map(str, parents[1:]))
            if not parents:
                return
            oid = parents[0]

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether ``older`` is ``newer`` or reachable from it."""
        if older == newer:
            return True
        try:
            return self._git.descendant_of(pygit2.Oid(hex=newer), pygit2.Oid(hex=older))
        except (KeyError, pygit2.GitError, ValueError) as error:
            raise self._missing(older) from error

    def resolve(self, text: str) -> str:
        """Give the id of the commit that a revision means, as ``git rev-parse`` does."""
        try:
            found, _ = self._git.resolve_refish(text)
            return str(found.peel(pygit2.Commit).id)
        except (KeyError, pygit2.GitError, ValueError) as error:
            raise NotFoundError(f"there is no commit {text!r}") from error

    def merged_tree(self, ours: str, theirs: str) -> str:
        """Give the tree that merging two commits makes; ConflictError if they contradict."""
        one, other = (
            self._git[pygit2.Oid(hex=name)].peel(pygit2.Commit) for name in (ours, theirs)
        )
        index = self._git.merge_commits(one, other)
        if index.conflicts is not None:
            paths = sorted({entry.path for trio in index.conflicts for entry in trio if entry})
            raise ConflictError(
                f"{theirs[:7]} contradicts {ours[:7]} in {', '.join(paths[:5])}",
                hint="git rebase origin/main, and settle the contradiction",
            )
        return str(index.write_tree(self._git))

    # --- refs ------------------------------------------------------------------------------

    def ref(self, name: str) -> str | None:
        """Give the id that a ref points at, or None."""
        try:
            return str(self._git.lookup_reference(name).resolve().target)
        except (KeyError, pygit2.GitError, ValueError):
            return None

    def head(self) -> str | None:
        """Give the commit of HEAD, or None."""
        return None if self._git.head_is_unborn else str(self._git.head.target)

    def head_name(self) -> str:
        """Give the full name of the branch that HEAD is on, or ""."""
        target = self._git.references["HEAD"].target
        return target if isinstance(target, str) else ""

    def work_tree(self) -> Path:
        """Give the folder of the work tree."""
        return Path(self._git.workdir or self.path)

    def base(self) -> str | None:
        """Give the commit that the next write follows."""
        return self.ref(MAIN)

    def refresh(self) -> None:
        """See what is new; what stands on this disk is always seen."""

    def settle(self, name: str, tip: str) -> None:
        """Remove the branch of an answered request, if it is where it was."""
        self.move(name, None, old=tip)

    def main(self) -> str | None:
        """Give the commit that reads answer from: main; in a working clone HEAD."""
        return self.ref(MAIN) if self.is_bare else self.head()

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Give every direct ref whose name starts with ``prefix``, and its id."""
        names = [name for name in self._git.listall_references() if name.startswith(prefix)]
        found = ((name, self.ref(name)) for name in names)
        return {name: target for name, target in found if target is not None}

    def request_refs(self) -> dict[str, str]:
        """Give the branches of requests by their full names on the registry, and their tips."""
        found = self.refs(REQUESTS)
        if not self.is_bare:
            prefix = "refs/remotes/origin/requests/"
            for name, tip in self.refs(prefix).items():
                found.setdefault(REQUESTS + name.removeprefix(prefix), tip)
        return found

    def move(self, name: str, new: str | None, *, old: str | None) -> Moved:
        """Move a ref from ``old`` (None: it is not there) to ``new`` (None: remove it).

        It looks what really happened, after any error too: if the ref is at ``new``, or somebody
        moved it on from there already, it is done.
        """
        trouble: Exception | None = None
        try:
            with self._git.transaction() as transaction:
                transaction.lock_ref(name)
                if self.ref(name) != old:
                    return Moved.LOST
                if new is None:
                    transaction.remove(name)
                else:
                    transaction.set_target(name, new)
        except (pygit2.GitError, OSError, ValueError, KeyError) as error:
            trouble = error
        if trouble is None and new is not None:
            return Moved.DONE  # it may be somewhere else by now
        now = self.ref(name)
        if now == new or (new and now and now != old and self.is_ancestor(new, now)):
            return Moved.DONE
        if now != old:
            return Moved.LOST
        if trouble is None or _LOCKED.match(str(trouble)):
            self._refuse_stale(self.common / f"{name}.lock")
            return Moved.LOCKED
        raise self._unwritable(trouble) from trouble

    def _refuse_stale(self, lock: Path) -> None:
        """Refuse to wait for a lock whose holder must be dead: they are held for milliseconds."""
        try:
            age = time.time() - lock.stat().st_mtime
        except FileNotFoundError:
            return
        if age > _STALE_LOCK:
            raise UnavailableError(
                f"{lock} has been there for {age:.0f} seconds: a process died and left it",
                hint=f"if no git runs there, remove it: rm {lock}",
            )


def _unopened(path: Path | str, error: Exception) -> GitregError:
    there = any((Path(path) / name).exists() for name in ("HEAD", ".git"))
    if not there:
        return NotFoundError(
            f"{path} is no Git repository",
            hint="gitreg init makes a registry; --registry names one",
        )
    owned = "owned" in str(error)
    return UnavailableError(
        f"{path} cannot be opened: {error}",
        hint=f"git config --global --add safe.directory {path}" if owned else "",
    )


def own_settings(folder: Path) -> dict[str, tuple[str, ...]]:
    """Give what the bare repository at ``folder`` has configured itself, without opening it.

    That is fast, and tells nothing of whether it is sound. Names are in lower case.
    """
    found: dict[str, tuple[str, ...]] = {}
    try:
        for entry in pygit2.Config(str(folder / "config")):
            found[entry.name] = (*found.get(entry.name, ()), entry.value or "")
    except (pygit2.GitError, OSError, ValueError) as error:
        raise UnavailableError(f"{folder / 'config'} cannot be read: {error}") from error
    return found
