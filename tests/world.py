"""A small world for stories: a bare registry, the clones of its users, and what a push was told."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support import NOON

import gitreg
from gitreg.domain.changes import DocumentChanged
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import REQUESTS, RequestName
from gitreg.manifest.codec import Value
from gitreg.manifest.editing import edit
from gitreg.manifest.layout import model_folder
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.plan import Edits, Plan


def git(folder: Path, *words: str, stdin: str | bytes = "", **variables: str) -> str:
    """Run git in a folder and give what it printed; CalledProcessError if it fails."""
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        env=os.environ | variables,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"git {' '.join(words)}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="surrogateescape").removesuffix("\n")


@dataclass(frozen=True, slots=True)
class Push:
    """How a push ended: Git's exit code, what the remote told, and the refs before and after."""

    code: int
    told: tuple[str, ...]
    before: Mapping[str, str] = field(repr=False)
    after: Mapping[str, str] = field(repr=False)
    stderr: str = ""

    @property
    def accepted(self) -> bool:
        """Tell whether it went through and moved something."""
        return self.code == 0 and self.before != self.after

    @property
    def refused(self) -> bool:
        """Tell whether it was refused as a whole: no ref is where it was not."""
        return self.code != 0 and self.before == self.after

    @property
    def rules(self) -> set[str]:
        """Give the rules that it breaks."""
        return {found[1] for line in self.told if (found := re.match(r"  (\w+)(  |$)", line))}

    @property
    def text(self) -> str:
        """Give what the remote told, without Git's "remote: "."""
        return "\n".join(self.told)


@dataclass(frozen=True, slots=True)
class Write:
    """An operation that writes files as they are, whatever they hold."""

    files: Mapping[str, str | None]

    def plan(self, snapshot: Snapshot) -> Plan:
        """Plan it."""
        raw = ((path, text.encode() if text else None) for path, text in self.files.items())
        changes = tuple(DocumentChanged(path, "changed") for path in self.files)
        return Plan("files written", Edits(tuple(raw)), changes)


def request_branch(name: str, number: int, stage: str, user: str) -> str:
    """Give the full name of a request's branch."""
    return RequestName(VersionRef(ModelName(name), number), stage, user).refname


class Clone:
    """One user's clone, pushed from with that user's name as GITREG_ACTOR."""

    def __init__(self, world: "World", user: str) -> None:
        self.world = world
        self.user = user
        self.path = world.folder / "clones" / user
        git(world.folder, "clone", "-q", str(world.path), str(self.path))
        self.git("config", "user.name", user)
        self.git("config", "user.email", f"{user}@acme.com")

    def git(self, *words: str, stdin: str | bytes = "", **variables: str) -> str:
        """Run git in the clone."""
        return git(self.path, *words, stdin=stdin, **variables)

    def fresh(self) -> "Clone":
        """Fetch, and stand on main as it is at the registry."""
        self.git("fetch", "-q", "--prune")
        self.git("checkout", "-q", "--force", "-B", "main", "origin/main")
        self.git("clean", "-qfd")
        return self

    def write(self, files: Mapping[str, str | bytes | None]) -> "Clone":
        """Write files, or (None) remove them."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def read(self, name: str) -> str:
        """Give the text of a file."""
        return (self.path / name).read_text()

    def commit(self, message: str = "a commit", **variables: str) -> str:
        """Commit all that there is, and give the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, **variables)
        return self.git("rev-parse", "HEAD")

    def put(self, files: Mapping[str, str | bytes | None], message: str = "a commit") -> str:
        """Commit files on top of main as it is at the registry."""
        return self.fresh().write(files).commit(message)

    def stage(self, name: str, number: int, stage: str, message: str = "move it") -> str:
        """Commit, on top of HEAD, that a version is in another stage."""
        path = self.world.version(name, number)
        text = re.sub("(?m)^stage: .*", f"stage: {stage}", self.read(path))
        return self.write({path: text}).commit(message)

    def move(self, name: str, number: int, stage: str, message: str = "move it") -> str:
        """Commit, on top of main, that a version is in another stage."""
        return self.fresh().stage(name, number, stage, message)

    def ask(self, name: str, number: int, stage: str, message: str = "please") -> Push:
        """Ask for a transition as by hand: commit it, and push that as a request branch."""
        self.move(name, number, stage, message)
        return self.push(f"main:{request_branch(name, number, stage, self.user)}")

    def branch(self, name: str, number: int, stage: str, user: str = "") -> str:
        """Fetch a request by a user (this one, if none is named), and give its tip."""
        self.git("fetch", "-q", "origin", request_branch(name, number, stage, user or self.user))
        return self.git("rev-parse", "FETCH_HEAD")

    def merge(self, *tips: str, tree: str = "HEAD", message: str = "merge") -> str:
        """Stand on a merge of HEAD and of tips that has just this tree."""
        parents = [word for tip in ("HEAD", *tips) for word in ("-p", tip)]
        made = self.git("commit-tree", f"{tree}^{{tree}}", *parents, "-m", message)
        self.git("reset", "-q", "--hard", made)
        return made

    def on(self, parent: str, tree: str = "HEAD", **variables: str) -> str:
        """Give a new commit, on a parent, that has just this tree; HEAD stays where it is."""
        return self.git("commit-tree", f"{tree}^{{tree}}", "-p", parent, "-m", "made", **variables)

    def push(self, *refspecs: str, options: tuple[str, ...] = (), **variables: str | None) -> Push:
        """Push (main, if nothing else is said) as the user, or with other variables."""
        environment = os.environ | {"GITREG_ACTOR": self.user}
        for name, value in variables.items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        before = self.world.refs()
        done = subprocess.run(
            ["git", "push", *options, "origin", *(refspecs or ("main",))],
            cwd=self.path,
            env=environment,
            capture_output=True,
            check=False,
        )
        stderr = done.stderr.decode(errors="surrogateescape")
        told = tuple(
            line.removeprefix("remote: ").rstrip()
            for line in stderr.split("\n")
            if line.startswith("remote: ")
        )
        return Push(done.returncode, told, before, self.world.refs(), stderr)


class World:
    """A registry made by ``gitreg.create`` (its admin is root), and its users."""

    def __init__(self, folder: Path, *, permissions: str = "", layout: str = "flat") -> None:
        self.folder = folder
        self.layout = layout
        self.path = folder / "registry.git"
        self._clones: dict[str, Clone] = {}
        gitreg.create(self.path, admin="root", name="acme", layout=layout)
        if permissions:
            self.settle({"PERMISSIONS": f"/ manage root\n{permissions}"})

    def settle(self, files: Mapping[str, str | None]) -> None:
        """Let root write files, as the ground on which a story starts."""
        self.registry().apply(Write(files))

    def clone(self, user: str) -> Clone:
        """Give a user's clone; it is made once."""
        if user not in self._clones:
            self._clones[user] = Clone(self, user)
        return self._clones[user]

    def registry(self, user: str = "root") -> gitreg.Registry:
        """Open the registry as a user."""
        return gitreg.open(self.path, actor=user, durable=False)

    def refs(self) -> dict[str, str]:
        """Give every ref of the registry, and where it points."""
        told = git(self.path, "for-each-ref", "--format=%(refname) %(objectname)")
        return dict(line.split(" ") for line in told.splitlines())

    @property
    def requests(self) -> list[str]:
        """Give the names of the request branches, without what they have in common."""
        return [name.removeprefix(REQUESTS) for name in self.refs() if name.startswith(REQUESTS)]

    def model(self, name: str) -> str:
        """Give the path of a model's directory."""
        return model_folder(ModelName(name), self.layout)

    def version(self, name: str, number: int) -> str:
        """Give the path of a version's manifest."""
        return f"{self.model(name)}/versions/{number}.yaml"


class Clock:
    """A clock that tells ms since 1970 and goes on only when it is told to."""

    def __init__(self, now: int = NOON * 1000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def passes(self, seconds: float) -> int:
        """Let time pass, and tell it."""
        self.now += round(seconds * 1000)
        return self.now


class Ground:
    """A registry reached by the library alone; its admin is root, and everybody may read."""

    def __init__(self, folder: Path, *, layout: str = "flat") -> None:
        self.clock = Clock()
        self.path = folder / "registry.git"
        gitreg.create(self.path, admin="root", name="acme", layout=layout, clock=self.clock)

    def by(self, user: str) -> gitreg.Registry:
        """Open the registry as a user."""
        return gitreg.open(self.path, actor=user, durable=False, clock=self.clock)

    def rules(self, **rules: Value) -> None:
        """Set rules of the registry."""
        raw = self.by("root").snapshot().blob("registry.yaml") or b""
        for key, value in rules.items():
            raw = edit(raw, ("rules", key), value)
        self.by("root").apply(Write({"registry.yaml": raw.decode()}))

    def state(self) -> tuple[str, str]:
        """Give what tells whether anything at all was written: the refs, and every object."""
        refs = git(self.path, "for-each-ref")
        return refs, git(self.path, "cat-file", "--batch-all-objects", "--batch-check")
