"""gitreg as a program of its own: start-up, streams, terminals."""

import os
import pty
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from cli.calling import Desk, program

COMMAND = (sys.executable, "-m", "gitreg")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(desk: Desk, *words: str, keys: str = "", **variables: str) -> tuple[int, str]:
    """Run gitreg on a terminal of 60 columns; give exit code and what is seen there."""
    environment = os.environ | desk.environment | {"TERM": "xterm", "COLUMNS": "60"} | variables
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [*COMMAND, *words], environment)
    if keys:
        os.write(terminal, keys.encode())
    seen = b""
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        if not more:
            break
        seen += more
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, seen.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "model list"),
        (1, "-r file:///nowhere model list"),
        (2, "model list --nope"),
        (3, "model show nope"),
        (4, "transition fraud/1 Production --as bob"),
        (5, "model create fraud"),
    ],
)
def test_a_program_exits_with_the_code(code: int, words: str, alice: Desk) -> None:
    done = program(*words.split(), **alice.environment)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == bool(code)


def test_help_loads_no_command_and_starts_fast(alice: Desk) -> None:
    listing = (
        "import sys; sys.argv = ['gitreg', '--help']\n"
        "import atexit; atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))\n"
        "from gitreg.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    loaded = {name for name in done.stderr.split() if name.startswith("gitreg")}
    assert loaded == {"gitreg", "gitreg.cli", "gitreg.cli.command", "gitreg.errors"}
    assert not {"pygit2", "yaml", "jsonschema", "subprocess"} & set(done.stderr.split())


def test_help_costs_little_more_than_python() -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("COV")}

    def cost(*words: str) -> float:
        """Give the least processor time, in seconds, of some runs."""
        times = []
        for _ in range(5):
            start = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *words], env=plain, capture_output=True, check=True)
            end = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
        return min(times)

    assert cost("-m", "gitreg", "--help") - cost("-c", "pass") < 0.15


def test_help_of_a_group_loads_no_registry(alice: Desk) -> None:
    listing = (
        "import sys; sys.argv = ['gitreg', 'version', '--help']\n"
        "import atexit; atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))\n"
        "from gitreg.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert not {"pygit2", "yaml", "jsonschema", "gitreg.registry"} & set(done.stderr.split())


def test_a_reader_that_goes_away_is_no_error(alice: Desk) -> None:
    for n in range(3):
        alice.does("model", "tag", "fraud", f"n={n}", "-m", "so long\n" * 10_000)
    with subprocess.Popen(
        [*COMMAND, "log"],
        env=os.environ | alice.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 1


def test_a_closed_stdout_is_no_traceback(alice: Desk) -> None:
    for redirection in (">&-", "<&- >&- 2>&-"):
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" -m gitreg model list {redirection}', sys.executable],
            env=os.environ | alice.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told(alice: Desk) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "model", "list"],
            env=os.environ | alice.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


def test_a_narrow_character_set_shows_escapes(alice: Desk) -> None:
    alice.does("model", "describe", "fraud", "日本")
    done = program("model", "list", **alice.environment, PYTHONIOENCODING="latin-1")
    assert (done.returncode, "\\u65e5\\u672c" in done.stdout) == (0, True)


def test_a_terminal_sees_colours_relative_times_and_cut_lines(alice: Desk) -> None:
    alice.does("model", "describe", "fraud", "word " * 40)
    code, seen = on_terminal(alice, "model", "list")
    assert code == 0
    head, row = seen.splitlines()
    assert head.startswith("\x1b[1mMODEL")
    assert row.endswith("…")
    assert len(row) <= 60
    _, seen = on_terminal(alice, "log", "-n", "1")
    assert re.match(r"(just now|\d minutes? ago)  ", seen)
    assert COLOUR.search(seen)
    code, seen = on_terminal(alice, "model", "show", "nope")
    assert code == 3
    assert seen.startswith("\x1b[31merror: \x1b[0mthere is no model nope\n")


def test_tenures_on_a_terminal_fit_and_are_told_as_people_do(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Production")
    alice.does("transition", "fraud/2", "Production", "--archive-existing")
    for width in ("80", "120"):
        _, seen = on_terminal(alice, "log", "--stage", "Production", "fraud", COLUMNS=width)
        lines = COLOUR.sub("", seen).splitlines()
        assert len(lines) == 3
        assert all(len(line) <= int(width) for line in lines)
    assert re.search(r"fraud/2  just now  now +(no time|\d+ seconds?) +alice", lines[1])
    for command in ("blame", "why"):
        _, seen = on_terminal(alice, command, "fraud/1", COLUMNS="120")
        assert "just now" in seen


def test_a_terminal_is_told_what_a_rollback_undoes_before_it_is_asked(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Production")
    before = alice.tip()
    code, seen = on_terminal(alice, "rollback", "fraud", "Production", keys="n\n", COLUMNS="200")
    told, asked, *_ = COLOUR.sub("", seen).replace("n\nnote", "note").splitlines()
    assert told.endswith("by alice, just now: fraud/1 None -> Production")
    assert asked.startswith("Undo that in Production of fraud? [y/N]: ")
    assert (code, alice.tip()) == (1, before)
    code, seen = on_terminal(alice, "rollback", "fraud", "Production", keys="y\n", COLUMNS="200")
    assert (code, "fraud/1 Production -> None by alice (" in seen) == (0, True)


def test_no_colour_means_none(alice: Desk) -> None:
    assert not COLOUR.search(on_terminal(alice, "log", NO_COLOR="1")[1])
    assert not COLOUR.search(on_terminal(alice, "model", "show", "nope", TERM="dumb")[1])


def test_a_terminal_is_asked_before_something_is_deleted(alice: Desk) -> None:
    before = alice.tip()
    code, seen = on_terminal(alice, "version", "delete", "fraud/1", keys="n\n")
    assert code == 1
    assert "Delete fraud/1? [y/N]: " in seen
    assert "stopped" in seen
    assert alice.tip() == before
    code, seen = on_terminal(alice, "version", "delete", "fraud/1", keys="y\n")
    assert code == 0
    assert "fraud/1 deleted (" in seen
    code, seen = on_terminal(alice, "version", "delete", "fraud/2", "--dry-run")
    assert (code, "would: fraud/2 deleted" in seen, "[y/N]" in seen) == (0, True, False)


def test_a_long_log_on_a_terminal_says_there_is_more(alice: Desk) -> None:
    alice.does("model", "tag", "fraud", *(f"k{n}=1" for n in range(40)))
    _, seen = on_terminal(alice, "log")
    assert COLOUR.sub("", seen).splitlines()[30:] == [
        "note: there is more: gitreg log -n 0 tells all"
    ]
    _, seen = on_terminal(alice, "log", "-n", "0")
    assert len(seen.splitlines()) == 44


def test_an_audit_on_a_terminal_shows_how_far_it_is(alice: Desk) -> None:
    code, seen = on_terminal(alice, "audit")
    assert code == 0
    assert "% of 4 steps" in seen
    assert "100% of 4 steps\r\x1b[K" in seen
    assert seen.splitlines()[-1] == "clean"


def test_the_module_is_the_program(alice: Desk) -> None:
    assert program("--version").stdout == alice.does("--version")
    assert program("model").stdout.startswith("Usage: gitreg model ")
