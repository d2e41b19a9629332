"""``gitreg model``."""

from pathlib import Path

import pytest
from cli.calling import Desk

import gitreg
from gitreg.cli import model


def test_a_model_is_registered_and_the_next_step_told(bob: Desk) -> None:
    told = bob.does("model", "create", "churn", "-d", "Who leaves.", "--tag", "team=crm")
    tip = gitreg.open(bob.registry, actor="bob").tip
    assert told == (
        f"model churn created ({tip[:7]}). Next: gitreg version create churn --source URI\n"
    )
    shown = bob.call("model", "show", "churn", "-o", "json").data
    assert (shown["description"], shown["tags"]) == ("Who leaves.", {"team": "crm"})


def test_the_next_step_is_written_as_a_shell_reads_it(bob: Desk) -> None:
    told = bob.does("model", "create", "it's mine")
    assert told.endswith("""Next: gitreg version create 'it'"'"'s mine' --source URI\n""")


def test_models_are_listed_with_what_runs_where(alice: Desk) -> None:
    alice.does("model", "create", "churn")
    alice.does("transition", "fraud/1", "Production")
    alice.does("alias", "set", "fraud/1", "champion")
    assert alice.does("model", "list") == (
        "MODEL  LATEST  STAGES        ALIASES     DESCRIPTION\n"
        "churn  -\n"
        "fraud  2       Production 1  champion=1  Scores card payments.\n"
    )
    assert alice.does("model", "list", "-q") == "churn\nfraud\n"
    data = alice.call("model", "list", "-o", "json").data[1]
    shown = alice.call("model", "show", "fraud", "-o", "json").data
    assert shown | data == shown
    created, updated = data.pop("created"), data.pop("updated")
    assert created < updated
    assert data == {
        "name": "fraud",
        "id": gitreg.open(alice.registry, actor="alice").model_record("fraud").id,
        "description": "Scores card payments.",
        "tags": {"team": "risk"},
        "aliases": {"champion": 1},
        "latest_version": 2,
        "stages": {"Production": [1], "None": [2]},
        "created_by": "alice",
        "updated_by": "alice",
    }


def test_models_are_listed_by_name_and_stage(alice: Desk) -> None:
    for name in ("churn", "fraud-cards"):
        alice.does("model", "create", name)
    alice.does("transition", "fraud/1", "Staging")
    assert alice.does("model", "list", "-q", "--name", "fraud*") == "fraud\nfraud-cards\n"
    assert alice.does("model", "list", "-q", "--stage", "staging") == "fraud\n"
    assert alice.call("model", "list", "--name", "x*").err == "note: there are no such models\n"
    assert alice.does("model", "list", "--name", "x*", "-o", "json") == "[]\n"


def test_a_model_is_changed_by_whoever_touches_its_versions(alice: Desk) -> None:
    alice.does("permission", "grant", "carol", "manage", "fraud")
    alice.at("carol").does("transition", "fraud/1", "Staging")
    told = alice.call("model", "show", "fraud", "-o", "json").data
    assert (told["created_by"], told["updated_by"]) == ("alice", "carol")
    [one, other] = told["versions"]
    assert (one["updated"], one["updated_by"]) == (told["updated"], "carol")
    assert (other["updated"], other["updated_by"]) == (other["created"], "alice")


def test_an_empty_registry_says_how_to_begin(alice: Desk) -> None:
    alice.does("init", "new.git")
    told = alice.call("-r", "new.git", "model", "list")
    assert (told.out, told.err) == ("", "note: no models yet: gitreg model create MODEL\n")


def test_a_model_is_shown_with_its_versions_newest_first(alice: Desk) -> None:
    alice.does("alias", "set", "fraud/1", "champion")
    data = alice.call("model", "show", "fraud", "-o", "json").data
    assert alice.does("model", "show", "fraud") == (
        "fraud\n"
        "  description  Scores card payments.\n"
        "  tags         team=risk\n"
        "  aliases      champion=1\n"
        f"  created      {data['created']} by alice\n"
        f"  updated      {data['updated']} by alice\n"
        f"  id           {data['id']}\n"
        "\n"
        "VERSION  STAGE  ALIASES   SOURCE           DESCRIPTION\n"
        "2        None             s3://ml/fraud/2  Retrained.\n"
        "1        None   champion  s3://ml/fraud/1\n"
    )
    assert [one["version"] for one in data["versions"]] == [1, 2]


def test_a_model_without_versions_says_how_to_add_one(bob: Desk) -> None:
    bob.does("model", "create", "churn")
    told = bob.does("model", "show", "churn")
    assert told.startswith("churn\n  created  ")
    assert told.endswith("\n\nno versions yet: gitreg version create churn --source URI\n")


def test_models_are_read_as_they_were(alice: Desk) -> None:
    then = gitreg.open(alice.registry, actor="alice").tip
    alice.does("model", "describe", "fraud", "Scores all payments.")
    alice.does("model", "create", "churn")
    assert "card payments" in alice.does("model", "show", "fraud", "--at", then[:8])
    assert alice.does("model", "list", "-q", "--at", then) == "fraud\n"
    told = alice.fails(3, "model", "list", "--at", "2020-01-31")
    assert told == "error: the registry is younger than 2020-01-31\nhint: gitreg log\n"


def test_a_description_is_set_read_from_standard_input_and_removed(alice: Desk) -> None:
    alice.does("model", "describe", "fraud", "-", stdin="Two\nlines\n")
    assert "  description  Two\n               lines\n" in alice.does("model", "show", "fraud")
    alice.does("model", "describe", "fraud", "")
    assert "description" not in alice.does("model", "show", "fraud")


def test_tags_are_set_and_deleted_in_one_commit(alice: Desk) -> None:
    told = alice.does("model", "tag", "fraud", "tier=1", "url=a=b")
    assert told.startswith('fraud: tag tier set to "1"; fraud: tag url set to "a=b" (')
    alice.does("model", "untag", "fraud", "tier", "team")
    assert alice.call("model", "show", "fraud", "-o", "json").data["tags"] == {"url": "a=b"}
    assert len(alice.does("log", "fraud", "-q").split()) == 5


def test_setting_a_tag_to_what_it_is_changes_nothing(alice: Desk) -> None:
    before = alice.tip()
    assert alice.does("model", "tag", "fraud", "team=risk") == "nothing to do.\n"
    assert alice.tip() == before


def test_many_changes_are_told_in_short(alice: Desk) -> None:
    told = alice.does("model", "tag", "fraud", *(f"k{n}=1" for n in range(6)))
    assert '; fraud: tag k2 set to "1"; 3 more changes (' in told


def test_a_model_is_renamed_and_deleted_with_yes(alice: Desk) -> None:
    assert alice.does("model", "rename", "fraud", "cards", "-y", "-q") == "cards\n"
    told = alice.does("model", "delete", "cards", "--yes", "-m", "Replaced.")
    assert told.startswith("model cards deleted (")
    assert alice.does("model", "list", "-q") == ""
    assert "    Replaced.\n" in alice.does("log", "cards")


def test_nothing_is_renamed_or_deleted_unasked(alice: Desk) -> None:
    before = alice.tip()
    told = alice.fails(2, "model", "rename", "fraud", "cards")
    assert told == "error: nobody is there to ask: rename fraud to cards?\nhint: add --yes\n"
    told = alice.fails(2, "model", "delete", "fraud")
    assert told == (
        "error: nobody is there to ask: delete fraud with 2 versions?\nhint: add --yes\n"
    )
    assert alice.tip() == before


def test_a_card_is_written_printed_and_removed(alice: Desk) -> None:
    Path("README.md").write_text("# Fraud\n\nScores.\n")
    told = alice.call("model", "card", "fraud")
    assert (told.out, told.err) == (
        "",
        "note: fraud has no card; gitreg model card fraud FILE writes one\n",
    )
    assert alice.does("model", "card", "fraud", "README.md").startswith("fraud: model card added")
    assert alice.does("model", "card", "fraud") == "# Fraud\n\nScores.\n"
    assert "  card         gitreg model card fraud\n" in alice.does("model", "show", "fraud")
    alice.does("model", "card", "fraud", "-", stdin="# Other\n")
    assert alice.call("model", "card", "fraud", "-o", "json").data["card"] == "# Other\n"
    alice.does("model", "card", "fraud", "--remove")
    assert alice.does("model", "card", "fraud", "-q") == ""


def test_a_card_is_not_written_and_removed_at_once(alice: Desk) -> None:
    told = alice.fails(2, "model", "card", "fraud", "-", "--remove")
    assert told == (
        "error: FILE, --remove and --at exclude one another\nhint: gitreg model card --help\n"
    )
    alice.fails(2, "model", "card", "fraud", "--remove", "--at", "HEAD")


def test_a_big_flat_registry_is_told_of_the_sharded_layout(
    alice: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "MANY", 1)
    told = alice.call("model", "create", "churn")
    assert told.err == (
        "note: 2 models in the flat layout make each write slow: `gitreg layout sharded` is the "
        "remedy\n"
    )
    alice.does("layout", "sharded")
    assert alice.call("model", "create", "third").err == ""
