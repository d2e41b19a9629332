"""Pushes of other refs than main: which there may be, whose they are, and what requests may do."""

import os
import subprocess

import pytest
from support import MODEL, version
from world import Clone, World, git, request_branch

import gitreg

PEOPLE = """\
/      read               @everyone
fraud  manage-production  carol
fraud  manage             meg
"""
NOTHING = "0" * 40


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("refs"), permissions=PEOPLE)
    numbers = {f"models/fraud/versions/{n}.yaml": version() for n in range(1, 12)}
    world.settle({"models/fraud/model.yaml": MODEL, **numbers})
    return world


@pytest.fixture
def bob(world: World) -> Clone:
    return world.clone("bob").fresh()


@pytest.fixture
def carol(world: World) -> Clone:
    return world.clone("carol").fresh()


def branch(number: int, user: str = "bob", stage: str = "Staging") -> str:
    return request_branch("fraud", number, stage, user)


# --- names ---------------------------------------------------------------------------------------

NONE_SUCH = (
    "refs/tags/v1",
    "refs/notes/commits",
    f"refs/replace/{'1' * 40}",
    "refs/meta/config",
    "refs/pull/1/head",
    "refs/heads/foo",
    "refs/main",
    "refs/stash",
    "refs/remotes/origin/main",
    "refs/changes/01/1/1",
    "refs/for/main",
    "refs/merge-requests/1/head",
    "refs/bisect/bad",
    "refs/worktree/x",
    "refs/namespaces/x/refs/heads/main",
    "refs/heads/\N{FULLWIDTH LATIN SMALL LETTER M}ain",
    "refs/heads/Main",
    "refs/heads/HEAD",
    "refs/heads/-x",
    "refs/heads/ma\N{ZERO WIDTH SPACE}in",
    "refs/heads/\N{CYRILLIC SMALL LETTER EM}ain",
    "refs/heads/bob/\N{LATIN SMALL LETTER E WITH ACUTE}",
    "refs/heads/bob/a\N{LINE SEPARATOR}b",
)
LOOK_ALIKES = (
    "refs/heads/bob/main",
    "refs/heads/heads/mAIN",
    "refs/heads/bob/HEAD",
    "refs/heads/bob/refs/x",
    "refs/heads/bob/Requests/x",
    "refs/heads/bob/-x",
)


def test_there_are_no_refs_but_branches_of_three_kinds(world: World, bob: Clone) -> None:
    for name in ("refs/heads/bob/fine", "refs/heads/bob/a/b.c"):
        assert bob.push(f"main:{name}").accepted, name
    push = bob.push(*(f"main:{name}" for name in (*NONE_SUCH, *LOOK_ALIKES)))
    assert push.refused
    reasons = [line for line in push.told if line.startswith("    no ")]
    assert reasons[: len(NONE_SUCH)] == [
        (
            "    no ref of this name may exist; main, requests/MODEL/NUMBER/STAGE/USER and "
            "USER/... are the branches there may be"
        )
    ] * len(NONE_SUCH)
    assert reasons[len(NONE_SUCH) :] == [
        f"    no branch may have a part called {part}"
        for part in ("main", "mAIN", "HEAD", "refs", "Requests", "-x")
    ]
    assert "gitreg: refused refs/heads/ma\\u200bin by bob" in push.told


def test_each_bad_name_is_refused_alone_as_well(bob: Clone) -> None:
    assert bob.push("main:refs/tags/v2").refused
    assert bob.push("main:refs/heads/Main").refused


def test_a_branch_is_its_users_or_the_registrys_managers(world: World, bob: Clone) -> None:
    carol, root = world.clone("carol").fresh(), world.clone("root").fresh()
    push = bob.push("main:refs/heads/carol/topic")
    assert push.refused
    assert push.told == (
        "gitreg: refused refs/heads/carol/topic by bob",
        "  access  refs/heads/carol/topic",
        "    only carol may push this branch, not bob",
        "    hint: call yours bob/topic",
        "gitreg: nothing was changed",
    )
    assert carol.push("main:refs/heads/carol/topic").accepted
    assert carol.push("+main~1:refs/heads/carol/topic").accepted
    assert bob.push(":refs/heads/carol/topic").refused
    assert root.push(":refs/heads/carol/topic").accepted


# --- requests ------------------------------------------------------------------------------------


def test_a_request_asks_for_one_transition_and_nothing_else(world: World, bob: Clone) -> None:
    bob.stage("fraud", 1, "Staging")
    bob.stage("fraud", 2, "Staging")
    both = bob.on("origin/main")
    push = bob.push(f"{both}:{branch(1)}")
    assert push.refused
    assert push.rules == {"requests"}
    assert (
        f"    commit {both[:7]} is no request: it must hold one stage transition "
        "(fraud/1: None -> Staging; fraud/2: None -> Staging)"
    ) in push.told
    bob.fresh().write({"models/fraud/versions/1.yaml": version("Staging", "source: s3://x\n")})
    push = bob.push(f"{bob.commit()}:{branch(1)}")
    assert "is no request: fraud/1: source never changes" in push.text
    assert bob.ask("fraud", 1, "Staging").accepted


def test_a_request_stands_on_main_by_itself(bob: Clone) -> None:
    bob.stage("fraud", 2, "Staging")
    push = bob.push(f"{bob.stage('fraud', 2, 'Archived')}:{branch(2, stage='Archived')}")
    assert push.refused
    assert "    a request starts at one of the last 1000 commits of main" in push.told
    assert bob.ask("fraud", 2, "Archived").accepted


def test_nobody_asks_in_somebody_elses_name(bob: Clone) -> None:
    bob.move("fraud", 3, "Staging")
    push = bob.push(f"main:{branch(3, 'carol')}")
    assert push.refused
    assert f"    the branch of this request is called {branch(3)}" in push.told
    forged = bob.on("origin/main", GIT_COMMITTER_NAME="carol")
    push = bob.push(f"{forged}:{branch(3, 'carol')}")
    assert push.refused
    assert "is not bob, who pushes" in push.text
    for wrong in (branch(4), branch(3, stage="Production"), "refs/heads/requests/fraud/3"):
        assert bob.push(f"main:{wrong}").refused, wrong
    assert bob.push(f"main:{branch(3)}").accepted


def test_an_open_request_ends_by_an_answer_and_not_by_deletion(world: World, bob: Clone) -> None:
    assert bob.ask("fraud", 5, "Staging").accepted
    for spec in (f":{branch(5)}", f"+main~1:{branch(5)}"):
        push = bob.push(spec)
        assert push.refused
        assert push.told[2:4] == (
            "    the request is open: it ends by an answer",
            "    hint: gitreg request cancel",
        )
    tip = bob.fresh().branch("fraud", 5, "Staging")
    bob.merge(tip, message="never mind\n\nGitreg-Answer: cancelled")
    push = bob.push()
    assert push.accepted
    assert push.told == (
        "gitreg: fraud/5 stays as it is by bob, cancels bob's request for Staging",
    )
    assert branch(5) not in world.refs()
    assert world.registry().version("fraud/5").stage == "None"


def test_a_client_that_lies_to_git_deletes_no_open_request(world: World, bob: Clone) -> None:
    """Git deletes a ref whatever it holds if the client says that it is not there."""
    assert bob.ask("fraud", 6, "Staging").accepted
    before = world.refs()
    command = f"{NOTHING} {NOTHING} {branch(6)}\0report-status delete-refs".encode()
    told = subprocess.run(
        ["git", "receive-pack", str(world.path)],
        input=f"{len(command) + 4:04x}".encode() + command + b"0000",
        env=os.environ | {"GITREG_ACTOR": "mallory"},
        capture_output=True,
        check=False,
    )
    assert b"the request is open: it ends by an answer" in told.stderr
    assert world.refs() == before


def test_an_answered_request_cannot_be_asked_again(world: World, bob: Clone, carol: Clone) -> None:
    assert bob.ask("fraud", 7, "Staging").accepted
    asked = bob.branch("fraud", 7, "Staging")
    tip = carol.branch("fraud", 7, "Staging", "bob")
    carol.merge(tip, message="no\n\nGitreg-Answer: rejected")
    assert carol.push().accepted
    assert branch(7) not in world.refs()
    push = bob.push(f"{asked}:{branch(7)}")
    assert push.refused
    assert push.told[2] == "    this request was answered already"
    replayed = carol.fresh().merge(tip, tree=asked)
    push = carol.push()
    assert push.refused
    assert f"    commit {tip[:7]} (fraud/7 -> Staging asked by bob) is not an open request" in (
        push.told
    )
    assert push.told[0] == f"gitreg: refused {replayed[:7]} by carol"
    assert bob.ask("fraud", 7, "Staging", "please, again").accepted


def test_a_request_is_not_answered_by_the_push_that_makes_it(world: World, carol: Clone) -> None:
    carol.move("fraud", 8, "Staging")
    tip = carol.git("rev-parse", "HEAD")
    carol.fresh().merge(tip, tree=tip)
    push = carol.push("main", f"{tip}:{branch(8, 'carol')}")
    assert push.refused
    assert "asked by carol) is not an open request" in push.text
    assert carol.push(f"{tip}:{branch(8, 'carol')}").accepted
    assert carol.push("main").accepted
    assert branch(8, "carol") not in world.refs()


def test_a_void_request_may_be_deleted_or_asked_anew(world: World, bob: Clone) -> None:
    assert bob.ask("fraud", 9, "Staging").accepted
    carol = world.clone("carol")
    carol.move("fraud", 9, "Staging")
    assert carol.push().accepted
    assert branch(9) in world.refs()
    assert bob.push(f":{branch(9)}").accepted
    assert branch(9) not in world.refs()
    bob.fresh()
    push = bob.push(f"{bob.on('main')}:{branch(9)}")
    assert push.refused
    assert "is no request: it must hold one stage transition (it changes nothing)" in push.text


def test_whoever_may_not_read_a_model_may_not_ask_for_it(world: World) -> None:
    root = world.clone("root").fresh()
    text = root.read("PERMISSIONS")
    world.settle({"PERMISSIONS": text.replace("@everyone", "bob carol")})
    eve = world.clone("eve")
    push = eve.ask("fraud", 10, "Staging")
    assert push.refused
    assert push.told[1:4] == (
        f"  access  {branch(10, 'eve')}",
        "    a request for fraud/10 needs read; eve has none",
        "    who can: bob, carol, meg, root",
    )
    assert "    eve may read nothing here" in eve.push("main:refs/heads/eve/topic").told
    world.settle({"PERMISSIONS": text})
    assert eve.ask("fraud", 10, "Staging").accepted


def test_requests_of_a_branch_written_around_the_hook_count_for_nothing(world: World) -> None:
    main = world.refs()["refs/heads/main"]
    git(world.path, "update-ref", branch(11), main)
    registry = world.registry("bob")
    assert registry.requests(version="fraud/11") == ()
    with pytest.raises(gitreg.NotFoundError):
        world.registry("carol").approve("fraud/11", "Staging")
    assert world.clone("bob").ask("fraud", 11, "Staging").accepted
    [view] = registry.requests(version="fraud/11")
    assert view.request.requester == "bob"
