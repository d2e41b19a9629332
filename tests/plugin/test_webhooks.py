"""Webhooks: beside the repository, never in Git, with secrets that nobody reads there."""

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from mlflow.entities.webhook import WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException

from gitreg.plugin.store import GitregStore

CREATED = WebhookEvent("registered_model", "created")
TAGGED = WebhookEvent("model_version_tag", "set")
URL = "https://hooks.acme.example/mlflow"


@pytest.fixture
def store(path: Path, monkeypatch: pytest.MonkeyPatch) -> GitregStore:
    monkeypatch.setenv("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", "true")
    return GitregStore(f"gitreg:{path}")


def test_a_webhook_is_kept_changed_and_deleted(store: GitregStore) -> None:
    made = store.create_webhook("audit", URL, [CREATED, TAGGED], "To audit.", "s3cret")
    assert (made.name, made.url, made.description, made.secret, made.status) == (
        "audit", URL, "To audit.", "s3cret", WebhookStatus.ACTIVE,
    )  # fmt: skip
    assert made.events == [CREATED, TAGGED]
    assert store.get_webhook(made.webhook_id).secret == "s3cret"
    changed = store.update_webhook(
        made.webhook_id, name="log", events=[TAGGED], status=WebhookStatus.DISABLED
    )
    assert (changed.name, changed.url, changed.secret, changed.status, changed.events) == (
        "log", URL, "s3cret", WebhookStatus.DISABLED, [TAGGED],
    )  # fmt: skip
    store.delete_webhook(made.webhook_id)
    for work in (store.get_webhook, store.delete_webhook, store.update_webhook):
        with pytest.raises(MlflowException) as caught:
            work(made.webhook_id)
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
        assert caught.value.message == f"Webhook with ID {made.webhook_id} not found."


def test_webhooks_are_listed_by_page_and_by_event(store: GitregStore) -> None:
    for number in range(3):
        store.create_webhook(f"hook-{number}", URL, [CREATED] if number else [TAGGED])
    page = store.list_webhooks(max_results=2)
    rest = store.list_webhooks(max_results=2, page_token=page.token)
    assert [one.name for one in [*page, *rest]] == ["hook-2", "hook-1", "hook-0"]
    assert rest.token is None
    assert [one.name for one in store.list_webhooks_by_event(TAGGED)] == ["hook-0"]
    assert [one.name for one in store.list_webhooks_by_event(CREATED)] == ["hook-2", "hook-1"]
    with pytest.raises(MlflowException, match=r"max_results must be between 1 and 1000\."):
        store.list_webhooks(max_results=1001)


@pytest.mark.parametrize(
    ("name", "url", "events"),
    [("-x", URL, [CREATED]), ("x", "http://plain.example", [CREATED]), ("x", URL, [])],
)
def test_what_mlflow_refuses_is_refused(
    store: GitregStore, name: str, url: str, events: list[WebhookEvent]
) -> None:
    with pytest.raises(MlflowException) as caught:
        store.create_webhook(name, url, events)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_secrets_are_encrypted_and_nothing_is_in_git(store: GitregStore, path: Path) -> None:
    store.create_webhook("audit", URL, [CREATED], secret="s3cret")
    assert b"s3cret" not in b"".join(one.read_bytes() for one in (path / "gitreg").iterdir())
    assert stat.S_IMODE((path / "gitreg/webhooks.key").stat().st_mode) == 0o600
    steps = subprocess.run(
        ["git", "-C", path, "rev-list", "--count", "main"], capture_output=True, check=True
    )
    assert steps.stdout == b"1\n"


def test_mlflows_own_key_is_used_where_it_has_one(
    store: GitregStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"
    monkeypatch.setenv(variable, Fernet.generate_key().decode())
    made = store.create_webhook("audit", URL, [CREATED], secret="s3cret")
    assert not (path / "gitreg/webhooks.key").exists()
    monkeypatch.setenv(variable, Fernet.generate_key().decode())
    with pytest.raises(MlflowException) as caught:
        store.get_webhook(made.webhook_id)
    assert caught.value.error_code == "INVALID_STATE"


def test_changing_webhooks_needs_manage_on_the_registry(
    store: GitregStore, as_user: Callable[[str], None]
) -> None:
    made = store.create_webhook("audit", URL, [CREATED])
    as_user("bob")
    with pytest.raises(MlflowException) as caught:
        store.delete_webhook(made.webhook_id)
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert caught.value.message == "webhooks: changing them needs manage on /; bob has read"
    assert [one.name for one in store.list_webhooks_by_event(CREATED)] == ["audit"]


def test_a_test_tells_what_the_other_end_answered(store: GitregStore) -> None:
    made = store.create_webhook("audit", "https://localhost:1/x", [CREATED])
    found = store.test_webhook(made.webhook_id)
    assert not found.success
    assert "Failed to test webhook" in (found.error_message or "")


def test_where_nothing_can_be_written_that_is_told(store: GitregStore, path: Path) -> None:
    store.search_registered_models()
    (path / "gitreg/webhooks.sqlite").mkdir()
    with pytest.raises(MlflowException) as caught:
        store.create_webhook("audit", URL, [CREATED])
    assert caught.value.error_code == "TEMPORARILY_UNAVAILABLE"
