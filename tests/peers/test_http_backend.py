"""A registry over ``git http-backend`` with basic authentication."""

import gzip
import random
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from peers.ground import APPROVED, DESCRIBED, FILES, FOLDER, USERS, ground, refusal
from peers.http_backend import GitHttpServer, http_backend
from peers.servers import run_gitreg
from support import MODEL
from world import Clone, World, git

PASSWORDS = {user: f"secret-of-{user}" for user in USERS}
MEBIBYTE = 1024 * 1024
LATE = 4_000_000_000
"""Seconds since 1970, when all else is older."""


@dataclass(frozen=True, slots=True)
class Site:
    """A registry and the server before it."""

    world: World
    server: GitHttpServer

    def url(self, user: str, *, password: str = "") -> str:
        """Give the registry's address, with a user's name and password in it."""
        return f"{self.server.url(user, password=password)}/registry.git"

    def clone(self, user: str) -> Clone:
        """Give a user's clone, which pushes over http."""
        clone = self.world.clone(user)
        clone.git("remote", "set-url", "--push", "origin", self.url(user))
        return clone


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("http")
    world = ground(World(folder))
    run_gitreg("hook", "install", str(world.path), "--identity", "REMOTE_USER")
    with http_backend(folder, PASSWORDS) as server:
        yield Site(world, server)


def noise(size: int, *, seed: int) -> str:
    """Give text that packs to no less than half of it."""
    return random.Random(seed).randbytes(size // 2).hex()


def test_a_user_clones_with_his_password(site: Site, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", site.url("alice"), "work")
    assert (tmp_path / "work" / "PERMISSIONS").read_text() == FILES["PERMISSIONS"]


@pytest.mark.parametrize("user", ["alice", "eve"])
def test_a_wrong_password_reads_nothing(site: Site, tmp_path: Path, user: str) -> None:
    with pytest.raises(AssertionError, match="Authentication failed"):
        git(tmp_path, "clone", "-q", site.url(user, password="guessed"), "work")


def test_a_wrong_password_writes_nothing(site: Site) -> None:
    carol = site.clone("carol")
    carol.move("fraud-detector", 1, "Production")
    carol.git("remote", "set-url", "--push", "origin", site.url("carol", password="guessed"))
    push = carol.push()
    assert push.refused
    assert "Authentication failed" in push.stderr


def test_a_legal_push_goes_through_and_is_told(site: Site) -> None:
    bob = site.clone("bob")
    described = MODEL + "description: Scores card payments.\n"
    bob.put({f"{FOLDER}/model.yaml": described})
    push = bob.push(GITREG_ACTOR=None)
    assert push.accepted
    assert push.told == (DESCRIBED,)
    received = (site.world.path / "gitreg" / "received.log").read_text().splitlines()[-1]
    assert received.split(" ")[1] == "bob"


def test_an_illegal_push_is_refused_in_words(site: Site) -> None:
    bob = site.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    push = bob.push()
    assert push.refused
    assert push.told == refusal(commit)


@pytest.mark.parametrize("name", ["REMOTE_USER", "Remote-User"])
def test_a_header_cannot_say_who_pushes(site: Site, name: str) -> None:
    bob = site.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    bob.git("config", "http.extraHeader", f"{name}: carol")
    push = bob.push(REMOTE_USER="carol")
    bob.git("config", "--unset", "http.extraHeader")
    assert push.refused
    assert push.told == refusal(commit)


def test_a_request_is_asked_and_approved_over_http(site: Site) -> None:
    assert site.clone("bob").ask("fraud-detector", 2, "Production").accepted
    carol = site.clone("carol").fresh()
    carol.git("merge", "-q", "--no-ff", carol.branch("fraud-detector", 2, "Production", "bob"))
    assert carol.push().told == (APPROVED,)
    assert site.world.requests == []


def test_a_fetch_that_git_compresses_is_understood(site: Site, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", site.url("alice"), "work")
    git(tmp_path / "work", "fast-import", "--quiet", stdin=unpushed(40))
    root = site.clone("root")
    root.put({"docs/news": "something new\n"})
    assert root.push().accepted
    site.server.asked.clear()
    git(tmp_path / "work", "fetch", "-q")
    assert "gzip" in {asked.encoding for asked in site.server.asked}
    there = git(tmp_path / "work", "rev-parse", "origin/main")
    assert there == site.world.refs()["refs/heads/main"]


def unpushed(count: int) -> str:
    """Give what makes git fast-import commit that often on main."""
    commits = [
        f"commit refs/heads/main\ncommitter alice <alice@acme.com> {LATE + number} +0000\ndata 0\n"
        for number in range(count)
    ]
    return "from refs/heads/main^0\n".join([commits[0], "".join(commits[1:])])


@pytest.mark.parametrize(
    ("line", "accepted"), [("stage: Production", False), ("stage: None\ndescription: Fine.", True)]
)
def test_a_push_that_is_compressed_is_judged_too(site: Site, line: str, accepted: bool) -> None:
    bob = site.clone("bob").fresh()
    path = f"{FOLDER}/versions/3.yaml"
    bob.write({path: bob.read(path).replace("stage: None", line)}).commit()
    before = site.world.refs()
    report = push_compressed(site, bob)
    assert "unpack ok" in report
    assert ("ok refs/heads/main" in report) == accepted
    assert ("ng refs/heads/main pre-receive hook declined" in report) != accepted
    assert (site.world.refs() != before) == accepted


@pytest.mark.parametrize(("buffer", "chunked"), [(MEBIBYTE, True), (16 * MEBIBYTE, False)])
def test_a_large_push_comes_in_chunks_or_whole(site: Site, buffer: int, chunked: bool) -> None:
    root = site.clone("root")
    root.git("config", "http.postBuffer", str(buffer))
    root.put({f"docs/{chunked}": noise(3 * MEBIBYTE, seed=buffer)})
    site.server.asked.clear()
    push = root.push()
    assert push.accepted, push.stderr
    assert push.told == (f"gitreg: docs/{chunked} added by root",)
    assert site.server.asked[-1] == ("POST", "/registry.git/git-receive-pack", "", chunked)


def push_compressed(site: Site, clone: Clone) -> str:
    """Push main as no git does it, as one gzip body, and give the report."""
    old, new = clone.git("rev-parse", "origin/main", "HEAD").splitlines()
    command = f"{old} {new} refs/heads/main\0report-status"
    pack = pack_of(clone, f"{new}\n^{old}\n")
    body = f"{len(command) + 4:04x}{command}0000".encode() + pack
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    address = site.url("bob").replace(f"bob:{PASSWORDS['bob']}@", "")
    passwords.add_password(None, address, "bob", PASSWORDS["bob"])
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    request = urllib.request.Request(
        f"{address}/git-receive-pack",
        data=gzip.compress(body),
        headers={
            "Content-Type": "application/x-git-receive-pack-request",
            "Content-Encoding": "gzip",
        },
    )
    with opener.open(request, timeout=60) as answer:
        report: bytes = answer.read()
    return report.decode()


def pack_of(clone: Clone, revisions: str) -> bytes:
    """Give a pack of some revisions."""
    made = clone.git("pack-objects", "-q", "--revs", ".git/sent", stdin=revisions)
    return (clone.path / ".git" / f"sent-{made}.pack").read_bytes()
