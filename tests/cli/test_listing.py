"""``gitreg model list`` and ``gitreg version list``: from the index, searched, page by page."""

import pytest
from cli.calling import Desk

import gitreg
from gitreg.cli.listing import conditions, is_match


@pytest.fixture
def many(alice: Desk) -> Desk:
    """Give a registry with some more models, of the teams risk and crm."""
    registry = gitreg.open(alice.registry, actor="alice", durable=False)
    for name, team in (("churn", "crm"), ("fraud_eu", "risk"), ("fraudXeu", "crm")):
        registry.create_model(name, tags={"team": team})
        registry.create_version(name, source=f"s3://ml/{name}/1", metrics={"auc": len(name) / 10})
    registry.transition("fraud_eu/1", "Staging")
    return alice


def test_lists_without_a_search_are_whole(many: Desk) -> None:
    assert many.does("model", "list", "-q").split() == ["churn", "fraud", "fraudXeu", "fraud_eu"]
    assert many.does("version", "list", "-q").split() == [
        "churn/1",
        "fraud/2",
        "fraud/1",
        "fraudXeu/1",
        "fraud_eu/1",
    ]
    assert many.does("version", "list", "-q", "--name", "fraud?eu", "--stage", "None") == (
        "fraudXeu/1\n"
    )
    assert isinstance(many.call("model", "list", "-o", "json").data, list)
    told = many.fails(2, "version", "list", "fraud", "--name", "f*")
    assert told.startswith("error: MODEL and --name exclude one another\n")
    many.fails(3, "version", "list", "nope")
    many.fails(2, "model", "list", "--stage", "nope")


def test_short_options_become_filters(many: Desk) -> None:
    registry = gitreg.open(many.registry, actor="alice")
    assert conditions(registry, name="it's", glob="fr?_*", stage="staging") == (
        "name = 'it''s'",
        "name LIKE 'fr__%'",
        "stage = 'Staging'",
    )
    assert conditions(registry) == ()
    assert is_match("fraud_eu", "fraud_*")
    assert not is_match("fraudXeu", "fraud_*")
    assert is_match("anything", "")


# --- with the filter language ---------------------------------------------------------------------


def test_models_are_searched(many: Desk) -> None:
    asked = ("model", "list", "-q", "--filter", "tags.team = 'risk'")
    assert many.does(*asked).split() == ["fraud", "fraud_eu"]
    assert many.does(*asked, "--order-by", "name DESC").split() == ["fraud_eu", "fraud"]
    assert many.does(*asked, "--stage", "staging") == "fraud_eu\n"
    assert many.does(*asked, "--name", "fraud?*") == "fraud_eu\n"
    assert many.does("model", "list", "-q", "--name", "fraud_*", "--order-by", "name") == (
        "fraud_eu\n"
    )
    told = many.call("model", "list", "--filter", "tags.team = 'nobody'")
    assert (told.code, told.err) == (0, "note: there are no such models\n")
    broken = ("model", "list", "--filter", "tags.team = 'a') OR (name = 'b'")
    why = many.fails(2, *broken)
    assert why.startswith("error: ")
    assert many.fails(2, *broken, "--stage", "Staging") == why


def test_versions_are_searched(many: Desk) -> None:
    asked = ("version", "list", "-q", "--filter", "metrics.auc > 0.7")
    ordered = ("--order-by", "metrics.auc DESC", "--order-by", "name")
    assert many.does(*asked, *ordered).split() == ["fraud/1", "fraudXeu/1", "fraud_eu/1"]
    assert many.does("version", "list", "fraud", *asked[2:]) == "fraud/1\n"
    assert many.does(*asked, "--stage", "Staging") == "fraud_eu/1\n"
    many.fails(3, "version", "list", "nope", "--filter", "metrics.auc > 0.7")


def test_a_list_is_given_page_by_page(many: Desk) -> None:
    asked = ("model", "list", "--order-by", "name", "-n", "3")
    first = many.call(*asked, "-o", "json").data
    assert [one["name"] for one in first["models"]] == ["churn", "fraud", "fraudXeu"]
    token = first["next_page_token"]
    people = many.call(*asked)
    assert people.err == f"note: there is more: --page-token {token}\n"
    assert many.call(*asked, "-q").err == people.err
    many.does("model", "create", "aaa")
    last = many.call(*asked, "-o", "json", "--page-token", token).data
    assert [one["name"] for one in last["models"]] == ["fraud_eu"]
    assert last["next_page_token"] is None
    many.fails(2, "model", "list", "--order-by", "name DESC", "--page-token", token)
    many.fails(2, *asked, "--page-token", "nonsense")
    many.fails(2, "model", "list", "-n", "0")
    versions = many.call("version", "list", "fraud", "-n", "1", "-o", "json").data
    assert len(versions["versions"]) == 1
    assert versions["next_page_token"]


def test_a_search_reads_the_past(many: Desk) -> None:
    then = gitreg.open(many.registry, actor="alice").tip
    many.does("model", "tag", "churn", "team=risk")
    asked = ("model", "list", "-q", "--filter", "tags.team = 'risk'", "--order-by", "name")
    assert many.does(*asked).split() == ["churn", "fraud", "fraud_eu"]
    assert many.does(*asked, "--at", then).split() == ["fraud", "fraud_eu"]
