"""Accounts that push for others: a server that knows them, and a Git host's merge button."""

from pathlib import Path

import pytest
from support import MODEL, version
from world import Clone, World, request_branch

SETTINGS = """\
identity:
  principal: name
  delegates:
    - {name: server, vouches: committer}
    - {name: button, vouches: author}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, permissions="/ read @everyone\nfraud edit bob\n")
    world.settle({"models/fraud/model.yaml": MODEL, "models/fraud/versions/1.yaml": version()})
    text = world.clone("root").fresh().read("registry.yaml")
    world.settle({"registry.yaml": text.replace("identity:\n  principal: name\n", SETTINGS)})
    return world


def by(clone: Clone, user: str, **author: str) -> str:
    """Commit a new model card, with another user as the committer."""
    card = f"# By {user}, {author}\n"
    clone.fresh().write({"models/fraud/README.md": card})
    return clone.commit(GIT_COMMITTER_NAME=user, GIT_COMMITTER_EMAIL=f"{user}@acme.com", **author)


def test_a_server_pushes_for_whom_it_knows_and_holds_no_level_itself(world: World) -> None:
    server = world.clone("server")
    by(server, "bob")
    assert server.push().told == ("gitreg: fraud: model card added by bob",)
    for user, held in (("eve", "read"), ("server", "none")):
        by(server, user)
        push = server.push()
        assert push.refused
        assert f"    fraud: model card changed needs edit; {user} has {held}" in push.told
    assert server.push("HEAD~1:refs/heads/bob/topic").accepted


def test_a_server_asks_in_the_name_of_whom_it_knows(world: World) -> None:
    server = world.clone("server")
    server.move("fraud", 1, "Staging")
    tip = server.on("origin/main", GIT_COMMITTER_NAME="bob")
    assert server.push(f"{tip}:{request_branch('fraud', 1, 'Staging', 'bob')}").accepted
    [view] = world.registry().requests()
    assert view.request.requester == "bob"
    group = server.on("origin/main", GIT_COMMITTER_NAME="@everyone")
    push = server.push(f"{group}:{request_branch('fraud', 1, 'Staging', '@everyone')}")
    assert push.refused
    assert "    '@everyone' is not a user name" in push.told


def test_a_merge_button_vouches_for_authors_and_commits_itself(world: World) -> None:
    button = world.clone("button")
    by(button, "button", GIT_AUTHOR_NAME="bob", GIT_AUTHOR_EMAIL="bob@acme.com")
    assert button.push().told == ("gitreg: fraud: model card added by bob",)
    [latest, *_] = world.registry().log("fraud")
    assert latest.actor == "bob"
    by(button, "bob")
    push = button.push()
    assert push.refused
    assert '    committer "bob <bob@acme.com>" is not button, who pushes' in push.told


def test_nobody_but_a_delegate_pushes_for_others(world: World) -> None:
    carol = world.clone("carol")
    by(carol, "bob")
    assert '    committer "bob <bob@acme.com>" is not carol, who pushes' in carol.push().told


def test_no_line_gives_a_delegate_a_level(world: World) -> None:
    root = world.clone("root").fresh()
    text = root.read("PERMISSIONS")
    root.put({"PERMISSIONS": f"{text}/ read server\n"})
    push = root.push()
    assert push.refused
    assert push.rules == {"governance"}
    assert "server is a delegate" in push.text
