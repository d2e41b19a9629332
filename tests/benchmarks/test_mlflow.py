"""MlflowClient on gitreg against MlflowClient on SQLite: the same calls, in the same run.

Run: bash tests/run.sh tests/benchmarks/test_mlflow.py -s -o addopts=--import-mode=importlib
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pygit2
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel

import gitreg
from gitreg.operations.plan import Edits
from gitreg.registry.reading import Reader
from gitreg.store.repository import Repository

MODELS = 10_000
VERSIONS = 1_000
ROUNDS = 60
TABLE: list[tuple[str, ...]] = []
MANIFEST = b"apiVersion: gitreg/v1\nkind: RegisteredModel\n"
VERSION = b"apiVersion: gitreg/v1\nkind: ModelVersion\nstage: None\nsource: s3://ml/1\n"
AT = 1_700_000_000_000


class Side(NamedTuple):
    """One of the two: its client, and what it is called."""

    name: str
    client: MlflowClient


@pytest.fixture(scope="module", autouse=True)
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITREG_ACTOR", "admin")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/tracking.db")
        patch.chdir(folder)
        yield
    widths = [max(len(row[at]) for row in TABLE) for at in range(len(TABLE[0]))]
    print()
    for row in TABLE:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def timed(work: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Give the median time of one call, in ms."""
    times = []
    for number in range(rounds):
        start = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - start) * 1e3)
    return median(times)


def steps(client: MlflowClient) -> dict[str, Callable[[int], object]]:
    """Give what is measured, in this order."""
    stages = ("Staging", "Production")
    big = "big"
    return {
        "create model": lambda n: client.create_registered_model(f"new-{n}"),
        "create version": lambda n: client.create_model_version(big, f"s3://ml/{n}"),
        "transition": lambda n: client.transition_model_version_stage(
            big, str(1 + n % 7), stages[n // 7 % 2]
        ),
        "set version tag": lambda n: client.set_model_version_tag(big, "3", "note", str(n)),
        "set alias": lambda n: client.set_registered_model_alias(big, "champion", str(1 + n % 9)),
        "get version": lambda n: client.get_model_version(big, str(1 + n)),
        "get by alias": lambda _: client.get_model_version_by_alias(big, "champion"),
        "get model": lambda _: client.get_registered_model(big),
        "search versions": lambda _: client.search_model_versions("name = 'big'", 100),
        "search versions by tag": lambda _: client.search_model_versions("tags.note LIKE '%'"),
        "search models": lambda _: client.search_registered_models("name LIKE 'new-1%'"),
        "list models": lambda _: client.search_registered_models(max_results=100),
    }


def compare(what: str, ours: MlflowClient, theirs: MlflowClient) -> None:
    """Measure both by turns, so that what else the machine does slows both."""
    TABLE.append((what, "gitreg", "SQLite", "SQLite / gitreg"))
    mine, other = steps(ours), steps(theirs)
    for name in mine:
        one, two = timed(mine[name]), timed(other[name])
        TABLE.append((name, f"{one:.2f} ms", f"{two:.2f} ms", f"{two / one:.1f} x"))


def overhead() -> None:
    """Tell what the client itself takes: the entity of one model, made and read."""

    def work(_: int) -> None:
        model = RegisteredModel("big", AT, AT, None, [], [], [])
        assert model.name

    TABLE.append(("(an entity alone)", f"{timed(work) * 1e3:.0f} us", "", ""))


def test_an_empty_registry(tmp_path: Path) -> None:
    gitreg.create(tmp_path / "models.git", admin="admin", profile="mlflow")
    ours = MlflowClient(registry_uri=f"gitreg:{tmp_path}/models.git")
    theirs = MlflowClient(registry_uri=f"sqlite:///{tmp_path}/mlflow.db")
    for client in (ours, theirs):
        client.create_registered_model("big")
        for number in range(ROUNDS):
            client.create_model_version("big", f"s3://ml/{number}")
    compare("an empty registry", ours, theirs)
    overhead()


def test_ten_thousand_models(tmp_path: Path) -> None:
    gitreg.create(
        tmp_path / "models.git", admin="admin", profile="mlflow", layout="sharded"
    ).close()
    fill_ours(tmp_path / "models.git")
    theirs = MlflowClient(registry_uri=f"sqlite:///{tmp_path}/mlflow.db")
    theirs.create_registered_model("big")
    fill_theirs(theirs)
    start = time.perf_counter()
    ours = MlflowClient(registry_uri=f"gitreg:{tmp_path}/models.git")
    ours.get_registered_model("big")
    first = time.perf_counter() - start
    compare(f"{MODELS:,} models, {VERSIONS:,} versions of one", ours, theirs)
    TABLE.append(("(the first read makes the index)", f"{first:.1f} s", "", ""))


def fill_ours(path: Path) -> None:
    """Write the models as one commit of the administrator, and the versions as another."""
    registry = gitreg.open(path, actor="admin", durable=False)
    reader = Reader(Repository(path, durable=False))
    snapshot = registry.snapshot()
    names = [gitreg.ModelName(f"model-{at:05}") for at in range(MODELS)]
    names.append(gitreg.ModelName("big"))
    models = tuple((f"{snapshot.folder(one)}/model.yaml", MANIFEST) for one in names)
    big = snapshot.folder(names[-1])
    versions = tuple((f"{big}/versions/{at}.yaml", VERSION) for at in range(1, VERSIONS + 1))
    repository = pygit2.Repository(str(path))
    who = pygit2.Signature("admin", "admin@localhost")
    tip = registry.tip
    for files in (models, versions):
        tree = reader.snapshot(reader.commit(tip)).tree
        made = Edits(files).applied(reader.objects, tree)
        parents = [pygit2.Oid(hex=tip)]
        tip = str(repository.create_commit("refs/heads/main", who, who, "much\n", made, parents))


def fill_theirs(client: MlflowClient) -> None:
    """Write the same rows."""
    import sqlalchemy

    store = client._get_registry_client().store
    models = [
        {"name": f"model-{at:05}", "creation_time": AT, "last_updated_time": AT}
        for at in range(MODELS)
    ]
    versions = [
        {
            "name": "big", "version": at, "creation_time": AT, "last_updated_time": AT,
            "current_stage": "None", "source": "s3://ml/1", "storage_location": "s3://ml/1",
            "status": "READY",
        }
        for at in range(1, VERSIONS + 1)
    ]  # fmt: skip
    with store.engine.begin() as db:
        for table, rows in (("registered_models", models), ("model_versions", versions)):
            columns = ", ".join(rows[0])
            marks = ", ".join(f":{one}" for one in rows[0])
            db.execute(sqlalchemy.text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), rows)
