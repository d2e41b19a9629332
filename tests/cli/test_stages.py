"""``gitreg transition`` and ``gitreg request``."""

from cli.calling import Desk

import gitreg


def tip(desk: Desk) -> str:
    """Give the tip of main as people write it."""
    return gitreg.open(desk.registry, actor=desk.user).tip[:7]


def test_a_version_is_moved_and_others_archived(alice: Desk) -> None:
    told = alice.does("transition", "fraud/1", "production")
    assert told == f"fraud/1 None -> Production by alice ({tip(alice)}).\n"
    told = alice.does("transition", "fraud/2", "Production", "--archive-existing")
    assert told == f"fraud/2 None -> Production by alice; 1 archived ({tip(alice)}).\n"
    assert alice.does("version", "show", "fraud/1", "-o", "yaml").splitlines()[2] == (
        "stage: Archived"
    )


def test_a_refusal_tells_every_violation(bob: Desk) -> None:
    before = bob.tip()
    assert bob.fails(4, "transition", "fraud/1", "Production") == (
        "error: refused; nothing was changed\n"
        "  access  models/fraud/versions/1.yaml\n"
        "    fraud/1: None -> Production needs manage-production; bob has read\n"
        "    who can: alice\n"
        "    hint: gitreg request create fraud/1 Production\n"
    )
    bob.at("alice").does("transition", "fraud/2", "Staging")
    told = bob.fails(4, "transition", "fraud/1", "Staging", "--archive-existing")
    assert told.count("  access  ") == 2
    assert bob.tip() != before


def test_a_request_goes_from_asking_to_approval(alice: Desk, bob: Desk) -> None:
    told = bob.does("request", "create", "fraud/1", "staging", "-m", "Better.")
    assert told.startswith("fraud/1 -> Staging requested (")
    assert told.endswith("). Next: alice runs gitreg request approve fraud/1 Staging\n")
    assert "  requests  Staging, asked by bob\n" in bob.does("version", "show", "fraud/1")
    told = alice.does("request", "approve", "fraud/1", "Staging", "-m", "Indeed.")
    assert told == (
        f"fraud/1 None -> Staging by alice, approves bob's request for Staging ({tip(alice)}).\n"
    )
    assert alice.call("request", "list").err == "note: there are no such open requests\n"
    log = alice.does("log", "fraud/1")
    assert "approves the request of bob\n    Indeed.\n" in log
    assert "requested\n    Better.\n" in log


def test_who_may_approve_is_told_to_do_it(alice: Desk) -> None:
    told = alice.does("request", "create", "fraud/1", "Production")
    assert told.endswith("). Next: gitreg request approve fraud/1 Production\n")


def test_requests_are_listed_with_what_the_viewer_may_do(alice: Desk, bob: Desk) -> None:
    bob.does("request", "create", "fraud/1", "Production", "-m", "Better.")
    alice.does("request", "create", "fraud/2", "Staging")
    head, *rows = bob.does("request", "list").splitlines()
    assert head.split() == ["VERSION", "FROM", "TO", "REQUESTER", "ASKED", "YOU", "MAY", "COMMENT"]
    assert [row.split()[:4] for row in rows] == [
        ["fraud/1", "None", "Production", "bob"],
        ["fraud/2", "None", "Staging", "alice"],
    ]
    assert rows[0].endswith("Z  cancel   Better.")
    assert "approve, reject, cancel" in alice.does("request", "list")
    assert bob.does("request", "list", "--mine", "-q") == "fraud/1 Production\n"
    assert bob.does("request", "list", "--for-me", "-q") == ""
    assert (
        alice.does("request", "list", "--for-me", "-q") == "fraud/1 Production\nfraud/2 Staging\n"
    )
    assert alice.does("request", "list", "--stage", "staging", "-q") == "fraud/2 Staging\n"
    assert alice.does("request", "list", "--model", "fraud", "--mine", "-q") == "fraud/2 Staging\n"
    alice.fails(3, "request", "list", "--model", "frod")


def test_a_request_is_shown_with_who_can_approve_it(alice: Desk, bob: Desk) -> None:
    bob.does("request", "create", "fraud/1", "Production", "-m", "Better.\n\nReally.")
    made = alice.call("request", "show", "fraud/1", "Production", "-o", "json").data
    assert bob.does("request", "show", "fraud/1", "Production") == (
        "fraud/1: None -> Production\n"
        "  requester        bob\n"
        f"  asked            {made[0]['time']}\n"
        "  comment          Better.\n"
        "\n"
        "                   Really.\n"
        "  who can approve  alice\n"
        "  you may          gitreg request cancel fraud/1 Production\n"
    )
    assert made[0].pop("commit")
    assert made[0].pop("time").endswith("Z")
    assert made == [
        {
            "model": "fraud",
            "version": 1,
            "from_stage": "None",
            "to_stage": "Production",
            "requester": "bob",
            "comment": "Better.\n\nReally.",
            "actions": [
                "APPROVE_TRANSITION_REQUEST",
                "REJECT_TRANSITION_REQUEST",
                "CANCEL_TRANSITION_REQUEST",
            ],
        }
    ]
    bob.does("request", "create", "fraud/1", "Staging")
    shown = bob.does("request", "show", "fraud/1", "-q")
    assert shown == "fraud/1 Production\nfraud/1 Staging\n"
    told = bob.fails(3, "request", "show", "fraud/2", "Production")
    assert told == (
        "error: there is no open request for fraud/2 -> Production\nhint: gitreg request list\n"
    )


def test_a_request_is_rejected_or_cancelled(alice: Desk, bob: Desk) -> None:
    bob.does("request", "create", "fraud/1", "Staging")
    bob.fails(4, "request", "reject", "fraud/1", "Staging")
    told = alice.does("request", "reject", "fraud/1", "Staging", "-m", "Drifts.")
    assert told == (
        f"fraud/1 stays as it is by alice, rejects bob's request for Staging ({tip(alice)}).\n"
    )
    bob.does("request", "create", "fraud/1", "Staging")
    assert "cancels bob's request" in bob.does("request", "cancel", "fraud/1", "Staging")
    bob.does("request", "create", "fraud/1", "Staging")
    alice.fails(3, "request", "cancel", "fraud/1", "Staging")
    told = alice.does("request", "cancel", "fraud/1", "Staging", "--requester", "bob", "-q")
    assert told == "fraud/1\n"


def test_a_receipt_as_data_tells_changes_request_and_answer(alice: Desk, bob: Desk) -> None:
    asked = bob.call("request", "create", "fraud/1", "Staging", "-m", "Better.", "-o", "json").data
    assert (asked["changes"], asked["answer"]) == ([], None)
    assert asked["request"]["requester"] == "bob"
    done = alice.call("request", "approve", "fraud/1", "Staging", "-o", "json").data
    assert done["changes"] == [
        {
            "kind": "StageTransitioned",
            "path": "models/fraud/versions/1.yaml",
            "model": "fraud",
            "version": 1,
            "from_stage": "None",
            "to_stage": "Staging",
            "protected": False,
            "text": "fraud/1: None -> Staging",
        }
    ]
    assert done["answer"] == {
        "outcome": "approved",
        "comment": "",
        "requests": [asked["request"]],
    }
    assert (done["dry_run"], done["request"]) == (False, None)


def test_what_would_be_asked_and_answered_is_told(alice: Desk, bob: Desk) -> None:
    told = bob.does("request", "create", "fraud/1", "Staging", "--dry-run")
    assert told == "would: request fraud/1 -> Staging\n"
    assert bob.does("request", "list", "-q") == ""
    bob.does("request", "create", "fraud/1", "Staging")
    before = alice.tip()
    assert alice.does("request", "approve", "fraud/1", "Staging", "--dry-run") == (
        "would: fraud/1 -> Staging: request by bob approved\nwould: fraud/1: None -> Staging\n"
    )
    assert alice.does("request", "reject", "fraud/1", "Staging", "--dry-run") == (
        "would: fraud/1 -> Staging: request by bob rejected\n"
    )
    assert alice.tip() == before


def test_a_request_for_the_present_stage_cannot_be(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Staging")
    told = alice.fails(2, "request", "create", "fraud/1", "Staging")
    assert told == "error: fraud/1 is in Staging already\n"
