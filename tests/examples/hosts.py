"""A Git host as tests need it: a bare repository without our hooks, its users, and its buttons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from world import git

import gitreg

HOST = ("GitHub", "noreply@github.com")
NAMES = {"root": 1, "alice": 2, "bob": 3, "carol": 4, "dave": 5}
PERMISSIONS = """\
/      manage             {root}
/      read               @everyone
fraud  edit               {alice}
fraud  manage-production  {carol}
"""
FOUR_EYES = ("self_approval: allow", "self_approval: refuse")
MODEL = "apiVersion: gitreg/v1\nkind: RegisteredModel\n"
VERSION = "apiVersion: gitreg/v1\nkind: ModelVersion\nstage: None\nsource: {source}\n"


def email(user: str) -> str:
    """Give the address that GitHub's buttons write for a user."""
    return f"{NAMES[user]}+{user}@users.noreply.github.com"


def person(role: str, name: str, address: str) -> dict[str, str]:
    """Give what tells git who the author or committer is."""
    return {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": address}


def whole(user: str) -> dict[str, str]:
    """Give what tells git that a user is author and committer."""
    named = (f"{user.title()} Example", email(user))
    return person("AUTHOR", *named) | person("COMMITTER", *named)


def version_file(number: int, model: str = "fraud") -> str:
    """Give the path of a version."""
    return f"models/{model}/versions/{number}.yaml"


@dataclass(frozen=True)
class Written:
    """Whom a host names for each button: (author, committer), each opener, presser or host.

    A rebase keeps the author, which is the opener in these tests.
    """

    merge: tuple[str, str]
    squash: tuple[str, str]
    rebase: tuple[str, str]


GITHUB = Written(("presser", "host"), ("opener", "host"), ("opener", "presser"))
GITLAB = Written(("presser", "presser"), ("opener", "presser"), ("opener", "presser"))
SIGNING = Written(("presser", "host"), ("opener", "host"), ("opener", "host"))
GITEA = GITLAB


class Host:
    """A registry on a Git host: fraud/1 in Production, fraud/2 in Staging, fraud/3 in None.

    ``clone`` is a clone of it that all users share: each act names who does it.
    """

    def __init__(
        self, folder: Path, *, written: Written = GITHUB, signer: tuple[str, str] = HOST
    ) -> None:
        self.path = folder / "host.git"
        self.clone = folder / "clone"
        self.written = written
        self.signer = signer

    @classmethod
    def make(cls, folder: Path, kind: str) -> "Host":
        """Make one that was begun with ``gitreg init --host``."""
        made = gitreg.create(folder / "made.git", admin=email("root"), name="acme", host=kind)
        git(folder, "clone", "-q", "--bare", str(made.path), "host.git")
        git(folder, "clone", "-q", "host.git", "clone")
        host = cls(folder)
        git(host.clone, "config", "remote.origin.url", "../host.git")
        for path in (host.path, host.clone):
            git(path, "config", "maintenance.auto", "false")
            git(path, "config", "receive.autogc", "false")
        host.settle(
            {
                "PERMISSIONS": PERMISSIONS.format(**{name: email(name) for name in NAMES}),
                "models/fraud/model.yaml": MODEL,
                "models/fraud/PERMISSIONS": f"manage {email('root')}\n",
                **{version_file(n): VERSION.format(source=f"s3://ml/{n}") for n in (1, 2, 3)},
            }
        )
        moves = {1: "Production", 2: "Staging"}
        host.settle({version_file(n): host.staged(n, stage) for n, stage in moves.items()})
        return host

    def settle(self, files: Mapping[str, str | None]) -> str:
        """Let root push files to main, as the ground of a story."""
        return self.commit("root", "main", files)

    def set(self, before: str, after: str) -> None:
        """Let root change a setting."""
        text = self.read("registry.yaml")
        assert before in text, text
        self.settle({"registry.yaml": text.replace(before, after)})

    def read(self, path: str, revision: str = "main") -> str:
        """Give a file as it is on a branch."""
        return git(self.path, "show", f"{revision}:{path}") + "\n"

    def staged(self, number: int, stage: str, revision: str = "main") -> str:
        """Give the manifest of a version, with another stage."""
        text = self.read(version_file(number), revision)
        return re.sub("(?m)^stage: .*$", f"stage: {stage}", text)

    @property
    def main(self) -> str:
        """Give main's tip."""
        return git(self.path, "rev-parse", "main")

    def commit(
        self,
        user: str,
        branch: str,
        files: Mapping[str, str | None],
        *,
        message: str = "a commit",
        start: str = "origin/main",
        **variables: str,
    ) -> str:
        """Commit files on a branch (begun at ``start``, if it is new), push it, give the commit."""
        there = (self.clone / ".git/refs/remotes/origin" / branch).exists()
        git(self.clone, "checkout", "-q", "--detach", f"origin/{branch}" if there else start)
        self.write(files)
        git(self.clone, "commit", "-q", "-m", message, **(whole(user) | variables))
        return self.push(branch)

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files, or (None) remove them, and add them to the index."""
        for name, content in files.items():
            file = self.clone / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        git(self.clone, "add", "-A")

    def push(self, branch: str) -> str:
        """Push HEAD to a branch, wherever that was, and give the commit."""
        git(self.clone, "push", "-q", "--force", "origin", f"HEAD:refs/heads/{branch}")
        return git(self.clone, "rev-parse", "HEAD")

    def request(self, user: str) -> str:
        """Let a user ask for fraud/2 in Production: one commit on a branch of the name ``ask``."""
        moved = {version_file(2): self.staged(2, "Production")}
        return self.commit(user, "ask", moved, message="Move fraud/2 to Production")

    # --- the buttons -----------------------------------------------------------------------

    def press(self, button: str, *, branch: str, opener: str, presser: str) -> str:
        """Merge a branch as the host does when somebody presses a button; give main's new tip."""
        git(self.clone, "checkout", "-q", "--detach", "origin/main")
        head = f"origin/{branch}"
        if button == "fast-forward":
            git(self.clone, "merge", "-q", "--ff-only", head)
        elif button == "rebase":
            who = self.who(self.written.rebase, opener, presser)
            committer = {key: value for key, value in who.items() if "COMMITTER" in key}
            git(self.clone, "checkout", "-q", "--detach", head)
            git(self.clone, "rebase", "-q", "--force-rebase", "origin/main", **committer)
        elif button == "squash":
            git(self.clone, "merge", "-q", "--squash", head)
            who = self.who(self.written.squash, opener, presser)
            git(self.clone, "commit", "-q", "-m", "Squashed (#7)", **who)
        else:
            message = f"Merge pull request #7 from acme/{branch}\n\nA title"
            who = self.who(self.written.merge, opener, presser)
            git(self.clone, "merge", "-q", "--no-ff", "-m", message, head, **who)
        return self.push("main")

    def who(self, written: tuple[str, str], opener: str, presser: str) -> dict[str, str]:
        """Give what tells git whom the host names as author and committer."""
        people = {"host": self.signer}
        for role, user in (("opener", opener), ("presser", presser)):
            people[role] = (f"{user.title()} Example", email(user))
        author, committer = written
        return person("AUTHOR", *people[author]) | person("COMMITTER", *people[committer])
