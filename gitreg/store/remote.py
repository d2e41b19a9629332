"""Registries reached through the ``git`` program: by URL with a cached clone, or from a clone.

The program, not libgit2, speaks to remotes: so ssh, credential helpers and proxies work as people
have them.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from gitreg.domain.requests import HEADS, MAIN, REQUESTS
from gitreg.errors import ConflictError, DeniedError, GitregError, UnavailableError
from gitreg.store.repository import Moved, Repository

_STALE = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "cannot lock ref",
    "failed to update ref",
)
_REFSPEC = "+refs/heads/*:refs/heads/*"
_FETCHED = "gitreg-fetched"
_MOVED = "cannot lock ref"
"""What a fetch says if somebody else who pushes from here moves the same ref meanwhile."""
_ATTEMPTS = 5
"""Fetches that may end so, one after the other."""
_MOMENT = 2.0
"""Seconds for which a fetch is fresh enough to plan a write on: the push compares anyway."""


class RemoteRefusedError(DeniedError):
    """The remote's hook refused a push; ``lines`` are what it said."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        """Keep what the remote said."""
        super().__init__(lines[0] if lines else "the remote refused the push")
        self.lines = lines


def run_git(
    arguments: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    loud: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run the git program; ``loud`` shows its progress on standard error.

    Raises UnavailableError if there is no git.
    """
    inherited = {key: value for key, value in os.environ.items() if key not in _LOCAL}
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**inherited, "LC_ALL": "C", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=None if loud else subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise UnavailableError("the program git is not installed", hint="install git") from error


_LOCAL = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_QUARANTINE_PATH",
        "GIT_PREFIX",
    }
)


class PushingRepository(Repository):
    """A repository whose registry is elsewhere: refs are moved by ``git push``."""

    remote = "origin"
    prefix = HEADS
    actor = ""
    loud = False

    def local_name(self, name: str) -> str:
        """Give the ref that holds here what ``name`` is over there."""
        return self.prefix + name.removeprefix(HEADS)

    def home(self) -> Path | None:
        """Give the folder of the repository over there, if that is on this disk."""
        url = self.config(f"remote.{self.remote}.url")
        path = Path(unquote(url.removeprefix("file://")))
        if "://" in str(path) or not (self.work_tree() / path).is_dir():
            return None
        found = (self.work_tree() / path).resolve()
        return found.parent if found.name == ".git" else found

    def base(self) -> str | None:
        """Give main as it was last seen over there."""
        return self.ref(self.local_name(MAIN))

    def request_refs(self) -> dict[str, str]:
        """Give the branches of requests by their names over there, and their tips."""
        prefix = self.local_name(REQUESTS)
        return {
            REQUESTS + name.removeprefix(prefix): tip for name, tip in self.refs(prefix).items()
        }

    def refresh(self) -> None:
        """Fetch main and the requests from over there."""
        shown = "--progress" if self.loud else "--quiet"
        for _ in range(_ATTEMPTS):
            with _lock(self.common / "gitreg-fetch.lock"):
                done = self._git_program("fetch", "--prune", shown, self.remote, loud=self.loud)
            if done.returncode == 0:
                (self.common / _FETCHED).touch()
                return
            if _MOVED not in (done.stderr or ""):
                break
        raise _unreachable(self.config(f"remote.{self.remote}.url"), done.stderr or "")

    def age(self) -> float:
        """Give the seconds since the last fetch."""
        stamp = self.common / _FETCHED
        return time.time() - stamp.stat().st_mtime if stamp.exists() else float("inf")

    def _git_program(self, *arguments: str, loud: bool = False) -> subprocess.CompletedProcess[str]:
        told = {"GITREG_ACTOR": self.actor} if self.actor else {}
        return run_git(["--git-dir", str(self.path), *arguments], environment=told, loud=loud)

    def move(self, name: str, new: str | None, *, old: str | None) -> Moved:
        """Push ``name`` from ``old`` to ``new``, as compare-and-swap over there.

        Raises RemoteRefusedError if the hook there refuses. After any other failure it first looks
        whether the push is in.
        """
        done = self._git_program(
            "push",
            "--porcelain",
            f"--force-with-lease={name}:{old or ''}",
            self.remote,
            f"{new or ''}:{name}",
        )
        if done.returncode == 0:
            super().move(self.local_name(name), new, old=self.ref(self.local_name(name)))
            return Moved.DONE
        told = done.stdout + done.stderr
        if "hook declined" in told or "gitreg: refused" in told:
            raise RemoteRefusedError(_remote_lines(done.stderr))
        self.refresh()
        now = self.ref(self.local_name(name))
        if now == new or (new and now and self.is_ancestor(new, now)):
            return Moved.DONE
        if now != old or any(reason in told for reason in _STALE):
            return Moved.LOST
        raise _unreachable(self.config(f"remote.{self.remote}.url"), done.stderr)

    def settle(self, name: str, tip: str) -> None:
        """See an answered request's branch gone: the hook over there removes it, else we do."""
        self.refresh()
        if self.ref(self.local_name(name)) == tip:
            try:
                self.move(name, None, old=tip)
            except GitregError:
                return


class CachedRemote(PushingRepository):
    """A registry at a Git URL, through a bare clone in the user's cache folder."""

    def __init__(
        self,
        url: str,
        *,
        cache: Path,
        actor: str = "",
        max_age: float = 0,
        loud: bool = False,
    ) -> None:
        """Clone it once, or fetch if the last fetch is older than ``max_age`` seconds."""
        name = re.sub(r"[^A-Za-z0-9-]+", "-", url.rpartition("/")[2]).strip("-")[:40]
        digest = hashlib.sha256(url.encode()).hexdigest()[:16]
        path = cache / f"{name}-{digest}.git"
        fresh = not path.exists()
        if fresh:
            _clone(url, path, actor=actor, loud=loud)
        super().__init__(path, durable=False)
        self.actor = actor
        self.loud = loud
        if not fresh and self.age() >= max_age:
            self.refresh()


class TrackingClone(PushingRepository):
    """A working clone whose main tracks a remote: reads answer from HEAD, writes are pushed."""

    def __init__(self, path: Path | str, *, remote: str, actor: str = "") -> None:
        """Look at the clone at ``path``."""
        super().__init__(path, durable=False)
        self.remote = remote
        self.prefix = f"refs/remotes/{remote}/"
        self.actor = actor

    def base(self) -> str | None:
        """Give main as it is over there now, or was moments ago."""
        if self.age() > _MOMENT:
            self.refresh()
        return super().base()


class PlainClone(Repository):
    """A repository with a work tree and no remote: writes update branch, index and files."""

    def base(self) -> str | None:
        """Give main, which must be checked out without changes."""
        if self.head_name() != MAIN:
            raise UnavailableError(
                "another branch than main is checked out", hint="git switch main"
            )
        status = run_git(["status", "--porcelain", "--untracked-files=no"], folder=self.work_tree())
        if status.stdout.strip() or status.returncode:
            raise ConflictError(
                f"{self.work_tree()} has uncommitted changes", hint="commit or stash them first"
            )
        return self.ref(MAIN)

    def move(self, name: str, new: str | None, *, old: str | None) -> Moved:
        """Move a branch; main together with index and work tree, as ``git commit`` would."""
        if name != MAIN or new is None:
            return super().move(name, new, old=old)
        if self.ref(MAIN) != old:
            return Moved.LOST
        run_git(["merge", "--ff-only", "--quiet", new], folder=self.work_tree())
        now = self.ref(MAIN)
        if now != old:
            return Moved.DONE if now and self.is_ancestor(new, now) else Moved.LOST
        raise ConflictError(
            f"{self.work_tree()} has files in the way of the change",
            hint="git status tells which; nothing was changed",
        )


def _clone(url: str, path: Path, *, actor: str, loud: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock(path.with_suffix(".lock")):
        if path.exists():
            return
        scratch = Path(tempfile.mkdtemp(prefix="clone-", dir=path.parent))
        try:
            run_git(["init", "--quiet", "--bare", "--initial-branch=main", str(scratch)])
            for key, value in (
                ("remote.origin.url", url),
                ("remote.origin.fetch", _REFSPEC),
                ("core.useReplaceRefs", "false"),
                ("fetch.fsckObjects", "true"),
                ("gc.auto", "0"),
            ):
                run_git(["--git-dir", str(scratch), "config", key, value])
            done = run_git(
                [
                    "--git-dir",
                    str(scratch),
                    "fetch",
                    "--progress" if loud else "--quiet",
                    "origin",
                ],
                environment={"GITREG_ACTOR": actor} if actor else {},
                loud=loud,
            )
            if done.returncode:
                raise _unreachable(url, done.stderr or "")
            (scratch / _FETCHED).touch()
            scratch.rename(path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unreachable(url: str, told: str) -> UnavailableError:
    lines = [line for line in told.splitlines() if line.strip() and not line.startswith("hint:")]
    reason = next((line for line in lines if line.startswith(("fatal:", "error:"))), "")
    plain = reason.partition(":")[2].strip() or (lines[-1] if lines else "git says no more")
    return UnavailableError(
        f"{without_credentials(url)} cannot be reached: {plain}",
        hint="try: git ls-remote " + without_credentials(url),
    )


def without_credentials(url: str) -> str:
    """Give a URL without the user and password it may hold."""
    return re.sub(r"(?<=://)[^/@]+@", "", url) if url.startswith("http") else url


def _remote_lines(told: str) -> tuple[str, ...]:
    lines = (
        line.removeprefix("remote: ").rstrip() for line in told.splitlines() if "remote:" in line
    )
    return tuple(line for line in lines if line and line != "remote:")
