"""Models, versions and activities, read from the index as values."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from gitreg.domain.activities import REQUESTED, Activity
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.records import ModelRecord, VersionRecord
from gitreg.domain.references import Reference
from gitreg.index.tables import ALIAS
from gitreg.index.view import View
from gitreg.manifest import kinds

MODEL = "m.id, m.name, m.data, m.created, m.created_by, m.updated, m.updated_by"
VERSION = "v.name, v.number, v.data, v.created, v.created_by, v.updated, v.updated_by"
_ACTIVITY = (
    "kind, time, actor, text, id, name, number, from_stage, to_stage, comment, original_time,"
    " original_user"
)
_Item = TypeVar("_Item")
_AT_ONCE = 500
"""Rows that one query names."""
_NAMED = "name IN (SELECT value FROM json_each(?))"
"""The condition that a name is one of a JSON list."""
_REMEMBERED = 16_384
"""Records that are kept as they were read; they hold what a page of them shows, some 1 KiB each."""
Row = Sequence[Any]  # Any: whatever SQLite holds


# --- models -------------------------------------------------------------------------------------


def model(view: View, name: ModelName) -> ModelRecord | None:
    """Give one model, or None."""
    rows = view.rows(
        f"SELECT {MODEL} FROM models m WHERE m.name = ? AND {view.holds('m')}", (str(name),)
    )
    return next(as_models(view, rows), None)


def models(view: View, *, glob: str = "", stage: str = "") -> tuple[ModelRecord, ...]:
    """Give the models whose names match, by name; with ``stage`` those with a version in it."""
    which, values = _matching("m", glob)
    if stage:
        which += (
            " AND EXISTS (SELECT 1 FROM versions v"
            f" WHERE v.name = m.name AND v.stage = ? AND {view.holds('v')})"
        )
        values = (*values, stage)
    rows = view.rows(
        f"SELECT {MODEL} FROM models m WHERE {view.holds('m')}{which} ORDER BY m.name", values
    )
    return tuple(as_models(view, rows))


def _matching(letter: str, glob: str) -> tuple[str, tuple[str, ...]]:
    """Give the condition that a name matches a glob, whose only signs are ``*`` and ``?``."""
    return (f" AND {letter}.name GLOB ?", (glob.replace("[", "[[]"),)) if glob else ("", ())


def id_of(view: View, name: ModelName) -> str:
    """Give the id of the model that has a name, or ""."""
    row = view.row(f"SELECT id FROM models WHERE name = ? AND {view.holds()}", (str(name),))
    return str(row[0]) if row is not None else ""


def model_named(view: View, identifier: str) -> ModelName | None:
    """Give the name of the model with an id, or None."""
    row = view.row(
        f"SELECT name FROM models WHERE id = ? AND {view.holds()}",
        (identifier,),
    )
    return ModelName(row[0]) if row is not None else None


def as_models(view: View, rows: Iterable[Row]) -> Iterator[ModelRecord]:
    """Give the models that rows of the columns MODEL are, each with its newest versions."""
    for some in batched(rows):
        data = {row[1]: json.loads(row[2]) for row in some}
        newest: dict[str, list[VersionRecord]] = {}
        for one in _as_versions(_newest_rows(view, tuple(data)), data):
            newest.setdefault(str(one.ref.model), []).append(one)
        for row in some:
            identifier, name, text, created, created_by, updated, updated_by = row
            known, description, tags, aliases = _model_fields(name, text)
            yield ModelRecord(
                known,
                description,
                tags,
                aliases,
                id=identifier,
                latest=tuple(newest.get(name, ())),
                created=created,
                created_by=created_by,
                updated=updated,
                updated_by=updated_by,
            )


@lru_cache(maxsize=_REMEMBERED)
def _model_fields(name: str, text: str) -> tuple[Any, ...]:  # Any: the fields of RegisteredModel
    """Give the first fields of a model; equal rows are read once."""
    fields = kinds.model_fields(json.loads(text))
    return (ModelName(name), fields["description"], fields["tags"], fields["aliases"])


def _newest_rows(view: View, names: Sequence[str]) -> Sequence[Row]:
    """Give the rows of the newest version in each stage of some models, in order."""
    marks = ", ".join("?" * len(names))
    return view.rows(
        f"SELECT {VERSION} FROM (SELECT name, max(number) AS number FROM versions"
        f" WHERE name IN ({marks}) AND {view.holds()} GROUP BY name, stage) n"
        " CROSS JOIN versions v ON v.name = n.name AND v.number = n.number"
        f" AND {view.holds('v')} ORDER BY v.name, v.number",
        names,
    )


def batched(rows: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Give rows in portions that one query can name."""
    rest = iter(rows)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def found_models(view: View, rows: Sequence[int]) -> Iterator[ModelRecord]:
    """Give the models that stand in these rows, in this order."""
    return as_models(view, _in_order(view, f"SELECT m.row, {MODEL} FROM models m", rows))


def _in_order(view: View, query: str, rows: Sequence[int]) -> Iterator[Row]:
    """Give rows by their numbers, each without its number."""
    for some in batched(rows):
        marks = ", ".join("?" * len(some))
        found = {row[0]: row[1:] for row in view.rows(f"{query} WHERE row IN ({marks})", some)}
        yield from (found[number] for number in some)


# --- versions -----------------------------------------------------------------------------------


def version(view: View, ref: VersionRef) -> VersionRecord | None:
    """Give one live version, or None."""
    row = view.row(
        f"SELECT {VERSION} FROM versions v WHERE v.name = ? AND v.number = ? AND {view.holds('v')}",
        (str(ref.model), ref.number),
    )
    return next(as_versions(view, [row])) if row is not None else None


def versions(view: View, name: ModelName, stage: str = "") -> tuple[VersionRecord, ...]:
    """Give the live versions of a model, ascending; with ``stage`` those that are in it."""
    which, values = ("AND v.stage = ?", (str(name), stage)) if stage else ("", (str(name),))
    rows = view.rows(
        f"SELECT {VERSION} FROM versions v"
        f" WHERE v.name = ? {which} AND {view.holds('v')} ORDER BY v.number",
        values,
    )
    return tuple(as_versions(view, rows))


def every_version(view: View, *, glob: str = "", stage: str = "") -> tuple[VersionRecord, ...]:
    """Give the live versions of the models whose names match, by name, ascending."""
    which, values = _matching("v", glob)
    if stage:
        which, values = f"{which} AND v.stage = ?", (*values, stage)
    rows = view.rows(
        f"SELECT {VERSION} FROM versions v WHERE {view.holds('v')}{which}"
        " ORDER BY v.name, v.number",
        values,
    )
    return tuple(as_versions(view, rows))


def numbers(view: View, names: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """Give the numbers of the live versions of models by name and stage, ascending."""
    found: dict[str, dict[str, list[int]]] = {name: {} for name in names}
    rows = view.rows(
        f"SELECT name, stage, number FROM versions WHERE {_NAMED} AND {view.holds()}"
        " ORDER BY name, number",
        (json.dumps(list(names)),),
    )
    for name, stage, number in rows:
        found[name].setdefault(stage, []).append(number)
    return found


def as_versions(view: View, rows: Iterable[Row]) -> Iterator[VersionRecord]:
    """Give the versions that rows of the columns VERSION are."""
    for some in batched(rows):
        yield from _as_versions(some, _model_data(view, {row[0] for row in some}))


def _model_data(view: View, names: Collection[str]) -> dict[str, Mapping[str, Any]]:  # Any: JSON
    """Give what the manifests of models declare."""
    rows = view.rows(
        f"SELECT name, data FROM models WHERE {_NAMED} AND {view.holds()}",
        (json.dumps(list(names)),),
    )
    return {name: json.loads(data) for name, data in rows}


def _aliases(
    models: Mapping[str, Mapping[str, Any]],  # Any: JSON
) -> dict[tuple[str, int], tuple[str, ...]]:
    """Give, by name and number of a version, the aliases that point at it."""
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for name, data in models.items():
        for alias, number in sorted(data.get("aliases", {}).items()):
            key = (name, int(number))
            found[key] = (*found.get(key, ()), alias)
    return found


def _as_versions(
    rows: Iterable[Row],
    models: Mapping[str, Mapping[str, Any]],  # Any: JSON
) -> Iterator[VersionRecord]:
    """Give versions, with the aliases that the data of their models point at them."""
    aliases = _aliases(models)
    return (_version_record(*row, aliases.get((row[0], row[1]), ())) for row in rows)


@lru_cache(maxsize=_REMEMBERED)
def _version_record(
    name: str,
    number: int,
    data: str,
    created: int,
    created_by: str,
    updated: int,
    updated_by: str,
    aliases: tuple[str, ...],
) -> VersionRecord:
    """Give the version that a row is; equal rows are read once."""
    return VersionRecord(
        VersionRef(ModelName(name), number),
        **kinds.version_fields(json.loads(data)),
        aliases=aliases,
        created=created,
        created_by=created_by,
        updated=updated,
        updated_by=updated_by,
    )


def found_versions(view: View, rows: Sequence[int]) -> Iterator[VersionRecord]:
    """Give the versions that stand in these rows, in this order."""
    kept = view.kept
    if len(kept) > _REMEMBERED:
        kept.clear()
    query = f"SELECT v.row, {VERSION} FROM versions v"
    for some in batched(row for row in rows if row not in kept):
        marks = ", ".join("?" * len(some))
        found = view.rows(f"{query} WHERE v.row IN ({marks})", some)
        kept.update((row[0], _version_record(*row[1:], ())) for row in found)
    records = [kept[row] for row in rows]
    aliases = _aliases(_model_data(view, {str(one.ref.model) for one in records}))
    if not aliases:
        return iter(records)
    refs = {VersionRef(ModelName(name), number): told for (name, number), told in aliases.items()}
    return (replace(one, aliases=refs[one.ref]) if one.ref in refs else one for one in records)


def referred(view: View, reference: Reference, stage: str) -> VersionRecord | None:
    """Give the version that somebody means, or None; ``stage`` is what its stage is called."""
    name, number = reference.model, reference.number
    if reference.alias:
        ref = by_alias(view, name, reference.alias)
        return version(view, ref) if ref is not None else None
    if number is None:
        newest = as_versions(view, _newest_rows(view, (str(name),)))
        found = [one for one in newest if stage in {"", one.stage}]
        return found[-1] if found else None
    return version(view, VersionRef(name, number))


def by_alias(view: View, name: ModelName, alias: str) -> VersionRef | None:
    """Give the version that an alias points at, or None."""
    row = view.row(
        "SELECT number FROM labels WHERE kind = ? AND name = ? AND key = ? AND number > 0"
        f" AND {view.holds()}",
        (ALIAS, str(name), alias),
    )
    return VersionRef(name, row[0]) if row is not None else None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    models: int
    versions: int
    stages: tuple[tuple[str, int], ...]


def counts(view: View) -> Counts:
    """Count models, versions, and versions by stage."""
    row = view.row(f"SELECT count(*) FROM models WHERE {view.holds()}")
    stages = view.rows(
        f"SELECT stage, count(*) FROM versions WHERE {view.holds()} GROUP BY stage ORDER BY stage"
    )
    found = tuple((stage, count) for stage, count in stages)
    return Counts(row[0] if row else 0, sum(count for _, count in found), found)


# --- activities ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """Which activities are asked for; what is empty does not matter. Times are in ms.

    ``model`` is asked for by its name, with whatever had that name before; ``id`` is one model.
    With ``asked_then`` a view of the past tells requests that were answered later, too.
    """

    model: ModelName | None = None
    version: int | None = None
    user: str = ""
    kinds: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    id: str = ""
    asked_then: bool = False

    def wants(self, one: Activity) -> bool:
        """Tell whether an activity that the index does not hold is asked for."""
        return (
            one.is_about(self.model, self.version)
            and self.user in {"", one.actor}
            and (not self.kinds or one.kind in self.kinds)
            and (self.since is None or one.time >= self.since)
            and (self.until is None or one.time <= self.until)
        )


Place = tuple[int, int, int]
"""Where an activity stands: its time, its place among those of that time, its row."""


def activities(
    view: View, asked: Asked, *, before: Place | None = None, limit: int = -1
) -> list[tuple[Place, Activity]]:
    """Give activities, the newest first; ``before``: only those that come after that place."""
    conditions = list(_conditions(view, asked))
    if view.at is not None:
        also = f" OR kind = '{REQUESTED}'" if asked.asked_then else ""
        conditions.append((f"(seq <= ?{also})", (view.at,)))
    if before is not None:
        conditions.append(("(time, place, row) < (?, ?, ?)", before))
    which = " AND ".join(condition for condition, _ in conditions) or "1"
    rows = view.rows(
        f"SELECT time, place, row, {_ACTIVITY} FROM activities WHERE {which}"
        " ORDER BY time DESC, place DESC, row DESC LIMIT ?",
        [value for _, values in conditions for value in values] + [limit],
    )
    return [((row[0], row[1], row[2]), as_activity(row[3:])) for row in rows]


def _conditions(view: View, asked: Asked) -> Iterator[tuple[str, tuple[object, ...]]]:
    if asked.model is not None:
        yield _about(view, asked.model)
    if asked.id:
        yield "model = ?", (asked.id,)
    if asked.version is not None:
        yield "number = ?", (asked.version,)
    if asked.user:
        yield "actor = ?", (asked.user,)
    if asked.kinds:
        yield f"kind IN ({', '.join('?' * len(asked.kinds))})", asked.kinds
    if asked.since is not None:
        yield "time >= ?", (asked.since,)
    if asked.until is not None:
        yield "time <= ?", (asked.until,)


def _about(view: View, name: ModelName) -> tuple[str, tuple[object, ...]]:
    """Find by the id of the model that has the name, and by the name where others had it."""
    identifier = id_of(view, name)
    rows = view.rows("SELECT DISTINCT name FROM models WHERE id = ?", (identifier,))
    if len(rows) <= 1:
        return "name = ?", (str(name),)
    return "(model = ? OR name = ?)", (identifier, str(name))


def moment(view: View) -> int:
    """Give the time, in ms, of the last step that the view sees."""
    row = view.row("SELECT time FROM steps WHERE seq <= ? ORDER BY seq DESC", (view.last,))
    return int(row[0]) if row is not None else 0


def as_activity(row: Row) -> Activity:
    """Give the activity that a row is."""
    kind, time, actor, text, commit, name, *rest = row
    return Activity(kind, time, actor, text, commit, ModelName(name) if name else None, *rest)
