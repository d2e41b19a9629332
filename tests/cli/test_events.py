"""``gitreg events``: as people read them, as CloudEvents, as they happen, and from a mailbox."""

import json
import os
import subprocess
import sys

import pytest
from cli.calling import Desk


def test_people_read_a_line_an_event(alice: Desk) -> None:
    lines = alice.does("events").splitlines()
    assert [line.split("  ", 3)[2:] for line in lines][-2:] == [
        ["alice", "fraud/1 registered"],
        ["alice", "fraud/2 registered"],
    ]
    assert lines[0].endswith("alice  registry acme created")


def test_programs_read_cloud_events_and_go_on_from_a_cursor(alice: Desk) -> None:
    every = alice.call("events", "-o", "json").data
    assert [one["type"] for one in every[-2:]] == ["gitreg.VersionCreated"] * 2
    assert alice.call("events", "-o", "json", "--since", every[-2]["gitregcursor"]).data == [
        every[-1]
    ]
    assert alice.call("events", "-q", "-n", "1").lines == [every[0]["id"]]
    last = every[-1]["gitregcursor"]
    told = alice.call("events", "--since", last)
    assert (told.code, told.out, told.err) == (0, "", "note: nothing happened since then\n")
    assert alice.call("events", "--since", last, "-o", "json").data == []


def test_following_tells_what_happens_as_it_happens(alice: Desk) -> None:
    now = alice.call("events", "-o", "json").data[-1]["gitregcursor"]
    words = [sys.executable, "-m", "gitreg", "events", "--follow", "--interval", "0.05"]
    with subprocess.Popen(
        [*words, "--since", now, "-n", "3", "-o", "json"],
        env=os.environ | alice.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        alice.does("model", "tag", "fraud", "a=1")
        first = json.loads(process.stdout.readline())
        alice.at("bob").does("request", "create", "fraud/1", "Staging")
        second = json.loads(process.stdout.readline())
        alice.does("request", "approve", "fraud/1", "Staging")
        third = json.loads(process.stdout.readline())
        assert process.wait() == 0
    assert [one["type"] for one in (first, second, third)] == [
        "gitreg.ModelTagSet",
        "gitreg.REQUESTED_TRANSITION",
        "gitreg.APPROVED_REQUEST",
    ]


def test_a_mailbox_tells_every_event_once(alice: Desk) -> None:
    assert alice.does("events", "--mailbox", "ci") == ""
    for at in range(3):
        alice.does("model", "tag", "fraud", f"a={at}")
    first = alice.does("events", "--mailbox", "ci", "-n", "1", "-o", "json")
    assert json.loads(first)["data"]["value"] == "0"
    rest = alice.does("events", "--mailbox", "ci", "-o", "json").splitlines()
    assert [json.loads(line)["data"]["value"] for line in rest] == ["1", "2"]
    assert alice.does("events", "--mailbox", "ci") == ""


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (2, "--since HEAD --mailbox x", "--since and --mailbox exclude one another"),
        (2, "--mailbox ../x", "'../x' is no name of a mailbox"),
        (3, "--since nowhere", "there is no commit 'nowhere'"),
        (2, "--since 2026-13-99", "'2026-13-99' is no date"),
        (5, f"--since {'a' * 40}+", "aaaaaaa is no step of main"),
    ],
)
def test_what_cannot_be_told(alice: Desk, code: int, words: str, told: str) -> None:
    assert told in alice.fails(code, "events", *words.split())
