"""Pushes from clones that are not whole: what is complete goes in, the rest is to be deepened."""

from pathlib import Path

import pytest
from support import MODEL, version
from world import Clone, World, git


class Part(Clone):
    """A clone that holds a part of what it was cloned from."""

    def __init__(self, world: World, user: str, *options: str, of: Path | None = None) -> None:
        self.world = world
        self.user = user
        self.path = world.folder / "parts" / f"{user}{''.join(options)}"
        git(world.folder, "clone", "-q", *options, f"file://{of or world.path}", str(self.path))
        self.git("remote", "set-url", "origin", f"file://{world.path}")
        self.git("config", "user.name", user)
        self.git("config", "user.email", f"{user}@acme.com")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, permissions="/ read @everyone\n* manage-production carol\n")
    world.settle({"models/fraud/model.yaml": MODEL, "models/fraud/versions/1.yaml": version()})
    git(world.path, "config", "uploadpack.allowFilter", "true")
    return world


@pytest.mark.parametrize("option", ["--depth=1", "--filter=blob:none", "--filter=tree:0"])
def test_whoever_has_the_last_step_alone_asks_and_answers(world: World, option: str) -> None:
    bob, carol = Part(world, "bob", option), Part(world, "carol", option)
    assert bob.ask("fraud", 1, "Production").accepted
    tip = carol.fresh().branch("fraud", 1, "Production", "bob")
    carol.merge(tip, tree=tip)
    push = carol.push()
    assert push.accepted
    assert push.told[0].endswith("approves bob's request for Production")
    assert git(world.path, "fsck", "--strict", "--no-dangling") == ""
    assert not (world.path / "shallow").exists()


def test_what_is_not_complete_is_refused_and_leaves_the_registry_whole(world: World) -> None:
    """A registry that a push made shallow would take no push any more."""
    longer = world.clone("bob").fresh()
    for number in range(3):
        longer.write({"mine.md": str(number)}).commit()
    bob = Part(world, "bob", "--depth=1", of=longer.path)
    for refspec in ("HEAD:refs/heads/bob/topic", "+HEAD:main"):
        push = bob.push(refspec)
        assert push.refused
        assert "shallow update not allowed" in push.stderr
    assert not (world.path / "shallow").exists()
    bob.git("fetch", "-q", "--unshallow", str(longer.path))
    assert bob.push("HEAD:refs/heads/bob/topic").accepted
