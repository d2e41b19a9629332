"""The README's table names every call of MLflow's registry."""

from pathlib import Path

import pytest
from mlflow.store.model_registry.abstract_store import AbstractStore

from gitreg.plugin.store import GitregStore

README = (Path(__file__).parents[2] / "README.md").read_text()
CALLS = sorted(
    name
    for name, value in vars(AbstractStore).items()
    if callable(value) and not name.startswith("_")
)


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_told_of(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_there(name: str) -> None:
    """MLflow does not enforce its abstract methods: one that is missing would give None."""
    ours = getattr(GitregStore, name)
    if getattr(getattr(AbstractStore, name), "__isabstractmethod__", False) or "webhook" in name:
        assert ours is not getattr(AbstractStore, name)
