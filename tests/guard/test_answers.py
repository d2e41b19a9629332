"""Requests: what a merge may answer, and the four-eyes rule."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from support import (
    REGISTRY,
    TOMBSTONE,
    changed,
    comment,
    commit,
    files,
    said,
    step,
    tip,
    tree,
    version,
)

from gitreg.domain.commits import NOBODY, Commit
from gitreg.domain.requests import Outcome
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step, Tip

V1, V2, V3 = (f"models/fraud/versions/{number}.yaml" for number in (1, 2, 3))
LINES = "/ manage admin\n/ read @everyone\n* manage-production carol dave\n"
LIVE = {V2: version("Production")}
Edits = Mapping[str, str | None]


def registry(settings: str = "", **content: str) -> Snapshot:
    base = {"registry.yaml": REGISTRY + settings, "PERMISSIONS": LINES}
    return tree(files() | base | content)


BASE = registry()
ANY = registry("rules: {merges: any}\n")


def asking(
    who: str = "bob", edits: Edits = LIVE, *, before: Snapshot = BASE, number: int = 9
) -> Tip:
    """Give the tip of a request."""
    return tip(who, before, changed(before, edits), number=number)


def answered(
    outcome: str,
    *tips: Tip,
    who: str = "carol",
    edits: Edits | None = None,
    before: Snapshot = BASE,
) -> Step:
    """Give the merge that answers ``tips``, with the tree that an approval has if none is given."""
    done = edits if edits is not None else LIVE if outcome == "approved" else {}
    trailer = f"\n\nGitreg-Answer: {outcome}" if outcome else ""
    message = f"An answer{trailer}\n"
    return step(who, before, changed(before, done), tips=tips or (asking(),), message=message)


def reasons(one: Step) -> list[str]:
    return [told.split("\n", 1)[1].strip() for told in said(one)]


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", Outcome)
def test_an_answer_is_told_with_its_requests_and_comment(outcome: Outcome) -> None:
    one = answered(outcome, who="admin")
    message = f"An answer\n\nLooks good.\n\nGitreg-Answer: {outcome}\n"
    [judged] = verify([replace(one, commit=replace(one.commit, message=message))]).accepted
    assert judged.answer is not None
    assert str(judged.answer) == f"fraud/2 -> Production: request by bob {outcome}"
    assert judged.answer.comment == "Looks good."


def test_an_approval_moves_the_version_as_asked() -> None:
    assert said(answered("approved")) == []


def test_an_approval_may_archive_what_it_replaces() -> None:
    assert said(answered("approved", edits={**LIVE, V1: version("Archived")})) == []


def test_an_approval_needs_the_level_of_the_transition() -> None:
    assert said(answered("approved", who="eve")) == [
        (
            f"access  {V2}\n"
            "  fraud/2: Staging -> Production needs manage-production; eve has read\n"
            "  who can: admin, carol, dave\n"
            "  hint: gitreg request create fraud/2 Production"
        )
    ]


@pytest.mark.parametrize(
    ("edits", "path", "told"),
    [
        ({V3: version("Staging")}, V3, "fraud/3: None -> Staging"),
        ({V3: version("Production")}, V3, "fraud/3: None -> Production"),
        ({V1: version("Staging")}, V1, "fraud/1: Production -> Staging"),
        ({"README.md": "hi"}, "README.md", "README.md added"),
        (
            {V2: version("Production") + "description: d\n"},
            V2,
            'fraud/2: description set to "d"',
        ),
        ({V3: version() + "# !\n"}, V3, f"{V3}: comments or layout changed"),
    ],
)
def test_an_approval_does_nothing_else(edits: Edits, path: str, told: str) -> None:
    assert said(answered("approved", who="admin", edits={**LIVE, **edits})) == [
        f"requests  {path}\n  {told}: the request asks for fraud/2 -> Production alone"
    ]


def test_an_approval_archives_nothing_from_other_stages_or_models() -> None:
    other = "models/churn/versions/1.yaml"
    before = registry(
        **{
            "models/churn/model.yaml": files()["models/fraud/model.yaml"],
            other: version("Production"),
            "models/fraud/versions/4.yaml": version("Staging"),
        }
    )
    for path, text in ((other, "churn/1"), ("models/fraud/versions/4.yaml", "fraud/4")):
        [told] = reasons(
            answered(
                "approved",
                asking(before=before),
                before=before,
                edits={**LIVE, path: version("Archived")},
            )
        )
        assert told.startswith(f"{text}: ")
        assert told.endswith("-> Archived: the request asks for fraud/2 -> Production alone")


@pytest.mark.parametrize(
    "edits", [{}, {V2: version("Archived")}, {V1: version("Archived")}, {"README.md": "hi"}]
)
def test_an_approval_moves_the_version(edits: Edits) -> None:
    told = reasons(answered("approved", who="admin", edits=edits))
    assert told[-1] == "the merge does not move fraud/2 to Production"
    assert len(told) == len(edits) + 1


@pytest.mark.parametrize("outcome", ["rejected", "cancelled"])
@pytest.mark.parametrize(
    ("edits", "told"),
    [
        (LIVE, "fraud/2: Staging -> Production"),
        ({"README.md": "hi"}, "README.md added"),
        ({V3: version("Staging")}, "fraud/3: None -> Staging"),
    ],
)
def test_a_request_that_is_not_approved_changes_nothing(
    outcome: str, edits: Edits, told: str
) -> None:
    [path] = edits
    assert said(answered(outcome, who="admin", edits=edits)) == [
        f"requests  {path}\n  {told}: a request that is {outcome} changes nothing"
    ]


def test_a_rejection_needs_the_level_of_the_transition() -> None:
    assert said(answered("rejected")) == []
    assert said(answered("rejected", who="eve")) == [
        (
            "access\n"
            "  fraud/2 -> Production: request by bob rejected needs manage-production; eve has "
            "read\n  who can: admin, carol, dave"
        )
    ]


def test_a_request_is_cancelled_by_who_made_it_or_by_a_manager() -> None:
    assert said(answered("cancelled", who="bob")) == []
    assert said(answered("cancelled", who="admin")) == []
    assert said(answered("cancelled", who="carol")) == [
        (
            "access\n"
            "  fraud/2 -> Production: request by bob cancelled needs manage; carol has "
            "manage-production\n  who can: admin"
        )
    ]


def test_a_requester_who_may_read_no_more_cancels_no_more() -> None:
    before = registry(PERMISSIONS="/ manage admin\n")
    assert said(answered("cancelled", asking(before=before), who="bob", before=before)) == [
        (
            "access\n  fraud/2 -> Production: request by bob cancelled needs read; bob has none\n"
            "  who can: admin"
        )
    ]


def test_one_merge_answers_the_requests_of_several_people() -> None:
    both = asking("bob"), asking("eve", number=8)
    assert said(answered("approved", *both)) == []
    assert said(answered("rejected", *both)) == []
    assert said(answered("cancelled", *both, who="admin")) == []
    assert reasons(answered("cancelled", *both, who="bob"))[0].startswith(
        "fraud/2 -> Production: request by bob, eve cancelled needs manage; bob has read"
    )


@pytest.mark.parametrize(
    "other", [{V2: version("Archived")}, {V3: version("Production")}, {V3: version("Staging")}]
)
def test_one_merge_answers_requests_for_one_version_and_one_stage(other: Edits) -> None:
    both = asking(), asking("eve", other, number=8)
    assert said(answered("approved", *both, edits={**LIVE, **other})) == [
        (
            "requests\n  a merge answers requests for one version and one stage, and moves it "
            "there\n  hint: gitreg request approve"
        )
    ]


# --- which requests ------------------------------------------------------------------------------


def test_a_request_must_be_stored_before_it_is_answered() -> None:
    one = answered("approved", asking(number=0xABCDEF << 136))
    assert said(one) == []
    assert said(replace(one, stored=frozenset({"9" * 40}))) == [
        (
            "requests\n  commit abcdef0 (fraud/2 -> Production asked by bob) is not an open "
            "request\n  hint: gitreg request list"
        )
    ]


def test_each_request_of_a_merge_must_be_stored() -> None:
    both = asking(), asking("eve", number=8)
    one = answered("approved", *both)
    assert len(said(replace(one, stored=frozenset({both[0].commit.id})))) == 1
    assert len(said(replace(one, stored=frozenset()))) == 2


def test_where_refs_are_not_known_the_form_of_a_request_is_enough() -> None:
    assert said(replace(answered("approved"), stored=None)) == []


RETIRED = (
    "stages: [{name: None}, {name: Staging}, {name: Production, retired: true}, {name: Archived}]\n"
)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize(
    ("now", "why"),
    [
        ({"registry.yaml": REGISTRY + RETIRED}, "the stage Production is not in use any more"),
        ({V2: TOMBSTONE}, "there is no version fraud/2 any more"),
        ({V2: version("Archived", "source: s3://other\n")}, ("fraud/2 is not the version it was "
         "asked for")),
        ({V2: version("Production")}, "fraud/2 is in Production already"),
        ({path: None for path in files() if "fraud" in path}, ("there is no version fraud/2 any "
         "more")),
    ],
)  # fmt: skip
def test_a_request_that_is_void_is_not_answered(outcome: Outcome, now: Edits, why: str) -> None:
    before = changed(BASE, now)
    edits = LIVE if outcome == "approved" and why.startswith("the stage") else {}
    one = answered(outcome, asking(), before=before, who="admin", edits=edits)
    void = f"the request fraud/2 -> Production asked by bob is void: {why}"
    told = reasons(one)
    assert void in told
    assert reasons(replace(one, stored=frozenset())) == told
    rest = {"the merge does not move fraud/2 to Production"}
    rest |= {"the stage Production is retired: nothing enters it"}
    assert set(told) - {void} <= (rest if outcome == "approved" else set())


def test_a_stage_that_is_gone_leaves_its_requests_void() -> None:
    own = "stages: [{name: None}, {name: Staging}, {name: Production}, {name: Canary}, "
    ours = registry(own + "{name: Archived}]\n")
    request = asking(edits={V2: version("Canary")}, before=ours)
    assert reasons(answered("rejected", request, who="admin")) == [
        (
            "the request fraud/2 -> Canary asked by bob is void: the stage Canary is not in use "
            "any more"
        )
    ]


@pytest.mark.parametrize(
    "now",
    [{V2: version("Staging") + "description: d\n"}, {V2: version("Archived")}, {V3: TOMBSTONE}],
)
def test_a_request_stays_open_while_main_moves_on(now: Edits) -> None:
    before = changed(BASE, now)
    text = (before.blob(V2) or b"").decode()
    live = text.replace("Staging", "Production").replace("Archived", "Production")
    assert said(answered("approved", before=before, edits={V2: live})) == []
    assert said(answered("rejected", before=before)) == []


def test_levels_are_measured_from_the_stage_the_version_is_in_now() -> None:
    before = changed(BASE, {V2: version("Production")})
    archive = asking(edits={V2: version("Archived")})
    low = changed(before, {"PERMISSIONS": LINES + "* manage-staging eve\n"})
    assert reasons(answered("rejected", archive, who="eve", before=low)) == [
        (
            "fraud/2 -> Archived: request by bob rejected needs manage-production; eve has "
            "manage-staging\n  who can: admin, carol, dave"
        )
    ]
    staging = changed(low, {V2: version("Staging")})
    assert said(answered("rejected", archive, who="eve", before=staging)) == []


# --- what is a request ---------------------------------------------------------------------------

ONLY = "requests\n  a merge on main may only answer requests: "
REBASE = "\n  hint: git rebase origin/main, so that your commits follow main one by one"


def no_request(one: Tip) -> str:
    [told] = said(answered("rejected", one))
    assert told.startswith(ONLY)
    assert told.endswith(REBASE)
    return told.removeprefix(ONLY).removesuffix(REBASE)


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        (
            {**LIVE, V3: version("Staging")},
            (
                "it must hold one stage transition (fraud/2: Staging -> Production; fraud/3: "
                "None -> Staging)"
            ),
        ),
        (
            {V3: version() + "description: d\n"},
            'it must hold one stage transition (fraud/3: description set to "d")',
        ),
        (
            {V2: version("Production") + "tags: {a: b}\n"},
            (
                "it must hold one stage transition (fraud/2: Staging -> Production; fraud/2: tag a "
                'set to "b")'
            ),
        ),
        ({}, "it must hold one stage transition (it changes nothing)"),
        (
            {V2: version("Live")},
            "'Live' is not a stage of this registry; they are None, Staging, Production, Archived",
        ),
        ({V2: "["}, "line 1: this is not YAML: did not find expected node content"),
        ({"models/fraud/x": "x"}, "no such file belongs to a model"),
    ],
)
def test_a_request_asks_for_one_transition_and_nothing_else(edits: Edits, told: str) -> None:
    assert no_request(asking(edits=edits)) == f"commit 0000000 is no request: {told}"


def test_a_request_has_one_parent() -> None:
    root = Tip(commit("bob", number=9, parents=()), None, changed(BASE, LIVE))
    assert no_request(root) == "commit 0000000 is no request: it needs one parent"
    merge = replace(asking(), commit=commit("bob", number=9, parents=("1" * 40, "2" * 40)))
    assert no_request(merge) == "commit 0000000 is no request: it needs one parent"


def test_a_request_is_read_as_every_commit_is() -> None:
    broken = Commit(f"{9:040x}", "", (), NOBODY, NOBODY, "", faults=("is not UTF-8",))
    assert no_request(replace(asking(), commit=broken)) == "commit 0000000 is not UTF-8"


def test_a_request_stands_on_a_registry() -> None:
    nothing = Snapshot(BASE.objects)
    told = no_request(Tip(commit("bob", number=9), nothing, BASE))
    assert told == "this is no registry: registry.yaml is missing"


def test_a_request_whose_objects_are_missing_is_none() -> None:
    told = no_request(Tip(commit("bob", number=9), BASE, Snapshot(BASE.objects, "4" * 40)))
    assert "is missing" in told


NOTE = f"models/fraud/comments/3/{'a' * 32}.yaml"


@pytest.mark.parametrize(
    ("path", "broken", "fixed"),
    [
        (V3, "[", version("Staging")),
        (V3, version(more=""), version("Staging")),
        (NOTE, "x: 1\n", comment("bob", "hi")),
        ("models/fraud/model.yaml", "- 1\n", files()["models/fraud/model.yaml"]),
        ("PERMISSIONS", "nonsense\n", LINES),
        ("registry.yaml", "nonsense\n", REGISTRY),
    ],
    ids=["version", "version without source", "comment", "model", "permissions", "settings"],
)
@pytest.mark.parametrize("before", [BASE, ANY], ids=["requests", "any"])
def test_a_request_on_a_tree_that_was_never_judged_is_none(
    before: Snapshot, path: str, broken: str, fixed: str
) -> None:
    wrong = changed(before, {path: broken})
    side = Tip(commit("bob", number=9), wrong, changed(wrong, {path: fixed}))
    one = answered("", side, who="admin", before=before, edits={"README.md": "merged"})
    assert bool(said(one)) is (before is BASE)


# --- merges --------------------------------------------------------------------------------------

UNRELATED = tip("bob", BASE, changed(BASE, {"README.md": "mine"}))


def test_a_merge_that_moves_a_version_as_asked_approves_without_a_trailer() -> None:
    for before in (BASE, ANY):
        [judged] = verify([answered("", before=before, edits=LIVE)]).accepted
        assert judged.answer is not None
        assert judged.answer.outcome is Outcome.APPROVED
        assert len(reasons(answered("", before=before, edits={**LIVE, "README.md": "x"}))) == 2


def test_a_merge_on_main_answers_requests() -> None:
    one = answered("", UNRELATED, who="admin", edits={"README.md": "mine"})
    assert said(one) == [
        (
            f"{ONLY}commit 0000000 is no request: it must hold one stage transition (README.md "
            f"added){REBASE}"
        )
    ]
    alone = answered("", who="admin", edits={})
    assert said(alone) == [
        (
            "requests\n  a merge answers requests for one version and one stage, and moves it "
            "there\n  hint: gitreg request approve"
        )
    ]


def test_a_merge_whose_further_parents_are_not_known_answers_nothing() -> None:
    one = answered("", who="admin")
    assert len(said(replace(one, tips=()))) == 1


def test_a_registry_may_take_any_merge_that_changes_something() -> None:
    one = answered("", UNRELATED, who="admin", before=ANY, edits={"README.md": "mine"})
    assert said(one) == []
    assert reasons(replace(one, after=ANY)) == ["the merge changes nothing and answers nothing"]


def test_any_merge_is_judged_by_what_it_changes() -> None:
    one = answered("", UNRELATED, who="eve", before=ANY, edits={"README.md": "mine"})
    assert said(one)[0].split("\n")[1] == "  README.md added needs manage; eve has read"


@pytest.mark.parametrize("before", [BASE, ANY], ids=["requests", "any"])
def test_a_merge_that_says_it_answers_does(before: Snapshot) -> None:
    one = answered("approved", UNRELATED, who="admin", before=before, edits={"README.md": "mine"})
    assert said(one)[0].startswith(ONLY)


@pytest.mark.parametrize("value", ["Approved", "yes", "approved rejected", "approved,"])
def test_an_answer_is_one_of_three_words(value: str) -> None:
    assert said(answered(value, edits=LIVE)) == [
        f"requests\n  Gitreg-Answer: '{value}' is none of approved, rejected, cancelled"
    ]


def test_a_commit_that_merges_nothing_answers_nothing() -> None:
    one = step("carol", BASE, changed(BASE, LIVE), message="x\n\nGitreg-Answer: approved\n")
    assert said(one) == [
        (
            "requests\n  Gitreg-Answer stands in a commit that merges no request\n"
            "  hint: gitreg request approve, reject or cancel"
        )
    ]


def test_the_first_commit_answers_nothing() -> None:
    first = tree({"registry.yaml": REGISTRY, "PERMISSIONS": LINES})
    one = step("admin", None, first, message="x\n\nGitreg-Answer: approved\n")
    assert said(one) == ["requests\n  the first commit can answer nothing"]


def test_a_merge_names_no_parent_twice() -> None:
    one = answered("approved", asking(), asking())
    assert said(one) == ["form\n  the commit names a parent twice"]
    main = replace(asking(), commit=replace(asking().commit, id="1" * 40))
    assert said(answered("approved", main)) == ["form\n  the commit names a parent twice"]


# --- four eyes -----------------------------------------------------------------------------------

FOUR = registry("rules: {self_approval: refuse}\n")


def alone(path: str, move: str) -> str:
    version_, stage = move.split(": ", maxsplit=1)[0], move.rpartition(" ")[2]
    return (
        f"requests  {path}\n  {move} needs a request by somebody else (rules.self_approval: "
        f"refuse)\n  hint: gitreg request create {version_} {stage}, and let somebody else "
        "approve it"
    )


def test_nobody_moves_a_version_into_production_alone() -> None:
    move = alone(V2, "fraud/2: Staging -> Production")
    assert said(step("carol", FOUR, changed(FOUR, LIVE))) == [move]
    assert said(step("admin", FOUR, changed(FOUR, LIVE))) == [move]
    assert said(step("carol", BASE, changed(BASE, LIVE))) == []


def test_nobody_takes_a_version_out_of_production_alone() -> None:
    for stage in ("Archived", "Staging"):
        then = changed(FOUR, {V1: version(stage)})
        assert said(step("carol", FOUR, then)) == [alone(V1, f"fraud/1: Production -> {stage}")]


def test_moves_between_open_stages_need_one_person() -> None:
    assert said(step("carol", FOUR, changed(FOUR, {V3: version("Staging")}))) == []


def test_a_request_of_somebody_else_makes_four_eyes() -> None:
    request = asking("bob", before=FOUR)
    edits = {**LIVE, V1: version("Archived")}
    assert said(answered("approved", request, before=FOUR)) == []
    assert said(answered("approved", request, before=FOUR, edits=edits)) == []
    assert said(answered("", request, before=FOUR, edits=edits)) == []


@pytest.mark.parametrize(("asks", "answers"), [("carol", "carol"), ("CAROL", "carol")])
def test_nobody_approves_a_request_of_his_own(asks: str, answers: str) -> None:
    one = answered("approved", asking(asks, before=FOUR), who=answers, before=FOUR)
    assert said(one) == [alone(V2, "fraud/2: Staging -> Production")]


def test_nobody_archives_alone_what_he_replaces_alone() -> None:
    edits = {**LIVE, V1: version("Archived")}
    told = [alone(V2, "fraud/2: Staging -> Production")]
    assert said(step("carol", FOUR, changed(FOUR, edits))) == told
    own = asking("carol", before=FOUR)
    assert said(answered("approved", own, before=FOUR, edits=edits)) == told


def test_a_request_for_something_else_covers_nothing() -> None:
    staging = asking("bob", {V3: version("Staging")}, before=FOUR)
    one = answered("approved", staging, before=FOUR, edits={V3: version("Staging"), **LIVE})
    assert reasons(one) == [
        "fraud/2: Staging -> Production: the request asks for fraud/3 -> Staging alone"
    ]


def test_ones_own_request_may_be_rejected_and_approved_with_anothers() -> None:
    own = asking("carol", before=FOUR)
    other = asking("bob", before=FOUR, number=8)
    assert said(answered("rejected", own, before=FOUR)) == []
    assert said(answered("cancelled", own, before=FOUR)) == []
    assert said(answered("approved", own, other, before=FOUR)) == []


def test_of_several_actors_one_is_not_the_requester() -> None:
    one = replace(answered("approved", asking("carol", before=FOUR), before=FOUR), pusher=None)
    assert len(said(one)) == 1
    assert len(said(replace(one, approvers=("carol", "CAROL")))) == 1
    assert said(replace(one, approvers=("dave",))) == []


def test_approvers_make_no_four_eyes_without_a_request() -> None:
    one = replace(step("carol", FOUR, changed(FOUR, LIVE), pushed=False), approvers=("dave",))
    assert said(one) == [alone(V2, "fraud/2: Staging -> Production")]


def test_four_eyes_are_those_of_the_settings_before() -> None:
    off = {"registry.yaml": REGISTRY, **LIVE}
    assert said(step("admin", FOUR, changed(FOUR, off))) == [
        alone(V2, "fraud/2: Staging -> Production")
    ]
    on = {"registry.yaml": REGISTRY + "rules: {self_approval: refuse}\n", **LIVE}
    assert said(step("admin", BASE, changed(BASE, on))) == []
