"""Taking turns: a courtesy among writers, on which nothing depends."""

import errno
import fcntl
import threading
from pathlib import Path

import pytest

from gitreg.store import turns
from gitreg.store.turns import turn


def test_who_comes_second_goes_when_the_first_has_ended(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with turn(tmp_path):
            order.append("second")

    with turn(tmp_path):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.05)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_nobody_waits_for_one_who_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.02)
    with turn(tmp_path), turn(tmp_path):
        pass


def test_a_turn_ends_with_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="of the work"), turn(tmp_path):
        raise FileNotFoundError("of the work")
    with turn(tmp_path):
        pass


def test_where_nothing_can_be_locked_everybody_goes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turn(tmp_path / "nothing"):
        pass

    def refuse(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with turn(tmp_path), turn(tmp_path):
        pass
