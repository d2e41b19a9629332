"""Which registry, and who: the options, the environment, Git's settings, the folder."""

from pathlib import Path

import pytest
from cli.calling import Desk, git

import gitreg


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user's git config, which is empty."""
    path = tmp_path / "gitconfig"
    path.write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
    return path


@pytest.fixture
def nobody(alice: Desk) -> Desk:
    """Give a desk at which nothing says where and who."""
    return Desk(alice.registry, "", {"GITREG_REGISTRY": ""})


@pytest.fixture
def unnamed(alice: Desk) -> Desk:
    """Give a desk at which nothing says who."""
    return Desk(alice.registry, "")


def committer(desk: Desk) -> str:
    """Give name and e-mail of main's last committer."""
    return git(desk.registry, "log", "-1", "--format=%cn <%ce>", "main").strip()


def test_the_option_comes_before_the_environment(alice: Desk) -> None:
    alice.does("init", "new.git")
    assert alice.does("model", "list", "-q") == "fraud\n"
    assert alice.does("-r", "new.git", "model", "list", "-q") == ""
    assert alice.does("model", "list", "-q", "--registry", "new.git") == ""
    assert alice.does("-r", "nowhere", "model", "list", "-q", "-r", "new.git") == ""


def test_the_registry_is_git_config_or_the_folder(
    nobody: Desk, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = nobody.fails(3, "model", "list")
    assert told == (
        "error: this folder is in no registry\n"
        "hint: name one: --registry PATH, GITREG_REGISTRY, or git config --global gitreg.registry "
        "PATH; gitreg init makes one\n"
    )
    settings.write_text(f"[gitreg]\n registry = {nobody.registry}\n")
    assert nobody.does("model", "list", "-q") == "fraud\n"
    settings.write_text("")
    monkeypatch.chdir(nobody.registry / "refs")
    assert nobody.does("model", "list", "-q") == "fraud\n"
    assert nobody.does("-r", "..", "model", "list", "-q") == "fraud\n"


def test_the_registry_may_stand_in_the_home_folder(nobody: Desk, settings: Path) -> None:
    settings.write_text("[gitreg]\n registry = ~/models.git\n")
    assert nobody.does("model", "list", "-q") == "fraud\n"


def test_a_folder_of_a_working_clone_will_do(
    nobody: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", str(nobody.registry), "clone")
    monkeypatch.chdir(tmp_path / "clone/models/fraud")
    assert nobody.does("version", "show", "fraud/latest", "-q") == "fraud/2\n"
    assert nobody.does("-r", ".", "model", "list", "-q", "-r", str(tmp_path / "clone")) == "fraud\n"


def test_a_repository_that_is_no_registry_is_told_apart(nobody: Desk, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "code")
    told = nobody.fails(3, "-r", tmp_path / "code", "model", "list")
    assert told == f"error: {tmp_path}/code/.git holds no registry yet\nhint: gitreg init\n"
    git(
        tmp_path / "code",
        *("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "x"),
    )
    told = nobody.fails(3, "-r", tmp_path / "code", "model", "list")
    assert told.startswith(
        f"error: {tmp_path}/code/.git is a Git repository, but no registry\nhint: name one: "
    )
    told = nobody.fails(3, "-r", tmp_path, "model", "list")
    assert told.startswith(f"error: {tmp_path} is no Git repository\n")


def test_a_registry_is_reached_by_its_url(alice: Desk) -> None:
    url = f"file://{alice.registry}"
    told = alice.does("-r", url, "model", "create", "churn")
    assert told.startswith("model churn created (")
    assert alice.does("model", "list", "-q") == "churn\nfraud\n"
    told = alice.at("bob").fails(4, "-r", url, "transition", "fraud/1", "Production")
    assert "needs manage-production; bob has read" in told
    alice.fails(1, "-r", f"{url}-not", "model", "list")


def test_a_read_may_be_content_with_what_was_fetched(
    alice: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = ("-r", f"file://{alice.registry}", "model", "list", "-q")
    assert alice.does(*listed) == "fraud\n"
    alice.does("model", "create", "churn")
    assert alice.does(*listed, "--max-age", "3600") == "fraud\n"
    monkeypatch.setenv("GITREG_MAX_AGE", "3600")
    assert alice.does(*listed) == "fraud\n"
    assert alice.does(*listed, "--max-age", "0") == "churn\nfraud\n"


@pytest.mark.parametrize("text", ["-1", "nan", "soon"])
def test_an_age_is_a_number_of_seconds(alice: Desk, text: str) -> None:
    told = alice.fails(2, "model", "list", f"--max-age={text}")
    assert f"'{text}' is not a number of seconds" in told


def test_the_actor_is_the_option_the_environment_or_git_config(
    unnamed: Desk, settings: Path
) -> None:
    settings.write_text("[user]\n name = uma\n email = uma@acme.com\n")
    unnamed.does("model", "create", "a")
    assert committer(unnamed) == "uma <uma@acme.com>"
    settings.write_text("[user]\n name = uma\n email = uma@acme.com\n[gitreg]\n user = gus\n")
    unnamed.does("model", "create", "b")
    assert committer(unnamed) == "gus <uma@acme.com>"
    unnamed.at("eve").does("model", "create", "c")
    assert committer(unnamed) == "eve <eve@localhost>"
    unnamed.at("eve").does("--as", "oda", "model", "create", "d")
    assert committer(unnamed) == "oda <oda@localhost>"
    unnamed.at("eve").does("model", "create", "e", "--as", "uma")
    assert committer(unnamed) == "uma <uma@acme.com>"


def test_where_people_are_named_by_e_mail_gits_e_mail_says_who(
    unnamed: Desk, settings: Path
) -> None:
    settings.write_text("[user]\n name = Alice Example\n email = alice@acme.com\n")
    unnamed.does("init", "new.git", "--host", "github")
    unnamed.does("-r", "new.git", "model", "create", "fraud")
    told = git(Path("new.git"), "log", "-1", "--format=%cn <%ce>", "main").strip()
    assert told == "alice@acme.com <alice@acme.com>"


def test_a_write_needs_to_know_who(unnamed: Desk, settings: Path) -> None:
    hint = (
        "hint: say who you are in this registry: git config --global gitreg.user NAME, or --as "
        "NAME\n"
    )
    assert unnamed.fails(2, "model", "create", "x") == f"error: nobody says who you are\n{hint}"
    settings.write_text("[user]\n name = Alice Example\n")
    assert unnamed.fails(2, "model", "create", "x") == (
        "error: 'Alice Example', which Git's user.name says, is no user name: it holds other "
        f"characters than ASCII letters, digits and . _ + @ -\n{hint}"
    )
    unnamed.fails(2, "request", "list", "--mine")
    unnamed.fails(2, "init", "new.git")


def test_a_read_needs_not_know_who_but_takes_nobody_wrong(unnamed: Desk, settings: Path) -> None:
    assert unnamed.does("model", "list", "-q") == "fraud\n"
    settings.write_text("[user]\n name = Alice Example\n")
    assert unnamed.does("model", "list", "-q") == "fraud\n"
    told = unnamed.at("not a user").fails(2, "model", "list", "-q")
    assert told.startswith("error: 'not a user', which GITREG_ACTOR says, is no user name")
    unnamed.fails(2, "--as", "@risk", "model", "list")
    settings.write_text("[gitreg]\n user = Alice Example\n")
    unnamed.fails(2, "model", "list")


def test_git_need_not_be_there(
    nobody: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told = nobody.at("alice").does("-r", nobody.registry, "model", "list", "-q")
    assert told == "fraud\n"
    nobody.fails(3, "model", "list")


TRIED = [
    "layout sharded",
    "model create churn",
    "model describe fraud Other.",
    "model tag fraud a=1",
    "model untag fraud team",
    "model rename fraud cards",
    "model delete fraud",
    "model card fraud -",
    "version create fraud --source x",
    "version describe fraud/1 Other.",
    "version tag fraud/1 a=1",
    "version untag fraud/2 a",
    "version metric fraud/1 a=1",
    "version status fraud/3 READY",
    "version delete fraud/1",
    "alias set fraud/1 champion",
    "alias delete fraud other",
    "comment add fraud/1 Good.",
    "comment edit fraud/2 COMMENT Better.",
    "comment delete fraud/2 COMMENT",
    "transition fraud/1 Production",
    "request create fraud/1 Production",
    "request approve fraud/2 Staging",
    "request reject fraud/2 Staging",
    "request cancel fraud/2 Staging",
    "permission grant carol edit fraud",
    "permission revoke alice --pattern *",
]


def test_trying_every_write_tells_what_would_happen_and_changes_nothing(alice: Desk) -> None:
    registry = gitreg.open(alice.registry, actor="alice")
    registry.tag_version("fraud/2", {"a": "1"})
    registry.create_version("fraud", source="x", status="PENDING_REGISTRATION")
    registry.set_alias("fraud/2", "other")
    registry.grant("alice", "edit", pattern="*")
    registry.request_transition("fraud/2", "Staging")
    found = alice.does("comment", "add", "fraud/2", "Good.", "-q").strip()
    before = alice.tip()
    for call in TRIED:
        words = [found if word == "COMMENT" else word for word in call.split()]
        told = alice.does(*words, "--dry-run", stdin="# Card\n")
        assert all(line.startswith("would: ") for line in told.splitlines()), call
        assert told, call
        assert alice.call(*words, "--dry-run", "-o", "json", stdin="x").data["dry_run"] is True
    assert alice.tip() == before


def test_trying_what_is_refused_tells_the_refusal(alice: Desk, bob: Desk) -> None:
    told = bob.fails(4, "transition", "fraud/1", "Production", "--dry-run")
    assert told.startswith("error: refused; nothing was changed\n  access  ")
