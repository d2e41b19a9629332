"""Directories of models that are copied, swapped, or moved with an edit: no way round a level."""

from collections.abc import Mapping

import pytest
from support import MODEL, changed, files, planted, said, step, tree, version

from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import FOLDER

LINES = "/ manage admin\n* read @everyone\n"
MINE = {
    "models/mine/model.yaml": MODEL,
    "models/mine/PERMISSIONS": "manage alice\n",
    "models/mine/versions/1.yaml": version(more="source: s3://mine\n"),
}
BASE = tree(files(PERMISSIONS=LINES) | MINE)
CARD = changed(BASE, {"models/fraud/README.md": "# Fraud\n"})


def moved(before: Snapshot, **places: str) -> Snapshot:
    """Give a snapshot in which the directories of models stand where others stood."""
    there = {name: before.entry(f"models/{name}") for name in places.values()}
    then = before
    for name in set(places.values()) - set(places):
        inside = [f"models/{name}/{path}" for path in _paths(before, name)]
        then = changed(then, dict.fromkeys(inside))
    for name, origin in places.items():
        entry = there[origin]
        assert entry is not None
        then = planted(then, f"models/{name}", FOLDER, entry.id)
    return then


def _paths(before: Snapshot, name: str) -> list[str]:
    versions = before.names(f"models/{name}/versions")
    top = [one for one in before.names(f"models/{name}") if "." in one or one.isupper()]
    return [*top, *(f"versions/{one}" for one in versions)]


def told(who: str, then: Snapshot, before: Snapshot = BASE) -> str:
    return "\n".join(said(step(who, before, then)))


def test_a_copy_brings_neither_stages_nor_levels() -> None:
    entry = BASE.entry("models/fraud")
    assert entry is not None
    copy = planted(BASE, "models/copy", FOLDER, entry.id)
    for who in ("alice", "admin"):
        assert "copy/1: a version is born in stage None, not in Production" in told(who, copy)
    entry = BASE.entry("models/mine")
    assert entry is not None
    copy = planted(BASE, "models/copy", FOLDER, entry.id)
    assert "whoever creates a model is given manage on it by the same commit" in told("bob", copy)
    assert told("alice", copy) == ""


def test_two_models_are_not_swapped() -> None:
    swapped = moved(BASE, fraud="mine", mine="fraud")
    for who in ("alice", "admin"):
        reasons = told(who, swapped)
        assert "fraud/1: source never changes" in reasons
        assert "mine/1: source never changes" in reasons
    assert "permissions of fraud changed: + manage alice needs manage; alice has read" in told(
        "alice", swapped
    )


@pytest.mark.parametrize(
    "edit", [{"README.md": "# New\n"}, {"versions/1.yaml": version(more="source: s3://other\n")}]
)
def test_a_model_that_is_moved_and_edited_is_another_one(edit: Mapping[str, str]) -> None:
    """Who manages it may delete it and create another; nobody else may do either."""
    pure = moved(BASE, yours="mine")
    assert told("alice", pure) == ""
    assert "model mine renamed to yours needs manage; bob has read" in told("bob", pure)
    edited = changed(pure, {f"models/yours/{path}": text for path, text in edit.items()})
    assert told("alice", edited) == ""
    assert "model mine deleted needs manage; bob has read" in told("bob", edited)
    live = moved(CARD, scam="fraud")
    assert "fraud cannot be renamed: version 1 is in Production" in told("admin", live, CARD)
    edited = changed(live, {f"models/scam/{path}": text for path, text in edit.items()})
    assert "fraud cannot be deleted: version 1 is in Production" in told("admin", edited, CARD)
