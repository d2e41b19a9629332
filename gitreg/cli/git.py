"""What the git program knows of the checkout around the current folder."""

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from gitreg.domain.model import Code

_REGISTRY_FILES = ("registry.yaml", "PERMISSIONS")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def ask(*words: str) -> str | None:
    """Give what ``git`` answers; None if it fails, or is not there."""
    try:
        done = subprocess.run(
            ["git", *words], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def repository_here() -> str:
    """Give the path of the repository around the current folder, or ""."""
    return (ask("rev-parse", "--absolute-git-dir") or "").removesuffix("\n")


def code_here(registry: Path) -> Code:
    """Give the commit that is checked out around the current folder.

    It is empty where there is none, and in the ``registry`` itself or a clone of one.
    """
    told = ask("rev-parse", "--show-toplevel", "--git-common-dir", "--verify", "HEAD")
    if told is None or len(told.splitlines()) != 3:
        return Code()
    top, common, commit = told.splitlines()
    if Path(common).resolve() == registry.resolve() or _is_registry(Path(top)):
        return Code()
    changed = ask("--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    origin = ask("config", "--get", "remote.origin.url") or ""
    inside = ask("rev-parse", "--show-prefix") or ""
    return Code(
        without_credentials(origin.removesuffix("\n")),
        commit,
        inside.removesuffix("\n").rstrip("/"),
        dirty=bool(changed),
    )


def _is_registry(top: Path) -> bool:
    return all((top / name).is_file() for name in _REGISTRY_FILES)


def without_credentials(address: str) -> str:
    """Give the address of a repository without password, token, query and fragment.

    The user of an ssh address stays: it names the service, as in ``git@github.com``.
    """
    if not _SCHEME.match(address):
        return address
    parts = urlsplit(address)
    user, _, host = parts.netloc.rpartition("@")
    if parts.scheme.endswith("ssh") and user:
        host = f"{user.partition(':')[0]}@{host}"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
