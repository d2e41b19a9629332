"""``gitreg index``, and the progress of reads that have to keep it up first."""

from pathlib import Path

import pytest
from cli.calling import Desk

from gitreg.cli import output, session
from gitreg.cli.progress import Progress


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write to a terminal that knows no colours."""
    monkeypatch.setattr(output, "on_terminal", lambda **_: True)
    monkeypatch.setattr("gitreg.cli.index.on_terminal", lambda **_: True)
    monkeypatch.setenv("TERM", "dumb")


def index_of(desk: Desk) -> Path:
    return desk.registry / "gitreg/index.sqlite"


def test_the_status_tells_how_far_the_index_is(alice: Desk) -> None:
    data = alice.call("index", "status", "-o", "json").data
    assert data.pop("size") > 0
    assert data == {"path": str(index_of(alice)), "steps": 0, "behind": 4, "problems": []}
    told = alice.does("index", "status").splitlines()
    assert told[0] == str(index_of(alice))
    assert [line.split()[0] for line in told[1:]] == ["size", "steps", "behind"]
    assert told[-1].split() == ["behind", "4", "steps"]
    alice.does("model", "list")
    data = alice.call("index", "status", "-o", "json").data
    assert (data["steps"], data["behind"]) == (4, 0)
    assert "behind" not in alice.does("index", "status")
    assert alice.does("index", "status", "-q") == f"{index_of(alice)}\n"


def test_the_index_is_rebuilt(alice: Desk) -> None:
    assert alice.does("index", "rebuild") == f"{index_of(alice)} holds 4 steps now.\n"
    assert alice.call("index", "rebuild", "-o", "json").data["behind"] == 0
    index_of(alice).write_bytes(b"no database at all" * 1000)
    assert alice.does("index", "rebuild", "-q") == f"{index_of(alice)}\n"
    assert alice.does("model", "list", "-q") == "fraud\n"


def test_a_damaged_index_is_told_with_exit_code_1(alice: Desk) -> None:
    alice.does("model", "list")
    damage(index_of(alice))
    told = alice.call("index", "status", "-o", "json")
    assert told.code == 1
    assert told.data["problems"]
    assert told.err == "warning: the index is damaged: gitreg index rebuild\n"
    told = alice.call("index", "status")
    assert (told.code, "  problems  " in told.out) == (1, True)
    alice.does("index", "rebuild")
    assert alice.call("index", "status").code == 0


def damage(path: Path) -> None:
    """Let an index of a table hold less than the table."""
    import sqlite3

    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    [number] = db.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'models_were'"
    ).fetchone()
    [size] = db.execute("PRAGMA page_size").fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((number - 1) * size + 3)
        file.write(b"\x00\x00")


def test_the_index_of_what_is_no_registry_is_not_told(alice: Desk) -> None:
    alice.fails(3, "-r", "nowhere", "index", "status")


@pytest.mark.usefixtures("loud")
def test_a_terminal_sees_how_far_a_rebuild_is(alice: Desk) -> None:
    told = alice.call("index", "rebuild")
    assert "\rindexing #######....................... 25% of 4 steps" in told.err
    assert told.err.endswith("100% of 4 steps\r\x1b[K")


@pytest.mark.usefixtures("loud")
def test_a_terminal_sees_how_far_a_long_first_read_is(
    alice: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alice.call("model", "list").err == ""
    monkeypatch.setattr(session, "MANY_STEPS", 4)
    index_of(alice).unlink()
    assert "\rindexing ......." in alice.call("model", "list").err.replace("#", ".")
    assert alice.call("model", "list").err == ""


def test_progress_is_one_line_that_is_taken_away(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("indexing", least=3)
    for done in (1, 2):
        progress(done, 2)
    assert capsys.readouterr().err == ""
    for done in (1, 1, 2, 4):
        progress(done, 4)
    assert capsys.readouterr().err == (
        f"\rindexing {'#' * 7}{'.' * 23} 25% of 4 steps"
        f"\rindexing {'#' * 15}{'.' * 15} 50% of 4 steps"
        f"\rindexing {'#' * 30} 100% of 4 steps\r\x1b[K"
    )
