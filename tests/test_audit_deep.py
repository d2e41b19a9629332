"""The audit: what it proves, what it remembers, what it finds, and what it says it cannot prove."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import MODEL, NOON, comment, version
from world import git, request_branch

import gitreg
from gitreg.audit import UNPROVEN, AuditReport, audit
from gitreg.domain.pushes import NOTHING
from gitreg.domain.requests import MAIN
from gitreg.errors import CorruptError, GitregError, InvalidValueError, NotFoundError
from gitreg.operations.plan import Edits
from gitreg.registry import auditing, replaying
from gitreg.registry.reading import Reader
from gitreg.registry.receiving import RECEIVED
from gitreg.registry.remembering import AUDITED
from gitreg.store.repository import Repository

MINUTE, DAY = 60, 86_400
V1 = "models/fraud/versions/1.yaml"
Files = Mapping[str, str]


@dataclass
class Ground:
    """A bare registry whose history is written past the guard, as only its owner can."""

    path: Path
    root: str
    clock: int = NOON

    def git(self, *words: str, stdin: str | bytes = "", **variables: str) -> str:
        return git(self.path, *words, stdin=stdin, **variables)

    @property
    def repository(self) -> Repository:
        return Repository(self.path, durable=False)

    @property
    def tip(self) -> str:
        return str(self.repository.ref(MAIN))

    def commit(
        self,
        files: Files,
        *,
        who: str = "root",
        parents: tuple[str, ...] = (),
        message: str = "a step",
        header: str = "",
    ) -> str:
        """Write a commit on ``parents`` (main, if none are given), and leave main where it is."""
        self.clock += MINUTE
        parents = parents or (self.tip,)
        reader = Reader(self.repository)
        edits = Edits(tuple((name, text.encode()) for name, text in files.items()))
        tree = edits.applied(reader.objects, reader.commit(parents[0]).tree)
        person = f"{who} <{who}@acme.com> {self.clock} +0000"
        lines = [f"tree {tree}", *(f"parent {one}" for one in parents)]
        lines += [f"author {person}", f"committer {person}", *([header] if header else [])]
        return self.repository.write("commit", "\n".join([*lines, "", message, ""]).encode())

    def point(self, name: str, target: str) -> None:
        """Let a ref be there, whatever it is called and points at."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{target}\n")

    def step(self, files: Files, *, who: str = "root", header: str = "") -> str:
        """Move main to a new commit."""
        made = self.commit(files, who=who, header=header)
        self.point(MAIN, made)
        return made

    def note(self, text: str) -> str:
        return self.step({"README.md": f"{text}\n"})

    def ask(self, who: str = "bob", *, parents: tuple[str, ...] = ()) -> str:
        return self.commit({V1: version("Staging")}, who=who, parents=parents)

    def answer(self, tip: str, outcome: str = "rejected") -> str:
        files = {V1: version("Staging")} if outcome == "approved" else {}
        message = f"an answer\n\nGitreg-Answer: {outcome}"
        made = self.commit(files, parents=(self.tip, tip), message=message)
        self.point(MAIN, made)
        return made

    def loose(self, identifier: str) -> Path:
        return self.path / "objects" / identifier[:2] / identifier[2:]

    def rot(self, identifier: str, text: bytes) -> None:
        """Let an object hold what its id does not say."""
        other = self.repository.write("blob", text)
        place = self.loose(identifier)
        place.chmod(0o644)
        place.write_bytes(self.loose(other).read_bytes())

    def received(self, *lines: str) -> None:
        log = self.path / RECEIVED
        log.parent.mkdir(exist_ok=True)
        with log.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))


def pushed(old: str, new: str, *, who: str = "root", at: int = NOON + 10 * MINUTE) -> str:
    """Give a line of received.log about main."""
    return f"{at * 1000} {who} {old} {new} refs/heads/main"


@pytest.fixture(scope="session")
def virgin(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A registry of three steps: its root, who may do what, and the model fraud."""
    path = tmp_path_factory.mktemp("virgin") / "r.git"
    registry = gitreg.create(path, admin="root", clock=lambda: NOON * 1000)
    found = Ground(path, registry.tip)
    found.step({"PERMISSIONS": "/ manage root\n/ read @everyone\n* edit alice\n"})
    found.step({"models/fraud/model.yaml": MODEL, V1: version()})
    return found


@pytest.fixture
def ground(virgin: Ground, tmp_path: Path) -> Ground:
    """Give a copy of that registry."""
    shutil.copytree(virgin.path, tmp_path / "r.git")
    return Ground(tmp_path / "r.git", virgin.root, virgin.clock)


def proven(report: AuditReport) -> tuple[bool, int, int]:
    """Tell whether a report is clean, how many steps it holds, and how many it looked at."""
    return report.clean, report.steps, report.looked_at


# --- the report ----------------------------------------------------------------------------------


def test_a_clean_audit_tells_what_it_proved_and_what_not(ground: Ground) -> None:
    report = audit(ground.path)
    root, tip = ground.root, ground.tip
    assert list(report.lines()) == [
        f"3 steps from the root {root[:7]} to {tip[:7]} were allowed",
        f"not proven: {UNPROVEN}",
        f"not proven: that this is the history you know: --root {root} pins it",
        "clean",
    ]
    assert report.to_dict() == {
        "tip": tip,
        "root": root,
        "pinned_root": "",
        "since": "",
        "steps": 3,
        "looked_at": 3,
        "signed_steps": 0,
        "answered_requests": 0,
        "signed_requests": 0,
        "clean": True,
        "refused": "",
        "violations": [],
        "fsck": [],
        "contradicted": [],
        "strange_refs": [],
        "void_requests": [],
        "late": [],
        "unread": [],
        "not_proven": [
            UNPROVEN,
            f"that this is the history you know: --root {root} pins it",
        ],
    }
    json.dumps(report.to_dict())


def test_progress_is_told_step_by_step(ground: Ground) -> None:
    told: list[tuple[int, int]] = []
    audit(ground.path, progress=lambda done, steps: told.append((done, steps)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_there_must_be_a_registry(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    with pytest.raises(NotFoundError, match="holds no registry yet"):
        audit(tmp_path / "empty.git")


def test_an_audit_of_a_clone_says_that_it_looked_at_no_refs(ground: Ground, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(ground.path), "clone")
    git(tmp_path / "clone", "tag", "mine")
    report = audit(tmp_path / "clone")
    assert proven(report) == (True, 3, 3)
    assert "that every ref is accounted for: those of a clone are its owner's" in report.not_proven
    assert audit(tmp_path / "clone").looked_at == 0


# --- what is remembered --------------------------------------------------------------------------


def test_what_was_proven_is_not_looked_at_again(ground: Ground) -> None:
    assert proven(audit(ground.path)) == (True, 3, 3)
    assert proven(audit(ground.path)) == (True, 3, 0)
    ground.note("more")
    report = audit(ground.path)
    assert proven(report) == (True, 4, 1)
    assert list(report.lines())[:2] == [
        f"4 steps from the root {ground.root[:7]} to {ground.tip[:7]} were allowed",
        (
            f"note: 3 of them an earlier audit proved ({ground.path / AUDITED}); "
            "--full looks at them again"
        ),
    ]
    assert proven(audit(ground.path, full=True)) == (True, 4, 4)


def test_progress_is_remembered_before_a_refused_step(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "CHUNK", 2)
    ground.note("more")
    ground.step({"PERMISSIONS": "/ manage eve\n"}, who="eve")
    assert proven(audit(ground.path)) == (False, 4, 4)
    assert proven(audit(ground.path)) == (False, 4, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"rules": "of another gitreg"},
        {"tip": "main"},
        {"root": 3},
        {"steps": 0},
        {"signed": -1},
        {"more": 1},
    ],
)
def test_a_record_that_is_not_by_these_rules_is_ignored(
    ground: Ground, change: dict[str, object]
) -> None:
    audit(ground.path)
    record = ground.path / AUDITED
    record.write_text(json.dumps(json.loads(record.read_text()) | change))
    assert proven(audit(ground.path)) == (True, 3, 3)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00"])
def test_a_record_that_is_damaged_is_ignored(ground: Ground, text: str) -> None:
    audit(ground.path)
    (ground.path / AUDITED).write_text(text)
    assert proven(audit(ground.path)) == (True, 3, 3)


def test_history_that_was_rewritten_is_looked_at_from_its_root(ground: Ground) -> None:
    ground.note("one")
    audit(ground.path)
    ground.point(MAIN, ground.git("rev-parse", "main~2"))
    ground.note("another")
    assert proven(audit(ground.path)) == (True, 3, 3)


def test_where_the_repository_cannot_be_written_the_cache_remembers(
    ground: Ground, tmp_path: Path
) -> None:
    (ground.path / "gitreg").write_text("no folder")
    assert proven(audit(ground.path, cache_folder=tmp_path / "cache")) == (True, 3, 3)
    report = audit(ground.path, cache_folder=tmp_path / "cache")
    assert proven(report) == (True, 3, 0)
    assert report.found.place.startswith(str(tmp_path / "cache" / "audited"))
    assert proven(audit(ground.path)) == (True, 3, 3)


def test_where_nothing_can_be_written_nothing_is_remembered(ground: Ground, tmp_path: Path) -> None:
    (ground.path / "gitreg").write_text("no folder")
    (tmp_path / "cache").write_text("no folder either")
    for _ in range(2):
        assert proven(audit(ground.path, cache_folder=tmp_path / "cache")) == (True, 3, 3)


# --- the root, and since -------------------------------------------------------------------------


def test_an_auditor_pins_history_by_its_root(ground: Ground) -> None:
    report = audit(ground.path, root=ground.root)
    assert (report.clean, report.root, report.tip) == (True, ground.root, ground.tip)
    assert report.not_proven == (UNPROVEN,)
    assert audit(ground.path, root=ground.root).clean


def test_another_history_is_refused_and_not_looked_at(ground: Ground) -> None:
    report = audit(ground.path, root="1" * 40)
    assert proven(report) == (False, 0, 0)
    assert list(report.lines()) == [
        (
            f"the root is {ground.root}, not {'1' * 40}: this is another history, "
            "and it was not looked at"
        ),
        "not clean",
    ]
    assert not (ground.path / AUDITED).exists()


def test_a_remembered_history_is_held_to_its_root_as_well(ground: Ground) -> None:
    audit(ground.path)
    assert proven(audit(ground.path, root="1" * 40)) == (False, 3, 0)


def test_a_root_is_told_by_its_whole_id(ground: Ground) -> None:
    with pytest.raises(InvalidValueError, match="'abc' is no whole commit id of 40 digits"):
        audit(ground.path, root="abc")


def test_since_a_step_only_what_follows_is_looked_at(ground: Ground) -> None:
    bad = ground.step({"PERMISSIONS": "/ manage root eve\n* edit alice\n"}, who="eve")
    ground.note("more")
    report = audit(ground.path, since="main~1", root=ground.root)
    assert proven(report) == (True, 1, 1)
    assert list(report.lines()) == [
        f"1 steps after {bad[:7]} to {ground.tip[:7]} were allowed",
        f"not proven: every step up to {bad[:7]}: what is before was not looked at",
        f"not proven: {UNPROVEN}",
        "clean",
    ]
    assert proven(audit(ground.path)) == (False, 3, 3)


def test_since_what_is_no_step_of_main_is_refused(ground: Ground) -> None:
    other = ground.commit({"README.md": "elsewhere\n"})
    with pytest.raises(InvalidValueError, match="is no step of main"):
        audit(ground.path, since=other)
    with pytest.raises(NotFoundError):
        audit(ground.path, since="nowhere")


# --- steps ---------------------------------------------------------------------------------------


def test_a_step_that_was_not_allowed_is_told_with_what_holds_before_it(ground: Ground) -> None:
    bad = ground.step({V1: version("Production")}, who="alice")
    ground.note("more")
    report = audit(ground.path)
    assert proven(report) == (False, 3, 3)
    assert list(report.lines()) == [
        f"refused {bad} by alice",
        "  access  models/fraud/versions/1.yaml",
        "    fraud/1: None -> Production needs manage-production; alice has edit",
        "    who can: root",
        "    hint: gitreg request create fraud/1 Production",
        "3 steps before it are as they must be",
        f"not proven: {UNPROVEN}",
        "not proven: that every ref is accounted for: history comes first",
        f"not proven: that this is the history you know: --root {ground.root} pins it",
        "not clean",
    ]
    assert report.to_dict()["refused"] == bad


def test_a_commit_that_two_readers_read_differently_is_found_where_it_stands(
    ground: Ground,
) -> None:
    bad = ground.step({"README.md": "x\n"}, header="encoding UTF-7")
    ground.note("more")
    report = audit(ground.path, root=ground.root)
    assert (proven(report), report.verdict.refused and report.verdict.refused.id) == (
        (False, 3, 3),
        bad,
    )


def test_a_commit_that_is_missing_ends_what_can_be_proven(ground: Ground) -> None:
    lost, _ = ground.note("one"), ground.note("two")
    ground.loose(lost).unlink()
    report = audit(ground.path)
    assert proven(report) == (False, 0, 0)
    assert (report.root, report.verdict.refused and report.verdict.refused.id) == ("", lost)
    assert any(lost in line for line in report.found.damage)
    assert not audit(ground.path, root=ground.root).clean


def test_a_main_that_is_no_commit_is_found(ground: Ground) -> None:
    tag = f"object {ground.tip}\ntype commit\ntag x\ntagger r <r@x> 1 +0000\n\nx\n"
    made = ground.repository.write("tag", tag.encode())
    ground.point(MAIN, made)
    assert proven(audit(ground.path)) == (False, 2, 2)


# --- requests ------------------------------------------------------------------------------------


def test_who_asked_is_not_proven_by_a_merge(ground: Ground) -> None:
    ground.answer(ground.ask(), "approved")
    report = audit(ground.path)
    assert report.clean
    assert report.not_proven[1] == (
        "who asked: requester not proven for 1 of 1 answered requests, which are not signed; "
        "no refs of the past are seen here"
    )
    assert audit(ground.path).not_proven == report.not_proven


@pytest.mark.parametrize("between", ["in one walk", "across two audits", "after a commit"])
def test_a_request_that_is_answered_twice_is_refused(ground: Ground, between: str) -> None:
    tip = ground.ask()
    ground.answer(tip)
    since = ground.note("between")
    if between == "across two audits":
        audit(ground.path)
    again = ground.answer(tip)
    report = audit(ground.path, since=since if between == "after a commit" else "")
    [violation] = report.verdict.violations
    assert (
        violation.reason
        == f"commit {tip[:7]} (fraud/1 -> Staging asked by bob) was answered before"
    )
    assert violation.commit == again


@pytest.mark.parametrize("chunk", [1, 1000])
def test_an_answer_to_a_request_from_elsewhere_is_refused(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(auditing, "CHUNK", chunk)
    elsewhere = ground.commit({"README.md": "never judged\n"})
    tip = ground.ask(parents=(elsewhere,))
    answer = ground.answer(tip)
    ground.note("more")
    report = audit(ground.path)
    assert proven(report) == (False, 3, 3)
    [violation] = report.verdict.violations
    assert violation.reason == f"the request {tip[:7]} does not start at a step of main"
    assert violation.commit == answer


def test_a_request_older_than_what_was_proven_is_answered(ground: Ground) -> None:
    tip = ground.ask()
    ground.note("one")
    audit(ground.path)
    ground.answer(tip)
    assert proven(audit(ground.path)) == (True, 5, 1)


# --- what was received ---------------------------------------------------------------------------


def test_steps_received_long_after_their_own_time_are_told(tmp_path: Path) -> None:
    then = int(datetime.now(UTC).timestamp()) - 3 * DAY
    path = tmp_path / "r.git"
    gitreg.create(path, admin="root", clock=lambda: then * 1000)
    git(tmp_path, "clone", "-q", str(path), "clone")
    clone = tmp_path / "clone"
    git(clone, "config", "user.name", "root")
    git(clone, "config", "user.email", "root@acme.com")
    ids = []
    for text, at in (("old", then + MINUTE), ("new", then + 3 * DAY)):
        (clone / "README.md").write_text(text)
        git(clone, "commit", "-qam", text, GIT_COMMITTER_DATE=f"@{at} +0000")
        ids.append(git(clone, "rev-parse", "HEAD"))
    git(clone, "push", "-q", GITREG_ACTOR="root")
    report = audit(path)
    assert report.clean
    [late] = report.found.late
    assert late.startswith(f"step {ids[0][:7]} was received ")
    assert late.endswith(" from root, 2 days after its own time")
    assert f"note: {late}" in list(report.lines())
    assert audit(path).found.late == ()


def test_a_step_that_somebody_else_pushed_contradicts_history(ground: Ground) -> None:
    old, new = ground.tip, ground.note("more")
    ground.received(pushed(old, new, who="mallory"))
    told = (
        f"step {new[:7]}, received 2026-01-01T12:10:00.000Z: "
        'committer "root <root@acme.com>" is not mallory, who pushes'
    )
    report = audit(ground.path)
    assert (report.clean, report.found.contradicted) == (False, (told,))
    assert f"received.log: {told}" in list(report.lines())
    assert (audit(ground.path).clean, audit(ground.path).found.contradicted) == (False, (told,))


def test_what_was_received_and_is_not_there_contradicts_history(ground: Ground) -> None:
    old, gone = ground.tip, ground.note("gone")
    ground.point(MAIN, old)
    ground.received(pushed(old, gone), pushed(old, NOTHING, at=NOON))
    assert audit(ground.path).found.contradicted == (
        (
            f"main was at {gone[:7]}, pushed 2026-01-01T12:10:00.000Z by root, which is not in "
            "its history any more: it was moved past the guard"
        ),
        "main was removed 2026-01-01T12:00:00.000Z by root: the guard lets nobody do that",
    )
    ground.note("another")
    assert len(audit(ground.path).found.contradicted) == 2
    assert len(audit(ground.path, since="main~1").found.contradicted) == 2


def test_only_new_lines_of_the_log_are_read(ground: Ground) -> None:
    ground.received(pushed(NOTHING, ground.tip, at=NOON + 30 * DAY), "1 root a b refs/heads/root/x")
    assert len(audit(ground.path).found.late) == 3
    assert audit(ground.path).found.late == ()
    old, new = ground.tip, ground.note("more")
    ground.received(pushed(old, new, at=NOON + 30 * DAY))
    assert len(audit(ground.path).found.late) == 1
    (ground.path / RECEIVED).write_text("")
    assert audit(ground.path).clean


def test_a_line_that_comes_after_the_audit_is_read_by_the_next(ground: Ground) -> None:
    old, new = ground.tip, ground.note("more")
    audit(ground.path)
    ground.received(pushed(old, new, who="mallory"))
    assert len(audit(ground.path).found.contradicted) == 1


def test_a_line_whose_start_is_not_in_history_tells_of_its_last_step_alone(ground: Ground) -> None:
    ground.received(pushed("1" * 40, ground.tip, at=NOON + 30 * DAY))
    report = audit(ground.path)
    assert [line[:12] for line in report.found.late] == [f"step {ground.tip[:7]}"]


def test_lines_that_nobody_can_read_are_told(ground: Ground) -> None:
    ground.received("so much for that")
    report = audit(ground.path)
    assert report.clean
    told = "received.log holds 'so much for that', which the hook did not write"
    assert f"note: {told}" in list(report.lines())


def test_a_log_that_cannot_be_read_is_told(ground: Ground) -> None:
    (ground.path / RECEIVED).mkdir(parents=True)
    report = audit(ground.path)
    assert report.clean
    assert report.found.unread == (f"{ground.path / RECEIVED} cannot be read: Is a directory",)


def test_of_many_lines_the_first_are_told(ground: Ground) -> None:
    ground.received(*("?" * at for at in range(1, 31)))
    lines = list(audit(ground.path).lines())
    assert lines.count("note: received.log holds '?', which the hook did not write") == 1
    assert "and 10 more such lines; -o json has them all" in lines


# --- refs ----------------------------------------------------------------------------------------


def strange(ground: Ground) -> dict[str, str]:
    report = audit(ground.path)
    assert report.clean == (not report.found.strange)
    return {ref.name: ref.reason for ref in report.found.strange or ()}


def test_every_ref_is_accounted_for(ground: Ground) -> None:
    ground.point("refs/heads/alice/fix", ground.tip)
    assert strange(ground) == {}
    ground.point("refs/heads/alice/blob", ground.repository.write("blob", b"x"))
    for name in ("refs/tags/v1", "refs/heads/topic", "refs/heads/alice/Main", "refs/notes/x"):
        ground.point(name, ground.tip)
    ground.git("symbolic-ref", "refs/heads/alice/other", "refs/heads/main")
    ground.git("symbolic-ref", "HEAD", "refs/heads/topic")
    only = (
        "no ref of this name may exist; main, requests/MODEL/NUMBER/STAGE/USER and USER/... are "
        "the branches there may be"
    )
    assert strange(ground) == {
        "HEAD": "it stands on refs/heads/topic, which clones would check out, not main",
        "refs/heads/alice/Main": "no branch may have a part called Main",
        "refs/heads/alice/blob": "a branch points at a commit",
        "refs/heads/alice/other": "it is another name for refs/heads/main",
        "refs/heads/topic": only,
        "refs/notes/x": only,
        "refs/tags/v1": only,
    }
    told = list(audit(ground.path).lines())
    assert f"ref refs/tags/v1 is none that a registry has: {only}" in told


def test_refs_that_git_cannot_read_are_damage(ground: Ground) -> None:
    ground.point("refs/heads/alice/broken", "no id")
    report = audit(ground.path)
    assert report.found.damage == ("warning: ignoring broken ref refs/heads/alice/broken",)
    assert not report.clean
    assert "git fsck --strict: warning: ignoring broken ref refs/heads/alice/broken" in list(
        report.lines()
    )


def test_a_branch_whose_commit_is_missing_is_strange_and_damage(ground: Ground) -> None:
    lost = ground.commit({"README.md": "lost\n"})
    ground.point("refs/heads/alice/fix", lost)
    ground.loose(lost).unlink()
    report = audit(ground.path)
    assert report.strange_refs == ("refs/heads/alice/fix",)
    assert report.found.damage


def test_request_branches_hold_requests(ground: Ground) -> None:
    elsewhere = ground.commit({"README.md": "never judged\n"})
    for number, tip in enumerate(
        (ground.ask(), ground.ask("carol", parents=(elsewhere,)), elsewhere), start=1
    ):
        who = ("bob", "carol", "dave")[number - 1]
        ground.point(request_branch("fraud", 1, "Staging", who), tip)
    assert strange(ground) == {
        "refs/heads/requests/fraud/1/Staging/carol": "it does not start at a step of main",
        "refs/heads/requests/fraud/1/Staging/dave": (
            f"it is no request: commit {elsewhere[:7]} is no request: it must hold one stage "
            "transition (README.md changed)"
        ),
    }


def test_requests_that_count_for_nothing_are_noted(ground: Ground) -> None:
    tip = ground.ask()
    ground.point(request_branch("fraud", 1, "Staging", "bob"), tip)
    ground.answer(tip)
    report = audit(ground.path)
    told = "refs/heads/requests/fraud/1/Staging/bob counts for nothing: it was answered"
    assert (report.clean, report.void_requests) == (True, (told,))
    assert f"note: {told}" in list(report.lines())


# --- objects -------------------------------------------------------------------------------------


def test_bit_rot_is_found_and_what_was_proven_is_forgotten(ground: Ground) -> None:
    audit(ground.path)
    blob = ground.git("rev-parse", "main:models/fraud/versions/1.yaml")
    ground.rot(blob, version("Production").encode())
    assert audit(ground.path).clean
    report = audit(ground.path, full=True)
    assert any(blob in line for line in report.found.damage)
    assert not report.clean
    assert not (ground.path / AUDITED).exists()


def test_bit_rot_in_what_is_new_is_found(ground: Ground) -> None:
    audit(ground.path)
    ground.step({"docs/a.md": "one\n"})
    blob = ground.git("rev-parse", "main:docs/a.md")
    ground.rot(blob, b"two\n")
    report = audit(ground.path)
    assert report.found.damage == (f"object {blob} does not hold what its id says",)
    assert proven(report) == (False, 4, 1)


def test_an_object_that_is_missing_in_what_is_new_is_found(ground: Ground) -> None:
    audit(ground.path)
    ground.step({"docs/a.md": "one\n"})
    lost = ground.git("rev-parse", "main:docs/a.md")
    ground.loose(lost).unlink()
    report = audit(ground.path)
    assert any(lost in line for line in report.found.damage)


@pytest.mark.parametrize("again", [False, True])
def test_what_git_calls_unsound_is_found_whatever_the_settings_say(
    ground: Ground, again: bool
) -> None:
    if again:
        audit(ground.path)
    ground.git("config", "fsck.missingSpaceBeforeDate", "ignore")
    ground.git("config", "fsck.zeroPaddedDate", "ignore")
    tree = ground.git("rev-parse", "main^{tree}")
    person = "root <root@acme.com> 01767268899 +0000"
    raw = f"tree {tree}\nparent {ground.tip}\nauthor {person}\ncommitter {person}\n\nx\n"
    ground.point("refs/heads/alice/fix", ground.repository.write("commit", raw.encode()))
    report = audit(ground.path)
    assert any("zeroPaddedDate" in line for line in report.found.damage)
    assert not report.clean


def test_damage_in_what_was_proven_before_is_an_error_where_it_is_met(ground: Ground) -> None:
    tip = ground.ask(parents=(ground.root,))
    audit(ground.path)
    ground.loose(ground.git("rev-parse", "main~1")).unlink()
    ground.answer(tip)
    with pytest.raises(CorruptError, match="missing or damaged"):
        audit(ground.path)


def test_long_histories_are_read_with_little_in_mind(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "_KEPT_COMMITS", 1)
    monkeypatch.setattr(replaying, "_KEPT_BYTES", 1)
    monkeypatch.setattr(replaying, "_KEPT_OBJECT", 500)
    ground.step({f"models/fraud/comments/1/{'a' * 32}.yaml": comment("root", "x" * 600)})
    assert proven(audit(ground.path)) == (True, 4, 4)


# --- the world -----------------------------------------------------------------------------------


def test_what_the_library_wrote_the_audit_finds_allowed(ground: Ground) -> None:
    registry = gitreg.open(ground.path, actor="root", durable=False)
    registry.grant("carol", "manage-staging", model="fraud")
    gitreg.open(ground.path, actor="bob", durable=False).request_transition("fraud/1", "Staging")
    assert proven(audit(ground.path)) == (True, 4, 4)
    gitreg.open(ground.path, actor="carol", durable=False).approve("fraud/1", "Staging")
    report = audit(ground.path)
    assert proven(report) == (True, 5, 1)
    assert (report.strange_refs, report.void_requests, report.found.answered) == ((), (), 1)


def test_a_repository_without_git_cannot_be_audited(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(GitregError, match="the program git is not installed"):
        audit(ground.path)
