"""Small catalogues: as plain values, as tables, and what filters find in them, asked naively."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne

from gitreg.domain.stages import DEFAULT_STAGES
from gitreg.index.expressions import And, Comparison, Expression, Literal, Not, Or, Value
from gitreg.index.moments import span
from gitreg.index.tables import ALIAS, METRIC, MODEL_TAG, OPEN, PARAM, TABLES, TAG


@dataclass(frozen=True)
class Version:
    number: int
    stage: str = "None"
    source: str = ""
    run_id: str = ""
    status: str = "READY"
    description: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    created: int = 1
    updated: int = 1
    created_by: str = "alice"
    updated_by: str = "alice"


@dataclass(frozen=True)
class Model:
    name: str
    description: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: Sequence[Version] = ()
    created: int = 1
    updated: int = 1
    created_by: str = "alice"
    updated_by: str = "alice"


def number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def connection(*steps: Sequence[Model]) -> sqlite3.Connection:
    """Fill the tables with what there was at each step; the last one is now."""
    made = sqlite3.connect(":memory:", check_same_thread=False)
    made.executescript(TABLES)
    for seq, models in enumerate(steps, start=1):
        until = OPEN if seq == len(steps) else seq + 1
        for model in models:
            _add_model(made, model, (seq, until))
    return made


def _add_model(made: sqlite3.Connection, model: Model, held: tuple[int, int]) -> None:
    _insert(
        made, "models", id=f"id of {model.name}", name=model.name, description=model.description,
        data="{}", created=model.created, created_by=model.created_by, updated=model.updated,
        updated_by=model.updated_by, since=held[0], until=held[1],
    )  # fmt: skip
    if not made.execute("SELECT 1 FROM spellings WHERE name = ?", (model.name,)).fetchone():
        _insert(made, "spellings", name=model.name)
    _add_text(made, model.name, 0, f"{model.name} {model.description}", held)
    for key, text in model.tags.items():
        _add_label(made, (MODEL_TAG, model.name, 0, key), text, None, held)
    for alias, number in model.aliases.items():
        _add_label(made, (ALIAS, model.name, number, alias), None, None, held)
    for version in model.versions:
        _add_version(made, model.name, version, held)


def _add_version(
    made: sqlite3.Connection, name: str, version: Version, held: tuple[int, int]
) -> None:
    number = version.number
    _insert(
        made, "versions", model=f"id of {name}", name=name, number=number, stage=version.stage,
        source=version.source, run_id=version.run_id, status=version.status,
        description=version.description, data="{}", created=version.created,
        created_by=version.created_by, updated=version.updated, updated_by=version.updated_by,
        since=held[0], until=held[1],
    )  # fmt: skip
    _add_text(made, name, number, version.description, held)
    for key, tag in version.tags.items():
        _add_label(made, (TAG, name, number, key), tag, None, held)
    for key, measure in version.metrics.items():
        _add_label(made, (METRIC, name, number, key), None, measure, held)
    for key, text in version.params.items():
        _add_label(made, (PARAM, name, number, key), text, number_of(text), held)


def _add_text(
    made: sqlite3.Connection, name: str, number: int, text: str, held: tuple[int, int]
) -> None:
    row = _insert(made, "texts", name=name, number=number, since=held[0], until=held[1])
    _insert(made, "words", rowid=row, text=text)


def _add_label(
    made: sqlite3.Connection,
    label: tuple[str, str, int, str],
    value: str | None,
    measure: float | None,
    held: tuple[int, int],
) -> None:
    kind, name, number, key = label
    _insert(
        made, "labels", kind=kind, name=name, number=number, key=key, value=value,
        measure=measure, since=held[0], until=held[1],
    )  # fmt: skip


def _insert(made: sqlite3.Connection, table: str, **row: Value | None) -> int:
    names = ", ".join(row)
    places = ", ".join("?" * len(row))
    done = made.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(row.values()))
    return done.lastrowid or 0


# --- asked naively ---------------------------------------------------------------------------

Row = tuple[Model, Version | None]


def rows(models: Sequence[Model], *, versions: bool) -> Iterator[Row]:
    for model in models:
        if not versions:
            yield model, None
        else:
            yield from ((model, version) for version in model.versions)


def passes(expression: Expression | None, row: Row, models: Sequence[Model]) -> bool:
    """Tell whether a model or a version passes, the slow and plain way."""
    match expression:
        case None:
            return True
        case And(parts):
            return all(passes(part, row, models) for part in parts)
        case Or(parts):
            return any(passes(part, row, models) for part in parts)
        case Not(part):
            return not passes(part, row, models)
        case Comparison():
            return _compare(expression, row)


def _compare(comparison: Comparison, row: Row) -> bool:
    if (comparison.kind, comparison.key) == ("tag", "mlflow.prompt.is_prompt"):
        return _is_no_prompt(comparison, row)
    if comparison.key == "text" and comparison.kind == "attribute":
        return _matches(str(comparison.value), _text(row))
    if comparison.key in TIMES and comparison.kind == "attribute":
        return _meets_time(comparison, getattr(row[1] or row[0], TIMES[comparison.key]))
    return any(_meets(comparison, value) for value in _values(comparison, row))


TIMES = {
    "created": "created",
    "creation_timestamp": "created",
    "updated": "updated",
    "last_updated_timestamp": "updated",
}


def _is_no_prompt(comparison: Comparison, row: Row) -> bool:
    model, version = row
    if (comparison.operator, comparison.value) in {("=", "false"), ("!=", "true")}:
        holders = [one.tags for one in model.versions] if version else [model.tags]
        return all(tags.get(comparison.key) != "true" for tags in holders)
    tags = version.tags if version else model.tags
    value = tags.get(comparison.key)
    return value is not None and _meets(comparison, value)


def _text(row: Row) -> str:
    model, version = row
    return version.description if version else f"{model.name} {model.description}"


def _matches(query: str, text: str) -> bool:
    there = re.findall("[a-z0-9]+", text.lower())
    return all(_has_phrase(word, there) for word in query.split() if re.search("[a-zA-Z0-9]", word))


def _has_phrase(word: str, there: Sequence[str]) -> bool:
    sought = re.findall("[a-z0-9]+", word.lower())
    for at in range(len(there) - len(sought) + 1):
        found = there[at : at + len(sought)]
        last = found[-1].startswith(sought[-1]) if word.endswith("*") else found[-1] == sought[-1]
        if list(found[:-1]) == sought[:-1] and last:
            return True
    return False


def _meets_time(comparison: Comparison, time: int) -> bool:
    found = span(comparison.value)
    assert found is not None
    first, last = found[0], found[1] - 1
    return {
        "=": first <= time <= last,
        "!=": not first <= time <= last,
        "<": time < first,
        "<=": time <= last,
        ">": time > last,
        ">=": time >= first,
    }[comparison.operator]


def _values(comparison: Comparison, row: Row) -> Iterator[Value | None]:
    """Give the values that the key has: one, none or several."""
    model, version = row
    holder = version or model
    if comparison.kind == "tag":
        yield holder.tags.get(comparison.key)
    elif comparison.kind == "metric":
        assert version
        yield version.metrics.get(comparison.key)
    elif comparison.kind == "param":
        assert version
        text = version.params.get(comparison.key)
        numeric = not isinstance(comparison.value, str)
        yield number_of(text) if numeric and text is not None else text
    elif comparison.key == "alias":
        at = version.number if version else None
        yield from (key for key, number in model.aliases.items() if at in (None, number))
    elif comparison.key == "stage":
        yield from [version.stage] if version else [one.stage for one in model.versions]
    elif comparison.key == "name":
        yield model.name
    elif comparison.key == "run_id":
        assert version
        yield version.run_id or None
    else:
        column = {
            "user": "created_by", "source_path": "source", "version_number": "number",
        }.get(comparison.key, comparison.key)  # fmt: skip
        yield getattr(holder, column)


def _meets(comparison: Comparison, value: Value | None) -> bool:
    if value is None:
        return False
    operator = comparison.operator
    wanted = [_meant(comparison, literal) for literal in comparison.literals]
    if operator in {"LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"}:
        found = _is_like(str(wanted[0]), str(value), folded="ILIKE" in operator)
        return found != operator.startswith("NOT")
    if operator in {"IN", "NOT IN"}:
        return (value in wanted) == (operator == "IN")
    [one] = wanted
    return bool(_COMPARED[operator](value, one))


_COMPARED = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def _meant(comparison: Comparison, literal: Literal) -> Value:
    value = literal.value
    if comparison.kind == "attribute" and comparison.key == "stage":
        return DEFAULT_STAGES.parse(str(value)).name
    if comparison.kind == "attribute" and comparison.key == "status":
        return str(value).upper()
    if comparison.kind == "attribute" and comparison.key == "version_number":
        return int(value)
    return value


def _is_like(pattern: str, text: str, *, folded: bool) -> bool:
    if folded:
        pattern, text = _small(pattern), _small(text)
    wild = {"%": ".*", "_": "."}
    return bool(re.fullmatch("".join(wild.get(c, re.escape(c)) for c in pattern), text, re.DOTALL))


def _small(text: str) -> str:
    """Fold as SQLite's LIKE does: ASCII only."""
    return "".join(c.lower() if c.isascii() else c for c in text)
