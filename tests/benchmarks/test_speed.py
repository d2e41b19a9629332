"""How fast the heart is, as ratios against something measured in the same run.

Run: bash tests/run.sh tests/benchmarks -s -o addopts=--import-mode=importlib
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median

import pygit2
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import gitreg
from gitreg.domain.names import ModelName
from gitreg.guard.verify import verify
from gitreg.operations.plan import Edits
from gitreg.operations.versions import CreateVersion
from gitreg.registry.reading import Reader
from gitreg.store.repository import Repository

MODELS = 1000
ROUNDS = 100
TABLE: list[tuple[str, str, str, str]] = []


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    rows = [("what", "measured", "against", "result"), *TABLE]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> gitreg.Registry:
    """A flat registry of 1,000 models, written as one commit of its administrator."""
    registry = gitreg.create(tmp_path_factory.mktemp("big") / "r.git", admin="admin")
    registry = gitreg.open(registry.path, actor="admin", durable=False)
    reader = Reader(Repository(registry.path, durable=False))
    manifest = b"apiVersion: gitreg/v1\nkind: RegisteredModel\n"
    files = tuple((f"models/model-{at:05}/model.yaml", manifest) for at in range(MODELS))
    tree = Edits(files).applied(reader.objects, reader.snapshot(reader.commit(registry.tip)).tree)
    repository = pygit2.Repository(str(registry.path))
    who = pygit2.Signature("admin", "admin@localhost")
    repository.create_commit(
        "refs/heads/main", who, who, "many models\n", tree, [pygit2.Oid(hex=registry.tip)]
    )
    return registry


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Give the median time of one call, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def measured(benchmark: BenchmarkFixture, work: Callable[..., object], **how: object) -> float:
    """Give the median time of one call in seconds, and let pytest-benchmark print the rest."""
    benchmark.pedantic(work, **how)  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
    stats = benchmark.stats
    assert stats is not None
    return float(stats.stats.median)


def bare_commit(repository: pygit2.Repository, model: str, number: int) -> None:
    """Write what a new version writes, with nothing but pygit2: blob, four trees, commit, ref."""
    head = repository.references["refs/heads/main"].peel(pygit2.Commit)
    content = f"apiVersion: gitreg/v1\nkind: ModelVersion\nstage: None\nsource: s3://{number}\n"
    made: pygit2.Oid = repository.create_blob(content.encode())
    path = ["models", model, "versions", f"{number}.yaml"]
    trees: list[pygit2.Tree | None] = [head.tree]
    for name in path[:-1]:
        above = trees[-1]
        there = above is not None and name in above
        trees.append(repository[above[name].id].peel(pygit2.Tree) if above and there else None)
    mode = pygit2.enums.FileMode.BLOB
    for name, tree in zip(reversed(path), reversed(trees), strict=True):
        builder = repository.TreeBuilder(tree) if tree is not None else repository.TreeBuilder()
        builder.insert(name, made, mode)
        made, mode = builder.write(), pygit2.enums.FileMode.TREE
    who = pygit2.Signature("admin", "admin@localhost")
    repository.create_commit("refs/heads/main", who, who, "a version\n", made, [head.id])


def test_a_new_version_costs_a_small_multiple_of_a_bare_commit(
    big: gitreg.Registry, benchmark: BenchmarkFixture
) -> None:
    repository = pygit2.Repository(str(big.path))
    numbers = count(1)
    bare = timed(lambda: bare_commit(repository, f"model-{next(numbers) % 500:05}", 1), 90)
    models = count(500)

    def apply() -> None:
        big.apply(CreateVersion(ModelName(f"model-{next(models):05}"), source="s3://1"))

    ours = measured(benchmark, apply, rounds=ROUNDS)
    TABLE.append(
        (
            "apply(CreateVersion), 1,000 models, flat, no fsync",
            f"{ours * 1e3:.2f} ms",
            f"bare pygit2 commit {bare * 1e3:.2f} ms",
            f"{ours / bare:.2f} x (at most 3)",
        )
    )


def test_judging_a_step_of_one_manifest(big: gitreg.Registry, benchmark: BenchmarkFixture) -> None:
    models = count(700)
    for _ in range(ROUNDS):
        big.apply(CreateVersion(ModelName(f"model-{next(models):05}"), source="s3://2"))

    def setup() -> tuple[tuple[Reader, list[str]], dict[str, object]]:
        reader = Reader(Repository(big.path, durable=False))
        walk = reader.repository.first_parents(big.tip)
        return (reader, [next(walk).id for _ in range(ROUNDS)][::-1]), {}

    def judge(reader: Reader, commits: list[str]) -> None:
        steps = (reader.step(reader.commit(one), pusher="admin") for one in commits)
        assert verify(steps).clean

    each = measured(benchmark, judge, setup=setup, rounds=5) / ROUNDS
    TABLE.append(
        ("guard.verify, a step, 1,000 models, flat", f"{each * 1e3:.2f} ms", "-", "(at most 1 ms)")
    )


def test_help_starts_fast(benchmark: BenchmarkFixture) -> None:
    program = Path(sys.executable).with_name("gitreg")
    bare = timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 20)
    ours = measured(
        benchmark,
        lambda: subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL),
        rounds=20,
    )
    TABLE.append(
        (
            "gitreg --help",
            f"{ours * 1e3:.0f} ms",
            f"python -c pass {bare * 1e3:.0f} ms",
            f"+{(ours - bare) * 1e3:.0f} ms (at most 150)",
        )
    )
