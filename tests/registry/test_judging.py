"""The judgement of a push where no hook runs: what Git would have stored is there already."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import Ground, git

from gitreg.domain.commits import MAX_COMMIT, NOBODY
from gitreg.domain.pushes import RefUpdate
from gitreg.domain.requests import MAIN
from gitreg.registry import judging
from gitreg.registry.judging import PushJudge, PushVerdict
from gitreg.registry.reading import Reader
from gitreg.store.repository import Repository

NONE = "1" * 40


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    ground = Ground(tmp_path)
    root = ground.by("root")
    root.create_model("fraud")
    for _ in range(3):
        root.create_version("fraud", source="s3://ml/1")
    return ground


def judged(ground: Ground, *updates: RefUpdate, pusher: str = "root") -> PushVerdict:
    judge = PushJudge(
        Reader(Repository(ground.path, durable=False)), pusher=pusher, now=ground.clock.now
    )
    return judge.judge(updates)


def reasons(verdict: PushVerdict) -> list[str]:
    return [one.reason for refusal in verdict.refusals for one in refusal.violations]


def back(ground: Ground, steps: int) -> tuple[str, str]:
    """Take main back some steps, and give where it was before and where it is now."""
    tip = git(ground.path, "rev-parse", "main")
    old = git(ground.path, "rev-parse", f"main~{steps}")
    git(ground.path, "update-ref", MAIN, old)
    return tip, old


def test_every_step_is_judged_and_told(ground: Ground) -> None:
    new, old = back(ground, 3)
    verdict = judged(ground, RefUpdate(MAIN, old, new))
    assert verdict.clean
    assert [str(one.changes[0]) for one in verdict.accepted] == [
        "fraud/1 registered",
        "fraud/2 registered",
        "fraud/3 registered",
    ]


def test_a_push_of_too_many_steps_is_to_be_parted(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "MAX_STEPS", 2)
    new, old = back(ground, 3)
    verdict = judged(ground, RefUpdate(MAIN, old, new))
    assert not verdict.clean
    assert reasons(verdict) == ["the push holds more than 2 commits"]
    assert verdict.refusals[0].violations[0].hint == "push it in parts"
    middle = git(ground.path, "rev-parse", f"{new}~1")
    assert judged(ground, RefUpdate(MAIN, old, middle)).clean


def test_what_is_not_there_is_no_commit(ground: Ground) -> None:
    tip = git(ground.path, "rev-parse", "main")
    verdict = judged(ground, RefUpdate(MAIN, tip, NONE), RefUpdate("refs/heads/root/x", None, NONE))
    assert reasons(verdict) == [
        "main points at a commit, and at nothing else",
        "a branch points at a commit",
    ]


def test_a_commit_whose_parent_is_missing_is_refused(ground: Ground) -> None:
    tip = git(ground.path, "rev-parse", "main")
    raw = git(ground.path, "cat-file", "commit", "main")
    orphan = git(
        ground.path, "hash-object", "-t", "commit", "-w", "--literally", "--stdin",
        stdin=raw.replace(git(ground.path, "rev-parse", "main~1"), NONE) + "\n",
    )  # fmt: skip
    verdict = judged(ground, RefUpdate(MAIN, tip, orphan))
    assert not verdict.clean
    request = RefUpdate("refs/heads/requests/fraud/1/Staging/root", None, orphan)
    assert reasons(judged(ground, request)) == [
        "a request starts at one of the last 1000 commits of main"
    ]


@pytest.mark.parametrize("at", ["tip", "parent", "request"])
def test_a_commit_that_is_too_large_is_not_even_read(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def written(parent: str, size: int) -> str:
        raw = git(ground.path, "cat-file", "commit", "main").replace(main, parent)
        return git(
            ground.path, "hash-object", "-t", "commit", "-w", "--stdin",
            stdin=raw.ljust(size) + "\n",
        )  # fmt: skip

    tip = git(ground.path, "rev-parse", "main")
    main = git(ground.path, "rev-parse", "main~1")
    large, small = (written(tip, size) for size in (MAX_COMMIT, MAX_COMMIT - 1))
    read = Repository.read

    def watched(repository: Repository, identifier: str) -> bytes:
        assert identifier != large
        return read(repository, identifier)

    monkeypatch.setattr(Repository, "read", watched)
    name = "refs/heads/requests/fraud/1/Staging/root" if at == "request" else MAIN
    told = f"has {MAX_COMMIT + 1} bytes, {MAX_COMMIT} is the most"
    new = written(large, 0) if at == "parent" else large
    [reason] = reasons(judged(ground, RefUpdate(name, None if at == "request" else tip, new)))
    assert reason.endswith(told)
    other = reasons(judged(ground, RefUpdate(name, None if at == "request" else tip, small)))
    assert told not in str(other)


def test_requests_are_judged_by_one_walk_of_main(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = ground.by("bob").request_transition("fraud/1", "Staging").commit
    walked: list[str] = []
    walk = Repository.parents_along

    def watched(repository: Repository, start: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        walked.append(start)
        return walk(repository, start)

    monkeypatch.setattr(Repository, "parents_along", watched)
    names = [f"refs/heads/requests/fraud/1/Staging/bob{number}" for number in range(50)]
    verdict = judged(ground, *(RefUpdate(name, None, tip) for name in names), pusher="bob")
    assert len(verdict.refusals) == 50
    assert len(walked) == 2


def test_a_commit_that_is_missing_reads_as_faulty(ground: Ground) -> None:
    commit = Reader(Repository(ground.path, durable=False)).commit(NONE)
    assert commit.committer == NOBODY
    assert commit.faults[0].startswith(f"is unreadable: object {NONE} is missing or damaged")


def test_a_request_under_another_name_counts_for_nothing(ground: Ground) -> None:
    receipt = ground.by("bob").request_transition("fraud/1", "Staging")
    name = "refs/heads/requests/fraud/2/Staging/bob"
    git(ground.path, "update-ref", name, receipt.commit)
    git(ground.path, "update-ref", "-d", "refs/heads/requests/fraud/1/Staging/bob")
    assert ground.by("eve").requests() == ()
    main = ground.by("eve").tip
    [standing] = Reader(Repository(ground.path, durable=False)).standings(main)
    assert (standing.refname, standing.over) == (name, "its branch has another name")
    assert judged(ground, RefUpdate(name, receipt.commit, None), pusher="eve").clean
