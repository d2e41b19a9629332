"""?at= reads the registry as it was, and writes nothing."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import gitreg
from gitreg.plugin.store import GitregStore

DAY = 86_400_000
NOON = 1_767_268_800_000
"""2026-01-01 12:00:00 UTC."""


@pytest.fixture
def days(tmp_path: Path) -> str:
    """A registry that got a version on each of three days, each moved to Production at once."""
    now = NOON
    made = tmp_path / "days.git"
    gitreg.create(made, admin="alice", profile="mlflow", clock=lambda: now)
    registry = gitreg.open(made, actor="alice", clock=lambda: now)
    registry.create_model("fraud")
    for number in (1, 2, 3):
        registry.create_version("fraud", source=f"s3://ml/{number}")
        registry.transition(f"fraud/{number}", "Production", archive_existing=True)
        registry.set_alias(f"fraud/{number}", "champion")
        now += DAY
    return f"gitreg:{made}"


def test_reads_answer_from_that_day(days: str) -> None:
    client = MlflowClient(registry_uri=f"{days}?at=2026-01-02")
    assert client.get_model_version_by_alias("fraud", "champion").source == "s3://ml/2"
    assert client.get_latest_versions("fraud", ["Production"])[0].version == 2
    assert [int(one.version) for one in client.search_model_versions("name = 'fraud'")] == [2, 1]
    assert client.get_model_version("fraud", "1").current_stage == "Archived"
    assert client.get_registered_model("fraud").aliases == {"champion": 2}
    with pytest.raises(MlflowException, match=r"Model Version \(name=fraud, version=3\) not found"):
        client.get_model_version("fraud", "3")


def test_pages_of_the_past_follow_one_another(days: str) -> None:
    client = MlflowClient(registry_uri=f"{days}?at=2026-01-03")
    first = client.search_model_versions("name = 'fraud'", max_results=2)
    rest = client.search_model_versions("name = 'fraud'", max_results=2, page_token=first.token)
    assert [int(one.version) for one in [*first, *rest]] == [3, 2, 1]
    assert rest.token is None


def test_a_commit_is_a_time_too(days: str) -> None:
    tip = gitreg.open(days, actor="alice").tip
    assert GitregStore(f"{days}?at={tip}").get_model_version("fraud", 3).source == "s3://ml/3"


def test_the_past_cannot_be_written(days: str) -> None:
    client = MlflowClient(registry_uri=f"{days}?at=2026-01-02")
    with pytest.raises(MlflowException) as caught:
        client.set_registered_model_tag("fraud", "a", "b")
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert caught.value.message.endswith(
        "is seen as of 2026-01-02, and the past cannot be written: leave ?at= out of the"
        " registry's URI"
    )


@pytest.mark.parametrize(
    ("at", "code"),
    [("2025-01-01", "RESOURCE_DOES_NOT_EXIST"), ("2026-99-99", "INVALID_PARAMETER_VALUE")],
)
def test_a_time_before_the_registry_or_of_no_calendar_is_told(
    days: str, at: str, code: str
) -> None:
    with pytest.raises(MlflowException) as caught:
        GitregStore(f"{days}?at={at}").search_registered_models()
    assert caught.value.error_code == code
