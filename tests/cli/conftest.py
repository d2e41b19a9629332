"""A registry to work with: alice manages it, bob reads; fraud has two versions."""

import os
import shutil
from pathlib import Path

import pytest
from cli.calling import Desk

import gitreg


@pytest.fixture(autouse=True)
def nobody_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in an empty folder, without settings that say where and who."""
    for name in list(os.environ):
        if name.startswith("GITREG_") or name in {"NO_COLOR", "GIT_DIR", "COLUMNS"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    empty = tmp_path / "here"
    empty.mkdir()
    monkeypatch.chdir(empty)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the registry that every test gets a copy of."""
    path = tmp_path_factory.mktemp("template") / "models.git"
    registry = gitreg.create(path, admin="alice", name="acme")
    registry.create_model("fraud", description="Scores card payments.", tags={"team": "risk"})
    registry.create_version("fraud", source="s3://ml/fraud/1", metrics={"auc": 0.94})
    registry.create_version("fraud", source="s3://ml/fraud/2", description="Retrained.")
    return path


@pytest.fixture
def alice(template: Path, tmp_path: Path) -> Desk:
    """Give the desk of alice, who manages the registry."""
    path = tmp_path / "models.git"
    shutil.copytree(template, path)
    return Desk(path)


@pytest.fixture
def bob(alice: Desk) -> Desk:
    """Give the desk of bob, who may read and register."""
    return alice.at("bob")
