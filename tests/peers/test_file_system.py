"""A registry that its users reach by its path, as members of one Unix group."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers.ground import FOLDER, ground, refusal
from peers.servers import run_gitreg
from support import MODEL
from world import World, git

from gitreg import UnavailableError

GROUP = stat.S_IRGRP | stat.S_IWGRP


@pytest.fixture(scope="module", autouse=True)
def masked() -> Iterator[None]:
    """Let everybody have the umask that most have, under which a group may not write."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = ground(World(tmp_path_factory.mktemp("shared")))
    share(world.path)
    return world


def share(path: Path) -> None:
    """Share a registry with its group, as the README has it."""
    git(path, "config", "core.sharedRepository", "group")
    for one in (path, *path.rglob("*")):
        mode = stat.S_IMODE(one.stat().st_mode)
        if one.is_dir():
            one.chmod(mode | GROUP | stat.S_IXGRP | stat.S_ISGID)
        elif mode & stat.S_IWUSR:
            one.chmod(mode | GROUP)


def kept_from_group(path: Path) -> list[str]:
    """Give what the group cannot write, but must: every folder, and every file that changes."""
    return [
        str(one.relative_to(path))
        for one in path.rglob("*")
        if one.is_dir() or (one.stat().st_mode & stat.S_IWUSR and "hooks" not in one.parts)
        if not one.stat().st_mode & stat.S_IWGRP
    ]


def test_a_shared_registry_is_guarded(world: World) -> None:
    run_gitreg("hook", "status", str(world.path))


def test_two_users_push_in_turn_and_both_are_told(world: World) -> None:
    for user, model in (("alice", "hers"), ("bob", "his")):
        clone = world.clone(user)
        grants = f"models/{model}/PERMISSIONS"
        clone.put({f"models/{model}/model.yaml": MODEL, grants: f"manage {user}\n"})
        push = clone.push()
        assert push.accepted
        created = f"gitreg: model {model} created"
        granted = f"permissions of {model} changed: + manage {user} by {user}"
        assert push.told == (f"{created}; {granted}",)


def test_an_illegal_push_is_refused_in_words(world: World) -> None:
    bob = world.clone("bob")
    commit = bob.move("fraud-detector", 1, "Production")
    push = bob.push()
    assert push.refused
    assert push.told == refusal(commit)


def test_after_pushes_the_group_can_write_all_that_it_must(world: World) -> None:
    bob = world.clone("bob")
    assert bob.ask("fraud-detector", 2, "Production").accepted
    carol = world.clone("carol").fresh()
    carol.git("merge", "-q", "--no-ff", carol.branch("fraud-detector", 2, "Production", "bob"))
    assert carol.push().accepted
    assert world.requests == []
    assert kept_from_group(world.path) == []
    log = (world.path / "gitreg" / "received.log").read_text().splitlines()
    assert [line.split(" ")[1] for line in log[-2:]] == ["bob", "carol"]


def test_by_a_file_url_gitreg_pushes_so_the_group_can_write_afterwards(world: World) -> None:
    described = ["--as", "bob", "model", "describe", "fraud-detector", "By bob."]
    run_gitreg("-r", world.path.as_uri(), *described)
    assert world.registry().model("fraud-detector").description == "By bob."
    assert kept_from_group(world.path) == []


def test_what_is_not_shared_stays_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    root = world.clone("root")
    root.put({"docs/x.md": "x\n"})
    assert root.push().accepted
    log = world.path / "gitreg" / "received.log"
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (log.parent, log)]
    assert modes == [0o755, 0o644]


def test_a_push_from_which_nobody_is_known_is_refused(world: World) -> None:
    bob = world.clone("bob")
    bob.put({f"{FOLDER}/model.yaml": MODEL + "description: By nobody.\n"})
    push = bob.push(GITREG_ACTOR=None)
    assert push.refused
    assert push.told == (
        "gitreg: refused: nothing tells who pushes: GITREG_ACTOR is not set",
        "gitreg: hint: let the ssh or http server set it, or git config gitreg.identity another",
    )


def test_without_a_server_between_anybody_can_say_that_he_is_another(world: World) -> None:
    bob = world.clone("bob")
    bob.git("config", "user.name", "carol")
    bob.move("fraud-detector", 3, "Production")
    bob.git("config", "user.name", "bob")
    push = bob.push(GITREG_ACTOR="carol")
    assert push.accepted
    assert push.told == ("gitreg: fraud-detector/3 None -> Production by carol",)


def test_a_python_that_is_gone_refuses_every_push(world: World) -> None:
    git(world.path, "config", "gitreg.python", "/nowhere/python")
    bob = world.clone("bob")
    bob.put({f"{FOLDER}/model.yaml": MODEL + "description: Unjudged.\n"})
    push = bob.push()
    git(world.path, "config", "gitreg.python", sys.executable)
    assert push.refused
    assert push.told == (
        "gitreg: refused: git config gitreg.python names no Python; run gitreg hook install",
    )


def test_installing_tells_what_it_cannot_mend(tmp_path: Path) -> None:
    path = tmp_path / "models.git"
    git(tmp_path, "init", "-q", "--bare", str(path))
    git(path, "config", "core.hooksPath", "/nowhere")
    told = run_gitreg("hook", "install", str(path)).splitlines()
    assert told[-1] == "not guarded yet: core.hooksPath is set: Git does not look into hooks/"


@pytest.mark.parametrize("name", ["info/grafts", "shallow"])
def test_a_repository_that_is_not_whole_gets_no_hooks(world: World, name: str) -> None:
    (world.path / name).write_text(world.refs()["refs/heads/main"] + "\n")
    with pytest.raises(UnavailableError, match=f"is not whole: it has a file {name}"):
        world.registry().install_hooks()
    (world.path / name).unlink()
