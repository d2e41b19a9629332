"""MLflow's own registry beside gitreg's: the same calls, and the answers made comparable."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

import gitreg

Call = tuple[str, tuple[Any, ...], Mapping[str, Any]]
CLOCKS = (
    "gitreg.plugin.store.get_current_time_millis",
    "mlflow.store.model_registry.sqlalchemy_store.get_current_time_millis",
)
START = 1_900_000_000_000
"""When it is, at first: later than any registry was made."""
SEARCHES = {"search_registered_models", "search_model_versions"}
READS = {
    *SEARCHES,
    "get_registered_model",
    "get_model_version",
    "get_model_version_by_alias",
    "get_model_version_download_uri",
    "get_latest_versions",
}


@dataclass
class Peers:
    """Two clients that are told the same, at the same times."""

    ours: MlflowClient
    theirs: MlflowClient
    registry: gitreg.Registry
    now: int = START
    stale: set[str] = field(default_factory=set)
    """Models that MLflow counts as updated since, although nothing changed."""

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Let both see the same time."""
        with mock.patch(CLOCKS[0], lambda: self.now), mock.patch(CLOCKS[1], lambda: self.now):
            yield

    def forget(self) -> None:
        """Delete every model, of both."""
        for client in (self.ours, self.theirs):
            store = client._get_registry_client().store
            prompts = store.search_registered_models("tags.`mlflow.prompt.is_prompt` = 'true'")
            for model in [*store.search_registered_models(), *prompts]:
                store.delete_registered_model(model.name)
        self.stale.clear()

    def both(self, call: Call) -> tuple[Any, Any]:
        """Give what gitreg answers, and what MLflow does."""
        self.now += 1000
        name, arguments, _ = call
        before = self.registry.tip
        answers = [_answer(client, call) for client in (self.ours, self.theirs)]
        if name not in READS and self.registry.tip == before:
            self.stale.update(str(one) for one in arguments[:1])
        if name == "rename_registered_model" and arguments[0] in self.stale:
            self.stale.discard(arguments[0])
            self.stale.add(arguments[1]) if arguments[0] == arguments[1] else None
        told = [_told(name, one, self.stale) for one in answers]
        return told[0], told[1]


def _asked(
    client: MlflowClient, name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]
) -> Any:
    """Do one call; of a search all pages."""
    method = getattr(client, name)
    if name not in SEARCHES:
        return method(*arguments, **named)
    found, token = [], None
    while True:
        page = method(*arguments, page_token=token, **named)
        found += page
        token = page.token
        if not token:
            return found


def _answer(client: MlflowClient, call: Call) -> Any:
    try:
        return _asked(client, *call)
    except MlflowException as error:
        return error


def _told(name: str, answer: Any, stale: set[str]) -> Any:
    if isinstance(answer, MlflowException):
        return answer.error_code, str(answer).split("Error:", maxsplit=1)[0].strip()
    if isinstance(answer, list):
        aliases = name not in SEARCHES
        told = [plain(one, stale, aliases=aliases) for one in answer]
        ordered = name in SEARCHES and not stale
        return told if ordered else sorted(told, key=repr)
    return plain(answer, stale)


def plain(one: Any, stale: set[str], *, aliases: bool = True) -> Any:
    """Give an entity as plain values, without what MLflow's store never fills."""
    if isinstance(one, RegisteredModel):
        latest = [plain(version, stale, aliases=False) for version in one.latest_versions]
        return {
            "name": one.name,
            "created": one.creation_timestamp,
            "updated": None if one.name in stale else one.last_updated_timestamp,
            "description": one.description or None,
            "latest": sorted(latest, key=lambda told: int(told["version"])),
            "tags": one._tags,
            "aliases": one.aliases,
        }
    if isinstance(one, ModelVersion):
        return {
            "name": one.name,
            "version": one.version,
            "created": one.creation_timestamp,
            "updated": None if one.name in stale else one.last_updated_timestamp,
            "description": one.description or None,
            "stage": one.current_stage,
            "source": one.source,
            "run_id": one.run_id,
            "run_link": one.run_link,
            "status": one.status,
            "tags": one.tags,
            "aliases": sorted(one.aliases) if aliases else None,
        }
    return one
