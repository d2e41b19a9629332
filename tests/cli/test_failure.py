"""How a call fails: one message, a hint, and the exit code that tells which kind."""

import errno
from pathlib import Path

import click
import pytest
from cli.calling import Desk, git

from gitreg.cli.failure import tell
from gitreg.errors import (
    AlreadyExistsError,
    ConflictError,
    CorruptError,
    DeniedError,
    InvalidValueError,
    NotFoundError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            "version show fraud/9",
            3,
            "error: there is no version fraud/9\nhint: gitreg version list fraud\n",
        ),
        ("model show frod", 3, 'error: there is no model frod\nhint: did you mean "fraud"?\n'),
        ("model show churn", 3, "error: there is no model churn\nhint: gitreg model list\n"),
        (
            "transition fraud/1 Prod",
            2,
            (
                "error: 'Prod' is not a stage of this registry; they are None, Staging, "
                'Production, Archived\nhint: did you mean "Production"?\n'
            ),
        ),
        ("model create fraud", 5, "error: a model fraud exists\nhint: gitreg model show fraud\n"),
        (
            "model create FRAUD",
            5,
            (
                "error: a model fraud exists, which differs from FRAUD only in case or accents\n"
                "hint: choose another name\n"
            ),
        ),
        (
            "transition fraud/1 Prodction",
            2,
            (
                "error: 'Prodction' is not a stage of this registry; they are None, Staging, "
                'Production, Archived\nhint: did you mean "Production"?\n'
            ),
        ),
        (
            "version show fraud",
            2,
            (
                "error: 'fraud' is not a version\n"
                "hint: write MODEL/NUMBER, MODEL/STAGE, MODEL/latest or MODEL@ALIAS\n"
            ),
        ),
        (
            "modle list",
            2,
            "error: gitreg has no command 'modle'\nhint: did you mean \"model\"?\n",
        ),
        (
            "model zzz",
            2,
            "error: gitreg model has no command 'zzz'\nhint: gitreg model --help\n",
        ),
        (
            "model show",
            2,
            "error: missing argument 'MODEL'\nhint: gitreg model show --help\n",
        ),
        (
            "model show fraud more",
            2,
            "error: got unexpected extra argument (more)\nhint: gitreg model show --help\n",
        ),
        (
            "log -n",
            2,
            "error: option '-n' requires an argument\nhint: gitreg log --help\n",
        ),
        (
            "model card fraud nowhere.md",
            2,
            (
                "error: invalid value for '[FILE]': 'nowhere.md': No such file or directory\n"
                "hint: gitreg model card --help\n"
            ),
        ),
    ],
)
def test_a_failure_is_one_message_and_a_code(words: str, code: int, told: str, alice: Desk) -> None:
    assert alice.fails(code, *words.split()) == told


def test_what_the_rules_forbid_is_a_conflict(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Production")
    assert alice.fails(5, "model", "delete", "fraud", "-y") == (
        "error: fraud cannot be deleted: version 1 is in Production\n"
        "hint: gitreg transition fraud/1 Archived\n"
    )


def test_somebody_elses_comment_is_refused(alice: Desk, bob: Desk) -> None:
    found = alice.does("comment", "add", "fraud/1", "Good.", "-q").strip()
    told = bob.fails(4, "comment", "edit", "fraud/1", found, "Bad.")
    assert told == "error: the comment is alice's: nobody else can edit it\n"


def test_a_broken_registry_is_a_failure(alice: Desk, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(alice.registry), "clone")
    clone = tmp_path / "clone"
    (clone / "registry.yaml").write_text("kind: [\n")
    git(clone, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qam", "Break it")
    told = alice.fails(1, "-r", clone, "model", "list")
    assert told.startswith("error: registry.yaml does not parse: ")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (InvalidValueError("no", hint="yes"), 2, "error: no\nhint: yes\n"),
        (NotFoundError("no"), 3, "error: no\n"),
        (DeniedError("no"), 4, "error: no\n"),
        (ConflictError("no"), 5, "error: no\n"),
        (AlreadyExistsError("no"), 5, "error: no\n"),
        (CorruptError("no"), 1, "error: no\n"),
        (UnavailableError("no"), 1, "error: no\n"),
        (click.Abort(), 1, "error: stopped\n"),
        (click.ClickException("No."), 1, "error: no\n"),
        (click.FileError("x", "IO"), 1, "error: could not open file 'x': IO\n"),
        (click.UsageError("URL is wrong."), 2, "error: URL is wrong\nhint: gitreg --help\n"),
        (OSError(errno.ENOSPC, "No space", "/x"), 1, "error: /x: No space\n"),
        (OSError("strange"), 1, "error: strange\n"),
        (
            KeyError("x"),
            1,
            (
                "error: gitreg failed: KeyError: 'x'\n"
                "hint: this is a bug; GITREG_DEBUG=1 tells where it is\n"
            ),
        ),
    ],
)
def test_every_kind_of_error_has_its_code(
    error: Exception, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(error) == code
    assert capsys.readouterr().err == told


def test_whoever_looks_for_a_bug_sees_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITREG_DEBUG", "1")
    with pytest.raises(KeyError):
        tell(KeyError("x"))
