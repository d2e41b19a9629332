"""``gitreg init``, ``gitreg layout``, ``gitreg check``, ``gitreg audit`` and ``gitreg hook``."""

import subprocess
from pathlib import Path

import pytest
from cli.calling import Desk, git

import gitreg


def test_a_registry_is_made_and_the_next_step_told(alice: Desk) -> None:
    told = alice.call("init", "new.git", "--admin", "alice")
    tip = gitreg.open("new.git", actor="alice").tip
    assert told.out == (
        f"registry new created in new.git ({tip[:7]}). Next: gitreg -r new.git model create NAME\n"
    )
    assert told.err == (
        f"note: git config --global gitreg.registry {Path('new.git').resolve()} makes it the one "
        "gitreg speaks to\n"
    )
    alice.does("-r", "new.git", "model", "create", "churn")
    assert alice.does("model", "list", "-q", "-r", "new.git") == "churn\n"


def test_whoever_makes_a_registry_manages_it_unless_told_otherwise(alice: Desk) -> None:
    alice.does("init", "a.git")
    assert gitreg.open("a.git", actor="x").level("alice").name == "MANAGE"
    told = alice.does("init", "b.git", "--admin", "bob", "-q")
    assert told == "b.git\n"
    made = alice.call("init", "c.git", "--admin", "bob")
    assert "Next: gitreg -r c.git --as bob model create NAME" in made.out
    assert "note: git config --global gitreg.user bob makes you bob\n" in made.err
    assert gitreg.open("b.git", actor="x").level("alice").name == "READ"


def test_a_registry_is_made_as_told(alice: Desk) -> None:
    told = alice.call(
        *("init", "new.git", "--admin", "alice@acme.com", "--name", "acme", "-o", "json"),
        *("--profile", "mlflow", "--host", "github", "--layout", "sharded"),
    )
    assert told.data == {
        "path": "new.git",
        "name": "acme",
        "admin": "alice@acme.com",
        "commit": gitreg.open("new.git", actor="x").tip,
    }
    settings = gitreg.open("new.git", actor="x").settings()
    assert (settings.name, settings.layout) == ("acme", "sharded")
    assert (settings.rules.clock, settings.identity.principal) == ("trust", "email")


def test_a_registry_is_made_in_an_empty_bare_repository(alice: Desk, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    assert "would: registry empty created in " in alice.does(
        "init", tmp_path / "empty.git", "--dry-run"
    )
    alice.does("init", tmp_path / "empty.git")
    told = alice.fails(5, "init", tmp_path / "empty.git")
    assert told.startswith(f"error: {tmp_path}/empty.git holds branches already\n")


def test_trying_makes_no_registry(alice: Desk) -> None:
    told = alice.does("init", "new.git", "--dry-run")
    assert told == "would: registry new created in new.git, managed by alice\n"
    assert not Path("new.git").exists()
    told = alice.fails(5, "init", alice.registry, "--dry-run")
    assert told.startswith(f"error: {alice.registry} holds a registry already\n")
    alice.fails(2, "init", "new.git", "--admin", "not a user", "--dry-run")


def test_the_layout_is_changed_and_back(alice: Desk) -> None:
    before = alice.tip()
    assert alice.does("layout", "sharded", "--dry-run") == "would: layout changed to sharded\n"
    assert alice.tip() == before
    assert alice.does("layout", "sharded", "-q") == "sharded\n"
    assert alice.does("layout", "sharded") == "nothing to do.\n"
    assert alice.does("version", "list", "-q") == "fraud/2\nfraud/1\n"
    alice.does("layout", "flat")
    alice.fails(2, "layout", "round")


# --- check, audit, hook ---------------------------------------------------------------------------


@pytest.fixture
def clone(alice: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a clone in which bob has committed what he may not."""
    path = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(alice.registry), str(path))
    git(path, "config", "user.name", "bob")
    git(path, "config", "user.email", "bob@acme.com")
    version = path / "models/fraud/versions/1.yaml"
    version.write_text(version.read_text().replace("stage: None", "stage: Production"))
    git(path, "commit", "-qam", "To production")
    monkeypatch.chdir(path)
    return path


def test_a_check_tells_why_a_range_is_refused(clone: Path) -> None:
    here = Desk(Path(), "", {"GITREG_REGISTRY": ""})
    told = here.call("check")
    assert (told.code, told.err) == (4, "")
    assert "  access  models/fraud/versions/1.yaml\n" in told.out
    assert told.lines[-1].startswith("refused: ")
    told = here.call("check", "origin/main..HEAD", "-o", "json")
    assert told.code == 4
    assert (told.data["allowed"], len(told.data["violations"])) == (False, 1)


def test_a_check_takes_actor_and_approvers_as_told(clone: Path, alice: Desk) -> None:
    call = ("check", "origin/main..HEAD", "-r", clone, "--actor", "bob")
    assert alice.call(*call).code == 4
    told = alice.does(*call, "--approver", "alice")
    assert "fraud/1 None -> Production" in told
    assert told.splitlines()[-1].startswith("allowed: ")
    alice.fails(2, "check", "HEAD", "-r", clone)
    hint = "hint: name the commits to judge: gitreg check BASE..HEAD\n"
    told = alice.fails(3, "check", "nope..HEAD", "-r", clone)
    assert told == f"error: there is no commit 'nope'\n{hint}"
    told = alice.fails(3, "check")
    assert told == f"error: there is no commit 'origin/main'\n{hint}"


def test_an_audit_tells_whether_history_is_clean(alice: Desk) -> None:
    assert alice.does("audit").splitlines()[-1] == "clean"
    audited = alice.call("audit", "-o", "json").data
    assert audited["clean"] is True
    assert alice.does("audit", "--root", audited["root"], "--full").splitlines()[-1] == "clean"
    assert alice.call("audit", "--root", "0" * 40).code == 4
    assert alice.does("audit", "--since", "main").startswith("0 steps after ")
    tip = git(alice.registry, "rev-parse", "main").strip()
    git(alice.registry, "update-ref", "refs/heads/main", f"{tip}~1")
    tree = git(alice.registry, "rev-parse", f"{tip}^{{tree}}").strip()
    forged = subprocess.run(
        [
            *("git", "-c", "user.name=eve", "-c", "user.email=eve@x"),
            *("commit-tree", tree, "-p", f"{tip}~1", "-m", "forged"),
        ],
        cwd=alice.registry,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    git(alice.registry, "update-ref", "refs/heads/main", forged)
    told = alice.call("audit")
    assert (told.code, told.err) == (4, "")
    assert "needs edit; eve has read" in told.out
    assert alice.call("audit", "-o", "json").data["clean"] is False


def test_hooks_are_installed_and_their_state_is_told(alice: Desk, tmp_path: Path) -> None:
    assert alice.does("hook", "status") == f"{alice.registry} is guarded\n"
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    bare = tmp_path / "bare.git"
    told = alice.call("hook", "status", bare)
    assert (told.code, told.err) == (1, "")
    assert told.lines[0] == "hooks/pre-receive is missing: pushes are not judged"
    assert alice.call("hook", "status", bare, "-q").out == ""
    tried = alice.does("hook", "install", bare, "--dry-run")
    assert tried.startswith("would: mend: hooks/pre-receive is missing")
    assert not (bare / "hooks/pre-receive").exists()
    told_of = alice.does("hook", "install", bare, "--identity", "REMOTE_USER")
    assert told_of == (
        "who pushes is told by REMOTE_USER\npre-receive installed\npost-receive installed\n"
    )
    assert alice.call("hook", "status", bare, "-o", "json").data == {
        "path": str(bare),
        "guarded": True,
        "problems": [],
    }
    alice.fails(3, "hook", "install", tmp_path / "nowhere")
    alice.fails(2, "hook", "install", bare, "--identity", "not-a-name")
