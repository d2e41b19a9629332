"""What the shell completes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.calling import Desk, program
from click.testing import CliRunner

import gitreg
from gitreg.cli import cli


def completed(desk: Desk, line: str, shell: str = "zsh") -> list[str]:
    """Give what a shell offers at the end of ``line``."""
    words = line.split(" ")
    variables = {
        "COMP_WORDS": f"gitreg {line}",
        "COMP_CWORD": str(len(words)),
        "_GITREG_COMPLETE": f"{shell}_complete",
    }
    done = CliRunner().invoke(cli, [], env=desk.environment | variables, prog_name="gitreg")
    assert (done.exit_code, done.stderr) == (0, "")
    if shell == "bash":
        return [told.split(",", 1)[1] for told in done.stdout.splitlines()]
    return done.stdout.splitlines()[1::3]


@pytest.fixture
def desk(alice: Desk) -> Desk:
    """Give a registry with something to complete."""
    registry = gitreg.open(alice.registry, actor="alice")
    registry.create_model("churn")
    registry.transition("fraud/1", "Staging")
    registry.set_alias("fraud/1", "champion")
    return alice


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("re", "request"),
        ("request ", "create list show approve reject cancel"),
        ("model show ", "churn fraud"),
        ("model show f", "fraud"),
        ("version show ", "churn fraud"),
        ("version show x", ""),
        (
            "version show f",
            "fraud/2 fraud/1 fraud/Staging fraud/None fraud/latest fraud@champion",
        ),
        ("version show fraud/S", "fraud/Staging"),
        ("version show fraud@", "fraud@champion"),
        ("version show churn/", ""),
        ("transition fraud/1 ", "None Staging Production Archived"),
        ("transition fraud/1 P", "Production"),
        ("model list --stage S", "Staging"),
        ("request list --model c", "churn"),
        ("alias delete fraud ", "champion"),
        ("alias delete nope ", ""),
        ("permission grant ", "@everyone alice"),
        ("permission grant bob ", "read edit manage-staging manage-production manage"),
        ("permission grant bob edit c", "churn"),
        ("permission check bob tr", "transition"),
        ("permission check bob transition fraud/", "fraud/1 fraud/2"),
        ("log c", "churn"),
        ("completion ", "bash zsh fish"),
        ("-r nowhere model show ", ""),
        ("model show -r nowhere ", ""),
        ("--as not/a/user model show ", ""),
    ],
)
def test_words_are_completed_from_the_registry(line: str, words: str, desk: Desk) -> None:
    assert completed(desk, line) == words.split()


def test_comments_are_completed_by_their_first_digits(desk: Desk) -> None:
    found = desk.does("comment", "add", "fraud/1", "Good.", "-q").strip()
    assert completed(desk, "comment delete fraud/1 ") == [found[:8]]
    assert completed(desk, "comment delete fraud/9 ") == []


def test_bash_gets_words_it_can_read(desk: Desk) -> None:
    desk.does("model", "create", "my model")
    assert completed(desk, "model show ", "bash") == ["churn", "fraud", "'my model'"]


def test_nothing_is_completed_where_nothing_is(tmp_path: Path) -> None:
    nowhere = Desk(tmp_path / "nowhere", "alice")
    assert completed(nowhere, "model show ") == []
    assert completed(Desk(Path(), "", {"GITREG_REGISTRY": ""}), "version show ") == []


def test_standard_input_is_left_alone(desk: Desk) -> None:
    assert completed(desk, "model describe fraud - --me") == ["--message"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(shell: str, desk: Desk) -> None:
    told = desk.does("completion", shell)
    assert f"_GITREG_COMPLETE={shell}_complete" in told
    assert shell in desk.does("completion", "--help")


def test_bash_completes_by_the_script(desk: Desk) -> None:
    script = """
        eval "$("$0" -m gitreg completion bash)"
        COMP_WORDS=(gitreg version show fraud/) COMP_CWORD=3
        _gitreg_completion "$1"
        echo "${COMPREPLY[*]}"
    """
    wrapper = Path("gitreg")
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gitreg "$@"\n')
    wrapper.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, str(wrapper.resolve())],
        env=os.environ | desk.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "fraud/2 fraud/1 fraud/Staging fraud/None fraud/latest\n", done.stderr


def test_completing_in_a_process_of_its_own_says_nothing_on_stderr(desk: Desk) -> None:
    done = program(
        _GITREG_COMPLETE="bash_complete",
        COMP_WORDS="gitreg model show ",
        COMP_CWORD="3",
        GITREG_REGISTRY="/nowhere",
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
