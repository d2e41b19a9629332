"""What guards a bare repository: hooks, the Git settings they rely on, and the alarm about both."""

from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import ConfigLevel
from world import World, git

from gitreg import InvalidValueError
from gitreg.hosting import DEFAULT_IDENTITY, HOOKS, IDENTITY, SETTINGS, hook_problems, install_hooks
from gitreg.resources import hook
from gitreg.store.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "new.git")


@pytest.fixture
def users_settings(tmp_path: Path) -> Iterator[Path]:
    """Give the file of a user's own Git settings."""
    before = pygit2.settings.search_path[ConfigLevel.GLOBAL]
    pygit2.settings.search_path[ConfigLevel.GLOBAL] = str(tmp_path)
    yield tmp_path / ".gitconfig"
    pygit2.settings.search_path[ConfigLevel.GLOBAL] = before


def test_an_installed_hook_leaves_nothing_to_complain_of(repository: Repository) -> None:
    assert install_hooks(repository)[:3] == (
        "who pushes is told by GITREG_ACTOR",
        "pre-receive installed",
        "post-receive installed",
    )
    assert list(hook_problems(repository)) == []
    for name in HOOKS:
        assert (repository.path / "hooks" / name).read_bytes() == hook(name)
    for key, value in SETTINGS.items():
        assert git(repository.path, "config", key) == value


def test_an_unguarded_repository_is_told_all_that_is_missing(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "bare.git")
    assert set(hook_problems(repository)) >= {
        "hooks/pre-receive is missing: pushes are not judged",
        "hooks/post-receive is missing: pushes are not judged",
        *(f"{key} is not set; it should be {value}" for key, value in SETTINGS.items()),
        "gitreg.python is not set: no Python is there",
        "gitreg.identity is not set: nothing tells who pushes",
    }


def test_whatever_weakens_the_guard_is_told(repository: Repository) -> None:
    install_hooks(repository)
    hooks = repository.path / "hooks"
    (hooks / "pre-receive").write_text("#!/bin/sh\nexit 0\n")
    (hooks / "post-receive").chmod(0o644)
    for key, value in {
        "core.hooksPath": "/tmp/nowhere",
        "receive.fsckObjects": "false",
        "gitreg.python": "/nowhere/python",
    }.items():
        git(repository.path, "config", key, value)
    blob = repository.write("blob", b"")
    git(repository.path, "update-ref", f"refs/replace/{blob}", blob)
    assert list(hook_problems(Repository(repository.path))) == [
        "hooks/pre-receive is not gitreg's: pushes are not judged",
        "hooks/post-receive is not executable: Git passes it over",
        "core.hooksPath is set: Git does not look into hooks/",
        "receive.fsckObjects is false; it should be true",
        "gitreg.python is /nowhere/python: no Python is there",
        "refs/replace/ is not empty: replaced objects read differently in Git",
    ]


def test_a_hook_of_another_version_is_told_and_replaced(repository: Repository) -> None:
    install_hooks(repository)
    path = repository.path / "hooks" / "pre-receive"
    path.write_bytes(hook("pre-receive") + b"# older\n")
    assert list(hook_problems(repository)) == ["hooks/pre-receive is of another version of gitreg"]
    assert install_hooks(repository)[1] == "pre-receive installed"
    assert list(hook_problems(repository)) == []
    assert not path.with_name("pre-receive.chained").exists()


def test_a_hook_that_was_there_is_kept_and_run_after_ours(repository: Repository) -> None:
    path = repository.path / "hooks" / "post-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\necho mail sent\n")
    assert install_hooks(repository)[2] == (
        "post-receive installed; the one that was there runs after it, as post-receive.chained"
    )
    assert path.with_name("post-receive.chained").read_text().endswith("mail sent\n")
    path.write_text("#!/bin/sh\necho another\n")
    with pytest.raises(InvalidValueError, match="are both there and neither is gitreg's") as caught:
        install_hooks(repository)
    assert caught.value.hint == f"move {path} away"
    assert path.read_text().endswith("another\n")


def test_who_pushes_is_told_as_said_and_stays_so(repository: Repository) -> None:
    install_hooks(repository, identity=("REMOTE_USER", "GL_USERNAME"))
    assert repository.config_values(IDENTITY) == ("REMOTE_USER", "GL_USERNAME")
    install_hooks(repository)
    assert repository.config_values(IDENTITY) == ("REMOTE_USER", "GL_USERNAME")
    told = install_hooks(repository, identity=("GL_USER",))[0]
    assert told == "who pushes is told by GL_USER"
    with pytest.raises(InvalidValueError, match="is not the name of an environment variable"):
        install_hooks(repository, identity=("A B",))


def test_a_users_own_git_settings_tell_nobody_who_pushes(
    users_settings: Path, tmp_path: Path
) -> None:
    users_settings.write_text("[gitreg]\n\tidentity = ANYTHING\n")
    repository = Repository.create(tmp_path / "new.git")
    install_hooks(repository)
    assert repository.config_values(IDENTITY) == DEFAULT_IDENTITY
    install_hooks(repository, identity=("GL_USER",))
    assert repository.config_values(IDENTITY) == ("GL_USER",)


def test_hooks_are_for_bare_repositories(tmp_path: Path) -> None:
    world = World(tmp_path)
    clone = world.clone("alice").fresh()
    with pytest.raises(InvalidValueError, match="has a work tree; hooks guard a bare repository"):
        install_hooks(Repository(clone.path))
    assert git(clone.path, "status", "--porcelain") == ""


def test_an_empty_repository_gets_a_head_that_clones_can_stand_on(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "--initial-branch=master", "new.git")
    install_hooks(Repository(tmp_path / "new.git"))
    assert git(tmp_path / "new.git", "symbolic-ref", "HEAD") == "refs/heads/main"
    install_hooks(Repository(tmp_path / "new.git"))
