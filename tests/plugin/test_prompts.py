"""MLflow's prompts, which it builds on models and versions."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


@pytest.fixture
def prompts(client: MlflowClient) -> MlflowClient:
    client.create_registered_model("fraud")
    client.create_model_version("fraud", "s3://ml/1")
    client.register_prompt("greet", "Hello {{name}}", tags={"tone": "warm"})
    client.register_prompt("greet", "Good day, {{name}}.\nHow are you?", tags={"tone": "cool"})
    return client


def test_a_prompt_is_registered_and_read(prompts: MlflowClient) -> None:
    prompt = prompts.load_prompt("prompts:/greet/1")
    assert prompt.format(name="Ann") == "Hello Ann"
    second = prompts.get_prompt_version("greet", 2)
    assert second is not None
    assert second.template == "Good day, {{name}}.\nHow are you?"
    assert second.tags == {"tone": "cool"}


def test_a_chat_keeps_its_messages(prompts: MlflowClient) -> None:
    messages = [{"role": "user", "content": "Hi {{name}}: 'quoted', \"twice\", #no comment"}]
    prompts.register_prompt("chat", messages)
    found = prompts.get_prompt_version("chat", 1)
    assert found is not None
    assert found.template == messages


def test_aliases_lead_to_prompts(prompts: MlflowClient) -> None:
    prompts.set_prompt_alias("greet", "best", 1)
    assert prompts.get_prompt_version_by_alias("greet", "best").version == 1
    prompts.delete_prompt_alias("greet", "best")
    with pytest.raises(MlflowException, match="alias best not found"):
        prompts.get_prompt_version_by_alias("greet", "best")


def test_searches_keep_models_and_prompts_apart(prompts: MlflowClient) -> None:
    assert [one.name for one in prompts.search_registered_models()] == ["fraud"]
    assert [one.name for one in prompts.search_model_versions()] == ["fraud"]
    assert [one.name for one in prompts.search_prompts()] == ["greet"]
    assert [one.name for one in prompts.search_prompts("name LIKE 'gr%'")] == ["greet"]
    assert [one.version for one in prompts.search_prompt_versions("greet")] == [2, 1]


def test_a_prompt_is_no_model(prompts: MlflowClient) -> None:
    with pytest.raises(MlflowException, match="Registered Model with name='greet' not found"):
        prompts.transition_model_version_stage("greet", "1", "Staging")
    with pytest.raises(MlflowException) as caught:
        prompts.create_registered_model("greet")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    assert "already taken by a prompt" in caught.value.message


def test_a_prompt_is_tagged_and_deleted(prompts: MlflowClient) -> None:
    prompts.set_prompt_tag("greet", "team", "growth")
    prompts.set_prompt_version_tag("greet", 1, "checked", "yes")
    assert prompts.get_prompt("greet").tags["team"] == "growth"
    prompts.delete_prompt_version_tag("greet", 1, "checked")
    prompts.delete_prompt_tag("greet", "team")
    prompts.delete_prompt_version("greet", "1")
    prompts.delete_prompt_version("greet", "2")
    prompts.delete_prompt("greet")
    assert prompts.get_prompt("greet") is None


def test_a_long_text_is_kept_and_a_longer_one_refused(prompts: MlflowClient) -> None:
    text = "é\n" * 50_000
    prompts.register_prompt("long", text)
    found = prompts.get_prompt_version("long", 1)
    assert found is not None
    assert found.template == text
    with pytest.raises(MlflowException, match="exceeds max length of 100000"):
        prompts.register_prompt("long", text + "x")


def test_the_fluent_functions_work_too(prompts: MlflowClient, path: object) -> None:
    mlflow.set_registry_uri(f"gitreg:{path}")
    mlflow.genai.register_prompt("bye", "Bye {{name}}")
    assert mlflow.genai.load_prompt("bye", version=1).template == "Bye {{name}}"
