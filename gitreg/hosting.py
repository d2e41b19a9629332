"""What a bare repository needs to be guarded: the hooks, and the Git settings they rely on."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitreg.errors import InvalidValueError
from gitreg.resources import hook
from gitreg.store.repository import Repository, own_settings

HOOKS = ("pre-receive", "post-receive")
CLIENT = "gitreg-ask"
"""What the hooks ask the daemon with, installed beside them."""
CHAINED = ".chained"
"""What the name of a hook that was there before ends in; ours runs it after its own work."""
DEFAULT_IDENTITY = ("GITREG_ACTOR",)
IDENTITY = "gitreg.identity"
PYTHON = "gitreg.python"
SOCKET = "gitreg.socket"
"""Where the hook daemon listens, if there is one."""
TIMEOUT = "gitreg.timeout"
"""Seconds that the hook daemon may take for a push."""
DEFAULT_TIMEOUT = 30
MAX_SOCKET = 107
"""Bytes that the path of a socket may have."""
SETTINGS: dict[str, str] = {
    "receive.fsckObjects": "true",
    "receive.fsck.badFilemode": "error",
    "receive.maxInputSize": str(512 * 1024 * 1024),
    "receive.shallowUpdate": "false",
    "core.useReplaceRefs": "false",
    "pack.depth": "5",
}
"""Git settings the guard relies on."""
_MARK = b"# gitreg hook"


@dataclass(frozen=True, slots=True)
class HookSettings:
    """What a repository's configuration tells its hooks."""

    identity: tuple[str, ...]
    python: str
    timeout: int


def hook_settings(folder: Path) -> HookSettings:
    """Read what the configuration of the bare repository at ``folder`` tells its hooks."""
    settings = own_settings(folder)
    timeout = settings.get(TIMEOUT, ("",))[-1]
    return HookSettings(
        identity=tuple(filter(None, settings.get(IDENTITY, ()))) or DEFAULT_IDENTITY,
        python=settings.get(PYTHON, ("",))[-1],
        timeout=int(timeout) if re.fullmatch("[1-9][0-9]{0,3}", timeout) else DEFAULT_TIMEOUT,
    )


def install_hooks(
    repository: Repository, *, identity: tuple[str, ...] = (), socket: Path | None = None
) -> tuple[str, ...]:
    """Install both hooks and the settings; give what was done, in sentences.

    ``identity`` names the environment variables that tell who pushes; without it those set before
    stay, or GITREG_ACTOR. A hook that is there already is kept and run after ours. ``socket`` is
    where a hook daemon listens, or will; without it that set before stays.
    """
    if not repository.is_bare:
        raise InvalidValueError(
            f"{repository.path} has a work tree; hooks guard a bare repository",
            hint="gitreg init makes one; git clone --bare copies one",
        )
    for variable in identity:
        if not variable.isidentifier():
            raise InvalidValueError(f"{variable!r} is not the name of an environment variable")
    if socket is not None:
        repository.configure(SOCKET, _socket(socket))
    for key, value in SETTINGS.items():
        repository.configure(key, value)
    if identity or not repository.config_values(IDENTITY):
        repository.configure_all(IDENTITY, identity or DEFAULT_IDENTITY)
    repository.configure(PYTHON, sys.executable)
    repository.head_for_main()
    told = f"who pushes is told by {', '.join(repository.config_values(IDENTITY))}"
    folder = repository.path / "hooks"
    folder.mkdir(exist_ok=True)
    _place(folder / CLIENT, hook("ask"))
    listens = repository.config(SOCKET)
    daemon = (f"a hook daemon is asked if it listens on {listens}",) if listens else ()
    done = (told, *(_install(folder / name) for name in HOOKS), *daemon)
    return (*done, *(f"not guarded yet: {problem}" for problem in hook_problems(repository)))


def _socket(path: Path) -> str:
    told = str(path.absolute())
    if len(told.encode()) > MAX_SOCKET or not told.isprintable():
        raise InvalidValueError(
            f"{told!a} can be no socket", hint=f"a path of at most {MAX_SOCKET} bytes can"
        )
    return told


def _install(path: Path) -> str:
    told = f"{path.name} installed"
    if path.exists() and _MARK not in path.read_bytes():
        chained = path.with_name(path.name + CHAINED)
        if chained.exists() and chained.read_bytes() != path.read_bytes():
            raise InvalidValueError(
                f"{path} and {chained} are both there and neither is gitreg's",
                hint=f"move {path} away",
            )
        path.rename(chained)
        told += f"; the one that was there runs after it, as {chained.name}"
    _place(path, hook(path.name))
    return told


def _place(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.chmod(0o755)
    fresh.replace(path)


def hook_problems(repository: Repository) -> Iterator[str]:
    """Give what is not as it should be; nothing if the repository is guarded."""
    yield from _file_problems(repository.path / "hooks")
    if repository.config("core.hooksPath"):
        yield "core.hooksPath is set: Git does not look into hooks/"
    for key, value in SETTINGS.items():
        there = repository.config(key)
        if there.lower() != value.lower():
            yield f"{key} is {there or 'not set'}; it should be {value}"
    python = repository.config(PYTHON)
    if not Path(python or "-").is_file():
        yield f"{PYTHON} is {python or 'not set'}: no Python is there"
    if not repository.config_values(IDENTITY):
        yield f"{IDENTITY} is not set: nothing tells who pushes"
    if repository.refs("refs/replace/"):
        yield "refs/replace/ is not empty: replaced objects read differently in Git"


def _file_problems(folder: Path) -> Iterator[str]:
    for name in HOOKS:
        problem = _hook_problem(folder / name)
        if problem:
            yield f"hooks/{name} {problem}"
    client = folder / CLIENT
    if not client.is_file():
        yield f"hooks/{CLIENT} is missing: no hook daemon is asked"
    elif client.read_bytes() != hook("ask"):
        yield f"hooks/{CLIENT} is of another version of gitreg"


def _hook_problem(path: Path) -> str:
    if not path.is_file():
        return "is missing: pushes are not judged"
    if _MARK not in path.read_bytes():
        return "is not gitreg's: pushes are not judged"
    if not path.stat().st_mode & 0o100:
        return "is not executable: Git passes it over"
    return "" if path.read_bytes() == hook(path.name) else "is of another version of gitreg"
