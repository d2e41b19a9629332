"""How fast the heart is, as ratios against something measured in the same run.

Run: bash tests/run.sh tests/benchmarks/test_speed.py -s -o addopts=--import-mode=importlib

Each round measures both sides, one after the other, so that other load on the machine meets both.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from statistics import median

import pygit2
import pytest
from bare import bare_commit
from pytest_benchmark.fixture import BenchmarkFixture
from support import MODEL, version
from tables import print_table

import gitreg
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.settings import FLAT, SHARDED
from gitreg.guard.verify import verify
from gitreg.manifest.layout import model_folder, version_file
from gitreg.operations.plan import Operation
from gitreg.operations.versions import CreateVersion, TransitionStage
from gitreg.registry.reading import Reader
from gitreg.store.repository import Repository

ROUNDS = 100
WARM = 3
RATIO = 3.0
"""How many bare commits a write may cost."""
SIZES = (
    *((FLAT, size) for size in (100, 1_000, 10_000)),
    *((SHARDED, size) for size in (100, 10_000, 100_000)),
)
JUDGING = {(FLAT, 1_000): 1.0, (SHARDED, 100_000): 2.5}
"""Milliseconds that the judgement of a step may take."""
TABLE: list[tuple[str, str, str, str]] = []


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    print_table(("what", "measured", "against", "result"), TABLE)


@dataclass(frozen=True, slots=True)
class Big:
    """A registry of many models with a version each, open for its administrator and for pygit2.

    ``turns`` counts the versions that are added.
    """

    registry: gitreg.Registry
    layout: str
    size: int
    bare: pygit2.Repository
    turns: Iterator[int]

    def __str__(self) -> str:
        return f"{self.size:,} models, {self.layout}"

    def name(self, at: int) -> ModelName:
        """Give one of the models; neighbours are far apart."""
        return ModelName(f"model-{at * 7919 % self.size:06}")

    def path(self, ref: VersionRef) -> str:
        """Give where a version stands."""
        return version_file(model_folder(ref.model, self.layout), ref.number)


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}-{size[1]}")
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Big:
    layout, size = request.param
    path = tmp_path_factory.mktemp("big") / "r.git"
    tip = gitreg.create(path, admin="admin", layout=layout).tip
    who = f"admin <admin@localhost> {int(time.time())} +0000"
    head = f"commit refs/heads/main\ncommitter {who}\ndata 12\nmany models\nfrom {tip}\n"
    told = "".join([head, *many_models(layout, size), "done\n"]).encode()
    importing = ["git", "--git-dir", str(path), "fast-import", "--quiet", "--done", "--depth=5"]
    subprocess.run(importing, input=told, check=True)
    registry = gitreg.open(path, actor="admin", durable=False)
    return Big(registry, layout, size, pygit2.Repository(str(path)), count())


def many_models(layout: str, size: int) -> Iterator[str]:
    """Give the files of many models with a version each, as git fast-import takes them."""
    for at in range(size):
        name = ModelName(f"model-{at:06}")
        folder = model_folder(name, layout)
        for file, text in (
            ("model.yaml", f"{MODEL}description: The model {name}.\n"),
            ("versions/1.yaml", version(more=f"source: s3://ml/{name}/1\n")),
        ):
            yield f"M 100644 inline {folder}/{file}\ndata {len(text)}\n{text}\n"


def in_turns(
    benchmark: BenchmarkFixture, *works: Callable[[], Callable[[], object]], rounds: int = ROUNDS
) -> list[float]:
    """Give the median time, in ms, of what each of ``works`` prepares for a round."""
    times: list[list[float]] = [[] for _ in works]

    def turn() -> None:
        for work, taken in zip(works, times, strict=True):
            go = work()
            start = time.perf_counter()
            go()
            taken.append(time.perf_counter() - start)

    for _ in range(WARM):
        turn()
    benchmark.pedantic(turn, rounds=rounds)  # type: ignore[no-untyped-call]  # it has no types
    return [median(taken[WARM:]) * 1e3 for taken in times]


# --- writes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Write:
    """One change of a version, as a bare commit and as an operation write it."""

    ref: VersionRef
    content: str
    operation: Operation


def compare(what: str, big: Big, writes: Iterator[Write], benchmark: BenchmarkFixture) -> None:
    """Compare a kind of operation with bare commits of files as large, each on another model."""

    def bare() -> Callable[[], object]:
        one = next(writes)
        return lambda: bare_commit(big.bare, big.path(one.ref), one.content)

    def ours() -> Callable[[], object]:
        one = next(writes)
        return lambda: big.registry.apply(one.operation)

    alone, applied = in_turns(benchmark, bare, ours)
    TABLE.append(
        (
            f"apply({what}), {big}",
            f"{applied:.2f} ms",
            f"bare pygit2 commit {alone:.2f} ms",
            f"{applied / alone:.2f} x (at most {RATIO:.0f})",
        )
    )


def new_versions(big: Big) -> Iterator[Write]:
    for at in big.turns:
        ref = VersionRef(big.name(at), 2 + at // big.size)
        source = f"s3://ml/{ref}"
        yield Write(ref, version(more=f"source: {source}\n"), CreateVersion(ref.model, source))


def transitions(big: Big) -> Iterator[Write]:
    for at in count():
        ref = VersionRef(big.name(at), 1)
        stage = ("Staging", "Production", "Archived")[at // big.size % 3]
        more = f"source: s3://ml/{ref}\n"
        yield Write(ref, version(stage, more), TransitionStage(ref, stage))


def test_a_new_version_costs_a_small_multiple_of_a_bare_commit(
    big: Big, benchmark: BenchmarkFixture
) -> None:
    compare("new version", big, new_versions(big), benchmark)


def test_a_transition_costs_a_small_multiple_of_a_bare_commit(
    big: Big, benchmark: BenchmarkFixture
) -> None:
    compare("transition", big, transitions(big), benchmark)


# --- the judgement -----------------------------------------------------------------------------


def test_judging_a_step_of_one_manifest(big: Big, benchmark: BenchmarkFixture) -> None:
    writes = new_versions(big)
    for _ in range(ROUNDS):
        big.registry.apply(next(writes).operation)
    first = big.registry.tip

    def judged() -> Callable[[], object]:
        reader = Reader(Repository(big.registry.path, durable=False))
        found = [one.id for one in islice(reader.repository.first_parents(first), ROUNDS)]

        def judge() -> None:
            commits = map(reader.commit, reversed(found))
            assert verify(reader.step(one, pusher="admin") for one in commits).clean

        return judge

    [each] = (took / ROUNDS for took in in_turns(benchmark, judged, rounds=10))
    most = JUDGING.get((big.layout, big.size))
    told = f"(at most {most} ms)" if most else ""
    TABLE.append((f"guard.verify, a step, {big}", f"{each:.2f} ms", "-", told))


# --- the command line --------------------------------------------------------------------------


def program(*words: str | Path) -> Callable[[], Callable[[], object]]:
    """Run a program as it is where it was installed: with what Python compiled."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return lambda: partial(subprocess.run, words, check=True, env=kept, stdout=subprocess.DEVNULL)


def start(what: str, benchmark: BenchmarkFixture, *words: str, most: int) -> None:
    """Compare a command with a Python that does nothing."""
    nothing = program(sys.executable, "-c", "pass")
    gitreg = program(Path(sys.executable).with_name("gitreg"), *words)
    alone, ours = in_turns(benchmark, nothing, gitreg, rounds=20)
    TABLE.append(
        (
            what,
            f"{ours:.0f} ms",
            f"python -c pass {alone:.0f} ms",
            f"+{ours - alone:.0f} ms (at most {most})",
        )
    )


def test_help_starts_fast(benchmark: BenchmarkFixture) -> None:
    start("gitreg --help", benchmark, "--help", most=150)


def test_a_version_is_shown_fast(big: Big, benchmark: BenchmarkFixture) -> None:
    words = ["-r", str(big.registry.path), "version", "show", f"{big.name(7)}/1"]
    start(f"gitreg version show, {big}", benchmark, *words, most=300)
