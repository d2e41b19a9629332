"""What Git itself finds wrong with a repository: its objects (git fsck) and its refs."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess, run

from gitreg.domain.requests import MAIN
from gitreg.errors import UnavailableError
from gitreg.store.repository import Repository

_SHOWN = 20
_QUIET = ("notice: ", "Checking ", "dangling ")


@dataclass(frozen=True, slots=True)
class RefFound:
    """One ref as it stands: what it points at, and (``symbolic``) through which other ref."""

    name: str
    target: str
    symbolic: str = ""


def every_ref(repository: Repository) -> tuple[tuple[RefFound, ...], tuple[str, ...]]:
    """Give every ref there is, and what Git says of those that it cannot read."""
    form = "--format=%(objectname) %(symref) %(refname)"
    words = ["--git-dir", str(repository.path), "for-each-ref", form]
    done = _git(words, folder=repository.path)
    found = []
    for line in done.stdout.decode("utf-8", "surrogateescape").split("\n"):
        target, _, rest = line.partition(" ")
        symbolic, _, name = rest.partition(" ")
        if name:
            found.append(RefFound(name, target, symbolic))
    return tuple(found), _told(done)


def fsck(repository: Repository, heads: Iterable[str], *, since: str = "") -> tuple[str, ...]:
    """Give what Git's strict checks find wrong with what is reachable from ``heads``.

    It runs over every object there is or, with ``since``, over those that this commit does not
    reach; no setting of the repository can soften it (``fsck.*``, replaced objects). Raises
    UnavailableError if there is no git.
    """
    with tempfile.TemporaryDirectory(prefix="gitreg-") as scratch:
        folder = Path(scratch)
        for name in ("objects", "refs"):
            (folder / name).mkdir()
        (folder / "HEAD").write_text(f"ref: {MAIN}\n")
        objects = str((repository.common / "objects").resolve())
        if since:
            return _fsck_new(folder, objects, [*heads, f"^{since}"])
        lines = (f"{head} refs/registry/{at}\n" for at, head in enumerate(dict.fromkeys(heads)))
        (folder / "packed-refs").write_text("".join(lines))
        words = ["fsck", "--strict", "--full", "--no-dangling", "--no-progress"]
        return _told(_git(words, folder=folder, objects=objects))


def _fsck_new(folder: Path, objects: str, revisions: Sequence[str]) -> tuple[str, ...]:
    """Pack what is new and index that pack strictly, as Git does with a push it receives.

    The ids that the index computes from the contents must be those by which they were found.
    """
    told = "".join(f"{one}\n" for one in revisions).encode()
    listed = _git(["rev-list", "--objects", "--stdin"], folder=folder, objects=objects, told=told)
    if listed.returncode:
        return _told(listed)
    wanted = {line.partition(b" ")[0] for line in listed.stdout.splitlines()}
    if not wanted:
        return ()
    pack, index = folder / "new.pack", folder / "new.idx"
    packed = _git(
        ["pack-objects", "--quiet", "--stdout"],
        folder=folder,
        objects=objects,
        told=b"".join(identifier + b"\n" for identifier in sorted(wanted)),
    )
    if packed.returncode:
        return _told(packed)
    pack.write_bytes(packed.stdout)
    words = ["index-pack", "--strict", "-o", str(index), str(pack)]
    indexed = _git(words, folder=folder, objects=objects)
    if indexed.returncode:
        return _told(indexed)
    shown = _git(["show-index"], folder=folder, objects=objects, told=index.read_bytes())
    there = {line.split()[1] for line in shown.stdout.splitlines()}
    lost = sorted(identifier.decode() for identifier in wanted - there)
    return tuple(f"object {one} does not hold what its id says" for one in lost[:_SHOWN])


def _told(done: CompletedProcess[bytes]) -> tuple[str, ...]:
    """Give what a program complained of; nothing if all was well."""
    lines = (done.stderr if done.returncode == 0 else done.stdout + b"\n" + done.stderr).decode(
        "utf-8", "replace"
    )
    found = [line for line in lines.splitlines() if line.strip() and not line.startswith(_QUIET)]
    if done.returncode and not found:
        found = [f"{' '.join(done.args[:2])} ended with {done.returncode}"]
    more = [f"and {len(found) - _SHOWN} more lines"] if len(found) > _SHOWN else []
    return (*found[:_SHOWN], *more)


def _git(
    words: Sequence[str], *, folder: Path, objects: str = "", told: bytes = b""
) -> CompletedProcess[bytes]:
    """Run git without anybody's settings, on the objects in a folder."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "LC_ALL": "C",
        "GIT_DIR": str(folder),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        **({"GIT_OBJECT_DIRECTORY": objects} if objects else {}),
    }
    try:
        return run(
            ["git", *words],
            cwd=folder,
            env=environment,
            input=told,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise UnavailableError("the program git is not installed", hint="install git") from error
