"""What the index tells of the past of versions: tenures of stages, and who set which field."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from gitreg.domain.activities import ANSWERED, REQUESTED
from gitreg.domain.commits import parse_time
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import Outcome
from gitreg.domain.traces import Blame, Deed, Tenure
from gitreg.index.tables import ALIAS
from gitreg.index.view import View

_WHOLE = {"artifact", "code"}
"""Fields of a version that are set as one."""


@dataclass(frozen=True, slots=True)
class _Spell:
    """Rows of one version, one after the other, in one stage."""

    name: str
    number: int
    stage: str
    since: int
    until: int


def tenures(view: View, model: str, *, stage: str = "") -> tuple[Tenure, ...]:
    """Give every time that a version of the model with this id was in a stage, oldest first."""
    found: list[tuple[int, Tenure]] = []
    rows = view.rows(
        "SELECT name, number, stage, since, until FROM versions"
        " WHERE model = ? AND since <= ? ORDER BY number, since",
        (model, _now(view)),
    )
    for _, group in groupby(rows, key=lambda row: row[1]):
        spells = list(_spells(group))
        for at, spell in enumerate(spells):
            if stage in {"", spell.stage}:
                around = (spells[at - 1] if at else None, *spells[at + 1 : at + 2])
                found.append((spell.since, _tenure(view, spell, around)))
    return tuple(tenure for _, tenure in sorted(found, key=lambda one: one[0]))


def _now(view: View) -> int:
    row = view.row("SELECT max(seq) FROM steps")
    return view.at if view.at is not None else (row[0] or 0 if row else 0)


def _spells(rows: Iterable[tuple[Any, ...]]) -> Iterator[_Spell]:
    """Join rows between which the stage did not change."""
    last: _Spell | None = None
    for name, number, stage, since, until in rows:
        if last is not None and (last.stage, last.until) == (stage, since):
            last = _Spell(name, number, stage, last.since, until)
            continue
        if last is not None:
            yield last
        last = _Spell(name, number, stage, since, until)
    if last is not None:
        yield last


def _tenure(view: View, spell: _Spell, around: tuple[_Spell | None, ...]) -> Tenure:
    before, after = around[0], around[1] if len(around) > 1 else None
    left = deed(view, spell.until, spell.number) if spell.until <= _now(view) else None
    return Tenure(
        VersionRef(ModelName(spell.name), spell.number),
        spell.stage,
        deed(view, spell.since, spell.number),
        left,
        came_from=before.stage if before is not None else "",
        went_to=after.stage if after is not None and left is not None else "",
    )


def deed(view: View, seq: int, number: int | None = None) -> Deed:
    """Give who did a step when, and what he wrote there of a version."""
    row = view.row("SELECT time, actor, id FROM steps WHERE seq = ?", (seq,))
    time, actor, commit = row if row is not None else (0, "", "")
    told = view.rows(
        "SELECT kind, comment, original_time, original_user, number FROM activities"
        " WHERE seq = ? AND kind <> ? ORDER BY place",
        (seq, REQUESTED),
    )
    own = [row for row in told if row[4] == number] or told
    comment = next((row[1] for row in own if row[1]), "")
    original_time = next((row[2] for row in own if row[2]), "")
    original_user = next((row[3] for row in own if row[3]), "")
    asked: tuple[str, ...] = ()
    if any(row[0] == ANSWERED[Outcome.APPROVED] for row in own):
        asked = requesters(view, seq)
    return Deed(
        parse_time(original_time) or time, original_user or actor, commit, seq, comment, asked
    )


def requesters(view: View, seq: int) -> tuple[str, ...]:
    """Give who made the requests that a step answered."""
    rows = view.rows(
        "SELECT DISTINCT actor FROM activities WHERE seq = ? AND kind = ? ORDER BY actor",
        (seq, REQUESTED),
    )
    return tuple(actor for (actor,) in rows)


# --- blame --------------------------------------------------------------------------------------


def blame(view: View, ref: VersionRef) -> tuple[Blame, ...]:
    """Give who set each field of a live version as it is, in the order of the manifest."""
    found = view.row(
        f"SELECT model FROM versions WHERE name = ? AND number = ? AND {view.holds()}",
        (str(ref.model), ref.number),
    )
    if found is None:
        return ()
    rows = view.rows(
        "SELECT data, since FROM versions WHERE model = ? AND number = ? AND since <= ?"
        " ORDER BY since",
        (found[0], ref.number, _now(view)),
    )
    last: dict[str, tuple[object, int]] = {}
    for data, since in rows:
        fields = dict(_flat(json.loads(data)))
        last = {
            field: last[field] if field in last and last[field][0] == value else (value, since)
            for field, value in fields.items()
        }
    told = [
        Blame(field, value, deed(view, seq, ref.number)) for field, (value, seq) in last.items()
    ]
    return (*told, *_aliases(view, ref, found[0]))


def _flat(data: dict[str, Any]) -> Iterator[tuple[str, object]]:  # Any: JSON
    """Give fields one by one; tags, metrics and params key by key."""
    for field, value in data.items():
        if isinstance(value, dict) and field not in _WHOLE:
            yield from ((f"{field}.{key}", each) for key, each in value.items())
        else:
            yield field, value


def _aliases(view: View, ref: VersionRef, model: str) -> Iterator[Blame]:
    """Give who let aliases point here; they stay where they are when the model is renamed."""
    rows = view.rows(
        "SELECT key, since, until FROM labels WHERE kind = ? AND number = ? AND since <= ?"
        " AND name IN (SELECT name FROM models WHERE id = ?) ORDER BY key, since",
        (ALIAS, ref.number, _now(view), model),
    )
    for alias, group in groupby(rows, key=lambda row: row[0]):
        start, end = 0, 0
        for _, since, until in group:
            start = start if since == end else since
            end = until
        if end > _now(view):
            yield Blame(f"alias {alias}", ref.number, deed(view, start))
