"""A registry over ssh: a real sshd, one key a user, and a forced command that says who it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from peers.ground import APPROVED, FILES, USERS, ground, refusal
from peers.servers import program, run_gitreg, try_gitreg
from peers.sshd import Sshd, public_key, sshd
from support import MODEL
from world import Clone, World, git

URL = "registry:models.git"
SETTINGS = (
    "GIT_CONFIG_PARAMETERS=core.hooksPath=/dev "
    "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev"
)


@dataclass(frozen=True, slots=True)
class Site:
    """A registry and the sshd before it."""

    world: World
    sshd: Sshd

    def clone(self, user: str) -> Clone:
        """Give a user's clone, which pushes over ssh."""
        return self.sshd.move_in(self.world.clone(user), "models.git")

    def command(self, user: str, option: str = "") -> str:
        """Give what a user's Git is to run as ssh, with one more option."""
        return self.sshd.command(user) + (f" -o '{option}'" if option else "")


def line(user: str, registry: Path, key: str) -> str:
    """Give a user's line in authorized_keys, as the README has it."""
    git_alone = rf"git-shell -c \"${{SSH_ORIGINAL_COMMAND%% *}} '{registry}'\""
    return f'restrict,command="GITREG_ACTOR={user} {git_alone}" {key}\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    program("git-shell")
    folder = tmp_path_factory.mktemp("ssh")
    world = ground(World(folder / "srv"))
    run_gitreg("hook", "install", str(world.path), "--identity", "GITREG_ACTOR")
    keys = folder / "keys"
    keys.mkdir()
    authorized = keys / "authorized_keys"
    lines = [line(user, world.path, public_key(keys, user)) for user in USERS]
    mirror = f'restrict,command="env" {public_key(keys, "mirror")}\n'
    authorized.write_text("".join([*lines, mirror]))
    with sshd(keys, authorized, accept="GITREG_ACTOR") as running:
        yield Site(world, running)


def test_a_user_clones_with_his_key(site: Site, tmp_path: Path) -> None:
    command = site.command("alice")
    git(tmp_path, "clone", "-q", URL, "work", GIT_SSH_COMMAND=command)
    assert (tmp_path / "work" / "PERMISSIONS").read_text() == FILES["PERMISSIONS"]


def test_a_stranger_reads_nothing(site: Site, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"Permission denied \(publickey\)"):
        git(tmp_path, "clone", "-q", URL, "work", GIT_SSH_COMMAND=site.command("eve"))


def test_a_legal_push_goes_through_and_is_told(site: Site) -> None:
    alice = site.clone("alice")
    alice.put(
        {"models/gr%C3%BCn/model.yaml": MODEL, "models/gr%C3%BCn/PERMISSIONS": "manage alice\n"}
    )
    push = alice.push(GITREG_ACTOR=None)
    assert push.accepted
    assert push.told == (
        "gitreg: model grün created; permissions of grün changed: + manage alice by alice",
    )
    received = (site.world.path / "gitreg" / "received.log").read_text().splitlines()[-1]
    assert received.split(" ")[1] == "alice"


def test_an_illegal_push_is_refused_in_words(site: Site) -> None:
    bob = site.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    push = bob.push()
    assert push.refused
    assert push.told == refusal(commit)


def test_the_key_and_not_the_commit_says_who_pushes(site: Site) -> None:
    bob = site.clone("bob")
    bob.git("config", "user.name", "carol")
    commit = bob.move("fraud-detector", 1, "Production")
    bob.git("config", "user.name", "bob")
    push = bob.push(GITREG_ACTOR="carol")
    assert push.refused
    assert push.told[:3] == (
        f"gitreg: refused {commit[:7]} by bob",
        "  identity",
        '    committer "carol <bob@acme.com>" is not bob, who pushes',
    )


@pytest.mark.parametrize(
    "option",
    [
        "SendEnv=GITREG_ACTOR",
        "SetEnv=GITREG_ACTOR=carol GL_USER=carol REMOTE_USER=carol LC_ALL=tr_TR.ISO-8859-9",
        f"SetEnv={SETTINGS} GIT_DIR=/nowhere GIT_NAMESPACE=carol",
    ],
    ids=["from the environment", "other identities", "settings of Git"],
)
def test_variables_that_a_client_sends_change_nothing(site: Site, option: str) -> None:
    bob = site.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    push = bob.push(GITREG_ACTOR="carol", GIT_SSH_COMMAND=site.command("bob", option))
    assert push.refused
    assert push.told == refusal(commit)


def test_the_variable_did_reach_the_server_and_the_forced_command_wins(site: Site) -> None:
    sent = ["-o", "SetEnv=GITREG_ACTOR=carol GIT_CONFIG_COUNT=1", "registry"]
    arrived = site.sshd.run("mirror", *sent).stdout.splitlines()
    assert "GITREG_ACTOR=carol" in arrived
    assert "GIT_CONFIG_COUNT=1" not in arrived


def test_push_options_change_nothing(site: Site) -> None:
    git(site.world.path, "config", "receive.advertisePushOptions", "true")
    bob = site.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    options = ("-o", "GITREG_ACTOR=carol", "-o", "gitreg.identity=carol", "-o", "force")
    push = bob.push(options=options)
    assert push.refused
    assert push.told == refusal(commit)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("id",),
        ("git-upload-pack;id",),
        ("git-upload-pack\nid",),
        ("$(id)",),
        ("cvs", "server"),
        ("GITREG_ACTOR=carol", "git-receive-pack", "'models.git'"),
        ("git", "-c", "core.hooksPath=/dev", "receive-pack", "models.git"),
        ("git-upload-pack",),
        ("git-receive-pack", "'/nowhere';", "id"),
    ],
    ids=" ".join,
)
def test_a_user_runs_nothing_but_git_on_the_registry(site: Site, words: tuple[str, ...]) -> None:
    before = site.world.refs()
    done = site.sshd.run("root", "registry", *words)
    assert "uid=" not in done.stdout + done.stderr
    assert site.world.refs() == before
    if not (words and words[0] in ("git-upload-pack", "git-receive-pack")):
        assert done.returncode == 128
        assert done.stdout == ""
        assert done.stderr.startswith(("fatal: unrecognized command", "fatal: bad argument"))


def test_every_path_is_the_registry(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    git(tmp_path, "clone", "-q", "--bare", str(site.world.path), str(other))
    git(other, "update-ref", "refs/heads/secret", "main")
    command = site.command("alice")
    told = git(tmp_path, "ls-remote", "--heads", f"registry:{other}", GIT_SSH_COMMAND=command)
    refs = [one.split("\t") for one in told.splitlines()]
    assert {name: tip for tip, name in refs} == site.world.refs()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-s", "registry", "sftp"), ""),
        (("-W", "127.0.0.1:1", "registry"), "stdio forwarding failed"),
        (("-tt", "registry"), "PTY allocation request failed"),
    ],
    ids=["sftp", "forwarding", "terminal"],
)
def test_a_key_opens_nothing_else(site: Site, words: tuple[str, ...], said: str) -> None:
    done = site.sshd.run("bob", *words)
    assert done.returncode
    assert said in done.stdout + done.stderr


def test_a_request_is_asked_and_approved_over_ssh(site: Site) -> None:
    asked = site.clone("bob").ask("fraud-detector", 2, "Production", message="Newer.")
    assert asked.accepted
    carol = site.clone("carol")
    tip = carol.branch("fraud-detector", 2, "Production", "bob")
    carol.git("merge", "-q", "--no-ff", "-m", "Fine with me", tip)
    approved = carol.push()
    assert approved.accepted
    assert approved.told == (APPROVED,)
    assert site.world.requests == []


def test_gitreg_writes_over_ssh_as_whom_the_key_says(site: Site) -> None:
    described = ["-r", URL, "--as", "bob", "model", "describe", "fraud-detector", "Over ssh."]
    run_gitreg(*described, GIT_SSH_COMMAND=site.command("bob"))
    assert site.world.registry().model("fraud-detector").description == "Over ssh."


def test_gitreg_cannot_say_that_it_is_somebody_else(site: Site) -> None:
    before = site.world.refs()
    moved = ["-r", URL, "--as", "carol", "transition", "fraud-detector/1", "Production"]
    done = try_gitreg(*moved, GITREG_ACTOR="carol", GIT_SSH_COMMAND=site.command("bob"))
    assert done.returncode == 4
    assert 'committer "carol <carol@localhost>" is not bob, who pushes' in done.stderr
    assert site.world.refs() == before
