"""MLflow with gitreg as its registry: nothing of MLflow is replaced."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from plugin.peers import Peers

import gitreg


@pytest.fixture(scope="session", autouse=True)
def quiet(tmp_path_factory: pytest.TempPathFactory, hermetic: None) -> Iterator[None]:
    """Let MLflow keep runs in a file of this session, and tell nobody."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("MLFLOW_"):
                patch.delenv(name)
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        folder = tmp_path_factory.mktemp("tracking")
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.chdir(folder)
        yield


@pytest.fixture(autouse=True)
def as_alice(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Act as alice, and leave no registry's URI behind."""
    monkeypatch.setenv("GITREG_ACTOR", "alice")
    yield
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]  # that is how it is unset
    os.environ.pop("MLFLOW_REGISTRY_URI", None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A registry with MLflow's rules, whose administrator is alice."""
    made = tmp_path / "models.git"
    gitreg.create(made, admin="alice", profile="mlflow").close()
    return made


@pytest.fixture
def client(path: Path) -> MlflowClient:
    return MlflowClient(registry_uri=f"gitreg:{path}")


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Act as somebody else from now on."""
    return lambda name: monkeypatch.setenv("GITREG_ACTOR", name)


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory, quiet: None) -> Iterator[Peers]:
    folder = tmp_path_factory.mktemp("peers")
    registry = gitreg.create(folder / "models.git", admin="alice", profile="mlflow")
    ours = MlflowClient(registry_uri=f"gitreg:{folder}/models.git")
    theirs = MlflowClient(registry_uri=f"sqlite:///{folder}/mlflow.db")
    made = Peers(ours, theirs, registry)
    with made.clock():
        yield made
