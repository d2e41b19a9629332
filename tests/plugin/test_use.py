"""How MLflow finds the plugin, and whom it takes for the actor."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import gitreg
from gitreg.plugin.store import GitregStore

SCHEMES = {"gitreg", "gitreg+ssh", "gitreg+https", "gitreg+http", "gitreg+file"}


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_mlflow_is_told_of_every_scheme() -> None:
    found = entry_points(group="mlflow.model_registry_store")
    assert {one.name for one in found} >= SCHEMES


def test_one_line_makes_gitreg_the_registry(path: Path) -> None:
    mlflow.set_registry_uri(f"gitreg:{path}")
    MlflowClient().create_registered_model("fraud")
    assert gitreg.open(path, actor="alice").model("fraud").name.text == "fraud"


def test_loading_the_plugin_loads_nothing_that_only_registries_need() -> None:
    heavy = "pygit2 yaml lark jsonschema click gitreg.registry gitreg.store"
    code = (
        "import sys, mlflow, gitreg.plugin.store;"
        f"print([one for one in '{heavy}'.split() if one in sys.modules and one != 'yaml'"
        " and one != 'click'])"
    )
    assert run(code) == "[]"


def test_a_store_travels_to_another_process(path: Path) -> None:
    store = GitregStore(f"gitreg:{path}")
    store.create_registered_model("fraud")
    again = pickle.loads(pickle.dumps(store))
    assert again.get_registered_model("fraud").name == "fraud"


def test_a_client_sees_what_others_write(path: Path, client: MlflowClient) -> None:
    assert client.search_registered_models() == []
    run(f"import gitreg; gitreg.open({str(path)!r}, actor='alice').create_model('fraud')")
    assert [one.name for one in client.search_registered_models()] == ["fraud"]


def test_a_client_of_a_git_url_sees_what_others_write(path: Path) -> None:
    client = MlflowClient(registry_uri=f"gitreg+file://{path}")
    assert client.search_registered_models() == []
    gitreg.open(path, actor="alice").create_model("fraud")
    assert client.get_registered_model("fraud").name == "fraud"
    client.create_model_version("fraud", "s3://ml/1")
    assert gitreg.open(path, actor="alice").version("fraud/1").source == "s3://ml/1"


def test_what_was_just_fetched_will_do_if_the_uri_says_so(path: Path) -> None:
    client = MlflowClient(registry_uri=f"gitreg+file://{path}?max_age=1000")
    assert client.search_registered_models() == []
    gitreg.open(path, actor="alice").create_model("fraud")
    assert client.search_registered_models() == []


# --- who acts -----------------------------------------------------------------------------------


def test_the_environment_says_who_acts(
    path: Path, client: MlflowClient, as_user: Callable[[str], None]
) -> None:
    client.create_registered_model("fraud")
    assert client.create_model_version("fraud", "s3://ml/1").user_id == "alice"
    as_user("bob")
    client.create_registered_model("churn")
    registry = gitreg.open(path, actor="alice")
    assert [one.created_by for one in registry.find_models()] == ["bob", "alice"]


def test_the_user_of_an_http_address_acts_where_the_environment_names_nobody(
    monkeypatch: pytest.MonkeyPatch, as_user: Callable[[str], None]
) -> None:
    store = GitregStore("gitreg+https://bob@host/models.git")
    assert store._connection._named(by_email=False) == ("alice", "GITREG_ACTOR")
    monkeypatch.delenv("GITREG_ACTOR")
    assert store._connection._named(by_email=False) == ("bob", "the registry's URI")


def test_gits_settings_say_who_acts_at_last(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITREG_ACTOR")
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = carol\n\temail = carol@acme.example\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    store = GitregStore(f"gitreg:{path}")
    store.create_registered_model("fraud")
    assert gitreg.open(path, actor="alice").model_record("fraud").created_by == "carol"


def test_who_is_nobody_reads_and_does_not_write(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITREG_ACTOR")
    store = GitregStore(f"gitreg:{path}")
    assert store.search_registered_models() == []
    with pytest.raises(MlflowException) as caught:
        store.create_registered_model("fraud")
    assert caught.value.error_code == "UNAUTHENTICATED"
    assert caught.value.message == (
        "nobody says who you are (say who you are: GITREG_ACTOR, or git config --global"
        " gitreg.user NAME)"
    )


# --- addresses that lead nowhere ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("gitreg:{folder}/nothing.git", "RESOURCE_DOES_NOT_EXIST"),
        ("gitreg:{folder}/empty.git", "RESOURCE_DOES_NOT_EXIST"),
        ("gitreg+file://{folder}/nothing.git", "TEMPORARILY_UNAVAILABLE"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_when_it_is_used(
    uri: str, code: str, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "empty.git"], check=True)
    store = GitregStore(uri.format(folder=tmp_path))
    with pytest.raises(MlflowException) as caught:
        store.search_registered_models()
    assert caught.value.error_code == code
