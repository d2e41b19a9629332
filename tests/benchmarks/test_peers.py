"""gitreg beside MLflow's own registry and beside GTO: same machine, same run, same data.

Run: bash tests/run.sh tests/benchmarks/test_peers.py -s -o addopts=--import-mode=importlib
GTO is measured where it is there: .venv-tests/bin/python -m pip install gto

MLflow is asked through MlflowClient on SqlAlchemyStore with SQLite, gitreg through its Python API.
GTO and gitreg are called as programs.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from tables import print_table

import gitreg
from gitreg.domain.names import ModelName
from gitreg.manifest.layout import model_folder

SIZES = (1_000, 10_000)
ROUNDS = 30
LARGE = 1_000
Client = Any  # Any: MlflowClient, of whatever version is installed
TABLE: list[tuple[str, ...]] = []


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    print_table(("what", "models", "gitreg", "the other", "times as fast", "at least"), TABLE)


def name_of(at: int) -> str:
    return f"model-{at:06}"


def models(size: int) -> Iterator[tuple[str, str, int]]:
    """Give names, teams, and how many versions."""
    yield from ((name_of(at), f"team-{at % 10}", 1) for at in range(size))
    yield "large", "team-7", LARGE


# --- the same data in both ------------------------------------------------------------------------


def in_mlflow(folder: Path, size: int) -> Client:
    from mlflow import MlflowClient
    from mlflow.store.model_registry.dbmodels import models as sql
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

    uri = f"sqlite:///{folder}/mlflow.db"
    store = SqlAlchemyStore(uri)  # type: ignore[no-untyped-call]  # MLflow has few types
    now = int(time.time() * 1000)
    with store.ManagedSessionMaker(read_only=False) as session:
        for name, team, versions in models(size):
            session.add(
                sql.SqlRegisteredModel(
                    name=name, creation_time=now, last_updated_time=now, description=""
                )
            )
            session.add(sql.SqlRegisteredModelTag(name=name, key="team", value=team))
            session.add(sql.SqlRegisteredModelAlias(name=name, alias="champion", version=1))
            session.add_all(
                sql.SqlModelVersion(
                    name=name, version=number, creation_time=now, last_updated_time=now,
                    current_stage="None", source=f"s3://ml/{name}/{number}", status="READY",
                )
                for number in range(1, versions + 1)
            )  # fmt: skip
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def in_gitreg(folder: Path, size: int) -> gitreg.Registry:
    path = folder / "r.git"
    gitreg.create(path, admin="root", layout="sharded")
    who = f"root <root@localhost> {int(time.time())} +0000"
    with subprocess.Popen(
        ["git", "-C", str(path), "fast-import", "--quiet", "--force"],
        stdin=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(f"commit refs/heads/main\ncommitter {who}\ndata 5\nmany\n")
        process.stdin.write("from refs/heads/main^0\n")
        for name, team, versions in models(size):
            home = model_folder(ModelName(name), "sharded")
            head = "apiVersion: gitreg/v1\nkind: "
            put(
                process, f"{home}/model.yaml",
                f"{head}RegisteredModel\ntags: {{team: {team}}}\naliases: {{champion: 1}}\n",
            )  # fmt: skip
            for number in range(1, versions + 1):
                text = f"{head}ModelVersion\nstage: None\nsource: s3://ml/{name}/{number}\n"
                put(process, f"{home}/versions/{number}.yaml", text)
    assert process.returncode == 0
    registry = gitreg.open(path, actor="root", durable=False)
    registry.update_index()
    return registry


def put(process: "subprocess.Popen[str]", path: str, text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")


@pytest.fixture(scope="module", params=SIZES)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, gitreg.Registry, Client]:
    folder = tmp_path_factory.mktemp("both")
    return request.param, in_gitreg(folder, request.param), in_mlflow(folder, request.param)


QUESTIONS: dict[
    str, tuple[Callable[[gitreg.Registry, int], object], Callable[[Client, int], object]]
] = {
    "get a version": (
        lambda r, at: r.version_record(f"{name_of(at)}/1"),
        lambda c, at: c.get_model_version(name_of(at), "1"),
    ),
    "get a model of 1,000 versions": (
        lambda r, at: r.model_record("large"),
        lambda c, at: c.get_registered_model("large"),
    ),
    "search models, name LIKE 'model-0000%'": (
        lambda r, at: r.find_models("name LIKE 'model-0000%'"),
        lambda c, at: c.search_registered_models("name LIKE 'model-0000%'"),
    ),
    "search models by a tag": (
        lambda r, at: r.find_models("tags.team = 'team-3'"),
        lambda c, at: c.search_registered_models("tags.team = 'team-3'"),
    ),
    "search models, first page": (
        lambda r, at: r.find_models(),
        lambda c, at: c.search_registered_models(max_results=100),
    ),
    "search versions of a model, 1,000": (
        lambda r, at: r.find_versions("name = 'large'", max_results=10_000),
        lambda c, at: c.search_model_versions("name = 'large'"),
    ),
    "get a version by alias": (
        lambda r, at: r.version_record(f"{name_of(at)}@champion"),
        lambda c, at: c.get_model_version_by_alias(name_of(at), "champion"),
    ),
}


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_read_beside_mlflow(
    both: tuple[int, gitreg.Registry, Client], question: str, benchmark: BenchmarkFixture
) -> None:
    size, registry, client = both
    ours, theirs = QUESTIONS[question]
    places = count(1)
    took: list[tuple[float, float]] = []

    def turn() -> None:
        at = next(places) * 31 % size
        took.append((seconds(lambda: ours(registry, at)), seconds(lambda: theirs(client, at))))

    benchmark.pedantic(turn, rounds=ROUNDS, warmup_rounds=2)  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
    told("MLflow: " + question, f"{size:,}", took, least=10)


def told(what: str, size: str, took: list[tuple[float, float]], *, least: int) -> None:
    ours, theirs = (median(side) for side in zip(*took, strict=True))
    times = f"{theirs / ours:.1f} x"
    TABLE.append(
        (what, size, f"{ours * 1e3:.2f} ms", f"{theirs * 1e3:.2f} ms", times, f"{least} x")
    )


# --- GTO ------------------------------------------------------------------------------------------


def program(folder: Path, *words: str) -> Callable[[], object]:
    environment = os.environ | {"GITREG_ACTOR": "root"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
    return lambda: subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def of_gto(folder: Path) -> Path:
    """Make a repository in which GTO knows one model of 1,000 versions, each a tag."""
    path = folder / "gto"
    run = ["git", "-C", str(path)]
    subprocess.run(["git", "init", "--quiet", str(path)], check=True)
    (path / "artifacts.yaml").write_text("large:\n  type: model\n  path: model.bin\n")
    (path / "model.bin").write_text("weights")
    subprocess.run([*run, "add", "."], check=True)
    run += ["-c", "user.name=root", "-c", "user.email=root@localhost"]
    for number in range(LARGE + 1):
        subprocess.run(
            [*run, "commit", "--quiet", "--allow-empty", "-m", f"version {number}"], check=True
        )
        if number < LARGE:
            tag = [*run, "tag", "-a", f"large@v0.0.{number}", "-m", "registered"]
            subprocess.run(tag, check=True)
    return path


def test_programs_beside_gto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, benchmark: BenchmarkFixture
) -> None:
    pytest.importorskip("gto", reason=".venv-tests/bin/python -m pip install gto")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "root")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "root@localhost")
    registry = in_gitreg(tmp_path, 1)
    ours, theirs = registry.path, of_gto(tmp_path)
    pairs = {
        "GTO: gto show | gitreg model list": (
            program(ours, "gitreg", "-r", str(ours), "model", "list"),
            program(theirs, "gto", "show"),
        ),
        "GTO: gto register | gitreg version create": (
            program(
                ours, "gitreg", "-r", str(ours), "version", "create", "large", "--source", "s3://x"
            ),
            program(theirs, "gto", "register", "large"),
        ),
    }

    def turn() -> None:
        for what, (mine, other) in pairs.items():
            mine()
            took = [(seconds(mine), seconds(other))]
            told(what, "1", took, least=100)

    benchmark.pedantic(turn, rounds=1)  # type: ignore[no-untyped-call]  # pytest-benchmark has no types
