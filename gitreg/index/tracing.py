"""What the index tells of the past of versions: tenures of stages, and who set which field."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from gitreg.domain.activities import ANSWERED, NEW_COMMENT, REQUESTED, SYSTEM
from gitreg.domain.commits import parse_time
from gitreg.domain.model import READY
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import Outcome
from gitreg.domain.traces import Blame, Deed, Tenure
from gitreg.index.tables import ALIAS
from gitreg.index.view import View
from gitreg.manifest.kinds import KEYS, VERSION

_WHOLE = {"artifact", "code"}
"""Fields of a version that are set as one."""
_FIELDS = KEYS[VERSION]


@dataclass(frozen=True, slots=True)
class _Spell:
    """Rows of one version, one after the other, in one stage."""

    names: tuple[str, str]
    """The model's name when it began, and the last it had."""
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
        (model, view.last),
    )
    for _, group in groupby(rows, key=lambda row: row[1]):
        spells = list(_spells(group))
        for at, spell in enumerate(spells):
            if stage in {"", spell.stage}:
                around = (spells[at - 1] if at else None, *spells[at + 1 : at + 2])
                found.append((spell.since, _tenure(view, spell, around)))
    return tuple(tenure for _, tenure in sorted(found, key=lambda one: one[0]))


def _spells(rows: Iterable[tuple[Any, ...]]) -> Iterator[_Spell]:
    """Join rows between which the stage did not change."""
    last: _Spell | None = None
    for name, number, stage, since, until in rows:
        if last is not None and (last.stage, last.until) == (stage, since):
            last = _Spell((last.names[0], name), number, stage, last.since, until)
            continue
        if last is not None:
            yield last
        last = _Spell((name, name), number, stage, since, until)
    if last is not None:
        yield last


def _tenure(view: View, spell: _Spell, around: tuple[_Spell | None, ...]) -> Tenure:
    before, after = around[0], around[1] if len(around) > 1 else None
    first, last = (VersionRef(ModelName(name), spell.number) for name in spell.names)
    left = deed(view, spell.until, last) if spell.until <= view.last else None
    return Tenure(
        last,
        spell.stage,
        deed(view, spell.since, first),
        left,
        came_from=before.stage if before is not None else "",
        went_to=after.stage if after is not None and left is not None else "",
    )


def deed(view: View, seq: int, ref: VersionRef) -> Deed:
    """Give who did a step when, and what he wrote there of a version."""
    row = view.row("SELECT time, actor, id FROM steps WHERE seq = ?", (seq,))
    time, actor, commit = row if row is not None else (0, "", "")
    told = "SELECT kind, comment, original_time, original_user FROM activities"
    own = view.rows(
        f"{told} WHERE name = ? AND time = ? AND seq = ? AND number = ? AND kind NOT IN (?, ?)",
        (str(ref.model), time, seq, ref.number, REQUESTED, NEW_COMMENT),
    ) or view.rows(
        f"{told} WHERE seq = ? AND kind NOT IN (?, ?) LIMIT 1", (seq, REQUESTED, NEW_COMMENT)
    )
    comment = next((row[1] for row in own if row[1]), "")
    original_time = next((row[2] for row in own if row[2]), "")
    original_user = next((row[3] for row in own if row[3]), "")
    asked: tuple[str, ...] = ()
    if any(row[0] == ANSWERED[Outcome.APPROVED] for row in own):
        asked = requesters(view, commit)
    return Deed(
        parse_time(original_time) or time, original_user or actor, commit, seq, comment, asked
    )


def requesters(view: View, commit: str) -> tuple[str, ...]:
    """Give who made the requests that a commit answered."""
    rows = view.rows(
        "SELECT DISTINCT actor FROM activities"
        " WHERE seq = (SELECT seq FROM steps WHERE id = ?) AND kind = ? ORDER BY actor",
        (commit, REQUESTED),
    )
    return tuple(actor for (actor,) in rows)


def replacement(view: View, commit: str, name: str, stage: str) -> int | None:
    """Give the number of the version that took the place of others in a stage, in a commit."""
    row = view.row(
        "SELECT number FROM activities WHERE seq = (SELECT seq FROM steps WHERE id = ?)"
        " AND name = ? AND to_stage = ? AND kind NOT IN (?, ?) ORDER BY place DESC",
        (commit, name, stage, SYSTEM, REQUESTED),
    )
    return int(row[0]) if row is not None else None


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
        "SELECT name, data, since FROM versions WHERE model = ? AND number = ? AND since <= ?"
        " ORDER BY since",
        (found[0], ref.number, view.last),
    )
    last: dict[str, tuple[object, tuple[str, int]]] = {}
    for name, data, since in rows:
        fields = {"status": READY, **dict(_flat(json.loads(data)))}
        last = {
            field: last[field]
            if field in last and last[field][0] == value
            else (value, (name, since))
            for field, value in fields.items()
        }
    told = [
        Blame(field, value, deed(view, seq, VersionRef(ModelName(name), ref.number)))
        for field, (value, (name, seq)) in last.items()
    ]
    return (*sorted(told, key=_place), *_aliases(view, ref, found[0]))


def _place(one: Blame) -> int:
    """Give where a field stands in a manifest."""
    return _FIELDS.index(one.field.partition(".")[0])


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
        "SELECT l.key, l.since, l.until FROM labels l JOIN models m"
        " ON m.id = ? AND m.name = l.name AND m.since <= l.since AND m.until > l.since"
        " WHERE l.kind = ? AND l.number = ? AND l.since <= ? ORDER BY l.key, l.since",
        (model, ALIAS, ref.number, view.last),
    )
    for alias, group in groupby(rows, key=lambda row: row[0]):
        start, end = 0, 0
        for _, since, until in group:
            start = start if since == end else since
            end = until
        if end > view.last:
            yield Blame(f"aliases.{alias}", ref.number, deed(view, start, ref))
