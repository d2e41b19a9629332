"""Writers that meet, and writers that are killed: few in the tests, many in the benchmarks."""

import ast
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from world import git

import gitreg
from gitreg.audit import audit
from gitreg.store.turns import PATIENCE

MODEL = "fraud"
WRITER = """\
import sys
import gitreg
from gitreg.store import turns
target, name, times, durable, patience = sys.argv[1:]
turns.PATIENCE = float(patience)
registry = gitreg.open(target, actor="root", durable=durable == "True")
registry.create_version("fraud", source="s3://warm", dry_run=True)
print("ready", flush=True)
sys.stdin.readline()
for at in range(int(times)):
    if at % 4 == 3:
        receipt = registry.transition(mine, "Staging")
    else:
        receipt = registry.create_version("fraud", source=f"s3://{name}/{at}")
        mine = receipt.version
    print(receipt.commit, mine)
"""
KILLING = Path(__file__).with_name("faults") / "killing.py"


@dataclass(frozen=True, slots=True)
class Written:
    """What each writer was told of each of its operations (commit, version), and how long all took.

    Of four operations of a writer three register a version; the fourth moves the last of these to
    Staging.
    """

    told: tuple[tuple[tuple[str, str], ...], ...]
    names: tuple[str, ...]
    seconds: float

    @property
    def rate(self) -> float:
        """Give the commits of all together in a second."""
        return sum(map(len, self.told)) / self.seconds


def write_at_once(
    target: str | Path,
    *names: str,
    times: int,
    durable: bool = False,
    patience: float = PATIENCE,
    caches: Path | None = None,
) -> Written:
    """Let processes, one a name, do ``times`` operations each on the model fraud at the same time.

    With a ``patience`` of 0 none waits for its turn. With ``caches`` each has a folder of its own
    there for what it clones.
    """
    options = [str(times), str(durable), str(patience)]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(target), name, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ({"GITREG_CACHE": str(caches / name)} if caches else {}),
            text=True,
        )
        for name in names
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    start = time.perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    lines = [writer.communicate()[0].splitlines() for writer in writers]
    seconds = time.perf_counter() - start
    assert [writer.returncode for writer in writers] == [0] * len(names)
    told = (tuple(line.partition(" ")[::2] for line in told) for told in lines)
    return Written(tuple(told), names, seconds)


def none_lost(path: Path, written: Written, *, before: int) -> None:
    """Find all that the writers were told on main, and nothing else, after ``before`` commits."""
    done = list(chain(*written.told))
    steps = git(path, "rev-list", "--first-parent", "main").split()
    assert len(steps) == before + len(done)
    assert {commit for commit, _ in done} == set(steps[: len(done)])
    versions = gitreg.open(path, actor="root").versions(MODEL)
    numbers = [one.ref.number for one in versions]
    assert numbers == list(range(1, len(versions) + 1))
    for name, told in zip(written.names, written.told, strict=True):
        mine = [one for one in versions if one.source.startswith(f"s3://{name}/")]
        added = [(at, ref) for at, (_, ref) in enumerate(told) if at % 4 != 3]
        assert [(one.source, str(one.ref)) for one in mine] == [
            (f"s3://{name}/{at}", ref) for at, ref in added
        ]
        moved = {ref for at, (_, ref) in enumerate(told) if at % 4 == 3}
        assert {str(one.ref) for one in mine if one.stage == "Staging"} == moved
    sound(path, steps=len(steps))


def sound(path: Path, *, steps: int = 0) -> None:
    """Let Git check every object, and the audit every step."""
    assert git(path, "fsck", "--strict", "--no-dangling") == ""
    report = audit(path)
    assert report.clean, list(report.lines())
    assert steps in {0, report.steps}


@dataclass(frozen=True, slots=True)
class Killed:
    """What writers told before they were killed: numbers of versions; and who left a lock."""

    told: tuple[tuple[int, ...], ...]
    locks: int


def kill_writers(path: Path, *, times: int, seed: int) -> Killed:
    """Kill writers of the model fraud, one after the other, each after a random delay."""
    done = subprocess.run(
        [sys.executable, str(KILLING), str(path), str(times), str(seed)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    lists: list[Sequence[str]] = [ast.literal_eval(line) for line in lines if line != "lock"]
    told = tuple(tuple(map(int, one)) for one in lists)
    return Killed(told, lines.count("lock"))


def none_told_is_lost(path: Path, killed: Killed) -> None:
    """Find every version that was told before a kill, and a sound registry."""
    told = list(chain(*killed.told))
    assert told == sorted(set(told))
    versions = gitreg.open(path, actor="admin").versions(MODEL)
    assert set(told) <= {one.ref.number for one in versions}
    sound(path)
