"""What a commit on main, or a request's tip, says: who acts, what is asked and what is answered."""

from dataclasses import replace

import pytest
from support import MODEL, NOON, REGISTRY, changed, commit, files, planted, step, tip, tree, version

from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import Answer, Outcome, RequestName, TransitionRequest
from gitreg.domain.settings import Delegate, Identity
from gitreg.domain.verdict import Violation
from gitreg.errors import CorruptError, InvalidValueError
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Tip, actor_of, answers, asked, request_comment, void
from gitreg.manifest.trees import FILE

SECOND = VersionRef(ModelName("fraud"), 2)
VERSION_2 = "models/fraud/versions/2.yaml"
PLAIN = Identity()


def _moved(before: Snapshot, stage: str = "Production", number: int = 2) -> Snapshot:
    return changed(before, {f"models/fraud/versions/{number}.yaml": version(stage)})


def _request(who: str = "bob", *, number: int = 9, stage: str = "Production") -> Tip:
    before = tree(files())
    return tip(who, before, _moved(before, stage), number=number)


# --- who acts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identity", "pusher", "actor"),
    [
        (PLAIN, None, "alice"),
        (PLAIN, "bot", "alice"),
        (Identity("email"), None, "alice@acme.com"),
        (Identity(delegates=(Delegate("bot", "committer"),)), "bot", "alice"),
        (Identity(delegates=(Delegate("bot", "author"),)), "bot", "carol"),
        (Identity("email", (Delegate("bot", "author"),)), "bot", "carol@acme.com"),
        (Identity(delegates=(Delegate("alice", "author"),)), None, "carol"),
        (Identity(delegates=(Delegate("bot", "author"),)), None, "alice"),
    ],
)
def test_the_actor_is_the_committer_or_whom_a_delegate_vouches_for(
    identity: Identity, pusher: str | None, actor: str
) -> None:
    assert actor_of(commit("alice", author="carol"), identity, pusher) == actor


def test_a_step_is_judged_by_the_identity_of_the_tree_before() -> None:
    before = tree(files())
    after = changed(before, {"registry.yaml": f"{REGISTRY}identity: {{principal: email}}\n"})
    assert step("alice", before, after).actor == "alice"
    assert step("alice", before, after).law is before
    assert step("alice", None, after).actor == "alice@acme.com"
    assert step("alice", None, after).law is after


def test_a_system_that_judges_pull_requests_may_tell_the_actor_and_approvers() -> None:
    before = tree(files())
    one = step("alice", before, before)
    assert one.actors == ("alice",)
    told = replace(one, claimed_actor="carol", approvers=("dave", "carol"))
    assert told.actor == "carol"
    assert told.actors == ("carol", "dave")


def test_an_object_that_is_missing_is_a_violation_of_the_step() -> None:
    before = tree(files())
    after = planted(before, "models/fraud/README.md", FILE, "b" * 40)
    found = step("alice", before, after)
    assert found.changes == ()
    assert found.difference.violations == (Violation("form", f"object {'b' * 40} is missing"),)


# --- what is asked -----------------------------------------------------------------------------


def test_a_tip_asks_for_one_transition() -> None:
    found = asked(_request(), PLAIN)
    assert found == TransitionRequest(
        RequestName(SECOND, "Production", "bob"),
        f"{9:040x}",
        "1" * 40,
        "Staging",
        "a commit",
        NOON * 1000,
        tree(files()).version(SECOND).immutable,
    )


@pytest.mark.parametrize(
    ("message", "comment"),
    [
        ("Request fraud/2 -> Production\n", ""),
        ("Request fraud/2 -> Production\n\nplease\n\nnow\n", "please\n\nnow"),
        (
            "Request fraud/2 -> Production\n\nplease\n\nGitreg-Time: 2026-01-01T12:00:00.123Z\n",
            "please",
        ),
        ("please\n\nsoon\n", "please\n\nsoon"),
        ("please\n", "please"),
    ],
)
def test_the_requesters_words_are_the_message_without_ours(message: str, comment: str) -> None:
    name = RequestName(SECOND, "Production", "bob")
    assert request_comment(commit(message=message), name) == comment


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ({}, "it must hold one stage transition (it changes nothing)"),
        (
            {"models/fraud/model.yaml": f"{MODEL}description: x\n"},
            'it must hold one stage transition (fraud: description set to "x")',
        ),
        (
            {
                VERSION_2: version("Production"),
                "models/fraud/versions/3.yaml": version("Staging"),
            },
            (
                "it must hold one stage transition "
                "(fraud/2: Staging -> Production; fraud/3: None -> Staging)"
            ),
        ),
        ({VERSION_2: version("Nowhere")}, "'Nowhere' is not a stage of this registry; they are"),
    ],
)
def test_a_tip_that_holds_anything_else_is_no_request(then: dict[str, str], told: str) -> None:
    before = tree(files())
    with pytest.raises(InvalidValueError) as caught:
        asked(tip("bob", before, changed(before, then)), PLAIN)
    assert str(caught.value).startswith(f"commit 0000000 is no request: {told}")


def test_a_tip_has_one_parent_and_no_faults() -> None:
    one = _request()
    merge = replace(one, commit=commit("bob", parents=("1" * 40, "2" * 40)))
    for strange in (merge, replace(one, before=None)):
        with pytest.raises(InvalidValueError) as caught:
            asked(strange, PLAIN)
        assert str(caught.value) == "commit 0000000 is no request: it needs one parent"
    faulty = replace(one, commit=replace(one.commit, faults=("is not UTF-8",)))
    with pytest.raises(InvalidValueError, match=r"^commit 0000000 is not UTF-8$"):
        asked(faulty, PLAIN)


def test_a_request_is_named_as_identity_says() -> None:
    assert asked(_request(), Identity("email")).requester == "bob@acme.com"


# --- whether it still counts -------------------------------------------------------------------


RETIRED = (
    "stages: [{name: None}, {name: Staging}, {name: Production, retired: true}, {name: Archived}]\n"
)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({}, ""),
        ({VERSION_2: version("Archived")}, ""),
        ({VERSION_2: version("Production")}, "fraud/2 is in Production already"),
        ({VERSION_2: None}, "there is no version fraud/2 any more"),
        (
            {VERSION_2: version("Staging", "source: s3://ml/2\n")},
            "fraud/2 is not the version it was asked for",
        ),
        (
            {"registry.yaml": REGISTRY + RETIRED},
            "the stage Production is not in use any more",
        ),
        (
            {"registry.yaml": f"{REGISTRY}stages: [{{name: None}}, {{name: Archived}}]\n"},
            "the stage Production is not in use any more",
        ),
    ],
)
def test_a_request_is_void_when_it_makes_no_sense_any_more(
    now: dict[str, str | None], reason: str
) -> None:
    request = asked(_request(), PLAIN)
    assert void(request, changed(tree(files()), now)) == reason


def _pinned(digit: str) -> str:
    digest = f"sha256:{digit * 64}"
    return f"source: s3://ml/1\nartifact: {{digest: {digest}, size: 1, files: 1}}\n"


@pytest.mark.parametrize(
    ("then", "now", "reason"),
    [
        (_pinned("a"), _pinned("a"), ""),
        (_pinned("a"), _pinned("b"), "fraud/2 is not the version it was asked for"),
        ("source: s3://ml/1\n", _pinned("a"), ""),
    ],
    ids=["the same files", "other files", "files pinned since"],
)
def test_a_request_counts_for_the_files_it_was_asked_for(then: str, now: str, reason: str) -> None:
    before = changed(tree(files()), {VERSION_2: version("Staging", then)})
    after = changed(before, {VERSION_2: version("Production", then)})
    request = asked(tip("bob", before, after, number=9), PLAIN)
    assert void(request, changed(before, {VERSION_2: version("Staging", now)})) == reason


def test_a_request_is_about_the_files_that_the_version_had() -> None:
    pin = "artifact: {{digest: 'sha256:{}', size: 1, files: 1}}\n"
    plain, one, other = (
        f"source: s3://ml/1\n{more}" for more in ("", *map(pin.format, ("0" * 64, "f" * 64)))
    )
    for then, now, reason in (
        (plain, one, ""),
        (one, one, ""),
        (one, other, "fraud/2 is not the version it was asked for"),
        (one, plain, "fraud/2 is not the version it was asked for"),
    ):
        before = tree(files(**{VERSION_2: version("Staging", then)}))
        after = changed(before, {VERSION_2: version("Production", then)})
        request = asked(tip("bob", before, after), PLAIN)
        assert request.pinned == before.version(SECOND).artifact
        assert void(request, changed(before, {VERSION_2: version("Staging", now)})) == reason


# --- what is answered --------------------------------------------------------------------------


def _answer(outcome: str, *tips: Tip, moved: bool = False) -> Answer | None:
    before = tree(files())
    message = f"Answer\n\nfine\n\nGitreg-Answer: {outcome}\n" if outcome else "Merge\n\nfine\n"
    after = _moved(before) if moved else before
    one = step("carol", before, after, tips=tips, message=message)
    assert one.answer == answers(one)
    return one.answer


@pytest.mark.parametrize("outcome", Outcome)
def test_a_merge_answers_the_requests_whose_tips_it_holds(outcome: Outcome) -> None:
    bobs, daves = _request("bob"), _request("dave", number=8)
    found = _answer(outcome, bobs, daves, moved=outcome is Outcome.APPROVED)
    assert found == Answer(outcome, (asked(bobs, PLAIN), asked(daves, PLAIN)), "fine")
    assert str(found) == f"fraud/2 -> Production: request by bob, dave {outcome}"


def test_a_hosts_merge_that_moves_the_version_counts_as_approved() -> None:
    found = _answer("", _request(), moved=True)
    assert found is not None
    assert found.outcome is Outcome.APPROVED


def test_a_merge_that_says_and_moves_nothing_answers_nothing() -> None:
    assert _answer("", _request()) is None
    assert _answer("", _request(stage="Archived"), moved=True) is None


def test_a_merge_that_is_not_well_formed_answers_nothing() -> None:
    before = tree(files())
    nothing = tip("bob", before, before)
    unreadable = tip("bob", before, Snapshot(before.objects, "b" * 40))
    assert _answer("approved", moved=True) is None
    assert _answer("agreed", _request()) is None
    assert _answer("approved", _request(), nothing) is None
    assert _answer("approved", _request(), _request("dave", stage="Archived")) is None
    assert _answer("rejected", unreadable) is None
    first = step(
        "carol", None, before, tips=(_request(),), message="x\n\nGitreg-Answer: rejected\n"
    )
    assert first.answer is None


def test_a_tip_whose_tree_cannot_be_read_is_corrupt() -> None:
    before = tree(files())
    unreadable = planted(before, "models/fraud/README.md", FILE, "b" * 40)
    with pytest.raises(CorruptError, match=f"^object {'b' * 40} is missing$"):
        asked(tip("bob", before, unreadable), PLAIN)
