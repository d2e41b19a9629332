"""Writers that meet: locks are waited for, lost races planned anew, and nothing is lost."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from world import Clock, Ground, git

import gitreg
from gitreg import ConflictError, Registry
from gitreg.audit import audit
from gitreg.registry import writing


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
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


WRITER = """\
import sys
import gitreg
registry = gitreg.open(sys.argv[1], actor="root", durable=False)
print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    print(registry.create_version("fraud", source=f"s3://{sys.argv[2]}/{number}").version)
"""


@pytest.mark.parametrize("layout", ["flat", "sharded"])
def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path: Path, layout: str) -> None:
    registry = gitreg.create(tmp_path / "r.git", admin="root", layout=layout)
    registry.create_model("fraud")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(registry.path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    told = [writer.communicate("go\n")[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    numbers = sorted(int(line.partition("/")[2]) for lines in told for line in lines)
    assert numbers == list(range(1, 101))
    sources = [one.source for one in registry.versions("fraud")]
    for name in ("one", "two"):
        mine = [source for source in sources if source.startswith(f"s3://{name}/")]
        assert mine == [f"s3://{name}/{number}" for number in range(50)]
    assert git(registry.path, "fsck", "--strict", "--no-dangling") == ""
    report = audit(registry.path)
    assert (report.clean, report.steps) == (True, 102)
