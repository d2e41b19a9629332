"""``gitreg version``, ``gitreg alias`` and ``gitreg comment``."""

import pytest
from cli.calling import Desk

import gitreg


def test_a_version_is_registered_and_the_next_step_told(alice: Desk) -> None:
    told = alice.does(
        *("version", "create", "fraud", "--source", "runs:/9c1/model", "--run-id", "9c1"),
        *("--run-link", "https://ml/9c1", "--model-id", "m-1", "-d", "New.", "-m", "At last."),
        *("--tag", "by=carol", "--metric", "auc=0.95", "--metric", "n=3", "--param", "depth=6"),
    )
    tip = gitreg.open(alice.registry, actor="alice").tip
    assert told == (
        f"fraud/3 registered ({tip[:7]}). Next: gitreg request create fraud/3 Staging\n"
    )
    data = alice.call("version", "show", "fraud/3", "-o", "json").data
    assert alice.does("version", "show", "fraud/3") == (
        "fraud/3\n"
        "  stage         None\n"
        "  description   New.\n"
        "  source        runs:/9c1/model\n"
        "  run           9c1 https://ml/9c1\n"
        "  logged model  m-1\n"
        "  status        READY\n"
        "  tags          by=carol\n"
        "  metrics       auc=0.95, n=3.0\n"
        "  params        depth=6\n"
        f"  created       {data['created']} by alice\n"
        f"  updated       {data['updated']} by alice\n"
    )
    assert alice.does("version", "create", "fraud", "--source", "x", "-q") == "fraud/4\n"


def test_a_version_as_data_has_every_field(alice: Desk) -> None:
    data = alice.call("version", "show", "fraud/1", "-o", "json").data
    assert data.pop("created") == data.pop("updated")
    assert data == {
        "model": "fraud",
        "version": 1,
        "stage": "None",
        "aliases": [],
        "source": "s3://ml/fraud/1",
        "location": "",
        "run_id": "",
        "run_link": "",
        "model_id": "",
        "code": {},
        "artifact": None,
        "status": "READY",
        "status_message": "",
        "description": "",
        "tags": {},
        "metrics": {"auc": 0.94},
        "params": {},
        "created_by": "alice",
        "updated_by": "alice",
    }


@pytest.mark.parametrize(
    "reference",
    [
        "fraud/1",
        "fraud/Production",
        "fraud/production",
        "fraud@champion",
        "models:/fraud/1",
        "models:/fraud@champion",
    ],
)
def test_a_version_is_written_in_many_ways(reference: str, alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Production")
    alice.does("alias", "set", "fraud/1", "champion")
    assert alice.does("version", "show", reference, "-q") == "fraud/1\n"
    assert alice.does("version", "tag", reference, "a=1", "-q") == "fraud/1\n"


def test_versions_are_listed_newest_first(alice: Desk) -> None:
    alice.does("transition", "fraud/1", "Staging")
    assert alice.does("version", "list", "fraud") == (
        "VERSION  STAGE    SOURCE           METRICS   DESCRIPTION\n"
        "fraud/2  None     s3://ml/fraud/2            Retrained.\n"
        "fraud/1  Staging  s3://ml/fraud/1  auc=0.94\n"
    )
    assert alice.does("version", "list", "fraud", "-q") == "fraud/2\nfraud/1\n"
    assert alice.does("version", "list", "--stage", "Staging", "-q") == "fraud/1\n"
    assert alice.does("version", "list", "--name", "x*", "-q") == ""
    told = alice.call("version", "list", "--stage", "Production")
    assert (told.out, told.err) == ("", "note: there are no such versions\n")


def test_versions_are_read_as_they_were(alice: Desk) -> None:
    then = gitreg.open(alice.registry, actor="alice").tip
    alice.does("transition", "fraud/1", "Production")
    alice.does("version", "create", "fraud", "--source", "x")
    assert alice.does("version", "show", "fraud/latest", "--at", then, "-q") == "fraud/2\n"
    assert alice.does("version", "list", "-q", "--at", then) == "fraud/2\nfraud/1\n"
    told = alice.fails(3, "version", "show", "fraud/Production", "--at", then)
    assert told.startswith("error: fraud does not have a version in Production\n")


def test_a_version_is_described_tagged_and_measured(alice: Desk) -> None:
    alice.does("version", "describe", "fraud/1", "Old.")
    alice.does("version", "tag", "fraud/1", "a=1", "b=2")
    alice.does("version", "untag", "fraud/1", "a")
    alice.does("version", "metric", "fraud/1", "loss=1e-3", "--remove", "auc")
    data = alice.call("version", "show", "fraud/1", "-o", "json").data
    assert (data["description"], data["tags"], data["metrics"]) == (
        "Old.",
        {"b": "2"},
        {"loss": 0.001},
    )


def test_a_pending_version_becomes_ready(alice: Desk) -> None:
    alice.does("version", "create", "fraud", "--source", "x", "--status", "PENDING_REGISTRATION")
    assert "PENDING_REGISTRATION" in alice.does("version", "list", "fraud")
    failed = ("version", "status", "fraud/3", "FAILED_REGISTRATION", "--because", "no space")
    assert "status FAILED_REGISTRATION (no space)" in alice.does(*failed)
    assert "  status   FAILED_REGISTRATION no space\n" in alice.does("version", "show", "fraud/3")
    alice.does("version", "status", "fraud/3", "READY")
    alice.fails(5, *failed)


def test_a_version_is_deleted_with_yes(alice: Desk) -> None:
    told = alice.fails(2, "version", "delete", "fraud/1")
    assert told == "error: nobody is there to ask: delete fraud/1?\nhint: add --yes\n"
    assert alice.does("version", "delete", "fraud/1", "-y", "-q") == "fraud/1\n"
    assert alice.does("version", "list", "fraud", "-q") == "fraud/2\n"
    assert "fraud/1 deleted" in alice.does("log", "fraud/1")
    told = alice.fails(3, "version", "show", "fraud/1")
    assert told == (
        "error: there is no version fraud/1 any more: it was deleted\n"
        "hint: gitreg version list fraud\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("version", "metric", "fraud/1"),
            "error: say KEY=NUMBER, or --remove KEY\nhint: gitreg version metric --help\n",
        ),
        (
            ("version", "metric", "fraud/1", "auc=high"),
            (
                "error: invalid value for 'KEY=NUMBER...': 'auc=high' is not KEY=NUMBER\n"
                "hint: gitreg version metric --help\n"
            ),
        ),
        (
            ("version", "create", "fraud", "--source", "x", "--metric", "auc=nan"),
            (
                "error: invalid value for '--metric': 'auc=nan' is not KEY=NUMBER\n"
                "hint: gitreg version create --help\n"
            ),
        ),
        (
            ("version", "tag", "fraud/1", "validated"),
            (
                "error: invalid value for 'KEY=VALUE...': 'validated' is not KEY=VALUE\n"
                "hint: gitreg version tag --help\n"
            ),
        ),
        (
            ("version", "tag", "fraud/1", "a=1", "a=2"),
            "error: 'a' is given twice\n",
        ),
        (
            ("version", "create", "fraud"),
            (
                "error: a version needs a source or an artifact\n"
                "hint: say where its files are: --source\n"
            ),
        ),
    ],
)
def test_what_cannot_be_is_a_usage_error(words: tuple[str, ...], told: str, alice: Desk) -> None:
    before = alice.tip()
    assert alice.fails(2, *words) == told
    assert alice.tip() == before


def test_an_alias_is_set_moved_and_deleted(alice: Desk) -> None:
    assert alice.does("alias", "set", "fraud/1", "champion", "-q") == "fraud@champion\n"
    told = alice.does("alias", "set", "fraud/latest", "champion")
    assert told.startswith("fraud@champion set to version 2, was 1 (")
    told = alice.fails(2, "alias", "delete", "fraud", "champion")
    assert told == (
        "error: nobody is there to ask: delete the alias fraud@champion?\nhint: add --yes\n"
    )
    alice.does("alias", "delete", "fraud", "champion", "-y")
    alice.fails(3, "alias", "delete", "fraud", "champion", "-y")


def test_comments_are_added_edited_listed_and_deleted(bob: Desk) -> None:
    found = bob.does("comment", "add", "fraud/1", "-", "-q", stdin="Drifts\non weekends.\n").strip()
    assert len(found) == 32
    assert bob.does("comment", "list", "fraud/1") == (
        f"COMMENT   AUTHOR  TEXT\n{found[:8]}  bob     Drifts on weekends.\n"
    )
    assert bob.call("comment", "list", "fraud/1", "-o", "json").data == [
        {
            "id": found,
            "model": "fraud",
            "version": 1,
            "author": "bob",
            "text": "Drifts\non weekends.",
        }
    ]
    assert "  comments  1: gitreg comment list fraud/1\n" in bob.does("version", "show", "fraud/1")
    bob.does("comment", "edit", "fraud/1", found[:6], "Drifts on Sundays.")
    assert "Drifts on Sundays." in bob.does("comment", "list", "fraud/1")
    told = bob.fails(2, "comment", "delete", "fraud/1", found)
    assert told == (
        f"error: nobody is there to ask: delete the comment {found[:8]} on fraud/1?\n"
        "hint: add --yes\n"
    )
    bob.does("comment", "delete", "fraud/1", found[:6], "-y", "-m", "Not true.")
    told_of_none = bob.call("comment", "list", "fraud/1")
    assert (told_of_none.out, told_of_none.err) == ("", "note: there are no comments\n")


def test_a_comment_is_named_by_enough_of_its_digits(alice: Desk) -> None:
    registry = gitreg.open(alice.registry, actor="alice")
    for n in range(17):
        registry.add_comment("fraud/1", str(n))
    ids = {one.id[0] for one in registry.comments("fraud/1")}
    assert len(ids) < 17
    told = alice.fails(3, "comment", "edit", "fraud/1", "zz", "x")
    assert told == "error: there is no comment zz on fraud/1\nhint: gitreg comment list fraud/1\n"
    twice = [
        found for found in ids if alice.call("comment", "edit", "fraud/1", found, "x").code == 2
    ]
    told = alice.fails(2, "comment", "edit", "fraud/1", twice[0], "x")
    assert told.endswith(f"start with {twice[0]}\nhint: write more of its digits\n")
