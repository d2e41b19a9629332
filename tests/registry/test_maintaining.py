"""Maintenance: packed, tidied, and nobody disturbed."""

from pathlib import Path

import pytest
from world import git

import gitreg
from gitreg.registry.maintaining import DAY, maintain
from gitreg.store.remote import run_git


@pytest.fixture
def registry(tmp_path: Path) -> gitreg.Registry:
    registry = gitreg.create(tmp_path / "r.git", admin="admin")
    registry.create_model("fraud")
    for at in range(3):
        registry.create_version("fraud", source=f"s3://ml/{at}")
    return registry


def test_objects_and_refs_are_packed_and_readers_go_on(registry: gitreg.Registry) -> None:
    open_for_long = gitreg.open(registry.path, actor="admin")
    assert open_for_long.version("fraud/1").source == "s3://ml/0"
    done = maintain(registry.path, now=0)
    assert done.done == ("objects packed", "commit graph written", "refs packed")
    assert "count: 0" in git(registry.path, "count-objects", "-v")
    assert git(registry.path, "config", "pack.depth") == "5"
    assert (registry.path / "objects/info/commit-graph").exists()
    assert open_for_long.version("fraud/2").source == "s3://ml/1"
    open_for_long.create_version("fraud", source="s3://ml/3")
    maintain(registry.path, now=0)
    assert len(registry.versions("fraud")) == 4
    git(registry.path, "fsck", "--strict")


def test_answered_branches_go_and_requests_that_wait_are_named(registry: gitreg.Registry) -> None:
    bob = gitreg.open(registry.path, actor="bob")
    asked = bob.request_transition("fraud/1", "Staging")
    assert asked.request is not None
    registry.approve("fraud/1", "Staging")
    git(registry.path, "update-ref", asked.request.name.refname, asked.commit)
    waits = bob.request_transition("fraud/2", "Staging").request
    assert waits is not None

    done = maintain(registry.path, now=waits.time + 31 * DAY)

    assert done.removed == (asked.request.name.refname,)
    assert [str(one) for one in done.stale] == [
        "fraud/2 -> Staging asked by bob has waited for 31 days"
    ]
    assert maintain(registry.path, now=waits.time + 29 * DAY).stale == ()
    assert maintain(registry.path, now=waits.time, stale_after=0).stale != ()


def test_what_cannot_be_maintained_is_told(tmp_path: Path, registry: gitreg.Registry) -> None:
    run_git(["init", "--bare", "-q", str(tmp_path / "empty.git")])
    with pytest.raises(gitreg.NotFoundError, match="holds no registry yet"):
        maintain(tmp_path / "empty.git", now=0)
    with pytest.raises(gitreg.InvalidValueError, match="days count from 0"):
        maintain(registry.path, now=0, stale_after=-1)
    tree = git(registry.path, "rev-parse", "main~1^{tree}")
    (registry.path / "objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(gitreg.UnavailableError, match="failed: unable to read tree"):
        maintain(registry.path, now=0)
