"""How fast files go in and out, against sha256sum and cp of the same files in the same run.

Run: bash tests/run.sh tests/benchmarks/test_artifacts.py -s -o addopts=--import-mode=importlib
It needs about 10 GiB of disk.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

ROUNDS = 3
MIB = 1 << 20
SHAPES = {
    "1 GiB": (1, 1 << 30),
    "5,000 x 100 KiB": (5000, 100 << 10),
    "20,000 x 1 KiB": (20_000, 1 << 10),
    "2 GiB": (1, 2 << 30),
}
TABLE: list[tuple[str, ...]] = []
WORK = """
import json, sys, time
import gitreg

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))

registry = gitreg.open(sys.argv[1], actor="alice")
registry.version("start/1")
_ = registry.artifacts.store
before = peak()
start = time.perf_counter()
if sys.argv[2] == "create":
    registry.create_version("fraud", folder=sys.argv[3])
else:
    copy, verify = sys.argv[2] == "copy", sys.argv[2] == "verify"
    registry.artifacts.pull("fraud/latest", sys.argv[3], copy=copy, verify=verify)
took = time.perf_counter() - start
print(json.dumps([took, peak() - before]))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and MiB of memory above the start."""

    seconds: float
    memory: float = 0.0


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    rows = [("files", "what", "measured", "against", "ratio", "goal", "memory"), *TABLE]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder of files, and a place to work in."""

    top: Path

    @property
    def model(self) -> Path:
        return self.top / "model"

    def fill(self, count: int, size: int) -> None:
        self.model.mkdir()
        block = os.urandom(MIB)
        for at in range(count):
            folder = self.model / f"{at // 1000:02}"
            folder.mkdir(exist_ok=True)
            with (folder / f"{at:05}.bin").open("wb") as file:
                file.write(at.to_bytes(8, "big"))
                rest = size - 8
                while rest:
                    rest -= file.write(block[: min(rest, MIB)])

    def fresh(self) -> None:
        """Make a registry with an empty store, and forget the cache."""
        for name in ("m.git", "m.artifacts", "cache"):
            shutil.rmtree(self.top / name, ignore_errors=True)
        import gitreg

        registry = gitreg.create(self.top / "m.git", admin="alice")
        registry.create_model("fraud")
        registry.create_model("start")
        registry.create_version("start", source="x")

    def forget(self) -> None:
        shutil.rmtree(self.top / "cache", ignore_errors=True)

    def gitreg(self, what: str) -> Cost:
        """Create from the model, or pull into a new folder that is gone afterwards."""
        target = self.model if what == "create" else self.top / "out"
        os.sync()
        done = subprocess.run(
            [sys.executable, "-c", WORK, str(self.top / "m.git"), what, str(target)],
            env=os.environ | {"GITREG_CACHE": str(self.top / "cache")},
            capture_output=True,
            text=True,
            check=True,
        )
        shutil.rmtree(self.top / "out", ignore_errors=True)
        return Cost(*json.loads(done.stdout))

    def sha256sum(self) -> Cost:
        return timed(
            lambda: subprocess.run(
                f"find {self.model} -type f -print0 | xargs -0 sha256sum >{self.top}/sums",
                shell=True,
                check=True,
            )
        )

    def cp(self, *options: str) -> Cost:
        os.sync()
        words = ["cp", "-r", *options, str(self.model), str(self.top / "out")]
        took = timed(lambda: subprocess.run(words, check=True))
        shutil.rmtree(self.top / "out")
        return took


def timed(work: Callable[[], object]) -> Cost:
    start = time.perf_counter()
    work()
    return Cost(time.perf_counter() - start)


def tell(name: str, what: str, ours: list[Cost], against: str, other: float, *, goal: str) -> None:
    took = median(one.seconds for one in ours)
    ratio = took / other if goal.startswith("at most") else other / took
    memory = max(one.memory for one in ours)
    TABLE.append(
        (
            name,
            what,
            f"{took:.3f} s",
            f"{against} {other:.3f} s",
            f"{ratio:.2f} x",
            goal,
            f"+{memory:.0f} MiB",
        )
    )


@pytest.mark.parametrize("name", SHAPES)
def test_files_go_in_and_out(name: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.fill(*SHAPES[name])
    kinds = ("create", "again", "pull", "warm", "sum", "cp", "links")
    costs: dict[str, list[Cost]] = {kind: [] for kind in kinds}
    for _ in range(1 if name == "2 GiB" else ROUNDS):
        bench.fresh()
        costs["sum"].append(bench.sha256sum())
        costs["cp"].append(bench.cp())
        costs["links"].append(bench.cp("-l"))
        costs["create"].append(bench.gitreg("create"))
        costs["again"].append(bench.gitreg("create"))
        bench.forget()
        costs["pull"].append(bench.gitreg("pull"))
        costs["warm"].append(bench.gitreg("pull"))
    summed, copied = (median(one.seconds for one in costs[kind]) for kind in ("sum", "cp"))
    both = summed + copied
    tell(name, "create", costs["create"], "sha256sum + cp", both, goal="at most 1.5 x")
    tell(name, "create again", costs["again"], "sha256sum", summed, goal="at most 1.1 x")
    tell(name, "pull", costs["pull"], "sha256sum + cp", both, goal="at most 1.5 x")
    tell(name, "pull, warm", costs["warm"], "cp", copied, goal="at least 20 x faster")
    tell(name, "cp -l", costs["links"], "cp", copied, goal="(what links can do)")
