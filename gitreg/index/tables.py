"""The tables of the index.

Rows are never overwritten: each holds from step ``since`` up to, but not including, step ``until``
of main. So the same queries answer from the registry as it is (``until`` is OPEN) and as it was:
what holds still is found by the same indexes, what was closed since by the "..._closed" ones.
Steps are counted from 1, the root commit. Times are event times in ms.
"""

FORMAT = 1
"""Counts up whenever what is stored, or what it is derived by, changes: the index is rebuilt."""

OPEN = 1 << 62
"""The ``until`` of a row that holds now."""

MODEL_TAG = "model tag"
TAG = "tag"
METRIC = "metric"
PARAM = "param"
ALIAS = "alias"

TABLES = f"""
-- The steps of main.
CREATE TABLE steps (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, time INTEGER NOT NULL, actor TEXT NOT NULL
);
CREATE INDEX steps_time ON steps (time, seq);

-- Registered models. "id" stays with a model when it is renamed. "data" holds tags and aliases.
-- "created" and "updated" are as MLflow means them, "..._by" are who did it.
CREATE TABLE models (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
    data TEXT NOT NULL,
    created INTEGER NOT NULL, created_by TEXT NOT NULL,
    updated INTEGER NOT NULL, updated_by TEXT NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL DEFAULT {OPEN}
);
CREATE UNIQUE INDEX models_name ON models (name) WHERE until = {OPEN};
CREATE INDEX models_were ON models (name, since);

-- Live model versions; "model" is the id of the model. "data" is what the manifest declares. What
-- was read of a row is kept, so no row is ever used again.
CREATE TABLE versions (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,
    stage TEXT NOT NULL, source TEXT NOT NULL, run_id TEXT NOT NULL, status TEXT NOT NULL,
    description TEXT NOT NULL, data TEXT NOT NULL,
    created INTEGER NOT NULL, created_by TEXT NOT NULL,
    updated INTEGER NOT NULL, updated_by TEXT NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL DEFAULT {OPEN}
);
CREATE UNIQUE INDEX versions_name ON versions (name, number) WHERE until = {OPEN};
CREATE INDEX versions_were ON versions (name, number, since);

-- What can be searched by key: tags of models (number 0) and of versions, metrics, params, and
-- aliases, whose key is the alias and whose value is NULL. "measure" is the number that a metric
-- is, or a param says. Of two indexes that do, SQLite takes the later one.
CREATE TABLE labels (
    kind TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL,
    value TEXT, measure REAL,
    since INTEGER NOT NULL, until INTEGER NOT NULL DEFAULT {OPEN}
);
CREATE INDEX labels_were ON labels (name, number, kind, key, since);
CREATE INDEX labels_of ON labels (name, number, kind, key) WHERE until = {OPEN};

-- The words of models (number 0: name, description, card) and of versions (description); what
-- stands in "words" is never deleted, so no row is ever used again.
CREATE TABLE texts (
    row INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, number INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL DEFAULT {OPEN}
);
CREATE INDEX texts_of ON texts (name, number) WHERE until = {OPEN};
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

-- Every name that a model ever had, to look up by a part of it.
CREATE VIRTUAL TABLE spellings USING fts5 (name, tokenize = 'trigram');

-- What happened. "seq" is the step that did it; of a request, the step that answered it. "place"
-- orders what happened at one time.
CREATE TABLE activities (
    row INTEGER PRIMARY KEY, time INTEGER NOT NULL, place INTEGER NOT NULL, seq INTEGER NOT NULL,
    kind TEXT NOT NULL, actor TEXT NOT NULL, text TEXT NOT NULL, id TEXT NOT NULL,
    model TEXT, name TEXT, number INTEGER, from_stage TEXT NOT NULL, to_stage TEXT NOT NULL,
    comment TEXT NOT NULL, original_time TEXT NOT NULL, original_user TEXT NOT NULL
);

-- The tips of requests that main answered, and the step that did.
CREATE TABLE answered (tip TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
"""

INDEXES = f"""
CREATE INDEX models_updated ON models (updated DESC, name) WHERE until = {OPEN};
CREATE INDEX models_created ON models (created DESC, name) WHERE until = {OPEN};
CREATE INDEX models_user ON models (created_by, name) WHERE until = {OPEN};
CREATE INDEX models_closed ON models (until) WHERE until < {OPEN};
CREATE INDEX models_id ON models (id, since);
CREATE INDEX versions_stage ON versions (name, stage, number) WHERE until = {OPEN};
CREATE INDEX versions_in ON versions (stage, name, number) WHERE until = {OPEN};
CREATE INDEX versions_updated ON versions (updated DESC, name, number DESC) WHERE until = {OPEN};
CREATE INDEX versions_created ON versions (created DESC, name, number DESC) WHERE until = {OPEN};
CREATE INDEX versions_user ON versions (created_by, name, number) WHERE until = {OPEN};
CREATE INDEX versions_source ON versions (source) WHERE until = {OPEN};
CREATE INDEX versions_unready ON versions (status) WHERE until = {OPEN} AND status <> 'READY';
CREATE INDEX versions_run ON versions (run_id, name, number) WHERE until = {OPEN} AND run_id <> '';
CREATE INDEX versions_closed ON versions (until) WHERE until < {OPEN};
CREATE INDEX versions_model ON versions (model, number, since);
CREATE INDEX labels_closed ON labels (until) WHERE until < {OPEN};
CREATE INDEX labels_value ON labels (kind, key, value, name, number) WHERE until = {OPEN};
CREATE INDEX labels_measure ON labels (kind, key, measure, name, number)
    WHERE until = {OPEN} AND measure IS NOT NULL;
CREATE INDEX activities_time ON activities (time, place);
CREATE INDEX activities_model ON activities (model, time, place);
CREATE INDEX activities_name ON activities (name, time, place);
CREATE INDEX activities_actor ON activities (actor, time, place);
CREATE INDEX activities_seq ON activities (seq);
"""
"""What only questions need: made when all there is was recorded, which is faster than before."""
