"""The CI check: the same judgement over BASE..HEAD, with what it cannot prove."""

from pathlib import Path

import pytest
from support import MODEL, version
from world import Clone, World

from gitreg.check import CheckReport, check
from gitreg.errors import ConflictError, InvalidValueError, NotFoundError

PEOPLE = """\
/      read               @everyone
fraud  edit               bob
fraud  manage-production  carol
fraud  manage-production  cem
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, permissions=PEOPLE)
    world.settle(
        {
            "models/fraud/model.yaml": MODEL,
            **{f"models/fraud/versions/{number}.yaml": version() for number in range(1, 4)},
        }
    )
    return world


@pytest.fixture
def bob(world: World) -> Clone:
    return world.clone("bob").fresh()


def checked(clone: Clone, revisions: str = "origin/main..HEAD", **more: object) -> CheckReport:
    report = check(clone.path, revisions, **more)  # type: ignore[arg-type]  # actor, approvers
    assert report.to_dict()["allowed"] is report.clean
    assert list(report.lines())[-1].startswith("allowed" if report.clean else "refused")
    return report


def test_what_is_allowed_is_told_step_by_step(bob: Clone) -> None:
    base = bob.git("rev-parse", "HEAD")
    first = bob.write({"models/fraud/versions/4.yaml": version()}).commit()
    second = bob.write({"models/fraud/README.md": "# Fraud\n"}).commit()
    report = checked(bob)
    assert report.clean
    assert list(report.lines()) == [
        f"{first[:7]} fraud/4 registered by bob",
        f"{second[:7]} fraud: model card added by bob",
        "note: who acts is taken from the commits: no transport authenticated them here",
        f"allowed: {base[:7]}..{second[:7]}",
    ]
    told = report.to_dict()
    assert (told["base"], told["head"], told["violations"]) == (base, second, [])
    assert isinstance(told["steps"], list)
    assert [step["commit"] for step in told["steps"]] == [first, second]
    assert told["steps"][0]["changes"][0]["kind"] == "VersionCreated"


def test_what_needs_a_level_is_refused_without_it(bob: Clone) -> None:
    bob.write({"models/fraud/README.md": "# Fraud\n"}).commit()
    bob.stage("fraud", 1, "Production")
    report = checked(bob)
    assert not report.clean
    [violation] = report.verdict.violations
    assert violation.reason == ("fraud/1: None -> Production needs manage-production; bob has edit")
    assert "    who can: carol, cem, root" in report.lines()
    told = report.to_dict()
    assert isinstance(told["violations"], list)
    assert told["violations"][0]["rule"] == "access"


def test_an_approver_covers_what_the_author_may_not(bob: Clone) -> None:
    bob.write({"models/fraud/README.md": "# Fraud\n"}).commit()
    bob.stage("fraud", 1, "Production")
    for approvers in (("eve",), ("eve", "bob")):
        assert not checked(bob, actor="bob", approvers=approvers).clean
    report = checked(bob, actor="bob", approvers=("eve", "carol"))
    assert report.clean
    assert "  covered by carol: fraud/1: None -> Production" in report.lines()
    assert "note: who acts was told by --actor and --approver" in report.lines()


def test_the_actor_that_ci_names_counts_and_not_the_commits(bob: Clone) -> None:
    bob.stage("fraud", 1, "Staging")
    bob.git("-c", "user.name=carol", "commit", "--amend", "-q", "--reset-author", "--no-edit")
    bob.write({"models/fraud/README.md": "# Fraud\n"}).commit()
    assert not checked(bob, actor="eve").clean
    with pytest.raises(InvalidValueError, match="is not a user name"):
        checked(bob, actor="@everyone")
    with pytest.raises(InvalidValueError, match="is not a user name"):
        checked(bob, actor="bob", approvers=("a b",))


def test_the_permissions_that_count_are_the_bases(bob: Clone) -> None:
    text = bob.read("PERMISSIONS")
    bob.write({"PERMISSIONS": f"{text}/ manage bob\n"}).commit()
    bob.stage("fraud", 1, "Production")
    report = checked(bob)
    assert report.verdict.violations[0].path == "PERMISSIONS"
    assert report.verdict.accepted == ()


def test_a_request_is_told_how_to_be_merged(bob: Clone) -> None:
    bob.stage("fraud", 1, "Production")
    report = checked(bob)
    assert not report.clean
    told = "\n".join(report.lines())
    assert "note: this is a transition request: merge it with a merge commit" in told
    report = checked(bob, actor="bob", approvers=("carol",))
    assert report.clean
    [judged] = report.verdict.accepted
    assert judged.actor == "carol"
    assert str(judged.answer) == "fraud/1 -> Production: request by bob approved"


@pytest.mark.parametrize("behind", [False, True])
def test_four_eyes_are_those_of_requester_and_approver(world: World, behind: bool) -> None:
    root = world.clone("root").fresh()
    text = root.read("registry.yaml")
    world.settle({"registry.yaml": text.replace("self_approval: allow", "self_approval: refuse")})
    carol = world.clone("carol")
    carol.move("fraud", 1, "Production")
    if behind:
        world.settle({"docs/a.md": "# A\n"})
        carol.git("fetch", "-q")
    assert not checked(carol, actor="carol").clean
    assert not checked(carol, actor="carol", approvers=("carol",)).clean
    report = checked(carol, actor="carol", approvers=("cem",))
    assert report.clean, "\n".join(report.lines())
    assert report.verdict.accepted[0].actor == "cem"


def test_a_branch_that_starts_earlier_is_judged_as_one_merge(world: World, bob: Clone) -> None:
    bob.write({"models/fraud/README.md": "# Fraud\n"}).commit()
    bob.write({"models/fraud/versions/4.yaml": version()}).commit()
    text = bob.read("PERMISSIONS")
    world.settle({"docs/a.md": "# A\n"})
    bob.git("fetch", "-q")
    report = checked(bob)
    assert report.clean
    assert "note: the branch does not start at the base's tip: judged as one merge of both" in (
        report.lines()
    )
    [judged] = report.verdict.accepted
    assert [str(change) for change in judged.changes] == [
        "fraud: model card added",
        "fraud/4 registered",
    ]
    world.settle({"PERMISSIONS": text.replace("fraud  edit               bob\n", "")})
    bob.git("fetch", "-q")
    assert {one.rule for one in checked(bob).verdict.violations} == {"access"}


def test_a_branch_that_contradicts_main_must_be_rebased(world: World, bob: Clone) -> None:
    bob.write({"models/fraud/README.md": "# Mine\n"}).commit()
    world.settle({"models/fraud/README.md": "# Theirs\n"})
    bob.git("fetch", "-q")
    with pytest.raises(ConflictError, match=r"contradicts .* in models/fraud/README.md") as caught:
        checked(bob)
    assert caught.value.hint == "git rebase origin/main, and settle the contradiction"


def test_a_branch_that_main_holds_already_has_nothing_to_refuse(world: World, bob: Clone) -> None:
    world.settle({"docs/a.md": "# A\n"})
    bob.git("fetch", "-q")
    assert checked(bob).clean
    assert checked(bob, "origin/main..origin/main").clean
    assert checked(bob, "HEAD..").clean


def test_a_merge_of_a_request_is_judged_as_what_it_is(world: World) -> None:
    assert world.clone("bob").ask("fraud", 1, "Staging").accepted
    carol = world.clone("carol").fresh()
    tip = carol.branch("fraud", 1, "Staging", "bob")
    carol.merge(tip, tree=tip)
    report = checked(carol)
    assert report.clean
    assert "note: requester not proven: no refs of the past are seen here" in report.lines()
    carol.fresh().merge(tip, tree=tip, message="x\n\nGitreg-Answer: rejected")
    assert not checked(carol).clean


def test_a_range_is_base_and_head(bob: Clone) -> None:
    for none in ("HEAD", "a...b", "..HEAD", ""):
        with pytest.raises(InvalidValueError, match="is no range") as caught:
            check(bob.path, none)
        assert caught.value.hint == "write BASE..HEAD, as in origin/main..HEAD"
    with pytest.raises(NotFoundError, match="there is no commit 'nowhere'"):
        check(bob.path, "nowhere..HEAD")
    with pytest.raises(NotFoundError, match="this folder is in no registry"):
        check(bob.path.parent, "a..b")


def test_a_misshaped_commit_is_refused_and_not_tripped_over(bob: Clone) -> None:
    bob.write({"models/fraud/README.md": "# Fraud\n"}).commit()
    raw = bob.git("cat-file", "commit", "HEAD").replace("\n\n", "\nencoding UTF-7\n\n", 1) + "\n"
    odd = bob.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw)
    report = checked(bob, f"origin/main..{odd}")
    assert [one.rule for one in report.verdict.violations] == ["form"]
