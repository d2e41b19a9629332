"""The index holds what the trees hold, now and at every step before."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import operations, patient, registries
from support import MODEL, NOON, after, changed, commit, files, tree

from gitreg.domain.commits import Commit, Signature
from gitreg.domain.model import ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.records import ModelRecord, VersionRecord
from gitreg.errors import GitregError
from gitreg.index import reading
from gitreg.index.catalogue import Catalogue
from gitreg.index.recording import Recorder, model_id
from gitreg.index.tables import ALIAS, METRIC, MODEL_TAG, OPEN, PARAM, TAG
from gitreg.index.view import View
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step
from gitreg.operations.models import (
    CreateModel,
    DeleteModel,
    DescribeModel,
    RenameModel,
    SetAlias,
)
from gitreg.operations.plan import Operation
from gitreg.operations.versions import (
    CreateVersion,
    DeleteVersion,
    DescribeVersion,
    TagVersion,
    TransitionStage,
)

FRAUD = ModelName("fraud")
TABLES = ("steps", "models", "versions", "labels", "texts", "activities", "answered")


class History:
    """A catalogue in memory, and the trees that it was told of."""

    def __init__(self, first: Snapshot) -> None:
        self.catalogue = Catalogue(None)
        self.trees: list[Snapshot] = []
        self.goes(first)

    def goes(self, then: Snapshot, *, who: str = "alice", message: str = "a commit\n") -> None:
        """Take a step; each is a second after the one before."""
        seq = len(self.trees) + 1
        before = self.trees[-1] if self.trees else None
        made = commit(who, number=seq, message=message, seconds=NOON + seq)
        made = Commit(made.id, "", () if before is None else ("1" * 40,), *people(made), message)
        Recorder(self.catalogue.db, Step(made, before, then), seq=seq, time=ms(seq)).record()
        self.trees.append(then)

    def does(self, operation: Operation, *, who: str = "alice", message: str = "x\n") -> None:
        self.goes(after(self.trees[-1], operation), who=who, message=message)

    def at(self, seq: int) -> View:
        return View(self.catalogue.db, seq if seq < len(self.trees) else None)

    def model(self, name: ModelName = FRAUD) -> ModelRecord:
        found = reading.model(self.at(len(self.trees)), name)
        assert found is not None
        return found

    def version(self, number: int, name: ModelName = FRAUD) -> VersionRecord:
        found = reading.version(self.at(len(self.trees)), VersionRef(name, number))
        assert found is not None
        return found

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Give all rows, without the numbers they go by."""
        found = {}
        for table in TABLES:
            told = self.catalogue.db.execute(f"SELECT * FROM {table}")
            at = [n for n, column in enumerate(told.description) if column[0] != "row"]
            found[table] = sorted(repr(tuple(row[n] for n in at)) for row in told)
        return found  # type: ignore[return-value]  # rows as text, which can be sorted


def people(made: Commit) -> tuple[Signature, Signature]:
    return made.author, made.committer


def ms(seq: int) -> int:
    return (NOON + seq) * 1000


def plain(record: ModelRecord | VersionRecord) -> RegisteredModel | ModelVersion:
    kind = RegisteredModel if isinstance(record, ModelRecord) else ModelVersion
    return kind(**{name: getattr(record, name) for name in kind.__slots__})


def holds_what_the_tree_holds(view: View, snapshot: Snapshot) -> None:
    names = [name for (name,) in view.rows(f"SELECT name FROM models WHERE {view.holds()}")]
    assert sorted(names) == sorted(map(str, snapshot.models()))
    for name in snapshot.models():
        model = snapshot.model(name)
        found = reading.model(view, name)
        assert found is not None
        assert plain(found) == model
        versions = tuple(snapshot.versions(name))
        records = reading.versions(view, name)
        assert tuple(map(plain, records)) == versions
        assert [one.aliases for one in records] == [
            model.aliases_of(one.ref.number) for one in versions
        ]
        newest = {one.stage: one.ref.number for one in versions}
        assert {one.stage: one.ref.number for one in found.latest} == newest
        assert labels(view, name) == expected_labels(model, versions)
    gone = view.rows(f"SELECT DISTINCT name FROM labels WHERE {view.holds()}")
    assert {name for (name,) in gone} <= set(names)


def labels(view: View, name: ModelName) -> list[tuple[object, ...]]:
    return sorted(
        view.rows(
            f"SELECT kind, number, key FROM labels WHERE name = ? AND {view.holds()}", (str(name),)
        )
    )


def expected_labels(
    model: RegisteredModel, versions: tuple[ModelVersion, ...]
) -> list[tuple[object, ...]]:
    def every() -> Iterator[tuple[object, ...]]:
        yield from ((MODEL_TAG, 0, key) for key, _ in model.tags)
        yield from ((ALIAS, number, alias) for alias, number in model.aliases)
        for one in versions:
            for kind, pairs in ((TAG, one.tags), (METRIC, one.metrics), (PARAM, one.params)):
                yield from ((kind, one.ref.number, pair[0]) for pair in pairs)

    return sorted(every())


@settings(patient, max_examples=60)
@given(registries(least=1), st.data())
def test_the_index_holds_what_every_tree_held(start: Snapshot, data: st.DataObject) -> None:
    bare = {path: start.blob(path) or b"" for path in ("registry.yaml", "PERMISSIONS")}
    history = History(tree(bare, start.objects))
    history.goes(start)
    kinds = list(operations(start))
    for _ in range(data.draw(st.integers(1, 6))):
        last = history.trees[-1]
        operation = data.draw(operations(last)[data.draw(st.sampled_from(kinds))])
        try:
            then = after(last, operation)
        except GitregError:
            continue
        history.goes(then)
    for seq, snapshot in enumerate(history.trees, start=1):
        holds_what_the_tree_holds(history.at(seq), snapshot)
    whole = history.dump()
    cut = data.draw(st.integers(0, len(history.trees)))
    trees = history.trees
    history.catalogue.truncate(cut)
    history.trees = trees[:cut]
    if cut:
        holds_what_the_tree_holds(history.at(cut), trees[cut - 1])
    for then in trees[cut:]:
        history.goes(then)
    assert history.dump() == whole


# --- times and people -------------------------------------------------------------------------


@pytest.fixture
def history() -> History:
    history = History(tree({path: files()[path] for path in ("registry.yaml", "PERMISSIONS")}))
    history.goes(changed(history.trees[-1], {"models/fraud/model.yaml": MODEL}), who="ann")
    history.does(CreateVersion(FRAUD, source="s3://ml/1"), who="bob")
    return history


def test_what_is_new_was_made_and_updated_by_one(history: History) -> None:
    version, model = history.version(1), history.model()
    assert (version.created, version.created_by) == (ms(3), "bob")
    assert (version.updated, version.updated_by) == (ms(3), "bob")
    assert (model.created, model.created_by) == (ms(2), "ann")
    assert (model.updated, model.updated_by) == (ms(3), "bob"), "a version was added"


def test_a_description_updates_what_it_describes(history: History) -> None:
    history.does(DescribeVersion(VersionRef(FRAUD, 1), "Good."), who="eve")
    assert (history.version(1).updated, history.version(1).updated_by) == (ms(4), "eve")
    assert history.model().updated == ms(3), "as in MLflow"
    history.does(DescribeModel(FRAUD, "Scores."), who="eve")
    assert (history.model().updated, history.model().updated_by) == (ms(5), "eve")
    assert history.version(1).updated == ms(4)


def test_tags_and_aliases_update_nothing(history: History) -> None:
    history.does(TagVersion(VersionRef(FRAUD, 1), (("a", "b"),)))
    history.does(SetAlias(VersionRef(FRAUD, 1), "champion"))
    assert (history.version(1).updated, history.model().updated) == (ms(3), ms(3))
    assert history.version(1).aliases == ("champion",)
    assert dict(history.version(1).tags) == {"a": "b"}


def test_a_transition_updates_the_version_those_it_archives_and_the_model(
    history: History,
) -> None:
    history.does(TransitionStage(VersionRef(FRAUD, 1), "Production"))
    history.does(CreateVersion(FRAUD, source="s3://ml/2"))
    history.does(CreateVersion(FRAUD, source="s3://ml/3"))
    history.does(
        TransitionStage(VersionRef(FRAUD, 2), "Production", archive_existing=True), who="eve"
    )
    assert [history.version(n).updated for n in (1, 2, 3)] == [ms(7), ms(7), ms(6)]
    assert (history.model().updated, history.model().updated_by) == (ms(7), "eve")
    assert [history.version(n).created for n in (1, 2, 3)] == [ms(3), ms(5), ms(6)]


def test_deleting_a_version_updates_the_model(history: History) -> None:
    history.does(DeleteVersion(VersionRef(FRAUD, 1)), who="eve")
    assert (history.model().updated, history.model().updated_by) == (ms(4), "eve")


def test_a_renamed_model_keeps_its_id_and_counts_as_updated(history: History) -> None:
    before = history.model()
    history.does(RenameModel(FRAUD, ModelName("cards")), who="eve")
    model = history.model(ModelName("cards"))
    assert model.id == before.id == model_id(f"{2:040x}", "fraud")
    assert (model.created, model.created_by) == (ms(2), "ann")
    assert (model.updated, model.updated_by) == (ms(4), "eve")
    version = history.version(1, ModelName("cards"))
    assert (version.created, version.updated) == (ms(3), ms(4))
    assert reading.model(history.at(4), FRAUD) is None
    assert reading.model_named(history.at(4), before.id) == ModelName("cards")
    assert reading.model_named(history.at(3), before.id) == FRAUD


def test_a_name_that_is_used_again_is_another_model(history: History) -> None:
    before = history.model()
    history.does(DeleteModel(FRAUD))
    history.does(CreateModel(FRAUD, "eve"), who="eve")
    assert history.model().id != before.id
    assert history.model().created_by == "eve"
    assert history.model().latest == ()


def test_what_was_imported_is_told_as_it_was(history: History) -> None:
    trailers = (
        "Gitreg-Original-Time: 2020-01-01T00:00:00.000Z\nGitreg-Original-User: zoe@acme.com\n"
    )
    history.does(CreateVersion(FRAUD, source="s3://ml/2"), message=f"import\n\n{trailers}")
    version = history.version(2)
    assert (version.created, version.created_by) == (1_577_836_800_000, "zoe@acme.com")
    [(_, told)] = reading.activities(history.at(4), reading.Asked(FRAUD, 2))
    assert (told.time, told.actor, told.original_user) == (ms(4), "alice", "zoe@acme.com")


def test_rows_that_do_not_hold_any_more_are_closed(history: History) -> None:
    history.does(DeleteModel(FRAUD))
    for table in ("models", "versions", "labels", "texts"):
        open_rows = f"SELECT count(*) FROM {table} WHERE until = {OPEN}"
        assert history.catalogue.db.execute(open_rows).fetchone() == (0,), table
