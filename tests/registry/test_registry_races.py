"""Writers that meet: locks are waited for, lost races planned anew, and nothing is lost."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from stress import none_lost, write_at_once
from world import Clock, Ground

import gitreg
from gitreg import ConflictError, Registry
from gitreg.registry import writing
from gitreg.store import turns


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """A registry whose writers do not wait for their turn, as pushes do not."""
    monkeypatch.setattr(turns, "PATIENCE", 0)
    ground = Ground(tmp_path)
    ground.by("root").create_model("fraud")
    return ground


class Interrupting(Clock):
    """A clock that, whenever it is looked at, first lets somebody else do something."""

    def __init__(self, *others: Callable[[], object]) -> None:
        super().__init__()
        self.others = list(others)

    def __call__(self) -> int:
        if self.others:
            self.others.pop()()
        return super().__call__()


def racing(ground: Ground, *others: Callable[[], object]) -> Registry:
    clock = Interrupting(*others)
    return gitreg.open(ground.path, actor="root", durable=False, clock=clock)


def test_a_write_that_lost_is_planned_anew(ground: Ground) -> None:
    other = ground.by("root")
    both = [lambda: other.create_version("fraud", source="s3://ml/a")] * 3
    receipt = racing(ground, *both).create_version("fraud", source="s3://ml/b")
    assert str(receipt.version) == "fraud/4"
    assert [one.source[-1] for one in other.versions("fraud")] == ["a", "a", "a", "b"]


def test_a_write_that_became_impossible_says_so(ground: Ground) -> None:
    other = ground.by("root")
    loser = racing(ground, lambda: other.delete_model("fraud"))
    with pytest.raises(gitreg.NotFoundError, match="there is no model fraud"):
        loser.create_version("fraud", source="s3://ml/b")


def test_a_request_is_asked_anew_if_its_branch_appeared(ground: Ground) -> None:
    other = ground.by("root")
    other.create_version("fraud", source="s3://ml/a")
    loser = racing(ground, lambda: other.request_transition("fraud/1", "Staging"))
    with pytest.raises(gitreg.RefusedError, match="the request is open"):
        loser.request_transition("fraud/1", "Staging")
    assert len(other.requests()) == 1


def test_a_held_lock_is_waited_for(ground: Ground) -> None:
    lock = ground.path / "refs" / "heads" / "main.lock"
    lock.touch()
    waiting = threading.Timer(0.15, lock.unlink)
    waiting.start()
    receipt = ground.by("root").create_version("fraud", source="s3://ml/1")
    waiting.join()
    assert str(receipt.version) == "fraud/1"
    assert not lock.exists()


def test_nobody_waits_forever(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    lock = ground.path / "refs" / "heads" / "main.lock"
    lock.touch()
    before = ground.by("root").tip
    with pytest.raises(ConflictError, match="nothing was changed") as caught:
        ground.by("root").create_version("fraud", source="s3://ml/1")
    assert caught.value.hint.startswith("try again")
    assert ground.by("root").tip == before


@pytest.mark.parametrize("layout", ["flat", "sharded"])
def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path, layout: str) -> None:
    registry = gitreg.create(tmp_path / "r.git", admin="root", layout=layout)
    registry.create_model("fraud")
    written = write_at_once(registry.path, "one", "two", times=40)
    none_lost(registry.path, written, before=2)
