"""A registry under gitolite3: its rules and hooks beside ours, over a real sshd."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from peers.ground import DESCRIBED, FILES, FOLDER, USERS, refusal
from peers.servers import program, run_gitreg
from peers.sshd import Sshd, public_key, sshd
from support import MODEL
from world import Clone, World, git

RULES = """\
repo gitolite-admin
    RW+ = root

repo registry
    -   refs/heads/bob/ = bob
    RW+             = root alice bob carol
    R               = eve
"""
GL_USER = ("--identity", "GL_USER")


@dataclass(frozen=True, slots=True)
class Site:
    """A gitolite in a home of its own, and the registry in it."""

    home: Path
    world: World
    sshd: Sshd

    def clone(self, user: str) -> Clone:
        """Give a user's clone, which pushes through gitolite."""
        return self.sshd.move_in(self.world.clone(user), "registry")

    def setup(self, *options: str) -> None:
        """Run gitolite setup, which places gitolite's hooks anew."""
        gitolite(self.home, *options)

    @property
    def hooks(self) -> Path:
        """Give the folder of the registry's hooks."""
        return self.world.path / "hooks"


def gitolite(home: Path, *options: str) -> None:
    told = [program("gitolite"), "setup", *options]
    variables = os.environ | {"HOME": str(home), "USER": "git"}
    done = subprocess.run(told, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("gitolite")
    home, keys = folder / "home", folder / "keys"
    home.mkdir()
    keys.mkdir()
    public_key(keys, "root")
    gitolite(home, "-pk", str(keys / "root.pub"))
    with sshd(keys, home / ".ssh" / "authorized_keys", home=home) as running:
        rule(running, folder)
        (folder / "registry.git").symlink_to(home / "repositories" / "registry.git")
        world = World(folder)
        run_gitreg("hook", "install", str(world.path), *GL_USER)
        made = Site(home, world, running)
        root = made.clone("root")
        root.put(FILES)
        assert root.push().accepted
        yield made


def rule(running: Sshd, folder: Path) -> None:
    """Tell gitolite its users and rules, as one does: by a push into gitolite-admin."""
    admin = folder / "gitolite-admin"
    command = running.command("root")
    git(folder, "clone", "-q", "registry:gitolite-admin", str(admin), GIT_SSH_COMMAND=command)
    (admin / "conf" / "gitolite.conf").write_text(RULES)
    for user in (*USERS, "eve"):
        (admin / "keydir" / f"{user}.pub").write_text(public_key(running.folder, user) + "\n")
    git(admin, "add", "-A")
    person = ("-c", "user.name=root", "-c", "user.email=root@acme.com")
    git(admin, *person, "commit", "-q", "-m", "The registry")
    git(admin, "push", "-q", GIT_SSH_COMMAND=command)


def test_a_user_clones_and_stands_on_main(site: Site, tmp_path: Path) -> None:
    command = site.sshd.command("eve")
    git(tmp_path, "clone", "-q", "registry:registry", "work", GIT_SSH_COMMAND=command)
    assert (tmp_path / "work" / "PERMISSIONS").read_text() == FILES["PERMISSIONS"]


def test_a_push_that_both_allow_goes_through(site: Site) -> None:
    bob = site.clone("bob")
    bob.put({f"{FOLDER}/model.yaml": MODEL + "description: Scores card payments.\n"})
    push = bob.push(GITREG_ACTOR="carol", GL_USER="carol")
    assert push.accepted
    assert push.told == (DESCRIBED,)


def test_our_guard_refuses_what_gitolite_allows(site: Site) -> None:
    bob = site.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    push = bob.push()
    assert push.refused
    assert push.told == refusal(commit)


def test_gitolite_refuses_what_our_guard_allows_before_git_runs(site: Site) -> None:
    eve = site.clone("eve")
    eve.put({"models/eves/model.yaml": MODEL, "models/eves/PERMISSIONS": "manage eve\n"})
    push = eve.push()
    assert push.refused
    assert push.told == ()
    assert "FATAL: W any registry eve DENIED by fallthru" in push.stderr


def test_gitolites_update_hook_refuses_a_ref_that_our_guard_allows(site: Site) -> None:
    alice, bob = site.clone("alice"), site.clone("bob")
    assert alice.fresh().push("main:refs/heads/alice/idea").accepted
    push = bob.fresh().push("main:refs/heads/bob/idea")
    assert push.refused
    assert "FATAL: W refs/heads/bob/idea registry bob DENIED by refs/heads/bob/" in push.text


def test_who_is_on_the_server_itself_is_nobody(site: Site) -> None:
    bob = site.clone("bob")
    bob.put({f"{FOLDER}/model.yaml": MODEL + "description: By the back door.\n"})
    push = bob.push(options=(f"--repo={site.world.path}",), GIT_SSH_COMMAND="false")
    assert push.refused


@pytest.fixture
def common(site: Site) -> Iterator[Path]:
    """Give the folder of the hooks that gitolite places into every repository."""
    folder = site.home / ".gitolite" / "hooks" / "common"
    yield folder
    for name in ("pre-receive", "post-receive"):
        (folder / name).unlink(missing_ok=True)
        (site.hooks / name).unlink()
        (site.hooks / f"{name}.chained").unlink(missing_ok=True)
    site.world.registry().install_hooks()


def test_hooks_that_gitolite_places_are_kept_and_run_after_ours(site: Site, common: Path) -> None:
    for name in ("pre-receive", "post-receive"):
        place(common / name, f"sed 's/^/{name} of gitolite, for '$GL_USER': /'\n")
    site.setup("--hooks-only")
    assert problems(site) == [
        "hooks/pre-receive is not gitreg's: pushes are not judged",
        "hooks/post-receive is not gitreg's: pushes are not judged",
    ]
    told = run_gitreg("hook", "install", str(site.world.path)).splitlines()
    assert told == [
        "who pushes is told by GL_USER",
        "pre-receive installed; the one that was there runs after it, as pre-receive.chained",
        "post-receive installed; the one that was there runs after it, as post-receive.chained",
    ]
    assert problems(site) == []
    assert (site.hooks / "update").resolve() == common / "update"
    bob = site.clone("bob")
    new = bob.put({f"{FOLDER}/model.yaml": MODEL + "description: Chained.\n"})
    old = bob.git("rev-parse", "origin/main")
    push = bob.push()
    assert push.accepted
    assert push.told == (
        f"pre-receive of gitolite, for bob: {old} {new} refs/heads/main",
        'gitreg: fraud-detector: description set to "Chained." by bob',
        f"post-receive of gitolite, for bob: {old} {new} refs/heads/main",
    )


def test_when_gitolite_places_its_hooks_again_ours_are_put_back(site: Site, common: Path) -> None:
    place(common / "pre-receive", "#!/bin/sh\necho gitolite says no; exit 1\n")
    for _ in range(2):
        site.setup("--hooks-only")
        assert problems(site) == ["hooks/pre-receive is not gitreg's: pushes are not judged"]
        site.world.registry().install_hooks()
        assert problems(site) == []
    bob = site.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    assert bob.push().told == refusal(commit)
    bob.put({f"{FOLDER}/model.yaml": MODEL + "description: Refused by the other hook.\n"})
    push = bob.push()
    assert push.refused
    assert push.told == ("gitolite says no",)


def place(path: Path, script: str) -> None:
    path.write_text(script)
    path.chmod(0o755)


def problems(site: Site) -> list[str]:
    return list(site.world.registry().hook_problems())
