"""The audit: all history replayed through the guard, and every ref accounted for."""

from pathlib import Path

import pytest
from support import version
from world import Ground, Write, git

from gitreg.audit import audit
from gitreg.errors import NotFoundError


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    ground = Ground(tmp_path)
    root = ground.by("root")
    root.create_model("fraud")
    root.create_version("fraud", source="s3://ml/1")
    root.grant("carol", "manage-production", model="fraud")
    ground.by("bob").request_transition("fraud/1", "Production")
    ground.by("carol").approve("fraud/1", "Production")
    return ground


def smuggled(ground: Ground, who: str, files: dict[str, str]) -> str:
    """Write a commit of files on main past every guard."""
    folder = ground.path.parent / "smuggler"
    git(ground.path.parent, "clone", "-q", str(ground.path), str(folder))
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    date = f"{ground.clock.passes(1) // 1000} +0000"
    git(folder, "-c", f"user.name={who}", "-c", f"user.email={who}@acme.com", "commit", "-q",
        "-m", "nothing to see", GIT_COMMITTER_DATE=date)  # fmt: skip
    git(ground.path, "fetch", "-q", str(folder), "HEAD")
    new = git(ground.path, "rev-parse", "FETCH_HEAD")
    git(ground.path, "update-ref", "refs/heads/main", new)
    return new


def test_a_registry_that_only_the_guard_wrote_is_clean(ground: Ground) -> None:
    told: list[tuple[int, int]] = []
    report = audit(ground.path, progress=lambda done, total: told.append((done, total)))
    assert report.clean
    assert report.verdict.clean
    assert report.steps == 5
    assert told[-1] == (5, 5)
    assert report.tip == ground.by("eve").tip
    assert report.root == git(ground.path, "rev-list", "--max-parents=0", "main")
    lines = list(report.lines())
    assert lines[0] == (f"5 steps from the root {report.root[:7]} to {report.tip[:7]} were allowed")
    assert lines[-1] == "clean"
    assert any(
        "whom the transport authenticated: committers are taken at their word" in line
        for line in lines
    )
    told_ = report.to_dict()
    assert (told_["clean"], told_["steps"], told_["violations"]) == (True, 5, [])


def test_a_commit_that_was_smuggled_in_is_found(ground: Ground) -> None:
    commit = smuggled(
        ground, "mallory", {"models/fraud/versions/1.yaml": version("Archived", "source: s3://x\n")}
    )
    ground.by("root").apply(Write({"docs/later.md": "# Later\n"}))
    report = audit(ground.path)
    assert not report.clean
    assert report.verdict.refused is not None
    assert report.verdict.refused.id == commit
    assert report.steps == 5
    lines = list(report.lines())
    assert lines[0] == f"refused {commit} by mallory"
    assert "    fraud/1: source never changes" in lines
    assert "    fraud/1: Production -> Archived needs manage-production; mallory has read" in lines
    assert "5 steps before it are as they must be" in lines
    assert lines[-1] == "not clean"
    assert report.to_dict()["clean"] is False


def test_a_request_answered_twice_is_found(ground: Ground) -> None:
    answer = git(ground.path, "rev-parse", "main")
    request = git(ground.path, "rev-parse", "main^2")
    ground.by("carol").transition("fraud/1", "None")
    raw = git(ground.path, "cat-file", "commit", answer)
    tip = git(ground.path, "rev-parse", "main")
    parent = git(ground.path, "rev-parse", f"{answer}^1")
    again = git(
        ground.path,
        "hash-object", "-t", "commit", "-w", "--stdin",
        stdin=raw.replace(f"parent {parent}", f"parent {tip}") + "\n",
    )  # fmt: skip
    git(ground.path, "update-ref", "refs/heads/main", again)
    report = audit(ground.path)
    assert not report.clean
    assert any(f"commit {request[:7]}" in one.reason and "was answered before" in one.reason
               for one in report.verdict.violations)  # fmt: skip


def test_a_strange_ref_is_found(ground: Ground) -> None:
    tip = ground.by("eve").tip
    for name in ("tags/v1", "heads/foo", "notes/commits", "heads/requests/not/one", "heads/bob/x"):
        git(ground.path, "update-ref", f"refs/{name}", tip)
    report = audit(ground.path)
    assert not report.clean
    assert report.verdict.clean
    assert set(report.strange_refs) == {
        "refs/heads/foo",
        "refs/heads/requests/not/one",
        "refs/notes/commits",
        "refs/tags/v1",
    }
    assert any(line.startswith("ref refs/tags/v1 is none that a registry has") for line in (
        report.lines()
    ))  # fmt: skip


def test_a_request_that_counts_for_nothing_is_noted_and_no_fault(ground: Ground) -> None:
    ground.by("bob").request_transition("fraud/1", "Staging")
    ground.by("bob").request_transition("fraud/1", "Archived")
    ground.by("root").transition("fraud/1", "None")
    assert audit(ground.path).void_requests == ()
    ground.by("carol").transition("fraud/1", "Archived", archive_existing=False)
    ground.by("root").delete_version("fraud/1")
    report = audit(ground.path)
    assert report.clean
    [told] = report.void_requests
    assert told.startswith("refs/heads/requests/fraud/1/Staging/bob")
    assert "there is no version fraud/1 any more" in told


def test_a_clone_is_audited_as_far_as_it_stands(ground: Ground) -> None:
    folder = ground.path.parent / "clone"
    git(ground.path.parent, "clone", "-q", str(ground.path), str(folder))
    git(folder, "tag", "mine")
    git(folder, "checkout", "-q", "main~2")
    report = audit(folder / "models")
    assert report.clean
    assert report.steps == 3
    assert report.strange_refs == ()


def test_there_must_be_something_to_audit(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="this folder is in no registry"):
        audit(tmp_path)
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    with pytest.raises(NotFoundError, match="holds no registry yet"):
        audit(tmp_path / "empty.git")
