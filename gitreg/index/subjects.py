"""What can be searched, models and versions, and by which keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from gitreg.domain.model import READY
from gitreg.index.tables import ALIAS, METRIC, MODEL_TAG, PARAM, TAG


class Type(Enum):
    """What a key holds, which says what it is compared with, and how."""

    NAME = auto()
    TEXT = auto()
    NUMBER = auto()
    TIME = auto()
    STAGE = auto()
    STATUS = auto()
    ALIAS = auto()
    WORDS = auto()
    TAG = auto()
    METRIC = auto()
    PARAM = auto()


_EQUALITY = ("=", "!=")
_LISTS = ("IN", "NOT IN")
_RANGES = ("<", "<=", ">", ">=")
_TEXT = (*_EQUALITY, "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", *_LISTS)

COMPARATORS: Mapping[Type, tuple[str, ...]] = {
    Type.NAME: _TEXT,
    Type.TEXT: _TEXT,
    Type.NUMBER: (*_EQUALITY, *_RANGES, *_LISTS),
    Type.TIME: (*_EQUALITY, *_RANGES),
    Type.STAGE: (*_EQUALITY, *_LISTS),
    Type.STATUS: (*_EQUALITY, *_LISTS),
    Type.ALIAS: _TEXT,
    Type.WORDS: ("MATCH",),
    Type.TAG: _TEXT,
    Type.METRIC: (*_EQUALITY, *_RANGES),
    Type.PARAM: (*_TEXT, *_RANGES),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its type, and the column of the subject's table that holds it, if one does."""

    type: Type
    column: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of thing to search.

    ``letter`` is what its rows go by in SQL, ``attributes`` are its keys by what they are called,
    ``labels`` the kinds of labels by kind of key, ``orders`` the columns it can be ordered by,
    and ``indexed`` those that an index begins with; an index leaves out the rows that have the
    ``usual`` value. ``numbered``: a name alone is not enough to tell one from another.

    Looking up as many as ``few`` rows is faster than asking each row of the table in its turn
    until a page is full; and as many as ``few_names`` names that are found by a part.
    """

    table: str
    letter: str
    attributes: Mapping[str, Key]
    labels: Mapping[str, str]
    orders: Mapping[str, str]
    indexed: frozenset[str]
    usual: Mapping[str, str]
    numbered: bool
    few: int
    few_names: int = 300

    def __str__(self) -> str:
        return self.table


_CREATED = Key(Type.TIME, "created")
_UPDATED = Key(Type.TIME, "updated")
_COMMON = {
    "name": Key(Type.NAME, "name"),
    "stage": Key(Type.STAGE, "stage"),
    "alias": Key(Type.ALIAS),
    "description": Key(Type.TEXT, "description"),
    "created": _CREATED,
    "creation_timestamp": _CREATED,
    "updated": _UPDATED,
    "last_updated_timestamp": _UPDATED,
    "user": Key(Type.TEXT, "created_by"),
    "updated_by": Key(Type.TEXT, "updated_by"),
    "text": Key(Type.WORDS),
}
_ORDERS = {
    "name": "name",
    "created": "created",
    "creation_timestamp": "created",
    "updated": "updated",
    "last_updated_timestamp": "updated",
}

MODELS = Subject(
    table="models",
    letter="m",
    attributes=_COMMON,
    labels={"alias": ALIAS, "tag": MODEL_TAG},
    orders={**_ORDERS, "timestamp": "updated", "last_updated_time": "updated"},
    indexed=frozenset({"name", "created", "updated", "created_by"}),
    usual={},
    numbered=False,
    few=2_000,
)
VERSIONS = Subject(
    table="versions",
    letter="v",
    attributes={
        **_COMMON,
        "version_number": Key(Type.NUMBER, "number"),
        "status": Key(Type.STATUS, "status"),
        "run_id": Key(Type.TEXT, "run_id"),
        "source_path": Key(Type.TEXT, "source"),
    },
    labels={"alias": ALIAS, "tag": TAG, "metric": METRIC, "param": PARAM},
    orders={**_ORDERS, "version_number": "number", "stage": "stage"},
    indexed=frozenset(
        {"name", "created", "updated", "created_by", "stage", "status", "run_id", "source"}
    ),
    usual={"status": READY},
    numbered=True,
    few=8_000,
)
