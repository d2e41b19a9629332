"""Many writers at once, and writers that are killed: nothing is lost, and how fast it goes.

Run: bash tests/run.sh tests/benchmarks/test_endurance.py -s -o addopts=--import-mode=importlib
"""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pygit2
import pytest
from bare import bare_commit
from stress import kill_writers, none_lost, none_told_is_lost, write_at_once
from support import version
from tables import print_table
from world import World, git

import gitreg
from gitreg.domain.settings import FLAT, SHARDED
from gitreg.store.turns import PATIENCE

PAIRS = 5
"""Rounds of two writers."""
RATES = {False: 150, True: 60}
"""Commits a second of two writers together, without and with fsync."""
TURNS = {"in turns": PATIENCE, "all at once": 0.0}
TABLE: list[tuple[str, str, str]] = []


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    print_table(("what", "measured", "target"), TABLE)


def made(path: Path, layout: str = FLAT) -> Path:
    """Make a registry whose main has two commits and whose only model is fraud."""
    gitreg.create(path, admin="root", layout=layout).create_model("fraud")
    return path


def bare_rate(path: Path, *, durable: bool) -> float:
    """Give how many versions a second pygit2 alone commits, by nobody's rules."""
    gitreg.open(path, actor="root", durable=durable).create_version("fraud", source="s3://ml/0")
    repository = pygit2.Repository(str(path))
    start = time.perf_counter()
    for number in range(2, 302):
        text = version(more=f"source: s3://ml/{number}\n")
        bare_commit(repository, f"models/fraud/versions/{number}.yaml", text)
    return 300 / (time.perf_counter() - start)


@pytest.mark.parametrize("durable", [False, True], ids=["", "fsync"])
def test_two_processes_write_at_once(tmp_path: Path, *, durable: bool) -> None:
    rates: dict[str, list[float]] = {"one": [], "two": []}
    bare = []
    for at in range(PAIRS):
        bare.append(bare_rate(made(tmp_path / f"bare-{at}.git"), durable=durable))
        for writers, kept in rates.items():
            path = made(tmp_path / f"{writers}-{at}.git")
            names = ["one", "two"][: 1 + (writers == "two")]
            written = write_at_once(path, *names, times=300 // len(names), durable=durable)
            none_lost(path, written, before=2)
            kept.append(written.rate)
    fsync = "fsync" if durable else "no fsync"
    alone, both = median(rates["one"]), median(rates["two"])
    TABLE.append((f"bare pygit2, one process, {fsync}", f"{median(bare):.0f} commits/s", ""))
    TABLE.append((f"one process, {fsync}", f"{alone:.0f} commits/s", ""))
    least = f"at least {RATES[durable]}"
    TABLE.append((f"two processes at once, {fsync}", f"{both:.0f} commits/s", least))


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("layout", [FLAT, SHARDED])
def test_ten_processes_lose_nothing(tmp_path: Path, layout: str, turns: str) -> None:
    path = made(tmp_path / "r.git", layout)
    written = write_at_once(path, *map(str, range(10)), times=200, patience=TURNS[turns])
    none_lost(path, written, before=2)
    what = f"10 processes x 200 operations, {layout}, {turns}"
    TABLE.append((what, f"none lost, {written.rate:.0f} commits/s", "none lost"))


@pytest.mark.parametrize("shared", [True, False], ids=["one-cache", "own-caches"])
def test_four_processes_lose_nothing_on_a_remote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, shared: bool
) -> None:
    monkeypatch.setenv("GITREG_CACHE", str(tmp_path / "cache"))
    world = World(tmp_path)
    made_there = gitreg.open(world.path, actor="root")
    made_there.create_model("fraud")
    before = len(git(world.path, "rev-list", "--first-parent", "main").split())
    names = [f"writer-{at}" for at in range(4)]
    caches = None if shared else tmp_path / "caches"
    written = write_at_once(f"file://{world.path}", *names, times=50, caches=caches)
    none_lost(world.path, written, before=before)
    what = f"4 processes x 50 pushes, {'one cache' if shared else 'caches of their own'}"
    TABLE.append((what, f"none lost, {written.rate:.1f} commits/s", "none lost"))


def test_whatever_moment_a_writer_is_killed_at_nothing_told_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "r.git"
    gitreg.create(path, admin="admin").create_model("fraud")
    killed = kill_writers(path, times=200, seed=11)
    assert len(killed.told) == 200
    none_told_is_lost(path, killed)
    told = sum(map(len, killed.told))
    TABLE.append(
        ("200 writers killed", f"{told} told, none lost, {killed.locks} locks left", "none lost")
    )
