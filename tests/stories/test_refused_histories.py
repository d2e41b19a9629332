"""Pushes of main that must fail: smuggled, forged, rewritten, misshaped. Nothing moves."""

import time
from collections.abc import Iterator

import pytest
from plumbing import standing
from support import MODEL, comment, version
from world import Clone, World, git

PEOPLE = """\
/      read               @everyone
own    manage             alice
fraud  edit               bob
fraud  manage-production  carol
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("smuggled"), permissions=PEOPLE)
    for name in ("own", "fraud"):
        numbers = {f"models/{name}/versions/{n}.yaml": version() for n in range(1, 9)}
        card = {f"models/{name}/README.md": "# It\n"}
        world.settle({f"models/{name}/model.yaml": MODEL} | card | numbers)
    world.settle({"docs/a.md": "# Both are there\n"})
    return world


@pytest.fixture
def bob(world: World) -> Clone:
    return world.clone("bob").fresh()


@pytest.fixture
def carol(world: World) -> Clone:
    return world.clone("carol").fresh()


@pytest.fixture
def alice(world: World) -> Clone:
    return world.clone("alice").fresh()


@pytest.fixture
def dave(world: World) -> Clone:
    return world.clone("dave").fresh()


def tagged(key: str) -> dict[str, str]:
    """Give the model fraud with a tag."""
    return {"models/fraud/model.yaml": f"{MODEL}tags: {{{key}: yes}}\n"}


# --- smuggling -----------------------------------------------------------------------------------


def test_a_change_is_refused_also_if_the_same_push_reverts_it(bob: Clone) -> None:
    moved = bob.stage("fraud", 1, "Production")
    bob.git("revert", "--no-edit", moved)
    push = bob.push()
    assert push.refused
    assert push.told[0] == f"gitreg: refused {moved[:7]} by bob"
    assert push.rules == {"access"}
    bob.fresh().git(
        "revert", "--no-edit", bob.write({"models/fraud/README.md": "# Fraud"}).commit()
    )
    push = bob.push()
    assert push.accepted
    assert push.told == ("gitreg: fraud: model card changed by bob",) * 2


def test_a_file_cannot_be_moved_out_of_somebody_elses_model(alice: Clone) -> None:
    alice.write({"models/own/README.md": None})
    alice.git("mv", "models/fraud/README.md", "models/own/README.md")
    alice.commit("looks like a rename")
    push = alice.push()
    assert push.refused
    assert "    fraud: model card removed needs edit; alice has read" in push.told
    alice.fresh().write({"models/own/README.md": alice.read("models/fraud/README.md") + "x"})
    alice.commit("a copy")
    assert alice.push().accepted


def test_nobody_grants_themselves_a_level_and_uses_it(alice: Clone, dave: Clone) -> None:
    granted = dave.write({"models/own/PERMISSIONS": "edit dave\n"}).commit("a gift to myself")
    dave.write({"models/own/versions/9.yaml": version()}).commit("and its use")
    push = dave.push()
    assert push.refused
    assert push.told[0] == f"gitreg: refused {granted[:7]} by dave"
    assert push.told[2] == (
        "    permissions of own changed: + edit dave needs manage; dave has read"
    )
    dave.put({"models/own/PERMISSIONS": "edit dave\n", "models/own/versions/9.yaml": version()})
    push = dave.push()
    assert push.refused
    assert "    own/9 registered needs edit; dave has read" in push.told
    alice.put({"models/own/PERMISSIONS": "edit dave\n"}, "a gift by who may give it")
    assert alice.push().accepted
    dave.put({"models/own/versions/9.yaml": version()})
    assert dave.push().accepted


def test_a_manager_of_a_model_does_not_manage_the_registry(alice: Clone, world: World) -> None:
    root = alice.read("PERMISSIONS")
    alice.put({"PERMISSIONS": f"{root}/ manage alice\n"})
    push = alice.push()
    assert push.refused
    assert "alice has read" in push.text
    world.settle({"PERMISSIONS": f"{root}own read dave\n"})


# --- who acts ------------------------------------------------------------------------------------


def test_a_forged_committer_is_refused_and_told_how_to_amend(bob: Clone) -> None:
    commit = bob.write(tagged("forged")).commit(
        GIT_COMMITTER_NAME="carol", GIT_COMMITTER_EMAIL="carol@acme.com"
    )
    push = bob.push()
    assert push.refused
    assert push.told == (
        f"gitreg: refused {commit[:7]} by bob",
        "  identity",
        '    committer "carol <carol@acme.com>" is not bob, who pushes',
        "    hint: git config user.name bob && git commit --amend --reset-author --no-edit",
        "gitreg: nothing was changed; `git reset --keep origin/main` drops the commit",
    )
    bob.git("commit", "-q", "--amend", "--reset-author", "--no-edit")
    assert bob.push().accepted


def test_a_foreign_author_is_legal_for_the_committer_acts(bob: Clone, world: World) -> None:
    bob.write({"models/fraud/README.md": "# By carol\n"})
    bob.commit(GIT_AUTHOR_NAME="carol", GIT_AUTHOR_EMAIL="carol@acme.com")
    push = bob.push()
    assert push.accepted
    assert push.told == ("gitreg: fraud: model card changed by bob",)
    [latest, *_] = world.registry().log("fraud")
    assert latest.actor == "bob"


def test_another_spelling_of_ones_name_is_another_name(bob: Clone) -> None:
    bob.write(tagged("spelt_well"))
    bob.commit(GIT_COMMITTER_NAME="Bob")
    assert "is not bob, who pushes" in bob.push().text


def test_nobody_pushes_without_the_variable_that_tells_who(bob: Clone) -> None:
    bob.write(tagged("who_knows")).commit()
    push = bob.push(GITREG_ACTOR=None)
    assert push.refused
    assert push.told == (
        "gitreg: refused: nothing tells who pushes: GITREG_ACTOR is not set",
        "gitreg: hint: let the ssh or http server set it, or git config gitreg.identity another",
    )
    assert bob.push().accepted


def test_two_variables_may_tell_who_pushes_if_they_agree(bob: Clone, world: World) -> None:
    git(world.path, "config", "--add", "gitreg.identity", "REMOTE_USER")
    bob.write(tagged("who_says")).commit()
    push = bob.push(REMOTE_USER="carol")
    assert push.refused
    assert push.told == (
        "gitreg: refused: it is not clear who pushes: GITREG_ACTOR='bob', REMOTE_USER='carol'",
    )
    assert bob.push(REMOTE_USER="bob").accepted
    bob.write(tagged("who_else")).commit()
    assert bob.push(GITREG_ACTOR=None, REMOTE_USER="bob").accepted
    git(world.path, "config", "--unset", "gitreg.identity", "REMOTE_USER")


def test_a_user_called_like_a_group_is_nobody(world: World, bob: Clone) -> None:
    """A name that a line could take for a group would hold the group's levels."""
    push = bob.push("main:refs/heads/bob/mine", GITREG_ACTOR="@everyone")
    assert push.refused
    assert push.told[0] == "gitreg: refused: '@everyone' is not a user name"
    assert bob.push("main:refs/heads/bob/mine").accepted


def test_a_commit_of_tomorrow_waits_for_tomorrow(bob: Clone) -> None:
    bob.write(tagged("when_soon"))
    soon, tomorrow = int(time.time()) + 60, int(time.time()) + 86400
    bob.commit(GIT_COMMITTER_DATE=f"{tomorrow} +0000")
    push = bob.push()
    assert push.refused
    assert "is more than five minutes ahead: it is 20" in push.text
    bob.git("commit", "-q", "--amend", "--no-edit", GIT_COMMITTER_DATE=f"{soon} +0000")
    assert bob.push().accepted


# --- history -------------------------------------------------------------------------------------


def test_main_is_neither_rewound_nor_deleted_nor_begun_anew(bob: Clone, world: World) -> None:
    push = bob.push("+main~1:main")
    assert push.refused
    assert push.told == (
        "gitreg: refused refs/heads/main by bob",
        "  form  refs/heads/main",
        "    main does not follow from where it was: it moves along first parents, never back",
        "    hint: git pull --rebase, then push again",
        "gitreg: nothing was changed",
    )
    assert "    main is never deleted" in bob.push(":main").told
    orphan = bob.git("commit-tree", "main^{tree}", "-m", "a new beginning")
    push = bob.push(f"+{orphan}:main")
    assert push.refused
    assert "does not follow" in push.text
    root = world.clone("root").fresh()
    assert root.push("+main~1:main").refused


def test_a_merge_with_swapped_parents_is_refused(bob: Clone) -> None:
    bob.git("reset", "-q", "--hard", "main~1")
    mine = bob.write(tagged("fox_trot")).commit()
    bob.git("merge", "-q", "--no-edit", "-X", "ours", "origin/main")
    push = bob.push()
    assert push.refused
    assert "does not follow" in push.text
    bob.fresh().git("cherry-pick", "-X", "theirs", mine)
    assert bob.push().accepted


def test_a_merge_that_answers_nothing_is_refused(bob: Clone) -> None:
    mine = bob.put(tagged("feature_one"))
    bob.fresh().merge(mine, tree=mine)
    push = bob.push()
    assert push.refused
    assert push.rules == {"requests"}
    assert "a merge on main may only answer requests" in push.text
    assert "hint: git rebase origin/main, so that your commits follow main one by one" in push.text


def test_an_unrelated_history_cannot_be_merged_in(bob: Clone) -> None:
    foreign = bob.git("commit-tree", "main^{tree}", "-m", "from elsewhere")
    bob.merge(foreign)
    push = bob.push()
    assert push.refused
    assert "is no request: it needs one parent" in push.text


def test_an_approval_cannot_smuggle_another_change(world: World, carol: Clone) -> None:
    assert world.clone("bob").ask("fraud", 1, "Staging").accepted
    tip = carol.branch("fraud", 1, "Staging", "bob")
    carol.stage("fraud", 1, "Staging")
    smuggled = carol.stage("fraud", 2, "Production")
    carol.fresh().merge(tip, tree=smuggled)
    push = carol.push()
    assert push.refused
    assert push.rules == {"requests"}
    assert "fraud/2: None -> Production: the request asks for fraud/1 -> Staging alone" in push.text
    carol.fresh().merge(tip, tree=tip)
    assert carol.push().accepted
    assert world.requests == []


def test_a_step_that_changes_nothing_is_refused(bob: Clone) -> None:
    bob.git("commit", "-q", "--allow-empty", "-m", "nothing")
    push = bob.push()
    assert push.refused
    assert push.told[2] == "    the commit changes nothing"


def test_the_first_refused_commit_of_a_push_is_told_and_none_after_it(bob: Clone) -> None:
    fine = bob.write(tagged("a_fine")).commit()
    first = bob.stage("fraud", 3, "Staging")
    bob.stage("fraud", 4, "Staging")
    push = bob.push()
    assert push.refused
    assert [line for line in push.told if line.startswith("gitreg: refused")] == [
        f"gitreg: refused {first[:7]} by bob"
    ]
    assert bob.push(f"{fine}:main").accepted


def test_one_bad_ref_refuses_the_whole_push(world: World, bob: Clone) -> None:
    bob.write(tagged("several_refs")).commit()
    push = bob.push("main", "main:refs/heads/bob/good", "main:refs/heads/carol/bad")
    assert push.refused
    assert push.told[0] == "gitreg: refused refs/heads/carol/bad by bob"
    assert bob.push("main", "main:refs/heads/bob/good").accepted


# --- misshaped trees and commits -----------------------------------------------------------------


def odd_files(clone: Clone) -> Iterator[str]:
    """Give lines for ``git update-index --index-info``: what no registry may hold."""
    blob = clone.git("hash-object", "-w", "--stdin", stdin="README.md")
    yield f"120000 {blob}\tmodels/own/link.md"
    yield f"120000 {blob}\tmodels/own/versions/8.yaml"
    yield f"160000 {clone.git('rev-parse', 'HEAD')}\tmodels/own/module"
    yield f"100755 {blob}\tmodels/own/README.md"
    yield f"100644 {blob}\tmodels/own/notes.txt"
    yield f"100644 {blob}\tmodels/stray.yaml"
    yield f"100644 {blob}\tmodels/Not%2fCanonical/model.yaml"


def test_only_plain_files_at_known_paths_may_stand_below_models(alice: Clone) -> None:
    alice.git("update-index", "--add", "--index-info", stdin="\n".join(odd_files(alice)) + "\n")
    alice.git("commit", "-q", "-m", "odd")
    push = alice.push()
    assert push.refused
    for path, reason in {
        "own/link.md": "is a symbolic link; every file is a plain one (mode 100644)",
        "own/versions/8.yaml": "is a symbolic link; every file is a plain one (mode 100644)",
        "own/module": "is a submodule; every file is a plain one (mode 100644)",
        "own/README.md": "is an executable file; every file is a plain one (mode 100644)",
        "own/notes.txt": "no such file belongs to a model",
        "stray.yaml": "is a file; only folders stand here",
        "Not%2fCanonical": "'Not%2fCanonical' is not a canonically encoded name",
    }.items():
        assert f"  form  models/{path}\n    {reason}" in push.text
    alice.put({"models/own/README.md": "# A plain one\n"})
    assert alice.push().accepted


def with_entry(clone: Clone, line: str, *words: str) -> str:
    """Give main's tree with one more line in ``models/own``."""
    own = clone.git("ls-tree", "main:models/own")
    inner = clone.git("mktree", *words, stdin=f"{own}\n{line}\n")
    models = clone.git("ls-tree", "main:models").split("\n")
    kept = [row for row in models if not row.endswith("\town")]
    outer = clone.git("mktree", stdin="\n".join([*kept, f"040000 tree {inner}\town"]) + "\n")
    rows = [row for row in clone.git("ls-tree", "main").split("\n") if "\tmodels" not in row]
    return clone.git("mktree", stdin="\n".join([*rows, f"040000 tree {outer}\tmodels"]) + "\n")


def test_an_empty_folder_is_refused(alice: Clone) -> None:
    empty = alice.git("mktree", stdin="")
    standing(alice, with_entry(alice, f"040000 tree {empty}\tcomments"))
    push = alice.push()
    assert push.refused
    assert push.told[1:3] == ("  form  models/own/comments", "    is an empty folder")


def test_a_mode_that_git_only_warns_of_is_refused(alice: Clone) -> None:
    blob = alice.git("hash-object", "-w", "--stdin", stdin="# It\n")
    raw = b"100664 README.md\0" + bytes.fromhex(blob)
    inner = alice.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
    standing(alice, with_entry(alice, f"040000 tree {inner}\tcomments"))
    push = alice.push()
    assert push.refused
    assert "badFilemode" in push.stderr


def test_a_tag_or_tree_is_no_main(bob: Clone) -> None:
    bob.git("tag", "-a", "-m", "a tag", "t")
    push = bob.push("+t:main")
    assert push.refused
    assert bob.push("t:refs/heads/bob/tagged").refused
    assert bob.push("HEAD^{tree}:refs/heads/bob/tree").refused
    assert bob.push("t^{commit}:refs/heads/bob/tagged").accepted


# --- manifests -----------------------------------------------------------------------------------

BAD = {
    "models/own/model.yaml": f"{MODEL}descripton: Scores.\n",
    "models/own/versions/1.yaml": version(more="source: &a s3://ml/1\nrun_id: *a\n"),
    "models/own/versions/2.yaml": version() + "stage: Production\n",
    "models/own/versions/3.yaml": version(more="source: !!str s3://ml/1\n"),
    "models/own/versions/4.yaml": version(more="source: s3://ml/1\nmetrics: {auc: high}\n"),
}
TOLD = """\
  schema  models/own/model.yaml:3
    unknown key "descripton"
    hint: did you mean "description"?
  schema  models/own/versions/1.yaml:4
    line 4: anchors (&) are not allowed
    hint: write the value out, or quote text that starts with "&"
  schema  models/own/versions/2.yaml:5
    line 5: key "stage" stands twice
    hint: keep one of the two
  schema  models/own/versions/3.yaml:4
    line 4: tags (!) are not allowed
    hint: remove it, or quote text that starts with "!"
  schema  models/own/versions/4.yaml:5
    metric "auc" is "high", a text; a number is needed
"""


def test_what_is_mistyped_is_told_with_its_line_and_a_guess(alice: Clone) -> None:
    alice.put(BAD)
    push = alice.push()
    assert push.refused
    assert TOLD in push.text
    alice.put({"models/own/model.yaml": f"{MODEL}description: Scores.\n"})
    assert alice.push().accepted


def test_a_mistyped_stage_is_told_with_a_guess(carol: Clone) -> None:
    carol.stage("fraud", 5, "Prodcution")
    push = carol.push()
    assert push.refused
    assert push.told[1:4] == (
        "  lifecycle  models/fraud/versions/5.yaml:3",
        (
            "    'Prodcution' is not a stage of this registry; "
            "they are None, Staging, Production, Archived"
        ),
        '    hint: did you mean "Production"?',
    )
    carol.move("fraud", 5, "Production")
    assert carol.push().accepted


def test_a_mistyped_level_is_told_with_its_line_and_a_guess(alice: Clone) -> None:
    alice.put({"models/own/PERMISSIONS": "# who\nmanage-prod alice\n"})
    push = alice.push()
    assert push.refused
    assert push.told[1:4] == (
        "  governance  models/own/PERMISSIONS:2",
        (
            "    line 2: 'manage-prod' is not a level; "
            "they are read, edit, manage-staging, manage-production, manage"
        ),
        '    hint: did you mean "manage-production"?',
    )
    alice.put({"models/own/PERMISSIONS": "# who\nmanage-production alice\n"})
    assert alice.push().accepted


def test_nobody_writes_a_comment_in_somebody_elses_name(dave: Clone) -> None:
    path = f"models/fraud/comments/1/{'0' * 32}.yaml"
    dave.put({path: comment("carol", "I say so.")})
    push = dave.push()
    assert push.refused
    assert "    a comment of carol can be written by carol alone, not by dave" in push.told
    dave.put({path: comment("dave", "I say so.")})
    assert dave.push().accepted
