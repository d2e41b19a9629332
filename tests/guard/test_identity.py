"""Identity: the commit names who acts, and when."""

from dataclasses import replace

import pytest
from support import (
    NOON,
    REGISTRY,
    changed,
    comment,
    commit,
    files,
    said,
    step,
    tree,
    version,
)

from gitreg.domain.commits import Commit, Signature
from gitreg.domain.settings import Delegate, Identity
from gitreg.guard.identity import TOLERANCE, check_committer, check_time
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step

V3 = "models/fraud/versions/3.yaml"
NOTE = f"models/fraud/comments/3/{'a' * 32}.yaml"
PERMISSIONS = "/ manage admin admin@acme.com\n/ read @everyone\n* edit alice alice@acme.com\n"


def registry(settings: str = "", **content: str) -> Snapshot:
    base = {"registry.yaml": REGISTRY + settings, "PERMISSIONS": PERMISSIONS}
    return tree(files() | base | content)


BASE = registry()


def describing(before: Snapshot, who: Commit, pusher: str | None) -> Step:
    """Give a step that needs edit."""
    then = changed(before, {V3: version() + "description: d\n"})
    return replace(step("x", before, then), commit=who, pusher=pusher)


# --- the committer -------------------------------------------------------------------------------


def test_who_pushes_is_who_commits() -> None:
    assert said(describing(BASE, commit("alice"), "alice")) == []


def test_nobody_pushes_commits_of_somebody_else() -> None:
    example = Signature("Alice Example", "alice@acme.com", NOON)
    one = describing(BASE, replace(commit("alice"), committer=example), "alice")
    assert said(one)[0] == (
        'identity\n  committer "Alice Example <alice@acme.com>" is not alice, who pushes\n'
        "  hint: git config user.name alice && git commit --amend --reset-author --no-edit"
    )


@pytest.mark.parametrize("who", ["Alice", "alice.", "ALICE", "alice@acme.com"])
def test_names_are_compared_as_they_are(who: str) -> None:
    assert said(describing(BASE, commit(who), "alice"))[0].startswith("identity\n  committer")


def test_the_author_of_a_commit_does_not_matter() -> None:
    assert said(describing(BASE, commit("alice", author="eve"), "alice")) == []
    assert len(said(describing(BASE, commit("eve", author="alice"), "eve"))) == 1


def test_people_may_be_known_by_their_addresses() -> None:
    before = registry("identity: {principal: email}\n")
    assert said(describing(before, commit("Anyone"), "anyone@acme.com")) != []
    who = replace(commit("x"), committer=Signature("Alice Example", "alice@acme.com", NOON))
    assert said(describing(before, who, "alice@acme.com")) == []
    assert said(describing(before, who, "admin@acme.com"))[0] == (
        'identity\n  committer "Alice Example <alice@acme.com>" is not admin@acme.com, who pushes\n'
        "  hint: git config user.email admin@acme.com && git commit --amend --reset-author "
        "--no-edit"
    )


def test_without_a_transport_the_committer_is_taken_at_his_word() -> None:
    [judged] = verify([describing(BASE, commit("alice"), None)]).accepted
    assert judged.actor == "alice"


def test_a_ci_system_may_say_who_acts() -> None:
    one = replace(describing(BASE, commit("web-flow"), None), claimed_actor="alice")
    [judged] = verify([one]).accepted
    assert judged.actor == "alice"
    assert said(replace(one, claimed_actor="eve")) != []


@pytest.mark.parametrize("who", ["Alice Example", "élise", "@everyone", "@risk", "a" * 201])
def test_an_actor_is_a_principal(who: str) -> None:
    told = said(describing(BASE, commit(who), who))
    assert told[0] == (
        f"identity\n  the actor {who!a} is not a user name\n"
        "  hint: ASCII letters, digits and . _ + @ - (not @ first), at most 200"
    )


def test_an_approver_is_a_principal_too() -> None:
    one = replace(describing(BASE, commit("alice"), None), approvers=("Lead Person",))
    assert said(one) == [
        (
            "identity\n  the actor 'Lead Person' is not a user name\n"
            "  hint: ASCII letters, digits and . _ + @ - (not @ first), at most 200"
        )
    ]


# --- delegates -----------------------------------------------------------------------------------

SERVER = registry("identity: {delegates: [{name: api, vouches: committer}]}\n")
BUTTON = registry("identity: {delegates: [{name: hub, vouches: author}]}\n")


def actor(one: Step) -> str:
    [judged] = verify([one]).accepted
    return judged.actor


def test_a_server_that_knows_its_users_pushes_their_commits() -> None:
    assert actor(describing(SERVER, commit("alice"), "api")) == "alice"
    assert actor(describing(SERVER, commit("alice"), "alice")) == "alice"


def test_such_a_server_cannot_vouch_for_an_author() -> None:
    told = said(describing(SERVER, commit("api", author="alice"), "api"))
    assert [one.split("\n")[1] for one in told] == [
        '  fraud/3: description set to "d" needs edit; api has none'
    ]


def test_a_merge_button_commits_itself_for_the_author() -> None:
    assert actor(describing(BUTTON, commit("hub", author="alice"), "hub")) == "alice"
    assert actor(describing(BUTTON, commit("hub", author="alice"), None)) == "alice"


def test_a_merge_button_cannot_push_what_it_did_not_commit() -> None:
    told = said(describing(BUTTON, commit("admin", author="alice"), "hub"))
    assert told[0].split("\n")[1] == ('  committer "admin <admin@acme.com>" is not hub, who pushes')


def test_nobody_but_the_merge_button_pushes_its_commits() -> None:
    told = said(describing(BUTTON, commit("hub", author="admin"), "eve"))
    assert told[0].split("\n")[1] == '  committer "hub <hub@acme.com>" is not eve, who pushes'
    told = said(describing(BUTTON, commit("eve", author="admin"), "eve"))
    assert [one.split("\n")[1] for one in told] == [
        '  fraud/3: description set to "d" needs edit; eve has read'
    ]


def test_a_delegate_that_is_named_by_a_commit_alone_is_none() -> None:
    then = changed(
        BASE,
        {
            "registry.yaml": REGISTRY + "identity: {delegates: [{name: eve, vouches: author}]}\n",
            "README.md": "x",
        },
    )
    one = replace(step("eve", BASE, then), commit=commit("eve", author="admin"))
    assert [told.split("\n")[1] for told in said(one)] == [
        "  settings changed: identity.delegates needs manage; eve has read",
        "  README.md added needs manage; eve has read",
        '  eve, whose commit this is, would not manage "/"',
    ]


def test_the_settings_before_decide_how_people_are_known() -> None:
    identity = Identity(delegates=(Delegate("hub", "author"),))
    hub = commit("hub", author="alice")
    assert list(check_committer(hub, identity, "hub")) == []
    assert len(list(check_committer(hub, Identity(principal="email"), "hub"))) == 1
    assert list(check_committer(hub, Identity(principal="email"), "hub@acme.com")) == []


# --- comments ------------------------------------------------------------------------------------


def test_nobody_comments_in_anothers_name() -> None:
    then = changed(BASE, {NOTE: comment("alice", "hi")})
    assert said(step("alice", BASE, then)) == []
    for who in ("bob", "admin"):
        assert said(step(who, BASE, then)) == [
            f"identity  {NOTE}\n  a comment of alice can be written by alice alone, not by {who}"
        ]


@pytest.mark.parametrize("text", [comment("alice", "changed"), comment("alice", "hi") + "# x\n"])
def test_nobody_edits_anothers_comment(text: str) -> None:
    before = changed(BASE, {NOTE: comment("alice", "hi")})
    then = changed(before, {NOTE: text})
    assert said(step("alice", before, then)) == []
    assert said(step("admin", before, then)) == [
        f"identity  {NOTE}\n  a comment of alice can be edited by alice alone, not by admin"
    ]


def test_an_approver_does_not_lend_his_name_to_a_comment() -> None:
    then = changed(BASE, {NOTE: comment("alice", "hi")})
    one = replace(step("bob", BASE, then, pushed=False), approvers=("alice",))
    assert len(said(one)) == 1


def test_a_merge_button_comments_for_the_author() -> None:
    then = changed(BUTTON, {NOTE: comment("alice", "hi")})
    one = replace(step("hub", BUTTON, then), commit=commit("hub", author="alice"))
    assert said(one) == []


# --- time ----------------------------------------------------------------------------------------

MS = NOON * 1000
FIX = "\n  hint: set the clock, then: git commit --amend --reset-author --no-edit"
TRUST = registry("rules: {clock: trust}\n")


@pytest.mark.parametrize("late", [0, 1000, TOLERANCE])
def test_two_clocks_may_differ_by_five_minutes(late: int) -> None:
    one = describing(BASE, commit("alice"), "alice")
    assert said(replace(one, parent_time=MS + late, now=MS - late)) == []


def test_a_commit_is_not_older_than_its_parent() -> None:
    one = describing(BASE, commit("alice"), "alice")
    assert said(replace(one, parent_time=MS + TOLERANCE + 1)) == [
        (
            "identity\n  its time 2026-01-01T12:00:00.000Z is more than five minutes before its "
            f"parent's, 2026-01-01T12:05:00.001Z{FIX}"
        )
    ]


def test_a_commit_is_not_of_the_future() -> None:
    one = describing(BASE, commit("alice"), "alice")
    assert said(replace(one, now=MS - TOLERANCE - 1)) == [
        (
            "identity\n  its time 2026-01-01T12:00:00.000Z is more than five minutes ahead: it is "
            f"2026-01-01T11:54:59.999Z{FIX}"
        )
    ]


def test_a_registry_may_trust_every_clock() -> None:
    one = describing(TRUST, commit("alice"), "alice")
    assert said(replace(one, parent_time=MS * 2, now=0)) == []


def test_the_rule_about_clocks_before_the_commit_counts() -> None:
    then = changed(BASE, {"registry.yaml": REGISTRY + "rules: {clock: trust}\n"})
    one = replace(step("admin", BASE, then), now=0)
    assert len(said(one)) == 1
    assert said(replace(one, now=None)) == []


def test_a_time_is_refined_by_its_trailer() -> None:
    message = "m\n\nGitreg-Time: 2026-01-01T12:00:00.500Z\n"
    one = describing(BASE, commit("alice", message=message), "alice")
    assert said(replace(one, parent_time=MS + TOLERANCE + 500)) == []
    assert len(said(replace(one, parent_time=MS + TOLERANCE + 501))) == 1


@pytest.mark.parametrize("settings", ["", "rules: {clock: trust}\n"])
@pytest.mark.parametrize("key", ["Gitreg-Time", "Gitreg-Original-Time"])
def test_a_time_can_be_read(key: str, settings: str) -> None:
    before = registry(settings)
    then = changed(before, {"README.md": "x"})
    sound = f"m\n\n{key}: 2020-01-01T00:00:00.000Z\n"
    assert said(step("admin", before, then, message=sound)) == []
    assert said(step("admin", before, then, message=f"m\n\n{key}: soon\n")) == [
        f"identity\n  {key}: 'soon' is not a time\n  hint: write 2026-01-31T12:00:00.123Z"
    ]


def test_a_time_is_judged_without_a_step_too() -> None:
    assert list(check_time(commit(), parent_time=None, now=None, strict=True)) == []
    assert len(list(check_time(commit(), parent_time=2 * MS, now=0, strict=True))) == 2
