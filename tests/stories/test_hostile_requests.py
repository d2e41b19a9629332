"""Pushes that bend requests: merged by the dozen, swapped, replayed, and asked of what moved on."""

from collections.abc import Mapping

import pytest
from support import MODEL, version
from world import Clone, Push, World, request_branch

PEOPLE = """\
/      read               @everyone
*      manage-production  carol
*      manage             meg
"""


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("requests"), permissions=PEOPLE)
    numbers = {f"models/fraud/versions/{n}.yaml": version() for n in range(1, 4)}
    world.settle({"models/fraud/model.yaml": MODEL, **numbers})
    return world


@pytest.fixture
def bob(world: World) -> Clone:
    return world.clone("bob").fresh()


@pytest.fixture
def carol(world: World) -> Clone:
    return world.clone("carol").fresh()


def branch(number: int, user: str = "bob", stage: str = "Staging", name: str = "fraud") -> str:
    return request_branch(name, number, stage, user)


def with_files(clone: Clone, tree: str, files: Mapping[str, str]) -> str:
    """Give a commit whose tree is that of another with more files written."""
    clone.git("checkout", "-q", "--force", "--detach", tree)
    made = clone.write(files).commit()
    clone.git("checkout", "-q", "--force", "main")
    return made


def merged(clone: Clone, *tips: str, tree: str, message: str = "so be it") -> Push:
    """Push a merge of requests into main as it is, with a tree."""
    clone.fresh().merge(*tips, tree=tree, message=message)
    return clone.push()


# --- merges --------------------------------------------------------------------------------------


def test_an_octopus_answers_requests_alone(world: World, bob: Clone, carol: Clone) -> None:
    assert bob.ask("fraud", 1, "Staging").accepted
    assert carol.ask("fraud", 1, "Staging").accepted
    asked = [carol.branch("fraud", 1, "Staging", user) for user in ("bob", "carol")]
    never = carol.on("origin/main", tree=asked[0])
    orphan = carol.git("commit-tree", f"{asked[0]}^{{tree}}", "-m", "from nowhere")
    for more, told in (
        (never, "asked by carol) is not an open request"),
        (orphan, "is no request: it needs one parent"),
        (carol.git("rev-parse", "origin/main~1"), "is no request"),
    ):
        push = merged(carol, *asked, more, tree=asked[0])
        assert push.refused, told
        assert told in push.text
    assert merged(carol, *asked, tree=asked[0]).accepted
    assert world.requests == []


def test_a_merge_of_what_nobody_asked_is_refused(bob: Clone, carol: Clone) -> None:
    """Also where somebody pushed it to a branch of his own."""
    tip = bob.move("fraud", 1, "Staging")
    assert bob.push("main:refs/heads/bob/topic").accepted
    push = merged(carol, carol_fetches(carol, tip, "bob/topic"), tree=tip)
    assert push.refused
    assert "(fraud/1 -> Staging asked by bob) is not an open request" in push.text
    assert bob.push(f"{tip}:{branch(1)}").accepted
    assert merged(carol, tip, tree=tip).accepted


def carol_fetches(carol: Clone, tip: str, name: str) -> str:
    carol.git("fetch", "-q", "origin", name)
    assert carol.git("rev-parse", "FETCH_HEAD") == tip
    return tip


# --- requests ------------------------------------------------------------------------------------


def test_a_request_is_not_swapped_after_somebody_looked_at_it(
    world: World, bob: Clone, carol: Clone
) -> None:
    assert bob.ask("fraud", 1, "Staging", "a small one").accepted
    seen = carol.branch("fraud", 1, "Staging", "bob")
    bob.move("fraud", 1, "Staging", "another one")
    assert bob.push(f"+main:{branch(1)}").refused
    tip = bob.fresh().branch("fraud", 1, "Staging")
    assert merged(bob, tip, tree="HEAD", message="no\n\nGitreg-Answer: cancelled").accepted
    bob.move("fraud", 1, "Staging", "another one")
    assert bob.push(f"main:{branch(1)}").accepted
    push = merged(carol, seen, tree=seen)
    assert push.refused
    assert f"commit {seen[:7]} (fraud/1 -> Staging asked by bob) is not an open" in push.text
    other = carol.branch("fraud", 1, "Staging", "bob")
    assert merged(carol, other, tree=other).accepted


def test_a_request_starts_at_a_step_of_main_and_not_at_what_it_merged(
    bob: Clone, carol: Clone
) -> None:
    assert bob.ask("fraud", 1, "Staging").accepted
    tip = carol.branch("fraud", 1, "Staging", "bob")
    assert merged(carol, tip, tree=tip).accepted
    bob.fresh().git("reset", "-q", "--hard", tip)
    aside = bob.stage("fraud", 2, "Staging")
    assert bob.git("merge-base", tip, "origin/main") == tip
    push = bob.push(f"{aside}:{branch(2)}")
    assert push.refused
    assert push.told[2:4] == (
        "    a request starts at one of the last 1000 commits of main",
        "    hint: git rebase origin/main",
    )
    bob.git("rebase", "-q", "--onto", "origin/main", tip, "main")
    assert bob.push(f"main:{branch(2)}").accepted


def test_a_request_for_a_model_that_is_gone_is_not_answered(
    world: World, bob: Clone, carol: Clone
) -> None:
    assert bob.ask("fraud", 1, "Staging").accepted
    tip = carol.branch("fraud", 1, "Staging", "bob")
    meg = world.clone("meg").fresh()
    meg.git("rm", "-rq", "models/fraud")
    meg.commit("gone")
    assert meg.push().accepted
    for outcome in ("approved", "rejected"):
        push = merged(carol, tip, tree="HEAD", message=f"so\n\nGitreg-Answer: {outcome}")
        assert push.refused
        assert "is void: there is no version fraud/1 any more" in push.text
    push = bob.fresh().push(f"{bob.on('main', tree=tip)}:{branch(1, stage='Archived')}")
    assert push.refused
    assert "is no request" in push.text
    assert bob.push(f":{branch(1)}").accepted
    assert world.requests == []


def test_a_request_does_not_outlive_the_rename_of_its_model(
    world: World, bob: Clone, carol: Clone
) -> None:
    assert bob.ask("fraud", 1, "Staging").accepted
    tip = carol.branch("fraud", 1, "Staging", "bob")
    meg = world.clone("meg").fresh()
    meg.git("mv", "models/fraud", "models/scam")
    meg.commit("another name")
    assert meg.push(f"main:{branch(2, 'meg')}").refused
    assert meg.push().accepted
    for tree in ("HEAD", tip):
        push = merged(carol, tip, tree=tree, message="yes\n\nGitreg-Answer: approved")
        assert push.refused
    assert "is void: there is no version fraud/1 any more" in push.text
    assert bob.ask("scam", 1, "Staging").accepted
    assert bob.push(f":{branch(1)}").accepted
    tip = carol.branch("scam", 1, "Staging", "bob")
    assert merged(carol, tip, tree=tip).accepted


def test_a_request_is_for_one_name_of_a_model(world: World) -> None:
    """Neither the request nor its answer renames the model as well."""
    meg = world.clone("meg").fresh()
    meg.stage("fraud", 1, "Staging")
    meg.git("mv", "models/fraud", "models/scam")
    meg.commit("moved and renamed")
    both = meg.on("origin/main")
    for name in ("fraud", "scam"):
        push = meg.push(f"{both}:{branch(1, 'meg', name=name)}")
        assert push.refused
        assert "is no request" in push.text
    assert meg.ask("fraud", 1, "Staging").accepted
    tip = meg.fresh().branch("fraud", 1, "Staging")
    push = merged(meg, tip, tree=both)
    assert push.refused
    assert merged(meg, tip, tree=tip).accepted


# --- permissions that move -----------------------------------------------------------------------


def test_an_approval_brings_no_permissions(world: World, bob: Clone) -> None:
    assert bob.ask("fraud", 1, "Staging").accepted
    meg = world.clone("meg").fresh()
    tip = meg.branch("fraud", 1, "Staging", "bob")
    gift = with_files(meg, tip, {"models/fraud/PERMISSIONS": "manage bob\n"})
    push = merged(meg, tip, tree=gift)
    assert push.refused
    assert (
        "    permissions of fraud changed: + manage bob: the request asks for fraud/1 -> Staging "
        "alone"
    ) in push.told
    assert merged(meg, tip, tree=tip).accepted


def test_an_approval_needs_the_level_that_is_in_force_when_it_arrives(
    world: World, bob: Clone, carol: Clone
) -> None:
    assert bob.ask("fraud", 1, "Production").accepted
    tip = carol.branch("fraud", 1, "Production", "bob")
    early = carol.merge(tip, tree=tip)
    root = world.clone("root").fresh()
    text = root.read("PERMISSIONS")
    world.settle({"PERMISSIONS": text.replace("manage-production  carol", "edit carol")})
    for push in (carol.push(), carol.push("+main:main")):
        assert push.refused
    assert carol.git("rev-parse", "main") == early
    after = carol.fresh().stage("fraud", 1, "Production")
    push = merged(carol, tip, tree=after)
    assert push.refused
    assert "    fraud/1: None -> Production needs manage-production; carol has edit" in push.told
    world.settle({"PERMISSIONS": text})
    after = carol.fresh().stage("fraud", 1, "Production")
    assert merged(carol, tip, tree=after).accepted


def test_a_level_given_by_a_push_opens_no_other_ref_of_it(world: World) -> None:
    """Git may let main lose its race and still move the other ref."""
    root = world.clone("root").fresh()
    text = root.read("PERMISSIONS")
    world.settle({"PERMISSIONS": text.replace("/      read               @everyone\n", "")})
    eve = world.clone("eve")
    files = {"models/mine/model.yaml": MODEL, "models/mine/PERMISSIONS": "manage eve\n"}
    eve.put({**files, "models/mine/versions/1.yaml": version()})
    start = eve.git("rev-parse", "HEAD")
    asked = eve.stage("mine", 1, "Staging")
    eve.git("reset", "-q", "--hard", start)
    both = ("main:refs/heads/eve/topic", f"{asked}:{branch(1, 'eve', name='mine')}")
    push = eve.push("main", *both)
    assert push.refused
    assert "    eve may read nothing here" in push.told
    assert "    a request starts at one of the last 1000 commits of main" in push.told
    assert eve.push("main").accepted
    assert eve.push(*both).accepted
