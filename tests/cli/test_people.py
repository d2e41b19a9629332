"""``gitreg permission``, ``gitreg log`` and ``gitreg diff``."""

from cli.calling import Desk

import gitreg
from gitreg.cli import history
from gitreg.cli.session import Session
from gitreg.domain.activities import Activity

EVERYBODY_READS = (
    "note: whoever can read the repository reads all of it; a server, and clients through it, hold "
    "None and Read\n"
)


def test_permissions_are_granted_listed_and_revoked(alice: Desk) -> None:
    assert (
        alice.does("permission", "grant", "carol", "manage-production", "fraud", "-q") == "carol\n"
    )
    told = alice.call("permission", "list", "fraud")
    assert told.out == (
        "PRINCIPAL  LEVEL              BY                       WHERE\n"
        "alice      manage             / manage alice           PERMISSIONS:11\n"
        "@everyone  read               / read @everyone         PERMISSIONS:12\n"
        "carol      manage-production  manage-production carol  models/fraud/PERMISSIONS:1\n"
    )
    assert told.err == EVERYBODY_READS
    assert alice.call("permission", "list", "fraud", "-o", "json").data[2] == {
        "principal": "carol",
        "level": "manage-production",
        "rule": "manage-production carol",
        "path": "models/fraud/PERMISSIONS",
        "line": 1,
    }
    assert alice.does("permission", "list", "-q") == "alice\n@everyone\n"
    alice.does("permission", "revoke", "carol", "fraud")
    assert "carol" not in alice.does("permission", "list", "fraud")


def test_patterns_are_granted_and_revoked(alice: Desk) -> None:
    told = alice.does("permission", "grant", "dave", "edit", "--pattern", "fraud-*")
    assert told.startswith("fraud-*: edit granted to dave (")
    assert alice.does("permission", "list", "-q").split() == ["alice", "@everyone", "dave"]
    alice.does("permission", "revoke", "dave", "--pattern", "fraud-*")
    told = alice.fails(3, "permission", "revoke", "dave", "--pattern", "fraud-*")
    assert told.startswith("error: no line of fraud-* names dave\n")


def test_a_grant_is_of_a_model_or_of_a_pattern(alice: Desk) -> None:
    told = "error: name a MODEL, or a --pattern\nhint: gitreg permission grant --help\n"
    assert alice.fails(2, "permission", "grant", "dave", "edit") == told
    assert alice.fails(2, "permission", "grant", "dave", "edit", "fraud", "--pattern", "*") == told
    told = alice.fails(2, "permission", "grant", "dave", "mange", "fraud")
    assert told.endswith('hint: did you mean "manage"?\n')


def test_only_managers_grant(bob: Desk) -> None:
    told = bob.fails(4, "permission", "grant", "bob", "manage", "fraud")
    assert "needs manage; bob has read" in told


def test_whether_somebody_may_is_answered_with_the_reason(alice: Desk) -> None:
    told = alice.call("permission", "check", "bob", "transition", "fraud/1", "Production")
    assert (told.code, told.err) == (4, "")
    assert told.out == (
        "no: transition fraud/1: None -> Production needs manage-production; bob has read by "
        '"/ read @everyone" (PERMISSIONS:12)\n'
        "who can: alice\n"
    )
    assert alice.does("permission", "check", "bob", "create", "-q") == "yes\n"
    assert alice.does("permission", "check", "alice", "settings").startswith("yes: settings needs ")
    told = alice.call("permission", "check", "bob", "update", "fraud", "-o", "json")
    assert told.code == 4
    assert told.data.pop("reason").startswith("update fraud needs edit; ")
    assert {**told.data, "reason": ""} == {
        "allowed": False,
        "reason": "",
        "level": "read",
        "needed": "edit",
        "who_can": ["alice"],
    }


def test_a_question_needs_a_target(alice: Desk) -> None:
    told = alice.fails(2, "permission", "check", "bob", "read")
    assert told == "error: read needs a TARGET\nhint: gitreg permission check --help\n"
    alice.fails(2, "permission", "check", "bob", "fly", "fraud")
    alice.fails(3, "permission", "check", "bob", "read", "frod")
    alice.fails(2, "permission", "check", "not a user", "read", "fraud")


def test_the_log_tells_what_happened_newest_first(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Staging", "-m", "First.\n\nSecond.")
    newest = gitreg.open(alice.registry, actor="alice").tip
    lines = alice.does("log").splitlines()
    assert lines[0].endswith(f"Z  {newest[:7]}  alice  fraud/1: None -> Staging")
    assert lines[1:4] == ["    First.", "", "    Second."]
    assert [line.split("  alice  ")[1] for line in lines[4:]] == [
        "fraud/2 registered",
        "fraud/1 registered",
        "model fraud created",
        "registry acme created",
    ]
    assert alice.does("log", "-n", "1", "-q") == f"{newest}\n"
    [one] = alice.call("log", "-n", "1", "-o", "json").data
    assert (one["kind"], one["to_stage"]) == ("APPLIED_TRANSITION", "Staging")


def test_the_log_of_a_model_and_of_a_version(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Production")
    alice.does("model", "create", "churn")
    for target, count in (
        ("fraud", 4),
        ("churn", 1),
        ("fraud/1", 2),
        ("fraud/Production", 2),
        ("models:/fraud/2", 1),
        ("", 6),
    ):
        assert len(alice.does("log", target).splitlines()) == count, target
    assert len(alice.does("log", "-n", "0").splitlines()) == 6
    told = alice.fails(3, "log", "frod")
    assert told == "error: nothing ever happened to frod\nhint: gitreg model list\n"
    alice.fails(3, "log", "fraud/9")
    alice.fails(3, "log", "fraud@champion")


def test_the_log_of_a_model_whose_name_holds_an_at_sign(alice: Desk) -> None:
    alice.does("model", "create", "a@b")
    assert "model a@b created" in alice.does("log", "a@b")


def test_a_comment_is_told_once_in_the_log(alice: Desk) -> None:
    alice.does("comment", "add", "fraud/1", "Drifts.")
    assert alice.does("log", "fraud/1").count("Drifts.") == 1


def test_what_was_imported_tells_when_it_was_and_by_whom() -> None:
    told = Activity(
        "ModelCreated",
        1_767_268_800_000,
        "alice",
        "model fraud created",
        "4f1c2aa" + "0" * 33,
        original_time="2024-01-31T12:00:00.000Z",
        original_user="olga",
    )
    assert list(history.activity_lines(Session(), told)) == [
        "2026-01-01T12:00:00.000Z  4f1c2aa  alice  model fraud created",
        "    imported; it was 2024-01-31T12:00:00.000Z by olga",
    ]


def test_a_diff_tells_changes_as_sentences(alice: Desk) -> None:
    then = gitreg.open(alice.registry, actor="alice").tip
    alice.does("transition", "fraud/1", "Staging")
    alice.does("alias", "set", "fraud/1", "champion")
    assert alice.does("diff", then) == "fraud@champion set to version 1\nfraud/1: None -> Staging\n"
    assert alice.does("diff", then[:9], "HEAD~1") == "fraud/1: None -> Staging\n"
    assert alice.does("diff", "HEAD", "HEAD") == ""
    assert alice.does("diff", then, "HEAD~1", "-q") == "models/fraud/versions/1.yaml\n"
    [one] = alice.call("diff", then, "HEAD~1", "-o", "json").data
    assert one["kind"] == "StageTransitioned"
    assert alice.fails(3, "diff", "nope") == "error: there is no commit 'nope'\n"
    told = alice.fails(2, "diff", "2026-99-01")
    assert told.startswith("error: '2026-99-01' is no date\nhint: write 2026-01-31 ")
