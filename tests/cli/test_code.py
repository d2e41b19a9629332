"""The Git commit that a new version was made from."""

from pathlib import Path

import pytest
from cli.calling import Desk, git

from gitreg.cli.git import without_credentials

CREATE = ("version", "create", "fraud", "--source", "x")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a checkout of training code, in which the call is made."""
    path = tmp_path / "code"
    git(tmp_path, "init", "-q", "-b", "main", str(path))
    git(path, "config", "user.name", "alice")
    git(path, "config", "user.email", "alice@acme.com")
    git(path, "remote", "add", "origin", "https://alice:secret@git.acme.com/risk.git?token=x")
    (path / "train").mkdir()
    (path / "train/fit.py").write_text("fit()\n")
    git(path, "add", ".")
    git(path, "commit", "-qm", "Fit")
    monkeypatch.chdir(path)
    return path


def code(desk: Desk) -> object:
    """Give the code of the newest version."""
    return desk.call("version", "show", "fraud/latest", "-o", "json").data["code"]


def head(checkout: Path) -> str:
    """Give the commit that is checked out."""
    return git(checkout, "rev-parse", "HEAD").strip()


def test_a_version_records_the_commit_that_is_checked_out(alice: Desk, checkout: Path) -> None:
    alice.does(*CREATE)
    assert code(alice) == {
        "repository": "https://git.acme.com/risk.git",
        "commit": head(checkout),
        "dirty": False,
    }
    shown = alice.does("version", "show", "fraud/latest")
    assert f"  code     https://git.acme.com/risk.git {head(checkout)[:12]}\n" in shown


def test_the_current_folder_is_the_path(
    alice: Desk, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout / "train")
    alice.does(*CREATE)
    assert code(alice) == {
        "repository": "https://git.acme.com/risk.git",
        "commit": head(checkout),
        "path": "train",
        "dirty": False,
    }


def test_uncommitted_changes_are_recorded_and_warned_of(alice: Desk, checkout: Path) -> None:
    (checkout / "untracked").write_text("new\n")
    assert alice.call(*CREATE).err == ""
    (checkout / "train/fit.py").write_text("fit(harder=True)\n")
    told = alice.call(*CREATE)
    assert (told.code, told.err) == (
        0,
        (
            "warning: the checkout has uncommitted changes: fraud/4 is recorded as made from "
            f"commit {head(checkout)[:7]} and more (dirty)\n"
        ),
    )
    assert code(alice) == {
        "repository": "https://git.acme.com/risk.git",
        "commit": head(checkout),
        "dirty": True,
    }
    assert "with uncommitted changes\n" in alice.does("version", "show", "fraud/latest")


def test_a_checkout_without_origin_is_told_by_its_commit(alice: Desk, checkout: Path) -> None:
    git(checkout, "remote", "remove", "origin")
    alice.does(*CREATE)
    assert code(alice) == {"commit": head(checkout), "dirty": False}


def test_nothing_is_recorded_if_told_so(alice: Desk, checkout: Path) -> None:
    alice.does(*CREATE, "--no-code")
    assert code(alice) == {}


def test_nothing_is_recorded_where_there_is_no_commit(
    alice: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.does(*CREATE)
    assert code(alice) == {}
    git(tmp_path, "init", "-q", "empty")
    monkeypatch.chdir(tmp_path / "empty")
    alice.does(*CREATE)
    assert code(alice) == {}


def test_the_registry_is_not_its_own_code(
    alice: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(alice.registry)
    alice.does(*CREATE)
    assert code(alice) == {}
    git(tmp_path, "clone", "-q", str(alice.registry), "clone")
    monkeypatch.chdir(tmp_path / "clone/models")
    alice.does(*CREATE)
    assert code(alice) == {}


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://git.acme.com/risk", "https://git.acme.com/risk"),
        ("https://token@git.acme.com:8443/risk", "https://git.acme.com:8443/risk"),
        ("https://a:b@git.acme.com/risk.git#main", "https://git.acme.com/risk.git"),
        ("ssh://git@git.acme.com:22/risk", "ssh://git@git.acme.com:22/risk"),
        ("git+ssh://git:pw@git.acme.com/risk", "git+ssh://git@git.acme.com/risk"),
        ("ssh://git.acme.com/risk", "ssh://git.acme.com/risk"),
        ("git@git.acme.com:risk.git", "git@git.acme.com:risk.git"),
        ("/srv/git/risk@2.git", "/srv/git/risk@2.git"),
        ("", ""),
    ],
)
def test_an_address_is_recorded_without_credentials(address: str, told: str) -> None:
    assert without_credentials(address) == told
