"""Every event is told once: in order, with a cursor that goes on from exactly there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import patient
from world import Ground, World, git

import gitreg
from gitreg import ConflictError, InvalidValueError, UnavailableError
from gitreg.domain.events import Cursor, Event


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    ground = Ground(tmp_path_factory.mktemp("g"))
    root, bob, clock = ground.by("root"), ground.by("bob"), ground.clock
    root.create_model("fraud")
    for number in range(1, 4):
        clock.passes(60)
        root.create_version("fraud", source=f"s3://ml/{number}")
    root.tag_version("fraud/1", {"a": "1", "b": "2", "c": "3"})
    clock.passes(60)
    bob.request_transition("fraud/1", "Production", message="It is good.")
    bob.request_transition("fraud/2", "Production")
    clock.passes(60)
    root.approve("fraud/1", "Production", message="Yes.")
    bob.request_transition("fraud/3", "Staging")
    root.reject("fraud/3", "Staging")
    root.transition("fraud/3", "Production", archive_existing=True)
    return ground


def told(ground: Ground, since: str = "") -> list[Event]:
    return list(ground.by("eve").events(since))


def test_events_are_told_oldest_first_requests_before_their_answers(ground: Ground) -> None:
    assert [(one.kind, one.subject, one.actor) for one in told(ground)] == [
        ("RegistryCreated", "", "root"),
        ("ModelCreated", "fraud", "root"),
        ("VersionCreated", "fraud/1", "root"),
        ("VersionCreated", "fraud/2", "root"),
        ("VersionCreated", "fraud/3", "root"),
        ("VersionTagSet", "fraud/1", "root"),
        ("VersionTagSet", "fraud/1", "root"),
        ("VersionTagSet", "fraud/1", "root"),
        ("REQUESTED_TRANSITION", "fraud/1", "bob"),
        ("APPROVED_REQUEST", "fraud/1", "root"),
        ("REQUESTED_TRANSITION", "fraud/3", "bob"),
        ("REJECTED_REQUEST", "fraud/3", "root"),
        ("SYSTEM_TRANSITION", "fraud/1", "root"),
        ("APPLIED_TRANSITION", "fraud/3", "root"),
        ("REQUESTED_TRANSITION", "fraud/2", "bob"),
    ]


def test_an_event_is_a_cloud_event(ground: Ground) -> None:
    registry = ground.by("eve")
    [found] = [one for one in told(ground) if one.kind == "APPROVED_REQUEST"]
    root = git(ground.path, "rev-list", "--max-parents=0", "main")
    commit = found.id.partition("/")[0]
    assert found.to_cloud(registry.source) == {
        "specversion": "1.0",
        "id": f"{commit}/0",
        "source": f"urn:gitreg:{root}",
        "type": "gitreg.APPROVED_REQUEST",
        "subject": "fraud/1",
        "time": "2026-01-01T12:05:00.000Z",
        "datacontenttype": "application/json",
        "gitregcursor": str(found.cursor),
        "data": {
            "change": "StageTransitioned",
            "kind": "APPROVED_REQUEST",
            "time": "2026-01-01T12:05:00.000Z",
            "actor": "root",
            "text": "fraud/1: None -> Production, approves the request of bob",
            "commit": commit,
            "model": "fraud",
            "version": 1,
            "from_stage": "None",
            "to_stage": "Production",
            "protected": True,
            "comment": "Yes.",
        },
    }
    assert [one.id for one in told(ground)] == list(dict.fromkeys(one.id for one in told(ground)))


def test_what_changed_is_told_with_its_values(ground: Ground) -> None:
    [one, *_] = [one for one in told(ground) if one.kind == "VersionTagSet"]
    assert (one.data["key"], one.data["value"]) == ("a", "1")


def test_from_every_cursor_the_rest_is_told_and_nothing_else(ground: Ground) -> None:
    every = told(ground)
    for at, event in enumerate(every, start=1):
        rest = [one.id for one in told(ground, str(event.cursor))]
        assert rest == [one.id for one in every[at:]], event


def test_nothing_that_is_there_follows_the_cursor_of_now(ground: Ground) -> None:
    assert told(ground, str(ground.by("eve").cursor())) == []


def test_events_since_a_date_or_a_commit(ground: Ground) -> None:
    assert [one.kind for one in told(ground, "2026-01-01T12:04:30")] == [
        "REQUESTED_TRANSITION",
        *(one.kind for one in told(ground) if one.time == ground.clock.now),
    ]
    assert told(ground, "2027-01-01") == []
    assert len(told(ground, "2020-01-01")) == len(told(ground))
    assert [one.kind for one in told(ground, "main~1")][:2] == [
        "SYSTEM_TRANSITION",
        "APPLIED_TRANSITION",
    ]


@settings(patient, max_examples=50)
@given(
    st.builds(
        Cursor,
        st.sampled_from(("a" * 40, "0" * 40)),
        st.none() | st.integers(0, 10**9 - 1),
        st.frozensets(st.sampled_from(("b" * 40, "c" * 40, "1" * 40))),
    )
)
def test_a_cursor_reads_back_as_written(cursor: Cursor) -> None:
    assert Cursor.is_cursor(str(cursor))
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "x", "a" * 40, "a" * 40 + ":+", "a" * 39 + "+", "+"])
def test_what_is_no_cursor(text: str) -> None:
    assert not Cursor.is_cursor(text)
    with pytest.raises(InvalidValueError, match="is no cursor"):
        Cursor.parse(text)


def test_a_history_that_was_rewritten_is_told(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    ground.by("root").create_model("fraud")
    cursor = str(ground.by("eve").cursor())
    git(ground.path, "update-ref", "refs/heads/main", "main~1")
    ground.clock.passes(5)
    ground.by("root").create_model("other")
    with pytest.raises(ConflictError) as caught:
        told(ground, cursor)
    assert str(caught.value) == (f"{cursor[:7]} is no step of main: its history is another one now")
    assert caught.value.hint == "start anew: gitreg events --since DATE"


# --- mailboxes --------------------------------------------------------------------------------


def kinds(registry: gitreg.Registry, name: str = "ci") -> list[str]:
    return [str(event["type"]) for _, event in registry.mailbox(name).take()]


def test_local_writes_fill_every_mailbox_from_when_it_was_opened(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    root, bob = ground.by("root"), ground.by("bob")
    root.create_model("fraud")
    root.create_version("fraud", source="s3://ml/1")
    root.mailbox("ci")
    assert kinds(root) == []
    bob.request_transition("fraud/1", "Staging")
    root.approve("fraud/1", "Staging")
    root.mailbox("other")
    root.tag_model("fraud", {"a": "b"})
    root.tag_model("fraud", {"a": "b"})
    root.tag_model("fraud", {"a": "c"}, dry_run=True)
    assert kinds(root) == [
        "gitreg.REQUESTED_TRANSITION",
        "gitreg.APPROVED_REQUEST",
        "gitreg.ModelTagSet",
    ]
    assert kinds(root, "other") == ["gitreg.ModelTagSet"]
    [(first, _), *_] = root.mailbox("ci").take()
    root.mailbox("ci").done(first)
    assert kinds(root) == ["gitreg.APPROVED_REQUEST", "gitreg.ModelTagSet"]


def test_pushes_fill_it_too(tmp_path: Path) -> None:
    world = World(tmp_path, permissions="* edit alice")
    world.registry().create_model("fraud")
    world.registry().create_version("fraud", source="s3://ml/1")
    world.registry().mailbox("ci")
    alice = world.clone("alice")
    alice.put({f"{world.model('fraud')}/README.md": "# Fraud\n"})
    assert alice.push().accepted
    assert kinds(world.registry()) == ["gitreg.CardChanged"]
    assert alice.ask("fraud", 1, "Staging").accepted
    assert kinds(world.registry())[-1] == "gitreg.REQUESTED_TRANSITION"


FILL = """
import os, signal, sys
import gitreg
from gitreg.domain.events import Event
registry = gitreg.open(sys.argv[1], actor="root")
left = int(sys.argv[2])
cloud = Event.to_cloud
def killed(self, source):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return cloud(self, source)
Event.to_cloud = killed
registry.mailbox("ci").fill()
"""


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_process_that_dies_loses_and_doubles_nothing(tmp_path: Path, after: int) -> None:
    ground = Ground(tmp_path)
    root = ground.by("root")
    mailbox = root.mailbox("ci")
    parked = ground.path / "gitreg/parked"
    (ground.path / "gitreg/mailboxes").rename(parked)
    for name in ("a", "b", "c"):
        root.create_model(name)
    parked.rename(ground.path / "gitreg/mailboxes")
    words = [sys.executable, "-c", FILL, str(ground.path), str(after)]
    assert subprocess.run(words).returncode == -signal.SIGKILL
    assert mailbox.take() == []
    mailbox.fill()
    assert [event["subject"] for _, event in mailbox.take()] == ["a", "b", "c"]
    assert mailbox.fill() == 0


def test_a_mailbox_that_is_damaged_stops_no_write(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    root = ground.by("root")
    mailbox = root.mailbox("ci")
    path = ground.path / "gitreg/mailboxes/ci.sqlite"
    path.write_bytes(b"no database at all, though it is long enough" * 100)
    root.create_model("fraud")
    with pytest.raises(UnavailableError, match=r"the mailbox .*ci\.sqlite cannot be used"):
        mailbox.take()
    with pytest.raises(InvalidValueError, match="is no name of a mailbox"):
        root.mailbox("../x")
    path.unlink()
    assert kinds(root) == []
