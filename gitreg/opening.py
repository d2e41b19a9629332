"""Opening a registry by path, and making a new one."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.domain.commits import (
    TIME,
    Commit,
    Signature,
    format_time,
    join_message,
    read_commit,
    write_commit,
)
from gitreg.domain.names import check_principal
from gitreg.domain.requests import MAIN
from gitreg.errors import AlreadyExistsError, InvalidValueError
from gitreg.guard.verify import verify
from gitreg.hosting import install_hooks
from gitreg.manifest.trees import EMPTY_TREE, object_id
from gitreg.operations.creation import NewRegistry
from gitreg.operations.plan import Edits
from gitreg.registry import Registry
from gitreg.registry.reading import Reader
from gitreg.registry.reads import now
from gitreg.registry.receipts import RefusedError
from gitreg.store.remote import CachedRemote, PlainClone, TrackingClone
from gitreg.store.repository import Moved, Repository

if TYPE_CHECKING:
    from gitreg.artifacts.cache import Cache

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|[^/\\]+@[^/\\]+:|[A-Za-z0-9.-]{2,}:(?!\\))")


def is_url(text: str) -> bool:
    """Tell whether ``text`` is a Git URL (``ssh://``, ``https://``, ``file://``, ``host:path``)."""
    return bool(_URL.match(text)) and not Path(text).exists()


def cache_folder() -> Path:
    """Give the user's cache folder: GITREG_CACHE, else gitreg/ in XDG_CACHE_HOME or ~/.cache."""
    own = os.environ.get("GITREG_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gitreg"


@contextmanager
def open_cache(*, clock: Callable[[], int] = now) -> Iterator["Cache"]:
    """Open the user's cache of model files."""
    from gitreg.artifacts.cache import Cache

    with Cache(cache_folder() / "artifacts", now=clock() // 1000) as cache:
        yield cache


def open(  # noqa: A001  # the name people expect: gitreg.open(...)
    uri: str | Path,
    *,
    actor: str,
    email: str = "",
    durable: bool = True,
    max_age: float = 0,
    progress: bool = False,
    clock: Callable[[], int] = now,
) -> Registry:
    """Open the registry at ``uri``: a bare repository, a working clone, or a Git URL.

    ``actor`` is who reads and writes, ``email`` what commits say of him besides. ``durable``
    flushes what is written on this disk. A URL is cloned once into the user's cache and fetched
    when the last fetch is older than ``max_age`` seconds; ``progress`` shows that on standard
    error. Raises NotFoundError if no repository is there, UnavailableError if it cannot be reached.
    """
    check_principal(actor)
    text = str(uri).removeprefix("gitreg+").removeprefix("gitreg:")
    repository: Repository
    if is_url(text):
        repository = CachedRemote(
            text, cache=cache_folder(), actor=actor, max_age=max_age, loud=progress
        )
    else:
        repository = _on_disk(Path(text), actor=actor, durable=durable)
    return Registry(repository, actor=actor, email=email, clock=clock, cache=cache_folder())


def _on_disk(path: Path, *, actor: str, durable: bool) -> Repository:
    named = Path(f"{path}.git")
    if not path.is_dir() and named.is_dir():
        path = named
    repository = Repository(path, durable=durable)
    if repository.is_bare:
        return repository
    remote = repository.config("branch.main.remote")
    if remote and remote != ".":
        return TrackingClone(path, remote=remote, actor=actor)
    return PlainClone(path, durable=durable)


def create(
    path: str | Path,
    *,
    admin: str,
    name: str = "",
    profile: str = "databricks",
    host: str = "plain",
    layout: str = "flat",
    email: str = "",
    clock: Callable[[], int] = now,
) -> Registry:
    """Make a registry in a new, or an existing empty, bare repository at ``path``.

    ``admin`` gets manage on ``/``. Hooks and the Git settings they rely on are installed. Raises
    AlreadyExistsError if there is one, InvalidValueError if a value cannot be.
    """
    folder = Path(path)
    plan = NewRegistry(name or folder.name.removesuffix(".git"), admin, profile, host, layout)
    files = plan.files()
    if folder.exists() and any(folder.iterdir()):
        repository = Repository(folder)
        if not repository.is_bare:
            raise InvalidValueError(
                f"{folder} has a work tree; a registry is a bare repository",
                hint="git init --bare, or gitreg init on a new path",
            )
        if repository.refs():
            raise AlreadyExistsError(
                f"{folder} holds branches already", hint=f"gitreg -r {folder} log"
            )
    else:
        repository = Repository.create(folder)
    install_hooks(repository)
    _first_commit(repository, plan, files, email=email, clock=clock)
    return Registry(repository, actor=admin, email=email, clock=clock, cache=cache_folder())


def _first_commit(
    repository: Repository,
    plan: NewRegistry,
    files: dict[str, bytes],
    *,
    email: str,
    clock: Callable[[], int],
) -> None:
    reader = Reader(repository)
    tree = Edits(tuple(files.items())).applied(reader.objects, EMPTY_TREE)
    time = clock()
    address = email or (plan.admin if "@" in plan.admin else f"{plan.admin}@localhost")
    who = Signature(plan.admin, address, time // 1000)
    text = join_message(f"registry {plan.name} created", "", ((TIME, format_time(time)),))
    raw = write_commit(Commit("", tree, (), who, who, text))
    commit = read_commit(object_id("commit", raw), raw)
    verdict = verify([reader.step(commit, pusher=plan.admin, stored=frozenset(), now=time)])
    if not verdict.clean:
        raise RefusedError(verdict.violations)
    repository.write("commit", raw)
    if repository.move(MAIN, commit.id, old=None) is not Moved.DONE:
        raise AlreadyExistsError(f"{repository.path} got a registry meanwhile")
