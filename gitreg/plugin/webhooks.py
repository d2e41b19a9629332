"""MLflow's webhooks: kept in a file beside the repository, never in Git, their secrets encrypted.

Who delivers is MLflow's server. Changing them needs manage on ``/``, for they tell strangers what
happens here.
"""

import json
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    PERMISSION_DENIED,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchUtils

from gitreg.plugin import checking
from gitreg.plugin.connection import Connection

if TYPE_CHECKING:
    from mlflow.entities.webhook import Webhook, WebhookEvent, WebhookStatus, WebhookTestResult

FILE = "gitreg/webhooks.sqlite"
KEY_FILE = "gitreg/webhooks.key"
_USUAL, _MOST = 100, 1000
_TABLE = """
CREATE TABLE IF NOT EXISTS webhooks (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    url TEXT NOT NULL, events TEXT NOT NULL, description TEXT, secret TEXT, status TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL
)
"""
_COLUMNS = "id, name, url, events, description, secret, status, created, updated"


class KeepsWebhooks:
    """The webhook methods of a registry store, whose registry ``_connection`` opens."""

    _connection: Connection

    @staticmethod
    def _now() -> int:
        raise NotImplementedError

    def create_webhook(
        self,
        name: str,
        url: str,
        events: "list[WebhookEvent]",
        description: str | None = None,
        secret: str | None = None,
        status: "WebhookStatus | None" = None,
    ) -> "Webhook":
        """Keep a webhook; it is active unless ``status`` says otherwise."""
        checking.check_webhook(name or "", url or "", events or [])
        file = self._webhooks(change=True)
        identifier, now = str(uuid.uuid4()), self._now()
        with file.opened() as db:
            db.execute(
                f"INSERT INTO webhooks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (
                    identifier, name, url, _written(events), description, file.encrypted(secret),
                    status.value if status is not None else "ACTIVE", now, now,
                ),
            )  # fmt: skip
        return self.get_webhook(identifier)

    def get_webhook(self, webhook_id: str) -> "Webhook":
        """Give one webhook."""
        file = self._webhooks()
        with file.opened() as db:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM webhooks WHERE id = ?",  # noqa: S608
                (webhook_id,),
            ).fetchone()
        if row is None:
            raise _no_webhook(webhook_id)
        return file.webhook(row)

    def list_webhooks(
        self, max_results: int | None = None, page_token: str | None = None
    ) -> "PagedList[Webhook]":
        """Give the webhooks, the newest first."""
        return self._listed("", max_results, page_token)

    def list_webhooks_by_event(
        self, event: "WebhookEvent", max_results: int | None = None, page_token: str | None = None
    ) -> "PagedList[Webhook]":
        """Give the webhooks that are told of an event, the newest first."""
        return self._listed(_named(event), max_results, page_token)

    def _listed(
        self, event: str, max_results: int | None, page_token: str | None
    ) -> "PagedList[Webhook]":
        size = max_results or _USUAL
        if not 1 <= size <= _MOST:
            raise MlflowException(
                f"max_results must be between 1 and {_MOST}.", INVALID_PARAMETER_VALUE
            )
        offset = SearchUtils.parse_start_offset_from_page_token(page_token)
        file = self._webhooks()
        with file.opened() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM webhooks"  # noqa: S608
                " WHERE ?1 = '' OR EXISTS (SELECT 1 FROM json_each(events) WHERE value = ?1)"
                " ORDER BY created DESC, place DESC LIMIT ?2 OFFSET ?3",
                (event, size + 1, offset),
            ).fetchall()
        token = SearchUtils.create_page_token(offset + size) if len(rows) > size else None
        return PagedList([file.webhook(row) for row in rows[:size]], token)

    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        events: "list[WebhookEvent] | None" = None,
        secret: str | None = None,
        status: "WebhookStatus | None" = None,
    ) -> "Webhook":
        """Change what is given of a webhook; None leaves it as it is."""
        file = self._webhooks(change=True)
        self.get_webhook(webhook_id)
        checking.check_webhook(name, url, events)
        values = {
            "name": name,
            "url": url,
            "events": _written(events) if events is not None else None,
            "description": description,
            "secret": file.encrypted(secret),
            "status": status.value if status is not None else None,
            "updated": self._now(),
        }
        put = {key: value for key, value in values.items() if value is not None}
        with file.opened() as db:
            db.execute(
                f"UPDATE webhooks SET {', '.join(f'{key} = ?' for key in put)} WHERE id = ?",  # noqa: S608
                (*put.values(), webhook_id),
            )
        return self.get_webhook(webhook_id)

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook, and its secret."""
        with self._webhooks(change=True).opened() as db:
            if not db.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount:
                raise _no_webhook(webhook_id)

    def test_webhook(
        self, webhook_id: str, event: "WebhookEvent | None" = None
    ) -> "WebhookTestResult":
        """Send a webhook an example of an event, and tell what was answered."""
        from mlflow.webhooks.delivery import test_webhook

        return test_webhook(self.get_webhook(webhook_id), event)

    def _webhooks(self, *, change: bool = False) -> "_File":
        if not change:
            return _File(self._connection.to_read().path)
        from gitreg.domain.access import Level

        registry = self._connection.to_write()
        held = registry.level(registry.actor)
        if held < Level.MANAGE:
            raise MlflowException(
                f"webhooks: changing them needs manage on /; {registry.actor} has {held}",
                PERMISSION_DENIED,
            )
        return _File(registry.path)


@dataclass(frozen=True, slots=True)
class _File:
    """The webhooks beside the repository ``folder``."""

    folder: Path

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; where there is none, and none can be, it is empty."""
        path = self.folder / FILE
        try:
            path.parent.mkdir(exist_ok=True)
            with closing(sqlite3.connect(path, timeout=60)) as db, db:
                db.execute(_TABLE)
                yield db
        except (OSError, sqlite3.Error) as error:
            raise MlflowException(
                f"the webhooks in {path} cannot be used: {error}", TEMPORARILY_UNAVAILABLE
            ) from error

    def webhook(self, row: Iterable[Any]) -> "Webhook":  # Any: whatever SQLite holds
        """Give what a row says."""
        from mlflow.entities.webhook import (
            Webhook,
            WebhookAction,
            WebhookEntity,
            WebhookEvent,
            WebhookStatus,
        )

        identifier, name, url, events, description, secret, status, created, updated = row
        told = [
            WebhookEvent(WebhookEntity(entity), WebhookAction(action))
            for entity, action in (one.rsplit(".", 1) for one in json.loads(events))
        ]
        return Webhook(
            identifier,
            name,
            url,
            told,
            created,
            updated,
            description=description,
            status=WebhookStatus(status),
            secret=self._decrypted(identifier, secret),
        )

    # --- secrets ------------------------------------------------------------------------------

    def encrypted(self, secret: str | None) -> str | None:
        """Give a secret as it is kept."""
        return None if secret is None else _cipher(self._key()).encrypt(secret.encode()).decode()

    def _decrypted(self, identifier: str, kept: str | None) -> str | None:
        from cryptography.fernet import InvalidToken

        if kept is None:
            return None
        try:
            secret: str = _cipher(self._key()).decrypt(kept.encode()).decode()
        except InvalidToken as error:
            raise MlflowException(
                f"the secret of webhook {identifier} was encrypted with another key than"
                " MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY holds now",
                INVALID_STATE,
            ) from error
        return secret

    def _key(self) -> bytes:
        """Give MLflow's key or, where it has none, one in a file that only its owner can read."""
        from mlflow.environment_variables import MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY

        if MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY.get():
            return str(MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY.get()).encode()
        from cryptography.fernet import Fernet

        path = self.folder / KEY_FILE
        try:
            path.parent.mkdir(exist_ok=True)
            whole = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
            if not path.exists():
                file = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(file, "wb") as made:
                    made.write(Fernet.generate_key())
                try:
                    os.link(whole, path)  # whoever is first wins
                except FileExistsError:
                    pass
                finally:
                    whole.unlink()
            return path.read_bytes()
        except OSError as error:
            raise MlflowException(
                f"the key {path} cannot be used: {error}", TEMPORARILY_UNAVAILABLE
            ) from error


def _cipher(key: bytes) -> Any:  # Any: a Fernet, which is imported when it is needed
    from cryptography.fernet import Fernet

    return Fernet(key)


def _named(event: "WebhookEvent") -> str:
    return f"{event.entity.value}.{event.action.value}"


def _written(events: "Iterable[WebhookEvent]") -> str:
    return json.dumps(list(dict.fromkeys(map(_named, events))))


def _no_webhook(identifier: str) -> MlflowException:
    return MlflowException(f"Webhook with ID {identifier} not found.", RESOURCE_DOES_NOT_EXIST)
