"""One pass over every call of MlflowClient's registry, with whatever MLflow is installed."""

import os
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import gitreg


def refused(work: object, *arguments: object) -> str:
    """Give the code with which a call is refused."""
    try:
        work(*arguments)  # type: ignore[operator]  # a method of the client
    except MlflowException as error:
        return str(error.error_code)
    raise AssertionError("it was not refused")


def main(version: str, folder: Path) -> None:
    assert mlflow.__version__.startswith(f"{version}."), mlflow.__version__
    os.environ.update(
        GITREG_ACTOR="alice",
        MLFLOW_TRACKING_URI=str(folder / "runs"),
        MLFLOW_DISABLE_TELEMETRY="true",
    )
    gitreg.create(folder / "models.git", admin="alice", profile="mlflow")
    mlflow.set_registry_uri(f"gitreg:{folder}/models.git")
    client = MlflowClient()
    models(client)
    versions(client)
    prompts(client)


def models(client: MlflowClient) -> None:
    made = client.create_registered_model("fraud", {"team": "risk"}, "Scores.")
    assert (made.name, made.description, made.tags) == ("fraud", "Scores.", {"team": "risk"})
    assert refused(client.create_registered_model, "fraud") == "RESOURCE_ALREADY_EXISTS"
    assert client.update_registered_model("fraud", "Better.").description == "Better."
    client.set_registered_model_tag("fraud", "a", "b")
    client.delete_registered_model_tag("fraud", "team")
    assert client.get_registered_model("fraud").tags == {"a": "b"}
    assert [one.name for one in client.search_registered_models("name LIKE 'fr%'")] == ["fraud"]
    assert refused(client.get_registered_model, "nothing") == "RESOURCE_DOES_NOT_EXIST"


def versions(client: MlflowClient) -> None:
    for number in ("1", "2"):
        client.create_model_version("fraud", f"s3://ml/{number}", tags={"n": number})
        client.transition_model_version_stage(
            "fraud", number, "Production", archive_existing_versions=True
        )
    assert client.get_model_version("fraud", "1").current_stage == "Archived"
    [latest] = client.get_latest_versions("fraud", ["Production"])
    assert int(latest.version) == 2
    assert client.update_model_version("fraud", "2", "Good.").description == "Good."
    client.set_model_version_tag("fraud", "2", "k", "v")
    client.delete_model_version_tag("fraud", "2", "n")
    assert client.get_model_version("fraud", "2").tags == {"k": "v"}
    client.set_registered_model_alias("fraud", "champion", "2")
    assert int(client.get_model_version_by_alias("fraud", "champion").version) == 2
    copied = client.copy_model_version("models:/fraud@champion", "live")
    assert copied.source == "models:/fraud/2"
    client.rename_registered_model("fraud", "scam")
    client.delete_registered_model_alias("scam", "champion")
    client.delete_model_version("scam", "2")
    assert refused(client.get_model_version, "scam", "2") == "RESOURCE_DOES_NOT_EXIST"
    client.delete_registered_model("scam")
    assert client.get_model_version_download_uri("live", "1") == "s3://ml/2"
    found = client.search_model_versions("source_path LIKE 'models:%'", order_by=["name DESC"])
    assert [one.name for one in found] == ["live"]


def prompts(client: MlflowClient) -> None:
    register = getattr(client, "register_prompt", None) or mlflow.register_prompt
    load = getattr(client, "load_prompt", None) or mlflow.load_prompt
    register(name="greet", template="Hello {{name}}")
    assert load("prompts:/greet/1").format(name="Ann") == "Hello Ann"
    assert [one.name for one in client.search_registered_models()] == ["live"]


if __name__ == "__main__":
    main(sys.argv[1], Path(tempfile.mkdtemp()))
    print(f"gitreg works with MLflow {mlflow.__version__}")
