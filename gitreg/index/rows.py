"""The rows of the index as one step of main changes them: closed when they end, opened anew."""

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from gitreg.domain.names import VersionRef
from gitreg.domain.records import ModelRecord, VersionRecord
from gitreg.index.tables import ALIAS, METRIC, MODEL_TAG, OPEN, PARAM, TAG

Label: TypeAlias = tuple[str, int, str]
"""The kind of a label, the number of the version it is about (0: the model), and its key."""
Labels: TypeAlias = dict[Label, tuple[str | None, float | None]]

_MODEL = "id, name, description, data, created, created_by, updated, updated_by"
_VERSION = (
    "model, name, number, stage, source, run_id, status, description, data, created, created_by,"
    " updated, updated_by"
)


_HELD = "description, data, created, created_by, updated, updated_by"


@dataclass(frozen=True, slots=True)
class Held:
    """What is recorded of a model or version; ``id`` is the model's."""

    id: str
    description: str
    text: str
    created: int
    created_by: str
    updated: int
    updated_by: str

    @property
    def data(self) -> dict[str, Any]:  # Any: JSON
        """Give what its manifest declares."""
        found: dict[str, Any] = json.loads(self.text)  # Any: JSON
        return found


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that hold, and what step ``seq`` makes of them."""

    db: sqlite3.Connection
    seq: int

    # --- what holds ---------------------------------------------------------------------------

    def model_id(self, name: str) -> str:
        """Give the id of a model, or ""."""
        row = self._held("id", "models", "name = ?", name)
        return str(row[0]) if row else ""

    def model(self, name: str) -> "Held | None":
        """Give what is recorded of a model."""
        row = self._held(f"id, {_HELD}", "models", "name = ?", name)
        return Held(*row) if row is not None else None

    def version(self, ref: VersionRef) -> "Held | None":
        """Give what is recorded of a version."""
        which = "name = ? AND number = ?"
        row = self._held(f"model, {_HELD}", "versions", which, str(ref.model), ref.number)
        return Held(*row) if row is not None else None

    def _held(self, what: str, table: str, which: str, *values: object) -> tuple[Any, ...] | None:
        # Any: whatever SQLite holds
        found: tuple[Any, ...] | None = self.db.execute(
            f"SELECT {what} FROM {table} WHERE {which} AND until = {OPEN}",
            values,
        ).fetchone()
        return found

    # --- what ends ----------------------------------------------------------------------------

    def close_model(self, name: str) -> None:
        """Let a model end, with all that is told of it."""
        for table in ("models", "versions", "labels", "texts"):
            self._close(table, "name = ?", name)

    def close_version(self, name: str, number: int) -> None:
        """Let a version end, with all that is told of it."""
        for table in ("versions", "labels", "texts"):
            self._close(table, "name = ? AND number = ?", name, number)

    def _close(self, table: str, which: str, *values: object) -> None:
        self.db.execute(
            f"UPDATE {table} SET until = ? WHERE {which} AND until = {OPEN}",
            (self.seq, *values),
        )

    # --- what begins --------------------------------------------------------------------------

    def open_model(self, record: ModelRecord, data: str) -> None:
        """Let a model be so from now on."""
        name = str(record.name)
        self._close("models", "name = ?", name)
        self.db.execute(
            f"INSERT INTO models ({_MODEL}, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.id, name, record.description, data, record.created, record.created_by,
                record.updated, record.updated_by, self.seq,
            ),
        )  # fmt: skip

    def open_version(self, model: str, record: VersionRecord, data: str) -> None:
        """Let a version of the model with the id ``model`` be so from now on."""
        key = (str(record.ref.model), record.ref.number)
        self._close("versions", "name = ? AND number = ?", *key)
        self.db.execute(
            f"INSERT INTO versions ({_VERSION}, since)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                model, *key, record.stage, record.source, record.run_id, record.status,
                record.description, data, record.created, record.created_by, record.updated,
                record.updated_by, self.seq,
            ),
        )  # fmt: skip

    def move(self, old: str, new: str, *, updated: int, updated_by: str) -> None:
        """Open under a new name what was closed in this step; it counts as updated."""
        self.spell(new)
        values = (new, updated, updated_by, self.seq, old)
        self.db.execute(
            f"INSERT INTO models ({_MODEL}, since)"
            " SELECT id, ?1, description, data, created, created_by, ?2, ?3, ?4"
            " FROM models WHERE name = ?5 AND until = ?4 AND since < ?4",
            values,
        )
        self.db.execute(
            f"INSERT INTO versions ({_VERSION}, since)"
            " SELECT model, ?1, number, stage, source, run_id, status, description, data, created,"
            " created_by, ?2, ?3, ?4 FROM versions WHERE name = ?5 AND until = ?4 AND since < ?4",
            values,
        )
        self.db.execute(
            "INSERT INTO labels (kind, name, number, key, value, measure, since)"
            " SELECT kind, ?1, number, key, value, measure, ?2 FROM labels"
            " WHERE name = ?3 AND until = ?2 AND since < ?2",
            (new, self.seq, old),
        )

    def described(self, name: str) -> list[tuple[int, str]]:
        """Give the numbers of a model's versions that have a description, and it."""
        return self.db.execute(
            "SELECT number, description FROM versions"
            f" WHERE name = ? AND until = {OPEN} AND description <> ''",
            (name,),
        ).fetchall()

    def write_labels(self, name: str, before: Labels, after: Labels) -> None:
        """Close the labels that are others now, and open those that are new."""
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        for label in sorted(changed):
            kind, number, key = label
            if label in before:
                which = "name = ? AND number = ? AND kind = ? AND key = ?"
                self._close("labels", which, name, number, kind, key)
            if label in after:
                self.db.execute(
                    "INSERT INTO labels (kind, name, number, key, value, measure, since)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (kind, name, number, key, *after[label], self.seq),
                )

    def write_text(self, name: str, number: int, text: str) -> None:
        """Let a model (number 0) or a version be found by these words from now on."""
        self._close("texts", "name = ? AND number = ?", name, number)
        if text.strip():
            made = self.db.execute(
                "INSERT INTO texts (name, number, since) VALUES (?, ?, ?)", (name, number, self.seq)
            )
            self.db.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (made.lastrowid, text))

    def spell(self, name: str) -> None:
        """Let a name be found by its parts; to be called before the model is opened."""
        seen = self.db.execute("SELECT 1 FROM models WHERE name = ? LIMIT 1", (name,)).fetchone()
        if seen is None:
            self.db.execute("INSERT INTO spellings (name) VALUES (?)", (name,))


# --- data and labels ----------------------------------------------------------------------------


def packed(data: dict[str, Any]) -> str:  # Any: JSON
    """Give what a manifest declares as one text, equal if it is equal."""
    plain = {key: value for key, value in data.items() if value not in ("", {}, [], None)}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def model_labels(data: Mapping[str, Any]) -> Labels:  # Any: JSON
    """Give the tags and aliases of a model, of what its manifest declares."""
    found: Labels = {(MODEL_TAG, 0, key): (value, None) for key, value in _in(data, "tags")}
    return found | {(ALIAS, int(at), alias): (None, None) for alias, at in _in(data, "aliases")}


def version_labels(number: int, data: Mapping[str, Any]) -> Labels:  # Any: JSON
    """Give the tags, metrics and params of a version, of what its manifest declares."""
    found: Labels = {(TAG, number, key): (value, None) for key, value in _in(data, "tags")}
    found |= {(METRIC, number, key): (str(at), float(at)) for key, at in _in(data, "metrics")}
    return found | {
        (PARAM, number, key): (value, _measure(value)) for key, value in _in(data, "params")
    }


def _in(data: Mapping[str, Any], field: str) -> Iterable[tuple[str, Any]]:  # Any: JSON
    found: Mapping[str, Any] = data.get(field, {})  # Any: JSON
    return found.items()


def _measure(text: str) -> float | None:
    """Give the number that a param says, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
