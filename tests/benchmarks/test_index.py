"""How fast the index answers, keeps up and is rebuilt, and how that grows with the registry.

Run: bash tests/run.sh tests/benchmarks/test_index.py -s -o addopts=--import-mode=importlib

GITREG_SIZES names the numbers of models (1000,10000,100000), each with ten versions; one more
model has 1,000. They are written as few commits by git fast-import, then a tenth as many ordinary
ones. Building the largest takes some minutes.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from tables import print_table

import gitreg
from gitreg.domain.names import ModelName
from gitreg.manifest.layout import model_folder

SIZES = tuple(map(int, os.environ.get("GITREG_SIZES", "1000,10000,100000").split(",")))
VERSIONS = 10
PORTION = 10_000
ROUNDS = 60
MODEL = """apiVersion: gitreg/v1
kind: RegisteredModel
description: Scores {name} on the data of team {team}.
tags: {{team: team-{team}, serial: "{at}"}}
aliases: {{champion: {champion}}}
"""
VERSION = """apiVersion: gitreg/v1
kind: ModelVersion
stage: {stage}
source: s3://ml/{name}/{number}
run_id: "{run:032x}"
tags: {{validated: "{odd}"}}
metrics: {{auc: 0.{number:03}}}
params: {{depth: "{number}"}}
"""
TABLE: list[tuple[str, ...]] = []


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    print_table(("what", *(f"{size:,} models" for size in SIZES), "at most"), TABLE)


@dataclass(frozen=True)
class Big:
    """A sharded registry of many models."""

    registry: gitreg.Registry
    size: int
    commits: int

    @property
    def manifests(self) -> int:
        return self.size * (VERSIONS + 1) + 1001


def name_of(at: int) -> str:
    return f"model-{at:06}"


def files_of(name: str, at: int, numbers: int) -> Iterator[tuple[str, str]]:
    folder = model_folder(ModelName(name), "sharded")
    yield f"{folder}/model.yaml", MODEL.format(name=name, team=at % 10, at=at, champion=1)
    for number in range(1, numbers + 1):
        text = VERSION.format(
            stage="None", name=name, number=number, run=at * 1000 + number, odd=number % 2
        )
        yield f"{folder}/versions/{number}.yaml", text


def stream(size: int) -> Iterator[str]:
    """Give what git fast-import reads: all models, and then one change a commit."""
    clock = count(int(time.time()) - 200_000)

    def commit(message: str) -> str:
        who = f"root <root@localhost> {next(clock)} +0000"
        text = f"{message}\n"
        return f"commit refs/heads/main\ncommitter {who}\ndata {len(text)}\n{text}"

    def put(path: str, text: str) -> str:
        return f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n"

    for start in range(0, size, PORTION):
        yield commit("many models") + ("from refs/heads/main^0\n" if start == 0 else "")
        for at in range(start, min(size, start + PORTION)):
            yield from (put(*file) for file in files_of(name_of(at), at, VERSIONS))
    yield commit("a model of many versions")
    yield from (put(*file) for file in files_of("large", 7, 1000))
    for turn in range(size // 10):
        at, number = turn * 7 % size, turn % VERSIONS + 1
        stage = ("Staging", "Production", "Archived")[turn % 3]
        text = VERSION.format(
            stage=stage, name=name_of(at), number=number, run=at * 1000 + number, odd=number % 2
        )
        path = f"{model_folder(ModelName(name_of(at)), 'sharded')}/versions/{number}.yaml"
        yield commit(f"{name_of(at)}/{number}: None -> {stage}") + put(path, text)


@pytest.fixture(scope="module", params=SIZES)
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Big:
    size = int(request.param)
    path = tmp_path_factory.mktemp("big") / "r.git"
    gitreg.create(
        path, admin="root", layout="sharded", clock=lambda: (int(time.time()) - 300_000) * 1000
    )
    words = ["git", "-C", str(path), "fast-import", "--quiet", "--depth=5", "--force"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.writelines(stream(size))
    assert process.returncode == 0
    registry = gitreg.open(path, actor="root", durable=False)
    return Big(registry, size, size // 10 + -(-size // PORTION) + 2)


def put(what: str, big: Big, told: str, most: str) -> None:
    """Put a figure into the table."""
    at = SIZES.index(big.size) + 1
    for place, row in enumerate(TABLE):
        if row[0] == what:
            TABLE[place] = (*row[:at], told, *row[at + 1 :])
            return
    empty = [""] * len(SIZES)
    empty[at - 1] = told
    TABLE.append((what, *empty, most))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_it_is_rebuilt_in_time_for_what_there_is(big: Big, benchmark: BenchmarkFixture) -> None:
    took = []
    benchmark.pedantic(lambda: took.append(timed(big.registry.rebuild_index)), rounds=1)  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
    most = big.manifests * 0.0005 + big.commits * 0.0015
    put(
        "full rebuild",
        big,
        f"{took[0]:.1f} s ({took[0] / most:.0%})",
        "0.5 ms a manifest, 1.5 a commit",
    )
    size = big.registry.index_status().size
    put("size of the index", big, f"{size / 1e6:.0f} MB", "-")


QUESTIONS: dict[str, Callable[[gitreg.Registry, int], object]] = {
    "get a version": lambda r, at: r.version_record(f"{name_of(at)}/3"),
    "get a model": lambda r, at: r.model_record(name_of(at)),
    "get a model of 1,000 versions": lambda r, at: r.model_record("large"),
    "get a version by alias": lambda r, at: r.version_record(f"{name_of(at)}@champion"),
    "latest version in a stage": lambda r, at: r.latest_versions(name_of(at), ["None"]),
    "models, name LIKE 'model-0000%'": lambda r, at: r.find_models("name LIKE 'model-0000%'"),
    "models, name LIKE '%0042%'": lambda r, at: r.find_models("name LIKE '%0042%'"),
    "models, a tag of a tenth": lambda r, at: r.find_models("tags.team = 'team-3'"),
    "models, a tag of one": lambda r, at: r.find_models(f"tags.serial = '{at}'"),
    "models, first page": lambda r, at: r.find_models(),
    "versions of a model": lambda r, at: r.find_versions(f"name = '{name_of(at)}'"),
    "versions of a model, 100 of 1,000": lambda r, at: r.find_versions("name = 'large'"),
    "versions by run": lambda r, at: r.find_versions(f"run_id = '{at * 1000 + 3:032x}'"),
    "versions, first page": lambda r, at: r.find_versions(),
    "versions in Production": lambda r, at: r.find_versions("stage = 'Production'"),
    "versions, metrics.auc > 0.9": lambda r, at: r.find_versions("metrics.auc > 0.9"),
    "models, text MATCH": lambda r, at: r.find_models(f"text MATCH '{name_of(at)}'"),
    "activities, first page": lambda r, at: r.activities(),
    "activities of a version": lambda r, at: r.activities(model=name_of(at), version=3),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered(big: Big, question: str, benchmark: BenchmarkFixture) -> None:
    places = count(1)
    took: list[float] = []

    def ask() -> None:
        at = next(places) * 31 % big.size
        took.append(timed(lambda: QUESTIONS[question](big.registry, at)))

    benchmark.pedantic(ask, rounds=ROUNDS, warmup_rounds=3)  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
    put(question, big, f"{median(took) * 1000:.2f} ms", "5 ms at 100,000")


def test_it_catches_up_after_a_commit(big: Big, benchmark: BenchmarkFixture) -> None:
    writer = gitreg.open(big.registry.path, actor="root", durable=False)
    numbers = count(5)
    took: list[float] = []

    def turn() -> None:
        writer.create_version(name_of(next(numbers) % big.size), source="s3://new")
        took.append(timed(big.registry.update_index))

    benchmark.pedantic(turn, rounds=ROUNDS)  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
    put("catching up after a commit", big, f"{median(took) * 1000:.2f} ms", "4 ms")
