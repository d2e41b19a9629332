"""Branches other than main: which may exist, and who moves them."""

from dataclasses import replace

import pytest
from support import NOON, REGISTRY, changed, commit, files, tip, tree, version

from gitreg.domain.commits import Signature
from gitreg.domain.names import visible
from gitreg.domain.pushes import RefUpdate
from gitreg.guard.identity import TOLERANCE
from gitreg.guard.refs import RefCase, judge_ref
from gitreg.manifest.snapshot import Snapshot

V2 = "models/fraud/versions/2.yaml"
OLD, NEW = "1" * 40, "2" * 40
LINES = "/ manage admin\n* read @everyone\n"


def registry(settings: str = "", **content: str) -> Snapshot:
    return tree(files() | {"registry.yaml": REGISTRY + settings, "PERMISSIONS": LINES} | content)


MAIN = registry()
ASKED = tip("bob", MAIN, changed(MAIN, {V2: version("Production")}))
REQUEST = "refs/heads/requests/fraud/2/Production/bob"


def branch(name: str, pusher: str = "bob", main: Snapshot | None = MAIN) -> RefCase:
    return RefCase(RefUpdate(name, None, NEW), pusher, main)


def request(**more: object) -> RefCase:
    """Give bob's push of a request, sound but for what is said."""
    update = RefUpdate(REQUEST, None, NEW)
    return replace(RefCase(update, "bob", MAIN, tip=ASKED, recent=True), **more)  # type: ignore[arg-type]  # fields by name


def told(case: RefCase) -> list[str]:
    return [str(one) for one in judge_ref(case)]


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["refs/heads/bob/x", "refs/heads/bob/deep/er", "refs/heads/bob/a#b"]
)
def test_everybody_who_may_read_has_branches_of_his_own(name: str) -> None:
    assert told(branch(name)) == []
    for update in (RefUpdate(name, OLD, NEW), RefUpdate(name, OLD, None)):
        assert told(replace(branch(name), update=update)) == []


@pytest.mark.parametrize(
    "name",
    [
        "refs/tags/v1",
        "refs/notes/commits",
        "refs/replace/" + "1" * 40,
        "refs/heads/bob",
        "refs/heads/main",
        "refs/heads/HEAD",
        "refs/heads/bob/caf\u00e9",
        "refs/heads/bob/a\u200bb",
        "refs/heads/bob/\x7f",
        "HEAD",
        "refs/changes/1/2",
        "refs/heads/requests",
    ],
)
def test_no_other_refs_exist(name: str) -> None:
    for pusher in ("bob", "admin"):
        assert told(branch(name, pusher)) == [
            (
                f"form  {visible(name)}\n  no ref of this name may exist; main, requests/MODEL/"
                "NUMBER/STAGE/USER and USER/... are the branches there may be"
            )
        ]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("refs/heads/bob/main", "main"),
        ("refs/heads/bob/Main/x", "Main"),
        ("refs/heads/bob/HEAD", "HEAD"),
        ("refs/heads/refs/heads/main", "refs"),
        ("refs/heads/Requests/fraud/2/Production/bob", "Requests"),
        ("refs/heads/bob/-x", "-x"),
        ("refs/heads/-bob/x", "-bob"),
    ],
)
def test_no_branch_looks_like_another_thing(name: str, part: str) -> None:
    assert told(branch(name, "admin")) == [
        f"form  {name}\n  no branch may have a part called {part}"
    ]


def test_the_first_push_makes_main_alone() -> None:
    for name in ("refs/heads/bob/x", REQUEST):
        assert told(branch(name, "admin", None)) == [
            f"form  {name}\n  the first push into a registry makes main alone"
        ]


def test_a_branch_points_at_a_commit() -> None:
    for name in ("refs/heads/bob/x", REQUEST):
        case = replace(branch(name), is_commit=False)
        assert told(case) == [f"form  {name}\n  a branch points at a commit"]


# --- whose ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pusher", ["@ops", "@everyone", "Bob Builder", ""])
def test_who_has_no_user_name_has_no_branches(pusher: str) -> None:
    main = registry(PERMISSIONS=LINES + "@ops = admin\n/ manage @ops @everyone\n")
    for name in ("refs/heads/bob/x", f"refs/heads/{pusher}/x"):
        assert told(branch(name, pusher, main)) == [
            f"identity  {name}\n  '{pusher}' is not a user name"
        ]


def test_nobody_but_a_manager_moves_the_branches_of_others() -> None:
    name = "refs/heads/bob/x"
    assert told(branch(name, "admin")) == []
    assert told(branch(name, "eve")) == [
        f"access  {name}\n  only bob may push this branch, not eve\n  hint: call yours eve/x"
    ]
    assert len(told(branch("refs/heads/BOB/x"))) == 1


def test_who_may_read_nothing_has_no_branches() -> None:
    main = registry(PERMISSIONS="/ manage admin\nfraud read bob\n")
    assert told(branch("refs/heads/bob/x", "bob", main)) == []
    assert told(branch("refs/heads/eve/x", "eve", main)) == [
        "access  refs/heads/eve/x\n  eve may read nothing here"
    ]
    own = registry(**{"PERMISSIONS": "/ manage admin\n", "models/fraud/PERMISSIONS": "read eve\n"})
    assert told(branch("refs/heads/eve/x", "eve", own)) == []


@pytest.mark.parametrize("vouches", ["committer", "author"])
def test_a_delegate_moves_the_branches_of_others(vouches: str) -> None:
    main = registry(f"identity: {{delegates: [{{name: hub, vouches: {vouches}}}]}}\n")
    assert told(branch("refs/heads/bob/x", "hub", main)) == []
    assert told(branch("refs/heads/hub/x", "hub", main)) == []


# --- requests ------------------------------------------------------------------------------------


def test_who_may_read_asks_for_a_transition() -> None:
    assert told(request()) == []


def test_a_request_is_the_pushers_own() -> None:
    assert told(request(pusher="eve")) == [
        (
            f'identity  {REQUEST}\n  committer "bob <bob@acme.com>" is not eve, who pushes\n'
            "  hint: git config user.name eve && git commit --amend --reset-author --no-edit"
        )
    ]
    assert len(told(request(pusher="admin"))) == 1


def test_a_server_pushes_the_requests_of_its_users() -> None:
    main = registry("identity: {delegates: [{name: api, vouches: committer}]}\n")
    assert told(request(pusher="api", main=main)) == []


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/requests/fraud/2/Production/eve",
        "refs/heads/requests/fraud/2/Archived/bob",
        "refs/heads/requests/fraud/3/Production/bob",
        "refs/heads/requests/fraud/2/production/bob",
        "refs/heads/requests/anything",
    ],
)
def test_the_branch_of_a_request_says_what_it_asks(name: str) -> None:
    assert told(request(update=RefUpdate(name, None, NEW))) == [
        f"requests  {name}\n  the branch of this request is called {REQUEST}"
    ]


def test_a_request_needs_read() -> None:
    main = registry(PERMISSIONS="/ manage admin\nfraud read carol\n")
    assert told(request(main=main)) == [
        (
            f"access  {REQUEST}\n  a request for fraud/2 needs read; bob has none\n"
            "  who can: admin, carol"
        )
    ]


def test_a_requester_is_a_principal() -> None:
    who = tip("Bob Builder", MAIN, changed(MAIN, {V2: version("Production")}))
    update = RefUpdate("refs/heads/requests/fraud/2/Production/Bob%20Builder", None, NEW)
    case = request(update=update, pusher="Bob Builder", tip=who)
    assert told(case) == [f"identity  {update.name}\n  'Bob Builder' is not a user name"]


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        (
            {V2: version("Production"), "README.md": "x"},
            (
                "commit 0000000 is no request: it must hold one stage transition (README.md added; "
                "fraud/2: Staging -> Production)"
            ),
        ),
        (
            {},
            "commit 0000000 is no request: it must hold one stage transition (it changes nothing)",
        ),
    ],
)
def test_a_request_asks_for_one_transition(edits: dict[str, str], reason: str) -> None:
    assert told(request(tip=tip("bob", MAIN, changed(MAIN, edits)))) == [
        f"requests  {REQUEST}\n  {reason}"
    ]


def test_a_request_starts_at_a_recent_commit_of_main() -> None:
    assert told(request(recent=False)) == [
        (
            f"requests  {REQUEST}\n  a request starts at one of the last 1000 commits of main\n"
            "  hint: git rebase origin/main"
        )
    ]


def test_a_request_whose_tip_is_not_told_is_refused() -> None:
    assert told(request(tip=None)) == [f"requests  {REQUEST}\n  the request cannot be read"]


def test_a_request_that_would_be_void_is_refused() -> None:
    main = changed(MAIN, {V2: version("Production")})
    assert told(request(main=main)) == [
        f"requests  {REQUEST}\n  the request would be void: fraud/2 is in Production already"
    ]


def test_a_request_that_was_answered_is_not_made_again() -> None:
    assert told(request(replayed=True)) == [
        f"requests  {REQUEST}\n  this request was answered already"
    ]


@pytest.mark.parametrize("new", [NEW, None])
def test_an_open_request_ends_by_an_answer(new: str | None) -> None:
    for pusher in ("bob", "admin"):
        case = request(update=RefUpdate(REQUEST, OLD, new), pusher=pusher)
        assert told(case) == [
            (
                f"requests  {REQUEST}\n  the request is open: it ends by an answer\n"
                "  hint: gitreg request cancel"
            )
        ]


def test_a_request_that_is_over_is_removed_or_made_anew() -> None:
    for new, pusher in ((None, "bob"), (None, "eve"), (NEW, "bob")):
        case = request(update=RefUpdate(REQUEST, OLD, new), over="it was answered", pusher=pusher)
        assert told(case) == []
    case = request(update=RefUpdate(REQUEST, OLD, NEW), over="it was answered", pusher="eve")
    assert len(told(case)) == 1


def test_a_request_is_not_of_the_future() -> None:
    now = NOON * 1000 - TOLERANCE
    assert told(request(now=now)) == []
    assert told(request(now=now - 1)) == [
        (
            f"identity  {REQUEST}\n  its time 2026-01-01T12:00:00.000Z is more than five minutes "
            "ahead: it is 2026-01-01T11:54:59.999Z\n"
            "  hint: set the clock, then: git commit --amend --reset-author --no-edit"
        )
    ]
    assert told(request(now=0, main=registry("rules: {clock: trust}\n"))) == []


def test_people_known_by_their_addresses_ask_by_them() -> None:
    main = registry("identity: {principal: email}\n")
    name = "refs/heads/requests/fraud/2/Production/bob%40acme.com"
    who = replace(commit("x", number=9), committer=Signature("Bob B", "bob@acme.com", NOON))
    case = request(
        update=RefUpdate(name, None, NEW),
        pusher="bob@acme.com",
        main=main,
        tip=replace(ASKED, commit=who),
    )
    assert told(case) == []
