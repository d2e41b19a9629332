"""Searches: what they find and what they refuse, beside MLflow's own; and what is more."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from plugin.peers import Call, Peers

import gitreg

PROMPT = "tags.`mlflow.prompt.is_prompt`"
MODEL_FILTERS = [
    "",
    "name = 'fraud'",
    "name != 'fraud'",
    "name LIKE '%r%'",
    "name ILIKE 'FR%'",
    "name like '_raud'",
    "name IN ('fraud', 'churn')",
    "name NOT IN ('fraud')",
    'attribute.name = "churn"',
    "tags.team = 'risk'",
    "tags.team != 'risk'",
    "tag.`team` ILIKE 'RI%'",
    "tags.note LIKE '%\n%'",
    "tags.team = 'risk' AND tags.note != 'x' and name LIKE 'f%'",
    "tags.none != 'x'",
    f"{PROMPT} = 'true'",
    f"{PROMPT} != 'false'",
    f"{PROMPT} = 'TRUE'",
    f"{PROMPT} != 'true'",
    f"{PROMPT} = 'false'",
    f"{PROMPT} LIKE '%'",
    "name < 'x'",
    "tags.team IN ('risk')",
    "team = 'x'",
    "name = fraud",
    "name = 1",
    "run_id = 'x'",
    "name = 'a' OR name = 'b'",
    "x.name = 'a'",
    "name LIKE '[f]%'",
    "name LIKE '*'",
    "name = 'it''s'",
]
VERSION_FILTERS = [
    "",
    "name = 'fraud'",
    "name IN ('fraud')",
    "name NOT IN ('fraud')",
    "run_id = 'r1'",
    "run_id != 'r1'",
    "run_id IN ('r1', 'r2')",
    "run_id NOT IN ('r1')",
    "run_id LIKE '%'",
    "source_path = 's3://ml/1'",
    "source_path ILIKE 'S3%'",
    "source_path IN ('x')",
    "version_number = 1",
    "version_number >= '2'",
    "version_number != 1 AND name LIKE 'fr%'",
    "version_number = 1.5",
    "version_number LIKE '1'",
    "version_number IN (1)",
    "version_number = 'x'",
    "tags.team = 'risk'",
    "tags.team < 'x'",
    f"{PROMPT} = 'true'",
    f"{PROMPT} != 'true'",
    "stage = 'Staging'",
    "current_stage = 'Staging'",
    "name = 1",
]
ORDERS = [
    ["name"],
    ["name DESC"],
    ["timestamp"],
    ["last_updated_timestamp DESC", "name"],
    ["version_number ASC"],
    ["creation_timestamp DESC"],
    ["name", "name"],
    ["stage"],
    ["name up"],
    ["timestamp", "last_updated_timestamp"],
]


@pytest.fixture
def filled(peers: Peers, as_alice: None) -> Peers:
    peers.forget()
    calls: list[Call] = [
        ("create_registered_model", ("fraud", {"team": "risk", "note": "a\nb"}), {}),
        ("create_registered_model", ("churn", {"team": "growth"}), {}),
        ("create_registered_model", ("Frau",), {}),
        ("create_model_version", ("fraud", "s3://ml/1", "r1", {"team": "risk"}), {}),
        ("create_model_version", ("fraud", "s3://ml/2"), {}),
        ("create_model_version", ("churn", "file:///x", "r2", {"team": "x"}), {}),
        ("register_prompt", ("greet", "Hello"), {}),
        ("transition_model_version_stage", ("fraud", "1", "Staging"), {}),
    ]
    for call in calls:
        peers.both(call)
    return peers


def test_models_are_found_as_mlflow_finds_them(filled: Peers) -> None:
    for one in MODEL_FILTERS:
        for size in (1, 100):
            ours, theirs = filled.both(("search_registered_models", (one, size), {}))
            assert ours == theirs, one


def test_versions_are_found_as_mlflow_finds_them(filled: Peers) -> None:
    for one in VERSION_FILTERS:
        for size in (1, 100):
            ours, theirs = filled.both(("search_model_versions", (one, size), {}))
            assert ours == theirs, one


def test_they_are_ordered_as_mlflow_orders_them(filled: Peers) -> None:
    for order in ORDERS:
        for search in ("search_registered_models", "search_model_versions"):
            ours, theirs = filled.both((search, (None, 2, order), {}))
            assert ours == theirs, order


@pytest.mark.parametrize("size", [1001, 200_001])
def test_pages_have_mlflows_limits(filled: Peers, size: int) -> None:
    for search in ("search_registered_models", "search_model_versions"):
        ours, theirs = filled.both((search, (None, size), {}))
        assert ours == theirs


@pytest.mark.parametrize(
    "token", ["%", "eHg=", "e30=", "eyJvZmZzZXQiOiAieCJ9", "eyJvZmZzZXQiOiAxfQ=="]
)
def test_what_is_no_page_token_is_refused(client: MlflowClient, token: str) -> None:
    with pytest.raises(Exception, match="Invalid page token"):
        client.search_registered_models(page_token=token)


def test_pages_hold_still_while_others_write(client: MlflowClient) -> None:
    for name in "bdf":
        client.create_registered_model(name)
    first = client.search_registered_models(max_results=2)
    client.create_registered_model("a")
    rest = client.search_registered_models(max_results=2, page_token=first.token)
    assert [one.name for one in [*first, *rest]] == ["b", "d", "f"]


def test_metrics_params_and_model_ids_are_told(path: Path, client: MlflowClient) -> None:
    registry = gitreg.open(path, actor="alice")
    registry.create_model("fraud")
    registry.create_version(
        "fraud", source="s3://x", metrics={"auc": 0.5}, params={"depth": "3"}, model_id="m-1"
    )
    found = client.get_model_version("fraud", "1")
    assert [(one.key, one.value) for one in found.metrics or ()] == [("auc", 0.5)]
    assert [(one.key, one.value) for one in found.params or ()] == [("depth", "3")]
    assert found.model_id == "m-1"
