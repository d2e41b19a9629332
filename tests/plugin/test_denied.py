"""What the registry's permissions and rules refuse, as MLflow's clients see it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import gitreg

CANARY = "- name: Archived\n  - name: Canary\n"


@pytest.fixture
def strict(tmp_path: Path) -> MlflowClient:
    """A registry with gitreg's own rules; fraud/1 is in Production, alice administers it."""
    made = tmp_path / "strict.git"
    gitreg.create(made, admin="alice")
    client = MlflowClient(registry_uri=f"gitreg:{made}")
    client.create_registered_model("fraud")
    client.create_model_version("fraud", "s3://ml/1")
    client.transition_model_version_stage("fraud", "1", "Production")
    return client


def refused(work: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(MlflowException) as caught:
        work()
    return caught.value.error_code, caught.value.message


def test_a_write_without_the_level_is_denied(
    strict: MlflowClient, as_user: Callable[[str], None]
) -> None:
    as_user("bob")
    assert refused(lambda: strict.create_model_version("fraud", "s3://ml/2")) == (
        "PERMISSION_DENIED",
        "fraud/2 registered needs edit; bob has read; who can: alice",
    )
    assert refused(lambda: strict.set_registered_model_tag("fraud", "a", "b"))[0] == (
        "PERMISSION_DENIED"
    )
    assert strict.get_model_version("fraud", "1").current_stage == "Production"


def test_a_transition_without_the_level_says_who_can(
    strict: MlflowClient, as_user: Callable[[str], None]
) -> None:
    as_user("bob")
    code, message = refused(lambda: strict.transition_model_version_stage("fraud", "1", "Archived"))
    assert code == "PERMISSION_DENIED"
    assert "needs manage-production; bob has read; who can: alice" in message


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            lambda client: client.delete_registered_model("fraud"),
            (
                "fraud cannot be deleted: version 1 is in Production"
                " (gitreg transition fraud/1 Archived)"
            ),
        ),
        (
            lambda client: client.rename_registered_model("fraud", "churn"),
            (
                "fraud cannot be renamed: version 1 is in Production"
                " (gitreg transition fraud/1 Archived)"
            ),
        ),
        (
            lambda client: client.delete_model_version("fraud", "1"),
            "fraud/1 cannot be deleted: it is in Production (gitreg transition fraud/1 Archived)",
        ),
        (
            lambda client: client.create_registered_model("Fraud"),
            (
                "a model fraud exists, which differs from Fraud only in case or accents"
                " (choose another name)"
            ),
        ),
        (
            lambda client: client.create_registered_model("a\tb"),
            "'a\\tb' is no model name: it holds a character that cannot be seen",
        ),
    ],
)
def test_gitregs_own_rules_refuse_in_our_words(
    strict: MlflowClient, work: Callable[[MlflowClient], object], message: str
) -> None:
    assert refused(lambda: work(strict)) == ("INVALID_PARAMETER_VALUE", message)


def test_with_mlflows_rules_all_of_that_is_allowed(client: MlflowClient) -> None:
    client.create_registered_model("fraud")
    client.create_registered_model("Fraud")
    client.create_model_version("fraud", "s3://ml/1")
    client.transition_model_version_stage("fraud", "1", "Production")
    client.rename_registered_model("fraud", "churn")
    client.delete_model_version("churn", "1")
    client.delete_registered_model("churn")
    assert [one.name for one in client.search_registered_models()] == ["Fraud"]


def test_a_registrys_own_stages_are_stages(path: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", path, clone], check=True)
    settings = clone / "registry.yaml"
    settings.write_text(settings.read_text().replace("- name: Archived\n", CANARY))
    who = ["-c", "user.name=alice", "-c", "user.email=alice@localhost"]
    subprocess.run(["git", *who, "-C", clone, "commit", "-qam", "A stage"], check=True)
    subprocess.run(["git", "-C", clone, "push", "-q"], check=True)
    client = MlflowClient(registry_uri=f"gitreg:{path}")
    client.create_registered_model("fraud")
    for number in "12":
        client.create_model_version("fraud", "s3://ml/1")
        client.transition_model_version_stage(
            "fraud", number, "canary", archive_existing_versions=True
        )
    assert [one.version for one in client.get_latest_versions("fraud", ["CANARY"])] == [2]
    assert refused(lambda: client.transition_model_version_stage("fraud", "1", "Gamma")) == (
        "INVALID_PARAMETER_VALUE",
        (
            "Invalid Model Version stage: Gamma. Value must be one of None, Staging, Production,"
            " Archived, Canary."
        ),
    )
