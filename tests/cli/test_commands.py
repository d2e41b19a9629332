"""Every command is in the table, is explained, and has the options all have."""

import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from cli.calling import Desk

from gitreg.cli import COMMANDS, EXAMPLES, cli
from gitreg.cli.command import Command, Group


def commands(
    command: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Give every command there is, groups too, by the words that call it."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            assert found is not None
            yield from commands(found, (*path, name))


ALL = dict(commands())
LEAVES = {path: command for path, command in ALL.items() if not isinstance(command, click.Group)}
READS = {
    "model list": "",
    "model show": "fraud",
    "version list": "fraud",
    "version show": "fraud/1",
    "files": "fraud/3",
    "request list": "",
    "request show": "fraud/1 Staging",
    "comment list": "fraud/1",
    "permission list": "",
    "permission check": "alice read fraud",
    "log": "",
    "events": "",
    "diff": "HEAD~1",
    "blame": "fraud/1",
    "why": "fraud/1",
    "index status": "",
    "index rebuild": "",
    "hook status": "",
}
FILES = {"pull", "verify", "lock", "sync", "cache list", "cache verify", "cache prune"}
OTHERS = {"init", "completion", "check", "audit", "maintain", "hook install", "hook serve"}
OTHERS |= FILES | {"artifacts gc"}
WRITES = set(LEAVES) - set(READS) - OTHERS
DATED = {
    "model list",
    "model show",
    "model card",
    "version list",
    "version show",
    "files",
    "pull",
    "lock",
    "comment list",
    "permission list",
    "permission check",
    "log",
    "blame",
    "why",
}


def options(command: click.Command) -> set[str]:
    """Give every way to write an option of the command."""
    return {word for param in command.params for word in param.opts if word.startswith("-")}


def test_the_table_of_commands_says_what_the_commands_say() -> None:
    told = {
        name: command.get_short_help_str(1000)
        for name, command in ALL.items()
        if name and " " not in name
    }
    assert told == {name: home.help for name, home in COMMANDS.items()}


def test_the_command_tree_is_the_designs() -> None:
    groups: dict[str, str] = {}
    for path in LEAVES:
        group, _, name = path.partition(" ")
        groups[group] = f"{groups.get(group, '')} {name}".strip()
    assert groups == {
        "init": "",
        "layout": "",
        "completion": "",
        "model": "create list show describe tag untag rename delete card",
        "version": "create list show describe tag untag metric status import delete",
        "alias": "set delete",
        "comment": "add edit delete list",
        "files": "",
        "pull": "",
        "verify": "",
        "lock": "",
        "sync": "",
        "cache": "list verify prune",
        "artifacts": "gc",
        "transition": "",
        "rollback": "",
        "request": "create list show approve reject cancel",
        "permission": "list grant revoke check",
        "log": "",
        "events": "",
        "diff": "",
        "blame": "",
        "why": "",
        "check": "",
        "audit": "",
        "index": "rebuild status",
        "maintain": "",
        "hook": "install status serve",
    }


@pytest.mark.parametrize("path", ALL)
def test_every_help_is_whole_and_ends_in_examples(path: str) -> None:
    desk = Desk(Path())
    told = desk.does(*path.split(), "--help")
    assert told == desk.does(*path.split(), "-h")
    _, examples = told.split("\nExamples:\n")
    assert all(line.startswith(("  gitreg ", "  git ")) for line in examples.splitlines())
    assert f"gitreg {path}".strip() in examples
    assert not re.search(r"^  \S+ .*[a-z]\.\.\.$", told, re.MULTILINE)


@pytest.mark.parametrize("path", ALL)
def test_every_example_is_one_that_the_command_takes(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("some text"))
    command = ALL[path]
    examples = EXAMPLES if not path else command.examples  # type: ignore[attr-defined]  # ours
    for example in examples:
        words = shlex.split(re.split(r" [<>|] ", example)[0])
        if words[0] == "git" or "README.md" in words:
            continue
        with cli.make_context("gitreg", words[1:]) as ctx:
            parse(ctx)


def parse(ctx: click.Context) -> None:
    """Parse the arguments of a group down to the command they call."""
    assert isinstance(ctx.command, click.Group)
    words = [*getattr(ctx, "_protected_args", []), *ctx.args]
    name, command, rest = ctx.command.resolve_command(ctx, words)
    assert command is not None
    with command.make_context(name, rest, parent=ctx) as inner:
        if isinstance(command, click.Group):
            parse(inner)


@pytest.mark.parametrize("path", sorted(set(LEAVES) - OTHERS))
def test_every_command_takes_registry_actor_and_output(path: str) -> None:
    assert {"--registry", "-r", "--as", "--output", "-o", "--quiet", "-q"} <= options(ALL[path])


@pytest.mark.parametrize("path", sorted(WRITES))
def test_every_write_can_be_tried_and_most_take_a_message(path: str) -> None:
    found = options(ALL[path])
    assert "--dry-run" in found
    assert ({"--message", "-m"} <= found) == (path not in {"comment add", "comment edit"})


def test_deletes_and_renames_take_yes() -> None:
    assert {path for path in LEAVES if "--yes" in options(ALL[path])} == {
        "model rename",
        "model delete",
        "version delete",
        "alias delete",
        "comment delete",
        "rollback",
        "artifacts gc",
    }


def test_reads_of_what_was_take_a_date() -> None:
    assert {path for path in LEAVES if "--at" in options(ALL[path])} == DATED


def test_what_reads_the_registry_can_be_content_with_what_was_fetched() -> None:
    recent = {path for path in LEAVES if "--max-age" in options(ALL[path])}
    assert recent == {*READS, "model card", "pull", "verify", "lock", "sync"} - {"hook status"}


@pytest.mark.parametrize(("path", "words"), READS.items())
def test_every_read_answers_as_text_names_json_and_yaml(path: str, words: str, alice: Desk) -> None:
    alice.does("request", "create", "fraud/1", "Staging")
    alice.does("comment", "add", "fraud/1", "Good.")
    Path("model.bin").write_bytes(b"weights")
    alice.does("version", "create", "fraud", "model.bin")
    call = (*path.split(), *words.split())
    import yaml

    text, names = alice.does(*call), alice.does(*call, "-q")
    data = alice.call(*call, "-o", "json").data
    assert text and names and data
    assert text != names
    assert yaml.safe_load(alice.does(*call, "-o", "yaml")) == data


def test_commands_and_groups_are_of_our_own_kinds() -> None:
    assert all(isinstance(command, Command | Group) for command in ALL.values())


def test_a_group_without_a_command_gives_its_help(alice: Desk) -> None:
    assert alice.does() == alice.does("--help")
    assert alice.does("model") == alice.does("model", "--help")


def test_the_main_help_shows_the_main_flow(alice: Desk) -> None:
    told = alice.does("--help")
    assert told.index("gitreg init") < told.index("gitreg model create")
    assert told.index("gitreg version create") < told.index("gitreg request approve")


def test_the_version_is_told(alice: Desk) -> None:
    import gitreg

    assert alice.does("--version") == f"gitreg {gitreg.__version__}\n"
