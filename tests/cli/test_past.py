"""``gitreg log --stage``, ``blame``, ``why``, ``diff`` of versions, and ``rollback``."""

import re

import pytest
from cli.calling import Desk, git

import gitreg

TIME = r"\d{4}-\d\d-\d\dT[\d:.]+Z"


@pytest.fixture
def served(alice: Desk) -> Desk:
    """Let fraud/1 be in Production, then (asked for by bob) fraud/2."""
    alice.does("transition", "fraud/1", "Production", "-m", "At once.")
    alice.at("bob").does("request", "create", "fraud/2", "Production", "-m", "Better.")
    alice.does("request", "approve", "fraud/2", "Production", "--archive-existing", "-m", "Yes.")
    return alice


def short(desk: Desk, revision: str = "main") -> str:
    return git(desk.registry, "rev-parse", "--short=7", revision).strip()


# --- log ------------------------------------------------------------------------------------------


def test_the_tenures_of_a_stage_are_a_table(served: Desk) -> None:
    head, two, one = served.does("log", "--stage", "production", "fraud").splitlines()
    assert head.split("  ")[0] == "VERSION"
    assert re.split(r"\s{2,}", head) == [
        "VERSION", "FROM", "UNTIL", "FOR", "BY", "ASKED BY", "ENDED BY", "TO",
    ]  # fmt: skip
    assert re.fullmatch(rf"fraud/2  {TIME}  now +PT\w+ +alice  bob", two)
    assert re.fullmatch(rf"fraud/1  {TIME}  {TIME}  PT\w+ +alice +alice +Archived", one)
    assert served.does("log", "--stage", "Production", "fraud", "-q") == "fraud/2\nfraud/1\n"
    assert served.does("log", "--stage", "Production", "fraud/1", "-q") == "fraud/1\n"
    assert served.does("log", "--stage", "Production", "fraud", "-q", "-n", "1") == "fraud/2\n"


def test_the_tenures_of_a_stage_are_data(served: Desk) -> None:
    two, one = served.call("log", "--stage", "Production", "fraud", "-o", "json").data
    assert (two["version"], two["from_stage"], two["to_stage"], two["left"]) == (
        2,
        "None",
        None,
        None,
    )
    assert two["entered"]["requested_by"] == ["bob"]
    assert one["left"]["commit"] == two["entered"]["commit"]
    assert one["left"]["time"] == two["entered"]["time"]
    assert one["to_stage"] == "Archived"


def test_the_tenures_of_a_time_are_told(served: Desk) -> None:
    asked = ("log", "--stage", "Production", "fraud", "-q")
    assert served.does(*asked, "--at", "HEAD~1") == "fraud/1\n"
    assert served.does(*asked, "--since", "2020-01-01") == "fraud/2\nfraud/1\n"
    told = served.call(*asked[:-1], "--until", "2020-01-01")
    assert (told.code, told.out) == (0, "")
    assert told.err == "note: no version of fraud was in Production\n"
    [row] = served.does(*asked[:-1], "--at", "HEAD~1").splitlines()[1:]
    assert re.fullmatch(rf"fraud/1  {TIME}  now    PT0S  alice", row)


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (2, "--stage Production", "error: name the model: gitreg log --stage STAGE MODEL\n"),
        (
            2,
            "--stage Production fraud --user bob",
            "error: --stage and --user or --kind exclude one another\n",
        ),
        (2, "--stage Nope fraud", "error: 'Nope' is not a stage of this registry"),
        (3, "--stage Production nope", "error: there is no model nope\n"),
        (3, "nope", "error: nothing ever happened to nope\n"),
        (3, "nope --user bob", "error: nothing ever happened to nope\n"),
        (2, "--since yesterday", "error: 'yesterday' is no date\n"),
        (2, "--until 2026-13-01", "error: '2026-13-01' is no date\n"),
        (2, "--kind nope", "error: 'nope' is no kind of activity\n"),
        (3, "--at 2020-01-01", "error: the registry is younger than 2020-01-01\n"),
    ],
)
def test_a_log_that_cannot_be_says_why(code: int, words: str, told: str, alice: Desk) -> None:
    assert alice.fails(code, "log", *words.split()).startswith(told)


def test_the_log_is_asked_for_by_user_kind_and_time(served: Desk) -> None:
    [asked] = served.call("log", "--user", "bob", "-o", "json").data
    assert asked["kind"] == "REQUESTED_TRANSITION"
    told = served.call(
        *("log", "fraud", "--kind", "approved_request", "--kind", "VersionCreated", "-o", "json")
    ).data
    assert [one["kind"] for one in told] == ["APPROVED_REQUEST", *["VersionCreated"] * 2]
    assert served.does("log", "--until", "2020-01-01") == ""
    assert served.does("log", "fraud", "--since", "2020-01-01") == served.does("log", "fraud")
    assert "approves" not in served.does("log", "--at", "HEAD~1")
    first = served.does("log", "-q", "--at", "HEAD~1").splitlines()[0]
    assert first == git(served.registry, "rev-parse", "main~1").strip()


# --- blame and why --------------------------------------------------------------------------------


def test_blame_tells_who_set_each_field(served: Desk) -> None:
    served.does("version", "tag", "fraud/2", "note=", "team=risk", "-m", "As agreed.")
    head, *rows = served.does("blame", "fraud/Production").splitlines()
    assert head.split()[:3] == ["FIELD", "VALUE", "SET"]
    told = {row.split()[0]: re.split(r"\s{2,}", row) for row in rows}
    assert list(told) == ["stage", "source", "status", "description", "tags.note", "tags.team"]
    assert told["stage"][1] == "Production"
    assert told["stage"][3:] == ["alice", "bob", short(served, "main~1"), "Yes."]
    assert told["tags.team"][-2:] == [short(served), "As agreed."]
    assert served.does("blame", "fraud/2", "-q").splitlines() == list(told)
    data = served.call("blame", "fraud/2", "-o", "json").data
    assert data[0]["requested_by"] == ["bob"]
    assert data[0]["commit"].startswith(told["stage"][5])
    assert "Archived" not in served.does("blame", "fraud/1", "--at", "HEAD~2")
    told_wrong = served.fails(3, "blame", "fraud/9")
    assert told_wrong.startswith("error: there is no version fraud/9\n")


def test_blame_of_code_is_one_line(alice: Desk) -> None:
    registry = gitreg.open(alice.registry, actor="alice")
    registry.create_version("fraud", source="x", code=gitreg.Code(commit="4f1c2aa", path="train"))
    assert "commit=4f1c2aa, dirty=False, path=train" in alice.does("blame", "fraud/3")


def test_why_tells_how_a_version_came_to_its_stage(served: Desk) -> None:
    told = served.does("why", "fraud/2").splitlines()
    moved = "alice approved bob's request and moved it from None to Production."
    assert told[:2] == [f"fraud/2 is in Production: {moved}", ""]
    assert re.fullmatch(rf"{TIME}  \w{{7}}  alice registered it\.", told[2])
    assert re.fullmatch(
        rf"{TIME}  \w{{7}}  bob asked to move it from None to Production\.", told[3]
    )
    assert told[4] == "    Better."
    assert told[5].endswith(f"  {short(served)}  {moved}")
    assert told[6:] == ["    Yes."]
    data = served.call("why", "fraud/2", "-o", "json").data
    assert (data["model"], data["version"], data["stage"]) == ("fraud", 2, "Production")
    assert data["text"] == told[0]
    assert data["entered"]["requested_by"] == ["bob"]
    assert [one["comment"] for one in data["story"]] == ["", "Better.", "Yes."]
    commits = served.does("why", "fraud/2", "-q").split()
    assert commits == [one["commit"] for one in data["story"]]
    assert served.does("why", "fraud/2", "--at", "HEAD~1").startswith("fraud/2 is in None: alice ")
    served.fails(3, "why", "nope/1")


# --- diff -----------------------------------------------------------------------------------------


def test_two_versions_are_compared_field_by_field(alice: Desk) -> None:
    alice.does("version", "tag", "fraud/2", "team=risk", "empty=")
    told = alice.call("diff", "fraud/1", "fraud/2")
    assert (told.code, told.err) == (1, "")
    assert told.out == (
        "FIELD        fraud/1          fraud/2\n"
        "source       s3://ml/fraud/1  s3://ml/fraud/2\n"
        "description                   Retrained.\n"
        'tags.empty                    ""\n'
        "tags.team                     risk\n"
        "metrics.auc  0.94\n"
    )
    told = alice.call("diff", "fraud/1", "fraud/2", "-q")
    assert told.out.split() == ["source", "description", "tags.empty", "tags.team", "metrics.auc"]
    told = alice.call("diff", "models:/fraud/2", "fraud/1", "-o", "json")
    assert (told.code, told.data["a"], told.data["b"]) == (1, "fraud/2", "fraud/1")
    assert told.data["equal"] is False
    assert told.data["differences"][-1] == {"field": "metrics.auc", "b": 0.94}


def test_versions_that_are_equal_do_not_differ(alice: Desk) -> None:
    alice.does("alias", "set", "fraud/2", "champion")
    told = alice.call("diff", "fraud@champion", "fraud/latest")
    assert (told.code, told.out) == (0, "")
    assert told.err == "note: fraud/2 and fraud/2 do not differ\n"
    told = alice.call("diff", "fraud/2", "fraud/2", "-o", "json")
    assert (told.code, told.err) == (0, "")
    assert told.data == {
        "a": "fraud/2",
        "b": "fraud/2",
        "equal": True,
        "differences": [],
        "files": None,
    }


def test_what_names_a_version_is_no_branch(alice: Desk) -> None:
    git(alice.registry, "branch", "fraud/1", "main~1")
    git(alice.registry, "branch", "release/1", "main~1")
    assert alice.call("diff", "fraud/1", "fraud/2").code == 1
    assert "fraud/2 registered" in alice.does("diff", "refs/heads/fraud/1", "HEAD")
    assert alice.does("diff", "release/1", "HEAD") == alice.does("diff", "HEAD~1")


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (
            2,
            "fraud/1",
            (
                "error: fraud/1 is a version, nothing is not: compare two versions\n"
                "hint: gitreg diff fraud/1 VERSION\n"
            ),
        ),
        (
            2,
            "HEAD fraud/1",
            (
                "error: fraud/1 is a version, HEAD is not: compare two versions\n"
                "hint: gitreg diff fraud/1 VERSION\n"
            ),
        ),
        (3, "fraud/1 fraud/9", "error: there is no version fraud/9\n"),
        (3, "fraud/1 fraud@nope", "error: fraud has no alias nope\n"),
        (3, "models:/nope/1 fraud/1", "error: there is no model nope\n"),
        (3, "nope/1 nope/2", "error: there is no commit 'nope/1'\n"),
    ],
)
def test_a_diff_that_cannot_be_says_why(code: int, words: str, told: str, alice: Desk) -> None:
    assert alice.fails(code, "diff", *words.split()).startswith(told)


# --- rollback -------------------------------------------------------------------------------------


def test_a_rollback_says_what_it_undoes_and_does_it(served: Desk) -> None:
    undone = short(served)
    told = served.call("rollback", "fraud", "production", "--yes", "-m", "It drifts.")
    assert told.code == 0
    assert re.fullmatch(
        rf"note: undoes {undone} by alice as bob asked, {TIME}: "
        "fraud/1 Production -> Archived, fraud/2 None -> Production\n",
        told.err,
    )
    assert told.out == (
        f"fraud/1 Archived -> Production; fraud/2 Production -> None by alice ({short(served)}).\n"
    )
    assert "    It drifts.\n" in served.does("log", "fraud")
    again = served.call("rollback", "fraud", "Production", "-y", "-q")
    assert sorted(again.out.split()) == ["fraud/1", "fraud/2"]
    assert served.does("version", "show", "fraud/Production", "-q") == "fraud/2\n"


def test_a_rollback_as_data_tells_both_steps(served: Desk) -> None:
    undone = git(served.registry, "rev-parse", "main").strip()
    data = served.call("rollback", "fraud", "Production", "-y", "-o", "json").data
    assert data["undone"]["commit"] == undone
    assert data["undone"]["requested_by"] == ["bob"]
    assert data["undone"]["moves"] == [
        {"version": 1, "from_stage": "Production", "to_stage": "Archived"},
        {"version": 2, "from_stage": "None", "to_stage": "Production"},
    ]
    [receipt] = data["receipts"]
    assert receipt["commit"] == git(served.registry, "rev-parse", "main").strip()


def test_a_rollback_is_tried_without_being_asked(served: Desk) -> None:
    before = served.tip()
    assert served.does("rollback", "fraud", "Production", "--dry-run") == (
        "would: fraud/1: Archived -> Production\nwould: fraud/2: Production -> None\n"
    )
    assert served.does("rollback", "fraud", "Production", "--request", "--dry-run") == (
        "would: request fraud/1 -> Production\n"
    )
    told = served.fails(2, "rollback", "fraud", "Production")
    assert told.endswith(
        "error: nobody is there to ask: undo that in Production of fraud?\nhint: add --yes\n"
    )
    assert served.tip() == before


def test_who_may_not_roll_back_asks_for_it(served: Desk) -> None:
    bob = served.at("bob")
    told = bob.fails(4, "rollback", "fraud", "Production", "--yes")
    assert told.count("hint: gitreg rollback fraud Production --request\n") == 2
    asked = bob.does("rollback", "fraud", "Production", "--request", "-m", "It drifts.")
    assert asked.startswith("fraud/1 -> Production requested (")
    assert asked.endswith(
        "Next: alice runs gitreg request approve fraud/1 Production --archive-existing\n"
    )
    assert "It drifts." in served.does("request", "show", "fraud/1", "Production")
    served.does("request", "approve", "fraud/1", "Production", "--archive-existing")
    assert served.does("version", "show", "fraud/Production", "-q") == "fraud/1\n"


def test_if_nothing_comes_back_the_request_is_to_leave(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Staging")
    alice.does("transition", "fraud/1", "Production")
    data = alice.call("rollback", "fraud", "Production", "--request", "-o", "json").data
    [receipt] = data["receipts"]
    assert receipt["request"]["to_stage"] == "Staging"
    assert alice.does("request", "list", "-q") == "fraud/1 Staging\n"


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (3, "fraud Production", "error: no version of fraud was ever in Production\n"),
        (3, "nope Production", "error: there is no model nope\n"),
        (2, "fraud None", "error: versions are born in None: nothing there can be undone\n"),
        (2, "fraud Nope", "error: 'Nope' is not a stage of this registry"),
    ],
)
def test_a_rollback_that_cannot_be_says_why(code: int, words: str, told: str, alice: Desk) -> None:
    assert alice.fails(code, "rollback", *words.split(), "--yes").startswith(told)


def test_a_rollback_to_what_is_deleted_is_a_conflict(served: Desk) -> None:
    served.does("version", "delete", "fraud/1", "--yes")
    assert served.fails(5, "rollback", "fraud", "Production", "--yes") == (
        "error: fraud/1 was in Production, but was deleted since\nhint: gitreg log fraud/1\n"
    )
