"""Verify: one judgement over a walk, commit by commit, oldest first."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support import (
    REGISTRY,
    changed,
    commit,
    files,
    planted,
    said,
    step,
    tip,
    tree,
    version,
)

from gitreg.domain.commits import NOBODY, Commit
from gitreg.domain.verdict import RULES as NAMES
from gitreg.domain.verdict import Verdict
from gitreg.guard.verify import FIRST, RULES, judge, verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step, Tip
from gitreg.manifest.trees import FILE

V1, V2, V3 = (f"models/fraud/versions/{number}.yaml" for number in (1, 2, 3))
BASE = tree(files(PERMISSIONS="/ manage admin\n* read @everyone\n* manage-staging alice\n"))
STAGED = changed(BASE, {V3: version("Staging")})
DOCUMENTED = changed(STAGED, {"README.md": "hi"})


def walk(*rows: tuple[str, Snapshot]) -> list[Step]:
    """Give the steps of a walk that starts at the base: who made which tree."""
    steps = []
    before = BASE
    for number, (who, then) in enumerate(rows, start=2):
        parents = (f"{number - 1:040x}",)
        made = commit(who, number=number, parents=parents)
        steps.append(replace(step(who, before, then), commit=made))
        before = then
    return steps


def test_the_rules_are_told_in_their_order() -> None:
    told = [rule.__name__ for rule in RULES if rule.__name__ != "signatures"]
    assert tuple(told) == NAMES
    assert tuple(rule.__name__ for rule in FIRST) == ("form", "schema")


def test_nothing_is_judged_clean() -> None:
    assert verify([]) == Verdict()
    assert verify([]).clean


def test_a_walk_that_is_clean_tells_who_did_what() -> None:
    verdict = verify(walk(("alice", STAGED), ("admin", DOCUMENTED)))
    assert verdict.clean
    assert verdict.refused is None
    assert [(one.actor, *map(str, one.changes)) for one in verdict.accepted] == [
        ("alice", "fraud/3: None -> Staging"),
        ("admin", "README.md added"),
    ]
    assert all(one.answer is None and one.covered == () for one in verdict.accepted)


def test_a_walk_ends_at_the_first_commit_that_is_refused() -> None:
    steps = walk(("alice", STAGED), ("eve", DOCUMENTED), ("eve", BASE))
    verdict = verify(steps)
    assert not verdict.clean
    assert len(verdict.accepted) == 1
    assert verdict.refused == steps[1].commit
    assert verdict.actor == "eve"
    assert {one.commit for one in verdict.violations} == {steps[1].commit.id}


def test_commits_behind_a_refused_one_are_not_even_looked_at() -> None:
    def steps() -> Iterator[Step]:
        yield from walk(("eve", STAGED))
        pytest.fail("looked too far")

    assert not verify(steps()).clean


def test_all_that_is_wrong_with_a_commit_is_told() -> None:
    then = changed(BASE, {"README.md": "hi", V2: version("Production"), V3: version("Nowhere")})
    one = replace(step("eve", BASE, then, message="x\n\nGitreg-Answer: approved\n"), now=0)
    assert [told.split()[0] for told in said(one)] == [
        "identity",
        "lifecycle",
        "access",
        "access",
        "access",
        "requests",
    ]


def test_what_is_told_twice_is_told_once() -> None:
    def twice(one: Step) -> list[str]:
        return [str(violation) for violation in judge(one)]

    told = twice(step("eve", BASE, DOCUMENTED))
    assert len(told) == len(set(told))


# --- each commit by the tree before it -----------------------------------------------------------


def test_a_change_and_its_revert_are_both_judged() -> None:
    back = changed(STAGED, {V3: version()})
    assert back.tree == BASE.tree
    assert verify(walk(("alice", STAGED), ("alice", back))).clean
    verdict = verify(walk(("eve", STAGED), ("eve", back)))
    assert len(verdict.accepted) == 0
    verdict = verify(walk(("alice", STAGED), ("eve", back)))
    assert [one.reason for one in verdict.violations] == [
        "fraud/3: Staging -> None needs manage-staging; eve has read"
    ]


def test_a_level_granted_to_oneself_is_refused_where_it_is_granted() -> None:
    granted = changed(BASE, {"PERMISSIONS": "/ manage admin eve\n"})
    used = changed(granted, {"README.md": "eve's"})
    verdict = verify(walk(("eve", granted), ("eve", used)))
    assert len(verdict.accepted) == 0
    assert [one.reason for one in verdict.violations] == [
        (
            "permissions changed: + / manage admin eve; - * manage-staging alice; - * read "
            "@everyone; - / manage admin needs manage; eve has none"
        )
    ]


def test_a_level_granted_by_a_manager_counts_from_the_next_commit_on() -> None:
    lines = "/ manage admin eve\n"
    granted = changed(BASE, {"PERMISSIONS": lines})
    used = changed(granted, {"README.md": "eve's"})
    assert verify(walk(("admin", granted), ("eve", used))).clean
    at_once = changed(BASE, {"PERMISSIONS": lines, "README.md": "eve's"})
    assert not verify(walk(("eve", at_once))).clean


def test_a_level_taken_away_is_gone_from_the_next_commit_on() -> None:
    taken = changed(BASE, {"PERMISSIONS": "/ manage admin\n* read @everyone\n"})
    staged = changed(taken, {V3: version("Staging")})
    verdict = verify(walk(("admin", taken), ("alice", staged)))
    assert len(verdict.accepted) == 1
    assert verdict.violations[0].reason.endswith("alice has read")


def test_a_stage_is_added_before_it_is_used_or_with_it() -> None:
    stages = "stages: [{name: None}, {name: Staging}, {name: Production}, {name: Canary}, "
    settings = {"registry.yaml": REGISTRY + stages + "{name: Archived}]\n"}
    added = changed(BASE, settings)
    used = changed(added, {V3: version("Canary")})
    assert verify(walk(("admin", added), ("alice", used))).clean
    assert verify(walk(("admin", used))).clean


def test_the_first_commit_and_the_next_are_one_walk() -> None:
    first = tree({"registry.yaml": REGISTRY, "PERMISSIONS": "/ manage admin\n"})
    then = changed(first, {"README.md": "hi"})
    verdict = verify([step("admin", None, first), step("admin", first, then)])
    assert [str(change) for one in verdict.accepted for change in one.changes] == [
        "registry acme created",
        "README.md added",
    ]


# --- requests of one walk ------------------------------------------------------------------------

LIVE = changed(BASE, {V2: version("Production")})
REQUEST = tip("bob", BASE, LIVE)


def answer(
    outcome: str, before: Snapshot, then: Snapshot, *, number: int, one: Tip = REQUEST
) -> Step:
    made = step("admin", before, then, tips=(one,), message=f"m\n\nGitreg-Answer: {outcome}\n")
    parents = (f"{number - 1:040x}", one.commit.id)
    return replace(made, commit=replace(made.commit, id=f"{number:040x}", parents=parents))


@pytest.mark.parametrize("known", [True, False])
def test_a_request_is_answered_once_in_a_walk(*, known: bool) -> None:
    steps = [
        answer("rejected", BASE, BASE, number=2),
        answer("approved", BASE, LIVE, number=3),
    ]
    if not known:
        steps = [replace(one, stored=None) for one in steps]
    verdict = verify(steps)
    assert len(verdict.accepted) == 1
    assert [str(one) for one in verdict.violations] == [
        (
            "requests\n  commit 0000000 (fraud/2 -> Production asked by bob) was answered before\n"
            "  hint: gitreg request list"
        )
    ]
    assert verdict.violations[0].commit == steps[1].commit.id


def test_of_the_requests_of_a_merge_none_was_answered_before() -> None:
    other = tip("eve", BASE, LIVE, number=8)
    both = step("admin", BASE, LIVE, tips=(REQUEST, other))
    assert verify([both]).clean
    assert verify([both], answered={"7" * 40}).clean
    [told] = verify([both], answered={other.commit.id}).violations
    assert told.reason == "commit 0000000 (fraud/2 -> Production asked by eve) was answered before"


def test_two_requests_are_answered_one_after_the_other() -> None:
    other = tip("eve", BASE, LIVE, number=8)
    steps = [
        answer("rejected", BASE, BASE, number=2),
        answer("approved", BASE, LIVE, number=3, one=other),
    ]
    assert verify(steps).clean


def test_any_merge_may_merge_the_same_again() -> None:
    settings = {"registry.yaml": REGISTRY + "rules: {merges: any}\n"}
    before = changed(BASE, settings)
    side = tip("bob", BASE, changed(BASE, {"docs/a.md": "a"}))
    then = changed(before, {"docs/a.md": "a"})
    last = changed(then, {"docs/b.md": "b"})
    steps = [
        step("admin", before, then, tips=(side,)),
        step("admin", then, last, tips=(side,)),
    ]
    assert verify(steps).clean


# --- who covers what -----------------------------------------------------------------------------


def test_with_approvers_it_is_told_who_covered_what() -> None:
    then = changed(BASE, {V3: version("Staging"), V2: version("Production"), "README.md": "x"})
    one = replace(step("alice", BASE, then, pushed=False), approvers=("bob", "admin"))
    [judged] = verify([one]).accepted
    assert dict(judged.covered) == {
        "README.md added": "admin",
        "fraud/2: Staging -> Production": "admin",
        "fraud/3: None -> Staging": "alice",
    }
    [alone] = verify([replace(one, after=STAGED, approvers=())]).accepted
    assert alone.covered == ()


# --- what cannot be judged is refused ------------------------------------------------------------


def test_a_commit_on_something_that_is_no_registry_is_refused() -> None:
    nothing = Snapshot(BASE.objects)
    assert said(step("admin", nothing, BASE)) == [
        "form\n  this is no registry: registry.yaml is missing"
    ]


def test_a_commit_on_settings_that_contradict_is_refused() -> None:
    broken = changed(BASE, {"registry.yaml": REGISTRY + "stages: [{name: None}, {name: A}]\n"})
    assert said(step("admin", broken, BASE)) == [
        "form\n  registry.yaml: a stage Archived must exist: that is where archiving goes"
    ]


def test_permissions_that_cannot_be_read_refuse_the_commit() -> None:
    missing = "4" * 40
    before = planted(BASE, "models/fraud/PERMISSIONS", FILE, missing)
    then = changed(before, {V3: version("Staging")})
    assert said(step("alice", before, then)) == [f"form\n  object {missing} is missing"]


def test_who_is_refused_is_told_even_if_nobody_can_know() -> None:
    nothing = Snapshot(BASE.objects)
    assert verify([step("admin", nothing, BASE)]).actor == "admin"
    assert verify([step("admin", nothing, BASE, pushed=False)]).actor == "admin"
    assert verify([step("eve", BASE, DOCUMENTED, pushed=False)]).actor == "eve"
    faulty = Commit("4" * 40, "", (), NOBODY, NOBODY, "", faults=("is not UTF-8",))
    blank = replace(step("admin", None, nothing, pushed=False), commit=faulty)
    assert verify([blank]).actor == ""
    assert len(said(blank)) == 1
