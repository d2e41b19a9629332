"""Registries reached by a Git URL, and from working clones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stress import none_lost, write_at_once
from world import World, git

import gitreg
from gitreg.opening import is_url
from gitreg.store.remote import without_credentials

CAROL = "* manage-production carol\n* read @everyone\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, permissions=CAROL)
    world.settle(
        {
            "models/fraud/model.yaml": "apiVersion: gitreg/v1\nkind: RegisteredModel\n",
            "models/fraud/PERMISSIONS": "edit alice\n",
        }
    )
    return world


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "cache"
    monkeypatch.setenv("GITREG_CACHE", str(folder))
    yield folder


def there(world: World, actor: str, **more: float) -> gitreg.Registry:
    return gitreg.open(f"file://{world.path}", actor=actor, **more)  # type: ignore[arg-type]  # max_age alone


# --- by URL ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("cache")
def test_what_can_be_done_here_can_be_done_there(world: World) -> None:
    alice, carol = there(world, "alice"), there(world, "carol")
    receipt = alice.create_version("fraud", source="s3://ml/1", metrics={"auc": 0.9})
    assert str(receipt.version) == "fraud/1"
    asked = alice.request_transition("fraud/1", "production", message="please")
    assert asked.request is not None
    assert world.refs()[asked.request.name.refname] == asked.commit

    carol.refresh()
    [view] = carol.requests()
    assert view.request.comment == "please"
    approved = carol.approve("fraud/1", "Production", message="fine")

    assert world.refs() == {"refs/heads/main": approved.commit}
    assert carol.requests() == ()
    assert there(world, "bob").version("fraud/Production").source == "s3://ml/1"
    git(world.path, "fsck", "--strict")


@pytest.mark.usefixtures("cache")
def test_a_write_that_lost_the_race_is_planned_anew(world: World) -> None:
    here = gitreg.open(world.path, actor="alice")
    alice = there(world, "alice")
    here.create_version("fraud", source="s3://ml/1")
    receipt = alice.create_version("fraud", source="s3://ml/2")
    assert str(receipt.version) == "fraud/2"
    assert [one.source for one in here.versions("fraud")] == ["s3://ml/1", "s3://ml/2"]


@pytest.mark.usefixtures("cache")
def test_a_refusal_is_the_same_here_and_there(world: World) -> None:
    there(world, "alice").create_version("fraud", source="s3://ml/1")
    told = []
    for registry in (gitreg.open(world.path, actor="bob"), there(world, "bob")):
        with pytest.raises(gitreg.RefusedError) as refused:
            registry.transition("fraud/1", "Production")
        told.append((str(refused.value), refused.value.hint))
    assert told[0] == told[1]


@pytest.mark.usefixtures("cache")
def test_what_only_the_hook_there_knows_is_told_as_violations(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(world.path, "config", "gitreg.identity", "REMOTE_USER")
    monkeypatch.setenv("REMOTE_USER", "mallory")
    before = world.refs()
    with pytest.raises(gitreg.RefusedError) as refused:
        there(world, "alice").create_version("fraud", source="s3://ml/1")
    [violation] = refused.value.violations
    assert violation.rule == "identity"
    assert violation.reason == 'committer "alice <alice@localhost>" is not mallory, who pushes'
    assert violation.hint.startswith("git config user.name mallory")
    assert world.refs() == before


@pytest.mark.usefixtures("cache")
def test_a_refusal_without_violations_is_told_in_the_remotes_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(world.path, "config", "gitreg.identity", "REMOTE_USER")
    monkeypatch.delenv("REMOTE_USER", raising=False)
    with pytest.raises(gitreg.DeniedError, match="nothing tells who pushes"):
        there(world, "alice").create_version("fraud", source="s3://ml/1")


def test_the_clone_is_made_once_and_fetched_when_it_is_too_old(world: World, cache: Path) -> None:
    there(world, "alice")
    [kept] = cache.glob("*.git")
    gitreg.open(world.path, actor="alice").create_version("fraud", source="s3://ml/1")
    assert there(world, "alice", max_age=3600).versions("fraud") == ()
    assert len(there(world, "alice").versions("fraud")) == 1
    assert list(cache.glob("*.git")) == [kept]


def test_a_clone_that_failed_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(gitreg.UnavailableError) as failed:
        gitreg.open(f"file://{tmp_path}/nothing.git", actor="alice")
    assert "does not appear to be a git repository" in str(failed.value)
    assert failed.value.hint == f"try: git ls-remote file://{tmp_path}/nothing.git"
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


@pytest.mark.usefixtures("cache")
def test_a_remote_that_went_away_is_told(world: World) -> None:
    alice = there(world, "alice")
    world.path.rename(world.path.with_name("elsewhere.git"))
    with pytest.raises(gitreg.UnavailableError, match="cannot be reached"):
        alice.create_version("fraud", source="s3://ml/1")
    with pytest.raises(gitreg.UnavailableError, match="cannot be reached"):
        alice.refresh()


def test_a_fetch_during_which_the_ref_moved_here_is_done_again(
    world: World, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = there(world, "alice")
    [kept] = cache.glob("*.git")
    once = tmp_path / "once"
    script = tmp_path / "meanwhile"
    script.write_text(
        f"#!/bin/sh\nmkdir {once} && git --git-dir {kept} update-ref refs/heads/main main~1\n"
        'exec "$@"\n'
    )
    script.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[uploadpack]\n packObjectsHook = {script}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    gitreg.open(world.path, actor="alice").create_version("fraud", source="s3://ml/1")
    alice.refresh()
    assert once.exists()
    assert alice.tip == world.refs()["refs/heads/main"]


@pytest.mark.usefixtures("cache")
def test_two_processes_share_the_cache_and_lose_nothing(world: World) -> None:
    before = len(git(world.path, "rev-list", "--first-parent", "main").split())
    written = write_at_once(f"file://{world.path}", "one", "two", times=8)
    none_lost(world.path, written, before=before)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("ssh://git@host/models.git", True),
        ("https://host/models.git", True),
        ("file:///srv/models.git", True),
        ("git@host:models.git", True),
        ("host:models.git", True),
        ("/srv/models.git", False),
        ("models.git", False),
        ("./a:b", False),
        ("C:\\models.git", False),
    ],
)
def test_urls_are_told_from_paths(text: str, *, url: bool) -> None:
    assert is_url(text) is url


def test_no_error_shows_a_password() -> None:
    assert without_credentials("https://alice:secret@host/r.git") == "https://host/r.git"
    assert without_credentials("ssh://git@host/r.git") == "ssh://git@host/r.git"


# --- from a working clone ----------------------------------------------------------------------


def test_a_write_in_a_clone_goes_to_the_remote_and_is_fetched(world: World) -> None:
    clone = world.clone("alice").fresh()
    registry = gitreg.open(clone.path, actor="alice")
    receipt = registry.create_version("fraud", source="s3://ml/1")
    assert world.refs()["refs/heads/main"] == receipt.commit
    assert clone.git("rev-parse", "origin/main") == receipt.commit
    assert clone.git("status", "--porcelain") == ""
    assert registry.versions("fraud") == ()
    clone.git("pull", "-q")
    assert [str(one.ref) for one in registry.versions("fraud")] == ["fraud/1"]


def test_a_hand_made_commit_after_a_write_loses_nothing(world: World) -> None:
    clone = world.clone("alice").fresh()
    gitreg.open(clone.path, actor="alice").create_version("fraud", source="s3://ml/1")
    clone.write({"models/fraud/README.md": "# Fraud\n"}).commit("a card, by hand")
    assert clone.push().refused
    clone.git("pull", "-q", "--rebase")
    assert clone.push().accepted
    registry = gitreg.open(world.path, actor="alice")
    assert registry.card("fraud") == "# Fraud\n"
    assert len(registry.versions("fraud")) == 1


def test_requests_are_made_and_answered_from_a_clone(world: World) -> None:
    alice = gitreg.open(world.clone("alice").fresh().path, actor="alice")
    alice.create_version("fraud", source="s3://ml/1")
    asked = alice.request_transition("fraud/1", "Production")
    carol = gitreg.open(world.clone("carol").fresh().path, actor="carol")
    assert [view.request.tip for view in carol.requests()] == [asked.commit]
    carol.approve("fraud/1", "Production")
    assert set(world.refs()) == {"refs/heads/main"}


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """Give a repository with a work tree, a registry in it, and no remote."""
    gitreg.create(tmp_path / "first.git", admin="alice")
    git(tmp_path, "clone", "-q", "first.git", "alone")
    git(tmp_path / "alone", "remote", "remove", "origin")
    return tmp_path / "alone"


def test_without_a_remote_a_write_updates_branch_index_and_files(alone: Path) -> None:
    registry = gitreg.open(alone, actor="alice")
    receipt = registry.create_model("fraud")
    assert git(alone, "rev-parse", "HEAD") == receipt.commit
    assert git(alone, "status", "--porcelain") == ""
    assert (alone / "models/fraud/model.yaml").is_file()


def test_without_a_remote_a_write_needs_a_clean_work_tree(alone: Path) -> None:
    before = git(alone, "rev-parse", "HEAD")
    (alone / "README.md").write_text("changed\n")
    registry = gitreg.open(alone, actor="alice")
    with pytest.raises(gitreg.ConflictError, match="has uncommitted changes"):
        registry.create_model("fraud")
    git(alone, "checkout", "-q", "README.md")
    (alone / "models").write_text("in the way\n")
    with pytest.raises(gitreg.ConflictError, match="has files in the way"):
        registry.create_model("fraud")
    (alone / "models").unlink()
    git(alone, "checkout", "-q", "-b", "other")
    with pytest.raises(gitreg.UnavailableError, match="another branch than main"):
        registry.create_model("fraud")
    assert git(alone, "rev-parse", "main") == before


def test_without_a_remote_requests_work_too(alone: Path) -> None:
    registry = gitreg.open(alone, actor="alice")
    registry.create_model("fraud")
    registry.create_version("fraud", source="s3://ml/1")
    registry.request_transition("fraud/1", "Staging")
    assert len(registry.requests()) == 1
    registry.approve("fraud/1", "Staging")
    assert registry.requests() == ()
    assert registry.version("fraud/1").stage == "Staging"
    assert git(alone, "status", "--porcelain") == ""
